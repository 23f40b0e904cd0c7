"""Short names of element types, such as ``f32``."""

from .. import dtypes

dtype_abbrs = {
    dtypes.bfloat16: "bf16", dtypes.float64: "f64", dtypes.float32: "f32", dtypes.float16: "f16",
    dtypes.complex32: "c32", dtypes.complex64: "c64", dtypes.complex128: "c128", dtypes.int8: "i8",
    dtypes.int16: "i16", dtypes.int32: "i32", dtypes.int64: "i64", dtypes.bool_: "b8", dtypes.uint8: "u8",
}  # fmt: skip
