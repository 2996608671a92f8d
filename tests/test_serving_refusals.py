"""What the server refuses, in which words, and that it lives on."""

import json

import httpx
import psutil
import pytest

from serving_process import started

BODY = {"model": "shakespeare", "prompt": "ROMEO:", "max_tokens": 1}
JSON = {"Content-Type": "application/json"}
pytestmark = pytest.mark.slow


def raw(field: bytes) -> bytes:
    """A body with a field that Python would not write."""
    return json.dumps(BODY).encode().removesuffix(b"}") + b", " + field + b"}"


FIELDS = [
    ({"model": "gpt-5"}, 404, "there is no model 'gpt-5': this server has shakespeare"),
    ({"model": 5}, 400, "model must be a text, not 5"),
    ({"prompt": ""}, 400, "the prompt is empty: give it a first word, or <|endoftext|>"),
    ({"prompt": []}, 400, "prompt must be a text, token ids, or a list of such, not []"),
    ({"prompt": [None]}, 400, "prompt must be a text, token ids, or a list of such, not [null]"),
    ({"prompt": ["a"] * 129}, 400, "prompt must have at most 128 prompts, not "),
    ({"prompt": "O " * 300}, 400, "the prompt has 301 tokens, and this model sees 256"),
    ({"prompt": "O" * 10**5}, 400, "the prompt has 100000 characters, and this model sees 256 "),
    ({"prompt": [5, 1024]}, 400, "there is no token 1024: ids end at 1023"),
    ({"prompt": [2**70]}, 400, f"there is no token {2**70}: ids end at 1023"),
    ({"prompt": [-1]}, 400, "prompt must be a text, token ids, or a list of such, not [-1]"),
    ({"temperature": -1}, 400, "temperature must be at least 0, not -1"),
    ({"temperature": "1"}, 400, 'temperature must be a number, not "1"'),
    ({"temperature": True}, 400, "temperature must be a number, not true"),
    ({"top_p": 1.5}, 400, "top_p must be at most 1, not 1.5"),
    ({"n": 10**6}, 400, "n must be at most 128, not 1000000"),
    ({"n": 1.5}, 400, "n must be a whole number, not 1.5"),
    ({"n": 64, "prompt": ["a"] * 3}, 400, "192 texts are too many: one request may ask for 128"),
    ({"max_tokens": -1}, 400, "max_tokens must be at least 0, not -1"),
    ({"seed": 2**64}, 400, f"seed must be at most {2**64 - 1}, not {2**64}"),
    ({"logprobs": 21}, 400, "logprobs must be at most 20, not 21"),
    ({"stop": ""}, 400, 'stop must be a text or at most 16, none of them empty, not ""'),
    ({"stop": ["a"] * 17}, 400, "stop must be a text or at most 16, none of them empty, not "),
    ({"logit_bias": {"1024": 1}}, 400, "logit_bias: there is no token 1024"),
    ({"logit_bias": {"5": 101}}, 400, "logit_bias must be an object of token ids and numbers "),
    ({"logit_bias": {"5": "1"}}, 400, "logit_bias must be an object of token ids and numbers "),
    ({"logit_bias": {"\u0665": 1}}, 400, "logit_bias must be an object of token ids and numbers "),
    ({"stream": "yes"}, 400, 'stream must be true or false, not "yes"'),
    ({"stream_options": 5, "stream": True}, 400, "stream_options must be an object, not 5"),
    ({"colour": "red"}, 400, "there is no field 'colour'"),
    ({"\x1b" * 300: "red"}, 400, "there is no field '\\x1b"),
]
RAW = [
    (b"", 400, "the body is empty: it must be a JSON object"),
    (b"[1]", 400, "the body must be a JSON object, not [1]"),
    (b'{"prompt": "a"}', 400, "model is missing"),
    (b'{"model":', 400, "the body cannot be read as JSON: EOF while parsing a value at line 1 "),
    (raw(b'"temperature": NaN'), 400, "the body cannot be read as JSON: expected value at "),
    (raw(b'"temperature": -Infinity'), 400, "the body cannot be read as JSON: invalid number "),
    (raw(b'"temperature": 1e400'), 400, "temperature must be a finite number, not Infinity"),
    (raw(b'"n": ' + b"9" * 5000), 400, "the body cannot be read as JSON: number out of range "),
    (raw(b'"user": "\xff"'), 400, "the body cannot be read as JSON: invalid unicode code point "),
    (raw(b'"user": "\\ud800"'), 400, "the body cannot be read as JSON: unexpected end of hex "),
    (raw(b'"\\ud800": 1'), 400, "the body cannot be read as JSON: unexpected end of hex "),
    (raw(b'"stop": ' + b"[" * 10**5), 400, "the body cannot be read as JSON: recursion limit "),
    (raw(b'"stop": ' + b"[" * 150 + b"]" * 150), 400, "stop must be a text or at most 16, none "),
    (raw(b'"n": 1, "n": 2'), 400, 'the body cannot be read as JSON: Detected duplicate key "n" '),
    (raw(b'"user": "' + b"a" * 20_000_000 + b'"'), 413, "Request body is too large. "),
]
PATHS = [
    ("GET", "/v1/completions", 405, "/v1/completions takes POST, not GET"),
    ("DELETE", "/v1/models", 405, "/v1/models takes GET, not DELETE"),
    ("POST", "/v1/complete", 404, "there is nothing at /v1/complete: /openapi.json says what "),
    ("GET", "/%00", 404, "there is nothing at /\\x00: /openapi.json says what there is"),
    ("GET", "/" + "a" * 5000, 404, "there is nothing at /aaa"),
    ("GET", "/../serving/app.py", 404, "there is nothing at /"),
    ("GET", "/%2e%2e/app.py", 404, "there is nothing at /"),
    ("POST", "/v1/chat/completions", 400, "this model continues texts and has no chat template"),
]


