"""`FlopCounterMode`: counts the floating-point operations of matrix products and convolutions.

Source: https://github.com/pytorch/pytorch/blob/main/torch/utils/flop_counter.py
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from ..base import TensorBase
from ..ops.overloads import aten
from ._python_dispatch import TorchDispatchMode
from ._pytree import tree_map

__all__ = ["FlopCounterMode", "register_flop_formula"]

Shape = tuple[int, ...]
flop_registry: dict[Any, Callable[..., int]] = {}


def register_flop_formula(targets: Any, get_raw: bool = False) -> Callable[[Any], Any]:
    """Declares how the operations of a call are counted.

    Args:
        targets: an operation (such as ``torch.ops.aten.mm``), or a list of them.
        get_raw: whether the formula is given tensors; else their shapes.

    Returns:
        A decorator for the formula, which is called with the arguments and with ``out_val`` (``out_shape`` of shapes).
    """

    def register(formula: Any) -> Any:
        for target in targets if isinstance(targets, (list, tuple)) else [targets]:
            if target in flop_registry:
                raise RuntimeError(f"duplicate registrations for {target}")
            flop_registry[target] = formula if get_raw else _of_shapes(formula)
        return formula

    return register


def _of_shapes(formula: Any) -> Callable[..., int]:
    """A formula of shapes as one of tensors."""

    def of_tensors(*args: Any, out_val: Any = None, **kwargs: Any) -> int:
        shown = tree_map(_shape, (args, kwargs, out_val))
        return formula(*shown[0], out_shape=shown[2], **shown[1])  # type: ignore[no-any-return]

    return of_tensors


def _shape(value: Any) -> Any:
    return tuple(value.shape) if isinstance(value, TensorBase) else value  # type: ignore[attr-defined]


# ---------------------------------------------------------------------------------------------- formulas
@register_flop_formula(aten.mm)
def mm_flop(a_shape: Shape, b_shape: Shape, *args: Any, out_shape: Any = None, **kwargs: Any) -> int:
    """Those of the product of two matrices."""
    return a_shape[0] * b_shape[1] * 2 * a_shape[1]


@register_flop_formula(aten.addmm)
def addmm_flop(self_shape: Shape, a_shape: Shape, b_shape: Shape, out_shape: Any = None, **kwargs: Any) -> int:
    """Those of a product, added to a matrix; the sum is not counted."""
    return mm_flop(a_shape, b_shape)


@register_flop_formula(aten.bmm)
def bmm_flop(a_shape: Shape, b_shape: Shape, out_shape: Any = None, **kwargs: Any) -> int:
    """Those of the products of a batch of matrices."""
    return a_shape[0] * mm_flop(a_shape[1:], b_shape[1:])


@register_flop_formula(aten.baddbmm)
def baddbmm_flop(self_shape: Shape, a_shape: Shape, b_shape: Shape, out_shape: Any = None, **kwargs: Any) -> int:
    """Those of a batch of products, added to others; the sums are not counted."""
    return bmm_flop(a_shape, b_shape)


def conv_flop_count(x_shape: Shape, w_shape: Shape, out_shape: Shape, transposed: bool = False) -> int:
    """Those of a convolution of images `x_shape`, without the bias."""
    places = (x_shape if transposed else out_shape)[2:]
    return math.prod(places) * math.prod(w_shape) * x_shape[0] * 2


@register_flop_formula(aten.convolution)
def conv_flop(
    x_shape: Shape, w_shape: Shape, _bias: Any, _stride: Any, _padding: Any, _dilation: Any, transposed: bool,
    *args: Any, out_shape: Any = None, **kwargs: Any,
) -> int:  # fmt: skip
    """Those of a convolution."""
    return conv_flop_count(x_shape, w_shape, out_shape, transposed)


@register_flop_formula(aten.convolution_grad_input)
def conv_grad_input_flop(
    grad_shape: Shape, w_shape: Shape, size: Any, stride: Any, padding: Any, dilation: Any, transposed: bool,
    *args: Any, out_shape: Any = None, **kwargs: Any,
) -> int:  # fmt: skip
    """Those of a convolution's derivative by its images."""
    return conv_flop_count(grad_shape, w_shape, out_shape, not transposed)


@register_flop_formula(aten.convolution_grad_weight)
def conv_grad_weight_flop(
    grad_shape: Shape, x_shape: Shape, size: Any, stride: Any, padding: Any, dilation: Any, transposed: bool,
    *args: Any, out_shape: Any = None, **kwargs: Any,
) -> int:  # fmt: skip
    """Those of a convolution's derivative by its weight."""
    images, filters = (grad_shape, x_shape) if transposed else (x_shape, grad_shape)
    return conv_flop_count(_swapped(images), _swapped(filters), _swapped(out_shape))


def _swapped(shape: Shape) -> Shape:
    return (shape[1], shape[0], *shape[2:])


# ---------------------------------------------------------------------------------------------- the mode
class FlopCounterMode(TorchDispatchMode):
    """Counts the floating-point operations that run in its context.

    Args:
        mods: ignored.
        depth: ignored: there is one row for all modules.
        display: whether to print the table at the end.
        custom_mapping: further formulas, by operation.
    """

    # In whose name PyTorch counts the parts of a convolution's derivative.
    _NAMES = ("convolution_grad_input", "convolution_grad_weight")

    def __init__(self, mods: Any = None, depth: int = 2, display: bool = True, custom_mapping: Any = None):
        super().__init__()
        self.display = display
        self.depth = depth
        self.flop_counts: dict[str, dict[Any, int]] = defaultdict(Counter)
        further = {
            op: formula if getattr(formula, "_get_raw", False) else _of_shapes(formula)
            for op, formula in (custom_mapping or {}).items()
        }
        self.flop_registry = {**flop_registry, **further}

    def get_total_flops(self) -> int:
        """How many there were."""
        return sum(self.flop_counts["Global"].values())

    def get_flop_counts(self) -> dict[str, dict[Any, int]]:
        """How many there were by operation, under the name ``"Global"``."""
        return {name: dict(counts) for name, counts in self.flop_counts.items()}

    def get_table(self, depth: int | None = None) -> str:
        """How many there were by operation, as a text."""
        total = self.get_total_flops()
        rows = [("Global", total), *((f" - {op}", n) for op, n in self.flop_counts["Global"].items())]
        width = max(len(name) for name, _ in rows)
        lines = [f"{'Module':{width}}  {'FLOP':>12}  % Total", f"{'-' * width}  {'-' * 12}  -------"]
        lines += [f"{name:{width}}  {n:>12}  {n / total if total else 0:>7.2%}" for name, n in rows]
        return "\n".join(lines)

    def __enter__(self) -> Any:
        self.flop_counts.clear()
        return super().__enter__()

    def __exit__(self, *args: Any) -> None:
        if self.display:
            print(self.get_table())
        super().__exit__(*args)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """The result of an operation, which is counted."""
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        formula = self.flop_registry.get(func.overloadpacket)
        if formula is not None:
            packet = func.overloadpacket
            if packet.__name__ in self._NAMES:
                packet = aten.convolution_backward
            self.flop_counts["Global"][packet] += formula(*args, **kwargs, out_val=out)
        return out
