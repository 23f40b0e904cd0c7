"""Sorting, selection by rank, distinct elements, searching, counting, comparing, and questions about dtypes."""

import numpy as np
import pytest
import torch
from beside import check
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import rushlight
from ops.tables import calls, check_line

CALLS = """
    x.sort()
    x.sort(0)
    x.sort(descending=True)
    x.sort(1,True)
    x.sort(dim=0,descending=True,stable=True)
    x.sort(2)
    i.sort()
    e.sort(0)
    T(3.).sort()
    n.sort()
    n.sort(descending=True)
    b.sort()
    torch.sort(x,stable=True)
    torch.sort(y,0,out=(torch.zeros(2,3),torch.zeros(2,3,dtype=torch.int64)))
    x.sort('a')
    i.sort(descending=True)
    x.argsort()
    x.argsort(0,True)
    x.argsort(stable=True)
    x.topk(2)
    x.topk(2,0)
    x.topk(2,largest=False)
    x.topk(4)
    x.topk(-1)
    x.topk(0)
    T(3.).topk(1)
    i.topk(2)
    x.topk(1,dim=2)
    n.topk(2)
    x.kthvalue(1)
    x.kthvalue(2,0)
    x.kthvalue(2,1,True)
    x.kthvalue(4)
    x.kthvalue(0)
    T(3.).kthvalue(1)
    x.msort()
    i.unique()
    i.unique(sorted=False)
    i.unique(return_inverse=True)
    i.unique(return_counts=True)
    i.unique(return_inverse=True,return_counts=True)
    y.unique(dim=0)
    torch.unique(T([[1,2],[1,2],[0,3]]),dim=0,return_inverse=True,return_counts=True)
    torch.unique(x)
    n.unique()
    T([float('nan')]*2).unique()
    i.unique_consecutive()
    T([1,1,2,1]).unique_consecutive(return_inverse=True,return_counts=True)
    torch.unique_consecutive(T([[1,1],[1,1],[2,2]]),dim=0)
    T([1.,3,5]).requires_grad
    torch.searchsorted(T([1,3,5]),T([2,3]))
    torch.searchsorted(T([1,3,5]),T([2,3]),right=True)
    torch.searchsorted(T([1,3,5]),3)
    torch.searchsorted(T([[1,3,5],[2,4,6]]),T([[3],[4]]))
    torch.searchsorted(T([1,3,5]),T([2,3]),side='right')
    torch.searchsorted(T([1,3,5]),T([2,3]),out_int32=True)
    torch.searchsorted(T([1,3,5]),T([2.,3.]))
    torch.searchsorted(T([3,1]),T([2]),sorter=T([1,0]))
    torch.searchsorted(T([1,3,5]),T([2]),side='a')
    torch.searchsorted(T([3,1,2,7,0,5,4]),T([2,6,1,4,0]))
    torch.bucketize(T([2,6,1,4,0,3]),T([3,1,2,7,0,5,4]),right=True)
    torch.searchsorted(T([1,3,5]),T([2]),right=True,side='left')
    torch.searchsorted(T([[1,3,5],[2,4,6]]),T([3]))
    torch.bucketize(T([2,3]),T([1,3,5]))
    torch.bucketize(3,T([1,3,5]))
    torch.bucketize(T([2,3]),T([1,3,5]),right=True)
    torch.bucketize(T([2]),T([[1,3]]))
    torch.bincount(i)
    torch.bincount(i,minlength=6)
    torch.bincount(i,weights=T([1.,2,3,4]))
    torch.bincount(T([-1]))
    torch.bincount(T([1.]))
    torch.bincount(T([[1]]))
    torch.bincount(T([],dtype=torch.int64))
    torch.bincount(i,weights=T([1.]))
    torch.bincount(i,minlength=-1)
    i.bincount()
    torch.histc(y,4)
    torch.histc(y,4,0,5)
    torch.histc(i)
    torch.histc(y,0)
    torch.histc(y,4,5,0)
    torch.isin(i,T([1,3]))
    torch.isin(i,1)
    torch.isin(1,i)
    torch.isin(T([3.,float('nan'),1.,2.,float('nan'),1.]).bfloat16(),T([2.,float('nan'),1.,float('nan'),2.,5.]).bfloat16())
    torch.isin(T([2.,float('nan'),.5]*9).bfloat16(),T([.5,float('nan'),2.]*9).bfloat16())
    torch.isin(i,T([1,3]),invert=True)
    torch.isin(i,T([1]),assume_unique=True)
    torch.allclose(x,x)
    torch.allclose(y,y+1e-9)
    torch.allclose(y,y+1)
    torch.allclose(n,n)
    torch.allclose(n,n,equal_nan=True)
    torch.allclose(y,y.double())
    torch.allclose(i,i)
    torch.allclose(y,1.)
    torch.allclose(y,torch.ones(4))
    torch.isclose(n,n)
    torch.isclose(n,n,equal_nan=True)
    torch.isclose(i,i+1,atol=1)
    torch.isclose(y,y,rtol=-1)
    torch.isclose(y,y.double())
    torch.isclose(b,b)
    torch.equal(y,y)
    torch.equal(n,n)
    torch.equal(y,i)
    torch.equal(y,y.double())
    torch.equal(y,1)
    x.equal(x)
    torch.isreal(n)
    torch.isreal(T([1+0j,1j]))
    torch.nan_to_num(n)
    torch.nan_to_num(n,1.,2.,3.)
    torch.nan_to_num(i)
    T([float('nan')],requires_grad=True).nan_to_num()
    torch.result_type(y,1)
    torch.result_type(i,1.)
    torch.result_type(i,y)
    torch.result_type(1,2.)
    torch.can_cast(torch.float32,torch.int32)
    torch.can_cast(torch.int32,torch.float32)
    torch.promote_types(torch.int32,torch.float16)
    torch.can_cast(1,2)
    torch.promote_types(1,2)
    torch.is_tensor(x)
    torch.is_tensor(1)
    torch.numel(x)
    torch.numel(1)
    torch.is_floating_point(x)
    torch.is_floating_point(i)
    torch.is_complex(x)
    torch.is_nonzero(T(1.))
    torch.is_nonzero(T([0]))
    torch.is_nonzero(x)
    torch.is_nonzero(T([]))
    torch.is_nonzero(1)
    torch.is_storage(1)
    torch.is_signed(x)
    torch.is_inference(x)
    torch.is_conj(x)
    torch.is_same_size(x,y)
    torch.isposinf(n)
    torch.isneginf(n)
    x.isreal()
    y.histc(2)
"""


