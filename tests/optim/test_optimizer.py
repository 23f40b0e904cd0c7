"""Groups, states, hooks, printing and wrong arguments of optimisers, case by case as in PyTorch."""

import copy
import importlib
import io
import pickle
import zipfile

import pytest
from nn.reference import assert_same, rushlight

NAMES = ["SGD", "Adam", "AdamW", "Adagrad", "RMSprop"]
NAMES += ["ASGD", "Adadelta", "Adafactor", "Adamax", "NAdam", "RAdam", "Rprop"]


def parameters(t, n=2):
    return [t.nn.Parameter(t.arange(float(3 * i + 1)) + 1) for i in range(n)]


def step(t, params, o, times=1):
    for _ in range(times):
        o.zero_grad()
        sum((p**2).sum() for p in params).backward()
        o.step()


def trained(t, name, times=3, **options):
    params = parameters(t)
    o = getattr(t.optim, name)(params, lr=0.1, **options)
    step(t, params, o, times)
    return params, o


def state_dict(t, name, **options):
    return trained(t, name, **options)[1].state_dict()


def resumed(t, name, **options):
    params, o = trained(t, name, **options)
    twins = [t.nn.Parameter(p.detach().clone()) for p in params]
    o2 = getattr(t.optim, name)(twins, lr=0.5)
    o2.load_state_dict(o.state_dict())
    step(t, twins, o2, 2)
    step(t, params, o, 2)
    return [twins, params, repr(o2)]


def loaded(t, change):
    params = parameters(t)
    o = t.optim.SGD([{"params": params[:1]}, {"params": params[1:]}], lr=0.1, momentum=0.5)
    state = o.state_dict()
    change(state)
    o.load_state_dict(state)


def loaded_in_double(t):
    _, o = trained(t, "Adam")
    o2 = t.optim.Adam([p.detach().double().requires_grad_() for p in parameters(t)])
    o2.load_state_dict(o.state_dict())
    return o2.state_dict()["state"][1]


def group_settings(t):
    a, b = parameters(t)
    o = t.optim.SGD([{"params": a, "lr": 0.5}, {"params": [b]}], lr=0.1, momentum=0.9)
    step(t, [a, b], o, 2)
    return [repr(o), a, b]


def added(t, group, first=None):
    params = parameters(t, 3)
    o = t.optim.SGD(params[:2] if first is None else first(params), lr=0.1)
    o.add_param_group(group(params))
    return repr(o)


def hooks(t, *, change=None, everywhere=False):
    params = parameters(t)
    o, log = t.optim.SGD(params, lr=0.1), []

    def before(optimizer, args, kwargs):
        log.append(["before", optimizer is o, len(args), kwargs])
        return change

    def after(optimizer, args, kwargs):
        log.append(["after", optimizer is o, len(args), kwargs])

    if everywhere:
        module = importlib.import_module(t.__name__ + ".optim.optimizer")
        handles = [
            module.register_optimizer_step_pre_hook(before),
            module.register_optimizer_step_post_hook(after),
        ]
    else:
        handles = [o.register_step_pre_hook(before), o.register_step_post_hook(after)]
    try:
        step(t, params, o)
    finally:
        for handle in handles:
            handle.remove()
    step(t, params, o)
    return [log, params]


def state_hooks(t):
    o, log = trained(t, "SGD")[1], []
    o.register_state_dict_pre_hook(lambda o: log.append("pre"))
    o.register_state_dict_post_hook(lambda o, s: (log.append(sorted(s)), {**s, "extra": 1})[1])
    o.register_state_dict_pre_hook(lambda o: log.append("first"), prepend=True)
    o.register_load_state_dict_pre_hook(lambda o, s: (log.append(sorted(s)), None)[1])
    o.register_load_state_dict_post_hook(lambda o: log.append("loaded"))
    state = o.state_dict()
    o.load_state_dict(state)
    return [log, sorted(state)]


