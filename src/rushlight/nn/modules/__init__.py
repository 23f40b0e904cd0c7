"""The layers (`torch.nn.modules`), one file for each family."""

from types import ModuleType

from . import activation, batchnorm, conv, instancenorm, lazy, linear, loss, pooling, transformer
from . import channelshuffle, container, distance, dropout, flatten, fold, normalization, padding, pixelshuffle, rnn
from . import adaptive, ctc, linear_cross_entropy, linear_cross_entropy_options, margin_loss, multihead, softmax
from . import parameter_containers, rnn_cells, sparse, transformer_layers, unpooling, upsampling
from . import utils as utils
from .activation import *
from .adaptive import *
from .batchnorm import *
from .channelshuffle import *
from .container import *
from .conv import *
from .ctc import *
from .distance import *
from .dropout import *
from .flatten import *
from .fold import *
from .instancenorm import *
from .lazy import *
from .linear import *
from .linear_cross_entropy import *
from .linear_cross_entropy_options import *
from .loss import *
from .margin_loss import *
from .module import Module
from .multihead import *
from .normalization import *
from .padding import *
from .parameter_containers import *
from .pixelshuffle import *
from .pooling import *
from .rnn import *
from .rnn_cells import *
from .softmax import *
from .sparse import *
from .transformer import *
from .transformer_layers import *
from .unpooling import *
from .upsampling import *

__all__ = ["Module"]
__all__ += activation.__all__
__all__ += adaptive.__all__
__all__ += batchnorm.__all__
__all__ += channelshuffle.__all__
__all__ += container.__all__
__all__ += conv.__all__
__all__ += ctc.__all__
__all__ += distance.__all__
__all__ += dropout.__all__
__all__ += flatten.__all__
__all__ += fold.__all__
__all__ += instancenorm.__all__
__all__ += lazy.__all__
__all__ += linear.__all__
__all__ += linear_cross_entropy.__all__
__all__ += linear_cross_entropy_options.__all__
__all__ += loss.__all__
__all__ += margin_loss.__all__
__all__ += multihead.__all__
__all__ += normalization.__all__
__all__ += padding.__all__
__all__ += parameter_containers.__all__
__all__ += pixelshuffle.__all__
__all__ += pooling.__all__
__all__ += rnn.__all__
__all__ += rnn_cells.__all__
__all__ += softmax.__all__
__all__ += sparse.__all__
__all__ += transformer.__all__
__all__ += transformer_layers.__all__
__all__ += unpooling.__all__
__all__ += upsampling.__all__


def _at_home(home: ModuleType, kind: type) -> None:
    """Makes a layer known under the module that has it in PyTorch, by which pickles and programs name it."""
    kind.__module__ = home.__name__
    setattr(home, kind.__name__, kind)


# What is more than one file here, and one module there.
for _home, _file in (
    (activation, multihead),
    (activation, softmax),
    (container, parameter_containers),
    (loss, ctc),
    (loss, linear_cross_entropy),
    (loss, margin_loss),
    (pooling, unpooling),
    (rnn, rnn_cells),
    (transformer, transformer_layers),
):
    for _name in _file.__all__:
        _at_home(_home, getattr(_file, _name))
for _home in (batchnorm, conv, instancenorm, linear):
    for _name in list(_home.__all__):
        if f"Lazy{_name}" in lazy.__all__:
            _at_home(_home, getattr(lazy, f"Lazy{_name}"))
