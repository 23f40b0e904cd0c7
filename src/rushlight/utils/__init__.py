"""Helpers around tensors and modules (`torch.utils`); its submodules load when first used."""

from typing import Any

_SUBMODULES = (
    "_dtype_abbrs", "_python_dispatch", "_pytree", "checkpoint", "data", "deterministic", "dlpack", "flop_counter",
    "hooks", "model_zoo", "weak",
)  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        import importlib

        return importlib.import_module(f".{name}", __name__)
    from ..torch_alias import missing

    raise AttributeError(missing("torch.utils", name))


def set_module(obj: Any, mod: str) -> None:
    """Sets the module that an object says it is of, for printing.

    Raises:
        TypeError: `mod` is no text.
    """
    if not isinstance(mod, str):
        raise TypeError("The mod argument should be a string")
    obj.__module__ = mod


def __dir__() -> list[str]:
    return sorted({*globals(), *_SUBMODULES})
