"""The state of a tensor, and the few facts every layer shares: nothing here knows an operation or the engine."""

import builtins
import operator
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from . import dtypes
from .kernels.layout import plain, result_array

if TYPE_CHECKING:
    from .tensor import Tensor

# The version of every tensor that was never viewed nor changed in place. It is shared and must never be written:
# `own_version` gives a tensor a list of its own first.
UNTOUCHED: list[Any] = [0]

# What `detach_` adds to a version, so that nodes which saved the tensor before find it changed.
DETACHED = 1 << 40


class Size(tuple[int, ...]):
    """The shape of a tensor: a tuple that prints as ``torch.Size([2, 3])``.

    Raises:
        TypeError: an entry is not an integer.
    """

    __slots__ = ()

    def __new__(cls, dims: Any = ()) -> "Size":
        """Make a size of an iterable of integers.

        Raises:
            TypeError: an item is no integer.
        """
        dims = tuple(dims)
        for i, d in enumerate(dims):
            if not isinstance(d, int):
                try:
                    operator.index(d)
                except TypeError:
                    kind = f"numpy.{type(d).__name__}" if isinstance(d, np.generic) else type(d).__name__
                    raise TypeError(f"torch.Size() takes an iterable of 'int' (item {i} is '{kind}')") from None
        return tuple.__new__(cls, dims)

    def numel(self) -> int:
        """The number of elements of a tensor of this shape."""
        count = 1
        for d in self:
            count *= d
        return count

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(str(int(d)) for d in self)}])"

    def __getitem__(self, index: Any) -> Any:
        found = tuple.__getitem__(self, index)
        return make_size(found) if type(index) is slice else found

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, tuple):
            raise TypeError(f"can only concatenate tuple (not {type(other).__name__}) to torch.Size")
        return Size(tuple.__add__(self, other))

    def __radd__(self, other: Any) -> Any:
        return Size(tuple.__add__(other, self)) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, count: Any) -> "Size":
        if not hasattr(count, "__index__"):
            kind = "torch.Size" if isinstance(count, Size) else type(count).__name__
            raise TypeError(f"can't multiply sequence by non-int of type '{kind}'")
        return make_size(tuple.__mul__(self, count))

    __rmul__ = __mul__

    def __reduce__(self) -> tuple[Any, ...]:
        return Size, (tuple(self),)


def make_size(dims: tuple[int, ...]) -> Size:
    """A `Size` of dimensions known to be integers."""
    return tuple.__new__(Size, dims)


class TensorBase:
    """The storage of a tensor; operations add their methods to this class, `Tensor` adds the rest.

    Attributes:
        _data: the elements, always an `np.ndarray` (0-dim ones too); a view's array is a view of its base's.
        _shape: the shape as a tuple, kept here because asking NumPy makes a new tuple each time.
        _dtype: the element type.
        _node: None, or where the gradient goes: an `AccumulateGrad` for a leaf, a graph node otherwise.
        _versions: a list whose first item counts in-place changes, followed by weak references to the live views; a
            base and its views share one list. `UNTOUCHED` stands for "never viewed, never changed".
        _view: None, the base tensor of a view, or a `View` where more is to be said of it.
    """

    __slots__ = ("__weakref__", "_data", "_dtype", "_node", "_shape", "_versions", "_view")
    _data: np.ndarray
    _shape: tuple[int, ...]
    _dtype: dtypes.dtype
    _node: Any
    _versions: list[Any]
    _view: Any


# The node of a tensor; of a view that was left behind (ops/history.py), where `_node` is an error, the one it had.
former_node: Any = TensorBase.__dict__["_node"].__get__


class View:
    """What a view must remember beyond its base.

    Attributes:
        base: the tensor whose memory is looked at.
        made: how the view was made, where that forbids in-place changes: ``"no_grad"``, ``"inference"``,
            ``"multi-output"`` or ``"function"``; None where changes are fine.
        maker: the name of the node that made it, for messages.
    """

    __slots__ = ("base", "made", "maker")

    def __init__(self, base: "Tensor", made: str | None, maker: str = ""):
        self.base = base
        self.made = made
        self.maker = maker


