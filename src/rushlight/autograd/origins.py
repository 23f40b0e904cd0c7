"""Where in the user's program nodes were made, who changed a tensor in place, and which backward freed a node.

Nothing of this is kept in the ordinary run of a program. Between `start` and `stop`, each new node is given an `Origin`
(see `mode.born`): a code object and a line number, and the modules that were being called. Errors of backward are then
given notes that name those lines (`annotate`). The lens and anomaly detection switch it on.
"""

import linecache
import os
import sys
import weakref
from collections import OrderedDict
from types import CodeType, FrameType
from typing import Any, NamedTuple

from .. import base
from . import mode, steps, tasks
from .node import FREED, function_of, rare
from .versions import modification

# Frames of these folders lie between the user's line and what it calls; models are as good as the user's own.
_PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep
_MODELS = os.path.join(_PACKAGE, "vision", "models") + os.sep
# The code of `Module.__call__`, by which the modules that are being called are found; nn adds it.
module_calls: set[CodeType] = set()
# Version lists of tensors that were changed in place, with the changes; the oldest are forgotten.
_CHANGED_TENSORS, _CHANGES = 4096, 64


class Line(NamedTuple):
    """A line of the user's program.

    Attributes:
        file, number, function: where it is.
    """

    file: str
    number: int
    function: str

    @property
    def text(self) -> str:
        """The line itself, or an empty string where its file cannot be read."""
        return linecache.getline(self.file, self.number).strip()

    def __str__(self) -> str:
        text = self.text
        place = f"{self.file}:{self.number}, in {self.function}"
        return f"{place}: {text}" if text else place


class Call(NamedTuple):
    """A module that was being called.

    Attributes:
        path: its name from the outermost module being called, such as ``"layer1.0.conv1"``; ``""`` for that one.
        kind: the name of its class.
    """

    path: str
    kind: str


class Origin:
    """What is kept of the making of a node.

    Attributes:
        code, number: the code object and line number.
        calls: the modules that were being called, the outermost first.
        root: a weak reference to the outermost of them, or None.
        freed: the line of the backward that freed what the node saved, or None.
    """

    __slots__ = ("calls", "code", "freed", "number", "root")

    def __init__(self, code: CodeType, number: int, calls: tuple[Call, ...], root: Any):
        self.code, self.number, self.calls, self.root = code, number, calls, root
        self.freed: Line | None = None

    @property
    def line(self) -> Line:
        """The line of the program that made the node."""
        return Line(self.code.co_filename, self.number, self.code.co_qualname)


class Change(NamedTuple):
    """A change in place.

    Attributes:
        version: the tensor's version before it.
        line: the line that made it.
        recorded: whether operations were being recorded.
    """

    version: int
    line: Line
    recorded: bool


_ours: dict[CodeType, bool] = {}
_names: Any = weakref.WeakKeyDictionary()  # for each module, the names of those below it, by identity
changes: OrderedDict[int, tuple[list[Any], list[Change]]] = OrderedDict()


# ---------------------------------------------------------------------------------------------- the user's line
def is_ours(code: CodeType) -> bool:
    """Whether a piece of code lies between the user's line and what it calls."""
    found = _ours.get(code)
    if found is None:
        file = code.co_filename
        found = file.startswith(("<rushlight ", _PACKAGE)) and not file.startswith(_MODELS)
        _ours[code] = found
    return found


def user_frame(frame: FrameType | None) -> FrameType | None:
    """The innermost frame from `frame` outwards that is the user's."""
    while frame is not None and is_ours(frame.f_code):
        frame = frame.f_back
    return frame


def here() -> Line | None:
    """The user's line that is running in this thread."""
    frame = user_frame(sys._getframe(1))
    return None if frame is None else Line(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_qualname)


def origin_here() -> Origin | None:
    """The origin of what is made at this moment."""
    frame: FrameType | None = sys._getframe(1)
    user = None
    modules: list[Any] = []
    while frame is not None:
        code = frame.f_code
        if user is None and not is_ours(code):
            user = frame
        elif code in module_calls:
            modules.append(frame.f_locals["self"])
        frame = frame.f_back
    if user is None:
        return None
    modules.reverse()
    root = weakref.ref(modules[0]) if modules else None
    return Origin(user.f_code, user.f_lineno, _calls(modules), root)


def _calls(modules: list[Any]) -> tuple[Call, ...]:
    found: list[Call] = []
    for i, module in enumerate(modules):
        path = ""
        if i:
            name = _name_in(modules[i - 1], module)
            before = found[-1].path
            path = f"{before}.{name}" if before else name
        found.append(Call(path, type(module).__name__))
    return tuple(found)


