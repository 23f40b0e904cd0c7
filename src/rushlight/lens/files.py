"""Writing what the views make."""

import os
import tempfile


def replace_file(path: str | os.PathLike[str], content: bytes) -> str:
    """Writes a file in one step, so that nobody ever reads half of it; a device or a pipe is written to.

    Returns:
        Its absolute path.
    """
    path = os.path.abspath(path)
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):
        with open(target, "wb") as file:
            file.write(content)
        return path
    handle, unfinished = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(unfinished, 0o644)
        os.replace(unfinished, target)
    except BaseException:
        os.unlink(unfinished)
        raise
    return path
