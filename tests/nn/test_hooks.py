"""Hooks of modules: order, arguments, replacements, handles and errors, case by case as in PyTorch."""

import pytest

from .reference import assert_same


def model(t):
    m = t.nn.Linear(2, 2, bias=False)
    with t.no_grad():
        m.weight.copy_(t.tensor([[1.0, 2.0], [3.0, 4.0]]))
    return m


def x(t, requires_grad=False):
    return t.tensor([[1.0, -1.0]], requires_grad=requires_grad)


def logged(t, register, hook_result=None, inputs=None, backward=False):
    """Run a model with a hook that notes its arguments."""
    m, log = model(t), []

    def hook(module, *rest):
        log.append([module is m, rest])
        return hook_result(t) if hook_result else None

    register(m, hook)
    given = x(t, requires_grad=backward) if inputs is None else inputs
    out = m(given)
    if backward:
        out.sum().backward()
    return [log, out, given.grad if backward else None, m.weight.grad]


def order(t, method, prepend):
    m, log = model(t), []
    for name in "abc":
        getattr(m, method)(lambda *_, name=name: log.append(name), prepend=prepend)
    m(x(t, requires_grad=True)).sum().backward()
    return log


def removed(t, method):
    m, log = model(t), []
    handle = getattr(m, method)(lambda *_: log.append(1))
    handle.remove()
    handle.remove()
    with getattr(m, method)(lambda *_: log.append(2)):
        m(x(t, requires_grad=True)).sum().backward()
    m(x(t, requires_grad=True)).sum().backward()
    return log


def kwargs_module(t):
    class Scaled(t.nn.Module):
        def forward(self, value, scale=1):
            return value * scale

    return Scaled()


def pre_hook_kwargs(t, result):
    m = kwargs_module(t)
    m.register_forward_pre_hook(lambda m, args, kwargs: result, with_kwargs=True)
    return m(t.ones(2), scale=2)


def hook_kwargs(t):
    m, log = kwargs_module(t), []
    m.register_forward_hook(lambda m, args, kwargs, out: log.append([args, kwargs, out]), with_kwargs=True)
    m(t.ones(2), scale=2)
    return log


def always(t, with_error_in_hook=False, late=False):
    class Failing(t.nn.Module):
        def forward(self, value):
            raise ValueError("forward failed")

    m, log = Failing(), []

    def hook(m, args, out):
        log.append([args, out])
        if with_error_in_hook:
            raise KeyError("hook failed")

    m.register_forward_hook(hook, always_call=True)
    m.register_forward_hook(lambda *_: log.append("not always"))
    try:
        m(t.ones(1))
    except ValueError as error:
        log.append(str(error))
    return log


def always_once(t):
    """A hook that ran before a later one failed is not run again."""
    m, log = model(t), []

    def failing(*_):
        raise ValueError("second hook failed")

    m.register_forward_hook(lambda *_: log.append(1), always_call=True)
    m.register_forward_hook(failing)
    try:
        m(x(t))
    except ValueError as error:
        log.append(str(error))
    return log


def with_global(t, register, hook, backward=True):
    log = []
    handle = getattr(t.nn.modules.module, register)(lambda *args: log.append(hook(*args)))
    try:
        out = t.nn.Sequential(model(t), t.nn.ReLU())(x(t, requires_grad=True))
        if backward:
            out.sum().backward()
    finally:
        handle.remove()
    model(t)(x(t))
    return log


def global_always(t):
    log = []

    class Failing(t.nn.Module):
        def forward(self, value):
            raise ValueError("forward failed")

    register = t.nn.modules.module.register_module_forward_hook
    with register(lambda m, a, o: log.append([a, o]), always_call=True):
        try:
            Failing()(t.ones(1))
        except ValueError as error:
            log.append(str(error))
    return log


def registration(t, which, build):
    log = []
    with getattr(t.nn.modules.module, f"register_module_{which}_registration_hook")(
        lambda m, name, value: log.append([type(m).__name__, name, type(value).__name__])
    ):
        build(t)
    return log


