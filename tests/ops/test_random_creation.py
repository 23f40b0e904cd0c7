"""Random tensors against torch: values, dtypes, strides, nodes, errors and warnings, to the last bit."""

import pytest
from beside import check

from ops.tables import drawn

# Each is evaluated with both libraries; what it returns, raises or warns of must be the same.
CALLS = """
torch.rand()
torch.rand(2,3).shape
torch.rand([2,3]).shape
torch.rand((2,),dtype=torch.float64).dtype
torch.rand(torch.Size([2])).shape
torch.rand(2,dtype=torch.int64)
torch.rand(2,dtype=torch.bool)
torch.rand(2,dtype=torch.complex64)
torch.rand(2,dtype=torch.float16)
torch.rand(-1)
torch.rand(2.5)
torch.rand("a")
torch.rand(2,generator=3)
torch.rand(2,device="cuda")
torch.rand(2,requires_grad=True)
torch.rand(size=(2,)).shape
torch.rand(2,out=torch.empty(3))
torch.rand(2,out=torch.empty(0)).shape
torch.rand(2,out=torch.empty(2,dtype=torch.float64)).dtype
torch.rand(2,out=torch.empty(2,dtype=torch.float64),dtype=torch.float32).dtype
torch.rand(2,out=torch.empty(2,dtype=torch.int64))
torch.rand(2,out=torch.empty(2,requires_grad=True))
torch.rand(2,names=("a",))
torch.rand(2,foo=1)
torch.rand(None)
torch.rand(2,None)
torch.rand(True)
torch.randn(2,dtype=torch.int32)
torch.randn(2,dtype=torch.complex64).dtype
torch.randint(10,(3,)).dtype
torch.randint(3,10,(3,)).dtype
torch.randint(10,(3,),dtype=torch.float32).dtype
torch.randint(high=10,size=(3,)).dtype
torch.randint(low=3,high=10,size=(3,)).dtype
torch.randint(10)
torch.randint(10,3)
torch.randint(5,5,(2,))
torch.randint(5,3,(2,))
torch.randint(0,(2,))
torch.randint(-3,(2,))
torch.randint(300,(2,),dtype=torch.uint8)
torch.randint(256,(2,),dtype=torch.uint8).dtype
torch.randint(257,(2,),dtype=torch.uint8)
torch.randint(-1,5,(2,),dtype=torch.uint8)
torch.randint(2,(2,),dtype=torch.bool)
torch.randint(3,(2,),dtype=torch.bool)
torch.randint(10.,(2,))
torch.randint(10,(2.,))
torch.randint(2**63,(2,))
torch.randint(2**24+2,(2,),dtype=torch.float32)
torch.randint(10,(2,),dtype=torch.complex64)
torch.randint(10,(2,),requires_grad=True)
torch.randint(10,(2,),dtype=torch.float32,requires_grad=True)
torch.randint(0,10,(2,),out=torch.empty(2)).dtype
torch.randint(torch.tensor(10),(2,))
torch.randperm(5).dtype
torch.randperm(5,dtype=torch.float32).dtype
torch.randperm(5,dtype=torch.int32).dtype
torch.randperm(-1)
torch.randperm(300,dtype=torch.uint8)
torch.randperm(256,dtype=torch.uint8).dtype
torch.randperm(129,dtype=torch.int8)
torch.randperm(3000,dtype=torch.float16)
torch.randperm(5,dtype=torch.bool)
torch.randperm(5.)
torch.randperm(5,out=torch.empty(0,dtype=torch.int64))
torch.randperm(5,out=torch.empty(7,dtype=torch.int64))
torch.randperm(5,out=torch.empty(5))
torch.randperm(5,requires_grad=True)
torch.randperm(3,dtype=torch.complex64)
torch.randperm()
torch.poisson(torch.tensor([1., 2.]))
torch.poisson(torch.tensor([1, 2]))
torch.poisson(torch.tensor([-1.]))
torch.poisson(torch.empty(0))
torch.poisson(3)
torch.rand_like(torch.empty(2,3,dtype=torch.float64)).dtype
torch.rand_like(torch.empty(2,3,dtype=torch.int64))
torch.rand_like(torch.empty(2,3,dtype=torch.int64),dtype=torch.float32).dtype
torch.rand_like(3)
torch.rand_like(torch.empty(3,2).t()).stride()
torch.randn_like(torch.empty(3,requires_grad=True)).requires_grad
torch.randn_like(torch.empty(3),requires_grad=True).requires_grad
torch.randint_like(torch.empty(3),10)
torch.randint_like(torch.empty(3),2,10).dtype
torch.randint_like(torch.empty(3,dtype=torch.int32),10).dtype
torch.randint_like(torch.empty(3),low=2,high=10).dtype
torch.randint_like(torch.empty(3),torch.tensor(5))
torch.randint_like(torch.empty(3))
torch.rand_like(torch.empty(3),generator=torch.Generator())
torch.randint_like(torch.empty(3),5,generator=torch.Generator())
torch.randn_like(torch.empty(3),memory_format=torch.channels_last)
torch.normal(0,1,(3,)).dtype
torch.normal(0.,1.,(3,)).dtype
torch.normal(0.,1.)
torch.normal(torch.zeros(3),1.).shape
torch.normal(torch.zeros(3)).shape
torch.normal(0.,torch.ones(3)).shape
torch.normal(torch.zeros(3),torch.ones(3)).shape
torch.normal(torch.zeros(3,1),torch.ones(4)).shape
torch.normal(torch.zeros(3),torch.ones(4)).shape
torch.normal(torch.zeros(3),-1.)
torch.normal(0.,-torch.ones(3))
torch.normal(0.,-1.,(3,))
torch.normal(torch.zeros(3,dtype=torch.int64),1.)
torch.normal(torch.zeros(3,dtype=torch.float64),torch.ones(3)).dtype
torch.normal(torch.zeros(3),torch.ones(3,dtype=torch.float64)).dtype
torch.normal(torch.zeros(3,requires_grad=True),torch.ones(3))
torch.normal(torch.zeros(3),torch.ones(3,requires_grad=True))
torch.normal(torch.zeros(3,requires_grad=True),1.)
torch.normal(0.,torch.ones(3,requires_grad=True))
torch.normal(mean=0,std=1,size=(2,),dtype=torch.float64,requires_grad=True)
torch.normal(torch.zeros(3),1.,out=torch.empty(3))
torch.normal(torch.zeros(2,dtype=torch.complex64),1.)
torch.normal(0,torch.ones(3,dtype=torch.int64))
torch.normal(torch.ones(2),torch.tensor([1.,float("nan")]))
torch.normal(torch.ones(0,dtype=torch.int64),torch.ones(0))
torch.normal(1.,torch.ones(0,dtype=torch.int64))
torch.bernoulli(torch.zeros(0,dtype=torch.int64))
torch.bernoulli(torch.zeros(0,dtype=torch.complex64))
torch.bernoulli(torch.ones(2,requires_grad=True),.5)
torch.bernoulli(torch.ones(2,3).mT,.5)
torch.zeros(0,dtype=torch.complex64).bernoulli_(.5)
torch.zeros(2,0).bernoulli_(torch.tensor([7.,8.,9.]))
torch.zeros(0,dtype=torch.int64).cauchy_()
torch.multinomial(torch.zeros(0),3,True)
torch.native_dropout(torch.ones(3,requires_grad=True),.4,False)
torch.native_dropout(torch.ones(0,requires_grad=True),.4,True)
torch.nn.functional.rrelu(torch.ones(2).half(),.1,.3,True)
torch.nn.functional.rrelu(torch.ones(2).long(),.1,.3,True)
torch.poisson(torch.tensor([float("inf")]))
torch.nn.functional.dropout(torch.ones(2),float("nan"))
torch.ones(2,0,requires_grad=True).clone().bernoulli_(torch.tensor([7.,8.,9.]))
torch.bernoulli(torch.tensor([.3,.5])).dtype
torch.bernoulli(torch.tensor([.3,2.]))
torch.bernoulli(torch.tensor([.3,-2.]))
torch.bernoulli(torch.tensor([1,0]))
torch.bernoulli(torch.tensor([1,0]),.5)
torch.bernoulli(torch.tensor([1.,0]),.5).dtype
torch.bernoulli(torch.tensor([1.,0]),p=1.5)
torch.bernoulli(torch.tensor([1.,0],requires_grad=True))
torch.bernoulli(torch.tensor([float("nan")]))
torch.bernoulli(torch.tensor([.3,.5]),out=torch.empty(2,dtype=torch.int64))
torch.bernoulli(torch.tensor([.3,.5]),generator=torch.Generator().manual_seed(1))
torch.bernoulli(.5)
torch.tensor([.3]).bernoulli()
torch.tensor([.3]).bernoulli(.5).dtype
torch.tensor([1]).bernoulli(.5)
torch.multinomial(torch.rand(3),2).shape
torch.multinomial(torch.rand(3,4),2).shape
torch.multinomial(torch.rand(3,4,5),2)
torch.multinomial(torch.tensor(1.),1)
torch.multinomial(torch.rand(3),4)
torch.multinomial(torch.rand(3),4,True).shape
torch.multinomial(torch.rand(3),0)
torch.multinomial(torch.rand(3),-1)
torch.multinomial(torch.tensor([1,2]),1)
torch.multinomial(torch.tensor([1.,-2]),1)
torch.multinomial(torch.tensor([1.,-2]),2,True)
torch.multinomial(torch.tensor([0.,0]),1)
torch.multinomial(torch.tensor([0.,0]),2,True)
torch.multinomial(torch.tensor([1.,float("inf")]),1)
torch.multinomial(torch.tensor([1.,float("inf")]),2,True)
torch.multinomial(torch.tensor([1.,float("nan")]),1)
torch.multinomial(torch.tensor([[1.,2.],[0,0]]),1)
torch.multinomial(torch.empty(0),1)
torch.multinomial(torch.empty(0,3),1).shape
torch.multinomial(torch.empty(2,0),1)
torch.multinomial(torch.tensor([0.,1.,0.]),2)
torch.multinomial(torch.rand(3),2,out=torch.empty(0,dtype=torch.int64))
torch.multinomial(torch.rand(3),2,out=torch.empty(2))
torch.multinomial(torch.rand(3,requires_grad=True),2)
torch.bernoulli(torch.tensor([True,False]))
torch.randperm(2050,dtype=torch.float16)
torch.randperm(2049,dtype=torch.float16).dtype
torch.randperm(258,dtype=torch.bfloat16)
torch.randperm(257,dtype=torch.bfloat16).dtype
torch.randperm(2**24+2,dtype=torch.float32)
torch.randperm(257,dtype=torch.uint8)
torch.randperm(128,dtype=torch.int8).dtype
torch.randperm(2**15+1,dtype=torch.int16)
torch.randperm("a")
torch.randperm(torch.tensor(3))
torch.randperm(3,3)
torch.randperm(True)
torch.rand_like()
torch.rand_like(torch.empty(2),dtype=3)
torch.rand(2,dtype=3)
torch.rand(2,dtype=float).dtype
torch.rand(2,requires_grad=1)
torch.rand(2,layout=torch.strided).shape
torch.rand(torch.tensor(2)).shape
torch.rand((torch.tensor(2),3)).shape
torch.rand(2,3,size=(2,))
torch.rand([2,3],4)
torch.rand(2,"a")
torch.rand(2,2.5)
torch.rand((2,2.5))
torch.rand((2,None))
torch.rand(2,-1)
torch.rand(()).shape
torch.rand(size=2)
torch.rand(size=[]).shape
torch.rand(2,out=3)
torch.rand(2,device=3)
torch.rand(2,device="foo")
torch.randint(low=1,high=4,size=3)
torch.randint(1,4,size=(3,)).shape
torch.randint(4,size=(3,)).shape
torch.randint(low=4,size=(3,))
torch.randint(1,4)
torch.randint()
torch.randint(size=(3,))
torch.randint("a",(3,))
torch.randint(1,"a",(3,))
torch.randint(1,2,3,4)
torch.randint(True,(3,))
torch.randint(2.5,5,(3,))
torch.randint(1,2.5,(3,))
torch.randint(5,(3,),generator=3)
torch.randint(5,(-1,))
torch.randint(5,(3,),out=torch.empty(3,requires_grad=True))
torch.randint(torch.tensor(2),torch.tensor(5),(3,)).dtype
torch.randint_like(3,4)
torch.randint_like(torch.empty(3),"a")
torch.randint_like(torch.empty(3),4,"a")
torch.randint_like(torch.empty(3),high=4).dtype
torch.normal(torch.zeros(3),torch.ones(3),(3,))
torch.normal(0.,1.,3)
torch.normal("a",1.,(3,))
torch.normal(torch.zeros(3),"a")
torch.normal(mean=torch.zeros(3),std=torch.ones(3)).dtype
torch.normal()
torch.normal(0.,1.,(3,),out=torch.empty(4)).shape
torch.normal(0.,1.,size=(3,)).shape
torch.normal(0.,1.,(3,),dtype=torch.int64)
torch.normal(torch.zeros(3),torch.ones(3,dtype=torch.complex64))
torch.normal(0.,torch.ones(3,dtype=torch.complex64))
torch.normal(torch.zeros(3),1.,dtype=torch.float64)
torch.multinomial(torch.rand(3))
torch.multinomial(torch.rand(3),2.5)
torch.multinomial(torch.rand(3),num_samples=2,replacement=True).shape
torch.multinomial(3,2)
torch.multinomial(torch.rand(2**24+1),2)
torch.rand(3).multinomial(2).shape
torch.multinomial(torch.tensor([1.,float("nan")]),2,True)
torch.multinomial(torch.tensor([float("inf"),-1]),2,True)
torch.multinomial(torch.tensor([[1.,1],[0,0]]),2,True)
torch.multinomial(torch.tensor([True,False]),1)
torch.randn(2,out=torch.empty(2,dtype=torch.int64))
torch.bernoulli(torch.tensor([.3,.5]),out=torch.empty(3))
torch.bernoulli(torch.tensor([.3,.5]),out=torch.empty(2,requires_grad=True))
torch.bernoulli(torch.tensor([.3,.5],requires_grad=True),out=torch.empty(2))
torch.normal(torch.zeros(3),1.,out=torch.empty(3,requires_grad=True))
torch.normal(torch.zeros(3,requires_grad=True),1.,out=torch.empty(3))
""".strip().splitlines()


