"""Tables of calls, one a line, that are made with PyTorch and with Rushlight and must come out the same."""

import numpy as np
import pytest
from beside import check


def calls(table):
    """The lines of a table as parameters of a test."""
    return pytest.mark.parametrize("line", [line.strip() for line in table.strip().splitlines()])


def check_line(line, setup, **tolerance):
    """Asserts that a line comes out the same with both libraries, given what ``setup(m)`` defines."""

    def scenario(m):
        always = m.is_warn_always_enabled()
        m.set_warn_always(True)
        try:
            return eval(line, {"torch": m, "T": m.tensor, "np": np, **setup(m)})
        finally:
            m.set_warn_always(always)

    check(scenario, **tolerance)


def drawn(call, seed):
    """A scenario: the value of an expression after seeding, and the state afterwards."""

    def scenario(torch):
        torch.manual_seed(seed)
        generator = torch.Generator().manual_seed(seed + 1)
        value = eval(call, {"torch": torch, "generator": generator})
        return value, torch.get_rng_state(), generator.get_state()

    return scenario
