"""How far float32 results are from those in float64, ours and PyTorch's: one row a kernel, and a whole network.

A kernel's row is that of its worst array, the result or one of the gradients.
"""

import math
from collections.abc import Iterator
from typing import Any

from bench import data
from bench.alternate import Session, distance, workers
from bench.libraries import OWN, PYTORCH, RUSHLIGHT, WITHOUT_FAST
from bench.measure import Result, result
from bench.networks import resnet
from bench.programs import Work

AT_MOST = 2.0
SEEDS = 5
NEGLIGIBLE = 1e-9  # an error that counts as none: a sixtieth of float32's rounding


def _convolution(*shape, **options):
    inputs, weight = shape
    return lambda F, x, w: F.conv2d(x, w, **options), [inputs, weight]


def _linear():
    return lambda F, x, w, b: F.linear(x, w, b), [(64, 784), (256, 784), (256,)]


def _batch_norm(F, x, w, b):
    return F.batch_norm(x, None, None, w, b, training=True)


# name: (function of the tensors, their shapes)
KERNELS = {
    "conv 7x7 stride 2, 3 to 64": _convolution((2, 3, 64, 64), (64, 3, 7, 7), stride=2, padding=3),
    "conv 3x3, 64 to 64": _convolution((2, 64, 56, 56), (64, 64, 3, 3), padding=1),
    "conv 3x3, 256 to 256": _convolution((2, 256, 14, 14), (256, 256, 3, 3), padding=1),
    "conv 3x3, 512 to 512": _convolution((2, 512, 7, 7), (512, 512, 3, 3), padding=1),
    "conv 3x3 stride 2, 64 to 128": _convolution((2, 64, 56, 56), (128, 64, 3, 3), stride=2, padding=1),
    "conv 1x1 stride 2, 64 to 128": _convolution((2, 64, 56, 56), (128, 64, 1, 1), stride=2),
    "conv 3x3, 1 to 32": _convolution((8, 1, 28, 28), (32, 1, 3, 3)),
    "conv 3x3, depthwise 64": _convolution((2, 64, 28, 28), (64, 1, 3, 3), padding=1, groups=64),
    "conv 3x3, dilation 2": _convolution((2, 32, 28, 28), (32, 32, 3, 3), padding=2, dilation=2),
    "max_pool2d": (lambda F, x: F.max_pool2d(x, 3, 2, 1), [(2, 64, 56, 56)]),
    "avg_pool2d": (lambda F, x: F.avg_pool2d(x, 2), [(2, 64, 56, 56)]),
    "adaptive_avg_pool2d": (lambda F, x: F.adaptive_avg_pool2d(x, 1), [(8, 512, 7, 7)]),
    "batch_norm": (_batch_norm, [(8, 64, 28, 28), (64,), (64,)]),
    "layer_norm": (lambda F, x, w, b: F.layer_norm(x, (768,), w, b), [(256, 768), (768,), (768,)]),
    "group_norm": (lambda F, x, w, b: F.group_norm(x, 8, w, b), [(8, 64, 28, 28), (64,), (64,)]),
    "linear": _linear(),
    "matmul": (lambda F, x, y: x @ y, [(256, 512), (512, 256)]),
    "softmax": (lambda F, x: F.softmax(x, 1), [(256, 1000)]),
    "log_softmax": (lambda F, x: F.log_softmax(x, 1), [(256, 1000)]),
    "mse_loss": (lambda F, x, y: F.mse_loss(x, y), [(256, 1000), (256, 1000)]),
    "relu": (lambda F, x: F.relu(x), [(100_000,)]),
    "gelu": (lambda F, x: F.gelu(x), [(100_000,)]),
    "silu": (lambda F, x: F.silu(x), [(100_000,)]),
    "sigmoid": (lambda F, x: x.sigmoid(), [(100_000,)]),
    "tanh": (lambda F, x: x.tanh(), [(100_000,)]),
    "exp": (lambda F, x: x.exp(), [(100_000,)]),
    "log": (lambda F, x: (x * x + 0.1).log(), [(100_000,)]),
    "sin": (lambda F, x: x.sin(), [(100_000,)]),
    "div": (lambda F, x, y: x / (y * y + 0.1), [(100_000,), (100_000,)]),
    "broadcast mul": (lambda F, x, y: x * y, [(256, 1000), (1000,)]),
    "sum of rows": (lambda F, x: x.sum(1), [(256, 4096)]),
    "sum of columns": (lambda F, x: x.sum(0), [(4096, 256)]),
    "mean": (lambda F, x: x.mean(1), [(256, 4096)]),
    "var": (lambda F, x: x.var(1), [(256, 4096)]),
}


