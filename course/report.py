"""The result of a check, as data: `gpt2 check --json` prints it as it is."""

from dataclasses import asdict, dataclass, field
from typing import Any

# The phases, in their order.
LOADS = "loads"
NAMES = "names"
PARAMETERS = "parameters"
RUNS = "runs"
FORM = "shapes and dtypes"
VALUES = "values"
ANY_SIZES = "any sizes"
# How far a piece is.
RIGHT, WRONG, WAITS, OPEN = "right", "wrong", "waits for another", "to be written"
CHANGES = "changes"  # no phase, but told of in the notes


@dataclass
class Phase:
    """One line of a report: what was looked at, and whether it was right."""

    name: str
    right: bool
    detail: str = ""


@dataclass
class Report:
    """What a check found.

    Attributes:
        step: its number.
        title: what the step builds.
        file: the checked file, relative to the project.
        right: whether everything was.
        phases: in the order in which they were looked at; the last one is wrong, if any.
        finding: what is wrong, a line a sentence; empty where everything is right.
        misconception: whether the finding is a mistake that the course knows.
        notes: what else there is to say.
        stand_ins: steps that this one uses, for which the reference stood in.
        pieces: of a step that is not right and has several, each with how far it is.
        printed: what the code printed.
        seconds: how long the check took, kernels' first compilation aside.
    """

    step: int
    title: str
    file: str
    right: bool = False
    phases: list[Phase] = field(default_factory=list)
    finding: list[str] = field(default_factory=list)
    misconception: bool = False
    notes: list[str] = field(default_factory=list)
    stand_ins: list[int] = field(default_factory=list)
    pieces: dict[str, str] = field(default_factory=dict)
    printed: str = ""
    seconds: float = 0.0

    def passed(self, name: str, detail: str = "") -> None:
        """Notes that a phase is right."""
        self.phases.append(Phase(name, True, detail))

    def failed(self, name: str, detail: str, finding: list[str]) -> None:
        """Notes that a phase is wrong, which ends the check."""
        self.phases.append(Phase(name, False, detail))
        self.finding = finding

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
