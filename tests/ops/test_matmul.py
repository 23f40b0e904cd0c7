"""Products of vectors, matrices and batches, and contractions by labels."""

import numpy as np
import pytest
import torch
from beside import check
from hypothesis import given, settings
from hypothesis import strategies as st

import rushlight
from ops.tables import calls, check_line

CALLS = """
    torch.dot(v,w)
    torch.matmul(v,w)
    v@w
    torch.mv(A,v)
    A@v
    v@B
    torch.matmul(v,B)
    A@B
    torch.mm(A,B)
    C@D
    torch.bmm(C,D)
    C@v
    C@B
    A@D
    E4@F4
    E4@B
    E4@v
    v@D
    torch.nn.functional.linear(A,W)
    torch.nn.functional.linear(A,W,bias)
    torch.nn.functional.linear(v,W)
    torch.nn.functional.linear(v,W,bias)
    torch.nn.functional.linear(C,W)
    torch.nn.functional.linear(C,W,bias)
    torch.nn.functional.linear(E4,W,bias)
    torch.nn.functional.linear(A,w)
    torch.nn.functional.linear(A,w,r(2))
    torch.nn.functional.linear(A.detach(),W,bias)
    torch.nn.functional.linear(C.detach().transpose(0,1),W,bias)
    torch.nn.functional.linear(A,B)
    torch.nn.functional.linear(A,W,r(3))
    torch.nn.functional.linear(A,W.double())
    torch.nn.functional.linear(i2,W)
    torch.nn.functional.linear(3,W)
    torch.addmm(bias,A,B)
    torch.addmm(bias,A,B,beta=2,alpha=3)
    torch.addmm(r(2,4),A,B)
    torch.addmm(r(5),A,B)
    torch.addmv(r(2),A,v)
    torch.addbmm(r(2,4),C,D)
    torch.baddbmm(r(5,2,4),C,D)
    torch.baddbmm(r(2,4),C,D,beta=2)
    torch.addr(r(3,3),v,w)
    torch.outer(v,w)
    torch.ger(v,w)
    torch.inner(v,w)
    torch.inner(A,v)
    torch.inner(A,r(4,3))
    torch.inner(A,B)
    torch.vdot(v,w)
    torch.kron(v,w)
    torch.kron(A,B)
    torch.trace(A)
    torch.cross(v,w)
    torch.cross(v,w,dim=0)
    torch.linalg.cross(v,w)
    torch.tensordot(A,B,1)
    torch.tensordot(A,A,2)
    torch.tensordot(A,B,([1],[0]))
    torch.chain_matmul(A,B)
    torch.linalg.multi_dot([A,B,r(4,2)])
    torch.linalg.multi_dot([v,B])
    torch.einsum('ij,jk->ik',A,B)
    torch.einsum('ij,jk',A,B)
    torch.einsum('ij->',A)
    torch.einsum('ii->i',r(3,3))
    torch.einsum('ii',r(3,3))
    torch.einsum('bij,bjk->bik',C,D)
    torch.einsum('i,j->ij',v,w)
    torch.einsum('...ij,...jk->...ik',C,D)
    torch.einsum('ij,j->i',A,v)
    torch.einsum('ij->ji',A)
    torch.einsum('ij,ij->ij',A,A)
    torch.linalg.matmul(A,B)
    torch.matmul(A,A)
    torch.mm(A,A)
    torch.mm(v,A)
    torch.mv(A,w[:2])
    torch.mv(v,A)
    torch.dot(v,w[:2])
    torch.dot(A,v)
    torch.dot(v,w.double())
    A@A
    v@w[:2]
    C@C
    A@v.double()
    A@B.double()
    torch.bmm(A,B)
    torch.bmm(C,D[:2])
    torch.bmm(C,C)
    T(3.)@v
    v@T(3.)
    A@3
    3@A
    torch.mm(A,3)
    torch.matmul(3,A)
    torch.mm(i2,i2.t())
    torch.mm(i2.bool(),i2.t().bool())
    torch.dot(i2[0],i2[0])
    torch.dot(i2[0].bool(),i2[0].bool())
    A.half()@B.half()
    torch.einsum('ij,jk->ik',A)
    torch.einsum('ij,kl->il',A)
    torch.einsum('ij',A,B)
    torch.einsum('ijk',A)
    torch.einsum('ij,jk->ik',A,A)
    torch.einsum('ij->ijk',A)
    torch.einsum('ij->ii',A)
    torch.einsum('i1',A)
    torch.einsum(A,[0,1],B,[1,2],[0,2])
    torch.einsum('ij,jk->ik',[A,B])
    torch.einsum(3,A)
    torch.einsum('ij,jk->i-k',A,B)
    torch.outer(A,v)
    torch.trace(v)
    torch.cross(A,B)
    torch.cross(v[:2],w[:2])
    torch.tensordot(A,A,1)
    torch.addmm(bias,A,A)
    torch.addmm(bias,v,B)
    torch.inner(v,w[:2])
    torch.linalg.multi_dot([A])
    torch.linalg.multi_dot([A,A])
    torch.chain_matmul(A)
    torch.kron(A,3)
    A.matmul(B)
    A.mm(B)
    C.bmm(D)
    v.dot(w)
    A.mv(v)
    bias.addmm(A,B)
    torch.rand(0,3)@B
    torch.rand(2,0)@torch.rand(0,3)
    torch.zeros(0)@torch.zeros(0)
    torch.vdot(v.to(torch.complex64),w.to(torch.complex64))
    torch.nn.functional.bilinear(A,r(2,4),r(6,3,4),r(6))
    torch.einsum('bi,oij,bj->bo',A,r(6,3,4),r(2,4))
    torch.addmm(i2.float(),A,r(3,3),beta=0)
    torch.matmul(A,B,out=torch.zeros(2,4))
    torch.mm(A.detach(),B.detach(),out=torch.zeros(3,3))
    torch.baddbmm(r(5,2,4),C,D,alpha=2)
"""


