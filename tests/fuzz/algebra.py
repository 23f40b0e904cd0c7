"""Why results of linear algebra differ where matrices are singular or not finite: each by a check of the numbers.

Whether a pivot is zero, and what a factorization finds beside it, is decided by roundings within LAPACK. What PyTorch's
LAPACK makes of matrices that are not finite depends on its code for each processor.
"""

import re

import numpy as np
import torch

import rushlight

from .values import to_torch

# So many roundings may an elimination make for each row.
ROUNDINGS = 32

PIVOT = "a pivot is zero up to rounding, which LAPACK's order of operations decides"
SOLVED = "the matrix is nearly singular: both solve a problem that differs from it by rounding"
SINGULAR = "the matrix is singular up to rounding"
FACTORS = "the matrix is singular up to rounding: factors are not unique"
TIES = "two numbers that may become a pivot are equally large up to rounding, which decides between them"
DERIVATIVE = (
    "a matrix that is singular or not finite, or has two equal singular values, has no derivative of its factors"
)

CROSS = "PyTorch rounds a cross product's terms, or overflows, as its code for the processor does"

# Which differences of exceptions are matters of linear algebra.
REFUSALS = r"_LinAlgError|U\[\d+,\d+\] is zero|linalg.lstsq: "

STRANGE = "what LAPACK makes of matrices that hold infinities or NaN is decided by its code for the processor"


# ------------------------------------------------------------------------------------------ what a line computes
def arguments(line, names, operands):
    """The first function of linear algebra in a line, and what it is given.

    Args:
        line: the line.
        names: a pattern of the names to look for.
        operands: PyTorch's tensors by name, before the line.

    Returns:
        The name and the values of the arguments that are given by place; None if there is no such call.
    """
    call = re.search(rf"torch\.(?:linalg\.)?({names})\(", line)
    if not call:
        return None
    texts, depth, start = [], 1, call.end()
    for i in range(start, len(line)):
        depth += (line[i] in "([{") - (line[i] in ")]}")
        if not depth or (depth == 1 and line[i] == ","):
            texts.append(line[start:i].strip())
            start = i + 1
        if not depth:
            break
    values = {n: t.detach() if isinstance(t, torch.Tensor) else t for n, t in operands.items()}
    try:
        found = [eval(t, {"torch": torch, "float": float}, values) for t in texts if not re.match(r"\w+=", t)]
    except Exception:
        return None
    return (call[1], found) if found else None


def _matrices(name, given):
    """What a call of linear algebra factorizes, of two dimensions and more; None if that is none."""
    x = given[0]
    if not isinstance(x, torch.Tensor) or not x.numel() or not (x.is_floating_point() or x.is_complex()):
        return None
    if name == "tensorinv":
        ind = given[1] if len(given) > 1 else 2
        x = x.reshape(int(np.prod(x.shape[:ind])), -1)
    return x if x.dim() > 1 else None


def as_array(t):
    """A tensor's elements in double precision or, of integers, as they are."""
    t = t.detach().resolve_conj().resolve_neg()
    t = t.to(torch.complex64) if t.dtype is torch.complex32 else t
    return (t.double() if t.is_floating_point() else t).numpy()


def _wide(t):
    array = as_array(t)
    return array.astype(np.clongdouble if array.dtype.kind == "c" else np.longdouble)


def _eps(t):
    return torch.finfo(t.dtype).eps if t.is_floating_point() or t.is_complex() else 1.0


def _each(t):
    """The matrices of a batch."""
    return t.reshape(-1, *t.shape[-2:])


# ------------------------------------------------------------------------------------------ singular matrices
def singular(matrices):
    """Whether the first columns of some matrix, as many as it has rows, depend on each other up to rounding.

    Of columns that are not finite nothing is asked.
    """
    if not isinstance(matrices, torch.Tensor) or matrices.dim() < 2 or not matrices.numel():
        return False
    k = min(matrices.shape[-2:])
    for matrix in _each(as_array(matrices)):
        columns = matrix[:, :k][:, np.isfinite(matrix[:, :k]).all(0)].astype(complex)
        values = np.linalg.svd(columns, compute_uv=False) if columns.size else np.ones(1)
        if values[-1] <= ROUNDINGS * max(matrix.shape) * _eps(matrices) * values[0]:
            return True
    return False


