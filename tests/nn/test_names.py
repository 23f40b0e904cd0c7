"""How methods of layers and nodes of graphs are printed."""

import pytest
from beside import check


@pytest.mark.parametrize("name", ["parameters", "state_dict", "to", "register_forward_hook", "train"])
def test_methods_are_those_of_modules(name):
    check(lambda m: repr(getattr(m.nn.ReLU(), name)))


def test_classes_of_nodes_have_no_module():
    def scenario(m):
        x = m.ones(2, requires_grad=True)
        node = (x * 2).sum().grad_fn
        return [repr(type(n)) for n in (node, node.next_functions[0][0])]

    check(scenario)