def tensors(m):
    def r(*s, dtype=m.float32):
        count = int(np.prod(s)) if s else 1
        return (m.arange(float(count)).reshape(s) / 7 - 0.5).to(dtype).requires_grad_()

    return {
        "r": r, "v": r(3), "w": r(3), "A": r(2, 3), "B": r(3, 4), "C": r(5, 2, 3), "D": r(5, 3, 4), "E4": r(2, 5, 2, 3),
        "F4": r(5, 3, 4), "bias": r(4), "W": r(4, 3), "i2": m.ones(2, 3, dtype=m.int64),
    }  # fmt: skip


@calls(CALLS)
def test_calls(line):
    check_line(line, tensors, rtol=1e-5)


def described(function, depth=7):
    """The graph below a node, as nested names."""
    if function is None:
        return None
    if function.name().endswith("AccumulateGrad") or not depth:
        return "AccumulateGrad"
    return [function.name(), *[described(f, depth - 1) for f, _ in function.next_functions]]


GRAPHS = """
    v @ w
    A @ v
    v @ B
    A @ B
    C @ D
    C @ v
    C @ B
    A @ D
    E4 @ F4
    v @ D
    torch.nn.functional.linear(A, W)
    torch.nn.functional.linear(A, W, bias)
    torch.nn.functional.linear(A.detach(), W, bias)
    torch.nn.functional.linear(v, W)
    torch.nn.functional.linear(v, W, bias)
    torch.nn.functional.linear(C, W)
    torch.nn.functional.linear(C, W, bias)
    torch.addmm(bias, A, B)
    torch.outer(v, w)
    torch.kron(A, B)
    torch.tensordot(A, B, 1)
    torch.einsum('ij,jk->ik', A, B)
    torch.einsum('bij,bjk->bik', C, D)
    torch.einsum('i,j->ij', v, w)
    torch.einsum('ii', r(3, 3))
"""


@calls(GRAPHS)
def test_graphs_show_pytorchs_nodes(line):
    check(lambda m: described(eval(line, {"torch": m, **tensors(m)}).grad_fn))


