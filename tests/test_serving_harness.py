"""What the server says of a model, beside transformers, and to a harness that measures models."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from conftest import NO_HUB
from gpt2.checkpoint.locate import SHIPPED
from gpt2.checkpoint.tokenizer import Tokenizer

torch = pytest.importorskip("torch", reason="uv sync --group train")
pytestmark = pytest.mark.slow
FOLDER = SHIPPED / "shakespeare"
TOLERANCE = 1e-3
TASK = """
task: lines
dataset_path: json
dataset_kwargs: {{data_files: {{test: "{folder}/lines.json"}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{begin}}}}"
doc_to_choice: ends
doc_to_target: 0
target_delimiter: ""
metric_list: [{{metric: acc}}]
"""


@pytest.fixture(scope="module")
def scored():
    """Log-probabilities `[tokens, vocab_size]` of what follows each token, by transformers."""
    from transformers import AutoModelForCausalLM

    peer = AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32)

    def score(ids: list[int]) -> np.ndarray:
        with torch.inference_mode():
            return peer(torch.tensor([ids])).logits[0].double().log_softmax(-1).numpy()

    return score


@pytest.mark.parametrize(("start", "characters"), [(0, 20), (1000, 150), (2000, 400)])
def test_greedy_tokens_and_logprobs_are_those_of_transformers(server, scored, start, characters):
    text = (FOLDER / "validation.txt").read_text(encoding="utf-8")
    prompt = text[start : start + characters]
    answer = server.complete(
        prompt=prompt, max_tokens=20, echo=True, logprobs=5, return_token_ids=True
    )
    [choice] = answer["choices"]
    ids, told, read = choice["token_ids"], choice["logprobs"], answer["usage"]["prompt_tokens"]
    expected = scored(ids)[:-1]  # of the tokens from the second on
    assert choice["text"].startswith(prompt)
    assert ids[read:] == expected[read - 1 :].argmax(-1).tolist()
    own = expected[np.arange(len(ids) - 1), ids[1:]]
    np.testing.assert_allclose(told["token_logprobs"][1:], own, atol=TOLERANCE)
    for row, top, top_ids in zip(
        expected, told["top_logprobs"][1:], told["top_token_ids"][1:], strict=True
    ):
        np.testing.assert_allclose([*top.values()], row[top_ids], atol=TOLERANCE)
        assert max(top.values()) == pytest.approx(row.max(), abs=TOLERANCE)


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    """The folder of a task: of twenty lines of Shakespeare, which end is the right one."""
    folder = tmp_path_factory.mktemp("task")
    lines = (FOLDER / "validation.txt").read_text(encoding="utf-8").splitlines()
    long = [line for line in lines if " " in line[20:]][:20]
    begins = [line[: line.index(" ", 20)] for line in long]
    ends = [line.removeprefix(begin) for line, begin in zip(long, begins, strict=True)]
    rows = [
        {"begin": begin, "ends": [end, other]}
        for begin, end, other in zip(begins, ends, ends[1:] + ends[:1], strict=True)
    ]
    (folder / "lines.json").write_text("\n".join(map(json.dumps, rows)))
    (folder / "lines.yaml").write_text(TASK.format(folder=folder))
    return folder


@pytest.mark.skipif(not find_spec("lm_eval"), reason="uv sync --group harness")
def test_lm_eval_measures_what_transformers_says(server, scored, task):
    command = [sys.executable, "-m", "lm_eval", "--model", "local-completions", "--model_args"]
    arguments = f"model=shakespeare,base_url={server.address}/v1/completions,tokenizer={FOLDER}"
    command += [f"{arguments},tokenizer_backend=huggingface,max_length=256,num_concurrent=4"]
    command += ["--tasks", "lines", "--include_path", str(task), "--log_samples"]
    command += ["--output_path", str(task / "output")]
    environment = NO_HUB | {"HF_DATASETS_OFFLINE": "1", "HF_HOME": str(task / "home")}
    run = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    [samples] = task.glob("output/**/samples_*.jsonl")
    rows = [json.loads(line) for line in samples.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 20
    tokenizer = Tokenizer(FOLDER)
    for row in rows:
        ends = row["doc"]["ends"]
        for end, (told, greedy) in zip(ends, row["filtered_resps"], strict=True):
            ids = tokenizer.encode(row["doc"]["begin"] + end)
            first = len(tokenizer.encode(row["doc"]["begin"]))
            likely = scored(ids)[first - 1 : -1]
            expected = likely[np.arange(len(likely)), ids[first:]].sum()
            assert float(told) == pytest.approx(expected, abs=TOLERANCE)
            assert str(greedy) == str(likely.argmax(-1).tolist() == ids[first:])
