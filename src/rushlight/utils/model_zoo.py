"""`torch.utils.model_zoo`: older names of what `torch.hub` downloads."""

from ..hub import load_state_dict_from_url

__all__ = ["load_url"]

load_url = load_state_dict_from_url
