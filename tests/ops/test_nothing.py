"""Tensors of no elements, beside PyTorch: where they lie, what is said about them, and what is recorded."""

import itertools

import pytest
from beside import check

INTEGERS = ("bool", "uint8", "int8", "int16", "int32", "int64")


def chain(node):
    """The names of a node and of all those before it."""
    return [node.name(), [None if n is None else chain(n) for n, _ in node.next_functions]] if node else None


# ------------------------------------------------------------------------------------------ where it lies
PARTS = {
    "backwards": lambda x: x[2:1],
    "at the end": lambda x: x[5:],
    "in steps": lambda x: x[4:2:2],
    "columns": lambda x: x[1:, 2:],
    "narrow": lambda x: x.narrow(0, 3, 0),
    "transposed": lambda x: x.T[1:, 3:3],
    "a column": lambda x: x[3:3, 1],
    "with a new dimension": lambda x: x[..., 1:1, None],
    "a piece": lambda x: x.tensor_split(6)[5],
    "reshaped": lambda x: x[3:3].view(-1),
    "expanded": lambda x: x.expand(3, 5, 2)[1:1],
    "integers": lambda x: x[3:3].view(x.dtype).unsqueeze(0),
    "unfolded": lambda x: x.unfold(0, 5, 1)[1:],
}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_nothing_knows_where_it_lies(part):
    def scenario(t):
        x = t.arange(10.0).reshape(5, 2).requires_grad_()
        y = PARTS[part](x)
        own = y.storage_offset(), y.untyped_storage().nbytes(), y.data_ptr(), y.shape, chain(y.grad_fn)
        return own, y.detach().as_strided((1,), (1,), min(y.storage_offset(), 9))

    check(scenario)


@pytest.mark.parametrize("part", [p for p in PARTS if p not in ("at the end", "a piece")])
def test_memory_is_seen_from_where_nothing_lies(part):
    check(lambda t: PARTS[part](t.arange(10.0).reshape(5, 2)).as_strided((2,), (1,)))


@pytest.mark.parametrize("part", ["at the end", "a piece"])
def test_no_memory_is_seen_from_the_end(part):
    check(lambda t: PARTS[part](t.arange(10.0).reshape(5, 2)).as_strided((2,), (1,)))


def test_a_part_of_nothing_is_saved_with_all_memory(tmp_path):
    def scenario(t):
        x = t.arange(10.0).reshape(5, 2)
        path = tmp_path / t.__name__
        t.save([x, x[3:3]], path)
        _, y = t.load(path)
        return y.storage_offset(), y.untyped_storage().nbytes(), y.shape

    check(scenario)


# ------------------------------------------------------------------------------------------ writing
@pytest.mark.parametrize("shape", [(3, 2, 0), (1, 2, 0), (2, 0), (3, 1), (7,), (1,), ()])
@pytest.mark.parametrize("index", [
    (2, [0, 1]), (slice(0, 1), [0, 1]), ([0, 1],), ([],), (slice(None), slice(None), [0]), (slice(None), [], [0, 1]),
    (2, [0, 5]),
])  # fmt: skip
def test_what_is_written_to_nothing_must_fit(index, shape):
    def scenario(t):
        x = t.zeros(3, 2, 0)
        x[index] = t.zeros(shape)
        return x._version

    check(scenario)


@pytest.mark.parametrize("rows", [(7,), (7, 2), (0, 2), (1, 2), (5, 0), (0,), (1, 0)])
def test_what_is_written_to_no_places_must_fit(rows):
    def scenario(t):
        x = t.zeros(3, 2)
        x[t.tensor([], dtype=t.int64)] = t.zeros(rows)
        return x

    check(scenario)


# ------------------------------------------------------------------------------------------ numbers
@pytest.mark.parametrize("name", ["median", "nanmedian"])
@pytest.mark.parametrize("dtype", [*INTEGERS, "uint16", "uint32", "float16", "float64", "complex64"])
def test_the_median_of_nothing_is_nan_converted(dtype, name):
    check(lambda t: getattr(t, name)(t.zeros(0, 3).to(getattr(t, dtype))))


