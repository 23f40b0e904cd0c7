"""Why numbers differ: what rounding, PyTorch's rounding or a free choice explains, each by a check of the numbers.

Each check is given a line, PyTorch's tensors by name as they were before it, and both results; PyTorch computed its own
from the same operands as Rushlight.
"""

import re

import numpy as np
import torch

HALVES = (torch.float16, torch.bfloat16)
# So many roundings may an elimination make for each row.
ROUNDINGS = 32


def explained(line, operands, ours, theirs, near, index=None):
    """The reason why two results differ, or None.

    Args:
        line: the line that made them.
        operands: PyTorch's tensors by name, before the line.
        ours, theirs: tensors of PyTorch's, `ours` with the elements of Rushlight's result.
        near: a function of two arrays that says which elements agree up to rounding.
        index: which of several results they are.
    """
    if isinstance(theirs, (tuple, list)):
        reasons = [
            explained(line, operands, a, b, near, i) for i, (a, b) in enumerate(zip(ours, theirs, strict=True))
            if not _same(a, b, near)
        ]  # fmt: skip
        return reasons[0] if reasons and None not in reasons else None
    if not isinstance(theirs, torch.Tensor) or ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return None
    for check in (_linear_algebra, _free, _nearer_to_double):
        reason = (
            check(line, operands, ours, theirs, near)
            if check is not _nearer_to_double
            else check(line, operands, ours, theirs, near, index)
        )
        if reason is not None:
            return reason
    return None


def _same(ours, theirs, near):
    return (
        isinstance(theirs, torch.Tensor) and ours.shape == theirs.shape and near(as_array(ours), as_array(theirs)).all()
    )


# ------------------------------------------------------------------------------------------ rounding
def as_array(t):
    """A tensor's elements in double precision or, of integers, as they are."""
    t = t.detach().resolve_conj().resolve_neg()
    return (t.double() if t.is_floating_point() else t).numpy()


def nearer(ours, theirs, exact, near):
    """Whether each of our elements agrees with the exact ones or is at least as near to them as PyTorch's."""
    with np.errstate(all="ignore"):
        far, further = np.abs(ours - exact), np.abs(theirs - exact)
        same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
        return bool(np.all(same | near(ours, exact) | (far <= further)))


def in_double(line):
    """A line that makes tensors of double precision where it makes others of less."""
    line = re.sub(r"torch\.(float16|bfloat16|float32)", "torch.float64", line)
    return re.sub(r"\.(half|bfloat16|float)\(\)", ".double()", line)


def _nearer_to_double(line, operands, ours, theirs, near, index):
    """PyTorch rounds more than Rushlight: the same line in double precision tells."""
    if not (theirs.is_floating_point() or theirs.is_complex()) or theirs.dtype in (torch.float64, torch.complex128):
        return None
    wide = {n: t.double() if t.is_floating_point() else t for n, t in operands.items()}
    wide = {n: t.to(torch.complex128) if t.is_complex() else t for n, t in wide.items()}
    name = re.match(r"v\d+", line)[0]
    try:
        with torch.no_grad():
            exec(in_double(line), {"torch": torch, "float": float}, wide)
    except Exception:
        return None
    exact = wide[name] if index is None else wide[name][index]
    if (
        not isinstance(exact, torch.Tensor)
        or exact.shape != theirs.shape
        or exact.dtype.is_complex != ours.is_complex()
    ):
        return None
    exact = as_array(exact.to(theirs.dtype) if theirs.dtype in HALVES else exact)
    return "PyTorch rounds more" if nearer(as_array(ours), as_array(theirs), exact, near) else None


# ------------------------------------------------------------------------------------------ linear algebra
def _wide(t):
    array = as_array(t)
    return array.astype(np.clongdouble if array.dtype.kind == "c" else np.longdouble)


def _eps(t):
    return torch.finfo(t.dtype).eps if t.is_floating_point() or t.is_complex() else 1.0


