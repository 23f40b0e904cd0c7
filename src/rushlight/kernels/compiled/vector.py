"""Registers full of numbers, as a type that kernels compute with.

Numba leaves it to LLVM to find loops that can be done a register at a time. Where that fails (sums, which it may not
reorder, and loops over so many arrays that it cannot tell apart), a kernel says it itself:

    for i in range(0, count, lanes):
        v = load(x, i)
        store(y, i, where(v > 0, v * scale, v))

A `Vector` has the arithmetic and the comparisons of its elements; a number stands for a vector that repeats it, and
comparisons give vectors of truth values. The order of all operations is as written: sums over a vector's lanes are
taken pairwise.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from .simd import I32, REGISTER


class Vector(types.Type):
    """A vector of `lanes` numbers of the type `element`."""

    def __init__(self, element: Any, lanes: int):
        self.element, self.lanes = element, lanes
        super().__init__(name=f"Vector({element}, {lanes})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Vector):
        super().__init__(manager, kind, ir.VectorType(manager.lookup(kind.element).get_value_type(), kind.lanes))


def register(element: Any) -> Vector:
    """The vector of an element type that fills a register."""
    return Vector(element, REGISTER * 8 // element.bitwidth)


def _repeated(builder: Any, number: Any, kind: ir.VectorType) -> Any:
    nothing = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(nothing, number, ir.Constant(I32, 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(I32, kind.count), [0] * kind.count))


def _as_vector(context: Any, builder: Any, value: Any, given: Any, wanted: Vector) -> Any:
    if isinstance(given, Vector):
        return value
    return _repeated(builder, context.cast(builder, value, given, wanted.element), context.get_value_type(wanted))


# ---------------------------------------------------------------------------------------------- operators
def _define(function: Any, emit: Callable[[Any, Vector, Any, Any], Any], truth: bool = False) -> None:
    """Gives an operator its meaning for vectors: `emit` of the builder, the type and the two operands."""

    class Template(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            kinds = [a for a in args if isinstance(a, Vector)]
            if len(args) != 2 or not kinds or any(k != kinds[0] for k in kinds):
                return None
            result = Vector(types.boolean, kinds[0].lanes) if truth else kinds[0]
            return signature(result, *args)

    infer_global(function)(Template)

    def lower(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        kind = next(a for a in sig.args if isinstance(a, Vector))
        pair = [_as_vector(context, builder, v, a, kind) for v, a in zip(values, sig.args, strict=True)]
        return emit(builder, kind, *pair)

    for left, right in ((Vector, Vector), (Vector, types.Number), (types.Number, Vector)):
        lower_builtin(function, left, right)(lower)


def _arithmetic(function: Any, name: str) -> None:
    def emit(builder: Any, kind: Vector, a: Any, b: Any) -> Any:
        return getattr(builder, f"f{name}" if isinstance(kind.element, types.Float) else name)(a, b)

    _define(function, emit)


def _comparison(function: Any, sign: str) -> None:
    def emit(builder: Any, kind: Vector, a: Any, b: Any) -> Any:
        if not isinstance(kind.element, types.Float):
            return builder.icmp_signed(sign, a, b)
        # Only "not equal" is true of NaN.
        return (builder.fcmp_unordered if sign == "!=" else builder.fcmp_ordered)(sign, a, b)

    _define(function, emit, truth=True)


for _function, _name in (
    (operator.add, "add"), (operator.sub, "sub"), (operator.mul, "mul"), (operator.iadd, "add"),
    (operator.isub, "sub"), (operator.imul, "mul"),
):  # fmt: skip
    _arithmetic(_function, _name)
_define(operator.truediv, lambda builder, kind, a, b: builder.fdiv(a, b))
_define(operator.and_, lambda builder, kind, a, b: builder.and_(a, b))
_define(operator.or_, lambda builder, kind, a, b: builder.or_(a, b))
for _function, _sign in (
    (operator.gt, ">"), (operator.ge, ">="), (operator.lt, "<"), (operator.le, "<="), (operator.eq, "=="),
    (operator.ne, "!="),
):  # fmt: skip
    _comparison(_function, _sign)


# ---------------------------------------------------------------------------------------------- memory
def _place(builder: Any, pointer: Any, index: Any, kind: ir.VectorType) -> Any:
    return builder.bitcast(builder.gep(pointer, [index]), kind.as_pointer())


def _first_lanes(builder: Any, count: Any, lanes: int) -> Any:
    """A mask of the first `count` lanes."""
    numbers = ir.VectorType(ir.IntType(64), lanes)
    return builder.icmp_signed("<", ir.Constant(numbers, list(range(lanes))), _repeated(builder, count, numbers))


def _masked(builder: Any, name: str, kind: ir.VectorType, size: int, arguments: list[Any], result: Any) -> Any:
    suffix = f"v{kind.count}{'i' if isinstance(kind.element, ir.IntType) else 'f'}{size * 8}.p0"
    function = ir.FunctionType(result, [a.type for a in arguments])
    called = cgutils.get_or_insert_function(builder.module, function, f"llvm.masked.{name}.{suffix}")
    return builder.call(called, arguments)


@intrinsic
def load(typing: Any, pointer: Any, index: Any) -> Any:
    """The register that begins at element `index` behind a pointer."""
    kind = register(pointer.dtype)

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        place = _place(builder, *values, context.get_value_type(kind))
        return builder.load(place, align=kind.element.bitwidth // 8)

    return kind(pointer, types.int64), emit


@intrinsic
def load_like(typing: Any, pointer: Any, index: Any, like: Any) -> Any:
    """A vector of the type of `like` that begins at element `index` behind a pointer."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        pointer, index, like = values
        return builder.load(_place(builder, pointer, index, like.type), align=sig.args[2].element.bitwidth // 8)

    return like(pointer, types.int64, like), emit


@intrinsic
def store(typing: Any, pointer: Any, index: Any, vector: Any) -> Any:
    """Writes a register to the elements from `index` on behind a pointer."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        pointer, index, vector = values
        place = _place(builder, pointer, index, vector.type)
        builder.store(vector, place, align=sig.args[2].element.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(pointer, types.int64, vector), emit


@intrinsic
def load_some(typing: Any, pointer: Any, index: Any, count: Any, other: Any) -> Any:
    """`load`, but only of `count` elements (which may be more than a register's); the rest is `other`, and not read."""
    kind = register(pointer.dtype)

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        pointer, index, count, other = values
        wanted, size = context.get_value_type(kind), kind.element.bitwidth // 8
        rest = _as_vector(context, builder, other, sig.args[3], kind)
        mask, place = _first_lanes(builder, count, kind.lanes), _place(builder, pointer, index, wanted)
        return _masked(builder, "load", wanted, size, [place, ir.Constant(I32, size), mask, rest], wanted)

    return kind(pointer, types.int64, types.int64, other), emit


@intrinsic
def store_some(typing: Any, pointer: Any, index: Any, vector: Any, count: Any) -> Any:
    """`store`, but only of the first `count` elements."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        pointer, index, vector, count = values
        size = sig.args[2].element.bitwidth // 8
        mask = _first_lanes(builder, count, vector.type.count)
        place = _place(builder, pointer, index, vector.type)
        arguments = [vector, place, ir.Constant(I32, size), mask]
        _masked(builder, "store", vector.type, size, arguments, ir.VoidType())
        return context.get_dummy_value()

    return types.void(pointer, types.int64, vector, types.int64), emit


@intrinsic
def load_numbers(typing: Any, pointer: Any, index: Any, count: Any, like: Any) -> Any:
    """`load_some` of small integers as a vector of the type of `like`, of which the rest is 0."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        pointer, index, count, like = values
        small = ir.VectorType(ir.IntType(8), like.type.count)
        mask, zero = _first_lanes(builder, count, like.type.count), ir.Constant(small, [0] * like.type.count)
        place = _place(builder, pointer, index, small)
        found = _masked(builder, "load", small, 1, [place, ir.Constant(I32, 1), mask, zero], small)
        return builder.zext(found, like.type)

    return like(pointer, types.int64, types.int64, like), emit


@intrinsic
def store_numbers(typing: Any, pointer: Any, index: Any, vector: Any, count: Any) -> Any:
    """Writes the first `count` integers of a vector as single bytes."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        pointer, index, vector, count = values
        small = ir.VectorType(ir.IntType(8), vector.type.count)
        mask, place = _first_lanes(builder, count, vector.type.count), _place(builder, pointer, index, small)
        arguments = [builder.trunc(vector, small), place, ir.Constant(I32, 1), mask]
        _masked(builder, "store", small, 1, arguments, ir.VoidType())
        return context.get_dummy_value()

    return types.void(pointer, types.int64, vector, types.int64), emit


@intrinsic
def load_each(typing: Any, pointer: Any, index: Any, step: Any, count: Any) -> Any:
    """`count` elements that lie `step` apart, from `index` on; the rest is 0, and not read."""
    kind = register(pointer.dtype)

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        pointer, index, step, count = values
        wanted, size = context.get_value_type(kind), kind.element.bitwidth // 8
        numbers = ir.VectorType(ir.IntType(64), kind.lanes)
        first = builder.ptrtoint(builder.gep(pointer, [index]), numbers.element)
        apart = _repeated(builder, builder.mul(step, ir.Constant(numbers.element, size)), numbers)
        offsets = builder.mul(apart, ir.Constant(numbers, list(range(kind.lanes))))
        addresses = builder.add(_repeated(builder, first, numbers), offsets)
        places = builder.inttoptr(addresses, ir.VectorType(wanted.element.as_pointer(), kind.lanes))
        arguments = [
            places, ir.Constant(I32, size), _first_lanes(builder, count, kind.lanes),
            ir.Constant(wanted, [0] * kind.lanes),
        ]  # fmt: skip
        suffix = f"v{kind.lanes}f{size * 8}.v{kind.lanes}p0"
        function = ir.FunctionType(wanted, [a.type for a in arguments])
        return builder.call(
            cgutils.get_or_insert_function(builder.module, function, f"llvm.masked.gather.{suffix}"), arguments
        )

    return kind(pointer, types.int64, types.int64, types.int64), emit


@intrinsic
def every_second(typing: Any, a: Any, b: Any) -> Any:
    """A vector of the first, third, ... of the numbers of two vectors."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        lanes = sig.args[0].lanes
        return builder.shuffle_vector(*values, ir.Constant(ir.VectorType(I32, lanes), list(range(0, 2 * lanes, 2))))

    return a(a, a), emit


# ---------------------------------------------------------------------------------------------- functions
@intrinsic
def repeat(typing: Any, number: Any) -> Any:
    """A register that holds a number in all its lanes."""
    kind = register(number)

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        return _repeated(builder, values[0], context.get_value_type(kind))

    return kind(number), emit


@intrinsic
def wide(typing: Any, vector: Any) -> Any:
    """A vector's numbers in float64."""
    kind = Vector(types.float64, vector.lanes)

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        return values[0] if vector == kind else builder.fpext(values[0], context.get_value_type(kind))

    return kind(vector), emit


@intrinsic
def lane(typing: Any, vector: Any, index: Any) -> Any:
    """Number `index` of a vector."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        return builder.extract_element(*values)

    return vector.element(vector, types.int64), emit


@intrinsic
def where(typing: Any, mask: Any, a: Any, b: Any) -> Any:
    """The lanes of `a` where the mask is true, else those of `b`; one of them may be a number."""
    kind = a if isinstance(a, Vector) else b

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        pair = [_as_vector(context, builder, v, g, kind) for v, g in zip(values[1:], sig.args[1:], strict=True)]
        return builder.select(values[0], *pair)

    return kind(mask, a, b), emit


@intrinsic
def fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """``a * b + c``, rounded once."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        kind = values[0].type
        name = f"llvm.fma.v{kind.count}f{sig.args[0].element.bitwidth}"
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind, [kind] * 3), name)
        return builder.call(function, values)

    return a(a, a, a), emit


