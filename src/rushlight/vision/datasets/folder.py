"""Datasets in folders: one folder a class, files as samples."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..transforms import functional as F
from .base import VisionDataset

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def find_classes(directory: str | Path) -> tuple[list[str], dict[str, int]]:
    """The sorted names of the folders in a folder, and their numbers.

    Raises:
        FileNotFoundError: there are none.
    """
    with os.scandir(directory) as entries:
        classes = sorted(entry.name for entry in entries if entry.is_dir())
    if not classes:
        raise FileNotFoundError(f"Couldn't find any class folder in {directory}.")
    return classes, {c: i for i, c in enumerate(classes)}


def make_dataset(
    directory: str | Path,
    class_to_idx: dict[str, int] | None = None,
    extensions: str | tuple[str, ...] | None = None,
    is_valid_file: Callable[[str], bool] | None = None,
    allow_empty: bool = False,
) -> list[tuple[str, int]]:
    """Paths and classes of the files below a folder, in the order of their names.

    Args:
        directory: holds one folder a class.
        class_to_idx: the classes and their numbers; those of `find_classes` by default.
        extensions: ends of the names of files that count.
        is_valid_file: decides instead.
        allow_empty: whether a class may have no file.

    Raises:
        ValueError: not exactly one of `extensions` and `is_valid_file` is given, or there is no class.
        FileNotFoundError: a class has no file.
    """
    directory = os.path.expanduser(directory)
    if class_to_idx is None:
        class_to_idx = find_classes(directory)[1]
    elif not class_to_idx:
        raise ValueError("'class_to_index' must have at least one entry to collect any samples.")
    if (extensions is None) == (is_valid_file is None):
        raise ValueError("Both extensions and is_valid_file cannot be None or not None at the same time")
    samples: list[tuple[str, int]] = []
    for name in sorted(class_to_idx):
        for folder, _, files in sorted(os.walk(os.path.join(directory, name), followlinks=True)):
            for path in (os.path.join(folder, file) for file in sorted(files)):
                if is_valid_file(path) if is_valid_file else path.lower().endswith(extensions or ()):
                    samples.append((path, class_to_idx[name]))
    found = {index for _, index in samples}
    empty = sorted(name for name, index in class_to_idx.items() if index not in found)
    if empty and not allow_empty:
        text = f"Found no valid file for the classes {', '.join(empty)}. "
        if extensions is not None:
            text += f"Supported extensions are: {extensions if isinstance(extensions, str) else ', '.join(extensions)}"
        raise FileNotFoundError(text)
    return samples


def pil_loader(path: str) -> Any:
    """The image in a file, in colours."""
    with open(path, "rb") as file:
        return F.pillow().open(file).convert("RGB")


class DatasetFolder(VisionDataset):
    """Files below a folder, each in the folder of its class.

    Args:
        root: the folder.
        loader: makes a sample of a path.
        extensions: ends of the names of files that count.
        transform: applied to a sample.
        target_transform: applied to a target.
        is_valid_file: decides which files count instead.
        allow_empty: whether a class may have no file.
    """

    def __init__(
        self,
        root: str | Path,
        loader: Callable[[str], Any],
        extensions: tuple[str, ...] | None = None,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ):
        super().__init__(root, transform, target_transform)
        self.classes, self.class_to_idx = self.find_classes(self.root)
        self.samples = make_dataset(self.root, self.class_to_idx, extensions, is_valid_file, allow_empty)
        self.loader = loader
        self.extensions = extensions
        self.targets = [target for _, target in self.samples]

    def find_classes(self, directory: str | Path) -> tuple[list[str], dict[str, int]]:
        """The classes and their numbers; subclasses may find others."""
        return find_classes(directory)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, target = self.samples[index]
        return self._transformed(self.loader(path), target)

    def __len__(self) -> int:
        return len(self.samples)


class ImageFolder(DatasetFolder):
    """Images below a folder, each in the folder of its class.

    Args:
        root: the folder.
        transform: applied to a PIL image.
        target_transform: applied to a target.
        loader: makes an image of a path.
        is_valid_file: decides which files count; by default those whose names end as images' do.
        allow_empty: whether a class may have no file.
    """

    def __init__(
        self,
        root: str | Path,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        loader: Callable[[str], Any] = pil_loader,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ):
        extensions = IMG_EXTENSIONS if is_valid_file is None else None
        super().__init__(root, loader, extensions, transform, target_transform, is_valid_file, allow_empty)
        self.imgs = self.samples