def tensors(m):
    x = m.tensor([[3.0, 1, 2], [0, 5, 4]], requires_grad=True)
    return {
        "x": x, "y": x.detach(), "i": m.tensor([3, 1, 2, 1]), "e": m.zeros(0, 3), "b": m.tensor([True, False]),
        "n": m.tensor([1.0, float("nan"), 0.0, float("inf")]),
    }  # fmt: skip


@calls(CALLS)
def test_calls(line):
    check_line(line, tensors)


shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5)
floats = st.one_of(st.integers(-3, 3).map(float), st.sampled_from([float("nan"), float("inf"), -float("inf")]))


@st.composite
def arrays(draw):
    if draw(st.booleans()):
        return draw(hnp.arrays("float32", draw(shapes), elements=floats))
    return draw(hnp.arrays(draw(st.sampled_from(["int64", "uint8"])), draw(shapes), elements=st.integers(0, 5)))


@settings(max_examples=150, deadline=None)
@given(arrays(), st.integers(-3, 2), st.booleans())
def test_stable_sort_of_any_shape(array, dim, descending):
    check(lambda m: m.sort(m.from_numpy(array), dim=dim, descending=descending, stable=True))


@settings(max_examples=150, deadline=None)
@given(arrays(), st.integers(0, 5), st.integers(-2, 1), st.booleans())
def test_topk_of_any_shape(array, k, dim, largest):
    # Which of equal elements are chosen, PyTorch leaves open.
    check(lambda m: m.topk(m.from_numpy(array), k, dim, largest)[0])


@settings(max_examples=100, deadline=None)
@given(arrays(), st.integers(0, 5), st.integers(-2, 1), st.booleans())
def test_kthvalue_of_any_shape(array, k, dim, keepdim):
    check(lambda m: m.kthvalue(m.from_numpy(array), k, dim, keepdim)[0])


@pytest.mark.parametrize("k", [1, 5, 60])
@pytest.mark.parametrize("largest", [True, False])
def test_topk_of_many(k, largest):
    array = np.random.default_rng(0).permutation(3000).reshape(3, 1000).astype(np.float32)
    check(lambda m: m.topk(m.from_numpy(array), k, 1, largest))
    check(lambda m: m.topk(m.from_numpy(array), min(k, 3), 0, largest))