def _name_in(parent: Any, module: Any) -> str:
    """The name of a module from another; its class's name in brackets where it is none of that one's."""
    known = _names.get(parent)
    if known is None or id(module) not in known:
        known = _names[parent] = {id(m): name for name, m in parent.named_modules()}
    return known.get(id(module)) or f"({type(module).__name__})"


# ---------------------------------------------------------------------------------------------- keeping it
def start(noting: Any = None) -> None:
    """From now on, nodes made in this thread, changes in place and backwards are noted.

    Args:
        noting: what is called with new nodes in the place of `note`, which it calls.
    """
    mode.on_nodes(noting or note)
    mode.local.changing = (*mode.local.changing, _changing)
    steps.node_watchers.append(_backwards)


def stop(noting: Any = None) -> None:
    """Ends what the last `start` with this function began."""
    mode.off_nodes(noting or note)
    mode.local.changing = mode.local.changing[:-1]
    steps.node_watchers.remove(_backwards)


def origin_of(node: Any) -> Origin | None:
    """The origin of a node, or None if it was not noted."""
    extra = function_of(node)[0].extra
    return getattr(extra, "origin", None)


def note(node: Any) -> None:
    """Gives a new node its origin."""
    noted = rare(node)
    if noted.origin is None:
        noted.origin = origin_here()


def _changing(t: Any) -> None:
    """Notes that a tensor is about to be changed in place."""
    line = here()
    if line is None:
        return
    versions = base.own_version(t)
    if type(versions) is not list:
        return
    known = changes.pop(id(versions), None)
    noted = known[1] if known is not None else []
    noted.append(Change(versions[0], line, mode.local.grad))
    del noted[:-_CHANGES]
    changes[id(versions)] = versions, noted
    if len(changes) > _CHANGED_TENSORS:
        changes.popitem(last=False)


def changes_of(versions: list[Any]) -> list[Change]:
    """The noted changes of the tensors that have this version list."""
    found = changes.get(id(versions))
    return found[1] if found is not None and found[0] is versions else []


class _Backwards:
    """Notes at each node which backward freed it."""

    def __init__(self) -> None:
        self.task = -1
        self.line: Line | None = None

    def before(self, node: Any, grad: Any) -> None:
        """Finds the line of a backward that begins."""
        task = tasks.current()
        if task is not None and task.id != self.task:
            self.task, self.line = task.id, here()

    def after(self, node: Any, results: Any) -> None:
        """Notes that the node's saved tensors were freed."""
        task = tasks.current()
        origin = origin_of(node)
        if origin is not None and task is not None and not task.keep and origin.freed is None:
            origin.freed = self.line

    def failed(self, node: Any) -> None:
        """Does nothing: the engine itself annotates errors."""


_backwards = _Backwards()


# ---------------------------------------------------------------------------------------------- notes on errors
def annotate(error: BaseException, node: Any) -> None:
    """Adds notes to an error that a node raised in backward: the lines that have to do with it, if they were noted."""
    origin = None if node is None or not node.seq else origin_of(node)
    if origin is None or not isinstance(error, Exception):
        return
    notes = [f"{function_of(node)[0].name()} was made at {origin.line}"]
    if origin.calls:
        notes[0] += f" (module {path_of(origin.calls)})"
    text = str(error)
    if "modified by an inplace operation" in text or "has been detached in-place" in text:
        notes = [f"{notes[0]}, and saved the tensor there", *_who_changed(node)]
    elif "backward through the graph a second time" in text and origin.freed is not None:
        notes.append(f"the first backward, which freed what was saved, ran at {origin.freed}")
    for note in notes:
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)


def path_of(calls: tuple[Call, ...]) -> str:
    """The innermost of the modules that were being called, by its path and class."""
    last = calls[-1]
    return f"{last.path} ({last.kind})" if last.path else last.kind


def modified_since(node: Any) -> Any:
    """The version list of what a node saved and somebody changed since, and the version expected; or None."""
    if any(getattr(node, slot, None) is FREED for slot in node.saved):
        return None
    found = modification(node) if node.saved and hasattr(node, "version") else None
    if found is not None:
        return found[0], found[3]
    kept = getattr(node, "_kept", None) or ()
    for entry in () if kept is FREED else kept:
        if type(entry) is tuple:
            t, version, index = entry
            versions = t[1] if index is not None else t._versions
            if versions[0] != version:
                return versions, version
    return None


def _who_changed(node: Any) -> list[str]:
    node = function_of(node)[0]
    found = modified_since(getattr(node, "inner", node))
    if found is None:
        return []
    versions, expected = found
    since = [c for c in changes_of(versions) if c.version >= expected]
    return [f"it was changed in place at {since[0].line}"] if since else []
