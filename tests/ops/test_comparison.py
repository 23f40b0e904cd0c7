"""Choosing, comparing and logic against torch: values, nodes, dtypes, derivatives at ties, operands of every kind."""

import itertools
import operator

import numpy as np
import pytest
import torch
from beside import check
from hypothesis import given, settings
from hypothesis import strategies as st

import rushlight

from .elementwise import DIFFERENTIABLE, DTYPES, EXTREME, KINKS, ORDINARY, derivatives, tensor

CHOICES = ["maximum", "minimum", "fmax", "fmin"]
COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge", "not_equal", "less", "less_equal", "greater", "greater_equal"]
LOGIC = ["logical_and", "logical_or", "logical_xor"]
BITS = ["bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift"]
POINTS = [0.0, -0.0, 1.0, -2.5, float("inf"), float("-inf"), float("nan")]


@pytest.mark.parametrize("name", CHOICES)
@pytest.mark.parametrize("dtype", DIFFERENTIABLE)
def test_choices(name, dtype):
    both = list(itertools.product(POINTS, POINTS))

    def scenario(m):
        a, b = (tensor(m, [p[i] for p in both], dtype) for i in (0, 1))
        return derivatives(m, getattr(m, name), a, b)

    check(scenario)


@pytest.mark.parametrize("name", CHOICES)
def test_choices_broadcast(name):
    def scenario(m):
        a, b = tensor(m, [[1.0], [2.0]], "float64"), tensor(m, [1.0, 2.0, 3.0], "float32")
        return derivatives(m, getattr(m, name), a, b)

    check(scenario)


@pytest.mark.parametrize("name", [*CHOICES, *COMPARISONS, *LOGIC, *BITS])
@pytest.mark.parametrize(("a", "b"), list(itertools.product(DTYPES, DTYPES)))
def test_every_pair_of_dtypes(name, a, b):
    def scenario(m, single):
        x = m.tensor([[0, 1, 2], [3, 5, 7]]).to(getattr(m, a))
        y = (m.tensor(2) if single else m.tensor([1, 2, 3])).to(getattr(m, b))
        return getattr(m, name)(x, y)

    check(lambda m: scenario(m, False))
    check(lambda m: scenario(m, True))


OPERATORS = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "&": operator.and_, "|": operator.or_, "^": operator.xor, "<<": operator.lshift, ">>": operator.rshift,
}  # fmt: skip
OPERANDS = [
    0, 1, -1, 2, 300, 2**40, 2**64, -(2**63) - 1, True, False, 0.0, -0.0, 0.5, float("inf"), float("nan"), 2j,
    np.float32(2), np.int64(1), np.bool_(True), "a", None, [0, 1, 2], (0,), object,
]  # fmt: skip


