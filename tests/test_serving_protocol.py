"""OpenAI's protocol, asked by OpenAI's own client: every field, and what it does."""

import openai
import pytest
from openai.types.completion_create_params import CompletionCreateParamsBase

from gpt2.checkpoint.locate import SHIPPED
from gpt2.checkpoint.tokenizer import Tokenizer
from serving.protocol.fields import MOST_TEXTS, Completion
from serving_process import awaited, wait_until

pytestmark = pytest.mark.slow
PROMPTS = ["ROMEO:", "First Citizen:\nBefore we", "KING HENRY:\nO"]
COMMON = {"model": "shakespeare", "max_tokens": 24}
END = 0  # <|endoftext|>


@pytest.fixture(scope="module")
def client(server) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.address}/v1", api_key="none", max_retries=0)


@pytest.fixture(scope="module")
def write(client):
    """Asks for a completion; what is left out is greedy, and 24 tokens behind ROMEO."""

    def ask(**fields):
        return client.completions.create(
            **COMMON | {"prompt": PROMPTS[0], "temperature": 0} | fields
        )

    return ask


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer(SHIPPED / "shakespeare")


def texts(answer) -> list[str]:
    return [choice.text for choice in answer.choices]


def streamed(stream) -> list[str]:
    """The texts of a stream, put together."""
    whole: dict[int, str] = {}
    for part in stream:
        for choice in part.choices:
            whole[choice.index] = whole.get(choice.index, "") + choice.text
    return [whole[index] for index in sorted(whole)]


def test_every_field_of_openai_is_known():
    fields = {*CompletionCreateParamsBase.__annotations__, "stream"}
    assert fields <= Completion.model_fields.keys()


def test_a_field_that_is_null_has_its_default(write):
    names = Completion.model_fields.keys() - {"model", "prompt", "seed", "max_tokens"}
    nothing = {"extra_body": dict.fromkeys(names), "temperature": None}
    plain = write(seed=5, temperature=openai.omit)
    assert texts(write(seed=5, **nothing)) == texts(plain)
    assert write(max_tokens=None).usage.completion_tokens == 16


def test_a_prompt_that_is_null_is_the_end_of_a_text(write):
    assert texts(write(prompt=None)) == texts(write(prompt=[END]))


def test_n_texts_have_the_seeds_from_seed_on(write):
    together = texts(write(seed=11, n=4, temperature=1))
    alone = [texts(write(seed=11 + number, temperature=1))[0] for number in range(4)]
    assert together == alone
    assert len({*together}) > 1


@pytest.mark.parametrize("seed", [0, -7, 2**64 - 1])
def test_a_seed_gives_the_same_text_again(write, seed):
    first, second, other = (
        texts(write(seed=one, temperature=1)) for one in (seed, seed, (seed + 1) % 2**63)
    )
    assert first == second != other


def test_no_seed_gives_another_text_each_time(write):
    assert texts(write(temperature=1)) != texts(write(temperature=1))


def test_best_of_answers_with_the_likeliest_by_the_token(write):
    every = write(seed=3, n=8, temperature=1, logprobs=0).choices
    means = {
        choice.text: sum(choice.logprobs.token_logprobs) / len(choice.logprobs.token_logprobs)
        for choice in every
    }
    best = write(seed=3, n=2, best_of=8, temperature=1)
    assert texts(best) == sorted(means, key=means.get, reverse=True)[:2]
    assert best.choices[0].logprobs is None
    assert best.usage.completion_tokens == 8 * COMMON["max_tokens"]


def test_logit_bias_forces_and_forbids(write, tokenizer):
    [word] = tokenizer.encode(" the")
    assert texts(write(logit_bias={str(word): 100}, max_tokens=3)) == [" the the the"]
    [plain], [first] = texts(write()), tokenizer.encode("\n")
    assert plain.startswith("\n")
    assert "\n" not in texts(write(logit_bias={str(first): -100}))[0]


def test_several_prompts_are_answered_in_their_order(write):
    alone = [text for prompt in PROMPTS for text in texts(write(prompt=prompt, n=2, seed=1))]
    assert texts(write(prompt=PROMPTS, n=2, seed=1)) == alone
    assert streamed(write(prompt=PROMPTS, n=2, seed=1, stream=True)) == alone


