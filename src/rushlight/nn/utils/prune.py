"""Pruning: parameters of which some elements are held at zero by a mask (`torch.nn.utils.prune`).

A pruned parameter ``weight`` becomes ``weight_orig``, beside the buffer ``weight_mask``; a hook sets ``weight`` to
their product before each forward.
"""

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any, ClassVar, TypeVar

from ...ops.creation import ones_like, zeros_like
from ...ops.random_creation import rand, rand_like
from ...tensor import Tensor
from ..modules.module import Module
from ._pruning import BasePruningMethod, PruningContainer, along
from .convert_parameters import parameters_to_vector

M = TypeVar("M", bound=Module)

BasePruningMethod.__module__ = PruningContainer.__module__ = __name__


# ---------------------------------------------------------------------------------------------- amounts
def _check_amount(amount: Any) -> None:
    """Refuses what is neither a share nor a number of elements.

    Raises:
        TypeError: it is no number.
        ValueError: it is out of range.
    """
    if not isinstance(amount, Real):
        raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
    if float(amount) < 0 or (not isinstance(amount, Integral) and float(amount) > 1.0):
        raise ValueError(f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer")


def _count(amount: Any, size: int) -> int:
    """How many of `size` elements to prune.

    Raises:
        ValueError: there are not so many.
    """
    if not isinstance(amount, Integral):
        return round(amount * size)
    if int(amount) > size:
        raise ValueError(f"amount={amount} should be smaller than the number of parameters to prune={size}")
    return int(amount)


def _check_structured(t: Tensor, dim: int) -> None:
    if len(t.shape) <= 1:
        raise ValueError(
            "Structured pruning can only be applied to multidimensional tensors. Found tensor of shape "
            f"{t.shape} with {len(t.shape)} dims"
        )
    if dim >= t.dim():
        raise IndexError(f"Invalid index {dim} for tensor of size {t.shape}")


def _slices(t: Any, dim: int, chosen: Any) -> Any:
    """A mask that is one in the slices `chosen` along a dimension."""
    mask = zeros_like(t)
    mask[along(t, dim, chosen)] = 1
    return mask


# ---------------------------------------------------------------------------------------------- ways of choosing
class Identity(BasePruningMethod):
    """Prunes nothing."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask that was there."""
        return default_mask

    @classmethod
    def apply(cls, module: Module, name: str) -> Any:  # type: ignore[override]
        """Prune nothing of a parameter, which becomes a pruned one."""
        return super().apply(module, name)


class _Amount(BasePruningMethod):
    def __init__(self, amount: Any) -> None:
        _check_amount(amount)
        self.amount = amount


class _Unstructured(_Amount):
    """Prunes the elements of the greatest (or least) scores."""

    PRUNING_TYPE = "unstructured"
    _greatest: ClassVar[bool]

    def _scores(self, t: Any) -> Any:
        raise NotImplementedError

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask that was there, and zeros at the elements that are chosen."""
        count = _count(self.amount, t.nelement())
        mask = default_mask.clone()
        if count:
            chosen = self._scores(t).view(-1).topk(count, largest=self._greatest).indices
            mask.view(-1)[chosen] = 0
        return mask


class RandomUnstructured(_Unstructured):
    """Prunes elements at random.

    Args:
        amount: how many elements, or which share of them.
    """

    _greatest = True

    def _scores(self, t: Any) -> Any:
        return rand_like(t)

    @classmethod
    def apply(cls, module: Module, name: str, amount: Any) -> Any:  # type: ignore[override]
        """Prune elements of a parameter at random."""
        return super().apply(module, name, amount=amount)


class L1Unstructured(_Unstructured):
    """Prunes the elements that are least in absolute value.

    Args:
        amount: how many elements, or which share of them.
    """

    _greatest = False

    def _scores(self, t: Any) -> Any:
        return t.abs()

    @classmethod
    def apply(cls, module: Module, name: str, amount: Any, importance_scores: Any = None) -> Any:  # type: ignore[override]
        """Prune the elements of a parameter whose scores are least."""
        return super().apply(module, name, amount=amount, importance_scores=importance_scores)


class RandomStructured(_Amount):
    """Prunes slices at random.

    Args:
        amount: how many slices, or which share of them.
        dim: the dimension along which the slices are.
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: Any, dim: int = -1) -> None:
        super().__init__(amount)
        self.dim = dim

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask that was there, and zeros in the slices that are chosen."""
        _check_structured(t, self.dim)
        slices = t.shape[self.dim]
        count = _count(self.amount, slices)
        if count == 0:
            return default_mask
        scores = rand(slices)
        mask = _slices(t, self.dim, scores > scores.kthvalue(count).values)
        return mask.mul_(default_mask.to(dtype=mask.dtype))

    @classmethod
    def apply(cls, module: Module, name: str, amount: Any, dim: int = -1) -> Any:  # type: ignore[override]
        """Prune slices of a parameter at random."""
        return super().apply(module, name, amount=amount, dim=dim)


class LnStructured(_Amount):
    """Prunes the slices whose norm is least.

    Args:
        amount: how many slices, or which share of them.
        n: the p of the norm.
        dim: the dimension along which the slices are.
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: Any, n: Any, dim: int = -1) -> None:
        super().__init__(amount)
        self.n = n
        self.dim = dim

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask that was there, and zeros in the slices that are chosen."""
        _check_structured(t, self.dim)
        slices = t.shape[self.dim]
        count = _count(self.amount, slices)
        others = list(range(t.dim()))
        del others[self.dim]
        kept = t.norm(p=self.n, dim=others).topk(slices - count, largest=True).indices
        if count == 0:
            return default_mask
        mask = _slices(t, self.dim, kept)
        return mask.mul_(default_mask.to(dtype=mask.dtype))

    @classmethod
    def apply(  # type: ignore[override]
        cls, module: Module, name: str, amount: Any, n: Any, dim: int, importance_scores: Any = None
    ) -> Any:
        """Prune the slices of a parameter whose norm is least."""
        return super().apply(module, name, amount=amount, n=n, dim=dim, importance_scores=importance_scores)


class CustomFromMask(BasePruningMethod):
    """Prunes where a mask says so.

    Args:
        mask: zero where to prune.
    """

    PRUNING_TYPE = "global"

    def __init__(self, mask: Any) -> None:
        self.mask = mask

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The product of the mask that was there and the one that was given.

        Raises:
            AssertionError: the masks differ in shape.
        """
        if default_mask.shape != self.mask.shape:
            raise AssertionError(
                f"default_mask shape {default_mask.shape} must match self.mask shape {self.mask.shape}"
            )
        return default_mask * self.mask.to(dtype=default_mask.dtype)

    @classmethod
    def apply(cls, module: Module, name: str, mask: Any) -> Any:  # type: ignore[override]
        """Prune a parameter where a mask says so."""
        return super().apply(module, name, mask=mask)