def _eliminated(matrix, eps):
    """U by elimination with pivots in the precision of an array, and the first pivot that is zero up to rounding."""
    m = matrix.copy()
    small = ROUNDINGS * max(m.shape) * eps * np.abs(m).max()
    for k in range(min(m.shape)):
        pivot = k + int(np.argmax(np.abs(m[k:, k])))
        m[[k, pivot]] = m[[pivot, k]]
        if not np.abs(m[k, k]) > small:
            return m, k
        m[k + 1 :] -= np.outer(m[k + 1 :, k] / m[k, k], m[k])
    return m, min(m.shape)


def refused(line, operands, what):
    """The reason why only one of both refuses a matrix, which has a pivot that is zero up to rounding; or None.

    The pivot that is called zero must not come before the first one which is.
    """
    call = arguments(line, "lu_factor|inv|inv_ex|solve|tensorinv|matrix_power", operands)
    matrices = call and _matrices(*call)
    if matrices is None or not bool(torch.isfinite(matrices).all()):
        return SINGULAR if matrices is not None and singular(matrices) else None
    named = re.search(r"U\[(\d+),|diagonal element (\d+) is zero", what)
    last = int(named[1] or named[2]) if named else min(matrices.shape[-2:])
    # A power of a matrix is inverted, of which a pivot is as small as that of the matrix itself, or smaller.
    power = abs(call[1][1]) if call[0] == "matrix_power" else 1
    eps = _eps(matrices)
    for matrix in _each(_wide(matrices)):
        matrix = np.linalg.matrix_power(matrix.astype(complex), power) if power > 1 else matrix
        if _eliminated(matrix, eps)[1] < last:
            return PIVOT
    return None


def determinant(matrix):
    """The determinant by elimination with pivots, in the precision of the array."""
    m, sign = matrix.copy(), 1
    product = m.dtype.type(1)
    for k in range(len(m)):
        pivot = k + int(np.argmax(np.abs(m[k:, k])))
        if pivot != k:
            m[[k, pivot]], sign = m[[pivot, k]], -sign
        product *= m[k, k]
        if not m[k, k]:
            break
        m[k + 1 :] -= np.outer(m[k + 1 :, k] / m[k, k], m[k])
    return product * sign


def _determinants_agree(matrices, found, eps):
    """Whether determinants are those of matrices that differ from these by rounding."""
    for matrix, value in zip(_each(matrices), found.reshape(-1), strict=True):
        bound = ROUNDINGS * len(matrix) * eps * np.prod(np.sqrt((np.abs(matrix) ** 2).sum(1)))
        if not np.abs(value - determinant(matrix)) <= bound:
            return False
    return True


def solutions(line, operands, ours, theirs, near, index):
    """Determinants, inverses and solutions of systems are those of matrices that differ by rounding."""
    line = re.sub(r"lu_solve\(\*torch\.linalg\.lu_factor\(", "solve((", line)
    call = arguments(line, "det|logdet|slogdet|inv|inv_ex|solve|solve_ex|tensorinv|matrix_power|lstsq", operands)
    matrices = call and _matrices(*call)
    if matrices is None or not bool(torch.isfinite(matrices).all()):
        return None
    name, given = call
    a, found, eps = _wide(matrices), _wide(ours), _eps(matrices)
    n = a.shape[-1]
    with np.errstate(all="ignore"):
        if name == "det":
            same = _determinants_agree(a, found, eps)
        elif name == "logdet":
            same = _determinants_agree(a, np.where(np.isnan(found), 0, np.exp(found)), eps)
        elif name == "slogdet":
            exact = [np.abs(determinant(m)) for m in _each(a)]
            bounds = [ROUNDINGS * n * eps * np.prod(np.sqrt((np.abs(m) ** 2).sum(1))) for m in _each(a)]
            logs = found.real.reshape(-1)
            same = all(
                np.abs(np.exp(x) - e) <= b + np.exp(x) * eps * ROUNDINGS
                for x, e, b in zip(logs, exact, bounds, strict=True)
            )
        else:
            if name == "lstsq":
                return _solves_least_squares(a, _wide(given[1]), found, eps) if not singular(matrices) else None
            if name == "matrix_power":
                if given[1] >= 0:
                    return None
                a = np.stack([_power(m, -given[1]) for m in _each(a)]).reshape(a.shape)
            b = _wide(given[1]) if name.startswith("solve") else np.eye(n, dtype=a.dtype)
            if b.ndim == 1 or not np.isfinite(found).all():
                return SINGULAR if singular(matrices) else None
            found = found.reshape(a.shape) if name == "tensorinv" else found
            rest = np.abs(b - a @ found).max()
            size = np.abs(a).sum(-1).max() * np.abs(found).max() + np.abs(b).max()
            same = rest <= ROUNDINGS * n * eps * size
    return SOLVED if same else None