def test_a_prompt_may_be_token_ids(write, tokenizer):
    ids = [tokenizer.encode(prompt) for prompt in PROMPTS]
    expected = texts(write(prompt=PROMPTS))
    assert texts(write(prompt=ids)) == expected
    assert texts(write(prompt=ids[1])) == expected[1:2]


def test_echo_puts_the_prompt_before_the_text(write):
    [plain] = texts(write())
    assert texts(write(echo=True)) == [PROMPTS[0] + plain]
    assert streamed(write(echo=True, stream=True)) == [PROMPTS[0] + plain]
    assert texts(write(echo=True, max_tokens=0)) == PROMPTS[:1]


@pytest.mark.parametrize("stream", [False, True])
def test_logprobs_are_told_for_each_token_and_the_likeliest(write, tokenizer, stream):
    asked = write(prompt=PROMPTS[1], logprobs=3, echo=True, stream=stream)
    told = [choice for part in (asked if stream else [asked]) for choice in part.choices]
    told = [choice for choice in told if choice.logprobs]
    text = "".join(choice.text for choice in told)
    tokens = [token for choice in told for token in choice.logprobs.tokens]
    places = [place for choice in told for place in choice.logprobs.text_offset]
    likely = [one for choice in told for one in choice.logprobs.token_logprobs]
    tops = [top for choice in told for top in choice.logprobs.top_logprobs]
    prompt = tokenizer.encode(PROMPTS[1])
    assert "".join(tokens) == text
    assert len(tokens) == len(likely) == len(tops) == len(prompt) + COMMON["max_tokens"]
    assert [text[place:].startswith(one) for place, one in zip(places, tokens, strict=True)] == (
        [True] * len(tokens)
    )
    assert (likely[0], tops[0]) == (None, None)
    for token, own, top in [*zip(tokens, likely, tops, strict=True)][1:]:
        assert len(top) in (3, 4)
        assert top[token] == own
        if len(top) == 3:
            assert own >= min(top.values())
    for own, top in [*zip(likely, tops, strict=True)][len(prompt) :]:
        assert own == max(top.values())  # it is greedy


def test_a_prompt_alone_is_scored(write, tokenizer):
    answer = write(prompt=PROMPTS[1], max_tokens=0, echo=True, logprobs=0)
    whole = write(prompt=PROMPTS[1], echo=True, logprobs=0).choices[0].logprobs
    scored, count = answer.choices[0].logprobs, len(tokenizer.encode(PROMPTS[1]))
    assert scored.token_logprobs == whole.token_logprobs[:count]
    assert answer.usage.completion_tokens == 0


def test_stop_ends_the_text_before_it_wherever_it_begins(write, tokenizer):
    [plain] = texts(write(max_tokens=60))
    word = tokenizer.decode(tokenizer.encode(plain)[6:7])
    across = plain[21:29]
    for stop in (word, across, [across, word, "\x01"], "\x01"):
        stops = [stop] if isinstance(stop, str) else stop
        ends = [plain.find(one) for one in stops if one in plain]
        expected = plain[: min(ends)] if ends else plain
        answer = write(stop=stop, max_tokens=60)
        assert texts(answer) == [expected]
        assert answer.choices[0].finish_reason == ("stop" if ends else "length")
        assert streamed(write(stop=stop, max_tokens=60, stream=True)) == [expected]


def test_the_end_of_a_text_stops(write):
    answer = write(logit_bias={str(END): 100}, logprobs=0)
    assert (answer.choices[0].text, answer.choices[0].finish_reason) == ("", "stop")
    assert answer.choices[0].logprobs.tokens == ["<|endoftext|>"]
    assert answer.usage.completion_tokens == 1


def test_a_text_ends_where_the_model_sees_no_more(write):
    answer = write(prompt="O " * 100, max_tokens=10_000, logit_bias={str(END): -100})
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.total_tokens == 256 + 1