# Filled by tensor.py and nn/parameter.py; operations make their results with it. One dictionary, because it is also
# the namespace in which generated code runs.
namespace: dict[str, Any] = {"__name__": "rushlight.generated", "__builtins__": builtins.__dict__}

# What the names in derivative formulas mean on arrays and on Tensors. Operations add themselves (ops/declare.py).
raw_names: dict[str, Any] = {"__name__": "rushlight.generated", "__builtins__": builtins.__dict__}
tensor_names: dict[str, Any] = {"__name__": "rushlight.generated", "__builtins__": builtins.__dict__}

_new, BY_NUMPY = object.__new__, dtypes.BY_NUMPY
_reference = weakref.ref


def wrap(array: Any, node: Any = None) -> "Tensor":
    """A tensor around an array (or NumPy scalar), without copying."""
    if type(array) is not np.ndarray:
        if isinstance(array, TensorBase):  # what a class with a handler of its own saved: see ops/dispatching.py
            return array  # type: ignore[return-value]
        array = result_array(array)
    t = _new(namespace["Tensor"])
    t._data = array
    t._shape = array.shape
    t._dtype = BY_NUMPY[array.dtype]
    t._node = node
    t._versions = UNTOUCHED
    t._view = None
    return t


def settle(t: TensorBase) -> np.ndarray:
    """The array of `t` in the order in memory that the program sees (see `kernels.layout`).

    Everything that shows strides or shares the memory takes the array from here.
    """
    array = t._data
    if type(array) is not np.ndarray:
        array = t._data = plain(array)
    return array


def own_version(t: TensorBase) -> list[Any]:
    """The version list of `t`, which becomes its own if it was the shared one."""
    version = t._versions
    if version is UNTOUCHED:
        version = t._versions = [0]
    return version


def bump(t: TensorBase) -> None:
    """Counts one in-place change of the memory of `t`."""
    version = t._versions
    if version is UNTOUCHED:
        t._versions = [1]
    elif type(version) is list:  # tensors of inference mode do not count
        version[0] += 1


def base_of(t: TensorBase) -> "Tensor | None":
    """The tensor of which `t` is a view, or None."""
    view = t._view
    return view.base if type(view) is View else view


def as_view(t: TensorBase, base: TensorBase, made: str | None = None, maker: str = "") -> None:
    """Makes `t` known as a view of `base`: they share a version, and an in-place change of one reaches the other."""
    root = base._view
    if root is None:
        root = base
    elif type(root) is View:
        made, maker = (root.made, root.maker) if made is None else (made, maker)
        root = root.base
    version = root._versions
    if version is UNTOUCHED:
        version = root._versions = [0]
    t._versions = version
    if type(version) is not list:  # tensors of inference mode know nothing of views
        return
    t._view = root if made is None else View(root, made, maker)
    version.append(_reference(t))
    if not len(version) & 63:
        forget_views(version)


def forget_views(version: list[Any]) -> None:
    """Leaves out of a version list the views that are gone."""
    version[1:] = [r for r in version[1:] if r() is not None]


def pieces_of(base: TensorBase, arrays: list[Any], nodes: Any, maker: str) -> list["Tensor"]:
    """Tensors of arrays that look at the memory of `base`, as views that one function made; see `as_view`.

    Args:
        base: the tensor.
        arrays: arrays of its type.
        nodes: where the gradient of each goes.
        maker: the name of the function's node.
    """
    new, tensor, dtype = _new, namespace["Tensor"], base._dtype
    found: list[Any] = []
    for array, node in zip(arrays, nodes):
        t = new(tensor)
        t._data, t._shape, t._dtype, t._node = array, array.shape, dtype, node
        found.append(t)
    if found:
        as_view(found[0], base, "multi-output", maker)
        view, version = found[0]._view, found[0]._versions
        for t in found[1:]:
            t._view, t._versions = view, version
        if type(version) is list:
            version += [_reference(t) for t in found[1:]]
    return found


def live_views(t: TensorBase) -> list["Tensor"]:
    """The views that share the memory of `t` and are still alive."""
    return [v for v in (r() for r in t._versions[1:]) if v is not None]
