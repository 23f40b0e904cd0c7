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
    (r"requires_grad False instead of True", r"\.(eq|lt)_\(", False,
     "PyTorch records comparisons in place on integers"),
    (r"derivative for aten::remainder is not implemented", r"", False, "PyTorch lacks the derivative of 2 % x"),
    (r"instead of RuntimeError \(setStorage", r"index_fill", False, "PyTorch's words for an index of nothing"),
    (r"instead of RuntimeError \(view size is not compatible", r"kron", False, "PyTorch asks kron for another layout"),
]  # fmt: skip

# What is not as in PyTorch yet; the long run counts it by these reasons.
OPEN = [
    (r"^(?!no exc)\w+ \(.*instead of \w+Error", r"", False, "open: both refuse, with exceptions of different types"),
    (r"no exception.*instead of .*(not implemented for|can't be cast|overflow|does not support|Found dtype|on a bool)",
     r"", False, "open: PyTorch refuses a dtype that Rushlight computes with"),
    (r"^\w+ \(.*(not implemented for|Expected a float|Low precision|expected scalar|out of bounds for uint8|"
     r"not supported for the input|same dtype).*instead of None", r"", False,
     "open: Rushlight refuses a dtype that PyTorch computes with"),
    (r"no exception.*modified by an inplace", r"", False, "open: a derivative of ours saves less than PyTorch's"),
    (r"requires_grad False", r"median", False, "open: the median of nothing is not recorded"),
    (r"dtype|no exc", r"huber_loss", False, "open: huber_loss of two dtypes"),
    (r"values|of bfloat16|dtype torch.float32 instead", r"searchsorted|threshold|unique|scatter_reduce|backward", False,
     "open: NaN among sorted elements, integers in threshold, gradients of bfloat16 through numbers"),
    (r"is invalid for input|shape", r"einsum", False, "open: einsum of dimensions of 1 and 0"),
    (r"no exception|Index", r"index_select|index_fill", False, "open: index_select of numbers and of nothing"),
    (r"has no attribute", r"", False, "open: the function is not there"),
    (r"lets it be looked at|is a view and", r"", False, "open: views after a change that no derivative follows"),
    (r"", r"view\(-1\)", False, "open: the order in memory of a composite's result"),
]  # fmt: skip


def known(lines, what):
    """The reason why a difference is known, or None.

    Args:
        lines: the program, whose last line made the difference.
        what: the difference in words.
    """
    for words, pattern, anywhere, reason in KNOWN + OPEN:
        if re.search(words, what, re.DOTALL) and any(
            re.search(pattern, line) for line in (lines if anywhere else lines[-1:])
        ):
            return reason
    return None
