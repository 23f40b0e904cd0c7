"""Makes ``import torch`` and ``import torchvision`` mean Rushlight in this process.

The aliases are the very same module objects: nothing is imported twice, so a tensor made through ``torch`` and one made
through ``rushlight`` are of one class. While the aliases are in force, classes print under PyTorch's names
(``<class 'torch.Tensor'>``), and a name or submodule that is missing says where the list of what exists is.
"""

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

# What a program imports, and the package of ours that it gets.
_PACKAGES = {"torch": "rushlight", "torchvision": "rushlight.vision"}

# Where processes that multiprocessing starts afresh find the aliases: they inherit the path, not the import hooks.
_FOLDER = __file__.removesuffix("torch_alias.py") + "_as_torch"

# Classes that PyTorch prints under another module than the one that mirrors the place of ours.
_HOMES = {
    **dict.fromkeys(("Tensor", "Size", "dtype", "device", "finfo", "iinfo", "layout", "memory_format"), "torch"),
    "Generator": "torch._C",
}


def install_as_torch() -> None:
    """Lets ``import torch``, ``import torchvision`` and their submodules mean Rushlight from here on.

    Calling it again changes nothing.

    Raises:
        RuntimeError: PyTorch itself is already imported in this process.
    """
    if _finder in sys.meta_path:
        return
    for name in _PACKAGES:
        if sys.modules.get(name) is not None:
            raise RuntimeError(
                f"{name} is already imported in this process, and objects of both libraries cannot be mixed: "
                "call rushlight.install_as_torch() before anything imports it"
            )
    sys.meta_path.insert(0, _finder)
    sys.path.insert(1, _FOLDER)
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "rushlight" and name != "rushlight.__main__":
            _finder.adopt(module)


def uninstall_as_torch() -> None:
    """Takes back `install_as_torch`: the names mean PyTorch again, where it is installed."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
        if _FOLDER in sys.path:
            sys.path.remove(_FOLDER)
        _finder.release()


def load_ipython_extension(ipython: Any) -> None:
    """``%load_ext rushlight``: the cells that follow import Rushlight when they import torch."""
    install_as_torch()


def unload_ipython_extension(ipython: Any) -> None:
    """``%unload_ext rushlight``."""
    uninstall_as_torch()


def missing(module: str, name: str) -> str:
    """The message about something in `module`, by PyTorch's name for it, that Rushlight does not provide."""
    return (
        f"module {module!r} has no attribute {name!r}: Rushlight does not provide it; "
        f"the command 'rushlight names {module}' lists what it provides"
    )


class _Finder:
    """Finds the modules of ours that stand for PyTorch's, and names their classes as PyTorch does."""

    def __init__(self) -> None:
        self.renamed: list[tuple[type, str]] = []
        self.answering: list[ModuleType] = []

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        root = name.partition(".")[0]
        if root == "rushlight":
            return self._find_ours(name, path)
        if root not in _PACKAGES:
            return None
        ours = _our_name(name)
        # Another finder would look into our packages' folders and load a second copy, so the search ends here.
        if not _is_module(ours):
            raise ModuleNotFoundError(
                f"No module named {name!r}: Rushlight does not provide it; "
                f"the command 'rushlight names {name.rpartition('.')[0] or name}' lists what it provides",
                name=name,
            )
        loader: Any = _Loader(ours)
        return ModuleSpec(name, loader)

    def _find_ours(self, name: str, path: Any) -> ModuleSpec | None:
        """Finds a module of ours as ever, and adopts it once it is loaded."""
        spec = PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            execute = loader.exec_module

            def execute_and_adopt(module: ModuleType) -> None:
                execute(module)
                self.adopt(module)

            loader.exec_module = execute_and_adopt
        return spec

    def adopt(self, module: ModuleType) -> None:
        """Gives a module of ours its second name, and its classes PyTorch's names."""
        ours = module.__name__
        theirs = _their_name(ours)
        if _is_module(ours):
            sys.modules.setdefault(theirs, module)
        for value in list(vars(module).values()):
            if isinstance(value, type) and value.__module__ == ours:
                self.renamed.append((value, ours))
                value.__module__ = _HOMES.get(value.__name__, theirs) if ours.count(".") == 1 else theirs
        if "__getattr__" not in vars(module):
            self.answering.append(module)
            module.__getattr__ = _answer(theirs)  # type: ignore[method-assign]

    def release(self) -> None:
        """Takes back what `adopt` did."""
        for found, name in self.renamed:
            found.__module__ = name
        for module in self.answering:
            del module.__getattr__
        for name in [name for name in sys.modules if name.partition(".")[0] in _PACKAGES]:
            del sys.modules[name]
        self.renamed, self.answering = [], []


class _Loader:
    """Hands out a module that exists already under another name."""

    def __init__(self, ours: str):
        self.ours = ours

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self.ours)
        # The import system is about to write the alias's spec into the module.
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec


def _our_name(name: str) -> str:
    root, dot, rest = name.partition(".")
    return _PACKAGES[root] + dot + rest


def _their_name(name: str) -> str:
    for theirs, ours in reversed(_PACKAGES.items()):
        if name == ours or name.startswith(ours + "."):
            return theirs + name[len(ours) :]
    return name


def _is_module(name: str) -> bool:
    """Whether `name` is a module as PyTorch has it: ours, and not hidden behind a function of the same name."""
    from importlib.util import find_spec

    parent, _, child = name.rpartition(".")
    if not parent:
        return True
    try:
        if find_spec(name) is None:
            return False
    except ModuleNotFoundError:
        return False
    # Not `getattr`, which may import the module: the import system does not expect that while it looks for it.
    attribute = vars(sys.modules[parent]).get(child)
    return attribute is None or isinstance(attribute, ModuleType)


def _answer(module: str) -> Any:
    def __getattr__(name: str) -> Any:
        raise AttributeError(missing(module, name))

    return __getattr__


_finder: Any = _Finder()