@settings(max_examples=100, deadline=None)
@given(
    hnp.arrays("int64", hnp.array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=5), elements=st.integers(0, 3))
)
def test_unique_of_any_shape(array):
    for dim in (None, 0):
        check(lambda m, dim=dim: m.unique(m.from_numpy(array), return_inverse=True, return_counts=True, dim=dim))
        check(
            lambda m, dim=dim: m.unique_consecutive(
                m.from_numpy(array), return_inverse=True, return_counts=True, dim=dim
            )
        )


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(-5, 5), max_size=6), hnp.arrays("int64", shapes, elements=st.integers(-6, 6)), st.booleans()
)
def test_searchsorted_of_any_shape(row, values, right):
    row = np.array(sorted(row), np.int64)
    check(lambda m: m.searchsorted(m.from_numpy(row), m.from_numpy(values), right=right))
    check(lambda m: m.bucketize(m.from_numpy(values), m.from_numpy(row), right=right))


@settings(max_examples=100, deadline=None)
@given(arrays(), st.sampled_from([(0.0, 0.0), (1e-5, 1e-8), (0.5, 1.0)]), st.booleans())
def test_closeness(array, tolerance, equal_nan):
    rtol, atol = tolerance

    def scenario(m):
        a = m.from_numpy(array)
        b = m.from_numpy(np.flip(array).copy())
        return [f(a, other, rtol, atol, equal_nan) for f in (m.isclose, m.allclose) for other in (a, b)] + [a.equal(b)]

    check(scenario)


@pytest.mark.parametrize("name", ["sort", "sort descending", "topk", "kthvalue", "msort", "nan_to_num"])
def test_derivatives(name):
    functions = {
        "sort": lambda x: x.sort(0)[0],
        "sort descending": lambda x: x.sort(-1, descending=True)[0],
        "topk": lambda x: x.topk(2)[0],
        "kthvalue": lambda x: x.kthvalue(2, 0, True)[0],
        "msort": lambda x: x.msort(),
        "nan_to_num": lambda x: (x / (x > 0)).nan_to_num(0.5, 2.0, 3.0),
    }

    def scenario(m):
        x = m.tensor([[0.5, -1.25, 2.0], [3.0, 0.25, -0.75]], dtype=m.float64, requires_grad=True)
        y = functions[name](x)
        weights = m.arange(1.0, y.numel() + 1).reshape(y.shape).to(y.dtype).requires_grad_()
        (first,) = m.autograd.grad(y, x, weights, create_graph=True)
        again = m.autograd.grad(first.pow(2).nan_to_num().sum(), weights)
        fast = m.autograd.grad(functions[name](x), x, weights.detach())
        return [y, first.detach(), *again, *fast]

    check(scenario)


def test_unique_has_no_derivative():
    def scenario(m):
        x = m.tensor([1.0, 2.0, 1.0], requires_grad=True)
        m.unique(x).sum().backward()

    check(scenario)


def test_default_dtype_can_be_set_by_a_class_of_old():
    def scenario(m):
        try:
            m.set_default_tensor_type(m.DoubleTensor)
            made = m.tensor(1.0)
            m.set_default_tensor_type("torch.FloatTensor")
            return [made, m.get_default_dtype(), m.tensor(1.0)]
        finally:
            m.set_default_dtype(m.float32)

    check(scenario)


def test_default_dtype_must_be_floating():
    check(lambda m: m.set_default_dtype(m.int32))
    check(lambda m: m.set_default_dtype("float32"))


@pytest.mark.parametrize("count", [5, 300])
@pytest.mark.parametrize("function", ["median", "nanmedian", "kthvalue", "mode", "topk"])
def test_what_is_found_has_memory_of_its_own(function, count):
    def scenario(m):
        x = m.arange(float(count))
        arguments = {"kthvalue": (2,), "topk": (2,)}.get(function, ())
        found = getattr(m, function)(x, *arguments)
        (found if isinstance(found, m.Tensor) else found[0]).fill_(-1)
        return x

    check(scenario)


@pytest.mark.parametrize("interpolation", ["linear", "lower", "higher", "midpoint", "nearest"])
@pytest.mark.parametrize("name", ["quantile", "nanquantile"])
@pytest.mark.parametrize("n", [1, 2, 3, 10, 101])
def test_quantiles_of_all_elements(n, name, interpolation):
    generator = np.random.default_rng(n)
    ordinary = generator.standard_normal(n).astype(np.float32)
    holes = np.where(generator.random(n) < 0.3, np.nan, ordinary).astype(np.float32)
    for values in (ordinary, ordinary.round(), holes, np.where(ordinary > 1, np.inf, ordinary)):
        for fractions in (0.0, 0.3, 1.0, [0.1, 0.1, 0.9, 0.5, 1.0], generator.random(7).tolist()):
            results = []
            for library in (torch, rushlight):
                q = fractions if isinstance(fractions, float) else library.tensor(fractions)
                results.append(getattr(library, name)(library.tensor(values), q, interpolation=interpolation).numpy())
            np.testing.assert_allclose(results[1], results[0], 1e-6, 1e-7)
