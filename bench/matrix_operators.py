"""Rows of `bench.operators` about matrices: decompositions and systems, products, distances, transforms, classes."""

from bench.operator_table import add, definite, seeded


def regular(torch, *shape):
    """Return matrices far from singular."""
    return torch.randn(*shape) / shape[-1] ** 0.5 + 2 * torch.eye(shape[-2], shape[-1])


_SHAPES = {"2000 x 2": (2000, 2, 2), "2000 x 3": (2000, 3, 3), "1000 x 4": (1000, 4, 4), "10 x 16": (10, 16, 16),
           "100 x 32": (100, 32, 32), "10 x 100": (10, 100, 100)}  # fmt: skip
for _label, _shape in _SHAPES.items():
    for _name in ("inv", "det", "slogdet", "cholesky", "qr", "eigvalsh", "svdvals", "pinv", "matrix_exp"):
        _make = definite if _name in ("cholesky", "eigvalsh") else regular
        add(
            f"linalg.{_name} {_label}",
            lambda torch, x, name=_name: r if isinstance(r := getattr(torch.linalg, name)(x), torch.Tensor) else r[1],
            lambda t, n, shape=_shape, make=_make: [make(t, *shape) / 4],
            heavy=True,
            tolerance=1e-2,
        )
    add(
        f"linalg.solve {_label}", lambda torch, x, y: torch.linalg.solve(x, y),
        lambda t, n, shape=_shape: [regular(t, *shape), t.randn(*shape[:-1], 2)], heavy=True, tolerance=1e-1,
    )  # fmt: skip
for _label, _shape in {"50": (50, 50), "200": (200, 200), "500": (500, 500)}.items():
    for _name in ("slogdet", "pinv", "matrix_exp", "eigh", "eigvals", "lu_factor", "matrix_power", "cond"):
        if _name in ("eigvals", "eigh", "pinv", "cond") and _label == "500":
            continue
        _make = definite if _name == "eigh" else regular
        _more = (3,) if _name == "matrix_power" else ()
        add(
            f"linalg.{_name} {_label}",
            lambda torch, x, name=_name, more=_more: (
                r
                if isinstance(r := getattr(torch.linalg, name)(x, *more), torch.Tensor)
                else r[0 if name == "lu_factor" or name[0] == "e" else 1].abs()
            ),
            lambda t, n, shape=_shape, make=_make: [make(t, *shape) / 4],
            heavy=True,
            tolerance=1e-2,
            exact=_name not in ("eigvals", "eigh"),
            backward=_name not in ("eigvals", "eigh"),
        )
for _name in ("inv", "det", "cholesky", "qr", "svdvals"):
    add(
        f"linalg.{_name} 50",
        lambda torch, x, name=_name: r if isinstance(r := getattr(torch.linalg, name)(x), torch.Tensor) else r[1],
        lambda t, n, make=definite if _name == "cholesky" else regular: [make(t, 50, 50)],
        heavy=True,
        tolerance=1e-2,
    )
add(
    "linalg.inv 500",
    lambda torch, x: torch.linalg.inv(x),
    lambda t, n: [regular(t, 500, 500)],
    heavy=True,
    tolerance=1e-2,
)
add("linalg.cholesky 500", lambda torch, x: torch.linalg.cholesky(x), lambda t, n: [definite(t, 500, 500)], heavy=True)
add(
    "linalg.solve 500, 1",
    lambda torch, x, y: torch.linalg.solve(x, y),
    lambda t, n: [regular(t, 500, 500), t.randn(500)],
    heavy=True,
    tolerance=1e-2,
)
add(
    "cholesky_solve 200",
    lambda torch, y, x: torch.cholesky_solve(y, x),
    lambda t, n: [t.randn(200, 3), t.linalg.cholesky(definite(t, 200, 200))],
    heavy=True,
)
add(
    "solve_triangular 200",
    lambda torch, x, y: torch.linalg.solve_triangular(x, y, upper=False),
    lambda t, n: [regular(t, 200, 200).tril(), t.randn(200, 50)],
    heavy=True,
)
add(
    "cholesky_inverse 100",
    lambda torch, x: torch.cholesky_inverse(x),
    lambda t, n: [t.linalg.cholesky(definite(t, 100, 100))],
    heavy=True,
)
for _label, _shape in {
    "8 x 3": (8, 3),
    "100 x 10": (100, 10),
    "500 x 50": (500, 50),
    "200 x 20 x 5": (200, 20, 5),
    "2000 x 4 x 3": (2000, 4, 3),
}.items():
    add(
        f"linalg.lstsq {_label}", lambda torch, x, y: torch.linalg.lstsq(x, y)[0],
        lambda t, n, shape=_shape: [regular(t, *shape), t.randn(*shape[:-1], 2)], heavy=True, tolerance=1e-2,
    )  # fmt: skip
