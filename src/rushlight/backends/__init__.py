"""`torch.backends`: what PyTorch's programs ask and set of libraries that are not used here.

Settings can be changed and read again, and have no effect. Source: https://docs.pytorch.org/docs/stable/backends.html
"""

from . import cpu, cuda, cudnn, mkl, mkldnn, mps, openmp

__all__ = ["cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"]
