"""Trains the checkpoint `shakespeare` from one text file.

    uv run --group train python checkpoints/train_shakespeare.py TEXT

The first nine tenths of TEXT train a byte-level BPE tokenizer and a GPT-2 of 4.3 million
parameters (transformers on torch), the last tenth measures it. About an hour on two cores.
Writes config.json, model.safetensors (float16) and tokenizer.json into checkpoints/shakespeare.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import torch
from tokenizers import ByteLevelBPETokenizer
from torch.nn.functional import cross_entropy
from transformers import GPT2Config, GPT2LMHeadModel

END_OF_TEXT = "<|endoftext|>"
SEED = 1616
DROPOUT = 0.2
BATCH = 16
WARMUP_STEPS = 50
DECAY_FROM = 0.3  # of all steps; from here the learning rate falls to zero in a line

CONFIG = GPT2Config(
    vocab_size=1024,
    n_positions=256,
    n_embd=256,
    n_layer=5,
    n_head=4,
    activation_function="gelu_pytorch_tanh",  # gelu_new in one fused operation
    resid_pdrop=DROPOUT,
    embd_pdrop=DROPOUT,
    attn_pdrop=0.0,  # dropout inside attention would rule out torch's fast kernel
    bos_token_id=0,
    eos_token_id=0,
)


def train_tokenizer(text: str) -> ByteLevelBPETokenizer:
    """Learns CONFIG.vocab_size byte pairs; `<|endoftext|>` is token 0."""
    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train_from_iterator(
        [text], CONFIG.vocab_size, special_tokens=[END_OF_TEXT], show_progress=False
    )
    return tokenizer


def speech_starts(ids: torch.Tensor, newline: int) -> torch.Tensor:
    """The positions right after an empty line, where somebody begins to speak."""
    is_newline = ids == newline
    return torch.nonzero(is_newline[:-2] & is_newline[1:-1]).flatten() + 2


def random_windows(ids: torch.Tensor, starts: torch.Tensor) -> torch.Tensor:
    """A batch `[BATCH, n_positions + 1]` of windows at random places.

    The first window begins where a speech does, behind `<|endoftext|>`, so that the model
    learns to start from nothing.
    """
    length = CONFIG.n_positions + 1
    places = torch.randint(len(ids) - length, (BATCH,))
    windows = torch.stack([ids[place : place + length] for place in places])
    starts = starts[starts < len(ids) - length]
    start = starts[torch.randint(len(starts), ())]
    windows[0, 0] = CONFIG.bos_token_id
    windows[0, 1:] = ids[start : start + length - 1]
    return windows


@torch.no_grad()
def loss_per_character(model: GPT2LMHeadModel, ids: torch.Tensor, characters: int) -> float:
    """Nats per character of a text, every token but the first with half a context or more.

    Windows of n_positions overlap by half; only the second half of each is counted, except
    in the first window, which counts whole.
    """
    was_training = model.training
    model.eval()
    length = CONFIG.n_positions
    total = 0.0
    for start in range(0, len(ids) - 1, length // 2):
        window = ids[start : start + length + 1]
        logits = model(window[None, :-1]).logits[0].float()
        losses = cross_entropy(logits, window[1:], reduction="none")
        total += losses.sum().item() if start == 0 else losses[length // 2 :].sum().item()
    model.train(was_training)
    return total / characters


def optimizers_for(model: GPT2LMHeadModel) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the blocks, AdamW for embeddings, biases and norms."""
    matrices, others = [], []
    for name, parameter in model.named_parameters():
        inside_block = ".h." in name and parameter.ndim == 2
        (matrices if inside_block else others).append(parameter)
    return [
        torch.optim.Muon(matrices, lr=0.02, momentum=0.95, weight_decay=0.1),
        torch.optim.AdamW(others, lr=2e-3, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def train(
    ids: torch.Tensor,
    newline: int,
    steps: int,
    report: Callable[[int, float, GPT2LMHeadModel], None],
) -> GPT2LMHeadModel:
    model = GPT2LMHeadModel(CONFIG).train()
    starts = speech_starts(ids, newline)
    optimizers = optimizers_for(model)
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["peak_lr"] = group["lr"]

    for step in range(steps):
        rise = (step + 1) / WARMUP_STEPS
        fall = (1 - step / steps) / (1 - DECAY_FROM)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak_lr"] * min(1.0, rise, fall)

        windows = random_windows(ids, starts)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(windows[:, :-1]).logits
        loss = cross_entropy(logits.float().flatten(0, 1), windows[:, 1:].flatten())
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        if (step + 1) % 100 == 0:
            report(step + 1, loss.item(), model)
    return model


def save(model: GPT2LMHeadModel, tokenizer: ByteLevelBPETokenizer, folder: Path) -> None:
    """Writes the folder in Hugging Face's format, weights in float16."""
    model.config.activation_function = "gelu_new"
    model.half().save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": END_OF_TEXT,
        "eos_token": END_OF_TEXT,
        "model_max_length": CONFIG.n_positions,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains the checkpoint shakespeare.")
    parser.add_argument("text", type=Path, help="the corpus, a UTF-8 text file")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "shakespeare")
    args = parser.parse_args()

    torch.manual_seed(SEED)
    text = args.text.read_text(encoding="utf-8")
    cut = len(text) * 9 // 10
    tokenizer = train_tokenizer(text[:cut])
    train_ids = torch.tensor(tokenizer.encode(text[:cut]).ids)
    validation_ids = torch.tensor(tokenizer.encode(text[cut:]).ids)
    characters = len(text) - cut
    began = time.monotonic()

    def report(step: int, loss: float, model: GPT2LMHeadModel) -> None:
        train_loss = loss * len(train_ids) / cut
        validation_loss = loss_per_character(model, validation_ids, characters)
        print(
            f"step {step:5d}  {time.monotonic() - began:6.0f} s  nats per character:"
            f"  train {train_loss:.3f}  validation {validation_loss:.4f}",
            flush=True,
        )

    newline = tokenizer.encode("\n").ids[0]
    save(train(train_ids, newline, args.steps, report), tokenizer, args.out)

    shipped = GPT2LMHeadModel.from_pretrained(args.out, dtype=torch.float32)
    loss = loss_per_character(shipped, validation_ids, characters)
    print(f"{args.out}: validation loss {loss:.4f} nats per character, as saved")


if __name__ == "__main__":
    main()
