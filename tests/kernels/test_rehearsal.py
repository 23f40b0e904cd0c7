"""The usual operations declare their loops for ``rushlight warmup`` without compiling any."""

import pytest

import rushlight
from rushlight.kernels import dispatch
from rushlight.rehearsal import rehearse

pytestmark = pytest.mark.skipif(not dispatch.enabled(), reason="needs Numba (extra 'fast')")


def test_loops_are_declared_and_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(dispatch.Workshop, "_ask", lambda self, path, line: asked.append(path))
    rehearse(rushlight.float32)
    assert not asked
    names = {kernel.name.rpartition("_")[0] for kernel in dispatch.KERNELS if kernel.text}
    assert {"mul_aa", "MulBackward0_input_other_aaa", "tanh_a", "gelu_backward_aa", "adam_all", "add_ar"} <= names
    texts = [(kernel.name, kernel.text) for kernel in dispatch.KERNELS if kernel.text]
    assert len(set(texts)) == len({name for name, _ in texts})
