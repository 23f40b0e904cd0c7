"""`torch.linalg`: linear algebra. The functions are those of several files of ops/."""

from .ops.eigen import eig as eig
from .ops.eigen import eigh as eigh
from .ops.eigen import eigvals as eigvals
from .ops.eigen import eigvalsh as eigvalsh
from .ops.eigen import svd as svd
from .ops.eigen import svdvals as svdvals
from .ops.factorization import cholesky as cholesky
from .ops.factorization import cholesky_ex as cholesky_ex
from .ops.factorization import ldl_factor as ldl_factor
from .ops.factorization import ldl_factor_ex as ldl_factor_ex
from .ops.factorization import lu as lu
from .ops.factorization import lu_factor as lu_factor
from .ops.factorization import lu_factor_ex as lu_factor_ex
from .ops.factorized_systems import ldl_solve as ldl_solve
from .ops.factorized_systems import lu_solve as lu_solve
from .ops.least_squares import lstsq as lstsq
from .ops.least_squares import matrix_rank as matrix_rank
from .ops.least_squares import pinv as pinv
from .ops.matmul import matmul as matmul
from .ops.matrices import LinAlgError as LinAlgError
from .ops.matrix_functions import cond as cond
from .ops.matrix_functions import det as det
from .ops.matrix_functions import diagonal as diagonal
from .ops.matrix_functions import matrix_exp as matrix_exp
from .ops.matrix_functions import matrix_norm as matrix_norm
from .ops.matrix_functions import matrix_power as matrix_power
from .ops.matrix_functions import norm as norm
from .ops.matrix_functions import slogdet as slogdet
from .ops.matrix_functions import vander as vander
from .ops.matrix_functions import vecdot as vecdot
from .ops.products import linalg_cross
from .ops.products import multi_dot as multi_dot
from .ops.qr import householder_product as householder_product
from .ops.qr import qr as qr
from .ops.solving import inv as inv
from .ops.solving import inv_ex as inv_ex
from .ops.solving import solve as solve
from .ops.solving import solve_ex as solve_ex
from .ops.solving import solve_triangular as solve_triangular
from .ops.solving import tensorinv as tensorinv
from .ops.solving import tensorsolve as tensorsolve
from .ops.vector_norms import vector_norm as vector_norm

cross = linalg_cross
