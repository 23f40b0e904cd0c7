"""The copying forms of views beside PyTorch: values, memory, nodes, derivatives, `out=`, errors."""

import pytest
from beside import check

CALLS = """
alias_copy(x)
as_strided_copy(x, (2, 2), (1, 2))
as_strided_copy(x, (2, 2), (1, 2), 1)
detach_copy(x)
diagonal_copy(x)
diagonal_copy(x, dim1=1, dim2=0, offset=1)
expand_copy(x, (4, 2, 3))
expand_copy(x, (4, 2, 3), implicit=True)
narrow_copy(x, 1, 0, 2)
narrow_copy(x, -1, -2, 1)
permute_copy(x, (1, 0))
permute_copy(x, dims=(1, 0))
select_copy(x, 1, 0)
slice_copy(x)
slice_copy(x, 1, 0, 9, 2)
slice_copy(x, 1, end=2)
split_copy(x, 2, 1)
split_with_sizes_copy(x, [1, 2], 1)
squeeze_copy(x[:1])
squeeze_copy(x[:1], 0)
squeeze_copy(x[:1], (0, 1))
t_copy(x)
transpose_copy(x, 0, 1)
unbind_copy(x, 1)
unfold_copy(x, 1, 2, 1)
unsqueeze_copy(x, 1)
view_as_real_copy(z)
view_copy(x, (3, 2))
view_copy(x, t.int64)
view_copy(x.t(), (6,))
""".strip().splitlines()

ERRORS = """
expand_copy(x, (4, 2))
expand_copy(x, 4, 2, 3)
detach_copy(1)
squeeze_copy(x, 'a')
view_copy(x)
view_copy(x, (4, 2))
unsqueeze_copy(x)
unsqueeze_copy(x, 1.0)
permute_copy(x, (1, 1))
transpose_copy(x, 4, 1)
select_copy(x, 1, 10)
slice_copy(x, 0, 0, 1, 0)
slice_copy(x.sum())
narrow_copy(x, 1, 0, 7)
narrow_copy(x, 2, 0, 1)
narrow_copy(x, 1, 0, -1)
narrow_copy(x.sum(), 0, 0, 1)
split_with_sizes_copy(x, 1)
split_with_sizes_copy(x, [1, 1], 1)
t_copy(x[None])
unbind_copy(x.detach(), out=[t.empty(0, dtype=t.int64), t.empty(0)])
narrow(x, 0, t.tensor([1]), 1)
ops.aten.slice(x, 0, 0, 1, -1)
""".strip().splitlines()


def names(t):
    x = t.arange(6.0, dtype=t.float64).reshape(2, 3).requires_grad_()
    return {"t": t, "x": x, "z": t.ones(2, 2, dtype=t.complex64, requires_grad=True)}


@pytest.mark.parametrize("line", CALLS)
def test_calls(line):
    def scenario(t):
        known = names(t)
        found = eval(f"t.{line}", known)
        listed = found if isinstance(found, tuple) else (found,)
        if line.startswith("detach") or "int64" in line:
            return found, listed[0]._is_view()
        source = known["z" if "(z" in line else "x"]
        first = t.autograd.grad(sum((y * y).sum() for y in listed), source, create_graph=True)[0]
        return found, [y._is_view() for y in listed], first.detach(), t.autograd.grad((first * first).sum(), source)

    check(scenario, strides="z" not in line)


@pytest.mark.parametrize("line", ERRORS)
def test_errors(line):
    check(lambda t: eval(f"t.{line}", names(t)))


@pytest.mark.parametrize("line", ["t_copy(x)", "expand_copy(x, (2, 3))", "view_copy(x, (6,))"])
def test_out(line):
    def scenario(t):
        known = names(t)
        known["x"] = known["x"].detach()
        out = t.empty(0, dtype=t.float64)
        return eval(f"t.{line[:-1]}, out=out)", {**known, "out": out}) is out, out

    check(scenario)


def test_out_of_several():
    def scenario(t):
        out = [t.empty(0), t.empty(0)]
        return t.unbind_copy(t.ones(2, 3), out=out), out

    check(scenario)


def test_a_native_slice():
    check(lambda t: [t.ops.aten.slice(t.arange(6), 0, 1, 5, 2), t.arange(6).narrow_copy(0, 1, 2)])
