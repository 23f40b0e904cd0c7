"""Operators beside their NumPy or SciPy equivalents: `python -m bench.numpy_equivalents`, `--help` for its options.

An operator may cost NumPy's time and the engine's overhead, no more. The overhead is what a sum of one element takes
beyond NumPy's; it is measured in the same rounds as the operator, because a processor is not as fast now as in a
second, and with recorded gradients where the operator records. A call that consists of several operations has it for
each, since each makes a tensor: `x.T + y.T` of one element takes 1.7 us beyond NumPy's, `x.T` 0.7 and `x + y` 0.4. So
has one with recorded gradients for each node of its graph, which is PyTorch's: an inner product is five of them. And a
function with several results makes as many tensors: `unbind` of eight rows has the overhead of eight operations. Both
libraries work on the same memory, at four sizes. NumPy's BLAS has the threads that Rushlight leaves it in this process
(`rushlight.kernels.blas`).
"""

import argparse
import ast
import json
import os
import statistics
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from bench.measure import in_turns, quiet, readable, where
from bench.numpy_inputs import INPUTS
from bench.numpy_pairs import PAIRS, Pair

SIDES = (1, 32, 316, 1000)
OVERHEAD = PAIRS["torch.add(x, y)"]


@dataclass(frozen=True)
class Row:
    """One pair at one size, with or without a recorded gradient.

    Attributes:
        ours, theirs: the calls.
        elements: of the usual input.
        recorded: whether the inputs require gradients.
        reference, candidate: the median seconds of NumPy and of Rushlight.
        overhead: the engine's, in seconds, for all operations of the call.
        ratio: the median ratio of candidate and reference.
        excess, spread: the median of the seconds beyond the reference and the overhead, and how far its quartiles are
            apart.
        why: what PyTorch's semantics demands beyond NumPy's.
    """

    ours: str
    theirs: str
    elements: int
    recorded: bool
    reference: float
    candidate: float
    overhead: float
    ratio: float
    excess: float
    spread: float
    why: str

    @property
    def exceeds(self) -> bool:
        """Whether the candidate takes longer than it may, by more than what was measured varies."""
        return self.excess > self.spread


def row(pair: Pair, side: int, recorded: bool, count: int, times: list[list[float]]) -> Row:
    """Sum up the rounds' seconds of a sum in NumPy and in Rushlight, and of the pair's calls, of `count` operations."""
    small, ours_small, reference, candidate = times
    overhead = [count * (b - a) for a, b in zip(small, ours_small)]
    excess = [b - a - o for a, b, o in zip(reference, candidate, overhead)]
    low, middle, high = statistics.quantiles(excess, n=4)
    ratio = statistics.median(b / a for a, b in zip(reference, candidate))
    medians = (statistics.median(values) for values in (reference, candidate, overhead))
    return Row(
        pair.ours, equivalent(pair, recorded), side * side, recorded, *medians, ratio, middle, high - low, pair.why
    )


def operations(text: str) -> int:
    """Return of how many operations that make a tensor a call of ours consists."""
    count = 0

    def makes_tensor(node: ast.AST) -> bool:
        nonlocal count
        parts = [makes_tensor(part) for part in ast.iter_child_nodes(node)]
        if isinstance(node, ast.Name):
            return node.id in INPUTS
        if isinstance(node, ast.Attribute):
            found = parts[0] and node.attr == "T"
            count += found
            return found or (parts[0] and node.attr != "shape") or ast.unparse(node).startswith("torch.")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            found = any(parts) and node.func.attr not in ("item", "numpy", "tolist")
        elif isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Subscript, ast.Call)):
            found = any(parts)
        else:  # such as a list of tensors
            return any(parts)
        count += found
        return found

    makes_tensor(ast.parse(text, mode="eval").body)
    return max(count, 1)


