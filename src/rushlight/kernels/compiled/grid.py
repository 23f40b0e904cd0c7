"""Images and volumes at arbitrary places, and the derivatives.

Places are taken in blocks, a register of them at a time. For each axis a place has a few *taps*: an index along the
axis (-1 outside of the image), a weight and its derivative by the place (see `numpy_grid`). They are multiplied out to
*entries*: positions in the image (or -1), each with a weight. What is left for each channel is a sum of products.

All kernels share these arguments: memory for the positions, memory for the numbers, and how many of both a thread has;
places an image, dims, the sizes of three axes (the first is 1 for images), mode, padding, align.
"""

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from .builder import Real, kernel
from .simd import I32, ahead, array_reader, integer
from .vector import Vector, fma, load, load_each, load_some, repeat, store, store_some, where

# Places a block; the most taps along an axis, and the most entries.
BLOCK, TAPS, ENTRIES = 128, 4, 16

NEAREST, BICUBIC, REFLECTION = 1, 2, 2


# ---------------------------------------------------------------------------------------------- vectors
def _rounding(name: str) -> Any:
    @intrinsic
    def rounded(typing: Any, vector: Any) -> Any:
        def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
            kind = values[0].type
            full = f"llvm.{name}.v{kind.count}f{sig.args[0].element.bitwidth}"
            return builder.call(
                cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind, [kind]), full), values
            )

        return vector(vector), emit

    return rounded


_floor, _trunc, _rint = _rounding("floor"), _rounding("trunc"), _rounding("rint")


@intrinsic
def _as_integers(typing: Any, vector: Any) -> Any:
    """Whole numbers as integers of the same width."""
    kind = Vector(types.int32 if vector.element == types.float32 else types.int64, vector.lanes)

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        return builder.fptosi(values[0], context.get_value_type(kind))

    return kind(vector), emit


@intrinsic
def _load_at(typing: Any, pointer: Any, positions: Any) -> Any:
    """The elements at positions behind a pointer; 0 where a position is negative."""
    kind = Vector(pointer.dtype, positions.lanes)

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        pointer, positions = values
        wanted, size = context.get_value_type(kind), kind.element.bitwidth // 8
        nothing = ir.Constant(wanted, [0] * kind.lanes)
        mask = builder.icmp_signed(">=", positions, ir.Constant(positions.type, [0] * kind.lanes))
        places = builder.gep(pointer, [positions], source_etype=wanted.element)
        places.type = ir.VectorType(wanted.element.as_pointer(), kind.lanes)  # llvmlite takes it for one address
        arguments = [places, ir.Constant(I32, size), mask, nothing]
        suffix = f"v{kind.lanes}f{size * 8}.v{kind.lanes}p0"
        function = ir.FunctionType(wanted, [a.type for a in arguments])
        called = cgutils.get_or_insert_function(builder.module, function, f"llvm.masked.gather.{suffix}")
        return builder.call(called, arguments)

    return kind(pointer, positions), emit


