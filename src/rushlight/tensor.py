"""`Tensor`, the user's object: its dealings with autograd and with derived classes.

What it is apart from that is in tensor_values.py; its operations come from ops/.
"""

import sys
import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from . import dtypes, overrides
from .autograd import api, engine, gradient, leaf, metadata, mode, node
from .autograd.leaf import AccumulateGrad
from .base import (
    DETACHED,
    UNTOUCHED,
    TensorBase,
    base_of,
    former_node,
    namespace,
    own_version,
    settle,
    tensor_names,
    wrap,
)
from .tensor_values import TensorValues
from .warn import WITHOUT_VOLATILE

_NON_LEAF_GRAD = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be "
    "populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf Tensor, "
    "use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure you access the "
    "leaf Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more information."
)


class Tensor(TensorValues):
    """A multi-dimensional array of elements of one type, with an optional record of how it was computed.

    ``Tensor(2, 3)`` makes an uninitialised float32 tensor of that shape, ``Tensor([1, 2])`` one with these elements;
    new programs use `tensor`, `empty`, `zeros` and the like.
    """

    # Defaults of what few tensors have; the value, where there is one, lies in the instance's dictionary.
    _kept_grad: Any = None
    _kept_hooks: Any = None
    _retains: bool = False
    _tangent: Any = None
    _grad_dtype: Any = gradient.OWN

    def __new__(cls, *args: Any, dtype: Any = None, device: Any = None) -> Any:
        """Makes a tensor of a shape, or of given elements, in the default type."""
        from .ops.typed_tensors import legacy_tensor

        made = legacy_tensor(args, device)
        if cls is not Tensor:
            made = made.as_subclass(cls)
        return made

    # ------------------------------------------------------------------------------------------ derived classes
    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__torch_dispatch__" in vars(cls) and "__torch_function__" not in vars(cls):
            # Such a class deals with operations, and means functions to be what they are.
            cls.__torch_function__ = overrides.disabled_torch_function_impl  # type: ignore[assignment]
        if cls.__torch_function__ is not overrides.disabled_torch_function_impl:
            overrides.register(cls)

    # None stands for a class that leaves operations to autograd and the kernels: see ops/dispatching.py.
    __torch_dispatch__: Any = None

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """What functions do with instances of a derived class: as with tensors, but results are of that class."""
        return overrides.default(cls, func, types, args, kwargs)

    def as_subclass(self, cls: Any) -> Any:
        """The tensor as an instance of a derived class, on the same memory and in the same graph.

        Raises:
            TypeError: `cls` is no class, or not derived from `Tensor`.
        """
        if not isinstance(cls, type):
            raise TypeError(f"cls must be a type (got {type(cls).__name__})")
        if not issubclass(cls, Tensor):
            raise TypeError(
                "Creating a Tensor subclass from a class that does not inherit from Tensor is not possible. Make sure "
                "your class inherits from Tensor."
            )
        found = tensor_names["alias"](self)
        found.__class__ = cls
        if cls.__torch_dispatch__ is not None:
            namespace["announce"](found)
        return found

    @staticmethod
    def _make_subclass(cls: Any, data: Any, require_grad: bool = False) -> Any:
        """A leaf of a derived class on the memory of a tensor."""
        found = data.detach()
        found.__class__ = cls
        if cls.__torch_dispatch__ is not None:
            namespace["announce"](found)
        return found.requires_grad_(require_grad)

    @staticmethod
    def _make_wrapper_subclass(cls: Any, size: Any, *args: Any, **kwargs: Any) -> Any:
        """A tensor of a class with ``__torch_dispatch__`` that has a shape and dtype, but no elements of its own."""
        from .ops.dispatching import wrapper

        return wrapper(cls, size, *args, **kwargs)

    # Names of tensors belong to graphs of PyTorch's past.
    name = property(lambda self: None)

    @property
    def volatile(self) -> bool:
        """False, with a warning."""
        warnings.warn("volatile was removed (Variable.volatile is always False)", UserWarning, stacklevel=2)
        return False

    @volatile.setter
    def volatile(self, value: Any) -> None:
        warnings.warn(WITHOUT_VOLATILE, UserWarning, stacklevel=2)

    @volatile.deleter
    def volatile(self) -> None:
        warnings.warn(WITHOUT_VOLATILE, UserWarning, stacklevel=2)

    # ------------------------------------------------------------------------------------------ autograd
    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to this tensor: to a leaf that wants them, a result of such, or a view of one.

        Raises:
            RuntimeError: it is set to no boolean, of a tensor that is no leaf, or to True where there are no gradients.
        """
        if self._node is not None:
            return True
        base = base_of(self)
        return base is not None and base._node is not None

    @requires_grad.setter
    def requires_grad(self, on: bool) -> None:
        current = self._node
        if not isinstance(on, bool):
            raise RuntimeError("requires_grad must be a bool")
        if current is not None and type(current) is not AccumulateGrad:
            advice = (
                " If you want to use a computed variable in a subgraph that doesn't require differentiation use "
                "var_no_grad = var.detach()."
            )
            raise RuntimeError("you can only change requires_grad flags of leaf variables." + ("" if on else advice))
        if on:
            if self._dtype.category < dtypes.FLOATING:
                raise RuntimeError("only Tensors of floating point and complex dtype can require gradients")
            if self._versions is mode.INFERENCE and not mode.local.inference:
                raise RuntimeError(
                    "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed."
                )
            if current is None:
                leaf = self._node = AccumulateGrad(self)
                leaf.total, leaf.hooks = self._kept_grad, self._kept_hooks
                if self._grad_dtype is not gradient.OWN:
                    gradient.convert_gradients(self)
                if self._versions is mode.INFERENCE:
                    mode.inference_leaf(self)
        elif current is not None:
            self._kept_grad, self._kept_hooks = current.total, current.hooks
            self._node = None
        if mode.special.count:
            mode.tell("requires_grad", self)

    @requires_grad.deleter
    def requires_grad(self) -> None:
        raise RuntimeError("requires_grad must be a bool")

    def requires_grad_(self, requires_grad: bool = True) -> "Tensor":
        """Sets `requires_grad` and returns the tensor.

        Raises:
            TypeError: the argument is no boolean.
            RuntimeError: the tensor is no leaf, or holds integers or booleans.
        """
        if type(requires_grad) is not bool:
            kind = type(requires_grad).__name__
            raise TypeError(f"requires_grad_(): argument 'requires_grad' (position 1) must be bool, not {kind}")
        if requires_grad and self._dtype.category < dtypes.FLOATING and self._node is None:
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        if not requires_grad or not self.requires_grad:
            self.requires_grad = requires_grad
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether the tensor is no recorded operation's result."""
        current = self._node
        return current is None or type(current) is AccumulateGrad

    @property
    def grad_fn(self) -> Any:
        """The node of the operation that made the tensor, or None."""
        current = self._node
        if current is None or not current.seq:
            return None
        metadata.note(self)
        return current.next0 if type(current) is node.Output else current

    @property
    def output_nr(self) -> int:
        """Which output of its `grad_fn` the tensor is."""
        return node.function_of(former_node(self))[1]

    @property
    def _version(self) -> int:
        """How often the memory of this tensor was changed in place.

        Raises:
            RuntimeError: the tensor was made in inference mode.
        """
        if self._versions is mode.INFERENCE:
            raise RuntimeError("Inference tensors do not track version counter.")
        return self._versions[0] % DETACHED

    @property
    def grad(self) -> "Tensor | None":
        """The accumulated gradient; None until backward has reached the tensor."""
        try:  # costs nothing, where `former_node` costs as much as all the rest
            current = self._node
        except RuntimeError:  # a view that was left behind
            current = former_node(self)
        if type(current) is AccumulateGrad:
            total = current.total
            if isinstance(total, np.ndarray):
                total = current.total = wrap(total)
            return total
        kept = self._kept_grad
        if kept is None and current is not None and not self._retains:
            warnings.warn(_NON_LEAF_GRAD, UserWarning, stacklevel=2)
        if isinstance(kept, np.ndarray):
            kept = self._kept_grad = wrap(kept)
        return kept

    @grad.setter
    def grad(self, grad: "Tensor | None") -> None:
        if grad is not None:
            gradient.check_gradient(self, grad)
        current = former_node(self)
        if type(current) is AccumulateGrad:
            current.total = grad
        else:
            self._kept_grad = grad
        if mode.special.count:
            mode.tell("grad=", self, grad)

    @grad.deleter
    def grad(self) -> None:
        self.grad = None

    _grad = grad
    grad_dtype = property(gradient.grad_dtype, gradient.set_grad_dtype)

    @property
    def data(self) -> "Tensor":
        """The elements as a tensor without history; changes of it are not counted. Setting it exchanges the memory.

        Raises:
            TypeError: it is set to something else than a tensor.
            RuntimeError: the other tensor has another layout, or integers where gradients are wanted.
        """
        t = wrap(settle(self))
        if mode.special.count:
            mode.tell("data", t, self)
        return t

    @data.setter
    def data(self, value: "Tensor") -> None:
        if not isinstance(value, TensorBase):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        if self._node is not None and value._dtype.category < dtypes.FLOATING:
            raise RuntimeError("data set to a tensor that requires gradients must be floating point or complex dtype")
        if value.layout is not self.layout:
            raise RuntimeError(
                "Attempted to call `variable.set_data(tensor)`, but `variable` and `tensor` have incompatible tensor "
                "type."
            )
        self._data, self._shape, self._dtype = settle(value), value._shape, value._dtype
        if type(self._node) is AccumulateGrad:
            self._node.array = self._data
        if mode.special.count:
            mode.tell("data=", self, value)

    @data.deleter
    def data(self) -> None:
        raise RuntimeError("Deleting tensor data is not allowed. Delete tensor instead!")

    def detach(self) -> "Tensor":
        """The same memory as a tensor without history; in-place changes of either are seen by both, and counted."""
        t = wrap(settle(self))
        t._versions = self._versions if self._versions is not UNTOUCHED else own_version(self)
        if mode.special.count:
            mode.tell("detach", t, self)
        return t

    def detach_(self) -> "Tensor":
        """Takes the tensor out of the graph that made it.

        Raises:
            RuntimeError: the tensor is a view.
        """
        if self._view is not None:
            raise RuntimeError(
                "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for "
                "training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence "
                "detach_() cannot be called on these gradients. To fix this error, please refer to the "
                "Optimizer.zero_grad() function in torch/optim/optimizer.py as the solution."
            )
        if self._node is not None:
            versions = self._versions
            if versions is UNTOUCHED or sys.getrefcount(versions) <= 3:  # no other tensor shares them
                self._versions = [versions[0] + DETACHED]
        self.__dict__.pop("_tangent", None)
        self._node = None
        if mode.special.count:
            mode.tell("detach_", self)
        return self

    def backward(
        self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
    ) -> None:
        """Computes the gradients of this tensor with respect to the graph's leaves; see `torch.autograd.backward`."""
        current = self._node
        if current is not None and current.seq and not create_graph and inputs is None and self._dtype.plain:
            # The ordinary calls: on a loss, where the seed is a one, and with a seed just like the tensor.
            seed = None
            if gradient is None:
                if not self._shape:
                    seed = self._dtype.one.copy()
            elif type(gradient) is Tensor and gradient._dtype is self._dtype and gradient._shape == self._shape:
                seed = gradient._data
            if seed is not None and engine.run_one(current, seed, bool(retain_graph)):
                return
        api.backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    def register_hook(self, hook: Callable[..., Any]) -> node.RemovableHandle:
        """Calls ``hook(grad)`` whenever the gradient of this tensor is computed; a tensor it returns replaces it.

        Raises:
            RuntimeError: the tensor does not require a gradient.
        """
        current = self._node
        if current is None:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        return node.add_hook(leaf.tensor_hooks(current), hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[..., Any]) -> node.RemovableHandle:
        """Calls ``hook(tensor)`` each time a gradient was added to this leaf's ``.grad``.

        Raises:
            RuntimeError: the tensor does not require a gradient, or is no leaf.
        """
        current = self._node
        if current is None:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if type(current) is not AccumulateGrad:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        return node.add_hook(leaf.leaf_hooks(current).post_accumulate, hook)

    def retain_grad(self) -> None:
        """Keeps the gradient of this non-leaf in its ``.grad``; does nothing on a leaf.

        Raises:
            RuntimeError: the tensor does not require a gradient.
        """
        if self._node is None:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if type(self._node) is AccumulateGrad or self._retains:
            return
        self._retains = True
        function, index = node.function_of(self._node)
        node.hooked(function).retain.append(_Retain(self, index))

    @property
    def retains_grad(self) -> bool:
        """Whether the gradient of this non-leaf is kept."""
        return self._retains

    @property
    def _backward_hooks(self) -> Any:
        """The hooks registered on this tensor, by number, or None."""
        current = self._node
        if type(current) is AccumulateGrad:
            return current.hooks.tensor if current.hooks is not None else None
        if current is None:
            return None
        function, index = node.function_of(current)
        return function.rule.tensors.get(index) if function.rule.arity == node.HOOKED else None

    @_backward_hooks.setter
    def _backward_hooks(self, hooks: Any) -> None:
        if self._node is not None:
            leaf.set_tensor_hooks(self._node, OrderedDict() if hooks is None else hooks)

    @_backward_hooks.deleter
    def _backward_hooks(self) -> None:
        raise RuntimeError("Deletion of _backwards_hooks not allowed!")

    @property
    def _post_accumulate_grad_hooks(self) -> Any:
        """The hooks called when a gradient was added to this leaf's, by number, or None."""
        hooks = self._node.hooks if type(self._node) is AccumulateGrad else None
        return None if hooks is None else hooks.post_accumulate

    @_post_accumulate_grad_hooks.deleter
    def _post_accumulate_grad_hooks(self) -> None:
        raise RuntimeError("Deletion of _post_accumulate_grad_hooks not allowed!")

    @property
    def _grad_fn(self) -> Any:
        """Another name of `grad_fn`."""
        return self.grad_fn

    @_grad_fn.setter
    def _grad_fn(self, value: None) -> None:
        if value is not None:
            raise RuntimeError("_grad_fn can be only set to None")
        self.detach_()

    @_grad_fn.deleter
    def _grad_fn(self) -> None:
        raise RuntimeError("Deletion of _grad_fn not allowed. Detach tensor instead!")

    @property
    def _base(self) -> "Tensor | None":
        return base_of(self)

    def _is_view(self) -> bool:
        return self._view is not None

    def is_inference(self) -> bool:
        """Whether the tensor was made in inference mode."""
        return self._versions is mode.INFERENCE


