"""The order in which results lie in memory, beside PyTorch: `view` accepts or refuses a result by it."""

import itertools

import pytest
import torch

import rushlight

BOTH = torch, rushlight
ORDERS = [order for n in (2, 3, 4) for order in itertools.permutations(range(n))]


def laid(module, order, dtype="float64", sizes=(3, 1, 2, 4)):
    """A tensor whose dimensions lie in memory in an order, from the slowest to the fastest."""
    sizes = sizes[: len(order)]
    count = 1
    for n in sizes:
        count *= n
    flat = module.arange(count).to(getattr(module, dtype))
    return flat.reshape([sizes[d] for d in order]).permute([order.index(d) for d in range(len(order))])


def strides(t):
    return [s for s, n in zip(t.stride(), t.shape, strict=True) if n > 1] if t.numel() else []


def same_order(scenario):
    theirs, ours = scenario(torch), scenario(rushlight)
    assert ours.shape == tuple(theirs.shape)
    assert strides(ours) == strides(theirs)
    assert ours.tolist() == theirs.tolist()


OPERATIONS = {
    "rrelu": lambda t, a: t.nn.functional.rrelu(a),
    "sort": lambda t, a: t.sort(a, 0)[0],
    "argsort": lambda t, a: t.argsort(a, -1),
    "msort": lambda t, a: t.msort(a),
    "flip": lambda t, a: t.flip(a, (0,)),
    "count_nonzero": lambda t, a: t.count_nonzero(a, 1),
    "nan_to_num": lambda t, a: t.nan_to_num(a),
    "round": lambda t, a: t.round(a),
    "round integers": lambda t, a: t.round(a.long()),
    "sgn of booleans": lambda t, a: t.sgn(a.bool()),
    "power of one": lambda t, a: a**1,
    "power of a number": lambda t, a: 2 ** a.bool(),
    "distances": lambda t, a: t.cdist(a, a) * 0,
    "logsigmoid": lambda t, a: t.nn.functional.logsigmoid(a) * 0,
    "clone": lambda t, a: a.clone(),
    "conversion": lambda t, a: a.to(t.int32),
    "conversion of what is expanded": lambda t, a: a.unsqueeze(1).expand(-1, 2, *a.shape[1:]).to(t.int32),
    "promotion of what is expanded": lambda t, a: a.long().unsqueeze(0).expand(2, *a.shape) * 0.5,
    "gather": lambda t, a: t.gather(a, 0, t.zeros_like(a, dtype=t.int64)),
    "index_fill": lambda t, a: a.index_fill(0, t.tensor([0]), 1),
    "one index": lambda t, a: a[[0, 0]],
    "an index in the middle": lambda t, a: a[:, [0, 0, 0]],
    "an index of two dimensions": lambda t, a: a[:, t.tensor([[0, 0], [0, 0], [0, 0]])],
    "a transposed index": lambda t, a: a[t.tensor([[0, 1, 2], [2, 1, 0]]).t()],
    "two indices": lambda t, a: a[[0, 1], ..., [0, 0]],
    "a mask": lambda t, a: a[a.flatten(1).sum(1) > 3],
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_results_lie_as_in_pytorch(name):
    for order in ORDERS:
        same_order(lambda t, order=order: OPERATIONS[name](t, laid(t, order)))


SYSTEMS = {
    "inv": lambda t, a: t.linalg.inv(a),
    "solve": lambda t, a: t.linalg.solve(a, a[..., :2]),
    "solve one column": lambda t, a: t.linalg.solve(a, a[..., 0]),
    "solve from the right": lambda t, a: t.linalg.solve(a, a[..., :2, :], left=False),
}


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
def test_solutions_lie_as_in_pytorch(name, batch):
    same_order(lambda t: SYSTEMS[name](t, t.eye(3).mul(2.0).expand(*batch, 3, 3)))


PARTS = {
    "svdvals": lambda t, a: t.linalg.svdvals(a),
    "svdvals with a derivative": lambda t, a: t.linalg.svdvals(a.requires_grad_()).detach(),
    "pinv": lambda t, a: t.linalg.pinv(a),
    "nanquantile": lambda t, a: t.nanquantile(a, 0.25, 1),
    "nanquantile of several": lambda t, a: t.nanquantile(a, a.new_tensor([0.25, 0.5]), 1),
    "quantile": lambda t, a: t.quantile(a, 0.25, 1),
}


@pytest.mark.parametrize("name", PARTS)
def test_parts_of_batches_lie_as_in_pytorch(name):
    def scenario(t, order):
        return PARTS[name](t, laid(t, order, sizes=(3, 2, 2, 4))) * 0

    for order in ORDERS:
        if len(order) == 4:
            same_order(lambda t, order=order: scenario(t, order))


REPLACING = {
    "slice_scatter": lambda t, a: a.slice_scatter(a[:1] * 2, 0, 1, 2),
    "select_scatter": lambda t, a: a.select_scatter(a[0] * 2, 0, 1),
    "diagonal_scatter": lambda t, a: a.diagonal_scatter(a.diagonal() * 2),
}
LOOKS = {
    "all": lambda a: a,
    "gaps": lambda a: a[:, ::2],
    "fewer columns": lambda a: a[..., 1:],
    "expanded": lambda a: a[:, :1].expand(-1, 3, -1),
    "one": lambda a: a[:, :1],
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", REPLACING)
def test_copies_with_a_part_replaced_lie_as_in_pytorch(name, look):
    for order in itertools.permutations(range(3)):
        same_order(lambda t, order=order: REPLACING[name](t, LOOKS[look](laid(t, order, sizes=(3, 4, 5)))))


MANY = {
    "masked_fill": lambda t, a: a.masked_fill(a > 9, 0),
    "masked_fill by few": lambda t, a: a.masked_fill(a[:1] > 9, 0),
    "where": lambda t, a: t.where(a > 9, a, 0),
    "clamp": lambda t, a: a.clamp(3, 9),
    "round": lambda t, a: a.round(),
    "cumsum": lambda t, a: a.cumsum(1),
    "softmax": lambda t, a: a.softmax(1) * 0,
}


@pytest.mark.parametrize("name", MANY)
def test_results_of_many_elements_lie_as_in_pytorch(name):
    for order in itertools.permutations(range(3)):
        same_order(lambda t, order=order: MANY[name](t, laid(t, order, sizes=(40, 30, 64))))


EXPANDED = {
    "zeros_like": lambda t, a: t.zeros_like(a),
    "full_like": lambda t, a: t.full_like(a, 3),
    "rand_like": lambda t, a: t.rand_like(a) * 0,
    "msort": lambda t, a: t.msort(a[1:]),
    "frexp": lambda t, a: t.frexp(a)[0],
    "exponents": lambda t, a: t.frexp(a)[1],
    "dropout": lambda t, a: t.native_dropout(a, 1.0, True)[0],
    "dropout mask": lambda t, a: t.native_dropout(a, 1.0, True)[1],
    "alpha_dropout": lambda t, a: t.alpha_dropout(a, 0.5, True) * 0,
    "feature_alpha_dropout": lambda t, a: t.feature_alpha_dropout(a, 0.5, True) * 0,
    "feature_dropout": lambda t, a: t.feature_dropout(a, 0.5, True) * 0,
    "hash_tensor": lambda t, a: t.hash_tensor(a, -1).view(t.int64),
    "lu_unpack": lambda t, a: t.lu_unpack(a, t.ones(len(a), min(a.shape[1:]), dtype=t.int32))[1],
    "upper triangle": lambda t, a: t.lu_unpack(a, t.ones(len(a), min(a.shape[1:]), dtype=t.int32))[2],
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", EXPANDED)
def test_results_of_expanded_memory_lie_as_in_pytorch(name, look):
    for order in itertools.permutations(range(3)):
        same_order(lambda t, order=order: EXPANDED[name](t, LOOKS[look](laid(t, order, sizes=(3, 4, 5)))))


@pytest.mark.parametrize("layout", ["contiguous_format", "channels_last", "preserve_format"])
def test_what_lies_in_a_format_already_is_not_copied(layout):
    def scenario(t, order, look):
        a = look(laid(t, order, sizes=(3, 1, 2, 4)))
        found = a.to(memory_format=getattr(t, layout)), a.double(memory_format=getattr(t, layout))
        return [(f is a, f.stride()) for f in found]

    for order, look in itertools.product(itertools.permutations(range(4)), (LOOKS["all"], LOOKS["fewer columns"])):
        theirs, ours = (scenario(t, order, look) for t in BOTH)
        assert [f[0] for f in ours] == [f[0] for f in theirs], order


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_unpooled_images_lie_as_in_pytorch(order):
    def scenario(t):
        a = laid(t, order, sizes=(3, 2, 2, 4))
        return t.nn.functional.max_unpool2d(a, t.arange(8).reshape(2, 4).expand(a.shape), 2)

    same_order(scenario)


LOOKUPS = {
    "x[i]": lambda x, i, j: x[i],
    "x[:, i]": lambda x, i, j: x[:, i],
    "x[..., i]": lambda x, i, j: x[..., i],
    "x[i, j]": lambda x, i, j: x[i, j],
    "x[i, :, j]": lambda x, i, j: x[i, :, j],
    "x[:, i, j]": lambda x, i, j: x[:, i, j],
    "x[i, mask]": lambda x, i, j: x[i, x[0, :, 0] >= 0],
}


@pytest.mark.parametrize("name", LOOKUPS)
@pytest.mark.parametrize("sizes", [(3, 1, 2), (1, 3, 2), (2, 3, 1), (1, 1, 2)])
def test_what_indices_find_lies_as_in_pytorch(name, sizes):
    for order, by in itertools.product(itertools.permutations(range(3)), repeat=2):
        for other in {(1, *sizes[1:]), (*sizes[:2], 1)}:

            def scenario(m, order=order, by=by, other=other):
                i, j = (laid(m, by, "int64", shape).zero_() for shape in (sizes, other))
                return LOOKUPS[name](laid(m, order, sizes=sizes), i if "mask" not in name else i[..., :1], j)

            same_order(scenario)
