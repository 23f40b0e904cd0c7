"""Calls of operators and layers that the other files leave out, which a `Writer` writes for the tensors at hand."""

import torch

from .families import finite

ALIASES = """
absolute arccos arccosh arcsin arcsinh arctan arctanh negative fix isposinf nonzero nan_to_num
exp2 special.expm1 special.log1p special.sinc special.exp2 special.digamma linalg.matrix_exp linalg.diagonal
is_complex is_floating_point is_nonzero std_mean var_mean logical_not rad2deg nn.functional.tanh nn.functional.sigmoid
nn.functional.dropout1d hash_tensor
""".split()
TWO = """
multiply subtract divide greater greater_equal less less_equal not_equal arctan2 linalg.matmul inner
equal complex fmod logical_xor nextafter heaviside float_power ldexp special.gammainc true_divide
""".split()
IN_PLACE = """
acos_ acosh_ asin_ asinh_ atanh_ cosh_ sinh_ tan_ exp2_ log2_ log10_ erfc_ erfinv_ frac_ digamma_ lgamma_ i0_ sinc_
deg2rad_ rad2deg_ sign_ negative_ conj_physical_ nan_to_num_ logit_ bitwise_not_ absolute_ clip_(-1,1)
tril_ triu_ squeeze_ polygamma_(1) mvlgamma_(1) transpose_(0,-1) swapaxes_(-1,0) unsqueeze_(0) cumsum_(-1) cumprod_(0)
renorm_(2,0,1.0) clamp_max_(1) float_power_(2) true_divide_(2) round_(decimals=1) exp2_ arcsinh_
""".split()
IN_PLACE_TWO = """
ne_ ge_ gt_ le_ logical_and_ logical_xor_ bitwise_or_ bitwise_xor_ bitwise_left_shift_ bitwise_right_shift_ gcd_ lcm_
nextafter_ copysign_ heaviside_ ldexp_ float_power_ arctan2_ true_divide_ multiply_ subtract_ divide_ clamp_min_
clamp_max_ igamma_ igammac_
""".split()
ALONG_WITH_OUT = "cumsum cumprod logcumsumexp sum prod mean amax amin logsumexp argmax softmax".split()


def further(w):
    """A line with one of them."""
    a = w.tensor()
    t = w.values[a]
    b = w.tensor(lambda o: o.shape == t.shape and o.dtype == t.dtype)
    writers = [_named, _named, _in_place, _with_out, _memory]
    if t.is_floating_point() and t.numel():
        writers += [_networks, _networks]
    if t.dtype in (torch.float32, torch.float64) and t.numel():  # weights are drawn otherwise in half precision
        writers += [_layers, _layers]
    if t.dtype in (torch.float32, torch.float64) and t.numel():
        writers += [_signals, _factors, _factors]
    writer = w.one_of(writers)
    text = w.one_of(writer(w, a, b, t))
    if writer is _layers:
        text = f"(torch.manual_seed({w.below(9)}), {text})[1]"
    return text if writer is _in_place else w.result(text)


def _named(w, a, b, t):
    return [
        *[f"torch.{w.one_of(ALIASES)}({a})"] * 4, *[f"torch.{w.one_of(TWO)}({a}, {b})"] * 3,
        f"torch.moveaxis({a}, {w.dim(t)}, {w.dim(t)})", f"torch.concat([{a}, {b}], {w.dim(t)})",
        f"{a}.clip({w.number()}, {w.number()})", f"torch.ger({a}.reshape(-1)[:5], {b}.reshape(-1)[:5])",
        f"torch.segment_reduce({a}, 'sum', lengths=torch.tensor([{t.shape[0] if t.dim() else 1}]), axis=0)",
        f"{a}.{w.one_of(['chalf', 'cfloat', 'short', 'char'])}()", f"torch.ldexp({a}, {b})",
        f"torch.std({a}, {w.dim(t)}, correction={w.below(3)})", f"torch.cov({a}, correction=0)",
        f"torch.einsum('...i,...i->...', {a}, {b})", f"torch.einsum('...i,j->...ij', {a}, {b})",
        f"torch.logspace({w.number()}, 1, {w.below(4)}, base=2)", f"torch.dstack([{a}, {b}])",
        f"torch.histogramdd({a}.detach().reshape(-1, 1).clamp(-1e3, 1e3), [3])[0]",
        f"torch.signal.windows.general_cosine({w.below(5)}, a=[0.5, 0.3])",
        f"torch.unique({a}, return_inverse=True, return_counts=True)[{w.below(3)}]",
        f"torch.unique({a}.nan_to_num(), dim={w.dim(t)})",
        f"torch.bucketize({a}, torch.tensor([-1.0, 0.5]), right=True)",
    ]  # fmt: skip


