"""``out=``: which dtypes and memory each operation accepts, and what it makes of them, beside PyTorch."""

import itertools
import warnings

import pytest
import torch
from beside import check

import rushlight

CALLS = {
    "gelu": lambda t, x, o: t._C._nn.gelu(x, out=o) if t.__name__ == "torch" else t.nn.functional.gelu(x, out=o),
    "hardshrink": lambda t, x, o: t.nn.functional.hardshrink(x, out=o),
    "softplus": lambda t, x, o: t.nn.functional.softplus(x, out=o),
    "softshrink": lambda t, x, o: t.nn.functional.softshrink(x, out=o),
    "logsigmoid": lambda t, x, o: t.nn.functional.logsigmoid(x, out=o),
    "lerp by a number": lambda t, x, o: t.lerp(x, x + 1, 0.5, out=o),
    "lerp by a tensor": lambda t, x, o: t.lerp(x, x + 1, x, out=o),
    "inner": lambda t, x, o: t.inner(x, x, out=o),
    "inner of a number": lambda t, x, o: t.inner(x, x[0, 0], out=o),
    "diff": lambda t, x, o: t.diff(x, out=o),
    "diff of order 0": lambda t, x, o: t.diff(x, n=0, out=o),
    "std of rows": lambda t, x, o: t.std(x, dim=1, out=o),
    "std of all": lambda t, x, o: t.std(x, dim=(0, 1), out=o),
    "var of rows": lambda t, x, o: t.var(x, dim=1, out=o),
    "var of all": lambda t, x, o: t.var(x, dim=(0, 1), out=o),
    **{f"matrix_power {n}": (lambda t, x, o, n=n: t.linalg.matrix_power(x, n, out=o)) for n in (-4, -1, 0, 1, 2, 3, 8)},
    "all": lambda t, x, o: t.all(x, out=o),
    "all of rows": lambda t, x, o: t.all(x, 1, out=o),
    "any": lambda t, x, o: t.any(x, out=o),
    "any of one": lambda t, x, o: t.any(x[:1, :1], out=o),
    "bernoulli": lambda t, x, o: t.bernoulli(x.clamp(0, 1).round(), out=o),
    "avg_pool2d": lambda t, x, o: t.nn.functional.avg_pool2d(x[None], 2, out=o),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("dtype", ["float64", "complex128", "float32", "int64", "uint8", "bool"])
def test_dtypes(call, dtype):
    def scenario(t):
        x = t.tensor([[0.25, 0.5], [0.125, 2.0]], dtype=t.float64)
        out = t.empty(0, dtype=getattr(t, dtype))
        return call(t, x, out), out

    check(scenario)


@pytest.mark.parametrize("shape", [(2, 1, 3), (3,), (2, 2, 3), (0,), (2, 3, 2)])
@pytest.mark.parametrize("kind", ["mean", "std", "both"])
def test_the_shape_of_normal(kind, shape):
    def scenario(t):
        t.manual_seed(0)
        mean, std = t.zeros(2, 2, 3), t.ones(2, 2, 3)
        out = t.empty(shape)
        t.normal(0.0 if kind == "std" else mean, 1.0 if kind == "mean" else std, out=out)
        return tuple(out.shape)

    check(scenario)


def test_joined_tensors_must_not_be_written_to():
    def scenario(t):
        found = []
        for choose in (lambda x, e: ((e, x), e), lambda x, e: ((e, x), x), lambda x, e: ((x[:2], x[2:]), x)):
            tensors, out = choose(t.ones(4, 3), t.ones(0))
            try:
                found.append(t.cat(tensors, out=out))
            except RuntimeError as error:
                found.append(str(error))
        return found

    check(scenario)


@pytest.mark.filterwarnings("ignore:torch.lu is deprecated")
def test_lu_copies_into_out():
    found = []
    for t in (torch, rushlight):
        out = t.empty(0), t.empty(0, dtype=t.bool)
        t.lu(t.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=t.float64), out=out)
        found.append([(str(o.dtype), o.tolist()) for o in out])
    assert found[0] == found[1]


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int64", "float32"])
@pytest.mark.parametrize("bounds", [(0.0, -8.000001, -4.0), (1.0, 5.000001, 2.0), (-0.9, 2.1, 2.0), (0, 0), (3, 1, -1)])
def test_arange_by_fractions(bounds, dtype):
    def scenario(t):
        kind = getattr(t, dtype)
        kept = t.empty(0, 2, dtype=kind) if bounds == (0, 0) else t.empty(0, dtype=kind)
        return t.arange(*bounds, dtype=kind), t.arange(*bounds, out=kept)

    check(scenario)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "float32"])
def test_contractions_of_small_integers(dtype):
    def scenario(t):
        x = t.arange(1, 7).reshape(2, 3).to(getattr(t, dtype))
        row = x[0]
        return [
            t.einsum("ij,jk", x, x.T), t.einsum("ij->j", x), t.einsum("...ik,...j->ij", x[None], row),
            t.einsum("ij,ij->i", x, x), t.tensordot(x, x[:1], 2),
        ]  # fmt: skip

    check(scenario)


@pytest.mark.parametrize("value", [1j, 2.5, 300, -1, float("nan")])
@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool", "float16"])
def test_what_masked_fill_can_convert(value, dtype):
    def scenario(t):
        x, mask = t.ones(2).to(getattr(t, dtype)), t.tensor([True, False])
        return x.masked_fill(mask, t.tensor(value))

    check(scenario)


def test_scaled_differences_of_bfloat16_keep_their_type():
    check(lambda t: t.rsub(t.ones(2, dtype=t.bfloat16), t.tensor([3.0, 4.0], dtype=t.bfloat16), alpha=-3.125))