def registration_replaces(t):
    register = t.nn.modules.module.register_module_parameter_registration_hook
    with register(lambda m, name, p: t.nn.Parameter(t.ones(p.shape))):
        m = t.nn.Module()
        m.p = t.nn.Parameter(t.zeros(2))
    return m.p


def two_outputs(t, hook=None, pre=None, which=(0, 1), frozen_input=False):
    class Pair(t.nn.Module):
        def forward(self, a, flag, b):
            return a * 2, "text", b * 3

    m, log = Pair(), []
    if hook:
        # Of an input that needs no gradient it is left open whether None or something is shown.
        m.register_full_backward_hook(lambda m, gi, go: (log.append([gi[frozen_input:], go]), hook(gi))[1])
    if pre:
        m.register_full_backward_pre_hook(lambda m, go: (log.append(go), pre(go))[1])
    a = t.ones(2, requires_grad=not frozen_input)
    b = t.ones(2, requires_grad=True)
    outs = m(a, 5, b)
    (outs[0].sum() * which[0] + outs[2].sum() * which[1]).backward()
    return [log, a.grad, b.grad]


def no_input_needs_gradient(t, result=None):
    m, log = model(t), []
    m.register_full_backward_hook(lambda m, gi, go: (log.append([gi, go]), result)[1])
    m(x(t)).sum().backward()
    return [log, m.weight.grad]


def names_of_nodes(t):
    m = model(t)
    m.register_full_backward_hook(lambda *_: None)
    out = m(x(t, requires_grad=True))
    return out.grad_fn.name()


def under_no_grad(t):
    m, log = model(t), []
    m.register_full_backward_hook(lambda *_: log.append(1))
    with t.no_grad():
        out = m(x(t))
    return [log, out.requires_grad]


def double_backward(t):
    m, log = model(t), []
    m.register_full_backward_hook(lambda m, gi, go: log.append([gi[0].requires_grad, gi[0], go[0]]))
    a = x(t, requires_grad=True)
    (g,) = t.autograd.grad((m(a) ** 2).sum(), a, create_graph=True)
    g.sum().backward()
    return [log, a.grad]


def both_kinds(t, first, second):
    m = model(t)
    getattr(m, first)(lambda *_: None)
    getattr(m, second)(lambda *_: None)


def old_hook(t, inner=None):
    m, log = inner(t) if inner else model(t), []
    m.register_backward_hook(lambda m, gi, go: log.append([len(gi), go]))
    m(x(t, requires_grad=True)).sum().backward()
    return log


def dictionary_output(t):
    class Named(t.nn.Module):
        def forward(self, value):
            return {"out": value * 2}

    m = Named()
    m.register_full_backward_hook(lambda *_: None)
    return m(x(t, requires_grad=True))["out"]


