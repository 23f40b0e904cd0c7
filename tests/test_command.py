"""The `rushlight` command: a program run by it behaves as one run by Python."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rushlight import command
from rushlight.version import __version__


def execute(*words, cwd):
    """Runs `python words...` and returns (status, stdout, stderr)."""
    done = subprocess.run([sys.executable, *words], cwd=cwd, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def ours(*words, cwd):
    return execute("-m", "rushlight", *words, cwd=cwd)


PROGRAMS = {
    "state": """
        import sys
        print(__name__, __file__, __spec__, __package__, __doc__, sys.argv, sys.path[0])
        print(sys.modules["__main__"].__dict__ is globals())
    """,
    "pickle": """
        import pickle
        class Point:
            x = 3
        print(pickle.loads(pickle.dumps(Point())).x, Point.__module__)
    """,
    "exit handler": """
        import atexit
        word = "bye"
        atexit.register(lambda: print(word, __name__))
    """,
    "thread": """
        import threading, time
        def late():
            time.sleep(0.2)
            import __main__
            print(__main__.word)
        word = "late"
        threading.Thread(target=late).start()
    """,
    "warning": """
        import warnings
        warnings.warn("old", DeprecationWarning)
    """,
    "exception": """
        def inner(x):
            return 1 / x
        try:
            {}["a"]
        except KeyError as cause:
            try:
                inner(0)
            except ZeroDivisionError as error:
                raise ValueError("no") from error
    """,
    "exception in a callback": """
        import functools
        sorted([1, 2], key=lambda x: 1 / 0)
    """,
    "exception hook": """
        import sys, traceback
        def hook(kind, error, tb):
            print(kind, [frame.name for frame in traceback.extract_tb(tb)])
        sys.excepthook = hook
        raise ValueError
    """,
    "interrupt": "raise KeyboardInterrupt",
    "syntax error": "x = (",
    "exit": "import sys; sys.exit(3)",
    "exit with a message": "raise SystemExit('enough')",
    "exit without a status": "print(1)\nraise SystemExit",
    "encoding": "# -*- coding: latin-1 -*-\nprint('é')",
    "future": "from __future__ import annotations\ndef f(x: undefined): pass\nprint(f.__annotations__)",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_behaves_as_under_python(name, tmp_path):
    lines = PROGRAMS[name].strip("\n").split("\n")
    indent = len(lines[0]) - len(lines[0].lstrip())
    (tmp_path / "folder").mkdir()
    path = tmp_path / "folder" / "program.py"
    path.write_text("\n".join(line[indent:] for line in lines), encoding="latin-1" if name == "encoding" else "utf-8")
    expected = execute("folder/program.py", "run", "--help", "-m", cwd=tmp_path)
    assert any(expected)
    assert ours("run", "folder/program.py", "run", "--help", "-m", cwd=tmp_path) == expected
    assert ours("folder/program.py", "run", "--help", "-m", cwd=tmp_path) == expected


def test_a_module_runs_as_main(tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "part.py").write_text("import sys\nprint(__name__, __package__, __spec__.name, sys.argv)\n1 / 0\n")
    expected = execute("-m", "package.part", "-x", cwd=tmp_path)
    status, out, err = ours("run", "-m", "package.part", "-x", cwd=tmp_path)
    assert (status, out) == expected[:2]
    assert err.splitlines()[-3:] == expected[2].splitlines()[-3:]
    assert "command.py" not in err
    assert ours("-m", "package.part", "-x", cwd=tmp_path) == (status, out, err)


def test_a_folder_runs_its_main_file(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "helper.py").write_text("word = 'helped'\n")
    (tmp_path / "app" / "__main__.py").write_text("import helper\nprint(helper.word)\n")
    assert ours("run", "app", cwd=tmp_path) == (0, "helped\n", "")


def test_the_command_is_installed_beside_python():
    script = Path(sys.executable).with_name("rushlight")
    if not script.exists():
        pytest.skip("rushlight is on the path but not installed in this environment")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, f"rushlight {__version__}\n")


def test_torch_means_rushlight(tmp_path):
    (tmp_path / "program.py").write_text("import torch, torchvision\nprint(torch.__file__)\n")
    status, out, err = ours("run", "program.py", cwd=tmp_path)
    assert (status, err) == (0, "")
    assert Path(out.strip()) == Path(command.__file__).with_name("__init__.py")


def test_a_missing_name_is_told(tmp_path):
    (tmp_path / "program.py").write_text("from torch.nn import Imaginary\n")
    status, _, err = ours("run", "program.py", cwd=tmp_path)
    assert status == 1
    assert err.splitlines()[-1].startswith(
        "Rushlight does not provide this name; the command 'rushlight names torch.nn'"
    )


def test_a_missing_file(tmp_path):
    status, _, err = ours("run", "nowhere.py", cwd=tmp_path)
    expected = execute("nowhere.py", cwd=tmp_path)
    assert status == expected[0] == 2
    assert err.split(": ", 1)[1] == expected[2].split(": ", 1)[1]


def test_names_lists_what_exists(capsys):
    assert command.main(["names", "torch.nn"]) == 0
    listed = capsys.readouterr().out.split()
    assert "Linear" in listed
    assert listed == sorted(listed)
    assert "backward" in command.names("torch.Tensor")
    assert set(command.names("torchvision.models")) >= {"resnet18", "ResNet18_Weights"}
    assert command.names("rushlight.nn") == command.names("torch.nn")


@pytest.mark.parametrize("name", ["torch.Imaginary", "torch.nn.Linear.imaginary", "imaginary"])
def test_names_of_what_does_not_exist(name, capsys):
    assert command.main(["names", name]) == 1
    assert capsys.readouterr().err.startswith("rushlight: ")


@pytest.mark.parametrize("words", [[], ["run"], ["--imaginary"], ["names", "a", "b"]])
def test_wrong_command_lines(words, capsys):
    with pytest.raises(SystemExit) as caught:
        command.main(words)
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("usage: rushlight")


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["names", "--help"]])
def test_help(words, capsys):
    with pytest.raises(SystemExit) as caught:
        command.main(words)
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("usage: rushlight")


def test_running_a_program_does_not_import_argparse(tmp_path):
    (tmp_path / "program.py").write_text("import sys\nprint('argparse' in sys.modules)\n")
    assert ours("run", "program.py", cwd=tmp_path) == (0, "False\n", "")


def test_standard_input_reaches_the_program(tmp_path):
    (tmp_path / "program.py").write_text("print(input())\n")
    done = subprocess.run(
        [sys.executable, "-m", "rushlight", "program.py"],
        cwd=tmp_path,
        input="word\n",
        capture_output=True,
        text=True,
        timeout=120,
        env=dict(os.environ),
    )
    assert done.stdout == "word\n"


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_processes_of_the_program_have_the_alias_too(method, tmp_path):
    (tmp_path / "program.py").write_text(
        """
import multiprocessing
import torchvision
import torch.nn as nn
import torch

def work(kind):
    return torch.__file__, kind is nn.Linear

if __name__ == "__main__":
    with multiprocessing.get_context("METHOD").Pool(1) as pool:
        print(pool.map(work, [nn.Linear]) == [(torch.__file__, True)])
""".replace("METHOD", method)
    )
    assert ours("run", "program.py", cwd=tmp_path) == (0, "True\n", "")
