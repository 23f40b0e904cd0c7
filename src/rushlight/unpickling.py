"""A reader of pickles that runs nothing: it knows the instructions of pickles, and asks a policy about names.

Python's own unpickler imports and calls what the file names. Here a `Policy` decides which object a name stands for and
whether that object may be called, created or given a state; nothing is imported, and everything unknown is refused.
This module is imported when a file is loaded.
"""

import pickle
import warnings
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from pickle import UnpicklingError
from struct import unpack
from typing import IO, Any

_BLOCKED_MODULES = ("sys", "os", "posix", "nt")


class Policy:
    """What the names in a pickle may stand for.

    Args:
        allowed: objects by full name.
        added: more of them, allowed by the user.
    """

    def __init__(self, allowed: dict[str, Any], added: dict[str, Any]):
        self.names = {**added, **allowed}
        self._callable = {id(value) for value in self.names.values()}

    def find(self, module: str, name: str) -> Any:
        """The object that a name stands for.

        Raises:
            UnpicklingError: the name is not allowed.
        """
        path = f"{module}.{name}"
        if module in _BLOCKED_MODULES:
            raise UnpicklingError(f"Trying to load unsupported GLOBAL {path} whose module {module} is blocked.")
        if path in self.names:
            return self.names[path]
        return self.missing(module, name)

    def missing(self, module: str, name: str) -> Any:
        """Refuses a name; a more generous policy may still find an object for it.

        Raises:
            UnpicklingError: no policy allows it.
        """
        path = name if module == "builtins" else f"{module}.{name}"
        raise UnpicklingError(
            f"Unsupported global: GLOBAL {path} was not an allowed global by default. Please use "
            f"`torch.serialization.add_safe_globals([{path}])` or the `torch.serialization.safe_globals([{path}])` "
            "context manager to allowlist this global if you trust this class/function."
        )

    def call(self, function: Any, args: tuple[Any, ...]) -> Any:
        """Calls an allowed function.

        Raises:
            UnpicklingError: the function is not allowed.
        """
        if id(function) not in self._callable:
            raise UnpicklingError(f"Trying to call reduce for unrecognized function {function}")
        return function(*args)

    def create(self, kind: Any, args: tuple[Any, ...]) -> Any:
        """Makes an object of an allowed class, without its constructor.

        Raises:
            UnpicklingError: the class is not allowed.
        """
        if not isinstance(kind, type) or id(kind) not in self._callable:
            raise UnpicklingError(
                "Can only create new object for nn.Parameter or classes allowlisted via `add_safe_globals` but got "
                f"{kind}"
            )
        return kind.__new__(kind, *args)

    def build(self, target: Any, state: Any) -> None:
        """Gives an object of an allowed class its state.

        Raises:
            UnpicklingError: the class is not allowed, or the state is none of its.
        """
        if type(target) is OrderedDict:
            target.__dict__.update(state)
            return
        if id(type(target)) not in self._callable:
            raise UnpicklingError(
                "Can only build Tensor, Parameter, OrderedDict or types allowlisted via `add_safe_globals`, but got "
                f"{type(target)}"
            )
        if hasattr(target, "__setstate__"):
            target.__setstate__(state)
            return
        slots = None
        if isinstance(state, tuple) and len(state) == 2:
            state, slots = state
        if state:
            target.__dict__.update(state)
        for name, value in (slots or {}).items():
            setattr(target, name, value)


_OPERATIONS: dict[int, Callable[["Unpickler"], None]] = {}
_SAFE: set[int] = set()


def _on(*codes: bytes, safe: bool = True) -> Any:
    """Registers the method that carries out some instructions; PyTorch's weights_only reader knows the safe ones."""

    def register(method: Callable[["Unpickler"], None]) -> Callable[["Unpickler"], None]:
        for code in codes:
            _OPERATIONS[code[0]] = method
            if safe:
                _SAFE.add(code[0])
        return method

    return register


