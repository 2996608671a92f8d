"""The code of a step, as experiments run it: its modules, their weights, and its calls."""

import zlib
from collections.abc import Callable
from types import ModuleType

import numpy as np
from max.driver import CPU
from max.dtype import DType
from max.experimental import functional as F
from max.experimental.nn import Module
from max.experimental.tensor import Tensor, default_device, default_dtype

from course.lesson import Construction
from course.outcomes import ChangedInput, NotATensor


class Subject:
    """The names of a step, and what has been built of them.

    Experiments run lazily, which is three times as fast; `eagerly` runs them one operation
    after the other, so that an error names its line and `print` shows values.

    Args:
        step: the code.
        is_readers: whether a reader wrote it, and not we.
    """

    def __init__(self, step: ModuleType, *, is_readers: bool) -> None:
        self.step = step
        self.is_readers = is_readers
        self.eagerly = False
        self._empty: dict[str, Module] = {}
        self._filled: dict[str, Module] = {}

    def shapes(self, construction: Construction) -> dict[str, tuple[int, ...]]:
        """The shape of every parameter of a construction's module, by its name."""
        module = self._empty_module(construction)
        return {name: tuple(map(int, parameter.shape)) for name, parameter in module.parameters}

    def module(self, construction: Construction) -> Module:
        """The module of a construction, with random weights that depend on names alone."""
        if construction.call not in self._filled:
            module = self._empty_module(construction)
            shapes = self.shapes(construction)
            module.load_state_dict(
                {name: random_weight(name, shape) for name, shape in shapes.items()}
            )
            self._filled[construction.call] = module
        return self._filled[construction.call]

    def _empty_module(self, construction: Construction) -> Module:
        """The module of a construction, whose initial weights are never computed."""
        if construction.call not in self._empty:
            with default_device(CPU()), default_dtype(DType.float32), F.lazy():
                self._empty[construction.call] = construction.build(self.step)
        return self._empty[construction.call]

    def fresh_module(self, construction: Construction) -> Module:
        """The module of a construction, with the weights that it gives itself."""
        with default_device(CPU()), default_dtype(DType.float32):
            return construction.build(self.step)

    def evaluate(self, function: Callable[..., Tensor], *arrays: np.ndarray) -> np.ndarray:
        """Calls the function with tensors, and returns its result as an array.

        Raises:
            ChangedInput: a tensor holds something else afterwards.
            NotATensor: the function returned something else.
        """
        tensors = [self.tensor(array) for array in arrays]
        result = self._run(function, *tensors)
        for array, tensor in zip(arrays, tensors, strict=True):
            if not np.array_equal(np.from_dlpack(tensor), array, equal_nan=True):
                raise ChangedInput
        return self.array(result)

    def tensor(self, array: np.ndarray) -> Tensor:
        """A tensor with a copy of the values."""
        return Tensor.from_dlpack(array.copy())

    def array(self, tensor: Tensor) -> np.ndarray:
        """A copy of the values of a tensor.

        Raises:
            NotATensor: it is none.
        """
        if not isinstance(tensor, Tensor):
            raise NotATensor(f"{type(tensor).__name__} instead of a Tensor")
        return np.from_dlpack(tensor.to(CPU())).copy()

    def _run(self, function: Callable[..., Tensor], *tensors: Tensor) -> Tensor:
        with default_device(CPU()), default_dtype(DType.float32):
            if self.eagerly:
                return function(*tensors)
            with F.lazy():
                result = function(*tensors)
        return result


def random_weight(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers that depend on the name and the shape only, never constant, never symmetric.

    Norms get weights around 1, so that one that is left out shows; biases are not 0.
    """
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    center = 1.0 if len(shape) == 1 and name.endswith("weight") else 0.1
    return rng.normal(center, 0.4, shape).astype(np.float32)
