"""The hooks that prune (`torch.nn.utils.prune`): what all ways of pruning share, and several ways together."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

from ...ops.creation import ones_like
from ..modules.module import Module


def along(t: Any, dim: int, chosen: Any) -> tuple[Any, ...]:
    """The index of the slices `chosen` along a dimension."""
    index: list[Any] = [slice(None)] * t.dim()
    index[dim] = chosen
    return tuple(index)


class BasePruningMethod(ABC):
    """A way of choosing what to prune; its objects are hooks of the modules they prune.

    Subclasses define `compute_mask`, and `PRUNING_TYPE`: ``"unstructured"`` when it chooses among elements,
    ``"structured"`` among slices along `dim`, ``"global"`` when it looks at all elements again.
    """

    _tensor_name: str
    PRUNING_TYPE: ClassVar[str]

    def __call__(self, module: Module, inputs: Any) -> None:
        """Set the parameter to its pruned value, before a forward."""
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask for elements of importance `t`, which is zero at least where `default_mask` is."""

    def apply_mask(self, module: Module) -> Any:
        """The product of the module's original parameter and its mask.

        Raises:
            AssertionError: nothing is pruned.
        """
        if self._tensor_name is None:
            raise AssertionError(f"Module {module} has to be pruned")
        mask, original = (getattr(module, self._tensor_name + part) for part in ("_mask", "_orig"))
        return mask.to(dtype=original.dtype) * original

    @classmethod
    def apply(cls, module: Module, name: str, *args: Any, importance_scores: Any = None, **kwargs: Any) -> Any:
        """Prune a parameter, further if it is pruned already.

        Args:
            module: the module, which is changed.
            name: the name of the parameter.
            args, kwargs: how, for the class.
            importance_scores: what to choose by, of the shape of the parameter; by default the parameter itself.

        Returns:
            The hook.

        Raises:
            AssertionError: the scores have another shape, or the parameter has several hooks.
        """
        hooks = module._forward_pre_hooks
        older = {k: h for k, h in hooks.items() if isinstance(h, BasePruningMethod) and h._tensor_name == name}
        if len(older) > 1:
            raise AssertionError(
                f"Avoid adding multiple pruning hooks to the same tensor {name} of module {module}. "
                "Use a PruningContainer."
            )
        for key in older:
            del hooks[key]
        method: BasePruningMethod = cls(*args, **kwargs)
        method._tensor_name = name
        for before in older.values():
            container = before if isinstance(before, PruningContainer) else PruningContainer(before)
            container.add_pruning_method(method)
            method = container

        original = getattr(module, name)
        if importance_scores is None:
            importance_scores = original
        elif importance_scores.shape != original.shape:
            raise AssertionError(
                f"importance_scores should have the same shape as parameter {name} of {module}, got "
                f"{importance_scores.shape} vs {original.shape}"
            )
        if older:
            default_mask = getattr(module, name + "_mask").detach().clone()
        else:
            module.register_parameter(name + "_orig", original)
            del module._parameters[name]
            default_mask = ones_like(original)
        try:
            module.register_buffer(name + "_mask", method.compute_mask(importance_scores, default_mask=default_mask))
            setattr(module, name, method.apply_mask(module))
            module.register_forward_pre_hook(method)
        except Exception:
            if not older:
                module.register_parameter(name, getattr(module, name + "_orig"))
                del module._parameters[name + "_orig"]
            raise
        return method

    def prune(self, t: Any, default_mask: Any = None, importance_scores: Any = None) -> Any:
        """The product of a tensor and the mask for it.

        Args:
            t: the tensor.
            default_mask: what is pruned already; nothing unless given.
            importance_scores: what to choose by, of the same shape; by default the tensor itself.

        Raises:
            AssertionError: the scores have another shape.
        """
        scores = t if importance_scores is None else importance_scores
        if scores.shape != t.shape:
            shapes = f"{scores.shape} vs {t.shape}"
            raise AssertionError(f"importance_scores should have the same shape as tensor t, got {shapes}")
        return t * self.compute_mask(scores, default_mask=ones_like(t) if default_mask is None else default_mask)

    def remove(self, module: Module) -> None:
        """Make the pruned parameter an ordinary one, with its present value.

        Raises:
            AssertionError: nothing is pruned.
        """
        if self._tensor_name is None:
            raise AssertionError(f"Module {module} has to be pruned before pruning can be removed")
        weight, name = self.apply_mask(module), self._tensor_name
        if hasattr(module, name):
            delattr(module, name)
        original: Any = module._parameters.pop(name + "_orig")
        original.data = weight.data
        del module._buffers[name + "_mask"]
        setattr(module, name, original)


class PruningContainer(BasePruningMethod):
    """Several ways of pruning the same parameter, one after the other.

    Args:
        args: the ways.
    """

    def __init__(self, *args: BasePruningMethod) -> None:
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        if len(args) == 1:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: Any) -> None:
        """Append a way.

        Raises:
            TypeError: it is none.
            ValueError: it prunes another parameter.
        """
        if method is not None:
            if not isinstance(method, BasePruningMethod):
                raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
            if self._tensor_name != method._tensor_name:
                raise ValueError(
                    f"Can only add pruning methods acting on the parameter named '{self._tensor_name}' to "
                    f"PruningContainer {self}. Found '{method._tensor_name}'"
                )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: int) -> BasePruningMethod:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask of the last way, which chooses among what the earlier ones left.

        Raises:
            AttributeError: the way prunes slices and does not say along which dimension.
            IndexError: there is no such dimension.
            ValueError: its `PRUNING_TYPE` is none of the three.
        """
        method: Any = self._pruning_methods[-1]
        mask = default_mask.to(dtype=t.dtype)
        left: Any
        if method.PRUNING_TYPE == "unstructured":
            left = default_mask == 1
        elif method.PRUNING_TYPE == "structured":
            if not hasattr(method, "dim"):
                raise AttributeError(
                    'Pruning methods of PRUNING_TYPE "structured" need to have the attribute `dim` defined.'
                )
            dim = method.dim if method.dim >= 0 else method.dim + t.dim()
            if dim < 0:
                raise IndexError(f"Index is out of bounds for tensor with dimensions {t.dim()}")
            others = [d for d in range(t.dim()) if d != dim]
            left = along(t, dim, default_mask.sum(dim=others) != 0)
        elif method.PRUNING_TYPE == "global":
            left = (slice(None),) * t.dim()
        else:
            raise ValueError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
        mask[left] = method.compute_mask(t[left], default_mask=default_mask[left]).to(dtype=mask.dtype)
        return mask
