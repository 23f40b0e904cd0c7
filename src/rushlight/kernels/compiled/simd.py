"""What Numba lacks for fast kernels, as intrinsics that emit LLVM instructions from Python.

Only the builder imports this (it needs Numba). A compiled kernel has one signature, ``kernel(args, begin, end,
thread)`` (see `builder`): `args` is the address of a row of 8-byte words. The functions here read arrays, integers and
floats out of it, do pointer arithmetic and atomic operations.

The vectors are as wide as the machine's registers: 16 floats with AVX-512, 8 with AVX, 4 elsewhere, and half as many
doubles.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from ..cache import register_bytes

I8, I32, I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
VOID = types.void
INT = types.int64

# Where a NumPy array object keeps the address of its elements: right behind the object's header.
DATA_OFFSET = object.__basicsize__


REGISTER = register_bytes()


def word(value: int) -> ir.Constant:
    """A 64-bit integer constant."""
    return ir.Constant(I64, value)


def _words(builder: Any, args: Any, index: Any) -> Any:
    return builder.gep(builder.inttoptr(args, I64.as_pointer()), [index])


# ---------------------------------------------------------------------------------------------- reading arguments
@intrinsic
def integer(typing: Any, args: Any, index: Any) -> Any:
    """The integer argument number `index`."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.load(_words(builder, *values))

    return INT(types.int64, types.int64), emit


@intrinsic
def double(typing: Any, args: Any, index: Any) -> Any:
    """The float argument number `index`, as float64."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.load(builder.bitcast(_words(builder, *values), ir.DoubleType().as_pointer()))

    return types.float64(types.int64, types.int64), emit


def array_reader(element: Any) -> Any:
    """An intrinsic ``read(args, index)``: a pointer to the elements of the array argument number `index`."""

    @intrinsic
    def read(typing: Any, args: Any, index: Any) -> Any:
        pointer = types.CPointer(element)

        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            array = builder.load(_words(builder, *values))
            place = builder.inttoptr(builder.add(array, word(DATA_OFFSET)), I64.as_pointer())
            return builder.inttoptr(builder.load(place), context.get_value_type(pointer))

        return pointer(types.int64, types.int64), emit

    return read


read_words = array_reader(types.int64)


@cache
def array_at(element: Any) -> Any:
    """An intrinsic ``at(address)``: a pointer to the elements at an address."""

    @intrinsic
    def at(typing: Any, place: Any) -> Any:
        pointer = types.CPointer(element)

        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            return builder.inttoptr(values[0], context.get_value_type(pointer))

        return pointer(types.int64), emit

    return at


@intrinsic
def address(typing: Any, pointer: Any) -> Any:
    """A pointer as an integer."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.ptrtoint(values[0], I64)

    return INT(pointer), emit


@intrinsic
def ahead(typing: Any, pointer: Any, count: Any) -> Any:
    """The pointer `count` elements further on."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.gep(values[0], [values[1]])

    return pointer(pointer, types.int64), emit


def _labelled(instruction: Any, kind: str) -> Any:
    """Tells LLVM that what `load` reads is not what `store` writes: no loop then tests where its arrays lie."""
    module = instruction.parent.module
    root = module.add_metadata(["rushlight"])
    label = module.add_metadata([kind, root, word(0)])
    instruction.set_metadata("tbaa", module.add_metadata([label, label, word(0)]))
    return instruction


@intrinsic
def load(typing: Any, pointer: Any, index: Any) -> Any:
    """The element number `index` behind a pointer.

    In one loop, `store` may write an element that was loaded in the same round, but none for a later round.
    """

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _labelled(builder.load(builder.gep(values[0], [values[1]])), "read")

    return pointer.dtype(pointer, types.int64), emit


@intrinsic
def store(typing: Any, pointer: Any, index: Any, value: Any) -> Any:
    """Writes the element number `index` behind a pointer; see `load`."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        _labelled(builder.store(values[2], builder.gep(values[0], [values[1]])), "written")
        return context.get_dummy_value()

    return VOID(pointer, types.int64, pointer.dtype), emit


