"""What a tensor is apart from autograd: its shape, type and memory, and its elements as values of Python and NumPy."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn, Self

import numpy as np

from . import devices, dtypes
from .autograd import mode
from .base import Size, TensorBase, make_size, namespace, settle, tensor_names, wrap
from .dtypes import dtype
from .kernels.sparse import SparseArray
from .layouts import sparse_coo, strided
from .ops.arguments import unbound
from .warn import WITHOUT_HISTORY, warn_once

if TYPE_CHECKING:
    # For editors: the methods that operations add to the base class, in a stub that installation writes (ops/stubs.py).
    from ._methods import TensorMethods
else:
    TensorMethods = TensorBase


class TensorValues(TensorMethods):
    """The methods of `Tensor` that know nothing of gradients."""

    __slots__ = ()

    # ------------------------------------------------------------------------------------------ what it is
    @property
    def shape(self) -> Size:
        """The size of each dimension."""
        shape = self._shape
        if type(shape) is not Size:
            shape = self._shape = make_size(shape)
        return shape

    @property
    def dtype(self) -> dtype:
        """The type of the elements."""
        return self._dtype

    @property
    def device(self) -> devices.device:
        """Where the elements are."""
        return devices.cpu

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self._shape)

    def dim(self) -> int:
        """The number of dimensions."""
        return len(self._shape)

    ndimension = dim

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one dimension.

        Raises:
            IndexError: there is no such dimension.
        """
        if dim is None:
            return self.shape
        shape = self._shape
        return shape[dim if type(dim) is int and -len(shape) <= dim < len(shape) else self._dimension("size", dim)]

    def _dimension(self, name: str, dim: Any) -> int:
        """A dimension that method `name` was asked for, checked.

        Raises:
            TypeError: it is no integer.
            IndexError: there is none.
        """
        n = len(self._shape)
        if not hasattr(dim, "__index__"):
            raise TypeError(f"{name}(): argument 'dim' (position 1) must be int, not {type(dim).__name__}")
        if n == 0:
            raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
        if not -n <= dim < n:
            raise IndexError(f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})")
        return dim  # type: ignore[no-any-return]

    def numel(self) -> int:
        """The number of elements."""
        return self._data.size

    nelement = numel

    @property
    def itemsize(self) -> int:
        """The bytes of one element."""
        return self._dtype.itemsize

    def element_size(self) -> int:
        """The bytes of one element."""
        return self._dtype.itemsize

    @property
    def nbytes(self) -> int:
        """The bytes of all elements."""
        return self._data.size * self._dtype.itemsize

    @property
    def layout(self) -> Any:
        """How the elements are arranged: ``torch.strided`` or ``torch.sparse_coo``."""
        return sparse_coo if type(self._data) is SparseArray else strided

    @property
    def is_sparse(self) -> bool:
        """Whether the tensor is sparse, in coordinate format."""
        return type(self._data) is SparseArray

    def stride(self, dim: int | None = None) -> Any:
        """How many elements to step in memory to reach the next entry of each dimension, or of one.

        Raises:
            IndexError: there is no such dimension.
        """
        data, item = settle(self), self._dtype.itemsize
        if not data.size or (data.base is None and data.flags.c_contiguous):
            # NumPy's own strides say nothing where there is at most one entry; those of views are PyTorch's.
            strides, step = [], 1
            for n in reversed(self._shape):
                strides.append(step)
                step *= max(n, 1)
            found = tuple(reversed(strides))
        else:
            found = (0,) * data.ndim if type(data) is SparseArray else tuple([s // item for s in data.strides])
        return found if dim is None else found[self._dimension("stride", dim)]

    def dim_order(self, *, ambiguity_check: Any = False) -> tuple[int, ...]:
        """The dimensions from the one of the longest to that of the shortest strides in memory.

        Args:
            ambiguity_check: whether to refuse tensors whose strides allow several orders.

        Raises:
            RuntimeError: they do.
        """
        order = tuple(sorted(range(self.ndim), key=lambda d: (-self.stride(d), -self._shape[d])))
        if ambiguity_check and any(n == 1 for n in self._shape):
            raise RuntimeError(
                "The tensor does not have unique dim order, or cannot map to exact one of the given memory formats."
            )
        return order

    def is_set_to(self, tensor: Any) -> bool:
        """Whether both tensors look at the same memory in the same way.

        Raises:
            TypeError: `tensor` is none.
        """
        if not isinstance(tensor, TensorBase):
            raise TypeError(f"is_set_to(): argument 'tensor' (position 1) must be Tensor, not {type(tensor).__name__}")
        mine, other = settle(self), settle(tensor)
        return (mine.shape, mine.strides, mine.ctypes.data) == (other.shape, other.strides, other.ctypes.data)

    def storage_offset(self) -> int:
        """How many elements lie before the first one in the memory that the tensor is a view of."""
        from .storage import offset_of

        return offset_of(settle(self))

    def untyped_storage(self) -> Any:
        """The memory that the tensor is a view of, as bytes."""
        from .storage import storage_of

        return storage_of(settle(self))[0]

    def storage(self) -> Any:
        """The memory that the tensor is a view of, as elements of its type; `untyped_storage` is to replace it."""
        from .storage import DEPRECATED, TypedStorage

        warn_once(DEPRECATED)
        return TypedStorage(wrap_storage=self.untyped_storage(), dtype=self._dtype)

    def is_shared(self) -> bool:
        """Whether the memory is shared with processes that are forked."""
        from .multiprocessing.sharing import is_shared

        return is_shared(self)

    def share_memory_(self) -> Self:
        """Moves the memory to where processes that are forked afterwards share it; views move along.

        Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.share_memory_.html
        """
        from .multiprocessing.sharing import share

        share(self)
        return self

    def pin_memory(self, device: Any = None) -> NoReturn:
        """Refuses to pin memory for a device, of which there is none.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("Cannot access accelerator device when none is available.")

    def is_distributed(self) -> bool:
        """False: nothing is distributed."""
        return False

    def is_pinned(self, device: Any = None) -> bool:
        """False: there is no memory pinned for a GPU."""
        return False

    def data_ptr(self) -> int:
        """The address of the first element; 0 if there is none.

        Raises:
            RuntimeError: the tensor has no memory of its own.
        """
        array = settle(self)
        if type(array) is SparseArray:
            raise RuntimeError("Cannot access data pointer of Tensor that doesn't have storage")
        return array.__array_interface__["data"][0] if array.size else 0

    def is_floating_point(self) -> bool:
        """Whether the elements are real floating-point numbers."""
        return self._dtype.is_floating_point

    def is_complex(self) -> bool:
        """Whether the elements are complex numbers."""
        return self._dtype.is_complex

    def is_signed(self) -> bool:
        """Whether the elements have a sign."""
        return self._dtype.is_signed

    def get_device(self) -> int:
        """-1, as for every tensor on the CPU."""
        return -1

    is_cuda = is_sparse_csr = is_quantized = is_meta = is_mkldnn = is_nested = is_mps = is_xpu = False
    is_xla = is_ipu = is_vulkan = is_mtia = is_maia = _python_dispatch = _has_symbolic_sizes_strides = False
    is_cpu = True

    def _is_zerotensor(self) -> bool:
        """False: zeros are kept like all numbers."""
        return False

    # ------------------------------------------------------------------------------------------ as Python values
    def item(self) -> Any:
        """The only element, as a Python number.

        Raises:
            RuntimeError: there is not exactly one element.
        """
        try:
            data = self._data
        except AttributeError:
            raise unbound("item", self) from None
        if data.size != 1:
            raise RuntimeError(f"a Tensor with {data.size} elements cannot be converted to Scalar")
        value = data.item()
        if type(value) in (float, int, bool, complex):
            return value
        return complex(value) if self._dtype.is_complex else float(value)

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers; a number for a 0-dim tensor."""
        data = self._data
        if self._dtype in (dtypes.bfloat16, dtypes.complex32):
            data = data.astype(np.complex64 if self._dtype.is_complex else np.float32)
        return data.tolist()

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The elements as a NumPy array that shares the tensor's memory.

        Args:
            force: detach first where that is needed.

        Raises:
            RuntimeError: the tensor requires a gradient.
            TypeError: NumPy has no such dtype.
        """
        if type(self._data) is SparseArray:
            raise TypeError("can't convert Sparse layout tensor to numpy. Use Tensor.to_dense() first.")
        if self._node is not None and not force:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        if self._dtype in (dtypes.bfloat16, dtypes.complex32):
            raise TypeError(f"Got unsupported ScalarType {self._dtype.scalar_name}")
        return settle(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.numpy()
        return array if dtype is None else array.astype(dtype, copy=False)

    # Above those of arrays, so that NumPy's scalars leave operators to the tensor beside them.
    __array_priority__ = 1000

    def __array_wrap__(self, array: np.ndarray, context: Any = None, return_scalar: bool = False) -> Any:
        """The result of a NumPy function of this tensor, as a tensor; booleans become uint8."""
        return wrap(array.astype(np.uint8) if array.dtype == bool else array)

    def __len__(self) -> int:
        if not self._shape:
            raise TypeError("len() of a 0-d tensor")
        return self._shape[0]

    def __reversed__(self) -> Any:
        return tensor_names["flip"](self, 0) if self._shape else self

    def __iter__(self) -> Iterator[Any]:
        if not self._shape:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __bool__(self) -> bool:
        data = self._data
        if data.size != 1:
            if data.size:
                raise RuntimeError("Boolean value of Tensor with more than one value is ambiguous")
            raise RuntimeError("Boolean value of Tensor with no values is ambiguous")
        return bool(data.item())

    def _number(self, target: str = "") -> Any:
        """The only element for `float`, `int` and `complex`; the C type `target` cannot hold an imaginary part.

        Raises:
            RuntimeError: the number does not fit.
            ValueError: the tensor has several elements.
        """
        if self._data.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        if self._node is not None and mode.is_grad_enabled():
            warn_once(WITHOUT_HISTORY)
        value = self.item()
        if target and type(value) is complex:
            if value.imag:
                raise RuntimeError(f"value cannot be converted to type {target} without overflow")
            return value.real
        return value

    def __float__(self) -> float:
        return float(self._number("double"))

    def __int__(self) -> int:
        return int(self._number("int64_t"))

    def __complex__(self) -> complex:
        return complex(self._number())

    def __index__(self) -> int:
        if self._data.size != 1 or self._dtype.category > dtypes.INTEGRAL:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self._data.item())

    def __contains__(self, element: Any) -> bool:
        if isinstance(element, (TensorBase, int, float, complex)):
            return bool((self._data == (element._data if isinstance(element, TensorBase) else element)).any())
        raise RuntimeError(f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}.")

    __hash__ = object.__hash__

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        from .printing import tensor_repr

        return tensor_repr(self, tensor_contents)

    def __format__(self, spec: str) -> str:
        if not self._shape and type(self) is namespace["Tensor"]:
            return format(self.item(), spec)
        return object.__format__(self, spec)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        from ._utils import reduce_tensor

        return reduce_tensor(self, protocol)

    def __deepcopy__(self, memo: dict[Any, Any]) -> Any:
        from ._utils import deepcopy_tensor

        return deepcopy_tensor(self, memo)

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self)})
