"""Random numbers of the kernels against torch: the same seed, the same numbers, and the same state afterwards."""

import ml_dtypes
import numpy as np
import pytest
import torch

from rushlight.kernels import numpy_normal, numpy_random
from rushlight.kernels.numpy_random import MersenneTwister

SIZES = (0, 1, 2, 15, 16, 17, 31, 100, 1000, 100003)
SEEDS = (0, 1, 42, 2**31 + 7, 2**40 + 3, 2**64 - 1)
SINGLE = {
    "float32": np.float32,
    "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
}
FLOATS = {**SINGLE, "float64": np.float64}
INTEGERS = {"int64": np.int64, "int32": np.int32, "int16": np.int16, "int8": np.int8, "uint8": np.uint8}
REALS = {**FLOATS, **INTEGERS}


def array_of(tensor):
    """The elements as a NumPy array, bfloat16 by way of its bits."""
    if tensor.dtype == torch.bfloat16:
        return tensor.view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return tensor.numpy()


def same(found, expected):
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found.astype(np.float64), expected.astype(np.float64), strict=True)


def pair(seed):
    """A source and PyTorch's generator with one seed."""
    return MersenneTwister(seed), torch.Generator().manual_seed(seed)


def same_state(source, generator):
    np.testing.assert_array_equal(source.get_state(), generator.get_state().numpy())


def compare(name, dtype, ours, theirs, sizes=SIZES, seeds=SEEDS, check=same):
    """Fills arrays of all sizes one after the other, so that a wrong number of words taken shows in the next size."""
    for seed in seeds:
        source, generator = pair(seed)
        for size in sizes:
            found, expected = np.zeros(size, dtype), torch.zeros(size, dtype=getattr(torch, name))
            ours(source, found)
            theirs(expected, generator)
            check(found, array_of(expected))
        same_state(source, generator)


@pytest.mark.parametrize(("name", "dtype"), FLOATS.items())
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.3, 2.7), (-0.125, 0.125), (5.0, 5.0), (1e3, 1e4)])
def test_uniform(name, dtype, low, high):
    compare(
        name,
        dtype,
        lambda s, out: numpy_random.uniform(s, out, low, high),
        lambda t, g: t.uniform_(low, high, generator=g),
    )


@pytest.mark.parametrize(("name", "dtype"), SINGLE.items())
@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (1.3, 2.7), (-5.0, 0.01), (2.0, 0.0)])
def test_normal(name, dtype, mean, std):
    compare(
        name,
        dtype,
        lambda s, out: numpy_normal.normal(s, out, mean, std),
        lambda t, g: t.normal_(mean, std, generator=g),
    )


def few_ulps(scale):
    """float64: exact for few elements; for many NumPy's functions may be two units in the last place away.

    `scale` is the size of what is added at the end.
    """

    def check(found, expected):
        if found.size <= 256:
            same(found, expected)
        else:
            margin = 2 * np.spacing(np.abs(expected) + scale)
            finite = np.isfinite(expected)
            np.testing.assert_array_equal(found[~finite], expected[~finite])
            assert (np.abs(found - expected) <= margin)[finite].all()

    return check


@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (1.25, 2.5)])
def test_normal_float64(mean, std):
    compare(
        "float64",
        np.float64,
        lambda s, out: numpy_normal.normal(s, out, mean, std),
        lambda t, g: t.normal_(mean, std, generator=g),
        check=few_ulps(mean),
    )


