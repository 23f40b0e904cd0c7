"""Operations that few programs call, beside PyTorch: values, derivatives and errors."""

import numpy as np
import pytest
from beside import check

import rushlight
from ops.derivatives import check_derivatives, numbers

X = numbers((2, 3, 4), 0)

DERIVATIVES = {
    "renorm": lambda F, m, x: m.renorm(x, 2, 0, 1.5),
    "renorm_1": lambda F, m, x: x.renorm(1, -1, 2),
    "renorm_inf": lambda F, m, x: x.renorm(float("inf"), 1, 0.5),
    "frobenius_norm": lambda F, m, x: m.frobenius_norm(x, (0, 1)) * 1,
    "frobenius_norm_all": lambda F, m, x: m.frobenius_norm(x, ()) * 1,
    "nuclear_norm": lambda F, m, x: m.nuclear_norm(x) * 1,
    "softmax_data": lambda F, m, x: m._softmax_backward_data(x, x.softmax(1), 1, x.dtype) * 1,
    "log_softmax_data": lambda F, m, x: m._log_softmax_backward_data(x, x.log_softmax(1), 1, x.dtype) * 1,
}


@pytest.mark.parametrize("name", DERIVATIVES)
def test_derivatives(name):
    check_derivatives(DERIVATIVES[name], {"x": X})


@pytest.mark.parametrize("reduce", ["sum", "mean", "max", "min", "prod"])
@pytest.mark.parametrize("options", [{}, {"initial": 0.5}])
@pytest.mark.parametrize("zero", [False, True])
def test_segment_reduce(reduce, options, zero):
    x = numbers((5, 2), 1)
    if zero:
        x[1:3, 0] = 0
        x[3] = x[4]

    def call(F, m, x, lengths):
        return m.segment_reduce(x, reduce, lengths=lengths, **options)

    check_derivatives(call, {"x": x, "lengths": np.array([1, 0, 2, 2])}, second=False)


def tensor(m):
    return m.arange(12.0).view(3, 4)