def _target(w):
    """A tensor that may be changed in place."""
    return w.tensor(lambda o: not (o.is_leaf and o.requires_grad) or w.chance(0.1))


def _in_place(w, a, b, t):
    c = _target(w)
    t = w.values[c]
    b = w.tensor(lambda o: o.shape == t.shape and o.dtype == t.dtype)
    if w.chance(0.7):
        b = f"{b}.clone()"
    rows, columns = t.shape[-2:] if t.dim() > 1 else (1, 1)
    name, d = w.one_of(IN_PLACE), w.dim(t)
    size = t.shape[d] if t.dim() and -t.dim() <= d < t.dim() else 1
    index = f"torch.tensor([{', '.join(str(w.below(max(size, 1))) for _ in range(1 + w.below(3)))}])"
    spread = f"torch.zeros({tuple(t.shape)}, dtype=torch.int64)"
    kind = w.one_of(["sum", "amax", "mean", "prod"])
    return [
        *[f"{c}.{name}" if name.endswith(")") else f"{c}.{name}()"] * 4, *[f"{c}.{w.one_of(IN_PLACE_TWO)}({b})"] * 3,
        f"{c}.{w.one_of(IN_PLACE_TWO)}({w.number()})", f"{c}.index_add_({d}, torch.arange({size}), {b}, alpha=2)",
        f"{c}.index_copy_({d}, torch.arange({size}), {b})", f"{c}.index_fill_({d}, {index}, {w.number()})",
        f"{c}.index_put_((torch.arange({t.shape[0] if t.dim() else 1}),), {b}, accumulate={w.chance(0.5)})",
        f"{c}.put_({index}, {b}.reshape(-1)[:1].expand({index.count(',') + 1}))",
        f"{c}.scatter_({d}, {spread}, {b})", f"{c}.scatter_({d}, {spread}, {w.number()})",
        f"{c}.scatter_add_({d}, {spread}, {b})",
        f"{c}.scatter_reduce_({d}, {spread}, {b}, {kind!r}, include_self=False)",
        f"{c}.index_reduce_({d}, torch.arange({size}), {b}.detach(), {w.one_of(['prod', 'amax'])!r})",
        f"{c}.addcdiv_({b}, {b}, value=0.5)", f"{c}.addmm_(torch.ones({rows}, {rows}, dtype={t.dtype}), {b})",
        f"{c}.addr_(torch.ones({rows}, dtype={t.dtype}), torch.ones({columns}, dtype={t.dtype}), beta=0.5)",
        f"{c}.baddbmm_({b}, torch.ones({columns}, {columns}, dtype={t.dtype}).expand({rows}, -1, -1))",
        f"{c}.masked_scatter_({b} > 0, {b})", f"{c}.addmv_({b}.unsqueeze(-1), torch.ones(1, dtype={t.dtype}))",
        f"{c}.detach_()", f"{c}.data.zero_()", f"{c}.masked_fill_({b} > 0, {w.number()})",
        f"torch.nn.functional.relu({c}, inplace=True)",
        f"torch.nn.functional.{w.one_of(['elu_', 'leaky_relu_', 'hardtanh_', 'celu_', 'selu_'])}({c})",
    ]  # fmt: skip


