"""Calls of whole families of operators, which a `Writer` writes for the tensors at hand: transforms, factorizations,
copies of views, losses, layers of networks, special functions.
"""

import torch

TRANSFORMS = "fft ifft rfft irfft hfft ihfft".split()
SPECIAL = "i1 i1e ndtr".split()
POLYNOMIALS = """
chebyshev_polynomial_u chebyshev_polynomial_v chebyshev_polynomial_w hermite_polynomial_he
shifted_chebyshev_polynomial_t shifted_chebyshev_polynomial_u shifted_chebyshev_polynomial_v
shifted_chebyshev_polynomial_w
""".split()
WINDOWS = "bartlett blackman cosine exponential gaussian general_hamming hamming kaiser nuttall".split()


def family(w):
    """A line with an operator of one of the families."""
    a = w.tensor()
    t = w.values[a]
    d = w.dim(t)
    size = t.shape[d] if t.dim() and -t.dim() <= d < t.dim() else 1
    b = w.tensor(lambda o: o.shape == t.shape and o.dtype == t.dtype)
    writers = [_copies, _shapes, _rest]
    if t.is_floating_point():
        writers += [_losses, _layers, _losses, _layers]
    if t.dtype in (torch.float32, torch.float64) and t.numel():
        writers += [_transforms, _matrices, _transforms, _matrices]
    return w.result(w.one_of(w.one_of(writers)(w, a, b, d, size)))


def finite(a):
    """A tensor without infinities and NaN, of which libraries make what they like."""
    return f"torch.nan_to_num({a}, 1).clamp(-9, 9)"


def matrix(w, a):
    """A tensor for linear algebra: as it is every other time if it holds infinities or NaN, or else without them."""
    lost = w.count % 2 and not bool(w.values[a].isfinite().all())
    return f"{a}.detach()" if lost else finite(a)


def _transforms(w, a, b, d, size):
    x, name = finite(a), w.one_of(TRANSFORMS)
    norm = w.one_of(["", ", norm='ortho'", ", norm='forward'"])
    # How results of the libraries lie, and whether they are views, is left to them.
    return [
        f"torch.fft.{name}({x}, dim={d}{norm}).contiguous().clone()", f"torch.fft.fftshift({x})",
        f"torch.fft.{name}({x}, {size + w.below(3)}, {d}).contiguous().clone()", f"torch.fft.ifftshift({x}, {d})",
        f"torch.fft.{name}2({x}{norm}).contiguous().clone()", f"torch.fft.{name}n({x}{norm}).contiguous().clone()",
    ]  # fmt: skip


def _matrices(w, a, b, d, size):
    x = matrix(w, a)
    t = w.values[a]
    definite = f"({x} @ {x}.mT + torch.eye({t.shape[-2] if t.dim() > 1 else 1}, dtype={t.dtype}))"
    return [
        f"torch.linalg.cholesky({definite})", f"torch.linalg.cholesky_ex({definite})[0]", f"torch.linalg.qr({x})[1]",
        f"torch.linalg.eigvalsh({definite})", f"torch.linalg.lu_factor({x})", f"torch.linalg.matrix_rank({x})",
        f"torch.linalg.solve_ex({definite}, {x})[0]", f"torch.linalg.inv_ex({definite})[0]", f"torch.pinverse({x})",
        f"torch.linalg.solve_triangular({definite}, {x}, upper=True)", f"torch.linalg.vander({x})",
        f"torch.cholesky_solve({x}, {definite})", f"torch.linalg.vecdot({a}, {b}, dim={d})",
        f"torch.linalg.cross({a}, {b}, dim={d})", f"torch.cross({a}, {b}, {d})", f"torch.linalg.cond({definite})",
        f"torch.baddbmm({a}, {a}, {b})", f"torch.addbmm({a}, {a}, {b})", f"torch.addmv({b}, {a}, {b})",
        f"torch.linalg.lstsq({definite}, {x})[0]", f"{a}.mH", f"{a}.H", f"{a}.adjoint()",
        f"torch.histogram({finite(a)}.detach(), 3)[0]",
    ]  # fmt: skip