CALLS = {
    "vecdot_of_numbers": lambda m: m.linalg.vecdot(m.tensor(2.0), m.tensor(3.0)),
    "ldexp_of_halves": lambda m: [
        m.ldexp(m.tensor([2.0, -1.5]).half(), e).to(m.complex64) for e in (m.tensor(1 + 0j), m.tensor([0.5j, 2j]))
    ],
    "ldexp_of_complex_halves": lambda m: m.ldexp((m.ones(2) * 1j).to(m.complex32), m.tensor([3, 1])),
    "renorm_p": lambda m: m.renorm(tensor(m), 0, 0, 5),
    "renorm_maxnorm": lambda m: m.renorm(tensor(m), 2, 0, -5),
    "renorm_dim": lambda m: m.renorm(tensor(m), 2, 5, 5),
    "renorm_vector": lambda m: m.renorm(m.ones(3), 2, 0, 1),
    "renorm_integers": lambda m: m.renorm(tensor(m).long(), 2, 0, 1),
    "renorm_inplace": lambda m: tensor(m).renorm_(2, 0, 5),
    "hash": lambda m: [m.hash_tensor(x) for x in (tensor(m), tensor(m).long(), tensor(m).half(), tensor(m) > 3)],
    "hash_dim": lambda m: m.hash_tensor(tensor(m), 0, keepdim=True),
    "hash_mode": lambda m: m.hash_tensor(tensor(m), mode=1),
    "hash_empty": lambda m: m.hash_tensor(m.ones(0)),
    "hash_empty_dim": lambda m: m.hash_tensor(m.ones(2, 0), 1),
    "hash_complex": lambda m: m.hash_tensor(m.ones(2) * 1j),
    "scatter": lambda m: m.as_strided_scatter(m.zeros(3, 3), m.ones(2, 2), (2, 2), (1, 2), 1),
    "scatter_shape": lambda m: m.as_strided_scatter(m.zeros(3, 3), m.ones(2, 3), (2, 2), (1, 2)),
    "frobenius_three": lambda m: m.frobenius_norm(m.ones(2, 2, 2), (0, 1, 2)),
    "chunk_cat": lambda m: m._chunk_cat([tensor(m), tensor(m)[:, :2]], 1, 3),
    "chunk_cat_none": lambda m: m._chunk_cat([], 0, 2),
    "segments_of_nothing": lambda m: m.segment_reduce(m.ones(0), "sum", lengths=m.tensor([0])),
    "segments": lambda m: m.segment_reduce(tensor(m), "max", lengths=m.tensor([[2, 2], [1, 3], [4, 0]]), axis=1),
    "segments_offsets": lambda m: m.segment_reduce(tensor(m), "mean", offsets=m.tensor([0, 2, 3])),
    "segments_neither": lambda m: m.segment_reduce(tensor(m), "max"),
    "segments_lengths": lambda m: m.segment_reduce(tensor(m), "max", lengths=m.tensor([2, 2])),
    "segments_negative": lambda m: m.segment_reduce(tensor(m), "max", lengths=m.tensor([4, -1])),
    "segments_axis": lambda m: m.segment_reduce(tensor(m), "max", lengths=m.ones(3, 4).long(), axis=0),
    "segments_integers": lambda m: m.segment_reduce(tensor(m).long(), "max", lengths=m.tensor([2, 1])),
    "segments_floats": lambda m: m.segment_reduce(tensor(m), "max", lengths=m.tensor([2.0, 1.0])),
    "segments_indices": lambda m: m.segment_reduce(tensor(m), "max", indices=m.tensor([0, 0, 1])),
    "dropout_half": lambda m: (m.manual_seed(0), m.native_dropout(tensor(m), 0.5, True))[1],
    "dropout_off": lambda m: m.native_dropout(tensor(m), 0.5, False),
    "dropout_p": lambda m: m.native_dropout(tensor(m), 2.0, True),
    "dropout_integers": lambda m: m.native_dropout(tensor(m).long(), 0.5, True),
    "batch_norm": lambda m: m.native_batch_norm(tensor(m), None, None, None, None, True, 0.1, 1e-5),
    "batch_norm_given": lambda m: m.native_batch_norm(
        tensor(m), None, None, m.zeros(4), m.ones(4), False, 0.1, 1e-5
    ),
    "layer_norm": lambda m: m.native_layer_norm(tensor(m), (4,), None, None, 1e-5),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_calls(name):
    check(CALLS[name], rtol=1e-5, atol=1e-6)


COUNTS = [(0.0, 0.5), (5.0, 0.3), (7.0, 0.9), (50.0, 0.5), (400.0, 0.05), (400.0, 0.97), (1e6, 0.4), (30.0, 0.0)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_binomial_counts_are_pytorchs(dtype):
    def scenario(m):
        m.manual_seed(3)
        counts, p = (m.tensor(v, dtype=getattr(m, dtype)).repeat(40, 1) for v in zip(*COUNTS, strict=True))
        return [m.binomial(counts, p), m.binomial(counts[0, 3], p[:3]), m.rand(2)]

    check(scenario)


def test_binomial_refuses():
    check(lambda m: m.binomial(m.ones(2).long(), m.ones(2).long()))
    check(lambda m: m.binomial(m.ones(2), m.ones(2, dtype=m.float64)))
    check(lambda m: m.binomial(m.ones(2).half(), m.ones(2).half()))


def test_gradient_of_as_strided_scatter_is_that_of_what_is_kept():
    """PyTorch's is wrong by the input: docs/differences.md."""
    x = rushlight.from_numpy(numbers((3, 4), 0)).requires_grad_()
    src = rushlight.from_numpy(numbers((2, 2), 1)).requires_grad_()
    call = lambda x, src: rushlight.as_strided_scatter(x, src, (2, 2), (1, 3), 1)  # noqa: E731
    assert rushlight.autograd.gradcheck(call, (x, src), check_forward_ad=True)
    assert rushlight.autograd.gradgradcheck(call, (x, src))
