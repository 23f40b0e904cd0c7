"""`torch.device`: where a tensor's elements live."""

from collections.abc import Callable
from typing import Any, NoReturn

_TYPES = (
    "cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, fpga, maia, xla, lazy, vulkan, mps, meta, hpu, mtia, "
    "privateuseone"
)
_KNOWN = frozenset(_TYPES.split(", "))


class device:
    """A device by type and optional index, such as ``device("cpu")`` or ``device("cuda", 0)``.

    In a `with` block, tensors are made on it where no other device is given.

    Args:
        type: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, another device, or an index of the accelerator.
        index: the number of the device among those of its type.

    Raises:
        RuntimeError: the string names no device type, or two indices are given.
        TypeError: the arguments are of other types.
    """

    __slots__ = ("_outer", "index", "type")
    type: str
    index: int | None
    _outer: Any

    def __init__(self, *args: Any, **kwargs: Any):
        type, index = _arguments(args, kwargs)
        if isinstance(type, device):
            name, index = type.type, type.index
        elif isinstance(type, int):
            if type < 0:
                raise RuntimeError("Device index must not be negative")
            raise RuntimeError("Cannot access accelerator device when none is available.")
        else:
            name, index = _parse(type, index)
        object.__setattr__(self, "type", name)
        object.__setattr__(self, "index", index)
        object.__setattr__(self, "_outer", None)

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        if name in ("type", "index"):
            raise AttributeError(f"attribute '{name}' of 'torch.device' objects is not writable")
        raise AttributeError(f"'torch.device' object has no attribute '{name}'")

    def __repr__(self) -> str:
        return (
            f"device(type='{self.type}')" if self.index is None else f"device(type='{self.type}', index={self.index})"
        )

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and self.type == other.type and self.index == other.index

    def __lt__(self, other: object) -> bool:
        raise TypeError("comparison not implemented")

    __le__ = __gt__ = __ge__ = __lt__

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple[Any, ...]:
        return device, (self.type,) if self.index is None else (self.type, self.index)

    def __enter__(self) -> "device":
        object.__setattr__(self, "_outer", (_default, self._outer))
        set_default_device(self)
        return self

    def __exit__(self, *exc: object) -> None:
        before, outer = self._outer
        object.__setattr__(self, "_outer", outer)
        set_default_device(before)


def _arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """The type and index among the arguments of `device`.

    Raises:
        TypeError: they are of other types.
    """
    values = dict(zip(("type", "index"), args)) | kwargs
    lone = values.get("device", values.get("type"))
    if len(args) + len(kwargs) == 1 and len(values) == 1 and _is_lone(lone):
        return lone, None
    if (
        len(args) > 2
        or len(args) + len(kwargs) != len(values)
        or "type" not in values
        or values.keys() - {"type", "index"}
    ):
        _refuse(args, kwargs)
    if len(values) == 1:
        _refuse(args, kwargs)
    if not isinstance(values["type"], (str, bytes)):
        raise TypeError(f"device(): argument 'type' (position 1) must be str, not {_type_name(values['type'])}")
    index = values["index"]
    if index is not None and (not isinstance(index, int) or isinstance(index, bool)):
        raise TypeError(f"device(): argument 'index' (position 2) must be int, not {_type_name(index)}")
    return values["type"], index


def _is_lone(value: Any) -> bool:
    return isinstance(value, (str, bytes, device, int)) and not isinstance(value, bool)


def _type_name(value: Any) -> str:
    return "torch.device" if isinstance(value, device) else type(value).__name__


def _refuse(args: tuple[Any, ...], kwargs: dict[str, Any]) -> NoReturn:
    got = [_type_name(value) for value in args] + [f"{name}={_type_name(value)}" for name, value in kwargs.items()]
    why = ""
    if len(args) == 1 and not kwargs:
        shown = _type_name(args[0])
        inner = [_type_name(item) for item in args[0]] if isinstance(args[0], (list, tuple)) else []
        if isinstance(args[0], list):
            shown = f"list of [{', '.join(inner)}]"
        elif isinstance(args[0], tuple):
            shown = f"tuple of ({', '.join(inner)}{',' if len(inner) == 1 else ''})"
        why = f"      didn't match because some of the arguments have invalid types: (!{shown}!)\n"
    elif kwargs and not args:
        why = f"      didn't match because some of the keywords were incorrect: {', '.join(kwargs)}\n"
    raise TypeError(
        f"device() received an invalid combination of arguments - got ({', '.join(got)}{', ' if kwargs else ''}), but "
        f"expected one of:\n * (torch.device device)\n{why} * (str type, int index = -1)\n"
    )


def _parse(text: str | bytes, index: int | None) -> tuple[str, int | None]:
    """The type and index that a device string and an index beside it stand for.

    Raises:
        RuntimeError: the string is no device's, or there are two indices.
    """
    if isinstance(text, bytes):
        text = text.decode()
    if not text:
        raise RuntimeError("Device string must not be empty")
    name, colon, number = text.partition(":")
    if name not in _KNOWN:
        if not name.isalpha():
            raise RuntimeError(f"Invalid device string: '{text}'")
        raise RuntimeError(f"Expected one of {_TYPES} device type at start of device string: {name}")
    if not colon:
        if index is not None and index < 0:
            raise RuntimeError("Device index must not be negative")
        return name, index
    if not number.isdigit() or (len(number) > 1 and number[0] == "0"):
        raise RuntimeError(f"Invalid device string: '{text}'")
    if index is not None:
        raise RuntimeError(f"type (string) must not include an index because index was passed explicitly: {text}")
    if int(number) >= 2**31:
        raise RuntimeError(f"Could not parse device index '{number}' in device string '{text}'")
    return name, int(number)


cpu = device("cpu")
_default = cpu


def set_default_device(device: "device | str | int | None") -> None:
    """Sets the device on which tensors are made where none is given; None stands for the CPU.

    A device that this installation lacks is refused by the functions that make tensors, not here.
    """
    global _default
    _default = cpu if device is None else _as_device(device)


def get_default_device() -> device:
    """The device on which tensors are made where none is given.

    Raises:
        AssertionError: it was set to one that this installation lacks.
    """
    return check(None)


def check(where: Any) -> device:
    """Turns a `device=` argument into a device on which this installation can make tensors.

    Raises:
        AssertionError: a CUDA device was asked for, which this build does not have.
        RuntimeError: any other device that is not the CPU.
    """
    if where is None:
        where = _default
    if where is cpu:
        return cpu
    where = device(where)
    if where.type == "cpu":
        return cpu
    if where.type == "cuda":
        raise AssertionError("Torch not compiled with CUDA enabled")
    raise RuntimeError(f"Could not run an operation on the '{where.type}' device: this build has the CPU only")


_as_device: Callable[[Any], device] = device
