"""What step 19 is tried with: small scenes, each of which ends with who has which pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from course.lesson import Experiment

if TYPE_CHECKING:
    from course.plain_subject import PlainSubject
    from solutions.solution_19 import Text

SIZE = 4  # tokens in a page
A = (7, 3, 5, 2, 8, 1, 6, 4, 9, 0, 3, 7, 2, 5)  # how texts begin, in part or as a whole
B, C = A[::-1], A[6:]  # and others
LETTERS = "abcd"


class Scene:
    """A table and a scheduler, and texts with the names a, b, c, d.

    What is there before somebody acts is put there by hand, without the code that is tried.
    """

    def __init__(self, subject: PlainSubject, pages: int = 6, batch: int = 4) -> None:
        self._text = subject.step.Text
        self.table = subject.step.PageTable(pages, SIZE)
        self.scheduler = subject.step.Scheduler(self.table, batch)
        self.texts: dict[str, Text] = {}

    def new(self, ids: Sequence[int] = (), read: int = 0) -> Text:
        """The next text, by its letter: a first."""
        text = self._text(list(ids), read)
        self.texts[LETTERS[len(self.texts)]] = text
        return text

    def held(self, pages: int, shares: Text | None = None, shared: int = 0) -> Text:
        """A text with so many pages, the first ones of them those of another."""
        return self._hold(self.new(), pages, shares, shared)

    def runs(
        self, ids: Sequence[int], read: int, shares: Text | None = None, shared: int = 0
    ) -> Text:
        """A text that runs, with pages for all its tokens but the last, which is new."""
        text = self.new(ids, read)
        self.scheduler.running.append(text)
        return self._hold(text, -(-(len(ids) - 1) // SIZE), shares, shared)

    def waits(self, ids: Sequence[int]) -> Text:
        text = self.new(ids)
        self.scheduler.waiting.append(text)
        return text

    def _hold(self, text: Text, count: int, shares: Text | None, shared: int) -> Text:
        pages = list(self.table.pages[shares][:shared]) if shares else []
        while len(pages) < count:
            pages.append(self.table.unused.pop())
        for page in pages:
            self.table.holders[page] += 1
        self.table.pages[text] = pages
        return text

    def pages(self) -> dict[str, object]:
        """Each text's pages, numbered as they are met here: which page it is does not matter."""
        numbers: dict[int, int] = {}
        state: dict[str, object] = {}
        for letter, text in self.texts.items():
            if text in self.table.pages:
                own = [numbers.setdefault(p, len(numbers)) for p in self.table.pages[text]]
                state[f"pages of {letter}"] = own
        state["holders of them"] = [int(self.table.holders[page]) for page in numbers]
        state["unused"] = len(self.table.unused)
        return state

    def forget_none(self, waiting: Sequence[Text]) -> None:
        """Whether an empty list is kept for who has no page does not matter."""
        for text in waiting:
            if not self.table.pages.get(text):
                self.table.pages.pop(text, None)

    def names(self, texts: Sequence[Text]) -> str:
        return ", ".join(map(self._letter, texts)) or "nobody"

    def _letter(self, text: Text) -> str:
        return next((letter for letter, own in self.texts.items() if own is text), "another")

    def step(self) -> dict[str, object]:
        """One step: who is read, who runs, who waits, and what has become of the pages."""
        prefill, decode = self.scheduler.step()
        self.forget_none(self.scheduler.waiting)
        return {
            "many tokens": self.names(sorted(prefill, key=self._letter)),
            "one token": self.names(sorted(decode, key=self._letter)),
            "waiting": self.names(self.scheduler.waiting),
            "running": self.names(self.scheduler.running),
            "read": [int(text.read) for text in self.scheduler.running],
            **self.pages(),
        }


def append(before: int, length: int, unused: int) -> Experiment:
    """What a text is given that has some pages."""

    def run(subject: PlainSubject) -> dict[str, object]:
        scene = Scene(subject, before + unused)
        text = scene.held(before)
        return {"returned": bool(scene.table.append(text, length)), **scene.pages()}

    name = f"append(a, {length}), a has {_pages(before)}, {unused} unused"
    return Experiment(name, run, piece="PageTable.append")


def fork(length: int) -> Experiment:
    """What a text is given whose beginning is another's."""

    def run(subject: PlainSubject) -> dict[str, object]:
        scene = Scene(subject)
        returned = scene.table.fork(scene.new(), scene.held(3), length)
        return {"returned": int(returned), **scene.pages()}

    name = f"fork(a, b, {length}), b has 3 pages of {SIZE} tokens"
    return Experiment(name, run, piece="PageTable.fork")


def fork_twice(subject: PlainSubject) -> dict[str, object]:
    scene = Scene(subject)
    parent = scene.held(3)
    child = scene.held(2, parent, 2)
    returned = scene.table.fork(scene.new(), child, 8)
    return {"returned": int(returned), **scene.pages()}


def fork_and_append(subject: PlainSubject) -> dict[str, object]:
    scene = Scene(subject)
    parent, child = scene.held(2), scene.new()
    scene.table.fork(child, parent, 8)
    scene.table.append(child, 12)
    return scene.pages()


def free(which: str) -> Experiment:
    """What is left when some of a, b and c end: b begins like a, c like nobody."""

    def run(subject: PlainSubject) -> dict[str, object]:
        scene = Scene(subject)
        scene.held(3, scene.held(3), 2)
        scene.held(1)
        for letter in which:
            scene.table.free(scene.texts[letter])
        return scene.pages()

    calls = ", ".join(f"free({letter})" for letter in which)
    name = f"{calls}, a and b share 2 of 3 pages each, c has one"
    return Experiment(name, run, piece="PageTable.free")


