"""What an operation costs besides its arithmetic: `python -m bench.overhead`, `--help` for its options.

Tensors of ten elements and small networks on one thread, where the arithmetic is next to nothing. A time is that of one
operation (forward, chains), of one block (residual) or of one training step (networks).
"""

import argparse
import itertools
import os
import subprocess
import sys

from bench.measure import Workload, compare, quiet, report, result

OPERATIONS = range(200)


def forward(name, operands_need_grad=True):
    """Return a workload that does one operation on two tensors again and again."""

    def make(torch):
        torch.manual_seed(0)
        x = torch.randn(10).requires_grad_(operands_need_grad)
        y = torch.randn(10).requires_grad_(operands_need_grad)

        def mul():
            for _ in OPERATIONS:
                x * y

        def add():
            for _ in OPERATIONS:
                x + y

        def mul_number():
            for _ in OPERATIONS:
                x * 2.0

        def sin():
            for _ in OPERATIONS:
                x.sin()

        def sum():
            for _ in OPERATIONS:
                x.sum()

        def mul_no_grad():
            with torch.no_grad():
                for _ in OPERATIONS:
                    x * y

        return locals()[name]

    return make, len(OPERATIONS)


def chain(length, factor_needs_grad):
    """Return a workload that multiplies by the same factor `length` times and goes back."""

    def make(torch):
        torch.manual_seed(0)
        x = torch.randn(10, requires_grad=True)
        factor = (1 + 0.0005 * torch.randn(10).sign()).requires_grad_(factor_needs_grad)
        steps = range(length)

        def run():
            x.grad = factor.grad = None
            y = x
            for _ in steps:
                y = y * factor
            y.sum().backward()

        return run

    return make, length


def residual(blocks):
    """Return a workload of `h = tanh(h * w) + h`, forward and backward: every block joins two paths."""

    def make(torch):
        torch.manual_seed(0)
        x = torch.randn(10, requires_grad=True)
        w = torch.randn(10)
        steps = range(blocks)

        def run():
            x.grad = None
            h = x
            for _ in steps:
                h = (h * w).tanh() + h
            h.sum().backward()

        return run

    return make, blocks


def second_order():
    """Return a workload that differentiates sum(x**3) and the sum of the result again."""

    def make(torch):
        data = torch.linspace(-1, 1, 10).tolist()

        def run():
            x = torch.tensor(data, requires_grad=True)
            (gradient,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
            gradient.sum().backward()

        return run

    return make, 1


def network(widths, batch):
    """Return a workload that trains a fully connected network by SGD with momentum."""

    def make(torch):
        torch.manual_seed(0)
        nn = torch.nn
        layers = []
        for inputs, outputs in itertools.pairwise(widths):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        model = nn.Sequential(*layers[:-1])
        criterion = nn.MSELoss()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        x, y = torch.randn(batch, widths[0]), torch.randn(batch, widths[-1])

        def run():
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()

        return run

    return make, 1


# name: ((maker, how often it does the work), the highest ratio to PyTorch that is good enough)
WORKLOADS = {
    "forward mul": (forward("mul"), 0.55),
    "forward add": (forward("add"), None),
    "forward sin": (forward("sin"), None),
    "forward sum": (forward("sum"), None),
    "forward mul by a number": (forward("mul_number"), None),
    "forward mul of constants": (forward("mul", operands_need_grad=False), None),
    "forward mul under no_grad": (forward("mul_no_grad"), None),
    "100 muls by a constant, forward + backward": (chain(100, False), 0.40),
    "100 muls by a variable, forward + backward": (chain(100, True), 0.40),
    "10,000 muls by a constant, forward + backward": (chain(10_000, False), None),
    "10,000 muls by a variable, forward + backward": (chain(10_000, True), None),
    "50 tanh residual blocks, forward + backward": (residual(50), None),
    "second order of sum(x**3)": (second_order(), 0.25),
    "MLP 6 x 32, batch 8, SGD momentum": (network([32] * 7, 8), 0.30),
    "MLP 784-256-10, batch 64, SGD momentum": (network([784, 256, 10], 64), None),
}
IMPORT = "import"
IMPORT_TARGET = 0.15


def import_time(rounds):
    """Time the import of each library in fresh processes, in turns."""

    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def seconds(module):
        code = f"import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"
        command = [sys.executable, "-c", code]
        return float(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)

    for module in ("torch", "rushlight"):
        seconds(module)  # writes the bytecode, as an installation does, and brings the files into the disk cache
    pairs = [(seconds("torch"), seconds("rushlight")) for _ in range(rounds)]
    return result(IMPORT, *map(list, zip(*pairs)), IMPORT_TARGET)


def measure(only, rounds):
    """Yield the result of each workload whose name contains `only`."""
    # The thread pools of NumPy and PyTorch read these when they are imported, which is therefore done here.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    import torch

    import rushlight

    torch.set_num_threads(1)
    for name, ((make, inner), target) in WORKLOADS.items():
        if only in name:
            workload = Workload(name, make(torch), make(rushlight), inner, target)
            quiet()
            yield compare(workload, max(8, rounds // 4) if inner >= 10_000 else rounds)
    if only in IMPORT:
        yield import_time(max(3, rounds // 6))


def main():
    """Measure, print, and with --check exit with 1 when a target was missed."""
    parser = argparse.ArgumentParser(description="Overhead beside PyTorch: 1 thread, tensors of 10 elements.")
    parser.add_argument("--only", default="", metavar="TEXT", help="measure only workloads whose name contains TEXT")
    parser.add_argument("--rounds", type=int, default=40, help="alternating rounds a workload (default 40)")
    parser.add_argument("--json", metavar="FILE", help="write the results to FILE as well")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a target is missed")
    arguments = parser.parse_args()
    results = report(measure(arguments.only, arguments.rounds), arguments.json)
    sys.exit(arguments.check and any(r.missed for r in results))


if __name__ == "__main__":
    main()
