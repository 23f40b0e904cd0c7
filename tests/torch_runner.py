"""Run a program on the installed PyTorch: `python torch_runner.py program.py`.

torchvision's Python half imports without its compiled half once the registration of shape functions for the compiled
operators, which the programs do not use, is made to do nothing.
"""

import runpy
import sys

import torch

torch.library.register_fake = lambda *arguments, **options: lambda function: function

if __name__ == "__main__":
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