def _solves_least_squares(a, b, found, eps):
    """The reason if what solutions leave is orthogonal to the columns up to rounding; of wide matrices none is told."""
    if a.shape[-1] > a.shape[-2] or not np.isfinite(found).all():
        return None
    rest = np.abs(np.conjugate(a.mT) @ (b - a @ found)).max((-2, -1))
    sizes = np.linalg.norm(a, axis=(-2, -1)), np.linalg.norm(found, axis=(-2, -1)), np.linalg.norm(b, axis=(-2, -1))
    bound = ROUNDINGS * a.shape[-2] * eps * sizes[0] * (sizes[0] * sizes[1] + sizes[2])
    return SOLVED if (rest <= bound).all() else None


def cross(line, operands, ours, theirs, near, index):
    """Products of vectors that cancel differ by roundings of their terms, or one overflows as terms do.

    PyTorch's code for each processor rounds one of both terms, or none.
    """
    call = arguments(line, "cross", operands)
    if not call or len(call[1]) < 2:
        return None
    x, y = torch.broadcast_tensors(*call[1][:2])
    dims = re.search(r"dim=(-?\d+)", line)
    dim = int(dims[1]) if dims else call[1][2] if len(call[1]) > 2 else -1
    a, b, x, y = (np.moveaxis(as_array(t), dim, -1) for t in (ours, theirs, x, y))
    largest = torch.finfo(theirs.dtype).max if theirs.is_floating_point() else np.inf
    turned = [1, 2, 0], [2, 0, 1]
    with np.errstate(all="ignore"):
        terms = [np.abs(x[..., i] * y[..., j]) for i, j in (turned, turned[::-1])]
        size = terms[0] + terms[1]
        same = near(a, b) | (np.abs(a - b) <= 2 * _eps(theirs) * size)
        same |= ~(np.isfinite(a) & np.isfinite(b)) & np.isfinite(x[..., turned[0]] + y[..., turned[0]]) & (
            np.maximum(*terms) >= largest)  # fmt: skip
    return CROSS if same.all() else None


def _power(matrix, count):
    found = matrix
    for _ in range(count - 1):
        found = found @ matrix
    return found


def factors(line, operands, ours, theirs, near):
    """The reason why factors of a matrix differ that has a pivot which is zero up to rounding, or None.

    Ours must make the matrix, or, where a line has U alone, agree with exact elimination up to that pivot.
    """
    call = arguments(line, "lu|lu_factor|qr|geqrf", operands)
    matrices = call and _matrices(*call)
    if matrices is None or not bool(torch.isfinite(matrices).all()):
        return None
    if call[0] == "geqrf":
        applied = re.search("ormqr|householder_product", line)
        return FACTORS if applied and singular(matrices) and _turns(ours, theirs) else None
    if call[0] == "qr":
        return FACTORS if singular(matrices) and _makes_squares(ours, matrices) else None
    a, eps = _wide(matrices), _eps(matrices)
    found = [_eliminated(m, eps) for m in _each(a)]
    if all(last == min(a.shape[-2:]) for _, last in found):
        tied = not isinstance(ours, torch.Tensor) and any(_has_ties(m, eps) for m in _each(a))
        return TIES if tied and _makes_matrices(ours, a, eps) else None
    if isinstance(ours, torch.Tensor):
        upper = _each(_wide(ours))
        same = "lu_unpack" in line and upper.shape[-1] == a.shape[-1] and all(
            near(u[:last].astype(complex), np.triu(exact)[:last].astype(complex)).all() and not np.tril(u, -1).any()
            for u, (exact, last) in zip(upper, found, strict=True)
        )  # fmt: skip
        return FACTORS if same else None
    return FACTORS if _makes_matrices(ours, a, eps) else None


