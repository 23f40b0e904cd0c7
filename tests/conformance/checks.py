"""The checks of an entry: what is run on both sides, and on which samples.

A check yields cases. A case is a sample and a scenario, a function of a `Side`, which is run twice: with PyTorch and
its inputs, and with Rushlight and ours. What the two return must be the same.
"""

import itertools
import os
import zlib

import torch
from torch.testing._internal.common_utils import set_rng_seed

from .cases import SEED, Case, run
from .excluded import UNDEFINED
from .translate import Missing

FULL = os.environ.get("RUSHLIGHT_CONFORMANCE") == "full"

VALUE = ("float64", "float32", "complex128", "bool", "int64")
OTHERS = ("float16", "bfloat16", "complex32", "complex64", "uint8", "int8", "int16", "int32")
DERIVATIVE = ("float64", "complex128")


def samples(entry, dtype, requires_grad=False, count=2, full=FULL):
    """The entry's samples of a dtype with their labels: all, or `count` of the first ones, others for another seed."""
    # Not by `sample_inputs`, which looks up the running test in the stack for each sample.
    set_rng_seed(SEED)
    made = entry.info.sample_inputs_func(entry.info, "cpu", dtype, requires_grad)
    if full:
        chosen = enumerate(made)
    else:
        first = list(enumerate(itertools.islice(made, 24)))
        step = max(1, len(first) // count)
        start = (zlib.crc32(entry.name.encode()) + SEED) % step
        chosen = first[start::step][:count]
    name = str(dtype).removeprefix("torch.")
    # All of them before the first is run, which sets the seed anew.
    for i, sample in list(chosen):
        yield f"{name} sample {i}", sample.transform(_leaf)


def _leaf(x):
    """A tensor that wants a gradient and gets it: a view that was made while nothing was recorded gets none."""
    if isinstance(x, torch.Tensor) and x.requires_grad and x._is_view() and x.grad_fn is None:
        return x.detach().requires_grad_()
    return x


# ------------------------------------------------------------------------------------------------------------ scenarios
def value(side):
    """The result, what kind of tensors it consists of, and the inputs afterwards."""
    result = side.operator(side.input, *side.args, **side.kwargs)
    found = side.tensors([result])
    return {"result": result, "kinds": [side.kind(t) for t in found], "inputs": side.tensors()}


def plain(side):
    """The result alone."""
    return side.operator(side.input, *side.args, **side.kwargs)


def outputs(side, call):
    """The results that have a gradient, and the inputs that want one."""
    processed = side.process(call(side.input, *side.args, **side.kwargs))
    results = [t for t in side.tensors([processed]) if t.requires_grad]
    return results, [t for t in side.tensors() if t.requires_grad]


def gradient(side, call=None):
    """The gradients of the inputs for random cotangents."""
    results, inputs = outputs(side, call or side.wrapped)
    if not results or not inputs:
        return len(results)
    cotangents = [side.draw(t, i) for i, t in enumerate(results)]
    return side.torch.autograd.grad(results, inputs, cotangents, allow_unused=True)


def second(side):
    """The gradients of the gradients, by the inputs and the cotangents."""
    results, inputs = outputs(side, side.wrapped)
    if not results or not inputs:
        return None
    cotangents = [side.draw(t, i).requires_grad_() for i, t in enumerate(results)]
    grads = side.torch.autograd.grad(results, inputs, cotangents, create_graph=True, allow_unused=True)
    weights = [None if g is None else side.draw(g, 100 + i) for i, g in enumerate(grads)]
    pairs = [(g, w) for g, w in zip(grads, weights) if g is not None and g.requires_grad]
    if not pairs:
        return (None,) * (len(inputs) + len(cotangents))
    first, weights = zip(*pairs)
    return tuple(side.torch.autograd.grad(first, inputs + cotangents, weights, allow_unused=True))


def tangent(side):
    """The tangents of the results for random tangents of the inputs."""
    forward = side.torch.autograd.forward_ad
    counter = itertools.count()

    def dual(t):
        return forward.make_dual(t.detach(), side.draw(t, next(counter))) if t.requires_grad else t

    with forward.dual_level():
        input, args, kwargs = (side.mapped(dual, v) for v in (side.input, side.args, side.kwargs))
        processed = side.process(side.wrapped(input, *args, **kwargs))
        pairs = [forward.unpack_dual(t) for t in side.tensors([processed])]
        return [p.tangent if p.primal.is_floating_point() or p.primal.is_complex() else None for p in pairs]


def variant(function):
    """The result of another form of the operator."""

    def scenario(side):
        return side.translate(function)(side.input, *side.args, **side.kwargs)

    return scenario


def alias(name):
    """The result of the operator's other name."""

    def scenario(side):
        found = side.torch
        for part in name.removeprefix("torch.").split("."):
            if not hasattr(found, part):
                raise Missing(f"torch.{name}")
            found = getattr(found, part)
        return found(side.input, *side.args, **side.kwargs)

    return scenario


def inplace(function, differentiate):
    """The input's clone after the in-place operator, or the gradient through it."""

    def call(side, input, *args, **kwargs):
        target = input.clone()
        result = side.translate(function)(target, *args, **kwargs)
        return (result, result is target) if not differentiate else result

    def scenario(side):
        def bound(*args, **kwargs):
            return call(side, *args, **kwargs)

        return gradient(side, bound) if differentiate else bound(side.input, *side.args, **side.kwargs)

    return scenario


def out(form):
    """The tensors given as ``out=`` after the operator, and whether it returned them."""

    def scenario(side):
        expected = side.operator(side.input, *side.args, **side.kwargs)
        if not isinstance(expected, (side.torch.Tensor, tuple)):
            return None
        several = isinstance(expected, tuple)
        given = [form(side, t.detach()) for t in (expected if several else (expected,))]
        side.torch.manual_seed(SEED)
        result = side.operator(side.input, *side.args, **side.kwargs, out=tuple(given) if several else given[0])
        returned = [a is b for a, b in zip(result if several else (result,), given)]
        return {"out": given, "returned": returned}

    return scenario


def _filled(t):
    return t.fill_(True if str(t.dtype) == "torch.bool" else 77)


def _right(side, t):
    return _filled(side.torch.empty_like(t))


def _gaps(side, t):
    return _filled(side.torch.empty(tuple(t.shape) + (2,), dtype=t.dtype))[..., 1]


def _wrong_shape(side, t):
    return _filled(side.torch.empty(tuple(t.shape) + (2,), dtype=t.dtype))


def _wider(side, t):
    wide = {"torch.float32": "float64", "torch.float64": "complex128", "torch.int64": "float32", "torch.bool": "uint8"}
    dtype = getattr(side.torch, wide.get(str(t.dtype), "complex128"))
    return _filled(side.torch.empty(tuple(t.shape), dtype=dtype))


def _narrower(side, t):
    narrow = {
        "torch.float64": "float32",
        "torch.float32": "int64",
        "torch.int64": "int32",
        "torch.complex128": "float64",
    }
    dtype = getattr(side.torch, narrow.get(str(t.dtype), "bool"))
    return _filled(side.torch.empty(tuple(t.shape), dtype=dtype))


OUT_FORMS = {"right": _right, "gaps": _gaps, "wrong shape": _wrong_shape, "wider": _wider, "narrower": _narrower}


# --------------------------------------------------------------------------------------------------------------- checks
def check_value(entry, full, dtypes=VALUE, count=2):
    """The result in the usual dtypes."""
    for dtype in entry.dtypes(dtypes):
        for label, sample in samples(entry, dtype, count=count, full=full):
            yield Case(label, sample, value, numeric=entry.info.name not in UNDEFINED)


def check_dtypes(entry, full):
    """The result in the other dtypes."""
    yield from check_value(entry, full, OTHERS, count=1)


def check_variants(entry, full):
    """The method, the Python operator and the aliases."""
    dtypes = entry.dtypes(VALUE)[:1]
    info = entry.info
    forms = [(f, variant(f)) for f in (info.method_variant, info.operator_variant) if f is not None]
    forms += [(a.name, alias(a.name)) for a in info.aliases]
    for dtype in dtypes if forms else ():
        for label, sample in samples(entry, dtype, count=1, full=full):
            for form, scenario in forms:
                form = getattr(form, "__name__", form)
                yield Case(f"{form}: {label}", sample, scenario, numeric=info.name not in UNDEFINED)


def check_noncontiguous(entry, full):
    """Value and gradient on inputs with gaps."""
    backward = entry.info.supports_autograd
    for dtype in entry.dtypes(("float64", "int64"))[:1]:
        grad = backward and dtype in entry.dtypes(("float64",), backward=True)
        for label, sample in samples(entry, dtype, requires_grad=grad, full=full):
            numeric = entry.info.name not in UNDEFINED
            yield Case(f"value: {label}", sample.noncontiguous(), plain, numeric=numeric)
            if grad:
                yield Case(f"gradient: {label}", sample.noncontiguous(), gradient, numeric=numeric)


def _derivative(scenario):
    def check(entry, full):
        for dtype in entry.dtypes(DERIVATIVE, backward=True):
            for label, sample in samples(entry, dtype, requires_grad=True, full=full):
                yield Case(label, sample, scenario, numeric=entry.info.name not in UNDEFINED)

    return check


def check_inplace(entry, full):
    """The in-place variants."""
    info = entry.info
    functions = [f for f in (info.inplace_variant, info.inplace_operator_variant) if f is not None]
    for function in functions:
        name = getattr(function, "__name__", "in place")
        for dtype in entry.dtypes(VALUE):
            for label, sample in samples(entry, dtype, count=1, full=full):
                if isinstance(sample.input, torch.Tensor):
                    yield Case(f"{name}: {label}", sample, inplace(function, False))
        if info.supports_autograd and info.supports_inplace_autograd:
            for dtype in entry.dtypes(DERIVATIVE, backward=True):
                for label, sample in samples(entry, dtype, requires_grad=True, full=full):
                    if isinstance(sample.input, torch.Tensor) and not sample.broadcasts_input:
                        yield Case(f"{name} gradient: {label}", sample, inplace(function, True))


def check_out(entry, full):
    """``out=`` of several forms."""
    for dtype in entry.dtypes(("float64", "float32", "int64")):
        for label, sample in samples(entry, dtype, count=1, full=full):
            for name, form in OUT_FORMS.items():
                numeric, precision = entry.info.name not in UNDEFINED, label.split()[0].replace("int64", "float32")
                yield Case(f"{name}: {label}", sample, out(form), numeric=numeric, precision=precision)


def _possible(sample):
    """Whether we can have the inputs: arrays have at most 64 dimensions, and there are no other devices."""
    tensors = []
    sample.transform(lambda x: tensors.append(x) if isinstance(x, torch.Tensor) else None)
    return all(t.dim() <= 64 and t.device.type == "cpu" for t in tensors)


def check_errors(entry, full):
    """PyTorch's error inputs."""
    set_rng_seed(SEED)
    for i, case in enumerate(entry.info.error_inputs_func(entry.info, "cpu")):
        if _possible(case.sample_input):
            yield Case(f"error {i}", case.sample_input, plain, error=case.error_regex)


def applicable(entry):
    """The checks that PyTorch's flags say there are for an entry, by name."""
    info = entry.info
    dtypes = entry.dtypes(DERIVATIVE, backward=True) if info.supports_autograd else []
    found = {"value": check_value, "dtypes": check_dtypes}
    if info.method_variant is not None or info.operator_variant is not None or info.aliases:
        found["variants"] = check_variants
    found["noncontiguous"] = check_noncontiguous
    if dtypes:
        found["gradient"] = _derivative(gradient)
        if info.supports_gradgrad:
            found["second"] = _derivative(second)
        if info.supports_forward_ad:
            found["tangent"] = _derivative(tangent)
        if torch.float64 in dtypes:
            from .changed import check_changed

            found["changed"] = check_changed
    if info.inplace_variant is not None or info.inplace_operator_variant is not None:
        found["inplace"] = check_inplace
    if info.supports_out:
        found["out"] = check_out
    if info.error_inputs_func is not None:
        found["errors"] = check_errors
    return found


CHECKS = (
    "value", "dtypes", "variants", "noncontiguous", "gradient", "second", "tangent", "changed", "inplace", "out",
    "errors",
)  # fmt: skip


def failures(entry, check, full=FULL):
    """Yields, for each case of a check, its label and the difference in words (None where there is none)."""
    try:
        for case in check(entry, full):
            try:
                found = run(entry, case)
            except Missing as error:
                found = f"missing: {error}"
            yield case.label, found
    except Missing as error:
        yield "", f"missing: {error}"
