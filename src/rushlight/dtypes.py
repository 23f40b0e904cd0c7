"""Element types: the `dtype` singletons, PyTorch's promotion rules, `finfo` and `iinfo`.

A `dtype` is PyTorch's face of a NumPy dtype. There is exactly one object per element type, so identity is equality.
Source of the promotion rules: https://docs.pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc
"""

from typing import Any

import numpy as np

# Categories, in order of promotion: a number of a higher category decides the category of the result.
BOOL, INTEGRAL, FLOATING, COMPLEX = 0, 1, 2, 3


class dtype:
    """An element type, such as ``torch.float32``.

    Attributes:
        numpy: the `np.dtype` that holds the elements.
        category: `BOOL`, `INTEGRAL`, `FLOATING` or `COMPLEX`.
        is_floating_point: whether the elements are real floating-point numbers.
        is_complex: whether the elements are complex numbers.
        plain: true for float32 and float64, the types for which operations take the shortest path.
        one: for plain types the number one as a 0-dim array, to be copied as the gradient of a loss.
        scalars: small cache from Python numbers to 0-dim arrays of this type.
    """

    __slots__ = (
        "_name", "category", "is_complex", "is_floating_point", "is_signed", "itemsize", "legacy", "numpy", "one",
        "plain", "scalars",
    )  # fmt: skip
    numpy: np.dtype[Any]
    one: np.ndarray

    def __init__(self, name: str, numpy: Any, category: int, is_signed: bool, itemsize: int, legacy: str):
        self._name = name
        if numpy is not None:
            self.numpy = np.dtype(numpy)
        self.category = category
        self.is_floating_point = category == FLOATING
        self.is_complex = category == COMPLEX
        self.is_signed = is_signed
        self.itemsize = itemsize
        self.legacy = legacy
        self.plain = name in ("float32", "float64")
        self.scalars: dict[Any, np.ndarray] = {}
        if self.plain:
            self.one = np.ones((), self.numpy)

    def to_real(self) -> "dtype":
        """The real type of the same precision."""
        return {complex32: float16, complex64: float32, complex128: float64}.get(self, self)

    def to_complex(self) -> "dtype":
        """The complex type of the same precision; complex64 for bfloat16, which has none.

        Raises:
            RuntimeError: the elements are integers or bool.
        """
        if self.category < FLOATING:
            raise RuntimeError(f"Unknown Complex ScalarType for {self.scalar_name}")
        if self.category == COMPLEX:
            return self
        return {float16: complex32, float64: complex128}.get(self, complex64)

    @property
    def in_halves(self) -> bool:
        """Whether the numbers are no integers and have two bytes, or two bytes for each part."""
        return (self.itemsize == 2 and self.category == FLOATING) or self is complex32

    @property
    def scalar_name(self) -> str:
        """The name that some error messages use, such as ``Float``."""
        return self.legacy.removesuffix("Tensor")

    @property
    def type_name(self) -> str:
        """The name of the type of tensors that messages of autograd use, such as ``torch.FloatTensor``."""
        return f"CPU{self.scalar_name}Type" if self.is_complex else f"torch.{self.legacy}"

    @property
    def c_name(self) -> str:
        """The name of the C++ type, which other messages use, such as ``float``."""
        return _C_NAMES.get(self._name, self._name)

    def __repr__(self) -> str:
        return f"torch.{self._name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return by_name, (self._name,)

    def __deepcopy__(self, memo: dict[int, Any]) -> "dtype":
        return self

    def __copy__(self) -> "dtype":
        return self


_C_NAMES = {
    "float32": "float", "float64": "double", "int64": "long int", "int32": "int", "int16": "short int",
    "int8": "signed char", "uint8": "unsigned char", "uint16": "short unsigned int", "uint32": "unsigned int",
    "uint64": "long unsigned int", "float16": "c10::Half", "bfloat16": "c10::BFloat16",
    "complex32": "c10::complex<c10::Half>", "complex64": "c10::complex<float>", "complex128": "c10::complex<double>",
}  # fmt: skip