def own(t):
    """A class of the user's own with a step of its own."""

    class Own(t.optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        def step(self, closure=None):
            with t.no_grad():
                for group in self.param_groups:
                    for p in group["params"]:
                        p -= group["lr"] * p.grad
                        self.state[p]["steps"] = self.state[p].get("steps", 0) + 1

    params, log = parameters(t), []
    o = Own(params, 0.1)
    o.register_step_post_hook(lambda *_: log.append("after"))
    step(t, params, o, 2)
    return [params, repr(o), o.state_dict(), log]


def own_required(t):
    class Own(t.optim.Optimizer):
        def __init__(self, params):
            module = importlib.import_module(t.__name__ + ".optim.optimizer")
            super().__init__(params, {"lr": module.required})

    Own([{"params": parameters(t), "lr": 1.0}])
    Own(parameters(t))


def closure(t):
    params = parameters(t)
    o = t.optim.SGD(params, lr=0.1)

    def evaluate():
        o.zero_grad()
        loss = sum((p**2).sum() for p in params)
        loss.backward()
        return loss

    with t.no_grad():
        return [o.step(evaluate), o.step(), params]


def zeroed(t, set_to_none):
    params = parameters(t)
    o = t.optim.SGD(params)
    (params[0] ** 2).sum().backward(create_graph=True)
    o.zero_grad(set_to_none=set_to_none)
    return [[p.grad for p in params], params[0].grad is not None and params[0].grad.grad_fn is None]


def version(t, name):
    p = t.nn.Parameter(t.ones(2))
    o = getattr(t.optim, name)([p], lr=0.1)
    before = p._version
    y = p * p
    p.grad = t.ones(2)
    o.step()
    try:
        y.sum().backward()
        changed = False
    except RuntimeError:
        changed = True
    return [p._version > before, changed]


def some_without_gradient(t, name):
    params = parameters(t, 3)
    o = getattr(t.optim, name)(params, lr=0.1)
    for used in ([0], [0, 2], [1], [0, 1, 2], [0, 1, 2]):
        o.zero_grad()
        sum((params[i] ** 2).sum() for i in used).backward()
        o.step()
    return [params, [sorted(o.state[p]) for p in params if p in o.state]]


def state_is_seen(t, name):
    """What a program does to the state between steps has its effect."""
    params, o = trained(t, name)
    for p in params:
        for key, value in o.state[p].items():
            o.state[p][key] = value * 2 if key != "step" else value
    step(t, params, o)
    for p in params:
        for key, value in o.state[p].items():
            if key != "step":
                value.zero_()
    step(t, params, o)
    return params


def state_cleared(t, name):
    params, o = trained(t, name, times=2)
    o.state.clear() if name != "Adagrad" else None
    step(t, params, o)
    return [params, o.state_dict()["state"]]


def data_replaced(t, name):
    params, o = trained(t, name, times=2)
    kept = params[1].data
    params[1].data = t.ones(4)
    step(t, params, o)
    return [params, kept]


def settings_changed(t, name):
    params, o = trained(t, name, times=2)
    o.param_groups[0]["lr"] = 0.01
    o.param_groups[0]["weight_decay"] = 0.1
    step(t, params, o)
    return params


def momentum_switched(t):
    params, o = trained(t, "SGD", times=2)
    o.param_groups[0]["momentum"] = 0.9
    step(t, params, o, 2)
    o.param_groups[0]["momentum"] = 0
    step(t, params, o)
    return [params, o.state_dict()["state"]]


def twice(t, name):
    a, b = parameters(t)
    o = getattr(t.optim, name)([a, b, a], lr=0.1)
    step(t, [a, b], o, 2)
    return [a, b]


def converted(t):
    layer = t.nn.Linear(2, 1)
    with t.no_grad():
        layer.weight.fill_(1.0)
        layer.bias.fill_(0.5)
    o = t.optim.SGD(layer.parameters(), lr=0.1)
    layer(t.ones(1, 2)).sum().backward()
    o.step()
    layer.double()
    o.zero_grad()
    layer(t.ones(1, 2, dtype=t.float64)).sum().backward()
    o.step()
    return list(layer.parameters())


def non_leaf(t):
    p = t.nn.Parameter(t.ones(2))
    return t.optim.SGD([p * 2])


def opt(t, name="SGD", **options):
    return getattr(t.optim, name)(parameters(t), **options)


CASES = {
    **{f"repr_{n}": lambda t, n=n: repr(opt(t, n)) for n in NAMES},
    **{f"defaults_{n}": lambda t, n=n: opt(t, n).defaults for n in NAMES},
    **{f"state_{n}": lambda t, n=n: state_dict(t, n) for n in NAMES},
    **{f"resumed_{n}": lambda t, n=n: resumed(t, n) for n in NAMES},
    **{f"version_{n}": lambda t, n=n: version(t, n) for n in NAMES},
    **{f"some_without_gradient_{n}": lambda t, n=n: some_without_gradient(t, n) for n in NAMES},
    **{f"state_is_seen_{n}": lambda t, n=n: state_is_seen(t, n) for n in NAMES},
    **{f"state_cleared_{n}": lambda t, n=n: state_cleared(t, n) for n in NAMES},
    **{f"data_replaced_{n}": lambda t, n=n: data_replaced(t, n) for n in NAMES},
    **{f"settings_changed_{n}": lambda t, n=n: settings_changed(t, n) for n in NAMES},
    **{f"twice_{n}": lambda t, n=n: twice(t, n) for n in NAMES},
    **{f"negative_lr_{n}": lambda t, n=n: opt(t, n, lr=-1.0) for n in NAMES},
    **{f"negative_decay_{n}": lambda t, n=n: opt(t, n, weight_decay=-1.0) for n in NAMES},
    **{f"tensor_lr_{n}": lambda t, n=n: opt(t, n, lr=t.ones(2)) for n in NAMES},
    "state_momentum": lambda t: state_dict(t, "SGD", momentum=0.9),
    "state_amsgrad": lambda t: state_dict(t, "Adam", amsgrad=True),
    "state_centered": lambda t: state_dict(t, "RMSprop", centered=True, momentum=0.5),
    "resumed_momentum": lambda t: resumed(t, "SGD", momentum=0.9),
    "resumed_amsgrad": lambda t: resumed(t, "Adam", amsgrad=True),
    "momentum_switched": momentum_switched,
    "loaded_groups": lambda t: loaded(t, lambda s: s["param_groups"].pop()),
    "loaded_sizes": lambda t: loaded(t, lambda s: s["param_groups"][0]["params"].append(7)),
    "loaded_in_double": loaded_in_double,
    "group_settings": group_settings,
    "converted": converted,
    "no_parameters": lambda t: t.optim.SGD([]),
    "one_tensor": lambda t: t.optim.SGD(parameters(t)[0]),
    "numbers": lambda t: t.optim.SGD([1, 2]),
    "non_leaf": non_leaf,
    "set": lambda t: t.optim.SGD([{"params": set(parameters(t))}]),
    "generator": lambda t: repr(t.optim.SGD(p for p in parameters(t))),
    "duplicates": lambda t: repr(t.optim.SGD(parameters(t, 1) * 2)),
    "named": lambda t: t.optim.SGD(t.nn.Linear(1, 1).named_parameters()).state_dict()["param_groups"],
    "named_partly": lambda t: t.optim.SGD([("a", parameters(t)[0]), parameters(t)[1]]),
    "named_group_missing": lambda t: added(t, lambda p: {"params": p[2]}, lambda p: [("a", p[0])]),
    "named_group": lambda t: added(t, lambda p: {"params": [("b", p[2])]}, lambda p: [("a", p[0])]),
    "named_group_unwanted": lambda t: added(t, lambda p: {"params": [("b", p[2])]}),
    "added": lambda t: added(t, lambda p: {"params": p[2], "lr": 1.0}),
    "added_list": lambda t: added(t, lambda p: [p[2]]),
    "added_again": lambda t: added(t, lambda p: {"params": p[1]}),
    "added_without": lambda t: added(t, lambda p: {"lr": 1.0}),
    "momentum": lambda t: opt(t, momentum=-1),
    "nesterov": lambda t: opt(t, nesterov=True),
    "nesterov_dampening": lambda t: opt(t, nesterov=True, momentum=0.9, dampening=0.1),
    "fused_foreach": lambda t: opt(t, fused=True, foreach=True),
    "fused_differentiable": lambda t: opt(t, "Adam", fused=True, differentiable=True),
    "adam_eps": lambda t: opt(t, "Adam", eps=-1),
    "adam_beta0": lambda t: opt(t, "Adam", betas=(1.0, 0.9)),
    "adam_beta1": lambda t: opt(t, "Adam", betas=(0.9, -0.1)),
    "adam_beta_types": lambda t: opt(t, "Adam", betas=(0, 0.9)),
    "adam_tensor_lr_foreach": lambda t: opt(t, "Adam", lr=t.tensor(0.1), foreach=True),
    "adagrad_decay": lambda t: opt(t, "Adagrad", lr_decay=-1),
    "adagrad_begin": lambda t: opt(t, "Adagrad", initial_accumulator_value=-1),
    "adagrad_eps": lambda t: opt(t, "Adagrad", eps=-1),
    "rmsprop_alpha": lambda t: opt(t, "RMSprop", alpha=-1),
    "rmsprop_momentum": lambda t: opt(t, "RMSprop", momentum=-1),
    "hooks": hooks,
    "hooks_change": lambda t: hooks(t, change=3),
    "hooks_everywhere": lambda t: hooks(t, everywhere=True),
    "state_hooks": state_hooks,
    "own": own,
    "own_required": own_required,
    "closure": closure,
    "zeroed": lambda t: zeroed(t, True),
    "zeroed_in_place": lambda t: zeroed(t, False),
    "base_step": lambda t: t.optim.Optimizer(parameters(t), {}).step(),
}

# Hooks that return nonsense are told which function they stand at, which has another name there.
UNLIKE = {"hooks_change"}


@pytest.mark.parametrize("case", [c for c in CASES if c not in UNLIKE])
def test_as_in_pytorch(case):
    assert_same(CASES[case], digits=6)


def test_hook_with_a_wrong_result():
    with pytest.raises(RuntimeError, match=r"must return None or a tuple of \(new_args, new_kwargs\), but got 3"):
        hooks(rushlight, change=3)


@pytest.mark.parametrize("how", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
@pytest.mark.parametrize("name", NAMES)
def test_copies_go_their_own_way(name, how):
    params, o = trained(rushlight, name)
    twin = how(o)
    twins = twin.param_groups[0]["params"]
    before = [p.tolist() for p in params]
    step(rushlight, twins, twin, 2)
    assert [p.tolist() for p in params] == before
    step(rushlight, params, o, 2)
    assert [p.tolist() for p in params] == [p.tolist() for p in twins]


def saved(t, name, **options):
    """The sizes of the records in a saved state, and the state as it is loaded."""
    file = io.BytesIO()
    t.save(state_dict(t, name, **options), file)
    with zipfile.ZipFile(file) as archive:
        sizes = [i.file_size for i in archive.infolist() if "/data/" in i.filename]
    file.seek(0)
    return sizes, t.load(file)


@pytest.mark.parametrize(("name", "options"), [("SGD", {"momentum": 0.9}), *((name, {}) for name in NAMES[1:])])
def test_every_tensor_of_a_saved_state_has_its_own_memory(name, options):
    assert_same(lambda t: saved(t, name, **options), digits=6)
