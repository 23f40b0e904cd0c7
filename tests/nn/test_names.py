"""How methods of layers and nodes of graphs are printed."""

import pickle
from importlib import import_module

import pytest
import torch
from beside import check

import rushlight


@pytest.mark.parametrize("name", ["parameters", "state_dict", "to", "register_forward_hook", "train"])
def test_methods_are_those_of_modules(name):
    check(lambda m: repr(getattr(m.nn.ReLU(), name)))


def test_classes_of_nodes_have_no_module():
    def scenario(m):
        x = m.ones(2, requires_grad=True)
        node = (x * 2).sum().grad_fn
        return [repr(type(n)) for n in (node, node.next_functions[0][0])]

    check(scenario)


@pytest.mark.parametrize("package", ["nn", "optim", "utils.checkpoint"])
def test_pickles_and_programs_find_classes_in_pytorchs_modules(package):
    ours, theirs = (import_module(f"{library.__name__}.{package}") for library in (rushlight, torch))
    names = [
        n for n, value in vars(ours).items() if isinstance(value, type) and isinstance(getattr(theirs, n, 0), type)
    ]
    assert names
    for name in names:
        mine = getattr(ours, name)
        if mine.__module__.startswith("rushlight."):
            assert repr(mine).replace("rushlight.", "torch.") == repr(getattr(theirs, name))
            assert pickle.loads(pickle.dumps(mine)) is mine
