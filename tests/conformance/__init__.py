"""Every operator of PyTorch's own list, beside PyTorch: the conformance suite.

PyTorch lists its operators, with sample inputs and inputs that are errors, in ``op_db`` (`torch.testing._internal`).
For every entry and every sample the suite runs PyTorch's function and ours on the same inputs (same numbers, strides,
memory and seed) and compares what comes out. What there is to check of an entry (in-place, ``out=``, derivatives) is
asked from the entry's own flags, and whether we have the operator is asked from our code.

The checks of an entry (`checks.py`):

===============  =======================================================================================================
value            value, dtype, shape, view or not, changed inputs: float64, float32, complex128, bool, int64
dtypes           the same in float16, bfloat16, complex64 and the other integers
variants         the method, the Python operator and the aliases, where there are such
noncontiguous    value and gradient on inputs with gaps between their elements
gradient         the gradient for random cotangents: float64, complex128
second           the gradient of the gradient, by inputs and cotangents
tangent          the forward-mode tangent for random tangents
inplace          the in-place variant: value, identity and gradient
out              ``out=``: of the right form, of the wrong shape, strided, of other dtypes
errors           the exception's type for PyTorch's error inputs, and the stable part of its text
===============  =======================================================================================================

A table of all entries, or of those whose name matches a pattern (shell wildcards), with the first failure of each
check, from the root of the repository::

    python -m tests.conformance.report --workers 2          # all entries, all samples: half an hour
    python -m tests.conformance.report 'linalg.*' fft.rfft  # some families
    python -m tests.conformance.report --failures 'index_*' # only lines that fail
    python -m tests.conformance.report --all 'index_add'    # every failing sample, not only the first of a check
    python -m tests.conformance.report --check gradient --check second 'cum*'
    python -m tests.conformance.report --trace mvlgamma     # with the traceback of our exception
    python -m tests.conformance.report --keep found         # goes on where an earlier run was stopped

The tests (``pytest tests/conformance -k 'index_add'``) run a few samples of each check, so that the whole suite fits
into CI; ``RUSHLIGHT_CONFORMANCE=full`` runs all. ``RUSHLIGHT_CONFORMANCE_SEED=n`` takes other samples.

Two lists of exceptions, each line with its reason: `excluded.py`, what is not ours to have; and `known.py`, what is
ours and fails today. A line of the latter is an ``xfail(strict)``: once the check passes, the line has to go.
"""
