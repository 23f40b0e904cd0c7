"""Filling tensors with random numbers against torch: values, rules of in-place changes, errors and warnings."""

import pytest
from beside import check

from ops.tables import drawn

# Each is evaluated with both libraries; what it returns, raises or warns of must be the same.
CALLS = """
torch.empty(2).bernoulli_()
torch.empty(2).bernoulli_(1.5)
torch.empty(2).bernoulli_(-.5)
torch.empty(2).bernoulli_(float("nan"))
torch.empty(2).bernoulli_(torch.tensor([.3,1.5]))
torch.empty(2).bernoulli_(torch.tensor([.3,.5,.2]))
torch.empty(2).bernoulli_(torch.tensor([1,0]))
torch.empty(2,dtype=torch.complex64).bernoulli_(.5)
torch.empty(2).bernoulli_(p=torch.tensor(.5))
torch.empty(2,dtype=torch.int64).uniform_()
torch.empty(2).uniform_(2,1)
torch.empty(2).uniform_(0,float("inf"))
torch.empty(2).uniform_(float("nan"),1)
torch.empty(2).uniform_(-3e38,3e38)
torch.empty(2).uniform_(0,1e39)
torch.empty(2,dtype=torch.float16).uniform_(0,1e6)
torch.empty(2).uniform_(1)
torch.empty(2).uniform_(to=.5)
torch.empty(2,dtype=torch.complex64).uniform_()
torch.empty(2,dtype=torch.bool).uniform_()
torch.empty(2).uniform_(torch.tensor(0.),torch.tensor(1.))
torch.empty(2).uniform_("a")
torch.empty(2).normal_(0,-1)
torch.empty(2,dtype=torch.int64).normal_()
torch.empty(2).normal_(std=2.)
torch.empty(2).normal_(float("nan"),1)
torch.empty(2).normal_(0,float("nan"))
torch.empty(2).normal_(0,float("inf"))
torch.empty(2,dtype=torch.complex64).normal_().dtype
torch.empty(2,dtype=torch.bool).normal_()
torch.empty(2).random_(5,5)
torch.empty(2).random_(5,3)
torch.empty(2).random_(0)
torch.empty(2).random_(-1)
torch.empty(2,dtype=torch.uint8).random_(-1,4)
torch.empty(2,dtype=torch.uint8).random_(0,256)
torch.empty(2,dtype=torch.uint8).random_(0,257)
torch.empty(2,dtype=torch.int8).random_(0,200)
torch.empty(2,dtype=torch.int8).random_(200)
torch.empty(2,dtype=torch.bool).random_(0,2)
torch.empty(2,dtype=torch.bool).random_(0,3)
torch.empty(2,dtype=torch.bool).random_(-1,2)
torch.empty(2,dtype=torch.complex64).random_()
torch.empty(2,dtype=torch.complex64).random_(3)
torch.empty(2).random_(1.5)
torch.empty(2).random_(0,None)
torch.empty(2,dtype=torch.int64).random_(-2**63,None)
torch.empty(2,dtype=torch.int32).random_(-2**31,None)
torch.empty(2,dtype=torch.int32).random_(5,None)
torch.empty(2,dtype=torch.uint8).random_(5,None)
torch.empty(2,dtype=torch.bool).random_(0,None)
torch.empty(2,dtype=torch.bool).random_(1,None)
torch.empty(2).random_(3,None)
torch.empty(2,dtype=torch.float16).random_(3,None)
torch.empty(2).random_(0,2**25)
torch.empty(2).random_(2**25,2**26)
torch.empty(2,dtype=torch.float16).random_(0,70000)
torch.empty(2,dtype=torch.float16).random_(0,2050)
torch.empty(2,dtype=torch.bfloat16).random_(0,259)
torch.empty(2,dtype=torch.float64).random_(0,2**60)
torch.empty(2).random_(-2**25,5)
torch.empty(2).random_(to=5)
torch.empty(2).random_(**{"from":1,"to":5})
torch.empty(2).exponential_(0)
torch.empty(2).exponential_(-1)
torch.empty(2).exponential_(float("inf"))
torch.empty(2).exponential_(float("nan"))
torch.empty(2,dtype=torch.int64).exponential_()
torch.empty(2,dtype=torch.complex64).exponential_()
torch.empty(2).exponential_(lambd=2)
torch.empty(2).geometric_(0)
torch.empty(2).geometric_(1)
torch.empty(2).geometric_(.5)
torch.empty(2).geometric_()
torch.empty(2,dtype=torch.bool).geometric_(.5)
torch.empty(2,dtype=torch.complex64).geometric_(.5)
torch.empty(2).cauchy_(0,0)
torch.empty(2).cauchy_(0,-1)
torch.empty(2,dtype=torch.int64).cauchy_()
torch.empty(2).log_normal_(0,0)
torch.empty(2).log_normal_(0,-1)
torch.empty(2,dtype=torch.int64).log_normal_()
torch.zeros(3,requires_grad=True).uniform_()
(torch.zeros(3,requires_grad=True)*2).uniform_()
(torch.zeros(3,requires_grad=True)*2).normal_()
(torch.zeros(3,requires_grad=True)*2).random_()
(torch.zeros(3,requires_grad=True)*2).random_(5)
(torch.zeros(3,requires_grad=True)*2).random_(2,5)
(torch.zeros(3,requires_grad=True)*2).bernoulli_()
(torch.zeros(3,requires_grad=True)*2).bernoulli_(torch.tensor(.5))
(torch.zeros(3,requires_grad=True)*2).exponential_()
(torch.zeros(3,requires_grad=True)*2).cauchy_()
(torch.zeros(3,requires_grad=True)*2).log_normal_()
(torch.zeros(3,requires_grad=True)*2).geometric_(.5)
torch.zeros(1).expand(3).uniform_()
torch.zeros(1).expand(3).normal_()
torch.zeros(1).expand(3).bernoulli_()
torch.zeros(1).expand(3).random_()
torch.zeros(3).bernoulli_(torch.tensor([.5],requires_grad=True))
torch.empty(3).uniform_(generator=3)
torch.empty(3).uniform_(0,1,torch.Generator())
torch.empty(0,dtype=torch.int64).normal_()
torch.empty(0,dtype=torch.int64).uniform_()
torch.empty(0).uniform_(3,1)
torch.empty(0).normal_(0,-1)
torch.empty(0).bernoulli_(3)
torch.empty(0).exponential_(-1)
torch.empty(0,dtype=torch.int64).exponential_()
torch.empty(0).random_(3,1)
torch.empty(0,dtype=torch.complex64).random_()
torch.empty(0).geometric_(3)
torch.empty(2,dtype=torch.int16).random_(0,70000)
torch.empty(2,dtype=torch.int32).random_(0,2**40)
torch.empty(2,dtype=torch.bfloat16).random_(0,2**40).dtype
torch.empty(2).random_(2**24+1,2**24+2)
torch.empty(2).random_(2**62,2**62+5)
torch.empty(2,dtype=torch.float16).random_(60000,None)
torch.empty(2).random_(2**24,None)
torch.empty(2).random_(2**25,None)
torch.empty(2,dtype=torch.int8).random_(128,None)
torch.empty(2,dtype=torch.int8).random_(127,None)
torch.empty(2,dtype=torch.uint8).random_(-5,None)
torch.empty(2,dtype=torch.int64).random_(0,2**63)
torch.empty(2,dtype=torch.int64).random_(0,2**63-1).dtype
torch.empty(2).random_("a")
torch.empty(2).random_(True)
torch.empty(2).random_(torch.tensor(4))
torch.empty(2).random_(1,2,3)
torch.empty(2).bernoulli_("a")
torch.empty(2).bernoulli_(None)
torch.empty(2).normal_("a")
torch.empty(2).normal_(1,2,3)
torch.empty(2).normal_(mean="a")
torch.empty(2).exponential_("a")
torch.empty(2).geometric_("a")
torch.empty(2).cauchy_("a")
torch.empty(2).log_normal_("a")
torch.empty(2).uniform_(1,"a")
torch.empty(2).uniform_(foo=1)
torch.zeros(3,requires_grad=True)[:2].uniform_()
torch.rand(3,2).t().uniform_().stride()
torch.randn(3,dtype=torch.float64).normal_(torch.tensor(1.),torch.tensor(2.)).dtype
""".strip().splitlines()


