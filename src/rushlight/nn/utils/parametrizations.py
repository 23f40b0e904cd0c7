"""Ready-made parametrizations (`torch.nn.utils.parametrizations`): orthogonal matrices, weight and spectral norm."""

from typing import Any

from ...autograd.grad_mode import no_grad
from ...dtypes import finfo
from ...linalg import householder_product, solve
from ...ops.creation import eye, zeros_like
from ...ops.joining import cat
from ...ops.matrix_functions import matrix_exp
from ...ops.qr import geqrf
from ...ops.queries import allclose
from ...ops.random_creation import randn
from ...ops.weight_norm import _weight_norm, norm_except_dim
from ...tensor import Tensor
from .. import functional as F
from ..modules.module import Module
from . import parametrize
from .spectral_norm import check_iterations, outputs_dim, outputs_first

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


def _weight(module: Module, name: str) -> Tensor:
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight


# ---------------------------------------------------------------------------------------------- orthogonal matrices
def _is_orthogonal(q: Any) -> bool:
    identity = eye(q.size(-1), dtype=q.dtype)
    return bool(allclose(q.mH @ q, identity, atol=10.0 * q.size(-2) * finfo(q.dtype).eps))


def _orthogonalized(a: Any) -> Any:
    """The orthogonal factor of `a` whose triangular factor has a positive diagonal."""
    reflectors, tau = geqrf(a)
    q = householder_product(reflectors, tau)
    return q * reflectors.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


def _skew(x: Any) -> Any:
    """The skew-Hermitian matrix of the lower triangle of `x`, which zeros complete to a square."""
    lower = x.tril()
    missing = x.size(-2) - x.size(-1)
    if missing:
        lower = cat([lower, x.new_zeros(x.size(-2), missing).expand(*x.shape[:-2], -1, -1)], dim=-1)
    return lower - lower.mH


def _exponential(x: Any) -> Any:
    return matrix_exp(_skew(x))


def _cayley(x: Any) -> Any:
    """Solves ``(I - A / 2) Q = I + A / 2`` for the skew-Hermitian A."""
    a = _skew(x)
    identity = eye(a.size(-1), dtype=a.dtype)
    return solve(identity.add(a, alpha=-0.5), identity.add(a, alpha=0.5))


def _reflections(x: Any) -> Any:
    """The product of the reflections below the diagonal of `x`, which itself holds the signs of the columns."""
    below = x.tril(diagonal=-1)
    q = householder_product(below, 2.0 / (1.0 + (below * below).sum(dim=-2)))
    return q * x.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)


_MAPS = {"matrix_exp": _exponential, "cayley": _cayley, "householder": _reflections}


class _Orthogonal(Module):
    """Orthogonal matrices from matrices without constraint (Lezcano-Casado 2019)."""

    base: Tensor

    def __init__(self, weight: Tensor, orthogonal_map: str, *, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape = weight.shape
        self.wide = weight.size(-2) < weight.size(-1)
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def _turned(self, x: Any) -> Any:
        """`x`, transposed if the weight has more columns than rows: the maps are for tall matrices."""
        return x.mT if self.wide else x

    def forward(self, X: Any) -> Any:
        """The orthogonal matrix that belongs to the lower triangle of `X`."""
        x = self._turned(X)
        q = _MAPS[self.orthogonal_map](x)
        if q.size(-1) != x.size(-1):
            q = q[..., : x.size(-1)]
        return self._turned(self.base @ q if hasattr(self, "base") else q)

    @no_grad()
    def right_inverse(self, Q: Any) -> Any:
        """A matrix from which `forward` makes `Q`, or the orthogonal matrix near it.

        Raises:
            ValueError: the shape is another.
            NotImplementedError: the map has no inverse, and there is no base to take `Q` over.
        """
        if Q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape {Q.shape}."
            )
        q = self._turned(Q)
        if hasattr(self, "base"):
            # The base takes the weight over, and the map gives the identity, up to the sign that reflections have.
            self.base = self._completed(q)
            start = zeros_like(Q)
            start.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
            return start
        if self.orthogonal_map != "householder":
            raise NotImplementedError(
                "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                "use_trivialization=False."
            )
        reflectors, tau = geqrf(q)
        signs = reflectors.diagonal(dim1=-2, dim2=-1)
        signs.copy_(signs.sgn() * (tau != 0).to(signs.dtype).mul(2).sub(1))
        return self._turned(reflectors)

    @staticmethod
    def _completed(q: Any) -> Any:
        """A square orthogonal matrix that begins with the columns of `q`, as far as these are orthogonal."""
        n, k = q.shape[-2:]
        if n == k and _is_orthogonal(q):
            return q.clone()
        if n != k:
            q = cat([q, randn(*q.shape[:-2], n, n - k, dtype=q.dtype)], dim=-1)
        return _orthogonalized(q)


