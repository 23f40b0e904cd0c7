"""PyTorch with some of its faults mended, to tell whether a difference is one of them and nothing else.

A program that differs is run once more, in PyTorch with `Mended` in force: each function below computes what PyTorch's
function of that name means, in a way that lacks the fault. If Rushlight's result agrees with that, the difference is
explained by the faults that were met; if not, it is not, whatever operators the program has.
"""

import contextlib
import math

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten

# ------------------------------------------------------------------------------------------ inside operations
OPERATIONS = {}


def operation(reason, *packets):
    """Registers a function in place of all overloads of operations of ATen's."""

    def register(function):
        for packet in packets:
            for overload in packet.overloads():
                OPERATIONS[getattr(packet, overload)] = reason, function
        return function

    return register


def _is_complex(x):
    return isinstance(x, complex) or (isinstance(x, torch.Tensor) and x.is_complex())


def _parts(x):
    if isinstance(x, torch.Tensor):
        return (x.real, x.imag) if x.is_complex() else (x, torch.zeros((), dtype=x.dtype))
    return x.real, x.imag


INFINITE = "PyTorch multiplies terms by 1 + 0j, which makes NaN of infinite parts and loses signs of zeros"


@operation(INFINITE, aten.add, aten.sub, aten.rsub, aten.add_, aten.sub_)
def by_parts(op, a, b, *args, alpha=1, **kwargs):
    """Adds or subtracts the parts of complex numbers."""
    if args or kwargs or not (_is_complex(a) or _is_complex(b)) or isinstance(alpha, complex):
        return NotImplemented
    dtype = torch.result_type(a, b)
    (ar, ai), (br, bi) = _parts(a), _parts(b)
    name = op._schema.name.removeprefix("aten::").removesuffix("_")
    if name == "rsub":
        (ar, ai), (br, bi) = (br, bi), (ar, ai)
    sign = -1 if name != "add" else 1
    kind = torch.zeros((), dtype=dtype).real.dtype

    def sum_of(x, y):
        x, y = torch.as_tensor(x, dtype=kind), torch.as_tensor(y, dtype=kind)
        return x + (y if alpha == 1 else y * alpha) * sign

    found = torch.complex(*torch.broadcast_tensors(sum_of(ar, br), sum_of(ai, bi)))
    return a.copy_(found) if op._schema.name.endswith("_") else found


@operation(INFINITE, aten.dist)
def distance(op, a, b, p=2):
    """The norm of the difference, subtracted by parts."""
    found = by_parts(aten.sub.Tensor, a, b)
    return NotImplemented if found is NotImplemented else torch.linalg.vector_norm(found, p)


@operation(INFINITE, aten.addcmul, aten.addcdiv)
def with_quotient(op, a, b, c, value=1):
    """Adds the parts of a product or quotient that is not multiplied by 1 + 0j."""
    if value != 1 or not any(map(_is_complex, (a, b, c))):
        return NotImplemented
    return by_parts(aten.add.Tensor, a, b / c if "addcdiv" in op._schema.name else b * c)


BLOCKS = "PyTorch's vectorised code and its code for the rest treat NaN, or -0, differently"


def _in_blocks(op, grad, x, *args, **kwargs):
    # So that all elements belong to blocks of full length.
    grad, x = torch.broadcast_tensors(grad, x)
    pad = torch.zeros(-x.numel() % 64 + 64, dtype=x.dtype)
    found = op(torch.cat([grad.reshape(-1), pad]), torch.cat([x.reshape(-1), pad]), *args, **kwargs)
    return found[: x.numel()].reshape(x.shape)


@operation("PyTorch's series of the zeta function is NaN where all its terms are 0", aten.special_zeta)
def of_no_terms(op, x, q, **kwargs):
    """Zero where the largest term of the series is too small for any number."""
    if kwargs:
        return NotImplemented
    found, floats = op(x, q), [torch.as_tensor(t, dtype=torch.float64) for t in (x, q)]
    zero = (floats[0] > 1) & (floats[1] > 1) & (floats[1] < torch.inf)
    zero &= torch.pow(floats[1].to(found.dtype), -floats[0].to(found.dtype)) == 0
    return torch.where(zero & found.isnan(), 0, found)


@operation("PyTorch's gradient of the matrix exponential loses the digits of a matrix beside a large gradient",
           aten.linalg_matrix_exp)  # fmt: skip
def with_small_block(op, x):
    """The exponential of blocks [[A, G], [0, A]], in whose derivative G is made as small as A."""
    n = x.shape[-1] // 2
    a, g = x[..., :n, :n], x[..., :n, n:]
    if x.shape[-1] != 2 * n or not x.numel() or not torch.equal(a, x[..., n:, n:]) or x[..., n:, :n].any():
        return NotImplemented
    scale = 2.0 ** -math.frexp(min(float(g.abs().max() / a.abs().max().clamp(1)), 1e300))[1]
    if not scale < 1:
        return NotImplemented
    found = op(torch.cat([torch.cat([a, g * scale], -1), x[..., n:, :]], -2))
    found[..., :n, n:] /= scale
    return found


