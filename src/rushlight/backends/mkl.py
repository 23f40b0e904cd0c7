"""`torch.backends.mkl`."""


def is_available() -> bool:
    """Whether Intel's MKL is used."""
    return False
