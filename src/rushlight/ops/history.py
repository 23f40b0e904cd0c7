"""How history is rewritten when a tensor is changed in place.

An in-place operation on a tensor that takes part in a graph gives the tensor a new node, as if it were a new tensor.
On a view, the base must learn of it too: its new node, `CopySlices`, says "the old base, with this part replaced", and
every live view of the base gets a node that reads its part from the new base.
"""

import functools
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import mode, node
from ..autograd.hooks import HookedRule
from ..autograd.leaf import AccumulateGrad, MovedLeaf
from ..autograd.node import FREED, MANY, Node, Rule
from ..autograd.versions import forward_name
from ..base import View, base_of, former_node, live_views, wrap
from ..kernels import numpy_views as kernels
from .declare import REGISTRY, Array, operation


class Geometry:
    """Where a view lies in the memory of its base: dtypes and shapes, and strides and offset in bytes."""

    __slots__ = ("base_dtype", "base_shape", "base_strides", "dtype", "offset", "shape", "strides")

    def __init__(self, view: np.ndarray, base: np.ndarray, offset: int | None = None):
        self.dtype, self.shape, self.strides = view.dtype, view.shape, view.strides
        self.base_dtype, self.base_shape, self.base_strides = base.dtype, base.shape, base.strides
        self.offset = kernels.offset_in(view, base) if offset is None else offset  # to ask NumPy takes long

    def lay_out(self, grad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A copy of a gradient of the base laid out in memory like the base, and the view's part of that memory."""
        if 0 in self.shape:
            return grad.copy(), np.empty(self.shape, self.dtype)
        reach = self._end(self.base_shape, self.base_strides, self.base_dtype, 0)
        reach = max(reach, self._end(self.shape, self.strides, self.dtype, self.offset))
        memory = np.zeros(reach - min(self.offset, 0), np.uint8)
        start = max(-self.offset, 0)
        whole = kernels.strided(memory.view(self.base_dtype), self.base_shape, self.base_strides, start)
        part = kernels.strided(memory.view(self.dtype), self.shape, self.strides, start + self.offset)
        if whole.size:
            whole[...] = grad
        return whole, part

    @staticmethod
    def _end(shape: Any, strides: Any, dtype: Any, offset: int) -> int:
        if 0 in shape:
            return 16
        end = offset + sum((n - 1) * s for n, s in zip(shape, strides)) + dtype.itemsize
        return -(-end // 16) * 16


def _rows(whole: np.ndarray) -> np.ndarray:
    return whole if whole.flags.c_contiguous else whole.copy("C")


# ---------------------------------------------------------------------------------------------- parts of a base
@operation(
    name="_part", function=False, method=False, input="_with_part(zeros_of(grad, geometry.base_shape), grad, geometry)"
)
def _part(input: Array, geometry: Any) -> Array:
    """The view's part of a tensor laid out like the base."""
    return geometry.lay_out(input)[1].copy()


@operation(name="_with_part", function=False, method=False,
           input="_with_part(grad, zeros_of(grad, shape(part)), geometry)", part="_part(grad, geometry)")  # fmt: skip
def _with_part(input: Array, part: Array, geometry: Any) -> Array:
    """A tensor laid out like the base with the view's part replaced."""
    whole, mine = geometry.lay_out(input)
    mine[...] = part
    return _rows(whole)


class CopySlices(Node):
    """The node of a base after an in-place operation on one of its views.

    Attributes:
        inner: the node that the operation would have had on a tensor of its own.
        position: which edge of the inner node leads to the view's former node, or None.
        geometry: the view's place in the base.
        others: once the inner node is gone, where the operation's other inputs came from.
    """

    __slots__ = ("geometry", "inner", "nexts", "others", "position")
    inner: Any
    position: int | None
    geometry: Geometry
    others: tuple[tuple[Any, int], ...]

    def name(self) -> str:
        """The name under which PyTorch shows it."""
        return "torch::autograd::CopySlices"

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The base's former node, then those of the operation's other inputs."""
        first = node.function_of(self.nexts[0]) if self.nexts[0] is not None else (None, 0)
        return (first, *(self.others if self.inner is FREED else self.inner.next_functions[1:]))


def _copy_slices(function: str) -> Any:
    def run(n: CopySlices, grad: Any) -> tuple[Any, ...]:
        inner = n.inner
        whole, part = n.geometry.lay_out(grad)
        # What the inner node saved may be needed once more: under create_graph, its result leads to it directly.
        results = node.derive(inner, part.copy(), "keep")
        if function == "run":
            n.others = inner.next_functions[1:]
            n.inner = FREED
        results = list(results) if isinstance(results, tuple) else [results]
        mine = None if n.position is None else results.pop(n.position)
        part[...] = 0 if mine is None else mine
        return (_rows(whole), *results)

    return run


def _copy_slices_tensor(n: CopySlices, grad: Any) -> tuple[Any, ...]:
    inner = n.inner
    results = node.derive(inner, _part(grad, n.geometry), "tensor")
    results = list(results) if isinstance(results, tuple) else [results]
    mine = None if n.position is None else results.pop(n.position)
    if mine is None:
        mine = wrap(np.zeros(n.geometry.shape, n.geometry.dtype))
    return (_with_part(grad, mine, n.geometry), *results)


COPY_SLICES = Rule("CopySlices", MANY, _copy_slices("run"), _copy_slices("keep"), _copy_slices_tensor)


# ---------------------------------------------------------------------------------------------- new nodes
def copy_slices(former: Any, geometry: Geometry, made: Any, position: int | None) -> CopySlices:
    """The node of a base when a view of it was changed by an operation with the node `made`.

    Args:
        former: the node that the base had before.
        geometry: where the view lies in the base.
        made: the node of the operation, as on a tensor of its own.
        position: the edge of `made` that leads to the former node of the view, or None if there was none.
    """
    n = CopySlices.__new__(CopySlices)
    n.rule, n.seq, n.grad = COPY_SLICES, node.next_seq(), None
    n.inner, n.position, n.geometry = made, position, geometry
    edges = list(made.edges())
    if position is not None:
        edges.pop(position)
    n.nexts = (former, *edges)
    return n


def rebase(t: Any, made: Any, position: int | None) -> None:
    """Gives `t`, just changed in place, the node `made`, and tells its base and the views that share its memory.

    Args:
        t: the changed tensor.
        made: the node of the operation, as on a tensor of its own.
        position: the edge of `made` that leads to the former node of `t`, or None if there was none.
    """
    base = base_of(t)
    if base is None:
        former, t._node = t._node, made
        root = t
    else:
        root = base
        n = copy_slices(base._node, Geometry(t._data, base._data), made, position)
        former, base._node = base._node, n
        if mode.special.count:
            mode.born(n)
    keep_retaining(root, former)
    for v in live_views(root) if len(root._versions) > 1 else ():
        regenerate(v)


def refresh(t: Any, but: Any = None) -> None:
    """Tells the live views on the memory of a tensor that its elements were changed without being recorded.

    Args:
        t: the changed tensor.
        but: a view that knows already.
    """
    if len(t._versions) > 1:
        for v in live_views(t):
            if v is not but:
                regenerate(v)


def regenerate(view: Any) -> None:
    """Gives a view, whose base was changed in place, a node that reads its part of the base's new value."""
    how = view._view
    root = how.base if type(how) is View else how
    if root is None:
        return
    if root._node is None and (view._node is None or type(view._node) is AccumulateGrad):
        return  # Any other view of a base without a gradient is cut off, as in PyTorch: its part comes from there.
    if type(how) is View and how.made:
        if not isinstance(view, Stale):
            kind: Any = type(view)
            view.__class__ = stale_class(kind)
        return
    former = view._node
    view._node = view_node(root, view)
    if type(former) is AccumulateGrad:
        former.__class__ = MovedLeaf
    keep_retaining(view, former)


def keep_retaining(t: Any, former: Any) -> None:
    """After an in-place change, ``retain_grad`` goes on with the tensor's new node; other hooks stay at the former."""
    if not t._retains:
        return
    rule = node.function_of(former)[0].rule
    if type(rule) is HookedRule:
        mine = [r for r in rule.retain if r.tensor() is t]
        function, index = node.function_of(t._node)
        for r in mine:
            rule.retain.remove(r)
            r.index = index
        node.hooked(function).retain.extend(mine)


# ---------------------------------------------------------------------------------------------- views left behind
def check_view(t: Any, records: bool = False) -> None:
    """Refuses an in-place change of a view whose history cannot be rewritten.

    Args:
        t: the tensor to be changed.
        records: whether the change will be part of a graph for the sake of another operand.

    Raises:
        RuntimeError: with PyTorch's text.
    """
    view = t._view
    if type(view) is View and view.made and mode.local.grad:
        if records or view.base._node is not None or former_node(t) is not None:
            raise RuntimeError(refusal(t, view))


def refusal(t: Any, view: View, now: str = "is being") -> str:
    """Why a view cannot be changed in place, or cannot be used after its base was.

    Args:
        t: the view.
        view: how it was made.
        now: the words for what happens to it or happened to its base.
    """
    made = view.made
    mine = former_node(t)
    function, index = (None, 0) if mine is None or not mine.seq else node.function_of(mine)
    inference = made == "inference"
    if made in ("inference", "no_grad") or function is None:
        start = "A view was created in"
        if function is not None:
            start = f"Output {index} of {forward_name(function)} is a view of a view which was created in"
        start += f" inference mode and {now} modified inplace in normal mode." if inference else (
            f" no_grad mode and {now} modified inplace with grad mode enabled."
        )  # fmt: skip
    else:
        start = f"Output {index} of {forward_name(function)} is a view and {now} modified inplace."
    if made == "multi-output":
        return start + (
            " This view is the output of a function that returns multiple views. Such functions do not allow the "
            "output views to be modified inplace. You should replace the inplace operation by an out-of-place one."
        )
    if made == "function":
        return start + (
            " This view was created inside a custom Function (or because an input was returned as-is) and the autograd "
            "logic to handle view+inplace would override the custom backward associated with the custom Function, "
            "leading "
            "to incorrect gradients. This behavior is forbidden. You can fix this by cloning the output of the custom "
            "Function."
        )
    return start + (
        " Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by "
        "moving both "
        f"the view and the inplace either both inside the {'inference_mode' if inference else 'no_grad'} block (if you "
        "don't want the inplace to be tracked) or both outside (if you want the inplace to be tracked)."
    )


class Stale:
    """What a view becomes that cannot be told what its base has become: where it is to be recorded, it is an error.

    Only its class is exchanged, so that nothing has to ask whether a tensor is one of these. Where nothing is recorded
    it can be used like any other.
    """

    __slots__ = ()
    _view: Any

    def _refuse(self) -> Any:
        raise RuntimeError(refusal(self, self._view, "its base or another view of its base has been"))

    _node = property(_refuse)
    grad_fn = property(_refuse)

    @property
    def requires_grad(self) -> bool:
        """True: its base does."""
        return True

    @requires_grad.setter
    def requires_grad(self, on: bool) -> None:
        if not on:
            self._refuse()


@functools.cache
def stale_class(of: type) -> type:
    """The class of views left behind that were of another class, with the same name."""
    return type(of.__name__, (Stale, of), {"__slots__": (), "__module__": of.__module__})


class CutOff(Node):
    """The node of a view whose base was changed and takes no gradient: nothing is behind it."""

    __slots__ = ("nexts",)

    def name(self) -> str:
        """The name under which PyTorch shows it."""
        return "AsStridedBackward0"

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """An edge that leads nowhere."""
        return ((None, 0),)


def _nothing(n: Any, grad: Any) -> tuple[Any, ...]:
    return (None,)


_CUT_OFF = Rule("AsStridedBackward0", MANY, _nothing, _nothing, _nothing)


def _cut_off() -> Any:
    made: Any = object.__new__(CutOff)
    made.rule, made.seq, made.grad, made.nexts = _CUT_OFF, node.next_seq(), None, (None,)
    return made


def view_node(root: Any, view: Any) -> Any:
    """The node of a tensor that looks at `root` with the shape, strides and offset of `view`."""
    from .view_parts import geometry

    if root._node is None:
        return _cut_off()
    if view._dtype.category != root._dtype.category:
        return _look_at_other_numbers(root, view)
    own = geometry(root)
    size, stride, offset = geometry(view)
    return REGISTRY["_as_strided"].recorder(1)(root, size, stride, offset, own, offset, view._data, root._versions)


def _look_at_other_numbers(root: Any, view: Any) -> Any:
    """The node of real numbers in a complex base, or the reverse.

    As in PyTorch a part is looked at first by strides, then as numbers of the other kind, then by strides again; of
    these only what is needed is recorded.
    """
    ways = REGISTRY["view_as_complex"], REGISTRY["view_as_real"]
    back, to = ways if root._dtype.category == dtypes.COMPLEX else ways[::-1]
    former = former_node(view)
    direct = former is None or former.rule.name == to.node_name
    versions = root._versions
    if back is ways[1] or (former is not None and direct):
        root = _looked_at(root, back.forward(view._data), versions)
    array = to.forward(root._data)
    made = to.recorder(1)(root, array, versions)
    if direct and (array.shape, array.strides) == (view._data.shape, view._data.strides):
        return made
    return _strided_look(wrap(array, made), view._data, versions)


def _looked_at(root: Any, array: np.ndarray, versions: Any) -> Any:
    """A tensor of an array that lies in the memory of `root`; itself if it is all of it."""
    whole = root._data
    if (array.shape, array.strides) == (whole.shape, whole.strides) and not kernels.offset_in(array, whole):
        return root
    return wrap(array, _strided_look(root, array, versions))


def _strided_look(root: Any, array: np.ndarray, versions: Any) -> Any:
    """The node of an array that lies in the memory of `root`."""
    item = array.itemsize
    own = root._shape, tuple([s // item for s in root._data.strides]), 0
    stride, offset = tuple([s // item for s in array.strides]), kernels.offset_in(array, root._data) // item
    return REGISTRY["_as_strided"].recorder(1)(root, array.shape, stride, offset, own, offset, array, versions)
