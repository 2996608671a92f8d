"""Step 13: loading a checkpoint.

A checkpoint is a dictionary of named arrays. To run somebody's weights, each has to come
under the name that the model has for it, the right way round, as float32. A square
matrix that is turned the wrong way fits as well, and the model talks nonsense.
"""

# ANCHOR: code (the book shows what follows)
import re
from collections.abc import Mapping

import numpy as np

PREFIX = "transformer."


def parameter_name(stored: str) -> str | None:
    """The model's name for a stored array; None for what is no weight of its own.

    Some files have the prefix `transformer.`, some do not; the model's names all do. Old
    files also hold two masks for each block, `h.0.attn.bias` and `h.0.attn.masked_bias`;
    and some hold the head, `lm_head.weight`, which is the token embedding once more.
    """
    # BEGIN SOLUTION: drop the prefix, see what has no name in the model, put the prefix back.
    #   Python: str.removeprefix, re.fullmatch
    name = stored.removeprefix(PREFIX)
    if name == "lm_head.weight" or re.fullmatch(r"h\.\d+\.attn\.(masked_)?bias", name):
        return None
    return PREFIX + name
    # END SOLUTION


def is_conv1d(name: str) -> bool:
    """Whether an array is stored as `[in, out]`, and not as `[out, in]` like Linear's weight.

    name: the model's. OpenAI's code had a layer called Conv1D where we have Linear: c_attn,
    c_fc, and both c_proj of every block. Their biases are vectors, and have no way round.
    """
    # BEGIN SOLUTION: say yes to the weights of those four, and to nothing else.
    return re.search(r"\.(c_attn|c_fc|c_proj)\.weight$", name) is not None
    # END SOLUTION


def to_float32(stored: np.ndarray) -> np.ndarray:
    """float32, float16, or bfloat16's bits as uint16 -> float32 of the same shape.

    NumPy has no bfloat16. It is the upper half of a float32: the same sign and exponent,
    and fewer digits.
    """
    # BEGIN SOLUTION: make bfloat16's bits the upper half of 32, and read them as float32.
    #   NumPy: ndarray.astype, the operator <<, ndarray.view
    if stored.dtype == np.uint16:
        return (stored.astype(np.uint32) << 16).view(np.float32)
    return stored.astype(np.float32, copy=False)
    # END SOLUTION


def load_weights(
    stored: Mapping[str, np.ndarray], shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, np.ndarray]:
    """Makes the model's weights of the arrays in a checkpoint.

    Args:
        stored: arrays by their names in the file.
        shapes: the shape of each of the model's parameters, by its name.

    Returns:
        A float32 array for each of the model's parameters, by its name.

    Raises:
        ValueError: names an array that is missing, unexpected, or of another shape.

    Source: Hugging Face's `Conv1D` and `load_tf_weights_in_gpt2`, in transformers.
    """
    # BEGIN SOLUTION: for each array find its name, turn it if Conv1D stored it, and compare its
    #   shape; at the end, see whether all are there.
    weights = {}
    for stored_name, array in stored.items():
        name = parameter_name(stored_name)
        if name is None:
            continue
        if name not in shapes:
            raise ValueError(f"{stored_name} {list(array.shape)} is unexpected")
        weights[name] = to_float32(array.T if is_conv1d(name) else array)
        if weights[name].shape != shapes[name]:
            found, expected = list(weights[name].shape), list(shapes[name])
            raise ValueError(f"{name} is {found}, expected {expected}")
    if missing := sorted(shapes.keys() - weights.keys()):
        raise ValueError(f"missing: {', '.join(missing)}")
    return weights
    # END SOLUTION
