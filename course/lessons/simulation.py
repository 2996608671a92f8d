"""What step 19 is tried with: thousands of texts that come and go, and rules that always hold."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from course.lesson import Experiment
from course.outcomes import Violated

if TYPE_CHECKING:
    from course.plain_subject import PlainSubject
    from solutions.solution_19 import Text

BUDGET = 9  # tokens of prompts that are read in a step
PATIENCE = 3  # steps for each text, all in all


def simulate(count: int, *, size: int, pages: int, batch: int) -> Experiment:
    """Has texts come, be read, grow and end, and looks at the rules in each step."""

    def run(subject: PlainSubject) -> str:
        crowd = Crowd(subject, count, size, pages, batch)
        for _ in range(PATIENCE * count):
            crowd.step()
            if crowd.is_done():
                return "all are written"
        raise Violated(f"after {PATIENCE * count} steps {crowd.unfinished()}: somebody starves")

    return Experiment(f"{count} texts, {pages} pages of {size} tokens, at most {batch} run", run)


class Crowd:
    """Texts, a model that notes what it writes into which page, and somebody who watches it."""

    def __init__(
        self, subject: PlainSubject, count: int, size: int, pages: int, batch: int
    ) -> None:
        self._rng = np.random.default_rng(count)
        self.table = subject.step.PageTable(pages, size)
        self.scheduler = subject.step.Scheduler(self.table, batch)
        self._size, self._pages, self._batch = size, pages, batch
        draw = self._rng.integers
        beginnings = [draw(9, size=length).tolist() for length in (0, 1, 2, 3, 5, 7)]
        texts = [
            subject.step.Text(beginnings[draw(6)] + draw(3, size=draw(1, 5)).tolist())
            for _ in range(count)
        ]
        self._number = {text: number for number, text in enumerate(texts)}
        self._grows = dict(zip(texts, draw(4, size=count).tolist(), strict=True))
        self._coming = texts[::-1]
        self._memory: dict[tuple[int, int], int] = {}  # what was written to a place of a page

    def is_done(self) -> bool:
        return not (self._coming or self.scheduler.waiting or self.scheduler.running)

    def unfinished(self) -> str:
        running, waiting = len(self.scheduler.running), len(self.scheduler.waiting)
        return f"{running} texts run, {waiting} wait, and {len(self._coming)} are to come"

    def step(self) -> None:
        """Some come, at times; some are read, and grow or end."""
        if len(self.scheduler.waiting) < 2 * self._batch:
            for _ in range(min(self._rng.integers(4), len(self._coming))):
                self.scheduler.waiting.append(self._coming.pop())
        prefill, decode = self.scheduler.step()
        self._look_at_texts(prefill, decode)
        self._look_at_pages()
        left = BUDGET
        for text in sorted(prefill, key=self._number.__getitem__):
            count = min(len(text.ids) - text.read, left)
            left -= count
            self._read(text, count)
        for text in decode:
            self._read(text, 1)
        for text in [*prefill, *decode]:
            if text.read == len(text.ids):
                self._grow_or_end(text)

    def _read(self, text: Text, count: int) -> None:
        """Looks for what has been read, and writes what is new; both depend on all before it."""
        seen = 0
        for place, token in enumerate(text.ids[: text.read + count]):
            seen = hash((seen, token))
            page = self.table.pages[text][place // self._size]
            where = page, place % self._size
            if place >= text.read:
                if self.table.holders[page] > 1:
                    self._tell(f"{self._name(text)} is written into page {page}, which others hold")
                self._memory[where] = seen
            elif self._memory.get(where) != seen:
                self._tell(
                    f"{self._name(text)} counts as read up to token {text.read}, but its token "
                    f"{place} is not in its page {page}"
                )
        text.read += count

    def _grow_or_end(self, text: Text) -> None:
        if self._grows[text]:
            self._grows[text] -= 1
            text.ids.append(len(text.ids) % 3)
        else:
            self.scheduler.finish(text)

    def _look_at_texts(self, prefill: list[Text], decode: list[Text]) -> None:
        running, waiting = self.scheduler.running, self.scheduler.waiting
        order = [self._number[text] for text in running + waiting]
        if order != sorted(order):
            runs = len(running)
            self._tell(f"texts {order[:runs]} run and {order[runs:]} wait, counted as they came")
        if len(running) > self._batch:
            self._tell(f"{len(running)} texts run, and {self._batch} may")
        if waiting and not running:
            self._tell(f"nobody runs, and {len(waiting)} texts wait")
        if Counter(prefill + decode) != Counter(running):
            self._tell(f"{len(running)} texts run, and {len(prefill + decode)} are to be read")
        for text in running:
            if (text in decode) != (len(text.ids) - text.read == 1):
                self._tell(f"{self._name(text)} is {len(text.ids)} long, and {text.read} are read")

    def _look_at_pages(self) -> None:
        table, running = self.table, self.scheduler.running
        if (have := {text for text, pages in table.pages.items() if pages}) != set(running):
            self._tell(f"{len(running)} texts run, and {len(have)} have pages")
        held = Counter(page for text in running for page in table.pages[text])
        for text in running:
            if len(table.pages[text]) != -(-len(text.ids) // self._size):
                pages = len(table.pages[text])
                self._tell(f"{self._name(text)} of {len(text.ids)} tokens has {pages} pages")
        for page, holders in enumerate(table.holders):
            if holders != held[page]:
                self._tell(f"page {page} is held by {held[page]} texts, and counted {holders}")
        if sorted(table.unused) != [page for page in range(self._pages) if page not in held]:
            self._tell(f"of {self._pages} pages {len(held)} are held, {len(table.unused)} unused")

    def _name(self, text: Text) -> str:
        return f"text {self._number[text]}"

    def _tell(self, sentence: str) -> None:
        raise Violated(sentence)
