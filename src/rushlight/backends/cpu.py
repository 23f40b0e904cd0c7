"""`torch.backends.cpu`."""


def get_cpu_capability() -> str:
    """The vector instructions that kernels choose by themselves: NumPy's choice, not ours to know."""
    return "DEFAULT"
