"""Updates of many arrays in one pass and one launch, as those of an optimiser."""

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from .pointwise import PIECE, kernel, meaning

Array = np.ndarray


class Sweep:
    """Updates of many arrays at once, as those of an optimiser: one launch for all.

    Args:
        label: a name for those who look at the folder of kernels.
        arrays: names of the arrays that each thing updated has.
        updates: for some of these, the formula of the new value; a formula sees the new values of those before it.
            Names that are none of `arrays` mean numbers.
    """

    __slots__ = ("_kernel", "numbers")

    def __init__(self, label: str, arrays: tuple[str, ...], updates: dict[str, str]):
        trees = [ast.parse(text, mode="eval") for text in updates.values()]
        nodes = [n for tree in trees for n in ast.walk(tree)]
        called = {n.func.id for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
        used = {n.id for n in nodes if isinstance(n, ast.Name)}
        self.numbers = tuple(sorted(used - called - set(arrays)))
        places = {name: i for i, name in enumerate((*arrays, *self.numbers))}
        given: dict[str, ast.expr] = {name: ast.Name(f"x{i}", ast.Load()) for name, i in places.items()}
        steps = [f"{places[name]}={ast.unparse(meaning(text, given))}" for name, text in updates.items()]
        text = f"*{'a' * len(arrays)}{'s' * len(self.numbers)}|{';'.join(steps)}"
        self._kernel = kernel(f"{label}_all", text)

    def get(self, dtype: np.dtype[Any]) -> Callable[[Array, Array, dict[str, float]], None] | None:
        """The function that updates: see `run`; None as long as it is not compiled."""
        launch = self._kernel.get(dtype)
        if launch is None:
            return None

        def run(table: Array, pieces: Array, numbers: dict[str, float]) -> None:
            """Updates.

            Args:
                table: the ``id`` of each array, one row for each thing updated; the arrays lie alike in memory.
                pieces: from `pieces`.
                numbers: the numbers by name; there may be others.
            """
            launch(len(pieces), 1, table, pieces, *[numbers[n] for n in self.numbers])

        return run


def pieces(sizes: list[int]) -> Array:
    """How arrays of these sizes are cut up for a `Sweep`: which of them, from where, to where."""
    cuts = [(i, start, min(start + PIECE[1], n)) for i, n in enumerate(sizes) for start in range(0, n, PIECE[1])]
    return np.array(cuts, np.int64).reshape(-1, 3)
