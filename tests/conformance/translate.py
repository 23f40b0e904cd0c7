"""PyTorch's inputs and functions as ours: same numbers, same strides, same memory, and ``torch`` means rushlight."""

import functools
import inspect
import types

import ml_dtypes
import numpy as np
import torch
from torch.testing._internal.common_methods_invocations import wrapper_set_seed

import rushlight

_PLAIN = (bool, int, float, complex, str, bytes, type(None), slice, type(Ellipsis), np.ndarray, np.generic)
_SINGLETONS = (torch.dtype, torch.layout, torch.memory_format)


class Missing(Exception):
    """Rushlight has no such name."""


def lookup(path):
    """The object that a dotted name below ``torch`` means in Rushlight."""
    found = rushlight
    for i, part in enumerate(path.split(".")):
        if not hasattr(found, part):
            raise Missing("torch." + ".".join(path.split(".")[: i + 1]))
        found = getattr(found, part)
    return found


def numbers(tensor):
    """The elements of one of PyTorch's tensors as a NumPy array of the same strides, looking at the same memory."""
    tensor = tensor.detach().resolve_conj().resolve_neg()
    if tensor._is_zerotensor():
        tensor = tensor.clone()
    if tensor.dtype == torch.bfloat16:
        return tensor.view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    if tensor.dtype == torch.complex32:
        return tensor.view(torch.int32).numpy().view(ml_dtypes.complex32)
    return tensor.numpy()


class Translation:
    """Translates the inputs of one call; tensors that share memory in PyTorch share memory here.

    Attributes:
        buffers: our arrays, one for each of PyTorch's storages.
    """

    def __init__(self):
        self.buffers = {}
        self.tensors = {}

    def __call__(self, value):
        if isinstance(value, torch.Tensor):
            if id(value) not in self.tensors:
                self.tensors[id(value)] = value, self.tensor(value)
            return self.tensors[id(value)][1]
        if isinstance(value, torch.Size):
            return rushlight.Size(value)
        if isinstance(value, (list, tuple)):
            items = [self(v) for v in value]
            return type(value)(items) if type(value) in (list, tuple) else type(value)(*items)
        if isinstance(value, dict):
            return {k: self(v) for k, v in value.items()}
        return translated(value)

    def tensor(self, value):
        if value.layout != torch.strided or value.is_quantized:
            raise Missing(f"layout {value.layout}")
        if value.is_conj() or value.is_neg():
            found = rushlight.from_numpy(numbers(value).copy())
        else:
            key = value.untyped_storage().data_ptr(), value.dtype
            if not key[0] or key not in self.buffers:
                whole = torch.empty(0, dtype=value.dtype).set_(value.detach().untyped_storage())
                self.buffers[key] = numbers(whole.clone())  # PyTorch may not resize what NumPy has looked at
            buffer = rushlight.from_numpy(self.buffers[key])
            found = buffer.as_strided(value.shape, value.stride(), value.storage_offset()).detach()
        return found.requires_grad_(value.requires_grad)


def _seeded(operator, *args, **kwargs):
    """What `wrapper_set_seed` does, without its look into PyTorch's private modes."""
    rushlight.manual_seed(42)
    return operator(*args, **kwargs)


@functools.cache
def _translated_function(function):
    """A Python function of PyTorch's test files, in whose body PyTorch's names mean ours."""
    module = function.__module__ or ""
    if function is wrapper_set_seed:
        return _seeded
    if not module.startswith("torch.testing"):
        if module.startswith("torch."):
            return _by_name(function)
        return function
    cells = None if function.__closure__ is None else tuple(types.CellType() for _ in function.__closure__)
    made = types.FunctionType(function.__code__, {}, function.__name__, function.__defaults__, cells)
    _PENDING[function] = made
    try:
        made.__globals__["__builtins__"] = function.__globals__["__builtins__"]
        for name in _names(function.__code__):
            if name in function.__globals__:
                made.__globals__[name] = translated(function.__globals__[name])
        if function.__defaults__:
            made.__defaults__ = tuple(map(translated, function.__defaults__))
        if function.__kwdefaults__:
            made.__kwdefaults__ = {k: translated(v) for k, v in function.__kwdefaults__.items()}
        for ours, theirs in zip(cells or (), function.__closure__ or ()):
            ours.cell_contents = translated(theirs.cell_contents)
        return made
    finally:
        del _PENDING[function]


_PENDING = {}


def _names(code):
    """All global names that a function's code and the functions in it mention."""
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= _names(constant)
    return found


def _by_name(function):
    """Our function of the same public name as one of PyTorch's."""
    module = function.__module__ or "torch"
    name = getattr(function, "__qualname__", None) or function.__name__
    if isinstance(function, (types.MethodDescriptorType, types.WrapperDescriptorType)) or module == "torch._tensor":
        return lookup("Tensor." + function.__name__)
    if name.startswith("boolean_dispatch"):
        name = function.__name__
    names = [f"{module.removeprefix('torch').lstrip('.')}.{function.__name__}".lstrip("."), function.__name__]
    names += ["nn.functional." + function.__name__, "Tensor." + function.__name__]
    for n in names:
        try:
            return lookup(n)
        except Missing:
            pass
    raise Missing("torch." + names[0])


def translated(value):
    """What stands for `value` (a function, module, dtype, ...) on our side; things of neither library stay."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, _SINGLETONS):
        return lookup(str(value).removeprefix("torch."))
    if value is torch:
        return rushlight
    if isinstance(value, torch.device):
        return rushlight.device(str(value))
    if isinstance(value, torch.Generator):
        return rushlight.Generator().manual_seed(value.initial_seed())
    if isinstance(value, (torch.Tensor, list, tuple, dict)):
        return Translation()(value)
    if isinstance(value, torch.nn.Module):
        made = lookup(f"nn.{type(value).__name__}")
        options = inspect.signature(made).parameters
        # A distance keeps its exponent as `norm`, all other options have the names of the attributes.
        return made(**{name: getattr(value, {"p": "norm"}.get(name, name)) for name in options})
    if isinstance(value, functools.partial):
        return functools.partial(translated(value.func), *map(translated, value.args), **translated(value.keywords))
    if isinstance(value, types.FunctionType):
        return _PENDING.get(value) or _translated_function(value)
    if isinstance(value, types.ModuleType):
        name = value.__name__
        if name.startswith("torch.") and not name.startswith("torch.testing"):
            return lookup(name.removeprefix("torch."))
        return value
    if isinstance(value, type):
        if value is torch.Tensor:
            return rushlight.Tensor
        return lookup(f"{value.__module__}.{value.__name__}".removeprefix("torch.")) if _public_class(value) else value
    if isinstance(value, (types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType)):
        module = str(getattr(value, "__module__", None) or "")
        if not module.startswith("torch") and getattr(torch, value.__name__, None) is not value:
            if isinstance(value, types.BuiltinFunctionType):
                return value
        return _by_name(value)
    return value


def _public_class(value):
    return value.__module__.startswith("torch.nn") or value.__module__.startswith("torch.autograd")
