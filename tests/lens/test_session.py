"""``rushlight run`` with the options of the lens."""

import subprocess
import sys
import textwrap

import pytest

PROGRAM = """
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
unused = torch.ones(3, requires_grad=True)
x = torch.tensor([-1.0, -2.0], requires_grad=True)
dead = torch.relu(x)
loss = model(torch.ones(2, 3)).sum() + dead.sum()
loss.backward()
print("done", model[0].weight.grad is not None)
"""


def run(tmp_path, program, *options):
    (tmp_path / "program.py").write_text(textwrap.dedent(program))
    command = [sys.executable, "-m", "rushlight", "run", *options, "program.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def test_picture_page_and_explanations(tmp_path):
    pytest.importorskip("pygraphviz", reason="Graphviz draws the picture")
    status, out, said = run(tmp_path, PROGRAM, "--draw", "graph.svg", "--page=graph.html", "--explain")
    assert (status, out) == (0, "done True\n"), said
    assert "drew the graph of the first backward (program.py:11) into graph.svg" in said
    svg = (tmp_path / "graph.svg").read_text()
    assert "addmm" in svg and "0.weight" in svg and "0 (Linear)" in svg
    assert "<html" in (tmp_path / "graph.html").read_text()
    assert "unused (3 float32)" in said and "no operation has used it" in said
    assert "x (2 float32)" in said and "dead relu" in said and "program.py:9" in said
    assert "model.0.weight" not in said


def test_all_is_well(tmp_path):
    program = """
        import torch
        x = torch.ones(3, requires_grad=True)
        (x * 2).sum().backward()
    """
    status, out, said = run(tmp_path, program, "--explain")
    assert (status, out) == (0, "")
    assert said == "rushlight: all gradients are there, and none is zero, NaN or infinite\n"


def test_no_backward(tmp_path):
    status, _, said = run(tmp_path, "import torch\n", "--draw", "g.txt")
    assert status == 0 and "ran no backward" in said
    assert not (tmp_path / "g.txt").exists()


def test_anomaly_detection(tmp_path):
    program = """
        import torch
        x = torch.tensor([0.0], requires_grad=True)
        y = x.sqrt()
        (y * 0).backward()
    """
    status, _, said = run(tmp_path, program, "--detect-anomaly")
    assert status == 1
    assert "Function 'SqrtBackward0' returned nan values in its 0th output." in said
    assert "SqrtBackward0 was made at" in said and "program.py:4" in said and "y = x.sqrt()" in said


def test_errors_of_backward_name_the_lines(tmp_path):
    program = """
        import torch
        x = torch.ones(3, requires_grad=True)
        y = x.exp()
        z = (y * y).sum()
        y += 1
        z.backward()
    """
    status, _, said = run(tmp_path, program, "--explain")
    assert status == 1
    assert "program.py:5, in <module>: z = (y * y).sum(), and saved the tensor there" in said
    assert "it was changed in place at" in said and "program.py:6" in said


@pytest.mark.parametrize(
    ("options", "words"),
    [(["--colour"], "unknown option --colour"), (["--draw"], "a program to run is missing")],
)
def test_wrong_options(tmp_path, options, words):
    status, out, said = run(tmp_path, PROGRAM, *options)
    assert (status, out) == (2, "") and words in said
