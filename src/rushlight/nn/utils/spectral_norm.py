"""Spectral normalization by hooks (Miyato et al. 2018); `parametrizations.spectral_norm` is its successor."""

from typing import Any, TypeVar

from ...autograd.grad_mode import no_grad
from ...linalg import multi_dot
from ...tensor import Tensor
from .. import functional as F
from ..modules.conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from ..modules.module import Module
from ..parameter import Parameter, UninitializedParameter

__all__ = [
    "SpectralNorm",
    "SpectralNormLoadStateDictPreHook",
    "SpectralNormStateDictHook",
    "remove_spectral_norm",
    "spectral_norm",
]

M = TypeVar("M", bound=Module)


def check_iterations(n_power_iterations: int) -> None:
    """Refuses fewer than one step of the power method.

    Raises:
        ValueError: there are fewer.
    """
    if n_power_iterations <= 0:
        raise ValueError(f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}")


def outputs_first(weight: Any, dim: int) -> Any:
    """A weight with the dimension of its outputs in front."""
    return weight.permute(dim, *[d for d in range(weight.dim()) if d != dim]) if dim != 0 else weight


def outputs_dim(module: Module, dim: int | None) -> int:
    """The dimension of the outputs in a module's weight, unless it is given."""
    if dim is None:
        return 1 if isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)) else 0
    return dim


class SpectralNorm:
    """The hook that divides a weight by its greatest singular value before each forward.

    Attributes:
        name: the name of the weight. dim: the dimension of its outputs.
        n_power_iterations: the steps of the power method in a forward in training mode.
        eps: the least norm by which vectors are divided.
    """

    # 1: the state holds both vectors, and not the weight itself.
    _version: int = 1

    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        self.name = name
        self.dim = dim
        check_iterations(n_power_iterations)
        self.n_power_iterations = n_power_iterations
        self.eps = eps

    def reshape_weight_to_matrix(self, weight: Any) -> Any:
        """The weight as a matrix whose rows belong to the outputs."""
        weight = outputs_first(weight, self.dim)
        return weight.reshape(weight.size(0), -1)

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """The weight over its greatest singular value, after some steps of the power method if wanted."""
        weight, u, v = (getattr(module, self.name + part) for part in ("_orig", "_u", "_v"))
        matrix = self.reshape_weight_to_matrix(weight)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v = F.normalize(matrix.t().mv(u), dim=0, eps=self.eps, out=v)
                    u = F.normalize(matrix.mv(v), dim=0, eps=self.eps, out=u)
                # Copies, because the next step changes the vectors in place.
                u, v = u.clone(), v.clone()
        scaled: Tensor = weight / u.dot(matrix.mv(v))
        return scaled

    def remove(self, module: Module) -> None:
        """Make the present weight a parameter again."""
        with no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        for part in ("", "_u", "_v", "_orig"):
            delattr(module, self.name + part)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module: Module, inputs: Any) -> None:
        """Compute the weight before a forward."""
        setattr(module, self.name, self.compute_weight(module, do_power_iteration=module.training))

    def _solve_v_and_rescale(self, matrix: Any, u: Any, target_sigma: Any) -> Any:
        """The right vector that goes with the left one, so that ``u @ matrix @ v`` is `target_sigma`."""
        v = multi_dot([matrix.t().mm(matrix).pinverse(), matrix.t(), u.unsqueeze(1)]).squeeze(1)
        return v.mul_(target_sigma / u.dot(matrix.mv(v)))

    @staticmethod
    def apply(module: Module, name: str, n_power_iterations: int, dim: int, eps: float) -> "SpectralNorm":
        """Compute a weight of the module by a new hook, which is returned.

        Raises:
            RuntimeError: there is such a hook already.
            ValueError: there is no weight, or its shape is not known yet.
        """
        if any(isinstance(h, SpectralNorm) and h.name == name for h in module._forward_pre_hooks.values()):
            raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
        hook = SpectralNorm(name, n_power_iterations, dim, eps)
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
        if isinstance(weight, UninitializedParameter):
            raise ValueError(
                "The module passed to `SpectralNorm` can't have uninitialized parameters. "
                "Make sure to run the dummy forward before applying spectral normalization"
            )
        with no_grad():
            u, v = (
                F.normalize(weight.new_empty(n).normal_(0, 1), dim=0, eps=eps)  # type: ignore[attr-defined]
                for n in hook.reshape_weight_to_matrix(weight).size()
            )
        delattr(module, name)
        module.register_parameter(name + "_orig", weight)
        # Plain data: until the first forward, the weight shares the parameter's memory.
        setattr(module, name, weight.data)
        module.register_buffer(name + "_u", u)
        module.register_buffer(name + "_v", v)
        module.register_forward_pre_hook(hook)
        module._register_state_dict_hook(SpectralNormStateDictHook(hook))
        module._register_load_state_dict_pre_hook(SpectralNormLoadStateDictPreHook(hook))
        return hook


