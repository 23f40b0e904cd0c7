"""A case, which is run with PyTorch and with Rushlight, and what counts as the same outcome."""

import os
import re
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np
import torch

import rushlight

from .compare import difference
from .excluded import IMPRECISE, TIES
from .translate import Missing, Translation, numbers, translated

SEED = int(os.environ.get("RUSHLIGHT_CONFORMANCE_SEED", "0"))


class Side:
    """One of the two libraries, with its form of a sample's inputs.

    Attributes:
        torch: the library.
        input, args, kwargs: the sample's inputs.
        operator: the entry's function.
        translate: makes of a function of PyTorch's one of this side's.
    """

    def __init__(self, entry, sample, theirs):
        self.theirs = theirs
        self.torch = torch if theirs else rushlight
        self.entry = entry
        self.sample = sample
        inputs = (sample.input, sample.args, sample.kwargs)
        self.translation = None if theirs else Translation()
        self.input, self.args, self.kwargs = inputs if theirs else self.translation(inputs)
        self.operator = entry.info.op if theirs else entry.ours

    def translate(self, function):
        return function if self.theirs else self.entry.variant(function)

    def process(self, result):
        """The result without the freedom that the operator has, such as the signs of eigenvectors."""
        function = self.sample.output_process_fn_grad
        return (function if self.theirs else translated(function))(result)

    def wrapped(self, *args, **kwargs):
        """The operator as PyTorch differentiates it: of inputs that it is meant for, such as Hermitian ones."""
        wrapper = self.entry.info.gradcheck_wrapper
        return (wrapper if self.theirs else translated(wrapper))(self.operator, *args, **kwargs)

    def tensors(self, *values):
        """All tensors among the inputs, or in `values`."""
        found = []
        for v in values or (self.input, self.args, self.kwargs):
            if isinstance(v, self.torch.Tensor):
                found.append(v)
            elif isinstance(v, dict) and v:
                found += self.tensors(*v.values())
            elif isinstance(v, (list, tuple)) and v:
                found += self.tensors(*v)
        return found

    def mapped(self, function, value):
        """`value` with `function` applied to the tensors in it."""
        if isinstance(value, self.torch.Tensor):
            return function(value)
        if isinstance(value, dict):
            return {k: self.mapped(function, v) for k, v in value.items()}
        if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
            return type(value)(self.mapped(function, v) for v in value)
        return value

    def draw(self, like, seed):
        """Random numbers of the shape and dtype of a tensor, the same on both sides."""
        state = np.random.RandomState(seed)
        array = state.standard_normal(tuple(like.shape))
        if like.is_complex():
            array = array + 1j * state.standard_normal(tuple(like.shape))
        return self.torch.from_numpy(np.asarray(array)).to(like.dtype)

    def kind(self, result):
        """Whether a tensor is an input, looks at an input's memory, or is new."""
        if any(result is t for t in self.tensors()):
            return "an input itself"
        if not result.numel():
            return "empty"
        if self.theirs:
            memory = {t.untyped_storage().data_ptr() for t in self.tensors()}
            return "a view" if result.untyped_storage().data_ptr() in memory else "new"
        memory = self.translation.buffers.values()
        return "a view" if any(np.may_share_memory(result.detach()._data, b) for b in memory) else "new"


@dataclass
class Case:
    """A scenario to run on both sides.

    Attributes:
        label: which sample it is, in words.
        sample: the inputs.
        scenario: the function of a `Side`.
        error: a pattern that the text of the exception must match, if there is one.
        numeric: whether numbers are compared, or only types and shapes.
        precision: the dtype in which they were computed, where the results are of a finer one.
    """

    label: str
    sample: Any
    scenario: Callable[[Side], Any]
    error: str | None = None
    numeric: bool = True
    precision: str = "float64"


