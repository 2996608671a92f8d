"""The kernels are right on every processor: compiled for each, and run where something can.

A processor that is not this machine's is run by QEMU, or by instructions of this machine that do
the same; of the others the assembly is read.
"""

import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from conftest import start_gpt2
from gpt2.engine.formats import FORMATS
from gpt2.engine.graph import PROCESSOR
from gpt2.engine.quantize import quantize_q4_0, quantize_q6_k, quantize_q8_0
from gpt2.engine.sources import kernel_sources

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parent
HERE = platform.system(), platform.machine()
AVX2 = {"avx2", "bmi2", "f16c", "fma"}
AVX512 = AVX2 | {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
CPUINFO = Path("/proc/cpuinfo")
FLAGS = set(re.findall(r"\w+", CPUINFO.read_text())) if CPUINFO.is_file() else set()


@dataclass(frozen=True)
class Processor:
    """A processor to compile for; the one that is here, if it has no triple.

    Attributes:
        triple, cpu: for Mojo.
        flags: what Linux calls that which an x86 processor needs, to run what is compiled.
    """

    triple: str = ""
    cpu: str = ""
    flags: frozenset[str] = frozenset()


def x86(cpu: str, flags: set[str]) -> Processor:
    return Processor("x86_64-unknown-linux-gnu", cpu, frozenset(flags))


def arm(cpu: str) -> Processor:
    return Processor("aarch64-unknown-linux-gnu", cpu)


RUN = {
    "this machine": Processor(),
    "AVX2": x86("x86-64-v3", AVX2),
    "AVX-512": x86("x86-64-v4", AVX512),
    "AVX-VNNI": x86("alderlake", AVX2 | {"avx_vnni"}),
    "NEON, dot products": arm("neoverse-n1"),
    "NEON": arm("cortex-a72"),
}
READ = {
    "AVX-512, VNNI": x86("sapphirerapids", set()),
    "Apple silicon": Processor("aarch64-apple-macosx14.0.0", "apple-m1"),
}
# A label, and what follows up to a branch to it.
LOOP = re.compile(r"^(L\w+):\n((?:\t.*\n)*)\tb\.\w+\t\1$", re.MULTILINE)
QUANTIZERS = {"q8_0": quantize_q8_0, "q6_k": quantize_q6_k, "q4_0": quantize_q4_0}


@pytest.fixture(scope="module")
def assembly(tmp_path_factory):
    """A function: the assembly of the products, for a processor."""
    from mojo.run import subprocess_run_mojo

    folder = tmp_path_factory.mktemp("kernels")
    (folder / "kernels").mkdir()
    for path in kernel_sources():
        shutil.copy(path, folder / "kernels")
    shutil.copy(TESTS / "processors.mojo", folder)
    texts = {}

    def compile_for(processor: Processor) -> str:
        if processor not in texts:
            target = ["--target-triple", processor.triple, "--target-cpu", processor.cpu]
            command = ["build", "--emit", "asm", "-j", "2", *(target if processor.triple else [])]
            command += ["-o", str(folder / "products.s"), str(folder / "processors.mojo")]
            done = subprocess_run_mojo(command, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            texts[processor] = (folder / "products.s").read_text()
        return texts[processor]

    return compile_for


@pytest.fixture(scope="module", params=RUN)
def program(request, assembly, tmp_path_factory):
    """A command that multiplies as a processor does."""
    processor = RUN[request.param]
    missing = processor.flags - FLAGS
    is_evex = missing == {"avx_vnni"} and {"avx512_vnni", "avx512vl"} <= FLAGS
    compiler, prefix = ["cc"], []
    if processor.triple.startswith("aarch64"):
        compiler, prefix = ["aarch64-linux-gnu-gcc"], ["qemu-aarch64-static", "-cpu", processor.cpu]
    elif processor.triple and HERE != ("Linux", "x86_64"):
        pytest.skip("needs Linux on an x86 processor")
    elif missing and not is_evex:
        pytest.skip(f"this processor lacks {', '.join(sorted(missing))}")
    for needed in (compiler[0], *prefix[:1]):
        if not shutil.which(needed):
            pytest.skip(f"needs {needed}; Debian: gcc, qemu-user-static, gcc-aarch64-linux-gnu")
    if prefix or HERE == ("Linux", "aarch64"):  # GNU's assembler knows the oldest ARM by itself
        compiler += ["-static", "-Wa,-mcpu=all"]
    # What GNU's assembler does not take: an alignment that is only preferred, "a name"@PLT.
    text = re.sub(r'\t\.prefalign.*\n|(?<=")@PLT', "", assembly(processor))
    if is_evex:  # the same instruction in AVX-512's encoding
        text = text.replace("{vex}", "{evex}")
    folder = tmp_path_factory.mktemp("program")
    (folder / "products.s").write_text(text)
    sources = [folder / "products.s", TESTS / "processors.c"]
    subprocess.run([*compiler, "-w", *sources, "-o", folder / "program"], check=True)
    return [*prefix, folder / "program"]


def run(program, which, form, x, other, shape, *sizes):
    """The output `shape` of one of the functions of processors.mojo."""
    numbers = which, x.nbytes, other.nbytes, 4 * shape[0] * shape[1], form, len(x), *sizes
    done = subprocess.run(
        [*program, *map(str, numbers)], input=x.tobytes() + other.tobytes(), capture_output=True
    )
    assert done.returncode == 0, done
    return np.frombuffer(done.stdout, np.float32).reshape(shape)


def products(program, form, x, matrix):
    """x `[rows, k]` @ matrix.T `[k, n]`, as a program computes it."""
    panels = np.empty(FORMATS[form].shape(*matrix.shape), FORMATS[form].dtype)
    FORMATS[form].pack(matrix, panels)
    shape = len(x), len(matrix)
    return run(program, 0, list(FORMATS).index(form), x, panels, shape, len(matrix), x.shape[1])


@pytest.mark.parametrize("form", FORMATS)
def test_products_are_those_of_numpy(program, form, rng):
    """Whatever the tiles: these are of up to 16 rows, and of one panel or two."""
    x = rng.normal(size=(29, 512)).astype("f4")
    matrix = rng.normal(size=(37, 512)).astype("f4")
    # The largest sums that there can be, of both signs.
    x[:3], matrix[:2], matrix[2], matrix[3] = 1, -1, 1, np.resize([1, -1], 512)
    x[1], x[2] = -1, matrix[3]
    rounded, weights = x, matrix.astype("f2") if form == "f16" else matrix
    if form in QUANTIZERS:
        gguf = pytest.importorskip("gguf", reason="uv sync --group train")
        kind = gguf.GGMLQuantizationType[form.upper()]
        weights = gguf.quants.dequantize(QUANTIZERS[form](matrix), kind)
        scales = np.abs(x.reshape(29, -1, 32)).max(axis=-1, keepdims=True) / np.float32(127)
        rounded = (np.rint(x.reshape(29, -1, 32) * (1 / scales)) * scales).reshape(x.shape)
    found = products(program, form, x, matrix)
    expected = rounded.astype("f8") @ weights.T.astype("f8")
    # An integer that is wrong by one shows.
    error = np.abs(found - expected) / (np.abs(rounded) @ np.abs(weights.T))
    assert error.max() < 1e-6
    for rows in (1, 15):
        np.testing.assert_array_equal(products(program, form, x[-rows:], matrix), found[-rows:])


@pytest.mark.parametrize(("dtype", "error"), [("f4", 1e-6), ("f2", 1e-3)])
def test_attention_is_that_of_numpy(program, dtype, error, rng):
    rows, heads, size = 37, 2, 80
    qkv = rng.normal(size=(rows, 3, heads, size)).astype("f4")
    pages = np.zeros((3, 2, 1, heads, 16, size), dtype)
    shape = rows, heads * size
    found = run(program, 1, int(dtype == "f2"), qkv, pages, shape, heads, size)
    queries, keys, values = qkv.astype("f8").transpose(1, 2, 0, 3)  # each [heads, rows, size]
    scores = queries @ keys.swapaxes(1, 2) / np.sqrt(size)
    scores[:, np.triu(np.ones((rows, rows), bool), 1)] = -np.inf
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    mixed = weights / weights.sum(axis=-1, keepdims=True) @ values
    np.testing.assert_allclose(found, mixed.swapaxes(0, 1).reshape(shape), rtol=0, atol=5 * error)


@pytest.mark.parametrize(
    ("name", "there", "not_there"),
    [
        ("AVX2", r"vpmaddubsw\t.*ymm", "zmm|vpdpbusd"),
        ("AVX-512", r"vpmaddubsw\t.*zmm", "vpdpbusd"),
        ("AVX-VNNI", r"\{vex\}\tvpdpbusd\t.*ymm", "zmm|vpmaddubsw"),
        ("AVX-512, VNNI", r"\tvpdpbusd\t.*zmm", "vpmaddubsw"),
        ("NEON, dot products", r"\tsdot\t.*v\d", r"\tz\d"),
        ("NEON", r"\tmla\t", "sdot"),
        ("Apple silicon", r"\tsdot[.\t]", r"\tz\d"),
    ],
)
def test_products_use_what_a_processor_has(assembly, name, there, not_there):
    text = assembly((RUN | READ)[name])
    assert re.search(there, text)
    assert not re.search(not_there, text)


def test_loops_on_apple_silicon_keep_what_they_need_in_registers(assembly):
    """Each number of x is taken from a lane, and few registers are put aside meanwhile."""
    loops = [lines for _, lines in LOOP.findall(assembly(READ["Apple silicon"]))]
    loops = [lines for lines in loops if "\tsdot" in lines]
    assert len(loops) == 2 * len(QUANTIZERS)  # of one row, and of four
    for lines in loops:
        products = re.findall(r"\tsdot.*", lines)
        assert all(line.endswith("]") for line in products)
        put_aside = re.findall(r"\tst\w+\tq.*\[sp", lines)
        assert len(put_aside) < 0.4 * len(products)


@pytest.mark.skipif(not FLAGS >= AVX2, reason="a processor without AVX2, or none that Linux names")
@pytest.mark.parametrize("form", ["float32", "q4_0"])
def test_an_engine_that_is_compiled_for_another_processor_writes_the_same(form):
    quantize = [] if form == "float32" else ["--quantize", form]
    texts = []
    for environment in ({}, {PROCESSOR: "x86-64-v3"}):
        process = start_gpt2("generate", "ROMEO:", "--seed", "1", *quantize, **environment)
        written, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors.decode()
        texts.append(written)
    assert texts[0] == texts[1]