def _makes_matrices(ours, a, eps):
    """Whether P, L and U, or LAPACK's form of them, make matrices up to rounding, and L is that of pivots."""
    p, lower, upper = (_wide(t) for t in (ours if len(ours) == 3 else torch.lu_unpack(*ours)))
    bound = ROUNDINGS * max(a.shape[-2:]) * eps * np.abs(a).max() * 2 ** min(a.shape[-2:])
    return bool(np.abs(p @ lower @ upper - a).max() <= bound and np.abs(lower).max() <= 1.5)


def _has_ties(matrix, eps):
    """Whether two numbers that may become a pivot are equally large up to rounding, but in the first column."""
    m = matrix.copy()
    for k in range(min(m.shape)):
        sizes = np.abs(m[k:, k].real) + np.abs(m[k:, k].imag)
        pivot = k + int(sizes.argmax())
        if k and np.count_nonzero(sizes >= sizes.max() * (1 - ROUNDINGS * max(m.shape) * eps)) > 1:
            return True
        m[[k, pivot]] = m[[pivot, k]]
        m[k + 1 :] -= np.outer(m[k + 1 :, k] / m[k, k], m[k])
    return False


def _turns(ours, theirs):
    """Whether columns are as long as others, as those of two products of one matrix by orthogonal ones."""
    return ours.shape == theirs.shape and np.allclose(
        *(np.linalg.norm(as_array(t), axis=-2) for t in (ours, theirs)), 1e-4
    )


def _makes_squares(upper, matrices):
    """Whether R is upper triangular and ``R^H R`` is ``A^H A`` up to rounding."""
    if not isinstance(upper, torch.Tensor) or upper.dim() < 2 or upper.shape[-1] != matrices.shape[-1]:
        return False
    r, a = _wide(upper), _wide(matrices)
    bound = ROUNDINGS * max(a.shape[-2:]) * _eps(matrices) * np.square(np.abs(a)).sum((-2, -1))
    rest = np.abs(np.conjugate(r.mT) @ r - np.conjugate(a.mT) @ a).max((-2, -1))
    return bool((rest <= bound).all()) and not np.tril(r, -1).any()


# ------------------------------------------------------------------------------------------ derivatives
_WITHOUT = "(lambda r: tuple(t.detach() for t in r) if isinstance(r, tuple) else r.detach())"


def degenerate(line, operands):
    """Whether a line makes factors of a matrix at which they have no derivative, or PyTorch's of `det` is zero."""
    names = "inv|inv_ex|solve|solve_ex|tensorinv|matrix_power|lstsq|pinv|pinverse"
    call = arguments(line, f"qr|svd|svdvals|eigh|eigvalsh|eig|lu|lu_factor|det|slogdet|logdet|cond|{names}", operands)
    matrices = call and _matrices(*call)
    if matrices is None:
        return False
    if not bool(torch.isfinite(matrices).all()) or singular(matrices):
        return True
    if call[0] not in ("svd", "svdvals", "eigh", "eigvalsh", "eig", "cond"):
        return False
    for matrix in _each(as_array(matrices)):
        values = np.linalg.svd(matrix, compute_uv=False)
        if (-np.diff(values) <= ROUNDINGS * max(matrix.shape) * _eps(matrices) * values[0]).any():
            return True
    return False


def without_derivatives(lines, run):
    """A program in which no gradient goes through factors that have no derivative; None if there are no such.

    Args:
        lines: the program.
        run: runs a line with a library and its tensors by name.
    """
    found, some = [], False
    ours, theirs = {}, {}
    for line in lines:
        both = {n: to_torch(t) for n, t in ours.items()}, dict(theirs)
        run(line, rushlight, ours)
        run(line, torch, theirs)
        made = re.match(r"(v\d+ = )(.*)", line)
        if made and _WITHOUT not in line and any(degenerate(line, operands) for operands in both):
            line, some = f"{made[1]}{_WITHOUT}({made[2]})", True
        found.append(line)
    return found if some else None