class _Retain:
    """Stores a gradient in the tensor that asked for it, as long as it is alive."""

    __slots__ = ("index", "tensor")

    def __init__(self, tensor: Tensor, index: int):
        import weakref

        self.tensor = weakref.ref(tensor)
        self.index = index  # which output of its node the tensor is

    def __call__(self, grad: Any) -> None:
        tensor = self.tensor()
        if tensor is not None and grad is not None:
            have = tensor._kept_grad
            if have is None:
                tensor._kept_grad = grad.clone() if grad._node is not None else grad
            else:
                tensor._kept_grad = have + grad


def _refusing(name: str) -> Callable[..., None]:
    def refuse(tensor: Tensor, value: Any = None) -> None:
        raise AttributeError(f"attribute '{name}' of 'torch._C.TensorBase' objects is not writable")

    return refuse


# What is only read is refused in PyTorch's words where it is set or deleted.
for _kind in (TensorBase, TensorValues, Tensor):
    for _name, _found in list(vars(_kind).items()):
        if (
            isinstance(_found, property)
            and _found.fset is None
            and _name not in ("_post_accumulate_grad_hooks", "real")
        ):
            _refuse = _refusing(_name)
            setattr(_kind, _name, property(_found.fget, _refuse, _found.fdel or _refuse, _found.__doc__))


def _announce(t: Tensor) -> None:
    from .ops.dispatching import announce

    announce(t)


namespace["announce"] = _announce
namespace["Tensor"] = namespace["Parameter"] = Tensor
