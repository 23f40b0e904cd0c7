"""NumPy's functions of LAPACK without `numpy.linalg` around them.

Its checks, conversions and settings take several times as long as LAPACK on a small matrix. What is computed is the
same, in double precision, too. Where a matrix has no result, LAPACK's functions leave NaN, and then `numpy.linalg` says
what it is.
"""

from functools import lru_cache
from typing import Any

import numpy as np

from .numpy_common import count_nonzero

Array = np.ndarray

# They are not public: a version of NumPy that lacks one of them by these names computes by `numpy.linalg`.
routines: Any = getattr(np.linalg, "_umath_linalg", None)
_ROUTINES = """
    cholesky_lo cholesky_up det eig eigh_lo eigh_up eigvals eigvalsh_lo eigvalsh_up inv qr_complete qr_r_raw qr_reduced
    slogdet solve solve1 svd svd_f svd_s
""".split()

# The types in which matrices are computed, and their letters among the operands and results of a function.
_COMPUTED: dict[str, str] = {}
if all(hasattr(routines, name) for name in _ROUTINES):
    _COMPUTED |= {"f": "d", "d": "d", "F": "D", "D": "D"}


def _forms(operands: str, results: str) -> dict[str, str]:
    """A function's signature by the letter of its operands' type; ``x`` stands for that and ``r`` for the real one."""
    form = f"{operands}->{results}"
    return {c: form.replace("x", wide).replace("r", wide.lower()) for c, wide in _COMPUTED.items()}


_ONE, _TWO, _ROOTS, _PAIR = _forms("x", "x"), _forms("xx", "x"), _forms("x", "r"), _forms("x", "rx")
_TRIPLE, _SIGN = _forms("x", "xrx"), _forms("x", "xr")


def _there(found: Array) -> bool:
    """Whether every matrix has a result without NaN in its first place."""
    if found.ndim <= 2:
        first = found.item(0) if found.size else 0
        return bool(first == first)
    return not count_nonzero(np.isnan(found))


def _values_there(found: Array) -> bool:
    """Whether every matrix has values: those of a matrix are NaN together."""
    if found.ndim == 1 and found.size:
        first = found.item(0)
        return bool(first == first)
    return not count_nonzero(np.isnan(found))


def _in_columns(found: Array, dtype: np.dtype[Any]) -> Array:
    """Matrices in a type; one alone lies column by column, as LAPACK's do and PyTorch's."""
    return found.T.astype(dtype, order="C").T if found.ndim == 2 else found.astype(dtype, copy=False)


def inv(x: Array) -> Array:
    """See `numpy.linalg.inv`."""
    form = _ONE.get(x.dtype.char)
    if form is not None and _there(found := routines.inv(x, signature=form)):
        return _in_columns(found, x.dtype)
    return np.linalg.inv(x)


def solve(a: Array, b: Array) -> Array:
    """See `numpy.linalg.solve`, for matrices of right-hand sides or one vector."""
    form = _TWO.get(a.dtype.char)
    if form is not None and a.dtype == b.dtype:
        found = (routines.solve1 if b.ndim == 1 else routines.solve)(a, b, signature=form)
        if _there(found):
            return _in_columns(found, a.dtype)
    return _in_columns(np.linalg.solve(a, b), a.dtype)


def cholesky(x: Array, upper: bool) -> Array:
    """See `numpy.linalg.cholesky`."""
    form = _ONE.get(x.dtype.char)
    if form is not None:
        found = (routines.cholesky_up if upper else routines.cholesky_lo)(x, signature=form)
        if _there(found):
            return found.astype(x.dtype, copy=False)
    return np.linalg.cholesky(x, upper=upper)


def cholesky_of_one(x: Array, upper: bool) -> Array | None:
    """The Cholesky factor of one matrix, column by column; None where it has none, or is not finite."""
    # The other factor of the transposed matrix is this one, transposed.
    form = _ONE.get(x.dtype.char)
    if form is None:
        return None
    other = (routines.cholesky_lo if upper else routines.cholesky_up)(x.T, signature=form)
    flat = other.reshape(-1)
    total = flat.dot(flat)  # NaN if an element is
    return other.astype(x.dtype, copy=False).T if total - total == 0 else None


def det(x: Array) -> Any:
    """See `numpy.linalg.det`."""
    form = _ONE.get(x.dtype.char)
    if form is None:
        return np.linalg.det(x)
    found = routines.det(x, signature=form)
    return x.dtype.type(found) if x.ndim == 2 else found.astype(x.dtype)


