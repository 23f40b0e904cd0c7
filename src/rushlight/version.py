"""The version of this package, and what programs look up in ``torch.version``."""

__version__ = "0.1.0"

#: No CUDA or ROCm toolkit is linked in: arrays on a GPU are CuPy's, which finds its own.
cuda: str | None = None
hip: str | None = None
