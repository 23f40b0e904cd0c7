"""`torch.backends.mkldnn`."""


def is_available() -> bool:
    """Whether oneDNN is used."""
    return False
