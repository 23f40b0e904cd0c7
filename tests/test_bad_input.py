"""Wrong calls: each must be refused with PyTorch's exception and PyTorch's words."""

import re

import numpy as np
import pytest

import rushlight

torch = pytest.importorskip("torch", reason="the reference is an installed PyTorch")


def leaf(t):
    return t.tensor([1.0, 2.0], requires_grad=True)


def backward_twice(t):
    y = (leaf(t) ** 2).sum()
    y.backward()
    y.backward()


def changed_after_saving(t):
    y = leaf(t).exp()
    y.add_(1)
    y.sum().backward()


def changed_leaf(t):
    x = leaf(t)
    y = x * x
    with t.no_grad():
        x[0] = 5.0
    y.sum().backward()


def inference_requires_grad(t):
    with t.inference_mode():
        x = t.ones(2)
    x.requires_grad_()


def inference_saved(t):
    with t.inference_mode():
        x = t.ones(2)
    leaf(t) * x


def inference_changed(t):
    with t.inference_mode():
        x = t.ones(2)
    x.add_(1)


def function(t, forward=lambda ctx, x: x * 2, backward=lambda ctx, g: g * 2):
    members = {"forward": staticmethod(forward)}
    if backward is not None:
        members["backward"] = staticmethod(backward)
    return type("Own", (t.autograd.Function,), members)


def freed_by_function(t):
    own = function(
        t,
        forward=lambda ctx, x: (ctx.save_for_backward(x), x * x)[1],
        backward=lambda ctx, g: g * 2 * ctx.saved_tensors[0],
    )
    y = own.apply(leaf(t)).sum()
    y.backward()
    y.backward()


def once_differentiable_twice(t):
    own = function(t, backward=t.autograd.function.once_differentiable(lambda ctx, g: g * 2))
    x = leaf(t)
    (g,) = t.autograd.grad((own.apply(x) ** 2).sum(), x, create_graph=True)
    g.sum().backward()


def early(t, change):
    class Early(t.nn.Module):
        def __init__(self):
            change(self)

    Early()


