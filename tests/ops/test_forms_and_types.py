"""Calls that fit none of an operation's forms or types, and the types of its results, beside PyTorch."""

import pytest
from beside import check

REFUSED = {
    **{
        f"{name} {what}{' method' * method}": lambda t, name=name, given=given, method=method: (
            getattr(t.ones(2, 2, 2), name)(*given) if method else getattr(t, name)(t.ones(2, 2, 2), *given))
        for name in ("hsplit", "vsplit", "dsplit")
        for what, given in {"text": ("a",), "half": (1.5,), "list": ([1.5],), "tuple": ((1.5,),), "none": ()}.items()
        for method in (False, True)
    },
    "where without other": lambda t: t.where(t.ones(2) > 0, t.ones(2)),
    "where without all": lambda t: t.where(),
    "where text": lambda t: t.where("a"),
    "where text and number": lambda t: t.where(t.ones(2) > 0, "a", 1),
    "method where without other": lambda t: t.ones(2).where(t.ones(2) > 0),
    "method where text": lambda t: t.ones(2).where(t.ones(2) > 0, "a"),
    "method where of text": lambda t: t.ones(2).where("a", 1),
    "householder_product of halves": lambda t: t.linalg.householder_product(t.ones(3, 2).half(), t.ones(2).half()),
    "householder_product of integers": lambda t: t.linalg.householder_product(t.ones(3, 2).long(), t.ones(2).long()),
    "ormqr of halves": lambda t: t.ormqr(t.ones(3, 2).half(), t.ones(2).half(), t.ones(3, 2).half()),
    "native_batch_norm into matrices": lambda t: t.native_batch_norm(
        t.ones(3, 2), None, None, t.ones(2), t.ones(2), False, 0.1, 1e-5, out=(t.ones(3, 2), t.ones(2, 2), t.ones(2))
    ),
    **{
        f"Tensor.{name} of a number and {what}": lambda t, name=name, other=other: getattr(t.Tensor, name)(2, other(t))
        for name in ("__add__", "__radd__", "__rmul__", "__sub__", "__lt__", "__eq__", "__rand__")
        for what, other in {"another": lambda t: 3, "a tensor": lambda t: t.ones(2, dtype=t.int64)}.items()
    },
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    def scenario(t):
        with pytest.raises(Exception) as caught:
            REFUSED[name](t)
        return type(caught.value).__name__, str(caught.value)

    check(scenario)


@pytest.mark.parametrize("name", ["__rsub__", "__rmod__", "__rpow__"])
def test_operators_of_numbers_alone_decline(name):
    check(lambda t: getattr(t.Tensor, name)(2, 3) is NotImplemented)


def half(t, *shape):
    return ((t.arange(1.0, 1 + t.ones(shape).numel()) * 0.37) % 1.0).reshape(shape).half()


TYPES = {
    "native_layer_norm": lambda t: t.native_layer_norm(half(t, 4, 6), (6,), half(t, 6), half(t, 6), 1e-5),
    "native_layer_norm of two types": lambda t: t.native_layer_norm(half(t, 4, 6), (6,), t.ones(6), t.ones(6), 1e-5),
    "softmax's gradient": lambda t: t._softmax_backward_data(half(t, 9, 7), half(t, 9, 7).softmax(1), 1, t.half),
    "scalar_tensor": lambda t: [t.scalar_tensor(x, dtype=d) for x in (1e30, -7e4) for d in (t.half, t.bfloat16)],
}


@pytest.mark.parametrize("name", TYPES)
def test_half_precision(name):
    check(TYPES[name], rtol=1e-3)


def nll_loss(t, x, weighted=True, **options):
    weight = t.tensor([0.5, 0.3, 1.7]).to(x.dtype) if weighted else None
    classes = (t.arange(x.numel() // 3) * 7 % 3).reshape(x.shape[0], *x.shape[2:])
    return t.nn.functional.nll_loss(x.log_softmax(1), classes, weight, **options)


STEPS = {
    "soft_margin_loss": lambda t, x: t.nn.functional.soft_margin_loss(x * 6, -x.sign(), reduction="none"),
    "binary_cross_entropy_with_logits": lambda t, x: t.nn.functional.binary_cross_entropy_with_logits(
        x, (x * 0.1).abs(), x.abs(), x.abs() + 1, reduction="none"),
    "histc": lambda t, x: [t.histc(x, n, *limits) for n in (3, 10, 100) for limits in ((0, 0), (-1.5, 2))],
    "index_put that adds": lambda t, x: t.ones(7, dtype=x.dtype).index_put(
        (t.arange(600) * 5 % 7,), x.reshape(-1), accumulate=True),
    "index_put that adds along the last dimension": lambda t, x: t.ones(2, 3, dtype=x.dtype).index_put(
        (t.tensor([0, 1] * 100)[:, None], t.arange(600).reshape(200, 3) * 5 % 3), x, accumulate=True),
    "nll_loss": lambda t, x: nll_loss(t, x),
    "nll_loss without weights": lambda t, x: nll_loss(t, x, False),
    "nll_loss of images, added": lambda t, x: nll_loss(t, x.reshape(10, 3, 5, 4), reduction="sum", ignore_index=1),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", STEPS)
def test_half_precision_is_rounded_in_the_same_steps(name, dtype):
    def scenario(t):
        x = ((t.arange(600.0) * 0.731) % 7.0 - 3.5).reshape(200, 3).to(getattr(t, dtype))
        return STEPS[name](t, x)

    check(scenario, rtol=0, atol=0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(2, 3), (1,), (2, 3, 2)])
def test_linear_writes_into_what_is_given(shape, dtype):
    def scenario(t):
        out = t.full(shape, 77.0, dtype=getattr(t, dtype))
        result = t.nn.functional.linear(t.ones(2, 4), t.arange(12.0).reshape(3, 4), t.ones(3), out=out)
        return result is out, out

    check(scenario)
