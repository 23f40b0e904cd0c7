"""Programs that are measured as whole processes: `python -m bench.child digits rushlight 12`.

The first word names the program, the second the library; nothing is imported that the program itself would not import.
"""

import sys


def digits(module, epochs):
    """The digits example from its data to its saved file."""
    import importlib
    import importlib.util
    from pathlib import Path

    sys.modules["rushlight"] = importlib.import_module(module)  # the name that the example imports
    path = Path(__file__).parents[1] / "examples" / "digits.py"
    example = importlib.util.module_from_spec(importlib.util.spec_from_file_location("digits", path))
    example.__spec__.loader.exec_module(example)
    example.EPOCHS = int(epochs)
    example.main()


def _resnet18_step(module, channels_last, batch, size):
    import importlib

    torch = importlib.import_module(module)

    def build():
        from bench.programs import resnet_step

        return resnet_step(torch, 18, int(batch), int(size), channels_last=channels_last == "True")

    return build


def step(*arguments):
    """One training step of a ResNet-18; prints the time of day at its end."""
    import time

    _resnet18_step(*arguments)().run()
    print(time.time())


def memory(*arguments):
    """Three training steps of a ResNet-18; prints by how many bytes the process exceeded its size after the import."""
    build = _resnet18_step(*arguments)
    before = _kilobytes("VmRSS")
    work = build()
    for _ in range(3):
        work.run()
    print((_kilobytes("VmHWM") - before) * 1024)


def _kilobytes(field):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(field))


if __name__ == "__main__":
    {"digits": digits, "step": step, "memory": memory}[sys.argv[1]](*sys.argv[2:])
