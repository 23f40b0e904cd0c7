"""The compiled kernels at any size: what tests run under to meet them with small arrays."""

import importlib
import os
import pkgutil
import re

from rushlight import kernels
from rushlight.base import namespace


def force() -> None:
    """Takes the compiled kernels at any size from now on, and waits for each to be compiled."""
    os.environ["RUSHLIGHT_FAST"] = "wait"
    for _, family, package in pkgutil.iter_modules(kernels.__path__):
        if package:
            continue
        module = importlib.import_module(f"rushlight.kernels.{family}")
        # The sizes from which on a family chooses compiled kernels.
        for name in vars(module):
            if re.fullmatch("(SMALLEST|LARGE)(_[A-Z]+)?", name):
                setattr(module, name, 2 if name == "LARGE" else 1)
    namespace["LARGE"] = 2