@pytest.mark.parametrize(("name", "dtype"), {**REALS, "bool": np.bool_}.items())
def test_integers_of_dtype(name, dtype):
    compare(name, dtype, numpy_random.integers_of_dtype, lambda t, g: t.random_(generator=g), seeds=SEEDS[:3])


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        *((name, 0, 10) for name in REALS),
        *((name, -7, 57) for name in REALS if name != "uint8"),
        ("int8", -128, 128),
        ("uint8", 0, 256),
        ("bool", 0, 2),
        ("bool", 0, 1),
        ("int64", 3, 4),
        *(("int64", 0, 2**28 + offset) for offset in (-1, 0, 1)),
        *(("int32", 5, 2**28 + offset) for offset in (4, 5, 6)),
        ("int32", -(2**31), 2**31 - 1),
        ("int64", 0, 2**32),
        ("int64", -(2**40), 2**41 + 1),
        ("int64", -(2**63), 2**63 - 1),
        ("float64", 0, 2**53),
        ("float32", 0, 2**24),
    ],
)
def test_integers(name, low, high):
    dtype = {**REALS, "bool": np.bool_}[name]
    compare(
        name,
        dtype,
        lambda s, out: numpy_random.integers(s, out, low, high),
        lambda t, g: t.random_(low, high, generator=g),
        seeds=SEEDS[:3],
    )


@pytest.mark.parametrize("name", ["int64", "float32", "float64", "bfloat16"])
def test_integers_64(name):
    compare(name, REALS[name], numpy_random.integers_64, lambda t, g: t.random_(-(2**63), None, generator=g))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 10, 100, 700, 701, 702, 1000, 4099, 100003])
def test_permutation(count):
    source, generator = pair(count)
    for _ in range(3):
        same(numpy_random.permutation(source, count), torch.randperm(count, generator=generator).numpy())
    same_state(source, generator)


def test_permutation_inside_out(monkeypatch):
    # 214 million elements are too many for a test; the algorithm is checked on a few of them, drawn by hand.
    source, words = MersenneTwister(3), MersenneTwister(3)
    expected = []
    for size in range(1, 50):
        partner = int(words.words64(1)[0] % np.uint64(size))
        expected.append(size - 1)
        expected[-1], expected[partner] = expected[partner], size - 1
    assert numpy_random._inside_out(source, 49).tolist() == expected


@pytest.mark.parametrize(("name", "dtype"), {**REALS, "bool": np.bool_}.items())
@pytest.mark.parametrize("p", [0.0, 1e-9, 0.3, 0.5, 1.0])
def test_bernoulli(name, dtype, p):
    compare(
        name,
        dtype,
        lambda s, out: numpy_random.bernoulli(s, out, p),
        lambda t, g: t.bernoulli_(p, generator=g),
        seeds=SEEDS[:2],
    )


@pytest.mark.parametrize("probabilities", FLOATS)
@pytest.mark.parametrize("name", ["float32", "float64", "int64", "bool"])
@pytest.mark.parametrize("shape", [(3, 700), (700,), (1,), ()])
def test_bernoulli_each(probabilities, name, shape):
    p = torch.linspace(0, 1, 2100).reshape(3, 700).to(getattr(torch, probabilities))
    p = p if len(shape) == 2 else p[1, :700].reshape(shape) if shape == (700,) else p[1, 350].reshape(shape)
    source, generator = pair(9)
    for transposed in (False, True):
        expected = (
            torch.zeros(700, 3, dtype=getattr(torch, name)).t()
            if transposed
            else torch.zeros(3, 700).to(getattr(torch, name))
        )
        found = (
            np.zeros(expected.t().shape, expected.numpy().dtype).T if transposed else np.zeros_like(expected.numpy())
        )
        numpy_random.bernoulli_each(source, found, array_of(p))
        same(found, expected.bernoulli_(p, generator=generator).numpy())
    same_state(source, generator)


@pytest.mark.parametrize(("name", "dtype"), SINGLE.items())
@pytest.mark.parametrize("rate", [1.0, 0.37, 250.0])
def test_exponential(name, dtype, rate):
    compare(
        name,
        dtype,
        lambda s, out: numpy_random.exponential(s, out, rate),
        lambda t, g: t.exponential_(rate, generator=g),
        seeds=SEEDS[:3],
    )


def test_exponential_float64():
    compare(
        "float64",
        np.float64,
        lambda s, out: numpy_random.exponential(s, out, 1.5),
        lambda t, g: t.exponential_(1.5, generator=g),
        check=few_ulps(0.0),
    )


