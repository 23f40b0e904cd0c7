"""The operations: declare.py is the vocabulary, and most other files declare one family each.

Programs know this package as ``torch.ops``, where they find operations by the names that PyTorch has inside.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    if name in ("aten", "profiler"):
        from . import namespaces

        found = globals()[name] = getattr(namespaces, name)
        return found
    raise AttributeError(f"module 'torch.ops' has no attribute {name!r}")
