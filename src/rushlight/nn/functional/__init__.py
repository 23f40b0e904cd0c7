"""The functions behind the layers (`torch.nn.functional`)."""

from typing import Any

from ._activation import *
from ._activation import __all__ as _activation_names
from ._attention import *
from ._attention import __all__ as _attention_names
from ._ctc import *
from ._ctc import __all__ as _ctc_names
from ._distance import *
from ._distance import __all__ as _distance_names
from ._dropout import *
from ._dropout import __all__ as _dropout_names
from ._embedding_bag import *
from ._embedding_bag import __all__ as _embedding_bag_names
from ._grid import *
from ._grid import __all__ as _grid_names
from ._linear import *
from ._linear import __all__ as _linear_names
from ._linear_cross_entropy import *
from ._linear_cross_entropy import __all__ as _linear_cross_entropy_names
from ._loss import *
from ._loss import __all__ as _loss_names
from ._margin_loss import *
from ._margin_loss import __all__ as _margin_loss_names
from ._normalization import *
from ._normalization import __all__ as _normalization_names
from ._pooling import *
from ._pooling import __all__ as _pooling_names
from ._unpooling import *
from ._unpooling import __all__ as _unpooling_names
from ._vision import *
from ._vision import __all__ as _vision_names

__all__ = [
    *_activation_names,
    *_attention_names,
    *_ctc_names,
    *_distance_names,
    *_dropout_names,
    *_embedding_bag_names,
    *_grid_names,
    *_linear_names,
    *_linear_cross_entropy_names,
    *_loss_names,
    *_margin_loss_names,
    *_normalization_names,
    *_pooling_names,
    *_unpooling_names,
    *_vision_names,
]


def __getattr__(name: str) -> Any:
    from ...torch_alias import missing

    raise AttributeError(missing("torch.nn.functional", name))
