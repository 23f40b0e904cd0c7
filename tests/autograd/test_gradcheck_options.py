"""`gradcheck` and `gradgradcheck` with every option, beside PyTorch: what passes, what fails, and in which words."""

import math
import re

import pytest
from beside import check


def numbers(t, *shape, grad=True, complex=False):
    x = t.arange(1.0, 1 + max(1, math.prod(shape)), dtype=t.float64).reshape(shape) * 0.3
    if complex:
        x = t.complex(x, x.flip(0) * 0.7)
    return x.requires_grad_() if grad else x


def own(t, forward, backward, jvp=None):
    """A Function of one input with derivatives that may be wrong."""

    class Own(t.autograd.Function):
        pass

    Own.forward = staticmethod(lambda ctx, x: forward(x))
    Own.backward = staticmethod(lambda ctx, g: backward(g))
    if jvp is not None:
        Own.jvp = staticmethod(lambda ctx, g: jvp(g))
    return Own.apply


def changing(t, change):
    """A function whose result is of another kind where its input is a little larger."""
    return lambda x: change(x) if x.sum() > numbers(t, 3).sum() else x * 1


def with_hook(hook):
    def function(x):
        y = x.clone()
        y.register_hook(hook)
        return y

    return function


def refuse_none(g):
    if g is None:
        raise RuntimeError("undefined")


# The function and its arguments.
CASES = {
    "sin": lambda t: (t.sin, (numbers(t, 3),)),
    "two inputs": lambda t: (t.mul, (numbers(t, 3), numbers(t, 3, grad=False))),
    "complex": lambda t: (t.mul, (numbers(t, 2, complex=True), numbers(t, 2, complex=True))),
    "complex and real": lambda t: (t.mul, (numbers(t, 2, complex=True), numbers(t, 2))),
    "complex to real": lambda t: (t.abs, (numbers(t, 2, complex=True),)),
    "real to complex": lambda t: (lambda x: t.complex(x, x * x), (numbers(t, 2),)),
    "several outputs": lambda t: (lambda x, y: (x * y, (x + y).sum()), (numbers(t, 3), numbers(t, 3))),
    "integers among the outputs": lambda t: (lambda x: (x * 2, (x > 0.5).long()), (numbers(t, 3),)),
    "views": lambda t: (lambda x: x.split([1, 2]), (numbers(t, 3),)),
    "the input itself": lambda t: (lambda x: x, (numbers(t, 2),)),
    "in place": lambda t: (lambda x: x.clone().mul_(2), (numbers(t, 2),)),
    "apart in memory": lambda t: (lambda x: x * x, (numbers(t, 2, 3).t().detach().requires_grad_(),)),
    "not a leaf": lambda t: (lambda x: x * x, (numbers(t, 3) * 1,)),
    "nothing": lambda t: (t.sin, (numbers(t, 3)[:0].detach().requires_grad_(),)),
    "zero": lambda t: (lambda x: t.zeros(3, dtype=t.float64), (numbers(t, 3),)),
    "convolution": lambda t: (t.nn.functional.conv1d, (numbers(t, 1, 2, 4), numbers(t, 2, 2, 2))),
    "wrong backward": lambda t: (own(t, lambda x: x * 2, lambda g: g * 3, lambda g: g * 2), (numbers(t, 2),)),
    "wrong tangent": lambda t: (own(t, lambda x: x * 2, lambda g: g * 2, lambda g: g * 3), (numbers(t, 2),)),
    "wrong for complex": lambda t: (
        own(t, lambda x: x * 2, lambda g: g.conj() * 2, lambda g: g.conj() * 2),
        (numbers(t, 2, complex=True),),
    ),
    "no tangent": lambda t: (own(t, lambda x: x * 2, lambda g: g * 2), (numbers(t, 2),)),
    "not scaled": lambda t: (own(t, lambda x: x * 1, lambda g: t.ones_like(g), lambda g: g), (numbers(t, 1),)),
    "gradient of another size": lambda t: (own(t, lambda x: x.sum(), lambda g: g.expand(4)), (numbers(t, 3),)),
    "another shape": lambda t: (changing(t, lambda x: x.repeat(2)), (numbers(t, 3),)),
    "another dtype": lambda t: (changing(t, lambda x: x.float()), (numbers(t, 3),)),
    "undefined refused": lambda t: (with_hook(refuse_none), (numbers(t, 2),)),
    "undefined replaced": lambda t: (with_hook(lambda g: t.zeros(2) if g is None else g), (numbers(t, 2),)),
    "no tensor comes out": lambda t: (lambda x: 3, (numbers(t, 2),)),
    "the function fails": lambda t: (lambda x: x @ t.ones(7), (numbers(t, 2),)),
}

