"""How tensors are written as text: `repr`, `str`, `format` and the printing options.

The rules are PyTorch's: all elements of a tensor share one width, one number of digits and one of three styles (whole
numbers with a trailing dot, fixed point, scientific), chosen from the finite nonzero elements that will be shown; a
tensor with more elements than `threshold` shows only `edgeitems` at both ends of each dimension.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from . import dtypes
from .kernels import complex_halves
from .kernels.sparse import SparseArray


@dataclass(slots=True)
class _Options:
    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}

_options = _Options()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Sets how tensors are printed. What is left at None keeps its value, except `sci_mode`.

    Args:
        precision: digits after the decimal point (4 at the start).
        threshold: tensors with more elements than this are summarised (1000 at the start).
        edgeitems: elements shown at each end of a summarised dimension (3 at the start).
        linewidth: columns after which the elements of one row continue on the next line (80 at the start).
        profile: "default", "short" or "full"; a set of the values above, applied before the other arguments.
        sci_mode: True for scientific notation, False for none, None to choose it by the elements' range.
    """
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    chosen = _PROFILES.get(profile or "", {}) | {name: value for name, value in given.items() if value is not None}
    for name, value in chosen.items():
        setattr(_options, name, value)
    _options.sci_mode = sci_mode


def get_printoptions() -> dict[str, Any]:
    """Returns the printing options as a dict whose items are arguments of `set_printoptions`."""
    return asdict(_options)


@contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """Changes the printing options inside a `with` block; takes the arguments of `set_printoptions`."""
    before = get_printoptions()
    set_printoptions(**options)
    try:
        yield
    finally:
        set_printoptions(**before)


def _float_texts(values: np.ndarray) -> tuple[list[str], int]:
    """Texts of the elements in the style that suits all of them, and their common width."""
    values = values.astype(np.float64).ravel()
    counted = np.isfinite(values) & (values != 0)
    if not counted.any():
        whole, scientific = True, False
    else:
        magnitudes = np.abs(values[counted])
        whole = bool((magnitudes == np.ceil(magnitudes)).all())
        smallest, largest = float(magnitudes.min()), float(magnitudes.max())
        scientific = largest / smallest > 1000.0 or largest > 1.0e8 or smallest < 1.0e-4
        if _options.sci_mode is not None:
            scientific = _options.sci_mode

    if scientific:
        form = f"{{:.{_options.precision}e}}".format
    elif whole:
        form = "{:.0f}.".format
    else:
        form = f"{{:.{_options.precision}f}}".format
    numbers = values.tolist()
    texts = [form(number) for number in numbers]
    if whole and not scientific:
        # Infinities and nan say by themselves that the elements are not integers.
        texts = [text if math.isfinite(number) else text[:-1] for text, number in zip(texts, numbers, strict=True)]
    width = max((len(texts[i]) for i in np.flatnonzero(counted).tolist()), default=1)
    return [text.rjust(width) for text in texts], width


def _complex_texts(values: np.ndarray) -> tuple[list[str], int]:
    """As `_float_texts`; real and imaginary parts each have a style and a width of their own."""
    real, real_width = _float_texts(values.real)
    imaginary, imaginary_width = _float_texts(values.imag)
    texts = []
    for left, right in zip(real, imaginary, strict=True):
        right = right.lstrip()
        texts.append(left + ("" if right[0] in "+-" else "+") + right + "j")
    return texts, real_width + imaginary_width + 1


def _integer_texts(values: np.ndarray) -> tuple[list[str], int]:
    texts = [str(value) for value in values.ravel().tolist()]
    width = max(map(len, texts))
    return [text.rjust(width) for text in texts], width


def _shown(array: np.ndarray) -> tuple[np.ndarray, list[bool]]:
    """The elements that a summary shows, and for each dimension whether it leaves some out."""
    edge = _options.edgeitems
    cut = [size > 2 * edge for size in array.shape]
    picks = [
        np.r_[:edge, size - edge : size] if short else np.arange(size)
        for size, short in zip(array.shape, cut, strict=True)
    ]
    return array[np.ix_(*picks)] if picks else array, cut


