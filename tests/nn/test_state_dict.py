"""`state_dict` and `load_state_dict`, and their exchange with PyTorch."""

import numpy as np
import pytest

from .reference import assert_same, plain, rushlight, to_rushlight, to_torch, torch


def net(t, seed=0):
    t.manual_seed(seed)
    return t.nn.Sequential(t.nn.Linear(3, 2), t.nn.BatchNorm1d(2), t.nn.Sequential(t.nn.Linear(2, 1, bias=False)))


def loaded(t, change, strict=True, assign=False, into=net):
    state = net(t, 1).state_dict()
    change(t, state)
    model = into(t)
    result = model.load_state_dict(state, strict=strict, assign=assign)
    return [repr(result), result, model.state_dict()]


def nothing(t, state):
    pass


def drop(*names):
    def change(t, state):
        for name in names:
            del state[name]

    return change


def put(name, make):
    def change(t, state):
        state[name] = make(t)

    return change


def both(*changes):
    def change(t, state):
        for c in changes:
            c(t, state)

    return change


class Extra:
    """A module with state of its own."""

    @staticmethod
    def make(t, both=True):
        class WithExtra(t.nn.Module):
            def __init__(self):
                super().__init__()
                self.linear = t.nn.Linear(1, 1)
                self.count = 3

            def get_extra_state(self):
                return {"count": self.count}

            def set_extra_state(self, state):
                self.count = state["count"]

        return WithExtra()


def extra_round_trip(t):
    m, n = Extra.make(t), Extra.make(t)
    m.count = 8
    n.load_state_dict(m.state_dict())
    return [n.count, list(m.state_dict())]


def extra_missing(t):
    state = Extra.make(t).state_dict()
    del state["_extra_state"]
    Extra.make(t).load_state_dict(state)


def extra_unexpected(t):
    state = t.nn.Linear(1, 1).state_dict()
    state["_extra_state"] = 3
    t.nn.Linear(1, 1).load_state_dict(state)


def hooks(t, register, hook, call):
    m, log = net(t), []
    getattr(m, register)(lambda *args: log.append(hook(*args)))
    call(m)
    return log


def post_hook_returns(t, register, value):
    m = net(t)
    getattr(m, register)(lambda *args: value)
    m.load_state_dict(m.state_dict())


def shared_memory(t):
    m = t.nn.Linear(1, 1)
    state = m.state_dict()
    with t.no_grad():
        state["weight"].fill_(5)
    return [m.weight, state["weight"].requires_grad, m.state_dict(keep_vars=True)["weight"] is m.weight]


def metadata(t):
    state = net(t).state_dict()
    return [dict(state._metadata), list(net(t).state_dict(prefix="a.")._metadata)]


def old_batch_norm(t):
    m = t.nn.BatchNorm1d(2)
    state = m.state_dict()
    del state["num_batches_tracked"]
    state._metadata[""]["version"] = 1
    m.num_batches_tracked.fill_(4)
    return [repr(m.load_state_dict(state)), m.num_batches_tracked]


def assigned(t):
    m, state = t.nn.Linear(2, 1), {"weight": t.ones(1, 2), "bias": t.ones(1, dtype=t.float64)}
    m.weight.requires_grad_(False)
    m.load_state_dict(state, assign=True)
    with t.no_grad():
        state["weight"].fill_(7)
    return [m.weight, m.bias, m.weight.requires_grad, m.bias.requires_grad, type(m.bias).__name__]


def consumed(t):
    state = t.nn.Sequential(net(t)).state_dict(prefix="module.")
    t.nn.modules.utils.consume_prefix_in_state_dict_if_present(state, "module.")
    return [list(state), list(state._metadata)]


