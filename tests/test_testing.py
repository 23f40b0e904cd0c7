"""`torch.testing` beside PyTorch: what is close, the words for what is not, and random tensors for tests."""

import importlib

import numpy as np
import pytest
from beside import check


def package(t):
    return importlib.import_module(t.__name__ + ".testing")


nan, inf = float("nan"), float("inf")

# The two values, and the options.
CLOSE = {
    "equal": (lambda t: (t.ones(3), t.ones(3)), {}),
    "within the tolerance": (lambda t: (t.tensor([1.0]), t.tensor([1.0 + 1e-6])), {}),
    "one element apart": (lambda t: (t.tensor([1.0, 2.0, 3.0]), t.tensor([1.0, 2.0, 4.0])), {}),
    "a matrix": (lambda t: (t.arange(6.0).reshape(2, 3), t.arange(6.0).reshape(2, 3) * 1.5), {}),
    "by the absolute tolerance": (lambda t: (t.ones(2), t.ones(2) * 2), {"rtol": 0, "atol": 0.5}),
    "exactly": (lambda t: (t.ones(2), t.ones(2) * 2), {"rtol": 0, "atol": 0}),
    "half a tolerance": (lambda t: (t.ones(2), t.ones(2)), {"rtol": 0.1}),
    "no dimensions": (lambda t: (t.tensor(1.0), t.tensor(2.0)), {}),
    "expected zero": (lambda t: (t.tensor(1.0), t.tensor(0.0)), {}),
    "integers": (lambda t: (t.tensor([1, 2]), t.tensor([1, 5])), {}),
    "booleans": (lambda t: (t.tensor([True, False]), t.tensor([True, True])), {}),
    "complex": (lambda t: (t.tensor([1 + 2j]), t.tensor([1 - 2j])), {}),
    "half precision": (lambda t: (t.ones(2).half(), (t.ones(2) * 1.01).half()), {}),
    "shapes": (lambda t: (t.ones(2), t.ones(3)), {}),
    "dtypes": (lambda t: (t.ones(2), t.ones(2).double()), {}),
    "dtypes allowed": (lambda t: (t.ones(2), t.ones(2).double()), {"check_dtype": False}),
    "strides": (lambda t: (t.ones(2, 3), t.ones(3, 2).t()), {"check_stride": True}),
    "nan": (lambda t: (t.tensor([nan]), t.tensor([nan])), {}),
    "nan allowed": (lambda t: (t.tensor([nan]), t.tensor([nan])), {"equal_nan": True}),
    "infinity": (lambda t: (t.tensor([inf, 1.0]), t.tensor([1.0, inf])), {}),
    "numbers": (lambda t: (1.0, 2.0), {}),
    "numbers of two types": (lambda t: (1.0, 1), {}),
    "nan as number": (lambda t: (nan, nan), {"equal_nan": True}),
    "numbers of NumPy": (lambda t: (np.float64(1), 2.0), {}),
    "bool": (lambda t: (True, False), {}),
    "None": (lambda t: (None, 1), {}),
    "both None": (lambda t: (None, None), {}),
    "lists": (lambda t: ([t.ones(1), 2.0], [t.ones(1), 3.0]), {}),
    "lengths": (lambda t: ([1], [1, 2]), {}),
    "mappings": (lambda t: ({"a": t.ones(1), "b": [1]}, {"a": t.ones(1), "b": [2]}), {}),
    "keys": (lambda t: ({"a": 1, "c": 2}, {"b": 1, "c": 2}), {}),
    "unrelated": (lambda t: (1.0, [1.0]), {}),
    "arrays": (lambda t: (np.ones(2), np.ones(2) * 2), {}),
    "strings": (lambda t: ("a", "b"), {}),
    "a message": (lambda t: (1, 2), {"msg": "of mine"}),
    "a function of the message": (lambda t: (1, 2), {"msg": lambda text: "of mine: " + text}),
    "requiring gradients": (lambda t: (t.ones(2, requires_grad=True), t.zeros(2)), {}),
}


@pytest.mark.parametrize("case", CLOSE)
def test_assert_close(case):
    values, options = CLOSE[case]
    check(lambda t: package(t).assert_close(*values(t), **options))


def test_assert_allclose():
    check(lambda t: package(t).assert_allclose(t.ones(2), [1.0, 1.0]))
    check(lambda t: package(t).assert_allclose(t.ones(2), [1.0, 2.0], msg="of mine"))
    check(lambda t: package(t).assert_allclose(t.ones(2), t.ones(2).double() * 1.00001))


MADE = {
    "float": lambda t: {"dtype": t.float32},
    "double in an interval": lambda t: {"dtype": t.float64, "low": -1, "high": 1, "requires_grad": True},
    "complex": lambda t: {"dtype": t.complex64},
    "integers": lambda t: {"dtype": t.int64},
    "bytes": lambda t: {"dtype": t.uint8},
    "booleans": lambda t: {"dtype": t.bool},
    "apart in memory": lambda t: {"dtype": t.float32, "noncontiguous": True},
    "no zeros": lambda t: {"dtype": t.int64, "low": 0, "high": 2, "exclude_zero": True},
    "the whole dtype": lambda t: {"dtype": t.float32, "low": -inf, "high": inf},
    "empty interval": lambda t: {"dtype": t.float32, "low": 2, "high": 1},
    "outside the dtype": lambda t: {"dtype": t.uint8, "low": 300, "high": 400},
    "one number": lambda t: {"dtype": t.float32, "low": 2.0, "high": 2.0},
    "nan": lambda t: {"dtype": t.float32, "low": nan},
    "gradient of integers": lambda t: {"dtype": t.int64, "requires_grad": True},
    "two layouts": lambda t: {"dtype": t.float32, "noncontiguous": True, "memory_format": t.channels_last},
}


@pytest.mark.parametrize("case", MADE)
@pytest.mark.parametrize("shape", [(2, 3), ((4,),), ()], ids=str)
def test_make_tensor(case, shape):
    def scenario(t):
        t.manual_seed(7)
        return package(t).make_tensor(*shape, device="cpu", **MADE[case](t))

    check(scenario)
