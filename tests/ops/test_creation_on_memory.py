"""Tensors on memory that is there already, and the old constructors."""

import gc

import numpy as np
import pytest
import torch
from beside import check

import rushlight
from ops.numbers_of_all_kinds import names
from ops.tables import calls, check_line

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


@calls(SHARED_AND_OLD)
def test_shared_memory_and_old_constructors(line):
    check_line(line, names)


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