@pytest.mark.parametrize(("name", "dtype"), REALS.items())
def test_geometric(name, dtype):
    compare(
        name,
        dtype,
        lambda s, out: numpy_random.geometric(s, out, 0.3),
        lambda t, g: t.geometric_(0.3, generator=g),
        seeds=SEEDS[:3],
    )


@pytest.mark.parametrize(("name", "dtype"), SINGLE.items())
@pytest.mark.parametrize(("median", "sigma"), [(0.0, 1.0), (1.7, 2.3)])
def test_cauchy(name, dtype, median, sigma):
    compare(
        name,
        dtype,
        lambda s, out: numpy_random.cauchy(s, out, median, sigma),
        lambda t, g: t.cauchy_(median, sigma, generator=g),
        seeds=SEEDS[:3],
    )


def test_cauchy_float64():
    compare(
        "float64",
        np.float64,
        lambda s, out: numpy_random.cauchy(s, out, 0.0, 1.0),
        lambda t, g: t.cauchy_(generator=g),
        check=few_ulps(0.0),
    )


@pytest.mark.parametrize(("name", "dtype"), SINGLE.items())
def test_log_normal(name, dtype):
    compare(
        name,
        dtype,
        lambda s, out: numpy_normal.log_normal(s, out, 1.7, 0.3),
        lambda t, g: t.log_normal_(1.7, 0.3, generator=g),
        seeds=SEEDS[:3],
    )


@pytest.mark.parametrize(
    ("name", "count", "replacement"),
    [
        *((name, count, True) for name in ("float32", "float64", "float16", "bfloat16") for count in (1, 50)),
        # In 16 bits many candidates are equal, and PyTorch's order among equals is that of its C++ library.
        *((name, count, False) for name in ("float32", "float64") for count in (1, 20)),
    ],
)
def test_multinomial(name, count, replacement):
    generator = torch.Generator().manual_seed(1)
    weights = torch.rand(4, 300, generator=generator).to(getattr(torch, name))
    weights[1, ::3] = 0
    source, generator = pair(6)
    for _ in range(3):
        found = numpy_random.multinomial(source, array_of(weights), count, replacement)
        same(found, torch.multinomial(weights, count, replacement, generator=generator).numpy())
    same_state(source, generator)


FILLERS = {
    "uniform": (lambda s, a: numpy_random.uniform(s, a, -2.0, 3.0), lambda t, g: t.uniform_(-2.0, 3.0, generator=g)),
    "normal": (numpy_normal.normal, lambda t, g: t.normal_(generator=g)),
    "normal_scaled": (lambda s, a: numpy_normal.normal(s, a, 3.0, 0.5), lambda t, g: t.normal_(3.0, 0.5, generator=g)),
    "log_normal": (
        lambda s, a: numpy_normal.log_normal(s, a, 0.0, 0.5),
        lambda t, g: t.log_normal_(0.0, 0.5, generator=g),
    ),
    "integers": (lambda s, a: numpy_random.integers(s, a, 0, 99), lambda t, g: t.random_(0, 99, generator=g)),
    "integers_wide": (
        lambda s, a: numpy_random.integers(s, a, 0, 2**30),
        lambda t, g: t.random_(0, 2**30, generator=g),
    ),
    "bernoulli": (lambda s, a: numpy_random.bernoulli(s, a, 0.4), lambda t, g: t.bernoulli_(0.4, generator=g)),
    "exponential": (numpy_random.exponential, lambda t, g: t.exponential_(generator=g)),
}

VIEWS = {
    "reversed axes": lambda t: t.permute(2, 1, 0),
    "steps": lambda t: t[::2, 1:, ::3],
    "turned axes": lambda t: t.permute(1, 2, 0),
    "turned part": lambda t: t[:, 1:].permute(2, 0, 1),
    "one axis": lambda t: t[:, 0, 0],
    "row": lambda t: t[0, 0],
    "element": lambda t: t[1, 2, 3],
}


