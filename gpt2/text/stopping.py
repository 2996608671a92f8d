"""Where a text ends: stop strings, found in text that arrives in pieces."""

from collections.abc import Sequence


class StopStrings:
    """Passes text on until one of the stop strings is complete, which is not passed on.

    A stop string may begin in one piece and end in another, so the end of the text is held
    back as long as it could be the beginning of one.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        """stops: none of them empty; where several end at once, the longest counts."""
        self._stops = sorted(stops, key=len, reverse=True)
        self._held = ""
        self.stopped = False

    def push(self, piece: str) -> str:
        """Takes the next piece of text, and returns what can be shown by now."""
        if self.stopped:
            return ""
        text = self._held + piece
        ends = {stop: text.find(stop) + len(stop) for stop in self._stops if stop in text}
        if ends:
            first = min(ends, key=ends.__getitem__)
            self.stopped = True
            self._held = ""
            return text[: ends[first] - len(first)]
        held = self._beginning_of_a_stop(text)
        self._held = text[len(text) - held :]
        return text[: len(text) - held]

    def finish(self) -> str:
        """What is still held back when no more text comes."""
        held, self._held = self._held, ""
        return held

    def _beginning_of_a_stop(self, text: str) -> int:
        """How many characters at the end of the text could be the beginning of a stop string."""
        longest = max(map(len, self._stops), default=1) - 1
        for length in range(min(longest, len(text)), 0, -1):
            if any(stop.startswith(text[-length:]) for stop in self._stops):
                return length
        return 0
