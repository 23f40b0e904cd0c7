"""no_grad, enable_grad, set_grad_enabled, inference mode, anomaly detection, beside PyTorch."""

import threading

import pytest
from beside import check, scenarios

import rushlight


def leaf(t, *values):
    return t.tensor(list(values or (1.0, 2.0, 3.0)), requires_grad=True)


def no_grad_context(t):
    x = leaf(t)
    with t.no_grad():
        y = x * 2
        inside = t.is_grad_enabled()
    return y, inside, t.is_grad_enabled(), (x * 2).requires_grad


def no_grad_decorator(t):
    @t.no_grad()
    def f(x):
        return x * 2

    @t.no_grad
    def g(x):
        return x * 2

    return f(leaf(t)), g(leaf(t)), f.__name__


def enable_grad_within(t):
    x = leaf(t)
    with t.no_grad(), t.enable_grad():
        y = x * 2
    return y, t.is_grad_enabled()


def restored_after_error(t):
    try:
        with t.no_grad():
            raise ValueError
    except ValueError:
        pass
    return t.is_grad_enabled()


def set_as_function(t):
    t.set_grad_enabled(False)
    off = t.is_grad_enabled(), leaf(t) * 2
    t.set_grad_enabled(True)
    return off, t.is_grad_enabled(), leaf(t) * 2


def set_as_context(t):
    with t.set_grad_enabled(False):
        y = leaf(t) * 2
    return y, t.is_grad_enabled()


def set_as_decorator(t):
    @t.set_grad_enabled(False)
    def f(x):
        return x * 2

    before = t.is_grad_enabled()
    return f(leaf(t)), before, t.is_grad_enabled()


def generator(t):
    @t.no_grad()
    def numbers():
        for i in range(3):
            got = yield i, t.is_grad_enabled()
            assert got is None

    return [(v, t.is_grad_enabled()) for v in numbers()]


def class_decorated(t):
    @t.no_grad()
    class Model:
        def __init__(self):
            self.mode = t.is_grad_enabled()

    return Model().mode


def factories_under_no_grad(t):
    with t.no_grad():
        x = t.ones(2, requires_grad=True)
        y = x * 2
    return x.requires_grad, y.requires_grad


def inplace_on_leaf_under_no_grad(t):
    x = leaf(t)
    with t.no_grad():
        x.mul_(2)
        x += 1
    return x, x._version


def view_made_under_no_grad(t):
    x = leaf(t) * 1
    with t.no_grad():
        v = x[1:]
    v.mul_(2)


def inference_flags(t):
    x = leaf(t)
    with t.inference_mode():
        y = x * 2
        z = t.ones(2)
        inside = t.is_inference_mode_enabled(), t.is_grad_enabled()
    return inside, y.is_inference(), z.is_inference(), y.requires_grad, x.is_inference(), t.is_inference_mode_enabled()


def inference_decorator(t):
    @t.inference_mode()
    def f(x):
        return x * 2

    return f(leaf(t)).is_inference()


def inference_off(t):
    with t.inference_mode(), t.inference_mode(mode=False):
        return leaf(t) * 2


def inference_tensor_used_outside(t):
    with t.inference_mode():
        x = t.ones(3)
    return x * 2, x + leaf(t)


def inference_tensor_saved(t):
    with t.inference_mode():
        x = t.ones(3)
    leaf(t) * x


def inference_tensor_changed_outside(t):
    with t.inference_mode():
        x = t.ones(3)
    x.add_(1)


def inference_tensor_version(t):
    with t.inference_mode():
        x = t.ones(3)
        x.add_(1)
    x._version


def inference_tensor_requires_grad(t):
    with t.inference_mode():
        x = t.ones(3)
    x.requires_grad = True


def inference_tensor_cloned(t):
    with t.inference_mode():
        x = t.ones(3)
    return (leaf(t) * x.clone()).sum()


def normal_tensor_changed_inside(t):
    x = t.ones(3)
    with t.inference_mode():
        x.add_(1)
    return x, x._version, x.is_inference()


def nan_found(t):
    with t.autograd.detect_anomaly():
        x = leaf(t, -1.0)
        (x.sqrt() * 0).sum().backward()


def nan_not_checked(t):
    with t.autograd.detect_anomaly(check_nan=False):
        x = leaf(t, -1.0)
        (x.sqrt() * 0).sum().backward()
    return x.grad


def no_nan(t):
    with t.autograd.set_detect_anomaly(True):
        x = leaf(t)
        x.sqrt().sum().backward()
        on = t.is_anomaly_enabled(), t.is_anomaly_check_nan_enabled()
    return x.grad, on, t.is_anomaly_enabled()


def error_in_backward_explained(t):
    class Own(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            raise RuntimeError("on purpose")

    Own.apply(leaf(t)).sum().backward()


@pytest.mark.parametrize(
    "scenario", [f for f in scenarios(globals(), __name__) if f is not nan_found], ids=lambda f: f.__name__
)
def test_as_pytorch(scenario):
    check(scenario)


def test_anomaly_names_the_node_and_shows_the_forward_line():
    with pytest.warns(UserWarning) as caught, pytest.raises(RuntimeError) as error:
        nan_found(rushlight)
    assert str(error.value) == "Function 'SqrtBackward0' returned nan values in its 0th output."
    texts = [str(w.message) for w in caught]
    assert any(
        "Error detected in SqrtBackward0. Traceback of forward call that caused the error:" in m and "x.sqrt()" in m
        for m in texts
    )


def test_modes_are_of_one_thread():
    seen = []
    with rushlight.no_grad():
        thread = threading.Thread(target=lambda: seen.append(rushlight.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_no_mode_stays_behind():
    from rushlight.autograd import mode

    assert (mode.special.count, mode.special.more) == (0, 0)
    with rushlight.no_grad(), rushlight.inference_mode(), rushlight.autograd.set_detect_anomaly(True):
        assert mode.special.count == 3
    rushlight.set_grad_enabled(False)
    with rushlight.no_grad():
        rushlight.set_grad_enabled(True)
    rushlight.set_grad_enabled(True)
    assert (mode.special.count, mode.special.more) == (0, 0)