# A row is a name and a call that takes the module: what it raises on PyTorch is what it has to raise on Rushlight.
CASES = {
    # Making tensors
    "tensor of ragged lists": lambda t: t.tensor([[1], [2, 3]]),
    "tensor of ragged depths": lambda t: t.tensor([[1, 2], 3]),
    "tensor of a string": lambda t: t.tensor("a"),
    "tensor of strings": lambda t: t.tensor(["a", "b"]),
    "tensor of None": lambda t: t.tensor(None),
    "tensor of an object": lambda t: t.tensor(object()),
    "tensor of a set": lambda t: t.tensor({1, 2}),
    "tensor of a dict": lambda t: t.tensor({"a": 1}),
    "tensor that overflows int64": lambda t: t.tensor(2**70),
    "tensor that overflows its dtype": lambda t: t.tensor([300], dtype=t.uint8),
    "tensor of complex as float": lambda t: t.tensor([1j], dtype=t.float32),
    "tensor with a dtype's name": lambda t: t.tensor([1], dtype="float32"),
    "tensor with a class as dtype": lambda t: t.tensor([1], dtype=str),
    "integers that require grad": lambda t: t.tensor([1, 2], requires_grad=True),
    "booleans that require grad": lambda t: t.zeros(2, dtype=t.bool, requires_grad=True),
    "unknown device": lambda t: t.tensor([1.0], device="foo"),
    "device without CUDA": lambda t: t.tensor([1.0], device="cuda"),
    "cuda() without CUDA": lambda t: t.tensor([1.0]).cuda(),
    "to('cuda') without CUDA": lambda t: t.tensor([1.0]).to("cuda"),
    "device index that is no number": lambda t: t.device("cpu:x"),
    "device with a negative index": lambda t: t.device("cpu", -2),
    "empty device string": lambda t: t.device(""),
    "zeros of a negative size": lambda t: t.zeros(-1),
    "zeros of a fraction": lambda t: t.zeros(1.5),
    "arange without an end": lambda t: t.arange(),
    "arange of step zero": lambda t: t.arange(0, 5, 0),
    "arange in the wrong direction": lambda t: t.arange(0, 5, -1),
    "linspace of negative steps": lambda t: t.linspace(0, 1, -3),
    "linspace of half a step": lambda t: t.linspace(0, 1, 1.5),
    "linspace from a text": lambda t: t.linspace("a", 1, 3),
    "linspace of steps by name": lambda t: t.linspace(t.tensor(0.0), 1, steps="a", dtype=t.float32),
    "linspace without steps": lambda t: t.linspace(0, 1),
    "logspace of half a step": lambda t: t.logspace(0, 1, 1.5),
    "hsplit by a text": lambda t: t.hsplit(t.ones(4, 4), "a"),
    "vsplit by half": lambda t: t.vsplit(t.ones(4, 4), 0.5),
    "eye of a negative size": lambda t: t.eye(-1),
    "randint of an empty range": lambda t: t.randint(5, 5, (2,)),
    "randint above its dtype": lambda t: t.randint(0, 1000, (2,), dtype=t.uint8),
    "randperm of a negative number": lambda t: t.randperm(-1),
    "rand of integers": lambda t: t.rand(2, dtype=t.int64),
    "randn of integers": lambda t: t.randn(2, dtype=t.int64),
    "normal of a negative deviation": lambda t: t.normal(0.0, -1.0, (2,)),
    "bernoulli above one": lambda t: t.bernoulli(t.tensor([2.0])),
    "from_numpy of a list": lambda t: t.from_numpy([1, 2]),
    "from_numpy of strings": lambda t: t.from_numpy(np.array(["a"])),
    "from_numpy of objects": lambda t: t.from_numpy(np.array([None])),
    "from_numpy of a reversed array": lambda t: t.from_numpy(np.arange(3)[::-1]),
    "as_tensor of strings": lambda t: t.as_tensor(["a"]),
    "one_hot of floats": lambda t: t.nn.functional.one_hot(t.tensor([1.0])),
    "one_hot of negatives": lambda t: t.nn.functional.one_hot(t.tensor([-1])),
    "one_hot of too few classes": lambda t: t.nn.functional.one_hot(t.tensor([3]), 2),
    # Numbers out of tensors
    "item of many": lambda t: t.ones(2).item(),
    "item of none": lambda t: t.ones(0).item(),
    "float of many": lambda t: float(t.ones(2)),
    "int of many": lambda t: int(t.ones(2)),
    "bool of many": lambda t: bool(t.ones(2)),
    "bool of none": lambda t: bool(t.ones(0)),
    "numpy of what requires grad": lambda t: t.ones(2, requires_grad=True).numpy(),
    "array of what requires grad": lambda t: np.asarray(t.ones(2, requires_grad=True)),
    "len of a number": lambda t: len(t.tensor(1.0)),
    "iteration over a number": lambda t: list(t.tensor(1.0)),
    "index of a float tensor": lambda t: [1, 2][t.tensor(1.0)],
    "float of a complex": lambda t: float(t.tensor(1j)),
    "unknown attribute": lambda t: t.ones(2).no_such_attribute,
    "contains of a string": lambda t: "a" in t.ones(2),
    # Elementwise
    "add of other shapes": lambda t: t.ones(2) + t.ones(3),
    "mul of other shapes": lambda t: t.ones(2, 3) * t.ones(3, 2),
    "comparison of other shapes": lambda t: t.ones(2) < t.ones(3),
    "where of other shapes": lambda t: t.where(t.ones(2) > 0, t.ones(3), t.ones(3)),
    "where without a boolean": lambda t: t.where(t.ones(2), t.ones(2), t.ones(2)),
    "add of a string": lambda t: t.ones(2) + "a",
    "mul of None": lambda t: t.ones(2) * None,
    "sub of booleans": lambda t: t.tensor([True]) - t.tensor([True]),
    "negation of booleans": lambda t: -t.tensor([True]),
    "alpha of a float for integers": lambda t: t.add(t.tensor([1]), t.tensor([1]), alpha=1.5),
    "integer to a negative power": lambda t: t.tensor([2]) ** -1,
    "bitwise and of floats": lambda t: t.ones(2) & t.ones(2),
    "invert of floats": lambda t: ~t.ones(2),
    "division of integers by zero": lambda t: t.tensor([1]) // t.tensor([0]),
    "remainder of integers by zero": lambda t: t.tensor([1]) % 0,
    "clamp without limits": lambda t: t.ones(2).clamp(),
    "ordering of complex numbers": lambda t: t.tensor([1j]) < t.tensor([2j]),
    "maximum of complex numbers": lambda t: t.maximum(t.tensor([1j]), t.tensor([2j])),
    "sin of a number": lambda t: t.sin(1.0),
    "sin of nothing": lambda t: t.sin(),
    "exp of a list": lambda t: t.exp([1.0]),
    "unknown keyword": lambda t: t.sin(t.ones(2), axis=0),
    # In place
    "in-place result of another shape": lambda t: t.ones(2).add_(t.ones(3, 2)),
    "in-place float on integers": lambda t: t.tensor([1]).add_(1.5),
    "in-place division of integers": lambda t: t.tensor([1]).div_(2),
    "in-place on a leaf": lambda t: t.ones(2, requires_grad=True).add_(1),
    "in-place on a view of a leaf": lambda t: t.ones(2, requires_grad=True)[0].mul_(2),
    "assignment to a leaf's element": lambda t: t.ones(2, requires_grad=True).__setitem__(0, 5.0),
    "in-place on an expanded tensor": lambda t: t.ones(1).expand(3).add_(1),
    "in-place on one of several views": lambda t: (t.ones(2, requires_grad=True) * 1).unbind()[0].mul_(2),
    "copy of another shape": lambda t: t.ones(2).copy_(t.ones(3)),
    "out of the wrong dtype": lambda t: t.add(t.ones(2), t.ones(2), out=t.zeros(2, dtype=t.int64)),
    "out that requires grad": lambda t: t.add(t.ones(2), t.ones(2), out=t.zeros(2, requires_grad=True)),
    "out that is no tensor": lambda t: t.sin(t.ones(2), out=[0]),
    # Matrix products
    "mm of other inner sizes": lambda t: t.mm(t.ones(2, 3), t.ones(2, 3)),
    "mm of vectors": lambda t: t.mm(t.ones(3), t.ones(3)),
    "matmul of other inner sizes": lambda t: t.ones(2, 3) @ t.ones(2, 3),
    "matmul of a number": lambda t: t.matmul(t.tensor(1.0), t.ones(2)),
    "matmul of other dtypes": lambda t: t.ones(2, 2) @ t.ones(2, 2, dtype=t.float64),
    "matmul of vectors of other lengths": lambda t: t.ones(2) @ t.ones(3),
    "matmul of other batches": lambda t: t.ones(2, 3, 4) @ t.ones(5, 4, 3),
    "dot of other lengths": lambda t: t.dot(t.ones(2), t.ones(3)),
    "dot of matrices": lambda t: t.dot(t.ones(2, 2), t.ones(2, 2)),
    "dot of other dtypes": lambda t: t.dot(t.ones(2), t.ones(2, dtype=t.int64)),
    "mv of other sizes": lambda t: t.mv(t.ones(2, 3), t.ones(2)),
    "bmm of matrices": lambda t: t.bmm(t.ones(2, 2), t.ones(2, 2)),
    "bmm of other batches": lambda t: t.bmm(t.ones(2, 3, 4), t.ones(3, 4, 5)),
    "outer of matrices": lambda t: t.outer(t.ones(2, 2), t.ones(2)),
    "t of three dimensions": lambda t: t.ones(2, 2, 2).t(),
    "einsum of other sizes": lambda t: t.einsum("ij,jk->ik", t.ones(2, 3), t.ones(4, 5)),
    "einsum of too few operands": lambda t: t.einsum("ij,jk->ik", t.ones(2, 3)),
    "einsum of too many operands": lambda t: t.einsum("ij->ij", t.ones(2, 3), t.ones(2, 3)),
    "einsum of too many letters": lambda t: t.einsum("ijk->i", t.ones(2, 3)),
    "einsum with an unknown output": lambda t: t.einsum("ij->k", t.ones(2, 3)),
    "einsum with a repeated output": lambda t: t.einsum("ij->ii", t.ones(2, 3)),
    "einsum with a bad letter": lambda t: t.einsum("i1->i", t.ones(2, 3)),
    "linear of other sizes": lambda t: t.nn.functional.linear(t.ones(2, 3), t.ones(4, 5)),
    # Reductions and dimensions
    "sum over a missing dimension": lambda t: t.ones(2, 3).sum(2),
    "sum over a dimension twice": lambda t: t.ones(2, 3).sum((0, 0)),
    "mean of integers": lambda t: t.tensor([1, 2]).mean(),
    "mean over a missing dimension": lambda t: t.ones(2).mean(-2),
    "max of nothing": lambda t: t.ones(0).max(),
    "argmax of nothing": lambda t: t.ones(0).argmax(),
    "max over an empty dimension": lambda t: t.ones(2, 0).max(1),
    "softmax over a missing dimension": lambda t: t.softmax(t.ones(2), 1),
    "softmax of integers": lambda t: t.softmax(t.tensor([1, 2]), 0),
    "cumsum over a missing dimension": lambda t: t.ones(2).cumsum(3),
    "std of integers": lambda t: t.tensor([1, 2]).std(),
    "topk of too many": lambda t: t.ones(3).topk(4),
    "sort over a missing dimension": lambda t: t.ones(3).sort(1),
    "dimension as a string": lambda t: t.sum(t.ones(3), "a"),
    "logsumexp over a missing dimension": lambda t: t.logsumexp(t.ones(2), 2),
    "prod over a missing dimension": lambda t: t.ones(2).prod(2),
    # Shapes
    "view of another size": lambda t: t.ones(2, 3).view(4),
    "view of what is not contiguous": lambda t: t.ones(2, 3).t().view(6),
    "view with two unknown sizes": lambda t: t.ones(2, 3).view(-1, -1),
    "view that does not divide": lambda t: t.ones(2, 3).view(4, -1),
    "view as a wider dtype": lambda t: t.ones(3).view(t.float64),
    "view of a number as another dtype": lambda t: t.tensor(1.0).view(t.float64),
    "reshape to another size": lambda t: t.ones(2, 3).reshape(4),
    "reshape with a size below -1": lambda t: t.ones(2, 3).reshape(-2, 3),
    "reshape of nothing with -1": lambda t: t.ones(0).reshape(0, -1),
    "expand to another size": lambda t: t.ones(2, 3).expand(4, 3),
    "expand to fewer dimensions": lambda t: t.ones(2, 3).expand(3),
    "expand of a new dimension by -1": lambda t: t.ones(3).expand(-1, 3),
    "squeeze of a missing dimension": lambda t: t.ones(2).squeeze(1),
    "unsqueeze of a missing dimension": lambda t: t.ones(2).unsqueeze(3),
    "transpose of a missing dimension": lambda t: t.ones(2).transpose(0, 1),
    "permute of too few dimensions": lambda t: t.ones(2, 3).permute(0),
    "permute of a dimension twice": lambda t: t.ones(2, 3).permute(0, 0),
    "flatten in the wrong direction": lambda t: t.ones(2, 3, 4).flatten(2, 1),
    "repeat of too few dimensions": lambda t: t.ones(2, 3).repeat(2),
    "cat of other sizes": lambda t: t.cat([t.ones(2, 3), t.ones(2, 4)]),
    "cat of other numbers of dimensions": lambda t: t.cat([t.ones(2, 3), t.ones(2)]),
    "cat of nothing": lambda t: t.cat([]),
    "cat over a missing dimension": lambda t: t.cat([t.ones(2), t.ones(2)], 1),
    "cat of numbers": lambda t: t.cat([t.tensor(1.0), t.tensor(2.0)]),
    "cat of a list of floats": lambda t: t.cat([1.0, 2.0]),
    "stack of other sizes": lambda t: t.stack([t.ones(2), t.ones(3)]),
    "stack of nothing": lambda t: t.stack([]),
    "split by the wrong sizes": lambda t: t.ones(5).split([2, 2]),
    "split by a negative size": lambda t: t.ones(5).split(-1),
    "chunk into none": lambda t: t.ones(5).chunk(0),
    "narrow beyond the end": lambda t: t.ones(5).narrow(0, 3, 3),
    "unbind of a number": lambda t: t.tensor(1.0).unbind(),
    "flip of a missing dimension": lambda t: t.ones(2).flip(1),
    "tril of a vector": lambda t: t.ones(2).tril(),
    "as_strided beyond the storage": lambda t: t.ones(3).as_strided((4,), (1,)),
    # Indexing
    "index beyond the end": lambda t: t.ones(2)[2],
    "index before the start": lambda t: t.ones(2)[-3],
    "too many indices": lambda t: t.ones(2)[0, 0],
    "index of a number": lambda t: t.tensor(1.0)[0],
    "index by a float": lambda t: t.ones(2)[1.0],
    "index by a float tensor": lambda t: t.ones(2)[t.tensor([1.0])],
    "index by a string": lambda t: t.ones(2)["a"],
    "index tensor beyond the end": lambda t: t.ones(2)[t.tensor([2])],
    "mask of another shape": lambda t: t.ones(2)[t.tensor([True, False, True])],
    "index tensors of other shapes": lambda t: t.ones(3, 3)[t.tensor([0, 1]), t.tensor([0, 1, 2])],
    "slice of a negative step": lambda t: t.ones(3)[::-1],
    "slice of step zero": lambda t: t.ones(3)[::0],
    "assignment of another shape": lambda t: t.ones(3).__setitem__(slice(0, 2), t.ones(3)),
    "assignment of a string": lambda t: t.ones(3).__setitem__(0, "a"),
    "gather with a float index": lambda t: t.gather(t.ones(2, 2), 0, t.zeros(1, 2)),
    "gather with too few dimensions": lambda t: t.gather(t.ones(2, 2), 0, t.tensor([0])),
    "gather beyond the end": lambda t: t.gather(t.ones(2, 2), 0, t.tensor([[2, 0]])),
    "gather of too large an index": lambda t: t.gather(t.ones(2, 2), 0, t.zeros(1, 3, dtype=t.int64)),
    "scatter of another dtype": lambda t: t.zeros(3).scatter(0, t.tensor([0]), t.ones(1, dtype=t.float64)),
    "scatter beyond the end": lambda t: t.zeros(3).scatter(0, t.tensor([3]), t.ones(1)),
    "index_select with a matrix": lambda t: t.ones(3).index_select(0, t.tensor([[0]])),
    "index_select with a float": lambda t: t.ones(3).index_select(0, t.tensor([0.0])),
    "index_select beyond the end": lambda t: t.ones(3).index_select(0, t.tensor([3])),
    "masked_fill without a mask": lambda t: t.ones(2).masked_fill(t.tensor([1, 0]), 0.0),
    "masked_fill of many values": lambda t: t.ones(2).masked_fill(t.tensor([True, False]), t.ones(2)),
    "masked_fill of another shape": lambda t: t.ones(2).masked_fill(t.tensor([True, False, True]), 0.0),
    "take beyond the end": lambda t: t.take(t.ones(2), t.tensor([5])),
    # Types
    "to an unknown name": lambda t: t.ones(2).to("float"),
    "type of an unknown name": lambda t: t.ones(2).type("torch.NoTensor"),
    "finfo of integers": lambda t: t.finfo(t.int64),
    "iinfo of floats": lambda t: t.iinfo(t.float32),
    "default dtype of integers": lambda t: t.set_default_dtype(t.int64),
    "equal of other types": lambda t: t.equal(t.ones(2), 1.0),
    "allclose of other dtypes": lambda t: t.allclose(t.ones(2), t.ones(2, dtype=t.float64)),
    "promote of names": lambda t: t.promote_types("float32", t.float64),
    # Flags and gradients
    "requires_grad of a result": lambda t: setattr(t.ones(2, requires_grad=True) * 2, "requires_grad", False),
    "requires_grad_ of a result": lambda t: (t.ones(2, requires_grad=True) * 2).requires_grad_(False),
    "requires_grad_ of integers": lambda t: t.tensor([1]).requires_grad_(),
    "requires_grad of integers": lambda t: setattr(t.tensor([1]), "requires_grad", True),
    "requires_grad set to a string": lambda t: setattr(t.ones(2), "requires_grad", "yes"),
    "grad of another shape": lambda t: setattr(t.ones(2, requires_grad=True), "grad", t.ones(3)),
    "grad of another dtype": lambda t: setattr(t.ones(2, requires_grad=True), "grad", t.ones(2, dtype=t.float64)),
    "grad that is a number": lambda t: setattr(t.ones(2, requires_grad=True), "grad", 1.0),
    "grad that is the tensor itself": lambda t: (lambda x: setattr(x, "grad", x))(t.ones(2, requires_grad=True)),
    "retain_grad of a constant": lambda t: t.ones(2).retain_grad(),
    "hook on a constant": lambda t: t.ones(2).register_hook(print),
    "post-accumulate hook on a result": lambda t: (
        t.ones(2, requires_grad=True) * 2
    ).register_post_accumulate_grad_hook(print),
    "detach_ of a view": lambda t: (t.ones(2, requires_grad=True) * 2)[0].detach_(),
    "deepcopy of a result": lambda t: __import__("copy").deepcopy(t.ones(2, requires_grad=True) * 2),
    "data of a number": lambda t: setattr(t.ones(2), "data", 1.0),
    # Backward
    "backward of many": lambda t: t.ones(2, requires_grad=True).backward(),
    "backward of a result of many": lambda t: (t.ones(2, requires_grad=True) * 2).backward(),
    "backward of a constant": lambda t: t.tensor(1.0).backward(),
    "backward twice": lambda t: backward_twice(t),
    "gradient of another shape": lambda t: (t.ones(2, requires_grad=True) * 2).backward(t.ones(3)),
    "gradient that is a number": lambda t: (t.ones(2, requires_grad=True) * 2).backward(1.0),
    "gradients for too few": lambda t: t.autograd.backward([leaf(t) * 2, leaf(t) * 3], [t.ones(2)]),
    "backward of complex numbers": lambda t: t.tensor(1j, requires_grad=True).backward(),
    "backward with no inputs": lambda t: leaf(t).sum().backward(inputs=[]),
    "backward to a constant": lambda t: leaf(t).sum().backward(inputs=[t.ones(2)]),
    "grad of a constant": lambda t: t.autograd.grad(t.tensor(1.0), t.tensor(1.0, requires_grad=True)),
    "grad to a constant": lambda t: t.autograd.grad(leaf(t).sum(), t.ones(2)),
    "grad to what was not used": lambda t: t.autograd.grad(leaf(t).sum(), leaf(t)),
    "grad of many": lambda t: (lambda x: t.autograd.grad(x * 2, x))(leaf(t)),
    "grad with materialised and unused refused": lambda t: (
        lambda x: t.autograd.grad(x.sum(), x, allow_unused=False, materialize_grads=True)
    )(leaf(t)),
    "grad with outputs of another shape": lambda t: (lambda x: t.autograd.grad(x * 2, x, t.ones(3)))(leaf(t)),
    "changed after it was saved": lambda t: changed_after_saving(t),
    "a leaf's view changed after it was saved": lambda t: changed_leaf(t),
    "grad of argmax": lambda t: leaf(t).argmax().backward(),
    "inference tensor that requires grad": lambda t: inference_requires_grad(t),
    "inference tensor saved": lambda t: inference_saved(t),
    "inference tensor changed outside": lambda t: inference_changed(t),
    "set_grad_enabled of a number": lambda t: t.set_grad_enabled(1),
    # Custom functions
    "function without forward": lambda t: type("Bare", (t.autograd.Function,), {}).apply(leaf(t)),
    "function without backward": lambda t: function(t, backward=None).apply(leaf(t)).sum().backward(),
    "function called": lambda t: function(t)()(leaf(t)),
    "backward of too many gradients": lambda t: (
        function(t, backward=lambda ctx, g: (g, g)).apply(leaf(t)).sum().backward()
    ),
    "backward of too few gradients": lambda t: (
        function(t, forward=lambda ctx, a, b: a + b, backward=lambda ctx, g: g).apply(leaf(t), leaf(t)).sum().backward()
    ),
    "backward of another shape": lambda t: (
        function(t, backward=lambda ctx, g: t.ones(5)).apply(leaf(t)).sum().backward()
    ),
    "backward that gives a number": lambda t: function(t, backward=lambda ctx, g: 1.0).apply(leaf(t)).sum().backward(),
    "save_for_backward of a number": lambda t: function(
        t, forward=lambda ctx, x: (ctx.save_for_backward(1.0), x * 2)[1]
    ).apply(leaf(t)),
    "mark_dirty of a leaf": lambda t: function(t, forward=lambda ctx, x: (ctx.mark_dirty(x), x)[1]).apply(leaf(t)),
    "saved tensors after they were freed": lambda t: freed_by_function(t),
    "once differentiable, differentiated twice": lambda t: once_differentiable_twice(t),
    "missing argument of forward": lambda t: function(t).apply(),
    # gradcheck
    "gradcheck of a wrong derivative": lambda t: t.autograd.gradcheck(
        function(t, backward=lambda ctx, g: g * 3).apply, (leaf(t).double().detach().requires_grad_(),)
    ),
    "gradcheck without a variable": lambda t: t.autograd.gradcheck(t.sin, (t.ones(2, dtype=t.float64),)),
    "gradcheck of stride zero": lambda t: t.autograd.gradcheck(
        t.sin, (t.ones(1, dtype=t.float64).expand(3).requires_grad_(),)
    ),
    # Functions of layers
    "cross_entropy of other batches": lambda t: t.nn.functional.cross_entropy(t.ones(2, 3), t.tensor([0])),
    "cross_entropy of a class too many": lambda t: t.nn.functional.cross_entropy(t.ones(1, 3), t.tensor([3])),
    "cross_entropy of float classes": lambda t: t.nn.functional.cross_entropy(t.ones(2, 3), t.ones(2)),
    "cross_entropy of int32 classes": lambda t: t.nn.functional.cross_entropy(
        t.ones(1, 3), t.tensor([0], dtype=t.int32)
    ),
    "cross_entropy of another reduction": lambda t: t.nn.functional.cross_entropy(
        t.ones(1, 3), t.tensor([0]), reduction="total"
    ),
    "nll_loss of other batches": lambda t: t.nn.functional.nll_loss(t.ones(2, 3), t.tensor([0])),
    "mse_loss of another reduction": lambda t: t.nn.functional.mse_loss(t.ones(2), t.ones(2), reduction="total"),
    "dropout of too large a probability": lambda t: t.nn.functional.dropout(t.ones(2), 1.5),
    "Dropout of a negative probability": lambda t: t.nn.Dropout(-0.1),
    "conv2d of other channels": lambda t: t.nn.functional.conv2d(t.ones(1, 3, 5, 5), t.ones(2, 4, 3, 3)),
    "conv2d of a matrix": lambda t: t.nn.functional.conv2d(t.ones(5, 5), t.ones(2, 1, 3, 3)),
    "conv2d of too large a kernel": lambda t: t.nn.functional.conv2d(t.ones(1, 1, 2, 2), t.ones(1, 1, 3, 3)),
    "conv2d of another bias": lambda t: t.nn.functional.conv2d(t.ones(1, 1, 5, 5), t.ones(2, 1, 3, 3), bias=t.ones(3)),
    "conv2d of stride zero": lambda t: t.nn.functional.conv2d(t.ones(1, 1, 5, 5), t.ones(2, 1, 3, 3), stride=0),
    "conv2d of negative padding": lambda t: t.nn.functional.conv2d(t.ones(1, 1, 5, 5), t.ones(2, 1, 3, 3), padding=-1),
    "conv2d of other dtypes": lambda t: t.nn.functional.conv2d(t.ones(1, 1, 5, 5), t.ones(2, 1, 3, 3, dtype=t.float64)),
    "Conv2d of groups that do not divide": lambda t: t.nn.Conv2d(3, 4, 3, groups=2),
    "Conv2d of another padding mode": lambda t: t.nn.Conv2d(3, 4, 3, padding_mode="mirror"),
    "Conv2d of a padding by name": lambda t: t.nn.Conv2d(3, 4, 3, padding="equal"),
    "Conv2d of the same size with a stride": lambda t: t.nn.Conv2d(3, 4, 3, padding="same", stride=2),
    "Linear of another width": lambda t: t.nn.Linear(3, 4)(t.ones(2, 5)),
    "Linear of integers": lambda t: t.nn.Linear(3, 4)(t.ones(2, 3, dtype=t.int64)),
    "Linear of doubles": lambda t: t.nn.Linear(3, 4)(t.ones(2, 3, dtype=t.float64)),
    "Linear without sizes": lambda t: t.nn.Linear(),
    "BatchNorm2d of a matrix": lambda t: t.nn.BatchNorm2d(3)(t.ones(2, 3)),
    "BatchNorm2d of other channels": lambda t: t.nn.BatchNorm2d(3)(t.ones(2, 4, 2, 2)),
    "batch_norm of one value a channel": lambda t: t.nn.BatchNorm2d(3)(t.ones(1, 3, 1, 1)),
    "max_pool2d of too large a window": lambda t: t.nn.functional.max_pool2d(t.ones(1, 1, 2, 2), 3),
    "max_pool2d of too large a padding": lambda t: t.nn.functional.max_pool2d(t.ones(1, 1, 4, 4), 2, padding=2),
    "max_pool2d of a vector": lambda t: t.nn.functional.max_pool2d(t.ones(4), 2),
    "relu of a list": lambda t: t.nn.functional.relu([1.0]),
    "functional softmax over a missing dimension": lambda t: t.nn.functional.softmax(t.ones(2), dim=3),
    "Flatten in the wrong direction": lambda t: t.nn.Flatten(2, 1)(t.ones(2, 3, 4)),
    # Modules
    "forward that is missing": lambda t: t.nn.Module()(1),
    "parameter before the constructor": lambda t: early(t, lambda m: setattr(m, "w", t.nn.Parameter(t.ones(1)))),
    "module before the constructor": lambda t: early(t, lambda m: setattr(m, "l", t.nn.Linear(1, 1))),
    "unknown attribute of a module": lambda t: t.nn.Linear(1, 1).no_such_attribute,
    "a tensor in a parameter's place": lambda t: setattr(t.nn.Linear(1, 1), "weight", t.ones(1, 1)),
    "register_parameter of a tensor": lambda t: t.nn.Module().register_parameter("w", t.ones(1)),
    "register_parameter with a dot": lambda t: t.nn.Module().register_parameter("a.b", None),
    "register_parameter without a name": lambda t: t.nn.Module().register_parameter("", None),
    "register_buffer of a number": lambda t: t.nn.Module().register_buffer("b", 1.0),
    "register_buffer of a name in use": lambda t: t.nn.Linear(1, 1).register_buffer("in_features", t.ones(1)),
    "add_module of a number": lambda t: t.nn.Module().add_module("m", 1),
    "Sequential of a number": lambda t: t.nn.Sequential(1),
    "Sequential beyond the end": lambda t: t.nn.Sequential(t.nn.ReLU())[1],
    "train of a string": lambda t: t.nn.Linear(1, 1).train("yes"),
    "to of integers": lambda t: t.nn.Linear(1, 1).to(t.int64),
    "get_submodule that is missing": lambda t: t.nn.Linear(1, 1).get_submodule("a"),
    "get_parameter that is missing": lambda t: t.nn.Linear(1, 1).get_parameter("a"),
    "load_state_dict of missing keys": lambda t: t.nn.Linear(1, 1).load_state_dict({"weight": t.ones(1, 1)}),
    "load_state_dict of unexpected keys": lambda t: t.nn.Linear(1, 1).load_state_dict(
        {"weight": t.ones(1, 1), "bias": t.ones(1), "other": t.ones(1)}
    ),
    "load_state_dict of other shapes": lambda t: t.nn.Linear(2, 3).load_state_dict(t.nn.Linear(3, 2).state_dict()),
    "load_state_dict of a list": lambda t: t.nn.Linear(1, 1).load_state_dict([1]),
    "load_state_dict of a number": lambda t: t.nn.Linear(1, 1).load_state_dict({"weight": 1, "bias": t.ones(1)}),
    "init of a vector by fans": lambda t: t.nn.init.kaiming_uniform_(t.ones(3)),
    "init of an unknown nonlinearity": lambda t: t.nn.init.calculate_gain("step"),
    "init of an unknown mode": lambda t: t.nn.init.kaiming_normal_(t.ones(3, 3), mode="fan"),
    # Optimisers
    "SGD without parameters": lambda t: t.optim.SGD([], lr=0.1),
    "SGD of a tensor": lambda t: t.optim.SGD(t.ones(1, requires_grad=True), lr=0.1),
    "SGD of a number": lambda t: t.optim.SGD([1.0], lr=0.1),
    "SGD of a result": lambda t: t.optim.SGD([leaf(t) * 2], lr=0.1),
    "SGD of a negative rate": lambda t: t.optim.SGD([leaf(t)], lr=-0.1),
    "SGD of a negative momentum": lambda t: t.optim.SGD([leaf(t)], lr=0.1, momentum=-0.1),
    "SGD of a negative decay": lambda t: t.optim.SGD([leaf(t)], lr=0.1, weight_decay=-0.1),
    "SGD of Nesterov without momentum": lambda t: t.optim.SGD([leaf(t)], lr=0.1, nesterov=True),
    "SGD of a parameter twice in groups": lambda t: (lambda p: t.optim.SGD([{"params": [p]}, {"params": [p]}], lr=0.1))(
        leaf(t)
    ),
    "Adam of a negative rate": lambda t: t.optim.Adam([leaf(t)], lr=-0.1),
    "Adam of a negative epsilon": lambda t: t.optim.Adam([leaf(t)], eps=-1.0),
    "Adam of a beta of one": lambda t: t.optim.Adam([leaf(t)], betas=(1.0, 0.999)),
    "Adam of a second beta of one": lambda t: t.optim.Adam([leaf(t)], betas=(0.9, 1.0)),
    "Adam of a negative decay": lambda t: t.optim.Adam([leaf(t)], weight_decay=-1.0),
    "optimizer state of other groups": lambda t: t.optim.SGD([leaf(t)], lr=0.1).load_state_dict(
        t.optim.SGD([leaf(t), leaf(t)], lr=0.1).state_dict()
    ),
    # Random numbers and files
    "manual_seed of a string": lambda t: t.manual_seed("a"),
    "generator of an unknown device": lambda t: t.Generator("foo"),
    "rng state of another size": lambda t: t.set_rng_state(t.zeros(3, dtype=t.uint8)),
    "rng state of floats": lambda t: t.set_rng_state(t.zeros(3)),
    "load of a missing file": lambda t: t.load("/no/such/file.pt"),
}


def outcome(call, module):
    """Return (type, message) of what the call raises."""
    try:
        result = call(module)
    except Exception as error:
        return type(error).__name__, normalised(str(error))
    return "nothing raised", repr(result)


def normalised(message):
    """Remove the two things that are no part of what a message says.

    The C++ signatures that PyTorch's argument parser lists, and the order in which a set of strings was printed.
    """
    message = re.sub(r"but expected one of:\n.*", "but expected one of:", message, flags=re.DOTALL)
    return re.sub(r"\{('[^{}]*')\}", lambda found: "{" + ", ".join(sorted(found[1].split(", "))) + "}", message)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", CASES)
def test_bad_input(name):
    expected = outcome(CASES[name], torch)
    assert expected[0] != "nothing raised", "PyTorch accepts this call: it does not belong into the table"
    assert outcome(CASES[name], rushlight) == expected
