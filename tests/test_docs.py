"""What the documentation shows is what happens."""

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)


def page_id(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [p for p in PAGES if ">>>" in p.read_text()], ids=page_id)
def test_interactive_examples(path):
    text = re.sub(r"(?m)^```.*$", "", path.read_text())
    test = doctest.DocTestParser().get_doctest(text, {}, page_id(path), str(path), 0)
    report = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=report.append)
    assert not report, "".join(report)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_begins_with_a_program_that_prints_what_it_says(name, capsys):
    program = next(body for kind, body in BLOCK.findall((ROOT / name).read_text()) if kind == "python")
    exec(program, {})
    assert capsys.readouterr().out.splitlines() == re.findall(r"# (.*)", program)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_both_sides_of_the_readme_print_the_same_loss(name, capsys):
    programs = [body for kind, body in BLOCK.findall((ROOT / name).read_text()) if kind == "python"][1:]
    assert programs[1] == programs[0].replace("import torch", "import rushlight as torch", 1).replace(
        "from torch import", "from rushlight import"
    )
    losses = []
    for program in programs:
        names = {}
        exec(program, names)
        losses.append(names["loss"])
    shown = capsys.readouterr().out.splitlines()
    assert float(losses[1]) == pytest.approx(float(losses[0]), rel=1e-4)
    assert [line.split("(")[0] for line in shown] == ["tensor", "tensor"]
    assert [line.partition(", ")[2] for line in shown] == ["grad_fn=<MseLossBackward0>)"] * 2


def test_the_operator_of_the_guide_works(tmp_path):
    import subprocess
    import sys

    declaration, check = [
        body for kind, body in BLOCK.findall((ROOT / "docs/adding-an-operator.md").read_text()) if kind == "python"
    ]
    program = tmp_path / "program.py"
    program.write_text(
        "import numpy as np\nimport rushlight as torch\nfrom rushlight.ops.declare import Array, elementwise\n\n"
        + declaration
        + "\ntorch.hypot = hypot\n"
        + check
        + "four = torch.tensor(4.0)\n"
        + "print(torch.hypot(torch.tensor([3.0, 5.0]), four), torch.tensor([3.0]).hypot_(four))\n"
        + "print(torch.hypot(a, b).grad_fn.name(), hypot.__doc__.splitlines()[0])\n"
    )
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "tensor([5.0000, 6.4031]) tensor([5.])",
        "HypotBackward0 The length of the hypotenuse of right triangles with legs `input` and `other`.",
    ]


@pytest.mark.parametrize("path", [p for p in PAGES if "CHANGELOG" not in p.name], ids=page_id)
def test_files_that_are_named_exist(path):
    names = set(re.findall(r"`((?:[\w-]+/)*[\w-]+\.(?:py|md|svg))`", path.read_text()))
    for name in names - {"program.py", "hatch_build.py"}:
        places = (ROOT / name, ROOT / "src/rushlight" / name)
        assert any(place.exists() for place in places), name
