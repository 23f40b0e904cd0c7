"""Names for a graph's leaves, and the modules its nodes belong to."""

from collections.abc import Mapping
from types import FrameType
from typing import TYPE_CHECKING, Any

from ..autograd.leaf import AccumulateGrad
from ..autograd.origins import Call, origin_of
from ..autograd.paths import discover
from ..base import TensorBase

if TYPE_CHECKING:
    from .model import GraphNode


def variables(names: Mapping[str, Any] | None, frame: FrameType | None) -> dict[str, Any]:
    """The tensors that have names: those of a frame's variables, and those given."""
    found: dict[str, Any] = {}
    if frame is not None:
        for scope in (frame.f_globals, frame.f_locals):
            found.update({k: v for k, v in scope.items() if isinstance(v, TensorBase) and not k.startswith("_")})
    found.update(names or {})
    return found


def leaf_names(
    outputs: list[Any], model: Any, names: Mapping[str, Any] | None, frame: FrameType | None
) -> tuple[dict[Any, str], Any]:
    """The names of leaves' nodes, and the outermost module that was recorded."""
    found: dict[Any, str] = {}
    for name, t in variables(None, frame).items():
        if isinstance(t._node, AccumulateGrad):
            found[t._node] = name
    root = None
    if model is None:
        for node in discover([t._node for t in outputs])[0]:
            origin = origin_of(node)
            if origin is not None and origin.root is not None:
                root = origin.root()
                if root is not None:
                    break
    for module in (root, model):
        if module is not None:
            found.update({p._node: name for name, p in module.named_parameters() if p._node is not None})
    for name, t in (names or {}).items():
        if isinstance(t, TensorBase) and isinstance(t._node, AccumulateGrad):
            found[t._node] = name
    return found, root


def _chain(module: Any, path: str) -> tuple[Call, ...]:
    """The modules on the way to the one with a path, as if they were being called."""
    calls = [Call("", type(module).__name__)]
    parts = path.split(".") if path else []
    for i, part in enumerate(parts):
        module = getattr(module, part)
        calls.append(Call(".".join(parts[: i + 1]), type(module).__name__))
    return tuple(calls)


def place_leaves(nodes: list["GraphNode"], root: Any) -> None:
    """Puts parameters into the modules that own them, as these were called, or else as they are named."""
    if root is None:
        return
    own = {name for name, _ in root.named_parameters()}
    called = {n.calls[-1].path: n.calls for n in nodes if n.calls}
    for n in nodes:
        if n.is_leaf and n.parameter is not None and n.parameter in own:
            path = n.parameter.rpartition(".")[0]
            n.calls = called.get(path) or _chain(root, path)


def infer_modules(nodes: list["GraphNode"], model: Any) -> None:
    """Finds modules by the parameters that operations use; what uses none belongs where its neighbours agree."""
    for n in nodes:
        owners = [nodes[e.target].calls for e in n.edges if nodes[e.target].is_leaf and nodes[e.target].calls]
        if owners and not n.is_leaf:
            n.calls = owners[-1]
    before: list[tuple[Call, ...]] = [()] * len(nodes)
    after: list[tuple[Call, ...]] = [()] * len(nodes)
    for n in reversed(nodes):
        if not n.is_leaf:
            inputs = [before[e.target] for e in n.edges if not nodes[e.target].is_leaf]
            before[n.id] = n.calls or (inputs[0] if inputs else ())
    for n in nodes:
        for e in n.edges:
            if not after[e.target]:
                after[e.target] = n.calls or after[n.id]
    for n in nodes:
        if not n.calls and not n.is_leaf:
            n.calls = _common(before[n.id], after[n.id]) or _chain(model, "")


def _common(a: tuple[Call, ...], b: tuple[Call, ...]) -> tuple[Call, ...]:
    count = 0
    while count < min(len(a), len(b)) and a[count] == b[count]:
        count += 1
    return a[:count]
