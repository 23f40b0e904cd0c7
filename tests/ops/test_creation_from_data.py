"""Tensors made from numbers, lists and arrays, which are copied."""

import math

import numpy as np
import pytest
import torch
from beside import check
from hypothesis import example, given, settings
from hypothesis import strategies as st

import rushlight
from ops.numbers_of_all_kinds import names
from ops.tables import calls, check_line

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


@calls(FROM_DATA)
def test_from_data(line):
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
