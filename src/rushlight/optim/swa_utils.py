"""Averages of a model's parameters over training, and what goes with them (`torch.optim.swa_utils`).

Stochastic weight averaging: Izmailov et al. 2018.
"""

import math
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import chain
from typing import Any

from ..autograd.grad_mode import no_grad
from ..dtypes import int64
from ..nn.modules.batchnorm import _BatchNorm
from ..nn.modules.module import Module
from ..ops.creation import zeros
from ..tensor import Tensor
from .lr_scheduler._base import LRScheduler, _for_each_group
from .optimizer import Optimizer

__all__ = [
    "AveragedModel",
    "SWALR",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]


def _check_decay(decay: float) -> None:
    if decay < 0.0 or decay > 1.0:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")


def _can_lerp(params: Any) -> bool:
    return bool(params[0].is_floating_point() or params[0].is_complex())


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[[Any, Any, Any], None]:
    """The exponential moving average, for lists of parameters: ``average = decay * average + (1 - decay) * param``.

    Raises:
        ValueError: `decay` is not in [0, 1].
    """
    _check_decay(decay)

    @no_grad()
    def ema_update(ema_param_list: Any, current_param_list: Any, _: Any) -> None:
        lerps = _can_lerp(ema_param_list)
        for average, param in zip(ema_param_list, current_param_list, strict=True):
            if lerps:
                average.lerp_(param, 1 - decay)
            else:
                average.copy_(average * decay + param * (1 - decay))

    return ema_update


def get_swa_multi_avg_fn() -> Callable[[Any, Any, Any], None]:
    """The mean of all steps, for lists of parameters: ``average += (param - average) / (n + 1)``."""

    @no_grad()
    def swa_update(averaged_param_list: Any, current_param_list: Any, num_averaged: Any) -> None:
        lerps = _can_lerp(averaged_param_list)
        for average, param in zip(averaged_param_list, current_param_list, strict=True):
            if lerps:
                average.lerp_(param, 1 / (num_averaged + 1))
            else:
                average.addcdiv_(param - average, num_averaged + 1)

    return swa_update


def get_ema_avg_fn(decay: float = 0.999) -> Callable[[Tensor, Tensor, Any], Tensor]:
    """The exponential moving average, for one parameter.

    Raises:
        ValueError: `decay` is not in [0, 1].
    """
    _check_decay(decay)

    @no_grad()
    def ema_update(ema_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        return decay * ema_param + (1 - decay) * current_param

    return ema_update


def get_swa_avg_fn() -> Callable[[Tensor, Tensor, Any], Tensor]:
    """The mean of all steps, for one parameter."""

    @no_grad()
    def swa_update(averaged_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of the model's over the calls of `update_parameters`.

    Args:
        model: the model.
        device: where to keep the copy.
        avg_fn: computes the new average from the old one, the parameter, and the number of calls so far; the mean
            unless given.
        multi_avg_fn: the same, in place, for the lists of all averages and parameters of a dtype.
        use_buffers: whether buffers are averaged too; otherwise they are copied.

    Attributes:
        module: the copy. n_averaged: the number of calls.

    Raises:
        AssertionError: both functions are given.
    """

    n_averaged: Tensor

    def __init__(
        self, model: Module, device: Any = None, avg_fn: Callable[..., Any] | None = None,
        multi_avg_fn: Callable[..., Any] | None = None, use_buffers: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", zeros((), dtype=int64, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the copy computes."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the model's present parameters into the averages."""
        mine: Iterable[Any] = self.parameters()
        its: Iterable[Any] = model.parameters()
        if self.use_buffers:
            mine, its = chain(self.module.parameters(), self.module.buffers()), chain(its, model.buffers())
        pairs = [(average.detach(), param.detach()) for average, param in zip(mine, its, strict=False)]
        if self.n_averaged == 0:
            for average, param in pairs:
                average.copy_(param)
        elif self.multi_avg_fn is not None:
            kinds: dict[Any, list[Any]] = {}
            for pair in pairs:
                kinds.setdefault(pair[0].dtype, []).append(pair)
            for alike in kinds.values():
                averages, params = map(list, zip(*alike, strict=True))
                self.multi_avg_fn(averages, params, self.n_averaged)
        else:
            update = self.avg_fn or get_swa_avg_fn()
            for average, param in pairs:
                average.copy_(update(average, param, self.n_averaged))
        if not self.use_buffers:
            for kept, buffer in zip(self.module.buffers(), model.buffers(), strict=True):
                kept.detach().copy_(buffer.detach())
        self.n_averaged += 1


@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running means and variances of a model's batch norms anew, over one pass through the data.

    Args:
        loader: gives the inputs, or lists that begin with them.
        model: the model.
        device: where to send the inputs.
    """
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not norms:
        return
    momenta = [module.momentum for module in norms]
    was_training = model.training
    model.train()
    for module in norms:
        module.reset_running_stats()
        # The mean of all batches.
        module.momentum = None
    for batch in loader:
        inputs = batch[0] if isinstance(batch, (list, tuple)) else batch
        model(inputs if device is None else inputs.to(device))
    for module, momentum in zip(norms, momenta, strict=True):
        module.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """From the present learning rate to a fixed one, and on with that.

    Args:
        optimizer: the optimiser.
        swa_lr: the fixed learning rate, or a list of one for each group.
        anneal_epochs: the number of steps on the way.
        anneal_strategy: ``"cos"`` or ``"linear"``.
        last_epoch: the number of the last step; -1 to begin.

    Raises:
        TypeError: `optimizer` is not an optimiser.
        ValueError: there is no such way, its length is not a number of steps, or the list has another length.
    """

    def __init__(
        self, optimizer: Optimizer, swa_lr: Any, anneal_epochs: int = 10, anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        for rate, group in zip(_for_each_group("swa_lr", optimizer, swa_lr), optimizer.param_groups, strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in ["cos", "linear"]:
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._set_anneal_func(anneal_strategy)
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    @staticmethod
    def _linear_anneal(t: float) -> float:
        return t

    @staticmethod
    def _cosine_anneal(t: float) -> float:
        return (1 - math.cos(math.pi * t)) / 2

    def _set_anneal_func(self, anneal_strategy: str) -> None:
        self._anneal_strategy = anneal_strategy
        self.anneal_func = self._cosine_anneal if anneal_strategy == "cos" else self._linear_anneal

    def _share(self, step: int) -> float:
        """The share of the fixed learning rate at a step."""
        return self.anneal_func(max(0, min(1, step / max(1, self.anneal_epochs))))

    def get_lr(self) -> list[Any]:
        """Compute the learning rate of each group for the present step."""
        self._warn_outside_step()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, share = self._share(step - 1), self._share(step)
        rates = []
        for group in self.optimizer.param_groups:
            rate, fixed = group["lr"], group["swa_lr"]
            start = fixed if before == 1 else (rate - before * fixed) / (1 - before)
            rates.append(fixed * share + start * (1 - share))
        return rates

    def state_dict(self) -> dict[str, Any]:
        """Return all attributes but the optimiser and the function."""
        return {key: value for key, value in super().state_dict().items() if key != "anneal_func"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        super().load_state_dict(state_dict)
        self._set_anneal_func(self._anneal_strategy)