class _FromMlDtypes(dtype):
    """`bfloat16` and `complex32`, whose NumPy types come from ml_dtypes, imported when first asked for."""

    __slots__ = ()

    @property
    def numpy(self) -> np.dtype[Any]:  # type: ignore[override]
        import ml_dtypes

        found = np.dtype(getattr(ml_dtypes, self._name))
        if self is complex32 and found not in BY_NUMPY:
            from .warn import warn_once

            warn_once("ComplexHalf support is experimental and many operators don't support it yet.")
        BY_NUMPY[found] = self
        return found


bool_ = dtype("bool", np.bool_, BOOL, False, 1, "BoolTensor")
uint8 = dtype("uint8", np.uint8, INTEGRAL, False, 1, "ByteTensor")
int8 = dtype("int8", np.int8, INTEGRAL, True, 1, "CharTensor")
int16 = dtype("int16", np.int16, INTEGRAL, True, 2, "ShortTensor")
int32 = dtype("int32", np.int32, INTEGRAL, True, 4, "IntTensor")
int64 = dtype("int64", np.int64, INTEGRAL, True, 8, "LongTensor")
uint16 = dtype("uint16", np.uint16, INTEGRAL, False, 2, "UInt16Tensor")
uint32 = dtype("uint32", np.uint32, INTEGRAL, False, 4, "UInt32Tensor")
uint64 = dtype("uint64", np.uint64, INTEGRAL, False, 8, "UInt64Tensor")
float16 = dtype("float16", np.float16, FLOATING, True, 2, "HalfTensor")
bfloat16 = _FromMlDtypes("bfloat16", None, FLOATING, True, 2, "BFloat16Tensor")
float32 = dtype("float32", np.float32, FLOATING, True, 4, "FloatTensor")
float64 = dtype("float64", np.float64, FLOATING, True, 8, "DoubleTensor")
complex32 = _FromMlDtypes("complex32", None, COMPLEX, True, 4, "ComplexHalfTensor")
complex64 = dtype("complex64", np.complex64, COMPLEX, True, 8, "ComplexFloatTensor")
complex128 = dtype("complex128", np.complex128, COMPLEX, True, 16, "ComplexDoubleTensor")

ALL = (bool_, uint8, int8, int16, int32, int64, uint16, uint32, uint64, float16, bfloat16, float32, float64) + (
    complex32,
    complex64,
    complex128,
)
ALIASES = {
    "half": float16, "float": float32, "double": float64, "short": int16, "int": int32, "long": int64,
    "chalf": complex32, "cfloat": complex64, "cdouble": complex128,
}  # fmt: skip


class _ByNumpy(dict[Any, dtype]):
    """The dtype that stands for each NumPy dtype; another byte order and what ml_dtypes adds are found on use."""

    def __missing__(self, key: Any) -> dtype:
        return from_numpy(key)


BY_NUMPY = _ByNumpy({d.numpy: d for d in ALL if type(d) is dtype})
_FROM_ML_DTYPES = {d._name: d for d in ALL if type(d) is _FromMlDtypes}
_PYTHON_TYPES: dict[type, dtype] = {bool: bool_, int: int64}

_default = float32


def by_name(name: str) -> dtype:
    """The dtype called `name`, such as ``"float32"``."""
    return next(d for d in ALL if d._name == name)


def from_numpy(numpy_dtype: Any) -> dtype:
    """The dtype that stands for a NumPy dtype.

    Raises:
        TypeError: no dtype holds such elements (strings, objects, dates, ...).
    """
    found = BY_NUMPY.get(numpy_dtype)
    if found is None:
        numpy_dtype = np.dtype(numpy_dtype)
        found = BY_NUMPY.get(numpy_dtype.newbyteorder("=")) or _FROM_ML_DTYPES.get(numpy_dtype.name)
        if found is None:
            raise TypeError(
                f"can't convert np.ndarray of type {_numpy_name(numpy_dtype)}. The only supported types are: float64, "
                "float32, float16, complex64, complex128, int64, int32, int16, int8, uint64, uint32, uint16, uint8, "
                "and bool."
            )
    return found


