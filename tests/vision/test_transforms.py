"""Transforms and datasets beside torchvision's."""

import gzip
import struct
import sys

import numpy as np
import pytest
from PIL import Image

import rushlight
import rushlight.vision.datasets
import rushlight.vision.transforms

from .reference import torch, torchvision

PAIRS = [(rushlight, rushlight.vision), (torch, torchvision)]
PIXELS = np.random.default_rng(0).integers(0, 256, (37, 53, 3), dtype=np.uint8)


def image():
    return Image.fromarray(PIXELS)


def same(call, atol=0.0):
    """Asserts that a call of (library, transforms) gives the same array, image or number, or the same error."""
    results = []
    for library, vision in PAIRS:
        library.manual_seed(1)
        try:
            found = call(library, vision.transforms)
        except Exception as error:
            found = type(error).__name__, str(error).replace("rushlight.", "torch.")
        results.append(np.asarray(found.numpy() if isinstance(found, library.Tensor) else found))
    mine, reference = results
    assert mine.dtype == reference.dtype
    assert mine.shape == reference.shape
    if reference.dtype.kind in "US":
        assert mine.tolist() == reference.tolist()
    else:
        np.testing.assert_allclose(mine.astype(float), reference.astype(float), rtol=0, atol=atol)


ON_IMAGES = {
    "to_tensor": lambda t: t.ToTensor(),
    "pil_to_tensor": lambda t: t.PILToTensor(),
    "resize": lambda t: t.Resize(20),
    "resize_pair": lambda t: t.Resize((20, 31)),
    "resize_max": lambda t: t.Resize(20, max_size=25),
    "resize_nearest": lambda t: t.Resize(20, interpolation=t.InterpolationMode.NEAREST),
    "resize_same": lambda t: t.Resize(37),
    "center": lambda t: t.CenterCrop(20),
    "center_larger": lambda t: t.CenterCrop((50, 60)),
    "center_odd": lambda t: t.CenterCrop((10, 11)),
    "crop": lambda t: t.RandomCrop(20),
    "crop_padded": lambda t: t.RandomCrop(37, padding=4),
    "crop_needed": lambda t: t.RandomCrop((45, 60), pad_if_needed=True),
    "crop_too_large": lambda t: t.RandomCrop(45),
    "pad": lambda t: t.Pad((1, 2, 3, 4), fill=9),
    "pad_reflect": lambda t: t.Pad([2, 3], padding_mode="reflect"),
    "flip": lambda t: t.RandomHorizontalFlip(1.0),
    "flip_maybe": lambda t: t.RandomHorizontalFlip(),
    "flip_vertical": lambda t: t.RandomVerticalFlip(1.0),
    "resized_crop": lambda t: t.RandomResizedCrop(16),
    "compose": lambda t: t.Compose([t.RandomCrop(30), t.ToTensor(), t.Normalize([0.4] * 3, [0.2] * 3)]),
    "lambda": lambda t: t.Lambda(lambda x: x),
}


@pytest.mark.parametrize("name", ON_IMAGES)
def test_on_images(name):
    same(lambda library, t: ON_IMAGES[name](t)(image()), atol=1e-6)


ON_TENSORS = {
    "normalize": (lambda t: t.Normalize((0.5, 0.4, 0.3), (0.1, 0.2, 0.3)), 1e-6),
    "normalize_zero": (lambda t: t.Normalize((0.5,), (0.0,)), 0),
    "center": (lambda t: t.CenterCrop(20), 0),
    "center_larger": (lambda t: t.CenterCrop((50, 60)), 0),
    "crop": (lambda t: t.RandomCrop(20), 0),
    "crop_padded": (lambda t: t.RandomCrop(30, padding=(1, 2)), 0),
    "pad": (lambda t: t.Pad((1, 2, 3, 4)), 0),
    "flip": (lambda t: t.RandomHorizontalFlip(1.0), 0),
    "resize": (lambda t: t.Resize(20), 1e-4),
    "resize_larger": (lambda t: t.Resize((50, 70)), 1e-4),
    "to_image": (lambda t: t.ToPILImage(), 0),
}


@pytest.mark.parametrize("name", ON_TENSORS)
def test_on_tensors(name):
    make, atol = ON_TENSORS[name]
    values = PIXELS.transpose(2, 0, 1).astype(np.float32) / 255
    same(lambda library, t: make(t)(library.from_numpy(values.copy())), atol)


@pytest.mark.parametrize("old", ["uint8", "int32", "float32", "int64"])
@pytest.mark.parametrize("new", ["uint8", "int32", "float32", "float64", "int64"])
def test_convert_image_dtype(old, new):
    values = (PIXELS[:4, :4, 0] / 255).astype(old) if old == "float32" else PIXELS[:4, :4, 0].astype(old)
    same(lambda library, t: t.functional.convert_image_dtype(library.from_numpy(values), getattr(library, new)), 1e-7)


