"""Requests that nobody thought of, made from /openapi.json."""

import pytest
from hypothesis import HealthCheck, given, settings

schemathesis = pytest.importorskip("schemathesis", reason="uv sync --group harness")
from schemathesis.checks import negative_data_rejection, unsupported_method  # noqa: E402

pytestmark = pytest.mark.slow
REQUESTS = 1000  # of each kind, for each path
FEW = {"max_tokens": 4, "n": 2, "best_of": 3}  # so that it ends today
PATHS = ["/health", "/v1/models", "/metrics", "/v1/completions"]


@pytest.fixture(scope="module")
def described(server):
    return schemathesis.openapi.from_url(f"{server.address}/openapi.json")


def few(body: object) -> None:
    """Asks for less, and for a model that is there."""
    if not isinstance(body, dict):
        return
    for name, most in FEW.items():
        if type(number := body.get(name)) is int and most < number <= 128:
            body[name] = most
    if type(number := body.get("max_tokens")) is int and number < 2**31:
        body["max_tokens"] = min(number, FEW["max_tokens"])
    if isinstance(body.get("model"), str):
        body["model"] = "shakespeare"


@pytest.mark.parametrize("mode", schemathesis.GenerationMode)
@pytest.mark.parametrize("path", PATHS)
def test_any_request_is_answered_as_described(server, described, path, mode):
    """Not all that fits the description is right: a prompt may be too long, say."""
    [operation] = described[path].values()
    if mode is schemathesis.GenerationMode.NEGATIVE and not operation.body:
        pytest.skip("there is nothing to be wrong")
    statuses = set()

    @settings(
        max_examples=REQUESTS if operation.body else 10,
        deadline=None,
        suppress_health_check=[*HealthCheck],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        few(case.body)
        answer = case.call(timeout=60)
        statuses.add(answer.status_code)
        assert answer.status_code < 500
        excluded = [schemathesis.checks.positive_data_acceptance, unsupported_method]
        if mode is schemathesis.GenerationMode.POSITIVE:
            excluded.append(negative_data_rejection)
        case.validate_response(answer, excluded_checks=excluded)

    ask()
    assert (200 in statuses) == (mode is schemathesis.GenerationMode.POSITIVE), statuses
    assert server.complete(max_tokens=3)["choices"][0]["text"] == "\nI'll"
    assert "Traceback" not in server.told