def _numpy_name(numpy_dtype: np.dtype[Any]) -> str:
    return f"numpy.{numpy_dtype.type.__name__}"


def get_default_dtype() -> dtype:
    """The floating-point type of tensors made from Python floats; float32 unless changed."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Sets the floating-point type of tensors made from Python floats.

    Raises:
        TypeError: `d` is not a floating-point dtype.
    """
    global _default
    if not isinstance(d, dtype):
        raise TypeError("invalid dtype object: only floating-point types are supported as the default type")
    if not d.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    _default = d


def default_complex() -> dtype:
    """The complex type of the default floating-point type's precision."""
    return _default.to_complex()


def of_number(value: Any) -> dtype:
    """The type that a Python number has as a tensor of its own."""
    kind = type(value)
    if kind is float:
        return _default
    found = _PYTHON_TYPES.get(kind)
    if found is not None:
        return found
    if isinstance(value, bool):
        return bool_
    if isinstance(value, int):
        return int64
    if isinstance(value, float):
        return _default
    return default_complex()


def of_operand(value: Any) -> dtype:
    """The type of a Python number beside a tensor.

    Raises:
        OverflowError: an integer does not fit into 64 bits.
    """
    if type(value) is int and not -0x8000000000000000 <= value <= 0x7FFFFFFFFFFFFFFF:
        if value < 0:
            raise OverflowError("can't convert negative int to unsigned")
        if value > 0xFFFFFFFFFFFFFFFF:
            raise OverflowError("int too big to convert")
        return uint64
    return of_number(value)


_PYTHON_DTYPES: dict[type, dtype] = {float: float64, int: int64, bool: bool_, complex: complex128}
_WIDE_UNSIGNED = (uint16, uint32, uint64)


def as_dtype(value: Any, function: str, argument: str, position: int = 1) -> dtype:
    """A dtype given to a function, where one of Python's number types may stand for it.

    Raises:
        TypeError: it is something else.
    """
    if isinstance(value, dtype):
        return value
    found = _PYTHON_DTYPES.get(value) if isinstance(value, type) else None
    if found is None:
        raise TypeError(
            f"{function}(): argument '{argument}' (position {position}) must be torch.dtype, not {type(value).__name__}"
        )
    return found


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest type to which both types can be converted, by PyTorch's table.

    Raises:
        RuntimeError: one of them is uint16, uint32 or uint64, which PyTorch promotes with real floats only.
        TypeError: they are not dtypes.
    """
    a, b = as_dtype(type1, "promote_types", "type1"), as_dtype(type2, "promote_types", "type2", 2)
    if a is b:
        return a
    if (a in _WIDE_UNSIGNED and b.category != FLOATING) or (b in _WIDE_UNSIGNED and a.category != FLOATING):
        raise RuntimeError(
            "Promotion for uint16, uint32, uint64 types is not supported, attempted to promote "
            f"{a.scalar_name} and {b.scalar_name}"
        )
    if a.category < b.category:
        a, b = b, a
    if a.category == COMPLEX:
        wide = a is complex128 or b is complex128 or b is float64
        if a is complex32 and (b.category < FLOATING or b in (complex32, float16)):
            return complex32
        return complex128 if wide else complex64
    if a.category == FLOATING:
        if b.category != FLOATING:
            return a
        if a.itemsize == 2 and b.itemsize == 2:
            return float32
        return a if a.itemsize > b.itemsize else b
    if b.category == BOOL:
        return a
    if a.is_signed and b.is_signed:
        return a if a.itemsize > b.itemsize else b
    signed = a if a.is_signed else b
    return int16 if signed is int8 else signed


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether a result of type `from_` may be stored in a tensor of type `to`."""
    from_, to = as_dtype(from_, "can_cast", "from_"), as_dtype(to, "can_cast", "to", 2)
    if from_.category == COMPLEX and to.category != COMPLEX:
        return False
    if from_.category == FLOATING and to.category < FLOATING:
        return False
    return not (from_.category != BOOL and to.category == BOOL)


_RESOLUTIONS = {float16: 1e-3, bfloat16: 1e-2, float32: 1e-6, float64: 1e-15}


