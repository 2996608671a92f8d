"""`gpt2 bench`: this project beside its peers."""

import json
from dataclasses import asdict
from pathlib import Path

from bench.report import print_report
from bench.run import choose, run
from bench.targets import targets
from commands.terminal import console, note
from gpt2.errors import UserError


def bench(rounds: int, only: list[str], output: Path | None) -> None:
    """Measures, prints tables, and writes JSON.

    Args:
        rounds: how many times to measure each contestant.
        only: parts of the names of those who take part beside the engine; all if empty.
        output: the JSON file, if wanted.

    Raises:
        UserError: nobody has such a name, or the file cannot be written.
    """
    entries = choose(only, note)
    write(output, "", mode="a")  # rather now than in half an hour
    with console.status("") as status:
        results, weights = run(entries, rounds, status.update)
    print_report(results, weights)
    content = {
        "versions": {entry.name: entry.versions for entry in entries},
        "weights": weights,
        **asdict(results),
        "targets": [asdict(target) for target in targets(results)],
    }
    write(output, json.dumps(content, indent=1) + "\n")


def bench_servers(rounds: int, only: list[str], output: Path | None) -> None:
    """The same for `gpt2 serve` beside llama.cpp's server; only: of the names of formats."""
    from bench.serving.report import print_report as print_servers
    from bench.serving.run import choose as choose_formats
    from bench.serving.run import run as run_servers
    from bench.serving.targets import content

    forms = choose_formats(only, note)
    write(output, "", mode="a")
    with console.status("") as status:
        results = run_servers(forms, rounds, status.update)
    print_servers(results)
    write(output, json.dumps(content(results), indent=1) + "\n")


def write(path: Path | None, text: str, mode: str = "w") -> None:
    """Writes where it is wanted, and says so."""
    if path is None:
        return
    try:
        with path.open(mode, encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UserError(f"cannot write {str(path)!r}: {error.strerror}") from error
    if text:
        note(f"written to {path}")
