"""`LRScheduler`: what all schedules share."""

import types
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import ref

from ...tensor import Tensor
from ..optimizer import Optimizer, _to_scalar

EPOCH_DEPRECATION_WARNING = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being "
    "deprecated where possible. Please use `scheduler.step()` to step the "
    "scheduler. During the deprecation, if epoch is different from None, the "
    "closed form is used instead of the new chainable form, where available. "
    "Please open an issue if you are unable to replicate your use case: "
    "https://github.com/pytorch/pytorch/issues/new/choose."
)


def _copy(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else value


def _values(optimizer: Optimizer, key: str) -> list[Any]:
    """The setting `key` of every group."""
    return [_copy(group[key]) for group in optimizer.param_groups]


def _for_each_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """A list of one value for each group, from such a list or from one value for all.

    Raises:
        ValueError: the list has another length.
    """
    count = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        value = [value] * count
    elif len(value) != count:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. "
            f"{name} has {len(value)} values, param_groups has {count}."
        )
    return [_copy(v) for v in value]


def _set(group: dict[str, Any], key: str, value: Any) -> None:
    """Give a group a new setting, in place where the old one is a tensor."""
    if isinstance(group[key], Tensor):
        group[key].fill_(_to_scalar(value))
    else:
        group[key] = value


def _check_optimizer(optimizer: Any) -> None:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


_ADVICE = "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
_OVERRIDDEN_STEP = (
    "Seems like `optimizer.step()` has been overridden after learning rate scheduler initialization. Please, make sure "
    f"to call `optimizer.step()` before `lr_scheduler.step()`. See more details at {_ADVICE}"
)
_NO_STEP_YET = (
    "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch 1.1.0 and later, you should call "
    "them in the opposite order: `optimizer.step()` before `lr_scheduler.step()`.  Failure to do this will result in "
    f"PyTorch skipping the first value of the learning rate schedule. See more details at {_ADVICE}"
)


class LRScheduler:
    """The base class of the schedules: sets the learning rate of each group of an optimiser, step by step.

    Args:
        optimizer: the optimiser.
        last_epoch: the number of the last step; -1 to begin.

    Attributes:
        base_lrs: the learning rates at the beginning.
        last_epoch: the number of the last step.

    Raises:
        TypeError: `optimizer` is not an optimiser.
        KeyError: the schedule is to go on, but a group does not know the learning rate it began with.
    """

    _get_lr_called_within_step: bool = False
    _is_initial: bool = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        _check_optimizer(optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", _copy(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming scheduler with "
                    "last_epoch >= 0.\nThis typically happens when:\n"
                    "1. You're trying to resume training from a checkpoint but haven't properly loaded the optimizer "
                    "state\n2. You're using last_epoch >= 0 for a fresh training run (not recommended)"
                )
        self.base_lrs: list[Any] = _values(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        _note_steps(optimizer)
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def state_dict(self) -> dict[str, Any]:
        """Return all attributes but the optimiser."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self.__dict__.update(state_dict)

    def get_last_lr(self) -> list[Any]:
        """Return the learning rate of each group."""
        return self._last_lr

    def get_lr(self) -> list[Any]:
        """Compute the learning rate of each group for the step `last_epoch`; subclasses define it.

        Raises:
            NotImplementedError: always; subclasses say how.
        """
        raise NotImplementedError

    def _rates(self) -> list[Any]:
        """The present learning rates."""
        return _values(self.optimizer, "lr")

    def _scaled(self, factor: float) -> list[Any]:
        """The present learning rates times `factor`."""
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def _warn_outside_step(self) -> None:
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, please use `get_last_lr()`.",
                UserWarning,
                stacklevel=3,
            )

    def step(self, epoch: int | None = None) -> None:
        """Go on by one step, after the optimiser's.

        Args:
            epoch: the number of the step to go to (deprecated).
        """
        if self._step_count == 1:
            self._warn_of_order()
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_DEPRECATION_WARNING, UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _warn_of_order(self) -> None:
        """Warns if the optimiser, whose step should come first, has made none, or no longer tells of its steps."""
        if not hasattr(self.optimizer.step, "_wrapped_by_lr_sched"):
            warnings.warn(_OVERRIDDEN_STEP, UserWarning, stacklevel=3)
        elif not getattr(self.optimizer, "_opt_called", False):
            warnings.warn(_NO_STEP_YET, UserWarning, stacklevel=3)

    def _update_lr(self, epoch: int | None = None) -> None:
        self._get_lr_called_within_step = True
        try:
            if epoch is None:
                self.last_epoch += 1
                rates = self.get_lr()
            else:
                self.last_epoch = epoch
                rates = getattr(self, "_get_closed_form_lr", self.get_lr)()
        finally:
            self._get_lr_called_within_step = False
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            _set(group, "lr", rate)
        self._last_lr = self._rates()


class _LRScheduler(LRScheduler):
    """The name that `LRScheduler` had before."""


def _note_steps(optimizer: Any) -> None:
    """Let the optimiser remember that its step was called, so that steps in the wrong order can be told."""
    if hasattr(optimizer.step, "_wrapped_by_lr_sched"):
        return
    function = optimizer.step.__func__
    # Weakly, because the optimiser will own the wrapper.
    reference = ref(optimizer)

    @wraps(function)
    def step(*args: Any, **kwargs: Any) -> Any:
        owner = reference()
        owner._opt_called = True  # type: ignore[union-attr]
        return function(owner, *args, **kwargs)

    step._wrapped_by_lr_sched = True  # type: ignore[attr-defined]
    optimizer.step = step


def without_functions(state: dict[str, Any], functions: list[Any]) -> dict[str, Any]:
    """A schedule's state with the attributes of `functions` in their place, where they are objects that have some."""
    kept = [None if isinstance(f, types.FunctionType) else f.__dict__.copy() for f in functions]
    return {**state, "lr_lambdas": kept}


def restore_functions(scheduler: Any, state: dict[str, Any], functions: list[Callable[[int], float]]) -> None:
    """Take over a state that `without_functions` made."""
    kept = state["lr_lambdas"]
    scheduler.__dict__.update({key: value for key, value in state.items() if key != "lr_lambdas"})
    for function, attributes in zip(functions, kept, strict=False):
        if attributes is not None:
            function.__dict__.update(attributes)
