"""What pictures in a terminal are made of: shades, bars, and tokens whose spaces are seen."""

from dataclasses import dataclass

from rich.cells import set_cell_size
from rich.table import Table
from rich.text import Text

NAME = 10  # columns for a token
STYLES = ("dim", "blue", "cyan", "cyan", "bold")


@dataclass(frozen=True)
class Canvas:
    """A terminal: its columns, and whether it knows ASCII alone."""

    width: int
    ascii_only: bool

    @property
    def shades(self) -> str:
        """From next to nothing to everything; each means something without its colour, too."""
        return ".-+*#" if self.ascii_only else "·░▒▓█"

    def shade(self, share: float, columns: int = 2) -> Text:
        """A cell that is darker the larger the share; by its root, so that small ones differ."""
        level = min(int(5 * share**0.5), 4)
        mark = self.shades[level]
        return Text(mark * columns if level else mark.rjust(columns), STYLES[level])

    def bar(self, share: float, columns: int, style: str = "cyan") -> Text:
        """As long as the share of these columns, to an eighth of one where the terminal can."""
        if self.ascii_only:
            return Text(("#" * round(share * columns)).ljust(columns), style)
        whole, rest = divmod(round(8 * share * columns), 8)
        return Text(("█" * whole + " ▏▎▍▌▋▊▉"[rest].strip()).ljust(columns), style)

    def token(self, piece: str, columns: int = NAME) -> str:
        """A piece of text on one line, its spaces and line breaks seen, in so many columns."""
        space, end = ("_", "\\n") if self.ascii_only else ("␣", "⏎")
        piece = piece.replace(" ", space).replace("\n", end)
        return set_cell_size("".join(c if c.isprintable() else "?" for c in piece), columns)

    def quoted(self, text: str) -> str:
        """The end of a text, for a title."""
        shown = self.token(text, 9999).rstrip()
        return f'"{shown}"' if len(shown) <= 40 else f'"...{shown[-37:]}"'


def rows(*lines: Text) -> Text:
    """Lines below one another."""
    return Text("\n", no_wrap=True).join(lines)


def table(*lines: tuple[str | Text, ...]) -> Table:
    """Lines whose cells stand below one another."""
    grid = Table.grid(padding=(0, 1))
    for line in lines:
        grid.add_row(*line)
    return grid


def title(text: str) -> Text:
    return Text(text, "bold")
