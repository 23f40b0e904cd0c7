"""Elementwise operations, softmax, layer norm and reductions, forward + backward: `python -m bench.elementwise 1000`.

Each size is a number of float32 elements, in ten rows or in rows of 1,000. What takes a gradient gets random ones; sums
and means go back from their scalar. The inputs' gradients are new each time, and checked against PyTorch's before
anything is timed.
"""

import argparse
import os
import statistics
import sys

from bench.measure import Workload, compare, quiet, report

# name: (the operation on `torch`, the tensors `x`, `y` and two rows `w` and `b`; how many of the tensors it uses)
OPERATIONS = {
    "add": (lambda torch, x, y: x + y, 2),
    "mul": (lambda torch, x, y: x * y, 2),
    "div": (lambda torch, x, y: x / y, 2),
    "relu": (lambda torch, x: x.relu(), 1),
    "exp": (lambda torch, x: x.exp(), 1),
    "log": (lambda torch, x: x.log(), 1),
    "tanh": (lambda torch, x: x.tanh(), 1),
    "sigmoid": (lambda torch, x: x.sigmoid(), 1),
    "gelu": (lambda torch, x: torch.nn.functional.gelu(x), 1),
    "softmax": (lambda torch, x: x.softmax(-1), 1),
    "layer_norm": (lambda torch, x, w, b: torch.nn.functional.layer_norm(x, w.shape, w, b), 3),
    "sum": (lambda torch, x: x.sum(), 1),
    "mean": (lambda torch, x: x.mean(), 1),
}
AT_MOST = 1.0
ON_AVERAGE = 0.7


def work(torch, name, size):
    """Return a function that runs an operation forward and backward and gives the result and the gradients."""
    operation, count = OPERATIONS[name]
    rows = max(10, size // 1000)
    torch.manual_seed(0)
    shapes = [(rows, size // rows), (size // rows,), (size // rows,)] if count == 3 else [(rows, size // rows)] * count
    # Not near zero, where quotients and logarithms are large; and activations want both signs.
    inputs = [0.5 + torch.rand(shape) for shape in shapes]
    if name in ("relu", "tanh", "sigmoid", "gelu"):
        inputs = [4 * (x - 1) for x in inputs]
    for x in inputs:
        x.requires_grad_()
    gradient = None if name in ("sum", "mean") else torch.randn(shapes[0])

    def run():
        for x in inputs:
            x.grad = None
        result = operation(torch, *inputs)
        result.backward(gradient)
        return [result, *[x.grad for x in inputs]]

    return run


def measure(sizes, only, rounds, threads):
    """Yield the result of each operation whose name contains `only` at each size."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = str(threads)
    import numpy as np
    import torch

    import rushlight

    torch.set_num_threads(threads)
    rushlight.set_num_threads(threads)
    for size in sizes:
        for name in OPERATIONS:
            if only in name:
                reference, candidate = (work(library, name, size) for library in (torch, rushlight))
                for ours, theirs in zip(candidate(), reference(), strict=True):
                    ours, theirs = ours.detach().numpy(), theirs.detach().numpy()
                    # Sums of many numbers that cancel have errors as the numbers, not as the sum.
                    atol = 1e-5 * max(1, abs(theirs).max())
                    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=atol)
                quiet()
                yield compare(Workload(f"{name}, {size:,}", reference, candidate, 1, AT_MOST), rounds)


def main():
    """Measure, print, and with --check exit with 1 when a target was missed."""
    parser = argparse.ArgumentParser(description="Elementwise operations beside PyTorch, forward + backward.")
    parser.add_argument("sizes", nargs="*", type=int, default=[1000, 100_000, 10_000_000], help="numbers of elements")
    parser.add_argument("--only", default="", metavar="TEXT", help="measure only operations whose name contains TEXT")
    parser.add_argument("--rounds", type=int, default=40, help="alternating rounds a workload (default 40)")
    parser.add_argument("--threads", type=int, default=2, help="threads of both libraries (default 2)")
    parser.add_argument("--json", metavar="FILE", help="write the results to FILE as well")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a target is missed")
    arguments = parser.parse_args()
    done = report(measure(arguments.sizes, arguments.only, arguments.rounds, arguments.threads), arguments.json)
    average = statistics.mean(r.ratio for r in done)
    print(f"average ratio {average:.2f}, wanted at most {ON_AVERAGE}")
    sys.exit(arguments.check and (any(r.missed for r in done) or average > ON_AVERAGE))


if __name__ == "__main__":
    main()