def _across(combine: Callable[[Any, Any, Any], Any]) -> Any:
    def reduce(typing: Any, vector: Any) -> Any:
        def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
            (vector,) = values
            lanes = vector.type.count
            while lanes > 1:
                lanes //= 2
                low, high = (
                    builder.shuffle_vector(
                        vector, vector, ir.Constant(ir.VectorType(I32, lanes), list(range(first, first + lanes)))
                    )
                    for first in (0, lanes)
                )
                vector = combine(builder, low, high)
            return builder.extract_element(vector, ir.Constant(I32, 0))

        return vector.element(vector), emit

    return reduce


def _larger(builder: Any, a: Any, b: Any) -> Any:
    """The larger of two, lane by lane; NaN where one is NaN."""
    best = builder.or_(builder.fcmp_ordered(">", a, b), builder.fcmp_unordered("!=", a, a))
    return builder.select(best, a, b)


@intrinsic
def total(typing: Any, vector: Any) -> Any:
    """The sum of a vector's lanes."""
    return _across(lambda builder, a, b: builder.fadd(a, b))(typing, vector)


@intrinsic
def largest(typing: Any, vector: Any) -> Any:
    """The maximum of a vector's lanes; NaN if one is NaN."""
    return _across(_larger)(typing, vector)


@intrinsic
def larger(typing: Any, a: Any, b: Any) -> Any:
    """The larger of two vectors' numbers, lane by lane; NaN where one is NaN."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        return _larger(builder, *values)

    return a(a, a), emit
