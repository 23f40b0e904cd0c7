"""Sampling images and volumes at arbitrary places, and regular grids of places."""

from typing import Any

from .. import dtypes
from ..kernels import grid as kernels
from .arguments import explained
from .declare import Array, composite, formula, in_formulas, operation

_HIDDEN: dict[str, Any] = {"function": False, "method": False}


@operation(method=False, out=False, kernel=kernels.affine_grid, tangent="linear",
           theta="affine_grid_backward(grad, size, align_corners)")  # fmt: skip
def affine_grid_generator(theta: Array, size: Any, align_corners: bool) -> Array:
    """The places of the entries of an image of a size under affine maps.

    Args:
        theta: the maps' matrices, ``(N, 2, 3)`` for images or ``(N, 3, 4)`` for volumes.
        size: ``(N, C, H, W)`` or ``(N, C, D, H, W)``.
        align_corners: whether -1 and 1 are the centres of the corner entries, or their outer edges.

    Returns:
        ``(N, H, W, 2)`` or ``(N, D, H, W, 3)``.
    """


@operation(kernel=kernels.affine_grid_backward, tangent="linear", **_HIDDEN,
           grad_output="affine_grid_generator(grad, size, align_corners)")  # fmt: skip
def affine_grid_backward(grad_output: Array, size: Any, align_corners: bool) -> Array:
    """The gradient of `affine_grid_generator` by the matrices."""


