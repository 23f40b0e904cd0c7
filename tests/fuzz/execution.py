"""One line of a program, run in one of both libraries."""

import warnings


def execute(line, module, values):
    """Runs a line. Returns the type of the exception it raised, or None, and the exception."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # Its file is named so that the stack of a line that does not end tells it.
            code = compile(line, f"<{module.__name__}: {line}>", "exec")
            exec(code, {"torch": module, "float": float}, values)
        except Exception as error:
            return type(error).__name__, error
    return None, None