def format_array(array: np.ndarray, indent: int = 0) -> str:
    """Writes the elements of an array as PyTorch writes those of a tensor.

    Args:
        array: any shape; bool, integer, floating (also bfloat16 of ml_dtypes) or complex elements.
        indent: the column at which the text will start; lines after the first are moved right by it.

    Returns:
        The bracketed text, "[]" for an array without elements.
    """
    if array.size == 0:
        return "[]"
    summarise = array.size > _options.threshold
    if summarise and array.ndim and not _options.edgeitems:
        return "[...]"
    array, cut = _shown(array) if summarise else (array, [False] * array.ndim)
    if array.dtype.kind == complex_halves.KIND:
        array = array.astype(np.complex64)
    if array.dtype.kind == "c":
        texts, width = _complex_texts(array)
    elif array.dtype.kind in "biu":
        texts, width = _integer_texts(array)
    else:
        texts, width = _float_texts(array)
    if not array.ndim:
        return texts[0]

    edge = _options.edgeitems
    # A row: its elements, each followed by a comma and a space, broken into lines of at most `linewidth` columns.
    row_indent = indent + array.ndim - 1
    per_line = max(1, math.floor((_options.linewidth - row_indent) / (width + 2)))
    size = array.shape[-1]
    blocks = []
    for start in range(0, len(texts), size):
        row = texts[start : start + size]
        if cut[-1]:
            row.insert(edge, " ...")
        lines = [", ".join(row[i : i + per_line]) for i in range(0, len(row), per_line)]
        blocks.append("[" + (",\n" + " " * (row_indent + 1)).join(lines) + "]")
    # The enclosing dimensions, from the inside out; each sets its blocks apart by one more newline.
    for axis in reversed(range(array.ndim - 1)):
        size = array.shape[axis]
        separator = "," + "\n" * (array.ndim - axis - 1) + " " * (indent + axis + 1)
        inner, blocks = blocks, []
        for start in range(0, len(inner), size):
            block = inner[start : start + size]
            if cut[axis]:
                block.insert(edge, "...")
            blocks.append("[" + separator.join(block) + "]")
    return blocks[0]


def join_suffixes(text: str, suffixes: list[str], indent: int, apart: bool = False) -> str:
    """Appends `, suffix` for each suffix and the closing bracket, on a new line where `linewidth` would be passed.

    The first suffix gets a line of its own if they stand `apart`.
    """
    parts = [text]
    # PyTorch counts one column more than the last line has.
    column = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if apart or column + len(suffix) + 2 > _options.linewidth:
            apart = False
            parts.append(",\n" + " " * indent + suffix)
            column = indent + len(suffix)
        else:
            parts.append(", " + suffix)
            column += len(suffix) + 2
    return "".join(parts) + ")"


def tensor_repr(tensor: Any, contents: str | None = None) -> str:
    """Returns `repr(tensor)`: the elements, then what a reader could not guess from them.

    Suffixes name the device where it is not the CPU, the size where there are no elements to show it, the dtype where
    the elements do not imply it, then `grad_fn=<...>` or `requires_grad=True`, and the tangent of a dual tensor.

    Args:
        tensor: any Tensor.
        contents: text to show in place of the elements.
    """
    name = type(tensor).__name__
    prefix = "tensor(" if name in ("Tensor", "Parameter") else name + "("
    array, dtype, device = tensor._data, tensor.dtype, tensor.device
    default = dtypes.get_default_dtype()
    suffixes = []
    if device.type != "cpu":
        suffixes.append(f"device='{device}'")
    sparse = isinstance(array, SparseArray)
    if sparse:
        suffixes += [f"size={array.shape}", f"nnz={array.nnz}"]
        implied = dtype in (default, dtypes.int64, dtypes.bool_)
    elif array.size == 0:
        if array.ndim != 1:
            suffixes.append(f"size={tuple(array.shape)}")
        implied = dtype is default
    else:
        if not _options.edgeitems:
            suffixes.append(f"size={tuple(array.shape)}")
        complex_default = dtypes.complex128 if default is dtypes.float64 else dtypes.complex64
        implied = dtype in (default, complex_default, dtypes.int64, dtypes.bool_)
    if not implied:
        suffixes.append(f"dtype={dtype}")
    if sparse:
        suffixes.append("layout=torch.sparse_coo")
    if contents is None:
        contents = (_sparse_contents if sparse else format_array)(array, len(prefix))
    try:
        node = tensor.grad_fn
    except RuntimeError:
        # A view made and then changed without gradients has no history to rebuild.
        suffixes.append("grad_fn=<Invalid>")
    else:
        if node is not None:
            suffixes.append(f"grad_fn=<{type(node).__name__}>")
        elif tensor.requires_grad:
            suffixes.append("requires_grad=True")
    if tensor._tangent is not None:
        suffixes.append(f"tangent={tensor._tangent}")
    return join_suffixes(prefix + contents, suffixes, len(prefix), sparse)


def _sparse_contents(array: SparseArray, indent: int) -> str:
    """The places and the entries of a sparse array, each as a tensor."""
    parts = []
    for name, part in (("indices", array.indices), ("values", array.values)):
        prefix = f"{name}=tensor("
        size = "" if part.size else f", size={part.shape}"
        parts.append(f"{prefix}{format_array(part, indent + len(prefix))}{size})")
    return (",\n" + " " * indent).join(parts)
