"""Arithmetic against torch: values, nodes, dtypes, derivatives of both orders, operands of every kind."""

import itertools

import numpy as np
import pytest
from beside import check
from hypothesis import given, settings
from hypothesis import strategies as st

from .elementwise import COMPLEX, DIFFERENTIABLE, DTYPES, EXTREME, KINKS, ORDINARY, derivatives, tensor

ARITHMETIC = [
    "add", "sub", "subtract", "mul", "multiply", "div", "divide", "true_divide", "floor_divide", "remainder", "fmod",
    "pow", "float_power", "rsub", "atan2", "arctan2",
]  # fmt: skip
HALVES = ("float16", "bfloat16")


def pairs(dtype):
    """Two tensors' worth of numbers: all pairs of ordinary points and kinks."""
    points = COMPLEX[:4] if dtype == "complex128" else [*ORDINARY[:4], *KINKS[:4]]
    both = list(itertools.product(points, points))
    return [a for a, _ in both], [b for _, b in both]


@pytest.mark.parametrize("name", ARITHMETIC)
@pytest.mark.parametrize("dtype", DIFFERENTIABLE)
def test_derivatives(name, dtype):
    a, b = pairs(dtype)
    if "tan2" in name:  # the angle of the point (0, 0) has no second derivative
        a, b = zip(*[(p, q) for p, q in zip(a, b, strict=True) if p or q], strict=True)

    def scenario(m):
        return derivatives(m, getattr(m, name), tensor(m, a, dtype), tensor(m, b, dtype))

    check(scenario, rtol=1e-4 if dtype == "float32" else 1e-9, atol=1e-6 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("name", ARITHMETIC)
def test_derivatives_when_broadcast(name):
    def scenario(m):
        a = m.linspace(0.5, 2.0, 6, dtype=m.float64).reshape(2, 1, 3)
        b = m.linspace(1.5, 3.0, 4, dtype=m.float32).reshape(4, 1)
        return derivatives(m, getattr(m, name), a, b)

    check(scenario, rtol=1e-5)


@pytest.mark.parametrize("name", [n for n in ARITHMETIC if n != "arctan2"])  # which calls itself atan2 in messages
@pytest.mark.parametrize("number", [2, -1.5, 0, 0.0, True, 3.0, 0.5, -2, float("inf"), float("nan")])
@pytest.mark.parametrize("side", ["left", "right"])
def test_derivatives_beside_a_number(name, number, side):
    if side == "left" and name == "remainder":
        pytest.skip("PyTorch lacks the derivative, which Rushlight has")
    if side == "left" and name == "pow" and number is True:
        pytest.skip("PyTorch fails an assertion of its own")
    if side == "left" and name in ("fmod", "rsub"):
        pytest.skip("not a form of the function: see test_refusals_that_list_forms")

    def scenario(m):
        f = getattr(m, name)
        x = tensor(m, [*ORDINARY, *KINKS], "float64")
        return derivatives(m, (lambda x: f(number, x)) if side == "left" else (lambda x: f(x, number)), x)

    check(scenario, rtol=1e-9)


@pytest.mark.parametrize("name", ARITHMETIC)
def test_beyond_all_bounds(name):
    both = list(itertools.product([*EXTREME, 0.0, 2.0], [*EXTREME, -0.0, -1.5]))

    def scenario(m):
        a, b = (tensor(m, [p[i] for p in both], "float64") for i in (0, 1))
        return derivatives(m, getattr(m, name), a, b, second=False)

    check(scenario, rtol=1e-9)


@pytest.mark.parametrize("name", ARITHMETIC)
@pytest.mark.parametrize(("a", "b"), list(itertools.product(DTYPES, DTYPES)))
def test_every_pair_of_dtypes(name, a, b):
    if a == "float16" and b.startswith("complex"):
        whole = [False]  # a complex number of half precision, which Rushlight lacks, would be the result of the other
    else:
        whole = [False, True]

    def scenario(m, single):
        x = m.tensor([[0, 1, 2], [3, 5, 7]]).to(getattr(m, a))
        y = (m.tensor(2) if single else m.tensor([1, 2, 3])).to(getattr(m, b))
        return getattr(m, name)(x, y)

    for single in whole:
        check(lambda m, single=single: scenario(m, single), rtol=1e-2 if a in HALVES or b in HALVES else 1e-5)


OPERATORS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
}
NUMBERS = [
    0, 1, -1, 2, -3, 5, 300, 2**31, 2**63 - 1, 2**63, 2**64, -(2**63), -(2**63) - 1, True, False, 0.0, -0.0, 0.5, 2.0,
    -2.5, float("inf"), float("nan"), 1e300, 1 + 2j, np.float32(2.5), np.float64(1.5), np.int64(3), np.int32(-2),
    np.uint8(200), np.bool_(True), np.float16(2), np.complex128(1 - 1j),
]  # fmt: skip
OTHERS = ["a", None, [1, 2, 3], (1, 2, 3), object, {"a": 1}, b"abc"]


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("number", [*NUMBERS, *OTHERS], ids=lambda n: f"{type(n).__name__} {n}")
def test_operators(operator, dtype, number):
    if dtype.startswith("complex") and isinstance(number, (int, float)) and abs(number) in (float("inf"), 1e300):
        pytest.skip("PyTorch multiplies an infinite number by 1 + 0j first, which makes a NaN")
    if isinstance(number, int) and abs(number) >= 2**31 and dtype == "float16" and operator == "*":
        pytest.skip("PyTorch keeps a number beside tensors of half precision in float32")
    if type(number) is int and number == 2**63 and (dtype == "bool" or operator == "**"):
        pytest.skip("an unsigned number, for which PyTorch has other words in every operation")

    def scenario(m, left):
        x = m.tensor([0, 1, 2] if dtype in ("bool", "uint8") else [-2, 0, 3]).to(getattr(m, dtype))
        return OPERATORS[operator](x, number) if left else OPERATORS[operator](number, x)

    with np.errstate(all="ignore"):
        check(lambda m: scenario(m, True), rtol=1e-2 if dtype in HALVES else 1e-5)
        check(lambda m: scenario(m, False), rtol=1e-2 if dtype in HALVES else 1e-5)


