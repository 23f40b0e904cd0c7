"""The functional API of autograd on tensors that only have ``__torch_dispatch__``, beside PyTorch."""

import pytest
from beside import check, raised
from wrappers import unwrapped, wrapper_class


def functions(t):
    def reduce(x):
        return x.sum(1)

    def scalar(x):
        return x.pow(3).sum()

    def two(x, y):
        return (2 * x.pow(2) + 3 * y.pow(2)).sum()

    def outputs(x, y):
        return x.exp().sum(1), (x * y).sin()

    def linear(x):
        return x @ x.mT + t.nn.functional.linear(x, x)

    def layers(x):
        return t.nn.functional.softmax(x.tanh(), 1).log()[0, 1:], t.cat([x, x.sigmoid()]).mean(0)

    return {"reduce": reduce, "scalar": scalar, "two": two, "outputs": outputs, "linear": linear, "layers": layers}


def inputs(t, wrap, count):
    t.manual_seed(0)
    found = tuple(wrap(t.rand(3, 3)) for _ in range(count))
    return found if count > 1 else found[0]


CALLS = [
    ("jacobian", name, options)
    for name in ("reduce", "scalar", "two", "outputs", "linear", "layers")
    for options in ({}, {"create_graph": True}, {"strict": True})
]
CALLS += [("hessian", name, options) for name in ("scalar", "two") for options in ({}, {"create_graph": True})]
CALLS += [
    (api, name, options)
    for api in ("vjp", "jvp")
    for name in ("reduce", "scalar", "two", "linear")
    for options in ({}, {"create_graph": True}, {"strict": True})
]
CALLS += [(api, name, options) for api in ("vhp", "hvp") for name in ("scalar", "two")
          for options in ({}, {"create_graph": True}, {"strict": True})]  # fmt: skip


@pytest.mark.parametrize(("api", "name", "options"), CALLS, ids=str)
def test_functional(api, name, options):
    def scenario(t):
        wrap = wrapper_class(t)
        f = functions(t)[name]
        given = inputs(t, wrap, 2 if name in ("two", "outputs") else 1)
        call = getattr(t.autograd.functional, api)
        if api in ("jacobian", "hessian"):
            found = call(f, given, **options)
        else:
            out = f(given) if name != "two" else f(*given)
            like = given if api != "vjp" else out
            many = like if isinstance(like, tuple) else (like,)
            v = tuple(wrap(t.ones(tuple(x.shape)) * 0.5) for x in many)
            found = call(f, given, v if isinstance(like, tuple) else v[0], **options)
        with t.no_grad():
            return unwrapped(found), _grads(found, options)

    def _grads(found, options):
        if isinstance(found, (tuple, list)):
            return [_grads(f, options) for f in found]
        return found.requires_grad

    check(scenario, strides=False, rtol=1e-5, atol=1e-6)


def test_strict_errors():
    def scenario(t):
        wrap = wrapper_class(t)
        x = inputs(t, wrap, 1)
        functional = t.autograd.functional
        return [
            raised(lambda: functional.jacobian(lambda x: x.detach(), x, strict=True)),
            raised(lambda: functional.vjp(lambda x: x.sum(), (x, 2))),
            raised(lambda: functional.vjp(lambda x: x, x)),
            raised(lambda: functional.hessian(lambda x: x.sum(), x, strict=True)),
            raised(lambda: functional.hvp(lambda x: x, x)),
        ]

    check(scenario)
