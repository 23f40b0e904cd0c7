"""`torch.utils.data._utils.collate`: how samples become a batch."""

from ..collate import default_collate as default_collate
from ..collate import default_convert as default_convert

__all__ = ["default_collate", "default_convert"]
