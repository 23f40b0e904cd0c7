"""`torch.linalg`: linear algebra. The functions are those of ops/linear_algebra.py."""

from .ops.linear_algebra import LinAlgError as LinAlgError
from .ops.linear_algebra import cholesky as cholesky
from .ops.linear_algebra import cross as cross
from .ops.linear_algebra import det as det
from .ops.linear_algebra import diagonal as diagonal
from .ops.linear_algebra import eigh as eigh
from .ops.linear_algebra import eigvalsh as eigvalsh
from .ops.linear_algebra import inv as inv
from .ops.linear_algebra import lstsq as lstsq
from .ops.linear_algebra import matmul as matmul
from .ops.linear_algebra import matrix_norm as matrix_norm
from .ops.linear_algebra import matrix_power as matrix_power
from .ops.linear_algebra import matrix_rank as matrix_rank
from .ops.linear_algebra import multi_dot as multi_dot
from .ops.linear_algebra import norm as norm
from .ops.linear_algebra import pinv as pinv
from .ops.linear_algebra import qr as qr
from .ops.linear_algebra import slogdet as slogdet
from .ops.linear_algebra import solve as solve
from .ops.linear_algebra import svd as svd
from .ops.linear_algebra import svdvals as svdvals
from .ops.linear_algebra import vecdot as vecdot
from .ops.linear_algebra import vector_norm as vector_norm
