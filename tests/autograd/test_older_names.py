"""Names that PyTorch keeps for older programs, and helpers that its users import from unexpected places."""

import importlib

import pytest
import torch
from beside import check, scenarios

import rushlight


def refused(action):
    """What an action raises, as text, or its result."""
    try:
        return action()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def of_another_dtype(t):
    x = t.ones(2, requires_grad=True)
    found = [x.grad_dtype, t.ones(2, dtype=t.int64).grad_dtype]
    x.grad_dtype = t.float64
    (x * 2).sum().backward()
    (x * 3).sum().backward()
    found += [x.grad, t.autograd.grad((x * 2).sum(), x), refused(lambda: setattr(x, "grad", t.ones(2)))]
    found += [refused(lambda: setattr(x, "grad_dtype", t.float32)), refused(lambda: setattr(x, "grad_dtype", 3))]
    x.grad = None
    x.grad_dtype = None
    x.grad = t.ones(2, dtype=t.float16)
    y = x * 2
    return [
        *found,
        x.grad,
        x.grad_dtype,
        refused(lambda: y.grad_dtype),
        refused(lambda: setattr(y, "grad_dtype", None)),
    ]


def set_before_it_requires_a_gradient(t):
    x = t.ones(2)
    x.grad_dtype = t.float64
    x.requires_grad_()
    seen = []
    x.register_hook(lambda g: seen.append(g.dtype))
    (x * 2).sum().backward()
    return [x.grad, seen, x.detach().grad_dtype]


def seeds_of_another_dtype(t):
    x = t.ones(2, requires_grad=True)
    y = x * 2
    edge = t.autograd.graph.get_gradient_edge(y)
    seed = t.ones(2, dtype=t.float64, requires_grad=True)
    return [t.autograd.grad(y, x, seed.detach(), retain_graph=True), t.autograd.grad(edge, x, seed, create_graph=True)]


def variables(t):
    v = t.autograd.Variable
    x = t.ones(2)
    x.volatile = True
    return [
        x.volatile,
        refused(lambda: v(x, True, True)),
        v(x, 1).requires_grad,
        v(x, name="a"),
        x.name,
        refused(lambda: setattr(x, "_grad_fn", 3)),
        v(x, volatile=True),
    ]


def recording_wants_a_bool(t):
    return [refused(lambda: t._C._set_grad_enabled(3)), refused(lambda: t.set_grad_enabled(3)), t.is_grad_enabled()]


def functions_of_the_past(t):
    class Twice(t.autograd.function.InplaceFunction):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    x = t.ones(2, requires_grad=True)
    resize = importlib.import_module(f"{t.__name__}.autograd._functions").Resize
    y = resize.apply(t.ones(2, 3, requires_grad=True), (3, 2))
    return [
        Twice.apply(x),
        Twice(inplace=True).inplace,
        str(t.autograd.function.NestedIOFunction.__name__),
        y.detach(),
        refused(lambda: resize.apply(x, (3,))),
    ]


def shapes_of_gradients(t):
    utils = importlib.import_module(f"{t.__name__}.autograd._functions.utils")
    x = t.arange(6.0).reshape(2, 3)
    return [
        utils.maybe_view(x, (3, 2)),
        utils.maybe_view(x, x.size()) is x,
        utils.maybe_unexpand(x, t.Size([3])),
        utils.maybe_unexpand(x, t.Size([2, 1])),
        utils.maybe_unexpand(x, x.size()) is x,
    ]


def no_cuda(t):
    return [
        refused(lambda: t.cuda.FloatTensor(2)),
        isinstance(t.ones(2), t.cuda.DoubleTensor),
        str(t.cuda.FloatTensor),
        t._C._is_fwd_grad_enabled(),
    ]


def jit(t):
    future = t.jit.fork(lambda a: a * 2, t.ones(2))
    return [
        t.jit.wait(future),
        future.done(),
        future.value(),
        refused(lambda: t.jit.fork(lambda: 1 / 0)),
        t.jit.is_scripting(),
        t.jit.ignore(refused) is refused,
    ]


def settings(t):
    C = t._C
    pairs = {
        "_{}_deterministic_algorithms": True, "_{}_float32_matmul_precision": "high", "_{}_warnAlways": True,
    }  # fmt: skip
    found = []
    for name, value in pairs.items():
        get, change = getattr(C, name.format("get")), getattr(C, name.format("set"))
        before = get()
        found += [before, change(value), get(), change(before), get()]
    found += [C.set_anomaly_enabled(True, False), C.is_anomaly_enabled(), C.is_anomaly_check_nan_enabled()]
    found += [C.set_anomaly_enabled(False), C.is_anomaly_enabled(), C.has_lapack, C._get_tracing_state()]
    wrong = (lambda: C.set_anomaly_enabled(3), lambda: t.autograd.set_detect_anomaly(False, check_nan=3))
    return [*found, *map(refused, wrong), C._get_deterministic_algorithms_warn_only()]


def handlers_skipped(t):
    no_dispatch = importlib.import_module(f"{t.__name__}.utils._mode_utils").no_dispatch
    mode = importlib.import_module(f"{t.__name__}.utils._python_dispatch").TorchDispatchMode
    seen = []

    class Noting(mode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            seen.append(str(func))
            return func(*args, **(kwargs or {}))

    with Noting():
        with no_dispatch():
            t.ones(2).exp()
        t.ones(2).sin()
    return seen


def futures(t):
    first, second = t.futures.Future(), t.futures.Future()
    then = first.then(lambda f: f.wait() + 1)
    seen = []
    first.add_done_callback(lambda f: seen.append(f.value()))
    states = [first.done()]
    both = t.futures.collect_all([first, second])
    first.set_result(3)
    second.set_exception(ValueError("no"))
    states += [first.done(), then.wait(), seen, both.done(), refused(second.wait)]
    return [*states, refused(lambda: first.set_result(4)).partition(".")[0], t.futures.wait_all([first, then])]


def processes(t):
    shared = importlib.import_module(f"{t.__name__}.multiprocessing")
    return [shared.get_sharing_strategy(), sorted(shared.get_all_sharing_strategies()), callable(shared.Process)]


@pytest.mark.parametrize("scenario", scenarios(dict(globals()), __name__), ids=lambda f: f.__name__)
def test_same(scenario):
    check(scenario)


def test_a_scripted_function_is_the_function():
    with pytest.warns(DeprecationWarning, match=r"torch\.jit\.script"):
        assert rushlight.jit.script(refused) is refused


def test_the_module_of_anomaly_detection():
    assert set(torch.autograd.anomaly_mode.__all__) <= set(dir(rushlight.autograd.anomaly_mode))