@pytest.mark.filterwarnings("ignore:to - 1 is out of bounds")  # 2**30 in float32: only the words taken matter
@pytest.mark.parametrize("name", FILLERS)
@pytest.mark.parametrize("view", VIEWS)
def test_views_are_filled_in_the_order_of_memory(name, view):
    ours, theirs = FILLERS[name]
    memory, expected = np.zeros((5, 7, 30), np.float32), torch.zeros(5, 7, 30)
    source, generator = pair(4)
    if name == "integers_wide":
        memory, expected = memory.astype(np.float64), expected.double()
    # a torch view of the NumPy memory gives the same strides to both
    for _ in range(2):
        shared = VIEWS[view](torch.from_numpy(memory)).numpy()
        ours(source, shared)
        theirs(VIEWS[view](expected), generator)
    same(memory, expected.numpy())
    same_state(source, generator)


def test_any_sequence_of_calls_stays_in_step():
    chance = np.random.default_rng(5)
    for seed in range(6):
        source, generator = pair(seed)
        for _ in range(60):
            name = chance.choice(sorted(FILLERS))
            size = int(chance.choice([1, 2, 3, 5, 15, 16, 17, 33, 311, 624, 1250]))
            ours, theirs = FILLERS[name]
            found, expected = np.zeros(size, np.float32), torch.zeros(size)
            if name == "integers_wide":
                found, expected = found.astype(np.float64), expected.double()
            ours(source, found)
            theirs(expected, generator)
            same(found, expected.numpy())
            same_state(source, generator)


@pytest.mark.parametrize("taken", [0, 1, 2, 623, 624, 625, 1248, 5000])
def test_states_are_exchanged(taken):
    source, generator = pair(77)
    numpy_random.uniform(source, np.empty(taken, np.float32))
    torch.empty(taken).uniform_(generator=generator)
    same_state(source, generator)
    other, twin = torch.Generator(), MersenneTwister(5)
    other.set_state(torch.from_numpy(source.get_state()))
    twin.set_state(generator.get_state().numpy())
    assert twin.seed == other.initial_seed() == 77
    same_state(twin, other)
    for _ in range(2):
        found, expected = np.empty(700, np.float32), torch.empty(700)
        numpy_random.uniform(twin, found)
        same(found, expected.uniform_(generator=other).numpy())
    same_state(twin, other)
    same_state(source, generator)


def test_the_waiting_normal_number_is_part_of_the_state():
    source, generator = pair(8)
    numpy_normal.normal(source, np.empty(3))
    torch.empty(3, dtype=torch.float64).normal_(generator=generator)
    same_state(source, generator)
    twin = source.clone()
    twin.words32(5)
    same_state(source, generator)
    twin = MersenneTwister()
    twin.set_state(generator.get_state().numpy())
    found, expected = np.empty(4), torch.empty(4, dtype=torch.float64)
    numpy_normal.normal(twin, found)
    same(found, expected.normal_(generator=generator).numpy())
    same_state(twin, generator)
    twin.reseed(8)
    same_state(twin, generator.manual_seed(8))


@pytest.mark.parametrize("spoil", [lambda s: s[:-1], lambda s: s[:0], lambda s: np.zeros_like(s)])
def test_wrong_states(spoil):
    source = MersenneTwister(1)
    state = spoil(source.get_state())
    with pytest.raises(RuntimeError) as found:
        source.set_state(state)
    with pytest.raises(RuntimeError) as expected:
        torch.Generator().set_state(torch.from_numpy(state))
    assert str(found.value) == str(expected.value).split("\nException raised")[0]


@pytest.mark.parametrize("bits", [1, 8, 24, 28, 31, 32])
def test_words_are_cut_to_their_lower_bits(bits):
    for count in (5, 5000):
        cut, whole = MersenneTwister(2), MersenneTwister(2)
        mask = np.uint64((1 << bits) - 1)
        np.testing.assert_array_equal(cut.words32(count, bits), whole.words32(count) & mask)
        np.testing.assert_array_equal(cut.words64(count, bits), whole.words64(count) & mask)
        np.testing.assert_array_equal(cut.get_state(), whole.get_state())