def orthogonal(
    module: Module, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> Module:
    """Let a weight of a module be an orthogonal matrix (or unitary, if complex), or a batch of them.

    Args:
        module: the module, which is changed.
        name: the name of the weight.
        orthogonal_map: ``"matrix_exp"``, ``"cayley"`` or ``"householder"``; the first for square and complex weights,
            the last for others, unless given.
        use_trivialization: whether to go on from the present weight, so that any orthogonal one can be assigned.

    Returns:
        The module.

    Raises:
        ValueError: there is no such weight, it is no matrix, or there is no such map for it.
    """
    weight = _weight(module, name)
    if weight.ndim < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map is None:
        square = weight.size(-2) == weight.size(-1)
        orthogonal_map = "matrix_exp" if square or weight.is_complex() else "householder"
    if orthogonal_map not in _MAPS:
        raise ValueError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    map_ = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    return parametrize.register_parametrization(module, name, map_, unsafe=True)


# ---------------------------------------------------------------------------------------------- weight norm
class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Any, weight_v: Any) -> Any:
        """The weight of length `weight_g` and direction `weight_v`."""
        return _weight_norm(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Any) -> tuple[Any, Any]:
        """A weight's length and direction."""
        return norm_except_dim(weight, 2, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Let a weight be the product of lengths and directions (Salimans and Kingma 2016), which are learned apart.

    Args:
        module: the module, which is changed.
        name: the name of the weight.
        dim: the dimension along which each slice has a length of its own; None for one length.

    Returns:
        The module.
    """
    parametrize.register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def from_older_names(state_dict: Any, prefix: str, *_: Any) -> None:
        older = [f"{prefix}{name}_{part}" for part in "gv"]
        if all(key in state_dict for key in older):
            for i, key in enumerate(older):
                state_dict[f"{prefix}parametrizations.{name}.original{i}"] = state_dict.pop(key)

    module._register_load_state_dict_pre_hook(from_older_names)
    return module


# ---------------------------------------------------------------------------------------------- spectral norm
class _SpectralNorm(Module):
    """A weight over its greatest singular value, which the power method follows from step to step."""

    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        ndim = weight.ndim
        if dim >= ndim or dim < -ndim:
            raise IndexError(f"Dimension out of range (expected to be in range of [-{ndim}, {ndim - 1}] but got {dim})")
        check_iterations(n_power_iterations)
        self.dim = dim if dim >= 0 else dim + ndim
        self.eps = eps
        if ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = self._reshape_weight_to_matrix(weight)
            for name, size in zip(("_u", "_v"), matrix.size(), strict=True):
                vector = matrix.new_empty(size).normal_(0, 1)
                self.register_buffer(name, vector)
            for name in ("_u", "_v"):
                self.register_buffer(name, F.normalize(getattr(self, name), dim=0, eps=self.eps))
            self._power_method(matrix, 15)

    def _reshape_weight_to_matrix(self, weight: Any) -> Any:
        return outputs_first(weight, self.dim).flatten(1)

    @no_grad()
    def _power_method(self, matrix: Any, n_power_iterations: int) -> None:
        for _ in range(n_power_iterations):
            self._u = F.normalize(matrix.mv(self._v), dim=0, eps=self.eps, out=self._u)
            self._v = F.normalize(matrix.mH.mv(self._u), dim=0, eps=self.eps, out=self._v)

    def forward(self, weight: Any) -> Any:
        """The weight over its greatest singular value."""
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = self._reshape_weight_to_matrix(weight)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        # Copies, because the next step changes the vectors in place.
        u, v = self._u.clone(), self._v.clone()
        return weight / u.vdot(matrix.mv(v))

    def right_inverse(self, value: Any) -> Any:
        """The weight itself, which may be of any size."""
        return value


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """Let a weight be divided by its greatest singular value (Miyato et al. 2018).

    Args:
        module: the module, which is changed.
        name: the name of the weight.
        n_power_iterations: how many steps of the power method there are in each forward in training mode.
        eps: the least norm by which vectors are divided.
        dim: the dimension of the outputs; 1 for transposed convolutions and 0 for others unless given.

    Returns:
        The module.

    Raises:
        ValueError: there is no such weight, or the number of steps is not positive.
        IndexError: there is no such dimension.
    """
    weight = _weight(module, name)
    normal = _SpectralNorm(weight, n_power_iterations, outputs_dim(module, dim), eps)
    return parametrize.register_parametrization(module, name, normal)
