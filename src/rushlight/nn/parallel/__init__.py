"""``torch.nn.parallel``: there are no several devices to spread a module over."""

from .data_parallel import DataParallel as DataParallel
from .data_parallel import data_parallel as data_parallel
