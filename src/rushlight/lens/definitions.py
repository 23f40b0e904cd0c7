"""The user's classes and functions as text, for a program that has to run by itself."""

import inspect
import textwrap
import types
from collections.abc import Callable
from typing import Any


class Definitions:
    """The definitions that a written program begins with.

    Args:
        write: writes a value as an expression, given a name for it.

    Attributes:
        texts: the source of each class or function by its name, what it needs before it.
    """

    def __init__(self, write: Callable[[Any, str], str]):
        self.write = write
        self.texts: dict[str, str] = {}

    def of(self, value: Any) -> str:
        """Writes the source of a class or function, and of what it names, into the program; returns its name.

        Raises:
            RuntimeError: the source cannot be read.
        """
        name = str(value.__name__)
        if name in self.texts:
            return name
        module = value.__module__
        if module.partition(".")[0] in ("rushlight", "torch"):
            home = "rushlight" + module[5:] if module.startswith("torch") else module
            self.texts[name] = f"from {home} import {name}"
            return name
        self.texts[name] = ""
        try:
            text = textwrap.dedent(inspect.getsource(value))
        except (OSError, TypeError):
            raise RuntimeError(f"the source of {name}, which is part of the backward, cannot be read") from None
        needed = self._needed_by(value)
        del self.texts[name]
        self.texts[f"{name}*"] = "\n".join(needed)
        self.texts[name] = text
        return name

    def _needed_by(self, value: Any) -> list[str]:
        """Statements for the global names that a class or function uses."""
        functions = [value] if isinstance(value, types.FunctionType) else []
        for member in vars(value).values() if isinstance(value, type) else ():
            member = getattr(member, "__func__", member)
            if isinstance(member, types.FunctionType):
                functions.append(member)
        lines = []
        scopes = [(f.__globals__, f.__code__.co_names) for f in functions]
        if isinstance(value, type):
            base_names = [b.__name__ for b in value.__bases__]
            scopes += [(f.__globals__, tuple(base_names)) for f in functions[:1]]
            for b in value.__bases__:
                if b.__module__.partition(".")[0] not in ("rushlight", "torch", "builtins"):
                    self.of(b)
        for f in functions:
            closure = dict(inspect.getclosurevars(f).nonlocals)
            scopes.append((closure, tuple(closure)))
        for scope, names in scopes:
            for n in names:
                if n not in scope or n == getattr(value, "__name__", None):
                    continue
                found = scope[n]
                if isinstance(found, types.ModuleType):
                    home = found.__name__
                    home = "rushlight" + home[5:] if home.partition(".")[0] == "torch" else home
                    lines.append(f"import {home} as {n}")
                elif isinstance(found, (type, types.FunctionType)):
                    written = self.of(found)
                    if written != n:
                        lines.append(f"{n} = {written}")
                else:
                    lines.append(f"{n} = {self.write(found, n)}")
        return list(dict.fromkeys(lines))
