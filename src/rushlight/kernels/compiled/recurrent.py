"""Steps of an LSTM, element by element; a piece of work is a row of the batch.

The gates of a row lie behind each other: input, forget, new, output.
"""

from typing import Any

from .builder import Real, kernel
from .functions import sigmoid, tanh
from .simd import ahead, integer, load, store


def forward(real: Real) -> Any:
    """Arguments: gates (replaced by what they become), what is added, cells before, cells, hidden; their size."""
    read = real.read

    @kernel
    def forward(args, begin, end, thread):
        size = integer(args, 5)
        for row in range(begin, end):
            gates, more = ahead(read(args, 0), 4 * row * size), ahead(read(args, 1), 4 * row * size)
            before, cells = ahead(read(args, 2), row * size), ahead(read(args, 3), row * size)
            hidden = ahead(read(args, 4), row * size)
            for j in range(size):
                enter = sigmoid(load(gates, j) + load(more, j))
                forget = sigmoid(load(gates, size + j) + load(more, size + j))
                new = tanh(load(gates, 2 * size + j) + load(more, 2 * size + j))
                leave = sigmoid(load(gates, 3 * size + j) + load(more, 3 * size + j))
                cell = forget * load(before, j) + enter * new
                store(gates, j, enter)
                store(gates, size + j, forget)
                store(gates, 2 * size + j, new)
                store(gates, 3 * size + j, leave)
                store(cells, j, cell)
                store(hidden, j, leave * tanh(cell))

    return forward


def backward(real: Real) -> Any:
    """The gradients of a step.

    Arguments: gates, cells before, cells, gradient of hidden, of the cells (replaced by that of those before), of the
    gates (result); the cells' size.
    """
    read, one = real.read, real.type(1)

    @kernel
    def backward(args, begin, end, thread):
        size = integer(args, 6)
        for row in range(begin, end):
            gates, before = ahead(read(args, 0), 4 * row * size), ahead(read(args, 1), row * size)
            cells, by_hidden = ahead(read(args, 2), row * size), ahead(read(args, 3), row * size)
            by_cells, by_gates = ahead(read(args, 4), row * size), ahead(read(args, 5), 4 * row * size)
            for j in range(size):
                enter, forget = load(gates, j), load(gates, size + j)
                new, leave = load(gates, 2 * size + j), load(gates, 3 * size + j)
                squashed, slope = tanh(load(cells, j)), load(by_hidden, j)
                cell = load(by_cells, j) + slope * leave * (one - squashed * squashed)
                store(by_gates, j, cell * new * enter * (one - enter))
                store(by_gates, size + j, cell * load(before, j) * forget * (one - forget))
                store(by_gates, 2 * size + j, cell * enter * (one - new * new))
                store(by_gates, 3 * size + j, slope * squashed * leave * (one - leave))
                store(by_cells, j, cell * forget)

    return backward
