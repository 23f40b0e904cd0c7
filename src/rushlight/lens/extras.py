"""The packages of the extra ``lens``, imported when first used."""

import importlib
from typing import Any


def extra(name: str, what: str) -> Any:
    """Imports a package that some views need.

    Args:
        name: the module.
        what: what needs it, for the message.

    Raises:
        ImportError: it is not installed; the message says how to install it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ImportError(f'{what} needs {package}: pip install "rushlight[lens]"', name=package) from error