def _with_out(w, a, b, t):
    d = w.dim(t)
    name = w.one_of(ALONG_WITH_OUT)
    fits = f"torch.empty(0, dtype={b}.dtype)"
    return [
        f"torch.{name}({a}, {d}, out={fits})",
        f"torch.{w.one_of(['mul', 'add', 'maximum', 'eq', 'pow', 'atan2', 'div', 'hypot'])}({a}, {b}, out={fits})",
        f"torch.matmul({a}, {b}, out={fits})", f"torch.cat([{a}, {b}], {d}, out={fits})",
        f"torch.stack([{a}, {b}], {d}, out={fits})", f"torch.clamp({a}, -1, 1, out={fits})",
        f"torch.sort({a}, dim={d}, out=({fits}, torch.empty(0, dtype=torch.int64)))",
        f"torch.where({a} > 0, {a}, {b}, out={fits})", f"torch.tril({a}, out={fits})",
        f"torch.index_select({a}, {d}, torch.tensor([0]), out={fits})",
        f"torch.max({a}, {d}, out=({fits}, torch.empty(0, dtype=torch.int64)))",
    ]  # fmt: skip


def _memory(w, a, b, t):
    shape = w.shape()
    axes = tuple(w.permutation(len(shape)))
    return [
        f"{a}.new_empty({shape}).fill_({w.number()})", f"torch.empty({shape}).fill_({w.number()})",
        f"{a}.new_empty_strided({shape}, {tuple(range(len(shape)))[::-1]}).zero_()",
        f"torch.empty_permuted({shape}, {axes}).zero_()", f"{a}.new_tensor([1, {w.number()}])",
        f"{a}.clone().resize_({tuple(min(n, 1) if w.chance(0.5) else n for n in t.shape)})",
        f"{a}.detach().clone().resize_as_({b})",
        f"{a}.imag",
        f"{a}.clone(memory_format=torch.contiguous_format)", f"{a}.to({b})",
        f"torch.asarray({a})", f"{a}.requires_grad_()", f"{a}.data",
        f"torch.atleast_2d({a}, {b})[0]", f"torch.tensor({a}.tolist())", f"{a}[..., None]",
        f"torch.positive({a})", f"{a}.type(torch.float64)", f"{a}.ravel()",
    ]  # fmt: skip


def _signals(w, a, b, t):
    x = f"{finite(a)}.reshape(-1)"
    n = 1 + w.below(4)
    made = f"torch.stft({x}, {n}, window=torch.ones({n}, dtype={t.dtype}), return_complex=True)"
    return [
        f"torch.view_as_real({made}).clone()",
        f"torch.istft({made}, {n}, window=torch.ones({n}, dtype={t.dtype})).clone()",
        f"torch.view_as_real(torch.stft({x}, {n}, {n}, center=False, normalized=True, return_complex=True)).clone()",
        f"torch.fft.fftfreq({n})", f"torch.fft.rfftfreq({n}, 0.5)",
    ]  # fmt: skip


def _factors(w, a, b, t):
    x = finite(a) if t.dim() > 1 else f"{finite(a)}.reshape(-1, 1)"
    n = t.shape[-2] if t.dim() > 1 else t.numel()
    definite = f"({x} @ {x}.mT + torch.eye({n}, dtype={t.dtype}))"
    return [
        f"torch.linalg.lu_solve(*torch.linalg.lu_factor({definite}), {x})",
        f"torch.lu_solve({x}, *torch.linalg.lu_factor({definite}))",
        f"torch.linalg.ldl_solve(*torch.linalg.ldl_factor({definite}), {x})",
        f"torch.triangular_solve({x}, {definite})[0]", f"torch.linalg.tensorsolve({definite}, {x}[..., 0])",
        f"(lambda f: torch.linalg.householder_product(*f).abs())(torch.geqrf({x}))",
        f"torch.ormqr(*torch.geqrf({x}), {x}, transpose={w.chance(0.5)})", f"torch.linalg.lu_factor_ex({definite})[0]",
        f"torch.linalg.eigvals({definite}).real.sort()[0]", f"torch.chain_matmul({definite}, {x})",
        f"torch.cholesky({definite}, upper=True)", f"torch.logdet({definite})", f"torch.slogdet({definite})[1]",
        f"torch.linalg.matrix_rank({definite})", f"torch.linalg.solve({definite}, {x})", f"torch.svd({definite})[1]",
        f"torch.linalg.norm({a}, {w.one_of(['2', '1', repr('nuc'), repr('fro'), 'float(' + repr('inf') + ')'])})",
        f"torch.linalg.solve_triangular({definite}, {x}, upper=False, unitriangular=True)",
        f"torch.linalg.inv({definite})",
        f"(torch.manual_seed(3), torch.pca_lowrank({x}, q=1, niter=4)[1])[1].abs()",
        f"torch.linalg.det({definite})",
        f"torch.nn.functional.bilinear({x}, {x}, torch.ones(2, {x}.shape[-1], {x}.shape[-1], dtype={t.dtype}))",
    ]  # fmt: skip