@pytest.mark.parametrize("call", CALLS)
def test_calls(call):
    check(drawn(call, 7), rtol=0, atol=0)


DTYPES = ("float32", "float64", "float16", "bfloat16", "complex64", "complex128")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", ["rand", "randn"])
@pytest.mark.parametrize("size", [(), (1,), (15,), (16,), (17,), (3, 5), (2, 0), (8, 2)])
def test_new(function, size, dtype):
    check(drawn(f"torch.{function}({size}, dtype=torch.{dtype})", 3), rtol=0, atol=0)
    check(drawn(f"torch.{function}({size}, dtype=torch.{dtype}, generator=generator)", 3), rtol=0, atol=0)


@pytest.mark.parametrize("function", ["rand_like", "randn_like", "torch.randint_like"])
@pytest.mark.parametrize(
    "input",
    ["torch.zeros(3, 4)", "torch.zeros(4, 3).t()", "torch.zeros(2, 3, 4).permute(2, 0, 1)", "torch.zeros(6, 6)[::2]"],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_like(function, input, dtype):
    more = ", 2, 9" if "randint" in function else ""
    check(drawn(f"torch.{function.removeprefix('torch.')}({input}{more}, dtype=torch.{dtype})", 5), rtol=0, atol=0)


@pytest.mark.parametrize("format", ["channels_last", "contiguous_format", "preserve_format"])
def test_memory_formats(format):
    check(drawn(f"torch.randn_like(torch.zeros(2, 3, 4, 5), memory_format=torch.{format})", 5), rtol=0, atol=0)


@pytest.mark.parametrize(
    "call",
    [
        "torch.normal(torch.arange(40.0), 0.3)",
        "torch.normal(1.7, torch.arange(1.0, 41.0))",
        "torch.normal(torch.arange(40.0), torch.arange(1.0, 41.0))",
        "torch.normal(torch.arange(40.0).view(5, 8), torch.arange(1.0, 9.0))",
        "torch.normal(torch.arange(40.0), torch.arange(1.0, 41.0), generator=generator)",
        "torch.normal(torch.arange(40.0).double(), torch.arange(1.0, 41.0).double())",
        "torch.normal(torch.arange(40.0).half(), torch.arange(1.0, 41.0).half())",
        "torch.normal(1.7, 0.3, (5, 8))",
        "torch.poisson(torch.linspace(0, 9.9, 200))",
        "torch.poisson(torch.linspace(10, 500, 200, dtype=torch.float64), generator=generator)",
        "torch.poisson(torch.tensor([0.5, 3.0, 12.0, 700.0]).half())",
        "torch.randperm(1000, generator=generator)",
        "torch.randint(0, 2**40, (20,), generator=generator)",
        "torch.bernoulli(torch.linspace(0, 1, 30), generator=generator)",
        "torch.multinomial(torch.arange(1.0, 31.0), 10, generator=generator)",
        "torch.multinomial(torch.arange(1.0, 31.0).view(3, 10), 100, True, generator=generator)",
        "torch.multinomial(torch.arange(1.0, 31.0).view(3, 10).mT, 1, True, generator=generator)",
        "torch.multinomial(torch.arange(1.0, 31.0).view(3, 10).mT, 2, generator=generator)",
    ],
)
def test_distributions(call):
    check(drawn(call, 11), rtol=0, atol=0)


@pytest.mark.parametrize(
    "call",
    [
        "torch.bernoulli(x)",
        "torch.poisson(x)",
        "torch.normal(x, 1.0)",
        "torch.normal(0.0, x)",
        "torch.normal(x, x)",
        "torch.normal(x, torch.ones(4, 3))",
        "torch.normal(torch.ones(3, dtype=torch.float64), x)",
    ],
)
def test_gradients_are_zero(call):
    def scenario(torch):
        torch.manual_seed(1)
        x = torch.full((3,), 0.5, requires_grad=True)
        y = eval(call, {"torch": torch, "x": x})
        y.sum().backward()
        return y, x.grad

    check(scenario)


@pytest.mark.parametrize("hard", [False, True])
def test_gumbel_draws_row_by_row(hard):
    def scenario(torch):
        torch.manual_seed(3)
        return torch.nn.functional.gumbel_softmax(torch.arange(6.0).view(2, 3).mT, hard=hard)

    check(scenario, strides=False)


def test_a_new_seed_starts_the_sequence_anew():
    def scenario(torch):
        found = []
        for seed in (0, 0, 1, -1, 2**40):
            torch.manual_seed(seed)
            found += [torch.randn(3), torch.rand(2), torch.randint(10, (3,)), torch.randperm(4), torch.randn(20)]
        return found

    check(scenario, rtol=0, atol=0)
