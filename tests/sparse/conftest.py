"""All tests of sparse tensors see every warning."""

import pytest


@pytest.fixture(autouse=True)
def warned_each_time(warn_always):
    """Most of these warnings come once in a process."""
