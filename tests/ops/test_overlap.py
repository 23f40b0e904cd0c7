"""What is refused because several elements of a tensor that is written to, or an operand, lie where it lies."""

import functools

import pytest
import torch
from conformance.cases import Side
from conformance.checks import samples
from conformance.entries import entries
from conformance.translate import Missing

SINGLE = "unsupported operation: more than one element of the written-to tensor refers to a single memory location"
PARTLY = "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory"

# PyTorch's kernels write far beyond tensors that overlap themselves: they get memory with room on both sides.
ROOM = 5000


def placed(t, x, *starts):
    """A copy of `x` and other tensors of its form, at several places of one memory."""
    memory = t.zeros(x.numel() + 2 * ROOM, dtype=x.dtype)
    found = [memory[ROOM + s : ROOM + s + x.numel()].view(tuple(x.shape)) for s in (0, *starts)]
    found[0].copy_(x)
    return found


def expanded(t, x):
    """A tensor of the form of `x` whose entries along one dimension are one; None if there is none."""
    if not x.ndim or x.numel() < 2:
        return None
    dim = next(i for i, n in enumerate(x.shape) if n > 1)
    return placed(t, x.narrow(dim, 0, 1))[0].expand(tuple(x.shape))


def woven(t, x):
    """A tensor of the form of `x` whose dimensions all have stride 1; None if there is none."""
    if not x.ndim or x.numel() < 2:
        return None
    memory = placed(t, x)[0]
    return memory.as_strided(tuple(x.shape), (1,) * x.ndim, memory.storage_offset())


def in_place(form):
    def scenario(side):
        target = form(side.torch, side.input.detach())
        if target is not None:
            side.translate(side.entry.info.inplace_variant)(target, *side.args, **side.kwargs)
        return target is not None

    return scenario


def in_place_beside(side):
    """In place from an operand that lies one element further."""
    args = list(side.args)
    for i, x in enumerate(args):
        if isinstance(x, side.torch.Tensor) and x.shape == side.input.shape and x.dtype == side.input.dtype:
            args[i], target = placed(side.torch, x, 1)
            side.translate(side.entry.info.inplace_variant)(target.copy_(side.input), *args, **side.kwargs)
            return x.numel() > 1
    return False


def into(form):
    def scenario(side):
        results = side.operator(side.input, *side.args, **side.kwargs)
        several = isinstance(results, tuple)
        given = [form(side.torch, x.detach()) for x in (results if several else (results,))]
        if any(x is None for x in given):
            return False
        side.operator(side.input, *side.args, **side.kwargs, out=tuple(given) if several else given[0])
        return True

    return scenario


def into_beside(side):
    """Into a tensor that lies one element further than the input."""
    result = side.operator(side.input, *side.args, **side.kwargs)
    x = side.input
    if not isinstance(result, side.torch.Tensor) or (result.dtype, result.shape) != (x.dtype, x.shape):
        return False
    x, out = placed(side.torch, x, 1)
    side.operator(x, *side.args, **side.kwargs, out=out)
    return x.numel() > 1


WAYS = {
    "in place, expanded": in_place(expanded),
    "in place, woven": in_place(woven),
    "in place, beside": in_place_beside,
    "out, expanded": into(expanded),
    "out, woven": into(woven),
    "out, beside": into_beside,
}
# What differs, by entry: what Rushlight does, and why.
UNASKED = "PyTorch doesn't look, and the elements become whatever it writes last"
_INTO_EXPANDED = """
    all amax amin any argmax argmin bmm cummax cummin fft.ihfft2 fft.ihfftn hash_tensor linalg.matrix_power
    linalg.matrix_rank matmul mm mv nansum narrow_copy nn.functional.avg_pool3d nn.functional.linear norm std
    std_unbiased tril triu var var_unbiased
""".split()
EXCEPTIONS = {
    "in place, expanded": {
        "conj_physical": ("single", "PyTorch returns real tensors as they are"),
        **dict.fromkeys(("addmv", "nn.functional.threshold"), ("single", UNASKED)),
    },
    "out, expanded": {
        **dict.fromkeys(_INTO_EXPANDED, ("single", UNASKED)),
        "multinomial": ("accepted", "the draws are stored without looking"),
    },
    "out, beside": {
        "special.ndtr": ("partly", "PyTorch makes it of several operations, the last of which reads a copy"),
    },
}


def refusal(scenario, side):
    """What a call is refused for: "single", "partly", "" if it isn't, or None if it fails otherwise."""
    try:
        return "" if scenario(side) else None
    except Missing:
        return None
    except Exception as error:
        return "single" if SINGLE in str(error) else "partly" if PARTLY in str(error) else None


@functools.cache
def listed():
    """The entries of PyTorch's list that Rushlight has, with a sample of a tensor of several elements."""
    found = []
    for entry in entries():
        if not entry.missing and torch.float32 in entry.info.supported_dtypes("cpu"):
            for _, sample in samples(entry, torch.float32, count=2, full=False):
                if isinstance(sample.input, torch.Tensor) and sample.input.numel() > 1:
                    found.append((entry, sample))
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("way", WAYS)
def test_refusals_are_those_of_pytorch(way):
    differing, refused = {}, 0
    for entry, sample in listed():
        info = entry.info
        if not (info.inplace_variant if way.startswith("in place") else info.supports_out):
            continue
        theirs = refusal(WAYS[way], Side(entry, sample, True))
        ours = refusal(WAYS[way], Side(entry, sample, False))
        refused += bool(theirs)
        if theirs is not None and ours is not None and theirs != ours:
            differing[info.name] = ours or "accepted"
    known = {name: ours for name, (ours, _) in EXCEPTIONS.get(way, {}).items()}
    assert differing.items() <= known.items(), differing.items() - known.items()
    assert refused > 10 or way.endswith("woven")
