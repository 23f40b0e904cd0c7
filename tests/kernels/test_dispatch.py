"""Compiled kernels: found, compiled in the background, shared between threads, never in the way."""

import os
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest

from rushlight.kernels import cache, conv, conv_common, dispatch, pool, winograd

pytestmark = pytest.mark.skipif(not dispatch.enabled(), reason="needs Numba (extra 'fast')")


def ready(kernel: dispatch.Kernel, dtype: type = np.float32) -> dispatch.Launch:
    """The kernel, waited for."""
    deadline = time.monotonic() + 120
    while (run := kernel.get(np.dtype(dtype))) is None:
        assert time.monotonic() < deadline, "a kernel was not compiled within two minutes"
        time.sleep(0.01)
    return run


@pytest.fixture(scope="module")
def pack() -> dispatch.Kernel:
    return dispatch.Kernel("matmul", "pack")


def packed(run: dispatch.Launch, b: np.ndarray, width: int) -> np.ndarray:
    depth, columns = b.shape
    out = np.zeros(-(-columns // width) * width * depth, b.dtype)
    run(-(-columns // width), 1, b, out, depth, columns, *b.strides)
    return out


def test_a_kernel_computes_on_several_threads_what_it_computes_on_one(pack: dispatch.Kernel) -> None:
    run = ready(pack)
    b = np.random.default_rng(0).standard_normal((7, 1000), dtype=np.float32)
    threads = dispatch.get_threads()
    try:
        dispatch.set_threads(1)
        alone = packed(run, b, 64)
        dispatch.set_threads(4)
        for _ in range(50):
            np.testing.assert_array_equal(packed(run, b, 64), alone)
    finally:
        dispatch.set_threads(threads)


@pytest.mark.parametrize("pieces", [1, 2, 3, 5, 31])
@pytest.mark.parametrize("threads", [2, 3, 8])
def test_every_piece_is_computed_once_however_many_threads_there_are(
    pack: dispatch.Kernel, pieces: int, threads: int
) -> None:
    run = ready(pack)
    b = np.random.default_rng(0).standard_normal((7, 64 * pieces - 1), dtype=np.float32)
    before = dispatch.get_threads()
    try:
        dispatch.set_threads(1)
        alone = packed(run, b, 64)
        dispatch.set_threads(threads)
        for _ in range(20):
            np.testing.assert_array_equal(packed(run, b, 64), alone)
    finally:
        dispatch.set_threads(before)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs a system that tells where threads may run")
def test_the_threads_may_run_wherever_the_program_may(pack: dispatch.Kernel) -> None:
    run = ready(pack)
    b = np.random.default_rng(0).standard_normal((64, 4096), dtype=np.float32)
    for _ in range(20):
        packed(run, b, 64)
        time.sleep(0.002)  # they go to sleep, and are woken beside the launching thread at times
    time.sleep(0.05)
    allowed = os.sched_getaffinity(0)
    workers = [t for t in threading.enumerate() if t.name == "rushlight" and t.native_id is not None]
    assert workers or len(allowed) == 1
    for worker in workers:
        assert worker.native_id is not None
        assert os.sched_getaffinity(worker.native_id) == allowed


def test_threads_that_are_added_while_memory_is_shared_out_take_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUSHLIGHT_FAST", "wait")
    random = np.random.default_rng(0)
    x, w = random.standard_normal((4, 32, 20, 20), np.float32), random.standard_normal((96, 32, 3, 3), np.float32)

    def convolved() -> np.ndarray:
        return conv.conv_forward(x, w, None, (1, 1), (1, 1), (1, 1), 1)

    def carve(*wanted: Any) -> Any:
        more = threading.Thread(target=dispatch.set_threads, args=(4,))
        more.start()
        more.join()
        return conv_common.carve(*wanted)

    took_part = []
    launch = pool.Pool.launch

    def spy(self: pool.Pool, *arguments: Any) -> None:
        took_part.append(arguments[-1])
        launch(self, *arguments)

    threads = dispatch.get_threads()
    try:
        dispatch.set_threads(1)
        alone = convolved()
        monkeypatch.setattr(winograd, "carve", carve)
        monkeypatch.setattr(pool.Pool, "launch", spy)
        for _ in range(20):
            dispatch.set_threads(1)
            np.testing.assert_array_equal(convolved(), alone)
        assert set(took_part) == {1}
    finally:
        dispatch.set_threads(threads)


def test_python_threads_may_launch_at_the_same_time(pack: dispatch.Kernel) -> None:
    run = ready(pack)
    arrays = [np.random.default_rng(i).standard_normal((5, 512), dtype=np.float32) for i in range(4)]
    expected = [packed(run, b, 64) for b in arrays]
    wrong = []

    def work(i: int) -> None:
        for _ in range(200):
            if not np.array_equal(packed(run, arrays[i], 64), expected[i]):
                wrong.append(i)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_has_threads_of_its_own(pack: dispatch.Kernel) -> None:
    run = ready(pack)
    b = np.random.default_rng(0).standard_normal((7, 1000), dtype=np.float32)
    expected = packed(run, b, 64)
    child = os.fork()
    if child == 0:
        os._exit(0 if np.array_equal(packed(run, b, 64), expected) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_types_without_a_kernel_are_left_to_numpy(pack: dispatch.Kernel) -> None:
    assert pack.get(np.dtype(np.int64)) is None
    assert pack.get(np.dtype(np.float16)) is None


PROGRAM = """
import sys, time
import numpy as np
from rushlight.kernels import dispatch
kernel = dispatch.Kernel("matmul", "pack")
first = kernel.get(np.dtype(np.float32))
for _ in range(6000):
    if kernel.get(np.dtype(np.float32)) is not None: break
    time.sleep(0.01)
print(first, kernel.get(np.dtype(np.float32)) is not None, "numba" in sys.modules)
"""


def run_program(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "default", "-c", PROGRAM],
        env={**os.environ, "RUSHLIGHT_FAST": "1", **environment},
        capture_output=True,
        text=True,
        check=True,
    )


def test_nothing_waits_for_the_compiler_and_the_program_never_imports_it(tmp_path) -> None:  # type: ignore[no-untyped-def]
    assert run_program(RUSHLIGHT_CACHE=str(tmp_path)).stdout == "None True False\n"
    assert len(list(tmp_path.glob("*.o"))) == 3


def test_a_folder_that_cannot_be_used_is_no_error(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "file").write_text("")
    assert run_program(RUSHLIGHT_CACHE=str(tmp_path / "file" / "folder")).stdout == "None True False\n"


def test_fast_can_be_switched_off() -> None:
    program = "from rushlight.kernels import dispatch; print(dispatch.enabled())"
    made = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "RUSHLIGHT_FAST": "0"}, capture_output=True, text=True
    )
    assert made.stdout == "False\n"


def test_warmup_compiles_what_is_missing(tmp_path) -> None:  # type: ignore[no-untyped-def]
    environment = {**os.environ, "RUSHLIGHT_CACHE": str(tmp_path)}
    program = (
        "from rushlight.kernels import dispatch\n"
        "dispatch.KERNELS[:] = [dispatch.Kernel('matmul', 'pack')]\n"
        "print(list(dispatch.warm_up())[-1][1:])\n"
        "print(list(dispatch.warm_up()))\n"
    )
    made = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert made.stdout == "(3, 3)\n[]\n", made.stderr


def test_a_damaged_file_is_compiled_anew(tmp_path) -> None:  # type: ignore[no-untyped-def]
    run_program(RUSHLIGHT_CACHE=str(tmp_path))
    (file,) = tmp_path.glob("matmul-*.o")
    whole = file.read_bytes()
    for damaged in (b"", whole[:100] + bytes([whole[100] ^ 1]) + whole[101:], whole[:2000]):
        file.write_bytes(damaged)
        assert cache.fetch(file) is None
    assert run_program(RUSHLIGHT_CACHE=str(tmp_path)).stdout == "None True False\n"
    assert cache.fetch(file) is not None


def test_a_folder_that_is_cleaned_away_under_way_is_made_again(tmp_path) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "kernels"
    program = (
        "import shutil, numpy as np\n"
        "from rushlight.kernels import cache, dispatch\n"
        "shutil.rmtree(cache.folder())\n"
        "print(dispatch.Kernel('matmul', 'pack').get(np.dtype('f')) is not None)\n"
    )
    environment = {**os.environ, "RUSHLIGHT_CACHE": str(folder), "RUSHLIGHT_FAST": "wait"}
    made = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert (made.stdout, made.stderr) == ("True\n", "")


def test_a_program_may_end_while_its_kernels_are_compiled(tmp_path) -> None:  # type: ignore[no-untyped-def]
    program = (
        "import numpy as np\n"
        "from rushlight.kernels import dispatch\n"
        "print(dispatch.Kernel('matmul', 'pack').get(np.dtype('f')))\n"
    )
    environment = {**os.environ, "RUSHLIGHT_CACHE": str(tmp_path), "RUSHLIGHT_FAST": "1"}
    command = [sys.executable, "-W", "default", "-c", program]
    made = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (made.returncode, made.stdout, made.stderr) == (0, "None\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_asks_a_builder_of_its_own(tmp_path) -> None:  # type: ignore[no-untyped-def]
    program = (
        "import os, numpy as np\n"
        "from rushlight.kernels import dispatch\n"
        "kernel = dispatch.Kernel('matmul', 'pack')\n"
        "kernel.get(np.dtype('f'))\n"
        "child = os.fork()\n"
        "os.environ['RUSHLIGHT_FAST'] = 'wait'\n"
        "kernel = dispatch.Kernel('matmul', 'pack')\n"
        "os.write(1, b'%r\\n' % (kernel.get(np.dtype('f')) is not None))\n"  # in one piece, also unbuffered
        "if child: print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    environment = {**os.environ, "RUSHLIGHT_CACHE": str(tmp_path), "RUSHLIGHT_FAST": "1"}
    made = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert (made.stdout, made.stderr) == ("True\nTrue\n0\n", "")


def test_python_threads_may_look_for_kernels_at_the_same_time() -> None:
    program = (
        "import threading, numpy as np\n"
        "from rushlight.kernels import dispatch\n"
        "kernel = dispatch.Kernel('matmul', 'pack')\n"
        "found = []\n"
        "threads = [threading.Thread(target=lambda: found.append(kernel.get(np.dtype('f')))) for _ in range(8)]\n"
        "for t in threads: t.start()\n"
        "for t in threads: t.join()\n"
        "print(len(set(found)), None in found)\n"
    )
    environment = {**os.environ, "RUSHLIGHT_FAST": "wait"}
    made = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert (made.stdout, made.stderr) == ("1 False\n", "")
