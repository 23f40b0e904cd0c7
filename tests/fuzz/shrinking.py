"""Shorter programs that show the same difference."""

import random

from .compare import Comparison, Difference, Tally


def shrink(found):
    """The shortest program that shows the difference, as far as leaving out lines leads.

    Args:
        found: the `Difference` of a program.
    """
    lines = [line for line in found.lines if not line.startswith("#")]
    i = len(lines) - 2
    while i >= 0:
        try:
            Comparison(random.Random(0), Tally()).replay(lines[:i] + lines[i + 1 :])
        except Difference as smaller:
            if smaller.what[:40] == found.what[:40] or (
                ".backward()" in smaller.lines[-1] and ".backward()" in lines[-1]
            ):
                found, lines = smaller, [line for line in smaller.lines if not line.startswith("#")]
                i = min(i, len(lines) - 1)
        except Exception:
            pass
        i -= 1
    return found
