"""Layers computed in one pass: results, gradients and graphs are those of the layers called one by one."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels.fast import laid_out, needs_numba

import rushlight
from rushlight import nn
from rushlight.kernels import normalization
from rushlight.ops import fused
from rushlight.vision.models.resnet import BasicBlock, Bottleneck

NORM = {2: "BatchNorm1d", 3: "BatchNorm1d", 4: "BatchNorm2d", 5: "BatchNorm3d"}
SHAPES = [(6, 5), (300, 70), (4, 3, 9), (2, 3, 4, 5), (3, 20, 31, 33), (2, 3, 2, 3, 4)]


def one_by_one(model: Any, x: Any) -> Any:
    for module in model:
        x = module(x)
    return x


def same(ours: Any, expected: Any) -> None:
    """Bit for bit, but for which NaN a NaN is."""
    assert ours.shape == expected.shape
    assert ours.stride() == expected.stride()
    a, b = ours.detach().numpy(), expected.detach().numpy()
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(np.signbit(a) & ~np.isnan(a), np.signbit(b) & ~np.isnan(b))


def names(node: Any) -> Any:
    return node.name(), [None if n is None else (names(n), i) for n, i in node.next_functions]


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with each batch norm and relu that are computed in one pass."""
    found: list[int] = []
    original = fused.batch_norm_relu
    monkeypatch.setattr(fused, "batch_norm_relu", lambda *args: (found.append(1), original(*args))[1])
    return found


@needs_numba
@settings(max_examples=60)
@given(st.data())
def test_results_gradients_and_statistics_are_those_of_one_by_one(data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from(SHAPES))
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    layout = data.draw(st.sampled_from(["contiguous", "channels_last", "strided"]))
    options = {
        "momentum": data.draw(st.sampled_from([0.1, 0.3, None])),
        "affine": data.draw(st.booleans()),
        "track_running_stats": data.draw(st.booleans()),
        "dtype": rushlight.from_numpy(np.zeros(1, dtype)).dtype,
    }
    inplace, training, needs = data.draw(st.booleans()), data.draw(st.booleans()), data.draw(st.booleans())
    compiled = data.draw(st.booleans())
    special = data.draw(st.lists(st.sampled_from([np.nan, np.inf, -np.inf, -0.0]), max_size=3))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    array, g = (rng.standard_normal(shape).astype(dtype) for _ in range(2))
    array.flat[rng.choice(array.size, len(special), replace=False)] = special
    g.flat[0] = rng.choice([np.nan, np.inf, 1])
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUSHLIGHT_FAST", "wait" if compiled else "0")
        patch.setattr(normalization, "SMALLEST", 0 if compiled else 1 << 40)
        patch.setattr(normalization, "SMALLEST_ROWS", 0)
        for call in (one_by_one, rushlight.nn.Sequential.forward):
            rushlight.manual_seed(0)
            model = nn.Sequential(getattr(nn, NORM[len(shape)])(shape[1], **options), nn.ReLU(inplace))
            for p in model.parameters():
                with rushlight.no_grad():
                    p.uniform_(-1, 1)
            model.train(training)
            x = rushlight.from_numpy(laid_out(array, layout)).requires_grad_(needs)
            y = call(model, x)
            again = call(model, x)
            made = [y, again, *model.buffers(), *(t.detach() for t in model.parameters())]
            made += [rushlight.tensor(t._version) for t in (y, again, *model.buffers())]
            wanted = [t for t in (x, *model.parameters()) if t.requires_grad]
            if wanted:
                first = rushlight.autograd.grad(y, wanted, rushlight.from_numpy(g), create_graph=True)
                made += first
                back = rushlight.linspace(-1, 2, first[0].numel(), dtype=y.dtype).reshape(first[0].shape)
                made += rushlight.autograd.grad(first[0], wanted, back, allow_unused=True)
                again.backward(rushlight.from_numpy(g))
                made += [t.grad for t in wanted]
                found.append((made, names(y.grad_fn)))
            else:
                found.append((made, None))
            assert y.requires_grad == bool(wanted)
    for expected, ours in zip(found[0][0], found[1][0], strict=True):
        if expected is None:
            assert ours is None
        else:
            same(ours, expected)
    assert found[0][1] == found[1][1]


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("training", [False, True])
def test_the_graph_is_that_of_pytorch(inplace: bool, training: bool, passes: list[int]) -> None:
    array = np.random.default_rng(0).standard_normal((3, 4, 5, 6)).astype(np.float32)
    found = []
    for library in (torch, rushlight):
        model = library.nn.Sequential(library.nn.BatchNorm2d(4), library.nn.ReLU(inplace)).train(training)
        x = library.tensor(array, requires_grad=True)
        y = model(x)
        relu = y.grad_fn
        norm = relu.next_functions[0][0]
        saved = {n: getattr(norm, n) for n in dir(norm) if n.startswith("_saved_")}
        if not training:  # PyTorch saves empty tensors then, for statistics that nobody needs
            del saved["_saved_result1"], saved["_saved_result2"]
        tensors = [t for t in saved.values() if isinstance(t, library.Tensor)] + [relu._saved_result]
        versions = y._version, x._version, [b._version for b in model.buffers()]
        kinds = {n: getattr(v, "shape", v) for n, v in saved.items()}
        y.sum().backward()
        found.append(
            (names(relu), kinds, versions, [t.detach().numpy() for t in (*tensors, y, x.grad, model[0].weight.grad)])
        )
    assert passes
    assert repr(found[0][:3]) == repr(found[1][:3]).replace("rushlight", "torch")
    for theirs, ours in zip(found[0][3], found[1][3], strict=True):
        np.testing.assert_allclose(ours, theirs, 1e-5, 1e-5)