def _networks(w, a, b, t):
    f = "torch.nn.functional"
    high = t.shape[-2] if t.dim() > 1 else 1
    image, block = f"{a}.reshape(1, 1, {high}, -1)", f"{a}.reshape(1, 1, 1, {high}, -1)"
    row = f"{a}.reshape(1, -1, 1)"
    two = f"torch.stack([{row}, {row} * 0.5], 2).flatten(2)"
    mode, ones = w.one_of(["'none'", "'mean'", "'sum'"]), f"torch.ones({tuple(t.shape[:1])}, dtype=torch.int64)"
    grid = f"torch.linspace(-1, 1, 24, dtype={t.dtype}).reshape(1, 2, 2, 2, 3)"
    n, last = t.numel(), t.shape[-1] if t.dim() else 1
    return [
        f"{f}.ctc_loss({f}.log_softmax({f}.pad({a}.reshape(-1, 1, {last}), (0, 1)), -1), "
        "torch.zeros(1, 1, dtype=torch.int64) + 1, "
        f"[{n // max(last, 1)}], [1], reduction={mode})",
        f"torch.native_batch_norm({two}, None, None, None, None, True, 0.1, 1e-5)[0]",
        f"torch.native_group_norm({two}, None, None, 1, {n}, 2, 1, 1e-5)[0]",
        f"{f}.max_unpool2d(*{f}.max_pool2d({image}, (1, 2), return_indices=True), (1, 2))",
        f"{f}.max_unpool3d(*{f}.max_pool3d({block}, (1, 1, 2), return_indices=True), (1, 1, 2))",
        f"{f}.grid_sample({block}, {grid}, align_corners=True, padding_mode='border')",
        f"(torch.manual_seed(4), {f}.fractional_max_pool2d({image}, 1, output_size=(1, 1)))[1]",
        f"(torch.manual_seed(4), {f}.fractional_max_pool3d({block}, (1, 1, 1), output_size=(1, 1, 1)))[1]",
        f"{f}.interpolate({image}, size=({1 + w.below(3)}, {1 + w.below(5)}), mode='bilinear', antialias=True)",
        f"{f}.interpolate({image}, scale_factor=0.5, mode={w.one_of(['area', 'nearest-exact', 'nearest'])!r})",
        f"{f}.interpolate({block}, scale_factor=2, mode='trilinear', align_corners={w.chance(0.5)})",
        f"{f}.fold({image}.reshape(1, 1, -1).repeat(1, 2, 1), (1, {n + 1}), (1, 2))",
        f"{f}.lp_pool2d({image}, 2, (1, 2))",
        f"{f}.affine_grid({a}.reshape(-1)[:1].repeat(6).reshape(1, 2, 3), (1, 1, 2, 2), align_corners=False)",
        f"{f}.scaled_dot_product_attention({image}, {image}, {image}, is_causal=True)",
        f"{f}.cross_entropy({a}, {a}.softmax(-1), label_smoothing=0.1, reduction={mode})",
        f"{f}.cross_entropy({a}, {ones}, ignore_index=1, reduction={mode})",
        f"{f}.kl_div({a}, {b}, log_target=True, reduction={mode})",
        f"{f}.gaussian_nll_loss({a}, {b}, {b}.exp(), full=True)",
        f"{f}.embedding_bag(torch.zeros(2, 2, dtype=torch.int64), {a}, mode={w.one_of(['sum', 'max', 'mean'])!r})",
        f"{f}.unfold({image}, (1, 2), dilation=1, padding=1)",
        f"{f}.conv2d({image}, torch.ones(2, 1, 1, 1, dtype={t.dtype}))",
        f"{f}.conv2d({image}, torch.ones(1, 1, 2, 2, dtype={t.dtype}), {a}.reshape(-1)[:1], 1, 1, 2)",
        f"{f}.conv_transpose2d({image}, torch.ones(1, 2, 1, 2, dtype={t.dtype}), stride=2, output_padding=1)",
        f"{f}.conv1d({row}, torch.ones({n}, 1, 1, dtype={t.dtype}), groups={n})", f"{f}.avg_pool2d({image}, 2, 1, 1)",
        f"{f}.max_pool2d({image}, 3, 1, 1, ceil_mode=True)", f"{f}.avg_pool2d({image}, 3, 2, 1, True, False, 2)",
        f"{f}.batch_norm({two}, torch.zeros({n}, dtype={t.dtype}), torch.ones({n}, dtype={t.dtype}))",
        f"{f}.layer_norm({a}, {tuple(t.shape[-1:])}, {a}.reshape(-1)[:{last}], {b}.reshape(-1)[:{last}])",
        f"{f}.prelu({two}, {a}.reshape(-1))",
        f"{f}.binary_cross_entropy_with_logits({a}, {b}.sigmoid(), pos_weight={b}.exp())",
        f"{f}.multi_margin_loss({a}, torch.zeros({tuple(t.shape[:1])}, dtype=torch.int64), p=2, margin=0.5)",
        f"{f}.triplet_margin_loss({a}, {b}, {a} * 2, swap=True, p=1)", f"{f}.logsigmoid({a})", f"{f}.gelu({a})",
    ]  # fmt: skip


