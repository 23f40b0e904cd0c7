"""Layers that take the number of their inputs' channels from the first input."""

import itertools
from typing import Any, ClassVar

from ...autograd.grad_mode import no_grad
from ...ops.data import tensor
from ...tensor import Tensor
from ..parameter import UninitializedBuffer, UninitializedParameter, is_lazy
from .batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from .conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .instancenorm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from .linear import Linear

__all__ = [
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
    "LazyLinear",
]


class LazyModuleMixin:
    """Initializes parameters on the first input, and becomes an ordinary layer then.

    A subclass is also one of that layer, makes its parameters as `UninitializedParameter`, and gives them their shapes
    in `initialize_parameters`.
    """

    cls_to_become: ClassVar[Any] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine: Any = self
        mine._load_hook = mine._register_load_state_dict_pre_hook(self._lazy_load_hook)
        mine._initialize_hook = mine.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        mine: Any = self
        buffers = {n: b for n, b in mine._buffers.items() if n not in mine._non_persistent_buffers_set}
        for name, t in itertools.chain(mine._parameters.items(), buffers.items()):
            if t is not None:
                destination[prefix + name] = t if is_lazy(t) or keep_vars else t.detach()

    def _lazy_load_hook(self, state_dict: Any, prefix: str, *rest: Any) -> None:
        """Gives parameters the shapes of those that are about to be loaded."""
        mine: Any = self
        for name, t in itertools.chain(mine._parameters.items(), mine._buffers.items()):
            given = state_dict.get(prefix + name)
            if given is not None and is_lazy(t) and not is_lazy(given):
                t.materialize(given.shape)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Gives the parameters their shapes, from the arguments of the first call.

        Raises:
            NotImplementedError: the subclass does not say how.
        """
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or buffer has no shape yet."""
        mine: Any = self
        return any(is_lazy(t) for t in itertools.chain(mine._parameters.values(), mine._buffers.values()))

    def _infer_parameters(self, module: Any, args: Any, kwargs: Any = None) -> None:
        module.initialize_parameters(*args, **(kwargs or {}))
        if module.has_uninitialized_params():
            raise RuntimeError(f"module {module._get_name()} has not been fully initialized")
        for name in ("_initialize_hook", "_load_hook"):
            getattr(module, name).remove()
            delattr(module, name)
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become


class LazyLinear(LazyModuleMixin, Linear):
    """`Linear` that takes `in_features` from the first input.

    Args:
        out_features: size of the last dimension of the output.
        bias: whether there is a bias.
        device: where the parameters are made.
        dtype: of the parameters.
    """

    cls_to_become = Linear

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, False)
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_features = out_features
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw the parameters anew, if they are there."""
        if not self.has_uninitialized_params() and self.in_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:  # type: ignore[override]
        """Gives the parameters the shapes that fit an input."""
        if self.has_uninitialized_params():
            with no_grad():
                self.in_features = input.shape[-1]
                for parameter, shape in ((self.weight, (self.out_features, self.in_features)),
                                         (self.bias, (self.out_features,))):  # fmt: skip
                    if parameter is not None:
                        parameter.materialize(shape)  # type: ignore[attr-defined]
                self.reset_parameters()
        if self.in_features == 0:
            self.in_features = self.weight.shape[-1]


class _LazyConv(LazyModuleMixin):
    """What lazy convolutions share; `_dims` is the number of spatial dimensions."""

    _dims: ClassVar[int]

    def __init__(
        self, out_channels: int, kernel_size: Any, *args: Any, bias: bool = True, device: Any = None,
        dtype: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        names = _TRANSPOSED_ARGUMENTS if "Transpose" in type(self).__name__ else _ARGUMENTS
        given = dict(zip(names, args))
        bias, device, dtype = given.pop("bias", bias), given.pop("device", device), given.pop("dtype", dtype)
        super().__init__(0, 0, kernel_size, bias=False, device=device, dtype=dtype, **given, **kwargs)
        mine: Any = self
        mine.weight = UninitializedParameter(device=device, dtype=dtype)
        mine.out_channels = out_channels
        if bias:
            mine.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw the parameters anew, if they are there."""
        mine: Any = self
        if not self.has_uninitialized_params() and mine.in_channels != 0:
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input: Tensor, *args: Any, **kwargs: Any) -> None:
        """Gives the parameters the shapes that fit an input.

        Raises:
            RuntimeError: the input has another number of dimensions.
            ValueError: its channels are not divisible by the groups.
        """
        mine: Any = self
        if not self.has_uninitialized_params():
            return
        alone, batched = self._dims + 1, self._dims + 2
        if input.dim() not in (alone, batched):
            raise RuntimeError(
                f"Expected {alone}D (unbatched) or {batched}D (batched) input "
                f"to {type(self).__name__}, but "
                f"got input of size: {input.shape}"
            )
        mine.in_channels = input.shape[1 if input.dim() == batched else 0]
        if mine.in_channels % mine.groups:
            raise ValueError("in_channels must be divisible by groups")
        first, second = mine.out_channels, mine.in_channels // mine.groups
        if mine.transposed:
            first, second = mine.in_channels, mine.out_channels // mine.groups
        mine.weight.materialize((first, second, *mine.kernel_size))
        if mine.bias is not None:
            mine.bias.materialize((mine.out_channels,))
        self.reset_parameters()