@pytest.mark.filterwarnings("ignore:__array_wrap__:DeprecationWarning")
@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("dtype", ["int64", "float32", "float64"])
@pytest.mark.parametrize("array", [[1, 2, 3], [[1.5], [2.5]], 2.0, 3], ids=str)
def test_operators_beside_arrays(operator, dtype, array):
    array = np.array(array)

    def scenario(m, left):
        x = m.tensor([2, 1, 3]).to(getattr(m, dtype))
        found = OPERATORS[operator](x, array) if left else OPERATORS[operator](array, x)
        return str(found.dtype), found.tolist()

    def quiet(m, left):
        # NumPy 2 complains of the arguments that PyTorch's __array_wrap__ does not take.
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return scenario(m, left)

    check(lambda m: quiet(m, True))
    check(lambda m: quiet(m, False))


@pytest.mark.parametrize("name", ["add", "sub", "rsub", "add_", "sub_"])
@pytest.mark.parametrize("alpha", [1, 2, -1, 0, 0.5, True, 2j, 1.0])
@pytest.mark.parametrize(("a", "b"), [("float32", "float32"), ("float32", "int64"), ("int64", "int64"),
                                      ("int64", "float32"), ("bool", "bool"), ("complex64", "float32")])  # fmt: skip
def test_alpha(name, alpha, a, b):
    def scenario(m):
        x, y = m.tensor([1, 0, 3]).to(getattr(m, a)), m.tensor([2, 5, 0]).to(getattr(m, b))
        if name.endswith("_"):
            return getattr(x, name)(y, alpha=alpha)
        return getattr(m, name)(x, y, alpha=alpha)

    check(scenario)


@pytest.mark.parametrize("name", ["add", "sub", "rsub"])
def test_alpha_is_recorded(name):
    def scenario(m):
        x, y = tensor(m, ORDINARY, "float64"), tensor(m, [2.0], "float64")
        return derivatives(m, lambda x, y: getattr(m, name)(x, y, alpha=-2.5), x, y)

    check(scenario)
    if name != "rsub":  # whose node has another name then
        check(lambda m: derivatives(m, lambda x: getattr(m, name)(x, 3, alpha=2), tensor(m, ORDINARY, "float64")))


@pytest.mark.parametrize("mode", [None, "trunc", "floor", "other", 1])
@pytest.mark.parametrize(("a", "b"), [("float64", "float64"), ("int64", "int64"), ("int32", "float32"),
                                      ("uint8", "int8"),
                                      ("bool", "bool"), ("complex64", "float32")])  # fmt: skip
def test_rounding_mode(mode, a, b):
    values = ([7, -7, 5, 0], [2, 2, -3, 4])

    def scenario(m):
        x, y = (m.tensor(v).to(getattr(m, d)) for v, d in zip(values, (a, b), strict=True))
        return m.div(x, y, rounding_mode=mode), x.div(2, rounding_mode=mode), x.clone().div_(y, rounding_mode=mode)

    check(scenario)


