"""Measurements beside PyTorch and others: `python -m bench --help`."""
