"""What both libraries say of a call, for tests that make wrong calls by the hundred."""

import torch

import rushlight


def made(t, kind, shape, way="plain"):
    """A tensor of small numbers.

    Args:
        t: the library.
        kind: the name of its dtype.
        shape: its shape.
        way: ``"leaf"`` if it requires a gradient, ``"node"`` if it has a history, ``"expanded"`` if one row stands for
            all, or ``"plain"``.
    """
    dtype = getattr(t, kind)
    if way == "expanded":
        return t.arange(shape[-1]).to(dtype).expand(shape)
    x = (t.arange(t.Size(shape).numel()) * 7 % 5 + 1).reshape(shape).to(dtype)
    if way != "plain":
        x.requires_grad_()
    return x * 1 if way == "node" else x


def outcome(call):
    """The type and first line of what each library raises, or else the dtypes and shapes of the results."""

    def run(t):
        try:
            result = call(t)
        except Exception as error:
            return type(error).__name__, str(error).partition("\n")[0]
        results = result if isinstance(result, tuple) else (result,)
        return [(str(r.dtype).partition(".")[2], tuple(r.shape)) for r in results]

    return run(rushlight), run(torch)


def differing(calls):
    """The descriptions of the calls whose outcomes differ, with these.

    Args:
        calls: pairs of a description and a function of a library.
    """
    found = [(about, *outcome(call)) for about, call in calls]
    return [(about, ours, theirs) for about, ours, theirs in found if ours != theirs]