def nodes(results: list) -> int:
    """Return how many nodes the graph of some results has, but for the leaves."""
    seen, waiting = set(), [r.grad_fn for r in results if getattr(r, "grad_fn", None) is not None]
    while waiting:
        node = waiting.pop()
        if node.name() != "torch::autograd::AccumulateGrad" and node not in seen:
            seen.add(node)
            waiting += [edge for edge, _ in node.next_functions if edge is not None]
    return len(seen)


def equivalent(pair: Pair, recorded: bool) -> str:
    """Return NumPy's call beside which ours is measured."""
    return pair.recorded if recorded and pair.recorded else pair.theirs


def overheads(pair: Pair, results: list, recorded: bool) -> int:
    """Return the overhead of how many operations a call of some results may have."""
    tensors = sum([hasattr(r, "grad_fn") for r in results])
    return max(operations(pair.ours), tensors, nodes(results) if recorded else 0)


def calls(pair: Pair, side: int, recorded: bool):
    """Return NumPy's and our call as functions without arguments; `recorded` makes our inputs require gradients."""
    import numpy as np
    import scipy.fft
    import scipy.linalg
    import scipy.spatial.distance
    import scipy.special

    import rushlight

    generator = np.random.default_rng(0)
    modules = {
        "np": np, "sp": scipy.special, "la": scipy.linalg, "fft": scipy.fft, "distance": scipy.spatial.distance,
        "rng": generator, "old": np.random.RandomState(0), "torch": rushlight,
    }  # fmt: skip
    arrays, tensors = {}, {}
    for name, make in INPUTS.items():
        if any(name in compile(text, text, "eval").co_names for text in (pair.ours, pair.theirs)):
            arrays[name] = make(generator, side)
            tensors[name] = rushlight.from_numpy(arrays[name])
            if recorded and tensors[name].dtype.is_floating_point | tensors[name].dtype.is_complex:
                tensors[name].requires_grad_()
    theirs = equivalent(pair, recorded)
    return eval(f"lambda: {theirs}", modules | arrays), eval(f"lambda: {pair.ours}", modules | tensors)


def leaves(value) -> list:
    """Return the tensors and arrays of a result, one after the other."""
    if isinstance(value, (tuple, list)):
        return [leaf for part in value for leaf in leaves(part)]
    return [value]


def agree(ours: list, theirs: list, text: str) -> None:
    """Check that the results are the same, but for rounding.

    Raises:
        AssertionError: they are not.
    """
    import numpy as np

    assert len(ours) == len(theirs), f"{text}: {len(ours)} results and {len(theirs)}"
    for a, b in zip(ours, theirs):
        a = a.detach().resolve_conj().numpy() if hasattr(a, "detach") else np.asarray(a)
        b = np.asarray(b)
        scale = float(np.max(np.abs(b), where=np.isfinite(b), initial=1.0)) if b.dtype != bool else 1.0
        np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-4 * scale, err_msg=text)


