"""The operators that `bench.operators` measures: what each computes, and on which inputs."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Operator:
    """An operator as it is measured.

    Attributes:
        run: the operator on `torch` and the inputs.
        inputs: what makes them, on `torch` and a side `n` whose square is the size.
        backward: whether it is differentiated by the floating-point inputs that `fixed` does not name.
        fixed: the places of inputs that get no gradient.
        heavy: whether its shapes do not depend on the size.
        exact: whether the results can be compared at all (random ones cannot).
        tolerance: how far results may be apart, relative to the largest one.
    """

    run: Callable
    inputs: Callable
    backward: bool = True
    fixed: tuple[int, ...] = ()
    heavy: bool = False
    exact: bool = True
    tolerance: float = 1e-3


OPERATORS: dict[str, Operator] = {}


def add(name: str, run: Callable, inputs: Callable, **options) -> None:
    """Add an operator to those that are measured."""
    OPERATORS[name] = Operator(run, inputs, **options)


def square(torch, n):
    """Return a matrix of normal numbers."""
    return [torch.randn(n, n)]


def pair(torch, n):
    """Return two of them."""
    return [torch.randn(n, n), torch.randn(n, n)]


def positive(torch, n):
    """Return a matrix of numbers between 0.5 and 1.5."""
    return [torch.rand(n, n) + 0.5]


def image(torch, n):
    """Return images of eight channels; a side of 1000 gives eight of 125 x 125."""
    side = max(2, n // 8)
    return [torch.randn(8, 8, side, side)]


def indexed(torch, n):
    """Return a matrix, and for each of its elements an index of a row or column."""
    return [torch.randn(n, n), torch.randint(0, n, (n, n))]


# ------------------------------------------------------------------------------------------ elementwise
for _name in (
    "sin", "cos", "tan", "asin", "atan", "sinh", "cosh", "erf", "erfc", "exp2", "log2", "log10", "sqrt", "rsqrt",
    "square", "abs", "sign", "floor", "round", "frac", "reciprocal", "digamma", "lgamma", "logit", "sinc",
):  # fmt: skip
    _inputs = (lambda torch, n: [torch.rand(n, n) * 0.9 + 0.05]) if _name != "sign" else square
    add(_name, lambda torch, x, name=_name: getattr(torch, name)(x), _inputs)
for _name in ("silu", "mish", "softplus", "elu", "leaky_relu", "hardtanh", "hardswish", "relu6", "selu", "logsigmoid"):
    add(_name, lambda torch, x, name=_name: getattr(torch.nn.functional, name)(x), square)
add("clamp", lambda torch, x: x.clamp(-0.5, 0.5), square)
add("clamp(tensors)", lambda torch, x, a, b: torch.clamp(x, a, b), lambda t, n: [*pair(t, n), t.ones(n, n)])
add("pow(3)", lambda torch, x: x**3, square)
add("pow(2.5)", lambda torch, x: x**2.5, positive)
add("pow(tensor)", lambda torch, x, y: x**y, lambda t, n: [*positive(t, n), *square(t, n)])
add("atan2", lambda torch, x, y: torch.atan2(x, y), pair)
add("maximum", lambda torch, x, y: torch.maximum(x, y), pair)
add("fmod", lambda torch, x: torch.fmod(x, 0.3), square)
add("remainder", lambda torch, x: x % 0.3, square, tolerance=1e9)
add("lerp", lambda torch, x, y: torch.lerp(x, y, 0.3), pair)
add("addcmul", lambda torch, x, y: torch.addcmul(x, x, y), pair)
add("where", lambda torch, c, x, y: torch.where(c, x, y), lambda t, n: [t.randn(n, n) > 0, *pair(t, n)])
add("where(number)", lambda torch, c, x: torch.where(c, x, 0.0), lambda t, n: [t.randn(n, n) > 0, *square(t, n)])
add("masked_fill", lambda torch, x, c: x.masked_fill(c, 1.0), lambda t, n: [*square(t, n), t.randn(n, n) > 0])
add("masked_select", lambda torch, x, c: x.masked_select(c), lambda t, n: [*square(t, n), t.randn(n, n) > 0])
add("x > y", lambda torch, x, y: x > y, pair, backward=False)
add("x == 0", lambda torch, x: x == 0, square, backward=False)
add("isnan", lambda torch, x: torch.isnan(x), square, backward=False)
add("isfinite", lambda torch, x: torch.isfinite(x), square, backward=False)
add(
    "logical_and", lambda torch, x, y: torch.logical_and(x, y), lambda t, n: [v > 0 for v in pair(t, n)], backward=False
)
add("all", lambda torch, x: x.all(), lambda t, n: [t.ones(n, n) > 0], backward=False)
add("any(dim)", lambda torch, x: x.any(1), lambda t, n: [t.zeros(n, n) > 0], backward=False)
add("bool sum", lambda torch, x: x.sum(), lambda t, n: [t.randn(n, n) > 0], backward=False)
add(
    "int add",
    lambda torch, x, y: x + y,
    lambda t, n: [t.randint(0, 9, (n, n)), t.randint(0, 9, (n, n))],
    backward=False,
)
add("int sum", lambda torch, x: x.sum(), lambda t, n: [t.randint(0, 9, (n, n))], backward=False)
add("add row", lambda torch, x, y: x + y, lambda t, n: [t.randn(n, n), t.randn(n)])
add("mul column", lambda torch, x, y: x * y, lambda t, n: [t.randn(n, n), t.randn(n, 1)])
add("add transposed", lambda torch, x, y: x + y.t(), pair)
# ------------------------------------------------------------------------------------------ reductions
for _name in ("prod", "std", "var", "norm", "amax", "logsumexp"):
    add(f"{_name}(dim)", lambda torch, x, name=_name: getattr(torch, name)(x, dim=-1), positive)
for _name in ("max", "min", "median", "mode", "cummax"):
    # Which of equal numbers is told is chance in some of them.
    _run = lambda torch, x, name=_name: getattr(torch, name)(x, dim=-1)  # noqa: E731
    add(f"{_name}(dim)", _run, square, exact=_name != "mode")
add("max(dim 0)", lambda torch, x: torch.max(x, dim=0), square)
add("max", lambda torch, x: x.max(), square)
add("norm", lambda torch, x: x.norm(), square)
add("prod", lambda torch, x: (x * 0.02 + 0.99).prod(), positive)
add("std", lambda torch, x: x.std(), square)
add("var_mean(dim 0)", lambda torch, x: torch.var_mean(x, 0), square)
add("norm(1)", lambda torch, x: x.norm(1, dim=-1), square)
add("argmax", lambda torch, x: x.argmax(-1), square, backward=False)
add("argmax(all)", lambda torch, x: x.argmax(), square, backward=False)
add("cumsum", lambda torch, x: x.cumsum(-1), square)
add("cumsum(dim 0)", lambda torch, x: x.cumsum(0), square)
add("cumprod", lambda torch, x: (x * 0.02 + 0.98).cumprod(-1), positive)
add("logcumsumexp", lambda torch, x: x.logcumsumexp(-1), square)
add("diff", lambda torch, x: x.diff(), square)
add("expand + sum", lambda torch, x: x.expand(x.shape[1], x.shape[1]).sum(0), lambda t, n: [t.randn(1, n)])
add("sum(dim 0)", lambda torch, x: x.sum(0), square)
add("nansum", lambda torch, x: x.nansum(), square)
add("cosine_similarity", lambda torch, x, y: torch.nn.functional.cosine_similarity(x, y), pair)
add("normalize", lambda torch, x: torch.nn.functional.normalize(x), square)
add("cdist", lambda torch, x, y: torch.cdist(x, y), lambda t, n: [t.randn(300, 64), t.randn(300, 64)], heavy=True)
# ------------------------------------------------------------------------------------------ sorting and counting
add("topk(10)", lambda torch, x: x.topk(10), square)
add("topk(10, all)", lambda torch, x: x.flatten().topk(10), square)
add("sort", lambda torch, x: x.sort(-1), square, exact=False)
add("sort(dim 0)", lambda torch, x: x.sort(0), square, exact=False)
add("argsort", lambda torch, x: x.argsort(-1), square, backward=False, exact=False)
add("sort(all)", lambda torch, x: x.flatten().sort(), square, exact=False)
add("unique", lambda torch, x: torch.unique(x), lambda t, n: [t.randint(0, n, (n, n))], backward=False)
add("bincount", lambda torch, x: torch.bincount(x), lambda t, n: [t.randint(0, n, (n * n,))], backward=False)
add("histc", lambda torch, x: torch.histc(x, 100), square, backward=False)
add(
    "searchsorted",
    lambda torch, x, y: torch.searchsorted(x, y),
    lambda t, n: [t.randn(n).sort()[0], t.randn(n, n)],
    backward=False,
)
add("quantile", lambda torch, x: torch.quantile(x, 0.3, dim=-1), square)
add("multinomial", lambda torch, x: torch.multinomial(x, 5), positive, backward=False, exact=False)
# ------------------------------------------------------------------------------------------ indexing
add("gather", lambda torch, x, i: x.gather(1, i), indexed)
add("gather(dim 0)", lambda torch, x, i: x.gather(0, i), indexed)
add("scatter_add", lambda torch, x, i: torch.zeros_like(x).scatter_add(1, i, x), indexed)
add("scatter_add(dim 0)", lambda torch, x, i: torch.zeros_like(x).scatter_add(0, i, x), indexed)
add("scatter", lambda torch, x, i: x.scatter(1, i[:, :1], 1.0), indexed)
add(
    "one_hot",
    lambda torch, i: torch.nn.functional.one_hot(i, 100),
    lambda t, n: [t.randint(0, 100, (n * n // 100,))],
    backward=False,
)
_ROWS = lambda t, n: [t.randn(n, n), t.randint(0, n, (n,))]  # noqa: E731
add("index_select", lambda torch, x, i: x.index_select(0, i), _ROWS)
add("index_select(dim 1)", lambda torch, x, i: x.index_select(1, i), _ROWS)
add("index_add", lambda torch, x, i: torch.zeros_like(x).index_add(0, i, x), _ROWS)
add("x[i]", lambda torch, x, i: x[i], _ROWS)
add("x[i, j]", lambda torch, x, i: x[i, i.flip(0)], lambda t, n: [t.randn(n, n), t.randint(0, n, (n * n,))])
add("x[:, i]", lambda torch, x, i: x[:, i], _ROWS)
add("x[mask]", lambda torch, x: x[x > 0], square)
add("x[mask] = 0", lambda torch, x, c: x.clone().masked_fill_(c, 0), lambda t, n: [*square(t, n), t.randn(n, n) > 0])
add(
    "index_put_", lambda torch, x, i, v: x.clone().index_put_((i,), v, True), lambda t, n: [*_ROWS(t, n), t.randn(n, n)]
)
add("take_along_dim", lambda torch, x, i: torch.take_along_dim(x, i, 1), indexed)
add("nonzero", lambda torch, x: (x > 0).nonzero(), square, backward=False)
add(
    "embedding",
    lambda torch, i, w: torch.nn.functional.embedding(i, w),
    lambda t, n: [t.randint(0, n, (n,)), t.randn(n, n)],
)
add(
    "embedding_bag",
    lambda torch, i, w: torch.nn.functional.embedding_bag(i, w),
    lambda t, n: [t.randint(0, n, (n, 10)), t.randn(n, 64)],
)
add("tril", lambda torch, x: x.tril(), square)
# ------------------------------------------------------------------------------------------ moving
add("cat", lambda torch, x, y: torch.cat([x, y]), pair)
add("cat(dim 1)", lambda torch, x, y: torch.cat([x, y], 1), pair)
add("stack", lambda torch, x, y: torch.stack([x, y], -1), pair)
add("flip", lambda torch, x: x.flip(-1), square)
add("roll", lambda torch, x: x.roll(3, -1), square)
add("repeat", lambda torch, x: x.repeat(2, 2), square)
add("repeat_interleave", lambda torch, x: x.repeat_interleave(3, 1), square)
add("transpose + contiguous", lambda torch, x: x.t().contiguous(), square)
add("permute + contiguous", lambda torch, x: x.permute(0, 2, 3, 1).contiguous(), image)
add(
    "permute heads",
    lambda torch, x: x.transpose(1, 2).contiguous(),
    lambda t, n: [t.randn(4, n // 4, 8, max(1, n // 8))],
)
add("clone", lambda torch, x: x.clone(), square)
add("x[::2]", lambda torch, x: x[:, ::2].contiguous(), square)
for _type in ("float16", "bfloat16", "int64", "float64", "bool"):
    add(f"to({_type})", lambda torch, x, to=_type: x.to(getattr(torch, to)), square, backward=False)
add("float16 to float32", lambda torch, x: x.float(), lambda t, n: [t.randn(n, n).half()], backward=False)
add("bfloat16 to float32", lambda torch, x: x.float(), lambda t, n: [t.randn(n, n).bfloat16()], backward=False)
add("int64 to float32", lambda torch, x: x.float(), lambda t, n: [t.randint(0, 9, (n, n))], backward=False)
add("bfloat16 add", lambda torch, x, y: x + y, lambda t, n: [v.bfloat16() for v in pair(t, n)], backward=False)
add("pad", lambda torch, x: torch.nn.functional.pad(x, (1, 1, 1, 1)), image)
add("pad(reflect)", lambda torch, x: torch.nn.functional.pad(x, (1, 1, 1, 1), "reflect"), image)
add("unfold", lambda torch, x: torch.nn.functional.unfold(x, 3, padding=1), image)
add(
    "fold",
    lambda torch, x: torch.nn.functional.fold(x, (30, 30), 3, padding=1),
    lambda t, n: [t.randn(8, 8 * 9, 900)],
    heavy=True,
)
add("pixel_shuffle", lambda torch, x: torch.nn.functional.pixel_shuffle(x, 2), image)
add("meshgrid", lambda torch, x: torch.meshgrid(x, x, indexing="ij")[0].contiguous(), lambda t, n: [t.randn(n)])
# ------------------------------------------------------------------------------------------ creating
add("zeros", lambda torch, n: torch.zeros(n, n), lambda t, n: [n], backward=False)
add("arange", lambda torch, n: torch.arange(n * n), lambda t, n: [n], backward=False)
for _name in ("rand", "randn", "randperm", "eye"):
    _run = (
        (lambda torch, n, name=_name: getattr(torch, name)(n * n))
        if _name != "eye"
        else (lambda torch, n: torch.eye(n))
    )
    add(_name, _run, lambda t, n: [n], backward=False, exact=False)
add("randint", lambda torch, n: torch.randint(0, 100, (n, n)), lambda t, n: [n], backward=False, exact=False)
add("bernoulli", lambda torch, x: torch.bernoulli(x), lambda t, n: [t.rand(n, n)], backward=False, exact=False)
add("dropout", lambda torch, x: torch.nn.functional.dropout(x, 0.3), square, exact=False)
# ------------------------------------------------------------------------------------------ layers
add("group_norm", lambda torch, x: torch.nn.functional.group_norm(x, 4), image)
add(
    "rms_norm",
    lambda torch, x, w: torch.nn.functional.rms_norm(x, w.shape, w),
    lambda t, n: [t.randn(n, n), t.randn(n)],
)
add("instance_norm", lambda torch, x: torch.nn.functional.instance_norm(x), image)
add("softmax(dim 1)", lambda torch, x: x.softmax(1), image)
add("glu", lambda torch, x: torch.nn.functional.glu(x), square)
add("prelu", lambda torch, x, w: torch.nn.functional.prelu(x, w), lambda t, n: [*image(t, n), t.rand(8)])
for _name in (
    "binary_cross_entropy",
    "smooth_l1_loss",
    "l1_loss",
    "mse_loss",
    "huber_loss",
    "kl_div",
    "binary_cross_entropy_with_logits",
):
    add(
        _name,
        lambda torch, x, y, name=_name: getattr(torch.nn.functional, name)(x, y),
        lambda t, n: [t.rand(n, n) * 0.9 + 0.05, t.rand(n, n) * 0.9 + 0.05],
        fixed=(1,),
    )
add(
    "nll_loss",
    lambda torch, x, i: torch.nn.functional.nll_loss(x, i),
    lambda t, n: [t.randn(n, n), t.randint(0, n, (n,))],
)
add(
    "cross_entropy",
    lambda torch, x, i: torch.nn.functional.cross_entropy(x, i),
    lambda t, n: [t.randn(n, n), t.randint(0, n, (n,))],
)
add(
    "cross_entropy(2d)",
    lambda torch, x, i: torch.nn.functional.cross_entropy(x, i),
    lambda t, n: [*image(t, n), t.randint(0, 8, (8, max(2, n // 8), max(2, n // 8)))],
)
add("interpolate(nearest)", lambda torch, x: torch.nn.functional.interpolate(x, scale_factor=2), image)
add(
    "interpolate(bilinear)", lambda torch, x: torch.nn.functional.interpolate(x, scale_factor=2, mode="bilinear"), image
)
add(
    "grid_sample",
    lambda torch, x, g: torch.nn.functional.grid_sample(x, g, align_corners=False),
    lambda t, n: [*image(t, n), t.rand(8, max(2, n // 8), max(2, n // 8), 2) * 2 - 1],
)
add("adaptive_avg_pool2d(7)", lambda torch, x: torch.nn.functional.adaptive_avg_pool2d(x, 7), image)
add("adaptive_max_pool2d(7)", lambda torch, x: torch.nn.functional.adaptive_max_pool2d(x, 7), image)
add("lp_pool2d", lambda torch, x: torch.nn.functional.lp_pool2d(x, 2, 2), image)
add("max_pool1d", lambda torch, x: torch.nn.functional.max_pool1d(x, 2), lambda t, n: [t.randn(8, max(1, n // 8), n)])
# ------------------------------------------------------------------------------------------ products and decompositions
add("bmm", lambda torch, x, y: torch.bmm(x, y), lambda t, n: [t.randn(64, 64, 64), t.randn(64, 64, 64)], heavy=True)
add(
    "baddbmm",
    lambda torch, c, x, y: torch.baddbmm(c, x, y),
    lambda t, n: [t.randn(64, 64, 64) for _ in range(3)],
    heavy=True,
)
add(
    "einsum(bij,bjk->bik)",
    lambda torch, x, y: torch.einsum("bij,bjk->bik", x, y),
    lambda t, n: [t.randn(64, 64, 64), t.randn(64, 64, 64)],
    heavy=True,
)
add(
    "einsum(bhid,bhjd->bhij)",
    lambda torch, x, y: torch.einsum("bhid,bhjd->bhij", x, y),
    lambda t, n: [t.randn(4, 8, 128, 64), t.randn(4, 8, 128, 64)],
    heavy=True,
)
add("matmul 512", lambda torch, x, y: x @ y, lambda t, n: [t.randn(512, 512), t.randn(512, 512)], heavy=True)
add("mv", lambda torch, x, y: x @ y, lambda t, n: [t.randn(n, n), t.randn(n)])
add("outer", lambda torch, x, y: torch.outer(x, y), lambda t, n: [t.randn(n), t.randn(n)])
add("dot", lambda torch, x, y: x @ y, lambda t, n: [t.randn(n * n), t.randn(n * n)])
_GOOD = lambda t, *s: t.randn(*s) + 8 * t.eye(s[-1])  # noqa: E731


def definite(torch, *shape):
    """Return positive definite matrices."""
    x = torch.randn(*shape)
    return x @ x.mT + shape[-1] * torch.eye(shape[-1])


for _shape, _label in (((8, 8), "8"), ((200, 200), "200"), ((500, 8, 8), "500 x 8")):
    for _name in ("inv", "det", "svdvals", "eigvalsh", "cholesky", "qr"):
        _make = definite if _name in ("cholesky", "eigvalsh") else _GOOD
        add(
            f"linalg.{_name} {_label}", lambda torch, x, name=_name: getattr(torch.linalg, name)(x),
            lambda t, n, shape=_shape, make=_make: [make(t, *shape) / (4 if len(shape) > 2 or shape[0] < 100 else 16)],
            heavy=True, tolerance=1e-2,
        )  # fmt: skip
    add(
        f"linalg.solve {_label}", lambda torch, x, y: torch.linalg.solve(x, y),
        lambda t, n, shape=_shape: [_GOOD(t, *shape), t.randn(*shape)], heavy=True, tolerance=1e-1,
    )  # fmt: skip
    add(
        f"linalg.svd {_label}", lambda torch, x: torch.linalg.svd(x)[1],
        lambda t, n, shape=_shape: [_GOOD(t, *shape)], heavy=True, tolerance=1e-1,
    )  # fmt: skip
add("fft", lambda torch, x: torch.fft.fft(x).abs(), square)
add("rfft", lambda torch, x: torch.fft.rfft(x).abs(), square)
add("fft2", lambda torch, x: torch.fft.fft2(x).abs(), square)
add(
    "stft",
    lambda torch, x: torch.stft(x, 256, return_complex=True, window=torch.ones(256)).abs(),
    lambda t, n: [t.randn(4, max(512, n * n // 4))],
)
# ------------------------------------------------------------------------------------------ networks
add(
    "conv1d",
    lambda torch, x, w: torch.nn.functional.conv1d(x, w, padding=1),
    lambda t, n: [t.randn(8, 32, 1000), t.randn(64, 32, 3)],
    heavy=True,
)
add(
    "conv_transpose2d",
    lambda torch, x, w: torch.nn.functional.conv_transpose2d(x, w, stride=2),
    lambda t, n: [t.randn(8, 32, 28, 28), t.randn(32, 16, 4, 4)],
    heavy=True,
)
add(
    "conv_transpose1d",
    lambda torch, x, w: torch.nn.functional.conv_transpose1d(x, w, stride=2),
    lambda t, n: [t.randn(8, 32, 500), t.randn(32, 16, 4)],
    heavy=True,
)
add(
    "conv3d",
    lambda torch, x, w: torch.nn.functional.conv3d(x, w, padding=1),
    lambda t, n: [t.randn(2, 8, 16, 24, 24), t.randn(16, 8, 3, 3, 3)],
    heavy=True,
)
add(
    "scaled_dot_product_attention",
    lambda torch, q, k, v: torch.nn.functional.scaled_dot_product_attention(q, k, v),
    lambda t, n: [t.randn(4, 8, 256, 64) for _ in range(3)],
    heavy=True,
)
add(
    "attention, causal",
    lambda torch, q, k, v: torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True),
    lambda t, n: [t.randn(4, 8, 256, 64) for _ in range(3)],
    heavy=True,
)
add(
    "attention, short",
    lambda torch, q, k, v: torch.nn.functional.scaled_dot_product_attention(q, k, v),
    lambda t, n: [t.randn(16, 4, 32, 32) for _ in range(3)],
    heavy=True,
)


add(
    "ctc_loss",
    lambda torch, x, t: torch.nn.functional.ctc_loss(x.log_softmax(2), t, [100] * 32, [20] * 32),
    lambda t, n: [t.randn(100, 32, 30), t.randint(1, 30, (32, 20))],
    heavy=True,
)


def seeded(make):
    """Return what makes inputs of a module: with the same weights in both libraries, for they draw the same."""

    def inputs(torch, n):
        torch.manual_seed(1)
        module, *rest = make(torch)
        return [module, *rest]

    return inputs


for _kind in ("LSTM", "GRU", "RNN"):
    add(
        f"{_kind}",
        lambda torch, m, x: m(x)[0],
        seeded(lambda t, kind=_kind: [getattr(t.nn, kind)(128, 128), t.randn(50, 32, 128)]),
        heavy=True,
    )
    add(
        f"{_kind}, small",
        lambda torch, m, x: m(x)[0],
        seeded(lambda t, kind=_kind: [getattr(t.nn, kind)(10, 20), t.randn(20, 8, 10)]),
        heavy=True,
    )
add(
    "LSTM, 2 layers, both ways",
    lambda torch, m, x: m(x)[0],
    seeded(lambda t: [t.nn.LSTM(64, 128, 2, bidirectional=True, batch_first=True), t.randn(32, 30, 64)]),
    heavy=True,
)
add("LSTMCell", lambda torch, m, x: m(x)[0], seeded(lambda t: [t.nn.LSTMCell(128, 128), t.randn(64, 128)]), heavy=True)
add(
    "MultiheadAttention",
    lambda torch, m, x: m(x, x, x, need_weights=False)[0],
    seeded(lambda t: [t.nn.MultiheadAttention(256, 8, batch_first=True), t.randn(8, 128, 256)]),
    heavy=True,
)
add(
    "TransformerEncoderLayer",
    lambda torch, m, x: m(x),
    seeded(lambda t: [t.nn.TransformerEncoderLayer(256, 8, 1024, batch_first=True, dropout=0.0), t.randn(8, 128, 256)]),
    heavy=True,
)
