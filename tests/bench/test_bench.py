"""The command `python -m bench` on its smallest work, and the parts that compute what it prints."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench import alternate, draw, libraries, measure, scaling
from bench.libraries import NOT_PASSED_ON

ROOT = Path(__file__).parents[2]


def run(*words):
    """What a module of the benchmark prints."""
    environment = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}
    done = subprocess.run(
        [sys.executable, "-m", *map(str, words)], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_measures_writes_and_draws(tmp_path):
    pytest.importorskip("torch", reason="the reference is an installed PyTorch")
    pytest.importorskip("matplotlib", reason="draws the chart")
    file = tmp_path / "results.json"
    printed = run("bench", "mlp", "--only", "step", "--quick", "--no-peers", "--json", file)
    assert "MLP 784-256-10 step" in printed and "at least" in printed
    ((name, entry),) = json.loads(file.read_text())["workloads"].items()
    assert name == "mlp" and entry["quick"]
    assert [r["library"] for r in entry["results"]] == ["Rushlight", "Rushlight without fast"]
    for r in entry["results"]:
        assert not r["disagrees"] and r["reference"] > 0 and r["floor"] > 0
        # Of two layers, 64 x 784 x 256 and 64 x 256 x 10: forward, gradient of the weights, and of the inner input.
        assert r["flops"] == 2 * 64 * (2 * 784 * 256 + 3 * 256 * 10)

    run("bench.draw", file)
    assert (tmp_path / "results.svg").read_text().rstrip().endswith("</svg>")
    assert "| MLP 784-256-10 step, N=64, Adam | Rushlight |" in (tmp_path / "results.md").read_text()


def test_a_peers_environment_has_the_compiler_that_it_calls(monkeypatch, tmp_path):
    commands = []
    monkeypatch.setenv("RUSHLIGHT_BENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(libraries.venv, "create", lambda folder, **options: (folder / "bin").mkdir(parents=True))
    monkeypatch.setattr(libraries.subprocess, "run", lambda command, **options: commands.append(command))
    tinygrad = libraries.BY_NAME["tinygrad"]
    python = Path(libraries.interpreter(tinygrad))
    assert commands[0][-3:] == ["tinygrad", "numpy", "ziglang"]
    folder = Path(libraries.environment(tinygrad)["PATH"].split(os.pathsep)[-1])
    assert (folder / "clang").read_text() == f'#!/bin/sh\nexec "{python}" -m ziglang clang "$@"\n'
    assert os.access(folder / "clang", os.X_OK)
    assert libraries.interpreter(tinygrad) == str(python) and len(commands) == 1


def test_draws_how_time_grows(tmp_path):
    pytest.importorskip("matplotlib", reason="draws the chart")
    results = []
    for axis in scaling.AXES:
        results += [measure.result(f"{axis} {size}", [0.1 * size], [0.05 * size]) for size in (1, 2, 4)]
        results.append(measure.result(f"exponent of {axis}", [1.0], [1.0], 1.0, unit="exponent"))
    draw.scaling_chart(results, tmp_path / "scaling.svg")
    assert (tmp_path / "scaling.svg").read_text().rstrip().endswith("</svg>")


def test_exponent_of_a_power():
    sizes = (1, 2, 4, 8, 16)
    times = [[3.0 * size**2, 5.0 * size**1.5] for size in sizes]
    assert scaling.exponents(sizes, times) == pytest.approx([2.0, 1.5])


def test_distance_is_that_of_all_numbers_together():
    ones = [np.ones(3), np.ones((2, 2))]
    assert alternate.distance(ones, ones) == 0
    assert alternate.distance([np.ones(3), np.full((2, 2), 3.0)], ones) == pytest.approx(4 / math.sqrt(7))
    assert alternate.distance([np.ones(3)], ones) == math.inf
    assert not alternate.distance([np.full(3, np.nan), np.ones((2, 2))], ones) <= 1


def test_floor_takes_the_slower_of_arithmetic_and_memory_layer_by_layer():
    session = alternate.Session(flops_a_second=10.0, bytes_a_second=2.0)
    assert session.floor([(30.0, 1.0), (5.0, 4.0)]) == 3.0 + 2.0


def test_targets_are_missed_by_what_is_printed():
    assert not measure.result("x", [1.0], [0.504], 0.5).missed
    assert measure.result("x", [1.0], [0.506], 0.5).missed
    assert measure.result("x", [100.0], [31.0], 30.0, absolute=True).missed


def test_mean_of_ratios():
    results = [measure.result("x", [1.0], [ratio]) for ratio in (0.5, 1.0, 1.5)]
    assert measure.mean("mean", results, 0.7).ratio == 1.0
