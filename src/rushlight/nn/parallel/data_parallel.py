"""`DataParallel` where there is no GPU: the module as it is, behind the name ``module``."""

from collections.abc import Sequence
from typing import Any

from ..modules.module import Module


class DataParallel(Module):
    """Calls a module. Where there are several GPUs, PyTorch spreads each batch over them; here there are none.

    Args:
        module: the module.
        device_ids, output_device, dim: have no effect.

    Attributes:
        module: the module.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.DataParallel.html
    """

    def __init__(
        self, module: Module, device_ids: Sequence[Any] | None = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        self.module = module
        self.device_ids: list[Any] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What the module returns."""
        return self.module(*inputs, **kwargs)
