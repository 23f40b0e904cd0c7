"""`Module`: registration, attributes, traversal, modes, printing and pickling, case by case as in PyTorch."""

import copy
import pickle

import pytest

from .reference import assert_same, rushlight, torch


def net(t):
    """A small tree with a shared module and a shared parameter."""

    class Block(t.nn.Module):
        def __init__(self, linear):
            super().__init__()
            self.linear = linear
            self.scale = t.nn.Parameter(t.ones(2))
            self.register_buffer("seen", t.zeros(1))
            self.register_buffer("hidden", t.ones(1), persistent=False)

        def forward(self, x):
            return self.linear(x) * self.scale

    shared = t.nn.Linear(2, 2)
    model = t.nn.Sequential(Block(shared), t.nn.ReLU(), Block(shared))
    model.add_module("nothing", None)
    with t.no_grad():
        for i, p in enumerate(model.parameters()):
            p.fill_(i + 1)
    return model


def module_with(t, **attributes):
    m = t.nn.Module()
    for name, value in attributes.items():
        setattr(m, name, value)
    return m


CASES = {
    # names and traversal
    "named_parameters": lambda t: list(net(t).named_parameters()),
    "named_parameters_duplicates": lambda t: [n for n, _ in net(t).named_parameters(remove_duplicate=False)],
    "named_parameters_prefix": lambda t: [n for n, _ in net(t).named_parameters(prefix="a.b")],
    "named_parameters_flat": lambda t: [n for n, _ in net(t)[0].named_parameters(recurse=False)],
    "named_buffers": lambda t: list(net(t).named_buffers()),
    "named_buffers_duplicates": lambda t: [n for n, _ in net(t).named_buffers("x", remove_duplicate=False)],
    "buffers": lambda t: list(net(t).buffers(recurse=False)),
    "named_modules": lambda t: [(n, type(m).__name__) for n, m in net(t).named_modules()],
    "named_modules_duplicates": lambda t: [n for n, _ in net(t).named_modules(prefix="p", remove_duplicate=False)],
    "modules": lambda t: len(list(net(t).modules())),
    "modules_duplicates": lambda t: len(list(net(t).modules(remove_duplicate=False))),
    "children": lambda t: [type(m).__name__ for m in net(t).children()],
    "named_children": lambda t: [n for n, _ in net(t).named_children()],
    "apply": lambda t: [net(t).apply(lambda m: None).__class__.__name__, applied(t)],
    "get_submodule": lambda t: repr(net(t).get_submodule("0.linear")),
    "get_submodule_empty": lambda t: type(net(t).get_submodule("")).__name__,
    "get_submodule_missing": lambda t: net(t).get_submodule("0.other"),
    "get_submodule_parameter": lambda t: net(t).get_submodule("0.scale"),
    "get_parameter": lambda t: net(t).get_parameter("2.linear.bias"),
    "get_parameter_missing": lambda t: net(t).get_parameter("2.linear.gain"),
    "get_parameter_module": lambda t: net(t).get_parameter("2.linear"),
    "get_parameter_buffer": lambda t: net(t).get_parameter("2.seen"),
    "get_buffer": lambda t: net(t).get_buffer("0.seen"),
    "get_buffer_parameter": lambda t: net(t).get_buffer("0.scale"),
    "get_buffer_missing": lambda t: net(t).get_buffer("0.unseen"),
    "set_submodule": lambda t: set_submodule(t, "0.linear", t.nn.Identity()),
    "set_submodule_new": lambda t: set_submodule(t, "0.extra", t.nn.Identity()),
    "set_submodule_new_strict": lambda t: set_submodule(t, "0.extra", t.nn.Identity(), strict=True),
    "set_submodule_empty": lambda t: set_submodule(t, "", t.nn.Identity()),
    "set_submodule_parameter": lambda t: set_submodule(t, "0.scale", t.nn.Identity()),
    "set_submodule_no_module": lambda t: set_submodule(t, "0.linear", 3),
    "set_submodule_no_parent": lambda t: set_submodule(t, "9.linear", t.nn.Identity()),
    "dir": lambda t: [n for n in dir(net(t)[0]) if n in ("scale", "seen", "linear", "training", "forward")],
    "dir_numbers": lambda t: [n for n in dir(net(t)) if n[0].isdigit()],
    # registration and its errors
    "register_parameter": lambda t: t.nn.Module().register_parameter("a.b", t.nn.Parameter(t.zeros(1))),
    "register_parameter_empty": lambda t: t.nn.Module().register_parameter("", None),
    "register_parameter_type": lambda t: t.nn.Module().register_parameter("p", t.zeros(1)),
    "register_parameter_number": lambda t: t.nn.Module().register_parameter("p", 3),
    "register_parameter_name": lambda t: t.nn.Module().register_parameter(3, None),
    "register_parameter_taken": lambda t: t.nn.Module().register_parameter("training", None),
    "register_parameter_non_leaf": lambda t: non_leaf(t),
    "register_buffer": lambda t: t.nn.Module().register_buffer("a.b", t.zeros(1)),
    "register_buffer_empty": lambda t: t.nn.Module().register_buffer("", None),
    "register_buffer_type": lambda t: t.nn.Module().register_buffer("b", [1]),
    "register_buffer_name": lambda t: t.nn.Module().register_buffer(None, None),
    "register_buffer_taken": lambda t: t.nn.Linear(1, 1).register_buffer("weight", t.zeros(1)),
    "add_module_type": lambda t: t.nn.Module().add_module("m", 3),
    "add_module_tensor": lambda t: t.nn.Module().add_module("m", t.zeros(1)),
    "add_module_name": lambda t: t.nn.Module().add_module(3, None),
    "add_module_dot": lambda t: t.nn.Module().add_module("a.b", None),
    "add_module_empty": lambda t: t.nn.Module().add_module("", None),
    "add_module_taken": lambda t: t.nn.Linear(1, 1).add_module("bias", None),
    "register_module": lambda t: registered_module(t),
    "before_init_parameter": lambda t: before_init(t, t.nn.Parameter(t.zeros(1))),
    "before_init_module": lambda t: before_init(t, t.nn.ReLU()),
    "before_init_number": lambda t: before_init(t, 3),
    "before_init_register_buffer": lambda t: before_init_call(t, "register_buffer", t.zeros(1)),
    "before_init_register_parameter": lambda t: before_init_call(t, "register_parameter", None),
    "arguments": lambda t: t.nn.Module(3),
    "keyword_arguments": lambda t: t.nn.Module(size=3),
    # attributes
    "missing_attribute": lambda t: t.nn.Linear(1, 1).wieght,
    "missing_method": lambda t: t.nn.Linear(1, 1).froward(1),
    "no_forward": lambda t: type("Empty", (t.nn.Module,), {})()(t.zeros(1)),
    "tensor_as_parameter": lambda t: setattr(t.nn.Linear(1, 1), "weight", t.zeros(1)),
    "number_as_parameter": lambda t: setattr(t.nn.Linear(1, 1), "weight", 3),
    "none_as_parameter": lambda t: without(t, "bias"),
    "number_as_module": lambda t: setattr(net(t)[0], "linear", 3),
    "none_as_module": lambda t: none_as_module(t),
    "number_as_buffer": lambda t: setattr(net(t)[0], "seen", 3),
    "tensor_as_buffer": lambda t: replaced_buffer(t, t.ones(3)),
    "none_as_buffer": lambda t: replaced_buffer(t, None),
    "parameter_over_buffer": lambda t: replaced_buffer(t, t.nn.Parameter(t.ones(1))),
    "module_over_attribute": lambda t: [*vars(over(t))["_modules"]],
    "buffer_class": lambda t: buffer_class(t, True),
    "buffer_class_not_persistent": lambda t: buffer_class(t, False),
    "own_register_buffer": lambda t: own_register_buffer(t, True),
    "own_register_buffer_hidden": lambda t: own_register_buffer(t, False),
    "del": lambda t: deleted(t, "scale"),
    "del_buffer": lambda t: deleted(t, "hidden"),
    "del_module": lambda t: deleted(t, "linear"),
    "del_missing": lambda t: deleted(t, "other"),
    # modes
    "train": lambda t: [m.training for m in net(t).eval().modules()],
    "train_back": lambda t: [m.training for m in net(t).eval().train().modules()],
    "train_type": lambda t: net(t).train(3),
    "requires_grad": lambda t: [p.requires_grad for p in net(t).requires_grad_(False).parameters()],
    "zero_grad": lambda t: zero_grad(t, True),
    "zero_grad_zeros": lambda t: zero_grad(t, False),
    # conversion
    "double": lambda t: [p.dtype for p in net(t).double().parameters()],
    "half_buffers": lambda t: [b.dtype for b in t.nn.BatchNorm1d(2).half().buffers()],
    "bfloat16": lambda t: net(t).bfloat16()[0].scale,
    "to_dtype": lambda t: [p.dtype for p in net(t).to(t.float64).parameters()],
    "to_device": lambda t: [p.dtype for p in net(t).to("cpu").parameters()],
    "to_both": lambda t: [p.dtype for p in net(t).to("cpu", t.float64).parameters()],
    "to_keywords": lambda t: [p.dtype for p in net(t).to(device=t.device("cpu"), dtype=t.float64).parameters()],
    "to_tensor": lambda t: [p.dtype for p in net(t).to(t.zeros(1, dtype=t.float64)).parameters()],
    "to_integer": lambda t: net(t).to(t.int64),
    "to_python_type": lambda t: [p.dtype for p in net(t).to(float).parameters()],
    "to_python_int": lambda t: net(t).to(int),
    "to_unknown_device": lambda t: net(t).to("somewhere"),
    "to_wrong_dtype": lambda t: net(t).to(dtype="float"),
    "to_wrong_keyword": lambda t: net(t).to("cpu", where=3),
    "to_wrong_keywords": lambda t: net(t).to(where=3, dtype="float"),
    "to_tensor_and_more": lambda t: net(t).to(t.zeros(1), False, False, 3, 4),
    "to_dtype_and_more": lambda t: net(t).to(t.float64, False, False, 3),
    "to_wrong_order": lambda t: net(t).to(t.float64, "cpu"),
    "to_too_many": lambda t: net(t).to("cpu", t.float64, False, False, 3),
    "to_nothing": lambda t: repr(net(t).to()),
    "to_complex": lambda t: t.nn.Linear(1, 1).to(t.complex64).weight.dtype,
    "to_memory_format": lambda t: t.nn.Conv2d(2, 2, 3).to(memory_format=t.channels_last).weight.stride(),
    "to_empty": lambda t: t.nn.Linear(2, 1).to_empty(device="cpu").weight.shape,
    "share_memory": lambda t: type(net(t).share_memory()).__name__,
    "type": lambda t: [p.dtype for p in net(t).type(t.float64).parameters()],
    "cpu": lambda t: net(t).cpu()[0].scale,
    "keeps_objects": lambda t: same_objects(t),
    "converts_gradients": lambda t: converted_gradient(t),
    # printing
    "repr": lambda t: repr(net(t)),
    "repr_empty": lambda t: repr(t.nn.Module()),
    "repr_extra": lambda t: repr(with_extra(t, "size=3")),
    "repr_extra_lines": lambda t: repr(with_extra(t, "size=3\ncolour=red")),
    "repr_extra_and_children": lambda t: repr(with_extra(t, "size=3", child=t.nn.ReLU())),
    "str_parameter": lambda t: str(t.nn.Parameter(t.tensor([1.0, 2.0]))),
    "repr_parameter_frozen": lambda t: repr(t.nn.Parameter(t.tensor([1.0]), requires_grad=False)),
    "parameter_empty": lambda t: t.nn.Parameter(),
    "parameter_integer": lambda t: t.nn.Parameter(t.tensor([1])),
    "parameter_integer_frozen": lambda t: t.nn.Parameter(t.tensor([1]), requires_grad=False),
    "parameter_list": lambda t: t.nn.Parameter([1.0]),
    "parameter_type": lambda t: type(t.nn.Parameter(t.zeros(1))) is t.nn.Parameter,
    "parameter_of_parameter": lambda t: t.nn.Parameter(t.nn.Parameter(t.ones(2))),
    "parameter_result_type": lambda t: type(t.nn.Parameter(t.zeros(1)) + 1) is t.Tensor,
    "parameter_shares_memory": lambda t: shares_memory(t),
    "buffer_is_tensor": lambda t: type(t.nn.Buffer(t.zeros(1))) is t.Tensor,
    "buffer_instance": lambda t: [isinstance(b, t.nn.Buffer) for b in (t.nn.Buffer(t.zeros(1)), t.zeros(1))],
}


