"""The table of all workloads and of what they are to reach (ratios to PyTorch): one line adds one."""

from collections.abc import Callable, Iterator

from bench import processes
from bench import programs as p
from bench.accuracy import accuracy
from bench.alternate import Case, Session, averaged, timed
from bench.elementwise import AT_MOST, ON_AVERAGE, OPERATIONS
from bench.measure import Result
from bench.scaling import scaling

SMALL = {"batch": 2, "size": 64}  # pictures of a quick run
SIZES = (1000, 100_000, 10_000_000)


def _network(name: str, program: Callable, target: float, tolerance: float = 1e-2, **arguments: int) -> Case:
    return Case(name, program, arguments, target, layouts=True, quick=SMALL, tolerance=tolerance)


WORKLOADS: dict[str, Callable[[Session], Iterator[Result]]] = {
    "resnet18": timed(
        _network("ResNet-18 step, N=8, 224 x 224", p.resnet_step, 0.65, depth=18, batch=8, size=224),
        _network("ResNet-18 step, N=32, 64 x 64", p.resnet_step, 0.75, depth=18, batch=32, size=64),
    ),
    "resnet50": timed(
        _network("ResNet-50 step, N=4, 224 x 224", p.resnet_step, 0.85, 0.05, depth=50, batch=4, size=224)
    ),
    "inference": timed(
        _network("ResNet-18 inference, N=1, 224 x 224", p.resnet_inference, 0.7, depth=18, batch=1, size=224)
    ),
    "cnn": timed(
        Case(
            "CNN 1-32-64 step, N=64",
            p.cnn_step,
            {"batch": 64, "size": 28},
            target=0.6,
            without_fast=3.0,
            layouts=True,
            peers=True,
            quick={"batch": 4},
        )
    ),
    "mlp": timed(
        Case("MLP 784-256-10 step, N=64, Adam", p.mlp_step, {"batch": 64}, 0.6, peers=True),
        Case("MLP 784-256-10 inference, N=64", p.mlp_inference, {"batch": 64}, peers=True),
    ),
    "chain": timed(
        Case("h = tanh(h * w) + h, ten times, 100,000 elements", p.elementwise_chain, {"elements": 100_000}, peers=True)
    ),
    "elementwise": averaged(
        ON_AVERAGE,
        *[
            Case(
                f"{name}, {size:,}",
                p.elementwise,
                {"name": name, "elements": size},
                AT_MOST,
                quick={"elements": size // 10} if size > 1_000_000 else {},
                share=0.15,
            )
            for size in SIZES
            for name in OPERATIONS
        ],
    ),
    "optimisers": timed(
        Case("SGD with momentum, 11.7M in 62 tensors", p.optimiser_step, {"name": "SGD"}, 0.5, tolerance=1e-6),
        Case("Adam, 11.7M in 62 tensors", p.optimiser_step, {"name": "Adam"}, 0.4, tolerance=1e-6),
    ),
    "overhead": processes.overhead,
    "digits": processes.digits,
    "memory": processes.memory,
    "size": processes.installed_size,
    "first": processes.first_step,
    "compiling": processes.compiling,
    "scaling": scaling,
    "accuracy": accuracy,
}
