"""What a profile shows for an operation: the calls that PyTorch makes for it.

One operation of ours is one function of arrays, where PyTorch calls several: `aten::linear` calls `aten::t` and
`aten::addmm`. Programs look for these names in a profile, so an operation of ours is shown among them. Each text names
an operation's calls, with those inside each in parentheses; ``*`` is the operation itself, which takes all the time. In
brackets stand the arguments whose shapes a call shows: the position of one of our operation's, with ``T`` for the
transpose, and ``-`` for what is no tensor.
"""

import functools
import re
from typing import NamedTuple


class Call(NamedTuple):
    """One call of a profile.

    Attributes:
        name: its name, or ``"*"``.
        shapes: what stands in the brackets; None for all arguments.
        inside: the calls within it.
        composite: whether the operation itself is among those.
    """

    name: str
    shapes: tuple[str, ...] | None
    inside: tuple["Call", ...]
    composite: bool


ITSELF = Call("*", None, (), True)
_VIEW = "as_strided"
_TRANSPOSED = f"t[{{0}}](transpose[{{0}} - -]({_VIEW}))"
_TO = "to(_to_copy(empty_strided copy_))"

OPERATIONS = {
    "_linear": f"linear[0 1 -]({_TRANSPOSED.format(1)} matmul[0 1T](*[0 1T]))",
    "_linear_bias": f"linear[1 2 0]({_TRANSPOSED.format(2)} *[0 1 2T - -](expand({_VIEW}) copy_))",
    "_addmm": f"*[0 1 2 - -](expand({_VIEW}) copy_)",
    "mm": "matmul(*)",
    "bmm": "matmul(expand expand reshape reshape *)",
    "convolution": "conv2d[0 1 2 - - - -](*(_convolution(thnn_conv2d(_slow_conv2d_forward))))",
    "_native_layer_norm": "layer_norm[0 - 2 3 - -](*[0 - 2 3 -](empty empty empty view view))",
    "_native_batch_norm": "batch_norm[0 1 2 3 4 - - - -](_batch_norm_impl_index[0 1 2 3 4 - - - -](*))",
    "_native_group_norm": "group_norm[0 - 2 3 - -](*)",
    "_log_softmax": "log_softmax[0 - -](*[0 - -])",
    "_softmax": "softmax[0 - -](*[0 - -])",
    "_nll_loss": "nll_loss_nd[0 1 2 - -](nll_loss[0 1 2 - -](*))",
    "_sum": f"*[0 -]({_VIEW} fill_)",
    "_mean": f"*[0 -](sum({_VIEW} fill_) div_({_TO}))",
    "_mean_dims": f"*[0 - - -](sum({_VIEW} fill_) div_({_TO}))",
    "_sum_dims": f"*[0 - - -]({_VIEW} fill_)",
    "relu": "*(clamp_min)",
    "_select": f"*({_VIEW})",
    "_slice": f"*({_VIEW})",
    "transpose": f"*({_VIEW})",
    "t": f"*(transpose[0 - -]({_VIEW}))",
    "_permute": f"*({_VIEW})",
    "_expand": f"*[0 - -]({_VIEW})",
    "unsqueeze": f"*({_VIEW})",
    "_squeeze_dim": f"*({_VIEW})",
    "_view": "reshape(*)",
    "_view_rows": "reshape(*)",
    "_to_copy": "to[0 - - - -](*[0 - - - - - -](empty_strided copy_))",
    "_clone": "*[0 -](empty_strided copy_)",
    "_embedding": "*[0 1 - - -](index_select)",
    "_split": "*(narrow(slice(as_strided)))",
    "_max_pool_values_only": "max_pool2d[0 - - - - -](max_pool2d_with_indices[0 - - - - -](*))",
    "_add": "*[0 1 -]",
    "_sub": "*[0 1 -]",
}

NODES = {
    "AddmmBackward0": "t(transpose(as_strided)) mm t(transpose(as_strided)) mm t(transpose(as_strided))",
    "MmBackward0": "t(transpose(as_strided)) mm t(transpose(as_strided)) mm",
    "ReluBackward0": "threshold_backward",
    "SumBackward0": f"expand({_VIEW})",
    "MeanBackward0": f"expand({_VIEW}) div({_TO})",
    "TBackward0": f"t(transpose({_VIEW}))",
    "MulBackward0": "mul mul",
    "SigmoidBackward0": "sigmoid_backward",
    "TanhBackward0": "tanh_backward",
    "GeluBackward0": "gelu_backward",
    "LogSoftmaxBackward0": "_log_softmax_backward_data",
    "SoftmaxBackward0": "_softmax_backward_data",
    "NllLossBackward0": "nll_loss_backward(zero_)",
    "MseLossBackward0": "mse_loss_backward",
    "ConvolutionBackward0": "convolution_backward",
    "NativeLayerNormBackward0": "native_layer_norm_backward",
    "NativeBatchNormBackward0": "native_batch_norm_backward",
    "EmbeddingBackward0": "embedding_backward(embedding_dense_backward)",
    "ViewBackward0": "reshape(view)",
    "torch::autograd::AccumulateGrad": "detach",
}


@functools.cache
def calls(text: str) -> tuple[Call, ...]:
    """The calls that a text names."""
    found: list[list[Call]] = [[]]
    names: list[tuple[str, tuple[str, ...] | None]] = []
    pending: tuple[str, tuple[str, ...] | None] | None = None

    def add(named: tuple[str, tuple[str, ...] | None], inside: tuple[Call, ...]) -> None:
        composite = named[0] == "*" or any(c.composite for c in inside)
        found[-1].append(Call(named[0], named[1], inside, composite))

    for token in re.findall(r"\*|\w+|\[[^]]*\]|[()]", text):
        if token.startswith("["):
            assert pending is not None
            pending = pending[0], tuple(token[1:-1].split())
        elif token == "(":
            assert pending is not None
            names.append(pending)
            found.append([])
            pending = None
        else:
            if pending is not None:
                add(pending, ())
                pending = None
            if token == ")":
                inside = tuple(found.pop())
                add(names.pop(), inside)
            else:
                pending = token, None
    if pending is not None:
        add(pending, ())
    return tuple(found[0])


def of_operation(name: str) -> tuple[Call, ...]:
    """What stands for an operation of ours."""
    text = OPERATIONS.get(name)
    return (ITSELF,) if text is None else calls(text)


def of_node(name: str) -> tuple[Call, ...]:
    """What runs inside a node."""
    text = NODES.get(name)
    return () if text is None else calls(text)