def _copies(w, a, b, d, size):
    t = w.values[a]
    e, shape = w.dim(t), tuple(t.shape)
    return [
        f"torch.alias_copy({a})", f"torch.diagonal_copy({a})", f"torch.t_copy({a})", f"torch.squeeze_copy({a})",
        f"torch.unsqueeze_copy({a}, {d})", f"torch.transpose_copy({a}, {d}, {e})", f"torch.unbind_copy({a}, {d})",
        f"torch.permute_copy({a}, {tuple(w.permutation(t.dim()))})", f"torch.expand_copy({a}, (2, *{shape}))",
        f"torch.view_copy({a}, (-1,))", f"torch.split_with_sizes_copy({a}, [{size}], {d})",
        f"torch.unfold_copy({a}, {d}, {w.below(size + 1)}, 1)", f"torch.as_strided_copy({a}, (2,), (1,))",
        f"torch.as_strided_scatter({a}.detach(), {a}.reshape(-1)[:2], (2,), (1,))", f"torch.slice_copy({a}, {d}, 0, 2)",
        f"torch.select_copy({a}, {d}, 0)",
    ]  # fmt: skip


def _shapes(w, a, b, d, size):
    sizes = tuple(w.values[a].shape)
    return [
        f"torch.constant_pad_nd({a}, (1, 0), {w.number()})", f"{a}.new_zeros({sizes})", f"torch.dsplit({a}, 1)[0]",
        f"torch.cartesian_prod({a}, {b})", f"torch.combinations({a}, 2)", f"torch.broadcast_tensors({a}, {b})[0]",
        f"torch.unravel_index({a}, {sizes})", f"torch.unsafe_chunk({a}, 2, {d})", f"torch.unsafe_split({a}, 2, {d})",
        f"torch.nonzero_static({a}, size=3)", f"torch.triu_indices({w.below(4)}, {w.below(4)})",
        f"torch.scalar_tensor({w.number()})", f"torch.view_as_complex({a}.reshape(-1, 2))", f"torch.isreal({a})",
        f"torch.isin({a}, {b})", f"torch.polar({a}, {b})", f"torch.empty_like({a}).zero_()",
    ]  # fmt: skip


def _rest(w, a, b, d, size):
    kind = w.one_of(["prod", "mean", "amax", "amin"])
    return [
        f"torch.cumulative_trapezoid({a}, dim={d})", f"torch.trapezoid({a}, dim={d})",
        f"torch.trapz({a}, {b}, dim={d})",
        f"{a}.detach().index_reduce({d}, torch.arange({size}), {b}.detach(), {kind!r})",
        f"torch.mvlgamma({a}.abs() + 1, 2)",
        f"torch.special.{w.one_of(SPECIAL)}({a})", f"torch.special.{w.one_of(POLYNOMIALS)}({a}, {w.below(5)})",
        f"torch.signal.windows.{w.one_of(WINDOWS)}({w.below(6)})",
        f"{a}.{w.one_of(['short', 'char', 'cfloat', 'cdouble'])}()",
         f"torch.gradient({a}, dim={d})",
        f"torch.round({a}, decimals=1)",
        f"torch.vander({a}, 3)", f"torch.float_power({a}, {w.number()})", f"torch.polygamma(2, {a})",
    ]  # fmt: skip


