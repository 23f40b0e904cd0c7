"""The memory behind tensors as objects of their own, and the tensors rebuilt from it.

A tensor keeps its elements in an `np.ndarray`; a storage is made only when one is asked for: when tensors are saved,
pickled or copied deeply. Two tensors share a storage exactly when the arrays at the roots of their views share memory.
"""

import math
from typing import Any, ClassVar

import numpy as np

from . import devices, dtypes

# PyTorch's name of the storage class of a dtype; element types that came later are stored as plain bytes.
STORAGE_NAMES = {
    dtypes.float64: "DoubleStorage",
    dtypes.float32: "FloatStorage",
    dtypes.float16: "HalfStorage",
    dtypes.bfloat16: "BFloat16Storage",
    dtypes.int64: "LongStorage",
    dtypes.int32: "IntStorage",
    dtypes.int16: "ShortStorage",
    dtypes.int8: "CharStorage",
    dtypes.uint8: "ByteStorage",
    dtypes.bool_: "BoolStorage",
    dtypes.complex128: "ComplexDoubleStorage",
    dtypes.complex64: "ComplexFloatStorage",
}


DEPRECATED = (
    "TypedStorage is deprecated. It will be removed in the future and UntypedStorage will be the only storage class. "
    "This should only matter to you if you are using storages directly.  To access UntypedStorage directly, use "
    "tensor.untyped_storage() instead of tensor.storage()"
)


class UntypedStorage:
    """A run of bytes that tensors look at.

    Args:
        data: a number of bytes to allocate, or a one-dimensional contiguous uint8 array to use without a copy.
    """

    __slots__ = ("bytes", "device")

    def __init__(self, data: int | np.ndarray = 0):
        self.bytes = data if isinstance(data, np.ndarray) else np.empty(data, np.uint8)
        self.device = devices.cpu

    def nbytes(self) -> int:
        """The number of bytes."""
        return self.bytes.size

    size = nbytes
    __len__ = nbytes

    def data_ptr(self) -> int:
        """The address of the first byte; 0 for a storage without bytes."""
        return self.bytes.ctypes.data if self.bytes.size else 0

    def element_size(self) -> int:
        """1: the elements of an untyped storage are bytes."""
        return 1

    def tolist(self) -> list[int]:
        """The bytes as integers."""
        return self.bytes.tolist()

    def clone(self) -> "UntypedStorage":
        """A copy in memory of its own."""
        return UntypedStorage(self.bytes.copy())

    def cpu(self) -> "UntypedStorage":
        """The storage itself, which is on the CPU."""
        return self

    def cuda(self, device: Any = None) -> "UntypedStorage":
        """Refuses as any move to a device that this installation lacks.

        Raises:
            AssertionError: there is no CUDA device.
        """
        devices.check("cuda" if device is None else device)
        return self

    def byteswap(self, dtype: dtypes.dtype) -> None:
        """Reverses, in place, the order of the bytes in each element of the given dtype."""
        width = dtype.to_real().itemsize
        if width > 1:
            self.bytes.view(f"u{width}").byteswap(inplace=True)

    def __getitem__(self, index: Any) -> Any:
        found = self.bytes[index]
        return UntypedStorage(found) if isinstance(index, slice) else int(found)

    def __repr__(self) -> str:
        lines = "".join(f" {byte}\n" for byte in self.bytes.tolist())
        return f"{lines}[torch.storage.UntypedStorage(device={self.device}) of size {self.bytes.size}]"

    def __reduce__(self) -> tuple[Any, ...]:
        return UntypedStorage, (self.bytes.copy(),)


class TypedStorage:
    """A storage together with the type of its elements, as PyTorch writes it into files."""

    __slots__ = ("_untyped_storage", "dtype")

    def __init__(self, *, wrap_storage: UntypedStorage, dtype: dtypes.dtype):
        if not isinstance(wrap_storage, UntypedStorage):
            raise TypeError(f"Argument 'wrap_storage' must be UntypedStorage, but got {type(wrap_storage)}")
        self._untyped_storage = wrap_storage
        self.dtype = dtype

    @property
    def device(self) -> devices.device:
        """Where the bytes are."""
        return self._untyped_storage.device

    def untyped(self) -> UntypedStorage:
        """The bytes."""
        return self._untyped_storage

    def nbytes(self) -> int:
        """The number of bytes."""
        return self._untyped_storage.nbytes()

    def size(self) -> int:
        """The number of elements."""
        return self._untyped_storage.nbytes() // self.dtype.itemsize

    __len__ = size

    def data_ptr(self) -> int:
        """The address of the first element."""
        return self._untyped_storage.data_ptr()

    def _elements(self) -> np.ndarray:
        return self._untyped_storage.bytes.view(self.dtype.numpy)

    def tolist(self) -> list[Any]:
        """The elements as Python numbers."""
        return self._elements().tolist()

    def __getitem__(self, index: int) -> Any:
        """One element.

        Raises:
            RuntimeError: the index is a slice.
        """
        if isinstance(index, slice):
            raise RuntimeError("slices are only supported in UntypedStorage.__getitem__")
        return self._elements()[index].item()

    def __setitem__(self, index: Any, value: Any) -> None:
        self._elements()[index] = value

    def __iter__(self) -> Any:
        return iter(self.tolist())

    def __repr__(self) -> str:
        lines = "".join(f" {element}\n" for element in self.tolist())
        return f"{lines}[torch.storage.TypedStorage(dtype={self.dtype}, device={self.device}) of size {len(self)}]"

    def __reduce__(self) -> tuple[Any, ...]:
        return _typed, (self._untyped_storage, self.dtype)


