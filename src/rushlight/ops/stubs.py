"""Writes what editors and type checkers read: each operation's signature and docstring, in two stub files.

The functions and methods of operations exist only once their declarations have run, so no tool that reads source finds
them. ``python -m rushlight.ops.stubs`` runs the declarations and writes down what came of them; so does every build and
installation of the package (hatch_build.py). The files are not kept in version control.
"""

import ast
import builtins
import inspect
import types
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args, get_origin

import numpy as np

FUNCTIONS = "_functions.pyi"
METHODS = "_methods.pyi"

_NUMBER = "builtins.float | builtins.complex"
# Functions made of operations whose result is not, or not always, one Tensor; others may leave their result untyped.
_OTHER_RESULTS = frozenset(
    "__dlpack__ adaptive_max_pool1d aminmax atleast_1d atleast_2d atleast_3d cummax cummin kthvalue max "
    "max_pool1d_with_indices median min mode nanmedian nonzero sort std_mean to_dlpack topk type unique "
    "unique_consecutive var_mean where".split()
)
_HEADER = '''"""{title} Written by rushlight.ops.stubs; not to be edited."""

import builtins
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy
import rushlight.devices
import rushlight.dtypes
import rushlight.random
from rushlight.base import Size, TensorBase
from rushlight.tensor import Tensor

'''


def write(folder: Path) -> None:
    """Writes both stub files into the package's folder."""
    (folder / FUNCTIONS).write_text(functions_stub(), encoding="utf-8")
    (folder / METHODS).write_text(methods_stub(), encoding="utf-8")


def functions_stub() -> str:
    """The text of the stub of all public functions."""
    from ..ops import declare

    _declare_all()
    parts = [_HEADER.format(title="The functions of `rushlight`.")]
    for operation in declare.REGISTRY.values():
        if len(operation.outputs) > 1:
            fields = "\n".join(f"    {name}: Tensor" for name in operation.outputs)
            parts.append(f"class _{operation.name}_result(NamedTuple):\n{fields}\n\n")
    parts += [_definition(name, found, "") for name, found in sorted(declare.FUNCTIONS.items())]
    return "".join([*parts, *_loaded_later()])


def _loaded_later() -> list[str]:
    """The imports of what the package loads when it is first used."""
    import rushlight

    lines = []
    for name, (module, attribute) in sorted(rushlight._LAZY.items()):
        if name.startswith("__") or find_spec(f"rushlight.{module}") is None:
            continue
        source = "rushlight" if attribute is None else f"rushlight.{module}"
        lines.append(f"from {source} import {attribute or module} as {name}\n")
    return lines


def methods_stub() -> str:
    """The text of the stub of the base class of `Tensor` that has all methods made from declarations."""
    from .. import base
    from ..tensor import Tensor

    _declare_all()
    parts = [
        _HEADER.format(title="The methods of `rushlight.Tensor` made from the declarations of operations."),
        "from rushlight import _functions\n\nclass TensorMethods(TensorBase):\n",
    ]
    for name, found in sorted(vars(base.TensorBase).items()):
        written_out = inspect.isfunction(found) and found.__code__.co_filename == base.__file__
        if inspect.isfunction(found) and not written_out and getattr(Tensor, name) is found:
            parts.append(_definition(name, found, "    "))
    return "".join(parts)


def _declare_all() -> None:
    import rushlight  # noqa: F401


def _definition(name: str, function: Callable[..., Any], indent: str) -> str:
    """One ``def`` of a stub: a function, or with an indent a method."""
    from .declare import REGISTRY

    declared = getattr(function, "__wrapped__", None)
    operation = next((found for found in REGISTRY.values() if found.declared is declared), None)
    inplace = operation is None and name.endswith("_") and function.__qualname__ == name and name[:-1] in REGISTRY
    if inplace:
        operation = REGISTRY[name[:-1]]
    result = "Tensor"
    if operation is None:
        signature = inspect.signature(function)
        result = _annotation(signature.return_annotation)
        if result == "Any" and name not in _OTHER_RESULTS:
            result = "Tensor"
        parameters = [_typed(p, _annotation(p.annotation)) for p in signature.parameters.values() if p.name != "_out"]
    else:
        parameters = []
        for p in operation.signature.parameters.values():
            if p.name == "out" and indent:
                continue
            text = f"Tensor | {_NUMBER}" if p.annotation == np.ndarray | float else _annotation(p.annotation)
            parameters.append(_typed(p, "Tensor | None" if p.name == "out" else text))
        if len(operation.outputs) > 1:
            result = f"{'_functions.' if indent else ''}_{operation.name}_result"
    if indent:
        rest = parameters if parameters[0].kind is inspect.Parameter.VAR_POSITIONAL else parameters[1:]
        parameters = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD), *rest]
    text = _text(parameters)
    document = inspect.cleandoc(function.__doc__ or "")
    body = f"\n{indent}    {_quoted(document, indent)}" if document else ""
    override = "  # type: ignore[override, misc]" if name.startswith("__") else ""
    head = f"{indent}def {name}({text}) -> {result}:"
    return f"{head}{override}{body}\n{indent}    ...\n\n"