@operation(BLOCKS, aten.hardtanh_backward, aten.hardshrink_backward, aten.softshrink_backward, aten.hardswish_backward)
def in_blocks(op, grad, x, *args, **kwargs):
    """Treats all elements as those in blocks."""
    return _in_blocks(op, grad, x, *args) if not kwargs and x.numel() else NotImplemented


@operation("PyTorch's vectorised remainder is NaN where a quotient overflows",
           aten.remainder, aten.fmod, aten.remainder_, aten.fmod_)  # fmt: skip
def quotients_one_by_one(op, a, b, **kwargs):
    """Divides all elements as those after the last block."""
    if kwargs or not isinstance(a, torch.Tensor) or not a.is_floating_point() or not a.numel():
        return NotImplemented
    base = getattr(aten, op._schema.name.removeprefix("aten::").removesuffix("_")).Tensor
    found = _one_by_one(base, a, torch.as_tensor(b, dtype=torch.result_type(a, b)))
    return a.copy_(found) if op._schema.name.endswith("_") else found


@operation("PyTorch's gradient of frexp divides by a power of two of single precision", aten.exp2)
def power_in_double(op, x):
    """A power of two in double precision, where a derivative asks for one of whole numbers."""
    return op(x.double()) if x.dtype is torch.int32 and torch._C._current_autograd_node() else NotImplemented


@operation(INFINITE, aten.normal)
def drawn_by_parts(op, mean, std=1.0, *, generator=None):
    """Adds the parts of means to numbers that are drawn around zero."""
    if not _is_complex(mean):
        return NotImplemented
    return by_parts(aten.add.Tensor, mean, op(torch.zeros_like(mean), std, generator=generator))


@operation(BLOCKS, aten.elu_backward)
def exponentials_in_blocks(op, grad, *args, **kwargs):
    """Treats all elements as those in blocks."""
    *numbers, x = args
    if kwargs or not x.numel():
        return NotImplemented
    return _in_blocks(lambda g, y: op(g, *numbers, y), grad, x)


@operation(BLOCKS, aten.logit_backward)
def logits_one_by_one(op, grad, x, *eps, **kwargs):
    """Treats all elements as those after the last block."""
    return _one_by_one(lambda g, y: op(g, y, *eps, **kwargs), grad, x) if x.numel() else NotImplemented


def _one_by_one(op, grad, x):
    grad, x = torch.broadcast_tensors(grad, x)
    pairs = zip(grad.reshape(-1).split(1), x.reshape(-1).split(1), strict=True)
    return torch.cat([op(g, y) for g, y in pairs]).reshape(x.shape)


ZERO = "a derivative that is zero everywhere stays zero in PyTorch where it meets an infinite one"


def filled_zeros(op, shape, **kwargs):
    """Zeros in memory, which infinity makes NaN."""
    return torch.zeros(shape, **kwargs)


OPERATIONS[aten._efficientzerotensor.default] = ZERO, filled_zeros


