"""``torch.nn.parallel``: there are no several devices to spread a module over."""

from .data_parallel import DataParallel as DataParallel
