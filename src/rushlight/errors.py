"""Exceptions of accelerators, which programs catch; nothing here raises them."""


class OutOfMemoryError(RuntimeError):
    """A device has no memory left."""


class AcceleratorError(RuntimeError):
    """A device has failed."""


OutOfMemoryError.__module__ = AcceleratorError.__module__ = "torch"
