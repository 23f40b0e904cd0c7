"""Initial values of parameters against torch: numbers, errors and warnings."""

import inspect
import warnings

import pytest
import torch
from beside import check

import rushlight
from rushlight.nn import init

MATRICES = [(3, 4), (20, 5), (7, 7)]
KERNELS = [(8, 4, 3, 3), (6, 2, 5), (4, 4, 2, 3, 1)]
SLOPES = ["", "0.2, 'fan_out'", "0, 'fan_in', 'relu'", "mode='FAN_OUT', nonlinearity='tanh'", "nonlinearity='selu'"]

CASES = {
    "uniform_": ([(3, 4), (100,), ()], ["", "-2, 3", "b=0.5"]),
    "normal_": ([(3, 4), (100,), ()], ["", "2, 3", "std=0.02"]),
    "constant_": ([(3, 4)], ["0.3", "2"]),
    "ones_": ([(3, 4)], [""]),
    "zeros_": ([(3, 4)], [""]),
    "eye_": ([*MATRICES, (0, 3)], [""]),
    "dirac_": ([*KERNELS, (2, 5, 4)], ["", "2"]),
    "xavier_uniform_": (MATRICES + KERNELS, ["", "2.0"]),
    "xavier_normal_": (MATRICES + KERNELS, ["", "gain=0.5"]),
    "kaiming_uniform_": ([*MATRICES, *KERNELS, (0, 3), (3, 0)], SLOPES),
    "kaiming_normal_": ([*MATRICES, *KERNELS, (0, 3), (3, 0)], SLOPES),
    "sparse_": (MATRICES, ["0.1", "0.5, 0.2", "1.0"]),
    "trunc_normal_": (
        [(3, 4), (100,)],
        [
            "",
            "0, 0.02",
            "0, 1, -2.0, 2.0",
            "0, 1, 1, 2",
            "0, 1, 3, 4",
            "0.5, 2.0, -0.1, 0.1",
            "5.0, 1, -1, 1",
            "0, 1, 2, -2",
        ],
    ),
    "orthogonal_": ([*MATRICES, *KERNELS, (0, 3)], ["", "2.0"]),
}
DTYPES = ["float32", "float64", "float16", "bfloat16"]


def filled(name, shape, arguments, dtype, generator=False):
    def scenario(torch):
        torch.manual_seed(3)
        source = torch.Generator().manual_seed(4)
        tensor = torch.zeros(shape, dtype=getattr(torch, dtype), requires_grad=True)
        given = [a for a in (arguments, "generator=source" if generator else "") if a]
        function = getattr(torch.nn.init, name)
        same = eval(f"function(tensor, {', '.join(given)})", {"function": function, "tensor": tensor, "source": source})
        return same is tensor, tensor, torch.get_rng_state(), source.get_state()

    return scenario


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CASES)
def test_values(name, dtype):
    shapes, calls = CASES[name]
    # a QR decomposition is exact to rounding only; all else is equal to the last bit
    tolerance = {"rtol": 1e-5 if dtype == "float32" else 1e-13, "atol": 1e-6 if dtype == "float32" else 1e-14}
    if name != "orthogonal_":
        tolerance = {"rtol": 0, "atol": 0}
    for shape in shapes:
        if 0 in shape and dtype == "bfloat16":
            continue  # nothing is left to compare of an empty tensor that is shown as a list
        for arguments in calls:
            check(filled(name, shape, arguments, dtype), **tolerance)
            if "generator" in inspect.signature(getattr(torch.nn.init, name)).parameters:
                check(filled(name, shape, arguments, dtype, generator=True), **tolerance)


def test_a_parameter_laid_out_otherwise():
    for name in ("uniform_", "normal_", "xavier_normal_", "orthogonal_", "trunc_normal_", "sparse_"):

        def scenario(torch, name=name):
            torch.manual_seed(1)
            tensor = torch.zeros(6, 9).t()
            getattr(torch.nn.init, name)(tensor, *([0.3] if name == "sparse_" else []))
            return tensor

        check(scenario, **({"rtol": 1e-5, "atol": 1e-6} if name == "orthogonal_" else {"rtol": 0, "atol": 0}))


