"""Operators beside NumPy: that both calls of a pair compute the same, and how rows are judged. No time is asserted."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.numpy_equivalents import agree, calls, leaves, nodes, operations, overheads, row, table
from bench.numpy_pairs import PAIRS, Pair


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PAIRS)
def test_both_calls_compute_the_same(name):
    pair = PAIRS[name]
    theirs, ours = calls(pair, 32, False)
    expected, found = leaves(theirs()), leaves(ours())
    assert expected and found
    if pair.same:
        agree(found, expected, name)


def test_a_disagreement_is_told():
    theirs, ours = calls(Pair("x + y", "x - y"), 3, False)
    with pytest.raises(AssertionError, match=r"x \+ y"):
        agree(leaves(ours()), leaves(theirs()), "x + y")


def test_inputs_are_shared_and_require_gradients_where_asked():
    theirs, ours = calls(Pair("x.view(-1)", "x.reshape(-1)"), 3, False)
    assert ours().data_ptr() == theirs().ctypes.data
    _, ours = calls(Pair("(x, i)", "(x, i)"), 3, True)
    assert [t.requires_grad for t in ours()] == [True, False]


def test_a_row_may_take_numpy_s_time_and_that_of_a_small_sum_beyond_it():
    pair = Pair("f(x)", "g(x)", why="a reason")
    small, ours_small, numpy = [1.0] * 4, [1.5] * 4, [4.0] * 4
    within = row(pair, 2, False, 1, [small, ours_small, numpy, [4.5] * 4])
    assert (within.overhead, within.excess, within.exceeds) == (0.5, 0.0, False)
    beyond = row(pair, 2, False, 1, [small, ours_small, numpy, [6.0, 6.0, 6.1, 6.1]])
    assert beyond.exceeds and beyond.elements == 4
    uncertain = row(pair, 2, False, 1, [small, ours_small, numpy, [4.0, 4.6, 5.0, 6.0]])
    assert uncertain.excess > 0 and not uncertain.exceeds
    printed = table([within, beyond])
    assert "a reason" in printed and "of 1 pairs 1 take longer" in printed


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("x + y", 1), ("x.T + y.T", 3), ("x[::2] * y[::2]", 3), ("x[x > 0]", 2), ("torch.acosh(p + 1)", 2),
        ("torch.cat([x, y], dim=1)", 1), ("x.sum().item()", 1), ("x.to(torch.int64)", 1), ("torch.rand(x.shape)", 1),
        ("torch.arange(0, 10.0, 10 / flat.shape[0])", 1), ("torch.split(flat, max(1, flat.shape[0] // 4))", 1),
    ],
)  # fmt: skip
def test_each_operation_that_makes_a_tensor_counts(text, count):
    assert operations(text) == count


def test_each_node_of_a_graph_counts_but_for_the_leaves():
    _, ours = calls(PAIRS["torch.linalg.multi_dot([x, y, p])"], 3, True)
    assert nodes(leaves(ours())) == 3  # two products and a view
    _, ours = calls(Pair("(x + y) * (x + y)", "0"), 3, True)
    assert nodes(leaves(ours())) == 3
    _, ours = calls(Pair("x + y", "0"), 3, False)
    assert nodes(leaves(ours())) == 0


@pytest.mark.parametrize("name", [name for name, pair in PAIRS.items() if pair.recorded])
def test_a_call_that_records_stands_beside_what_finds_the_same(name):
    theirs, ours = calls(PAIRS[name], 32, True)
    results = leaves(ours())
    assert results[0].requires_grad
    if PAIRS[name].same:
        agree(results, leaves(theirs()), name)


@pytest.mark.parametrize(("text", "count"), [("torch.unbind(x)", 3), ("x.tolist()", 1), ("torch.frexp(x)", 2)])
def test_each_tensor_that_a_call_returns_counts(text, count):
    pair = Pair(text, "x")
    assert overheads(pair, leaves(calls(pair, 3, False)[1]()), False) == count
