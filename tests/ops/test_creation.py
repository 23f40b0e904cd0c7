"""Tensors made by rule."""

from beside import check
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.numbers_of_all_kinds import names
from ops.tables import calls, check_line

BY_RULE = """
    torch.zeros()
    torch.zeros(3)
    torch.zeros(2,3)
    torch.zeros((2,3))
    torch.zeros([2,3])
    torch.zeros(torch.Size([2]))
    torch.zeros(size=(2,))
    torch.zeros(T(2))
    torch.zeros(T(2),3)
    torch.zeros([T(2),3])
    torch.zeros(2.0)
    torch.zeros('a')
    torch.zeros(-1)
    torch.zeros((2,-1))
    torch.zeros((2,3),4)
    torch.zeros(())
    torch.zeros([])
    torch.zeros(True)
    torch.zeros(np.int64(2),3)
    torch.zeros(2,dtype=torch.int64,requires_grad=True)
    torch.zeros(2,requires_grad=True)
    torch.zeros(2,dtype='a')
    torch.zeros(2,names=('a',))
    torch.zeros(2,foo=1)
    torch.zeros(2,out=torch.ones(3))
    torch.zeros(2,out=torch.ones(2,dtype=torch.int32))
    torch.zeros(2,out=torch.ones(2),dtype=torch.float64)
    torch.zeros(None)
    torch.zeros((2,'a'))
    torch.zeros((2,1.5))
    torch.zeros(2,memory_format=torch.contiguous_format)
    torch.empty(2,3,memory_format=torch.channels_last)
    torch.empty(2,3,4,5,memory_format=torch.channels_last).stride()
    torch.ones(2,dtype=torch.bool)
    torch.full((2,),3)
    torch.full((2,),3.)
    torch.full((2,),True)
    torch.full((2,),1j)
    torch.full(2,3)
    torch.full((2,),T(3))
    torch.full((2,),T([3]))
    torch.full((2,),T([3,4]))
    torch.full((2,),'a')
    torch.full((2,),3.5,dtype=torch.int64)
    torch.full((2,),300,dtype=torch.uint8)
    torch.full(size=(2,),fill_value=1)
    torch.full((2,),2**63)
    torch.full((2,),3.,requires_grad=True)
    torch.full((2,),T(3.,requires_grad=True))
    torch.zeros_like(3)
    torch.zeros_like(T([1,2]))
    torch.zeros_like(T([1,2]),dtype=torch.float32,requires_grad=True)
    torch.zeros_like(T([1,2]),requires_grad=True)
    torch.zeros_like(torch.ones(2,3).t()).stride()
    torch.zeros_like(torch.ones(2,1).expand(2,3)).stride()
    torch.ones_like(torch.ones(2,3).t(),memory_format=torch.contiguous_format).stride()
    torch.full_like(T([1,2]),3.5)
    torch.full_like(T([1.]),1j)
    torch.full_like(T([1.]),'a')
    torch.zeros_like(T([1]),foo=1)
    T([1]).new_tensor([1.5])
    T([1.]).new_tensor([1])
    T([1.]).new_tensor(T([1]))
    T([1]).new_zeros(2,3)
    T([1]).new_zeros((2,3))
    T([1]).new_zeros([2])
    T([1]).new_zeros(size=(2,))
    T([1]).new_ones(2)
    T([1]).new_full((2,),3.5)
    T([1.]).new_full((2,),3)
    T([1.]).new_full((),3,dtype=torch.int32)
    T([1.]).new_empty((2,)).shape
    T([1.]).new_zeros(2,dtype=torch.int64,requires_grad=True)
    T([1.]).new_tensor([1.],requires_grad=True)
    T([1.]).new_empty_strided((2,3),(1,2)).stride()
    T([1.]).new([1,2])
    T([1.]).new(2).shape
    torch.arange(5)
    torch.arange(5.)
    torch.arange(1,5)
    torch.arange(1,5,2)
    torch.arange(1,5.,2)
    torch.arange(0,1,.1)
    torch.arange(5,dtype=torch.float32)
    torch.arange(5,1)
    torch.arange(5,1,-1)
    torch.arange(1,5,0)
    torch.arange(5,1,-1.5)
    torch.arange(T(5))
    torch.arange(T(5.))
    torch.arange(0,T(3),T(1.))
    torch.arange()
    torch.arange('a')
    torch.arange(True)
    torch.arange(start=1,end=3)
    torch.arange(end=3)
    torch.arange(float('inf'))
    torch.arange(float('nan'))
    torch.arange(0,3,dtype=torch.bool)
    torch.arange(3,requires_grad=True)
    torch.arange(3.,requires_grad=True)
    torch.arange(3,device='cuda')
    torch.arange(0,2.5,1,dtype=torch.int64)
    torch.arange(0.5,3,dtype=torch.int64)
    torch.arange(3,out=torch.zeros(3))
    torch.arange(5,dtype=torch.complex64)
    torch.arange(1j)
    torch.arange(3,dtype=torch.uint8)
    torch.arange(0,1,.3,dtype=torch.int64)
    torch.arange(1,2,3,4)
    torch.linspace(0,1,5)
    torch.linspace(0,10,4,dtype=torch.int64)
    torch.linspace(0,1,0)
    torch.linspace(0,1,1)
    torch.linspace(0,1,-1)
    torch.linspace(0,1,steps=3)
    torch.linspace(T(0.),T(1.),3)
    torch.linspace(T([0.]),1,3)
    torch.linspace(0,1j,3)
    torch.linspace(-5,5,5,dtype=torch.int32)
    torch.linspace(0,1,3,requires_grad=True)
    torch.logspace(0,2,3)
    torch.logspace(0,2,3,2)
    torch.logspace(0,2,3,base=2.,dtype=torch.int64)
    torch.logspace(0,1,0)
    torch.logspace(0,1,-2)
    torch.eye(2)
    torch.eye(2,3)
    torch.eye(3,dtype=torch.int64)
    torch.eye(-1)
    torch.eye(2,-1)
    torch.eye(2.)
    torch.eye(2,requires_grad=True)
    torch.eye(n=2,m=1)
    torch.tril_indices(3,3)
    torch.triu_indices(3,4,1)
    torch.tril_indices(3,3,-1,dtype=torch.int32)
    torch.tril_indices(-1,2)
    torch.triu_indices(2,2,dtype=torch.float32)
    torch.tril_indices(3,3,5)
    torch.triu_indices(3,3,-5)
    torch.scalar_tensor(3)
    torch.scalar_tensor(True)
    torch.scalar_tensor(1j)
    torch.scalar_tensor(3,dtype=torch.int64)
    torch.scalar_tensor('a')
    torch.empty_strided((2,2),(1,2)).stride()
    torch.empty(2,requires_grad=True).requires_grad
    torch.complex(T([1.]),T([2.]))
    torch.complex(T([1]),T([2]))
    torch.complex(T([1.]),T([2.],dtype=torch.float64))
    torch.complex(T([1.]),2.)
    torch.polar(T([1.]),T([2.]))
    torch.polar(T([1]),T([2]))
    torch.complex(T([1.],requires_grad=True),T([2.]))
    torch.polar(T([1.],requires_grad=True),T([2.]))
    torch.full((2,),T(3.,dtype=torch.float64))
    torch.full((2,),np.float64(3))
    torch.full((2,),np.int32(3))
    torch.full((2,),None)
"""


