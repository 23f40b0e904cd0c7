"""Numbers of 16 bits: IEEE's half precision and bfloat16, read from their bits and rounded to them, halves to even."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_I16, _I32 = ir.IntType(16), ir.IntType(32)


@intrinsic
def from_half(typing: Any, bits: Any) -> Any:
    """The float32 number whose half precision has these bits."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.fpext(builder.bitcast(values[0], ir.HalfType()), ir.FloatType())

    return types.float32(types.uint16), emit


@intrinsic
def to_half(typing: Any, number: Any) -> Any:
    """The bits of a float32 number in half precision."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.bitcast(builder.fptrunc(values[0], ir.HalfType()), _I16)

    return types.uint16(types.float32), emit


@intrinsic
def from_bfloat16(typing: Any, bits: Any) -> Any:
    """The float32 number of which these are the upper bits."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        wide = builder.shl(builder.zext(values[0], _I32), ir.Constant(_I32, 16))
        return builder.bitcast(wide, ir.FloatType())

    return types.float32(types.uint16), emit


@intrinsic
def to_bfloat16(typing: Any, number: Any) -> Any:
    """The upper bits of a float32 number, rounded; those of a quiet NaN for NaN."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        bits = builder.bitcast(values[0], _I32)
        upper = builder.lshr(bits, ir.Constant(_I32, 16))
        odd = builder.and_(upper, ir.Constant(_I32, 1))
        rounded = builder.add(builder.add(bits, ir.Constant(_I32, 0x7FFF)), odd)
        short = builder.trunc(builder.lshr(rounded, ir.Constant(_I32, 16)), _I16)
        sign = builder.and_(builder.trunc(upper, _I16), ir.Constant(_I16, 0x8000))
        nothing = builder.or_(sign, ir.Constant(_I16, 0x7FC0))
        return builder.select(builder.fcmp_unordered("uno", values[0], values[0]), nothing, short)

    return types.uint16(types.float32), emit
