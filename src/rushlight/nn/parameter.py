"""`Parameter` and `Buffer`: the tensors that a module registers when they are assigned to its attributes."""

from collections import OrderedDict
from typing import Any

from .. import base
from ..tensor import Tensor

__all__ = ["Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter", "is_lazy"]


def _nothing() -> Any:
    """What a parameter or buffer without data holds: an empty tensor."""
    from ..ops.creation import empty

    return empty(0)


def _share(cls: type, data: Any, requires_grad: bool) -> Any:
    """A leaf of class `cls` on the memory of `data`, with which it also shares the version.

    Raises:
        RuntimeError: it should want gradients and has integers or booleans.
    """
    if requires_grad is not True and requires_grad is not False:
        raise TypeError(
            f"_make_subclass(): argument 'require_grad' (position 3) must be bool, not {type(requires_grad).__name__}"
        )
    if requires_grad and not (data._dtype.is_floating_point or data._dtype.is_complex):
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
    t: Any = object.__new__(cls)
    t._data = base.settle(data)
    t._shape = data._shape
    t._dtype = data._dtype
    t._node = None
    t._versions = base.own_version(data)
    t._view = None
    if requires_grad:
        t.requires_grad_(True)
    return t


class _ParameterMeta(type(Tensor)):  # type: ignore[misc]
    """Counts instances of other classes derived from `Tensor` that `Parameter` was given as instances of it."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return super().__instancecheck__(instance) or (
            cls is Parameter and isinstance(instance, Tensor) and "_is_param" in instance.__dict__
        )


class Parameter(Tensor, metaclass=_ParameterMeta):
    """A tensor that a module counts among its parameters.

    Args:
        data: the tensor whose memory it uses; an empty one by default.
        requires_grad: whether it takes gradients, also inside `no_grad`.

    Raises:
        RuntimeError: `data` is of a dtype that cannot require a gradient, but `requires_grad` is set.
    """

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> "Parameter":
        """Make a leaf on the memory of `data`.

        Raises:
            RuntimeError: the data is of a class that cannot be detached as itself.
        """
        data = _nothing() if data is None else data
        if type(data) is Tensor or type(data) is Parameter:
            return _share(cls, data, requires_grad)  # type: ignore[no-any-return]
        t = data.detach().requires_grad_(requires_grad)
        if type(t) is not type(data):
            raise RuntimeError(
                f"Creating a Parameter from an instance of type {type(data).__name__} requires that detach() returns "
                f"an instance of the same type, but return type {type(t).__name__} was found instead. To use the type "
                "as a Parameter, please correct the detach() semantics defined by its __torch_dispatch__() "
                "implementation."
            )
        t._is_param = True
        return t  # type: ignore[no-any-return]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __deepcopy__(self, memo: dict[int, Any]) -> "Parameter":
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.data.clone(), self.requires_grad)
        return memo[id(self)]  # type: ignore[no-any-return]

    def __repr__(self) -> str:  # type: ignore[override]
        return "Parameter containing:\n" + super().__repr__()

    def __reduce_ex__(self, proto: Any) -> Any:
        from .._utils import _rebuild_parameter, _rebuild_parameter_with_state, attributes_of

        parts: tuple[Any, ...] = (self.data, self.requires_grad, OrderedDict())
        state = attributes_of(self)
        return (_rebuild_parameter_with_state, (*parts, state)) if state else (_rebuild_parameter, parts)

    # Optimisers look parameters up by the dozen in every step, and this is the quick way to be hashed by identity.
    __hash__ = object.__hash__


class _BufferMeta(type(Tensor)):  # type: ignore[misc]
    """Counts every tensor that `Buffer` made as an instance of it; they are plain tensors."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and getattr(instance, "_is_buffer", False)


class Buffer(Tensor, metaclass=_BufferMeta):
    """A tensor that a module registers as a buffer when it is assigned to an attribute.

    Args:
        data: the tensor whose memory it uses; an empty one by default.
        persistent: whether it belongs to the `state_dict`.
    """

    persistent: bool

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Any:
        """Make a plain tensor on the memory of `data`, known as a buffer."""
        data = _nothing() if data is None else data
        t = data.detach().requires_grad_(data.requires_grad)
        t.persistent = persistent
        t._is_buffer = True
        return t


class UninitializedTensorMixin:
    """A tensor whose shape is not known yet; `materialize` gives it one and makes it an ordinary tensor."""

    cls_to_become: type

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Takes memory of a shape, uninitialised, and becomes an ordinary parameter or buffer."""
        from ..ops.creation import empty

        mine: Any = self
        made = empty(shape, device=device, dtype=mine._dtype if dtype is None else dtype)
        mine._data, mine._shape, mine._dtype = made._data, made._shape, made._dtype
        mine.__class__ = self.cls_to_become

    @property
    def shape(self) -> Any:
        """Raises PyTorch's error.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. "
            "This error usually happens in `load_state_dict` when trying to load "
            "an uninitialized parameter into an initialized one. "
            "Call `forward` to initialize the parameters before accessing their attributes."
        )

    def share_memory_(self) -> Any:
        """Raises PyTorch's error.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(
            "Can't share memory on an uninitialized parameter or buffer. "
            "Call `forward` to initialize the parameters before calling "
            "`module.share_memory()`."
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __reduce_ex__(self, proto: Any) -> Any:
        return type(self), (self.requires_grad,)  # type: ignore[attr-defined]

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.requires_grad)  # type: ignore[attr-defined, call-arg]
        return memo[id(self)]


def is_lazy(param: Any) -> bool:
    """Whether a parameter or buffer has no shape yet."""
    return isinstance(param, UninitializedTensorMixin)


def _without_shape(cls: type, requires_grad: bool, device: Any, dtype: Any) -> Any:
    from ..ops.creation import empty

    return _share(cls, empty(0, device=device, dtype=dtype), requires_grad)


class UninitializedParameter(UninitializedTensorMixin, Parameter):  # type: ignore[misc]
    """A parameter of a lazy module before the first input.

    Args:
        requires_grad: whether it takes gradients.
        device: where it is made.
        dtype: its type.
    """

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Any:
        """Make a leaf without a shape."""
        return _without_shape(cls, requires_grad, device, dtype)


class UninitializedBuffer(UninitializedTensorMixin, Tensor):  # type: ignore[misc]
    """A buffer of a lazy module before the first input.

    Args:
        requires_grad: whether it takes gradients.
        device: where it is made.
        dtype: its type.
        persistent: whether it belongs to the `state_dict`.
    """

    cls_to_become = Tensor
    persistent: bool

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True
    ) -> Any:
        """Make a buffer without a shape."""
        made = _without_shape(cls, requires_grad, device, dtype)
        made.persistent = persistent
        made._is_buffer = True
        return made


base.namespace["Parameter"] = Parameter
