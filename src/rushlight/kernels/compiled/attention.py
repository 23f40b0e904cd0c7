"""Scaled dot-product attention: ``softmax(q @ k.T * scale + mask) @ v``, without an array of all weights.

Queries are taken a block at a time, whose weights stay in the cache. Arrays are ``(N, H, L, E)``, the elements of a row
side by side; how far apart matrices and rows are is told.
"""

import math
from typing import Any

from numba import njit

from .builder import Real, kernel
from .functions import exp, log
from .matmul import make_pack
from .products import TABLES, make_multiply
from .simd import address, ahead, double, integer, load, local_words, store
from .softmax import make_maximum, make_sum

# Where the arguments begin: behind the arrays, the sizes, and the steps of each array.
_SIZES, _STEPS = 12, 20


def _scored(real: Real) -> Any:
    """``(x, count, seen, scale, mask, masked)``: scores are scaled, masked, and -inf for keys from `seen` on."""
    lowest = real.type(-math.inf)

    @njit
    def scored(x, count, seen, scale, mask, masked):
        if masked:
            for i in range(count):
                store(x, i, load(x, i) * scale + load(mask, i))
        else:
            for i in range(count):
                store(x, i, load(x, i) * scale)
        for i in range(seen, count):
            x[i] = lowest

    return scored


# The arguments of both kernels. Arrays: q, k, v, mask (or 0), result, logarithms of the sums; backward alone: g, the
# gradients of q, k and v; room for each thread. Sizes: H, L, S, E, queries a block, whether a query sees no later
# key, elements of a thread's room, whether there is a mask. Steps, in elements: from matrix to matrix of the first
# dimension, of the second, and from row to row, of q, k, v, result, mask, g and the gradients. The scale.
_SCALE = _STEPS + 9 * 3


def _settings(real: Real) -> Any:
    """``(args)``: the sizes without that of the room, and the scale."""
    kind = real.type

    @njit
    def settings(args):
        return (
            integer(args, _SIZES), integer(args, _SIZES + 1), integer(args, _SIZES + 2), integer(args, _SIZES + 3),
            integer(args, _SIZES + 4), integer(args, _SIZES + 5) != 0, integer(args, _SIZES + 7) != 0,
            kind(double(args, _SCALE)),
        )  # fmt: skip

    return settings


def forward(real: Real) -> Any:
    """The result and the logarithms; a piece of work is a block of queries."""
    read, size, kind = real.read, real.size, real.type
    pack, multiply, scored, place = make_pack(real), make_multiply(real), _scored(real), local_words(TABLES)
    settings = _settings(real)
    maximum, add = make_maximum(real), make_sum(real)
    spare = 4 * real.lanes

    @kernel
    def forward(args, begin, end, thread):
        heads, length, keys, width, block, causal, masked, scale = settings(args)
        room = ahead(read(args, 10), thread * integer(args, _SIZES + 6))
        packed_keys = room
        packed_values = ahead(packed_keys, width * (keys + spare))
        weights = ahead(packed_values, keys * (width + spare))
        table, blocks, held = place(), (length + block - 1) // block, -1
        for piece in range(begin, end):
            matrix = piece // blocks
            n, h = matrix // heads, matrix % heads
            k_row, v_row = integer(args, _STEPS + 5), integer(args, _STEPS + 8)
            if matrix != held:
                k = ahead(read(args, 1), n * integer(args, _STEPS + 3) + h * integer(args, _STEPS + 4))
                v = ahead(read(args, 2), n * integer(args, _STEPS + 6) + h * integer(args, _STEPS + 7))
                pack(k, packed_keys, width, keys, size, k_row * size, 0, keys)
                pack(v, packed_values, keys, width, v_row * size, size, 0, width)
                held = matrix
            first = (piece - matrix * blocks) * block
            rows = min(block, length - first)
            q_row, o_row = integer(args, _STEPS + 2), integer(args, _STEPS + 11)
            q = ahead(read(args, 0), n * integer(args, _STEPS) + h * integer(args, _STEPS + 1) + first * q_row)
            out = ahead(read(args, 4), n * integer(args, _STEPS + 9) + h * integer(args, _STEPS + 10) + first * o_row)
            multiply(
                table, address(q), q_row * size, size, rows, width, address(packed_keys), keys, address(weights),
                keys * size, 0,
            )  # fmt: skip
            sums = ahead(read(args, 5), matrix * length + first)
            for i in range(rows):
                x = ahead(weights, i * keys)
                mask = x
                if masked:
                    mask = ahead(
                        read(args, 3),
                        n * integer(args, _STEPS + 12) + h * integer(args, _STEPS + 13)
                        + (first + i) * integer(args, _STEPS + 14),
                    )  # fmt: skip
                scored(x, keys, min(first + i + 1, keys) if causal else keys, scale, mask, masked)
                most = maximum(x, keys)
                if most == -math.inf:
                    most = kind(0)
                for j in range(keys):
                    store(x, j, exp(load(x, j) - most))
                total = kind(add(x, keys))
                sums[i] = log(total) + most
                share = kind(1) / total if total != 0 else kind(1)
                for j in range(keys):
                    store(x, j, load(x, j) * share)
            multiply(
                table, address(weights), keys * size, size, rows, keys, address(packed_values), width, address(out),
                o_row * size, 0,
            )  # fmt: skip

    return forward