def brief(value: object) -> str:
    return str(value)[:40]


@pytest.fixture
def refused(server):
    """Checks an answer, and that the server answers on."""

    def check(answer, status, words):
        assert answer.status_code == status, answer.text
        error = answer.json()["error"]
        assert error["message"].startswith(words)
        assert len(error["message"]) < 400
        assert "\n" not in error["message"]
        assert {*error} == {"message", "type", "param", "code"}
        assert "Traceback" not in server.told
        assert server.complete(max_tokens=3)["choices"][0]["text"] == "\nI'll"

    return check


@pytest.mark.parametrize(("fields", "status", "words"), FIELDS, ids=brief)
def test_a_wrong_field_is_refused_in_a_sentence(server, refused, fields, status, words):
    answer = server.post(**BODY | fields)
    refused(answer, status, words)
    assert answer.json()["error"]["param"] in (*map(ascii, fields), *fields, None) or (
        "\x1b" in next(iter(fields))
    )


@pytest.mark.parametrize(("body", "status", "words"), RAW, ids=brief)
def test_a_wrong_body_is_refused_in_a_sentence(server, refused, body, status, words):
    url = f"{server.address}/v1/completions"
    refused(httpx.post(url, content=body, headers=JSON, timeout=30), status, words)


@pytest.mark.parametrize(("method", "path", "status", "words"), PATHS, ids=brief)
def test_a_wrong_path_is_refused_in_a_sentence(server, refused, method, path, status, words):
    answer = httpx.request(method, server.address + path)
    refused(answer, status, words)
    assert (status == 405) == ("Allow" in answer.headers)


def test_a_wrong_content_type_is_refused_in_a_sentence(server, refused):
    url, body = f"{server.address}/v1/completions", json.dumps(BODY)
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = httpx.post(url, content=body, headers={"Content-Type": kind})
        refused(answer, 400, "the body is no JSON by its Content-Type: send application/json")


def test_who_has_no_key_is_refused(tmp_path):
    with started(tmp_path, "--model", "i-love-ai", GPT2_API_KEY="open sesame") as serving:
        url = f"{serving.address}/v1/models"
        assert httpx.get(f"{serving.address}/health").status_code == 200
        assert httpx.get(f"{serving.address}/").status_code == 200
        for given in ({}, {"Authorization": "Bearer guess"}, {"Authorization": "Bearer \xff"}):
            answer = httpx.get(url, headers={k: v.encode("latin-1") for k, v in given.items()})
            assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
            error = answer.json()["error"]
            assert error["message"] == "the key is missing or wrong: Authorization: Bearer KEY"
            assert error["type"] == "authentication_error"
        answer = httpx.get(url, headers={"Authorization": "Bearer open sesame"})
        assert answer.json()["data"][0]["id"] == "i-love-ai"
        assert len(serving.told.splitlines()) == 2, "no log without --log"
        for process in (psutil.Process(serving.process.pid), *serving.children()):
            for connection in process.net_connections("inet"):
                assert connection.laddr.ip == "127.0.0.1", "no socket but to this machine"
                assert not connection.raddr or connection.raddr.ip == "127.0.0.1"
