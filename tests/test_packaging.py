"""The package as a whole: what an import costs, what it contains, what editors see of it."""

import ast
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import rushlight
from rushlight.ops import stubs
from rushlight.ops.declare import REGISTRY
from rushlight.version import __version__

ROOT = Path(__file__).parent.parent
SOURCE = Path(rushlight.__file__).parent
FILES = sorted(path for path in SOURCE.rglob("*.py") if "_as_torch" not in path.parts)


def printed(program):
    """What a program prints in a Python of its own, read as JSON."""
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_import_brings_in_nothing_that_it_does_not_use():
    loaded = printed(
        """
        import json, sys, numpy
        before = set(sys.modules)
        import rushlight
        print(json.dumps(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
        """
    )
    heavy = {
        *("scipy", "ml_dtypes", "numba", "cupy", "mpi4py", "matplotlib", "pygraphviz", "PIL", "sklearn", "tqdm"),
        *("torch", "torchvision", "argparse", "asyncio", "urllib", "http", "zipfile", "tempfile", "multiprocessing"),
        *("unittest", "subprocess", "hashlib", "logging", "email", "ssl"),
    }
    assert heavy.isdisjoint(loaded)
    assert "rushlight" in loaded


def test_every_module_can_be_imported():
    failed = printed(
        """
        import importlib, json, pkgutil, sys, rushlight
        failed = {}
        for found in pkgutil.walk_packages(rushlight.__path__, "rushlight.", lambda name: failed.update({name: 0})):
            if found.name != "rushlight.__main__":
                try:
                    importlib.import_module(found.name)
                except Exception as error:
                    failed[found.name] = repr(error)
        failed.update({name: "imported" for name in ("torch", "torchvision") if name in sys.modules})
        print(json.dumps(failed))
        """
    )
    assert failed == {}


def imports(path, everywhere=False):
    """The names of the modules that a file of the package imports, at its top level or everywhere in it."""
    tree = ast.parse(path.read_text())
    package = ["rushlight", *path.relative_to(SOURCE).parts[:-1]]
    stack = list(tree.body)
    while stack:
        statement = stack.pop()
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            base = package[: len(package) - statement.level + 1] if statement.level else []
            name = ".".join([*base, *([statement.module] if statement.module else [])])
            yield name
            yield from (f"{name}.{alias.name}" for alias in statement.names)
        elif isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test):
            stack.extend(statement.orelse)
        elif everywhere or not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            stack.extend(ast.iter_child_nodes(statement))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_file_imports_pytorch(path):
    assert not {"torch", "torchvision"} & {name.partition(".")[0] for name in imports(path, everywhere=True)}


def test_kernels_know_nothing_of_what_is_built_on_them():
    for path in (SOURCE / "kernels").rglob("*.py"):
        ours = {name for name in imports(path) if name.startswith("rushlight")}
        assert all(name == "rushlight" or name.startswith("rushlight.kernels") for name in ours), (path.name, ours)


def test_imports_point_one_way():
    upper = ("rushlight.nn", "rushlight.optim", "rushlight.vision", "rushlight.utils.data", "rushlight.command")
    lower = [path for path in FILES if path.relative_to(SOURCE).parts[0] in ("ops", "autograd", "tensor.py", "base.py")]
    assert lower
    for path in lower:
        above = {name for name in imports(path) if name.startswith(upper)}
        assert not above, (path.name, above)


def test_the_version_is_one():
    from importlib.metadata import PackageNotFoundError, version

    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()
    try:
        installed = version("rushlight")
    except PackageNotFoundError:
        pytest.skip("rushlight is on the path but not installed in this environment")
    assert installed == __version__


def test_both_readmes_and_ci_give_the_same_commands():
    def commands(name):
        blocks = re.findall(r"```console\n(.*?)```", (ROOT / name).read_text(), re.DOTALL)
        return [line for block in blocks for line in block.splitlines() if line.startswith("pip")]

    assert commands("README.md") == commands("README.zh-CN.md")
    assert len(commands("README.md")) == 2
    ci = (ROOT / ".ci/run").read_text().replace("pip install -q", "pip install").splitlines()
    for command in commands("README.md"):
        assert set(command.split(" && ")) <= set(ci)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md", "CHANGELOG.md", *map(str, Path("docs").glob("*.md"))])
def test_links_lead_somewhere(name):
    path = ROOT / name
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), target


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A copy of the package with freshly written stubs, as an installation has it."""
    import shutil

    folder = tmp_path_factory.mktemp("installed") / "rushlight"
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("__pycache__", "*.pyi"))
    stubs.write(folder)
    return folder


def test_the_stubs_name_every_operation_with_its_docstring(written):
    stub = ast.parse((written / stubs.FUNCTIONS).read_text()).body
    functions = definitions(stub)
    # What is loaded when it is first used is taken from its module.
    elsewhere = {alias.asname for node in stub if isinstance(node, ast.ImportFrom) for alias in node.names}
    [mixin] = (node for node in ast.parse((written / stubs.METHODS).read_text()).body if isinstance(node, ast.ClassDef))
    methods = definitions(mixin.body)
    for operation in REGISTRY.values():
        if operation.function and operation.name not in elsewhere:
            assert ast.get_docstring(functions[operation.name]), operation.name
        if operation.method:
            assert ast.get_docstring(methods[operation.name]), operation.name
            assert methods[operation.name].args.args[0].arg == "self" or methods[operation.name].args.posonlyargs
    assert len(functions) > 50
    assert len(methods) > 50


def definitions(body):
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef)}


def test_the_stubs_are_not_committed():
    listed = subprocess.run(["git", "ls-files", "*.pyi"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    assert listed.stdout == ""


def test_a_type_checker_sees_functions_methods_and_operators(written, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(
            """
            import rushlight as torch
            x = torch.ones(3, requires_grad=True)
            reveal_type(x)
            reveal_type(torch.sin(x))
            reveal_type(x.sin().sum(dim=0, keepdim=True))
            reveal_type(2 * x + 1)
            torch.sin(x, imaginary=1)
            x.imaginary()
            """
        )
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file=", "--ignore-missing-imports", "--follow-imports=silent",
         f"--cache-dir={tmp_path / 'cache'}", str(program)],
        capture_output=True, text=True, cwd=tmp_path, timeout=300, env={"MYPYPATH": str(written.parent), "PATH": ""},
    )  # fmt: skip
    lines = [line.partition(": ")[2] for line in done.stdout.splitlines()]
    assert len([line for line in lines if line == 'note: Revealed type is "rushlight.tensor.Tensor"']) == 4, done.stdout
    assert any('Unexpected keyword argument "imaginary" for "sin"' in line for line in lines), done.stdout
    assert any('"Tensor" has no attribute "imaginary"' in line for line in lines), done.stdout
