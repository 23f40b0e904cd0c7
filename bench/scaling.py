"""How the time of a training step grows with batch, width and depth: the exponents of fitted powers."""

import statistics
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bench import programs
from bench.alternate import Handle, Session, rounds, workers
from bench.libraries import PYTORCH, PYTORCH_CHANNELS_LAST, RUSHLIGHT
from bench.measure import Result, result

BASE = {"batch": 8, "width": 64, "depth": 4}
AXES = {"batch": (4, 8, 16, 32, 64), "width": (16, 32, 64, 128, 256), "depth": (2, 4, 8, 16, 32)}
QUICK_AXES = {"batch": (1, 2, 4), "width": (8, 16, 32), "depth": (1, 2, 4)}
FITTED = 3  # the largest sizes, where what does not grow no longer counts


def exponents(sizes: tuple[int, ...], times: list[list[float]]) -> list[float]:
    """Return for each round the exponent of the power of the size that fits the times best."""
    x = np.log(sizes[-FITTED:])
    return [float(np.polyfit(x, np.log(taken), 1)[0]) for taken in zip(*times[-FITTED:])]


def scaling(session: Session) -> Iterator[Result]:
    """Times along each axis and the exponents."""
    with workers((PYTORCH, PYTORCH_CHANNELS_LAST, RUSHLIGHT), session) as handles:
        for axis, sizes in (QUICK_AXES if session.quick else AXES).items():
            times = [_times(handles, BASE | {axis: size}, session) for size in sizes]
            medians = {library: [statistics.median(t[library]) for t in times] for library in times[0]}
            best = min(PYTORCH, PYTORCH_CHANNELS_LAST, key=lambda library: medians[library][-1])
            theirs, ours = ([t[library] for t in times] for library in (best, RUSHLIGHT))
            for size, a, b in zip(sizes, theirs, ours):
                yield result(f"{axis} {size}", a, b)
            by_round = result(
                f"exponent of {axis}", exponents(sizes, theirs), exponents(sizes, ours), 1.0, unit="exponent"
            )
            (a,), (b,) = (exponents(sizes, [[statistics.median(t)] for t in times]) for times in (theirs, ours))
            yield replace(by_round, reference=a, candidate=b, ratio=b / a)


def _times(handles: list[Handle], arguments: dict, session: Session) -> dict:
    for handle in handles:
        handle.prepare(programs.scaling_step, arguments, layouts=True)
    return rounds(handles, session.seconds / 6, most=20)
