"""Bags of rows and samples at places on NumPy alone, where numbers are not finite, beside PyTorch's."""

import numpy as np
import pytest
import torch

from rushlight.kernels import numpy_embedding_bag, numpy_grid


@pytest.mark.parametrize("padding", [numpy_grid.ZEROS, numpy_grid.BORDER, numpy_grid.REFLECTION])
@pytest.mark.parametrize("mode", [numpy_grid.BILINEAR, numpy_grid.NEAREST, numpy_grid.BICUBIC])
def test_samples(mode: int, padding: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, 2, 6, 7))
    x[0, 0, 0, 0], x[0, 1, 3, 3] = np.nan, np.inf
    places = rng.random((1, 12, 13, 2)) * 3 - 1.5
    g = rng.standard_normal((1, 2, 12, 13))
    wild = g.copy()
    wild[0, 0, 2, 3], wild[0, 1, 7, 7] = np.inf, np.nan
    image, at = (torch.from_numpy(a).requires_grad_() for a in (x, places))
    y = torch.grid_sampler(image, at, mode, padding, False)
    (by_image,) = torch.autograd.grad(y, image, torch.from_numpy(wild), retain_graph=True)
    (by_places,) = torch.autograd.grad(y, at, torch.from_numpy(g))
    how = (mode, padding, False)
    for ours, theirs in (
        (numpy_grid.grid_sample(x, places, *how), y),
        (numpy_grid.grid_spread(wild, places, x.shape, *how), by_image),
        (numpy_grid.grid_slopes(g, x, places, *how), by_places),
    ):
        np.testing.assert_allclose(ours, theirs.detach().numpy(), 1e-10, 1e-10)


def test_greatest_rows_of_bags() -> None:
    rng = np.random.default_rng(0)
    table = rng.standard_normal((9, 40))
    table[rng.random(table.shape) < 0.3] = np.nan
    indices, offsets = rng.integers(0, 9, 30), np.array([0, 4, 4, 5, 21])
    weight = torch.from_numpy(table).requires_grad_()
    theirs = torch.embedding_bag(
        weight, torch.from_numpy(indices), torch.from_numpy(offsets), False, numpy_embedding_bag.MAX
    )
    found, _, _, best = numpy_embedding_bag.embedding_bag(
        table, indices, offsets, numpy_embedding_bag.MAX, None, False, -1
    )
    np.testing.assert_array_equal(found, theirs[0].detach().numpy())
    filled = [0, 2, 3, 4]
    np.testing.assert_array_equal(best[filled], theirs[3].numpy()[filled])
