"""Running one scenario with PyTorch and with Rushlight, and comparing all that a user could see of it."""

import inspect
import re
import warnings

import numpy as np
import torch

import rushlight

with warnings.catch_warnings():
    # Both warn of the first complex number of two halves in a process, and not in the same test.
    warnings.simplefilter("ignore")
    torch.zeros(1, dtype=torch.complex32), rushlight.zeros(1, dtype=rushlight.complex32)

# What is bound to differ from one process or build to the next, in the texts of both.
_NOISE = [
    (re.compile(r" \(Triggered internally at .*?\)"), ""),
    (re.compile(r"0x[0-9a-f]+"), "0x"),
    (re.compile(r'File ".*?", line \d+'), "File"),
]


def text(message):
    """A message without what cannot be the same."""
    for pattern, replacement in _NOISE:
        message = pattern.sub(replacement, message)
    return message.strip()


def described(value):
    """A value in terms that both libraries share."""
    if isinstance(value, (torch.Tensor, rushlight.Tensor)):
        node = value.grad_fn
        if value.is_sparse:
            parts = {"indices": value._indices(), "values": value._values(), "coalesced": value.is_coalesced()}
            return {
                "requires_grad": value.requires_grad,
                "grad_fn": None if node is None else node.name(),
                "shape": tuple(value.shape),
                **{name: described(part) for name, part in parts.items()},
            }
        values = value.detach().resolve_conj()
        return {
            "dtype": str(value.dtype),
            "shape": tuple(value.shape),
            "stride": tuple(value.stride()) if value.numel() else (),
            "requires_grad": value.requires_grad,
            "is_leaf": value.is_leaf,
            "grad_fn": None if node is None else node.name(),
            "values": np.asarray(values.to(torch.float64) if values.dtype == torch.bfloat16 else
                                 values.tolist() if str(values.dtype) in ("torch.bfloat16", "torch.complex32") else
                                 values.numpy()),
        }  # fmt: skip
    if isinstance(value, (list, tuple)):
        return [described(v) for v in value]
    if isinstance(value, dict):
        return {k: described(v) for k, v in value.items()}
    if isinstance(value, str):
        return text(value)
    if value is None or isinstance(value, (bool, int, float, complex, np.ndarray)):
        return value
    return str(value)


def outcome(scenario, module):
    """What a scenario returns or raises, and the warnings it gives."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = ("returned", described(scenario(module)))
        except Exception as error:
            result = ("raised", type(error).__name__, text(str(error)))
    # PyTorch's own use of torch.jit, when it first loads its forward-mode rules, is no part of the scenario.
    seen = [(w.category.__name__, text(str(w.message))) for w in caught]
    return result, [w for w in seen if not w[1].startswith("`torch.jit.script` is deprecated")]


def assert_same(ours, theirs, where="result", rtol=1e-6, atol=1e-7):
    """Compares two descriptions; floating-point numbers up to rounding, all else exactly."""
    if isinstance(theirs, dict):
        assert isinstance(ours, dict) and ours.keys() == theirs.keys(), where
        for key in theirs:
            assert_same(ours[key], theirs[key], f"{where}.{key}", rtol, atol)
    elif isinstance(theirs, (list, tuple)):
        assert isinstance(ours, (list, tuple)) and len(ours) == len(theirs), f"{where}: {ours} is not {theirs}"
        for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            assert_same(a, b, f"{where}[{i}]", rtol, atol)
    elif isinstance(theirs, np.ndarray):
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol, err_msg=where)
    elif isinstance(theirs, float):
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol, err_msg=where)
    else:
        assert ours == theirs, f"{where}: {ours!r} is not {theirs!r}"


def check(scenario, strides=True, **tolerance):
    """Asserts that a scenario, a function of the module, comes out the same in both.

    Args:
        scenario: the function.
        strides: whether to compare those of tensors, too, which neither library promises for gradients.
        tolerance: see `assert_same`.
    """
    ours, theirs = outcome(scenario, rushlight), outcome(scenario, torch)
    if not strides:
        ours, theirs = without_strides(ours), without_strides(theirs)
    assert_same(ours, theirs, scenario.__name__, **tolerance)


def without_strides(value):
    """A description without the strides of tensors."""
    if isinstance(value, dict):
        return {k: without_strides(v) for k, v in value.items() if k != "stride"}
    return type(value)(map(without_strides, value)) if isinstance(value, (list, tuple)) else value


def raised(action):
    """The type and text of what an action raises, or that it raises nothing."""
    try:
        action()
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return "nothing raised"


def message(action):
    """What an action returns, or the type and text of what it raises."""
    try:
        return action()
    except Exception as error:
        return type(error).__name__, str(error)


def leaf(t, *values):
    """A vector of float32 numbers, 0.5 and 1.5 unless others are given, that requires a gradient."""
    return t.tensor(list(values or (0.5, 1.5)), requires_grad=True)


def scenarios(names, module_name):
    """The functions of a test module that are scenarios: those defined there that take only ``t``."""
    return [
        f
        for f in list(names.values())
        if callable(f) and getattr(f, "__module__", "") == module_name and f.__code__.co_varnames[:1] == ("t",)
        and f.__code__.co_argcount == 1 and not f.__code__.co_flags & inspect.CO_VARARGS
    ]  # fmt: skip
