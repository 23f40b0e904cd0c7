"""`torch.utils.dlpack`: tensors and other libraries' arrays on the same memory."""

from .. import from_dlpack, to_dlpack

__all__ = ["from_dlpack", "to_dlpack"]
