"""`torch.backends.mps`: Apple's graphics processors, which are not used here."""


def is_available() -> bool:
    """Whether tensors can be put on the graphics processor."""
    return False


def is_built() -> bool:
    """Whether its kernels are part of this package."""
    return False


def is_macos13_or_newer(minor: int = 0) -> bool:
    """Whether the system is new enough for it."""
    return False
