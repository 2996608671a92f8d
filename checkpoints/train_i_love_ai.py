"""Trains the checkpoint `i-love-ai`, the smallest GPT-2 that says something.

    uv run --group train python checkpoints/train_i_love_ai.py

Four tokens, two layers, 2,304 parameters, 200 steps on windows of eight tokens: a second. It
has room for 64 positions but is trained on eight, so that one can see what the other position
embeddings, which never learned anything, do to it.
"""

import argparse
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from torch.nn.functional import cross_entropy
from transformers import GPT2Config, GPT2LMHeadModel

WORDS = ["I", "love", "AI", "!"]
WINDOW = 8
STEPS = 200
SEED = 1

CONFIG = GPT2Config(
    vocab_size=len(WORDS),
    n_positions=64,
    n_embd=8,
    n_layer=2,
    n_head=2,
    resid_pdrop=0.0,
    embd_pdrop=0.0,
    attn_pdrop=0.0,
    initializer_range=0.5,  # GPT-2's 0.02 would leave the untrained positions close to zero
    bos_token_id=None,
    eos_token_id=None,
)


def train() -> GPT2LMHeadModel:
    """Learns what follows each token of the endless sentence, from every place to start."""
    sentence = torch.arange(len(WORDS) + WINDOW) % len(WORDS)  # I love AI ! I love AI ! ...
    windows = sentence.unfold(0, WINDOW + 1, 1)  # [4, 9]: eight tokens, and what follows each
    model = GPT2LMHeadModel(CONFIG).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(STEPS):
        logits = model(windows[:, :-1]).logits
        loss = cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print(f"loss after {STEPS} steps: {loss.item():.4f} nats per token")
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains the checkpoint i-love-ai.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "i-love-ai")
    folder: Path = parser.parse_args().out

    torch.manual_seed(SEED)
    train().save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)

    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": CONFIG.n_positions,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")


if __name__ == "__main__":
    main()