class _Raw(str):
    """Text that `inspect.Parameter` shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _typed(parameter: inspect.Parameter, annotation: str) -> inspect.Parameter:
    default: Any = parameter.default
    if default is not inspect.Parameter.empty and not isinstance(default, (bool, int, float, str, type(None))):
        default = _Raw("...")
    elif isinstance(default, float) and repr(default) in ("inf", "-inf", "nan"):
        default = _Raw("...")
    return parameter.replace(annotation=_Raw(annotation), default=default)


def _text(parameters: list[inspect.Parameter]) -> str:
    """The parameters as source."""
    parts: list[str] = []
    for i, p in enumerate(parameters):
        if p.kind is p.KEYWORD_ONLY and not any(q.kind in (q.VAR_POSITIONAL, q.KEYWORD_ONLY) for q in parameters[:i]):
            parts.append("*")
        star = "*" if p.kind is p.VAR_POSITIONAL else "**" if p.kind is p.VAR_KEYWORD else ""
        note = "" if p.annotation is p.empty else f": {p.annotation}"
        default = "" if p.default is p.empty else f" = {p.default!r}" if note else f"={p.default!r}"
        parts.append(f"{star}{p.name}{note}{default}")
        if p.kind is p.POSITIONAL_ONLY and (
            i + 1 == len(parameters) or parameters[i + 1].kind is not p.POSITIONAL_ONLY
        ):
            parts.append("/")
    return ", ".join(parts)


def _annotation(note: Any) -> str:
    """An annotation as a stub spells it: arrays are what the user sees as Tensors."""
    if note is inspect.Parameter.empty or note is Any:
        return "Any"
    if note is None or note is type(None):
        return "None"
    if isinstance(note, str):
        return ast.unparse(_Names().visit(ast.parse(note, mode="eval")).body)
    origin = get_origin(note)
    if origin is types.UnionType or str(origin) == "typing.Union":
        return " | ".join(_annotation(part) for part in get_args(note))
    if isinstance(origin, type) and origin.__name__ != "Callable":
        inner = ", ".join("..." if part is Ellipsis else _annotation(part) for part in get_args(note))
        return f"{_class_name(origin)}[{inner}]"
    return _class_name(note) if isinstance(note, type) else "Any"


def _class_name(found: type) -> str:
    # In full, because the names of built-in types are also names of functions and methods here: `float`, `sum`, ...
    if found is np.ndarray or found.__name__ in ("Tensor", "TensorBase"):
        return "Tensor"
    if found.__module__ == "builtins":
        return f"builtins.{found.__name__}"
    if found.__module__ == "collections.abc":
        return found.__name__
    return f"{found.__module__}.{found.__name__}" if found.__module__.startswith("rushlight.") else "Any"


class _Names(ast.NodeTransformer):
    """Rewrites the names in an annotation that was given as text."""

    _KNOWN = frozenset(("Any", "Callable", "Iterable", "Iterator", "None", "Sequence", "Size", "Tensor"))

    def visit_Name(self, name: ast.Name) -> ast.AST:
        if name.id in ("Array", "TensorBase"):
            return ast.Name("Tensor")
        if name.id in self._KNOWN:
            return name
        if hasattr(builtins, name.id):
            return ast.Attribute(ast.Name("builtins"), name.id)
        return ast.Name("Any")

    def visit_Attribute(self, attribute: ast.Attribute) -> ast.AST:
        text = ast.unparse(attribute)
        if text in ("dtypes.dtype", "devices.device", "random.Generator"):
            return ast.Name(f"rushlight.{text}")
        return ast.Name("Tensor" if text in ("np.ndarray", "tensor.Tensor") else "Any")

    def visit_Constant(self, constant: ast.Constant) -> ast.AST:
        if isinstance(constant.value, str):
            return self.visit(ast.parse(constant.value, mode="eval").body)
        return constant


def _quoted(document: str, indent: str) -> str:
    """A docstring as source."""
    lines = document.replace("\\", "\\\\").replace('"', '\\"').splitlines()
    if len(lines) > 1:
        lines = [lines[0], *(f"{indent}    {line}" if line else "" for line in lines[1:]), f"{indent}    "]
    return '"""' + "\n".join(lines) + '"""'


if __name__ == "__main__":
    write(Path(__file__).parent.parent)
