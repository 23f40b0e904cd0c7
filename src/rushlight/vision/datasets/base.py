"""What the datasets of images share."""

import os
from collections.abc import Callable
from hashlib import md5
from pathlib import Path
from typing import Any

from ...utils.data import Dataset


class VisionDataset(Dataset[Any]):
    """A dataset that puts each image and target through a transform.

    Args:
        root: the folder of the data.
        transform: applied to an image.
        target_transform: applied to a target.
    """

    def __init__(
        self,
        root: str | Path | None = None,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
    ):
        self.root: Any = os.path.expanduser(root) if root is not None else None
        self.transform = transform
        self.target_transform = target_transform

    def _transformed(self, image: Any, target: Any) -> tuple[Any, Any]:
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def __len__(self) -> int:
        raise NotImplementedError

    def __repr__(self) -> str:
        lines = [f"Number of datapoints: {len(self)}"]
        if self.root is not None:
            lines.append(f"Root location: {self.root}")
        lines += [line for line in self.extra_repr().splitlines() if line]
        if self.transform is not None or self.target_transform is not None:
            lines.append("StandardTransform")
        for name, transform in (("Transform: ", self.transform), ("Target transform: ", self.target_transform)):
            if transform is not None:
                first, *more = repr(transform).splitlines()
                lines += [name + first, *(" " * len(name) + line for line in more)]
        return "\n".join([f"Dataset {type(self).__name__}", *("    " + line for line in lines)])

    def extra_repr(self) -> str:
        """More lines of the text above."""
        return ""


def checked(path: str, digest: str | None = None) -> bool:
    """Whether a file exists and has that MD5 checksum."""
    if not os.path.isfile(path):
        return False
    return digest is None or md5(Path(path).read_bytes(), usedforsecurity=False).hexdigest() == digest


def download(url: str, folder: str, name: str, digest: str) -> str:
    """Downloads a file into a folder, unless it is there; returns its path.

    Raises:
        urllib.error.URLError: it cannot be downloaded; the text says where to put it.
        RuntimeError: it has another checksum.
    """
    from ...hub import download_url_to_file

    path = os.path.join(folder, name)
    if not checked(path, digest):
        os.makedirs(folder, exist_ok=True)
        download_url_to_file(url, path)
        if not checked(path, digest):
            raise RuntimeError("File not found or corrupted.")
    return path
