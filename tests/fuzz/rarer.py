"""Calls of rarer operators, which a `Writer` writes for the tensors at hand."""

UNARY = """
imag fliplr flipud atleast_1d atleast_2d atleast_3d argwhere msort diagflat resolve_conj resolve_neg cov corrcoef
ones_like unique_consecutive frexp special.i0e special.erfcx special.log_ndtr
 special.modified_bessel_i0 special.modified_bessel_k0 special.spherical_bessel_j0 special.ndtri
matrix_exp logdet linalg.svdvals
""".split()
BINARY = """
bitwise_left_shift bitwise_right_shift clamp_min clamp_max inner vdot dot igamma igammac special.zeta equal allclose
bucketize special.chebyshev_polynomial_t special.hermite_polynomial_h special.legendre_polynomial_p
special.laguerre_polynomial_l block_diag
""".split()
WITH_OUT = """
add sub mul div pow maximum minimum atan2 hypot fmod remainder copysign logaddexp eq lt logical_and xlogy
exp log sqrt sin tanh sigmoid abs neg floor reciprocal square erf sgn
""".split()


def rarer(w):
    """A line with one of them."""
    a = w.tensor()
    t = w.values[a]
    mine = t.shape
    d = w.dim(t)
    size = mine[d] if t.dim() and -t.dim() <= d < t.dim() else 1
    b = w.tensor(lambda o: o.shape == mine and o.dtype == t.dtype)
    kind = w.below(10)
    if kind < 3:
        return w.result(f"torch.{w.one_of(UNARY)}({a})")
    if kind < 4:
        return w.result(f"torch.{w.one_of(BINARY)}({a}, {b})")
    if kind < 5:
        # Of memory of its own: it is neither resized, which the storages that NumPy has looked at are not, nor shared.
        out = w.tensor(lambda o: not o.requires_grad and o.dtype == t.dtype and o.shape == mine and not o._is_view())
        if w.values[out].shape != mine or w.values[out]._is_view() or w.values[out].dtype != t.dtype:
            return w.leaf()
        name = w.one_of(WITH_OUT)
        second = "" if name in WITH_OUT[WITH_OUT.index("exp") :] else f", {b}"
        return f"torch.{name}({a}{second}, out={out})"
    last = mine[-1] if t.dim() else 1
    index = f"torch.tensor([{', '.join(str(w.below(max(size, 1))) for _ in range(2))}])"
    if kind < 7 and t.is_floating_point():
        return w.result(w.one_of(_of_networks(w, a, b, mine)))
    return w.result(w.one_of([
        f"{a}.T", f"torch.column_stack([{a}, {b}])", f"{a}.index_copy({d}, {index}, {b})",
        f"{a}.index_put(({index},), {b})", f"{a}.masked_scatter({a} > 0, {b})", f"{a}.put({index}, {b})",
        f"{a}.select_scatter({b}, {d}, 0)", f"{a}.slice_scatter({b}, {d})", f"{a}.diagonal_scatter({b}.diagonal())",
        f"{a}.as_strided(({last},), (1,))",
        f"torch.narrow_copy({a}, {d}, 0, {w.below(size + 1)})", f"{a}.repeat({', '.join(['2'] * max(t.dim(), 1))})",
        f"{a}.sum_to_size({tuple(1 if w.chance(0.5) else n for n in mine)})", f"{a}.expand_as({b})",
        f"{a}.reshape_as({b})", f"torch.split_with_sizes({a}, [{size}], {d})[0]", f"torch.polygamma(1, {a})",
        f"{a}.new_full((2,), {w.number()})", f"torch.logspace(0, 1, {w.below(4)})",
        f"torch.tril_indices({w.below(4)}, {w.below(4)})", f"torch.linalg.matrix_norm({a})",
        f"torch.linalg.vector_norm({a}, {w.one_of(['1', '2', '3'])}, {d})", f"torch.linalg.pinv({a})",

        f"torch.linalg.multi_dot([{a}, {b}])",
        f"torch.addr({a}, {b}, {b})", f"torch.bmm({a}, {b})", f"torch.nanquantile({a}, 0.3, {d})",
        f"torch.hsplit({a}, 1)[0]", f"torch.vsplit({a}, 1)[0]", f"torch.signal.windows.hann({w.below(5)})",
    ]))  # fmt: skip


def _of_networks(w, a, b, shape):
    """Functions of networks, of floating-point tensors of one shape."""
    f = "torch.nn.functional"
    row, image = f"{a}.reshape(1, 1, -1)", f"{a}.reshape(1, 1, {shape[-2] if len(shape) > 1 else 1}, -1)"
    filters = f"torch.ones(1, 1, 1, 1, 2, dtype={w.values[a].dtype})"
    return [
        f"{f}.poisson_nll_loss({a}, {b})", f"{f}.gaussian_nll_loss({a}, {b}, {b}.detach().abs())",
        f"{f}.triplet_margin_loss({a}, {b}, {a} + 1)", f"{f}.multilabel_soft_margin_loss({a}, {b})",
        f"{f}.local_response_norm({row}, 2)", f"{f}.conv3d({image}.unsqueeze(0), {filters})",
        f"{f}.max_pool3d({image}, (1, 1, 2))", f"{f}.adaptive_avg_pool2d({image}, 1)",
        f"{f}.pixel_unshuffle({image}, 1)", f"{f}.channel_shuffle({image}, 1)", f"{f}.dropout({a}, 0.0)",

    ]  # fmt: skip