CASES = {
    "keys": lambda t: [(k, tuple(v.shape)) for k, v in net(t).state_dict().items()],
    "prefix": lambda t: list(net(t).state_dict(prefix="model.")),
    "destination": lambda t: net(t).state_dict(destination={"first": 1}, prefix="x.").keys() and 1,
    "positional": lambda t: list(t.nn.Linear(1, 1).state_dict({}, "p.")),
    "metadata": metadata,
    "shared_memory": shared_memory,
    "all": lambda t: loaded(t, nothing),
    "missing": lambda t: loaded(t, drop("0.bias", "2.0.weight")),
    "missing_allowed": lambda t: loaded(t, drop("0.bias", "2.0.weight"), strict=False),
    "unexpected": lambda t: loaded(t, both(put("0.gain", lambda t: t.zeros(1)), put("9.weight", lambda t: t.zeros(1)))),
    "unexpected_allowed": lambda t: loaded(t, put("0.gain", lambda t: t.zeros(1)), strict=False),
    "missing_and_unexpected": lambda t: loaded(t, both(drop("0.bias"), put("bias", lambda t: t.zeros(1)))),
    "size": lambda t: loaded(t, put("0.weight", lambda t: t.zeros(3, 3))),
    "size_not_strict": lambda t: loaded(t, put("0.weight", lambda t: t.zeros(3, 3)), strict=False),
    "everything": lambda t: loaded(
        t, both(drop("0.bias"), put("x", lambda t: t.zeros(1)), put("0.weight", lambda t: t.zeros(4)))
    ),
    "not_a_tensor": lambda t: loaded(t, put("0.weight", lambda t: [1.0])),
    "not_a_mapping": lambda t: net(t).load_state_dict([1]),
    "scalar_for_one": lambda t: loaded(t, put("1.num_batches_tracked", lambda t: t.tensor([7]))),
    "other_dtype": lambda t: loaded(t, put("0.bias", lambda t: t.ones(2, dtype=t.float64))),
    "assign": lambda t: loaded(t, nothing, assign=True),
    "assigned": assigned,
    "old_batch_norm": old_batch_norm,
    "extra": extra_round_trip,
    "extra_missing": extra_missing,
    "extra_unexpected": extra_unexpected,
    "extra_not_defined": lambda t: t.nn.Module().get_extra_state(),
    "consume_prefix": consumed,
    "pre_hook": lambda t: hooks(t, "register_state_dict_pre_hook", lambda m, p, k: [p, k], lambda m: m.state_dict()),
    "post_hook": lambda t: hooks(
        t,
        "register_state_dict_post_hook",
        lambda m, s, p, meta: [list(s), p, meta],
        lambda m: m.state_dict(prefix="a."),
    ),
    "load_pre_hook": lambda t: hooks(
        t,
        "register_load_state_dict_pre_hook",
        lambda m, s, p, meta, strict, missing, unexpected, errors: [
            type(m).__name__,
            list(s),
            p,
            meta,
            strict,
            missing,
        ],
        lambda m: m.load_state_dict(m.state_dict()),
    ),
    "load_post_hook": lambda t: hooks(
        t,
        "register_load_state_dict_post_hook",
        lambda m, keys: (keys.missing_keys.clear(), type(m).__name__)[1],
        lambda m: m.load_state_dict({}, strict=False),
    ),
    "load_post_hook_returns": lambda t: post_hook_returns(t, "register_load_state_dict_post_hook", 3),
    "post_hook_returns": lambda t: post_hook_returns(t, "register_state_dict_post_hook", 3),
}


@pytest.mark.parametrize("case", CASES)
def test_as_in_pytorch(case):
    assert_same(CASES[case])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_move_both_ways(dtype):
    theirs = net(torch, 3).to(getattr(torch, dtype))
    ours = net(rushlight, 4).to(getattr(rushlight, dtype))
    ours.load_state_dict({key: to_rushlight(value) for key, value in theirs.state_dict().items()})
    x = np.random.default_rng(0).standard_normal((5, 3)).astype(dtype)
    tolerance = {"rtol": 1e-5, "atol": 1e-6} if dtype == "float32" else {"rtol": 1e-12, "atol": 1e-14}
    np.testing.assert_allclose(
        ours(rushlight.from_numpy(x)).detach().numpy(), theirs(torch.from_numpy(x)).detach().numpy(), **tolerance
    )
    theirs.load_state_dict({key: to_torch(value) for key, value in net(rushlight, 5).state_dict().items()})
    assert plain(theirs.state_dict().keys()) == plain(ours.state_dict().keys())
