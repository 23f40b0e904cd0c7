"""What backward tells the log, beside PyTorch."""

import contextlib
import importlib
import io
import logging
import re

import pytest
from beside import check

from rushlight.autograd.steps import node_watchers

DEBUG = logging.DEBUG


@contextlib.contextmanager
def listening(name):
    logger = logging.getLogger(name)
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    before, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield logger, text
    finally:
        logger.removeHandler(handler)
        logger.propagate = before


def lines(text):
    return re.sub("0x[0-9a-f]+", "0x", text.getvalue()).splitlines()


def several(t):
    a = t.rand(10, requires_grad=True)
    b = a.mul(2).div(3).sum()
    t.autograd.backward((b, b.clone()))


def outputs(t):
    x = t.ones(2, 3, dtype=t.float64, requires_grad=True)
    u, v = x.unbind(0)
    t.autograd.grad((u * v).sum(), x)
    x.unbind(0)[1].sum().backward()
    y = t.ones(2, dtype=t.complex64, requires_grad=True)
    y.abs().to(t.float16).sum().backward()


def level_of_the_logger(t):
    with listening("torch.autograd.graph") as (logger, text):
        logger.setLevel(DEBUG)
        try:
            several(t)
            outputs(t)
        finally:
            logger.setLevel(logging.NOTSET)
        several(t)
        return lines(text)


def set_logs(t):
    module = importlib.import_module(t.__name__ + "._logging")
    with listening("torch.autograd.graph") as (_, text):
        several(t)
        module.set_logs(autograd=DEBUG)
        try:
            several(t)
        finally:
            module.set_logs()
        several(t)
        return lines(text), t.autograd.graph.log.name


@pytest.mark.parametrize("scenario", [level_of_the_logger, set_logs])
def test_beside(scenario):
    check(scenario)


def test_nobody_watches_backward_where_nothing_is_told():
    assert not node_watchers
