"""Quick ways through operations that have a general one too: same values, dtypes, errors and effects as PyTorch's."""

import numpy as np
import pytest
import torch
from tests.beside import check

import rushlight

DTYPES = ["bool", "uint8", "int8", "int32", "int64", "float16", "float32", "complex64"]
NUMBERS = [True, 0, 2, 300, -1, 2**31, 2**63 - 1, 2**63, 1.5, -0.0, 1e30, 1 + 2j]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("number", NUMBERS, ids=str)
@pytest.mark.parametrize("operation", ["add", "mul", "eq", "lt"])
def test_a_number_beside_each_dtype(dtype, number, operation):
    def beside(t):
        # The second time numbers come from a cache.
        operands = [t.ones(shape, dtype=getattr(t, dtype)) for shape in ((), (3,), (), (3,))]
        return [getattr(t, operation)(x, number) for x in operands]

    check(beside)


def test_zeros_keep_their_sign_beside_complex_numbers():
    check(lambda t: [(t.tensor([-0.0 + 0j]) + zero).real.signbit() for zero in (0.0, -0.0, 0, -0.0)])


@pytest.mark.parametrize("first", DTYPES)
@pytest.mark.parametrize("second", DTYPES)
def test_tensors_of_two_dtypes(first, second):
    shapes = [((3,), (3,)), ((2, 1), (3,)), ((3,), ()), ((), (2,))]

    def beside(t):
        return [t.ones(a, dtype=getattr(t, first)) + t.ones(b, dtype=getattr(t, second)) for a, b in shapes]

    check(beside)
    check(lambda t: t.ones(2, 3, dtype=getattr(t, first)) * t.ones(2, dtype=getattr(t, second)))


@pytest.mark.parametrize("size", [5, 40_000])
def test_out_is_written_at_once_or_by_a_copy(size):
    check(lambda t: t.add(t.arange(size) * 1.0, t.ones(size), out=t.zeros(size)))
    check(lambda t: t.exp(t.zeros(size), out=t.zeros(size, dtype=t.float64)))

    def overlapping(t):
        x = t.arange(size + 1) * 1.0
        t.mul(x[:-1], x[:-1].clone(), out=x[1:])
        return x

    def shifted_operand(t):
        x = t.arange(size + 1) * 1.0
        return t.neg(x[1:].clone(), out=x[:-1]), x

    def itself(t):
        x = t.arange(size) * 1.0
        return t.sub(x, x, out=x), x

    def counted(t):
        w = t.ones(size, requires_grad=True)
        saved = t.ones(size)
        y = (w * saved).sum()
        t.add(saved, saved, out=saved)
        y.backward()

    def recorded(t):
        return t.add(t.ones(size, requires_grad=True), t.ones(size), out=t.zeros(size))

    def expanded(t):
        return t.add(t.ones(size), t.ones(size), out=t.zeros(1).expand(size))

    for function in (overlapping, shifted_operand, itself, recorded, expanded):
        check(function)
    for t in (torch, rushlight):
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            counted(t)


def test_parts_of_complex_numbers_are_views_that_change_with_them():
    def change(t):
        z = t.tensor([1 + 2j, 3 - 4j])
        z.real.add_(1)
        z.imag[0] = 7
        return z, z.real, z.imag, z.real._base is z

    def later(t):
        z = t.tensor([1 + 2j, 3 - 4j])
        part = z.imag
        z.mul_(t.tensor(2.0, requires_grad=True))
        part.sum().backward()
        return part, part.grad_fn.name()

    for function in (change, later):
        check(function)


def test_new_dimensions_are_views():
    def change(t):
        x = t.zeros(2, 3)
        x[None].add_(1)
        x[..., None].mul_(2)
        x[None, 0, :, None].sub_(5)
        return x, x[None], x[:, None, 1], x[None, ..., None], t.tensor(1.0)[None]

    check(change)


