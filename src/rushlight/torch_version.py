"""The version that programs compare with others (`torch.torch_version`)."""

import re
from typing import Any

from .version import torch_version

__all__ = ["TorchVersion"]

_FORM = re.compile(
    r"v?(\d+(?:\.\d+)*)(?:[._-]?(dev|a|alpha|b|beta|c|rc|post)[._-]?(\d*))?(?:\+([\w.]+))?", re.IGNORECASE
)
_STAGES = {"dev": -4, "a": -3, "alpha": -3, "b": -2, "beta": -2, "c": -1, "rc": -1, None: 0, "post": 1}


def _key(version: Any) -> tuple[Any, ...] | None:
    """What versions are ordered by: release, stage before or after it, local part. None if it is no version."""
    if isinstance(version, (tuple, list)):
        version = ".".join(map(str, version))
    found = _FORM.fullmatch(str(version).strip())
    if found is None:
        return None
    release = [int(n) for n in found[1].split(".")]
    while len(release) > 1 and not release[-1]:
        del release[-1]
    stage = None if found[2] is None else found[2].lower()
    local = [(1, int(p), "") if p.isdigit() else (0, 0, p) for p in found[4].split(".")] if found[4] else []
    return release, _STAGES[stage], int(found[3] or 0), local


class TorchVersion(str):
    """A text that is compared as a version (PEP 440), with texts and with tuples of numbers.

    ``TorchVersion("2.13.0") > "2.9"`` holds, as does ``TorchVersion("2.13.0") >= (2, 0)``. (``!=`` compares texts, as
    PyTorch's does.)
    """

    __slots__ = ()

    def _compared(self, other: Any, name: str) -> Any:
        if not isinstance(other, (str, tuple, list)):
            return NotImplemented
        mine, theirs = _key(self), _key(other)
        if mine is None or theirs is None:
            return getattr(str, name)(self, other)
        return getattr(tuple, name)(mine, theirs)

    def __lt__(self, other: Any) -> Any:
        return self._compared(other, "__lt__")

    def __le__(self, other: Any) -> Any:
        return self._compared(other, "__le__")

    def __gt__(self, other: Any) -> Any:
        return self._compared(other, "__gt__")

    def __ge__(self, other: Any) -> Any:
        return self._compared(other, "__ge__")

    def __eq__(self, other: Any) -> Any:
        return self._compared(other, "__eq__")

    __hash__ = str.__hash__


__version__ = TorchVersion(torch_version)
