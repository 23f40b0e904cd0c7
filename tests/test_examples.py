"""The programs in examples/, run on PyTorch and on Rushlight: both must print the same and warn of the same."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the reference is an installed PyTorch")

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
RUNNER = ROOT / "tests" / "torch_runner.py"

# These print few enough digits of well-conditioned results: every character has to agree.
EXACT = [
    "custom_function",
    "derivatives",
    "freezing",
    "hooks",
    "leaves",
    "no_grad_and_in_place",
    "second_derivatives",
]
# These print six digits of sums that the two libraries add up in different orders: a number may differ by 1e-4, and the
# rest not at all.
ROUNDED = ["linear_regression", "resnet18_finetune", "resnet18_step"]

NUMBER = re.compile(r"(?<![\w.])[-+]?\d+\.\d+(?:e[-+]?\d+)?")
WARNING = re.compile(r"^(?P<file>[^\n]+?):(?P<line>\d+): (?P<category>\w+Warning): (?P<text>.*)$", re.MULTILINE)


def run(*commands):
    """Run the commands side by side and return the (stdout, stderr) of each."""
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]))
    processes = [
        subprocess.Popen(
            [sys.executable, *map(str, command)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for command in commands
    ]
    results = [process.communicate(timeout=300) for process in processes]
    for process, (_, errors) in zip(processes, results):
        assert process.returncode == 0, errors
    return results


def run_both(name):
    """Run an example as it is with `import torch` meaning PyTorch, and again meaning Rushlight."""
    program = EXAMPLES / f"{name}.py"
    return run([RUNNER, program], ["-m", "rushlight", program])


def warnings_in(errors):
    """Return (place, category, text) of each warning, without the C++ line that PyTorch adds to the text.

    The place is a line of the program, or None where the warning points into the library's own files.
    """
    found = []
    for match in WARNING.finditer(errors):
        in_program = Path(match["file"]).parent == EXAMPLES
        place = f"{Path(match['file']).name}:{match['line']}" if in_program else None
        found.append((place, match["category"], re.sub(r" \(Triggered internally at .*\)$", "", match["text"])))
    return found


def assert_same_warnings(expected_errors, errors):
    """Compare the warnings; where PyTorch's points into its own files, ours may point to the line of the program."""
    expected, got = warnings_in(expected_errors), warnings_in(errors)
    places = [theirs[0] and ours[0] for theirs, ours in zip(expected, got)]
    assert [(place, *ours[1:]) for place, ours in zip(places, got)] == expected
    assert len(got) == len(expected)


def assert_same_but_for_rounding(expected, got):
    """Compare the texts exactly once their decimal fractions are taken out, and these to 1e-4."""
    assert NUMBER.sub("#", got) == NUMBER.sub("#", expected)
    for a, b in zip(NUMBER.findall(expected), NUMBER.findall(got)):
        assert float(b) == pytest.approx(float(a), abs=1e-4, rel=0)


@pytest.mark.parametrize("name", EXACT)
def test_prints_the_same(name):
    (expected, expected_errors), (got, errors) = run_both(name)
    assert got == expected
    assert_same_warnings(expected_errors, errors)


@pytest.mark.parametrize("name", ROUNDED)
def test_prints_the_same_but_for_rounding(name):
    (expected, expected_errors), (got, errors) = run_both(name)
    assert_same_but_for_rounding(expected, got)
    assert_same_warnings(expected_errors, errors)


def test_every_example_is_tested():
    tested = {*EXACT, *ROUNDED, "digits", "profiling"}
    assert {path.stem for path in EXAMPLES.glob("*.py")} == tested


def test_digits(tmp_path):
    """The losses of the whole run agree to 1e-4, over 97% of the test digits are read, and saving loses nothing."""
    program = EXAMPLES / "digits.py"
    on_torch = tmp_path / "digits.py"
    on_torch.write_text(program.read_text().replace("import rushlight as torch", "import torch"))
    (expected, _), (got, errors) = run([on_torch], [program])
    assert len(re.findall(r"loss [\d.]+", expected)) > 5
    assert_same_but_for_rounding(expected.split("test accuracy")[0], got.split("test accuracy")[0])
    reached, again = (float(share) for share in re.findall(r": ([\d.]+)%", got))
    assert reached > 97
    assert again == reached
    # One digit in 360 may fall on the other side.
    assert reached == pytest.approx(float(re.search(r"test accuracy: ([\d.]+)%", expected)[1]), abs=0.3)
    assert "batch" in errors  # the progress bar


def test_profiling():
    """The tables have the same form; the times in them, and hence the order of the lines, are each machine's own."""
    (expected, _), (got, _) = run_both("profiling")
    tables = []
    for text in (expected, got):
        lines = text[text.index("---") :].splitlines()
        rules = [i for i, line in enumerate(lines) if line.startswith("---")]
        headings = re.split(r"\s{2,}", lines[rules[0] + 1].strip())
        rows = lines[rules[1] + 1 : rules[2]]
        tables.append((headings, rows, lines[rules[2] + 1 :]))
        assert len(rules) == 3
        for row in rows:
            assert re.fullmatch(r"\s*\S.*?(\s+[\d.]+%\s+[\d.]+(us|ms|s)){2}\s+[\d.]+(us|ms|s)\s+\d+\s*", row), row
    (expected_headings, expected_rows, expected_rest), (headings, rows, rest) = tables
    assert headings == expected_headings
    assert len(rows) == len(expected_rows)
    duration = re.compile(r"[\d.]+(us|ms|s)$")
    assert [duration.sub("#", line) for line in rest] == [duration.sub("#", line) for line in expected_rest]