# ---------------------------------------------------------------------------------------------- tables
def _make_taps(real: Real) -> Any:
    """``taps(place, size, mode, padding, align, at, weight, slope)``: the taps of a register of places along one axis.

    Writes the taps' indices, weights and slopes, each `BLOCK` elements behind the one before; returns how many.
    """
    kind = real.type
    # The cubic convolution of a = -0.75, near and far from its centre; highest power first.
    near, far = (1.25, -2.25, 0.0, 1.0), (-0.75, 3.75, -6.0, 3.0)

    @njit(error_model="numpy")
    def inside(place, size, align, padding, slope):
        """A place moved inside as the padding says, and the derivative."""
        if padding == REFLECTION:
            low, span = (kind(0), kind(size - 1)) if align else (kind(-0.5), kind(size))
            away = place - low
            distance = where(away < 0, 0 - away, away)
            if span == 0:
                return repeat(kind(0)), repeat(kind(0))
            turns = _floor(distance / span)
            extra = fma(0 - turns, repeat(span), distance)
            odd = _floor(turns * 0.5) != turns * 0.5
            slope = where(away < 0, 0 - slope, slope)
            slope = where(odd, 0 - slope, slope)
            place = where(odd, span - extra, extra) + low
        last = kind(size - 1)
        slope = where((place > 0) & (place < last), slope, 0)
        place = where(place > 0, place, 0)
        return where(place < last, place, last), slope

    @njit
    def index(at, size):
        """Whole places as indices, -1 for those that do not exist."""
        exists = (at >= 0) & (at <= kind(size - 1))
        return where(exists, _as_integers(where(exists, at, 0)), -1)

    @njit
    def power(c, t):
        return ((t * c[0] + c[1]) * t + c[2]) * t + c[3]

    @njit
    def derived(c, t):
        return (t * (3 * c[0]) + 2 * c[1]) * t + c[2]

    @njit(error_model="numpy")
    def taps(place, size, mode, padding, align, at, weight, slope):
        unit = repeat(kind(size - 1 if align else size) * kind(0.5))
        if align:
            place = (place + 1) * 0.5 * kind(size - 1)
        else:
            place = ((place + 1) * kind(size) - 1) * 0.5
        if mode == BICUBIC:
            first = _floor(place)
            t = place - first
            u = 1 - t
            for i in range(4):
                moved = first + kind(i - 1)
                if padding != 0:
                    moved, _ = inside(moved, size, align, padding, moved)
                store(at, i * BLOCK, index(_trunc(moved), size))
            store(weight, 0, power(far, t + 1))
            store(weight, BLOCK, power(near, t))
            store(weight, 2 * BLOCK, power(near, u))
            store(weight, 3 * BLOCK, power(far, u + 1))
            store(slope, 0, derived(far, t + 1) * unit)
            store(slope, BLOCK, derived(near, t) * unit)
            store(slope, 2 * BLOCK, 0 - derived(near, u) * unit)
            store(slope, 3 * BLOCK, 0 - derived(far, u + 1) * unit)
            return 4
        if padding != 0:
            place, unit = inside(place, size, align, padding, unit)
        if mode == NEAREST:
            store(at, 0, index(_rint(place), size))
            store(weight, 0, repeat(kind(1)))
            return 1
        first = _floor(place)
        store(at, 0, index(first, size))
        store(at, BLOCK, index(first + 1, size))
        store(weight, 0, first + 1 - place)
        store(weight, BLOCK, place - first)
        store(slope, 0, 0 - unit)
        store(slope, BLOCK, unit)
        return 2

    return taps


def _make_entries(real: Real) -> Any:
    """``entries(args, first, grid, place, count, positions, numbers)``: the tables for a block of places.

    `first` is where the shared arguments begin. The tables are rows of `BLOCK` elements: in both `ENTRIES` of
    positions or weights, then the taps of each axis, and in `numbers` their slopes behind all weights. Returns how
    many taps and entries there are.
    """
    lanes, taps = real.lanes, _make_taps(real)

    @njit
    def entries(args, first, grid, place, count, positions, numbers):
        dims, mode = integer(args, first + 5), integer(args, first + 9)
        padding, align = integer(args, first + 10), integer(args, first + 11) != 0
        each, many = 1, 1
        for p in range(0, count, lanes):
            many = 1
            for axis in range(3 - dims, 3):
                size, row = integer(args, first + 6 + axis), (ENTRIES + axis * TAPS) * BLOCK + p
                at, weight = ahead(positions, row), ahead(numbers, row)
                coordinate = load_each(grid, (place + p) * dims + 2 - axis, dims, count - p)
                slope = ahead(weight, 3 * TAPS * BLOCK)
                each = taps(coordinate, size, mode, padding, align, at, weight, slope)
                for k in range(many - 1, -1, -1):
                    old, share = load(positions, k * BLOCK + p), load(numbers, k * BLOCK + p)
                    for t in range(each - 1, -1, -1):
                        new, factor = load(at, t * BLOCK), load(weight, t * BLOCK)
                        if axis > 3 - dims:
                            new = where((old < 0) | (new < 0), -1, old * size + new)
                            factor = share * factor
                        store(positions, (k * each + t) * BLOCK + p, new)
                        store(numbers, (k * each + t) * BLOCK + p, factor)
                many *= each
        return each, many

    return entries


# ---------------------------------------------------------------------------------------------- kernels
def sample(real: Real) -> Any:
    """The values at the places; a piece of work is a block of places of one image.

    Arguments: x, grid, y, channels, then the shared ones.
    """
    read, kind, lanes, entries = real.read, real.type, real.lanes, _make_entries(real)
    read_positions = array_reader(types.int32 if real.size == 4 else types.int64)

    @kernel
    def sample(args, begin, end, thread):
        positions = ahead(read_positions(args, 4), thread * integer(args, 6))
        weights = ahead(read(args, 5), thread * integer(args, 7))
        channels, places = integer(args, 3), integer(args, 8)
        plane = integer(args, 10) * integer(args, 11) * integer(args, 12)
        blocks = (places + BLOCK - 1) // BLOCK
        for piece in range(begin, end):
            n = piece // blocks
            start = (piece - n * blocks) * BLOCK
            count = min(BLOCK, places - start)
            _, many = entries(args, 4, read(args, 1), n * places + start, count, positions, weights)
            for c in range(n * channels, (n + 1) * channels):
                x, y = ahead(read(args, 0), c * plane), ahead(read(args, 2), c * places + start)
                for p in range(0, count, lanes):
                    whole = repeat(kind(0))
                    for i in range(p, many * BLOCK, BLOCK):
                        whole += _load_at(x, load(positions, i)) * load(weights, i)
                    if count - p >= lanes:
                        store(y, p, whole)
                    else:
                        store_some(y, p, whole, count - p)

    return sample


