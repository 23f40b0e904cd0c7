"""Sparse tensors beside PyTorch's: making, parts, arithmetic, printing, errors."""

import copy
import pickle
import warnings

import pytest
import torch
from beside import check, raised, text

import rushlight

for module in (torch, rushlight):
    module.sparse.check_sparse_tensor_invariants.disable()


def made(t, dtype=None):
    return t.sparse_coo_tensor([[0, 1, 1], [2, 0, 0]], [3.0, 4.0, 5.0], (2, 3), dtype=dtype)


def hybrid(t):
    return t.sparse_coo_tensor([[2, 0, 2]], [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], (4, 2))


WHAT = {
    "as made": lambda t, s, d: s,
    "coalesced": lambda t, s, d: s.coalesce(),
    "dense": lambda t, s, d: [s.to_dense(), d.to_dense(dtype=t.float64), d.to_dense()],
    "from dense": lambda t, s, d: [
        d.to_sparse(), (d - 1).to_sparse(), d.to_sparse(1), d.to_sparse_coo(), s.to_sparse(),
    ],
    "facts": lambda t, s, d: [
        s.layout, d.layout, s.is_sparse, d.is_sparse, s.numel(), s.dim(), s.sparse_dim(), s.dense_dim(), s.stride(),
        s._nnz(), s.is_coalesced(), s.type(), s.is_contiguous(), s.is_floating_point(), len(s), s.shape,
    ],
    "parts": lambda t, s, d: [s._indices(), s._values(), s.coalesce().indices(), s.coalesce().values()],
    "sums with dense": lambda t, s, d: [d + s, d - s, d.clone().add_(s), d.add(s, alpha=2)],
    "sums": lambda t, s, d: [s + s, s - s, s + d.to_sparse(), d.to_sparse() + s, s.clone().add_(s), s.add(s, alpha=3)],
    "products": lambda t, s, d: [s * 2, 2 * s, s / 2, -s, s * d, d * s, s * s.coalesce(), s.clone().mul_(3)],
    "functions": lambda t, s, d: [s.sin(), s.sqrt(), s.abs(), s.sign(), s.floor(), s.expm1(), s.isnan(), t.tanh(s)],
    "matrix products": lambda t, s, d: [
        s @ t.ones(3, 2), t.mm(s, t.ones(3, 2)), t.mm(t.ones(4, 2), s), t.sparse.mm(s, t.ones(3, 2)),
        t.sparse.mm(s, s.t()), s.mv(t.ones(3)), t.sparse.addmm(t.ones(2, 2), s, t.ones(3, 2), beta=2, alpha=3),
        t.addmm(t.ones(2, 2), s, t.ones(3, 2)),
    ],
    "reductions": lambda t, s, d: [
        s.sum(), t.sparse.sum(s), t.sparse.sum(s, 0), t.sparse.sum(s, (0, 1)), t.sparse.sum(s, 1, dtype=t.float64),
    ],
    "views": lambda t, s, d: [s.t(), s.transpose(0, 1), s.permute(1, 0), s[1], s[0, 2], list(s)],
    "selections": lambda t, s, d: [s.index_select(0, t.tensor([1, 1])), t.cat([s, s]), t.cat([s, s], 1)],
    "masks": lambda t, s, d: [d.sparse_mask(s), d.sparse_mask(s.coalesce()), d.to_sparse().sparse_mask(s.coalesce())],
    "copies": lambda t, s, d: [
        s.clone(), s.detach(), s.double(), s.to(t.int64), s.cpu(), copy.deepcopy(s), t.zeros_like(s), s.clone().zero_(),
        s.clone().copy_(d.to_sparse()), pickle.loads(pickle.dumps(s)) if t is torch else copy.deepcopy(s),
    ],
    "hybrid": lambda t, s, d: [
        hybrid(t), hybrid(t).coalesce(), hybrid(t).to_dense(), hybrid(t) + hybrid(t), hybrid(t) * 2, hybrid(t)[2],
        hybrid(t).sum(), t.sparse.sum(hybrid(t), 0), t.sparse.sum(hybrid(t), 1), t.ones(4, 2) + hybrid(t),
    ],
    "without entries": lambda t, s, d: [
        t.sparse_coo_tensor((2, 3)), t.sparse_coo_tensor(size=(2, 2), dtype=t.float64),
        t.sparse_coo_tensor((2, 3)) + s, t.sparse_coo_tensor((2, 3)).to_dense(),
    ],
    "inferred size": lambda t, s, d: [
        t.sparse_coo_tensor([[0, 1], [0, 2]], [1.0, 2.0]), t.sparse_coo_tensor([[0, 3]], [[1, 2], [3, 4]]),
        t.sparse_coo_tensor(t.tensor([[0, 1]]), t.tensor([1.0, 2.0]), dtype=t.float64, is_coalesced=True),
    ],
    "in place": lambda t, s, d: [s.sparse_resize_((3, 3), 2, 0), s._values().mul_(2), s],
    "made for gradients": lambda t, s, d: [
        t.sparse_coo_tensor([[0]], [1.0], requires_grad=True), s.requires_grad_(),
    ],
}  # fmt: skip


