"""torchvision beside Rushlight's vision; its compiled operators may be missing, its Python is all that is needed."""

import torch

_fake = torch.library.register_fake
torch.library.register_fake = lambda *args, **kwargs: lambda function: function
try:
    import torchvision
    import torchvision.datasets
    import torchvision.models
    import torchvision.transforms
finally:
    torch.library.register_fake = _fake

__all__ = ["torch", "torchvision"]
