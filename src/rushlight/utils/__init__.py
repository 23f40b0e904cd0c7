"""Helpers around tensors and modules (`torch.utils`); its submodules load when first used."""

from typing import Any

_SUBMODULES = ("_dtype_abbrs", "_python_dispatch", "_pytree", "checkpoint", "data", "flop_counter", "hooks", "weak")


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        import importlib

        return importlib.import_module(f".{name}", __name__)
    from ..torch_alias import missing

    raise AttributeError(missing("torch.utils", name))


def __dir__() -> list[str]:
    return sorted({*globals(), *_SUBMODULES})
