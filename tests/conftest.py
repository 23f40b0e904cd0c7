"""What all tests share: the folder of helpers on the path, and how Hypothesis draws its examples.

With ``RUSHLIGHT_TEST_FORCE_KERNELS=1`` all tests run on the compiled kernels, however small the arrays.
"""

import os
import sys

import pytest
from hypothesis import settings

sys.path.insert(0, os.path.dirname(__file__))

# In CI the same commit draws the same examples, so that a run says something about the change. Everywhere else they are
# new ones each time, and find what CI has not met.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("here", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")

if os.environ.get("RUSHLIGHT_TEST_FORCE_KERNELS") == "1":
    import forced

    forced.force()


@pytest.fixture
def warn_always():
    """Warnings that come once in a process come each time, so that it does not matter which test came first."""
    import torch

    import rushlight

    before = [library.is_warn_always_enabled() for library in (torch, rushlight)]
    for library in (torch, rushlight):
        library.set_warn_always(True)
    yield
    for library, always in zip((torch, rushlight), before, strict=True):
        library.set_warn_always(always)
