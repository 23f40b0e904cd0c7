"""Doubtful calls: each must be answered by PyTorch's warnings, in their kind and in their words."""

import re
import warnings

import numpy as np
import pytest

import rushlight

torch = pytest.importorskip("torch", reason="the reference is an installed PyTorch")


def leaf(t):
    return t.tensor([1.0, 2.0], requires_grad=True)


def read_only(array):
    array.flags.writeable = False
    return array


def copied_into(target, source):
    target.copy_(source)


def backward_hook_without_gradient(t):
    layer = t.nn.Linear(1, 1)
    layer.register_full_backward_hook(lambda *arguments: None)
    layer(t.ones(1, 1)).sum().backward()


def created_graph(t):
    x = leaf(t)
    (x**2).sum().backward(create_graph=True)
    x.grad = None


def saved_variables(t):
    class Own(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, gradient):
            (_x,) = ctx.saved_variables
            return gradient

    Own.apply(leaf(t)).sum().backward()


def anomaly(t):
    x = t.tensor([-1.0], requires_grad=True)
    with pytest.raises(RuntimeError), t.autograd.detect_anomaly():
        (x.sqrt() * 0).sum().backward()


def same_out(t):
    out = t.ones(3)
    t.add(t.ones(2), 1, out=out)


# A row is a name and a call that takes the module: it has to give on Rushlight the warnings that it gives on PyTorch.
CASES = {
    "grad of a result": lambda t: (leaf(t) * 2).grad,
    "backward that creates a graph": created_graph,
    "tensor of a tensor": lambda t: t.tensor(t.ones(2)),
    "tensor of a list of arrays": lambda t: t.tensor([np.ones(2), np.ones(2)]),
    "from_numpy of what cannot be written": lambda t: t.from_numpy(read_only(np.ones(2))),
    "number of what requires grad": lambda t: float(leaf(t).sum()),
    "mse_loss of other shapes": lambda t: t.nn.functional.mse_loss(t.ones(2, 1), t.ones(2)),
    "mse_loss with an old reduction": lambda t: t.nn.functional.mse_loss(t.ones(2), t.ones(2), size_average=False),
    "MSELoss with an old reduction": lambda t: t.nn.MSELoss(reduce=False),
    "softmax without a dimension": lambda t: t.nn.functional.softmax(t.ones(2, 2)),
    "log_softmax without a dimension": lambda t: t.nn.functional.log_softmax(t.ones(2)),
    "Softmax without a dimension": lambda t: t.nn.Softmax()(t.ones(2, 2)),
    "lu by its old name": lambda t: t.lu(t.eye(2)),
    "T of three dimensions": lambda t: t.ones(2, 2, 2).T,
    "T of a vector": lambda t: t.ones(2).T,
    "T of a number": lambda t: t.tensor(1.0).T,
    "std of one value": lambda t: t.ones(1).std(),
    "var of one value": lambda t: t.ones(1).var(),
    "index by bytes": lambda t: t.ones(2)[t.tensor([1, 0], dtype=t.uint8)],
    "complex to real": lambda t: t.tensor([1j]).to(t.float32),
    "complex copied into real": lambda t: copied_into(t.zeros(1), t.tensor([1j])),
    "out of another shape": same_out,
    "resize of a tensor": lambda t: t.ones(4).resize(2, 2),
    "no_grad on a class": lambda t: t.no_grad()(type("Own", (), {})),
    "gradcheck of single precision": lambda t: t.autograd.gradcheck(t.neg, (leaf(t),), atol=1, eps=1e-2),
    "saved_variables": saved_variables,
    "anomaly mode": lambda t: t.autograd.detect_anomaly(),
    "a gradient that is not a number": anomaly,
    "a function made an object": lambda t: type("Own", (t.autograd.Function,), {})(),
    "same padding of an even kernel": lambda t: t.nn.functional.conv2d(
        t.ones(1, 1, 4, 4), t.ones(1, 1, 2, 2), padding="same"
    ),
    "backward hook where no input requires grad": backward_hook_without_gradient,
    "state_dict with positions": lambda t: t.nn.Linear(1, 1).state_dict({}),
    "a parameter twice": lambda t: (lambda p: t.optim.SGD([p, p], lr=0.1))(leaf(t)),
    "a layer of no elements": lambda t: t.nn.Linear(0, 2),
    "init of no elements": lambda t: t.nn.init.kaiming_uniform_(t.ones(0, 2)),
    "init by its old name": lambda t: t.nn.init.uniform(t.ones(2)),
    "set_default_tensor_type": lambda t: t.set_default_tensor_type(t.FloatTensor),
    "clip_grad_norm by its old name": lambda t: t.nn.utils.clip_grad_norm([leaf(t)], 1.0),
    "where by bytes": lambda t: t.where(t.tensor([1, 0], dtype=t.uint8), 1.0, 2.0),
    "new_tensor of a tensor": lambda t: t.ones(2).new_tensor(t.ones(2)),
    "CrossEntropyLoss with an old reduction": lambda t: t.nn.CrossEntropyLoss(size_average=True),
    "Variable of the past": lambda t: t.autograd.Variable(t.ones(1), volatile=True),
    "random_ beyond a float's integers": lambda t: t.tensor([1.5]).random_(0, 2**30),
    "complex assigned to real": lambda t: t.zeros(1).__setitem__(0, t.tensor(1j)),
    "complex to integers": lambda t: t.ones(2, dtype=t.complex64).to(t.int64),
    "std of a dimension of one": lambda t: t.ones(1, 2).std(0),
    "std of nothing": lambda t: t.ones(0).std(),
    "set_grad_enabled on a class": lambda t: t.set_grad_enabled(True)(type("Own", (), {})),
    "inference_mode on a class": lambda t: t.inference_mode()(type("Own", (), {})),
}


def seen(call, module):
    """Return (category, text) of each warning of a call."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call(module)
    found = [(warning.category.__name__, normalised(str(warning.message))) for warning in caught]
    # PyTorch's parser of nested lists gives the same warning twice once each is given.
    return [warning for i, warning in enumerate(found) if warning not in found[:i]]


def normalised(message):
    """Remove the C++ line that PyTorch adds, and of a traceback all but its last entry: the line in this file."""
    message = re.sub(r" \(Triggered internally at [^)]*\)", "", message)
    found = re.match(r"(?s)(.*Traceback of forward call[^\n]*)\n.*(  File \"[^\n]*\n[^\n]*)\n\Z", message)
    return message if found is None else f"{found[1]}\n{found[2]}"


@pytest.fixture
def every_time():
    """Let warnings that are given once in a process be given each time."""
    for module in (torch, rushlight):
        module.set_warn_always(True)
    yield
    for module in (torch, rushlight):
        module.set_warn_always(False)


def test_some_warnings_are_given_once_in_a_process():
    for module in (torch, rushlight):
        for expected in (1, 0):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                int(leaf(module)[0])
                assert len(caught) <= expected


@pytest.mark.usefixtures("every_time")
@pytest.mark.parametrize("name", CASES)
def test_warnings(name):
    expected = seen(CASES[name], torch)
    assert expected, "PyTorch gives no warning here: this call does not belong into the table"
    assert seen(CASES[name], rushlight) == expected
