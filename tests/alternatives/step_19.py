"""Other right answers for step 19."""

ALTERNATIVES = {
    "slices of lists, nothing to undo": {
        1: """
            import math

            own = self.pages[text]
            missing = max(0, math.ceil(length / self.size) - len(own))
            taken = self.unused[:missing]
            if len(taken) < missing:
                return False
            self.unused[:missing] = []
            for page in taken:
                self.holders[page] += 1
            own += taken
            return True
        """,
        2: """
            own = []
            for page in self.pages[parent]:
                if (len(own) + 1) * self.size > length:
                    break
                self.holders[page] = self.holders[page] + 1
                own.append(page)
            self.pages[text] = own
            return self.size * len(own)
        """,
        3: """
            for page in reversed(self.pages[text]):
                if self.holders[page] == 1:
                    self.unused.insert(0, page)
                self.holders[page] -= 1
            del self.pages[text]
        """,
        4: """
            place = 0
            while place < len(self.running):
                text = self.running[place]
                if self.table.append(text, len(text.ids)):
                    place += 1
                else:
                    self.preempt(self.running[-1])
            while self.waiting:
                if len(self.running) == self.batch or not self.admit(self.waiting[0]):
                    break
                self.running.append(self.waiting[0])
                del self.waiting[0]
            many, one = [], []
            for text in self.running:
                (one if text.read + 1 == len(text.ids) else many).append(text)
            return many, one
        """,
        5: """
            parent, longest = None, 0
            for other in self.running:
                common = 0
                for own, its in zip(text.ids[:-1], other.ids):
                    if own != its:
                        break
                    common += 1
                if common > longest:
                    parent, longest = other, common
            shared = longest // self.table.size * self.table.size
            if shared and parent.read < shared:
                return False
            needed = (len(text.ids) - shared + self.table.size - 1) // self.table.size
            if needed > len(self.table.unused):
                return False
            if shared:
                text.read = self.table.fork(text, parent, shared)
            else:
                self.table.allocate(text)
                text.read = 0
            return self.table.append(text, len(text.ids))
        """,
    },
    "everything counted anew": {
        1: """
            needed = (length + self.size - 1) // self.size
            if needed > len(self.unused) + len(self.pages[text]):
                return False
            while len(self.pages[text]) < needed:
                page = min(self.unused)
                self.unused.remove(page)
                self.pages[text].append(page)
            held = sum(self.pages.values(), [])
            self.holders = [held.count(page) for page in range(len(self.holders))]
            return True
        """,
        2: """
            full, rest = divmod(length, self.size)
            self.pages[text] = [*self.pages[parent][:full]]
            held = sum(self.pages.values(), [])
            self.holders = [held.count(page) for page in range(len(self.holders))]
            return length - rest
        """,
        3: """
            del self.pages[text]
            held = sum(self.pages.values(), [])
            self.holders = [held.count(page) for page in range(len(self.holders))]
            self.unused = [page for page, count in enumerate(self.holders) if not count]
        """,
        5: """
            def alike(other):
                count = min(len(text.ids) - 1, len(other.ids))
                while text.ids[:count] != other.ids[:count]:
                    count -= 1
                return count

            if not self.running:
                text.read = 0
                self.table.allocate(text)
                return self.table.append(text, len(text.ids)) or self.table.free(text) or False
            parent = sorted(self.running, key=alike)[-1]
            text.read = self.table.fork(text, parent, alike(parent))
            if parent.read >= text.read and self.table.append(text, len(text.ids)):
                return True
            self.table.free(text)
            return False
        """,
    },
}