_ARGUMENTS = ("stride", "padding", "dilation", "groups", "bias", "padding_mode", "device", "dtype")
_TRANSPOSED_ARGUMENTS = (
    "stride", "padding", "output_padding", "groups", "bias", "dilation", "padding_mode", "device", "dtype",
)  # fmt: skip


class _LazyNorm(LazyModuleMixin):
    """What lazy normalizations share."""

    def __init__(
        self, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True, track_running_stats: bool = True,
        device: Any = None, dtype: Any = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(0, eps, momentum, False, False, device=device, dtype=dtype)
        mine: Any = self
        mine.affine, mine.track_running_stats = affine, track_running_stats
        if affine:
            mine.weight = UninitializedParameter(device=device, dtype=dtype)
            if bias:
                mine.bias = UninitializedParameter(device=device, dtype=dtype)
        if track_running_stats:
            mine.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            mine.running_var = UninitializedBuffer(device=device, dtype=dtype)
            mine.num_batches_tracked = tensor(0)

    def reset_parameters(self) -> None:
        """Set the parameters anew, if they are there."""
        mine: Any = self
        if not self.has_uninitialized_params() and mine.num_features != 0:
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input: Tensor) -> None:  # type: ignore[override]
        """Gives parameters and statistics the shapes that fit an input."""
        mine: Any = self
        if self.has_uninitialized_params():
            mine.num_features = input.shape[1]
            for name in ("weight", "bias", "running_mean", "running_var"):
                t = getattr(mine, name)
                if is_lazy(t):
                    t.materialize((mine.num_features,))
            self.reset_parameters()


def _lazy(kind: Any, mixin: Any, dims: int) -> Any:
    """The lazy form of a layer."""
    about = "in_channels" if mixin is _LazyConv else "num_features"
    body = {
        "__doc__": f"`{kind.__name__}` that takes `{about}` from the first input; the other arguments are the same.",
        "__module__": __name__,
        "cls_to_become": kind,
        "_dims": dims,
    }
    return type(f"Lazy{kind.__name__}", (mixin, kind), body)


LazyConv1d, LazyConv2d, LazyConv3d = (_lazy(c, _LazyConv, i + 1) for i, c in enumerate((Conv1d, Conv2d, Conv3d)))
LazyConvTranspose1d, LazyConvTranspose2d, LazyConvTranspose3d = (
    _lazy(c, _LazyConv, i + 1) for i, c in enumerate((ConvTranspose1d, ConvTranspose2d, ConvTranspose3d))
)
LazyBatchNorm1d, LazyBatchNorm2d, LazyBatchNorm3d = (
    _lazy(c, _LazyNorm, i + 1) for i, c in enumerate((BatchNorm1d, BatchNorm2d, BatchNorm3d))
)
LazyInstanceNorm1d, LazyInstanceNorm2d, LazyInstanceNorm3d = (
    _lazy(c, _LazyNorm, i + 1) for i, c in enumerate((InstanceNorm1d, InstanceNorm2d, InstanceNorm3d))
)
