"""Storages beside PyTorch."""

import pytest
import torch
from beside import check

from rushlight import storage, warn


@pytest.fixture
def not_yet_warned():
    """Both libraries warn of typed storages once in a process: whatever ran before, it is still to come."""
    vars(torch.storage._warn_typed_storage_removal).pop("has_warned", None)
    warn._seen.discard(storage.DEPRECATED)


@pytest.mark.usefixtures("not_yet_warned")
def test_typed_storage():
    def scenario(m):
        x = m.tensor([[1.0, 2.0], [3.0, 4.0]])
        s = x.t().storage()
        s[1] = 9
        return [
            repr(s),
            s[1],
            s.tolist(),
            list(s),
            len(s),
            x,
            repr(m.arange(2).storage()),
            x.is_shared(),
            x.is_pinned(),
        ]

    check(scenario)
    check(lambda m: m.ones(2).storage()[0:1])
