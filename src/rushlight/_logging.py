"""``torch._logging``: which of the library's parts write to the log.

Only autograd does; the other parts that PyTorch names belong to its compiler, and are accepted.
"""

import logging
from typing import Any

from .autograd.logs import above


class _Line(logging.Formatter):
    """``V1130 09:48:57.404000 31459 torch/autograd/graph.py:955] message``."""

    def format(self, record: logging.LogRecord) -> str:
        when = self.formatTime(record, "%m%d %H:%M:%S")
        letter = "V" if record.levelno <= logging.DEBUG else record.levelname[0]
        place = f"{record.name.replace('.', '/')}.py:{record.lineno}"
        return f"{letter}{when}.{int(record.msecs):03d}000 {record.process} {place}] {record.getMessage()}"


_handler: logging.Handler | None = None


def set_logs(*, all: int | None = None, autograd: int | None = None, **others: Any) -> None:
    """Sets the levels from which on parts of the library write to the log; those not given are reset.

    Args:
        all: the level of all parts.
        autograd: the level of autograd: at ``logging.DEBUG`` each node is told that backward runs.
        others: levels of parts that are not there.

    Source: https://docs.pytorch.org/docs/stable/generated/torch._logging.set_logs.html
    """
    global _handler
    level = autograd if autograd is not None else all
    logger = above[-1]
    if _handler is not None:
        logger.removeHandler(_handler)
        _handler = None
    if level is not None:
        _handler = logging.StreamHandler()
        _handler.setFormatter(_Line())
        logger.addHandler(_handler)
    logger.propagate = level is None
    logger.setLevel(logging.NOTSET if level is None else level)