class _Inside(TorchDispatchMode):
    def __init__(self, reasons):
        super().__init__()
        self.reasons = reasons

    def __torch_dispatch__(self, op, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if op in OPERATIONS:
            reason, function = OPERATIONS[op]
            before = args[0].clone() if op._schema.name.endswith("_") else None
            found = function(op, *args, **kwargs)
            if reason is ZERO:  # such zeros have no memory to compare
                self.reasons.add(reason)
                return found
            if found is not NotImplemented:
                usual = op(*(args if before is None else (before, *args[1:])), **kwargs)
                if not _equal(found, usual):
                    self.reasons.add(reason)
                return found
        return op(*args, **kwargs)


def _equal(a, b):
    """Whether two tensors have the same elements, signs of zeros included."""
    if a.is_complex():
        a, b = torch.view_as_real(a.resolve_conj()), torch.view_as_real(b.resolve_conj())
    same = ((a == b) & (torch.signbit(a) == torch.signbit(b))) | ((a != a) & (b != b))
    return bool(same.all())


# ------------------------------------------------------------------------------------------ functions
FUNCTIONS = {}


def function(reason, *names):
    """Registers a function in place of functions and methods of these names."""

    def register(replacement):
        for name in names:
            for place in (torch, torch.Tensor, torch.special, torch.nn.functional):
                if hasattr(place, name):
                    FUNCTIONS[getattr(place, name)] = reason, replacement
        return replacement

    return register


@function("equal elements are sorted in any order by PyTorch", "sort", "argsort")
def stable(f, x, *args, **kwargs):
    """Sorts equal elements in the order in which they stand."""
    names = dict(zip(("dim", "descending"), args, strict=False))
    return f(x, **{"dim": -1} | names | kwargs | {"stable": True})


@function("PyTorch squares integers in their own type in the derivative of atan2", "atan2", "atan2_", "arctan2")
def of_floats(f, a, b):
    """The angle of floating-point numbers."""
    kind = torch.result_type(a, b)
    if not kind.is_floating_point or (a.is_floating_point() and b.is_floating_point()):
        return NotImplemented
    return f(a if f.__name__ == "atan2_" else a.to(kind), b.to(kind))


@function("PyTorch subtracts unsigned weights from 1 in the derivative of lerp", "lerp", "lerp_")
def by_float_weight(f, a, b, weight):
    """Interpolates by weights of the type of what is interpolated."""
    if not isinstance(weight, torch.Tensor) or weight.is_floating_point() or weight.is_complex():
        return NotImplemented
    return f(a, b, weight.to(a.dtype))


@function("PyTorch negates unsigned integers in the derivative of zeta", "zeta")
def of_signed(f, a, b):
    """The zeta function of floating-point numbers."""
    if not isinstance(a, torch.Tensor) or a.dtype is not torch.uint8:
        return NotImplemented
    return f(a.to(torch.result_type(a, b)), b)


@function("PyTorch's gradient of 0 * log(NaN) is 0 where NaN is a number and not a tensor", "xlogy", "xlog1py")
def by_tensor(f, x, y):
    """The product by a tensor's logarithm."""
    return f(x, torch.full_like(x, y)) if isinstance(y, float) and y != y else NotImplemented


@function("PyTorch rounds powers of two to the exponent's type before it multiplies", "ldexp", "ldexp_")
def by_powers(f, x, exponent):
    """The product with powers of two that are not rounded."""
    kind = torch.result_type(x, torch.zeros((), dtype=torch.float32)) if not x.dim() else None
    kind = torch.result_type(x, torch.pow(2.0, exponent)) if kind is None else torch.result_type(x, exponent)
    power = torch.pow(2.0, exponent.double() if not exponent.is_complex() else exponent)
    found = (x.double() if not x.is_complex() else x) * power
    return found.to(f(x.detach().clone() if f.__name__ == "ldexp_" else x, exponent).dtype)


@function("PyTorch's mean of a row is NaN or infinite by the place of an infinite number, or overflows, or its product "
          "with the mean's factor is rounded where all numbers are equal",
          "native_layer_norm")  # fmt: skip
def by_sums(f, input, shape, *args):
    """Means by sums where a row is not finite, its statistics overflow or all is equal; other rows are PyTorch's."""
    own = f(input, shape, *args)
    wide = [a.double() if isinstance(a, torch.Tensor) else a for a in (input, *args)]
    found = [t.to(o.dtype) for t, o in zip(f(wide[0], shape, *wide[1:]), own, strict=True)]
    dims = tuple(range(-len(shape), 0))
    finite = input.isfinite().all(dims, keepdim=True)
    found[1] = torch.where(finite, found[1], input.mean(dims, keepdim=True).to(found[1].dtype))
    equal = input.amax(dims, keepdim=True) == input.amin(dims, keepdim=True)
    odd = ~finite | ~own[1].isfinite() | (own[2] == 0) | equal
    return tuple(torch.where(odd, t, o) for t, o in zip(found, own, strict=True))


@function("PyTorch's gradient of batch norm reads images and gradients in different orders", "batch_norm")
def in_rows(f, x, *args, **kwargs):
    """The batch norm of images that lie row by row."""
    return NotImplemented if x.is_contiguous() else f(x.contiguous(), *args, **kwargs)


@function("PyTorch's gradient of as_strided_scatter reads another place", "as_strided_scatter")
def by_look(f, x, src, size, stride, offset=0):
    """Each element from the source that is written to its place in memory, or from the tensor where there is none."""
    ends = [sum((n - 1) * s for n, s in zip(*form, strict=True)) for form in ((x.shape, x.stride()), (size, stride))]
    writer = torch.full((max(ends[0], ends[1] + offset) + 1,), -1)
    writer.as_strided(size, stride, offset).copy_(torch.arange(src.numel()).reshape(src.shape))
    writer = writer.as_strided(x.shape, x.stride())
    return torch.where(writer < 0, x, src.reshape(-1)[writer.clamp(min=0)])


def _same_places(a, b):
    return torch.equal(a if isinstance(a, torch.Tensor) else a[1], b if isinstance(b, torch.Tensor) else b[1])


class _Outside(TorchFunctionMode):
    def __init__(self, reasons):
        super().__init__()
        self.reasons = reasons

    def __torch_function__(self, f, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if f in FUNCTIONS:
            reason, replacement = FUNCTIONS[f]
            try:
                found = replacement(f, *args, **kwargs)
            except (TypeError, AttributeError, RuntimeError):
                found = NotImplemented
            if found is not NotImplemented:
                if replacement is not stable or not _same_places(found, f(*args, **kwargs)):
                    self.reasons.add(reason)
                return found
        return f(*args, **kwargs)


@contextlib.contextmanager
def mended():
    """PyTorch without the faults above; gives the set of reasons that were met."""
    reasons = set()
    with _Outside(reasons), _Inside(reasons):
        yield reasons