def test_values_alone_of_decompositions():
    matrix = np.random.default_rng(0).standard_normal((2, 4, 4))
    for name in ("eigvalsh", "svdvals", "eigvals"):
        results = []
        for t in (torch, rushlight):
            x = t.from_numpy(matrix + matrix.swapaxes(1, 2) if name != "svdvals" else matrix)
            plain = getattr(t.linalg, name)(x)
            recorded = getattr(t.linalg, name)(x.clone().requires_grad_())
            assert recorded.requires_grad and not plain.requires_grad and plain.dtype == recorded.dtype
            order = np.sort_complex if name == "eigvals" else np.sort
            np.testing.assert_allclose(order(plain.numpy()), order(recorded.detach().numpy()), rtol=1e-10)
            results.append(order(plain.numpy()))
        np.testing.assert_allclose(*results, rtol=1e-10)
    with pytest.raises(RuntimeError, match="should not contain infs or NaNs"):  # where PyTorch's LAPACK may crash
        rushlight.linalg.eigvals(rushlight.full((2, 2), float("nan")))


def test_taking_counting_and_spacing():
    check(lambda t: t.take(t.arange(6).reshape(2, 3), t.tensor([[0, -1], [5, -6]])))
    check(lambda t: t.take(t.arange(6).reshape(2, 3), t.tensor([0, 6])))
    check(lambda t: t.take(t.arange(6).reshape(2, 3), t.tensor([0, -7])))
    check(lambda t: t.take(t.arange(6).reshape(2, 3).t(), t.tensor([1, 2])))
    check(lambda t: t.frexp(t.tensor([0.0, -0.0, 1.0, -3.7, 1e-42, float("inf"), float("nan")])))
    check(lambda t: t.count_nonzero(t.tensor([[0.0, float("nan")], [-0.0, 2.0]])))
    check(lambda t: t.vdot(t.tensor([1 + 2j, 3j]), t.tensor([1j, 2 + 0j])))
    check(lambda t: [t.linspace(-1.5, 2.25, n, dtype=t.float64) for n in (0, 1, 2, 3, 4, 5, 101)])


def test_distinct_elements_with_and_without_counts():
    for values in ([0.0, -0.0, float("nan"), 1.0, float("nan"), -0.0, 2.0], [-0.0, 0.0], []):
        check(lambda t, values=values: [t.unique(t.tensor(values), return_counts=c) for c in (True, False)])
    check(lambda t: t.unique(t.tensor([[5, 3], [3, 5]]), return_inverse=True, return_counts=True))
    check(lambda t: t.unique(t.tensor([1.5, 2.5, 1.5], requires_grad=True)))


@pytest.mark.parametrize("place", [None, 0, 29_999])
def test_extremes_of_all_elements_find_what_is_no_number(place):
    def extremes(t):
        x = ((t.arange(30_000) * 7919) % 10_007).reshape(100, 300).float()
        if place is not None:
            x.view(-1)[place] = float("nan")
        return [t.amax(x), t.amin(x), *t.aminmax(x), t.amax(x, (0, 1)), t.amin(x.t()), t.amax(x, keepdim=True)]

    check(extremes)


@pytest.mark.parametrize("degree", [-1, 0, 1, 2, 5, 7, 30, 70])
@pytest.mark.parametrize("name", ["chebyshev_polynomial_t", "laguerre_polynomial_l", "legendre_polynomial_p"])
def test_polynomials_of_one_degree(name, degree):
    values = [-1.0, -0.4, 0.0, 0.3, 1.0]
    check(lambda t: getattr(t.special, name)(t.tensor(values, dtype=t.float64), degree), rtol=1e-9)

    def unchanged(t):
        x = t.tensor([0.5, 0.25])
        getattr(t.special, name)(x, 1).zero_()
        return x

    check(unchanged)


def test_incomplete_gamma_functions_at_ends_and_where_an_argument_is_no_number():
    values = [0.0, 0.5, 3.0, float("inf"), float("nan")]
    check(lambda t: t.special.gammainc(t.tensor(values)[:, None], t.tensor(values)))
    check(lambda t: t.special.gammaincc(t.tensor(values[1:3])[:, None], t.tensor(values[:4])))