def spread(real: Real) -> Any:
    """The gradient by the images; a piece of work is some channels of an image.

    Arguments: g, grid, gx, channels, then the shared ones, and how many channels a piece has.
    """
    read, kind, entries = real.read, real.type, _make_entries(real)
    read_positions = array_reader(types.int32 if real.size == 4 else types.int64)

    @kernel
    def spread(args, begin, end, thread):
        positions = ahead(read_positions(args, 4), thread * integer(args, 6))
        weights = ahead(read(args, 5), thread * integer(args, 7))
        channels, places, group = integer(args, 3), integer(args, 8), integer(args, 16)
        plane = integer(args, 10) * integer(args, 11) * integer(args, 12)
        groups = (channels + group - 1) // group
        for piece in range(begin, end):
            n = piece // groups
            low = n * channels + (piece - n * groups) * group
            high = min(low + group, (n + 1) * channels)
            target = ahead(read(args, 2), low * plane)
            for i in range((high - low) * plane):
                target[i] = kind(0)
            for start in range(0, places, BLOCK):
                count = min(BLOCK, places - start)
                _, many = entries(args, 4, read(args, 1), n * places + start, count, positions, weights)
                for c in range(low, high):
                    g, gx = ahead(read(args, 0), c * places + start), ahead(read(args, 2), c * plane)
                    for p in range(count):
                        for i in range(p, many * BLOCK, BLOCK):
                            if positions[i] >= 0:
                                gx[positions[i]] += g[p] * weights[i]

    return spread


def slopes(real: Real) -> Any:
    """The gradient by the places; a piece of work is a block of places of one image.

    Arguments: x, grid, result, channels, then the shared ones, and g.
    """
    read, kind, lanes, entries = real.read, real.type, real.lanes, _make_entries(real)
    read_positions = array_reader(types.int32 if real.size == 4 else types.int64)

    @kernel
    def slopes(args, begin, end, thread):
        positions = ahead(read_positions(args, 4), thread * integer(args, 6))
        numbers = ahead(read(args, 5), thread * integer(args, 7))
        channels, places, dims = integer(args, 3), integer(args, 8), integer(args, 9)
        plane = integer(args, 10) * integer(args, 11) * integer(args, 12)
        blocks = (places + BLOCK - 1) // BLOCK
        for piece in range(begin, end):
            n = piece // blocks
            start = (piece - n * blocks) * BLOCK
            count = min(BLOCK, places - start)
            each, many = entries(args, 4, read(args, 1), n * places + start, count, positions, numbers)
            sums, found = (
                ahead(numbers, (ENTRIES + 6 * TAPS) * BLOCK),
                ahead(read(args, 2), (n * places + start) * dims),
            )
            for i in range(0, many * BLOCK, lanes):
                store(sums, i, repeat(kind(0)))
            for c in range(n * channels, (n + 1) * channels):
                x, g = ahead(read(args, 0), c * plane), ahead(read(args, 16), c * places + start)
                for p in range(0, count, lanes):
                    share = load_some(g, p, count - p, kind(0))
                    for i in range(p, many * BLOCK, BLOCK):
                        store(sums, i, fma(_load_at(x, load(positions, i)), share, load(sums, i)))
            for axis in range(3 - dims, 3):
                for p in range(0, count, lanes):
                    whole = repeat(kind(0))
                    for k in range(many):
                        part, rest = load(sums, k * BLOCK + p), k
                        for other in range(2, 2 - dims, -1):
                            row = ENTRIES + other * TAPS + rest % each + (3 * TAPS if other == axis else 0)
                            rest = rest // each
                            part *= load(numbers, row * BLOCK + p)
                        whole += part
                    store(sums, ENTRIES * BLOCK, whole)
                    for i in range(min(lanes, count - p)):
                        found[(p + i) * dims + 2 - axis] = sums[ENTRIES * BLOCK + i]

    return slopes
