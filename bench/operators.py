"""Common operators beside PyTorch, forward and forward + backward, worst ratio first: `python -m bench.operators`.

Each operator runs on about so many float32 elements as the size says, in shapes that programs use; what needs much more
work an element (products, convolutions, recurrent networks, decompositions) has shapes of its own and is measured at
the largest size only. Results and gradients are checked against PyTorch's before anything is timed.
"""

import argparse
import os
import warnings
from collections.abc import Callable

from bench import matrix_operators, window_operators  # noqa: F401  they add rows
from bench.measure import Workload, compare, line, quiet, report
from bench.operator_table import OPERATORS, Operator

AT_MOST = 1.0


def work(torch, operator: Operator, n: int, backward: bool) -> Callable[[], list]:
    """Return a function that runs an operator (and back, if asked) and gives the results and the gradients."""
    torch.manual_seed(0)
    inputs = operator.inputs(torch, n)
    wanted = []
    if isinstance(inputs[0], torch.nn.Module):
        wanted = list(inputs[0].parameters())
        if not backward:
            for p in wanted:
                p.requires_grad_(False)
    if backward:
        for i, x in enumerate(inputs):
            if isinstance(x, torch.Tensor) and x.is_floating_point() and i not in operator.fixed:
                wanted.append(x.requires_grad_())
    call = operator.run

    def forward():
        result = call(torch, *inputs)
        return list(result) if isinstance(result, (tuple, list)) else [result]

    def both():
        for x in wanted:
            x.grad = None
        results = [r for r in forward() if r.requires_grad]
        loss = results[0]
        loss.backward(ones)
        return [*results, *[x.grad for x in wanted if x.grad is not None]]

    if not backward:
        return forward
    first = next(r for r in forward() if r.requires_grad)
    torch.manual_seed(2)
    ones = torch.rand(first.shape, dtype=first.dtype) if first.ndim else None
    return both


def agree(ours: list, theirs: list, tolerance: float, name: str) -> None:
    """Check that the results are the same.

    Raises:
        AssertionError: they are not.
    """
    import numpy as np

    for a, b in zip(ours, theirs, strict=True):
        if not hasattr(b, "numpy"):
            continue
        b = b.detach().float().numpy() if str(b.dtype) == "torch.bfloat16" else b.detach().numpy()
        a = a.detach().float().numpy() if str(a.dtype) == "torch.bfloat16" else a.detach().numpy()
        scale = max(1.0, float(np.nanmax(np.abs(b)))) if b.size and b.dtype != bool else 1.0
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale, err_msg=name)


def measure(sizes, only, rounds, threads):
    """Yield the results of each operator whose name contains a text of `only`, at each size."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = str(threads)
    os.environ.setdefault("RUSHLIGHT_FAST", "wait")
    import torch

    import rushlight

    warnings.filterwarnings("ignore", category=UserWarning)
    torch.set_num_threads(threads)
    rushlight.set_num_threads(threads)
    chosen = {k: o for k, o in OPERATORS.items() if not only or any(text in k for text in only)}
    for size in sizes:
        for name, operator in chosen.items():
            if operator.heavy and size != max(sizes):
                continue
            for backward in (False, True) if operator.backward else (False,):
                label = (
                    f"{name}{', back' if backward else ''}, {size:,}"
                    if not operator.heavy
                    else f"{name}{', back' if backward else ''}"
                )
                try:
                    reference, candidate = (
                        work(library, operator, round(size**0.5), backward) for library in (torch, rushlight)
                    )
                    ours, theirs = candidate(), reference()
                    if operator.exact:
                        agree(ours, theirs, operator.tolerance, label)
                except Exception as error:  # what fails is told, and the rest measured
                    print(f"{label:46} FAILS: {type(error).__name__}: {' '.join(str(error).split())[:150]}", flush=True)
                    if not isinstance(error, AssertionError):
                        continue
                quiet()
                yield compare(Workload(label, reference, candidate, 1, AT_MOST), rounds)


def main():
    """Measure and print, and then once more, worst first."""
    parser = argparse.ArgumentParser(description="Common operators beside PyTorch, forward and backward, worst first.")
    parser.add_argument("sizes", nargs="*", type=int, default=[1000, 1_000_000], help="numbers of elements")
    parser.add_argument(
        "--only", action="append", default=[], metavar="TEXT", help="operators whose name contains TEXT"
    )
    parser.add_argument("--rounds", type=int, default=10, help="alternating rounds a workload (default 10)")
    parser.add_argument("--threads", type=int, default=2, help="threads of both libraries (default 2)")
    parser.add_argument("--json", metavar="FILE", help="write the results to FILE as well")
    arguments = parser.parse_args()
    done = report(measure(arguments.sizes, arguments.only, arguments.rounds, arguments.threads), arguments.json)
    print(f"\nworst first ({sum(r.missed for r in done)} of {len(done)} slower than PyTorch)")
    for r in sorted(done, key=lambda r: -r.ratio):
        if r.missed:
            print(f"{r.name:46} {line(r)}")


if __name__ == "__main__":
    main()