def test_closeness_of_numbers_and_infinities():
    values = [0.0, 1.0, 1.0 + 1e-6, 1.1, float("inf"), -float("inf"), float("nan")]
    check(lambda t: [t.isclose(t.tensor(values)[:, None], t.tensor(values), equal_nan=e) for e in (True, False)])
    check(lambda t: t.arange(-1, 2.0, 0.1))


def test_masks_and_places_as_indices():
    def read(t):
        x = t.arange(12.0).reshape(3, 4)
        mask = x % 3 == 0
        places = t.tensor([[2, 0], [-1, 1]])
        return x[mask], x[places], x[mask[:, 0]], x.t()[mask.t()], x[t.tensor(1)], t.tensor(5)[t.tensor(True)]

    def read_recorded(t):
        x = t.arange(12.0).reshape(3, 4).requires_grad_()
        (x[x > 4].sum() + x[t.tensor([0, 0, -1])].square().sum()).backward()
        return x.grad

    def write(t):
        x, half = t.arange(12.0).reshape(3, 4), t.arange(6).to(t.float16)
        mask = x % 3 == 0
        view = x[1:]
        x[mask] = -1
        view[mask[1:]] = float("nan")
        half[half > 2] = 1e5
        x[mask] = t.tensor(7.5)
        x[mask] = t.tensor(7)
        whole = t.arange(4)
        whole[whole > 1] = 2.75
        marked = t.tensor([True, False])
        marked[marked] = False
        return x, view, half, whole, marked, x._version

    def saved(t):
        w = t.ones(3, requires_grad=True)
        factor = t.arange(3.0)
        y = w * factor
        factor[factor > 1] = 0
        y.sum().backward()

    for function in (read, read_recorded, write, saved):
        check(function)
    check(lambda t: t.zeros(3)[t.tensor([0, 3])])
    check(lambda t: t.zeros(3)[t.tensor([True, False])])
    check(lambda t: t.zeros(3, 2).__setitem__(t.tensor([True, False]), 1.0))


def test_limits_and_numbers_beside_tensors():
    def limited(t):
        x = t.tensor([-2.0, float("nan"), 0.5, float("inf"), -0.0])
        return [x.clamp(-1, 1), x.clamp(min=0), x.clamp(max=0.25), x.clamp(1.0, -1.0), x.clamp(float("nan"), 1.0)]

    def chosen(t):
        x = t.tensor([1.0, 2.0], dtype=t.float64)
        mask = t.tensor([True, False])
        return [t.where(mask, x, 0.5), t.where(mask, 1e300, x), t.where(mask, 1.0, 2.0), t.where(mask, x, -0.0)]

    check(limited)
    check(chosen)
    check(lambda t: t.zeros(2).clamp(0, 10**400))
    check(lambda t: t.zeros(2, dtype=t.float32).clamp(max=1e300))
    check(lambda t: t.where(t.tensor([True, False]), t.zeros(2), 1e300))


