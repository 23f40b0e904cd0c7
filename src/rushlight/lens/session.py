"""The lens on a whole program: what ``rushlight run --draw --page --explain --detect-anomaly`` does."""

import os
import sys
from typing import Any

from ..autograd import origins, steps, tasks
from ..autograd.anomaly_mode import set_detect_anomaly
from ..base import TensorBase, wrap
from .drawing import Drawing
from .explaining import explain
from .extras import extra
from .folding import fold
from .model import collect
from .recording import record

# Reasons that need no explanation, and how many explanations there are at most.
_FINE = {"ok", "accumulated", "cleared", "never", "integer_leaf"}
_MOST = 20


class Session:
    """Records a program, draws the graph of its first backward, and explains its gradients in the end.

    Args:
        draw: where to draw the graph, or None.
        page: where to write the graph as a page, or None.
        explains: whether to explain, after the program, gradients that are not as they should be.
        detect_anomaly: whether to detect anomalies.

    Raises:
        ImportError: a package that is needed is not installed.
    """

    def __init__(
        self, draw: str | None = None, page: str | None = None, explains: bool = False, detect_anomaly: bool = False
    ):
        self.draw, self.page, self.explains, self.detect_anomaly = draw, page, explains, detect_anomaly
        self._seen = False
        self._record = record()
        if draw is not None and draw.lower().endswith((".svg", ".png", ".pdf")):
            extra("pygraphviz", "--draw")

    def __enter__(self) -> "Session":
        if self.detect_anomaly:
            set_detect_anomaly(True)
        if self.draw or self.page or self.explains:
            self._record.__enter__()
        if self.draw or self.page:
            steps.node_watchers.append(self)
        return self

    def __exit__(self, *exc: Any) -> None:
        if self.draw or self.page:
            steps.node_watchers.remove(self)
            if not self._seen:
                self._say("the program ran no backward, so there is no graph to show")
        if self.draw or self.page or self.explains:
            self._record.__exit__()
        if self.explains:
            self._explain()

    # ------------------------------------------------------------------------------------------ the first backward
    def before(self, node: Any, grad: Any) -> None:
        """Shows the graph when the first backward begins."""
        task = tasks.current()
        if self._seen or task is None or grad is None:
            return
        self._seen = True
        frame = origins.user_frame(sys._getframe(1))
        shown = grad if isinstance(grad, TensorBase) else wrap(grad)
        output = wrap(shown._data, node)
        where = "" if frame is None else f" ({os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno})"
        if self.draw:
            graph = collect(output, frame=frame)
            Drawing(graph, fold(graph), True, True).save(self.draw)
            self._say(f"drew the graph of the first backward{where} into {self.draw}")
        if self.page:
            from .webpage import page

            names = {} if frame is None else {**frame.f_globals, **frame.f_locals}
            page(output, self.page, names={k: v for k, v in names.items() if isinstance(v, TensorBase)})
            self._say(f"wrote the graph of the first backward{where} into {self.page}")

    def after(self, node: Any, results: Any) -> None:
        """Does nothing."""

    def failed(self, node: Any) -> None:
        """Does nothing."""

    # ------------------------------------------------------------------------------------------ in the end
    def _explain(self) -> None:
        """Explains the gradients of the program's tensors and parameters that are not as they should be."""
        count = 0
        for name, t in _tensors_of_program():
            found = explain(t)
            if found.reason in _FINE or (not t.is_leaf and found.reason in ("not_retained", "no_backward")):
                continue
            count += 1
            if count <= _MOST:
                found.holders = []
                found.title = f"{name} {found.title[found.title.index('(') :]}"
                self._say(str(found))
        if count > _MOST:
            self._say(f"... and {count - _MOST} tensors more")
        if not count:
            self._say("all gradients are there, and none is zero, NaN or infinite")

    @staticmethod
    def _say(text: str) -> None:
        print(f"rushlight: {text}", file=sys.stderr)


def _tensors_of_program() -> list[tuple[str, Any]]:
    """The tensors among the program's variables, and the parameters of its modules, with names."""
    from ..nn import Module

    found: dict[int, tuple[str, Any]] = {}
    for name, value in list(vars(sys.modules["__main__"]).items()):
        if name.startswith("_"):
            continue
        if isinstance(value, TensorBase):
            found.setdefault(id(value), (name, value))
        elif isinstance(value, Module):
            for path, p in value.named_parameters():
                found.setdefault(id(p), (f"{name}.{path}", p))
    return list(found.values())
