"""Tensors made from data, by rule, and from other libraries' memory."""

import gc
import math

import numpy as np
import pytest
import torch
from beside import check
from hypothesis import example, given, settings
from hypothesis import strategies as st

import rushlight
from ops.tables import calls, check_line


class Numbers:
    """A sequence that is neither list nor tuple."""

    def __len__(self):
        return 2

    def __getitem__(self, i):
        if i >= 2:
            raise IndexError
        return float(i)


FROM_DATA = """
    T([1.,2])
    T([1,True])
    T([True,1.0])
    T([1,2j])
    T([])
    T([[],[]])
    T(())
    T(None)
    T('a')
    T(['a'])
    T([1,'a'])
    T([None])
    T([1.,None])
    T([[1,2],[1,2,3]])
    T([[1,2],3])
    T([1,[2,3]])
    T([[1,2,3],[1]])
    T(2**63)
    T([2**63])
    T(2**64)
    T([2**64])
    T(-2**63)
    T([1.0,2**70])
    T([1e300])
    T(1e300)
    T(np.float64(1.5))
    T(np.float32(1.5))
    T([np.float64(1.5)])
    T([np.float32(1.5),2.5])
    T([np.float64(1),1.0])
    T(np.int32(3))
    T([np.int32(3)])
    T([np.int32(3),2])
    T([np.int32(3),np.int64(1)])
    T(np.bool_(True))
    T([np.bool_(True)])
    T(np.array([1,2.]))
    T(np.array(3,dtype=np.int16))
    T([np.array([1,2]),[3,4.]])
    T([T(1),T(2.)])
    T([T([1,2]),T([3,4])])
    T([T([1]),T([3])])
    T([T([[1]]),T([[3]])])
    T(T([1.,2]))
    T([T(1.,dtype=torch.float64),2])
    T([T(1.,requires_grad=True)])
    T({1,2})
    T({1:2})
    T(range(3))
    T(object())
    T([object()])
    T(int)
    T(Decimal(1))
    T([Decimal(1)])
    T(Fraction(1,2))
    T(Numbers())
    T([Numbers(),Numbers()])
    T(iter([1]))
    T((x for x in [1]))
    T(b'ab')
    T(bytearray(b'ab'))
    T(memoryview(b'ab'))
    T([1,2],dtype=torch.uint8)
    T([300],dtype=torch.uint8)
    T([-1],dtype=torch.uint8)
    T(300,dtype=torch.uint8)
    T([1.5],dtype=torch.int32)
    T([1j],dtype=torch.float32)
    T([1.5],dtype=torch.bool)
    T([1],dtype=torch.bool)
    T([1],dtype=torch.complex64)
    T([1],requires_grad=True)
    T([1.],requires_grad=True)
    T([1.],dtype=torch.float16)
    T([1.],dtype=torch.bfloat16)
    T([1.],dtype='float32')
    T([1.],dtype=np.float32)
    T([1.],dtype=float)
    T([1.],device='cuda')
    T([1.],device='foo')
    T([1.],device=0)
    T([1],[2])
    T(data=[1.])
    T([1.],foo=3)
    T(np.array(['a']))
    T(np.array([object()]))
    T(np.array([1,2],dtype='>i4'))
    T(np.array([1.,2,3])[::-1])
    T(np.array([1,2],dtype=np.uint64))
    T(np.array(1+2j))
    T([1.,float('nan')])
    T([[[1],[2]],[[3],[4]]])
    T([[1,2],[3,'a']])
    T([[1,2],None])
    T([[], [1]])
    T([[1],[]])
    T([1.],pin_memory=True)
    T([T([1,2]),3])
    T([3,T([1,2])])
    T([1,2],dtype=torch.float32,requires_grad=True)
    T(1.5).dtype
    T(True)
    T(1j)
    T([1e40,1])
    T([2**63],dtype=torch.uint64)
    T([2**40],dtype=torch.int32)
    T([1e20],dtype=torch.int64)
    T([float('nan')],dtype=torch.int64)
    T(np.datetime64('2020'))
    T([[1,2],(3,4)])
    T([range(2),range(2)])
    T(np.float16(1))
    T([np.float16(1)])
    T(np.complex64(1))
    T([np.array(1.0)])
    T([np.array(1.0),np.array(2)])
    T([[np.array(1.0),2],[3,4]])
"""

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

