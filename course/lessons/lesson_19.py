"""Step 19: pages and a scheduler."""

from course.lesson import Kind, Lesson, Misconception
from course.lessons.paging import SCENES
from course.lessons.simulation import simulate

MISSING = "missing = -(-length // self.size) - len(self.pages[text])"
TOO_MANY = "if missing > len(self.unused):\n            return False"
TAKEN = "self.unused.pop() for _"
FIRST_HOLDER = "self.holders[page] = 1"
FULL = "self.pages[text] = self.pages[parent][: length // self.size]"
ONE_MORE = "self.holders[page] += 1"
HELD = "return len(self.pages[text]) * self.size"
FORGOTTEN = "for page in self.pages.pop(text):"
ONE_LESS = "self.holders[page] -= 1"
UNUSED = "if self.holders[page] == 0:"
GIVES_WAY = "while text in self.running and not self.table.append(text, len(text.ids)):"
YOUNGEST = "self.preempt(self.running[-1])"
COMES_IN = (
    "while self.waiting and len(self.running) < self.batch and self.admit(self.waiting[0]):\n"
    "            self.running.append(self.waiting.pop(0))"
)
DECODE = "decode = [text for text in self.running if len(text.ids) - text.read == 1]"
BOTH = "return [text for text in self.running if text not in decode], decode"
SAME = "sum(takewhile(bool, map(eq, text.ids[:-1], t.ids)))"
PARENT = "parent = max(alike, key=alike.get, default=None)"
SHARED = "read = self.table.fork(text, parent, alike[parent]) if parent else 0"
IS_READ = "(not parent or read <= parent.read)"
PAGES = IS_READ + " and self.table.append(text, len(text.ids))"
UNDONE = "return True\n        self.table.free(text)"

