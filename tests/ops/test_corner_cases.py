"""Calls at the edge of what operations take: nothing, single numbers, dtypes that do not fit.

The lines of `corner_cases.txt` are statements, of which the last is an expression; each runs in both libraries.
Values, dtypes, shapes and the types of exceptions must agree. In what words something is refused, other tests tell.
"""

import warnings
from pathlib import Path

import pytest
import torch
from beside import assert_same, described

import rushlight

LINES = [
    line for line in Path(__file__).with_name("corner_cases.txt").read_text().split("\n") if line and line[0] != "#"
]


def outcome(line, module):
    """What a line's last expression is worth, or the type of the exception that it raises."""
    *statements, last = line.split("; ")
    names = {"t": module, "nan": float("nan"), "inf": float("inf")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for statement in statements:
                exec(statement, names)
            return described(eval(last, names))
        except Exception as error:
            return type(error).__name__


@pytest.mark.parametrize("line", LINES)
def test_is_as_in_pytorch(line):
    ours, theirs = outcome(line, rushlight), outcome(line, torch)
    assert_same(without_layout(ours), without_layout(theirs), line)


def without_layout(value):
    """A description without strides, which other tests compare."""
    if isinstance(value, dict):
        return {k: without_layout(v) for k, v in value.items() if k != "stride"}
    return [without_layout(v) for v in value] if isinstance(value, list) else value
