"""The innermost loop of matrix products and convolutions, written in LLVM's vector instructions.

`tile(real, vectors)` multiplies 6 rows by a panel of `vectors` registers' width. The 6 rows are given as a table of
addresses, one for each *tap*, so that "rows" may be rows of a matrix, pixels under a convolution's filter, or columns
of a transposed matrix; nothing is copied to look like a matrix first. For i in 0 .. 5 and j in the panel:

    y[i][j] (+)= sum over t < taps, d < depth of  x[t][i][d] * w[t * depth + d][j]   (+ bias[j])

With 6 x 4 registers (AVX-512) or 6 x 2 (AVX) the sums stay in registers, and each element loaded is used 4 or 6 times.
"""

from functools import cache
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from ..cache import panel_widths
from .builder import Real
from .simd import I8, I32, I64, word

ROWS = 6

PANELS = panel_widths()


class Vectors:
    """Emits instructions on registers full of one element type.

    Args:
        builder: where instructions go.
        code: the element type's letter.
        lanes: elements a register.
    """

    def __init__(self, builder: Any, code: str, lanes: int):
        self.builder, self.lanes = builder, lanes
        self.element = ir.FloatType() if code == "f" else ir.DoubleType()
        self.size = 4 if code == "f" else 8
        self.type = ir.VectorType(self.element, lanes)
        self._suffix = f"v{lanes}f{self.size * 8}"

    def constant(self, value: float) -> Any:
        """The same number in all lanes."""
        return ir.Constant(self.type, [float(value)] * self.lanes)

    def pointer(self, address: Any) -> Any:
        """An address (an integer) as a pointer to bytes."""
        return self.builder.inttoptr(address, I8.as_pointer())

    def load(self, pointer: Any, offset: Any) -> Any:
        """The vector `offset` bytes behind a pointer, at any alignment."""
        place = self.builder.bitcast(self.builder.gep(pointer, [offset]), self.type.as_pointer())
        return self.builder.load(place, align=self.size)

    def store(self, vector: Any, pointer: Any, offset: Any) -> None:
        """Writes a vector `offset` bytes behind a pointer, at any alignment."""
        place = self.builder.bitcast(self.builder.gep(pointer, [offset]), self.type.as_pointer())
        self.builder.store(vector, place, align=self.size)

    def repeat(self, pointer: Any, offset: Any) -> Any:
        """The element `offset` bytes behind a pointer, in all lanes."""
        place = self.builder.bitcast(self.builder.gep(pointer, [offset]), self.element.as_pointer())
        nothing = ir.Constant(self.type, ir.Undefined)
        first = self.builder.insert_element(nothing, self.builder.load(place, align=self.size), ir.Constant(I32, 0))
        lanes = ir.Constant(ir.VectorType(I32, self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(first, nothing, lanes)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """``a * b + c``, rounded once."""
        kind = ir.FunctionType(self.type, [self.type] * 3)
        function = cgutils.get_or_insert_function(self.builder.module, kind, f"llvm.fma.{self._suffix}")
        return self.builder.call(function, [a, b, c])

    def sum(self, vector: Any) -> Any:
        """The sum of a vector's elements, as a tree of sums of halves."""
        kind = ir.FunctionType(self.element, [self.element, self.type])
        name = f"llvm.vector.reduce.fadd.{self._suffix}"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, [ir.Constant(self.element, 0.0), vector], fastmath=("reassoc",))

    def transposed(self, rows: list[Any]) -> list[Any]:
        """A square of `lanes` vectors with rows and columns exchanged, in log2(lanes) rounds of shuffles."""
        rows, lanes, step = list(rows), range(self.lanes), 1
        while step < self.lanes:
            low = [j if not j & step else self.lanes + j - step for j in lanes]
            high = [j + step if not j & step else self.lanes + j for j in lanes]
            masks = [ir.Constant(ir.VectorType(I32, self.lanes), m) for m in (low, high)]
            for i in lanes:
                if not i & step:
                    pair = rows[i], rows[i + step]
                    rows[i], rows[i + step] = (self.builder.shuffle_vector(*pair, m) for m in masks)
            step *= 2
        return rows


@cache
def tile(real: Real, vectors: int, listed: bool = False) -> Any:
    """The intrinsic that computes one tile (see the module).

    Its arguments, all 64-bit integers: `x`, the address of a table of addresses, 6 for each tap; `taps`; `x_step`, the
    bytes from one d to the next; `depth`; `w`, an address; `w_step`, the bytes from one row of w to the next; `y`, the
    address of a table of 6 addresses; `columns`, how many of the panel's columns are written; `bias`, the address of
    a whole panel of numbers, or 0; `accumulate`, whether to add to what y holds.

    If `listed`, the table x has a seventh word for each tap, where that tap's rows of w lie, in bytes behind `w`;
    else they follow each other.
    """
    lanes, words = real.lanes, ROWS + listed

    @intrinsic
    def multiply(
        typing: Any, x: Any, taps: Any, x_step: Any, depth: Any, w: Any, w_step: Any, y: Any, columns: Any, bias: Any,
        accumulate: Any,
    ) -> Any:  # fmt: skip
        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            x, taps, x_step, depth, w, w_step, y, columns, bias, accumulate = values
            # Among loops around it, the compiler would not keep all sums in registers.
            builder.function.attributes.add("noinline")
            v = Vectors(builder, real.code, lanes)
            width = word(lanes * v.size)
            sums = [[cgutils.alloca_once(builder, v.type) for _ in range(vectors)] for _ in range(ROWS)]
            for row in sums:
                for place in row:
                    builder.store(v.constant(0), place)

            # sums += x * w, one tap after the other
            table = builder.inttoptr(x, I64.as_pointer())
            panel = cgutils.alloca_once_value(builder, w)
            with cgutils.for_range(builder, taps, intp=I64) as tap:
                first = builder.mul(tap.index, word(words))
                entries = [builder.load(builder.gep(table, [builder.add(first, word(i))])) for i in range(words)]
                rows = [v.pointer(entry) for entry in entries[:ROWS]]
                here = v.pointer(builder.add(w, entries[ROWS]) if listed else builder.load(panel))
                with cgutils.for_range(builder, depth, intp=I64) as step:
                    x_offset, w_offset = builder.mul(step.index, x_step), builder.mul(step.index, w_step)
                    factors = [v.load(here, builder.add(w_offset, builder.mul(width, word(j)))) for j in range(vectors)]
                    for i in range(ROWS):
                        number = v.repeat(rows[i], x_offset)
                        for j in range(vectors):
                            builder.store(v.fma(number, factors[j], builder.load(sums[i][j])), sums[i][j])
                builder.store(builder.add(builder.load(panel), builder.mul(depth, w_step)), panel)

            with builder.if_then(builder.icmp_signed("!=", bias, word(0))):
                source = v.pointer(bias)
                for j in range(vectors):
                    addend = v.load(source, builder.mul(width, word(j)))
                    for i in range(ROWS):
                        builder.store(builder.fadd(builder.load(sums[i][j]), addend), sums[i][j])

            _write(v, sums, y, columns, accumulate)
            return context.get_dummy_value()

        return types.void(*[types.int64] * 10), emit

    return multiply


def _write(v: Vectors, sums: list[list[Any]], y: Any, columns: Any, accumulate: Any) -> None:
    """Puts sums where the table `y` says: as vectors if the panel is whole, else element by element."""
    builder, vectors, width = v.builder, len(sums[0]), v.lanes * v.size
    table = builder.inttoptr(y, I64.as_pointer())
    rows = [v.pointer(builder.load(builder.gep(table, [word(i)]))) for i in range(ROWS)]
    more = builder.icmp_signed("!=", accumulate, word(0))
    whole = builder.icmp_signed("==", columns, word(vectors * v.lanes))
    with builder.if_else(whole) as (then, otherwise):
        with then:
            with builder.if_else(more) as (adding, replacing):
                with adding:
                    for i in range(ROWS):
                        for j in range(vectors):
                            offset = word(j * width)
                            old = v.load(rows[i], offset)
                            v.store(builder.fadd(old, builder.load(sums[i][j])), rows[i], offset)
                with replacing:
                    for i in range(ROWS):
                        for j in range(vectors):
                            v.store(builder.load(sums[i][j]), rows[i], word(j * width))
        with otherwise:
            scratch = cgutils.alloca_once(builder, ir.ArrayType(I8, width * vectors))
            scratch = builder.bitcast(scratch, I8.as_pointer())
            for i in range(ROWS):
                for j in range(vectors):
                    v.store(builder.load(sums[i][j]), scratch, word(j * width))
                with cgutils.for_range(builder, columns, intp=I64) as column:
                    offset = builder.mul(column.index, word(v.size))
                    element = v.element.as_pointer()
                    target = builder.bitcast(builder.gep(rows[i], [offset]), element)
                    new = builder.load(builder.bitcast(builder.gep(scratch, [offset]), element))
                    total = builder.fadd(builder.load(target), new)
                    builder.store(builder.select(more, total, new), target)


def panel_width(real: Real) -> int:
    """Columns of the widest panel."""
    return PANELS[0] * real.lanes


@cache
def make_panel(real: Real, listed: bool = False) -> Any:
    """``panel(...)``: one tile of the width that the columns left need; the arguments are those of `tile`."""
    lanes, vectors = real.lanes, PANELS
    wide, middle, narrow = tile(real, PANELS[0], listed), tile(real, 2, listed), tile(real, 1, listed)

    @njit
    def panel(width, x, taps, x_step, depth, w, w_step, y, columns, bias, accumulate):
        if width == vectors[0] * lanes:
            wide(x, taps, x_step, depth, w, w_step, y, columns, bias, accumulate)
        elif width == lanes:
            narrow(x, taps, x_step, depth, w, w_step, y, columns, bias, accumulate)
        else:
            middle(x, taps, x_step, depth, w, w_step, y, columns, bias, accumulate)

    return panel


@cache
def make_width(real: Real) -> Any:
    """``width(left)``: how wide the next panel is when `left` columns are left."""
    lanes, widest = real.lanes, PANELS[0] * real.lanes

    @njit
    def width(left):
        if left > widest - lanes:
            return widest
        if left > lanes and widest > 2 * lanes:
            return 2 * lanes
        return lanes

    return width


# Rows of the left and of the right factor that `dots` takes at once: as many sums as there are registers for.
DOTS = (4, 6) if PANELS[0] == 4 else (3, 4)


@cache
def dots(real: Real) -> Any:
    """An intrinsic for the dot products of `DOTS[0]` rows with `DOTS[1]` rows, nothing of which is copied first.

    Its arguments: `a`, the address of a table of the first rows' addresses; `b`, likewise; `length`; `sums`, the
    address of `DOTS[0] * DOTS[1]` elements where the products go, those of one row of a after those of another.
    """
    lanes, (high, wide) = real.lanes, DOTS

    @intrinsic
    def multiply(typing: Any, a: Any, b: Any, length: Any, sums: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            a, b, length, target = values
            v = Vectors(builder, real.code, lanes)

            def rows(table: Any, count: int) -> list[Any]:
                table = builder.inttoptr(table, I64.as_pointer())
                return [v.pointer(builder.load(builder.gep(table, [word(i)]))) for i in range(count)]

            left, right = rows(a, high), rows(b, wide)
            sums = [[cgutils.alloca_once(builder, v.type) for _ in range(wide)] for _ in range(high)]
            for row in sums:
                for place in row:
                    builder.store(v.constant(0), place)
            whole = builder.mul(builder.sdiv(length, word(lanes)), word(lanes))
            with cgutils.for_range_slice(builder, word(0), whole, word(lanes), intp=I64) as (k, _):
                offset = builder.mul(k, word(v.size))
                factors = [v.load(place, offset) for place in right]
                for i in range(high):
                    row = v.load(left[i], offset)
                    for j in range(wide):
                        builder.store(v.fma(row, factors[j], builder.load(sums[i][j])), sums[i][j])
            place = v.pointer(target)
            totals = [builder.gep(place, [word(n * v.size)]) for n in range(high * wide)]
            totals = [builder.bitcast(t, v.element.as_pointer()) for t in totals]
            for i in range(high):
                for j in range(wide):
                    builder.store(v.sum(builder.load(sums[i][j])), totals[i * wide + j])
            # What is left of the rows behind whole registers.
            with cgutils.for_range_slice(builder, whole, length, word(1), intp=I64) as (k, _):
                offset = builder.mul(k, word(v.size))

                def element(row: Any) -> Any:
                    return builder.load(builder.bitcast(builder.gep(row, [offset]), v.element.as_pointer()))

                factors = [element(row) for row in right]
                for i in range(high):
                    number = element(left[i])
                    for j in range(wide):
                        total = totals[i * wide + j]
                        product = builder.fmul(number, factors[j])
                        builder.store(builder.fadd(builder.load(total), product), total)
            return context.get_dummy_value()

        return types.void(*[types.int64] * 4), emit

    return multiply


@cache
def transpose(real: Real) -> Any:
    """An intrinsic that transposes a square of `real.lanes` elements a side.

    Its arguments are `source`, `source_row`, `target`, `target_row`: addresses, and the bytes from row to row.
    """

    @intrinsic
    def square(typing: Any, source: Any, source_row: Any, target: Any, target_row: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            source, source_row, target, target_row = values
            v = Vectors(builder, real.code, real.lanes)
            source, target = v.pointer(source), v.pointer(target)
            rows = [v.load(source, builder.mul(source_row, word(i))) for i in range(real.lanes)]
            for i, row in enumerate(v.transposed(rows)):
                v.store(row, target, builder.mul(target_row, word(i)))
            return context.get_dummy_value()

        return types.void(*[types.int64] * 4), emit

    return square


@cache
def spread(real: Real) -> Any:
    """An intrinsic that transposes a square of `real.lanes` elements a side into rows that lie anywhere.

    Its arguments are `source`, an address; `source_row`, the bytes from row to row; `target`, an address; `offsets`,
    the address of a table: in bytes, where each row of the result lies behind `target`.
    """

    @intrinsic
    def square(typing: Any, source: Any, source_row: Any, target: Any, offsets: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            source, source_row, target, offsets = values
            v, table = Vectors(builder, real.code, real.lanes), builder.inttoptr(offsets, I64.as_pointer())
            source, target = v.pointer(source), v.pointer(target)
            rows = [v.load(source, builder.mul(source_row, word(i))) for i in range(real.lanes)]
            for i, row in enumerate(v.transposed(rows)):
                v.store(row, target, builder.load(builder.gep(table, [word(i)])))
            return context.get_dummy_value()

        return types.void(*[types.int64] * 4), emit

    return square


@cache
def sum_registers(real: Real) -> Any:
    """An intrinsic that adds up registers' worth of elements.

    Its arguments are `source`, an address; `count`, how many registers, at least one; `step`, the bytes from one to the
    next; `target`, the address of the sum.
    """

    @intrinsic
    def total(typing: Any, source: Any, count: Any, step: Any, target: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            source, count, step, target = values
            v = Vectors(builder, real.code, real.lanes)
            source, target = v.pointer(source), v.pointer(target)
            held = cgutils.alloca_once_value(builder, v.load(source, word(0)))
            with cgutils.for_range_slice(builder, word(1), count, word(1), intp=I64) as (index, _):
                more = v.load(source, builder.mul(index, step))
                builder.store(builder.fadd(builder.load(held), more), held)
            v.store(builder.load(held), target, word(0))
            return context.get_dummy_value()

        return types.void(*[types.int64] * 4), emit

    return total