def measure(only: list[str], sides: list[int], rounds: int, slice_seconds: float, threads: int) -> Iterator[Row]:
    """Yield the rows of each pair whose call contains a text of `only`."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = str(threads)
    os.environ.setdefault("RUSHLIGHT_FAST", "wait")
    import numpy as np

    import rushlight

    rushlight.set_num_threads(threads)
    np.seterr(all="ignore")
    warnings.simplefilter("ignore")
    basic = {recorded: calls(OVERHEAD, 1, recorded) for recorded in (False, True)}
    for pair in PAIRS.values():
        if only and not any(text in pair.ours for text in only):
            continue
        for side in sides:
            if not pair.least <= side <= pair.most:
                continue
            for recorded in (False, True):
                theirs, ours = calls(pair, side, recorded)
                try:
                    results = leaves(ours())
                    if pair.same and not recorded:
                        agree(results, leaves(theirs()), f"{pair.ours}, {side * side:,}")
                    if recorded and not any(getattr(r, "requires_grad", False) for r in results):
                        break
                    if recorded and "into" in pair.ours:
                        break
                    theirs()
                except Exception as error:  # what fails is told, and the rest measured
                    if recorded and isinstance(error, RuntimeError):
                        break
                    print(f"{pair.ours}, {side * side:,} FAILS: {type(error).__name__}: {str(error)[:500]}", flush=True)
                    if not isinstance(error, AssertionError):
                        break
                quiet()
                times = in_turns([*basic[recorded], theirs, ours], rounds, slice_seconds, rest=0)
                yield row(pair, side, recorded, overheads(pair, results, recorded), times)


def line(rows: list[Row]) -> str:
    """Return the rows of one pair and mode as a line: microseconds in excess, or the ratio from 10**5 elements on."""
    cells = []
    for r in sorted(rows, key=lambda r: r.elements):
        value = f"{1e6 * r.excess:+.2f}us" if r.elements < 50_000 else f"{r.ratio:.2f}"
        cells.append(f"{value + ('!' if r.exceeds else ''):>11}")
    grad = ", recorded" if rows[0].recorded else ""
    return f"{rows[0].ours + grad:58}{''.join(cells)}" + (f"  ({rows[0].why})" if rows[0].why else "")


def table(rows: list[Row]) -> str:
    """Return the pairs that take longer than they may, worst first, and how many there are."""
    pairs: dict[tuple[str, bool], list[Row]] = {}
    for r in rows:
        pairs.setdefault((r.ours, r.recorded), []).append(r)
    over = {key: max(r.candidate / (r.reference + r.overhead) for r in found) for key, found in pairs.items()}
    beyond = [key for key, found in pairs.items() if any(r.exceeds for r in found)]
    lines = [line(pairs[key]) for key in sorted(beyond, key=lambda key: -over[key])]
    for recorded in (False, True):
        found = [r for r in rows if r.recorded == recorded]
        if found:
            bad = sum(key[1] == recorded for key in beyond)
            lines.append(
                f"{'recorded' if recorded else 'without gradients'}: overhead "
                f"{readable(statistics.median(r.overhead for r in found)).strip()}; "
                f"of {sum(key[1] == recorded for key in pairs)} pairs {bad} take longer than NumPy and the overhead"
            )
    return "\n".join(lines)


def main() -> None:
    """Measure, print what exceeds NumPy's time and the engine's overhead, worst first, and write JSON when asked."""
    parser = argparse.ArgumentParser(description="Operators beside their NumPy or SciPy equivalents.")
    parser.add_argument("only", nargs="*", metavar="NAME", help="pairs whose call contains NAME")
    parser.add_argument("--sides", nargs="+", type=int, default=list(SIDES), help="side lengths of the usual input")
    parser.add_argument("--rounds", type=int, default=10, help="alternating rounds a row (default 10)")
    parser.add_argument("--slice", type=float, default=0.002, help="seconds of a slice (default 0.002)")
    parser.add_argument("--threads", type=int, default=2, help="threads of Rushlight and of BLAS (default 2)")
    parser.add_argument("--without-fast", action="store_true", help="NumPy's kernels only")
    parser.add_argument("--all", action="store_true", help="print every pair as it is measured")
    parser.add_argument("--json", metavar="FILE", help="write all rows to FILE")
    arguments = parser.parse_args()
    if arguments.without_fast:
        os.environ["RUSHLIGHT_FAST"] = "0"
    rows: list[Row] = []
    for r in measure(arguments.only, arguments.sides, arguments.rounds, arguments.slice, arguments.threads):
        rows.append(r)
        if arguments.all:
            print(line([r]), f"{r.elements:,}", flush=True)
    print(table(rows))
    if arguments.json:
        with open(arguments.json, "w") as file:
            fast = os.environ.get("RUSHLIGHT_FAST") != "0"
            rows_ = [asdict(r) | {"exceeds": r.exceeds} for r in rows]
            json.dump(where() | {"fast": fast, "rows": rows_}, file, indent=1)


if __name__ == "__main__":
    main()
