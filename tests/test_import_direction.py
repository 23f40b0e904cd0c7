"""Imports point one way: programs' layers and the lens use tensors and operations, and those use kernels."""

import ast
from pathlib import Path

import rushlight

ROOT = Path(rushlight.__file__).parent
LAYERS = (
    ("kernels",),
    ("ops", "autograd", "tensor", "tensor_values"),
    ("nn", "optim", "utils", "vision", "lens", "func"),
)


def layer(module):
    """The number of a module's layer, from below, or None if it is in none."""
    return next((i for i, names in enumerate(LAYERS) if module.partition(".")[0] in names), None)


def imported(path):
    """The modules of ours that a file imports at its top, by names below the package's."""
    package = path.relative_to(ROOT).parts[:-1]
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            home = package[: len(package) - node.level + 1]
            for name in [node.module] if node.module else [alias.name for alias in node.names]:
                yield ".".join((*home, name))


def test_nothing_imports_upward():
    upward, seen = [], 0
    for path in ROOT.rglob("*.py"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for name in imported(path):
            if layer(module) is not None and layer(name) is not None:
                seen += 1
                if layer(name) > layer(module):
                    upward.append(f"{module} imports {name}")
    assert seen > 1000
    assert upward == []
