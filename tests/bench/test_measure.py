"""The alternating measurement: what it calls how often, and how it sums up. No time is asserted."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench import measure, overhead


def test_compare_runs_both_equally_often_and_in_turns():
    calls = []
    workload = measure.Workload("turns", lambda: calls.append("a"), lambda: calls.append("b"), target=0.5)
    result = measure.compare(workload, rounds=4, slice_seconds=0.0)
    assert (result.name, result.target) == ("turns", 0.5)
    # Three calls to warm up and calibrate; then one untimed and one timed call a round, in an order that turns round.
    assert "".join(calls) == "aaabbb" + "aabb" + "bbaa" + "aabb" + "bbaa"


def test_result_is_the_median_of_the_ratios_of_the_rounds():
    result = measure.result("x", [1.0, 2.0, 4.0], [2.0, 2.0, 2.0], target=0.9)
    assert (result.reference, result.candidate) == (2.0, 2.0)
    assert result.ratio == 1.0  # of 2, 1 and 0.5
    assert result.ratio_low <= result.ratio <= result.ratio_high
    assert result.missed


def test_report_prints_and_writes(tmp_path, capsys):
    results = [
        measure.result("x", [1e-6, 1e-6], [5e-7, 5e-7], 0.6),
        measure.result("y", [2e-3, 2e-3], [1e-6, 1e-6], None),
    ]
    path = tmp_path / "results.json"
    assert measure.report(iter(results), str(path)) == results
    printed = capsys.readouterr().out
    assert "0.50 (0.50 to 0.50)" in printed
    assert "2.00 ms" in printed
    assert "missed" not in printed
    assert [r["name"] for r in json.loads(path.read_text())["results"]] == ["x", "y"]


@pytest.mark.parametrize("name", overhead.WORKLOADS)
def test_both_libraries_do_the_same_work(name):
    """A workload that is the same program on both sides ends without an error on both."""
    torch = pytest.importorskip("torch", reason="the reference is an installed PyTorch")
    import rushlight

    (make, inner), _ = overhead.WORKLOADS[name]
    for module in (torch, rushlight):
        assert make(module)() is None
    assert inner >= 1