@pytest.mark.parametrize("mode", ["trunc", "floor"])
def test_rounding_mode_is_recorded(mode):
    def scenario(m):
        x, y = tensor(m, ORDINARY, "float64"), tensor(m, KINKS, "float64")
        return derivatives(m, lambda x, y: m.div(x, y, rounding_mode=mode), x, y)

    check(scenario)
    check(lambda m: derivatives(m, lambda x: x.div(2.5, rounding_mode=mode), tensor(m, ORDINARY, "float64")))


IN_PLACE = ["add_", "sub_", "mul_", "div_", "floor_divide_", "remainder_", "fmod_", "pow_", "atan2_", "true_divide_"]


@pytest.mark.parametrize("name", IN_PLACE)
@pytest.mark.parametrize(("a", "b"), list(itertools.product(
    ["bool", "uint8", "int64", "float16", "float32", "float64", "complex64"], repeat=2)))  # fmt: skip
def test_in_place_dtypes(name, a, b):
    def scenario(m):
        x = m.tensor([[1, 0, 2], [3, 5, 7]]).to(getattr(m, a))
        y = getattr(x, name)(m.tensor([1, 2, 3]).to(getattr(m, b)))
        return y is x, x, x._version

    check(scenario, rtol=1e-2)


@pytest.mark.parametrize("name", [n for n in IN_PLACE if n != "floor_divide_"])
def test_in_place_is_recorded(name):
    def scenario(m):
        x = tensor(m, [0.5, 1.5, 2.5], "float64").requires_grad_()
        w = tensor(m, [1.5, 0.5, 2.0], "float64").requires_grad_()
        y = x * 1.0
        z = y.sin()
        getattr(y, name)(w)
        grads = [g + 0 for g in m.autograd.grad(y, [x, w], m.ones_like(y), allow_unused=True)]
        try:
            z.sum().backward()
        except RuntimeError as error:
            return y, y._version, grads, str(error)
        return y, y._version, grads

    def by_number(m):
        x = tensor(m, [0.5, 1.5, 2.5], "float64").requires_grad_()
        y = x * 1.0
        getattr(y, name)(2.0 if name != "atan2_" else m.tensor(2.0))
        (grad,) = m.autograd.grad(y.sum(), x)
        return y, y._version, grad + 0

    check(scenario)
    check(by_number)


STATEMENTS = {
    "+=": "x += y", "-=": "x -= y", "*=": "x *= y", "/=": "x /= y", "//=": "x //= y", "%=": "x %= y", "**=": "x **= y",
}  # fmt: skip


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("operand", [2, 0.5, True, 1j, "a", None, np.float32(2), [1, 2]], ids=repr)
@pytest.mark.parametrize("dtype", ["int64", "float32", "bool"])
def test_statements(statement, operand, dtype):
    def scenario(m):
        names = {"x": m.tensor([1, 2, 3]).to(getattr(m, dtype)), "y": operand}
        before = names["x"]
        exec(STATEMENTS[statement], names)
        return names["x"] is before, names["x"]

    check(scenario)


def test_in_place_broadcasting():
    check(lambda m: m.ones(3).add_(m.ones(2, 3)))
    check(lambda m: m.ones(2, 1).mul_(m.ones(2, 3)))
    check(lambda m: m.ones(2, 3).div_(m.full((1, 3), 2.0)))
    check(lambda m: m.ones(1).expand(3).add_(1))
    check(lambda m: m.ones(2, requires_grad=True).add_(1))
    check(lambda m: m.ones(2, requires_grad=True)[0].add_(1))
    check(lambda m: m.ones(2).add_(m.ones(3)))


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "pow", "remainder", "fmod", "floor_divide", "atan2"])
def test_out(name):
    def into(m, out, a=None):
        a = m.tensor([0.5, 1.5]) if a is None else a
        result = getattr(m, name)(a, m.tensor([2.0, 4.0]), out=out)
        return result is out, out, out._version

    check(lambda m: into(m, m.empty(2)))
    check(lambda m: into(m, m.empty(2, dtype=m.float64)))
    check(lambda m: into(m, m.empty(2, dtype=m.complex64)))
    check(lambda m: into(m, m.empty(3)))
    check(lambda m: into(m, m.empty(0)))
    check(lambda m: into(m, m.empty(4)[::2]))
    check(lambda m: into(m, m.empty(2, dtype=m.int64)))
    if name != "floor_divide":  # of which PyTorch's words have another name
        check(lambda m: into(m, m.empty(2, requires_grad=True)))
        check(lambda m: into(m, m.empty(2), m.ones(2, requires_grad=True)))
    check(lambda m: into(m, m.empty(3), m.ones(3)))

    def under_no_grad(m):
        with m.no_grad():
            return into(m, m.empty(2), m.ones(2, requires_grad=True))

    check(under_no_grad)


