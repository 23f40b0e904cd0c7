"""`torch.special`: special functions, and other names for some functions of `torch`.

The functions are those of ops/special_functions.py, ops/bessel.py and ops/orthogonal_polynomials.py.
"""

import functools
from collections.abc import Callable
from typing import Any

from .ops.bessel import airy_ai as airy_ai
from .ops.bessel import bessel_j0 as bessel_j0
from .ops.bessel import bessel_j1 as bessel_j1
from .ops.bessel import bessel_y0 as bessel_y0
from .ops.bessel import bessel_y1 as bessel_y1
from .ops.bessel import i0e as i0e
from .ops.bessel import i1 as i1
from .ops.bessel import i1e as i1e
from .ops.bessel import modified_bessel_i0 as modified_bessel_i0
from .ops.bessel import modified_bessel_i1 as modified_bessel_i1
from .ops.bessel import modified_bessel_k0 as modified_bessel_k0
from .ops.bessel import modified_bessel_k1 as modified_bessel_k1
from .ops.bessel import scaled_modified_bessel_k0 as scaled_modified_bessel_k0
from .ops.bessel import scaled_modified_bessel_k1 as scaled_modified_bessel_k1
from .ops.bessel import spherical_bessel_j0 as spherical_bessel_j0
from .ops.declare import FUNCTIONS as _FUNCTIONS
from .ops.declare import REGISTRY as _REGISTRY
from .ops.entries import under_name as _under_name
from .ops.operation import entry_point as _entry_point
from .ops.orthogonal_polynomials import chebyshev_polynomial_t as chebyshev_polynomial_t
from .ops.orthogonal_polynomials import chebyshev_polynomial_u as chebyshev_polynomial_u
from .ops.orthogonal_polynomials import chebyshev_polynomial_v as chebyshev_polynomial_v
from .ops.orthogonal_polynomials import chebyshev_polynomial_w as chebyshev_polynomial_w
from .ops.orthogonal_polynomials import hermite_polynomial_h as hermite_polynomial_h
from .ops.orthogonal_polynomials import hermite_polynomial_he as hermite_polynomial_he
from .ops.orthogonal_polynomials import laguerre_polynomial_l as laguerre_polynomial_l
from .ops.orthogonal_polynomials import legendre_polynomial_p as legendre_polynomial_p
from .ops.orthogonal_polynomials import shifted_chebyshev_polynomial_t as shifted_chebyshev_polynomial_t
from .ops.orthogonal_polynomials import shifted_chebyshev_polynomial_u as shifted_chebyshev_polynomial_u
from .ops.orthogonal_polynomials import shifted_chebyshev_polynomial_v as shifted_chebyshev_polynomial_v
from .ops.orthogonal_polynomials import shifted_chebyshev_polynomial_w as shifted_chebyshev_polynomial_w
from .ops.special_functions import entr as entr
from .ops.special_functions import erfcx as erfcx
from .ops.special_functions import log_ndtr as log_ndtr
from .ops.special_functions import ndtr as ndtr
from .ops.special_functions import ndtri as ndtri
from .ops.special_functions import xlog1py as xlog1py
from .ops.special_functions import zeta as zeta


def _renamed(name: str, original: str) -> Callable[..., Any]:
    """A function of `torch` that tells of wrong arguments under its name in this module."""
    operation = _REGISTRY.get(original)
    if operation is not None and operation.kind == "elementwise":
        return _entry_point(operation, f"special_{name}", False)  # type: ignore[no-any-return]
    function = _FUNCTIONS[original]

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except TypeError as error:
            raise _under_name(error, original, f"special_{name}") from None

    call.__name__ = call.__qualname__ = f"special_{name}"
    return call


digamma = _renamed("digamma", "digamma")
erf = _renamed("erf", "erf")
erfc = _renamed("erfc", "erfc")
erfinv = _renamed("erfinv", "erfinv")
exp2 = _renamed("exp2", "exp2")
expit = _renamed("expit", "sigmoid")
expm1 = _renamed("expm1", "expm1")
gammainc = _renamed("gammainc", "igamma")
gammaincc = _renamed("gammaincc", "igammac")
gammaln = _renamed("gammaln", "lgamma")
i0 = _renamed("i0", "i0")
log1p = _renamed("log1p", "log1p")
log_softmax = _renamed("log_softmax", "log_softmax")
logit = _renamed("logit", "logit")
logsumexp = _renamed("logsumexp", "logsumexp")
multigammaln = _renamed("multigammaln", "mvlgamma")
polygamma = _renamed("polygamma", "polygamma")
psi = _renamed("psi", "digamma")
sinc = _renamed("sinc", "sinc")
softmax = _renamed("softmax", "softmax")
xlogy = _renamed("xlogy", "xlogy")


def round(input: Any, *, decimals: int = 0, out: Any = None) -> Any:
    """Each element rounded to a number of decimals, halves to even; see `torch.round`."""
    return _FUNCTIONS["round"](input, decimals=decimals, out=out)


round.__name__ = "special_round"
