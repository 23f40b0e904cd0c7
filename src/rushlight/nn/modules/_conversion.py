"""Moving and converting the tensors of a tree of modules: `to`, `double`, `cuda`, ..."""

import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Self

from ...autograd.grad_mode import no_grad
from ...tensor import Tensor

if TYPE_CHECKING:
    from .module import Module

Conversion = Callable[[Any], Any]


class ConversionMethods:
    """The part of `Module` that converts its parameters and buffers."""

    _parameters: dict[str, Any]
    _buffers: dict[str, Any]

    if TYPE_CHECKING:

        def children(self) -> Iterator["Module"]:
            """The direct submodules."""

    def _apply(self, fn: Conversion, recurse: bool = True) -> Self:
        """Replace every parameter (and its gradient) and buffer by `fn` of it; the parameters stay the same objects."""
        if recurse:
            for module in self.children():
                module._apply(fn)
        for param in self._parameters.values():
            if param is None:
                continue
            grad = param.grad
            with no_grad():
                param.data = fn(param)
                if grad is not None:
                    grad.data = fn(grad)
                    # A gradient of the old type would no longer fit the parameter.
                    param.grad = grad
        for key, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[key] = fn(buffer)
        return self

    def cuda(self, device: Any = None) -> Self:
        """Move all parameters and buffers to a GPU."""
        return self._apply(lambda t: t.cuda(device))

    def cpu(self) -> Self:
        """Move all parameters and buffers to the CPU."""
        return self._apply(lambda t: t.cpu())

    def type(self, dst_type: Any) -> Self:
        """Cast all parameters and buffers to `dst_type`."""
        return self._apply(lambda t: t.type(dst_type))

    def float(self) -> Self:
        """Cast all floating-point parameters and buffers to float32."""
        return self._apply(lambda t: t.float() if t.is_floating_point() else t)

    def double(self) -> Self:
        """Cast all floating-point parameters and buffers to float64."""
        return self._apply(lambda t: t.double() if t.is_floating_point() else t)

    def half(self) -> Self:
        """Cast all floating-point parameters and buffers to float16."""
        return self._apply(lambda t: t.half() if t.is_floating_point() else t)

    def bfloat16(self) -> Self:
        """Cast all floating-point parameters and buffers to bfloat16."""
        return self._apply(lambda t: t.bfloat16() if t.is_floating_point() else t)

    def share_memory(self) -> Self:
        """Move all parameters and buffers to memory that processes forked afterwards share."""
        return self._apply(lambda t: t.share_memory_())

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Replace all parameters and buffers by uninitialised ones on `device`."""
        from ...ops.creation import empty_like

        return self._apply(lambda t: empty_like(t, device=device), recurse=recurse)

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Move or cast all parameters and buffers, in place.

        `to(device)`, `to(dtype)`, `to(device, dtype)`, `to(tensor)`, each with `non_blocking` and `memory_format`.
        Only floating-point and complex tensors change their dtype, and only 4-dim and 5-dim ones their memory format.

        Raises:
            TypeError: the dtype is neither floating point nor complex, or the arguments fit no form.
        """
        device, dtype, non_blocking, memory_format = parse_to(*args, **kwargs)
        if dtype is not None:
            if not (dtype.is_floating_point or dtype.is_complex):
                raise TypeError(
                    f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}"
                )
            if dtype.is_complex:
                warnings.warn(
                    "Complex modules are a new feature under active development whose design may change, "
                    "and some modules might not work as expected when using complex tensors as parameters or buffers. "
                    "Please file an issue at https://github.com/pytorch/pytorch/issues/new?template=bug-report.yml "
                    "if a complex module does not work as expected.",
                    stacklevel=2,
                )

        def convert(t: Any) -> Any:
            options = {} if memory_format is None or t.dim() not in (4, 5) else {"memory_format": memory_format}
            wanted = dtype if t.is_floating_point() or t.is_complex() else None
            return t.to(device, wanted, non_blocking, **options)

        return self._apply(convert)


def parse_to(*args: Any, **kwargs: Any) -> tuple[Any, Any, bool, Any]:
    """Sort the arguments of `to` into (device, dtype, non_blocking, memory_format).

    Raises:
        TypeError: they fit none of the forms `to(device, dtype)`, `to(dtype)`, `to(tensor)`.
    """
    from ... import dtypes
    from ...devices import device as Device

    Dtype = dtypes.dtype

    names = ["device", "dtype", "non_blocking", "copy"]
    original, other = args, None
    first = args[0] if args else None
    if isinstance(first, Dtype) or any(first is kind for kind in (int, float, bool)):
        names = ["dtype", "non_blocking", "copy"]
    elif isinstance(first, Tensor) or "other" in kwargs or "tensor" in kwargs:
        other = first if isinstance(first, Tensor) else kwargs.pop("other", kwargs.pop("tensor", None))
        args = args[1:] if isinstance(first, Tensor) else args
        names = ["non_blocking", "copy"]
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    if other is not None:
        given.update(device=other.device, dtype=other.dtype)
    device, dtype = given.get("device"), given.get("dtype")
    dtype = {int: dtypes.int64, float: dtypes.float64, bool: dtypes.bool_}.get(dtype, dtype)  # type: ignore[arg-type]
    fits = (
        len(args) <= len(names)
        and given.keys() <= {"device", "dtype", "non_blocking", "copy", "memory_format"}
        and (device is None or isinstance(device, (str, int, Device)))
        and (dtype is None or isinstance(dtype, Dtype))
        and all(isinstance(given.get(flag, False), bool) for flag in ("non_blocking", "copy"))
    )
    if not fits:
        if len(original) > 4 and not kwargs:
            raise TypeError(f"to() takes from 0 to 4 positional arguments but {len(original)} were given")
        # PyTorch shows keyword arguments from the last to the first, with a comma after them when there are no others.
        words = [f"{key}={_kind(value)}" for key, value in reversed(kwargs.items())]
        kinds = ", ".join([*map(_kind, original), *words]) + (", " if words and not original else "")
        raise TypeError(
            f"to() received an invalid combination of arguments - got ({kinds}), "
            "but expected one of:\n"
            " * (torch.device device = None, torch.dtype dtype = None, bool non_blocking = False, bool copy = False, "
            "*, torch.memory_format memory_format = None)\n"
            " * (torch.dtype dtype, bool non_blocking = False, bool copy = False, *, "
            "torch.memory_format memory_format = None)\n"
            " * (Tensor tensor, bool non_blocking = False, bool copy = False, *, "
            "torch.memory_format memory_format = None)\n"
        )
    if device is not None and not isinstance(device, Device):
        device = Device(device)
    return device, dtype, bool(given.get("non_blocking", False)), given.get("memory_format")


def _kind(value: Any) -> str:
    """The type of an argument as PyTorch's messages write it."""
    name = type(value).__name__
    return f"torch.{name}" if type(value).__module__.partition(".")[0] == "rushlight" and name != "Tensor" else name
