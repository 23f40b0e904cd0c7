"""Parametrized tensors, and the ready-made parametrizations, case by case as in PyTorch."""

import copy
import pickle

import pytest

from .reference import assert_same


def linear(t, n=3, m=2, bias=True):
    t.manual_seed(3)
    return t.nn.Linear(n, m, bias=bias)


def own(t, name, **methods):
    return type(name, (t.nn.Module,), methods)()


def doubled(t):
    return own(t, "Double", forward=lambda self, x: x * 2, right_inverse=lambda self, x: x / 2)


def symmetric(t):
    return own(t, "Symmetric", forward=lambda self, x: x.triu() + x.triu(1).mT)


def split(t):
    """The weight is a sum of two tensors."""
    return own(t, "Split", forward=lambda self, a, b: a + b, right_inverse=lambda self, x: (x * 0.25, x * 0.75))


def state(module):
    names = [name for name, _ in module.named_parameters()]
    return [repr(module), names, module.state_dict(), [p.requires_grad for p in module.parameters()]]


def registered(t, *makers, name="weight", **options):
    layer = linear(t)
    for make in makers:
        t.nn.utils.parametrize.register_parametrization(layer, name, make(t), **options)
    return layer


def trained(t, layer):
    o = t.optim.SGD(layer.parameters(), lr=0.1)
    for _ in range(2):
        o.zero_grad()
        layer(t.ones(2, 3)).square().sum().backward()
        o.step()
    return [layer.weight, layer.bias, type(layer).__name__, type(layer).__mro__[1].__name__, *state(layer)]


def assigned(t, *makers, value=None):
    layer = registered(t, *makers)
    layer.weight = t.arange(6.0).view(2, 3) if value is None else value(t)
    return [layer.weight, layer.state_dict()]


def removed(t, *makers, names=("weight",), **options):
    layer = registered(t, *makers)
    for name in names:
        t.nn.utils.parametrize.remove_parametrizations(layer, name, **options)
    return [*state(layer), type(layer).__name__, layer(t.ones(3))]


def transferred(t, make):
    p = t.nn.utils.parametrize
    source, target = registered(t, make), t.nn.Linear(3, 2)
    p.transfer_parametrizations_and_params(source, target)
    return [
        *state(target),
        target(t.ones(3)),
        p.type_before_parametrizations(target).__name__,
        p.is_parametrized(target),
    ]


def counted(t, inside):
    calls = []
    layer = registered(t, lambda t: own(t, "Count", forward=lambda self, x: (calls.append(0), x + 1)[1]))
    del calls[:]
    if inside:
        with t.nn.utils.parametrize.cached():
            same = layer.weight is layer.weight
    else:
        same = layer.weight is layer.weight
    return [len(calls), same, layer.weight is layer.weight]


def copied(t):
    layer = registered(t, doubled)
    twin = copy.deepcopy(layer)
    with t.no_grad():
        layer.parametrizations.weight.original.zero_()
    return [layer.weight, twin.weight, type(twin) is type(layer)]


def buffer(t):
    layer = linear(t)
    layer.register_buffer("scale", t.ones(2))
    t.nn.utils.parametrize.register_parametrization(layer, "scale", doubled(t))
    return [layer.scale, *state(layer), [n for n, _ in layer.named_buffers()]]