def test_nobody_else_sees_the_result_change(passes: list[int]) -> None:
    norm = nn.BatchNorm2d(4)
    x = rushlight.randn(2, 4, 5, 5, requires_grad=True)
    y = nn.Sequential(norm, nn.ReLU(True))(x)
    z = y * 1
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()
    assert passes == [1]


def test_a_hook_on_the_norms_node_is_given_the_masked_gradient(passes: list[int]) -> None:
    x = rushlight.randn(2, 4, 5, 5, requires_grad=True)
    y = nn.Sequential(nn.BatchNorm2d(4), nn.ReLU())(x)
    seen: list[Any] = []
    y.grad_fn.next_functions[0][0].register_prehook(lambda grads: seen.append(grads[0]))
    y.backward(rushlight.ones_like(y))
    assert passes
    np.testing.assert_array_equal(seen[0].numpy(), (y.detach().numpy() > 0).astype(np.float32))


def hooked(model: Any, calls: list[Any]) -> None:
    model[0].register_forward_hook(lambda module, args, result: calls.append(result.min().item() < 0))


def hooked_before(model: Any, calls: list[Any]) -> None:
    model[1].register_forward_pre_hook(lambda module, args: calls.append(args[0].min().item() < 0))


def hooked_backward(model: Any, calls: list[Any]) -> None:
    model[0].register_full_backward_hook(lambda module, into, out: calls.append(out[0].min().item() == 0))


def own_forward(model: Any, calls: list[Any]) -> None:
    original = model[1].forward
    model[1].forward = lambda x: (calls.append(x.min().item() < 0), original(x))[1]


def own_class(model: Any, calls: list[Any]) -> None:
    class Seen(nn.ReLU):
        def forward(self, input: Any) -> Any:
            calls.append(input.min().item() < 0)
            return super().forward(input)

    model[1] = Seen()


@pytest.mark.parametrize("look", [hooked, hooked_before, hooked_backward, own_forward, own_class])
def test_who_looks_at_the_layers_sees_both(look: Any, passes: list[int]) -> None:
    model, calls = nn.Sequential(nn.BatchNorm2d(4), nn.ReLU()), []
    look(model, calls)
    model(rushlight.randn(2, 4, 5, 5, requires_grad=True)).sum().backward()
    assert calls == [True]
    assert not passes


