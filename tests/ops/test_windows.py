"""Windows beside PyTorch: values, periods, shapes, dtypes, graphs, errors."""

import pytest
import torch
from beside import check

NAMES = ["hann_window", "hamming_window", "bartlett_window", "blackman_window", "kaiser_window"]
SIGNAL = sorted(torch.signal.windows.__all__)
MORE = {"general_cosine": {"a": [0.46, 0.23, 0.31]}, "gaussian": {"std": 2.5}, "exponential": {"tau": 3.0}}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("periodic", [True, False])
def test_windows(name, periodic):
    def scenario(m):
        window = getattr(m, name)
        found = [window(n, periodic, dtype=kind) for n in range(8) for kind in (m.float32, m.float64)]
        return [*found, window(window_length=5, periodic=periodic), window(9, requires_grad=True)]

    check(scenario)
    check(lambda m: getattr(m, name)(7, periodic, dtype=m.float16), rtol=4e-3, atol=1e-3)


@pytest.mark.parametrize("name", SIGNAL)
@pytest.mark.parametrize("sym", [True, False])
def test_signal_windows(name, sym):
    def scenario(m):
        window, more = getattr(m.signal.windows, name), MORE.get(name, {})
        found = [window(n, sym=sym, dtype=kind, **more) for n in range(8) for kind in (m.float32, m.float64, None)]
        return [*found, window(6, sym=sym, requires_grad=True, **more)]

    check(scenario, rtol=2e-6, atol=2e-7)


@pytest.mark.parametrize(
    "line",
    [
        "m.hann_window(-1)", "m.hann_window(5, dtype=m.int64)", "m.hann_window(5, dtype=m.bool)", "m.hann_window(5.0)",
        "m.hann_window(5, dtype=m.complex64)", "m.hann_window()", "m.hann_window(5, 1)", "m.bartlett_window(-2)",
        "m.hamming_window(5, True, 0.5)", "m.hamming_window(5, True, 0.5, 0.4)", "m.hamming_window(5, alpha=0.5)",
        "m.hamming_window(5, True, alpha=0.5)", "m.kaiser_window(5, False, beta=3.0)", "m.kaiser_window(5, True, 3)",
        "m.kaiser_window(5, beta=3.0)", "m.hamming_window(5, True, 0.5, 0.4, 3)",
    ] + [
        f"m.signal.windows.{call}" for call in (
            "hann(-1)", "blackman(-1)", "nuttall(-1)", "hann(3, dtype=m.float16)", "exponential(5, center=1.0)",
            "exponential(5, center=1.0, sym=False)", "exponential(5, tau=-1)", "gaussian(5, std=0)",
            "kaiser(5, beta=-1)",
            "general_cosine(5, a=3)", "general_cosine(5, a=[])", "general_cosine(5)", "general_hamming(5, alpha=0.3)",
        )
    ],
)  # fmt: skip
def test_arguments(line):
    check(lambda m: eval(line, {"m": m}))


def test_names():
    import rushlight

    assert rushlight.signal.windows.__all__ == SIGNAL