class SpectralNormLoadStateDictPreHook:
    """Makes the state of older versions, which hold the weight but not the right vector, that of this one."""

    def __init__(self, fn: SpectralNorm) -> None:
        self.fn = fn

    def __call__(
        self, state_dict: Any, prefix: str, local_metadata: Any, strict: bool, missing_keys: list[str],
        unexpected_keys: Any, error_msgs: Any,
    ) -> None:  # fmt: skip
        """Change the state in place before it is loaded."""
        name = self.fn.name
        version = local_metadata.get("spectral_norm", {}).get(name + ".version", None)
        if version is not None and version >= 1:
            return
        key = prefix + name
        if version is None and all(key + part in state_dict for part in ("_orig", "_u", "_v")):
            if key not in state_dict:
                return
        missing = [key + part for part in ("_orig", "", "_u") if key + part not in state_dict]
        if missing:
            missing_keys += missing if strict else []
            return
        with no_grad():
            original, weight = state_dict[key + "_orig"], state_dict.pop(key)
            matrix = self.fn.reshape_weight_to_matrix(original)
            sigma = (original / weight).mean()
            state_dict[key + "_v"] = self.fn._solve_v_and_rescale(matrix, state_dict[key + "_u"], sigma)


class SpectralNormStateDictHook:
    """Notes the version in the metadata of the module's state."""

    def __init__(self, fn: SpectralNorm) -> None:
        self.fn = fn

    def __call__(self, module: Module, state_dict: Any, prefix: str, local_metadata: Any) -> None:
        """Note it.

        Raises:
            RuntimeError: the metadata has a key already.
        """
        versions = local_metadata.setdefault("spectral_norm", {})
        key = self.fn.name + ".version"
        if key in versions:
            raise RuntimeError(f"Unexpected key in metadata['spectral_norm']: {key}")
        versions[key] = self.fn._version


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Divide a weight by its greatest singular value before each forward.

    Args:
        module: the module, which is changed.
        name: the name of the weight.
        n_power_iterations: how many steps of the power method there are in each forward in training mode.
        eps: the least norm by which vectors are divided.
        dim: the dimension of the outputs; 1 for transposed convolutions and 0 for others unless given.

    Returns:
        The module.

    Raises:
        RuntimeError: that is done already.
        ValueError: there is no weight, or the number of steps is not positive.
    """
    SpectralNorm.apply(module, name, n_power_iterations, outputs_dim(module, dim), eps)
    return module


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Take back `spectral_norm`.

    Args:
        module: the module.
        name: its parameter's name.

    Raises:
        ValueError: the weight is not normalized.
    """
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, SpectralNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            break
    else:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    # The hook that reads older states stays, as in PyTorch.
    for key, noting in module._state_dict_hooks.items():
        if isinstance(noting, SpectralNormStateDictHook) and noting.fn.name == name:
            del module._state_dict_hooks[key]
            break
    return module
