"""Differences that the fuzzer meets and that are explained here or in docs/differences.md."""

import re

# A difference is known if its words match, and the line that made it or (where `anywhere`) a line before it.
# (words, line, anywhere, reason)
KNOWN = [
    (r"refer to a single memory location", r"(v\d+)(\.\w+_\(|\[).*", False,
     "operands that look at the memory which is changed are read before the change"),
    (r"instead of \w+Error \(.*INTERNAL ASSERT FAILED", r"", False, "PyTorch fails an assertion of its own"),
    (r"(no exception|is not implemented).*instead of RuntimeError \((Subtraction, the|Negation, the|"
     r"torch boolean negative|"
     r"result type \w+ can't be cast|Found dtype|Expected isFloatingType)", r"backward", False,
     "PyTorch's derivative refuses what its operation allowed"),
    (r"instead of \w+ \(.*does not support automatic differentiation for outputs with complex dtype", r"", False,
     "PyTorch has no derivative of complex numbers where Rushlight has one"),
    (r"requires_grad False instead of True \(torch\.(bool|u?int\d+)\)", r"^v\d+(\.\w+_\(|\[)", False,
     "PyTorch records changes in place of integers"),
    (r"derivative for aten::remainder is not implemented", r"", False, "PyTorch lacks the derivative of 2 % x"),
    (r"node RemainderBackward1 instead of torch::autograd::NotImplemented", r"= [^v]\S* % v", False,
     "PyTorch lacks the derivative of 2 % x"),
    (r"instead of RuntimeError \(setStorage", r"index_fill", False, "PyTorch's words for an index of nothing"),
    (r"instead of RuntimeError \(MKL FFT error", r"fft", False, "PyTorch's library refuses transforms of nothing"),
    (r"no exception.*instead of RuntimeError \(view size is not compatible", r"kron", False,
     "PyTorch refuses Kronecker products by strides along dimensions of size 1"),
    (r"no exception.*instead of RuntimeError \(view size is not compatible", r"matrix_exp", False,
     "PyTorch refuses exponentials of batches of matrices that lie in some orders of memory"),
    (r"no exception.*instead of RuntimeError \(view size is not compatible", r"isin", False,
     "PyTorch looks for elements of tensors in some orders of memory only"),
    (r"\"(i1e?|upsample_\w+_aa)_backward\w*\" not implemented", r"backward", False,
     "PyTorch's derivative refuses what its operation allowed"),
    (r"(no exception|trace: expected a matrix).*not implemented for 'ComplexHalf'", r"", False,
     "PyTorch has few kernels for complex numbers of half precision"),
    (r"no exception.*instead of RuntimeError \((unsupported operation: more than one|Tensor must have a last dim|"
     r"output with shape \[.*?\] doesn't match the broadcast|"
     r"adaptive_avg_pool2d_backward\(\): Expected grad_output to have non-zero|"
     r"Function \w+ returned an invalid gradient)",
     r"backward", False, "PyTorch's derivative refuses what its operation allowed"),
    (r"the derivative for 'inplace version of a(cos|sin|tan)h' is not implemented", r"backward", False,
     "PyTorch has no derivative of inverse hyperbolic functions in place"),
    (r"node (A\w+h)Backward0 instead of \1Backward1", r"^v\d+\.(arc|a)(cos|sin|tan)h_\(", False,
     "PyTorch has no derivative of inverse hyperbolic functions in place"),
    (r"^\w+Error.*instead of RuntimeError \((a (view of a )?leaf Variable that requires grad|"
     r"Output \d+ of \w+ is a view and is being modified inplace)",
     r"^v\d+\.\w+_\(", False,
     "of two errors PyTorch names first that such a tensor is not changed in place"),
    (r"(no exception|ZeroDivisionError).*not implemented for 'UInt64'", r"", False,
     "PyTorch has few kernels for unsigned integers of 64 bits"),
    (r"softmax\(\): functions with out=.*instead of None", r"softmax\(.*out=", False,
     "PyTorch writes to the ``out=`` of softmax, with a node that has no derivative"),
    (r"no exception.*has been detached in-place", r"backward", False,
     "a tensor that shares its versions with views is detached in place without their notice"),
    (r"^v\d+: values", r"interpolate\(.*size=\(\d+, 1\), mode='\w+', antialias=True", False,
     "PyTorch repeats the first row of an antialiased image of one column"),
    (r"^gradient of \w+: values .*\bnan\b", r"fft|stft", True,
     "which frequencies a NaN among the numbers reaches depends on how a Fourier transform is computed"),
    (r"RuntimeError \(setStorage.* instead of None", r"(mse|smooth_l1|soft_margin)_loss|binary_cross_entropy\(", True,
     "PyTorch writes the mean or sum of losses into the memory of the losses"),
]  # fmt: skip


def changes_operand_of_ndtr(lines, what):
    """Whether backward fails because a program changed what `special.ndtr` was given, which its derivative reads.

    It may be changed through a view.
    """
    given = {n for line in lines for n in re.findall(r"special\.ndtr\((v\d+)\)", line)}
    for made, of in re.findall(r"^(v\d+) = (v\d+)(?=[.\[])", "\n".join(lines), re.MULTILINE):
        given |= {made} if of in given else {of} if made in given else set()
    changed = {m[1] for line in lines if (m := re.match(r"(v\d+)(?:\.\w+_\(|\[.*\] = )", line))}
    return "modified by an inplace operation" in what and "instead of None" in what and bool(given & changed)


def writes_to_made_overlap(lines, what):
    """Whether a program writes a part of a tensor that was made, not expanded, so that it overlaps itself."""
    written = re.match(r"(v\d+)\[.*\] = ", lines[-1])
    made = written is not None and any(re.match(rf"{written[1]} = .*empty_strided\(", line) for line in lines)
    refused = re.search(r"no exception.*instead of RuntimeError \(unsupported operation: more than one", what)
    return made is True and refused is not None


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
    if changes_operand_of_ndtr(lines, what):
        return "special.ndtr is one operation, whose derivative reads its operand"
    if writes_to_made_overlap(lines, what):
        return "a tensor that was made so that it overlaps itself is written as others are"
    return None
