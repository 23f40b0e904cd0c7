"""Every entry of PyTorch's list of operators, each check: see the package's documentation."""

import pytest

from .checks import FULL, applicable, failures
from .entries import entries
from .known import KNOWN, ORDER

ENTRIES = {e.name: e for e in entries()}
CASES = [(e.name, check) for e in ENTRIES.values() for check in applicable(e)]


def _marked(name, check):
    reason = KNOWN.get((name, check)) or KNOWN.get((name, "*"))
    marks = [pytest.mark.xfail(strict=reason is not ORDER, reason=reason)] if reason else []
    return pytest.param(name, check, id=f"{name}-{check}", marks=marks)


@pytest.mark.parametrize(("name", "check"), [_marked(*case) for case in CASES])
def test_entry(name, check):
    entry = ENTRIES[name]
    assert not entry.missing, "neither there nor in excluded.py"
    # What is known to fail is given every chance to: it must not pass by the choice of samples.
    known = (name, check) in KNOWN or (name, "*") in KNOWN
    for label, difference in failures(entry, applicable(entry)[check], full=FULL or known):
        assert difference is None, f"{label}: {difference}"


def test_known_names_exist():
    assert {k for k in KNOWN if k not in CASES and k[1] != "*"} == set()