def test_modes_of_images():
    for mode in ("L", "RGB", "RGBA", "I", "F", "1"):
        same(lambda library, t, mode=mode: t.functional.to_tensor(image().convert(mode)))
        same(lambda library, t, mode=mode: t.functional.pil_to_tensor(image().convert(mode)))
    same(lambda library, t: t.functional.to_tensor(PIXELS[:, :, 0]))
    same(lambda library, t: t.functional.to_tensor([1]))
    same(lambda library, t: t.functional.to_tensor(np.zeros((1, 2, 3, 4))))
    same(lambda library, t: t.functional.pil_to_tensor(np.zeros(3)))
    same(lambda library, t: t.functional.normalize(library.zeros(3, 2, 2, dtype=library.int64), [0.0], [1.0]))
    same(lambda library, t: t.functional.normalize(library.zeros(2, 2), [0.0], [1.0]))


def test_printing():
    for make in ON_IMAGES.values():
        mine, reference = (repr(make(vision.transforms)) for _, vision in PAIRS)
        assert mine == reference


def test_preset():
    weights = rushlight.vision.models.ResNet18_Weights.DEFAULT, torchvision.models.ResNet18_Weights.DEFAULT
    mine, reference = (w.transforms()(image()).numpy() for w in weights)
    np.testing.assert_allclose(mine, reference, rtol=0, atol=1e-6)


def test_without_pillow_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError) as error:
        rushlight.vision.transforms.functional.hflip(image())
    assert 'pip install "rushlight[vision]"' in str(error.value)


# ---------------------------------------------------------------------------------------------- datasets
def test_fake_data():
    def sample(library, t):
        datasets = rushlight.vision.datasets if library is rushlight else torchvision.datasets
        data = datasets.FakeData(5, (3, 8, 9), 4, t.ToTensor(), random_offset=2)
        image, target = data[3]
        assert len(data) == 5
        return library.cat([image.flatten(), library.tensor([float(target), library.rand(1).item()])])

    same(sample, atol=1 / 255 + 1e-6)


@pytest.fixture
def digits(tmp_path):
    folder = tmp_path / "MNIST" / "raw"
    folder.mkdir(parents=True)
    images = np.random.default_rng(1).integers(0, 256, (6, 28, 28), dtype=np.uint8)
    labels = np.array([3, 1, 4, 1, 5, 9], np.uint8)
    for part in ("train", "t10k"):
        pictures = struct.pack(">IIII", 0x803, 6, 28, 28) + images.tobytes()
        (folder / f"{part}-images-idx3-ubyte").write_bytes(pictures)
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(pictures))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, 6) + labels.tobytes())
    return tmp_path


def test_mnist(digits):
    mine, reference = (v.datasets.MNIST(digits, train=False, transform=v.transforms.ToTensor()) for _, v in PAIRS)
    assert repr(mine).splitlines()[:4] == repr(reference).splitlines()[:4]
    assert (len(mine), mine.classes, mine.class_to_idx) == (len(reference), reference.classes, reference.class_to_idx)
    for (image, target), (image_, target_) in zip((mine[i] for i in range(6)), (reference[i] for i in range(6))):
        np.testing.assert_array_equal(image.numpy(), image_.numpy())
        assert target == target_
    assert mine.targets.dtype is rushlight.int64
    (digits / "MNIST" / "raw" / "t10k-images-idx3-ubyte").unlink()
    np.testing.assert_array_equal(
        rushlight.vision.datasets.MNIST(digits, train=False).data.numpy(), reference.data.numpy()
    )


def test_missing_files(tmp_path):
    for name in ("MNIST", "CIFAR10"):
        texts = []
        for _, vision in PAIRS:
            with pytest.raises(RuntimeError) as error:
                getattr(vision.datasets, name)(tmp_path)
            texts.append(str(error.value))
        assert texts[0] == texts[1]


def test_image_folder(tmp_path):
    for kind, count in (("cat", 2), ("ant", 3)):
        (tmp_path / kind / "more").mkdir(parents=True)
        for i in range(count):
            image().save(tmp_path / kind / ("more" if i else "") / f"{i}.png")
        (tmp_path / kind / "note.txt").write_text("no image")
    mine, reference = (v.datasets.ImageFolder(tmp_path, transform=v.transforms.ToTensor()) for _, v in PAIRS)
    assert (mine.classes, mine.class_to_idx, mine.samples, mine.targets) == (
        reference.classes, reference.class_to_idx, reference.samples, reference.targets
    )  # fmt: skip
    np.testing.assert_array_equal(mine[1][0].numpy(), reference[1][0].numpy())
    (tmp_path / "empty").mkdir()
    texts = []
    for _, vision in PAIRS:
        with pytest.raises(FileNotFoundError) as error:
            vision.datasets.ImageFolder(tmp_path)
        texts.append(str(error.value))
    assert texts[0] == texts[1]
