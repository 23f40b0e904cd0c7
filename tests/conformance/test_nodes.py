"""The graphs of all operators, beside PyTorch: node names, edges and saved values."""

import pytest

from .nodes import counted, reason


@pytest.mark.filterwarnings("ignore")
def test_nodes_are_those_of_pytorch():
    count = counted(samples=2)
    assert count.numbers["nodes"] > 1000
    assert {what: found[0] for what, found in count.differences.items() if not reason(what)} == {}
