"""What nodes show under PyTorch's names where they keep it in another form."""

import re
from operator import attrgetter
from typing import Any

from ..base import wrap
from ..kernels.numpy_pooling import positions

_SIZE = re.compile(r"(\w+)_sym_argsize_(minus_)?(\d)")


def _indices(node: Any) -> Any:
    """One entry for each dimension up to the last one that is indexed."""
    by_dim = dict(zip(node.dims, node.indices, strict=True))
    return [by_dim.get(i) for i in range(max(by_dim) + 1)]


def _bias_sizes(node: Any) -> tuple[int, ...]:
    if len(node.edges()) < 3 and not (len(node.edges()) == 2 and node.input is None):
        return (0,)
    return (node.weight_shape[1] * node.groups if node.transposed else node.weight_shape[0],)


def _positions(node: Any) -> Any:
    """The positions of maxima; a pooling that was not asked for them keeps their numbers in the windows."""
    if not hasattr(node, "numbers"):
        return node.result1
    how = node.kernel_size, node.stride, node.padding, node.dilation
    return wrap(positions(node.numbers, node.input_shape[-2:], *how))


_FORMS: dict[str, dict[str, Any]] = {
    "IndexBackward0": {"indices": _indices},
    "ConvolutionBackward0": {"bias_sym_sizes_opt": _bias_sizes},
    "MaxPool2DWithIndicesBackward0": {"result1": _positions},
    "Im2ColBackward0": {"kernel_size": lambda node: node.kernel, "self_shape": lambda node: node.size},
    "DivBackward2": {"rounding_mode": lambda node: node.operation.name.removeprefix("_div_")},
}


def form_of(node: Any, name: str) -> Any:
    """How to find what `node` shows under `name`: a function of the node, or None."""
    forms = _FORMS.get(type(node).__name__, {})
    if name in forms:
        return forms[name]
    size = _SIZE.fullmatch(name)
    if size is None:
        return None
    tensor, minus, number = size.groups()
    slot = ("input" if tensor == "self" else tensor) + "_shape"
    shape = forms.get(tensor + "_shape")
    if shape is None:
        if slot not in getattr(type(node), "__slots__", ()):
            return None
        shape = attrgetter(slot)
    return lambda n: shape(n)[-int(number) if minus else int(number)]
