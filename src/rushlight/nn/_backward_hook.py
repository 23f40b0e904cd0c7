"""How a module's full backward hooks see the gradients of its inputs and outputs.

The tensors that enter the module and those that leave it pass through two identity nodes. The node at the exit runs
first in backward: it shows the gradients of the outputs to the pre-hooks. The node at the entrance runs last: it shows
the gradients of the inputs, together with those of the outputs, to the hooks.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd.function import Function
from ..autograd.mode import is_grad_enabled
from ..base import wrap
from ..tensor import Tensor
from ..warn import warn

Hooks = list[Callable[..., Any]]


def zeros(shape: Any, dtype: Any) -> Tensor:
    """A tensor of zeros."""
    return wrap(np.zeros(shape, dtype.numpy))


class BackwardHookFunction(Function):
    """The identity on any number of tensors, as one node."""

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        ctx.mark_non_differentiable(*[arg for arg in args if not arg.requires_grad])
        return args

    @staticmethod
    def backward(ctx: Any, *args: Any) -> Any:
        return args


class _Positions(list[int]):
    """The positions of the tensors among some values.

    Attributes:
        needing: the positions of those that require a gradient.
        others: what those are like that do not, by position: (shape, dtype).
    """

    def __init__(self, values: Any) -> None:
        super().__init__(i for i, value in enumerate(values) if isinstance(value, Tensor))
        self.needing = [i for i in self if values[i].requires_grad]
        self.others = {i: (values[i].shape, values[i].dtype) for i in self if not values[i].requires_grad}

    def of(self, gradients: Any) -> list[int]:
        """The positions that the entries of `gradients` belong to: a node shows all of its inputs, or those in need."""
        return self if len(gradients) == len(self) else self.needing


def _spread(indices: list[int], values: Any, size: int) -> tuple[Any, ...]:
    """A tuple of `size` entries with `values` at `indices` and None elsewhere."""
    spread: list[Any] = [None] * size
    for index, value in zip(indices, values, strict=True):
        spread[index] = value
    return tuple(spread)


class BackwardHook:
    """The hooks of one call of one module.

    Args:
        module: the module, handed to every hook.
        user_hooks: called with (module, grad_input, grad_output).
        user_pre_hooks: called with (module, grad_output).
    """

    def __init__(self, module: Any, user_hooks: Hooks, user_pre_hooks: Hooks) -> None:
        self.module = module
        self.user_hooks = user_hooks
        self.user_pre_hooks = user_pre_hooks
        self.grad_outputs: Any = None
        self.n_outputs = -1
        self.output_tensors_index: _Positions | None = None
        self.n_inputs = -1
        self.input_tensors_index: _Positions | None = None

    def setup_input_hook(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return `args` with its tensors passed through the entrance node."""
        passed, self.input_tensors_index = self._pass_through(self._at_entrance, args)
        self.n_inputs = len(args)
        return passed

    def setup_output_hook(self, args: Any) -> Any:
        """Return the output `args`, a tensor or a tuple, with its tensors passed through the exit node."""
        outputs = args if isinstance(args, tuple) else (args,)
        passed, self.output_tensors_index = self._pass_through(self._at_exit, outputs)
        self.n_outputs = len(outputs)
        return passed if isinstance(args, tuple) else passed[0]

    def _pass_through(self, run: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, _Positions | None]:
        indices = _Positions(args)
        if not (is_grad_enabled() and indices.needing):
            return args, None
        passed = BackwardHookFunction.apply(*[args[i] for i in indices])
        nodes = [t.grad_fn for t in passed if t.grad_fn is not None]

        def hook(grad_inputs: Any, grad_outputs: Any) -> Any:
            return run(grad_inputs, grad_outputs)

        nodes[0].register_hook(hook)
        replaced = list(args)
        for index, tensor in zip(indices, passed, strict=True):
            replaced[index] = tensor
        # A named tuple takes its fields one by one, a tuple all at once.
        return (tuple(replaced) if type(args) is tuple else type(args)(*replaced)), indices

    def _at_entrance(self, grad_input: Any, _: Any) -> Any:
        # None when the gradient did not come by the module's outputs: then there is nothing to report.
        if self.grad_outputs is None or self.input_tensors_index is None:
            return None
        places = self.input_tensors_index.of(grad_input)
        grads: Any = _spread(places, grad_input, self.n_inputs)
        others = self.input_tensors_index.others
        if others:
            # What passed the entrance without requiring a gradient has one of zeros.
            grads = tuple([zeros(*others[i]) if i in others else g for i, g in enumerate(grads)])
        for hook in self.user_hooks:
            changed = hook(self.module, grads, self.grad_outputs)
            if changed is None:
                continue
            if len(changed) != len(grads):
                raise RuntimeError(
                    f"Backward hook returned an invalid number of grad_input, got {len(changed)}, "
                    f"but expected {len(grads)}"
                )
            grads = changed
        self.grad_outputs = None
        return tuple(grads[i] for i in places)

    def _at_exit(self, grad_input: Any, grad_output: Any) -> Any:
        if self.output_tensors_index is None:
            return None
        grads: Any = _spread(self.output_tensors_index, grad_output, self.n_outputs)
        self.grad_outputs = grads
        for hook in self.user_pre_hooks:
            changed = hook(self.module, grads)
            if changed is None:
                continue
            if len(changed) != len(grads):
                raise RuntimeError(
                    f"Backward pre hook returned an invalid number of grad_output, got {len(changed)}, "
                    f"but expected {len(grads)}"
                )
            self.grad_outputs = grads = changed
        if self.input_tensors_index is None:
            self._run_without_inputs(grads)
        return tuple(grads[i] for i in self.output_tensors_index.of(grad_input))

    def _run_without_inputs(self, grad_outputs: Any) -> None:
        """No input requires a gradient, so the hooks run at the exit and have nothing to replace.

        Raises:
            RuntimeError: a hook returns gradients.
        """
        warn(
            "Full backward hook is firing when gradients are computed with respect to module outputs since no inputs "
            "require gradients. See https://docs.pytorch.org/docs/main/generated/"
            "torch.nn.Module.html#torch.nn.Module.register_full_backward_hook for more details."
        )
        for hook in self.user_hooks:
            changed = hook(self.module, (None,) * self.n_inputs, grad_outputs)
            if changed is not None and not (isinstance(changed, tuple) and all(grad is None for grad in changed)):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always return None or None for "
                    "all gradients."
                )
        self.grad_outputs = None