OPTIONS = {
    "plain": {},
    "fast": {"fast_mode": True},
    "forward": {"check_forward_ad": True},
    "forward, fast": {"check_forward_ad": True, "fast_mode": True},
    "only forward": {"check_forward_ad": True, "check_backward_ad": False, "check_undefined_grad": False},
    "dtypes": {"check_grad_dtypes": True},
    "no undefined": {"check_undefined_grad": False},
    "returns": {"raise_exception": False, "check_forward_ad": True},
    "batched": {"check_batched_grad": True},
    "batched forward": {"check_forward_ad": True, "check_batched_forward_grad": True},
    "masked": {"masked": True},
    "tolerant": {"eps": 1e-3, "atol": 0.1, "nondet_tol": 1e-2},
}


def rounded(run):
    """What a run returns, or its error, with numbers of fewer digits: the last ones depend on the order of sums."""
    try:
        return run()
    except RuntimeError as error:
        return type(error).__name__, re.sub(r"(\d\.\d{6})\d+", r"\1", str(error))


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("case", CASES)
def test_gradcheck(case, options):
    def scenario(t):
        t.manual_seed(0)
        function, inputs = CASES[case](t)
        return rounded(lambda: t.autograd.gradcheck(function, inputs, **OPTIONS[options]))

    check(scenario)


SECOND = {
    "plain": {},
    "fast": {"fast_mode": True},
    "forward over reverse": {"check_fwd_over_rev": True},
    "only forward over reverse": {
        "check_fwd_over_rev": True, "check_rev_over_rev": False, "check_undefined_grad": False,
    },
    "nothing": {"check_rev_over_rev": False},
    "undefined without reverse": {"check_fwd_over_rev": True, "check_rev_over_rev": False},
    "batched without reverse": {
        "check_fwd_over_rev": True, "check_rev_over_rev": False, "check_undefined_grad": False,
        "check_batched_grad": True,
    },
    "apart in memory": {"gen_non_contig_grad_outputs": True},
}  # fmt: skip


@pytest.mark.parametrize("options", SECOND)
@pytest.mark.parametrize(
    "case",
    ["sin", "two inputs", "complex", "several outputs", "views", "in place", "not a leaf", "convolution",
     "the function fails"],
)  # fmt: skip
def test_gradgradcheck(case, options):
    def scenario(t):
        t.manual_seed(0)
        function, inputs = CASES[case](t)
        return t.autograd.gradgradcheck(function, inputs, **SECOND[options])

    check(scenario)


@pytest.mark.parametrize(
    "options", [{}, {"check_undefined_grad": False}, {"check_batched_forward_grad": True}], ids=str
)
def test_how_often_tangents_are_computed(options):
    def scenario(t):
        calls = []

        class Own(t.autograd.Function):
            @staticmethod
            def forward(ctx, x, y):
                return x.clone(), y.clone()

            @staticmethod
            def jvp(ctx, x, y):
                calls.append(1)
                return x, y

        inputs = numbers(t, 1), numbers(t, 1)
        t.autograd.gradcheck(Own.apply, inputs, check_forward_ad=True, check_backward_ad=False, **options)
        return len(calls)

    check(scenario)


def test_old_names():
    def scenario(t):
        import importlib

        module = importlib.import_module(t.__name__ + ".autograd.gradcheck")
        x = numbers(t, 2)
        one = module.get_numerical_jacobian(lambda inputs: inputs[0] * inputs[0], (x,))
        other = module.get_analytical_jacobian((x,), x * x)
        return [m.detach().round(decimals=3) for m in one], [m.detach() for m in other[0]], other[1:]

    check(scenario)
