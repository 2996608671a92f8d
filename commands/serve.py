"""`gpt2 serve`: a server that speaks OpenAI's protocol, and a page to play with."""

import json
import os
import shlex
import socket
from functools import partial
from importlib.util import find_spec

from rich.status import Status
from rich.text import Text

from commands.own_steps import listed
from commands.terminal import COMPILING, console, note, run_visibly
from gpt2.checkpoint.config import read_config
from gpt2.checkpoint.locate import locate
from gpt2.checkpoint.tokenizer import Tokenizer
from gpt2.devices import choose_device
from gpt2.engine.engine import PLAIN, choose_layout
from gpt2.engine.graph import compiled_decoder
from gpt2.errors import UserError
from gpt2.threads import choose_threads

PROMPT = "ROMEO:"
KEY_VARIABLE = "GPT2_API_KEY"
MODEL = range(1, 13)  # the steps that are the model
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def serve(
    *,
    model: str,
    host: str,
    port: int,
    quantize: str | None,
    device: str,
    threads: int | None,
    batch: int,
    key: str | None,
    log: bool,
    steps: bool,
) -> None:
    """Serves a model until Ctrl-C.

    Args: as `gpt2 serve --help` has them.

    Raises:
        UserError: what it needs is not installed, the address is taken, the model cannot be
            used, or its process ended.
    """
    if find_spec("fastapi") is None or find_spec("uvloop") is None:
        raise UserError("serving needs more of MAX: `uv sync --extra serve`, and again")
    listening = listen(host, port)
    folder = locate(model)
    config, tokenizer = read_config(folder), Tokenizer(folder)
    tokenizer.check(config.vocab_size, folder)
    chosen = choose_device(device)
    own = _own_steps() if steps else None
    layout = PLAIN if steps else choose_layout(config, chosen, quantize)
    choose_threads(threads, layout)  # of the model's process, too
    starting = "Starting MAX's server, and its process for the model"
    if layout == PLAIN:
        starting += "; the first time it compiles for minutes"
    else:
        run_visibly(
            lambda: compiled_decoder(config, layout, chosen),
            f"Loading {model}",
            COMPILING,
        )
    if host not in LOOPBACK and not key:
        note(f"Warning: whoever reaches {host} can use this server; --api-key asks for a key.")
    with console.status(Text(starting)) as status:
        from serving.app import make_app
        from serving.architecture import page_count
        from serving.protocol.chat import read_template
        from serving.protocol.model import Model
        from serving.served import Served
        from serving.server import run

        name = folder.resolve().name if os.sep in model else model
        pages = page_count(config, batch, layout)
        served = Served(folder, name, quantize, device, pages, batch, own)
        known = Model(name, tokenizer, config.vocab_size, config.n_positions)
        app = make_app(known, read_template(folder), key, log)
        ask = _how_to_ask(tokenizer, name, key)
        place = f"[{host}]" if ":" in host else host
        address = f"http://{place}:{listening.getsockname()[1]}"
        run(app, served, listening, partial(_tell, status, address, name, ask))


def _own_steps() -> frozenset[int]:
    """Those of the reader's steps that are right and belong to the model; says so."""
    from course.own_steps import right_steps

    right = run_visibly(lambda: right_steps(MODEL), "Reading your steps", "Checking your steps:")
    if stand_ins := [number for number in MODEL if number not in right]:
        note(f"Not right yet, so the reference stands in: {listed(stand_ins)}.")
    note("Your steps 1 to 12 compute the whole text again for each token, one request at a time.")
    return frozenset(right)


def listen(host: str, port: int) -> socket.socket:
    """A socket on which nobody else listens.

    Raises:
        UserError: somebody does, or the address is not of this machine.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise UserError(f"cannot listen on {host}:{port}: {reason}; --port and --host") from error


def _how_to_ask(tokenizer: Tokenizer, name: str, key: str | None) -> str:
    """What a first request says, as the end of a curl."""
    try:
        prompt = tokenizer.decode(tokenizer.encode(PROMPT))
    except UserError:  # a vocabulary of whole words
        prompt = tokenizer.decode([0])
    body = json.dumps({"model": name, "prompt": prompt, "max_tokens": 50})
    bearer = f' -H "Authorization: Bearer ${KEY_VARIABLE}"' if key else ""
    return f"-H 'Content-Type: application/json'{bearer} -d {shlex.quote(body)}"


def _tell(status: Status, address: str, name: str, ask: str) -> None:
    """Says where the server is, and how to ask it."""
    status.stop()
    note(f"{name} is served at {address}, where a page is to play with; Ctrl-C ends it. Or ask:")
    note(f"curl {address}/v1/completions {ask}")