CASES = {
    "forward": lambda t: logged(t, lambda m, h: m.register_forward_hook(h)),
    "forward_replaces": lambda t: logged(t, lambda m, h: m.register_forward_hook(h), lambda t: t.ones(1)),
    "forward_order": lambda t: order(t, "register_forward_hook", False),
    "forward_prepend": lambda t: order(t, "register_forward_hook", True),
    "forward_removed": lambda t: removed(t, "register_forward_hook"),
    "forward_kwargs": hook_kwargs,
    "pre": lambda t: logged(t, lambda m, h: m.register_forward_pre_hook(h)),
    "pre_replaces": lambda t: logged(t, lambda m, h: m.register_forward_pre_hook(h), lambda t: t.ones(1, 2)),
    "pre_replaces_tuple": lambda t: logged(t, lambda m, h: m.register_forward_pre_hook(h), lambda t: (t.ones(1, 2),)),
    "pre_order": lambda t: order(t, "register_forward_pre_hook", False),
    "pre_prepend": lambda t: order(t, "register_forward_pre_hook", True),
    "pre_removed": lambda t: removed(t, "register_forward_pre_hook"),
    "pre_kwargs": lambda t: pre_hook_kwargs(t, ((t.ones(1),), {"scale": 5})),
    "pre_kwargs_none": lambda t: pre_hook_kwargs(t, None),
    "pre_kwargs_wrong": lambda t: pre_hook_kwargs(t, 3),
    "always": always,
    "always_error": lambda t: always(t, with_error_in_hook=True),
    "always_once": always_once,
    "backward": lambda t: logged(t, lambda m, h: m.register_full_backward_hook(h), backward=True),
    "backward_replaces": lambda t: logged(
        t, lambda m, h: m.register_full_backward_hook(h), lambda t: (t.full((1, 2), 7.0),), backward=True
    ),
    "backward_wrong_number": lambda t: logged(
        t, lambda m, h: m.register_full_backward_hook(h), lambda t: (None, None), backward=True
    ),
    "backward_order": lambda t: order(t, "register_full_backward_hook", False),
    "backward_prepend": lambda t: order(t, "register_full_backward_hook", True),
    "backward_removed": lambda t: removed(t, "register_full_backward_hook"),
    "backward_pre": lambda t: logged(t, lambda m, h: m.register_full_backward_pre_hook(h), backward=True),
    "backward_pre_replaces": lambda t: logged(
        t, lambda m, h: m.register_full_backward_pre_hook(h), lambda t: (t.full((1, 2), 7.0),), backward=True
    ),
    "backward_pre_wrong_number": lambda t: logged(
        t, lambda m, h: m.register_full_backward_pre_hook(h), lambda t: (None, None), backward=True
    ),
    "backward_pre_order": lambda t: order(t, "register_full_backward_pre_hook", True),
    "two_outputs": lambda t: two_outputs(t, hook=lambda gi: None),
    "two_outputs_replaced": lambda t: two_outputs(t, hook=lambda gi: tuple(g if g is None else g * 10 for g in gi)),
    "two_outputs_pre": lambda t: two_outputs(t, pre=lambda go: tuple(g if g is None else g * 10 for g in go)),
    "two_outputs_both": lambda t: two_outputs(t, hook=lambda gi: None, pre=lambda go: None),
    "two_outputs_frozen": lambda t: two_outputs(t, hook=lambda gi: None, frozen_input=True),
    "no_input": no_input_needs_gradient,
    "no_input_none": lambda t: no_input_needs_gradient(t, (None,)),
    "no_input_replaced": lambda t: no_input_needs_gradient(t, (3,)),
    "node_name": names_of_nodes,
    "no_grad": under_no_grad,
    "double_backward": double_backward,
    "full_then_old": lambda t: both_kinds(t, "register_full_backward_hook", "register_backward_hook"),
    "old_then_full": lambda t: both_kinds(t, "register_backward_hook", "register_full_backward_hook"),
    "old": old_hook,
    "old_several_nodes": lambda t: old_hook(t, lambda t: t.nn.Sequential(model(t), t.nn.ReLU())),
    "dictionary_output": dictionary_output,
    "global_pre": lambda t: with_global(t, "register_module_forward_pre_hook", lambda m, a: [type(m).__name__, a]),
    "global_forward": lambda t: with_global(
        t, "register_module_forward_hook", lambda m, a, o: [type(m).__name__, a, o]
    ),
    "global_backward": lambda t: with_global(
        t, "register_module_full_backward_hook", lambda m, gi, go: [type(m).__name__, gi, go]
    ),
    "global_backward_pre": lambda t: with_global(
        t, "register_module_full_backward_pre_hook", lambda m, go: [type(m).__name__, go]
    ),
    "global_always": global_always,
    "parameter_registration": lambda t: registration(t, "parameter", lambda t: t.nn.Linear(1, 1)),
    "buffer_registration": lambda t: registration(t, "buffer", lambda t: t.nn.BatchNorm1d(1)),
    "module_registration": lambda t: registration(t, "module", lambda t: t.nn.Sequential(t.nn.ReLU())),
    "registration_replaces": registration_replaces,
}


@pytest.mark.parametrize("case", CASES)
def test_as_in_pytorch(case):
    assert_same(CASES[case])
