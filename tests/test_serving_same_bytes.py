"""The same seed, the same bytes: alone, in company, with shared pages, streamed, restarted."""

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from gpt2 import load
from serving_process import Serving, started

pytestmark = pytest.mark.slow

BEGINNING = (
    "First Citizen:\nBefore we proceed any further, hear me speak.\n\nAll:\nSpeak, speak.\n" * 5
)
PAGE_SIZE = 128  # tokens of MAX's pages: what begins with as many alike is read once
NEW = 24
PROMPTS = ["ROMEO:", "JULIET:\nO", "To be", BEGINNING, BEGINNING + "KING", BEGINNING + "ANGELO:"]
STRATEGIES = [
    {"temperature": 0},
    {"temperature": 0.9, "top_p": 0.9, "frequency_penalty": 0.5},
    {"temperature": 1.2, "top_k": 40, "presence_penalty": 1, "logit_bias": {"3": -5}},
    {"temperature": 0.7, "min_p": 0.05, "repetition_penalty": 1.2},
]
REQUESTS = [
    {"prompt": prompt, "seed": number, "max_tokens": NEW, "logprobs": 2} | STRATEGIES[number % 4]
    for number, prompt in enumerate(PROMPTS * 4)
]


def answer(server: Serving, fields: dict) -> tuple[str, list[float], list[dict]]:
    """Text, log-probabilities and those of others: to be the same to the last digit."""
    [choice] = server.complete(**fields)["choices"]
    return choice["text"], choice["logprobs"]["token_logprobs"], choice["logprobs"]["top_logprobs"]


def streamed(server: Serving, fields: dict) -> tuple[str, list[float], list[dict]]:
    text, own, top = "", [], []
    body = {"model": "shakespeare", "stream": True} | fields
    with httpx.stream("POST", f"{server.address}/v1/completions", json=body, timeout=60) as events:
        for line in events.iter_lines():
            if line.startswith("data: {"):
                [choice] = json.loads(line.removeprefix("data: "))["choices"]
                text += choice["text"]
                own += choice["logprobs"]["token_logprobs"]
                top += choice["logprobs"]["top_logprobs"]
    return text, own, top


def all_at_once(server: Serving, ask=answer) -> list[tuple[str, list[float], list[dict]]]:
    with ThreadPoolExecutor(len(REQUESTS)) as clients:
        return list(clients.map(lambda fields: ask(server, fields), REQUESTS))


@pytest.mark.parametrize("quantize", [[], ["--quantize", "q4_0"]], ids=["float32", "q4_0"])
def test_a_seed_gives_the_same_bytes_whatever_the_company(tmp_path_factory, quantize):
    folder = tmp_path_factory.mktemp
    with started(folder("together"), *quantize) as server:
        together = all_at_once(server)  # first: nothing is shared yet
        shared = server.complete(prompt=BEGINNING, max_tokens=1)["usage"]["prompt_tokens_details"]
        assert shared["cached_tokens"] >= PAGE_SIZE
        assert all_at_once(server) == together
        assert all_at_once(server, streamed) == together
        alone = [answer(server, fields) for fields in REQUESTS]
        assert alone == together
    with started(folder("alone"), *quantize) as server:
        assert [answer(server, fields) for fields in REQUESTS] == together


def test_the_server_writes_what_the_program_writes(server):
    """With the same seed; the program reads the prompt in one piece, and has pages of its own."""
    model = load("shakespeare")
    for seed, prompt in enumerate(["ROMEO:", BEGINNING]):
        options = {"temperature": 0.9, "top_p": 0.9, "frequency_penalty": 0.5, "seed": seed}
        [text] = model.generate(prompt, max_new_tokens=NEW, log_probabilities=True, **options)
        fields = {"prompt": prompt, "max_tokens": NEW, "logprobs": 0, **options}
        [choice] = server.complete(**fields)["choices"]
        assert choice["text"] == text.text
        assert choice["logprobs"]["token_logprobs"] == text.log_probabilities
