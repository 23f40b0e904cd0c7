"""What the tests of `explain` share."""

import inspect
import sys


def said(found, reason, at=None, *words):
    """Checks an explanation: its reason, the line of the calling test that contains `at`, and words of its text."""
    assert found.reason == reason, str(found)
    if at is not None:
        test = sys._getframe(1).f_code
        lines, start = inspect.getsourcelines(test)
        numbers = [start + i for i, line in enumerate(lines) if at in line and "said(" not in line]
        assert len(numbers) == 1, f"{at!r} stands on {len(numbers)} lines"
        assert numbers[0] in [line.number for line in found.lines], f"line {numbers[0]}\n{found}"
        assert all(line.file == test.co_filename for line in found.lines)
        assert f"{test.co_filename}:{numbers[0]}" in str(found)
        assert f"{test.co_filename}:{numbers[0]}" in found._repr_html_()
    for word in words:
        assert word in str(found), str(found)


class lens_off:
    """Takes back, inside its block, what the recording of the tests noted."""

    def __enter__(self):
        from rushlight.autograd import mode, steps

        self.before = mode.local.watchers, mode.local.tellers, mode.local.node_makers, list(steps.node_watchers)
        mode.local.watchers = mode.local.tellers = mode.local.node_makers = ()
        steps.node_watchers.clear()

    def __exit__(self, *exc):
        from rushlight.autograd import mode, steps

        mode.local.watchers, mode.local.tellers, mode.local.node_makers, watchers = self.before
        steps.node_watchers.extend(watchers)
