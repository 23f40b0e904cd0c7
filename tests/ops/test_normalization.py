"""Normalization against torch."""

import numpy as np
import pytest
from beside import check

from .derivatives import check_derivatives, numbers

C = 4
SHAPES = [(3, C), (3, C, 5), (2, C, 3, 5), (2, C, 2, 3, 2)]


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_batch_norm(shape, training, affine):
    mean, var = numbers((C,), 5), numbers((C,), 6, "positive")

    def call(F, m, x, w=None, b=None):
        statistics = m.from_numpy(mean.copy()), m.from_numpy(var.copy())
        return F.batch_norm(x, *statistics, w, b, training, 0.3, 1e-3), *statistics

    parameters = {"w": numbers((C,), 1), "b": numbers((C,), 2)} if affine else {}
    check_derivatives(call, {"x": numbers(shape, 0), **parameters})


def test_batch_norm_without_statistics():
    check_derivatives(lambda F, m, x: F.batch_norm(x, None, None, training=True), {"x": numbers((3, C, 2), 0)})


def test_statistics_may_change_between_forward_and_backward():
    def scenario(m):
        norm = m.nn.BatchNorm1d(3).double()
        x = m.from_numpy(numbers((5, 3), 0)).requires_grad_()
        first = norm(x)
        norm(x * 2)
        (first * m.from_numpy(numbers((5, 3), 1))).sum().backward()
        return x.grad, norm.weight.grad, norm.running_mean, norm.running_var, norm.num_batches_tracked

    check(scenario)


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_layer_norm(dims, affine):
    shape = (2, 3, 4)
    kept = shape[3 - dims :]
    parameters = {"w": numbers(kept, 1), "b": numbers(kept, 2)} if affine else {}
    check_derivatives(
        lambda F, m, x, w=None, b=None: F.layer_norm(x, kept, w, b, 1e-3), {"x": numbers(shape, 0), **parameters}
    )


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_group_norm(groups, affine):
    parameters = {"w": numbers((C,), 1), "b": numbers((C,), 2)} if affine else {}
    check_derivatives(
        lambda F, m, x, w=None, b=None: F.group_norm(x, groups, w, b, 1e-3), {"x": numbers((2, C, 3), 0), **parameters}
    )


@pytest.mark.parametrize("affine", [False, True])
def test_instance_norm(affine):
    def call(F, m, x, w=None, b=None):
        statistics = m.zeros(C, dtype=m.float64), m.ones(C, dtype=m.float64)
        return F.instance_norm(x, *statistics, w, b, True, 0.3, 1e-3), *statistics

    parameters = {"w": numbers((C,), 1), "b": numbers((C,), 2)} if affine else {}
    check_derivatives(call, {"x": numbers((2, C, 3), 0), **parameters})


@pytest.mark.parametrize("eps", [None, 1e-3])
def test_rms_norm(eps):
    check_derivatives(
        lambda F, m, x, w: F.rms_norm(x, (3, 4), w, eps), {"x": numbers((2, 3, 4), 0), "w": numbers((3, 4), 1)}
    )


WRONG = {
    "mean": lambda F, m: F.batch_norm(m.zeros(2, 3), m.zeros(4), m.zeros(3)),
    "var": lambda F, m: F.batch_norm(m.zeros(2, 3), m.zeros(3), m.zeros(4)),
    "weight": lambda F, m: F.batch_norm(m.zeros(2, 3), m.zeros(3), m.zeros(3), m.zeros(4)),
    "bias": lambda F, m: F.batch_norm(m.zeros(2, 3), m.zeros(3), m.zeros(3), m.zeros(3), m.zeros(4)),
    "none": lambda F, m: F.batch_norm(m.zeros(2, 3), None, None),
    "one value": lambda F, m: F.batch_norm(m.zeros(1, 3), None, None, training=True),
    "mixed": lambda F, m: F.batch_norm(m.zeros(2, 3).double(), m.zeros(3), m.zeros(3)),
    "integers": lambda F, m: F.batch_norm(m.zeros(2, 3, dtype=m.int64), m.zeros(3), m.zeros(3)),
    "no channels": lambda F, m: F.batch_norm(m.zeros(2, 0, 3), m.zeros(0), m.zeros(0)),
    "layer shape": lambda F, m: F.layer_norm(m.zeros(2, 3), (4,)),
    "layer empty": lambda F, m: F.layer_norm(m.zeros(2, 3), ()),
    "layer weight": lambda F, m: F.layer_norm(m.zeros(2, 3), (3,), m.zeros(4)),
    "layer bias": lambda F, m: F.layer_norm(m.zeros(2, 3), (3,), None, m.zeros(4)),
    "layer int": lambda F, m: F.layer_norm(m.zeros(2, 3), 3),
    "layer long": lambda F, m: F.layer_norm(m.zeros(2, 3), (1, 2, 3)),
    "group": lambda F, m: F.group_norm(m.zeros(2, 4, 3), 3),
    "group weight": lambda F, m: F.group_norm(m.zeros(2, 4, 3), 2, m.zeros(3)),
    "group bias": lambda F, m: F.group_norm(m.zeros(2, 4, 3), 2, m.zeros(4), m.zeros(3)),
    "instance": lambda F, m: F.instance_norm(m.zeros(2, 4, 3), use_input_stats=False),
    "rms shape": lambda F, m: F.rms_norm(m.zeros(2, 3), (4,)),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments(name):
    check(lambda m: WRONG[name](m.nn.functional, m))


def test_half_precision():
    def scenario(m):
        x = m.from_numpy(numbers((16, 3), 0)).half().requires_grad_()
        y = m.nn.functional.batch_norm(x, None, None, training=True)
        return y.dtype, np.asarray(y.detach().float().numpy()).round(2)

    check(scenario, atol=0.011)


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_gradients_of_parameters_have_their_dtype(kind, mixed):
    def scenario(m):
        F = m.nn.functional
        x = m.from_numpy(numbers((4, 4, 4), 0)).to(getattr(m, kind))
        found = []
        for call in (
            lambda w, b: F.batch_norm(x, None, None, w, b, True),
            lambda w, b: F.layer_norm(x, (4,), w, b),
            lambda w, b: F.group_norm(x, 2, w, b),
        ):
            parameters = [
                m.ones(4, dtype=m.float32 if mixed else x.dtype, requires_grad=True),
                m.zeros(4, dtype=m.float32 if mixed else x.dtype, requires_grad=True),
            ]
            y = call(*parameters)
            (y * x).sum().backward()
            found.append([str(t.dtype) for t in (y, *(p.grad for p in parameters))])
        return found

    check(scenario)