def test_edges_of_gamma_functions_quotients_and_deviations():
    values = [0.0, -0.0, -1.0, 2.5, float("inf"), -float("inf"), float("nan")]
    check(lambda t: [t.lgamma(t.tensor(values)), t.digamma(t.tensor(values))], rtol=1e-5)
    check(lambda t: [t.tensor(values) // t.tensor(b) for b in (0.0, -0.0, 2.0, float("inf"))])
    check(lambda t: t.tensor([1, 2]) // t.tensor([0, 1]))
    check(lambda t: [t.tensor(row).std() for row in ([1e-25, 3e-25], [1e30, -1e30], [2.0, 2.0])])
    check(lambda t: t.linalg.matrix_rank(t.tensor([[1.0, 2.0], [2.0, 4.0]])))
    check(lambda t: t.linalg.matrix_rank(t.tensor([[1.0, 2.0], [2.0, 5.0]]), hermitian=True))


_TWO = "add sub mul div eq lt maximum logical_and bitwise_or remainder floor_divide pow".split()
_ONE = "neg abs square exp sqrt isnan logical_not bitwise_not real conj_physical sgn".split()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "complex64", "complex128"])
@pytest.mark.parametrize("operation", [*_TWO, *_ONE])
def test_a_dtype_for_the_second_time(dtype, operation):
    def again(t):
        # The first time the general way is taken, and it is noted that the dtype needs no conversion.
        found = []
        for shape, other in [((2, 2), (2, 2)), ((2, 2), (2, 2)), ((), ()), ((2, 2), (2,)), ((0, 2), (0, 2))]:
            x = (t.arange(4) % 3 + 1)[: int(np.prod(shape))].reshape(shape).to(getattr(t, dtype))
            operands = (x, x.new_ones(other), 3)
            for second in operands[1:] if operation in _TWO else (None,):
                try:
                    found.append(getattr(t, operation)(x, *[] if second is None else [second]))
                except (RuntimeError, NotImplementedError) as error:
                    found.append(f"{type(error).__name__}: {error}")
        return found

    check(again)


@pytest.mark.parametrize("operation", "add sub mul div pow exp square abs angle real sgn".split())
def test_gradients_of_complex_numbers_for_the_second_time(operation):
    def again(t):
        x = t.tensor([1 + 2j, -0.5j, 3.0], requires_grad=True)
        y = t.tensor([2 - 1j, 0.5 + 1j, -1.0], requires_grad=True)
        function = getattr(t, operation)
        found = []
        for first, second in [(x, y), (x, y), (x, y.detach()), (x.detach(), y), (x, 2)]:
            result = function(first, second) if operation in _TWO else function(first)
            if result.requires_grad:
                found += [result, *t.autograd.grad(result.abs().sum(), (x, y), allow_unused=True)]
        with t.no_grad():
            found.append(function(x, y) if operation in _TWO else function(x))
        return found

    check(again, rtol=1e-5)


def test_numbers_alone_are_refused_after_tensors_too():
    def alone(t):
        t.add(t.arange(3), t.arange(1, 4))
        return t.add(5, 3)

    check(alone)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int64"])
def test_ranks_of_many_elements_with_ties_and_what_is_no_number(dtype):
    def ranks(t):
        x = ((t.arange(300) * 7919) % 97).to(getattr(t, dtype))
        holes = x.clone()
        if dtype != "int64":
            holes[::60] = float("nan")
            x[5] = float("-inf")
        found = []
        for y in (x, holes):
            found += [t.kthvalue(y, k).values for k in (1, 150, 296, 300)]
            found += [t.median(y), t.nanmedian(y), t.median(y, 0).values, t.nanmedian(y, 0, True).values]
        unique = t.randperm(300, generator=t.Generator().manual_seed(0)).to(getattr(t, dtype))
        return [*found, t.kthvalue(unique, 100), t.median(unique, 0)]

    check(ranks)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("n", [1, 2, 5])
def test_spreads_of_equal_tiny_and_endless_numbers(n):
    def spread(t):
        rows = t.tensor([[3.0], [1e-30], [1e30], [float("inf")], [float("nan")]]).repeat(1, n)
        other = rows * t.linspace(1, 2, n)
        found = [f(x, 1, correction=c) for f in (t.std, t.var) for x in (rows, other) for c in (0, 1)]
        return [*found, t.std(other), t.std(t.zeros(0)), t.std(t.zeros(2, 0), 1), t.var_mean(other, 0)]

    check(spread, rtol=2e-6)


def test_names_of_numpy_beside_pytorchs():
    def named(t):
        x = t.tensor([[3.0, 1.0], [2.0, 5.0]])
        return t.sum(x, axis=1, keepdims=True), t.sort(x, axis=0), t.std(a=x, dim=0), x.amax(axis=1)

    check(named)