FUNCTIONS = {
    "mm": ("A @ B", (2, 3), (3, 4)),
    "mv": ("A @ B", (2, 3), (3,)),
    "dot": ("A @ B", (3,), (3,)),
    "vector times matrix": ("A @ B", (3,), (3, 2)),
    "vdot": ("m.vdot(A, B)", (3,), (3,)),
    "bmm": ("m.bmm(A, B)", (2, 3, 4), (2, 4, 2)),
    "batches": ("A @ B", (2, 1, 3, 4), (5, 4, 2)),
    "batch times matrix": ("A @ B", (2, 3, 4), (4, 2)),
    "matrix times batch": ("A @ B", (3, 4), (2, 4, 2)),
    "vector times batch": ("A @ B", (4,), (2, 4, 2)),
    "linear": ("m.nn.functional.linear(A, B)", (2, 3), (4, 3)),
    "linear of a batch": ("m.nn.functional.linear(A, B, B[:, 0])", (2, 5, 3), (4, 3)),
    "linear with a bias": ("m.nn.functional.linear(A, B, B[:, 0])", (2, 3), (4, 3)),
    "addmm": ("m.addmm(A[0, 0], A, B, beta=2, alpha=3)", (2, 3), (3, 4)),
    "addmv": ("m.addmv(A[:, 0], A, B, alpha=0.5)", (2, 3), (3,)),
    "addr": ("m.addr(A[:, None], A, B)", (3,), (4,)),
    "baddbmm": ("m.baddbmm(A[:, :, :1], A, B, beta=0.5)", (2, 3, 4), (2, 4, 2)),
    "addbmm": ("m.addbmm(A[0, :, :2], A, B)", (2, 3, 4), (2, 4, 2)),
    "outer": ("m.outer(A, B)", (3,), (2,)),
    "inner": ("m.inner(A, B)", (2, 3), (4, 3)),
    "kron": ("m.kron(A, B)", (2, 3), (2, 2)),
    "cross": ("m.cross(A, B, dim=1)", (2, 3), (2, 3)),
    "cross that broadcasts": ("m.linalg.cross(A, B)", (2, 3), (1, 3)),
    "trace": ("m.trace(A * B)", (3, 2), (3, 2)),
    "tensordot": ("m.tensordot(A, B, ([2, 0], [0, 1]))", (2, 3, 4), (4, 2, 5)),
    "multi_dot": ("m.linalg.multi_dot([A, B, A, B])", (2, 3), (3, 2)),
    "einsum": ("m.einsum('ij,jk->ki', A, B)", (2, 3), (3, 4)),
    "einsum with a diagonal": ("m.einsum('iij,jk->ik', A, B)", (2, 2, 3), (3, 4)),
    "einsum of three": ("m.einsum('ij,jk,ik->i', A, B, A @ B)", (2, 3), (3, 4)),
    "einsum with dots": ("m.einsum('...ij,kj->...ik', A, B)", (2, 1, 3, 4), (5, 4)),
    "einsum that broadcasts": ("m.einsum('bi,bi->b', A, B)", (2, 3), (1, 3)),
    "einsum over one": ("m.einsum('ij,kl->il', A, B)", (2, 3), (3, 4)),
    "bilinear": ("m.nn.functional.bilinear(A, A, B)", (2, 3), (4, 3, 3)),
}


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives(name, dtype):
    text, first_shape, second_shape = FUNCTIONS[name]
    if dtype == "complex128" and name == "bilinear":
        text = "m.einsum('bi,oij,bj->bo', A, B, A)"

    def scenario(m):
        rng = np.random.default_rng(0)

        def made(shape):
            array = rng.standard_normal(shape)
            if dtype == "complex128":
                array = array + 1j * rng.standard_normal(shape)
            return m.from_numpy(np.asarray(array, dtype)).requires_grad_()

        A, B = made(first_shape), made(second_shape)
        y = eval(text, {"m": m, "A": A, "B": B})
        weights = made(tuple(y.shape))
        first = m.autograd.grad(y, (A, B), weights, create_graph=True)
        total = sum((f * f.conj() * made(tuple(f.shape)).detach()).real.sum() for f in first)
        second = m.autograd.grad(total, (A, B, weights))
        fast = m.autograd.grad(eval(text, {"m": m, "A": A, "B": B}), (A, B), weights.detach())
        return [[tuple(t.shape), t.detach().reshape(-1).resolve_conj()] for t in (y, *first, *second, *fast)]

    check(scenario, rtol=1e-9, atol=1e-9)


sides = st.integers(0, 4)


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(["float32", "float64", "int64", "float16"]))
def test_matmul_of_any_shapes(data, dtype):
    n, k, p = data.draw(sides), data.draw(sides), data.draw(sides)
    lead = data.draw(st.lists(sides, max_size=2))
    a = data.draw(st.sampled_from([(k,), (n, k), (*lead, n, k), (1, n, k)]))
    wrong = data.draw(st.booleans()) and data.draw(st.booleans())
    k = k + wrong
    b = data.draw(st.sampled_from([(k,), (k, p), (*lead, k, p), (*lead[-1:], k, p)]))
    rng = np.random.default_rng(1)
    arrays = [rng.integers(-3, 4, s).astype(dtype) for s in (a, b)]
    check(lambda m: m.matmul(*map(m.from_numpy, arrays)), rtol=1e-3, atol=1e-3)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_einsum_of_any_labels(data):
    sizes = dict(zip("abcd", (2, 3, 1, 4)))
    operands = data.draw(st.lists(st.lists(st.sampled_from("abcd"), max_size=3, unique=True), min_size=1, max_size=3))
    used = sorted({s for o in operands for s in o})
    output = data.draw(st.permutations(used)) if used else []
    output = output[: data.draw(st.integers(0, len(output)))]
    equation = ",".join("".join(o) for o in operands) + "->" + "".join(output)
    rng = np.random.default_rng(2)
    arrays = [rng.standard_normal([sizes[s] for s in o]) for o in operands]

    def scenario(m):
        found = m.einsum(equation, *[m.from_numpy(np.asarray(a)) for a in arrays])
        return tuple(found.shape), found.reshape(-1)

    check(scenario, rtol=1e-9, atol=1e-9)


