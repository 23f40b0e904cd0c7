"""Running the same code with PyTorch and with Rushlight, and comparing what comes of it."""

import re
import warnings

import numpy as np
import pytest

import rushlight

torch = pytest.importorskip("torch", reason="the reference is an installed PyTorch")


def plain(value):
    """`value` in a form that can be compared across the libraries: tensors become lists, names lose their home."""
    if isinstance(value, (torch.Tensor, rushlight.Tensor)):
        return {"shape": tuple(value.shape), "dtype": str(value.dtype), "values": value.detach().tolist()}
    if isinstance(value, dict):
        return {plain(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (int, float, bool, type(None))):
        return value
    text = value if isinstance(value, str) else repr(value)
    text = text.replace("rushlight.", "torch.")
    # Addresses, and the line of PyTorch's own source that a warning names.
    return re.sub(r"0x[0-9a-f]+", "0x", re.sub(r" \(Triggered internally at [^)]*\)", "", text))


def outcome(function, library):
    """What `function(library)` returns, or how it fails, and the warnings on the way."""
    always = library.is_warn_always_enabled()
    library.set_warn_always(True)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                result = plain(function(library))
            except Exception as error:
                result = (type(error).__name__, plain(str(error)))
    finally:
        library.set_warn_always(always)
    return result, [(w.category.__name__, plain(str(w.message))) for w in caught]


def _rounded(value, digits):
    """`value` with its floats to so many significant digits."""
    if isinstance(value, float):
        return pytest.approx(value, rel=10.0**-digits, abs=10.0**-digits)
    if isinstance(value, dict):
        return {k: _rounded(v, digits) for k, v in value.items()}
    return [_rounded(v, digits) for v in value] if isinstance(value, list) else value


def assert_same(function, digits=None):
    """`function` has the same outcome with both libraries; floats to so many significant digits, or exactly."""
    expected, warned = outcome(function, torch)
    got = outcome(function, rushlight)
    assert got == ((expected if digits is None else _rounded(expected, digits)), warned)


def to_torch(tensor):
    """A PyTorch tensor with the elements of a Rushlight one."""
    return torch.from_numpy(np.array(tensor.detach().numpy()))


def to_rushlight(tensor):
    """A Rushlight tensor with the elements of a PyTorch one."""
    return rushlight.from_numpy(np.array(tensor.detach().numpy()))


def assert_close(ours, theirs, rtol=1e-5, atol=1e-6):
    """A Rushlight tensor has the shape, dtype and, to rounding, the elements of a PyTorch one."""
    assert tuple(ours.shape) == tuple(theirs.shape)
    assert str(ours.dtype) == str(theirs.dtype)
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=rtol, atol=atol)
