"""Operations on lists of tensors, beside PyTorch."""

import pytest
from beside import check

UNARY = (
    "abs acos asin atan ceil cos cosh erf erfc exp expm1 floor frac lgamma log log10 log1p log2 neg reciprocal round "
    "rsqrt sigmoid sign sin sinh sqrt tan tanh trunc clone norm max"
).split()
BINARY = "add sub mul div pow maximum minimum clamp_min clamp_max".split()


def tensors(t, factor=1.0):
    given = [[0.3, 0.2, 0.9], [[0.1, 0.5]]]
    return [(t.tensor(v) * factor).requires_grad_(factor == 1) for v in given]


def message(function):
    try:
        return function()
    except RuntimeError as error:
        return str(error)


def with_gradients(t, function, *args):
    x = tensors(t)
    found = function(x, *args)
    total = sum(v.sum() for v in found)
    return found, type(found).__name__, t.autograd.grad(total, x, allow_unused=True)


def changed(t, name, *args):
    x = [v.detach().clone() for v in tensors(t)]
    found = getattr(t, f"_foreach_{name}_")(x, *args)
    return x, found is x


@pytest.mark.parametrize("name", UNARY)
def test_of_one_list(name):
    def scenario(t):
        found = with_gradients(t, getattr(t, f"_foreach_{name}"))
        return [v.detach() for v in found[0]], found[1:], changed(t, name) if name in UNARY[:-3] else None

    check(scenario, strides=False, rtol=1e-5)


@pytest.mark.parametrize("name", BINARY)
def test_of_a_list_and_numbers_or_tensors(name):
    def scenario(t):
        seen = []
        for other in (2.0, [2.0, 3], [v.detach() for v in tensors(t, 2.0)]):
            found = with_gradients(t, getattr(t, f"_foreach_{name}"), other)
            seen.append(([v.detach() for v in found[0]], found[1:], changed(t, name, other)))
        return seen

    check(scenario, strides=False, rtol=1e-5)


def test_of_three_lists():
    def scenario(t):
        a, b, seen = tensors(t, 2.0), tensors(t, 3.0), []
        for name, *more in (
            ("addcmul",), ("addcmul", 2.0), ("addcdiv", [2.0, 3.0])
        ):  # fmt: skip
            found = with_gradients(t, getattr(t, f"_foreach_{name}"), a, b, *more)
            seen.append(([v.detach() for v in found[0]], found[1:], changed(t, name, a, b, *more)))
        for weight in (0.3, [0.1, 0.2], b):
            seen.append(([v.detach() for v in t._foreach_lerp(a, b, weight)], changed(t, "lerp", b, weight)))
        return (
            seen,
            t._foreach_addcmul(a, a, b, value=3),
            t._foreach_addcmul([v.detach() for v in a], a, b, t.tensor([2.0, 3.0])),
        )

    check(scenario, strides=False)


def test_others():
    def scenario(t):
        x = tensors(t, 2.0)
        return (
            t._foreach_zero_([v.clone() for v in x]), t._foreach_copy_([v.clone() for v in x], tensors(t, 3.0)),
            t._foreach_pow(2.0, x), t._foreach_add(x, x, alpha=3), t._foreach_mul(x, t.tensor(2.0)),
            t._foreach_norm(x, 1), t._foreach_mm([t.ones(2, 2)], [t.ones(2, 2)]),
            message(lambda: t._foreach_add([], 1)),
            message(lambda: t._foreach_add(x, [1.0])), message(lambda: t._foreach_add(x, x[:1])),
        )  # fmt: skip

    check(scenario, strides=False)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_nodes_of_bounds(name):
    def scenario(t):
        seen = []
        for bound in (0.3, [0.3, 0.2]):
            x = tensors(t)
            found = getattr(t, f"_foreach_{name}")(x, bound)
            n = found[1].grad_fn
            numbers = getattr(n, "_saved_scalars", None), getattr(n, "_saved_scalar", None)
            seen.append((found, found[1].output_nr, n is found[0].grad_fn, numbers))
        return seen

    check(scenario, strides=False)
