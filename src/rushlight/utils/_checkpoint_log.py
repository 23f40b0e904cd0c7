"""Which operations a checkpointed function runs the first and the second time, for errors when they differ."""

import contextlib
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from ..autograd import mode
from ..base import TensorBase


class _Log:
    """The operations of one run: what each was given and gave, and where it was called.

    Takes part in every operation while in force (see `rushlight.autograd.mode.watch`).
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.places: list[str] = []

    def around(self, operation: Any, run: Any) -> Any:
        """Notes an operation."""

        def noted(*args: Any, **kwargs: Any) -> Any:
            result = run(*args, **kwargs)
            shown = ", ".join([_text(a) for a in args] + [f"{k}={_text(v)}" for k, v in kwargs.items()])
            self.lines.append(f"{_text(result)} = torch.ops.aten.{operation.aten or operation.public_name}({shown})")
            frames = [f for f in traceback.extract_stack() if "rushlight" not in f.filename]
            self.places.append("".join(f"{f.filename}:{f.lineno}:{f.name}\n" for f in reversed(frames)))
            return result

        return noted

    @contextlib.contextmanager
    def context(self) -> Iterator[None]:
        """Notes what is run inside."""
        self.lines.clear()
        self.places.clear()
        mode.watch(self)
        try:
            yield
        finally:
            mode.unwatch(self)

    def told(self, label: str) -> str:
        """The operations with the places where they were called."""
        total = len(self.lines)
        entries = zip(self.lines, self.places, strict=True)
        return "".join(
            f"{line}   ({i} of {total} in {label})\n\n{place}\n\n" for i, (line, place) in enumerate(entries, 1)
        )


def _text(value: Any) -> str:
    if isinstance(value, TensorBase):
        return f"{value._dtype._name}{list(value._shape)}"
    return f"({', '.join(map(_text, value))})" if isinstance(value, tuple) else repr(value)


_TEMPLATE = """ \
An error happened while unpacking tensors; dumping logs of latest computation
because you passed `debug=True` to `torch.utils.checkpoint.checkpoint()`.

1. Stack traces of the operators that ran in the original forward

{first_places}
2. Stack traces of the operators that ran during recomputation

{second_places}
3. Log of operators in the original forward and recomputation

Operations executed during the original forward:

{first}

Operations executed during recomputation:

{second}

ERROR: Detected non-determinism while running activation checkpointing

The tensors saved during the original forward differ from those saved during recomputation. Compare the operations
above to see where; the stack traces say which lines called them.
"""


def contexts() -> tuple[Callable[[], tuple[Any, Any]], Callable[[], str]]:
    """A `context_fn` whose contexts note the operations of both runs, and a function that tells of them."""
    first, second = _Log(), _Log()

    def tell() -> str:
        return _TEMPLATE.format(
            first_places=first.told("original"), second_places=second.told("recompute"),
            first="\n".join(first.lines), second="\n".join(second.lines),
        )  # fmt: skip

    return lambda: (first.context(), second.context()), tell