FORMS = {
    "mul of a string": lambda m: m.mul(m.ones(2), "a"),
    "mul of None": lambda m: m.mul(m.ones(2), None),
    "mul of an array": lambda m: m.mul(m.ones(2), np.ones(2)),
    "mul of nothing": lambda m: m.mul(),
    "mul of one": lambda m: m.mul(m.ones(2)),
    "add of a string first": lambda m: m.add("a", m.ones(2)),
    "add of a list": lambda m: m.add(m.ones(2), [1, 2]),
    "add of two numbers": lambda m: m.add(2, 3),
    "div of two numbers": lambda m: m.div(2, 3),
    "atan2 of a number": lambda m: m.atan2(m.ones(2), 1.0),
    "atan2 of a number first": lambda m: m.atan2(1.0, m.ones(2)),
    "shapes": lambda m: m.ones(2, 3) + m.ones(4, 3),
    "shapes of different lengths": lambda m: m.ones(2, 3) * m.ones(2, 2, 2),
    "division of integers by zero": lambda m: m.tensor([1]) // m.tensor([0]),
    "remainder of integers by zero": lambda m: m.tensor([1]) % 0,
    "fmod of integers by zero": lambda m: m.fmod(m.tensor([1]), 0),
    "negative powers of integers": lambda m: m.tensor([2]) ** -1,
    "negative powers of integers, in a tensor": lambda m: m.tensor([2, 1, -1, 0, -3]) ** m.tensor([-1, -2, -3, -1, -1]),
    "float_power_ of floats": lambda m: m.ones(2).float_power_(2),
    "float_power_": lambda m: m.full((2,), 3.0, dtype=m.float64).float_power_(2),
    "minus a mask": lambda m: m.ones(2) - m.tensor([True, False]),
    "minus masks": lambda m: m.tensor([True]) - m.tensor([True, False]),
    "negated mask": lambda m: -m.tensor([True]),
    "plus a mask": lambda m: +m.tensor([True]),
}


@pytest.mark.parametrize("case", FORMS)
def test_refusals(case):
    check(FORMS[case])


LISTED = {
    "floor_divide": lambda m: m.floor_divide(m.ones(2), "a"),
    "remainder": lambda m: m.remainder(m.ones(2), None),
    "remainder of two numbers": lambda m: m.remainder(2, 3),
    "fmod": lambda m: m.fmod(2, m.ones(2)),
    "rsub": lambda m: m.rsub(2, m.ones(2)),
    "fmod of an array": lambda m: m.fmod(m.ones(2), np.ones(2)),
    "pow": lambda m: m.pow(m.ones(2), "a"),
    "pow of two numbers": lambda m: m.pow(2, 3),
}


@pytest.mark.parametrize("case", LISTED)
def test_refusals_that_list_forms(case):
    def scenario(m):
        try:
            LISTED[case](m)
        except TypeError as error:
            return str(error).split("\n")[0]
        raise AssertionError("nothing raised")

    check(scenario)


def composed(m, name, value=None):
    a, b, c = (tensor(m, v, "float64") for v in (ORDINARY, KINKS, [1.5, 2.0, -0.5, 3.0, 0.7, 1.1]))
    f = getattr(m, name)
    return derivatives(m, f if value is None else lambda *x: f(*x, value=value), a, b, c)


@pytest.mark.parametrize("name", ["addcmul", "addcdiv", "lerp"])
def test_composed(name):
    check(lambda m: composed(m, name))
    if name != "lerp":
        check(lambda m: composed(m, name, 0.5))

        def in_place(m):
            return getattr(m.ones(3), name + "_")(m.tensor([1.0, 2, 3]), m.tensor([2.0, 4, 5]), value=-0.5)
    else:
        check(lambda m: derivatives(m, lambda x, y: m.lerp(x, y, 0.25), tensor(m, ORDINARY, "float64"),
                                    tensor(m, KINKS, "float64")))  # fmt: skip

        def in_place(m):
            return m.ones(3).lerp_(m.tensor([1.0, 2, 3]), 0.25)

    check(in_place)


shapes = st.lists(st.integers(0, 3), max_size=3)


@settings(max_examples=60, deadline=None)
@given(a=shapes, b=shapes, name=st.sampled_from(["add", "mul", "div", "pow", "atan2"]), data=st.data())
def test_any_two_shapes(a, b, name, data):
    transpose = data.draw(st.booleans())

    def scenario(m):
        x, y = ((m.arange(float(np.prod(s, dtype=int))) + 0.5).reshape(s).to(m.float64) for s in (a, b))
        f = getattr(m, name)
        if transpose and len(a) > 1 and a == b:
            return derivatives(m, lambda x, y: f(x.transpose(0, 1), y.transpose(0, 1)), x, y)
        return derivatives(m, f, x, y)

    check(scenario)
