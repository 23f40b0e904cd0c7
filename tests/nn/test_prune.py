"""Pruning, case by case as in PyTorch."""

import importlib

import pytest

from .reference import assert_same


def prune(t):
    return importlib.import_module(t.__name__ + ".nn.utils.prune")


def layer(t):
    t.manual_seed(4)
    return t.nn.Conv2d(2, 4, 3)


def state(module):
    names = [name for name, _ in module.named_parameters()]
    buffers = [name for name, _ in module.named_buffers()]
    return [repr(module), names, buffers, module.state_dict(), module.weight, len(module._forward_pre_hooks)]


def pruned(t, *steps, name="weight"):
    module = layer(t)
    t.manual_seed(9)
    for step, arguments in steps:
        arguments = [a(t) if callable(a) else a for a in arguments]
        returned = getattr(prune(t), step)(module, name, *arguments)
        assert returned is module
    x = t.ones(1, 2, 3, 3)
    module(x).sum().backward()
    kept = [p.grad for p in module.parameters()]
    return [*state(module), kept, prune(t).is_pruned(module)]


def mask(t):
    return t.arange(72).view(4, 2, 3, 3) % 2


CASES = {
    "identity": [("identity", [])],
    "random": [("random_unstructured", [0.3])],
    "random_count": [("random_unstructured", [5])],
    "l1": [("l1_unstructured", [0.3])],
    "l1_none": [("l1_unstructured", [0])],
    "l1_all": [("l1_unstructured", [1.0])],
    "l1_scores": [("l1_unstructured", [5, lambda t: t.arange(72.0).view(4, 2, 3, 3)])],
    "l1_scores_shape": [("l1_unstructured", [5, lambda t: t.arange(72.0)])],
    "random_structured": [("random_structured", [2, 0])],
    "random_structured_none": [("random_structured", [0, 0])],
    "ln": [("ln_structured", [2, 2, 0])],
    "ln_share": [("ln_structured", [0.5, 1, -3])],
    "ln_inf": [("ln_structured", [1, float("inf"), 1])],
    "ln_none": [("ln_structured", [0, 2, 1])],
    "mask": [("custom_from_mask", [mask])],
    "mask_shape": [("custom_from_mask", [lambda t: t.ones(3)])],
    "twice": [("l1_unstructured", [0.3]), ("l1_unstructured", [0.5])],
    "mixed": [("ln_structured", [1, 2, 0]), ("random_unstructured", [10]), ("custom_from_mask", [mask])],
    "mixed_structured": [("random_unstructured", [10]), ("random_structured", [1, 1]), ("ln_structured", [1, 1, 0])],
    "removed": [("l1_unstructured", [0.3]), ("remove", [])],
    "removed_not_pruned": [("remove", [])],
    "again": [("l1_unstructured", [0.3]), ("remove", []), ("l1_unstructured", [0.5])],
    "too_many": [("l1_unstructured", [100])],
    "negative": [("l1_unstructured", [-1])],
    "share": [("l1_unstructured", [1.5])],
    "text": [("l1_unstructured", ["all"])],
    "dim": [("ln_structured", [1, 2, 5])],
}


@pytest.mark.parametrize("case", CASES)
def test_as_in_pytorch(case):
    assert_same(lambda t: pruned(t, *CASES[case]), digits=6)


def test_a_vector_has_no_slices():
    assert_same(lambda t: pruned(t, ("ln_structured", [1, 2, 0]), name="bias"))


def together(t, method="L1Unstructured", scores=None, **options):
    t.manual_seed(4)
    net = t.nn.Sequential(t.nn.Linear(3, 4), t.nn.ReLU(), t.nn.Linear(4, 2))
    pairs = [(net[0], "weight"), (net[2], "weight"), (net[2], "bias")]
    p = prune(t)
    scores = scores and {pairs[0]: t.arange(12.0).view(4, 3)}
    p.global_unstructured(pairs, getattr(p, method), scores, **options)
    p.global_unstructured(pairs, getattr(p, method), **options)
    return [net.state_dict(), p.is_pruned(net), [type(h).__name__ for h in net[0]._forward_pre_hooks.values()]]


def test_several_parameters_together():
    assert_same(lambda t: together(t, amount=0.3), digits=6)
    assert_same(lambda t: together(t, amount=5), digits=6)
    assert_same(lambda t: together(t, amount=5, scores=True), digits=6)
    assert_same(lambda t: together(t, "RandomUnstructured", amount=0.2), digits=6)
    assert_same(lambda t: together(t, "LnStructured", amount=0.2, n=2))
    assert_same(lambda t: prune(t).global_unstructured(3, prune(t).L1Unstructured, amount=1))


def test_masks_of_tensors_and_containers():
    def scenario(t):
        p = prune(t)
        method = p.L1Unstructured(2)
        x = t.tensor([3.0, -1.0, 2.0, 0.5])
        container = p.PruningContainer()
        container._tensor_name = "weight"
        method._tensor_name = "weight"
        container.add_pruning_method(method)
        return [
            method.prune(x),
            method.prune(x, default_mask=t.tensor([0.0, 1.0, 1.0, 1.0])),
            method.prune(x, importance_scores=-x),
            len(container),
            next(iter(container)) is method is container[0],
        ]

    assert_same(scenario)
    assert_same(lambda t: prune(t).L1Unstructured(2).prune(t.ones(2), importance_scores=t.ones(3)))
    assert_same(lambda t: prune(t).PruningContainer().add_pruning_method(3))