def _pages(count: int) -> str:
    return f"{count or 'no'} page{'s' * (count != 1)}"


def admit(name: str, ids: Sequence[int], *running: tuple[Sequence[int], int]) -> Experiment:
    """What the next text is given, when some run, of which so many tokens are read."""

    def run(subject: PlainSubject) -> dict[str, object]:
        scene = Scene(subject)
        for text in running:
            scene.runs(*text)
        text = scene.new(ids)
        returned = bool(scene.scheduler.admit(text))
        scene.forget_none(() if returned else (text,))
        read = {"read": int(text.read)} if returned else {}
        return {"returned": returned, **read, **scene.pages()}

    return Experiment(f"admit({LETTERS[len(running)]}), {name}", run, piece="Scheduler.admit")


def step(
    name: str,
    running: Sequence[tuple[Sequence[int], int]] = (),
    waiting: Sequence[Sequence[int]] = (),
    *,
    pages: int = 6,
    batch: int = 4,
    steps: int = 1,
) -> Experiment:
    """What the last of some steps decides; between them all is read, and each text grows.

    Args:
        name: how a report names the scene.
        running: the texts that run, and how many of their tokens are read.
        waiting: those that wait.
        pages: how many there are.
        batch: how many texts may run.
        steps: how many to take.
    """

    def run(subject: PlainSubject) -> dict[str, object]:
        scene = Scene(subject, pages, batch)
        for text in running:
            scene.runs(*text)
        for ids in waiting:
            scene.waits(ids)
        for _ in range(steps - 1):
            prefill, decode = scene.scheduler.step()
            for text in [*prefill, *decode]:
                text.read = len(text.ids)
                text.ids.append(text.read)
        return scene.step()

    return Experiment(f"step(), {name}", run, piece="Scheduler.step")


def step_with_shared(subject: PlainSubject) -> dict[str, object]:
    """The text that came last gives way, and has no page of its own."""
    scene = Scene(subject, 3)
    scene.runs((0,) * 5, 4)
    scene.runs(A[:5], 4, scene.runs(A[:7], 6), 1)
    return scene.step()


SCENES = (
    append(0, 9, unused=5),
    append(0, 8, unused=5),
    append(2, 13, unused=3),
    append(3, 9, unused=3),
    append(3, 4, unused=0),
    append(1, 16, unused=3),
    append(1, 17, unused=3),
    fork(9),
    fork(8),
    fork(3),
    Experiment("fork(c, b, 8), b forked from a", fork_twice, piece="PageTable.fork"),
    Experiment(
        "fork(b, a, 8), append(b, 12), a has 2 pages", fork_and_append, piece="PageTable.fork"
    ),
    free("c"),
    free("a"),
    free("ab"),
    admit("nobody runs", A[:9]),
    admit("a begins like it, and is read", (*A[:10], 0, 0), (A[:11], 10)),
    admit("a begins like it, and is not read", (*A[:10], 0, 0), (A[:11], 0)),
    admit("8 tokens like a's, of which 4 are read", (*A[:10], 0, 0), (A[:11], 4)),
    admit("8 tokens like a's, of which 8 are read", (*A[:10], 0, 0), (A[:11], 8)),
    admit("3 tokens like a's, which is not read", (*A[:3], 0, 0), (A[:11], 0)),
    admit("like a but for its first token", (0, *A[1:10]), (A[:11], 10)),
    admit("8 tokens, all like a's", A[:8], (A[:11], 10)),
    admit("more like b than like a", A[:10], ((*A[:5], 0), 5), (A[:11], 10)),
    admit("more like a than like b", A[:10], (A[:11], 10), ((*A[:5], 0), 5)),
    admit("5 more pages, and 4 are unused", (*A[:4], *range(20)), ((*A[:5], 0), 5)),
    admit("2 more pages, and 2 are unused", (*A[:12], *range(6)), ((*A, 0), 14)),
    step("a lacks 5 tokens, b two, c one", [(A[:6], 1), (B[:7], 5), (C[:1], 0)]),
    step("a needs a page", [(A[:5], 4), (B[:3], 2)]),
    step("a needs a page, none is unused", [(A[:5], 4), (B[:3], 2), (C[:3], 2)], pages=3),
    step(
        "a needs a page, none is unused, d waits",
        [(A[:5], 4), (B[:3], 2), (C[:3], 2)],
        [(1, 2)],
        pages=3,
    ),
    step("b needs a page, none is unused", [(A[:3], 2), (B[:5], 4)], pages=2),
    Experiment(
        "step(), a needs a page, and c's only one is b's, too",
        step_with_shared,
        piece="Scheduler.step",
    ),
    step("a, b, c and d wait, 3 may run", (), [A[:3], B[:3], C[:3], (1, 2)], batch=3),
    step("b waits for 2 pages, c for one of one", [(A[:3], 2)], [B[:5], C[:2]], pages=2),
    step("a and b wait, with one prompt of 11 tokens", (), [A[:11], A[:11]]),
    step("a and b wait, with one prompt, a step later", (), [A[:11], A[:11]], steps=2),
    step("a and b wait, with one prompt, 2 steps later", (), [A[:11], A[:11]], steps=3),
)
