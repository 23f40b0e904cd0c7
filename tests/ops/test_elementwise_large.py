"""Elementwise operations by compiled loops: PyTorch's results and gradients for all shapes, orders, special values."""

from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

import rushlight
from rushlight.base import namespace
from rushlight.kernels import dispatch, pointwise

pytestmark = pytest.mark.skipif(not dispatch.enabled(), reason="needs Numba (extra 'fast')")


@pytest.fixture(autouse=True, scope="module")
def everything_is_large() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUSHLIGHT_FAST", "wait")
        patch.setitem(namespace, "LARGE", 1)
        patch.setattr(pointwise, "LARGE", 1)
        patch.setattr(pointwise, "FEW_BYTES", 0)
        yield


SPECIAL = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-40, 3e38, 0.5, -2.5, 20.0, -104.0]
SHAPES = [(7,), (3, 5), (2, 3, 4), (1, 6), (2, 3, 2, 5), ()]


def operand(rng: np.random.Generator, shape: tuple[int, ...], order: str, dtype: type, special: bool) -> np.ndarray:
    values = rng.choice(SPECIAL, shape) if special else rng.uniform(0.1, 3, shape) * rng.choice([-1, 1], shape)
    values = np.asarray(values, dtype)
    if order == "permuted" and values.ndim > 1:
        values = np.moveaxis(np.ascontiguousarray(np.moveaxis(values, 1, -1)), -1, 1)
    if order == "apart" and values.ndim:
        values = np.repeat(values, 2, -1)[..., ::2]
    return values


def both(scenario: Any, arrays: list[np.ndarray], strides: bool = True) -> None:
    results = []
    for library in (torch, rushlight):
        tensors = []
        for a in arrays:
            # The array's own order in memory, in either library.
            order = sorted(range(a.ndim), key=lambda i: -a.strides[i])
            whole = library.tensor(a.transpose(order).copy())
            back = sorted(range(a.ndim), key=order.__getitem__)
            tensors.append(whole.permute(back).requires_grad_())
        result = scenario(*tensors)
        result.backward(
            library.tensor(np.linspace(0.5, 2, result.numel(), dtype=arrays[0].dtype)).reshape(result.shape)
        )
        results.append([result.detach(), *(t.grad for t in tensors)])
    for theirs, ours in zip(*results, strict=True):
        assert ours.shape == theirs.shape
        steps = [[s for s, n in zip(t.stride(), t.shape, strict=True) if n > 1] for t in (ours, theirs)]
        assert not strides or steps[0] == steps[1]
        rounding = {torch.float32: 4e-6, torch.float64: 1e-14}[theirs.dtype]
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rounding, rounding * 10)


UNARY = ["neg", "exp", "log", "tanh", "sigmoid", "relu", "sqrt", "rsqrt", "abs", "reciprocal", "erf", "expm1", "log1p"]
UNARY += ["log2", "log10", "cosh", "sinh", "atan", "asin", "acos", "tan"]
EXACT = ["add", "sub", "mul", "div", "maximum", "minimum"]
BINARY = [*EXACT, "atan2", "pow"]
NUMBERS = [
    lambda x: x * 2.5,
    lambda x: 3 - x,
    lambda x: x + 1,
    lambda x: x / 4,
    lambda x: 2 / x,
    lambda x: x**2.5,
    lambda x: x**-3,
]


