"""Devices that are not there, and settings of threads and precision: the answers of PyTorch's CPU build."""

import pytest
import torch

import rushlight

QUESTIONS = [
    "cuda.is_available()",
    "cuda.is_initialized()",
    "cuda.is_bf16_supported()",
    "cuda.device_count()",
    "cuda.get_arch_list()",
    "cuda.get_rng_state_all()",
    "cuda.set_rng_state_all([])",
    "cuda.manual_seed(0)",
    "cuda.manual_seed_all(0)",
    "cuda.seed()",
    "cuda.seed_all()",
    "cuda.empty_cache()",
    "cuda.memory_allocated()",
    "cuda.max_memory_allocated()",
    "cuda.memory_reserved()",
    "cuda.max_memory_reserved()",
    "cuda.current_device()",
    "cuda.get_device_name()",
    "cuda.get_device_name(0)",
    "cuda.get_device_capability()",
    "cuda.get_device_properties(0)",
    "cuda.current_stream()",
    "cuda.get_rng_state()",
    "cuda.initial_seed()",
    "cuda.synchronize()",
    "cuda.init()",
    "accelerator.is_available()",
    "accelerator.device_count()",
    "accelerator.current_accelerator()",
    "accelerator.synchronize()",
    "backends.cudnn.enabled",
    "backends.cudnn.benchmark",
    "backends.cudnn.deterministic",
    "backends.cudnn.allow_tf32",
    "backends.cudnn.is_available()",
    "backends.cudnn.version()",
    "backends.mps.is_available()",
    "backends.mps.is_built()",
    "backends.cuda.is_built()",
    "backends.cuda.matmul.allow_tf32",
    "set_num_threads(0)",
    "set_num_threads(-1)",
    "set_num_threads(1.5)",
    "set_num_threads('2')",
    "set_num_interop_threads(0)",
    "are_deterministic_algorithms_enabled()",
    "is_deterministic_algorithms_warn_only_enabled()",
    "get_float32_matmul_precision()",
    "version.cuda",
    "version.hip",
]


def answer(library, expression):
    try:
        return repr(eval(f"library.{expression}", {"library": library}))
    except Exception as error:
        return type(error), str(error)


@pytest.mark.parametrize("expression", QUESTIONS)
def test_answers(expression):
    assert answer(rushlight, expression) == answer(torch, expression)


@pytest.mark.parametrize("warn_only", [False, True])
def test_deterministic_algorithms(warn_only):
    for library in (torch, rushlight):
        library.use_deterministic_algorithms(True, warn_only=warn_only)
    try:
        for question in QUESTIONS[-5:-3]:
            assert answer(rushlight, question) == answer(torch, question)
    finally:
        for library in (torch, rushlight):
            library.use_deterministic_algorithms(False)


def test_precision_of_products():
    for library in (torch, rushlight):
        library.set_float32_matmul_precision("medium")
    assert rushlight.get_float32_matmul_precision() == torch.get_float32_matmul_precision() == "medium"
    for library in (torch, rushlight):
        library.set_float32_matmul_precision("highest")


THREADS = """
import numpy as np, rushlight
from threadpoolctl import threadpool_info

def blas():
    return {pool["num_threads"] for pool in threadpool_info() if "numpy" in pool["filepath"]}

before = rushlight.get_num_threads()
assert blas() == {before}, blas()
rushlight.set_num_threads(1)
assert rushlight.get_num_threads() == 1
assert blas() == {1}, blas()
rushlight.set_num_threads(before)
assert blas() == {before}, blas()
if fast:
    a = rushlight.ones(300, 300)
    a @ a  # by a compiled kernel: BLAS makes room for its threads, but for large products
    assert blas() == {1}, blas()
    rushlight.set_num_threads(3)
    b = np.ones((600, 600), np.float32)
    assert (rushlight.from_numpy(b) @ rushlight.from_numpy(b) == 600).all()
    assert blas() == {1}, blas()
"""


@pytest.mark.parametrize("fast", [False, True])
def test_the_number_of_threads_is_that_of_the_products(fast):
    import os
    import subprocess
    import sys

    environment = {**os.environ, "RUSHLIGHT_FAST": "wait" if fast else "0"}
    program = f"fast = {fast}\n{THREADS}"
    made = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr


def test_settings_of_absent_libraries_can_be_changed():
    cudnn = rushlight.backends.cudnn
    before = cudnn.benchmark
    cudnn.benchmark = True
    assert rushlight.backends.cudnn.benchmark is True
    cudnn.benchmark = before
