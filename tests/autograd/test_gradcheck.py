"""`gradcheck` and `gradgradcheck` beside PyTorch: what passes, what fails, and in which words."""

import pytest
from beside import check


def double(t, *values, grad=True):
    return t.tensor(list(values or (0.3, -1.2, 2.0)), dtype=t.float64, requires_grad=grad)


def own(t, forward=lambda x: x * 2, backward=lambda g: g * 2, context=None):
    """A Function of one input with a derivative that may be wrong."""

    class Own(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.x = x
            return forward(x)

        @staticmethod
        def backward(ctx, g):
            return backward(g) if context is None else context(ctx, g)

    return Own.apply


def many(t, x):
    a, b = x.split([1, 2])
    return a.sin(), b.exp(), x.detach().sum()


PASS = {
    "sin": lambda t: t.autograd.gradcheck(t.sin, (double(t),)),
    "a tensor that is no tuple": lambda t: t.autograd.gradcheck(t.sin, double(t)),
    "a list": lambda t: t.autograd.gradcheck(t.mul, [double(t), double(t)]),
    "two inputs": lambda t: t.autograd.gradcheck(t.mul, (double(t), double(t, 1.0, 2.0, 3.0))),
    "an input without gradient": lambda t: t.autograd.gradcheck(t.mul, (double(t), double(t, grad=False))),
    "other arguments": lambda t: t.autograd.gradcheck(lambda x, n, d: x.pow(n).sum(d), (double(t), 3, 0)),
    "several outputs": lambda t: t.autograd.gradcheck(lambda x: many(t, x), (double(t),)),
    "an output that needs no gradient": lambda t: t.autograd.gradcheck(lambda x: (x.sin(), x.detach()), (double(t),)),
    "no elements": lambda t: t.autograd.gradcheck(t.sin, (t.zeros(0, dtype=t.float64, requires_grad=True),)),
    "no dimensions": lambda t: t.autograd.gradcheck(t.sin, (t.tensor(0.5, dtype=t.float64, requires_grad=True),)),
    "matrices": lambda t: t.autograd.gradcheck(
        t.matmul, (double(t, 1.0, 2.0).reshape(1, 2).detach().requires_grad_(), double(t, 3.0, 4.0))
    ),
    "complex to complex": lambda t: t.autograd.gradcheck(
        lambda z: z * z.conj() + z.sin(), (t.tensor([1 + 2j, 0.5j], dtype=t.complex128, requires_grad=True),)
    ),
    "complex to real": lambda t: t.autograd.gradcheck(
        lambda z: z.abs(), (t.tensor([1 + 2j, 0.5j], dtype=t.complex128, requires_grad=True),)
    ),
    "real to complex": lambda t: t.autograd.gradcheck(lambda x: t.complex(x, x.sin()), (double(t),)),
    "dtypes of gradients": lambda t: t.autograd.gradcheck(t.sin, (double(t),), check_grad_dtypes=True),
    "without undefined gradients": lambda t: t.autograd.gradcheck(t.sin, (double(t),), check_undefined_grad=False),
    "fast": lambda t: t.autograd.gradcheck(t.sin, (double(t),), fast_mode=True),
    "single precision": lambda t: t.autograd.gradcheck(
        t.sin, (t.tensor([0.5], requires_grad=True),), eps=1e-3, atol=1e-2, rtol=1e-2
    ),
    "a constant": lambda t: t.autograd.gradcheck(lambda x: t.ones(2, dtype=t.float64), (double(t),)),
    "integers come out": lambda t: t.autograd.gradcheck(lambda x: (x > 0).long(), (double(t),)),
    "by hand": lambda t: t.autograd.gradcheck(own(t), (double(t),)),
    "second order": lambda t: t.autograd.gradgradcheck(t.sin, (double(t),)),
    "second order of two": lambda t: t.autograd.gradgradcheck(lambda x, y: x * y.exp(), (double(t), double(t))),
    "second order with seeds": lambda t: t.autograd.gradgradcheck(
        lambda x: x**3, (double(t),), (double(t, 1.0, 1.0, 2.0),)
    ),
    "second order of complex": lambda t: t.autograd.gradgradcheck(
        lambda z: z**2, (t.tensor([1 + 2j], dtype=t.complex128, requires_grad=True),)
    ),
}


@pytest.mark.parametrize("case", PASS)
def test_passes(case):
    check(PASS[case])


def wrong(t):
    return own(t, backward=lambda g: g * 3)


def flaky(t):
    state = []

    def backward(g):
        state.append(1)
        return g * 2 * (1 + 1e-7 * len(state))

    return own(t, backward=backward)


def constant_gradient(t):
    # The derivative is right for gradients of one only.
    return own(t, forward=lambda x: x * 1, backward=lambda g: t.ones_like(g))


FAIL = {
    "wrong": lambda t, **o: t.autograd.gradcheck(wrong(t), (double(t, 1.0, 2.0),), **o),
    "wrong of a matrix": lambda t, **o: t.autograd.gradcheck(
        wrong(t), (t.ones(2, 2, dtype=t.float64, requires_grad=True),), **o
    ),
    "wrong by the second input": lambda t, **o: t.autograd.gradcheck(
        lambda x, y: x + wrong(t)(y), (double(t), double(t)), **o
    ),
    "wrong in the second output": lambda t, **o: t.autograd.gradcheck(
        lambda x: (x.sin(), wrong(t)(x)), (double(t, 1.0, 2.0),), **o
    ),
    "wrong by much less than rtol": lambda t, **o: t.autograd.gradcheck(
        own(t, backward=lambda g: g * 2.0001), (double(t, 1.0, 2.0),), rtol=1e-6, atol=1e-6, **o
    ),
    "wrong of complex": lambda t, **o: t.autograd.gradcheck(
        wrong(t), (t.tensor([1 + 2j, 0.5j], dtype=t.complex128, requires_grad=True),), **o
    ),
    "not deterministic": lambda t, **o: t.autograd.gradcheck(flaky(t), (double(t),), **o),
    "second order wrong": lambda t, **o: t.autograd.gradgradcheck(
        own(t, forward=lambda x: x**3, context=lambda ctx, g: g * 3 * ctx.x.detach() ** 2), (double(t, 1.0),),
        grad_outputs=(double(t, 1.0),), **o
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FAIL)
def test_fails(case):
    check(FAIL[case])


@pytest.mark.parametrize("case", FAIL)
def test_fails_without_raising(case):
    check(lambda t: FAIL[case](t, raise_exception=False))


def test_a_wide_tolerance_passes():
    check(lambda t: FAIL["not deterministic"](t, nondet_tol=1e-3))
    check(lambda t: FAIL["wrong by much less than rtol"](t, check_undefined_grad=False, raise_exception=False))
    check(lambda t: t.autograd.gradcheck(wrong(t), (double(t),), rtol=0.6))


MISUSE = {
    "no input requires a gradient": lambda t: t.autograd.gradcheck(t.sin, (double(t, grad=False),)),
    "stride zero": lambda t: t.autograd.gradcheck(t.sin, (double(t, 1.0).detach().expand(3).requires_grad_(),)),
    "nothing to check": lambda t: t.autograd.gradcheck(t.sin, (double(t),), check_backward_ad=False),
    "batched without backward": lambda t: t.autograd.gradcheck(
        t.sin, (double(t),), check_backward_ad=False, check_forward_ad=True, check_batched_grad=True
    ),
    "batched forward without forward": lambda t: t.autograd.gradcheck(
        t.sin, (double(t),), check_batched_forward_grad=True
    ),
    "single precision": lambda t: t.autograd.gradcheck(t.sin, (t.tensor([0.5], requires_grad=True),), atol=1.0),
    "an error of the function": lambda t: t.autograd.gradcheck(lambda x: x @ t.ones(7), (double(t),)),
    "no arguments": lambda t: type(t.autograd.gradcheck).__name__ and t.autograd.gradcheck(t.sin, ()),
}


@pytest.mark.parametrize("case", MISUSE)
def test_misuse(case):
    check(MISUSE[case])


def test_the_error_is_a_runtime_error():
    def scenario(t):
        try:
            t.autograd.gradcheck(wrong(t), (double(t),))
        except RuntimeError as error:
            kind = type(error)
        return kind.__name__, [c.__name__ for c in kind.__mro__]

    check(scenario)


def test_inputs_are_as_before():
    def scenario(t):
        x = double(t)
        t.autograd.gradcheck(lambda x: (x * x).sum(), (x,))
        return x, x.grad

    check(scenario)


def test_the_module_of_that_name():
    import importlib

    import rushlight

    module = importlib.import_module("rushlight.autograd.gradcheck")
    assert module.gradcheck(rushlight.sin, (double(rushlight),))
    assert rushlight.autograd.gradcheck(rushlight.sin, (double(rushlight),))
    assert issubclass(module.GradcheckError, RuntimeError)
