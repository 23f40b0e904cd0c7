"""Functions that are chains of nodes but are computed at once: graphs, gradients and errors beside PyTorch's."""

import pytest
from beside import check

from .test_graphs import vector, walked


def complex_vector(t, *shape):
    return t.complex(vector(t, *shape).detach(), vector(t, *shape).detach() + 1).requires_grad_()


# Each is a function of the library and of as many tensors as there are shapes.
FUNCTIONS = {
    "inner": (lambda t, x, y: t.inner(x, y), (5,), (5,)),
    "inner of one element": (lambda t, x, y: t.inner(x, y), (1,), (1,)),
    "inner of nothing": (lambda t, x, y: t.inner(x, y), (0,), (0,)),
    "inner of matrices": (lambda t, x, y: t.inner(x, y), (3, 4), (2, 4)),
    "inner of every other": (lambda t, x, y: t.inner(x[::2], y[::2]), (6,), (6,)),
    "tensordot": (lambda t, x, y: t.tensordot(x, y, 1), (3, 4), (4, 2)),
    "tensordot over all": (lambda t, x, y: t.tensordot(x, y, 2), (3, 4), (3, 4)),
    "tensordot across": (lambda t, x, y: t.tensordot(x, y, ([0], [1])), (4, 3), (2, 4)),
    "tensordot of columns": (lambda t, x, y: t.tensordot(x.T, y, 1), (4, 3), (4, 2)),
    "tensordot of nothing": (lambda t, x, y: t.tensordot(x, y, 1), (3, 0), (0, 2)),
    "tensordot with a size of one": (lambda t, x, y: t.tensordot(x, y, 1), (3, 1), (4, 2)),
    "tensordot of cubes": (lambda t, x, y: t.tensordot(x, y, ([1, 2], [0, 1])), (2, 3, 4), (3, 4, 2)),
    "outer": (lambda t, x, y: t.outer(x, y), (3,), (4,)),
    "outer of one vector": (lambda t, x: t.outer(x, x), (3,)),
    "outer of every other": (lambda t, x, y: t.outer(x[::2], y), (6,), (4,)),
    "batches": (lambda t, x, y: x @ y, (2, 3, 4), (2, 4, 5)),
    "batches of batches": (lambda t, x, y: x @ y, (2, 3, 2, 4), (2, 3, 4, 1)),
    "a batch of one": (lambda t, x, y: x @ y, (1, 3, 4), (1, 4, 5)),
    "batches of nothing": (lambda t, x, y: x @ y, (0, 3, 4), (0, 4, 5)),
    "transposed batches": (lambda t, x, y: x.mT @ y, (2, 4, 3), (2, 4, 5)),
    "batches that broadcast": (lambda t, x, y: x @ y, (3, 2, 4), (2, 3, 4, 1)),
    "repeat_interleave": (lambda t, x: t.repeat_interleave(x, 3, dim=0), (2, 3)),
    "repeat_interleave of rows": (lambda t, x: x.repeat_interleave(2, dim=-1), (2, 3)),
    "repeat_interleave of a flattened tensor": (lambda t, x: x.repeat_interleave(2), (2, 3)),
    "repeat_interleave of nothing": (lambda t, x: x.repeat_interleave(0, dim=1), (2, 3)),
    "repeat_interleave of columns": (lambda t, x: x.T.repeat_interleave(2, dim=1), (2, 3)),
    "take_along_dim": (lambda t, x: t.take_along_dim(x, t.tensor([[0, 2], [1, 1]]), 1), (2, 3)),
    "take_along_dim from the end": (lambda t, x: t.take_along_dim(x, t.tensor([[-1], [0]]), 1), (2, 3)),
    "take_along_dim broadcast": (lambda t, x: t.take_along_dim(x, t.tensor([[1, 0]]), 1), (2, 3)),
    "cartesian_prod": (lambda t, x, y: t.cartesian_prod(x, y), (2,), (3,)),
    "cartesian_prod of three": (lambda t, x, y, z: t.cartesian_prod(x, y, z), (2,), (3,), (2,)),
    "cartesian_prod with itself": (lambda t, x: t.cartesian_prod(x, x), (3,)),
    "cartesian_prod with one": (lambda t, x, y: t.cartesian_prod(x, y), (1,), (3,)),
    "cartesian_prod of ones": (lambda t, x, y: t.cartesian_prod(x, y), (1,), (1,)),
    "cartesian_prod with nothing": (lambda t, x, y: t.cartesian_prod(x, y), (0,), (3,)),
    "dstack": (lambda t, x, y: t.dstack((x, y)), (2, 3), (2, 3)),
    "cat": (lambda t, x, y: t.cat([x, y, x], dim=-1), (2, 3), (2, 3)),
    "cat of two shapes": (lambda t, x, y: t.cat((x, y)), (2, 3), (1, 3)),
    "cat of nothing": (lambda t, x, y: t.cat((x, y)), (0,), (0,)),
    "stack": (lambda t, x, y: t.stack((x, y), -1), (2, 3), (2, 3)),
    "stack of numbers": (lambda t, x, y: t.stack((x, y)), (), ()),
    "hstack": (lambda t, x, y: t.hstack((x, y)), (2, 3), (2, 3)),
    "vstack": (lambda t, x, y: t.vstack((x, y)), (2, 3), (2, 3)),
    "column_stack": (lambda t, x, y: t.column_stack((x, y)), (2, 3), (2, 3)),
    "dstack of cubes": (lambda t, x, y: t.dstack((x, y)), (2, 3, 2), (2, 3, 2)),
    "norm": (lambda t, x: t.norm(x), (3, 4)),
    "norm of one": (lambda t, x: t.norm(x), (1, 1)),
    "norm of nothing": (lambda t, x: t.linalg.norm(x), (0, 4)),
    "norm of columns": (lambda t, x: t.linalg.vector_norm(x.T[1:]), (3, 4)),
    "norm of a matrix": (lambda t, x: t.linalg.matrix_norm(x), (3, 4)),
    "largest column": (lambda t, x: t.linalg.matrix_norm(x, 1), (3, 4)),
    "largest row": (lambda t, x: t.linalg.matrix_norm(x, float("inf")), (3, 4)),
    "distance": (lambda t, x, y: t.dist(x, y.exp()), (3, 4), (3, 4)),
    "distance that broadcasts": (lambda t, x, y: t.dist(x, y), (3, 4), (4,)),
    "vecdot": (lambda t, x, y: t.linalg.vecdot(x, y), (3, 4), (3, 4)),
    "vecdot of columns": (lambda t, x, y: t.linalg.vecdot(x, y, dim=0), (3, 4), (3, 4)),
    "dstack of vectors": (lambda t, x, y: t.dstack((x, y)), (3,), (3,)),
    "diff": (lambda t, x: t.diff(x), (2, 3)),
    "second differences": (lambda t, x: t.diff(x, 2, dim=0), (4, 3)),
    "differences of one": (lambda t, x: t.diff(x), (1,)),
    "differences with more": (lambda t, x, y: t.diff(x, prepend=y), (2, 3), (2, 1)),
    "trapezoid": (lambda t, x: t.trapezoid(x), (3, 4)),
    "trapezoid of a vector": (lambda t, x: t.trapezoid(x, dx=0.3), (5,)),
    "trapezoid of one": (lambda t, x: t.trapezoid(x, dx=2, dim=0), (1, 4)),
    "gradient": (lambda t, x: t.gradient(x)[0], (5,)),
    "gradient along rows": (lambda t, x: t.gradient(x, spacing=0.3, dim=1)[0], (3, 4)),
    "gradient of the shortest": (lambda t, x: t.gradient(x, spacing=2)[0], (2,)),
    "product of matrices in einsum": (lambda t, x, y: t.einsum("ij,jk->ik", x, y), (3, 4), (4, 2)),
    "transposed": (lambda t, x, y: t.einsum("ij,jk->ki", x, y), (3, 4), (4, 2)),
    "second operand first": (lambda t, x, y: t.einsum("kj,ij->ik", x, y), (3, 4), (2, 4)),
    "without an arrow": (lambda t, x, y: t.einsum("ij,jk", x, y), (3, 4), (4, 2)),
    "sum of products": (lambda t, x, y: t.einsum("ij,ij->", x, y), (3, 4), (3, 4)),
    "sum of products of one": (lambda t, x, y: t.einsum("ij,ij->", x, y), (1, 1), (1, 1)),
    "product of one": (lambda t, x, y: t.einsum("ij,jk->ik", x, y), (1, 1), (1, 1)),
    "product of a row and a column": (lambda t, x, y: t.einsum("ij,jk->ik", x, y), (1, 4), (4, 1)),
    "batches in einsum": (lambda t, x, y: t.einsum("bij,bjk->bik", x, y), (2, 3, 4), (2, 4, 2)),
    "batches at the end": (lambda t, x, y: t.einsum("ijb,jkb->bik", x, y), (3, 4, 2), (4, 2, 2)),
    "outer product in einsum": (lambda t, x, y: t.einsum("i,j->ij", x, y), (3,), (4,)),
    "outer product turned": (lambda t, x, y: t.einsum("i,j->ji", x, y), (3,), (4,)),
    "elements": (lambda t, x, y: t.einsum("ij,ij->ij", x, y), (3, 4), (3, 4)),
    "elements turned": (lambda t, x, y: t.einsum("ij,ji->ij", x, y), (3, 4), (4, 3)),
    "rows": (lambda t, x, y: t.einsum("ij,ij->i", x, y), (3, 4), (3, 4)),
    "several sums": (lambda t, x, y: t.einsum("aibj,jbk->aik", x, y), (2, 3, 2, 4), (4, 2, 2)),
    "sum of one operand": (lambda t, x, y: t.einsum("ij,k->ik", x, y), (3, 4), (2,)),
    "size of one": (lambda t, x, y: t.einsum("ij,jk->ik", x, y), (3, 1), (4, 2)),
    "repeated label": (lambda t, x, y: t.einsum("ii,ij->j", x, y), (3, 3), (3, 2)),
    "ellipsis": (lambda t, x, y: t.einsum("...j,jk->...k", x, y), (2, 3, 4), (4, 2)),
    "columns in einsum": (lambda t, x, y: t.einsum("ij,jk->ik", x.T, y), (4, 3), (4, 2)),
    "nothing in einsum": (lambda t, x, y: t.einsum("ij,jk->ik", x, y), (3, 0), (0, 2)),
    "three operands": (lambda t, x, y, z: t.einsum("ij,jk,kl->il", x, y, z), (2, 3), (3, 2), (2, 3)),
    "labels as numbers": (lambda t, x, y: t.einsum(x, [0, 1], y, [1, 2], [2, 0]), (3, 4), (4, 2)),
    "malformed": (lambda t, x, y: t.einsum("ij,j-k", x, y), (3, 4), (4, 2)),
    "sizes that differ": (lambda t, x, y: t.einsum("ij,jk->ik", x, y), (3, 4), (3, 2)),
}  # fmt: skip


