"""Generators of random numbers: `Generator`, the default one, and the functions that seed, save and restore it."""

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from . import devices, dtypes
from .base import TensorBase, wrap
from .kernels.numpy_random import MersenneTwister

if TYPE_CHECKING:
    from .tensor import Tensor

__all__ = [
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "seed",
    "set_rng_state",
    "thread_safe_generator",
]


class Generator:
    """A source of random numbers, given to functions as ``generator=``.

    The same seed and the same calls give the same numbers as PyTorch's CPU generator; states can be exchanged with it.

    Args:
        device: where the numbers are made; only the CPU is there.

    Raises:
        RuntimeError: another device was asked for.
    """

    __slots__ = ("__weakref__", "source")

    def __init__(self, device: Any = None):
        _check_device(device)
        self.source = MersenneTwister()

    @property
    def device(self) -> devices.device:
        """Where the numbers are made: the CPU."""
        return devices.cpu

    def manual_seed(self, seed: int, /) -> "Generator":
        """Starts the sequence that belongs to a seed.

        Args:
            seed: from ``-2**63`` to ``2**64 - 1``; a negative seed means the seed plus ``2**64``.

        Returns:
            The generator itself.

        Raises:
            RuntimeError: `seed` is not an int.
            ValueError: `seed` is out of range.
        """
        if not isinstance(seed, int) or isinstance(seed, bool):
            if isinstance(seed, np.integer):
                raise TypeError("an integer is required")
            kind = f"numpy.{type(seed).__name__}" if isinstance(seed, np.generic) else type(seed).__name__
            raise RuntimeError(f"manual_seed expected a long, but got {kind}")
        if not -(1 << 63) <= seed < 1 << 64:
            raise ValueError("Overflow when unpacking long long")
        self.source.reseed(seed % (1 << 64))
        return self

    def seed(self) -> int:
        """Starts a sequence from a seed that the operating system draws, and returns that seed."""
        self.source.reseed(_drawn_seed())
        return self.source.seed

    def initial_seed(self) -> int:
        """The seed from which the sequence started."""
        return self.source.seed

    def get_state(self) -> "Tensor":
        """The state as a uint8 tensor of 5056 elements."""
        return wrap(self.source.get_state())

    def set_state(self, new_state: "Tensor", /) -> "Generator":
        """Continues from a state that `get_state` returned, here or in PyTorch.

        Returns:
            The generator itself.

        Raises:
            TypeError: `new_state` is not a uint8 tensor.
            RuntimeError: it is not contiguous, or not a state.
        """
        if not isinstance(new_state, TensorBase):
            raise TypeError(f"expected a torch.ByteTensor, but got {type(new_state).__name__}")
        if new_state._dtype is not dtypes.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        if not new_state._data.flags.c_contiguous:
            raise RuntimeError("RNG state must be contiguous")
        self.source.set_state(new_state._data)
        return self

    def clone_state(self) -> "Generator":
        """A generator of its own that goes on with the same numbers."""
        twin = Generator()
        twin.source = self.source.clone()
        return twin

    def graphsafe_get_state(self) -> NoReturn:
        """Refused: the shared states of CUDA graphs do not exist on the CPU.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("graphsafe_get_state is not supported in this Generator")

    def graphsafe_set_state(self, state: "Generator", /) -> NoReturn:
        """Refused: the shared states of CUDA graphs do not exist on the CPU.

        Raises:
            NotImplementedError: always.
            TypeError: `state` is no generator.
        """
        if not isinstance(state, Generator):
            raise TypeError(f"expected a Generator, but got {type(state).__name__}")
        raise NotImplementedError("graphsafe_set_state is not supported in this Generator")

    def get_offset(self) -> NoReturn:
        """Refused: only generators of other devices count in offsets.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("CPU Generator does not use offset")

    def set_offset(self, offset: int, /) -> NoReturn:
        """Refused: only generators of other devices count in offsets.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("CPU Generator does not use offset")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.device,), (self.initial_seed(), None, self.get_state())

    def __setstate__(self, state: tuple[int, int | None, "Tensor"]) -> None:
        self.set_state(state[2])

    def __repr__(self) -> str:
        name = "torch._C.Generator" if type(self) is Generator else f"{type(self).__module__}.{type(self).__qualname__}"
        return f"<{name} object at {id(self):#x}>"


_NO_GENERATOR = {
    "cuda": "Cannot get CUDA generator without ATen_cuda library. PyTorch splits its backend into two shared "
    "libraries: a CPU library and a CUDA library; this error has occurred because you are trying to use some CUDA "
    "functionality, but the CUDA library has not been loaded by the dynamic linker for some reason.  The CUDA library "
    "MUST be loaded, EVEN IF you don't directly use any symbols from the CUDA library! One common culprit is a lack of "
    "-Wl,--no-as-needed in your link arguments; many dynamic linkers will delete dynamic library dependencies if you "
    "don't depend on any of their symbols.  You can check if this has occurred by using ldd on your binary to see if "
    "there is a dependency on *_cuda.so library.",
    "xpu": "Cannot get XPU generator without ATen_xpu library.",
    "mps": "Cannot execute getNewGenerator() without MPS backend.",
    "mtia": "Cannot execute getNewGenerator() without MTIA backend.",
    "hip": "Backend doesn`t support getNewGenerator()",
    "hpu": "Backend doesn`t support getNewGenerator()",
}


def _check_device(device: Any) -> None:
    """Refuses what is not the CPU.

    Raises:
        TypeError: it is no device.
        RuntimeError: it is another device.
    """
    if device is None:
        return
    if not isinstance(device, (devices.device, str, bytes, int)) or isinstance(device, bool):
        kind = "Tensor" if isinstance(device, TensorBase) else type(device).__name__
        raise TypeError(f"Generator(): argument 'device' (position 1) must be torch.device, not {kind}")
    kind = devices.device(device).type
    if kind != "cpu":
        raise RuntimeError(_NO_GENERATOR.get(kind, f"{kind.upper()} device type not an accelerator."))


def _drawn_seed() -> int:
    """64 bits from the operating system."""
    return int.from_bytes(os.urandom(8), "little")


default_generator = Generator()
default_generator.seed()


def source_of(generator: Generator | None) -> MersenneTwister:
    """The source of random words behind a ``generator=`` argument."""
    return default_generator.source if generator is None else generator.source


def manual_seed(seed: Any) -> Generator:
    """Seeds the default generator.

    Args:
        seed: from ``-2**63`` to ``2**64 - 1``; a negative seed means the seed plus ``2**64``. What is not an int is
            converted by ``int``.

    Returns:
        The default generator.

    Raises:
        ValueError: `seed` is out of range.
    """
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Seeds the default generator with a number that the operating system draws, and returns it."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed from which the default generator started."""
    return default_generator.initial_seed()