def slogdet(x: Array) -> tuple[Any, Any]:
    """See `numpy.linalg.slogdet`."""
    form = _SIGN.get(x.dtype.char)
    if form is None:
        return np.linalg.slogdet(x)
    sign, size = routines.slogdet(x, signature=form)
    if x.ndim == 2 and x.dtype.kind == "f":
        kind = x.dtype.type
        return kind(sign), kind(size)
    return sign.astype(x.dtype), size.astype(x.real.dtype)


def eigh(x: Array, triangle: str) -> tuple[Array, Array]:
    """See `numpy.linalg.eigh`."""
    form = _PAIR.get(x.dtype.char)
    if form is not None:
        values, vectors = (routines.eigh_lo if triangle == "L" else routines.eigh_up)(x, signature=form)
        if _there(vectors):
            return values.astype(x.real.dtype, copy=False), _in_columns(vectors, x.dtype)
    values, vectors = np.linalg.eigh(x, triangle)
    return values, vectors


def eigvalsh(x: Array, triangle: str) -> Array:
    """See `numpy.linalg.eigvalsh`."""
    form = _ROOTS.get(x.dtype.char)
    if form is not None:
        found = (routines.eigvalsh_lo if triangle == "L" else routines.eigvalsh_up)(x, signature=form)
        if _values_there(found):
            return found.astype(x.real.dtype, copy=False)
    return np.linalg.eigvalsh(x, triangle)


def svd(x: Array, full: bool) -> tuple[Array, Array, Array]:
    """See `numpy.linalg.svd`."""
    form = _TRIPLE.get(x.dtype.char)
    if form is not None:
        u, values, vh = (routines.svd_f if full else routines.svd_s)(x, signature=form)
        if _values_there(values):
            return _in_columns(u, x.dtype), values.astype(x.real.dtype, copy=False), _in_columns(vh, x.dtype)
    u, values, vh = np.linalg.svd(x, full)
    return u, values, vh


def svdvals(x: Array) -> Array:
    """See `numpy.linalg.svdvals`."""
    form = _ROOTS.get(x.dtype.char)
    if form is not None:
        found = routines.svd(x, signature=form)
        if _values_there(found):
            return found.astype(x.real.dtype, copy=False)
    return np.linalg.svd(x, compute_uv=False)


def eig(x: Array) -> tuple[Array, Array]:
    """See `numpy.linalg.eig`, of finite elements; the results are complex."""
    code = x.dtype.char
    if code in _COMPUTED:
        values, vectors = routines.eig(x, signature=f"{_COMPUTED[code]}->DD")
        if _values_there(values):
            kind = _complex(x)
            return values.astype(kind, copy=False), _in_columns(vectors, kind)
    values, vectors = np.linalg.eig(x)
    return values.astype(_complex(x)), vectors.astype(_complex(x))


def eigvals(x: Array) -> Array:
    """See `numpy.linalg.eigvals`, of finite elements; the results are complex."""
    code = x.dtype.char
    if code in _COMPUTED:
        found = routines.eigvals(x, signature=f"{_COMPUTED[code]}->D")
        if _values_there(found):
            return found.astype(_complex(x), copy=False)
    return np.linalg.eigvals(x).astype(_complex(x))


def qr(x: Array, mode: str) -> tuple[Array | None, Array]:
    """See `numpy.linalg.qr`, for the modes ``"reduced"``, ``"complete"`` and ``"r"``; then Q is None."""
    wide = _COMPUTED.get(x.dtype.char)
    if wide is None or x.ndim > 2 or not x.size:
        found: Any = np.linalg.qr(x + 0, mode)  # type: ignore[call-overload]
        return (None, found) if mode == "r" else tuple(found)  # type: ignore[return-value]
    (m, n), q = x.shape, None
    made = np.add(x, 0, dtype=wide)  # a zero in the first place has no sign, which R would take on
    scales = routines.qr_r_raw(made)
    side = m if mode == "complete" else min(m, n)
    if mode != "r":
        function = routines.qr_complete if mode == "complete" and m > n else routines.qr_reduced
        q = function(made, scales).astype(x.dtype, copy=False)
    if side < m:
        made = made[:side]
    return q, np.where(_above(side, n), made, np.zeros((), wide)).astype(x.dtype, copy=False)


@lru_cache(64)
def _above(rows: int, columns: int) -> Array:
    """Whether an element of a matrix lies on the diagonal or above it."""
    return ~np.tri(rows, columns, -1, bool)


def _complex(x: Array) -> np.dtype[Any]:
    return _COMPLEX[x.dtype.char] if x.dtype.char in _COMPLEX else np.result_type(x.dtype, np.complex64)


_COMPLEX: dict[str, np.dtype[Any]] = {"f": np.dtype("F"), "d": np.dtype("D"), "F": np.dtype("F"), "D": np.dtype("D")}
