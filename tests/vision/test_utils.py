"""Grids of images beside torchvision's."""

import numpy as np
import pytest
from PIL import Image

import rushlight
import rushlight.vision.utils

from .reference import torch, torchvision

PAIRS = [(rushlight, rushlight.vision.utils), (torch, torchvision.utils)]
IMAGES = np.random.default_rng(0).uniform(-0.5, 1.5, (5, 3, 4, 6)).astype(np.float32)
CALLS = {
    "batch": lambda m, u: u.make_grid(m.from_numpy(IMAGES)),
    "rows": lambda m, u: u.make_grid(m.from_numpy(IMAGES), nrow=2, padding=3, pad_value=0.5),
    "grey": lambda m, u: u.make_grid(m.from_numpy(IMAGES[:, :1])),
    "one": lambda m, u: u.make_grid(m.from_numpy(IMAGES[0])),
    "flat": lambda m, u: u.make_grid(m.from_numpy(IMAGES[0, 0])),
    "list": lambda m, u: u.make_grid([m.from_numpy(i) for i in IMAGES]),
    "normalized": lambda m, u: u.make_grid(m.from_numpy(IMAGES), normalize=True),
    "each": lambda m, u: u.make_grid(m.from_numpy(IMAGES), normalize=True, scale_each=True),
    "range": lambda m, u: u.make_grid(m.from_numpy(IMAGES), normalize=True, value_range=(0, 1)),
    "wrong range": lambda m, u: u.make_grid(m.from_numpy(IMAGES), normalize=True, value_range=[0, 1]),
    "number": lambda m, u: u.make_grid(3),
    "numbers": lambda m, u: u.make_grid([3]),
}


@pytest.mark.parametrize("name", CALLS)
def test_make_grid(name):
    results = []
    for library, utils in PAIRS:
        try:
            results.append(CALLS[name](library, utils).numpy())
        except TypeError as error:
            results.append(str(error))
    mine, reference = results
    if isinstance(reference, str):
        assert mine == reference
    else:
        np.testing.assert_allclose(mine, reference, rtol=1e-6)


def test_save_image(tmp_path):
    for i, (library, utils) in enumerate(PAIRS):
        utils.save_image(library.from_numpy(IMAGES), tmp_path / f"{i}.png", nrow=3)
    mine, reference = (np.asarray(Image.open(tmp_path / f"{i}.png")) for i in range(2))
    np.testing.assert_array_equal(mine, reference)
