"""What backward runs, told to a logger: each node with its gradients, where ``torch.autograd.graph`` logs at DEBUG.

Nobody asks the logger's level in backward. Its loggers tell when their level is set, and only then a watcher (see
steps.py) takes part in backward.
"""

import logging
from typing import Any

from ..base import TensorBase
from . import steps
from .node import Output, Outputs

_SHORT = {
    "bfloat16": "bf16", "float64": "f64", "float32": "f32", "float16": "f16", "complex32": "c32", "complex64": "c64",
    "complex128": "c128",
}  # fmt: skip


class _Logger(logging.Logger):
    """A logger on whose level it depends whether backward is told."""

    def setLevel(self, level: int | str) -> None:
        super().setLevel(level)
        _follow()


class _Teller:
    """Tells the logger of every node before it runs."""

    def before(self, node: Any, grad: Any) -> None:
        """Logs a node and the gradients of its outputs."""
        if type(node) is Output:
            return
        grads = [grad.get(i) for i in range(node.outputs)] if isinstance(grad, Outputs) else [grad]
        log.debug("Executing: %s with grad_outputs: [%s]", node, ",".join(map(_described, grads)))

    def after(self, node: Any, results: Any) -> None:
        """Does nothing: the node was told of before it ran."""

    def failed(self, node: Any) -> None:
        """Does nothing: the error tells it."""


def _described(grad: Any) -> str:
    """A gradient's dtype and shape, as in ``f32[2, 3]``."""
    if grad is None:
        return "None"
    name = str(grad._dtype if isinstance(grad, TensorBase) else grad.dtype).rpartition(".")[2]
    return f"{_SHORT.get(name, name)}[{', '.join(map(str, grad.shape))}]"


def _ours(name: str) -> _Logger:
    logger = logging.getLogger(name)
    logger.__class__ = _Logger
    return logger  # type: ignore[return-value]


above = [_ours("torch"), _ours("torch.autograd")]
log = _ours("torch.autograd.graph")
_teller = _Teller()


def _follow() -> None:
    """Lets backward tell the logger, or not, as its level says."""
    told = any(w is _teller for w in steps.node_watchers)
    if log.isEnabledFor(logging.DEBUG) and not told:
        steps.node_watchers.append(_teller)
    elif told and not log.isEnabledFor(logging.DEBUG):
        steps.node_watchers.remove(_teller)


if not above[0].level:
    above[0].setLevel(logging.WARNING)
_follow()
