"""Optimisers and learning-rate schedules (`torch.optim`)."""

from typing import Any

from . import lr_scheduler
from .adagrad import Adagrad
from .adam import Adam
from .adamw import AdamW
from .optimizer import Optimizer
from .rmsprop import RMSprop
from .sgd import SGD
from .sparse_adam import SparseAdam

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "SparseAdam", "lr_scheduler"]


def __getattr__(name: str) -> Any:
    from ..torch_alias import missing

    raise AttributeError(missing("torch.optim", name))