@pytest.mark.parametrize(
    ("owner", "name"),
    [(nn.functional, "relu"), (nn.functional, "batch_norm"), (nn.ReLU, "forward"), (nn.Module, "__call__")],
)
def test_replaced_functions_are_called(
    owner: Any, name: str, passes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    original, calls = getattr(owner, name), []

    def replaced(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, replaced)
    model = nn.Sequential(nn.BatchNorm2d(4), nn.ReLU())
    nn.Sequential.forward(model, rushlight.randn(2, 4, 5, 5))
    assert len(calls) == (2 if name == "__call__" else 1)
    assert not passes


def in_function_mode(model: Any, x: Any) -> Any:
    from rushlight.overrides import TorchFunctionMode

    class Count(TorchFunctionMode):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[str] = []

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            self.seen.append(func.__name__)
            return func(*args, **(kwargs or {}))

    with Count() as mode:
        model(x)
    return {"batch_norm", "relu"} <= set(mode.seen)


def in_dispatch_mode(model: Any, x: Any) -> Any:
    from rushlight.utils._python_dispatch import TorchDispatchMode

    class Count(TorchDispatchMode):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[str] = []

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            self.seen.append(str(func))
            return func(*args, **(kwargs or {}))

    with Count() as mode:
        model(x)
    return "aten.relu.default" in mode.seen


def in_profiler(model: Any, x: Any) -> Any:
    from rushlight.autograd.profiler import profile

    with profile() as found:
        model(x)
    return {"aten::native_batch_norm", "aten::relu"} <= {event.name for event in found.function_events}


def in_saving_hooks(model: Any, x: Any) -> Any:
    seen: list[Any] = []
    with rushlight.autograd.graph.saved_tensors_hooks(lambda t: seen.append(tuple(t.shape)) or t, lambda t: t):
        model(x)
    return len(seen) > 3


def in_forward_mode(model: Any, x: Any) -> Any:
    from rushlight.autograd import forward_ad

    model.eval()
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x.detach(), rushlight.ones_like(x))
        tangent = forward_ad.unpack_dual(model(dual)).tangent
        expected = forward_ad.unpack_dual(one_by_one(model, dual)).tangent
    return (tangent == expected).all().item() and tangent.any().item()


@pytest.mark.parametrize("look", [in_function_mode, in_dispatch_mode, in_profiler, in_saving_hooks, in_forward_mode])
def test_modes_that_look_at_operations_see_both(look: Any, passes: list[int]) -> None:
    model = nn.Sequential(nn.BatchNorm2d(4), nn.ReLU())
    assert look(model, rushlight.randn(2, 4, 5, 5, requires_grad=True))
    assert not passes


def test_other_modes_change_nothing(passes: list[int]) -> None:
    model, x = nn.Sequential(nn.BatchNorm2d(4), nn.ReLU(True)), rushlight.randn(2, 4, 5, 5)
    with rushlight.no_grad():
        y = model(x)
    assert passes == [1]
    assert not y.requires_grad
    assert y._version == 1
    with rushlight.inference_mode():
        assert model(x).is_inference()
    with rushlight.autocast("cpu"):
        model(x)
    with pytest.warns(UserWarning, match="Anomaly"), rushlight.autograd.detect_anomaly(check_nan=False):
        model(x)
    assert passes == [1]
    assert model[0].num_batches_tracked == 4


def test_a_derived_tensor_stays_one_and_others_go_on(passes: list[int]) -> None:
    class Named(rushlight.Tensor):
        pass

    x, model = rushlight.randn(2, 4, 5, 5), nn.Sequential(nn.BatchNorm2d(4), nn.ReLU())
    assert type(model(x.as_subclass(Named))) is Named
    assert not passes
    assert type(model(x)) is rushlight.Tensor
    assert passes == [1]
    model[0].running_mean = model[0].running_mean.as_subclass(Named)
    assert type(model(x)) is Named
    assert passes == [1]