def get_rng_state() -> "Tensor":
    """The state of the default generator as a uint8 tensor."""
    return default_generator.get_state()


def set_rng_state(new_state: "Tensor") -> None:
    """Lets the default generator continue from a state that `get_rng_state` returned."""
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(
    devices: Iterable[Any] | None = None,
    enabled: bool = True,
    _caller: str = "fork_rng",
    _devices_kw: str = "devices",
    device_type: str | None = None,
) -> Iterator[None]:
    """In the context, the default generator can be used and seeded; afterwards it is in its former state again.

    Args:
        devices: accelerators whose generators are restored too; as none is there, none can be named.
        enabled: false makes the context do nothing.
        device_type: the type of `devices`.

    Raises:
        AssertionError: an accelerator was named.
        RuntimeError: `device_type` is not a device type.
    """
    if device_type is not None:
        _as_device(device_type)
    if not enabled or device_type == "meta":
        yield
        return
    if list(devices or ()):
        raise AssertionError("Torch not compiled with CUDA enabled")
    state = default_generator.get_state()
    try:
        yield
    finally:
        default_generator.set_state(state)


_as_device = devices.device


def thread_safe_generator() -> Generator | None:
    """The generator of the `DataLoader` worker thread that calls this, or None outside such threads."""
    data = sys.modules.get(f"{__package__}.utils.data")  # not loaded: no worker can be running
    worker = data.get_worker_info() if data is not None else None
    if worker is not None and worker.worker_method == "thread" and worker.rng is not None:
        return worker.rng.torch_generator
    return None