def is_storage(obj: Any) -> bool:
    """Whether an object is a storage."""
    return isinstance(obj, (UntypedStorage, TypedStorage))


def _typed(storage: UntypedStorage, dtype: dtypes.dtype) -> TypedStorage:
    return TypedStorage(wrap_storage=storage, dtype=dtype)


class StorageType:
    """What a pickle calls a storage class; there is one object for each name."""

    __slots__ = ("dtype", "name")
    _known: ClassVar[dict[str, "StorageType"]] = {}
    dtype: dtypes.dtype
    name: str

    def __new__(cls, name: str) -> "StorageType":
        """The object of a name.

        Raises:
            KeyError: no dtype of ours has a storage class of that name.
        """
        if name not in cls._known:
            found = object.__new__(cls)
            by_name = {storage: dtype for dtype, storage in STORAGE_NAMES.items()}
            found.name, found.dtype = name, dtypes.uint8 if name == "UntypedStorage" else by_name[name]
            cls._known[name] = found
        return cls._known[name]


def root_of(array: np.ndarray) -> np.ndarray:
    """The array that owns the memory of `array`, or the outermost one over memory that is not NumPy's."""
    root = array
    while True:
        base = root.base
        if not isinstance(base, np.ndarray):
            # NumPy's as_strided puts a small object without memory between a view and its base.
            base = getattr(base, "base", None)
            if not isinstance(base, np.ndarray):
                return root
        root = base


def storage_of(array: np.ndarray) -> tuple[UntypedStorage, int, tuple[int, ...]]:
    """Finds the memory that an array is a view of.

    Args:
        array: any array.

    Returns:
        The storage, and in elements the offset of the array's first element and its strides. An array that cannot be
        described in these terms (negative strides, elements out of step) is copied first.
    """
    width = array.itemsize
    root = root_of(array)
    if not root.size:
        return UntypedStorage(0), 0, _contiguous_strides(array.shape)
    low = root.ctypes.data + sum(stride * (size - 1) for size, stride in zip(root.shape, root.strides) if stride < 0)
    offset, rest = divmod(array.ctypes.data - low, width)
    strides = array.strides
    if not array.size:  # NumPy's strides say nothing then
        strides = tuple(stride * width for stride in _contiguous_strides(array.shape))
    if rest or any(stride < 0 or stride % width for stride in strides):
        return storage_of(array.copy())
    memory = root.reshape(-1).view(np.uint8) if root.flags.c_contiguous else np.asarray(_Memory(root, low))
    return UntypedStorage(memory), offset, tuple(stride // width for stride in strides)


def offset_of(array: np.ndarray) -> int:
    """The offset that `storage_of` tells, in elements, found without the storage where the memory lies row by row."""
    root = root_of(array)
    if array.size and root.flags.c_contiguous:
        if root is array:
            return 0
        width = array.itemsize
        offset, rest = divmod(_address(array) - _address(root), width)
        if not rest and not any([stride < 0 or stride % width for stride in array.strides]):
            return offset
    return storage_of(array)[1]


def _address(array: np.ndarray) -> int:
    address: int = array.__array_interface__["data"][0]
    return address


class _Memory:
    """The memory of an array that is not laid out row by row, as one run of bytes."""

    def __init__(self, owner: np.ndarray, address: int):
        reach = sum(abs(stride) * (size - 1) for size, stride in zip(owner.shape, owner.strides)) + owner.itemsize
        self.owner = owner
        self.__array_interface__ = {
            "data": (address, not owner.flags.writeable),
            "shape": (reach,),
            "typestr": "|u1",
            "version": 3,
        }


def _contiguous_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    strides = [1] * len(shape)
    for axis in reversed(range(len(shape) - 1)):
        strides[axis] = strides[axis + 1] * max(shape[axis + 1], 1)
    return tuple(strides)


def array_from(
    storage: UntypedStorage, dtype: dtypes.dtype, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
) -> np.ndarray:
    """The inverse of `storage_of`: the array of the given layout, in elements, over a storage.

    Raises:
        TypeError: the layout is not made of integers.
        RuntimeError: the layout reaches outside the storage, which PyTorch would enlarge.
    """
    shape, strides = tuple(shape), tuple(strides)
    for number in (offset, *shape, *strides):
        if type(number) is not int:
            raise TypeError(f"the layout of a tensor is made of integers, not {type(number).__name__}")
    if offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {offset}")
    if len(shape) != len(strides):
        raise RuntimeError(f"unequal size length ({len(shape)}) and stride length ({len(strides)})")
    if any(size < 0 for size in shape) or math.prod(shape) >= 2**63:
        raise RuntimeError("numel: integer multiplication overflow")
    if any(stride < 0 for stride in strides):
        raise RuntimeError(f"Storage size calculation overflowed with sizes={list(shape)} and strides={list(strides)}")
    width = dtype.itemsize
    if 0 in shape:
        if not 0 < offset * width <= storage.nbytes():
            return np.empty(shape, dtype.numpy)
        return np.ndarray(shape, dtype.numpy, storage.bytes, offset * width)
    needed = (offset + sum((size - 1) * stride for size, stride in zip(shape, strides)) + 1) * width
    if needed > storage.nbytes():
        raise RuntimeError(
            f"setStorage: sizes {list(shape)}, strides {list(strides)}, storage offset {offset}, and itemsize {width} "
            f"requiring a storage size of {needed} are out of bounds for storage of size {storage.nbytes()}"
        )
    return np.ndarray(shape, dtype.numpy, storage.bytes, offset * width, [stride * width for stride in strides])