@pytest.mark.parametrize("prompts", [PROMPTS[:1], PROMPTS])
def test_usage_counts_tokens(write, tokenizer, prompts):
    read = sum(len(tokenizer.encode(prompt)) for prompt in prompts)
    written = 2 * len(prompts) * COMMON["max_tokens"]
    whole = write(prompt=prompts, n=2).usage
    *parts, last = write(prompt=prompts, n=2, stream=True, stream_options={"include_usage": True})
    for usage in (whole, last.usage):
        counts = (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)
        assert counts == (read, written, read + written)
    assert last.choices == []
    assert all(part.choices for part in parts)
    assert all(part.choices for part in write(stream=True))


def test_penalties_keep_a_text_from_repeating_itself(write):
    def repeated(**penalty):
        told = write(max_tokens=100, logprobs=0, **penalty).choices[0].logprobs.tokens
        return len(told) - len({*told})

    plain = repeated()
    assert repeated(frequency_penalty=2) < plain
    assert repeated(presence_penalty=2) < plain
    assert repeated(frequency_penalty=-2) > plain
    assert repeated(extra_body={"repetition_penalty": 2}) < plain


def test_strategies_that_leave_one_token_are_greedy(write):
    greedy = texts(write())
    for one in ({"top_k": 1}, {"min_p": 1}):
        assert texts(write(temperature=2, extra_body=one)) == greedy
    assert texts(write(temperature=2, top_p=1e-9)) == greedy
    assert texts(write(temperature=2, seed=1)) != greedy
    assert texts(write(temperature=2, seed=1, extra_body={"top_k": 0})) == texts(
        write(temperature=2, seed=1, extra_body={"top_k": -1})
    )


def test_token_ids_are_returned_where_asked_for(write, tokenizer):
    [choice] = write(extra_body={"return_token_ids": True}).choices
    assert tokenizer.decode(choice.token_ids) == choice.text
    [choice] = write().choices
    assert not hasattr(choice, "token_ids")


@pytest.mark.parametrize(
    "fields",
    [
        {"suffix": "end"},
        {"best_of": 2, "stream": True},
        {"best_of": 2, "n": 3},
        {"stream_options": {"include_usage": True}},
        {"stream": True, "stream_options": {"include_obfuscation": True}},
        {"n": MOST_TEXTS // 2 + 1, "prompt": PROMPTS[:2]},
        {"extra_body": {"colour": "red"}},
    ],
    ids=lambda fields: "-".join(fields),
)
def test_what_is_not_obeyed_is_refused_by_name(write, fields):
    with pytest.raises(openai.BadRequestError) as refused:
        write(**fields)
    names = [*fields, *fields.get("extra_body", ()), *fields.get("stream_options", ())]
    assert refused.value.param.rpartition(".")[2] in names
    assert refused.value.type == "invalid_request_error"


def test_streams_and_async_clients_read_the_same_text(write, server):
    async def ask_async() -> tuple[str, str]:
        fields = COMMON | {"prompt": PROMPTS[0], "temperature": 0}
        async with openai.AsyncOpenAI(base_url=f"{server.address}/v1", api_key="-") as client:
            whole = await client.completions.create(**fields)
            stream = await client.completions.create(**fields, stream=True)
            pieces = [part.choices[0].text async for part in stream]
            assert [model.id async for model in client.models.list()] == ["shakespeare"]
        return whole.choices[0].text, "".join(pieces)

    [plain] = texts(write())
    assert awaited(ask_async()) == (plain, plain)
    stream = [*write(stream=True)]
    assert "".join(part.choices[0].text for part in stream) == plain
    assert len({part.id for part in stream}) == 1
    assert len(stream) > 10
    assert [part.choices[0].finish_reason for part in stream] == (
        [None] * (len(stream) - 1) + ["length"]
    )


def test_the_log_has_a_line_for_each_request_and_names_the_user(write, server):
    def named() -> list[str]:
        return [line for line in server.told.splitlines() if "A reader" in line]

    write(user="A reader\x1b[31m")
    wait_until(named)  # a line follows its answer, and those of earlier ones may follow now
    [line] = named()
    assert " POST /v1/completions 200 " in line
    assert line.endswith("2+24 tokens 'A reader\\x1b[31m'")