SHARED_AND_OLD = """
    torch.from_numpy(a)
    torch.from_numpy([1])
    torch.from_numpy(np.float64(1))
    torch.from_numpy(np.array(['a']))
    torch.from_numpy(a[::-1])
    torch.from_numpy(a.astype('>f8'))
    torch.as_tensor(a)
    torch.as_tensor(a,dtype=torch.float32)
    torch.as_tensor([1,2.])
    torch.as_tensor(T([1]))
    torch.as_tensor(T([1]),dtype=torch.float32)
    torch.as_tensor(None)
    torch.as_tensor('a')
    torch.as_tensor(T([1.],requires_grad=True))
    torch.as_tensor(T([1.],requires_grad=True),dtype=torch.float64)
    torch.asarray([1,2])
    torch.asarray(a)
    torch.asarray(a,copy=True)
    torch.asarray(a,dtype=torch.float32,copy=False)
    torch.asarray(T([1.],requires_grad=True))
    torch.asarray(T([1.]),requires_grad=True)
    torch.asarray(T([1.],requires_grad=True),requires_grad=True)
    torch.asarray(b'abcd')
    torch.asarray(bytearray(b'abcd'))
    torch.asarray(bytearray(b'abcd'),dtype=torch.int16)
    torch.asarray(3.)
    torch.asarray([1],copy=False)
    torch.asarray('a')
    torch.asarray(object())
    torch.asarray(np.float64(3))
    torch.frombuffer(bytearray(b'abcd'),dtype=torch.uint8)
    torch.frombuffer(bytearray(b'abcd'),dtype=torch.int16,count=1,offset=2)
    torch.frombuffer(b'abcd',dtype=torch.uint8)
    torch.frombuffer(bytearray(b''),dtype=torch.uint8)
    torch.frombuffer(bytearray(b'abc'),dtype=torch.int16)
    torch.frombuffer(bytearray(b'abcd'),dtype=torch.int16,offset=5)
    torch.frombuffer(bytearray(b'abcd'),dtype=torch.int16,count=5)
    torch.frombuffer([1],dtype=torch.uint8)
    torch.frombuffer(bytearray(b'abcd'),dtype=torch.uint8,count=0)
    torch.frombuffer(bytearray(b'abcd'),dtype=torch.float32,requires_grad=True).requires_grad
    torch.frombuffer(bytearray(b'abcd'),dtype=torch.int32,requires_grad=True)
    torch.frombuffer(bytearray(b'abcd'),dtype=torch.int32,offset=-1)
    torch.from_dlpack(a)
    torch.from_dlpack(T([1.]))
    torch.from_dlpack([1])
    T([1.]).__dlpack__(stream=1)
    torch.from_dlpack(np.array([True]))
    torch.Tensor(2,3).shape
    torch.Tensor([1,2])
    torch.Tensor(2).shape
    torch.Tensor()
    torch.Tensor(2.5)
    torch.Tensor('a')
    torch.Tensor((1,2))
    torch.Tensor(torch.Size([2,3])).shape
    torch.Tensor(T([1.,2]))
    torch.Tensor(T([1]))
    torch.Tensor(np.array([1,2.]))
    torch.Tensor(np.array([1,2],dtype=np.float32))
    torch.Tensor([[1,2],[3]])
    torch.Tensor(True)
    torch.Tensor([True,2])
    torch.Tensor(None)
    torch.Tensor([1.],device='cpu')
    torch.Tensor([1.],device='cuda')
    torch.Tensor(-1)
    torch.FloatTensor([1,2])
    torch.LongTensor([1,2])
    torch.LongTensor([1.5])
    torch.LongTensor(2,3).shape
    torch.BoolTensor([1,0])
    torch.ByteTensor([300])
    torch.FloatTensor(T([1]))
    torch.LongTensor(T([1.]))
    torch.DoubleTensor(np.array([1.]))
    torch.FloatTensor(np.array([1.]))
    isinstance(T([1.]),torch.FloatTensor)
    isinstance(T([1]),torch.FloatTensor)
    torch.FloatTensor.dtype
    torch.Tensor(2,'a')
    torch.Tensor(2,3.5)
    torch.HalfTensor([1])
    torch.BFloat16Tensor([1])
    torch.FloatTensor(2,3,4).shape
    torch.LongTensor(torch.FloatTensor([1.]))
    T([1.]).type()
    T([1.]).type(torch.LongTensor)
    torch.IntTensor(3.5)
    T([1.]).new(np.array([1,2.]))
    torch.Tensor(range(3))
    torch.Tensor(set())
    torch.Tensor({1:2})
    torch.IntTensor([2**40])
    torch.Tensor([None])
    torch.Tensor(T(3))
    torch.Tensor(T(3.))
    torch.Tensor(1j)
    torch.Tensor([1j])
"""


def names(m):
    from decimal import Decimal
    from fractions import Fraction

    return {"Numbers": Numbers, "Decimal": Decimal, "Fraction": Fraction, "a": np.arange(3.0)}


@calls(FROM_DATA)
def test_from_data(line):
    check_line(line, names)


@calls(BY_RULE)
def test_by_rule(line):
    check_line(line, names)


@calls(SHARED_AND_OLD)
def test_shared_memory_and_old_constructors(line):
    check_line(line, names)


numbers = st.one_of(st.booleans(), st.integers(-1000, 1000), st.floats(allow_nan=True, width=32))


