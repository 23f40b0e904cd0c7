"""Measurements beside PyTorch: `python -m bench.overhead`, `python -m bench.memory`."""
