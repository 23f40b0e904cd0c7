"""The functions behind the layers (`torch.nn.functional`)."""

from typing import Any

from ._activation import *
from ._activation import __all__ as _activation
from ._distance import *
from ._distance import __all__ as _distance
from ._dropout import *
from ._dropout import __all__ as _dropout
from ._linear import *
from ._linear import __all__ as _linear
from ._loss import *
from ._loss import __all__ as _loss
from ._normalization import *
from ._normalization import __all__ as _normalization
from ._pooling import *
from ._pooling import __all__ as _pooling
from ._vision import *
from ._vision import __all__ as _vision

__all__ = [*_activation, *_distance, *_dropout, *_linear, *_loss, *_normalization, *_pooling, *_vision]


def __getattr__(name: str) -> Any:
    from ...torch_alias import missing

    raise AttributeError(missing("torch.nn.functional", name))