LESSON = Lesson(
    number=19,
    title="Pages and a scheduler",
    defines={"Text": Kind.DATACLASS, "PageTable": Kind.CLASS, "Scheduler": Kind.CLASS},
    hints=(
        "The table is bookkeeping: for each text a list of pages, for each page a count of texts. "
        "A page leaves `unused` when somebody takes it, and goes back when its count falls to 0. "
        "The scheduler asks the table: those who run first, the oldest before the others, and "
        "then those who wait, in turn. A step reads nothing itself; it says who is to be read.",
        "`-(-a // b)` is a divided by b, rounded up; `a // b` is rounded down. `list.pop()` takes "
        "the last of a list, `list.pop(0)` the first, `dict.pop(key)` what is under a key. "
        "`takewhile(bool, map(eq, a, b))` goes on as long as a and b are equal, item by item. "
        "`max(d, key=d.get, default=None)` is the key of the largest value. `self.admit` and "
        "`self.preempt` do what step decides.",
        "append: missing is the pages for length, rounded up, minus those there are. fork: the "
        "parent's pages up to length // size. step: for each of `list(self.running)`, while it is "
        "still running and gets no pages, the last one that runs is preempted. admit: how far is "
        "each text that runs alike to `text.ids[:-1]`? Fork from the one that is most; go on only "
        "if it has read at least as many tokens as fork returned.",
    ),
    kernels=0,
    experiments=(
        *SCENES,
        simulate(200, size=3, pages=7, batch=4),
        simulate(2000, size=3, pages=7, batch=4),
        simulate(1000, size=1, pages=20, batch=3),
        simulate(500, size=4, pages=30, batch=6),
    ),
    misconceptions=(
        Misconception(
            "The last tokens have no page: where they do not fill one, they need one all the same. "
            "Round up.",
            {MISSING: MISSING.replace("-(-length // self.size)", "length // self.size")},
        ),
        Misconception(
            "There is always one page more than the tokens fill: none is needed before the next "
            "token comes.",
            {MISSING: MISSING.replace("-(-length // self.size)", "length // self.size + 1")},
        ),
        Misconception(
            "The pages that the text has already are not counted: it lacks only the others.",
            {MISSING: "missing = -(-length // self.size)"},
        ),
        Misconception(
            "Where too few pages are unused, the text takes what there is. It cannot go on with "
            "these, and nobody else can have them: all or nothing.",
            {
                TOO_MANY: "enough = missing <= len(self.unused)\n"
                "        missing = min(missing, len(self.unused))",
                "return True\n        # END": "return enough\n        # END",
            },
        ),
        Misconception(
            "The last unused page is never given away: if as many are missing as are unused, it "
            "is just enough.",
            {TOO_MANY: TOO_MANY.replace(">", ">=")},
        ),
        Misconception(
            "A page that is taken stays among the unused: the next text will be given it, too.",
            {TAKEN: "self.unused[-1] for _"},
        ),
        Misconception(
            "Nobody is counted as the holder of a page that is taken: it has one from then on.",
            {FIRST_HOLDER: "pass"},
        ),
        Misconception(
            "A page is shared that is not full. The tokens that come next go into it, those of "
            "one text over those of the other.",
            {FULL: FULL.replace("length // self.size", "-(-length // self.size)")},
        ),
        Misconception(
            "All of the parent's pages are shared: only those whose tokens are the same for both "
            "can be.",
            {FULL: "self.pages[text] = list(self.pages[parent])"},
        ),
        Misconception(
            "Both texts have the same list, not the same pages: what is appended to one is "
            "appended to the other.",
            {FULL: "self.pages[text] = self.pages[parent]"},
        ),
        Misconception(
            "Pages that are shared are not counted: when one of the texts ends, the other's are "
            "given away.",
            {ONE_MORE: "pass"},
        ),
        Misconception(
            "A shared page is taken to have two holders. There may be a third one, and a fourth.",
            {ONE_MORE: "self.holders[page] = 2"},
        ),
        Misconception(
            "It returns the length that it was given: the pages have only the tokens that fill "
            "them, and the rest has to be read.",
            {HELD: "return length"},
        ),
        Misconception(
            "It returns how many pages are shared: how many tokens they have is asked for.",
            {HELD: "return len(self.pages[text])"},
        ),
        Misconception(
            "A page that another text still holds is given away: it is unused only when nobody "
            "is left.",
            {UNUSED: "if self.holders[page] >= 0:"},
        ),
        Misconception(
            "Pages are never unused again: after some texts there are none left.",
            {UNUSED: "if False:"},
        ),
        Misconception(
            "A page that is freed has no holder any more, whoever else held it: one holder less "
            "is all.",
            {ONE_LESS: "self.holders[page] = 0"},
        ),
        Misconception(
            "The text is not forgotten: it still has its list of pages, which are others' now.",
            {FORGOTTEN: "for page in self.pages[text]:"},
        ),
        Misconception(
            "Who came first gives way: then the oldest text, which is nearest to its end, starts "
            "anew, and may do so for ever. Who came last has lost least.",
            {YOUNGEST: "self.preempt(self.running[0])"},
        ),
        Misconception(
            "The text that needs a page gives way itself: it is who came last that has to.",
            {YOUNGEST: "self.preempt(text)"},
        ),
        Misconception(
            "When somebody has given way, the text does not ask for its pages again, and runs "
            "without them.",
            {GIVES_WAY: GIVES_WAY.replace("while", "if")},
        ),
        Misconception(
            "Nobody gives way: a text that gets no page runs on without it, and what it reads next "
            "has no place.",
            {YOUNGEST: "break"},
        ),
        Misconception(
            "All give way at once when a page is missing: who came last is enough, and the next "
            "one only if that does not help.",
            {YOUNGEST: "[self.preempt(other) for other in self.running[:0:-1]]"},
        ),
        Misconception(
            "Those who run get no pages for what they have grown by: a new token may need a new "
            "page.",
            {GIVES_WAY: "while text not in self.running:"},
        ),
        Misconception(
            "Somebody overtakes: when the first of those who wait has to go on waiting, so have "
            "those behind it. Else a long text might wait for ever.",
            {
                COMES_IN: "for text in list(self.waiting):\n"
                "            if len(self.running) < self.batch and self.admit(text):\n"
                "                self.waiting.remove(text)\n"
                "                self.running.append(text)"
            },
        ),
        Misconception(
            "Who came last comes in first: the others might wait for ever.",
            {COMES_IN: COMES_IN.replace("waiting[0]", "waiting[-1]").replace("pop(0)", "pop()")},
        ),
        Misconception(
            "More texts run than batch allows.",
            {COMES_IN: COMES_IN.replace("len(self.running) < self.batch and ", "")},
        ),
        Misconception(
            "One text runs less than batch allows.",
            {COMES_IN: COMES_IN.replace("< self.batch", "< self.batch - 1")},
        ),
        Misconception(
            "Only one text comes in at each step: all come in for whom there is room.",
            {COMES_IN: COMES_IN.replace("while", "if")},
        ),
        Misconception(
            "The two lists are swapped: many tokens first, then one.",
            {BOTH: "return decode, [text for text in self.running if text not in decode]"},
        ),
        Misconception(
            "A text counts as one with a single token to read as soon as something of it is read. "
            "Half of a long prompt may be missing: compare with how many tokens it has.",
            {DECODE: "decode = [text for text in self.running if text.read > 0]"},
        ),
        Misconception(
            "The last token of a text can be shared as well: then nothing is left to read, and "
            "nothing says what comes next.",
            {SAME: SAME.replace("text.ids[:-1]", "text.ids")},
        ),
        Misconception(
            "Equal tokens count wherever they stand: a key depends on all tokens before it, so "
            "nothing can be shared behind the first difference.",
            {SAME: "sum(map(eq, text.ids[:-1], t.ids))"},
        ),
        Misconception(
            "Pages come from the text that has run longest, whether it begins like this one or "
            "not: another may be more alike.",
            {PARENT: "parent = next(iter(alike), None)"},
        ),
        Misconception(
            "Nothing is shared: what another text that runs has read already is read again.",
            {SHARED: "read = 0"},
        ),
        Misconception(
            "Pages are shared before anything is in them: who shares them has to wait until "
            "they are read.",
            {IS_READ: "True"},
        ),
        Misconception(
            "It waits a step too long: pages can be shared as soon as they are read.",
            {IS_READ: "(not read or read < parent.read)"},
        ),
        Misconception(
            "It waits until all of the other text is read: what is shared is enough.",
            {IS_READ: "(not read or parent.read >= len(parent.ids) - 1)"},
        ),
        Misconception(
            "It waits for a text of which it shares nothing: less than a page is alike.",
            {IS_READ: "(not parent or parent.read >= alike[parent])"},
        ),
        Misconception(
            "It asks for too few pages: append counts from the beginning of the text, and knows "
            "what the text has already.",
            {PAGES: IS_READ + " and self.table.append(text, len(text.ids) - read)"},
        ),
        Misconception(
            "Who has to wait keeps the pages that it shares: as long as it holds them, nobody else "
            "can have them.",
            {UNDONE: "return True"},
        ),
        Misconception(
            "What is shared counts as not read: it would be read again, into pages that others "
            "hold.",
            {"text.read = read": "text.read = 0"},
        ),
    ),
)