class _Limits:
    """What `finfo` and `iinfo` share: values that are read only, and equality by type."""

    __slots__ = ("_values",)

    def __getattr__(self, name: str) -> Any:
        if name != "_values" and name in self._values:
            return self._values[name]
        raise AttributeError(f"'torch.{type(self).__name__}' object has no attribute '{name}'")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._values:
            raise AttributeError(f"attribute '{name}' of 'torch.{type(self).__name__}' objects is not writable")
        raise AttributeError(f"'torch.{type(self).__name__}' object has no attribute '{name}'")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._values]

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._values == self._values

    def __hash__(self) -> int:
        raise TypeError(f"unhashable type: 'torch.{type(self).__name__}'")

    def __reduce__(self) -> Any:
        raise TypeError(f"cannot pickle 'torch.{type(self).__name__}' object")


class finfo(_Limits):
    """Limits of a floating-point type, as `torch.finfo`.

    Args:
        type: the type, or a complex one of its precision; the default dtype when it is left out.

    Attributes:
        bits: the size of a number.
        eps: the difference between 1 and the next larger number.
        max: the largest number.
        min: the smallest number, negative.
        tiny: the smallest normal number above 0, also called `smallest_normal`.
        resolution: the precision in decimal digits, as a power of 10.
        dtype: the name of the type.

    Raises:
        TypeError: the type is not a floating-point type.
    """

    __slots__ = ()

    def __init__(self, *args: Any, **kwargs: Any):
        if args or kwargs:
            found = as_dtype(_only_type("finfo", args, kwargs), "finfo", "type")
        else:
            found = _default
        if found.category < FLOATING:
            raise TypeError(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'"
            )
        real = found.to_real()
        if real is bfloat16:
            import ml_dtypes

            info: Any = ml_dtypes.finfo(ml_dtypes.bfloat16)
        else:
            info = np.finfo(real.numpy)
        values = {name: float(getattr(info, name)) for name in ("eps", "max", "min", "tiny")}
        values |= {"smallest_normal": values["tiny"], "resolution": _RESOLUTIONS[real]}
        object.__setattr__(self, "_values", {"bits": info.bits, **values, "dtype": real._name})

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return f"finfo({', '.join(f'{name}={self._values[name]:g}' for name in names)}, dtype={self.dtype})"


class iinfo(_Limits):
    """Limits of an integer type, as `torch.iinfo`.

    Args:
        type: the type.

    Attributes:
        bits: the size of a number.
        max: the largest number.
        min: the smallest number.
        dtype: the name of the type.

    Raises:
        TypeError: the type is not an integer type.
    """

    __slots__ = ()

    def __init__(self, *args: Any, **kwargs: Any):
        found = as_dtype(_only_type("iinfo", args, kwargs), "iinfo", "type")
        if found.category >= FLOATING:
            raise TypeError("torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'")
        if found is bool_:
            raise TypeError("torch.bool is not supported by torch.iinfo")
        info = np.iinfo(found.numpy)
        values = {"bits": info.bits, "max": int(info.max), "min": int(info.min), "dtype": found._name}
        object.__setattr__(self, "_values", values)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


def _only_type(function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if len(args) + len(kwargs) > 1:
        raise TypeError(f"{function}() takes 1 positional argument but {len(args) + len(kwargs)} were given")
    if not args and "type" not in kwargs:
        raise TypeError(f'{function}() missing 1 required positional arguments: "type"')
    return args[0] if args else kwargs["type"]


__all__ = [  # noqa: F822
    "bfloat16", "bool", "can_cast", "cdouble", "cfloat", "chalf", "complex128", "complex32", "complex64", "double",
    "finfo", "float", "float16", "float32", "float64", "get_default_dtype", "half", "iinfo", "int", "int16", "int32",
    "int64", "int8", "long", "promote_types", "set_default_dtype", "short", "uint16", "uint32", "uint64", "uint8",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    # PyTorch's names that would hide Python's own in this file.
    if name == "bool":
        return bool_
    if name in ALIASES:
        return ALIASES[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
