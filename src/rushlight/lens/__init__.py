"""The lens: see the recorded graph, step through backward, be told why.

- `record()`: a context in which the lens notes where nodes and tensors are made; see recording.py.
- `explain(tensor)`: why a tensor has the gradient it has, or none; see explaining.py.
- `draw(output)`: a picture of the graph, or a text; see drawing.py.
- `step(output)`: walks backward one node at a time; see stepping.py.
- `trace(output)`: what each node of backward takes, and the gradients in numbers; see tracing.py.
- `memory(output)`: what backward holds, by operation and module; see holding.py.
- `source(output)`: the backward as a plain Python program; see program.py.
- `collect(output)`: the graph as plain objects; see model.py.
- `page(output, path)`: the graph as one HTML file to explore; see webpage.py.
"""

from typing import Any

_WHERE = {
    "Graph": "model",
    "collect": "model",
    "draw": "drawing",
    "explain": "explaining",
    "memory": "holding",
    "page": "webpage",
    "record": "recording",
    "source": "program",
    "step": "stepping",
    "trace": "tracing",
}

__all__ = list(_WHERE)


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        import importlib

        found = getattr(importlib.import_module(f".{_WHERE[name]}", __name__), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