@pytest.mark.parametrize("value", [-1, 300, -300, 1.5, 1e30, float("nan"), float("inf"), 1 + 0j, 1j, "a"])
@pytest.mark.parametrize("shape", [(0, 3), (2, 3)])
@pytest.mark.parametrize("dtype", [*INTEGERS, "float16", "complex64"])
def test_padding_by_what_a_type_cannot_hold(dtype, shape, value):
    def scenario(t):
        x, found = t.ones(shape).to(getattr(t, dtype)), []
        for pad in ((1, 0), (0, 0, 1, 0), (0, 0), (-1, 0)):
            try:
                found.append(t.constant_pad_nd(x, pad, value))
            except (RuntimeError, TypeError) as error:
                found.append((type(error).__name__, str(error)))
        return found

    check(scenario)


def test_padding_by_a_tensor():
    check(lambda t: [t.constant_pad_nd(t.ones(2).long(), (1, 0), t.tensor(v)) for v in (3, 3.7, True)])
    check(lambda t: t.constant_pad_nd(t.ones(2).long(), (1, 0), t.tensor([1])))


@pytest.mark.parametrize("limits", [(0, 1000), (-1000, 1.5), (0, 1e30), (0, float("inf")), (2, 1), (-1, 1)])
@pytest.mark.parametrize("dtype", [*INTEGERS, "float16", "bfloat16"])
def test_limits_that_a_type_cannot_hold(dtype, limits):
    def scenario(t):
        x, found = t.ones(3).to(getattr(t, dtype)), []
        for inplace in (False, True):
            try:
                found.append(t.nn.functional.hardtanh(x.clone(), *limits, inplace=inplace).tolist())
            except (RuntimeError, ValueError) as error:
                found.append((type(error).__name__, str(error)))
        return found

    check(scenario)


@pytest.mark.parametrize("limits", [(1e30, float("nan")), (float("nan"), 1e30), (1e300, float("nan")), (1e30, 1)])
@pytest.mark.parametrize("dtype", ["uint8", "float16", "bfloat16", "float32"])
def test_a_limit_that_is_nan_decides_whatever_the_other_is(dtype, limits):
    def scenario(t):
        x = t.ones(3).to(getattr(t, dtype))
        return x.clamp(*limits).tolist(), x.clone().clamp_(*limits).tolist()

    check(scenario)


# ------------------------------------------------------------------------------------------ attention
def ones(t, shape, dtype="float32"):
    return t.ones(shape, dtype=getattr(t, dtype)).requires_grad_()


@pytest.mark.parametrize("shapes", [
    ((1, 1, 0),) * 3, ((1, 0, 3),) * 3, ((1, 2, 3, 0),) * 3, ((0, 2, 3), (0, 3, 3), (0, 3, 4)),
    ((1, 2, 3), (1, 0, 3), (1, 0, 4)), ((1, 2, 0), (1, 3, 0), (1, 3, 4)), ((1, 1, 2, 0), (1, 1, 3, 0), (1, 1, 3, 4)),
    ((1, 2, 3), (1, 3, 3), (1, 3, 0)), ((0, 2, 3), (1, 3, 3), (1, 3, 4)), ((1, 2, 3), (0, 3, 3), (1, 3, 4)),
    ((2, 2, 3), (0, 3, 3), (1, 3, 4)), ((1, 0, 2), (1, 3, 2), (1, 3, 4)), ((1, 0, 2), (1, 3, 5), (1, 3, 4)),
    ((1, 2, 3), (1, 0, 3), (1, 3, 4)), ((1, 4, 0, 2), (1, 3, 0, 2), (1, 3, 0, 2)), ((0, 3), (0, 3), (0, 3)),
])  # fmt: skip
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_attention_of_nothing(shapes, dtype):
    def scenario(t):
        q, k, v = (ones(t, s, dtype) for s in shapes)
        y = t.nn.functional.scaled_dot_product_attention(q, k, v)
        y.sum().backward()
        return y, chain(y.grad_fn), [x.grad for x in (q, k, v)]

    check(scenario, strides=False)


@pytest.mark.parametrize("options", [
    {"dropout_p": 5.0}, {"is_causal": True}, {"enable_gqa": True}, {"scale": 0.0}, {"attn_mask": (7, 8)},
])  # fmt: skip
@pytest.mark.parametrize("number", [1.0, float("inf")])
def test_options_do_not_count_for_attention_to_nothing(number, options):
    def scenario(t):
        mask = {"attn_mask": t.ones(options["attn_mask"])} if "attn_mask" in options else {}
        q = t.full((1, 4, 2, 3), number)
        return t.nn.functional.scaled_dot_product_attention(q, t.ones(1, 3, 0, 3), t.ones(1, 3, 0, 5), **options | mask)

    check(scenario)