def kernel(torch: Any, name: str, seed: int, dtype: str) -> Work:
    """A kernel's result and gradients; the inputs are numbers of float32 in any case."""
    function, shapes = KERNELS[name]
    random = data.generator(seed)
    arrays = [random.standard_normal(shape, dtype="float32").astype(dtype) for shape in shapes]
    inputs = [torch.from_numpy(array).requires_grad_() for array in arrays]

    def run():
        for x in inputs:
            x.grad = None
        y = function(torch.nn.functional, *inputs)
        gradient = data.generator(seed + 1000).standard_normal(tuple(y.shape), dtype="float32")
        y.backward(torch.tensor(gradient).to(y.dtype))
        return [y, *[x.grad for x in inputs]]

    return Work(run, list)


def resnet18_gradients(torch: Any, seed: int, dtype: str, batch: int, size: int) -> Work:
    """The gradients of all parameters of a ResNet-18."""
    torch.manual_seed(seed)
    dtype = getattr(torch, dtype)
    model, x = resnet(torch, 18).to(dtype), torch.randn(batch, 3, size, size).to(dtype)
    labels = torch.randint(0, 1000, (batch,))

    def run():
        model.zero_grad()
        torch.nn.functional.cross_entropy(model(x), labels).backward()
        return [parameter.grad for parameter in model.parameters()]

    return Work(run, list)


def accuracy(session: Session) -> Iterator[Result]:
    """Every kernel's row, then that of the network, each over several seeds."""
    seeds = range(2 if session.quick else SEEDS)
    size = 32 if session.quick else 64
    names = list(KERNELS)[:: 8 if session.quick else 1]
    with workers(OWN, session) as handles:

        def errors(program, arguments, whole):
            """Return for each library and seed the errors of its arrays, or of all together."""
            found: dict = {handle.library: [] for handle in handles}
            pytorch = next(handle for handle in handles if handle.library is PYTORCH)
            for seed in seeds:
                exact = pytorch.prepare(program, arguments | {"seed": seed, "dtype": "float64"})
                for handle in handles:
                    got = handle.prepare(program, arguments | {"seed": seed, "dtype": "float32"})
                    pairs = [(got, exact)] if whole else [([a], [b]) for a, b in zip(got, exact, strict=True)]
                    found[handle.library].append([distance(*pair) + NEGLIGIBLE for pair in pairs])
            return found

        def rows(name, found):
            theirs = list(zip(*found[PYTORCH]))  # for each array the errors by seed
            for library in (RUSHLIGHT, WITHOUT_FAST):
                ours = list(zip(*found[library]))
                by_array = [
                    result(name, list(a), list(b), AT_MOST, library=library.name, unit="error")
                    for a, b in zip(theirs, ours)
                ]
                yield max(by_array, key=lambda r: math.inf if math.isnan(r.ratio) else r.ratio)

        for name in names:
            yield from rows(name, errors(kernel, {"name": name}, whole=False))
        arguments = {"batch": 8, "size": size}
        yield from rows("ResNet-18, all gradients", errors(resnet18_gradients, arguments, whole=True))