# ---------------------------------------------------------------------------------------------- functions
def identity(module: M, name: str) -> M:
    """Prune nothing of a parameter, which becomes a pruned one; return the module."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: M, name: str, amount: Any) -> M:
    """Prune elements of a parameter at random: so many, or such a share; return the module.

    Args:
        module: the module.
        name: its parameter's name.
        amount: how many elements, or which share.
    """
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: M, name: str, amount: Any, importance_scores: Any = None) -> M:
    """Prune the elements least in absolute value (or in their scores'): so many, or such a share; return the module.

    Args:
        module: the module.
        name: its parameter's name.
        amount: how many elements, or which share.
        importance_scores: what is compared instead of the elements.
    """
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: M, name: str, amount: Any, dim: int) -> M:
    """Prune slices along `dim` at random: so many, or such a share; return the module.

    Args:
        module: the module.
        name: its parameter's name.
        amount: how many slices, or which share.
        dim: the dimension along which the slices lie.
    """
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(module: M, name: str, amount: Any, n: Any, dim: int, importance_scores: Any = None) -> M:
    """Prune the slices along `dim` whose n-norm is least: so many, or such a share; return the module.

    Args:
        module: the module.
        name: its parameter's name.
        amount: how many slices, or which share.
        n: the order of the norm.
        dim: the dimension along which the slices lie.
        importance_scores: what is compared instead of the elements.
    """
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def global_unstructured(parameters: Any, pruning_method: Any, importance_scores: Any = None, **kwargs: Any) -> None:
    """Prune several parameters as if they were one.

    Args:
        parameters: pairs (module, name).
        pruning_method: a class that chooses among elements.
        importance_scores: what to choose by, for some of the pairs; by default the parameters themselves.
        kwargs: how, for the class.

    Raises:
        TypeError: the arguments are of other kinds.
    """
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    parameters = list(parameters)
    importance_scores = {} if importance_scores is None else importance_scores
    if not isinstance(importance_scores, dict):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    scores = parameters_to_vector([importance_scores.get(pair, getattr(*pair)) for pair in parameters])
    mask = parameters_to_vector(
        [getattr(module, name + "_mask", ones_like(getattr(module, name))) for module, name in parameters]
    )
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            f'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method {pruning_method} of '
            f"type {method.PRUNING_TYPE}"
        )
    method._tensor_name = "temp"
    mask = PruningContainer(method).compute_mask(scores, mask)
    start = 0
    for module, name in parameters:
        param = getattr(module, name)
        custom_from_mask(module, name, mask=mask[start : start + param.numel()].view_as(param))
        start += param.numel()


def custom_from_mask(module: M, name: str, mask: Any) -> M:
    """Prune a parameter where the mask is zero; return the module."""
    CustomFromMask.apply(module, name, mask)
    return module


def remove(module: M, name: str) -> M:
    """Make a pruned parameter an ordinary one, with its present value; return the module.

    Raises:
        ValueError: it is not pruned.
    """
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")


def is_pruned(module: Module) -> bool:
    """Whether a parameter of the module, or of a module in it, is pruned."""
    return any(
        isinstance(hook, BasePruningMethod) for part in module.modules() for hook in part._forward_pre_hooks.values()
    )
