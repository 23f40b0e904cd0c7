"""What ``import torchvision`` finds in a process that multiprocessing started from one where torch means Rushlight.

Such a process gets its parent's `sys.path`, on which `install_as_torch` has put this folder, but not its import hooks.
"""

import sys

from rushlight.torch_alias import install_as_torch

del sys.modules[__name__]
install_as_torch()
__import__(__name__)