CASES = {
    "printed": lambda t: state(registered(t, doubled)),
    "trained": lambda t: trained(t, registered(t, doubled)),
    "trained_two": lambda t: trained(t, registered(t, doubled, doubled)),
    "trained_split": lambda t: trained(t, registered(t, split)),
    "assigned": lambda t: assigned(t, doubled),
    "assigned_two": lambda t: assigned(t, doubled, doubled),
    "assigned_split": lambda t: assigned(t, split),
    "assigned_without_inverse": lambda t: assigned(
        t, lambda t: own(t, "Plain", forward=lambda self, x: x), value=lambda t: t.ones(2, 3)
    ),
    "removed": lambda t: removed(t, doubled),
    "removed_original": lambda t: removed(t, doubled, leave_parametrized=False),
    "removed_split": lambda t: removed(t, split),
    "removed_split_original": lambda t: removed(t, split, leave_parametrized=False),
    "removed_unknown": lambda t: removed(t, doubled, names=("bias",)),
    "removed_twice": lambda t: removed(t, doubled, names=("weight", "weight")),
    "transferred": lambda t: transferred(t, doubled),
    "cached": lambda t: counted(t, True),
    "not_cached": lambda t: counted(t, False),
    "copied": copied,
    "pickled": lambda t: pickle.dumps(registered(t, doubled)),
    "buffer": buffer,
    "unknown": lambda t: registered(t, doubled, name="none"),
    "shape": lambda t: registered(t, lambda t: own(t, "Row", forward=lambda self, x: x[0])),
    "shape_unsafe": lambda t: registered(t, lambda t: own(t, "Row", forward=lambda self, x: x[0]), unsafe=True).weight,
    "dtype": lambda t: registered(t, lambda t: own(t, "Wide", forward=lambda self, x: x.double())),
    "number": lambda t: registered(t, lambda t: own(t, "Number", forward=lambda self, x: 3)),
    "second_shape": lambda t: registered(t, doubled, lambda t: own(t, "Row", forward=lambda self, x: x[0])),
    "second_dtype": lambda t: registered(t, doubled, lambda t: own(t, "Wide", forward=lambda self, x: x.double())),
    "second_number": lambda t: registered(t, doubled, lambda t: own(t, "Number", forward=lambda self, x: 3)),
    "inverse_dtype": lambda t: registered(
        t, lambda t: own(t, "Odd", forward=lambda self, x: x, right_inverse=lambda self, x: x.double())
    ),
    "inverse_number": lambda t: registered(
        t, lambda t: own(t, "Odd", forward=lambda self, x: x, right_inverse=lambda self, x: 3)
    ),
    "inverse_list": lambda t: registered(
        t, lambda t: own(t, "Odd", forward=lambda self, x: x, right_inverse=lambda self, x: [x, 3])
    ),
    "second_inverse_number": lambda t: registered(
        t, doubled, lambda t: own(t, "Odd", forward=lambda self, x: x, right_inverse=lambda self, x: 3)
    ),
    "second_inverse_shape": lambda t: registered(
        t, doubled, lambda t: own(t, "Odd", forward=lambda self, x: x, right_inverse=lambda self, x: x[0])
    ),
    "empty": lambda t: t.nn.utils.parametrize.ParametrizationList([], t.ones(2)),
    "symmetric": lambda t: (
        t.nn.utils.parametrize.register_parametrization(linear(t, 3, 3), "weight", symmetric(t)).weight
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_as_in_pytorch(case):
    assert_same(CASES[case], digits=6)


# ---------------------------------------------------------------------------------------------- ready-made ones
def orthogonal(t, shape=(4, 3), dtype="float64", assign=None, **options):
    t.manual_seed(1)
    layer = t.nn.Module()
    layer.weight = t.nn.Parameter(t.randn(*shape, dtype=getattr(t, dtype)))
    t.nn.utils.parametrizations.orthogonal(layer, **options)
    real = (lambda x: t.view_as_real(x.resolve_conj())) if "complex" in dtype else lambda x: x
    first = real(layer.weight.detach().clone())
    layer.weight.abs().square().mul(t.arange(1.0, shape[-1] + 1)).sum().backward()
    grads = [real(p.grad) for p in layer.parameters()]
    if assign is not None:
        layer.weight = assign(t)
    return [first, grads, [n for n, _ in layer.named_buffers()], real(layer.weight)]


ORTHOGONAL = {
    "tall": lambda t: orthogonal(t),
    "wide": lambda t: orthogonal(t, (3, 4)),
    "square": lambda t: orthogonal(t, (3, 3)),
    "square_exp": lambda t: orthogonal(t, (3, 3), use_trivialization=False, orthogonal_map="matrix_exp"),
    "tall_cayley": lambda t: orthogonal(t, orthogonal_map="cayley"),
    "tall_exp": lambda t: orthogonal(t, orthogonal_map="matrix_exp"),
    "square_householder": lambda t: orthogonal(t, (3, 3), use_trivialization=False, orthogonal_map="householder"),
    "batch": lambda t: orthogonal(t, (2, 3, 3)),
    "complex": lambda t: orthogonal(t, (3, 3), "complex128"),
    "float": lambda t: orthogonal(t, (3, 3), "float32"),
    "assigned": lambda t: orthogonal(t, (3, 3), assign=lambda t: t.eye(3, dtype=t.float64).flip(0)),
    "assigned_tall": lambda t: orthogonal(t, assign=lambda t: t.eye(4, 3, dtype=t.float64), use_trivialization=False),
    "assigned_near": lambda t: orthogonal(t, (3, 3), assign=lambda t: t.ones(3, 3).double() + t.eye(3)),
    "assigned_shape": lambda t: orthogonal(t, (3, 3), assign=lambda t: t.ones(2, 3)),
    "assigned_exp": lambda t: orthogonal(
        t, (3, 3), assign=lambda t: t.eye(3).double(), use_trivialization=False, orthogonal_map="matrix_exp"
    ),
    "complex_householder": lambda t: orthogonal(t, (3, 2), "complex128", orthogonal_map="householder"),
    "vector": lambda t: orthogonal(t, (3,)),
    "unknown_map": lambda t: orthogonal(t, orthogonal_map="none"),
    "unknown_weight": lambda t: orthogonal(t, name="none"),
    "printed": lambda t: repr(t.nn.utils.parametrizations.orthogonal(t.nn.Linear(2, 2))),
}


@pytest.mark.parametrize("case", ORTHOGONAL)
def test_orthogonal(case):
    assert_same(ORTHOGONAL[case], digits=6)


def normalized(t, which, make, train=True, **options):
    t.manual_seed(2)
    layer = make(t).double()
    utils = t.nn.utils.parametrizations if which[0] == "p" else t.nn.utils
    getattr(utils, which[2:])(layer, **options)
    layer.train(train)
    x = t.randn(2, *((3,) if isinstance(layer, t.nn.Linear) else (3, 6, 6)[: layer.weight.ndim - 1]), dtype=t.float64)
    log = [repr(layer), layer.state_dict(), layer.weight, type(layer.weight).__name__]
    o = t.optim.SGD(layer.parameters(), lr=0.1)
    for _ in range(2):
        o.zero_grad()
        y = layer(x)
        y.square().sum().backward()
        log += [y.detach(), [p.grad.clone() for p in layer.parameters()]]
        o.step()
    with t.no_grad():
        layer(x)
    log += [layer.weight.detach().clone(), layer.state_dict()]
    if which[0] == "p":
        t.nn.utils.parametrize.remove_parametrizations(layer, "weight")
    else:
        getattr(t.nn.utils, "remove_" + which[2:])(layer)
    return [*log, repr(layer), layer.state_dict(), [n for n, _ in layer.named_parameters()], layer(x)]


LAYERS = {
    "linear": lambda t: t.nn.Linear(3, 2),
    "conv": lambda t: t.nn.Conv2d(3, 2, 3),
    "transposed": lambda t: t.nn.ConvTranspose1d(3, 2, 3),
}


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("which", ["p.weight_norm", "p.spectral_norm", "o.weight_norm", "o.spectral_norm"])
@pytest.mark.parametrize("train", [True, False], ids=["train", "eval"])
def test_normalized_weights(which, layer, train):
    assert_same(lambda t: normalized(t, which, LAYERS[layer], train), digits=7)


@pytest.mark.parametrize(
    ("which", "options"),
    [
        ("p.weight_norm", {"dim": None}),
        ("p.weight_norm", {"dim": 1}),
        ("p.weight_norm", {"dim": 3}),
        ("p.weight_norm", {"dim": 7}),
        ("o.weight_norm", {"dim": None}),
        ("o.weight_norm", {"dim": 1}),
        ("p.spectral_norm", {"dim": 1, "n_power_iterations": 3}),
        ("p.spectral_norm", {"dim": 7}),
        ("p.spectral_norm", {"dim": -3}),
        ("p.spectral_norm", {"n_power_iterations": 0}),
        ("p.spectral_norm", {"name": "none"}),
        ("o.spectral_norm", {"dim": 1, "n_power_iterations": 3}),
        ("o.spectral_norm", {"n_power_iterations": 0}),
        ("o.spectral_norm", {"name": "none"}),
        ("o.weight_norm", {"name": "none"}),
        ("p.weight_norm", {"name": "none"}),
    ],
)
def test_settings_of_normalized_weights(which, options):
    assert_same(lambda t: normalized(t, which, LAYERS["conv"], **options), digits=7)


def twice(t, which):
    layer = t.nn.Linear(3, 2)
    getattr(t.nn.utils, which)(layer)
    getattr(t.nn.utils, which)(layer)


def loaded_again(t, which):
    """The state of a layer normalized by a hook is loaded into one normalized by the parametrization."""
    t.manual_seed(2)
    layer = t.nn.utils.weight_norm(t.nn.Linear(3, 2))
    other = t.nn.utils.parametrizations.weight_norm(t.nn.Linear(3, 2))
    missing = other.load_state_dict(layer.state_dict())
    return [str(missing), other.weight, other.state_dict()]


def older_state(t):
    """A state in which the weight itself stands, as before version 1."""
    t.manual_seed(2)
    layer = t.nn.utils.spectral_norm(t.nn.Linear(2, 3))
    layer(t.ones(2))
    state = layer.state_dict()
    noted = {k: dict(v) for k, v in state._metadata.items()}
    state["weight"] = layer.weight.detach().clone()
    del state["weight_v"]
    del state._metadata[""]["spectral_norm"]
    t.manual_seed(5)
    other = t.nn.utils.spectral_norm(t.nn.Linear(2, 3)).eval()
    other.load_state_dict(state)
    return [noted, other(t.ones(2)), other.state_dict()]


def loaded_after_removal(t):
    layer = t.nn.utils.remove_spectral_norm(t.nn.utils.spectral_norm(t.nn.Linear(3, 2)))
    return str(layer.load_state_dict(layer.state_dict()))


@pytest.mark.parametrize("which", ["weight_norm", "spectral_norm"])
def test_hooks_are_registered_once_and_removed_once(which):
    assert_same(lambda t: twice(t, which))
    assert_same(lambda t: getattr(t.nn.utils, "remove_" + which)(t.nn.Linear(3, 2)))


def test_states_of_normalized_weights():
    assert_same(lambda t: loaded_again(t, "weight_norm"), digits=6)
    assert_same(older_state, digits=4)
    assert_same(loaded_after_removal)
    assert_same(lambda t: t.nn.utils.spectral_norm(t.nn.LazyLinear(2)))
    assert_same(lambda t: t.nn.utils.weight_norm(t.nn.LazyLinear(2)))