@settings(max_examples=100, deadline=None)
@given(st.recursive(numbers, lambda inner: st.lists(inner, max_size=3), max_leaves=12))
def test_any_nesting(data):
    check(lambda m: m.tensor(data))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(numbers, max_size=6),
    st.sampled_from(["float64", "float32", "bool", "int64", "int8", "uint8", "complex64"]),
)
@example([-0.5], "uint8")
@example([-1.0], "uint8")
@example([127.9], "int8")
def test_any_dtype(data, dtype):
    check(lambda m: m.tensor(data, dtype=getattr(m, dtype)))


step = st.one_of(st.integers(-20, 20), st.floats(-20, 20, width=32).map(lambda x: round(x, 2)))


@settings(max_examples=150, deadline=None)
@given(step, step, step)
def test_arange(start, end, by):
    check(lambda m: m.arange(start, end, by), rtol=1e-6, atol=1e-5)


@settings(max_examples=100, deadline=None)
@given(
    st.floats(-100, 100, width=32),
    st.floats(-100, 100, width=32),
    st.integers(0, 30),
    st.sampled_from(["float32", "float64"]),
)
def test_linspace(start, end, steps, dtype):
    check(lambda m: m.linspace(start, end, steps, dtype=getattr(m, dtype)), rtol=1e-5, atol=1e-5)


def test_memory_of_arrays_is_shared_both_ways():
    array = np.arange(4, dtype=np.float32)
    for make in (rushlight.from_numpy, rushlight.as_tensor, rushlight.asarray):
        t = make(array)
        t[0] = 7
        assert array[0] == 7
        array[1] = -1
        assert t[1].item() == -1
        assert np.shares_memory(t.numpy(), array)
        array[:2] = 0, 1
    assert not np.shares_memory(rushlight.tensor(array).numpy(), array)


def test_memory_of_buffers_is_shared():
    buffer = bytearray(b"\1\2\3\4")
    t = rushlight.frombuffer(buffer, dtype=rushlight.uint8)
    t[0] = 9
    assert buffer[0] == 9


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32", "uint8", "bool", "complex64"])
def test_dlpack_shares_memory_with_numpy_and_torch(dtype):
    ours = rushlight.ones(3, dtype=getattr(rushlight, dtype))
    for other in (np.from_dlpack(ours), torch.from_dlpack(ours)):
        ours[0] = 0
        assert not other[0]
        ours[0] = 1
        assert other[0]
    for maker in (lambda: np.ones(3, dtype), lambda: torch.ones(3, dtype=getattr(torch, dtype))):
        other = maker()
        back = rushlight.from_dlpack(other)
        assert back.dtype is getattr(rushlight, dtype)
        other[1] = 0
        assert not back[1].item()


def test_dlpack_keeps_memory_alive():
    t = rushlight.from_dlpack(torch.arange(1000.0))
    gc.collect()
    assert t.sum().item() == 499500


def test_as_tensor_keeps_tensors_and_their_history():
    def scenario(m):
        x = m.tensor([1.0, 2.0], requires_grad=True)
        y = m.as_tensor(x) * 2
        z = m.as_tensor(y, dtype=m.float64)
        z.sum().backward()
        return m.as_tensor(x) is x, x.grad, z

    check(scenario)


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


def test_a_list_of_arrays_is_slow_and_says_so():
    rows = [np.array([1.0, 2.0]), np.array([3.0, 4.0])]
    always = rushlight.is_warn_always_enabled()
    rushlight.set_warn_always(True)
    try:
        with pytest.warns(UserWarning) as caught:
            made = rushlight.tensor(rows)
    finally:
        rushlight.set_warn_always(always)
    assert "list of numpy.ndarrays is extremely slow" in str(caught[0].message)
    assert made.tolist() == torch.tensor(rows).tolist()


def test_default_dtype_decides_what_floats_become():
    def scenario(m):
        m.set_default_dtype(m.float64)
        try:
            made = [
                m.tensor([1.0]),
                m.zeros(2),
                m.arange(0.0, 1.0, 0.5),
                m.tensor(1j),
                m.full((2,), 1.0),
                m.linspace(0, 1, 3),
            ]
        finally:
            m.set_default_dtype(m.float32)
        return [made, m.get_default_dtype()]

    check(scenario)


NUMBERS_THAT_MAY_NOT_FIT = """
    torch.full((2,), number, dtype=d)
    torch.ones(2, dtype=d).fill_(number)
    torch.ones(2, dtype=d).masked_fill(T([True, False]), number)
    torch.ones(2, dtype=d).index_fill(0, T([0]), number)
"""


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "int32", "int64", "float16", "bfloat16", "float32"])
@calls(NUMBERS_THAT_MAY_NOT_FIT)
def test_numbers_that_a_dtype_may_not_hold(line, dtype):
    for number in (-1, -256, 70000, 10**18, 1e39, 1e300, math.inf, 1j, 2 + 0j):
        check_line(line, lambda m, number=number: {"d": getattr(m, dtype), "number": number})
