"""The views as operations that copy: `torch.expand_copy`, `torch.view_copy` and so on.

Each is read off the view's own declaration: the same kernel and the same derivative, only that the result is an array
of its own, in rows. A view made of checks around a declared view (a composite) is read once more, with the copying
operation in the place of the view.
"""

import functools
import inspect
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from ..base import raw_names, tensor_names
from .broadcasting import expand
from .declare import COMPOSITES, FUNCTIONS, REGISTRY, Array, composite, operation
from .dimensions import wrap_dim
from .out import finish_out
from .signatures import fitted, forms
from .splitting import split, split_with_sizes, unbind
from .view import permute, squeeze, viewed
from .view_parts import as_strided, diagonal, narrowed, select, slice_, unfold


def _copied(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """A view's kernel, whose result (or each of its results) is copied into an array of its own."""

    def run(*args: Any) -> Any:
        found = kernel(*args)
        return [a.copy() for a in found] if isinstance(found, list) else np.array(found, order="C")

    return run


@functools.cache
def copy_of(name: str) -> Any:
    """The operation that computes what a declared view shows, as a copy."""
    view = REGISTRY[name]
    declared = types.FunctionType(view.declared.__code__, view.declared.__globals__, name)
    declared.__annotations__ = view.declared.__annotations__
    declared.__doc__ = view.doc
    # A copy takes any shape: it need not be one that strides can show.
    kernel = raw_names["reshape"] if name == "_view" else view.forward
    hidden = name if name.startswith("_") else f"_{name}"
    return operation(
        name=f"{hidden}_copy", aten=f"{hidden[1:]}_copy", node=f"{view.node_name}_copy", kernel=_copied(kernel),
        function=False, method=False, out=False, tangent=view.tangent, several=view.several, **view.formulas,
    )(declared)  # fmt: skip


def _reading(view: Any, name: str) -> Any:
    """The function of a view, with copying operations in the place of the views it calls."""
    read = inspect.unwrap(view)
    names = dict(read.__globals__)
    names |= {n: copy_of(n) for n in read.__code__.co_names if n in REGISTRY and REGISTRY[n].view}
    function = types.FunctionType(read.__code__, names, name, read.__defaults__, read.__closure__)
    function.__kwdefaults__ = read.__kwdefaults__
    return function


def _declare(name: str, function: Any, *options: str) -> None:
    """Declares the copying form of a view.

    Args:
        name: its name, such as ``"expand_copy"``.
        function: what computes it.
        options: the parameters as PyTorch prints them, without ``out``; several where there are several forms.
    """
    several = name in ("split_copy", "split_with_sizes_copy", "unbind_copy")
    out_form = "tuple of Tensors out = None" if several else "Tensor out = None"
    options = tuple([f"{form}{'' if '*' in form else ', *'}, {out_form}" for form in options])

    def call(*args: Any, **kwargs: Any) -> Any:
        ordered, named = fitted(options, args, kwargs)
        out = named.pop("out", None)
        result = function(*ordered, **named)
        if out is None:
            return result
        if not several:
            return finish_out(out, result, name)
        for o, r in zip(out, result, strict=True):
            finish_out(o, r, name)
        return None

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"What `{name.removesuffix('_copy')}` shows, as a tensor of its own."
    public = forms(*options)(call)
    FUNCTIONS[name] = public
    COMPOSITES[name] = tensor_names[name] = public


_declare("alias_copy", copy_of("alias"), "Tensor input")
_declare(
    "as_strided_copy",
    _reading(as_strided, "as_strided"),
    "Tensor input, tuple of ints size, tuple of ints stride, int storage_offset = None",
)
_declare("diagonal_copy", _reading(diagonal, "diagonal"), "Tensor input, int offset = 0, int dim1 = 0, int dim2 = 1")
_declare("expand_copy", _reading(expand, "expand"), "Tensor input, tuple of ints size, *, bool implicit = False")
_declare("permute_copy", _reading(permute, "permute"), "Tensor input, tuple of ints dims")
_declare("select_copy", _reading(select, "select"), "Tensor input, int dim, int index")
_declare(
    "slice_copy", _reading(slice_, "slice"), "Tensor input, int dim = 0, int start = None, int end = None, int step = 1"
)
_declare("split_copy", _reading(split, "split"), "Tensor input, int split_size, int dim = 0")
_declare(
    "split_with_sizes_copy",
    _reading(split_with_sizes, "split_with_sizes"),
    "Tensor input, tuple of ints split_sizes, int dim = 0",
)
_declare(
    "squeeze_copy",
    _reading(squeeze, "squeeze"),
    "Tensor input",
    "Tensor input, int dim",
    "Tensor input, tuple of ints dim",
)
_declare("t_copy", copy_of("t"), "Tensor input")
_declare("transpose_copy", copy_of("transpose"), "Tensor input, int dim0, int dim1")
_declare("unbind_copy", _reading(unbind, "unbind"), "Tensor input, int dim = 0")
_declare("unfold_copy", _reading(unfold, "unfold"), "Tensor input, int dimension, int size, int step")
_declare("unsqueeze_copy", copy_of("unsqueeze"), "Tensor input, int dim")
_declare("view_as_complex_copy", copy_of("view_as_complex"), "Tensor input")
_declare("view_as_real_copy", copy_of("view_as_real"), "Tensor input")
_declare("view_copy", _reading(viewed, "view"),
         "Tensor input, torch.dtype dtype", "Tensor input, tuple of ints size")  # fmt: skip


# ---------------------------------------------------------------------------------------------- by themselves
@operation(name="_narrow_copy", aten="narrow_copy", node="NarrowCopyBackward0", function=False, method=False, out=False,
           kernel=_copied(REGISTRY["_slice"].forward), tangent="linear",
           input="slice_backward(grad, shape(input), dim, start, end, step)")  # fmt: skip
def _narrow_copy(input: Array, dim: int, start: int, end: int, step: int) -> Array:
    """A range of a dimension."""


def _narrow(input: Any, dim: int, start: int, length: int) -> Any:
    shape = input._shape
    if not shape:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if dim >= len(shape):
        raise RuntimeError(
            "Expected dim < static_cast<int64_t>(self_sizes.size()) to be true, but got false.  (Could this error "
            "message be improved?  If so, please report an enhancement request to PyTorch.)"
        )
    at = wrap_dim(dim, len(shape))
    return _narrow_copy(input, *narrowed(shape[at], at, start, length), 1)


_declare("narrow_copy", _narrow, "Tensor input, int dim, int start, int length")


@composite(name="narrow_copy", function=False)
def narrow_copy_method(input: Any, dim: int, start: int, length: int) -> Any:
    """`length` entries of a dimension from `start` on, as a copy."""
    return _narrow(input, dim, start, length)


@operation(name="_detach_copy", node="torch::autograd::NotImplemented", function=False, method=False, out=False,
           kernel=_copied(REGISTRY["alias"].forward), input="not_implemented(grad, 'detach_copy')")  # fmt: skip
def _detach_copy(input: Array) -> Array:
    """The elements in new memory, without a derivative."""


_declare("detach_copy", _detach_copy, "Tensor input")