class Unpickler:
    """Rebuilds the object of one pickle.

    Args:
        file: has `read` and `readline`.
        policy: decides on names.
        persistent_load: turns a persistent id into an object; storages are referred to in this way.
        encoding: of the strings that Python 2 wrote; "bytes" keeps them as bytes.
        extended: whether to know all instructions, and not only those that PyTorch's weights_only reader knows.
    """

    def __init__(
        self,
        file: IO[bytes],
        policy: Policy,
        persistent_load: Callable[[Any], Any] | None = None,
        encoding: str = "utf-8",
        extended: bool = False,
    ):
        self.read = file.read
        self.readline = file.readline
        self.policy = policy
        self.persistent_load = persistent_load
        self.encoding = encoding
        self.extended = extended
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def load(self) -> Any:
        """Reads up to the end of the pickle and returns its object.

        Raises:
            EOFError: the file ends before the pickle does.
            UnpicklingError: the pickle asks for something that is not allowed.
        """
        while True:
            code = self.read(1)
            if not code:
                raise EOFError(*(("Ran out of input",) if self.extended else ()))
            if code == pickle.STOP:
                return self.stack.pop()
            operation = _OPERATIONS.get(code[0])
            if operation is None or not (self.extended or code[0] in _SAFE):
                raise UnpicklingError(f"Unsupported operand {code[0]}")
            operation(self)

    def _number(self, form: str, size: int) -> Any:
        return unpack(form, self.read(size))[0]

    def _since_mark(self) -> list[Any]:
        items = self.stack
        self.stack = self.marks.pop()
        return items

    def _line(self) -> str:
        return self.readline()[:-1].decode("utf-8")

    def _decode(self, data: bytes) -> str | bytes:
        return data if self.encoding == "bytes" else data.decode(self.encoding)

    @_on(pickle.PROTO)
    def _protocol(self) -> None:
        protocol = self.read(1)[0]
        if protocol != 2 and not self.extended:
            warnings.warn(
                f"Detected pickle protocol {protocol} in the checkpoint, which was not the default pickle protocol "
                "used by `torch.load` (2). The weights_only Unpickler might not support all instructions implemented "
                "by this protocol, please file an issue for adding support if you encounter this.",
                stacklevel=2,
            )

    @_on(pickle.GLOBAL)
    def _global(self) -> None:
        module, name = _modern(self._line(), self._line())
        self.stack.append(self.policy.find(module, name))

    @_on(pickle.STACK_GLOBAL, safe=False)
    def _stack_global(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        if type(name) is not str or type(module) is not str:
            raise UnpicklingError("STACK_GLOBAL requires str")
        self.stack.append(self.policy.find(module, name))

    @_on(pickle.REDUCE)
    def _reduce(self) -> None:
        args = self.stack.pop()
        self.stack[-1] = self.policy.call(self.stack[-1], args)

    @_on(pickle.NEWOBJ)
    def _new_object(self) -> None:
        args, kind = self.stack.pop(), self.stack.pop()
        self.stack.append(self.policy.create(kind, args))

    @_on(pickle.BUILD)
    def _build(self) -> None:
        state = self.stack.pop()
        self.policy.build(self.stack[-1], state)

    @_on(pickle.BINPERSID)
    def _persistent(self) -> None:
        identity = self.stack.pop()
        if type(identity) is not tuple and type(identity) is not int:
            raise UnpicklingError(f"persistent_load id must be tuple or int, but got {type(identity)}")
        kinds = ("storage", "module") if self.extended else ("storage",)
        if type(identity) is tuple and identity and as_text(identity[0]) not in kinds:
            raise UnpicklingError(f"Only persistent_load of storage is allowed, but got {type(identity[0])}")
        if self.persistent_load is None:
            raise UnpicklingError("unsupported persistent id encountered")
        self.stack.append(self.persistent_load(identity))

    # Containers
    @_on(pickle.MARK)
    def _mark(self) -> None:
        self.marks.append(self.stack)
        self.stack = []

    @_on(pickle.APPEND)
    def _append(self) -> None:
        item, target = self.stack.pop(), self.stack[-1]
        if type(target) is not list and not (self.extended and type(target) is deque):
            raise UnpicklingError(f"Can only append to lists, but got {type(target)}")
        target.append(item)

    @_on(pickle.APPENDS)
    def _appends(self) -> None:
        items, target = self._since_mark(), self.stack[-1]
        if type(target) is not list and not (self.extended and type(target) is deque):
            raise UnpicklingError(f"Can only extend lists, but got {type(target)}")
        target.extend(items)

    def _mapping(self, instruction: str) -> Any:
        target = self.stack[-1]
        if type(target) not in (dict, OrderedDict, Counter) and not (self.extended and type(target) is defaultdict):
            raise UnpicklingError(
                f"Can only {instruction} for dict, collections.OrderedDict, collections.Counter, but got {type(target)}"
            )
        return target

    @_on(pickle.SETITEM)
    def _set_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._mapping("SETITEM")[key] = value

    @_on(pickle.SETITEMS)
    def _set_items(self) -> None:
        items = self._since_mark()
        target = self._mapping("SETITEMS")
        for i in range(0, len(items), 2):
            target[items[i]] = items[i + 1]

    @_on(pickle.ADDITEMS, safe=False)
    def _add_items(self) -> None:
        items, target = self._since_mark(), self.stack[-1]
        if type(target) is not set:
            raise UnpicklingError(f"Can only add items to sets, but got {type(target)}")
        target.update(items)

    @_on(pickle.TUPLE)
    def _tuple(self) -> None:
        items = self._since_mark()
        self.stack.append(tuple(items))

    @_on(pickle.TUPLE1)
    def _tuple1(self) -> None:
        self.stack[-1] = (self.stack[-1],)

    @_on(pickle.TUPLE2)
    def _tuple2(self) -> None:
        self.stack[-2:] = [(self.stack[-2], self.stack[-1])]

    @_on(pickle.TUPLE3)
    def _tuple3(self) -> None:
        self.stack[-3:] = [(self.stack[-3], self.stack[-2], self.stack[-1])]

    @_on(pickle.LIST, safe=False)
    def _list(self) -> None:
        items = self._since_mark()
        self.stack.append(items)

    @_on(pickle.DICT, safe=False)
    def _dict(self) -> None:
        items = self._since_mark()
        self.stack.append(dict(zip(items[::2], items[1::2], strict=True)))

    @_on(pickle.FROZENSET, safe=False)
    def _frozen_set(self) -> None:
        items = self._since_mark()
        self.stack.append(frozenset(items))

    @_on(pickle.EMPTY_TUPLE)
    def _empty_tuple(self) -> None:
        self.stack.append(())

    @_on(pickle.EMPTY_LIST)
    def _empty_list(self) -> None:
        self.stack.append([])

    @_on(pickle.EMPTY_DICT)
    def _empty_dict(self) -> None:
        self.stack.append({})

    @_on(pickle.EMPTY_SET)
    def _empty_set(self) -> None:
        self.stack.append(set())

    # Constants
    @_on(pickle.NONE)
    def _none(self) -> None:
        self.stack.append(None)

    @_on(pickle.NEWFALSE)
    def _false(self) -> None:
        self.stack.append(False)

    @_on(pickle.NEWTRUE)
    def _true(self) -> None:
        self.stack.append(True)

    @_on(pickle.BININT)
    def _int4(self) -> None:
        self.stack.append(self._number("<i", 4))

    @_on(pickle.BININT1)
    def _int1(self) -> None:
        self.stack.append(self.read(1)[0])

    @_on(pickle.BININT2)
    def _int2(self) -> None:
        self.stack.append(self._number("<H", 2))

    @_on(pickle.LONG1)
    def _long1(self) -> None:
        self.stack.append(pickle.decode_long(self.read(self.read(1)[0])))

    @_on(pickle.LONG4, safe=False)
    def _long4(self) -> None:
        self.stack.append(pickle.decode_long(self.read(self._number("<i", 4))))

    @_on(pickle.INT, safe=False)
    def _int_text(self) -> None:
        text = self._line()
        self.stack.append({"00": False, "01": True}[text] if text in ("00", "01") else int(text, 0))

    @_on(pickle.LONG, safe=False)
    def _long_text(self) -> None:
        self.stack.append(int(self._line().rstrip("L"), 0))

    @_on(pickle.BINFLOAT)
    def _float(self) -> None:
        self.stack.append(self._number(">d", 8))

    @_on(pickle.FLOAT, safe=False)
    def _float_text(self) -> None:
        self.stack.append(float(self._line()))

    @_on(pickle.BINUNICODE)
    def _text4(self) -> None:
        self.stack.append(str(self.read(self._number("<I", 4)), "utf-8", "surrogatepass"))

    @_on(pickle.SHORT_BINUNICODE, safe=False)
    def _text1(self) -> None:
        self.stack.append(str(self.read(self.read(1)[0]), "utf-8", "surrogatepass"))

    @_on(pickle.BINUNICODE8, safe=False)
    def _text8(self) -> None:
        self.stack.append(str(self.read(self._number("<Q", 8)), "utf-8", "surrogatepass"))

    @_on(pickle.UNICODE, safe=False)
    def _text_line(self) -> None:
        self.stack.append(str(self.readline()[:-1], "raw-unicode-escape"))

    @_on(pickle.SHORT_BINSTRING)
    def _string1(self) -> None:
        self.stack.append(self._decode(self.read(self.read(1)[0])))

    @_on(pickle.BINSTRING, safe=False)
    def _string4(self) -> None:
        self.stack.append(self._decode(self.read(self._number("<i", 4))))

    @_on(pickle.SHORT_BINBYTES, safe=False)
    def _bytes1(self) -> None:
        self.stack.append(self.read(self.read(1)[0]))

    @_on(pickle.BINBYTES, safe=False)
    def _bytes4(self) -> None:
        self.stack.append(self.read(self._number("<I", 4)))

    @_on(pickle.BINBYTES8, safe=False)
    def _bytes8(self) -> None:
        self.stack.append(self.read(self._number("<Q", 8)))

    @_on(pickle.BYTEARRAY8, safe=False)
    def _bytearray8(self) -> None:
        self.stack.append(bytearray(self.read(self._number("<Q", 8))))

    # The stack and the memo
    @_on(pickle.POP, safe=False)
    def _pop(self) -> None:
        if self.stack:
            self.stack.pop()
        else:
            self._since_mark()

    @_on(pickle.POP_MARK, safe=False)
    def _pop_mark(self) -> None:
        self._since_mark()

    @_on(pickle.DUP, safe=False)
    def _duplicate(self) -> None:
        self.stack.append(self.stack[-1])

    @_on(pickle.BINGET)
    def _get1(self) -> None:
        self.stack.append(self.memo[self.read(1)[0]])

    @_on(pickle.LONG_BINGET)
    def _get4(self) -> None:
        self.stack.append(self.memo[self._number("<I", 4)])

    @_on(pickle.GET, safe=False)
    def _get_text(self) -> None:
        self.stack.append(self.memo[int(self._line())])

    @_on(pickle.BINPUT)
    def _put1(self) -> None:
        self.memo[self.read(1)[0]] = self.stack[-1]

    @_on(pickle.LONG_BINPUT)
    def _put4(self) -> None:
        self.memo[self._number("<I", 4)] = self.stack[-1]

    @_on(pickle.PUT, safe=False)
    def _put_text(self) -> None:
        self.memo[int(self._line())] = self.stack[-1]

    @_on(pickle.MEMOIZE, safe=False)
    def _memoize(self) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    @_on(pickle.FRAME, safe=False)
    def _frame(self) -> None:
        self.read(8)


def _modern(module: str, name: str) -> tuple[str, str]:
    """Python 3's names of what Python 2, and protocol 2, called otherwise."""
    from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING

    return NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))


def as_text(value: str | bytes) -> str:
    """Text that Python 2 wrote as bytes."""
    return value.decode("ascii") if isinstance(value, bytes) else value


def names_in(file: IO[bytes]) -> set[str]:
    """The full names that a pickle refers to, found without rebuilding anything.

    Raises:
        UnpicklingError: the pickle has instructions that PyTorch's weights_only reader does not know.
    """
    import pickletools

    names = set()
    try:
        for instruction, argument, _ in pickletools.genops(file):
            if instruction.code.encode("latin-1")[0] not in _SAFE and instruction.name != "STOP":
                raise UnpicklingError(f"Unsupported operand {ord(instruction.code)}")
            if instruction.name == "GLOBAL":
                names.add(".".join(_modern(*str(argument).split(" ", 1))))
    except ValueError as error:
        raise UnpicklingError(str(error)) from None
    return names
