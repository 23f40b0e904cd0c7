"""Warnings that come once in a process come each time, so that no other test can have used them up."""

import pytest
import torch

import rushlight


@pytest.fixture(autouse=True)
def warned_each_time():
    always = [library.is_warn_always_enabled() for library in (torch, rushlight)]
    for library in (torch, rushlight):
        library.set_warn_always(True)
    yield
    for library, before in zip((torch, rushlight), always, strict=True):
        library.set_warn_always(before)
