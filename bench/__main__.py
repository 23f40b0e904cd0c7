"""`python -m bench [workload ...]`: PyTorch, Rushlight with and without `fast`, and peers on the same work in turns."""

import argparse
import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

from bench import processes
from bench.alternate import Session, WorkerError
from bench.libraries import ROOT, RUSHLIGHT, bind_to_two_processors
from bench.machine import Others, rates
from bench.measure import Result, line, readable, where
from bench.workloads import WORKLOADS

RESULTS = ROOT / "bench" / "results.json"


def heading(r: Result) -> str:
    """Return the line above the results of one case, which says what the work cannot do without."""
    if r.floor is None or r.flops is None or r.bytes is None:
        return r.name
    return f"{r.name}: at least {readable(r.floor).strip()} for {r.flops / 1e9:.4g} GFLOP and {r.bytes / 1e6:.4g} MB"


def merge(file: Path, entries: dict[str, dict]) -> None:
    """Put what was measured into the file, in the order of the table; other workloads' results stay as they are."""
    known = json.loads(file.read_text())["workloads"] if file.exists() else {}
    known |= entries
    ordered = {name: known[name] for name in WORKLOADS if name in known}
    file.write_text(json.dumps({"workloads": ordered}, indent=1) + "\n")


def measure(name: str, session: Session) -> list[Result]:
    """Measure one workload and print each result as it comes."""
    print(f"\n{name}", flush=True)
    done: list[Result] = []
    for r in WORKLOADS[name](session):
        if not done or heading(r) != heading(done[-1]):
            print(f"  {heading(r)}")
        print(f"    {r.library:24} {line(r)}", flush=True)
        done.append(r)
    return done


def prepare_kernels() -> None:
    """Compile what is not compiled yet, so that no first use falls into a measurement."""
    try:
        processes.warm_up(RUSHLIGHT)
    except RuntimeError as error:
        print(f"    kernels are not compiled beforehand: {str(error).strip().splitlines()[-1]}", flush=True)


def main() -> int:
    """Measure, print and write; return 1 when a library did not compute what PyTorch computes, or failed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("workloads", nargs="*", metavar="workload", help=f"of {', '.join(WORKLOADS)}; all by default")
    parser.add_argument("--only", default="", metavar="TEXT", help="only cases whose name contains TEXT")
    parser.add_argument(
        "--quick", action="store_true", help="small work and few rounds: tries the harness, says little"
    )
    parser.add_argument("--no-peers", action="store_true", help="only PyTorch and Rushlight")
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help=f"write there; {RESULTS.name} beside the program, unless the run is quick or partial in its cases",
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.workloads) - set(WORKLOADS):
        parser.error(f"no workload {', '.join(sorted(unknown))}: there are {', '.join(WORKLOADS)}")
    file = arguments.json or (None if arguments.quick or arguments.only else RESULTS)

    bind_to_two_processors()
    session = Session(arguments.quick, not arguments.no_peers, arguments.only)
    flops, moved = rates(session)
    session = replace(session, flops_a_second=flops, bytes_a_second=moved)
    about = where() | {"gflops_a_second": flops / 1e9, "gigabytes_a_second": moved / 1e9, "quick": session.quick}
    print(f"{about['processor']}: {flops / 1e9:.0f} GFLOP/s, {moved / 1e9:.1f} GB/s on 2 threads")
    print(f"    {'':24} {'PyTorch':>10} {'library':>10}   {'ratio (quartiles)':22} target")
    if not session.quick:
        prepare_kernels()

    bad = False
    results: list[Result] = []
    for name in arguments.workloads or WORKLOADS:
        start, others = time.time(), Others()
        try:
            done = measure(name, session)
        except (RuntimeError, WorkerError) as error:
            print(f"    failed: {error}", flush=True)
            bad = True
            continue
        results += done
        share = others.share()
        if share is not None and share > 0.05:
            print(f"  other programs used {share:.0%} of the processors meanwhile: measure again when they are idle")
        if file is not None:
            entry = about | {"started": int(start), "seconds": round(time.time() - start, 1), "others": share}
            merge(file, {name: entry | {"results": [asdict(r) for r in done]}})
    missed = [r for r in results if r.missed]
    print(f"\n{len(missed)} of {sum(r.target is not None for r in results)} targets missed")
    for r in missed:
        print(f"  {r.name} ({r.library}): {r.candidate if r.absolute else r.ratio:.2f} instead of {r.target:.2f}")
    return int(bad or any(r.disagrees for r in results))


if __name__ == "__main__":
    sys.exit(main())
