"""The version of this package, and what programs look up in ``torch.version``."""

__version__ = "0.1.0"

#: What ``torch.__version__`` is: programs compare it with PyTorch's versions, and see in it whom they run on.
torch_version = f"2.13.0+rushlight.{__version__}"

#: No CUDA or ROCm toolkit is linked in: arrays on a GPU are CuPy's, which finds its own.
cuda: str | None = None
hip: str | None = None