def run(entry, case):
    """The difference between the two sides in words, or None."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours = Side(entry, case.sample, theirs=False)
        theirs = Side(entry, case.sample, theirs=True)
        expected, wrong = _attempt(case, theirs)
        got, error = _attempt(case, ours)
        if wrong is not None:
            if error is None:
                return f"returns where PyTorch raises {type(wrong).__name__}: {_short(wrong)}"
            if type(error).__name__ != type(wrong).__name__:
                said = f"{type(error).__name__}: {_short(error)}"
                return f"raises {said} where PyTorch raises {type(wrong).__name__}: {_short(wrong)}"
            if case.error is not None and not re.search(case.error, str(error)):
                return f"says {_short(error)!r} where PyTorch says {_short(wrong)!r}"
            return None
        if error is not None:
            if isinstance(error, Missing):
                raise error
            text = f"raises {type(error).__name__}: {_short(error)}"
            if os.environ.get("RUSHLIGHT_CONFORMANCE_TRACE"):
                text += "\n" + "".join(traceback.format_exception(error))
            return text
        precision = "imprecise" if entry.info.name in IMPRECISE else case.precision
        alone = entry.elementwise
        found = difference(got, expected, numeric=case.numeric, precision=precision, alone=alone)
        if found is None or not case.numeric or difference(got, expected, numeric=False):
            return found
        if case.label.split(": ")[-1].startswith(_NARROW) and _more_exact(entry, case, got, expected):
            return None
        if entry.info.name in TIES and _same_elements(ours, TIES[entry.info.name], _result(got), _result(expected)):
            return None
        return _up_to_freedom(case, ours, theirs, got, expected, found)


_WIDER = {
    **dict.fromkeys((torch.float16, torch.bfloat16, torch.float32), torch.float64),
    **dict.fromkeys((torch.complex32, torch.complex64), torch.complex128),
}
_NARROW = tuple(str(dtype).removeprefix("torch.") for dtype in _WIDER)


def _more_exact(entry, case, got, expected):
    """Whether our numbers in few digits are at least as near to PyTorch's in double precision as PyTorch's own."""
    wide = case.sample.transform(lambda x: _widened(x) if isinstance(x, torch.Tensor) else _WIDER.get(x, x))
    exact, error = _attempt(case, Side(entry, wide, theirs=True))
    if error is not None:
        return False
    triples = list(zip(*(_floats(x) for x in (got, expected, exact))))
    with np.errstate(all="ignore"):
        return bool(triples) and all(_nearer(a, b, c) for a, b, c in triples)


def _nearer(a, b, c):
    """Whether every element of `a` is that of `b` up to rounding, or finite as that is and not farther from `c`."""
    same = (abs(a - b) <= 1e-6 * abs(b)) | (a == b) | (np.isnan(a) & np.isnan(b))
    return bool((same | (np.isfinite(b) & (abs(a - c) <= abs(b - c)))).all())


def _widened(t):
    return t.to(_WIDER.get(t.dtype, t.dtype)).requires_grad_(t.requires_grad)


def _floats(value):
    """The arrays of all floating-point tensors in a result, in double precision."""
    if isinstance(value, dict):
        value = [value[k] for k in value if k != "inputs"]
    if isinstance(value, (list, tuple)):
        return [a for v in value for a in _floats(v)]
    if isinstance(value, rushlight.Tensor):
        value = value.detach()._data
    elif isinstance(value, torch.Tensor):
        value = numbers(value)
    if not isinstance(value, np.ndarray):
        return []
    if value.dtype in (ml_dtypes.bfloat16, ml_dtypes.complex32):
        value = value.astype(np.float32 if value.dtype == ml_dtypes.bfloat16 else np.complex64)
    kinds = {"f": np.float64, "c": np.complex128}
    return [value.astype(kinds[value.dtype.kind])] if value.dtype.kind in kinds else []


def _same_elements(side, parameters, got, expected):
    """Whether the indices, which are the last result, are those of the same elements as PyTorch's."""
    given = dict(zip(parameters, side.args)) | side.kwargs
    if isinstance(got, tuple):
        if difference(got[0], expected[0]):
            return False
        got, expected = got[1], expected[1]
    if given.get("stable"):
        return False
    array, dim = np.asarray(side.input.detach()._data), given.get("dim", -1)
    ours, theirs = got.numpy(), numbers(expected)
    if not array.ndim:
        return not ours.any()
    if ours.ndim < array.ndim:
        ours, theirs = np.expand_dims(ours, dim), np.expand_dims(theirs, dim)
    return bool((np.take_along_axis(array, ours, dim) == np.take_along_axis(array, theirs, dim)).all())


def _up_to_freedom(case, ours, theirs, got, expected, found):
    """The difference of the results without the operator's freedom, where the sample says how to take that away."""
    try:
        a, b = ours.process(_result(got)), theirs.process(_result(expected))
    except Exception:
        return found
    return difference(a, b, precision=case.precision) and found


def _result(value):
    """What the operator returned, or wrote to several tensors, among all that a scenario tells."""
    if not isinstance(value, dict):
        return value
    found = value["result"] if "result" in value else tuple(value["out"])
    return found[0] if "out" in value and len(found) == 1 else found


def _attempt(case, side):
    side.torch.manual_seed(SEED)
    try:
        return case.scenario(side), None
    except Exception as error:
        return None, error


def _short(error):
    lines = str(error).strip().splitlines() or [""]
    return lines[0][:160]
