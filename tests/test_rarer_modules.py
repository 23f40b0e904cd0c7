"""Modules and names that programs import in passing: versions, types, CUDA where there is none, parts of datasets."""

import multiprocessing

import pytest
import torch
from beside import check, raised

import rushlight
import rushlight.cuda.amp
import rushlight.nn.grad
import rushlight.utils.data.distributed
import rushlight.utils.dlpack

OTHERS = [
    "2.3",
    "2.3.0",
    "2.3.1",
    "2.4",
    "2.3rc1",
    "2.3+cpu",
    "2.3.1+cpu",
    "10",
    "0.4",
    (2, 3),
    (2, 4),
    (1,),
    "abc",
    2.3,
]


@pytest.mark.parametrize("mine", ["2.3", "2.3.1+cpu", "2.10.0", "2.3rc1"])
def test_versions_are_compared(mine):
    def scenario(t):
        version = t.torch_version.TorchVersion(mine)
        seen = [str(version), type(t.__version__) is t.torch_version.TorchVersion]
        for other in OTHERS:
            seen += [version == other, version != other, raised(lambda o=other: version < o)]
            if not isinstance(other, float):
                seen += [version < other, version <= other, version > other, version >= other]
        return seen

    check(scenario)


def test_this_version():
    assert rushlight.__version__ >= "2.9"
    assert rushlight.__version__ >= (2, 0)
    assert rushlight.__version__ < "3"
    assert str(rushlight.__version__).startswith(str(torch.__version__).partition("+")[0])


def cuda_where_there_is_none(t):
    cuda = t.cuda
    seen = [raised(cuda.Event), raised(cuda.Stream), raised(cuda.mem_get_info), dict(cuda.memory_stats())]
    seen += [cuda.default_generators, cuda.OutOfMemoryError is t.OutOfMemoryError, cuda.set_rng_state(t.ones(1))]
    seen += [issubclass(t.OutOfMemoryError, RuntimeError), issubclass(t.AcceleratorError, RuntimeError)]
    with cuda.stream(None), cuda.device(-1), cuda.device_of(t.ones(2)):
        seen.append(raised(lambda: cuda.set_stream(None)) == "nothing raised" and "?")
    return seen[:-1]


def amp_where_there_is_none(t):
    with t.cuda.amp.autocast():
        found = [t.ones(2, 2) @ t.ones(2, 2)]
    with t.cuda.amp.autocast(enabled=False):
        found.append(t.ones(2, 2) @ t.ones(2, 2))
    scaler = t.cuda.amp.GradScaler()
    found += [scaler.is_enabled(), scaler.scale(t.ones(2)), t.cuda.amp.GradScaler(enabled=False).get_scale()]

    class Own(t.autograd.Function):
        @staticmethod
        @t.cuda.amp.custom_fwd
        def forward(ctx, x):
            return x * 2

        @staticmethod
        @t.cuda.amp.custom_bwd
        def backward(ctx, grad):
            return grad * 2

    x = t.ones(2, requires_grad=True)
    Own.apply(x).sum().backward()
    return [*found, x.grad, t.cuda.amp.__all__ and sorted(t.cuda.amp.__all__)]


def small_questions(t):
    x = t.ones(2)
    return [
        t.get_device(x), t.is_distributed(x), x.is_distributed(), t.is_vulkan_available(), raised(x.pin_memory),
        isinstance(3, t.SymInt), isinstance(3.0, (float, t.SymFloat)), t.has_lapack, t.has_spectral,
        t.compiler.is_compiling(), t.compiler.disable(len)([1]), t.compiler.disable()(len)([1]),
        t.jit.annotate(int, 3), tuple(t.jit.Attribute(3, int)), t.functional.einsum is t.einsum,
        sorted(t.functional.__all__), sorted(t.types.__all__), t.utils.dlpack.from_dlpack(x),
        t.utils.deterministic.fill_uninitialized_memory,
        str(t.return_types.max((t.ones(1), t.zeros(1)))), type(t.max(t.ones(2, 2), 0)) is t.return_types.max,
        type(t.linalg.eigh(t.eye(2))) is t.return_types.linalg_eigh, type(t.qr(t.eye(2))) is t.return_types.qr,
        type(t.sort(x)) is t.return_types.sort,
    ]  # fmt: skip


@pytest.mark.filterwarnings("ignore:torch.qr is deprecated")
@pytest.mark.parametrize("scenario", [cuda_where_there_is_none, amp_where_there_is_none, small_questions])
def test_names(scenario):
    check(scenario)


@pytest.mark.parametrize("options", [
    {}, {"shuffle": False}, {"drop_last": True}, {"shuffle": False, "drop_last": True}, {"seed": 3},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("size", [0, 2, 10, 12])
def test_parts_of_a_dataset(options, size):
    def scenario(t):
        seen = []
        for rank in range(3):
            sampler = t.utils.data.distributed.DistributedSampler(range(size), 3, rank, **options)
            seen += [len(sampler), list(sampler) if size else None]
            sampler.set_epoch(2)
            seen.append(list(sampler) if size else None)
        seen.append(raised(lambda: t.utils.data.DistributedSampler(range(size), 3, 3)))
        seen.append(raised(lambda: t.utils.data.DistributedSampler(range(size))))
        return seen

    check(scenario)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_gradients_of_convolutions_alone(dims):
    def scenario(t):
        x = t.arange(2 * 4 * 6**dims, dtype=t.float64).reshape(2, 4, *(6,) * dims) / 100
        w = t.arange(6 * 2 * 3**dims, dtype=t.float64).reshape(6, 2, *(3,) * dims) / 50 - 1
        x.requires_grad_()
        w.requires_grad_()
        how = {"stride": 2, "padding": 1, "dilation": 1, "groups": 2}
        y = getattr(t.nn.functional, f"conv{dims}d")(x, w, **how)
        by_input, by_weight = (getattr(t.nn.grad, f"conv{dims}d_{n}") for n in ("input", "weight"))
        with t.no_grad():
            g = t.cos(y)
        return by_input(x.shape, w, g, **how), by_weight(x, w.shape, g, **how), t.autograd.grad(y, (x, w), g)

    check(scenario, strides=False, rtol=1e-10)


def _change(shared, queue):
    shared.mul_(2)
    queue.put(True)


@pytest.mark.parametrize("viewed", [False, True])
def test_shared_memory_is_seen_by_forked_processes(viewed):
    x = rushlight.arange(6.0).reshape(2, 3)
    row = x[1] if viewed else None
    assert not x.is_shared()
    assert x.share_memory_() is x
    assert x.is_shared()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    process = context.Process(target=_change, args=(x, queue))
    process.start()
    assert queue.get(timeout=60)
    process.join()
    assert x.tolist() == [[0.0, 2.0, 4.0], [6.0, 8.0, 10.0]]
    if row is not None:
        row.add_(1)
        assert x[1].tolist() == row.tolist() == [7.0, 9.0, 11.0]
    model = rushlight.nn.Linear(2, 2).share_memory()
    assert all(p.is_shared() for p in model.parameters())
    assert not rushlight.nn.Linear(2, 2).weight.is_shared()
