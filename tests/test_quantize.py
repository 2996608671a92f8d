"""Block formats: bytes and errors, beside what gguf and llama.cpp make of the same numbers."""

import ctypes
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gpt2.engine import quantize
from gpt2.engine.quantize import BLOCKS, quantize_q4_0, quantize_q6_k
from solutions.solution_17 import dequantize_q4_0, q4_0_product

QUANTIZERS = {"q4_0": quantize_q4_0, "q6_k": quantize_q6_k}


@pytest.fixture(scope="module")
def gguf():
    return pytest.importorskip("gguf", reason="uv sync --group peers")


def normal(rng, *shape, size=1.0):
    return (rng.standard_normal(shape) * size).astype(np.float32)


def rows_of_many_kinds(rng, k):
    """Magnitudes from far too small for a scale of 16 bits to nearly too large."""
    sizes = 10.0 ** np.arange(-42, 5.5, 0.1)[:, None]
    return np.concatenate(
        [
            normal(rng, 40, k),
            (sizes * rng.uniform(-1, 1, (len(sizes), k))).astype(np.float32),
            np.zeros((2, k), np.float32),
            np.full((2, k), 0.3, np.float32),
            np.full((2, k), -0.3, np.float32),
            # All multiples of half a step, and two numbers furthest from zero.
            np.arange(-k, k, 2, dtype=np.float32).reshape(1, k) % 33 - 16,
        ]
    )


def test_q4_0_has_the_bytes_of_gguf(gguf, rng):
    matrix = rows_of_many_kinds(rng, 96)
    with np.errstate(all="ignore"):
        expected = gguf.quants.quantize(matrix, gguf.GGMLQuantizationType.Q4_0)
    # Where 1 / scale is infinite, gguf casts what is no number; the scale is stored as 0 anyway.
    defined = np.abs(matrix).max(axis=1) > 1e-37
    defined |= (matrix == 0).all(axis=1)
    assert 0.8 < defined.mean() < 1
    np.testing.assert_array_equal(quantize_q4_0(matrix)[defined], expected[defined])


@given(
    arrays(
        np.float32,
        st.tuples(st.integers(1, 3), st.just(64)),
        elements=st.floats(-5e5, 5e5, width=32, allow_subnormal=False)
        | st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5]),
    )
)
def test_q4_0_has_the_bytes_of_gguf_for_any_numbers(gguf, matrix):
    # As above: gguf's answer is defined where the largest number of a block is not tiny.
    matrix[np.abs(matrix) < 1e-30] = 0
    expected = gguf.quants.quantize(matrix, gguf.GGMLQuantizationType.Q4_0)
    np.testing.assert_array_equal(quantize_q4_0(matrix), expected)


def test_q4_0_is_read_as_by_gguf(gguf, rng):
    blocks = quantize_q4_0(rows_of_many_kinds(rng, 96))
    expected = gguf.quants.dequantize(blocks, gguf.GGMLQuantizationType.Q4_0)
    np.testing.assert_array_equal(dequantize_q4_0(blocks), expected)


def test_a_product_of_integers_is_nearly_that_of_floats(rng):
    blocks = quantize_q4_0(normal(rng, 50, 256))
    x = normal(rng, 256)
    x[:32] = 0  # and there is no warning, of 0 divided by 0
    expected = dequantize_q4_0(blocks) @ x
    with np.errstate(all="raise"):
        error = q4_0_product(blocks, x) - expected
    assert 0 < np.linalg.norm(error) < 0.01 * np.linalg.norm(expected)


def test_q6_k_is_read_by_gguf_with_an_error_below_one_step(gguf, rng):
    matrix = rows_of_many_kinds(rng, 512)
    stored = quantize_q6_k(matrix)
    restored = gguf.quants.dequantize(stored, gguf.GGMLQuantizationType.Q6_K)
    errors = np.square(restored - matrix).reshape(-1, 2, 16, 16).mean(axis=-1) ** 0.5
    # The obvious scale errs by at most one step (half of one, but at 32 steps on the side that
    # ends at 31), and rounding it up makes the step larger by one unit of the block's scale.
    unit = stored.view(quantize.Q6_K)["scale"].astype(np.float32)[..., None]
    groups = np.abs(matrix).reshape(-1, 2, 16, 16).max(axis=-1)
    step = 1.001 * (groups / 32 + unit)
    # Among the smallest numbers of 16 bits, a block's scale can be far below what was wanted.
    enough = 1.001 * 32 * quantize.LARGEST_SCALE * unit >= groups.max(axis=-1, keepdims=True)
    assert 0.1 < enough.mean() < 1
    assert (errors <= np.where(enough, step, groups)).all()


def llama_cpp_q6_k(matrix):
    llama_cpp = pytest.importorskip("llama_cpp", reason="uv sync --group peers")
    library = next((Path(llama_cpp.__file__).parent / "lib").glob("*ggml-base*"))
    function = ctypes.CDLL(str(library)).ggml_quantize_chunk
    function.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
    function.argtypes += [ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p]
    function.restype = ctypes.c_size_t
    n, k = matrix.shape
    result = np.empty((n, k // 256 * 210), np.uint8)
    q6_k = 14  # in ggml_type
    written = function(q6_k, matrix.ctypes.data, result.ctypes.data, 0, n, k, None)
    assert written == result.nbytes
    return result


@pytest.mark.parametrize("size", [1.0, 0.02])
def test_q6_k_errs_no_more_than_llama_cpp(gguf, rng, size):
    matrix = normal(rng, 200, 768, size=size)

    def error(blocks):
        restored = gguf.quants.dequantize(blocks, gguf.GGMLQuantizationType.Q6_K)
        return np.square(restored - matrix).mean() ** 0.5

    assert error(quantize_q6_k(matrix)) <= 1.05 * error(llama_cpp_q6_k(matrix))


@pytest.mark.parametrize("name", QUANTIZERS)
def test_a_transposed_view_has_the_bytes_of_its_copy(monkeypatch, rng, name):
    monkeypatch.setattr(quantize, "CHUNK", 5 * 768)  # so that chunks end within the matrix
    size, size_in_bytes = BLOCKS[name]
    stored = normal(rng, 768, 83)
    before = stored.copy()
    blocks = QUANTIZERS[name](stored.T)
    assert blocks.dtype == np.uint8
    assert blocks.shape == (83, 768 // size * size_in_bytes)
    np.testing.assert_array_equal(blocks, QUANTIZERS[name](np.ascontiguousarray(stored.T)))
    # A block depends on no other.
    np.testing.assert_array_equal(blocks[7:8], QUANTIZERS[name](stored.T[7:8]))
    np.testing.assert_array_equal(stored, before)


@pytest.mark.parametrize("name", QUANTIZERS)
@pytest.mark.parametrize("shape", [(3, 48), (256, 300), (3, 0), (256,), (2, 2, 256)])
def test_a_shape_that_does_not_fit_is_refused(name, shape):
    with pytest.raises(ValueError) as caught:
        QUANTIZERS[name](np.zeros(shape, np.float32))
    assert str(list(shape)) in str(caught.value)
    assert f"a multiple of {BLOCKS[name][0]}" in str(caught.value)