def singular(matrices):
    """Whether some matrix is singular up to rounding, or not finite."""
    if not isinstance(matrices, torch.Tensor) or matrices.dim() < 2 or matrices.shape[-1] != matrices.shape[-2]:
        return False
    array = as_array(matrices)
    if not array.size:
        return False
    if not np.isfinite(array).all():
        return True
    values = np.linalg.svd(array.astype(complex), compute_uv=False)
    return bool((values[..., -1] <= ROUNDINGS * array.shape[-1] * _eps(matrices) * values[..., 0]).any())


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
    for matrix, value in zip(matrices.reshape(-1, *matrices.shape[-2:]), found.reshape(-1), strict=True):
        bound = ROUNDINGS * len(matrix) * eps * np.prod(np.sqrt((np.abs(matrix) ** 2).sum(1)))
        if not np.abs(value - determinant(matrix)) <= bound:
            return False
    return True


def _linear_algebra(line, operands, ours, theirs, near):
    call = re.search(r"torch\.(?:linalg\.)?(det|slogdet|inv|solve)\((v\d+)(?:, (v\d+))?\)", line)
    if not call:
        return None
    matrices = operands[call[2]]
    if matrices.dim() < 2 or not matrices.numel():
        return None
    if not bool(torch.isfinite(matrices).all()):
        return "what elimination makes of infinities and NaN depends on its order"
    a, found, eps = _wide(matrices), _wide(ours), _eps(matrices)
    n = a.shape[-1]
    with np.errstate(all="ignore"):
        if call[1] == "det":
            same = _determinants_agree(a, found, eps)
        elif call[1] == "slogdet":
            exact = [np.abs(determinant(m)) for m in a.reshape(-1, n, n)]
            bounds = [ROUNDINGS * n * eps * np.prod(np.sqrt((np.abs(m) ** 2).sum(1))) for m in a.reshape(-1, n, n)]
            logs = found.real.reshape(-1)
            same = all(
                np.abs(np.exp(x) - e) <= b + np.exp(x) * eps * ROUNDINGS
                for x, e, b in zip(logs, exact, bounds, strict=True)
            )
        else:
            b = np.eye(n, dtype=a.dtype) if call[1] == "inv" else _wide(operands[call[3]])
            if b.ndim == 1 or not np.isfinite(found).all():
                return "the matrix is singular up to rounding" if singular(matrices) else None
            rest = np.abs(b - a @ found).max()
            size = np.abs(a).sum(-1).max() * np.abs(found).max() + np.abs(b).max()
            same = rest <= ROUNDINGS * n * eps * size
    return "the matrix is nearly singular: both solve a problem that differs from it by rounding" if same else None


# ------------------------------------------------------------------------------------------ free choices
def _free(line, operands, ours, theirs, near):
    a, b = as_array(ours), as_array(theirs)
    with np.errstate(all="ignore"):
        other = np.asarray(~((a == b) | (np.isnan(a) & np.isnan(b)) | near(a, b)))
    call = re.search(r"torch\.(signbit|copysign|logcumsumexp)\((v\d+)(?:, (v\d+|[^)]*))?", line)
    if call and call[1] in ("signbit", "copysign"):
        source = operands.get(call[3] if call[1] == "copysign" else call[2])
        if isinstance(source, torch.Tensor) and bool(
            torch.isnan(source.expand(ours.shape))[torch.from_numpy(other)].all()
        ):
            return "the sign of a NaN"
    if call and call[1] == "logcumsumexp" and a.dtype.kind == "c":
        turns = (a - b).imag / (2 * np.pi)
        if np.all(~other | (np.abs((a - b).real) <= 1e-6) & (np.abs(turns - np.rint(turns)) <= 1e-6)):
            return "the sign of a zero decides between pi and -pi in PyTorch's logarithm"
    return None


def singular_matrix(line, operands):
    """The reason why only one of both refuses a matrix as singular, or None."""
    call = re.search(r"torch\.linalg\.(?:inv|solve)\((v\d+)", line)
    if call and singular(operands.get(call[1])):
        return "the matrix is singular up to rounding"
    return None
