"""Memory for large arrays.

The system gives memory in pages that it fills with zeros when they are first touched, which takes as long as a whole
elementwise operation. By its defaults, C's allocator returns large blocks to the system as soon as they are freed, and
every large result is written to new pages. `keep_freed_memory` has it keep them for the next result.
"""

import ctypes
import os

# Parameters of glibc's `mallopt`.
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4

# How much freed memory is kept at most (at the end of the heap), in bytes.
_KEPT = 1 << 30


def keep_freed_memory() -> None:
    """Tells glibc's allocator to keep freed blocks; does nothing with other C libraries, or if the user told it."""
    if any(name.startswith("MALLOC_") for name in os.environ) or "glibc.malloc" in os.environ.get("GLIBC_TUNABLES", ""):
        return
    try:
        library = ctypes.CDLL(None)
        library.gnu_get_libc_version  # noqa: B018  (only glibc knows these parameters)
        library.mallopt(_TRIM_THRESHOLD, _KEPT)
        library.mallopt(_MMAP_MAX, 0)
    except (OSError, AttributeError, TypeError):
        pass
