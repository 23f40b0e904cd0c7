"""Anomaly detection: which node is blamed, what is warned of, and what may be asked, beside PyTorch."""

import re
import warnings

import pytest
from beside import check, leaf, message, scenarios


def outcome(function):
    """What a function raises, and its warnings without the lines of the stack."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = message(function)
    said = []
    for w in caught:
        text = str(w.message)
        named = re.findall(r"in (here\w*|forward|inner\w*)\n", text)
        said.append((w.category.__name__, text.split("\n")[0] or text.strip().split("\n")[0], named[-1:]))
    return found, said


def nan(t, gradient=float("nan"), several=False):
    class Nan(t.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, g):
            return (g * 1, g * gradient) if several else (g * gradient, g.clone())

    return Nan.apply


def named(t):
    def here():
        return nan(t)(leaf(t), leaf(t)).sum()

    def run():
        with t.autograd.detect_anomaly():
            here().backward()

    return outcome(run)


def second_output(t):
    def here():
        return nan(t, several=True)(leaf(t), leaf(t)).sum()

    def run():
        with t.autograd.detect_anomaly():
            here().backward()

    return outcome(run)


def built_in(t):
    def here():
        return (leaf(t, 0.0) ** 0.5 * 0).sum()

    def run():
        with t.autograd.set_detect_anomaly(True):
            here().backward()

    return outcome(run)


def built_in_under_grad(t):
    def run(**options):
        x = leaf(t, 0.0)
        with t.autograd.set_detect_anomaly(True):
            return t.autograd.grad((x.sqrt() * 0).sum(), x, **options)

    return outcome(run), outcome(lambda: run(create_graph=True))


def not_asked_to_check(t):
    def run():
        with t.autograd.set_detect_anomaly(True, check_nan=False):
            nan(t)(leaf(t), leaf(t)).sum().backward()

    return outcome(run)


def recorded_before(t):
    out = nan(t)(leaf(t), leaf(t)).sum()

    def run():
        with t.autograd.detect_anomaly():
            out.backward()

    return outcome(run)


def other_errors(t):
    class Fails(t.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 1

        @staticmethod
        def backward(ctx, g):
            raise ValueError("fails")

    def here():
        return Fails.apply(leaf(t)).sum()

    def run(check_nan):
        with t.autograd.detect_anomaly(check_nan):
            here().backward()

    return outcome(lambda: run(True)), outcome(lambda: run(False))


def modified(t):
    def here():
        y = leaf(t) * 2
        z = y * y
        y.add_(1)
        return z.sum()

    def run():
        with t.autograd.detect_anomaly():
            here().backward()

    return outcome(run)


def nested(t):
    """The gradient of a gradient fails: both forward calls are named."""

    class Bad(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            return Worse.apply(g)

    class Worse(t.autograd.Function):
        @staticmethod
        def forward(ctx, g):
            return g * 2

        @staticmethod
        def backward(ctx, gg):
            return gg * float("nan")

    def here():
        x = leaf(t)
        y = Bad.apply(x * 1)
        (g,) = t.autograd.grad((y * y).sum(), x, create_graph=True)
        return g.sum()

    def run():
        with t.autograd.detect_anomaly():
            here().backward()

    return outcome(run)


def metadata(t):
    with t.autograd.set_detect_anomaly(True):
        x = leaf(t)
        y = x * x
        (g,) = t.autograd.grad(y.sum(), x, create_graph=True)
    node = g.grad_fn
    trace = y.grad_fn.metadata["traceback_"]
    parent = node.metadata.get("parent_")
    here = "metadata" in "".join(trace)
    return sorted(y.grad_fn.metadata), sorted(node.metadata), type(trace).__name__, here, parent.name()


def metadata_of_changes_in_place(t):
    with t.autograd.set_detect_anomaly(True):
        y = leaf(t) * 2
        y.add_(1)
        v = y[:1]
        v.mul_(2)
    return [sorted(n.metadata) for n in (y.grad_fn, v.grad_fn)]


def switches(t):
    seen = []

    def note():
        seen.append((t.is_anomaly_enabled(), t.is_anomaly_check_nan_enabled()))

    note()
    with t.autograd.set_detect_anomaly(True):
        note()
        with t.autograd.set_detect_anomaly(False):
            note()
        note()
        with t.autograd.set_detect_anomaly(True, check_nan=False):
            note()
        note()
    note()
    t.autograd.set_detect_anomaly(True)
    note()
    t.autograd.set_detect_anomaly(False)
    note()
    with t.autograd.detect_anomaly(check_nan=False):
        note()
    note()
    return seen


def after_an_error(t):
    def run():
        with t.autograd.detect_anomaly():
            nan(t)(leaf(t), leaf(t)).sum().backward()

    first = outcome(run)
    x = leaf(t)
    nan(t)(x, leaf(t)).sum().backward()
    return first[0], t.is_anomaly_enabled(), [bool(v) for v in x.grad.isnan()]


def gradients_are_right(t):
    x = leaf(t)
    with t.autograd.set_detect_anomaly(True):
        y = (x.exp() * x).sin()
        y[:1].mul_(2)
        (g,) = t.autograd.grad(y.sum(), x, create_graph=True)
        g.sum().backward()
    return g.detach(), x.grad


def hooks_that_make_nan(t):
    def here():
        y = leaf(t) * 2
        y.register_hook(lambda g: g * float("nan"))
        return y.sum()

    def run():
        with t.autograd.detect_anomaly():
            here().backward()

    return outcome(run)


def seeds_that_are_nan(t):
    x = leaf(t)
    with t.autograd.set_detect_anomaly(True):
        y = x * 1
        return outcome(lambda: y.backward(t.tensor([1.0, float("nan")])))


def parents_are_freed(t):
    import gc
    import weakref

    class Held:
        pass

    with t.autograd.set_detect_anomaly(True):
        x = leaf(t)
        y = x * x
        held = Held()
        y.grad_fn.metadata["held"] = held
        gone = weakref.ref(held)
        (g,) = t.autograd.grad(y.sum(), x, create_graph=True)
        h = g * 2
    del held, y, g
    gc.collect()
    first = gone() is None
    del h
    gc.collect()
    return first, gone() is None


@pytest.mark.parametrize("scenario", scenarios(globals(), __name__), ids=lambda s: s.__name__)
def test(scenario):
    check(scenario)
