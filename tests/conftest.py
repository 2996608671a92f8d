"""What the tests share. Imported first, so that MAX starts as it does in the program."""

import gpt2.runtime  # noqa: F401  # isort: skip
import atexit
import os
import signal
import subprocess
import sys
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from max.driver import CPU

from browser import start_browser
from gpt2 import load
from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import SHIPPED
from gpt2.checkpoint.model import CompiledModel, empty_model, load_model
from gpt2.checkpoint.weights import read_weights
from gpt2.engine.engine import Engine
from gpt2.engine.folders import max_folder
from gpt2.language_model import LanguageModel
from solutions.solution_11 import GPT2LMHeadModel

pytest_plugins = ["widget_pages", "serving_process", "serving_page"]

# A report names commands as its reader types them: here always through uv, whoever runs the tests.
os.environ["UV"] = "uv"
os.environ.pop("PIXI_PROJECT_ROOT", None)

# Property tests try the same few cases each time, and many new ones where everything runs.
hypothesis.settings.register_profile("quick", deadline=None, max_examples=25, derandomize=True)
hypothesis.settings.register_profile("thorough", deadline=None)


def pytest_configure(config: pytest.Config) -> None:
    quick = config.getoption("markexpr") == "not slow"
    hypothesis.settings.load_profile("quick" if quick else "thorough")
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:  # in the background, or by nohup
            signal.signal(number, lambda *_: None)  # whom tests start shall not ignore it, too


# The tests that run steps. MAX compiles an operation of theirs when it first meets it, all in two
# minutes: on a machine that has compiled nothing that is done beside the other tests.
RUN_STEPS = {"course", "generation", "golden", "misconceptions", "sampling", "solutions"}
COMPILE_BESIDE = """
from course.court import Court
from course.files import TENSORS
with Court() as court:
    for number in TENSORS:
        court.prepare(number)
"""
beside: list[subprocess.Popen] = []


def runs_steps(item: pytest.Item) -> bool:
    return item.path.stem.removeprefix("test_") in RUN_STEPS


def pytest_sessionstart(session: pytest.Session) -> None:
    is_cold = not (max_folder() / "gpt2" / "decoders").is_dir()
    if is_cold and not session.config.option.collectonly:
        beside.append(subprocess.Popen([sys.executable, "-c", COMPILE_BESIDE], cwd=ROOT))
        atexit.register(beside[0].kill)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=runs_steps)  # the others first, in their order


def pytest_runtest_setup(item: pytest.Item) -> None:
    if beside and runs_steps(item):
        beside.pop().wait()


ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"  # has the training text and pixi's schema on some machines
GOLDEN = Path(__file__).parent / "golden"
# The programs that tests start reach no network, and no models that somebody downloaded.
NO_HUB = {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(GOLDEN / "no-such-cache")}


def load_eager(folder: Path) -> GPT2LMHeadModel:
    """The uncompiled model of a checkpoint, on the CPU."""
    config = read_config(folder)
    model = empty_model(config, CPU())
    model.load_state_dict(read_weights(folder, config))
    return model


def load_compiled(folder: Path) -> CompiledModel:
    return load_model(folder, read_config(folder), CPU())


@pytest.fixture(scope="session")
def model() -> LanguageModel:
    """The shipped model in the engine. Its graph is the only one that the fast tests compile."""
    return load("shakespeare")


@pytest.fixture(scope="session")
def engine(model) -> Engine:
    return model.engine


@pytest.fixture(scope="session")
def shakespeare() -> CompiledModel:
    """Step 11's model of the shipped checkpoint, compiled; for tests that are slow anyway."""
    return load_compiled(SHIPPED / "shakespeare")


@pytest.fixture(scope="session")
def eager_shakespeare() -> GPT2LMHeadModel:
    """The same, not compiled."""
    return load_eager(SHIPPED / "shakespeare")


@pytest.fixture(scope="session")
def i_love_ai() -> GPT2LMHeadModel:
    return load_eager(SHIPPED / "i-love-ai")


browser = pytest.fixture(scope="session")(start_browser)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def start_gpt2(*arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    """Starts the program as a user does who presses Ctrl-C or closes the pipe."""
    return subprocess.Popen(
        [sys.executable, "-m", "commands", *arguments],
        # Without env, a child inherits what MAX's C++ put into this process's environment.
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def run_gpt2(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Runs the program as a user does, with nothing on standard input unless told."""
    return run_python("-m", "commands", *arguments, stdin=stdin)


def run_python(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | NO_HUB,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )
