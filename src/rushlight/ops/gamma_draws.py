"""Draws of gamma and Dirichlet distributions: what `torch.distributions` calls."""

from typing import Any

from .. import dtypes
from ..base import TensorBase
from ..kernels import numpy_gamma
from ..random import source_of
from .declare import Array, composite, operation, tensor_names
from .random_inplace import check_generator, unsupported
from .signatures import Mismatch, forms


@operation(
    node="StandardGammaGradBackward0", method=False, out=False, kernel=numpy_gamma.gamma_slope, tangent="refused",
    input="no_derivative('_standard_gamma_grad')",
)  # fmt: skip
def _standard_gamma_grad(input: Array, output: Array) -> Array:
    """How gamma-distributed numbers `output` grow with their shapes `input`, if their ranks stay."""


@operation(
    aten="_standard_gamma", node="StandardGammaBackward0", function=False, method=False, out=False,
    tangent="refused", input="grad * _standard_gamma_grad(input, result)",
)  # fmt: skip
def _gamma_of(input: Array, draw: Any) -> Array:
    return draw(input)  # type: ignore[no-any-return]


@operation(aten="_sample_dirichlet", node="NotImplemented", function=False, method=False, out=False, tangent="refused",
           input="not_implemented(grad, '_sample_dirichlet')")  # fmt: skip
def _dirichlet_of(input: Array, draw: Any) -> Array:
    return draw(input)  # type: ignore[no-any-return]


def _drawn(operation: str, kernel: str, draw: Any, input: Any, generator: Any) -> Any:
    if not isinstance(input, TensorBase):
        raise Mismatch
    check_generator(generator)
    if input._dtype is not dtypes.float32 and input._dtype is not dtypes.float64:
        raise unsupported(kernel, input._dtype)
    source = source_of(generator)
    return tensor_names[operation](input, lambda shapes: draw(source, shapes))


@composite(method=False)
@forms("Tensor input, torch.Generator generator = None")
def _standard_gamma(input: Any, generator: Any = None) -> Any:
    """Numbers of the gamma distributions of rate 1 whose shapes are the elements of `input`.

    Raises:
        NotImplementedError: `input` is neither float32 nor float64.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#gamma
    """
    return _drawn("_gamma_of", "gamma_cpu", numpy_gamma.gamma, input, generator)


@composite(method=False)
@forms("Tensor input, torch.Generator generator = None")
def _sample_dirichlet(input: Any, generator: Any = None) -> Any:
    """Numbers of Dirichlet distributions, whose parameters stand in the last dimension of `input`.

    Raises:
        NotImplementedError: `input` is neither float32 nor float64.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#dirichlet
    """
    return _drawn("_dirichlet_of", "dirichlet", numpy_gamma.dirichlet, input, generator)