@pytest.mark.parametrize("few", [0, 1 << 19])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_simple_operations_on_one_and_on_several_threads(few: int, dtype: type, monkeypatch: Any) -> None:
    monkeypatch.setattr(pointwise, "FEW_BYTES", few)
    rng = np.random.default_rng(0)
    a, b = (rng.choice(SPECIAL, (150, 150)).astype(dtype) for _ in range(2))

    def results(library: Any) -> list[Any]:
        x, y = library.from_numpy(a.copy()), library.from_numpy(b.copy())
        found = [getattr(x, name)(y) for name in EXACT] + [x * 2.5, 2.5 - x, x / 3, x.T + y, x - y[0]]
        found += [getattr(x, name)() for name in ("neg", "abs", "floor", "ceil", "trunc", "round")]
        for name in ("add_", "sub_", "mul_", "div_"):
            found += [getattr(x.clone(), name)(y), getattr(x.clone(), name)(2.5)]
        z = x.clone()
        return [*found, x.clone().neg_(), x.clone().floor_(), z.add_(z)]

    for ours, theirs in zip(results(rushlight), results(torch), strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
        np.testing.assert_array_equal(np.signbit(ours.nan_to_num().numpy()), np.signbit(theirs.nan_to_num().numpy()))


@settings(deadline=None, max_examples=120)
@given(st.data())
def test_functions_of_one_tensor(data: st.DataObject) -> None:
    name, dtype = data.draw(st.sampled_from(UNARY)), data.draw(st.sampled_from([np.float32, np.float64]))
    shape, order = data.draw(st.sampled_from(SHAPES)), data.draw(st.sampled_from(["rows", "permuted"]))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    x = operand(rng, shape, order, dtype, data.draw(st.booleans()))
    both(lambda t: getattr(t, name)(), [x])


@settings(deadline=None, max_examples=120)
@given(st.data())
def test_functions_of_two_tensors_that_broadcast(data: st.DataObject) -> None:
    name, dtype = data.draw(st.sampled_from(BINARY)), data.draw(st.sampled_from([np.float32, np.float64]))
    shape = data.draw(st.sampled_from(SHAPES))
    ones = [data.draw(st.lists(st.booleans(), min_size=len(shape), max_size=len(shape))) for _ in range(2)]
    shapes = [tuple(1 if one else n for n, one in zip(shape, which, strict=True)) for which in ones]
    cut = data.draw(st.integers(0, len(shape)))
    shapes[1] = shapes[1][cut:]
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    order = data.draw(st.sampled_from(["rows", "permuted"]))
    special = data.draw(st.booleans())
    arrays = [operand(rng, s, order, dtype, special) for s in shapes]
    # Operands in two orders give a result that lies like PyTorch's first one, and row by row here (differences.md).
    alike = order == "rows" or shapes[0] == shapes[1]
    both(lambda x, y: getattr(torch if isinstance(x, torch.Tensor) else rushlight, name)(x, y), arrays, alike)


@pytest.mark.parametrize("scenario", NUMBERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers(scenario: Any, dtype: type) -> None:
    both(scenario, [operand(np.random.default_rng(0), (4, 9), "rows", dtype, False)])


@pytest.mark.parametrize("change", [
    lambda x, y: x.clone().add_(y), lambda x, y: x.clone().mul_(y).mul_(y), lambda x, y: x.clone().relu_() * y,
    lambda x, y: x.clone().mul_(3).sub_(y), lambda x, y: x.clone().exp_() / y,
    lambda x, y: x.clone().t().tanh_() * y.t(),
    lambda x, y: x.clone().add_(y[0]), lambda x, y: y * x.clone().sigmoid_(),
])  # fmt: skip
def test_changes_in_place(change: Any) -> None:
    rng = np.random.default_rng(1)
    both(change, [operand(rng, (6, 6), "rows", np.float32, False) for _ in range(2)])


ACTIVATIONS = [
    ("relu6",), ("hardtanh",), ("hardtanh", -0.5, 2.0), ("threshold", 0.5, -1.0), ("leaky_relu",), ("leaky_relu", 0.3),
    ("hardswish",), ("hardsigmoid",), ("hardshrink",), ("softshrink",), ("silu",), ("elu",), ("elu", 0.5), ("selu",),
    ("celu", 2.0), ("softplus",), ("softplus", 2, 1.5), ("mish",), ("logsigmoid",), ("gelu",),
]  # fmt: skip


def functional(x: Any) -> Any:
    return (torch if isinstance(x, torch.Tensor) else rushlight).nn.functional


@pytest.mark.parametrize("call", [*ACTIVATIONS, *[(name + "_",) for name in ("relu", "leaky_relu", "elu", "selu")]])
@pytest.mark.parametrize("special", [False, True])
def test_activations(call: tuple[Any, ...], special: bool) -> None:
    x = operand(np.random.default_rng(0), (3, 40), "rows", np.float32, special)
    if special and call[0] == "gelu":
        x = x[np.abs(x) < 1e30]  # twice the number is infinite in PyTorch on the way
    both(lambda t: getattr(functional(t), call[0])(t * 1, *call[1:]), [x])


def test_the_other_gelu() -> None:
    x = operand(np.random.default_rng(0), (3, 40), "rows", np.float32, False)
    both(lambda t: functional(t).gelu(t, approximate="tanh"), [x])


@pytest.mark.parametrize("exponent", [2, 3, 1, 0.5, -0.5, -1, -2, 2.5, 0])
def test_powers(exponent: float) -> None:
    both(lambda t: t.abs() ** exponent, [operand(np.random.default_rng(0), (3, 8), "rows", np.float32, False)])


@pytest.mark.parametrize("change", [
    lambda y: y[1:].add_(y[:-1]), lambda y: y[1:].copy_(y[:-1]), lambda y: y.view(2, 4).mul_(y.view(2, 4)),
    lambda y: y[:4].view(2, 2).add_(y[:4].view(2, 2).t()), lambda y: y[:4].add_(y[4:]),
])  # fmt: skip
def test_a_change_that_reads_shifted_elements_of_its_own_memory(change) -> None:
    found = []
    for library in (torch, rushlight):
        y = library.arange(8.0)
        try:
            found.append(change(y).tolist())
        except RuntimeError as error:
            found.append(str(error))
    assert found[0] == found[1]


def test_memory_with_gaps_is_left_to_numpy() -> None:
    a = operand(np.random.default_rng(0), (3, 8), "apart", np.float32, False)
    ours = rushlight.from_numpy(a)
    np.testing.assert_array_equal((ours * ours).numpy(), a * a)
    np.testing.assert_allclose(ours.tanh().numpy(), np.tanh(a), 1e-6)


def test_the_second_derivative_of_a_large_tensor() -> None:
    found = []
    for library in (torch, rushlight):
        x = library.linspace(-2, 2, 50, requires_grad=True)
        (g,) = library.autograd.grad((x.tanh() * x.exp()).sum(), x, create_graph=True)
        (h,) = library.autograd.grad((g * g).sum(), x)
        found.append(h.numpy())
    np.testing.assert_allclose(found[1], found[0], 1e-4, 1e-5)


def test_a_changed_operand_is_noticed() -> None:
    for library in (torch, rushlight):
        x, y = library.ones(5, requires_grad=True), library.ones(5)
        z = x * y
        y.add_(1)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            z.sum().backward()


def test_what_loops_cannot_compute_is_known_beforehand() -> None:
    assert pointwise.backward("unknown", ("grad", "input"), ("grad * lgamma(input)",)) is None
    assert pointwise.backward("known", ("grad", "input"), ("grad * exp(input)",)) is not None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_takes_a_quicker_way_on_many_elements(dtype: type) -> None:
    values = np.random.default_rng(0).uniform(0.5, 3, (200, 150)).astype(dtype)
    holes = np.where(values < 1, np.nan, values)
    for scenario in (
        lambda library, x, holes: 2.5 / x,
        lambda library, x, holes: 3 / x,
        lambda library, x, holes: library.special.multigammaln(x + 2, 4),
        lambda library, x, holes: library.linalg.vecdot(x, x + 1),
        lambda library, x, holes: library.linalg.vecdot(x, x + 1, dim=0),
        lambda library, x, holes: library.nanquantile(holes, 0.3),
        lambda library, x, holes: library.nanquantile(holes, library.tensor([0.0, 0.9, 1.0], dtype=x.dtype)),
        lambda library, x, holes: library.nanquantile(holes * float("nan"), 0.3),
        lambda library, x, holes: library.nanquantile(x, 0.3),
    ):
        theirs, ours = (scenario(m, m.from_numpy(values), m.from_numpy(holes)) for m in (torch, rushlight))
        assert ours.shape == theirs.shape
        tolerance = 2e-6 if dtype is np.float32 else 1e-14
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), tolerance, tolerance)
