"""The answers of `gpt2 batch`: a line of JSON each, so that what is written is never lost."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gpt2.errors import UserError, shortened

BEGINNING = b'{"line": '  # of an answer
FIELDS = {"line", "key", "prompt", "text", "finish_reason", "tokens"}


class Answers:
    """A file to which answers are added; what it has already is not asked for again.

    Args:
        path: the file, which need not exist.

    Raises:
        UserError: it cannot be read or written, or holds something else than answers.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = path.open("a+b")
        except OSError as error:
            raise UserError(f"{shortened(path)} cannot be written: {error.strerror}") from error
        whole = self._drop_what_was_cut_off()
        self.given = {answer["key"] for answer in self._read(whole)}

    def _drop_what_was_cut_off(self) -> bytes:
        """What is in the file; a last line without its end was being written when all ended."""
        self._file.seek(0)
        content = self._file.read()
        whole = content[: content.rfind(b"\n") + 1]
        rest = content[len(whole) :]
        if rest and rest.startswith(BEGINNING[: len(rest)]):
            list(self._read(whole))  # before anything is changed: are these answers?
            self._file.truncate(len(whole))
            return whole
        return content

    def _read(self, content: bytes) -> Iterator[dict[str, Any]]:
        for number, line in enumerate(content.splitlines(), 1):
            try:
                answer = json.loads(line)
            except ValueError:
                answer = None
            if not isinstance(answer, dict) or not answer.keys() >= FIELDS:
                raise UserError(
                    f"{shortened(self._path)}, line {number}, is no answer of `gpt2 batch`, and "
                    "stays as it is: choose another file for the answers"
                )
            yield answer

    def add(self, answer: dict[str, Any]) -> None:
        """Writes an answer, at once."""
        line = json.dumps(answer, ensure_ascii=False) + "\n"
        self._file.write(line.encode("utf-8", errors="replace"))
        self._file.flush()

    def sort(self) -> None:
        """Puts the answers in the order of their lines; the file is replaced as a whole."""
        self._file.seek(0)
        lines = sorted(
            self._file.read().splitlines(True), key=lambda line: json.loads(line)["line"]
        )
        beside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        beside.write_bytes(b"".join(lines))
        beside.replace(os.path.realpath(self._path))