# ------------------------------------------------------------------------------------------ matrices not finite
FACTORIZATIONS = (
    "cholesky|cholesky_ex|qr|lstsq|ldl_factor|eigh|eigvalsh|svd|svdvals|pinv|pinverse|matrix_rank|cond|lu|lu_factor|"
    "matrix_norm|cholesky_inverse|cholesky_solve|solve_triangular|inv|inv_ex|solve|solve_ex|tensorinv|matrix_power"
)
_FAILED = (
    r"failed to converge|not positive-definite|does not have full rank|is singular|contained non-finite|is zero|"
    r"has illegal value|INTERNAL ASSERT|should not contain infs"
)


def strange(line, operands, ours, theirs):
    """The reason why results differ of which some matrix holds infinities or NaN, or None.

    Args:
        line: the line.
        operands: PyTorch's tensors by name, before the line.
        ours, theirs: results, or errors' texts. Numbers of finite matrices, and beside numbers, must agree; if PyTorch
            refuses a matrix, ours must have no numbers but zeros.
    """
    call = arguments(line, FACTORIZATIONS, operands)
    matrices = call and _matrices(*call)
    if matrices is None:
        return None
    sides = [matrices, *(t for t in call[1][1:] if isinstance(t, torch.Tensor) and t.dim() > 1)]
    odd = np.logical_or.reduce(np.broadcast_arrays(*[~np.isfinite(as_array(t)).all((-2, -1)) for t in sides]))
    if not odd.any():
        return None
    texts = [t for t in (ours, theirs) if isinstance(t, str)]
    if texts:
        if not any(re.search(_FAILED, t) for t in texts):
            return None
        parts = () if isinstance(ours, str) else ours if isinstance(ours, tuple) else (ours,)
        return STRANGE if all(_without_numbers(call[0], t, odd) for t in parts) else None
    pairs = list(zip(ours, theirs, strict=True)) if isinstance(ours, tuple) else [(ours, theirs)]
    if call[0] in ("lu", "lu_factor") and len(pairs) > 1:  # NaN decides where rows go
        odd = odd & np.logical_and(*(np.any([_holes(t, odd) for t in side], 0) for side in zip(*pairs, strict=True)))
        return STRANGE if odd.any() and all(_agree(a, b, ~odd) for a, b in pairs) else None
    return STRANGE if all(_lost(a, b, odd) for a, b in pairs) else None


def _without_numbers(name, t, odd):
    """Whether a result has no numbers but zeros for matrices that are not finite; a Cholesky factor may have some."""
    a = as_array(t)
    if a.shape[: odd.ndim] != odd.shape:
        return False
    a = a.reshape(*odd.shape, -1)[odd]
    return bool(np.isinf(a).any(-1).all() if name.startswith("cholesky") else (~np.isfinite(a) | (a == 0)).all())


def _holes(t, odd):
    """For which matrices a result holds infinities or NaN."""
    return ~np.isfinite(as_array(t)).reshape(*odd.shape, -1).all(-1)


def _agree(ours, theirs, where):
    """Whether results for some of the matrices are the same up to rounding."""
    a, b = as_array(ours)[where], as_array(theirs)[where]
    return a.shape == b.shape and bool(np.allclose(a, b, 1e-4, 1e-4, equal_nan=True))


def _lost(ours, theirs, odd):
    """Whether results agree but in matrices that are not finite, where one of both has no number."""
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return False
    a, b = as_array(ours), as_array(theirs)
    if a.shape[: odd.ndim] != odd.shape:
        return False
    with np.errstate(all="ignore"):
        same = (np.abs(a - b) <= 1e-4 * (np.abs(b) + 1)) | (a == b) | (np.isnan(a) & np.isnan(b))
    lost = ~(np.isfinite(a) & np.isfinite(b)) & odd.reshape(*odd.shape, *[1] * (a.ndim - odd.ndim))
    return bool((same | lost).all())
