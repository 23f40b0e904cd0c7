"""Of two things that are wrong either may be named, if both libraries know both; nothing else is excused by that."""

import random

import pytest

import rushlight

from . import refusals
from .compare import Comparison, Difference, Tally
from .layout import ALONG_ONE
from .views import BLIND

LEAF = "v1 = torch.tensor([1.0, 2.0], dtype=torch.float64).requires_grad_()"
BACKWARD = "sum(v.double().sum() for v in [v8, v9]).backward()"

# The function that is wrong twice, and a program whose last line calls it, or runs it backward.
PROGRAMS = [
    ("matmul", [
        "v1 = torch.ones((20, 20), dtype=torch.bool)", "v2 = torch.ones((1, 20, 20), dtype=torch.float64)",
        "v9 = torch.matmul(v1.unsqueeze(0), v2)"]),
    ("nn.functional.hardtanh_", [
        "v1 = torch.zeros(0, dtype=torch.complex128).reshape((0, 5)).requires_grad_()",
        "torch.nn.functional.hardtanh_(v1)"]),
    ("nn.functional.leaky_relu_", [
        "v1 = torch.tensor(4, dtype=torch.int32).expand(2)", "torch.nn.functional.leaky_relu_(v1)"]),
    ("max", [
        "v1 = torch.zeros(0, dtype=torch.float64).requires_grad_()",
        "v9 = torch.max(v1, 5, out=(torch.empty(0, dtype=v1.dtype), torch.empty(0, dtype=torch.int64)))"]),
    ("Tensor.index_reduce_", [
        "v1 = torch.ones(4, dtype=torch.complex64).expand(2, 4)",
        "v1.index_reduce_(1, torch.arange(4), v1.detach(), 'amax')"]),
    ("special.zeta", [
        LEAF, "v8 = torch.special.zeta(v1, v1)",
        "v9 = torch.nn.functional.interpolate(v1[:1].reshape(1, 1, 1, -1), scale_factor=0.5, mode='area')", BACKWARD]),
]  # fmt: skip


def replay(lines):
    """Runs a program; returns the reasons of the differences that were explained."""
    tally = Tally()
    Comparison(random.Random(0), tally).replay(lines)
    return tally.allowed


def patched(monkeypatch, name, make):
    """Puts what `make` makes of one of our functions in its place."""
    *place, name = name.split(".")
    module = rushlight
    for part in place:
        module = getattr(module, part)
    monkeypatch.setattr(module, name, make(getattr(module, name)))


@pytest.mark.parametrize(("function", "lines"), PROGRAMS, ids=[p[0] for p in PROGRAMS])
@pytest.mark.filterwarnings("ignore")
def test_either_may_be_named(function, lines):
    assert refusals.REASON in replay(lines)


@pytest.mark.parametrize(("function", "lines"), PROGRAMS[:-1], ids=[p[0] for p in PROGRAMS[:-1]])
@pytest.mark.filterwarnings("ignore")
def test_what_pytorch_never_says_is_found(function, lines, monkeypatch):
    def wrong(*args, **kwargs):
        raise ArithmeticError("no such thing")

    patched(monkeypatch, function, lambda original: wrong)
    with pytest.raises(Difference):
        replay(lines)


@pytest.mark.parametrize(("function", "lines"), PROGRAMS[:-1], ids=[p[0] for p in PROGRAMS[:-1]])
@pytest.mark.filterwarnings("ignore")
def test_what_ours_never_says_is_found(function, lines, monkeypatch):
    def without(original):
        def call(*args, **kwargs):
            try:
                return original(*args, **kwargs)
            except NotImplementedError:
                raise
            except Exception:
                return rushlight.zeros(())

        return call

    patched(monkeypatch, function, without)
    with pytest.raises(Difference):
        replay(lines)


def test_each_must_be_met_by_itself():
    def run(line, module, values):
        try:
            exec(line, {"torch": module}, values)
        except Exception as error:
            return type(error).__name__, error
        return None, None

    values = {"v1": rushlight.ones(2), "v2": rushlight.ones(3)}
    for line, function, said in (
        (
            "v9 = torch.sum(v1, 5)",
            "sum",
            IndexError("Dimension out of range (expected to be in range of [-2, 1], got 7)"),
        ),
        ("v9 = torch.mm(v1, v2)", "mm", RuntimeError("mm(): self must be a matrix")),
    ):
        given = {n: values[n].reshape(1, -1) if function == "mm" else values[n] for n in values}
        assert not refusals.says(run, [line], rushlight, given, said)
        found = run(line, rushlight, dict(given))[1]
        assert refusals.says(run, [line], rushlight, given, found)


def test_what_is_about_operands_counts_for_nothing_but_what_is_quoted():
    def words(text):
        return refusals.words(RuntimeError(text))

    assert words("sizes [1, 2] of dim -1, expected Float but found Bool") == words(
        "sizes [] of dim 3, expected Double but found Long"
    )
    assert words("\"mm\" not implemented for 'Bool'") != words("\"mm\" not implemented for 'Int'")
    assert words("x") != refusals.words(IndexError("x"))


@pytest.mark.parametrize(("reason", "lines"), [
    (BLIND, ["v1 = torch.tensor([1.0, 2.0])", "v2 = v1[:1]", "v3 = v1.requires_grad_()", "v9 = torch.exp(v2)"]),
    (BLIND, ["v1 = torch.tensor([1.0, 2.0])", "v2 = v1[:1]", "v3 = v1.requires_grad_()", "v9 = v2.reshape(1, 1)"]),
    (BLIND, ["v1 = torch.tensor([1.0, 2.0])", "v2 = v1[:1]", "v2.sgn_()", "v3 = v1.requires_grad_()",
             "v9 = torch.exp(v2)"]),
    (ALONG_ONE, [
        "v1 = torch.tensor([1.0, 2.0]).half().reshape(1, 2).transpose(0, 1).requires_grad_()",
        "v3 = torch.mul(v1, 2)",
        "v9 = torch.nn.functional.scaled_dot_product_attention(v3.reshape(1, 1, 2, -1), v3.reshape(1, 1, 2, -1), "
        "v3.reshape(1, 1, 2, -1), is_causal=True)"]),
])  # fmt: skip
def test_what_is_recorded_otherwise(reason, lines):
    assert reason in replay(lines)


@pytest.mark.parametrize(
    "lines", [
        [LEAF, "v2 = v1 * 1", "v9 = torch.exp(v2)"],
        [LEAF, "v2 = v1[:1]", "v9 = torch.exp(v2)"],
        ["v1 = torch.tensor([1.0, 2.0])", "v2 = v1[:1].requires_grad_()", "v9 = torch.exp(v2)"],
    ],
)  # fmt: skip
def test_a_gradient_that_is_lost_is_found(lines, monkeypatch):
    patched(monkeypatch, "exp", lambda original: lambda x: original(x.detach()))
    with pytest.raises(Difference):
        replay(lines)
