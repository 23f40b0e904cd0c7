"""Anomaly detection: names the operation whose gradient is NaN, and the line of the forward pass that ran it."""

import os
import traceback
import warnings
from typing import Any

import numpy as np

from ..base import TensorBase
from ..kernels.sparse import SparseArray
from . import origins, steps, tasks
from .mode import special
from .node import Node, Outputs, rare

# Where the frames come from that lie between the user's line and the node: generated code, operations, this package.
_HERE = os.path.dirname(__file__)
_MACHINERY = ("<rushlight ", _HERE, *(os.path.join(os.path.dirname(_HERE), part) for part in ("ops", "overrides.py")))


class _State:
    check_nan = True


def is_anomaly_enabled() -> bool:
    """Whether anomaly detection is on."""
    return special.anomaly


def is_anomaly_check_nan_enabled() -> bool:
    """Whether gradients are checked for NaN."""
    return _State.check_nan


def note_origin(node: Node) -> None:
    """Notes where in the user's program a node was made, and during which other node's backward."""
    origins.note(node)
    metadata = rare(node).metadata
    frames = traceback.extract_stack()
    while frames and frames[-1].filename.startswith(_MACHINERY):
        frames.pop()
    metadata["traceback_"] = traceback.format_list(frames)
    parent = tasks.current_node()
    if parent is not None:
        metadata["parent_"] = parent


class _Check:
    """Looks at every gradient that a node computes."""

    def before(self, node: Any, grad: Any) -> None:
        """Does nothing: the results are what is looked at."""

    def after(self, node: Any, results: Any) -> None:
        """Raises if a gradient is NaN, after telling where its node was made."""
        if not _State.check_nan:
            return
        for i, result in enumerate(results):
            if result is None or isinstance(result, Outputs):
                continue
            array = result._data if isinstance(result, TensorBase) else result
            array = array.values if isinstance(array, SparseArray) else np.asarray(array)
            if array.dtype.kind in "fcV" and np.isnan(array).any():
                explain(node)
                raise RuntimeError(f"Function '{node.name()}' returned nan values in its {i}th output.")

    def failed(self, node: Any) -> None:
        """Tells where the node was made whose derivative raised an error."""
        explain(node)


def explain(node: Any) -> None:
    """Warns with the stack of the forward call that made `node`, and of those that led to it."""
    metadata = node.metadata
    lines = metadata.get("traceback_")
    if lines is None:
        warnings.warn(
            f"Error detected in {node.name()}. No forward pass information available. Enable detect anomaly during "
            "forward pass for more information.",
            UserWarning,
            stacklevel=5,
        )
        return
    warnings.warn(
        f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n{''.join(lines)}",
        UserWarning,
        stacklevel=5,
    )
    parent = metadata.get("parent_")
    while parent is not None:
        of = parent.metadata
        warnings.warn(
            f"\n\nPrevious calculation was induced by {parent.name()}. Traceback of forward call that induced the "
            f"previous calculation:\n{''.join(of.get('traceback_', ()))}",
            UserWarning,
            stacklevel=5,
        )
        parent = of.get("parent_")


_check = _Check()


def switch(on: bool, check_nan: bool = True) -> None:
    """Turns anomaly detection on or off.

    Raises:
        TypeError: an argument is no bool.
    """
    for position, (name, value) in enumerate((("enabled", on), ("check_nan", check_nan)), 1):
        if not isinstance(value, bool):
            raise TypeError(
                f"set_anomaly_enabled(): argument '{name}' (position {position}) must be bool, not "
                f"{type(value).__name__}"
            )
    _State.check_nan = check_nan
    if on == special.anomaly:
        return
    special.anomaly = on
    if on:
        origins.start(note_origin)
        steps.node_watchers.append(_check)
    else:
        origins.stop(note_origin)
        steps.node_watchers.remove(_check)


class detect_anomaly:
    """Turns anomaly detection on: forward keeps where each node was made, backward fails at the first NaN.

    Args:
        check_nan: whether to look for NaN; else only errors are explained.

    Source: https://docs.pytorch.org/docs/stable/autograd.html#anomaly-detection
    """

    def __init__(self, check_nan: bool = True):
        self.check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            UserWarning,
            stacklevel=2,
        )

    def __enter__(self) -> None:
        self.before = special.anomaly, _State.check_nan
        switch(True, self.check_nan)

    def __exit__(self, *exc: Any) -> None:
        switch(*self.before)


class set_detect_anomaly:
    """Turns anomaly detection on or off at once; as a context manager, until its end.

    Args:
        mode: whether it is on.
        check_nan: whether to look for NaN.
    """

    def __init__(self, mode: bool, check_nan: bool = True):
        self.before = special.anomaly, _State.check_nan
        switch(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: Any) -> None:
        switch(*self.before)
