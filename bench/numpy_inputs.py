"""On what the calls of `bench.numpy_pairs` work."""

from collections.abc import Callable

import numpy as np

# What a name in a call stands for: arrays of about n * n elements, and what else calls need, made of a generator and n.
INPUTS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "x": lambda g, n: g.standard_normal((n, n), np.float32),
    "y": lambda g, n: g.standard_normal((n, n), np.float32),
    "p": lambda g, n: g.uniform(0.05, 0.95, (n, n)).astype(np.float32),
    "q": lambda g, n: g.uniform(0.05, 0.95, (n, n)).astype(np.float32),
    "one": lambda g, n: g.uniform(0.998, 1.002, (n, n)).astype(np.float32),
    "x64": lambda g, n: g.standard_normal((n, n)),
    "z": lambda g, n: (g.standard_normal((n, n)) + 1j * g.standard_normal((n, n))).astype(np.complex64),
    "w": lambda g, n: (g.standard_normal((n, n)) + 1j * g.standard_normal((n, n))).astype(np.complex64),
    "i": lambda g, n: g.integers(0, 9, (n, n)),
    "j": lambda g, n: g.integers(1, 9, (n, n)),
    "i32": lambda g, n: g.integers(0, 9, (n, n), np.int32),
    "u8": lambda g, n: g.integers(0, 255, (n, n), np.uint8),
    "b": lambda g, n: g.random((n, n)) < 0.5,
    "c": lambda g, n: g.random((n, n)) < 0.5,
    "true": lambda g, n: np.ones((n, n), bool),
    "holes": lambda g, n: np.where(g.random((n, n)) < 0.1, np.nan, g.standard_normal((n, n))).astype(np.float32),
    "row": lambda g, n: g.standard_normal(n, np.float32),
    "column": lambda g, n: g.standard_normal((n, 1), np.float32),
    "flat": lambda g, n: g.standard_normal(n * n, np.float32),
    "flat2": lambda g, n: g.standard_normal(n * n, np.float32),
    "counts": lambda g, n: g.integers(0, n, n * n),
    "edges": lambda g, n: np.sort(g.standard_normal(n, np.float32)),
    "rows": lambda g, n: g.integers(0, n, n),
    "at": lambda g, n: g.integers(0, n, (n, n)),
    "cube": lambda g, n: g.standard_normal((8, max(1, n // 3), max(1, n // 3)), np.float32),
    "cube2": lambda g, n: g.standard_normal((8, max(1, n // 3), max(1, n // 3)), np.float32),
    "threes": lambda g, n: g.standard_normal((max(1, n * n // 3), 3), np.float32),
    "threes2": lambda g, n: g.standard_normal((max(1, n * n // 3), 3), np.float32),
    "regular": lambda g, n: g.standard_normal((n, n), np.float32) / n**0.5 + 3 * np.eye(n, dtype=np.float32),
    "lower": lambda g, n: np.tril(g.standard_normal((n, n), np.float32) / n + 3 * np.eye(n, dtype=np.float32)),
    "definite": lambda g, n: (lambda a: a @ a.T / n + 3 * np.eye(n, dtype=np.float32))(
        g.standard_normal((n, n), np.float32)
    ),
    "into": lambda g, n: np.zeros((n, n), np.float32),
}