def test_errors_are_those_of_the_norm() -> None:
    for library in (torch, rushlight):
        model = library.nn.Sequential(library.nn.BatchNorm1d(4), library.nn.ReLU())
        with pytest.raises(ValueError, match=r"expected 2D or 3D input \(got 4D input\)"):
            model(library.zeros(1, 4, 1, 1))
        with pytest.raises(ValueError, match="Expected more than 1 value per channel when training"):
            model(library.zeros(1, 4))
        with pytest.raises(RuntimeError, match="running_mean should contain 5 elements not 4"):
            model(library.zeros(2, 5))
        assert model[0].num_batches_tracked == 2


def test_two_norms_in_a_row_and_a_norm_at_the_end() -> None:
    model = nn.Sequential(nn.BatchNorm1d(3), nn.BatchNorm1d(3), nn.ReLU(), nn.BatchNorm1d(3)).double()
    x = rushlight.randn(5, 3, dtype=rushlight.float64)
    np.testing.assert_array_equal(model(x).detach().numpy(), one_by_one(model, x).detach().numpy())


def test_half_precision_and_empty_batches(passes: list[int]) -> None:
    x = rushlight.randn(4, 3, 5, 5).bfloat16()
    model = nn.Sequential(nn.BatchNorm2d(3), nn.ReLU())
    y, expected = model(x), one_by_one(model, x)
    assert y.dtype is rushlight.bfloat16
    assert (y == expected).all()
    assert model.eval()(rushlight.zeros(0, 3, 5, 5)).shape == (0, 3, 5, 5)
    assert not passes


# ---------------------------------------------------------------------------------------------- residual blocks
def blocks(one_pass: bool, training: bool, build: Any) -> tuple[Any, list[Any]]:
    """The names of the graph of two residual blocks, and all that they compute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUSHLIGHT_FAST", "wait")
        if not one_pass:
            patch.setattr(fused, "one_pass", lambda: False)
        rushlight.manual_seed(0)
        model = build().train(training)
        x = rushlight.randn(2, 64, 20, 20, requires_grad=True)
        with rushlight.no_grad():
            plain = model(x)
        y = model(x)
        (first,) = rushlight.autograd.grad(y, x, rushlight.ones_like(y), create_graph=True)
        (second,) = rushlight.autograd.grad(first, x, rushlight.ones_like(first), retain_graph=True)
        y.square().sum().backward()
    found = [plain, y, first, second, x.grad, *(p.grad for p in model.parameters()), *model.buffers()]
    return (names(y.grad_fn), plain._version, y._version), found


def two_basic() -> Any:
    narrow = nn.Sequential(nn.Conv2d(64, 32, 1, bias=False), nn.BatchNorm2d(32))
    return nn.Sequential(nn.Conv2d(64, 64, 1), BasicBlock(64, 64), BasicBlock(64, 32, downsample=narrow))


def two_bottlenecks() -> Any:
    return nn.Sequential(nn.Conv2d(64, 64, 1), Bottleneck(64, 16), Bottleneck(64, 16))


@needs_numba
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("build", [two_basic, two_bottlenecks])
def test_residual_blocks_are_those_of_one_by_one(build: Any, training: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[bool] = []
    original = fused.add_relu_
    monkeypatch.setattr(fused, "add_relu_", lambda *args: done.append(original(*args)) or done[-1])
    (graph, ours), (expected_graph, expected) = (blocks(one_pass, training, build) for one_pass in (True, False))
    assert done == [True] * 4
    assert graph == expected_graph
    assert graph[1:] == (2, 2)
    for a, b in zip(ours, expected, strict=True):
        same(a, b)


def test_sums_that_others_look_at_are_taken_as_they_are() -> None:
    big = rushlight.ones(3, 100, 100)
    assert not fused.add_relu_(big[0:], big.clone())
    assert not fused.add_relu_(big, big[:])
    assert not fused.add_relu_(big, big.double())
    assert not fused.add_relu_(big, big[:1])
    leaf = big.clone().requires_grad_()
    assert not fused.add_relu_(leaf, big)
    kept = leaf * 1
    kept.retain_grad()
    assert not fused.add_relu_(kept, big)
    assert (big == 1).all()
    assert big._version == kept._version == 0
