"""Well-known datasets in the files in which they are published, and one of noise."""

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ..transforms import functional as F
from .base import VisionDataset, checked, download


class FakeData(VisionDataset):
    """Random images, the same ones in every run.

    Args:
        size: how many.
        image_size: `(C, H, W)`.
        num_classes: targets are below this.
        transform: applied to a PIL image.
        target_transform: applied to a target.
        random_offset: added to an image's index to seed it.
    """

    def __init__(
        self,
        size: int = 1000,
        image_size: tuple[int, int, int] = (3, 224, 224),
        num_classes: int = 10,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        random_offset: int = 0,
    ):
        super().__init__(None, transform, target_transform)
        self.size = size
        self.image_size = image_size
        self.num_classes = num_classes
        self.random_offset = random_offset

    def __getitem__(self, index: int) -> tuple[Any, int]:
        import rushlight as torch

        if index >= len(self):
            raise IndexError(f"{type(self).__name__} index out of range")
        state = torch.get_rng_state()
        torch.manual_seed(index + self.random_offset)
        image = torch.randn(*self.image_size)
        target = torch.randint(0, self.num_classes, size=(1,), dtype=torch.int64)[0]
        torch.set_rng_state(state)
        image, target = self._transformed(F.to_pil_image(image), target)
        return image, target.item()

    def __len__(self) -> int:
        return self.size


def read_idx(path: str) -> np.ndarray:
    """The array in a file of the format IDX, in which MNIST is published (possibly compressed by gzip).

    Raises:
        ValueError: the file is not of that format.
    """
    import gzip

    data = gzip.decompress(Path(path).read_bytes()) if path.endswith(".gz") else Path(path).read_bytes()
    kinds = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in kinds:
        raise ValueError(f"{path} is not a file of the format IDX")
    shape = struct.unpack_from(f">{data[3]}I", data, 4)
    array = np.frombuffer(data, kinds[data[2]], offset=4 + 4 * data[3])
    return array.reshape(shape).astype(array.dtype.newbyteorder("="))