def backward(real: Real) -> Any:
    """The gradients of q, k and v; a piece of work is one matrix of each."""
    read, size, kind = real.read, real.size, real.type
    pack, multiply, scored, place = make_pack(real), make_multiply(real), _scored(real), local_words(TABLES)
    settings = _settings(real)
    spare = 4 * real.lanes

    @kernel
    def backward(args, begin, end, thread):
        heads, length, keys, width, block, causal, masked, scale = settings(args)
        across, down = width * (keys + spare), keys * (width + spare)
        keys_across = ahead(read(args, 10), thread * integer(args, _SIZES + 6))
        values_across = ahead(keys_across, across)
        keys_down = ahead(values_across, across)
        queries, slopes_down = ahead(keys_down, down), ahead(keys_down, down + block * (width + spare))
        weights = ahead(slopes_down, block * (width + spare))
        slopes = ahead(weights, block * keys)
        table = place()
        for matrix in range(begin, end):
            n, h = matrix // heads, matrix % heads
            q_row, k_row, v_row = integer(args, _STEPS + 2), integer(args, _STEPS + 5), integer(args, _STEPS + 8)
            o_row, g_row = integer(args, _STEPS + 11), integer(args, _STEPS + 17)
            by_q_row, by_k_row = integer(args, _STEPS + 20), integer(args, _STEPS + 23)
            by_v_row = integer(args, _STEPS + 26)
            k = ahead(read(args, 1), n * integer(args, _STEPS + 3) + h * integer(args, _STEPS + 4))
            v = ahead(read(args, 2), n * integer(args, _STEPS + 6) + h * integer(args, _STEPS + 7))
            pack(k, keys_across, width, keys, size, k_row * size, 0, keys)
            pack(v, values_across, width, keys, size, v_row * size, 0, keys)
            pack(k, keys_down, keys, width, k_row * size, size, 0, width)
            by_k = ahead(read(args, 8), n * integer(args, _STEPS + 21) + h * integer(args, _STEPS + 22))
            by_v = ahead(read(args, 9), n * integer(args, _STEPS + 24) + h * integer(args, _STEPS + 25))
            for first in range(0, length, block):
                rows = min(block, length - first)
                q = ahead(read(args, 0), n * integer(args, _STEPS) + h * integer(args, _STEPS + 1) + first * q_row)
                out = ahead(
                    read(args, 4), n * integer(args, _STEPS + 9) + h * integer(args, _STEPS + 10) + first * o_row
                )
                g = ahead(
                    read(args, 6), n * integer(args, _STEPS + 15) + h * integer(args, _STEPS + 16) + first * g_row
                )
                by_q = ahead(
                    read(args, 7), n * integer(args, _STEPS + 18) + h * integer(args, _STEPS + 19) + first * by_q_row
                )
                multiply(
                    table, address(q), q_row * size, size, rows, width, address(keys_across), keys, address(weights),
                    keys * size, 0,
                )  # fmt: skip
                multiply(
                    table, address(g), g_row * size, size, rows, width, address(values_across), keys, address(slopes),
                    keys * size, 0,
                )  # fmt: skip
                sums = ahead(read(args, 5), matrix * length + first)
                for i in range(rows):
                    x, y = ahead(weights, i * keys), ahead(slopes, i * keys)
                    mask = x
                    if masked:
                        mask = ahead(
                            read(args, 3),
                            n * integer(args, _STEPS + 12) + h * integer(args, _STEPS + 13)
                            + (first + i) * integer(args, _STEPS + 14),
                        )  # fmt: skip
                    scored(x, keys, min(first + i + 1, keys) if causal else keys, scale, mask, masked)
                    whole = 0.0
                    for j in range(width):
                        whole += float(g[i * g_row + j]) * float(out[i * o_row + j])
                    away = kind(whole)
                    less = sums[i] if sums[i] != -math.inf else kind(math.inf)
                    for j in range(keys):
                        store(x, j, exp(load(x, j) - less))
                    for j in range(keys):
                        store(y, j, load(x, j) * (load(y, j) - away) * scale)
                more = 1 if first > 0 else 0
                pack(g, slopes_down, rows, width, g_row * size, size, 0, width)
                pack(q, queries, rows, width, q_row * size, size, 0, width)
                multiply(
                    table, address(weights), size, keys * size, keys, rows, address(slopes_down), width,
                    address(by_v), by_v_row * size, more,
                )  # fmt: skip
                multiply(
                    table, address(slopes), keys * size, size, rows, keys, address(keys_down), width, address(by_q),
                    by_q_row * size, 0,
                )  # fmt: skip
                multiply(
                    table, address(slopes), size, keys * size, keys, rows, address(queries), width, address(by_k),
                    by_k_row * size, more,
                )  # fmt: skip

    return backward
