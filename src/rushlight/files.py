"""Files that are written in one step, so that nobody ever reads half of one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` when the block ends without an error; before, nothing changes there.

    A new file gets the permissions that new files get, another those of the file it replaces. A link is followed, and
    a device or a pipe is written to as it is.

    Raises:
        OSError: the folder does not exist or cannot be written to, or `path` is a folder.
    """
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):
        with open(target, "wb") as file:
            yield file
        return
    unfinished = os.path.join(os.path.dirname(target), f".{os.getpid()}-{os.urandom(8).hex()}.tmp")
    try:
        with open(unfinished, "xb") as file:
            yield file
        if os.path.exists(target):
            os.chmod(unfinished, os.stat(target).st_mode & 0o7777)
        os.replace(unfinished, target)
    except BaseException:
        if os.path.exists(unfinished):
            os.unlink(unfinished)
        raise