def saved(node, depth=8):
    """What the nodes of a graph have saved, but for what ours show and PyTorch's do not."""
    if node is None or not depth:
        return []
    mine = {}
    for name in ("self", "mat2", "tensor", "other", "result"):
        try:
            value = getattr(node, f"_saved_{name}", None)
        except RuntimeError as error:
            value = str(error)
        if hasattr(value, "dim"):
            mine[name] = value.detach(), walked(value.grad_fn), value._is_view(), value._version
    if "VectorNorm" in node.name():
        mine["dim"], mine["keepdim"] = node._saved_dim, node._saved_keepdim
    return [mine, *[saved(n, depth - 1) for n, _ in node.next_functions]]


@pytest.mark.parametrize("wanted", ["all", "first", "last"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_graph_and_gradients(name, wanted):
    function, *shapes = FUNCTIONS[name]

    def scenario(t):
        leaves = [vector(t, *shape) for shape in shapes]
        for x in leaves[1:] if wanted == "first" else leaves[:-1] if wanted == "last" else []:
            x.requires_grad_(False)
        result = function(t, *leaves)
        graph, kept = walked(result.grad_fn), saved(result.grad_fn)
        some = [x for x in leaves if x.requires_grad]
        first = t.autograd.grad((result * result).sum(), some, create_graph=True)
        second = t.autograd.grad(sum((g**3).sum() for g in first), some)
        return result.detach(), result._is_view(), graph, kept, [g.detach() for g in first], second

    check(scenario, strides=False)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_operand_changed_before_backward(name):
    function, *shapes = FUNCTIONS[name]

    def scenario(t):
        leaves = [vector(t, *shape) for shape in shapes]
        inputs = [x * 1 for x in leaves]
        result = function(t, *inputs)
        inputs[-1].mul_(2)
        if result._is_view():
            result.add_(1)
        result.sum().backward()
        return result.detach(), [x.grad for x in leaves]

    def refused(t):
        # Which tensor was changed is told by its shape; the number of its output and of its versions are not compared.
        try:
            return scenario(t)
        except RuntimeError as error:
            if "modified by an inplace operation" not in str(error):
                raise
            return "modified"

    check(refused, strides=False)


@pytest.mark.parametrize("name", ["inner", "tensordot", "batches", "sum of products", "real part", "imaginary part"])
def test_complex_numbers(name):
    parts = {"real part": (lambda t, x: t.real(x), (3, 2)), "imaginary part": (lambda t, x: t.imag(x)[1:], (3, 2))}
    function, *shapes = (FUNCTIONS | parts)[name]

    def scenario(t):
        leaves = [complex_vector(t, *shape) for shape in shapes]
        result = function(t, *leaves)
        first = t.autograd.grad((result * result).abs().sum(), leaves, create_graph=True)
        second = t.autograd.grad(sum(g.abs().sum() for g in first), leaves)
        return result.detach(), walked(result.grad_fn), [g.detach() for g in first], second

    check(scenario, strides=False)


@pytest.mark.parametrize("name", ["inner", "outer", "batches", "dstack", "sum of products"])
def test_under_modes(name):
    function, *shapes = FUNCTIONS[name]

    def scenario(t):
        leaves = [vector(t, *shape) for shape in shapes]
        with t.no_grad():
            plain = function(t, *leaves)
        packed = []
        with t.autograd.graph.saved_tensors_hooks(lambda x: packed.append(x.shape) or x, lambda x: x):
            result = function(t, *leaves)
        result.sum().backward()
        return plain.requires_grad, plain, packed, [x.grad for x in leaves]

    check(scenario, strides=False)


def test_parts_of_complex_numbers_have_a_history():
    def scenario(t):
        z = complex_vector(t, 3) * 1
        part = t.imag(z)
        z.mul_(2)
        return part.detach(), part.grad_fn.name(), part._base is z, walked(t.real(z).grad_fn, 2)

    check(scenario)


@pytest.mark.parametrize("increasing", [False, True])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
def test_powers_whose_backward_is_refused(count, increasing):
    def scenario(t):
        x = vector(t, 3)
        result = t.vander(x, count, increasing)
        described = result.detach(), walked(result.grad_fn), result._version, result._is_view()
        if count < 2:
            return described
        with pytest.raises(RuntimeError, match=r"which is output 0 of AsStrided, is at version \d; expected version"):
            result.sum().backward()
        if increasing:
            result.mul_(2)
        return described, result.detach(), walked(result.grad_fn), x.grad

    check(scenario, strides=False)