def _layers(w, a, b, t):
    n = "torch.nn"
    last, d = t.shape[-1] if t.dim() else 1, f"dtype={t.dtype}"
    rows, image = f"{a}.reshape(-1, {last})", f"{a}.reshape(1, 1, {t.shape[-2] if t.dim() > 1 else 1}, -1)"
    few = f"{a}.reshape(1, -1, {last})"
    return [
        f"{n}.Linear({last}, 3, {d})({a})", f"{n}.LSTM({last}, 2, {d})({few})[0]", f"{n}.GRU({last}, 2, {d})({few})[0]",
        f"{n}.RNN({last}, 2, 2, bidirectional=True, {d})({few})[0]", f"{n}.LSTMCell({last}, 2, {d})({rows})[0]",
        f"{n}.MultiheadAttention({last}, 1, {d}, batch_first=True)({few}, {few}, {few})[{w.below(2)}]",
        f"{n}.TransformerEncoderLayer({last}, 1, 4, 0.0, {d})({few})",
        f"{n}.Bilinear({last}, {last}, 2, {d})({a}, {b})",
        f"{n}.Conv2d(1, 2, (1, 2), {d})({image})", f"{n}.ConvTranspose2d(1, 2, 2, {d})({image})",
        f"{n}.BatchNorm2d(1, {d})({image})", f"{n}.GroupNorm(1, 1, {d})({image})", f"{n}.LayerNorm({last}, {d})({a})",
        f"{n}.Sequential({n}.Linear({last}, 4, {d}), {n}.ReLU(), {n}.Linear(4, 1, {d}))({a})", f"{n}.PReLU({d})({a})",
        f"{n}.Embedding(7, 2, {d})({a}.detach().long().clamp(0, 6))", f"{n}.Softmax2d()({image})",
        f"{n}.Flatten()({a})",
        f"{n}.InstanceNorm2d(1, affine=True, {d})({image})", f"{n}.RMSNorm({last}, {d})({a})", f"{n}.ELU(0.5)({a})",
        f"{n}.Upsample(scale_factor=2)({image})", f"{n}.ZeroPad2d(1)({image})",
        f"{n}.CrossEntropyLoss()({a}, {b}.softmax(-1))",
    ]  # fmt: skip
