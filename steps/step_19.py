"""Step 19: a cache in pages, and a scheduler.

Check it with `pixi run s19` or `uv run gpt2 check 19`;
`gpt2 hint 19` helps. Its chapter is book/src/step_19.md.

Texts come and go, and nobody knows how long they get. So the cache is cut into pages of a
few tokens; a text takes one more when it needs it, and texts that begin alike hold the same
pages. A scheduler decides, step by step, who is read, who waits, and who gives way.

Sources: Kwon et al., "PagedAttention" (2023), section 4; Yu et al., "Orca" (2022), section 3.1.
"""

# ANCHOR: code (the book shows what follows)
from dataclasses import dataclass
from itertools import takewhile
from operator import eq


@dataclass(eq=False)
class Text:
    """A text: its tokens, and how many of them the model has read. Who runs it changes both."""

    ids: list[int]
    read: int = 0


class PageTable:
    """Which pages, of room for size tokens, hold a text; and how many texts hold each page."""

    def __init__(self, count: int, size: int) -> None:
        self.size, self.unused = size, list(range(count))
        self.holders = [0] * count
        self.pages: dict[Text, list[int]] = {}  # of each text, in the order of its tokens

    def allocate(self, text: Text) -> None:
        """Begins a text that has no pages yet."""
        self.pages[text] = []

    def append(self, text: Text, length: int) -> bool:
        """Gives a text what it lacks for length tokens; nothing, and False, if that is too much."""
        # TODO 1 of 5: count the missing pages; take as many unused ones, or none at all.
        raise NotImplementedError("Step 19, TODO 1 of 5")

    def fork(self, text: Text, parent: Text, length: int) -> int:
        """Begins a text with its parent's pages, those full of the length tokens they share.

        Into a page that is not full, both would write. Returns how many tokens the pages hold.
        """
        # TODO 2 of 5: hold the parent's full pages as well, each with one holder more.
        raise NotImplementedError("Step 19, TODO 2 of 5")

    def free(self, text: Text) -> None:
        """Forgets a text; a page that nobody holds any more is unused again."""
        # TODO 3 of 5: each of its pages has one holder less.
        raise NotImplementedError("Step 19, TODO 3 of 5")


class Scheduler:
    """Decides what the model reads next; at most batch texts run, with pages, the others wait."""

    def __init__(self, table: PageTable, batch: int) -> None:
        self.table, self.batch = table, batch
        self.waiting: list[Text] = []  # both in the order in which they came
        self.running: list[Text] = []

    def step(self) -> tuple[list[Text], list[Text]]:
        """Returns who has many tokens to read (prefill), and who has one (decode).

        Who runs gets pages first, or who came last gives way; then the waiting come in, in turn.
        """
        # TODO 4 of 5: let texts run on, oldest first; let others in; see what each lacks.
        raise NotImplementedError("Step 19, TODO 4 of 5")

    def admit(self, text: Text) -> bool:
        """Gives a text pages: those of who runs and begins like it the longest, and its own.

        The tokens in the former count as read; its last one is never among them. False, and no
        page, if these tokens are not all read yet, or too few pages are unused.
        """
        # TODO 5 of 5: fork from who is most alike, or begin anew; append; or undo all of it.
        raise NotImplementedError("Step 19, TODO 5 of 5")

    def preempt(self, text: Text) -> None:
        """Takes a text's pages away; it waits in front of all others, to be read again."""
        self.finish(text)
        self.waiting.insert(0, text)
        text.read = 0

    def finish(self, text: Text) -> None:
        """Ends a text that runs."""
        self.running.remove(text)
        self.table.free(text)