def _sample(input: Array, grid: Array, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Array:
    if input.dtype.kind in "iub":
        kind = dtypes.from_numpy(input.dtype).legacy.removesuffix("Tensor")
        raise NotImplementedError(f"\"grid_sampler_2d_cpu_kernel_impl\" not implemented for '{kind}'")
    return kernels.grid_sample(input, grid, interpolation_mode, padding_mode, align_corners)


_BACKWARD = "grid_sampler_backward(grad, input, grid, interpolation_mode, padding_mode, align_corners, needs)"


@operation(name="_grid_sampler_2d", aten="grid_sampler_2d", node="GridSampler2DBackward0", kernel=_sample,
           tangent="refused", joint=("input, grid", _BACKWARD), **_HIDDEN)  # fmt: skip
def _grid_sampler_2d(
    input: Array, grid: Array, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Array:
    """Images at places."""


@operation(name="_grid_sampler_3d", aten="grid_sampler_3d", node="GridSampler3DBackward0", kernel=_sample,
           tangent="refused", joint=("input, grid", _BACKWARD), **_HIDDEN)  # fmt: skip
def _grid_sampler_3d(
    input: Array, grid: Array, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Array:
    """Volumes at places."""


# ---------------------------------------------------------------------------------------------- derivatives
# A derivative by a place is the sample with derived weights, so two operations that know how often these are derived
# are each other's derivatives, to any order.
@operation(kernel=kernels.grid_sample, node="GridSampler2DBackwardBackward0", **_HIDDEN,
           input="grid_spread(grad, grid, shape(input), mode, padding, align, order)",
           grid="grid_slopes(grad, input, grid, mode, padding, align, order)")  # fmt: skip
def grid_sample(input: Array, grid: Array, mode: int, padding: int, align: bool, order: tuple[int, ...]) -> Array:
    """The values of images at places, derived by the places."""


@operation(kernel=kernels.grid_spread, node="GridSampler2DBackwardBackward0", **_HIDDEN,
           grad_output="grid_sample(grad, grid, mode, padding, align, order)",
           grid="grid_slopes(grad_output, grad, grid, mode, padding, align, order)")  # fmt: skip
def grid_spread(
    grad_output: Array, grid: Array, size: tuple[int, ...], mode: int, padding: int, align: bool, order: tuple[int, ...]
) -> Array:
    """The gradient of `grid_sample` by the images of shape `size`."""


@formula
def grid_slopes(grad: Any, input: Any, grid: Any, mode: int, padding: int, align: bool, order: tuple[int, ...]) -> Any:
    """The gradient of `grid_sample` by the places."""
    found = []
    for d in reversed(range(len(order))):
        more = tuple(k + (i == d) for i, k in enumerate(order))
        part = grad * grid_sample(input, grid, mode, padding, align, more)
        found.append(sum_over(part, (1,), False))  # type: ignore[name-defined]  # noqa: F821
    return stack(found, -1)  # type: ignore[name-defined]  # noqa: F821


def _backward(
    grad: Array, input: Array, grid: Array, mode: int, padding: int, align: bool, needs: tuple[bool, bool]
) -> tuple[Array | None, Array | None]:
    return (
        kernels.grid_spread(grad, grid, input.shape, mode, padding, align) if needs[0] else None,
        kernels.grid_slopes(grad, input, grid, mode, padding, align) if needs[1] else None,
    )


def _backward_again(
    grad: Any, input: Any, grid: Any, mode: int, padding: int, align: bool, needs: tuple[bool, bool]
) -> tuple[Any, Any]:
    none = (0,) * (input.ndim - 2)
    if mode == kernels.NEAREST and needs[1]:
        input = input.detach()  # the places' gradient is zero whatever the image
    return (
        grid_spread(grad, grid, input._shape, mode, padding, align, none) if needs[0] else None,
        grid_slopes(grad, input, grid, mode, padding, align, none) if needs[1] else None,
    )


in_formulas(_backward, _backward_again, "grid_sampler_backward")


# ---------------------------------------------------------------------------------------------- what users call
def _check(input: Any, grid: Any, dims: int, mode: int) -> None:
    a, b = list(input._shape), list(grid._shape)
    if a[:1] != b[:1]:
        raise RuntimeError(
            "grid_sampler(): expected grid and input to have same batch size, but got input with sizes "
            f"{a} and grid with sizes {b}"
        )
    if not b or b[-1] != len(a) - 2:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {len(a) - 2} in last dimension, but got grid with sizes {b}"
        )
    for i in range(2, len(a)):
        if a[i] <= 0:
            raise RuntimeError(
                f"grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes {a} with "
                f"dimension {i} being empty"
            )
    if len(a) != dims + 2 or len(a) != len(b):
        raise RuntimeError(
            f"grid_sampler(): expected {dims + 2}D input and grid with same number of dimensions, but got input with "
            f"sizes {a} and grid with sizes {b}"
        )
    if len(a) == 5 and mode == kernels.BICUBIC:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
    if input._dtype is not grid._dtype:
        found = [t._dtype.legacy.removesuffix("Tensor") for t in (input, grid)]
        raise RuntimeError(f"expected scalar type {found[0]} but found {found[1]}")


@composite(method=False)
def grid_sampler(input: Any, grid: Any, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Any:
    """The values of images ``(N, C, H, W)`` or volumes ``(N, C, D, H, W)`` at places.

    Args:
        input: the images or volumes.
        grid: places, ``(N, *out, 2)`` or ``(N, *out, 3)``; -1 and 1 are the borders, and the last dimension's
            coordinate comes first.
        interpolation_mode: 0 bilinear, 1 nearest, 2 bicubic (for images).
        padding_mode: what lies outside: 0 zeros, 1 the border, 2 reflections.
        align_corners: whether -1 and 1 are the centres of the corner entries, or their outer edges.

    Raises:
        RuntimeError: shapes or dtypes do not go together.
    """
    _check(input, grid, 2 if input.ndim == 4 else 3, interpolation_mode)
    sample = _grid_sampler_2d if input.ndim == 4 else _grid_sampler_3d
    return sample(input, grid, interpolation_mode, padding_mode, align_corners)


@composite(method=False)
@explained
def grid_sampler_2d(input: Any, grid: Any, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Any:
    """`grid_sampler` of images.

    Args:
        input: ``(N, C, *)``.
        grid: where samples are taken, in numbers from -1 to 1.
        interpolation_mode, padding_mode: numbers of modes; see `grid_sampler`.
        align_corners: whether -1 and 1 are the centres of the outermost elements, not their edges.
    """
    _check(input, grid, 2, interpolation_mode)
    return _grid_sampler_2d(input, grid, interpolation_mode, padding_mode, align_corners)


@composite(method=False)
@explained
def grid_sampler_3d(input: Any, grid: Any, interpolation_mode: int, padding_mode: int, align_corners: bool) -> Any:
    """`grid_sampler` of volumes.

    Args:
        input: ``(N, C, *)``.
        grid: where samples are taken, in numbers from -1 to 1.
        interpolation_mode, padding_mode: numbers of modes; see `grid_sampler`.
        align_corners: whether -1 and 1 are the centres of the outermost elements, not their edges.
    """
    _check(input, grid, 3, interpolation_mode)
    return _grid_sampler_3d(input, grid, interpolation_mode, padding_mode, align_corners)
