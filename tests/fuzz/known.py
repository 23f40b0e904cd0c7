"""Differences that the fuzzer meets and that are explained here or in docs/differences.md."""

import re

# A difference is known if its words match, and the line that made it or (where `anywhere`) a line before it.
# (words, line, anywhere, reason)
KNOWN = [
    (r"modified by an inplace operation", r"(v\d+)\.\w+_\(.*\b\1\b", True,
     "an operand that is changed in place itself is saved before the change"),
    (r"refer to a single memory location", r"(v\d+)(\.\w+_\(|\[).*", False,
     "operands that look at the memory which is changed are read before the change"),
    (r"instead of \w+Error \(.*INTERNAL ASSERT FAILED", r"", False, "PyTorch fails an assertion of its own"),
    (r"no exception.*instead of RuntimeError \((Subtraction, the|result type \w+ can't be cast)", r"backward", False,
     "PyTorch's derivative refuses what its operation allowed"),
    (r"instead of \w+ \(.*does not support automatic differentiation for outputs with complex dtype", r"", False,
     "PyTorch has no derivative of complex numbers where Rushlight has one"),
    (r"values", r"- float\('inf'\)|float\('inf'\) -", False, "PyTorch multiplies an infinite number by 1 + 0j first"),
    (r"derivative for aten::remainder is not implemented", r"", False, "PyTorch lacks the derivative of 2 % x"),
    (r"instead of RuntimeError \(setStorage", r"index_fill", False, "PyTorch's words for an index of nothing"),
    (r"instead of RuntimeError \(view size is not compatible", r"kron", False, "PyTorch asks kron for another layout"),
]  # fmt: skip


def known(lines, what):
    """The reason why a difference is known, or None.

    Args:
        lines: the program, whose last line made the difference.
        what: the difference in words.
    """
    for words, pattern, anywhere, reason in KNOWN:
        if re.search(words, what, re.DOTALL) and any(
            re.search(pattern, line) for line in (lines if anywhere else lines[-1:])
        ):
            return reason
    return None