def applied(t):
    names = []
    net(t).apply(lambda m: names.append(type(m).__name__))
    return names


def set_submodule(t, name, module, **options):
    model = net(t)
    model.set_submodule(name, module, **options)
    return repr(model)


def non_leaf(t):
    p = t.nn.Parameter(t.ones(1))
    q = p * 2
    q.__class__ = t.nn.Parameter
    t.nn.Module().register_parameter("p", q)


def registered_module(t):
    m = t.nn.Module()
    m.register_module("inner", t.nn.ReLU())
    return repr(m)


def before_init(t, value):
    class Early(t.nn.Module):
        def __init__(self):
            self.value = value
            super().__init__()

    return Early().training


def before_init_call(t, method, value):
    class Early(t.nn.Module):
        def __init__(self):
            getattr(self, method)("value", value)

    Early()


def without(t, name):
    m = t.nn.Linear(2, 2)
    setattr(m, name, None)
    return [repr(m), [n for n, _ in m.named_parameters()], m(t.zeros(2)).shape[0]]


def none_as_module(t):
    model = net(t)
    model[0].linear = None
    return repr(model)


def replaced_buffer(t, value):
    block = net(t)[0]
    block.seen = value
    return [list(block.named_buffers()), [n for n, _ in block.named_parameters()], list(block.state_dict())]