@pytest.mark.parametrize("symbol", OPERATORS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("operand", OPERANDS, ids=lambda n: f"{type(n).__name__} {n}")
def test_operators(symbol, dtype, operand):
    f = OPERATORS[symbol]

    def scenario(m, left):
        x = m.tensor([0, 1, 2] if dtype in ("bool", "uint8") else [-2, 0, 2]).to(getattr(m, dtype))
        return f(x, operand) if left else f(operand, x)

    check(lambda m: scenario(m, True))
    check(lambda m: scenario(m, False))


@pytest.mark.parametrize("array", [[1, 2, 3], [1.0, 2.5, 3.0], [[1], [2]], [1, 2], 2], ids=str)
def test_equality_with_arrays(array):
    check(lambda m: m.tensor([1, 2, 3]) == np.array(array))
    check(lambda m: np.array(array) == m.tensor([1, 2, 3]))
    check(lambda m: m.tensor([1, 2, 3]) != np.array(array))


IN_PLACE = [n + "_" for n in (*COMPARISONS, *LOGIC, *BITS)]


@pytest.mark.parametrize("name", IN_PLACE)
@pytest.mark.parametrize(("a", "b"), list(itertools.product(
    ["bool", "uint8", "int64", "float32", "complex64"], repeat=2)))  # fmt: skip
def test_in_place_dtypes(name, a, b):
    def scenario(m):
        x = m.tensor([[1, 0, 2], [3, 5, 7]]).to(getattr(m, a))
        m.set_warn_always(True)
        try:
            y = getattr(x, name)(m.tensor([1, 2, 3]).to(getattr(m, b)))
        finally:
            m.set_warn_always(False)
        return y is x, x, x._version

    check(scenario)


@pytest.mark.parametrize("name", COMPARISONS)
def test_complex_numbers_compared_into_real_ones(name):
    def scenario(m, dtype, *operands):
        m.set_warn_always(True)
        try:
            return getattr(m, name)(*[m.tensor(x) for x in operands], out=m.empty(len(operands[0]), dtype=dtype(m)))
        finally:
            m.set_warn_always(False)

    for operands in (([1j, 2.0], [1j, 3.0]), ([1.0, 2.0], 1j), ([], 1j), ([1.0, 2.0], [1.0, 3.0])):
        check(lambda m, given=operands: scenario(m, lambda m: m.float32, *given))
        check(lambda m, given=operands: scenario(m, lambda m: m.bool, *given))
        check(lambda m, given=operands: scenario(m, lambda m: m.complex64, *given))


@pytest.mark.parametrize("name", [n + "_" for n in COMPARISONS])
def test_comparisons_in_place_end_the_history(name):
    def scenario(m, other):
        x = tensor(m, ORDINARY, "float64").requires_grad_()
        y = x * 2
        getattr(y, name)(other)
        (grad,) = m.autograd.grad((y * 3).sum(), x)
        return y, grad + 0

    check(lambda m: scenario(m, 1.0))
    check(lambda m: scenario(m, m.tensor(1.0, dtype=m.float64)))


@pytest.mark.parametrize("name", [*COMPARISONS[:6], *LOGIC])
def test_out(name):
    def into(m, out):
        result = getattr(m, name)(m.tensor([1.0, 0.0]), m.tensor([1.0, 2.0]), out=out)
        return result is out, out

    check(lambda m: into(m, m.empty(2, dtype=m.bool)))
    check(lambda m: into(m, m.empty(2)))
    check(lambda m: into(m, m.empty(2, dtype=m.uint8)))
    check(lambda m: into(m, m.empty(3, dtype=m.bool)))


# ---------------------------------------------------------------------------------------------- clamp
LIMITS = [(-1.0, 1.0), (None, 0.5), (0.0, None), (1.0, -1.0), (0, 2), (float("nan"), 1.0), (-1.0, float("nan")),
          (float("-inf"), float("inf"))]  # fmt: skip


@pytest.mark.parametrize("limits", LIMITS, ids=str)
def test_clamp_between_numbers(limits):
    values = [*ORDINARY, *KINKS, *EXTREME]
    check(lambda m: derivatives(m, lambda x: x.clamp(*limits), tensor(m, values, "float64")))
    check(lambda m: derivatives(m, lambda x: m.clip(x, min=limits[0], max=limits[1]), tensor(m, values, "float32")))
    check(lambda m: m.clamp(m.tensor([-3, 0, 5]), *limits))


@pytest.mark.parametrize("which", ["min", "max", "both", "crossed"])
def test_clamp_between_tensors(which):
    values = [[0.0, 1.0, -2.0, 3.0, float("nan"), 2.0], [5.0, -5.0, 1.0, 1.5, 0.0, 2.0]]

    def scenario(m):
        x = tensor(m, values, "float64")
        low, high = tensor(m, [[-1.0], [1.0]], "float64"), tensor(m, [1.0, 1.0, 2.0, 2.0, 1.0, 2.0], "float64")
        if which == "min":
            return derivatives(m, lambda x, low: m.clamp(x, min=low), x, low)
        if which == "max":
            return derivatives(m, lambda x, high: m.clamp(x, max=high), x, high)
        if which == "crossed":
            return derivatives(m, lambda x, low, high: x.clamp(high, low), x, low, high)
        return derivatives(m, lambda x, low, high: x.clamp(low, high), x, low, high)

    check(scenario)


@pytest.mark.parametrize("name", ["clamp_min", "clamp_max"])
def test_one_limit(name):
    values = [*ORDINARY, *KINKS, float("nan")]
    check(lambda m: derivatives(m, lambda x: getattr(m, name)(x, 0.5), tensor(m, values, "float64")))
    check(lambda m: derivatives(m, getattr(m, name), tensor(m, values, "float64"), tensor(m, [1.0], "float64")))
    check(lambda m: getattr(m.tensor([1, 2, 3]), name)(2.5))
    check(lambda m: getattr(m.tensor([1, 2, 3]), name + "_")(2))
    check(lambda m: getattr(m.tensor([1, 2, 3]), name + "_")(2.5))


@pytest.mark.parametrize("dtype", DTYPES)
def test_clamp_dtypes(dtype):
    def x(m):
        return m.tensor([0, 1, 5]).to(getattr(m, dtype))

    for limits in [(1, 3), (0.5, 2.5), (None, 1), (True, 3), (1j, 2)]:
        check(lambda m, limits=limits: x(m).clamp(*limits))
        check(lambda m, limits=limits: x(m).clamp_(*limits))
    check(lambda m: x(m).clamp(m.tensor(1), m.tensor(3)))
    check(lambda m: x(m).clamp(min=m.tensor([0.5, 0.5, 0.5])))
    check(lambda m: x(m).clamp_(min=m.tensor([0.5, 0.5, 0.5])))


CLAMPS = {
    "nothing": lambda m: m.clamp(m.ones(2)),
    "nothing in place": lambda m: m.ones(2).clamp_(),
    "a tensor and a number": lambda m: m.clamp(m.ones(2), m.ones(2), 3.0),
    "a string": lambda m: m.clamp(m.ones(2), "a"),
    "leaf": lambda m: m.ones(2, requires_grad=True).clamp_(0),
    "out": lambda m: m.clamp(m.tensor([1.0, 5.0]), 2, 3, out=m.empty(2)),
    "out of another shape": lambda m: m.clamp(m.tensor([1.0, 5.0]), 2, 3, out=m.empty(3)),
    "shapes": lambda m: m.clamp(m.ones(2), m.ones(3)),
}


@pytest.mark.parametrize("case", CLAMPS)
def test_clamp_forms(case):
    def scenario(m):
        try:
            return CLAMPS[case](m)
        except TypeError as error:
            return str(error).split("\n")[0]

    check(scenario)


def test_clamp_in_place_is_recorded():
    def scenario(m):
        x = tensor(m, [*ORDINARY, *KINKS], "float64").requires_grad_()
        y = x * 2
        y.clamp_(-1, 2)
        z = x * 3
        z.clamp_(min=x.detach())
        return y, z, m.autograd.grad((y * y).sum() + (z * z).sum(), x)

    check(scenario)


# ---------------------------------------------------------------------------------------------- where
@pytest.mark.parametrize("dtype", DIFFERENTIABLE)
def test_where(dtype):
    def scenario(m):
        a, b = tensor(m, ORDINARY, dtype), tensor(m, [[1.5], [2.5]], dtype)
        return derivatives(m, lambda a, b: m.where(a.real > 0 if dtype == "complex128" else a > 0, a, b), a, b)

    check(scenario)


WHERES = {
    "numbers": lambda m: m.where(m.tensor([True, False]), 1, 2.5),
    "number and tensor": lambda m: m.where(m.tensor([True, False]), m.tensor([1, 2]), 2.5),
    "tensor and number": lambda m: m.where(m.tensor([True, False]), 1j, m.tensor([1.0, 2.0])),
    "dtypes": lambda m: m.where(m.tensor([True, False]), m.tensor([1, 2]), m.tensor([1.0, 2.0], dtype=m.float64)),
    "condition alone": lambda m: m.where(m.tensor([[True, False], [True, True]])),
    "method": lambda m: m.ones(3).where(m.tensor([True, False, True]), 0.0),
    "integers as condition": lambda m: m.where(m.tensor([1, 0]), 1.0, 2.0),
    "floats as condition": lambda m: m.where(m.tensor([1.0, 0.0]), m.ones(2), m.ones(2)),
    "shapes": lambda m: m.where(m.tensor([True, False]), m.ones(3), m.ones(2)),
    "out": lambda m: m.where(m.tensor([True, False]), m.ones(2), m.zeros(2), out=m.empty(2)),
}


@pytest.mark.parametrize("case", WHERES)
def test_where_forms(case):
    check(WHERES[case])


@pytest.mark.parametrize("dtype", ["bool", "uint8"])
def test_a_condition_that_was_changed_is_refused_in_backward(dtype):
    def error(m):
        condition = m.tensor([1, 0, 1], dtype=getattr(m, dtype))
        chosen = m.where(condition, m.ones(3, requires_grad=True), 2.0)
        condition.zero_()
        with pytest.raises(RuntimeError) as caught:
            chosen.sum().backward()
        return str(caught.value).partition(":")[0]

    assert error(rushlight) == error(torch)


REFUSED = {
    "maximum of a number": lambda m: m.maximum(m.ones(2), 1.0),
    "minimum of a list": lambda m: m.minimum(m.ones(2), [1.0, 2.0]),
    "logical_and of a number": lambda m: m.logical_and(m.ones(2), 1),
    "maximum of nothing": lambda m: m.maximum(),
    "maximum of shapes": lambda m: m.maximum(m.ones(2), m.ones(3)),
    "eq of shapes": lambda m: m.ones(2) == m.ones(3),
    "lt_ that broadcasts": lambda m: m.ones(2).lt_(m.ones(3, 2)),
    "eq_ of a leaf": lambda m: m.ones(2, requires_grad=True).eq_(1),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case):
    check(REFUSED[case])


shapes = st.lists(st.integers(0, 3), max_size=3)


@settings(max_examples=60, deadline=None)
@given(a=shapes, b=shapes, name=st.sampled_from(["maximum", "fmin", "lt", "eq", "logical_xor", "where"]))
def test_any_two_shapes(a, b, name):
    def scenario(m):
        x, y = ((m.arange(float(np.prod(s, dtype=int))) % 4).reshape(s).to(m.float64) for s in (a, b))
        if name == "where":
            return derivatives(m, lambda x, y: m.where(y.detach() > 1, x, y), x, y)
        return derivatives(m, getattr(m, name), x, y)

    check(scenario)


@pytest.mark.parametrize("name", ["maximum_", "minimum_", "fmax_", "fmin_", "isnan_", "signbit_", "where_"])
def test_forms_in_place_that_do_not_exist(name):
    check(lambda m: hasattr(m.Tensor, name))
