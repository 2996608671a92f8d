"""Makes the golden files beside this script: tiny GPT-2s by transformers on torch.

    uv run --group train python tests/golden/make_golden.py

Each folder is a checkpoint with seeded random weights, and golden.safetensors: ids, and the
logits that transformers computes for them, for every length and for two batch sizes.
shakespeare.json is what the shipped checkpoint writes greedily, by transformers, too.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

CONFIGS = {
    "one-head": {"n_embd": 8, "n_head": 1, "n_layer": 1, "n_positions": 5, "vocab_size": 11},
    "three-heads": {
        "n_embd": 12,
        "n_head": 3,
        "n_layer": 2,
        "n_positions": 9,
        "vocab_size": 17,
        "n_inner": 20,
        "layer_norm_epsilon": 1e-3,
    },
    "five-heads": {"n_embd": 20, "n_head": 5, "n_layer": 3, "n_positions": 16, "vocab_size": 23},
}
BATCHES = (1, 3)
HERE = Path(__file__).parent
SHAKESPEARE = HERE.parents[1] / "checkpoints" / "shakespeare"
PROMPTS = ("ROMEO:", "To be, or not to be", "KING HENRY:\nWhat is the")


@torch.no_grad()
def make(name: str, sizes: dict[str, float]) -> None:
    config = GPT2Config(**sizes, bos_token_id=None, eos_token_id=None)
    model = GPT2LMHeadModel(config).eval()
    for parameter in model.parameters():  # nothing keeps its gentle start: no ones, no zeros
        parameter.normal_(std=0.3)
    folder = HERE / name
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)

    ids = torch.randint(config.vocab_size, (max(BATCHES), config.n_positions))
    golden = {"ids": ids}
    for batch in BATCHES:
        for length in range(1, config.n_positions + 1):
            logits = model(ids[:batch, :length]).logits
            golden[f"logits.{batch}.{length}"] = logits.contiguous()
    save_file(golden, folder / "golden.safetensors")


def write_shakespeare() -> None:
    tokenizer = AutoTokenizer.from_pretrained(SHAKESPEARE)
    model = GPT2LMHeadModel.from_pretrained(SHAKESPEARE, dtype=torch.float32).eval()
    golden = {}
    for prompt in PROMPTS:
        inputs = tokenizer(prompt, return_tensors="pt")
        written = model.generate(**inputs, do_sample=False, max_new_tokens=60, pad_token_id=0)
        ids = written[0, inputs["input_ids"].shape[1] :].tolist()
        golden[prompt] = {"ids": ids, "text": tokenizer.decode(ids)}
    (HERE / "shakespeare.json").write_text(json.dumps(golden) + "\n", encoding="utf-8")


if __name__ == "__main__":
    torch.manual_seed(2019)
    for name, sizes in CONFIGS.items():
        make(name, sizes)
    write_shakespeare()
