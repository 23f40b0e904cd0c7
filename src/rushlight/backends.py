"""``torch.backends``: what programs ask of the machine. Flags can be set and read; there are no such libraries to heed them."""

from typing import Any


class _Library:
    """A library that is not there, with the flags that programs set on it."""

    def __init__(self, **flags: Any):
        self.__dict__.update(flags)

    def is_available(self) -> bool:
        """False."""
        return False

    def is_built(self) -> bool:
        """False."""
        return False

    def version(self) -> None:
        """None."""
        return None


cudnn = _Library(enabled=True, benchmark=False, deterministic=False, allow_tf32=True)
cuda = _Library(matmul=_Library(allow_tf32=False))
mps = _Library()
mkl = _Library()
mkldnn = _Library(enabled=True)
openmp = _Library()