def test_out_must_not_lie_across_an_operand():
    def scenario(t):
        found = []
        for op in (t.sub, t.logical_and, t.maximum):
            for move in ((0, 2), (0, 1)):
                x = t.arange(8.0).reshape(2, 2, 2)
                try:
                    found.append(op(x, x.transpose(*move), out=x))
                except RuntimeError as error:
                    found.append(str(error))
            x = t.arange(16.0).reshape(4, 2, 2).movedim(1, -1)
            for a, b, out in ((x[1:], x[:-1], x[1:]), (x, x.movedim(-1, 1), x), (x, x[:], x), (x, x[0], x)):
                try:
                    found.append(op(a, b, out=out).clone())
                except RuntimeError as error:
                    found.append(str(error))
        return found

    check(scenario)


@pytest.mark.parametrize("ends", [(0, 1), (0, 0), (3, 4), (5, 6), (1, 3), (1, 2), (0, 2)])
def test_out_must_not_meet_the_index_once_it_is_resized(ends):
    def scenario(t):
        memory = t.zeros(8, dtype=t.int64)
        index, out = memory[1:3], memory[slice(*ends)]
        try:
            return t.gather(t.arange(5, 9), 0, index, out=out)
        except RuntimeError as error:
            return str(error)

    check(scenario)


def test_views_of_what_out_changes_have_another_node():
    def scenario(t):
        a = t.tensor([0.5, -1.0], requires_grad=True)
        b = a * 2
        view = b.view(2)
        t.logical_and(view, view, out=b)
        before = view.grad_fn.name(), b.grad_fn.name()
        part = b[:1]
        with t.no_grad():
            t.add(a, 1, out=b)
        (view * 3).sum().backward()
        return before, part.grad_fn.name(), view.detach(), a.grad

    check(scenario)


@pytest.mark.parametrize("shape", [(2, 4), (0, 4)])
def test_views_learn_of_what_is_written_to_a_detached_look_at_their_base(shape):
    def scenario(t):
        base = t.ones(shape, requires_grad=True)
        view, look = base[::1], base.detach()
        t.sub(look, look, out=look)
        return view.grad_fn.name(), view.tolist(), base._version

    assert scenario(rushlight) == scenario(torch)


@pytest.mark.parametrize("name", ["lt", "add", "atan2", "maximum", "pow", "logical_and"])
@pytest.mark.parametrize(("own", "other"), [
    ((3,), (2, 0, 1)), ((3,), (2, 1)), ((3,), (2,)), ((3,), (1,)), ((0,), (1,)), ((1,), (0,)), ((2, 3), (3,)),
])  # fmt: skip
def test_an_operand_does_not_grow_as_out(name, own, other):
    def scenario(t):
        x = t.zeros(own)
        return getattr(t, name)(x, t.zeros(other), out=x), getattr(t, name)(t.zeros(other), x, out=x)

    check(scenario)


OPERANDS = {
    "addcmul": lambda t, a, b, c, o: t.addcmul(a, b, c, out=o),
    "addcdiv": lambda t, a, b, c, o: t.addcdiv(a, b, c, out=o),
    "lerp": lambda t, a, b, c, o: t.lerp(a, b, c, out=o),
    "lerp by a number": lambda t, a, b, c, o: t.lerp(a, b, 0.5, out=o),
    "clamp": lambda t, a, b, c, o: t.clamp(a, b, c, out=o),
    "clamp_min": lambda t, a, b, c, o: t.clamp_min(a, b, out=o),
    "clamp_max": lambda t, a, b, c, o: t.clamp_max(a, b, out=o),
    "where": lambda t, a, b, c, o: t.where(c > 1, a, b, out=o),
    "add": lambda t, a, b, c, o: t.add(a, b, out=o),
    "stack": lambda t, a, b, c, o: t.stack([a, a], out=o),
}
WRITTEN = {
    "the first": lambda a, b, c: a,
    "the second": lambda a, b, c: b,
    "the third": lambda a, b, c: c,
    "a part": lambda a, b, c: a.view(-1)[:1],
    "in another order": lambda a, b, c: b.t() if b.dim() == 2 else b[..., None],
}


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("call", OPERANDS)
def test_an_operand_may_be_written_to_where_it_has_the_shape_of_the_result(call, written):
    def scenario(t):
        found = []
        for shapes in itertools.product([(3,), (1,), (2, 3), ()], repeat=3):
            a, b, c = (t.ones(s) * (i + 1) for i, s in enumerate(shapes))
            out = WRITTEN[written](a, b, c)
            try:
                found.append((OPERANDS[call](t, a, b, c, out) is out, tuple(out.shape)))
            except RuntimeError as error:
                found.append(str(error))
        return found

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert scenario(rushlight) == scenario(torch)


@pytest.mark.parametrize("call", [
    lambda t, x, o: x.clamp(0, 1, out=o), lambda t, x, o: x.sum(0, out=o), lambda t, x, o: x.cumsum(0, out=o),
    lambda t, x, o: x.index_reduce(0, t.tensor([0]), x[:1], "mean", out=o), lambda t, x, o: x.addmm(x, x, out=o),
    lambda t, x, o: x.sin_(out=o), lambda t, x, o: x.gather(0, t.zeros(1, 2, dtype=t.int64), out=o),
])  # fmt: skip
def test_methods_have_no_out(call):
    for t in (torch, rushlight):
        with pytest.raises(TypeError):
            call(t, t.ones(2, 2), t.ones(2, 2))
