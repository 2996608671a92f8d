"""Numbers that are none: infinities and NaN, found where they come in and where they come out."""

from pathlib import Path

import numpy as np

from gpt2.errors import UserError, shortened


def check_weight(path: Path, name: str, weight: np.ndarray) -> None:
    """Makes sure that a weight is finite.

    Raises:
        UserError: one of its numbers is infinite, or none.
    """
    # A sum is not finite if a number in it is not, and reading once is all it costs.
    with np.errstate(over="ignore", invalid="ignore"):
        total = weight.sum(dtype=np.float32)
    if not np.isfinite(total) and not np.isfinite(weight).all():
        count = np.count_nonzero(~np.isfinite(weight))
        raise UserError(
            f"{shortened(path)}: {count} of the {weight.size} numbers of {shortened(name)} are "
            "infinite or no numbers: the training went wrong, or the file is damaged"
        )


def check_logits(logits: np.ndarray) -> None:
    """Makes sure that a token can be chosen by logits.

    Raises:
        UserError: the largest is infinite, or one is no number.
    """
    if not np.isfinite(logits.max()):
        raise UserError(
            "the model's logits are infinite or no numbers: its weights, though finite, "
            "are too large to calculate with"
        )
