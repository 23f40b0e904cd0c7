"""`record()`: the context in which the lens notes where things are made."""

from typing import Any

from ..autograd import origins


class record:
    """Notes, inside a ``with`` block, the line and the modules in which each node is made.

    What was noted stays with the graph after the block. It costs some microseconds for each operation.

        with lens.record():
            loss = model(x).sum()
        lens.explain(loss)
    """

    def __enter__(self) -> "record":
        origins.start()
        return self

    def __exit__(self, *exc: Any) -> None:
        origins.stop()
