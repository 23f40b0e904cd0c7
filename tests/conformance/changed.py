"""What nodes save, as a program notices it: an operand or result that was changed in place, and backward."""

import torch

from .cases import SEED, Case
from .checks import samples

# How many of an entry's inputs and results are changed, one at a time.
PLACES = 8


def changed(side):
    """For each input and result, whether backward refuses after that tensor was changed in place."""
    inputs = side.tensors()
    wanted = [t for t in inputs if t.requires_grad]
    found = []
    while len(found) < PLACES:
        side.torch.manual_seed(SEED)
        results = side.tensors(side.operator(side.input, *side.args, **side.kwargs))
        roots, places = [r for r in results if r.requires_grad], [*inputs, *results]
        if len(found) == len(places) or not roots or not wanted:
            break
        memory = places[len(found)].detach()
        try:
            memory.copy_(memory.clone())
            side.torch.autograd.grad(roots, wanted, [side.torch.ones_like(r) for r in roots], allow_unused=True)
            found.append("accepted")
        except RuntimeError as error:
            found.append("refused" if "modified by an inplace operation" in str(error) else "failed")
    return found


def check_changed(entry, full):
    """Which changes in place backward refuses."""
    for label, sample in samples(entry, torch.float64, requires_grad=True, count=1, full=full):
        yield Case(label, sample, changed)