def test_rows_without_a_key_are_softmax_of_their_own_kind():
    def scenario(t):
        q = t.tensor([[[1.0, 2.0], [float("inf"), 1.0]]]).requires_grad_()
        mask = t.tensor([[True, False], [False, False]])
        y = t.nn.functional.scaled_dot_product_attention(q, t.ones(1, 2, 2), t.ones(1, 2, 2), attn_mask=mask)
        y.sum().backward()
        return y, chain(y.grad_fn), q.grad

    check(scenario)


# ------------------------------------------------------------------------------------------ reductions by an index
PLACES = ([], [0], [0, 1, 2], [0, 2, 1], [5, 1, 2], [0, 1, 5], [0, 1, -1])


@pytest.mark.filterwarnings("ignore:index_reduce")
@pytest.mark.parametrize("dtype", ["float32", "complex64", "int64", "bool"])
@pytest.mark.parametrize("reduce", ["amax", "amin", "prod", "mean", "sum"])
def test_index_reduce_refuses_what_pytorch_meets_first(reduce, dtype):
    def scenario(t):
        found = []
        for shape, places, column in itertools.product(
            [(3, 2), (3, 0), (3,), (0,)], PLACES, ["same", "part", "double"]
        ):
            x = t.ones(shape).to(getattr(t, dtype))
            source = {"same": x[: len(places)], "part": x, "double": x[: len(places), ..., None].double()}[column]
            try:
                found.append(x.index_reduce(0, t.tensor(places, dtype=t.int64), source, reduce).tolist())
            except (IndexError, RuntimeError, NotImplementedError) as error:
                found.append((type(error).__name__, str(error)))
        return found

    check(scenario)


@pytest.mark.filterwarnings("ignore:index_reduce")
@pytest.mark.parametrize("name", ["index_add", "index_reduce"])
def test_operands_of_an_index(name):
    cases = [
        ((3, 2), 0, ([0, 1, 2], "float32"), (3, 2)), ((3, 2), 0, ([[0, 1, 2]], "int64"), (3, 2)),
        ((3, 2), 0, ([0, 1, 2], "int32"), (3, 2)), ((3, 2), 0, ([0, 1, 2], "int64"), (2,)),
        ((3, 2), 0, ([0, 1, 2], "int64"), (3, 2, 1)), ((3, 2), 0, ([0, 1, 2], "int64"), (3, 1)),
        ((3, 2), 0, (1, "int64"), (1, 2)), ((3, 2), 0, (1, "int64"), (3, 2)), ((3, 2), 1, ([1], "int64"), (2,)),
        ((3, 2), 1, ([1], "int64"), ()), ((3, 2), 0, ([1], "int64"), ()), ((3, 2), 0, ([1, 2], "int64"), ()),
        ((), 0, ([0], "int64"), ()), ((), 0, ([0, 0], "int64"), ()), ((), 0, ([0], "int64"), (1,)),
        ((1,), 0, ([0], "int64"), ()), ((3, 2), 5, ([0], "int64"), (1, 2)),
    ]  # fmt: skip
    more = ("mean",) if name == "index_reduce" else ()

    def scenario(t):
        found = []
        for shape, dim, (places, kind), source in cases:
            index = t.tensor(places, dtype=getattr(t, kind))
            try:
                found.append(getattr(t.ones(shape), name)(dim, index, t.ones(source), *more).tolist())
            except (IndexError, RuntimeError) as error:
                found.append((type(error).__name__, str(error)))
        return found

    check(scenario)


# ------------------------------------------------------------------------------------------ products
@pytest.mark.parametrize("dtype", ["bool", "int64", "float32", "bfloat16"])
@pytest.mark.parametrize("shapes", [((2, 0, 3), (2, 3, 0)), ((3, 0, 0), (3, 0, 0)), ((2, 3, 0), (2, 0, 3))])
def test_products_of_nothing(shapes, dtype):
    def scenario(t):
        a, b = (t.zeros(shape).to(getattr(t, dtype)) for shape in shapes)
        found = [(a @ b).tolist(), t.bmm(a, b).tolist()]
        if dtype == "float32":
            found.append(chain((a.requires_grad_() @ b).grad_fn))
        return found

    check(scenario)