@pytest.mark.parametrize("call", CALLS)
def test_calls(call):
    check(drawn(call, 7), rtol=0, atol=0)


FILLS = {
    "uniform_": "-1.0, 3.0",
    "normal_": "2.0, 0.5",
    "random_": "3, 90",
    "bernoulli_": "0.3",
    "exponential_": "1.5",
    "geometric_": "0.4",
    "cauchy_": "0.5, 2.0",
    "log_normal_": "0.2, 0.4",
}


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize("size", [1, 15, 16, 17, 100])
def test_fills(fill, dtype, size):
    for arguments in ("", FILLS[fill]) if fill != "geometric_" else (FILLS[fill],):
        call = f"torch.empty({size}, dtype=torch.{dtype}).{fill}({arguments})"
        check(drawn(call, 2), rtol=0, atol=0)
        comma = ", " if arguments else ""
        check(drawn(call[:-1] + f"{comma}generator=generator)", 2), rtol=0, atol=0)


@pytest.mark.parametrize("fill", FILLS)
def test_rules_of_changes_in_place(fill):
    def scenario(torch):
        torch.manual_seed(1)
        x = torch.arange(6.0).requires_grad_()
        y = x * 2
        before = y._version
        same = getattr(y, fill)(*eval(f"({FILLS[fill]},)")) is y
        (y * 3).sum().backward()
        return y, y._version - before, same, x.grad

    check(scenario)