@intrinsic
def select(typing: Any, condition: Any, x: Any, y: Any) -> Any:
    """`x` where the condition holds, else `y`; both are computed."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.select(values[0], values[1], values[2])

    return x(types.boolean, x, x), emit


# ---------------------------------------------------------------------------------------------- atomic operations
def _atomic(emit_one: Callable[[Any, Any, Any], Any], values: int, result: Any) -> Any:
    signature = result(*[types.int64] * (1 + values))

    def emit(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        place = builder.inttoptr(given[0], I64.as_pointer())
        made = emit_one(builder, place, given[1:])
        return context.get_dummy_value() if result is VOID else made

    return signature, emit


@intrinsic
def atomic_load(typing: Any, place: Any) -> Any:
    """The word at an address, read in one piece and in order."""
    return _atomic(lambda b, p, _: b.load_atomic(p, "seq_cst", 8), 0, INT)


@intrinsic
def atomic_store(typing: Any, place: Any, value: Any) -> Any:
    """Writes the word at an address, in one piece and in order."""
    return _atomic(lambda b, p, v: b.store_atomic(v[0], p, "seq_cst", 8), 1, VOID)


@intrinsic
def atomic_add(typing: Any, place: Any, value: Any) -> Any:
    """Adds to the word at an address; returns what it was."""
    return _atomic(lambda b, p, v: b.atomic_rmw("add", p, v[0], "seq_cst"), 1, INT)


@intrinsic
def atomic_swap(typing: Any, place: Any, value: Any) -> Any:
    """Puts a value in the word at an address; returns what it was."""
    return _atomic(lambda b, p, v: b.atomic_rmw("xchg", p, v[0], "seq_cst"), 1, INT)


@intrinsic
def pause(typing: Any) -> Any:
    """Tells the processor that this is a loop that waits."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        machine = llvm.get_default_triple().split("-")[0]
        if machine == "x86_64":
            hint = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, hint, "llvm.x86.sse2.pause"), [])
        elif machine in ("aarch64", "arm64"):
            hint = ir.FunctionType(ir.VoidType(), [I32])
            name = "llvm.aarch64.hint"
            builder.call(cgutils.get_or_insert_function(builder.module, hint, name), [ir.Constant(I32, 1)])
        return context.get_dummy_value()

    return VOID(), emit


@intrinsic
def call_system(typing: Any, function: Any, first: Any, second: Any) -> Any:
    """Calls the C function of one or two pointers at the address `function`; its result, an error code, is dropped."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = ir.FunctionType(I32, [I64, I64])
        builder.call(builder.inttoptr(values[0], kind.as_pointer()), values[1:])
        return context.get_dummy_value()

    return VOID(*[types.int64] * 3), emit


@intrinsic
def call_kernel(typing: Any, function: Any, args: Any, begin: Any, end: Any, thread: Any) -> Any:
    """Calls the kernel at the address `function`."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [I64] * 4)
        builder.call(builder.inttoptr(values[0], kind.as_pointer()), values[1:])
        return context.get_dummy_value()

    return VOID(*[types.int64] * 5), emit