WRONG = """
torch.nn.init.eye_(torch.zeros(3))
torch.nn.init.dirac_(torch.zeros(3, 3))
torch.nn.init.dirac_(torch.zeros(3, 3, 3), 2)
torch.nn.init.xavier_uniform_(torch.zeros(3))
torch.nn.init.xavier_normal_(torch.zeros(()))
torch.nn.init.xavier_uniform_(torch.zeros(0, 0))
torch.nn.init.kaiming_uniform_(torch.zeros(3))
torch.nn.init.kaiming_uniform_(torch.zeros(3, 3), mode="fan")
torch.nn.init.kaiming_normal_(torch.zeros(3, 3), nonlinearity="gelu")
torch.nn.init.kaiming_normal_(torch.zeros(3, 3), "a")
torch.nn.init.kaiming_normal_(torch.zeros(3, 3), True)
torch.nn.init.orthogonal_(torch.zeros(3))
torch.nn.init.orthogonal_(torch.zeros(3, 3, dtype=torch.float16))
torch.nn.init.orthogonal_(torch.zeros(3, 3, dtype=torch.int64))
torch.nn.init.sparse_(torch.zeros(3), 0.1)
torch.nn.init.uniform_(torch.zeros(3), 2, 1)
torch.nn.init.uniform_(torch.zeros(3, dtype=torch.int64))
torch.nn.init.normal_(torch.zeros(3), 0, -1)
torch.nn.init.normal_(torch.zeros(3, dtype=torch.int64))
torch.nn.init.trunc_normal_(torch.zeros(3, dtype=torch.int64))
torch.nn.init.trunc_normal_(torch.zeros(3), 0, 0)
torch.nn.init.calculate_gain("gelu")
torch.nn.init.calculate_gain("leaky_relu", "a")
torch.nn.init.calculate_gain("leaky_relu", True)
""".strip().splitlines()


@pytest.mark.parametrize("call", WRONG)
def test_errors(call):
    def scenario(torch):
        return eval(call, {"torch": torch})

    check(scenario)


@pytest.mark.parametrize(
    "arguments",
    [
        *(
            (name,)
            for name in ("linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu", "conv1d", "conv_transpose3d")
        ),
        ("leaky_relu", 0.2),
        ("leaky_relu", 2),
        ("relu", 0.2),
    ],
)
def test_calculate_gain(arguments):
    found, expected = init.calculate_gain(*arguments), torch.nn.init.calculate_gain(*arguments)
    assert (found, type(found)) == (expected, type(expected))


def test_former_names_warn():
    for name in ("uniform", "normal", "constant", "eye", "xavier_uniform", "kaiming_normal", "dirac", "sparse"):

        def scenario(torch, name=name):
            torch.manual_seed(1)
            extra = {"constant": [2.0], "sparse": [0.5]}.get(name, [])
            return getattr(torch.nn.init, name)(torch.zeros(4, 5, 3) if name == "dirac" else torch.zeros(4, 5), *extra)

        check(scenario)


def test_warnings_point_at_the_caller():
    for function, tensor in ((init.kaiming_uniform_, (0, 3)), (init.kaiming_normal_, (0, 3)), (init.uniform, (3,))):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            function(rushlight.zeros(tensor))
        assert [w.filename for w in caught] == [__file__]


def test_the_names_are_torchs():
    assert sorted(init.__all__) == sorted(torch.nn.init.__all__)
    for name in init.__all__:
        ours, theirs = inspect.signature(getattr(init, name)), inspect.signature(getattr(torch.nn.init, name))
        if name.endswith("_") or name == "calculate_gain":
            assert [(p.name, p.default) for p in ours.parameters.values()] == [
                (p.name, p.default) for p in theirs.parameters.values()
            ]