# ------------------------------------------------------------------------------------------ products
for _text, _shapes in {
    "bij,bkj->bik": ((16, 64, 32), (16, 48, 32)),
    "ij,kj->ik": ((300, 200), (300, 200)),
    "bi,ij,bj->b": ((256, 64), (64, 64), (256, 64)),
    "ijk,jil->kl": ((20, 30, 40), (30, 20, 50)),
    "bhqd,bkhd->bhqk": ((4, 8, 64, 32), (4, 64, 8, 32)),
    "bnd,bmd->bnm": ((8, 100, 64), (8, 100, 64)),
    "i,j->ij": ((1000,), (1000,)),
    "ii->i": ((500, 500),),
    "ij->ji": ((1000, 1000),),
    "bij->bi": ((64, 100, 100),),
    "...ij,...jk->...ik": ((4, 5, 32, 32), (4, 5, 32, 32)),
    "bchw,c->bhw": ((8, 32, 28, 28), (32,)),
}.items():
    add(
        f"einsum({_text})",
        lambda torch, *operands, text=_text: torch.einsum(text, *operands),
        lambda t, n, shapes=_shapes: [t.randn(*shape) for shape in shapes],
        heavy=True,
    )
add(
    "tensordot",
    lambda torch, x, y: torch.tensordot(x, y, dims=([1, 2], [2, 0])),
    lambda t, n: [t.randn(40, 30, 20), t.randn(20, 50, 30)],
    heavy=True,
)
add("kron", lambda torch, x, y: torch.kron(x, y), lambda t, n: [t.randn(30, 30), t.randn(30, 30)], heavy=True)
add(
    "chain_matmul",
    lambda torch, *x: torch.linalg.multi_dot(x),
    lambda t, n: [t.randn(64, 200), t.randn(200, 20), t.randn(20, 100)],
    heavy=True,
)
add(
    "addmm",
    lambda torch, c, x, y: torch.addmm(c, x, y),
    lambda t, n: [t.randn(100), t.randn(256, 200), t.randn(200, 100)],
    heavy=True,
)
add(
    "addbmm",
    lambda torch, c, x, y: torch.addbmm(c, x, y),
    lambda t, n: [t.randn(64, 64), t.randn(16, 64, 64), t.randn(16, 64, 64)],
    heavy=True,
)
add("addr", lambda torch, c, x, y: torch.addr(c, x, y), lambda t, n: [t.randn(n, n), t.randn(n), t.randn(n)])
add(
    "linear 64 x 512",
    lambda torch, x, w, b: torch.nn.functional.linear(x, w, b),
    lambda t, n: [t.randn(64, 512), t.randn(512, 512), t.randn(512)],
    heavy=True,
)
add(
    "linear 3-D",
    lambda torch, x, w, b: torch.nn.functional.linear(x, w, b),
    lambda t, n: [t.randn(16, 128, 256), t.randn(256, 256), t.randn(256)],
    heavy=True,
)
add(
    "linear 1 row",
    lambda torch, x, w, b: torch.nn.functional.linear(x, w, b),
    lambda t, n: [t.randn(1, 1024), t.randn(1024, 1024), t.randn(1024)],
    heavy=True,
)
add(
    "bilinear",
    lambda torch, x, y, w: torch.nn.functional.bilinear(x, y, w),
    lambda t, n: [t.randn(128, 30), t.randn(128, 40), t.randn(20, 30, 40)],
    heavy=True,
)
add("matmul 4-D", lambda torch, x, y: x @ y, lambda t, n: [t.randn(4, 8, 100, 64), t.randn(4, 8, 64, 100)], heavy=True)
add(
    "matmul broadcast", lambda torch, x, y: x @ y, lambda t, n: [t.randn(32, 1, 20, 30), t.randn(8, 30, 20)], heavy=True
)
add(
    "cross", lambda torch, x, y: torch.linalg.cross(x, y), lambda t, n: [t.randn(n * n // 3, 3), t.randn(n * n // 3, 3)]
)
# ------------------------------------------------------------------------------------------ distances
for _p in (1, 2, 3, float("inf"), 0):
    add(
        f"cdist(p {_p})",
        lambda torch, x, y, p=_p: torch.cdist(x, y, p),
        lambda t, n: [t.randn(200, 32), t.randn(250, 32)],
        heavy=True,
        backward=_p != 0,
    )
    add(
        f"pdist(p {_p})",
        lambda torch, x, p=_p: torch.pdist(x, p),
        lambda t, n: [t.randn(200, 32)],
        heavy=True,
        backward=_p != 0,
    )
add(
    "cdist batched",
    lambda torch, x, y: torch.cdist(x, y),
    lambda t, n: [t.randn(16, 20, 8), t.randn(16, 20, 8)],
    heavy=True,
)
add(
    "pairwise_distance",
    lambda torch, x, y: torch.nn.functional.pairwise_distance(x, y),
    lambda t, n: [t.randn(n, n), t.randn(n, n)],
)
# ------------------------------------------------------------------------------------------ transforms
_FFTS = ("fft", "ifft", "rfft", "irfft", "hfft")
for _label, _shape in {
    "1e6": (1_000_000,),
    "64 x 1024": (64, 1024),
    "1000 x 100": (1000, 100),
    "16 x 1009": (16, 1009),
    "4": (1000, 4),
}.items():
    for _name in _FFTS:
        add(
            f"fft.{_name} {_label}",
            lambda torch, x, name=_name: (
                torch.view_as_real(r.resolve_conj()).abs() if (r := getattr(torch.fft, name)(x)).is_complex() else r
            ),
            lambda t, n, s=_shape: [t.randn(*s)],
            heavy=True,
        )
    add(
        f"fft.fft complex {_label}",
        lambda torch, x, y: torch.view_as_real(torch.fft.fft(torch.complex(x, y))),
        lambda t, n, s=_shape: [t.randn(*s), t.randn(*s)],
        heavy=True,
    )
for _name in ("fft2", "ifft2", "rfft2", "fftn", "rfftn"):
    add(
        f"fft.{_name} 8x64x64",
        lambda torch, x, name=_name: torch.view_as_real(getattr(torch.fft, name)(x).resolve_conj()),
        lambda t, n: [t.randn(8, 64, 64)],
        heavy=True,
    )
add(
    "fft.irfft2",
    lambda torch, x: torch.fft.irfft2(torch.fft.rfft2(x), s=(64, 64)),
    lambda t, n: [t.randn(8, 64, 64)],
    heavy=True,
)
add(
    "fft(dim 0)",
    lambda torch, x: torch.view_as_real(torch.fft.fft(x, dim=0)),
    lambda t, n: [t.randn(512, 200)],
    heavy=True,
)
add("fftshift", lambda torch, x: torch.fft.fftshift(x), lambda t, n: [t.randn(n, n)])
add(
    "stft 512",
    lambda torch, x, w: torch.view_as_real(torch.stft(x, 512, 128, window=w, return_complex=True)),
    lambda t, n: [t.randn(4, 64000), t.hann_window(512)],
    fixed=(1,),
    heavy=True,
)
add(
    "stft + istft",
    lambda torch, x, w: torch.istft(torch.stft(x, 512, 128, window=w, return_complex=True), 512, 128, window=w),
    lambda t, n: [t.randn(4, 64000), t.hann_window(512)],
    fixed=(1,),
    heavy=True,
)
# ------------------------------------------------------------------------------------------ classes and words
for _label, _rows, _classes in (
    ("100000 classes", 16, 100_000),
    ("1000 classes", 256, 1000),
    ("10 classes", 64, 10),
    ("10 classes, many", 50_000, 10),
):
    for _name in ("cross_entropy", "log_softmax"):
        add(
            f"{_name}, {_label}",
            (lambda torch, x, i: torch.nn.functional.cross_entropy(x, i))
            if _name == "cross_entropy"
            else (lambda torch, x, i: x.log_softmax(-1)),
            lambda t, n, r=_rows, c=_classes: [t.randn(r, c), t.randint(0, c, (r,))],
            heavy=True,
        )
add(
    "cross_entropy, smoothing",
    lambda torch, x, i: torch.nn.functional.cross_entropy(x, i, label_smoothing=0.1),
    lambda t, n: [t.randn(256, 1000), t.randint(0, 1000, (256,))],
    heavy=True,
)
add(
    "cross_entropy, weights",
    lambda torch, x, i, w: torch.nn.functional.cross_entropy(x, i, w),
    lambda t, n: [t.randn(256, 1000), t.randint(0, 1000, (256,)), t.rand(1000)],
    heavy=True,
    fixed=(2,),
)
add(
    "cross_entropy, probabilities",
    lambda torch, x, p: torch.nn.functional.cross_entropy(x, p),
    lambda t, n: [t.randn(256, 1000), t.rand(256, 1000).softmax(-1)],
    heavy=True,
    fixed=(1,),
)
add(
    "embedding, many words",
    lambda torch, i, w: torch.nn.functional.embedding(i, w),
    lambda t, n: [t.randint(0, 30000, (32, 128)), t.randn(30000, 128)],
    heavy=True,
)
add(
    "embedding, few words",
    lambda torch, i, w: torch.nn.functional.embedding(i, w),
    lambda t, n: [t.randint(0, 100, (64, 128)), t.randn(100, 64)],
    heavy=True,
)
add(
    "embedding, padding",
    lambda torch, i, w: torch.nn.functional.embedding(i, w, padding_idx=0),
    lambda t, n: [t.randint(0, 5000, (64, 128)), t.randn(5000, 64)],
    heavy=True,
)
for _kind in ("GRUCell", "RNNCell"):
    add(
        _kind,
        lambda torch, m, x: m(x),
        seeded(lambda t, kind=_kind: [getattr(t.nn, kind)(128, 128), t.randn(64, 128)]),
        heavy=True,
    )
add(
    "LSTM, 1 sequence",
    lambda torch, m, x: m(x)[0],
    seeded(lambda t: [t.nn.LSTM(64, 64, batch_first=True), t.randn(1, 100, 64)]),
    heavy=True,
)
add(
    "GRU, 2 layers",
    lambda torch, m, x: m(x)[0],
    seeded(lambda t: [t.nn.GRU(64, 128, 2, batch_first=True), t.randn(16, 40, 64)]),
    heavy=True,
)
add(
    "MultiheadAttention, weights",
    lambda torch, m, x: m(x, x, x)[0],
    seeded(lambda t: [t.nn.MultiheadAttention(128, 4, batch_first=True), t.randn(8, 64, 128)]),
    heavy=True,
)
add(
    "MultiheadAttention, sequence first",
    lambda torch, m, x: m(x, x, x, need_weights=False)[0],
    seeded(lambda t: [t.nn.MultiheadAttention(128, 4), t.randn(64, 8, 128)]),
    heavy=True,
)
add(
    "attention, mask",
    lambda torch, q, k, v, m: torch.nn.functional.scaled_dot_product_attention(q, k, v, m),
    lambda t, n: [*[t.randn(4, 8, 128, 64) for _ in range(3)], t.randn(128, 128) > 0],
    heavy=True,
)
