"""Many clients at once: those that stay are answered right, and those that leave cost nothing."""

import asyncio
import json
import socket
import time

import httpx
import psutil
import pytest

from serving_process import awaited, wait_until

pytestmark = pytest.mark.slow
CLIENTS = 200
SECONDS = 30  # how long they ask
GROWTH = 40 * 2**20  # bytes: more than caches and fragments take, less than a leak of texts
WORDS = ["ROMEO:", "JULIET:\nO", "First Citizen:", "KING HENRY:\nWhat", "The", "MENENIUS:\n"]
LONG = {"model": "shakespeare", "prompt": "ROMEO:", "max_tokens": 250, "logit_bias": {"0": -100}}
MANY = LONG | {"max_tokens": 50, "n": 100, "seed": 1, "temperature": 1}


def memory(server) -> int:
    """What both processes have, in bytes."""
    return sum(one.memory_info().rss for one in (server.worker, psutil.Process(server.process.pid)))


def is_idle(server) -> bool:
    """Whether the model's process computes for nobody."""
    before = sum(server.worker.cpu_times()[:2])
    time.sleep(0.5)
    return sum(server.worker.cpu_times()[:2]) - before < 0.2


def sent(fields: dict) -> bytes:
    content = json.dumps(fields).encode()
    head = "POST /v1/completions HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("moment", ["in the body", "before the first token", "after a while"])
def test_who_hangs_up_costs_nothing(server, stream, moment):
    whole = sent(LONG | {"stream": stream})
    connections = []
    for _ in range(CLIENTS):
        connection = socket.create_connection(("127.0.0.1", server.port))
        connection.sendall(whole[:-5] if moment == "in the body" else whole)
        connections.append(connection)
    if moment == "after a while":
        wait_until(lambda: server.texts() == CLIENTS)
        if stream:
            for connection in connections[:10]:
                assert connection.recv(1)
    for connection in connections:
        connection.close()
    wait_until(lambda: server.texts() == 0, 3)
    began = time.monotonic()
    server.complete(max_tokens=1)
    assert time.monotonic() - began < 1
    wait_until(lambda: is_idle(server), 3)


def test_more_texts_than_places_are_refused_until_there_is_room(server):
    """Those that were admitted are right, and refusals take no memory."""

    async def crowd(count):
        limits = httpx.Limits(max_connections=count)
        async with httpx.AsyncClient(base_url=server.address, timeout=60, limits=limits) as client:
            asked = (client.post("/v1/completions", json=MANY) for _ in range(count))
            return await asyncio.gather(*asked)

    server.complete(**MANY)
    before = memory(server)
    answers = awaited(crowd(100))
    admitted = [answer for answer in answers if answer.status_code == 200]
    assert 2 <= len(admitted) < 100
    expected = server.complete(**MANY)["choices"]
    for answer in admitted:
        assert answer.json()["choices"] == expected
    for answer in answers:
        if answer not in admitted:
            assert answer.status_code == 429
            assert int(answer.headers["Retry-After"]) > 0
            message = answer.json()["error"]["message"]
            assert message.endswith("of 256 places are taken, and this needs 100: try again soon")
    assert server.texts() == 0
    assert memory(server) - before < GROWTH


def test_a_crowd_is_answered_right_and_leaves_no_memory_behind(server, model):
    """Each text is the one that the engine writes with this seed, alone and without pages."""
    kinds = [(prompt, seed) for prompt in WORDS for seed in range(4)]
    known = {
        (prompt, seed): "".join(model.stream(prompt, max_new_tokens=10 + seed * 20, seed=seed))
        for prompt, seed in kinds
    }

    async def client_of(number, client, end):
        count = 0
        while time.monotonic() < end:
            prompt, seed = kinds[(number + count) % len(kinds)]
            fields = {"prompt": prompt, "seed": seed, "max_tokens": 10 + seed * 20}
            fields |= {"model": "shakespeare", "stream": count % 2 == 1}
            answer = await client.post("/v1/completions", json=fields)
            assert answer.status_code == 200, answer.text
            assert text_of(answer, fields["stream"]) == known[prompt, seed]
            count += 1
        return count

    async def crowd(seconds):
        limits = httpx.Limits(max_connections=CLIENTS)
        end = time.monotonic() + seconds
        async with httpx.AsyncClient(base_url=server.address, timeout=60, limits=limits) as client:
            return await asyncio.gather(*(client_of(n, client, end) for n in range(CLIENTS)))

    awaited(crowd(SECONDS / 5))
    before = memory(server)
    counts = awaited(crowd(SECONDS))
    assert min(counts) > 0
    assert server.texts() == 0
    assert memory(server) - before < GROWTH


def text_of(answer: httpx.Response, stream: bool) -> str:
    if not stream:
        return answer.json()["choices"][0]["text"]
    lines = [line.removeprefix("data: ") for line in answer.text.splitlines() if line]
    assert lines.pop() == "[DONE]"
    return "".join(json.loads(line)["choices"][0]["text"] for line in lines)
