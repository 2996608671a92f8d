"""What the server does when something around it breaks: processes, signals, ports."""

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest

from conftest import run_gpt2
from serving_process import ENDS, is_model, kill, launched, started, wait_until

pytestmark = pytest.mark.slow
LONG = {"model": "shakespeare", "prompt": "ROMEO:", "max_tokens": 250, "n": 100}


def ask(address: str, fields: dict) -> tuple[int, list[dict]]:
    """The status of an answer, and its events; of one that is no stream, the answer alone."""
    with httpx.stream("POST", f"{address}/v1/completions", json=fields, timeout=60) as answer:
        if not fields.get("stream"):
            return answer.status_code, [json.loads(answer.read())]
        lines = [line.removeprefix("data: ") for line in answer.iter_lines() if line]
    assert lines.pop() == "[DONE]"
    return answer.status_code, [json.loads(line) for line in lines]


def both_asked(serving, pool) -> list:
    """A long request and a long stream, on their way."""
    asked = [
        pool.submit(ask, serving.address, LONG | {"stream": stream}) for stream in (False, True)
    ]
    wait_until(lambda: serving.texts() == 2 * LONG["n"])
    return asked


def ends_quickly(serving, children) -> int:
    """Waits for the end of every process; returns the status of the first."""
    began = time.monotonic()
    status = serving.process.wait(ENDS)
    _, alive = psutil.wait_procs(children, max(ENDS - (time.monotonic() - began), 0))
    assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]
    return status


def said(serving) -> str:
    """What it wrote to standard error after it told its address."""
    return "".join(serving.told.splitlines(keepends=True)[2:])


def test_a_killed_model_ends_every_request_and_the_server(tmp_path):
    with started(tmp_path) as serving, ThreadPoolExecutor() as pool:
        children, asked = serving.children(), both_asked(serving, pool)
        serving.worker.kill()
        (status, [refused]), (_, [*_, last]) = (one.result(ENDS) for one in asked)
        assert status == 503
        for answer in (refused, last):
            assert answer["error"]["message"] == "the model's process ended"
        assert ends_quickly(serving, children) == 2
        assert said(serving) == ("gpt2: the model's process ended (Killed): so does the server\n")


def test_a_killed_server_leaves_no_process(tmp_path):
    with started(tmp_path) as serving:
        children = serving.children()
        serving.process.kill()
        assert ends_quickly(serving, children) == -signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_requests_and_processes(tmp_path, number):
    with started(tmp_path) as serving, ThreadPoolExecutor() as pool:
        children, asked = serving.children(), both_asked(serving, pool)
        if number == signal.SIGINT:  # a terminal sends it to all of them
            os.killpg(serving.process.pid, number)
        else:
            serving.process.send_signal(number)
        (status, [refused]), (_, [*_, last]) = (one.result(ENDS) for one in asked)
        assert status == 503
        for answer in (refused, last):
            assert answer["error"]["message"] == "the server is shutting down"
        assert ends_quickly(serving, children) == 0
        assert said(serving) == ""


@pytest.mark.parametrize("sign", ["Warning", "worker"])
def test_ctrl_c_ends_a_server_that_is_starting(tmp_path, sign):
    serving = launched(tmp_path, "--host", "0.0.0.0")
    try:
        wait_until(lambda: "Warning" in serving.told, 60)
        if sign == "worker":  # its process has been started, and loads the model
            wait_until(lambda: any(map(is_model, serving.children())), 60)
            time.sleep(0.5)
        children = serving.children()
        os.killpg(serving.process.pid, signal.SIGINT)
        assert ends_quickly(serving, children) == 128 + signal.SIGINT
        assert serving.told == (
            "Warning: whoever reaches 0.0.0.0 can use this server; --api-key asks for a key.\n"
        )
    finally:
        kill(serving)


def test_a_port_that_is_taken_is_told_in_a_line(server):
    second = run_gpt2("serve", "--port", str(server.port))
    assert (second.returncode, second.stdout) == (2, "")
    address = f"127.0.0.1:{server.port}"
    assert second.stderr == (
        f"gpt2: cannot listen on {address}: Address already in use; --port and --host\n"
    )