# ---------------------------------------------------------------------------------------------- small tables
@cache
def local_words(count: int) -> Any:
    """An intrinsic ``place()``: the address of `count` words of memory that last until the kernel returns."""

    @intrinsic
    def place(typing: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            words = cgutils.alloca_once(builder, ir.ArrayType(I64, count))
            words.align = 64
            return builder.ptrtoint(words, I64)

        return INT(), emit

    return place


@intrinsic
def word_at(typing: Any, table: Any, index: Any, value: Any) -> Any:
    """Writes word number `index` of the table at an address."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        builder.store(values[2], _words(builder, values[0], values[1]))
        return context.get_dummy_value()

    return VOID(*[types.int64] * 3), emit


@intrinsic
def prefetch(typing: Any, place: Any) -> Any:
    """Asks for the cache line at an address to be brought into the second-level cache; it need not exist."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [I8.as_pointer(), I32, I32, I32])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        reading, near, data = ir.Constant(I32, 0), ir.Constant(I32, 2), ir.Constant(I32, 1)
        builder.call(function, [builder.inttoptr(values[0], I8.as_pointer()), reading, near, data])
        return context.get_dummy_value()

    return VOID(types.int64), emit


# ---------------------------------------------------------------------------------------------- arithmetic
def _per_element(name: str, arguments: int) -> Any:
    """An intrinsic of LLVM's on `arguments` numbers of one floating-point type."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = context.get_value_type(signature.return_type)
        suffix = "f32" if signature.return_type == types.float32 else "f64"
        function = ir.FunctionType(kind, [kind] * arguments)
        return builder.call(cgutils.get_or_insert_function(builder.module, function, f"llvm.{name}.{suffix}"), values)

    if arguments == 1:

        @intrinsic
        def one(typing: Any, x: Any) -> Any:
            return x(x), emit

        return one
    if arguments == 2:

        @intrinsic
        def two(typing: Any, x: Any, y: Any) -> Any:
            return x(x, x), emit

        return two

    @intrinsic
    def three(typing: Any, x: Any, y: Any, z: Any) -> Any:
        return x(x, x, x), emit

    return three


# ``rint(x)``: to the nearest integer, halves to even; the rest as in C. All keep the type, unlike Python's own.
rint, floor, ceil, trunc, sqrt = (_per_element(name, 1) for name in ("rint", "floor", "ceil", "trunc", "sqrt"))
copysign = _per_element("copysign", 2)

if REGISTER > 16:
    fma = _per_element("fma", 3)  # ``x * y + z``, rounded once
else:
    # Without such an instruction it would be a slow call.
    @njit(forceinline=True)
    def fma(x, y, z):
        """``x * y + z``."""
        return x * y + z


def _layout(x: Any) -> tuple[Any, int, int]:
    """The integer type as wide as a floating-point type, the bits of its fraction, and its exponent's bias."""
    return (I32, 23, 127) if x == types.float32 else (I64, 52, 1023)


@intrinsic
def power_of_two(typing: Any, n: Any) -> Any:
    """Two to the power of an integral number, within the range of normal numbers."""
    integer, digits, bias = _layout(n)

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        # Adding this leaves the number in the lowest bits; a conversion would be undefined for NaN.
        shift = ir.Constant(values[0].type, 1.5 * 2.0**digits)
        bits = builder.bitcast(builder.fadd(values[0], shift), integer)
        bits = builder.shl(builder.add(bits, ir.Constant(integer, bias)), ir.Constant(integer, digits))
        return builder.bitcast(bits, values[0].type)

    return n(n), emit


def _split(builder: Any, value: Any, kind: Any) -> tuple[Any, Any, Any]:
    """The bits of a number relative to those of the square root of one half, whose exponent then counts the octaves."""
    integer, digits, _ = _layout(kind)
    root = 0x3F3504F3 if digits == 23 else 0x3FE6A09E667F3BCD
    relative = builder.sub(builder.bitcast(value, integer), ir.Constant(integer, root))
    return relative, ir.Constant(integer, digits), ir.Constant(integer, root)


@intrinsic
def exponent(typing: Any, x: Any) -> Any:
    """The integral k with ``x = m * 2**k`` and m between the roots of 1/2 and 2, of a positive normal number."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        relative, digits, _ = _split(builder, values[0], x)
        return builder.sitofp(builder.ashr(relative, digits), values[0].type)

    return x(x), emit


@intrinsic
def mantissa(typing: Any, x: Any) -> Any:
    """The m with ``x = m * 2**k`` between the roots of 1/2 and 2, of a positive normal number."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        relative, digits, root = _split(builder, values[0], x)
        fraction = builder.sub(builder.shl(ir.Constant(relative.type, 1), digits), ir.Constant(relative.type, 1))
        return builder.bitcast(builder.add(builder.and_(relative, fraction), root), values[0].type)

    return x(x), emit
