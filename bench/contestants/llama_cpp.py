"""llama.cpp through llama-cpp-python, by its C interface: no tokenizer."""

import ctypes
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.contestants import SAMPLING
from bench.weights import Weights, read
from gpt2.checkpoint.tokenizer import END_OF_TEXT
from gpt2.engine.quantize import quantize_q6_k
from gpt2.threads import thread_count

if TYPE_CHECKING:
    from gguf import GGUFWriter

SEQUENCES = 8  # at once, at most


def write_gguf(weights: Weights, kind: str, path: Path, vocabulary: Path | None = None) -> None:
    """Writes the weights as llama.cpp reads them.

    Args:
        weights: Hugging Face's names, linear layers `[in, out]`.
        kind: F32, F16, Q8_0, Q6_K or Q4_0: how matrices are stored. What is quantized is so
            everywhere, the token table included, as in this project.
        path: the file.
        vocabulary: the folder of vocab.json and merges.txt, for who asks in words.
    """
    from gguf import MODEL_ARCH, GGMLQuantizationType, GGUFWriter, get_tensor_name_map
    from gguf.quants import quantize

    config = weights.config
    names = get_tensor_name_map(MODEL_ARCH.GPT2, config.n_layer)
    writer = GGUFWriter(path, "gpt2")
    writer.add_context_length(config.n_positions)
    writer.add_embedding_length(config.n_embd)
    writer.add_block_count(config.n_layer)
    writer.add_feed_forward_length(config.inner_dim)
    writer.add_head_count(config.n_head)
    writer.add_layer_norm_eps(config.layer_norm_epsilon)
    if vocabulary is None:
        writer.add_tokenizer_model("no_vocab")
        writer.add_vocab_size(config.vocab_size)
    else:
        _add_vocabulary(writer, vocabulary)
    for name, array in weights.arrays.items():
        is_linear = array.ndim == 2 and not name.startswith(("wte", "wpe"))
        array = np.ascontiguousarray(array.T) if is_linear else array
        plain = array.ndim == 1 or name.startswith("wpe")
        dtype = GGMLQuantizationType["F32" if plain else kind]
        gguf_name = names.get_name(name, try_suffixes=(".weight", ".bias"))
        # gguf cannot write Q6_K; the bytes are laid out as ggml's.
        stored = quantize_q6_k(array) if dtype.name == "Q6_K" else quantize(array, dtype)
        writer.add_tensor(gguf_name, stored, raw_dtype=dtype)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_vocabulary(writer: "GGUFWriter", folder: Path) -> None:
    """OpenAI's tokens and merges, by which a text becomes the ids that it is here."""
    from gguf import TokenType

    ids = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    tokens = sorted(ids, key=ids.__getitem__)
    special = {END_OF_TEXT: TokenType.CONTROL}
    _, *merges = (folder / "merges.txt").read_text(encoding="utf-8").splitlines()  # a version first
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([special.get(token, TokenType.NORMAL) for token in tokens])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(ids[END_OF_TEXT])
    writer.add_eos_token_id(ids[END_OF_TEXT])
    writer.add_add_bos_token(False)


class LlamaCpp:
    """A model in a GGUF file, decoded greedily or by llama.cpp's own samplers."""

    def __init__(self, folder: Path, kind: str) -> None:
        """Converts the weights in a folder; kind as for write_gguf."""
        import llama_cpp as api

        weights = read(folder)
        path = folder / f"{kind}.gguf"
        write_gguf(weights, kind, path)
        context = weights.config.n_positions

        self._api = api
        self._silence = api.llama_log_callback(lambda level, text, data: None)
        api.llama_log_set(self._silence, ctypes.c_void_p())
        api.llama_backend_init()
        self._model = api.llama_model_load_from_file(bytes(path), api.llama_model_default_params())
        options = api.llama_context_default_params()
        options.n_ctx = context * SEQUENCES
        options.n_batch = options.n_ubatch = context
        options.n_seq_max = SEQUENCES
        options.n_threads = options.n_threads_batch = thread_count()
        self._context = api.llama_init_from_model(self._model, options)
        self._vocab_size = api.llama_vocab_n_tokens(api.llama_model_get_vocab(self._model))
        self._batch = api.llama_batch_init(context, 0, 1)
        self._sampler = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
        for sampler in (
            api.llama_sampler_init_temp(SAMPLING["temperature"]),
            api.llama_sampler_init_top_p(SAMPLING["top_p"], 1),
            api.llama_sampler_init_dist(1),
        ):
            api.llama_sampler_chain_add(self._sampler, sampler)

    def stream(self, ids: list[int], count: int) -> Iterator[int]:
        for tokens in self._write([ids], count, self._likeliest):
            yield tokens[0]

    def sample(self, ids: list[int], count: int) -> Iterator[int]:
        for tokens in self._write([ids], count, self._drawn):
            yield tokens[0]

    def stream_batch(self, prompts: list[list[int]], count: int) -> Iterator[list[int]]:
        return self._write(prompts, count, self._likeliest)

    def _write(
        self, prompts: list[list[int]], count: int, choose: Callable[[int], int]
    ) -> Iterator[list[int]]:
        """Continues prompts; choose takes the row of a text's logits."""
        api, batch = self._api, self._batch
        api.llama_memory_clear(api.llama_get_memory(self._context), True)
        pending, position = prompts, 0
        for _ in range(count):
            batch.n_tokens = 0
            rows = []  # the place of each sequence's last token
            for sequence, tokens in enumerate(pending):
                for offset, token in enumerate(tokens):
                    place = batch.n_tokens
                    batch.token[place] = token
                    batch.pos[place] = position + offset
                    batch.n_seq_id[place] = 1
                    batch.seq_id[place][0] = sequence
                    batch.logits[place] = offset == len(tokens) - 1
                    batch.n_tokens += 1
                rows.append(batch.n_tokens - 1)
            position += len(pending[0])
            if api.llama_decode(self._context, batch) != 0:
                raise RuntimeError("llama_decode failed")
            chosen = [choose(row) for row in rows]
            yield chosen
            pending = [[token] for token in chosen]

    def _likeliest(self, row: int) -> int:
        logits = self._api.llama_get_logits_ith(self._context, row)
        return int(np.ctypeslib.as_array(logits, (self._vocab_size,)).argmax())

    def _drawn(self, row: int) -> int:
        return self._api.llama_sampler_sample(self._sampler, self._context, row)
