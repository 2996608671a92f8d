"""`gpt2 batch`: a file of prompts, answered together."""

import contextlib
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from commands.answers import Answers
from commands.terminal import COMPILING, console, note, run_visibly, write
from gpt2.checkpoint.json_file import parse_object
from gpt2.errors import UserError, shortened
from gpt2.language_model import LanguageModel, load
from gpt2.text.continuation import Continuation
from gpt2.text.options import Options, options_named
from gpt2.values import checked, text

PROMPT = "prompt"


class Request(NamedTuple):
    """A line of the file, and what knows it again."""

    line: int  # counted from 1
    prompt: str
    options: Options
    key: str


def answer_file(
    path: Path,
    defaults: dict[str, Any],
    *,
    output: Path | None,
    ordered: bool,
    model: str,
    device: str,
    threads: int | None,
    quantize: str | None,
) -> None:
    """Answers each line of a file, to another file or to standard output.

    Args: as `gpt2 batch --help` has them; defaults are the options of lines that have none.

    Raises:
        UserError: a line is no request, or a file or the model cannot be used.
    """
    requests = list(read_requests(path, defaults, f"{model} {quantize}"))
    if output and output.exists() and output.samefile(path):
        raise UserError(f"{shortened(output)} has the prompts: choose another file for the answers")
    answers = Answers(output) if output else None
    missing = [r for r in requests if not (answers and r.key in answers.given)]
    if len(missing) < len(requests):
        note(f"{len(requests) - len(missing)} of {len(requests)} lines are answered already.")
    if missing:
        language_model = run_visibly(
            lambda: load(model, device=device, quantize=quantize, threads=threads),
            f"Loading {model}",
            COMPILING,
        )
        _answer(language_model, missing, answers, ordered)
    if answers and ordered:
        answers.sort()


def read_requests(path: Path, defaults: dict[str, Any], model: str) -> Iterator[Request]:
    """The requests of a file; blank lines are none.

    Raises:
        UserError: the file cannot be read, or a line is no request: says which, and why.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise UserError(f"{shortened(path)} cannot be read: {error.strerror}") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            place = f"{shortened(path)}, line {number},"
            fields = parse_object(line, place)
            try:
                prompt = checked(PROMPT, fields.pop(PROMPT), text)
                prompt.encode()
                seed = defaults.get("seed")
                own = {} if seed is None else {"seed": seed + number - 1}
                options = options_named(**defaults | own | fields)
            except KeyError:
                raise UserError(f"{place} has no {PROMPT}, but {shortened(list(fields))}") from None
            except UnicodeEncodeError:
                raise UserError(f"{place} has half a character: {shortened(prompt)}") from None
            except (UserError, TypeError) as error:
                raise UserError(f"{place} cannot be answered: {shortened(error)}") from error
            content = json.dumps([number, model, prompt, asdict(options)])
            key = hashlib.sha256(content.encode()).hexdigest()[:16]
            yield Request(number, prompt, options, key)


def _answer(
    language_model: LanguageModel, requests: list[Request], answers: Answers | None, ordered: bool
) -> None:
    begun: dict[int, Request] = {}

    def coming() -> Iterator[Continuation]:
        for request in requests:
            continuation = language_model.start(request.prompt, request.options)
            begun[id(continuation)] = request
            yield continuation

    held: dict[int, dict[str, Any]] = {}  # answers that wait for earlier ones
    lines = iter([request.line for request in requests])
    due = next(lines)
    done = tokens = 0
    with _progress(len(requests)) as progress, contextlib.ExitStack() as at_end:
        (task,) = progress.task_ids
        at_end.callback(lambda: _tell(done, len(requests), answers))
        for continuation in language_model.write_all(coming()):
            request = begun.pop(id(continuation))
            answer = _as_dict(request, continuation)
            if answers:
                answers.add(answer)
            elif not ordered:
                _print(answer)
            else:
                held[request.line] = answer
                while due in held:
                    _print(held.pop(due))
                    due = next(lines, 0)
            done += 1
            tokens += len(continuation.new_ids)
            speed = tokens / max(progress.tasks[0].elapsed or 0, 1e-9)
            progress.update(task, advance=1, speed=f"{speed:.0f} tokens/s")


def _tell(done: int, total: int, answers: Answers | None) -> None:
    if done < total and answers:  # after Ctrl-C, or a mistake
        note(f"{done} of {total} lines are answered; the same command answers the others.")


def _print(answer: dict[str, Any]) -> None:
    write(json.dumps(answer, ensure_ascii=False) + "\n")


def _as_dict(request: Request, continuation: Continuation) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "line": request.line,
        "key": request.key,
        "prompt": request.prompt,
        "text": continuation.text,
        "finish_reason": continuation.finish_reason,
        "tokens": len(continuation.new_ids),
    }
    if request.options.log_probabilities:
        answer["log_probabilities"] = continuation.log_probabilities
    return answer


def _progress(total: int) -> Progress:
    """A bar on standard error, where that is a terminal and the answers do not go there, too."""
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[speed]}"))
    progress = Progress(
        *columns,
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal or sys.stdout.isatty(),
    )
    progress.add_task("", total=total, speed="")
    return progress
