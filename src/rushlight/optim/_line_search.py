"""Line search: how far to go in a direction, by the strong Wolfe conditions."""

from collections.abc import Callable
from typing import Any, NamedTuple

from ..tensor import Tensor

# The loss has to fall by this share of what the slope promises, and the slope to this share of what it was.
DECREASE, CURVATURE = 1e-4, 0.9


class Point(NamedTuple):
    """A point on the line.

    Attributes:
        t: how far along the direction. loss: the loss there.
        grad: the gradient there, and slope: its product with the direction.
    """

    t: Any
    loss: float
    grad: Tensor
    slope: Any


def cubic_minimum(a: Point, b: Point, bounds: tuple[Any, Any] | None = None) -> Any:
    """Where the cubic through two points with their slopes is least, between the bounds (by default, the points)."""
    low, high = bounds or ((a.t, b.t) if a.t <= b.t else (b.t, a.t))
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1**2 - a.slope * b.slope
    if not square >= 0:
        return (low + high) / 2.0
    left, right = (a, b) if a.t <= b.t else (b, a)
    root = square.sqrt()
    found = right.t - (right.t - left.t) * ((right.slope + root - d1) / (right.slope - left.slope + 2 * root))
    return min(max(found, low), high)


def strong_wolfe(
    at: Callable[[Any], Point], start: Point, t: Any, reach: Any, tolerance: float, limit: int
) -> tuple[Point, int]:
    """A point that satisfies the strong Wolfe conditions (Nocedal and Wright 2006, algorithms 3.5 and 3.6).

    Args:
        at: computes the point at a distance.
        start: the point at distance 0.
        t: the distance to try first.
        reach: the greatest element of the direction.
        tolerance: the change of an element below which to be content.
        limit: how often to go on after the first trial.

    Returns:
        The point, and the number of points computed.
    """

    def too_high(point: Point) -> bool:
        return bool(point.loss > start.loss + DECREASE * point.t * start.slope)

    def flat(point: Point) -> bool:
        return bool(abs(point.slope) <= -CURVATURE * start.slope)

    before, here, rounds, done = start, at(t), 0, False
    # Go on until a minimum lies between two points.
    while rounds < limit:
        if too_high(here) or (rounds > 1 and here.loss >= before.loss):
            bracket = [before, here]
            break
        if flat(here):
            bracket, done = [here], True
            break
        if here.slope >= 0:
            bracket = [before, here]
            break
        bounds = here.t + 0.01 * (here.t - before.t), here.t * 10
        before, here = here, at(cubic_minimum(before, here, bounds))
        rounds += 1
    else:
        bracket = [start, here]

    # Narrow that down.
    best, worst = _ranks(bracket)
    slow = False
    while not done and rounds < limit:
        if abs(bracket[1].t - bracket[0].t) * reach < tolerance:
            break
        t = cubic_minimum(bracket[0], bracket[1])
        low, high = min(p.t for p in bracket), max(p.t for p in bracket)
        margin = 0.1 * (high - low)
        near = min(high - t, t - low) < margin
        if near and (slow or t >= high or t <= low):
            t = high - margin if abs(t - high) < abs(t - low) else low + margin
            near = False
        slow = near
        here = at(t)
        rounds += 1
        if too_high(here) or here.loss >= bracket[best].loss:
            bracket[worst] = here
            best, worst = _ranks(bracket)
            continue
        if flat(here):
            done = True
        elif here.slope * (bracket[worst].t - bracket[best].t) >= 0:
            bracket[worst] = bracket[best]
        bracket[best] = here
    return bracket[best], rounds + 1


def _ranks(bracket: list[Point]) -> tuple[int, int]:
    return (0, 1) if bracket[0].loss <= bracket[-1].loss else (1, 0)
