"""The hooks of modules: the ones registered on one module, the global ones, and the call that runs them.

`Module.__call__` asks only whether there is any hook at all; everything else about hooks lives here.
"""

import functools
import warnings
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ...tensor import Tensor
from ...utils.hooks import RemovableHandle
from .._backward_hook import BackwardHook

if TYPE_CHECKING:
    from .module import Module

__all__ = [
    "register_module_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]

Hooks = OrderedDict[int, Callable[..., Any]]
Flags = OrderedDict[int, bool]


class GlobalHooks:
    """Hooks that hold for every module of the process. One instance exists: `global_hooks`."""

    __slots__ = (
        "active",
        "backward",
        "backward_is_full",
        "backward_pre",
        "buffer_registration",
        "forward",
        "forward_always_called",
        "forward_pre",
        "forward_with_kwargs",
        "module_registration",
        "parameter_registration",
    )

    def __init__(self) -> None:
        # `active` is what a call looks at; a handle removed later leaves it set, which costs time and nothing else.
        self.active = False
        self.forward_pre: Hooks = OrderedDict()
        self.forward: Hooks = OrderedDict()
        self.forward_always_called: Flags = OrderedDict()
        self.forward_with_kwargs: Flags = OrderedDict()
        self.backward_pre: Hooks = OrderedDict()
        self.backward: Hooks = OrderedDict()
        self.backward_is_full: bool | None = None
        self.buffer_registration: Hooks = OrderedDict()
        self.module_registration: Hooks = OrderedDict()
        self.parameter_registration: Hooks = OrderedDict()

    def refresh(self) -> bool:
        """Recompute and return whether a call has any global hook to run."""
        self.active = bool(self.forward_pre or self.forward or self.backward_pre or self.backward)
        return self.active


global_hooks = GlobalHooks()


def _add(hooks: Hooks, hook: Callable[..., Any], extra: Any = None, prepend: bool = False) -> RemovableHandle:
    handle = RemovableHandle(hooks, extra_dict=extra)
    hooks[handle.id] = hook
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, name, buffer)` before any module stores a buffer; a tensor it returns is stored instead."""
    return _add(global_hooks.buffer_registration, hook)


def register_module_module_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, name, submodule)` before any module stores a submodule; a module it returns replaces it."""
    return _add(global_hooks.module_registration, hook)


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, name, param)` before any module stores a parameter; a parameter it returns replaces it."""
    return _add(global_hooks.parameter_registration, hook)


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, args)` before the forward of every module; a value it returns replaces the arguments."""
    handle = _add(global_hooks.forward_pre, hook)
    global_hooks.active = True
    return handle


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call `hook(module, args, output)` after the forward of every module.

    Args:
        hook: what to call; a value other than None that it returns replaces the output.
        with_kwargs: call `hook(module, args, kwargs, output)` instead.
        always_call: call it also when the forward raises.
    """
    handle = _add(global_hooks.forward, hook, global_hooks.forward_always_called)
    if with_kwargs:
        global_hooks.forward_with_kwargs[handle.id] = True
    if always_call:
        global_hooks.forward_always_called[handle.id] = True
    global_hooks.active = True
    return handle


def _set_global_backward_kind(full: bool) -> None:
    if global_hooks.backward_is_full is (not full):
        raise RuntimeError(
            "Cannot use both regular backward hooks and full backward hooks as a "
            "global Module hook. Please use only one of them."
        )
    global_hooks.backward_is_full = full


def register_module_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` on the last node of every module (superseded by the full hooks)."""
    _set_global_backward_kind(False)
    handle = _add(global_hooks.backward, hook)
    global_hooks.active = True
    return handle


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_output)` before the gradients of every module's inputs are computed."""
    handle = _add(global_hooks.backward_pre, hook)
    global_hooks.active = True
    return handle


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` once the gradients of every module's inputs are computed."""
    _set_global_backward_kind(True)
    handle = _add(global_hooks.backward, hook)
    global_hooks.active = True
    return handle


class _WrappedHook:
    """A hook that may be bound, weakly, to its module; it survives pickling together with that module."""

    def __init__(self, hook: Callable[..., Any], module: "Module | None" = None) -> None:
        self.hook = hook
        functools.update_wrapper(self, hook)
        self.with_module = module is not None
        if module is not None:
            self.module = weakref.ref(module)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self.with_module:
            return self.hook(*args, **kwargs)
        module = self.module()
        if module is None:
            raise RuntimeError("You are trying to call the hook of a dead Module!")
        return self.hook(module, *args, **kwargs)

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = {"hook": self.hook, "with_module": self.with_module}
        if self.with_module:
            state["module"] = self.module()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.hook = state["hook"]
        self.with_module = state["with_module"]
        if self.with_module:
            if state["module"] is None:
                raise RuntimeError("You are trying to revive the hook of a dead Module!")
            self.module = weakref.ref(state["module"])


class HookMethods:
    """The part of `Module` that registers hooks and calls a module which has some."""

    forward: Callable[..., Any]
    _forward_hooks: Hooks
    _forward_hooks_with_kwargs: Flags
    _forward_hooks_always_called: Flags
    _forward_pre_hooks: Hooks
    _forward_pre_hooks_with_kwargs: Flags
    _backward_hooks: Hooks
    _backward_pre_hooks: Hooks
    _is_full_backward_hook: bool | None

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before every forward; a value other than None that it returns replaces `args`.

        Args:
            hook: what to call.
            prepend: run it before the hooks registered so far.
            with_kwargs: call `hook(module, args, kwargs)`, which returns None or `(new_args, new_kwargs)`.

        Returns:
            A handle whose `remove()` takes the hook away.
        """
        handle = _add(self._forward_pre_hooks, hook, self._forward_pre_hooks_with_kwargs, prepend)
        if with_kwargs:
            self._forward_pre_hooks_with_kwargs[handle.id] = True
        return handle

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after every forward; a value it returns replaces the output.

        Args:
            hook: what to call.
            prepend: run it before the hooks registered so far.
            with_kwargs: call `hook(module, args, kwargs, output)` instead.
            always_call: call it also when the forward raised.

        Returns:
            A handle whose `remove()` takes the hook away.
        """
        extra = [self._forward_hooks_with_kwargs, self._forward_hooks_always_called]
        handle = _add(self._forward_hooks, hook, extra, prepend)
        if with_kwargs:
            self._forward_hooks_with_kwargs[handle.id] = True
        if always_call:
            self._forward_hooks_always_called[handle.id] = True
        return handle

    def _set_backward_kind(self, full: bool) -> None:
        if self._is_full_backward_hook is (not full):
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a "
                "single Module. Please use only one of them."
            )
        self._is_full_backward_hook = full

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` on the node that made the output.

        Superseded by `register_full_backward_hook`, which sees the gradients of the module's own inputs.
        """
        self._set_backward_kind(False)
        return _add(self._backward_hooks, hook)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` before the gradients of the inputs are computed.

        A tuple that it returns replaces `grad_output` in what follows.
        """
        return _add(self._backward_pre_hooks, hook, prepend=prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when the gradients of the inputs are known.

        A tuple that it returns replaces `grad_input` in what follows.
        """
        self._set_backward_kind(True)
        return _add(self._backward_hooks, hook, prepend=prepend)

    def _get_backward_hooks(self) -> tuple[list[Callable[..., Any]], list[Callable[..., Any]]]:
        """The hooks of both kinds, (full, not full), the global ones first."""
        full: list[Callable[..., Any]] = []
        other: list[Callable[..., Any]] = []
        for kind, hooks in (
            (global_hooks.backward_is_full, global_hooks.backward),
            (self._is_full_backward_hook, self._backward_hooks),
        ):
            if kind is not None:
                (full if kind else other).extend(hooks.values())
        return full, other

    def _get_backward_pre_hooks(self) -> list[Callable[..., Any]]:
        return [*global_hooks.backward_pre.values(), *self._backward_pre_hooks.values()]

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the forward and every hook there is: pre-hooks, backward pre-hooks, forward hooks, backward hooks."""
        call = _HookedCall(self, args, kwargs)
        try:
            return call.run()
        except Exception:
            call.run_always_called()
            raise


class _HookedCall:
    """One call of a module that has hooks, with what it has come to so far."""

    def __init__(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.module = module
        self.args = args
        self.kwargs = kwargs
        self.result: Any = None
        self.done: set[int] = set()

    def run(self) -> Any:
        module = self.module
        pre_hooks = module._get_backward_pre_hooks()
        full_hooks, other_hooks = module._get_backward_hooks()
        self.run_forward_pre_hooks()
        backward_hook = None
        if full_hooks or pre_hooks:
            backward_hook = BackwardHook(module, full_hooks, pre_hooks)
            self.args = backward_hook.setup_input_hook(self.args)
        self.result = module.forward(*self.args, **self.kwargs)
        self.run_forward_hooks()
        if backward_hook is not None:
            if not isinstance(self.result, (Tensor, tuple)):
                warnings.warn(
                    "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors "
                    f"but received {type(self.result)}",
                    stacklevel=5,
                )
            self.result = backward_hook.setup_output_hook(self.result)
        if other_hooks:
            self.attach_to_last_node(other_hooks)
        return self.result

    def run_forward_pre_hooks(self) -> None:
        module = self.module
        for key, hook in (*global_hooks.forward_pre.items(), *module._forward_pre_hooks.items()):
            if key in module._forward_pre_hooks_with_kwargs:
                changed = hook(module, self.args, self.kwargs)
                if changed is None:
                    continue
                if not (isinstance(changed, tuple) and len(changed) == 2):
                    raise RuntimeError(
                        f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {changed}."
                    )
                self.args, self.kwargs = changed
            else:
                changed = hook(module, self.args)
                if changed is not None:
                    self.args = changed if isinstance(changed, tuple) else (changed,)

    def run_forward_hooks(self) -> None:
        module = self.module
        for key, hook in (*global_hooks.forward.items(), *module._forward_hooks.items()):
            if key in module._forward_hooks_always_called or key in global_hooks.forward_always_called:
                self.done.add(key)
            self.run_one(hook, key in module._forward_hooks_with_kwargs or key in global_hooks.forward_with_kwargs)

    def run_one(self, hook: Callable[..., Any], with_kwargs: bool) -> None:
        if with_kwargs:
            changed = hook(self.module, self.args, self.kwargs, self.result)
        else:
            changed = hook(self.module, self.args, self.result)
        if changed is not None:
            self.result = changed

    def run_always_called(self) -> None:
        """After an error: the hooks registered with `always_call=True` that have not run yet."""
        module = self.module
        for what, hooks, always, with_kwargs in (
            ("global module", global_hooks.forward, global_hooks.forward_always_called, {}),
            ("module", module._forward_hooks, module._forward_hooks_always_called, module._forward_hooks_with_kwargs),
        ):
            for key, hook in hooks.items():
                if key not in always or key in self.done:
                    continue
                try:
                    self.run_one(hook, key in with_kwargs)
                except Exception as error:
                    warnings.warn(
                        f"{what} forward hook with ``always_call=True`` raised an exception "
                        f"that was silenced as another error was raised in forward: {error}",
                        stacklevel=4,
                    )

    def attach_to_last_node(self, hooks: Iterable[Callable[..., Any]]) -> None:
        """Put the old kind of backward hook on the node that made the output."""
        value = self.result
        while not isinstance(value, Tensor):
            value = next(v for v in value.values() if isinstance(v, Tensor)) if isinstance(value, dict) else value[0]
        node = value.grad_fn
        if node is None:
            return
        for hook in hooks:
            node.register_hook(_WrappedHook(hook, self.module))
        _warn_about_partial_gradients(self.args, self.result, node)


def _warn_about_partial_gradients(inputs: Any, result: Any, node: Any) -> None:
    """Warn when a hook of the old kind will not see the gradients that its arguments promise."""
    use_full = "Please use register_full_backward_hook to get the documented behavior."
    message = None
    results = (result,) if isinstance(result, Tensor) else result
    inputs = (inputs,) if isinstance(inputs, Tensor) else inputs
    if not (isinstance(results, tuple) and all(isinstance(r, Tensor) for r in results)):
        message = (
            "Using non-full backward hooks on a Module that does not return a single Tensor or a tuple of Tensors is "
            "deprecated and will be removed in future versions. This hook will be missing some of the grad_output. "
            + use_full
        )
    elif not (isinstance(inputs, tuple) and all(isinstance(i, Tensor) for i in inputs)):
        message = (
            "Using non-full backward hooks on a Module that does not take as input a single Tensor or a tuple of "
            "Tensors is deprecated and will be removed in future versions. This hook will be missing some of the "
            "grad_input. " + use_full
        )
    else:
        made_by = {r.grad_fn for r in results if r.grad_fn is not None}
        if not made_by or (len(made_by) == 1 and node not in made_by):
            message = (
                "Using a non-full backward hook when outputs are nested in python data structure is deprecated and "
                "will be removed in future versions. This hook will be missing some grad_output."
            )
        elif len(made_by) > 1:
            message = (
                "Using a non-full backward hook when outputs are generated by different autograd Nodes is deprecated "
                "and will be removed in future versions. This hook will be missing some grad_output. " + use_full
            )
        elif {i.grad_fn for i in inputs if i.grad_fn is not None} != {edge[0] for edge in node.next_functions}:
            message = (
                "Using a non-full backward hook when the forward contains multiple autograd Nodes is deprecated and "
                "will be removed in future versions. This hook will be missing some grad_input. " + use_full
            )
    if message is not None:
        warnings.warn(message, FutureWarning, stacklevel=6)
