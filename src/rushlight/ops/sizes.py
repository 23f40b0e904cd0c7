"""Shapes as programs write them: checked, and with -1 found from the number of elements."""

import operator
from math import prod
from typing import Any

from ..base import TensorBase

Shape = tuple[int, ...]


# ---------------------------------------------------------------------------------------------- arguments
def sizes(name: str, given: tuple[Any, ...], argument: str = "size", named: dict[str, Any] | None = None) -> Shape:
    """The integers of a shape given as one sequence, as separate arguments, or by keyword.

    Args:
        name: the function's name, for messages.
        given: its positional arguments.
        argument: the argument's name.
        named: its keyword arguments.

    Raises:
        TypeError: one of them is not an integer, or nothing is given.
    """
    if named:
        if given or list(named) != [argument]:
            other = next((k for k in named if k != argument), argument)
            raise TypeError(f"{name}() got an unexpected keyword argument '{other}'")
        given = (named[argument],)
    if len(given) == 1 and type(given[0]) is not int:
        one = given[0]
        if isinstance(one, (tuple, list)):
            given = tuple(one)
        elif not hasattr(one, "__index__") or (isinstance(one, TensorBase) and one._shape):
            raise _not_sizes(name, argument, type(one).__name__)
    elif not given:
        raise TypeError(
            _VIEW_FORMS.format("", "", "")
            if name == "view"
            else f'{name}() missing 1 required positional arguments: "{argument}"'
        )
    for x in given:
        if type(x) is not int:
            return tuple([_integer(name, x, i, argument) for i, x in enumerate(given)])
    return given


_VIEW_FORMS = (
    "view() received an invalid combination of arguments - got ({0}), but expected one of:\n * (torch.dtype "
    "dtype)\n{1} * (tuple of ints size)\n{1}"
)


def _not_sizes(name: str, argument: str, kind: str) -> TypeError:
    if name == "view":
        why = f"      didn't match because some of the arguments have invalid types: (!{kind}!)\n"
        return TypeError(_VIEW_FORMS.format(kind, why))
    return TypeError(f"{name}(): argument '{argument}' (position 1) must be tuple of ints, not {kind}")


def _integer(name: str, x: Any, position: int, argument: str) -> int:
    try:
        if isinstance(x, bool):
            return int(x)
        return operator.index(x)
    except TypeError:
        kind = type(x).__name__
        if position:
            raise TypeError(
                f"{name}(): argument '{argument}' failed to unpack the object at pos {position + 1} with error "
                '"type must '
                f'be tuple of ints,but got {kind}"'
            ) from None
        raise TypeError(
            f"{name}(): argument '{argument}' (position 1) must be tuple of ints, but found element of type {kind} "
            "at pos 0"
        ) from None


def infer_size(shape: Shape, size: Shape) -> Shape:
    """The new shape `size` with -1 replaced by what is left of the elements of `shape`.

    Raises:
        RuntimeError: the numbers of elements differ, or -1 is ambiguous.
    """
    count = prod(shape)
    if size == (-1,):
        return (count,)
    if prod(size) == count and min(size, default=0) >= 0:
        return size
    known, free = 1, None
    for i, n in enumerate(size):
        if n == -1:
            if free is not None:
                raise RuntimeError("only one dimension can be inferred")
            free = i
        elif n < 0:
            raise RuntimeError(f"invalid shape dimension {n} at index {i} of shape {list(size)}")
        else:
            known *= n
    if free is None:
        pass
    elif known and count % known == 0:
        return size[:free] + (count // known,) + size[free + 1 :]
    elif known == 0 and count == 0:
        raise RuntimeError(
            f"cannot reshape tensor of 0 elements into shape {list(size)} because the unspecified dimension size -1 "
            "can be any value and is ambiguous"
        )
    raise RuntimeError(f"shape '{list(size)}' is invalid for input of size {count}")