def test_operands_that_are_not_contiguous():
    def scenario(m):
        a = m.arange(24.0).reshape(2, 3, 4)
        b = m.arange(12.0).reshape(3, 4)
        one = m.ones(1, 1)
        return [
            a[:, ::2] @ b.t(),
            a.transpose(0, 2)[1] @ a[:, 0].t()[:2],
            one.expand(3, 4) @ b.mT,
            b[:, 1] @ b,
            b.mv(b[1]),
        ]

    check(scenario)


def test_weights_of_linear_layers_get_contiguous_gradients_of_their_shape():
    def scenario(m):
        layer = m.nn.Linear(3, 2)
        with m.no_grad():
            layer.weight.fill_(0.5)
            layer.bias.fill_(-1.0)
        layer(m.arange(12.0).reshape(4, 3)).pow(2).sum().backward()
        layer(m.arange(12.0).reshape(2, 2, 3)).sum().backward()
        return [layer.weight.grad, layer.bias.grad]

    check(scenario)


def test_transposes_in_the_graph_of_linear_lead_to_the_weight():
    weight = rushlight.ones(4, 3, requires_grad=True)
    y = rushlight.nn.functional.linear(rushlight.ones(2, 3), weight, rushlight.ones(4))
    transposed = y.grad_fn.next_functions[2][0]
    assert transposed.next_functions[0][0].variable is weight
    assert transposed(rushlight.ones(3, 4)).shape == (4, 3)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("factors", [{}, {"beta": -4.775, "alpha": 2.0315}])
@pytest.mark.parametrize("name", ["addmm", "baddbmm"])
def test_sums_with_products_round_half_precision_once(name, factors, dtype):
    stack = (3,) if name == "baddbmm" else ()
    arrays = [np.random.default_rng(i).standard_normal((*stack, 8, 8)).astype(np.float32) for i in range(3)]
    check(lambda m: getattr(m, name)(*(m.from_numpy(a).to(getattr(m, dtype)) for a in arrays), **factors).float())


@pytest.mark.parametrize("equation", ["iji->j", "ij->j", "ii->i", "ij->ji"])
@pytest.mark.parametrize("size", [1, 3])
def test_einsum_of_one_operand_is_new_where_something_is_summed(equation, size):
    for t in (torch, rushlight):
        x = t.ones([3 if label == "j" else size for label in equation.split("->")[0]])
        shared = t.einsum(equation, x).untyped_storage().data_ptr() == x.untyped_storage().data_ptr()
        assert shared == (equation in ("ii->i", "ij->ji"))


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int64", "float16", "float32"])
def test_tensordot_over_all_dimensions_keeps_its_type(dtype):
    def scenario(m):
        x = m.arange(12).reshape(3, 4).to(getattr(m, dtype))
        return m.tensordot(x.t(), x.t(), 2), m.tensordot(x, x, 2), m.tensordot(x.t(), x, ([0, 1], [1, 0]))

    check(scenario)


@pytest.mark.parametrize("shapes", [((4,), (4,)), ((1, 4), (4, 1)), ((1, 4), (4,)), ((3, 4), (4,)), ((1,), (1,))])
def test_graph_of_a_contraction(shapes):
    def scenario(t):
        a, b = (t.arange(1.0, 1 + np.prod(s)).reshape(s).requires_grad_() for s in shapes)
        found = t.tensordot(a, b, 1)
        names, waiting = [], [found.grad_fn]
        while waiting:
            node = waiting.pop()
            names.append(node.name())
            waiting += [n for n, _ in node.next_functions if n is not None]
        (found * found).sum().backward()
        return found, names, a.grad, b.grad

    check(scenario)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "complex64"])
@pytest.mark.parametrize(("rows", "inner", "columns"), [(1, 1, 3), (3, 1, 1), (1, 1, 1), (2, 1, 2), (1, 2, 3)])
def test_zeros_times_no_numbers(rows, inner, columns, dtype):
    def scenario(m):
        a, b = m.zeros(rows, inner).to(getattr(m, dtype)), m.full((inner, columns), float("nan")).to(getattr(m, dtype))
        products = [a @ b, b.mT @ a.mT, a[None] @ b[None]]
        if dtype != "complex64":
            products.append(m.nn.functional.linear(a, b.mT.contiguous(), m.ones(columns).to(a.dtype)))
        return products

    check(scenario)