class MNIST(VisionDataset):
    """Handwritten digits: 60000 images of 28 x 28 to train with and 10000 to test with.

    Args:
        root: the files are in ``<root>/MNIST/raw`` (of the other datasets: their class's name instead of MNIST).
        train: which part.
        transform: applied to a PIL image.
        target_transform: applied to a target.
        download: whether to fetch the files that are missing.

    Raises:
        RuntimeError: files are missing.
    """

    mirror: ClassVar[str] = "https://ossci-datasets.s3.amazonaws.com/mnist/"
    resources: ClassVar[dict[str, str]] = {
        "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
    }
    classes: ClassVar[list[str]] = [
        f"{i} - {n}"
        for i, n in enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
    ]

    def __init__(
        self,
        root: str | Path,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ):
        super().__init__(root, transform, target_transform)
        self.train = train
        if download:
            self.download()
        part = "train" if train else "t10k"
        files = [self._file(f"{part}-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1")]
        if None in files:
            raise RuntimeError("Dataset not found. You can use download=True to download it")
        from ... import from_numpy

        self.data = from_numpy(read_idx(str(files[0])))
        self.targets = from_numpy(read_idx(str(files[1])).astype(np.int64))

    def _file(self, name: str) -> str | None:
        """The path of a file, as it is or compressed; None where it is missing."""
        paths = (os.path.join(self.raw_folder, name + end) for end in ("", ".gz"))
        return next((p for p in paths if os.path.isfile(p)), None)

    @property
    def raw_folder(self) -> str:
        """Where the files are."""
        return os.path.join(self.root, type(self).__name__, "raw")

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The number of each class."""
        return {c: i for i, c in enumerate(self.classes)}

    def download(self) -> None:
        """Fetches the files that are missing."""
        for name, digest in self.resources.items():
            if self._file(name.removesuffix(".gz")) is None:
                download(self.mirror + name, self.raw_folder, name, digest)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image = F.pillow().fromarray(self.data[index].numpy())
        return self._transformed(image, int(self.targets[index]))

    def __len__(self) -> int:
        return len(self.data)

    def extra_repr(self) -> str:
        """Which part it is."""
        return f"Split: {'Train' if self.train else 'Test'}"


class FashionMNIST(MNIST):
    """Pictures of clothes in the form of MNIST."""

    mirror = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
    resources: ClassVar[dict[str, str]] = {
        "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    }
    classes: ClassVar[list[str]] = [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ]  # fmt: skip


class KMNIST(MNIST):
    """Handwritten Japanese characters in the form of MNIST."""

    mirror = "http://codh.rois.ac.jp/kmnist/dataset/kmnist/"
    resources: ClassVar[dict[str, str]] = {
        "train-images-idx3-ubyte.gz": "bdb82020997e1d708af4cf47b453dcf7",
        "train-labels-idx1-ubyte.gz": "e144d726b3acfaa3e44228e80efcd344",
        "t10k-images-idx3-ubyte.gz": "5c965bf0a639b31b8f53240b1b52f4d7",
        "t10k-labels-idx1-ubyte.gz": "7320c461ea6c1c855c0b718fb2a4b134",
    }
    classes: ClassVar[list[str]] = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]


class CIFAR10(VisionDataset):
    """Photographs of ten kinds of things: 50000 images of 32 x 32 to train with and 10000 to test with.

    Args:
        root: the files are in ``<root>/cifar-10-batches-py``.
        train: which part.
        transform: applied to a PIL image.
        target_transform: applied to a target.
        download: whether to fetch the files where they are missing.

    Raises:
        RuntimeError: files are missing or have another checksum.
    """

    base_folder: ClassVar[str] = "cifar-10-batches-py"
    url: ClassVar[str] = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    filename: ClassVar[str] = "cifar-10-python.tar.gz"
    tgz_md5: ClassVar[str] = "c58f30108f718f92721af3b95e74349a"
    train_list: ClassVar[list[list[str]]] = [
        ["data_batch_1", "c99cafc152244af753f735de768cd75f"],
        ["data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"],
        ["data_batch_3", "54ebc095f3ab1f0389bbae665268c751"],
        ["data_batch_4", "634d18415352ddfa80567beed471001a"],
        ["data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"],
    ]
    test_list: ClassVar[list[list[str]]] = [["test_batch", "40351d587109b95175f43aff81a1287e"]]
    meta: ClassVar[dict[str, str]] = {
        "filename": "batches.meta", "key": "label_names", "md5": "5ff9c542aee3614f3951f8cda6e48888",
    }  # fmt: skip

    def __init__(
        self,
        root: str | Path,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ):
        super().__init__(root, transform, target_transform)
        self.train = train
        if download:
            self.download()
        if not self._complete():
            raise RuntimeError("Dataset not found or corrupted. You can use download=True to download it")
        parts = [self._read(name) for name, _ in (self.train_list if train else self.test_list)]
        self.targets: list[int] = [t for p in parts for t in p["labels" if "labels" in p else "fine_labels"]]
        pixels = np.vstack([p["data"] for p in parts]).reshape(-1, 3, 32, 32)
        self.data = pixels.transpose(0, 2, 3, 1)
        self.classes: list[str] = self._read(self.meta["filename"])[self.meta["key"]]
        self.class_to_idx = {c: i for i, c in enumerate(self.classes)}

    def _path(self, name: str) -> str:
        return os.path.join(self.root, self.base_folder, name)

    def _complete(self) -> bool:
        files = [*self.train_list, *self.test_list, [self.meta["filename"], self.meta["md5"]]]
        return all(checked(self._path(name), digest) for name, digest in files)

    def _read(self, name: str) -> dict[str, Any]:
        # The files are pickles; their checksums, compared before, say that they are the published ones.
        import pickle

        with open(self._path(name), "rb") as file:
            return pickle.load(file, encoding="latin1")

    def download(self) -> None:
        """Fetches and unpacks the files where they are missing."""
        import tarfile

        if not self._complete():
            with tarfile.open(download(self.url, self.root, self.filename, self.tgz_md5)) as archive:
                archive.extractall(self.root, filter="data")

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._transformed(F.pillow().fromarray(self.data[index]), self.targets[index])

    def __len__(self) -> int:
        return len(self.data)

    def extra_repr(self) -> str:
        """Which part it is."""
        return f"Split: {'Train' if self.train else 'Test'}"


class CIFAR100(CIFAR10):
    """Photographs of a hundred kinds of things, in the form of `CIFAR10`."""

    base_folder = "cifar-100-python"
    url = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
    filename = "cifar-100-python.tar.gz"
    tgz_md5 = "eb9058c3a382ffc7106e4002c42a8d85"
    train_list: ClassVar[list[list[str]]] = [["train", "16019d7e3df5f24257cddd939b257f8d"]]
    test_list: ClassVar[list[list[str]]] = [["test", "f0ef6b0ae62326f3e7ffdfab6717acfc"]]
    meta: ClassVar[dict[str, str]] = {
        "filename": "meta", "key": "fine_label_names", "md5": "7973b15100ade9c7d40fb424638fde48",
    }  # fmt: skip
