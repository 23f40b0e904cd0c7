"""Where PyTorch keeps the parts of its loader, by the names under which programs import them."""

from . import collate as collate

__all__ = ["collate"]
