"""Records what step 19's page table and scheduler do, moment by moment, for the widget `pages`.

Who gets which page is decided by the solution alone. What is here tells it in words, and has
the texts grow: by what the shipped model writes, greedily.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gpt2.language_model import LanguageModel
from solutions.solution_19 import PageTable, Scheduler, Text

SIZE = 4  # tokens in a page


@dataclass(frozen=True)
class Request:
    """A text that comes before a step, and is written on by so many tokens."""

    prompt: str
    new: int
    comes: int = 1


@dataclass(frozen=True)
class Scene:
    """Requests, named a, b, c, …, in the order in which they come."""

    key: str
    title: str
    pages: int
    batch: int
    requests: tuple[Request, ...]


SCENES = (
    Scene(
        "alike",
        "Shared pages",
        pages=8,
        batch=4,
        requests=(
            Request("First Citizen:\nWe are all dead", 5),
            Request("First Citizen:\nWe are all to go", 7),
            Request("JULIET:\nO, my", 3),
            Request("First Citizen:\nWe are all too", 4, comes=6),
        ),
    ),
    Scene(
        "short",
        "Few pages",  # the chapter's example by hand
        pages=6,
        batch=3,
        requests=(
            Request("First Citizen:\nWe are all dead men", 6),
            Request("First Citizen:\nWe are all dead,", 5),
            Request("ROMEO:\nO, she doth", 7),
        ),
    ),
    Scene(
        "room",
        "Room at once",
        pages=6,
        batch=3,
        requests=(
            Request("JULIET:\nWhat's in a name", 5),
            Request("ROMEO:\nI", 3),
            Request("KING RICHARD III:\nA horse", 4, comes=2),
            Request("ROMEO:\nHow", 3, comes=2),
        ),
    ),
)


class WatchedTable(PageTable):
    """A page table that tells what it is asked."""

    def __init__(self, count: int, size: int, recorder: "Recorder") -> None:
        super().__init__(count, size)
        self.recorder = recorder

    def append(self, text: Text, length: int) -> bool:
        before, unused = len(self.pages[text]), len(self.unused)
        fits = super().append(text, length)
        missing = -(-length // self.size) - before
        self.recorder.appended(text, missing, unused, fits)
        return fits

    def fork(self, text: Text, parent: Text, length: int) -> int:
        self.recorder.parent = parent
        return super().fork(text, parent, length)


class Recorder(Scheduler):
    """A scheduler that tells what it does; each sentence is a moment of the recording."""

    def __init__(self, scene: Scene, texts: Sequence[Text]) -> None:
        super().__init__(WatchedTable(scene.pages, SIZE, self), scene.batch)
        self.names = dict(zip(texts, "abcdef", strict=False))
        self.moments: list[dict[str, Any]] = []
        self.number = 0  # of the scheduler's step
        self.ended: set[Text] = set()
        self.parent: Text | None = None
        self.refusal = ""
        self.told: dict[Text, str] = {}  # why somebody waits is told once

    def admit(self, text: Text) -> bool:
        name, self.parent, self.refusal = self.names[text], None, ""
        if not super().admit(text):
            unread = self.parent and f"{self.names[self.parent]} begins like it, and is not read"
            self.tell_why(text, self.refusal or f"{unread} yet")
            return False
        pages = self.table.pages[text]
        shared = [page for page in pages if self.table.holders[page] > 1]
        own = [page for page in pages if page not in shared]
        if shared:
            whose = self.names[self.parent]
            self.tell(
                f"{name} comes in. It begins like {whose}: it holds {listed('page', shared)}, too, "
                f"whose {len(shared) * SIZE} tokens are read, and takes {listed('page', own)}."
            )
        else:
            self.tell(f"{name} comes in: {len(text.ids)} tokens take {listed('page', own)}.")
        return True

    def preempt(self, text: Text) -> None:
        kept = len(self.table.unused)
        super().preempt(text)
        self.told.pop(text, None)
        freed = len(self.table.unused) - kept
        self.tell(
            f"{self.names[text]} came last, so it gives way: it loses its pages, of which "
            f"{freed} {be(freed)} unused now, and waits in front of all others."
        )

    def end(self, text: Text) -> None:
        pages = self.table.pages[text]
        self.finish(text)
        self.ended.add(text)
        unused = [page for page in pages if self.table.holders[page] == 0]
        left = [page for page in pages if page not in unused]
        others = [other for other in self.running if set(left) & set(self.table.pages[other])]
        says = f"{self.names[text]} has its last token, and ends: {listed('page', unused)} "
        says += f"{be(len(unused))} unused"
        if left:
            says += f", {listed('page', left)} still held by {listed('', self.named(others))}"
        self.tell(f"{says}.")

    def appended(self, text: Text, missing: int, unused: int, fits: bool) -> None:
        """The table was asked for pages, for one that runs or one that wants to come in."""
        name = self.names[text]
        if text not in self.running:
            needed = f"{missing} page{'s' * (missing != 1)}"
            self.refusal = f"it needs {needed}, and {unused or 'none'} {be(unused)} unused"
        elif not fits:
            self.tell(f"{name} has {len(text.ids)} tokens and needs a page, and none is unused.")
        elif missing:
            page = self.table.pages[text][-1]
            self.tell(f"{name} has {len(text.ids)} tokens: it takes page {page}.")

    def tell_why(self, text: Text, reason: str) -> None:
        if self.told.get(text) != reason:
            self.told[text] = reason
            behind = self.waiting[self.waiting.index(text) + 1 :]
            self.tell(
                f"{self.names[text]} waits: {reason}."
                + (f" {listed('', self.named(behind))} must not overtake." if behind else "")
            )

    def tell(self, sentence: str) -> None:
        """Records how all stands, with what has just happened."""
        texts = [
            [self.state(text), len(text.ids), text.read, list(self.table.pages.get(text, []))]
            for text in self.names
        ]
        moment = {"step": self.number, "says": sentence, "texts": texts}
        self.moments.append(moment | {"holders": list(self.table.holders)})

    def state(self, text: Text) -> str:
        if text in self.ended:
            return "has ended"
        if text in self.table.pages:
            return "runs"
        return "waits" if text in self.waiting else "will come"

    def named(self, texts: Sequence[Text]) -> list[str]:
        return [self.names[text] for text in texts]


def record(scene: Scene, model: LanguageModel) -> dict[str, Any]:
    """Plays a scene to its end.

    Returns:
        `title`; `texts`: of each its tokens, and how many of them are the prompt; `moments`: the
        step, a sentence, of each text how it stands, how many tokens it has, how many of them
        are read, and its pages; and of each page how many texts hold it.
    """
    requests = scene.requests
    prompts = [model.tokenizer.encode(request.prompt) for request in requests]
    written = [
        model.generate(request.prompt, max_new_tokens=request.new, temperature=0)[0].ids
        for request in requests
    ]
    texts = {Text(list(ids)): list(new) for ids, new in zip(prompts, written, strict=True)}
    recorder = Recorder(scene, list(texts))
    while len(recorder.ended) < len(texts):
        recorder.number += 1
        come = [
            text
            for text, request in zip(texts, requests, strict=True)
            if request.comes == recorder.number
        ]
        recorder.waiting.extend(come)
        if come:
            recorder.tell(f"{listed('', recorder.named(come))} come{'s' * (len(come) == 1)}.")
        play_step(recorder, texts)
    return {
        "title": scene.title,
        "texts": [
            {"prompt": len(ids), "tokens": [model.tokenizer.decode([i]) for i in [*ids, *new]]}
            for ids, new in zip(prompts, written, strict=True)
        ],
        "moments": recorder.moments,
    }


def play_step(recorder: Recorder, coming: dict[Text, list[int]]) -> None:
    """The scheduler decides, the model reads, each text gets its next token; some end."""
    prefill, decode = recorder.step()
    reads = [f"{len(text.ids) - text.read} tokens of {recorder.names[text]}" for text in prefill]
    if decode:
        reads.append(f"the newest token of {listed('', recorder.named(decode))}")
    for text in prefill + decode:
        text.read = len(text.ids)
        text.ids.append(coming[text].pop(0))
    whose = "Each gets its" if len(recorder.running) > 1 else "It gets the"
    recorder.tell(f"The model reads {listed('', reads)}. {whose} next token.")
    for text in list(recorder.running):
        if not coming[text]:
            recorder.end(text)


def listed(noun: str, things: Sequence[object]) -> str:
    """a, b and c; or, with a noun: page 3, pages 3 and 4."""
    *first, last = map(str, things)
    words = f"{', '.join(first)} and {last}" if first else last
    return f"{noun}{'s' * bool(first)} {words}" if noun else words


def be(number: int) -> str:
    return "is" if number < 2 else "are"