@calls(BY_RULE)
def test_by_rule(line):
    check_line(line, names)


step = st.one_of(st.integers(-20, 20), st.floats(-20, 20, width=32).map(lambda x: round(x, 2)))


floating = st.sampled_from(["float16", "bfloat16", "float32", "float64"])


@settings(max_examples=150, deadline=None)
@given(step, step, step)
def test_arange(start, end, by):
    check(lambda m: m.arange(start, end, by), rtol=0, atol=0)


@settings(max_examples=150, deadline=None)
@given(step, st.integers(0, 200), step.filter(bool), floating)
def test_arange_rounds_as_pytorch(start, count, by, dtype):
    check(lambda m: m.arange(start, start + count * by, by, dtype=getattr(m, dtype)), rtol=0, atol=0)


@settings(max_examples=100, deadline=None)
@given(step, step, st.integers(0, 200), floating)
def test_linspace(start, end, steps, dtype):
    check(lambda m: m.linspace(start, end, steps, dtype=getattr(m, dtype)), rtol=0, atol=0)


def test_complex_and_polar_have_derivatives():
    def scenario(m):
        a = m.tensor([1.0, -2.0], dtype=m.float64, requires_grad=True)
        b = m.tensor([[0.5], [3.0]], dtype=m.float64, requires_grad=True)
        out = []
        for function in (m.complex, m.polar):
            z = function(a, b)
            first = m.autograd.grad(z.abs().pow(3).sum(), (a, b), create_graph=True)
            second = m.autograd.grad(sum((f * f).sum() for f in first), (a, b), allow_unused=True)
            out += [z, [f.detach() for f in first], list(second)]
        return out

    check(scenario)


def test_factories_in_inference_mode_make_inference_tensors():
    def scenario(m):
        with m.inference_mode():
            made = [m.zeros(2), m.tensor([1.0]), m.arange(3), m.ones_like(m.zeros(2))]
        return [t.is_inference() for t in made]

    check(scenario)