def over(t):
    m = module_with(t, part=3)
    m.part = t.nn.ReLU()
    return m


def buffer_class(t, persistent):
    m = t.nn.Module()
    m.b = t.nn.Buffer(t.ones(2), persistent=persistent)
    return [list(m.named_buffers()), list(m.state_dict())]


def own_register_buffer(t, persistent):
    class Own(t.nn.Module):
        def register_buffer(self, name, tensor):
            super().register_buffer(name, tensor)

    m = Own()
    m.b = t.nn.Buffer(t.ones(1), persistent=persistent)
    return list(m.named_buffers())


def deleted(t, name):
    block = net(t)[0]
    delattr(block, name)
    return [repr(block), list(block.state_dict()), hasattr(block, name)]


def zero_grad(t, set_to_none):
    m = t.nn.Linear(2, 1)
    m(t.ones(2)).sum().backward()
    m.zero_grad(set_to_none=set_to_none)
    return [p.grad for p in m.parameters()]


def same_objects(t):
    model = net(t)
    before = [id(p) for p in model.parameters()]
    model.double()
    return [id(p) for p in model.parameters()] == before


def converted_gradient(t):
    m = t.nn.Linear(2, 1)
    m(t.ones(2)).sum().backward()
    m.double()
    m(t.ones(2, dtype=t.float64)).sum().backward()
    return m.weight.grad