@pytest.mark.parametrize("fill", FILLS)
def test_a_view_is_filled(fill):
    def scenario(torch):
        torch.manual_seed(1)
        x = torch.ones(4, 6, requires_grad=True)
        y = x * 2
        view = y[1:3]
        getattr(view, fill)(*eval(f"({FILLS[fill]},)"))
        y.sum().backward()
        return y, x.grad, view

    check(scenario)


def test_leaves_are_refused():
    def scenario(torch):
        return torch.ones(3, requires_grad=True)[:2].uniform_()

    check(scenario)


def test_leaves_are_filled_without_grad_mode():
    def scenario(torch):
        torch.manual_seed(1)
        x = torch.ones(20, requires_grad=True)
        with torch.no_grad():
            x.normal_()
        return x, x._version

    check(scenario, rtol=0, atol=0)


def test_a_saved_tensor_that_is_filled_is_noticed():
    def scenario(torch):
        x = torch.ones(3, requires_grad=True)
        y = x.exp()
        z = y * y
        y.uniform_()
        z.sum().backward()

    check(scenario)


def test_probabilities_in_a_graph():
    def scenario(torch):
        torch.manual_seed(1)
        p = torch.full((3,), 0.5, requires_grad=True)
        y = torch.zeros(2, 3).bernoulli_(p)
        y.sum().backward()
        return y, p.grad

    check(scenario)


@pytest.mark.parametrize("call", [
    lambda x: x.bernoulli_(0.3), lambda x: x.geometric_(0.5), lambda x: x.log_normal_(0, 0.5),
])  # fmt: skip
@pytest.mark.parametrize("kind", ["complex64", "bool"])
def test_what_may_not_be_filled_is_said_before_the_dtype(call, kind):
    def scenario(t):
        found = []
        x = t.zeros(1).to(getattr(t, kind))
        for made in (lambda: x.expand(3), lambda: x.clone().requires_grad_(kind == "complex64"), lambda: x[:0]):
            try:
                found.append(call(made()).shape)
            except (RuntimeError, NotImplementedError) as error:
                found.append((type(error).__name__, str(error)))
        return found

    check(scenario)


@pytest.mark.parametrize(("own", "chances"), [
    ((0,), (1, 0)), ((0,), (1, 1, 2)), ((0, 1, 5, 3), (0, 5, 3)), ((0,), (0, 1)),
])  # fmt: skip
def test_nothing_is_drawn_by_whatever_chances(own, chances):
    check(lambda t: (t.zeros(own).requires_grad_() * 1).bernoulli_(t.zeros(chances)))


@pytest.mark.parametrize("fill", ["random_", "cauchy_", "normal_", "uniform_", "bernoulli_", "mul_"])
def test_views_know_that_their_base_was_filled(fill):
    def scenario(t):
        base = t.ones(1, 2, dtype=t.float64, requires_grad=True).exp()
        view = base.ravel()
        getattr(base.detach(), fill)(*[2] * (fill == "mul_"))
        return view._version, type(view.grad_fn).__name__

    check(scenario)


@pytest.mark.parametrize("made", [
    "torch.ones(4, dtype=torch.complex128).requires_grad_()",
    "torch.ones(4, dtype=torch.complex128).requires_grad_().reshape(-1)",
    "torch.ones(4, dtype=torch.complex128).requires_grad_().chunk(2)[0]",
    "torch.ones(1, dtype=torch.int64).expand(3)",
    "torch.ones(1, dtype=torch.complex64).expand(3)", "torch.ones(0, dtype=torch.complex64)",
    "torch.ones(1).requires_grad_()", "torch.ones(1).requires_grad_().expand(3)", "torch.ones(1).expand(3)",
])  # fmt: skip
@pytest.mark.parametrize("call", [
    "uniform_(2, 1)", "uniform_(0, float('inf'))", "normal_(0, -1)", "cauchy_(0, 0)", "log_normal_(1, 0)",
    "geometric_(1)", "exponential_(0)", "bernoulli_(2)", "random_(0)", "random_(5, 3)", "random_(0, 2**70)",
    "random_()", "normal_()", "cauchy_()", "exponential_()", "uniform_()", "log_normal_()", "geometric_(0.5)",
    "bernoulli_()",
])  # fmt: skip
def test_which_of_two_errors_is_raised(made, call):
    check(lambda t: eval(f"{made}.{call}", {"torch": t}))
