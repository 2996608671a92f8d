"""The comparison, from the drawing of weights to the results: in rounds, and in turns."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from importlib.util import find_spec
from pathlib import Path

from bench.contestant_process import ContestantProcess, MeasuringFailed
from bench.contestants import ENTRIES
from bench.serving.load import GENERATOR, Load, LoadGenerator, Met
from bench.serving.model import draw_prompts, make_model, vocabulary_folder
from bench.serving.servers import FORMATS, OURS, THEIRS, Format, Server, llama_server
from bench.serving.targets import Results, Turn
from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.errors import UserError

REQUESTS = {1: 4, 8: 16, 32: 64}  # how many requests, by how many of them at once
PROMPT, NEW_TOKENS = 64, 128  # tokens
WARM_UP = 8  # requests, all at once
MODULES = ("fastapi", "uvloop", "aiohttp", "cyclopts", "datasets")  # of the server and the load


def choose(only: list[str], note: Callable[[str], None]) -> list[Format]:
    """The formats with one of these parts in their names, or all; notes who is left out.

    Raises:
        UserError: there is no such format, or what measuring needs is not installed.
    """
    for part in only:
        if not any(part in form.name for form in FORMATS):
            names = ", ".join(form.name for form in FORMATS)
            raise UserError(f"no format is called {part!r}: there are {names}")
    if missing := [name for name in MODULES if find_spec(name) is None]:
        what = "`uv sync --extra serve --group load`"
        raise UserError(f"measuring servers needs {', '.join(missing)}: {what}, and again")
    vocabulary_folder()
    if not peer_is_there():
        note(f"{THEIRS} is left out: it, or gguf, is not installed")
        note("uv sync --group peers installs both (and compiles llama.cpp twice, for long)")
    return [form for form in FORMATS if not only or any(part in form.name for part in only)]


def peer_is_there() -> bool:
    """Whether llama.cpp's server is, and what writes its files."""
    return llama_server() is not None and find_spec("gguf") is not None


def run(forms: list[Format], rounds: int, tell: Callable[[str], None]) -> Results:
    """Measures the servers with weights in each format; tell is told what happens."""
    results = Results(GENERATOR, PROMPT, NEW_TOKENS, dict(REQUESTS))
    names = [OURS, THEIRS] if peer_is_there() else [OURS]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "random-124M"
        folder.mkdir()
        tell("Drawing the weights of GPT-2 124M")
        make_model(folder, [form.gguf for form in forms] if THEIRS in names else [])
        with closing(LoadGenerator(folder)) as generator:
            for form in forms:
                with closing(Contest(folder, form, generator, results, tell)) as contest:
                    contest.start(names)
                    for number in range(1, rounds + 1):
                        contest.measure_round(number, f"{form.name}, round {number} of {rounds}")
    return results


class Contest:
    """The servers with weights in one format, and the engine without a server.

    Who fails is left out from then on, and keeps what was measured before.
    """

    def __init__(
        self,
        folder: Path,
        form: Format,
        generator: LoadGenerator,
        results: Results,
        tell: Callable[[str], None],
    ) -> None:
        self._folder = folder
        self._form = form
        self._generator = generator
        self._results = results
        self._tell = tell
        self._tokenizer = Tokenizer(folder)
        self._servers: list[Server] = []
        self._started = ExitStack()
        (entry,) = (entry for entry in ENTRIES if entry.name == form.engine)
        self._engine = self._started.enter_context(closing(ContestantProcess(entry, folder)))

    def close(self) -> None:
        """Ends all of them."""
        self._started.close()

    def start(self, names: list[str]) -> None:
        """Starts them, and has each do some work that is not counted."""
        self._tell(f"{self._form.engine}: loading, and compiling the first time")
        with self._noting(self._form.engine):
            self._engine.perform([self._ids("start")], NEW_TOKENS)
        for name in names:
            self._tell(f"{name}, {self._form.name}: starting")
            with self._noting(name):
                server = Server(name, self._folder, self._form)
                self._servers.append(self._started.enter_context(closing(server)))
                self._ask(server, self._load(WARM_UP, WARM_UP, "start"))

    def measure_round(self, number: int, title: str) -> None:
        """Measures each once."""
        if self._engine.failure is None:
            self._tell(f"{title}: {self._form.engine}")
            with self._noting(self._form.engine):
                seconds = self._engine.perform([self._ids(title)], NEW_TOKENS)["seconds"][-1]
                self._results.alone.setdefault(self._form.name, {})[number] = NEW_TOKENS / seconds
        for at_once, count in REQUESTS.items():
            load = self._load(count, at_once, f"{title}, {at_once}")
            self._servers.reverse()  # so that nobody is always the first
            for server in list(self._servers):
                self._tell(f"{title}: {server.name}, {at_once} at once")
                with self._noting(server.name):
                    met = self._ask(server, load)
                    turn = Turn(self._form.name, server.name, at_once, number, met)
                    self._results.turns.append(turn)

    def _load(self, count: int, at_once: int, seed: str) -> Load:
        prompts = draw_prompts(self._tokenizer, count, PROMPT, seed)
        return Load(prompts, PROMPT, NEW_TOKENS, at_once)

    def _ids(self, seed: str) -> list[int]:
        return self._tokenizer.encode(*draw_prompts(self._tokenizer, 1, PROMPT, seed))

    def _ask(self, server: Server, load: Load) -> Met:
        try:
            with server.awake():
                return self._generator.run(server.address, load)
        finally:
            server.check()  # its end explains why requests failed

    @contextmanager
    def _noting(self, name: str) -> Iterator[None]:
        try:
            yield
        except MeasuringFailed as error:
            self._results.failures[f"{name}, {self._form.name}"] = str(error)
            self._servers = [server for server in self._servers if server.name != name]