@pytest.mark.parametrize("what", WHAT)
def test_same(what):
    def scenario(t):
        # PyTorch multiplies in another sparse format and warns of that one's state.
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta state")
        return WHAT[what](t, made(t), t.ones(2, 3))

    check(scenario, strides=False)


ERRORS = {
    "dense of another type": lambda t, s, d: s.to_dense(t.float64),
    "sparse + dense": lambda t, s, d: s + d,
    "sparse - dense": lambda t, s, d: s - d,
    "sparse + number": lambda t, s, d: s + 1,
    "into sparse": lambda t, s, d: s.add_(d),
    "sparse / sparse": lambda t, s, d: s / s,
    "numpy": lambda t, s, d: s.numpy(),
    "tolist": lambda t, s, d: s.tolist(),
    "item": lambda t, s, d: s.item(),
    "pointer": lambda t, s, d: s.data_ptr(),
    "storage": lambda t, s, d: s.untyped_storage(),
    "indices uncoalesced": lambda t, s, d: s.indices(),
    "values uncoalesced": lambda t, s, d: s.values(),
    "indices": lambda t, s, d: d.indices(),
    "values": lambda t, s, d: d.values(),
    "coalesce": lambda t, s, d: d.coalesce(),
    "bool": lambda t, s, d: bool(s),
    "count": lambda t, s, d: t.sparse_coo_tensor([[0, 1]], [1.0], (2,)),
    "dimensions": lambda t, s, d: t.sparse_coo_tensor([[0, 1]], [1.0, 2.0], (2, 3)),
    "negative": lambda t, s, d: t.sparse_coo_tensor([[0, -1], [0, 0]], [1.0, 2.0]),
    "too large": lambda t, s, d: t.sparse_coo_tensor([[0, 2]], [1.0, 2.0], (2,), check_invariants=True),
    "different shapes": lambda t, s, d: s + t.sparse_coo_tensor((3, 3)),
    "dense gradient": lambda t, s, d: setattr(s, "grad", d),
    "grad dtype": lambda t, s, d: setattr(d, "grad", s.double()),
}


@pytest.mark.parametrize("what", ERRORS)
def test_errors(what):
    def error(t):
        return text(raised(lambda: ERRORS[what](t, made(t), t.ones(2, 3))))

    assert error(rushlight) == error(torch) != "nothing raised"


@pytest.mark.parametrize("what", ["exp", "cos", "view"])
def test_what_it_cannot_do(what):
    with pytest.raises(NotImplementedError):
        getattr(made(rushlight), what)(*[-1] * (what == "view"))


@pytest.mark.parametrize(
    "tensor",
    [
        made,
        hybrid,
        lambda t: made(t).coalesce().double(),
        lambda t: t.sparse_coo_tensor((2, 3)),
        lambda t: made(t).requires_grad_(),
        lambda t: made(t).requires_grad_() * 2,
        lambda t: made(t, t.int32),
        lambda t: t.sparse_coo_tensor([[2000]], [0.5]),
        lambda t: [t.sparse_coo, t.sparse_csr],
    ],
)
def test_printing(tensor):
    assert repr(tensor(rushlight)) == repr(tensor(torch))


def test_large_arrays_take_the_same_way():
    x = rushlight.ones(300, 100, requires_grad=True)
    sparse = rushlight.sparse_coo_tensor([[7]], rushlight.ones(1, 100), (300, 100))
    (x * 2).backward(sparse)
    assert x.grad.is_sparse and x.grad._nnz() == 1
    assert (x.detach() + sparse).sum() == 30100
    assert (sparse * 2 + sparse).to_dense().sum() == 300
