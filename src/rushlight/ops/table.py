"""The page docs/operators.md, written from the declarations: ``python -m rushlight.ops.table docs/operators.md``."""

import pkgutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ..kernels import pointwise
from .declare import COMPOSITES, REGISTRY
from .operation import Operation

_HEAD = """# Operators

Written by `python -m rushlight.ops.table docs/operators.md` from the declarations in `src/rushlight/ops/`. What is made
of other operators (see the end) has their derivatives and dtypes.

- **forms**: how users call it; *behind* another name, if that checks the arguments first.
- **derivative**: the inputs that have one. Formulas are made of operators, so derivatives of every order follow;
  *refused* is one that raises, as in PyTorch.
- **forward**: where the forward-mode tangent comes from. *formula*: the declaration's own; *elementwise* and *linear*:
  read off the operation; *reverse*: two backwards; *zero*: there is none to speak of.
- **dtypes**: what integers become (*float*: the default floating-point type), or whether a check refuses some dtypes.
- **kernel**: the function of arrays: NumPy's, one of `rushlight/kernels/`, or the declaration's body.

| operator | forms | derivative | forward | dtypes | kernel |
| --- | --- | --- | --- | --- | --- |
"""


def _forms(op: Operation) -> str:
    """Where users find an operation."""
    if op.view:
        return "view"
    there = {"function": op.function, "method": op.method, "in place": op.inplace and op.method, "out": op.out}
    forms = [name for name in there if there[name]]
    if op.name.startswith("special_"):
        forms.insert(0, "function of `torch.special`")
    if not forms:
        forms = [f"behind `{op.public_name}`" if _is_ours(COMPOSITES.get(op.public_name)) else "inside"]
    return ", ".join(forms)


def _derivative(op: Operation) -> str:
    """The differentiable inputs."""
    refused = [n for n in op.inputs if op.formulas[n].startswith(("no_derivative", "not_implemented"))]
    return ", ".join(f"{n} (refused)" if n in refused else n for n in op.inputs) or "none"


def _forward(op: Operation) -> str:
    """How the tangent is found."""
    if not op.formulas:
        return "none"
    if op.tangent is None:
        return "reverse"
    return op.tangent if op.tangent in ("elementwise", "linear", "zero", "refused") else "formula"


def _dtypes(op: Operation) -> str:
    """What is declared of dtypes."""
    said = ["integers become float"] if op.floating else []
    if op.result == "bool":
        said.append("result is bool")
    if op.check is not None:
        said.append("some refused")
    return ", ".join(said) or "as the kernel"


def _kernel(op: Operation) -> str:
    """The name of the function that computes an operation."""
    function: Any = op.forward
    while hasattr(function, "func"):
        function = function.func
    if isinstance(function, np.ufunc):
        name = f"numpy.{function.__name__}"
    elif function is op.declared:
        name = f"{op.declared.__module__.removeprefix('rushlight.')}"
    else:
        home = (getattr(function, "__module__", None) or "numpy").removeprefix("rushlight.")
        name = f"{home}.{function.__name__.replace('<lambda>', 'lambda')}"
    return f"`{name}`" + (", compiled" if op.kind == "elementwise" and pointwise.forward(op.name) is not None else "")


def _is_ours(function: Any) -> bool:
    return getattr(function, "__module__", "").startswith("rushlight.ops.")


def page() -> str:
    """The whole page, of what the package itself declares."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        import_module(f"rushlight.ops.{module.name}")
    ours = [name for name, op in REGISTRY.items() if _is_ours(op.declared)]
    rows = []
    for name in sorted(ours, key=lambda n: (n.strip("_"), n)):
        op = REGISTRY[name]
        cells = (f"`{name}`", _forms(op), _derivative(op), _forward(op), _dtypes(op), _kernel(op))
        rows.append("| " + " | ".join(cells) + " |\n")
    composites = {name for name, function in COMPOSITES.items() if _is_ours(function) and not name.startswith("_")}
    made = ", ".join(f"`{name}`" for name in sorted(composites - set(ours)))
    return _HEAD + "".join(rows) + f"\nMade of these: {made}.\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page())
