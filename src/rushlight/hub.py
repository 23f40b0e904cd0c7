"""Files from the network, kept in PyTorch's own cache folder (`torch.hub`)."""

import os
import re
import sys
from typing import Any
from urllib.parse import urlparse

from .files import replacing

__all__ = ["download_url_to_file", "get_dir", "load_state_dict_from_url", "set_dir"]

_CHUNK = 128 * 1024
# The start of the file's SHA-256, which PyTorch puts at the end of its files' names: `resnet18-f37072fd.pth`.
_HASH = re.compile(r"-([a-f0-9]*)\.")

_chosen_dir: str | None = None


def get_dir() -> str:
    """The folder in which downloads are kept.

    It is what `set_dir` was given, else ``$TORCH_HOME/hub``, else ``$XDG_CACHE_HOME/torch/hub``, else
    ``~/.cache/torch/hub``: the folder that PyTorch uses, so that what either of them has downloaded serves both.
    """
    if _chosen_dir is not None:
        return _chosen_dir
    home = os.getenv("TORCH_HOME") or os.path.join(os.getenv("XDG_CACHE_HOME") or "~/.cache", "torch")
    return os.path.join(os.path.expanduser(home), "hub")


def set_dir(d: str | os.PathLike[str]) -> None:
    """Chooses the folder that `get_dir` returns."""
    global _chosen_dir
    _chosen_dir = os.path.expanduser(d)


def load_state_dict_from_url(
    url: str,
    model_dir: str | None = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    weights_only: bool = False,
) -> dict[str, Any]:
    """Loads what `torch.save` wrote from a URL, downloading it unless the file is there already.

    Args:
        url: where the file is.
        model_dir: the folder to keep it in, by default ``checkpoints`` in `get_dir()`.
        map_location: as in `torch.load`.
        progress: whether to show a bar on stderr while downloading.
        check_hash: whether the file's name ends in the first digits of its SHA-256, which are then compared.
        file_name: a name for the file in place of the URL's.
        weights_only: as in `torch.load`.

    Raises:
        urllib.error.URLError: the file is not there and cannot be downloaded; the text says where to put it.
        RuntimeError: what was downloaded has another checksum.
    """
    from .serialization import load

    folder = os.path.join(get_dir(), "checkpoints") if model_dir is None else model_dir
    os.makedirs(folder, exist_ok=True)
    name = file_name or os.path.basename(urlparse(url).path)
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        sys.stdout.write(f'Downloading: "{url}" to {path}\n')
        found = _HASH.search(name) if check_hash else None
        download_url_to_file(url, path, found.group(1) if found else None, progress)
    return load(path, map_location=map_location, weights_only=weights_only)


def download_url_to_file(url: str, dst: str, hash_prefix: str | None = None, progress: bool = True) -> None:
    """Downloads a file; it appears under its name only when it is complete.

    Args:
        url: where the file is.
        dst: the path to write.
        hash_prefix: the first digits of its SHA-256, or None not to check.
        progress: whether to show a bar on stderr.

    Raises:
        urllib.error.URLError: the file cannot be downloaded; the text says where to put it.
        RuntimeError: what was downloaded has another checksum.
    """
    from hashlib import sha256
    from urllib.error import URLError
    from urllib.request import Request, urlopen

    dst = os.path.abspath(os.path.expanduser(dst))
    try:
        answer = urlopen(Request(url, headers={"User-Agent": "rushlight.hub"}))
    except (URLError, TimeoutError) as error:
        why = getattr(error, "reason", error)
        raise URLError(
            f"cannot download {url} ({why}). Without a network, fetch that address elsewhere and put the file here: "
            f"{dst}"
        ) from error
    with replacing(dst) as file, answer:
        digest, length = sha256(), answer.headers.get("Content-Length")
        with _bar(int(length) if length else None, progress) as bar:
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                digest.update(chunk)
                bar.update(len(chunk))
        if hash_prefix is not None and not digest.hexdigest().startswith(hash_prefix):
            raise RuntimeError(f'invalid hash value (expected "{hash_prefix}", got "{digest.hexdigest()}")')


def _bar(total: int | None, shown: bool) -> Any:
    """tqdm's progress bar where it is installed, else a plain one."""
    try:
        from tqdm import tqdm
    except ImportError:
        return _PlainBar(total, shown)
    return tqdm(total=total, disable=not shown, unit="B", unit_scale=True, unit_divisor=1024)


class _PlainBar:
    """The share of a download that is done, on stderr."""

    def __init__(self, total: int | None, shown: bool):
        self.total, self.shown, self.done = total, shown, 0

    def update(self, count: int) -> None:
        self.done += count
        if self.shown:
            share = f"{100 * self.done / self.total:.1f}%" if self.total else f"{self.done / 2**20:.1f} MiB"
            sys.stderr.write(f"\r{share}")
            sys.stderr.flush()

    def __enter__(self) -> "_PlainBar":
        return self

    def __exit__(self, *error: object) -> None:
        if self.shown:
            sys.stderr.write("\n")