def with_extra(t, text, **children):
    class Extra(t.nn.Module):
        def extra_repr(self):
            return text

    m = Extra()
    for name, child in children.items():
        m.add_module(name, child)
    return m


def shares_memory(t):
    x = t.zeros(2)
    p = t.nn.Parameter(x)
    with t.no_grad():
        p.add_(1)
    return [x, x._version, p.is_leaf]


@pytest.mark.parametrize("case", CASES)
def test_as_in_pytorch(case):
    assert_same(CASES[case])


@pytest.mark.parametrize("how", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_are_independent_and_keep_sharing(how):
    shared = rushlight.nn.Linear(2, 2)
    model = rushlight.nn.Sequential(shared, rushlight.nn.BatchNorm1d(2), shared)
    twin = how(model)
    assert repr(twin) == repr(model)
    assert twin[0] is twin[2]
    assert type(twin[0].weight) is rushlight.nn.Parameter
    assert twin[0].weight.requires_grad
    with rushlight.no_grad():
        twin[0].weight.zero_()
        twin[1].running_mean.fill_(3)
    assert float(model[0].weight.detach().abs().sum()) > 0
    assert float(model[1].running_mean.sum()) == 0


def test_deepcopy_of_a_frozen_parameter():
    p = rushlight.nn.Parameter(rushlight.ones(2), requires_grad=False)
    assert not copy.deepcopy(p).requires_grad
    q = torch.nn.Parameter(torch.ones(2))
    q.grad = torch.ones(2)
    ours = rushlight.nn.Parameter(rushlight.ones(2))
    ours.grad = rushlight.ones(2)
    assert (copy.deepcopy(ours).grad is None) == (copy.deepcopy(q).grad is None)


def test_compile_says_that_there_is_none():
    with pytest.raises(RuntimeError, match="no compiler"):
        rushlight.nn.Linear(1, 1).compile()
