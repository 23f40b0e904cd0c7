"""Differences that the fuzzer meets and docs/differences.md explains."""

import re

# (what the line matches, what the difference matches, the reason)
KNOWN = [
    (
        r"(v\d+)\.\w+_\(.*\b\1\b",
        r"RuntimeError.*instead of None",
        "an operand that is changed in place is saved before",
    ),
]


def known(line, what, operands):
    """The reason why a difference is known, or None.

    Args:
        line: the line that made it.
        what: the difference in words.
        operands: the tensors that the line names, before it ran.
    """
    for pattern, difference, reason in KNOWN:
        if re.search(pattern, line) and re.search(difference, what):
            return reason
    return None