def _losses(w, a, b, d, size):
    f, t = "torch.nn.functional", w.values[a]
    many = f"torch.zeros({tuple(t.shape)}, dtype=torch.int64)"
    signs, first = f"{b}.detach().sign()", tuple(t.shape[:1])
    mode = w.one_of(["'none'", "'mean'", "'sum'"])
    return [
        f"{f}.hinge_embedding_loss({a}, {signs}, reduction={mode})",
        f"{f}.soft_margin_loss({a}, {signs}, reduction={mode})",
        f"{f}.margin_ranking_loss({a}, {b}, {signs}, reduction={mode})",
        f"{f}.cosine_embedding_loss({a}, {b}, torch.ones({first}), reduction={mode})",
        f"{f}.multi_margin_loss({a}, torch.zeros({first}, dtype=torch.int64), reduction={mode})",
        f"{f}.multilabel_margin_loss({a}, {many}, reduction={mode})",
        f"{f}.binary_cross_entropy({a}.sigmoid(), {b}.detach().sigmoid(), reduction={mode})",
        f"{f}.nll_loss({a}, torch.zeros({first}, dtype=torch.int64), reduction={mode})",
        f"{f}.triplet_margin_with_distance_loss({a}, {b}, {a} + 1, reduction={mode})",
        f"{f}.smooth_l1_loss({a}, {b}, reduction={mode}, beta=0.5)", f"{f}.mse_loss({a}, {b}, reduction={mode})",
        f"{f}.huber_loss({a}, {b}, reduction={mode}, delta=0.5)",
        # Of nothing, PyTorch divides by zero.
        f"{f}.pdist({a})" if t.numel() and t.dtype.itemsize > 2 else f"{f}.l1_loss({a}, {b})",
    ]  # fmt: skip


def _layers(w, a, b, d, size):
    f, t = "torch.nn.functional", w.values[a]
    last = t.dim() and t.shape[-1]  # of nothing, PyTorch's inverses are NaN
    row, high = f"{a}.reshape(1, 1, -1)", t.shape[-2] if t.dim() > 1 else 1
    image = f"{a}.reshape(1, 1, {high}, -1)"
    block, ones = f"{image}.unsqueeze(0)", f"torch.ones(1, 1, 1, 2, dtype={t.dtype})"
    grid = f"torch.linspace(-1, 1, 8, dtype={t.dtype}).reshape(1, 2, 2, 2)"
    index = "torch.zeros(2, 2, dtype=torch.int64)"
    return [
        f"{f}.prelu({a}, torch.tensor([0.25], dtype={t.dtype}))", f"{f}.rrelu({a})", f"{f}.pixel_shuffle({image}, 1)",
        f"{f}.adaptive_max_pool1d({row}, 2)", f"{f}.adaptive_max_pool2d({image}, 2)",
        f"{f}.avg_pool3d({image}, (1, 1, 2))",
        f"{f}.adaptive_max_pool3d({block}, 1)", f"{f}.adaptive_avg_pool3d({block}, 1)",
        f"{f}.conv_transpose2d({image}, {ones})", f"{f}.conv_transpose3d({block}, {ones}.unsqueeze(0))",
        f"{f}.upsample_nearest({row}, scale_factor=2)", f"{f}.upsample_bilinear({image}, scale_factor=2)",
        f"{f}.max_unpool1d(*{f}.max_pool1d({row}, 2, return_indices=True), 2)", f"{f}.dropout2d({image}, 0.0)",
        f"{f}.grid_sample({image}, {grid}, align_corners=False)", f"{f}.alpha_dropout({a}, 0.0)",
        f"{f}.embedding_bag({index}, {a})",
        f"torch.native_layer_norm({a}, {tuple(t.shape[-1:]) if last else (1,)}, None, None, 1e-05)",
        f"{f}.interpolate({image}, scale_factor=2, mode='bicubic')", f"{f}.lp_pool1d({row}, 2, 2)",
        f"{f}.unfold({image}, (1, 2))", f"{f}.celu({a}, 0.5)", f"{f}.elu({a}, 0.5)",
        f"{f}.gelu({a}, approximate='tanh')",
        f"{f}.hardtanh({a}, -0.5, 0.5)", f"{f}.softplus({a}, 2, 1)", f"{f}.leaky_relu({a}, 0.3)",
    ]  # fmt: skip
