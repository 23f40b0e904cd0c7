"""Calls of Rushlight and of NumPy or SciPy that compute the same, for `bench.numpy_equivalents`.

A call is a piece of text. The names in it say on what it works (`bench.numpy_inputs`); tensors look at the memory of
the arrays.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Pair:
    """A call of ours and its equivalent.

    Attributes:
        ours, theirs: the calls.
        least, most: the sides that are measured.
        same: whether the results are equal, but for rounding.
        why: what PyTorch's semantics demands beyond NumPy's, where that costs time.
        recorded: NumPy's call beside the one that records, where the derivative needs more than the result, if not
            `theirs`.
    """

    ours: str
    theirs: str
    least: int = 1
    most: int = 1000
    same: bool = True
    why: str = ""
    recorded: str = ""


PAIRS: dict[str, Pair] = {}


def pair(ours: str, theirs: str, **options: object) -> None:
    """Add a pair."""
    PAIRS[ours] = Pair(ours, theirs, **options)  # type: ignore[arg-type]


def alike(names: str, arguments: str, module: str = "np", space: str = "torch", **options: object) -> None:
    """Add functions that have one name in both libraries."""
    for name in names.split():
        pair(f"{space}.{name}({arguments})", f"{module}.{name}({arguments})", **options)


# ------------------------------------------------------------------------------------------ elementwise
alike("sin cos tan sinh cosh tanh exp exp2 expm1 abs absolute negative positive square sign floor ceil trunc", "x")
alike("arcsin arccos arctan arctanh arcsinh log log2 log10 log1p sqrt reciprocal deg2rad rad2deg", "p")
alike("isnan isinf isfinite isposinf isneginf signbit isreal", "x")
alike("nan_to_num", "holes")
pair("torch.acosh(p + 1)", "np.arccosh(p + 1)")
pair("torch.round(x)", "np.round(x)")
pair("torch.round(x, decimals=2)", "np.round(x, 2)")
pair("torch.sinc(x)", "np.sinc(x)")
pair("torch.neg(x)", "np.negative(x)")
pair("-x", "-x")
pair("abs(x)", "abs(x)")
pair("x.abs()", "np.abs(x)")
pair("x.exp()", "np.exp(x)")
pair("torch.fix(x)", "np.fix(x)")
pair("torch.rsqrt(p)", "1 / np.sqrt(p)")
pair("torch.frac(x)", "np.fmod(x, 1)")
alike("add subtract multiply divide true_divide maximum minimum fmax fmin copysign hypot arctan2 nextafter", "x, y")
alike("logaddexp logaddexp2 heaviside", "x, y")
for _operator in "+ - * /".split():
    pair(f"x {_operator} y", f"x {_operator} y")
    pair(f"x {_operator} 2.5", f"x {_operator} 2.5")
    pair(f"2.5 {_operator} x", f"2.5 {_operator} x")
for _operator in "+ - *".split():
    pair(f"i {_operator} j", f"i {_operator} j")
    pair(f"i {_operator} 2", f"i {_operator} 2")
    pair(f"z {_operator} w", f"z {_operator} w")
    pair(f"x64 {_operator} x64", f"x64 {_operator} x64")
pair("z / w", "z / w")
pair("i / j", "np.divide(i, j, dtype=np.float32)")
pair("i // j", "i // j")
pair("i % j", "i % j")
pair("x // 0.5", "x // 0.5")
pair("x % 0.5", "x % 0.5")
pair("x % q", "x % q")
pair("torch.fmod(x, q)", "np.fmod(x, q)")
pair("torch.floor_divide(x, q)", "np.floor_divide(x, q)")
pair("torch.remainder(i, 3)", "np.remainder(i, 3)")
pair("p ** q", "p ** q")
pair("x ** 2", "x ** 2")
pair("x ** 3", "x ** 3")
pair("p ** 0.5", "p ** 0.5")
pair("p ** 2.5", "p ** 2.5")
pair("2 ** x", "2 ** x")
pair("i ** 2", "i ** 2")
pair("torch.float_power(p, 2.5)", "np.float_power(p, 2.5)")
pair("x + row", "x + row")
pair("x * column", "x * column")
pair("row + column", "row + column")
pair("x + y.T", "x + y.T")
pair("x.T + y.T", "x.T + y.T")
pair("x[::2] * y[::2]", "x[::2] * y[::2]")
pair("x + i", "np.add(x, i, dtype=np.float32)")
pair("torch.ldexp(x, i32)", "np.ldexp(x, i32)")
pair("torch.frexp(x)", "np.frexp(x)")
pair("torch.gcd(i, j)", "np.gcd(i, j)")
pair("torch.lcm(i, j)", "np.lcm(i, j)")
pair("torch.clamp(x, -0.5, 0.5)", "np.clip(x, -0.5, 0.5)")
pair("torch.clamp(x, min=0.0)", "np.maximum(x, 0)")
pair("torch.clamp(x, y, p)", "np.clip(x, y, p)")
pair("torch.where(b, x, y)", "np.where(b, x, y)")
pair("torch.where(b, x, 0.0)", "np.where(b, x, np.float32(0))")
pair("torch.lerp(x, y, 0.3)", "x + np.float32(0.3) * (y - x)")
pair("torch.addcmul(x, y, p)", "x + y * p")
pair("torch.addcdiv(x, y, p)", "x + y / p")
pair("torch.add(x, y, alpha=2)", "x + 2 * y")
pair("torch.relu(x)", "np.maximum(x, 0)")
pair("torch.sigmoid(x)", "sp.expit(x)")
pair("torch.logit(p)", "sp.logit(p)")
pair("torch.dist(x, y)", "np.linalg.norm(x - y)")
pair("torch.nn.functional.softplus(x)", "np.logaddexp(x, np.float32(0))")
pair("torch.nn.functional.leaky_relu(x)", "np.where(x > 0, x, 0.01 * x)")
alike("conj", "z")
alike("abs angle real imag square exp sqrt sin", "z")
pair("torch.real(z) + torch.imag(z)", "np.real(z) + np.imag(z)")
pair("torch.complex(x, y)", "x + 1j * y")
pair("torch.polar(p, x)", "p * np.exp(1j * x)")
pair("torch.view_as_real(z)", "z.view(np.float32).reshape(*z.shape, 2)")

# ------------------------------------------------------------------------------------------ comparisons and logic
alike("greater greater_equal less less_equal not_equal", "x, y")
pair("torch.eq(x, y)", "np.equal(x, y)")
for _operator in "< <= > >= == !=".split():
    pair(f"x {_operator} y", f"x {_operator} y")
    pair(f"x {_operator} 0", f"x {_operator} 0")
pair("i == j", "i == j")
pair("i > 3", "i > 3")
pair("z == w", "z == w")
alike("logical_and logical_or logical_xor", "b, c")
alike("logical_and logical_or", "x, y")
alike("logical_not", "b")
alike("bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift", "i, j")
pair("torch.bitwise_not(i)", "np.bitwise_not(i)")
for _operator in "& | ^".split():
    pair(f"b {_operator} c", f"b {_operator} c")
pair("~b", "~b")
pair("i << 2", "i << 2")
pair("torch.isclose(x, y)", "np.isclose(x, y)")
pair("torch.allclose(x, x)", "np.allclose(x, x)")
pair("torch.equal(x, x.clone())", "np.array_equal(x, x.copy())")
pair("torch.isin(i, rows)", "np.isin(i, rows)", most=316)

# ------------------------------------------------------------------------------------------ reductions
for _name in "sum mean prod amax amin".split():
    _on = "one" if _name == "prod" else "x"
    _numpy = _name.removeprefix("a")
    pair(f"torch.{_name}({_on})", f"np.{_numpy}({_on})")
    pair(f"torch.{_name}({_on}, dim=1)", f"np.{_numpy}({_on}, axis=1)")
    pair(f"torch.{_name}({_on}, dim=0)", f"np.{_numpy}({_on}, axis=0)")
pair("x.sum()", "x.sum()")
pair("x.mean()", "x.mean()")
pair("torch.sum(x, dim=1, keepdim=True)", "np.sum(x, axis=1, keepdims=True)")
pair("torch.sum(cube, dim=(0, 2))", "np.sum(cube, axis=(0, 2))")
pair("torch.sum(x64)", "np.sum(x64)")
pair("torch.sum(z)", "np.sum(z)")
pair("torch.sum(i)", "np.sum(i)")
pair("torch.sum(i, dim=0)", "np.sum(i, axis=0)")
pair("torch.sum(i32)", "np.sum(i32)")
pair("torch.sum(b)", "np.sum(b)")
pair("torch.sum(b, dim=1)", "np.sum(b, axis=1)")
pair("torch.mean(x.T, dim=1)", "np.mean(x.T, axis=1)")
pair("torch.max(x)", "np.max(x)")
pair("torch.min(x)", "np.min(x)")
pair("torch.max(i)", "np.max(i)")
pair("torch.max(x, dim=1)", "(np.max(x, axis=1), np.argmax(x, axis=1))")
pair("torch.min(x, dim=0)", "(np.min(x, axis=0), np.argmin(x, axis=0))")
pair("torch.aminmax(x)", "(np.min(x), np.max(x))")
pair("torch.argmax(x)", "np.argmax(x)")
pair("torch.argmax(x, dim=1)", "np.argmax(x, axis=1)")
pair("torch.argmax(x, dim=0)", "np.argmax(x, axis=0)")
pair("torch.argmin(x)", "np.argmin(x)")
pair("torch.argmax(i, dim=1)", "np.argmax(i, axis=1)")
for _name in "std var".split():
    pair(f"torch.{_name}(x)", f"np.{_name}(x, ddof=1)")
    pair(f"torch.{_name}(x, dim=1)", f"np.{_name}(x, axis=1, ddof=1)")
    pair(f"torch.{_name}(x, dim=0)", f"np.{_name}(x, axis=0, ddof=1)")
    pair(f"torch.{_name}_mean(x, dim=1)", f"(np.{_name}(x, axis=1, ddof=1), np.mean(x, axis=1))")
pair("torch.std(x, correction=0)", "np.std(x)")
pair("torch.all(true)", "np.all(true)")
pair("torch.all(true, dim=1)", "np.all(true, axis=1)")
pair("torch.any(b)", "np.any(b)")
pair("torch.any(b, dim=0)", "np.any(b, axis=0)")
pair("torch.any(x > 9)", "np.any(x > 9)")
pair("torch.count_nonzero(i)", "np.count_nonzero(i)")
pair("torch.count_nonzero(b)", "np.count_nonzero(b)")
pair("torch.count_nonzero(x, dim=1)", "np.count_nonzero(x, axis=1)")
pair("torch.nansum(holes)", "np.nansum(holes)")
pair("torch.nanmean(holes)", "np.nanmean(holes)")
pair("torch.nanmean(holes, dim=1)", "np.nanmean(holes, axis=1)")
pair("torch.nanmedian(holes[:-1])", "np.nanmedian(holes[:-1])", same=False)
pair("torch.median(flat)", "np.median(flat)", same=False)
pair("torch.median(x, dim=1)", "np.median(x, axis=1)", same=False)
pair("torch.quantile(x, 0.3)", "np.quantile(x, 0.3)")
pair("torch.quantile(x, 0.3, dim=1)", "np.quantile(x, 0.3, axis=1)")
pair("torch.nanquantile(holes, 0.3)", "np.nanquantile(holes, 0.3)")
pair("torch.logsumexp(x, dim=1)", "sp.logsumexp(x, axis=1)")
pair("torch.softmax(x, dim=1)", "sp.softmax(x, axis=1)")
pair("torch.log_softmax(x, dim=1)", "sp.log_softmax(x, axis=1)")
pair("torch.norm(x)", "np.linalg.norm(x)")
pair("torch.linalg.norm(x)", "np.linalg.norm(x)")
pair("torch.linalg.vector_norm(x, dim=1)", "np.linalg.vector_norm(x, axis=1)")
pair("torch.linalg.vector_norm(x, 1, dim=1)", "np.linalg.vector_norm(x, ord=1, axis=1)")
pair("torch.linalg.vector_norm(x, float('inf'))", "np.linalg.vector_norm(x, ord=np.inf)")
pair("torch.linalg.vector_norm(x, 3)", "np.linalg.vector_norm(x, ord=3)")
pair("torch.linalg.matrix_norm(x)", "np.linalg.matrix_norm(x)")
pair("torch.linalg.matrix_norm(x, 1)", "np.linalg.matrix_norm(x, ord=1)")
pair("torch.trace(x)", "np.trace(x)")
pair("torch.cov(cube[0])", "np.cov(cube[0])", same=False)
pair("torch.corrcoef(cube[0])", "np.corrcoef(cube[0])", same=False)
pair("torch.histc(flat, 100, -3, 3)", "np.histogram(flat, 100, (-3, 3))[0]", same=False)
pair("torch.bincount(counts)", "np.bincount(counts)")
pair("torch.trapezoid(x, dim=1)", "np.trapezoid(x, axis=1)")

# ------------------------------------------------------------------------------------------ scans
alike("cumsum", "x, axis=1")
alike("cumsum", "x, axis=0")
pair("torch.cumsum(flat, dim=0)", "np.cumsum(flat)")
pair("torch.cumsum(i, dim=1)", "np.cumsum(i, axis=1)")
pair("torch.cumprod(one, dim=1)", "np.cumprod(one, axis=1)")
pair("torch.cumprod(one, dim=0)", "np.cumprod(one, axis=0)")
pair("torch.logcumsumexp(x, dim=1)", "np.logaddexp.accumulate(x, axis=1)")
_LATEST = "np.maximum.accumulate(np.where((x >= m) | (x != x), np.arange(x.shape[1]), 0), axis=1)"  # or the last NaN
pair("torch.cummax(x, dim=1)", f"((m := np.maximum.accumulate(x, axis=1)), {_LATEST})")
pair("torch.diff(x)", "np.diff(x)")
pair("torch.diff(x, dim=0)", "np.diff(x, axis=0)")
pair("torch.gradient(flat)", "[np.gradient(flat)]", least=32)

# ------------------------------------------------------------------------------------------ sorting and searching
# The places are results too, and equal elements keep their order.
pair("torch.sort(flat)", "(flat[o := np.argsort(flat, kind='stable')], o)")
for _sorted in ("x, {}=1", "x, {}=0", "i, {}=1"):
    _order = f"o := np.argsort({_sorted.format('axis')}, kind='stable')"
    _name, _, _axis = _sorted.partition(", {}=")
    pair(f"torch.sort({_sorted.format('dim')})", f"(np.take_along_axis({_name}, ({_order}), axis={_axis}), o)")
pair("torch.msort(x)", "np.sort(x, axis=0)")
pair("torch.argsort(flat)", "np.argsort(flat, kind='stable')")
pair("torch.argsort(x, dim=1)", "np.argsort(x, axis=1, kind='stable')")
pair("torch.argsort(x, dim=0)", "np.argsort(x, axis=0, kind='stable')")
_FIRST = "k := np.argpartition(-flat, 9)[:10]"  # which are not in order yet
pair("torch.topk(flat, 10)", f"(flat[o := ({_FIRST})[np.argsort(-flat[k], kind='stable')]], o)", least=32)
pair("torch.kthvalue(flat, 1)", "(v := np.partition(flat, 0)[0], np.flatnonzero(flat == v)[0])")
pair("torch.unique(counts)", "np.unique(counts)")
pair("torch.unique(flat)", "np.unique(flat)")
pair("torch.unique(i, return_counts=True)", "np.unique(i, return_counts=True)")
pair("torch.searchsorted(edges, x)", "np.searchsorted(edges, x)")
pair("torch.bucketize(x, edges)", "np.digitize(x, edges)", same=False)
pair("torch.nonzero(b)", "np.argwhere(b)")
pair("torch.nonzero(b, as_tuple=True)", "np.nonzero(b)")
pair("torch.argwhere(i)", "np.argwhere(i)")

# ------------------------------------------------------------------------------------------ indexing
pair("x[0]", "x[0]")
pair("x[0, 0]", "x[0, 0]")
pair("x[:, 0]", "x[:, 0]")
pair("x[::2]", "x[::2]")
pair("x[None]", "x[None]")
pair("x[..., None]", "x[..., None]")
pair("x[rows]", "x[rows]")
pair("x[:, rows]", "x[:, rows]")
pair("x[rows, rows]", "x[rows, rows]")
pair("x[b]", "x[b]")
pair("x[x > 0]", "x[x > 0]")
pair("torch.masked_select(x, b)", "x[b]")
pair("torch.take(x, at)", "np.take(x, at)")
pair("torch.index_select(x, 0, rows)", "np.take(x, rows, axis=0)")
pair("torch.index_select(x, 1, rows)", "np.take(x, rows, axis=1)")
pair("torch.gather(x, 1, at)", "np.take_along_axis(x, at, axis=1)")
pair("torch.gather(x, 0, at)", "np.take_along_axis(x, at, axis=0)")
pair("torch.take_along_dim(x, at, 1)", "np.take_along_axis(x, at, axis=1)")
pair("torch.masked_fill(x, b, 1.0)", "np.where(b, np.float32(1), x)")
pair("into.__setitem__(0, row)", "into.__setitem__(0, row)", same=False)
pair("into.__setitem__(slice(None), 1.0)", "into.__setitem__(slice(None), 1.0)", same=False)
pair("into.__setitem__(slice(None), x)", "into.__setitem__(slice(None), x)", same=False)
pair("into.__setitem__(b, 1.0)", "into.__setitem__(b, 1.0)", same=False)
pair("into.__setitem__(rows, x)", "into.__setitem__(rows, x)", same=False)
pair("into.fill_(2.0)", "into.fill(2.0)", same=False)
pair("into.zero_()", "into.fill(0)", same=False)
pair("into.copy_(x)", "np.copyto(into, x)", same=False)
pair("into.add_(x)", "np.add(into, x, out=into)", same=False)
pair("into.mul_(0.5)", "np.multiply(into, 0.5, out=into)", same=False)
pair("torch.add(x, y, out=into)", "np.add(x, y, out=into)")
pair("torch.exp(x, out=into)", "np.exp(x, out=into)")
pair("torch.tril(x)", "np.tril(x)")
pair("torch.triu(x, 1)", "np.triu(x, 1)")
pair("torch.diagonal(x)", "np.diagonal(x)")
pair("torch.diag(x)", "np.diag(x)")
pair("torch.diag(row)", "np.diag(row)")
pair("torch.diagflat(row)", "np.diagflat(row)")

# ------------------------------------------------------------------------------------------ shapes
pair("x.T", "x.T")
pair("x.reshape(-1)", "x.reshape(-1)")
pair("x.flatten()", "x.reshape(-1)")
pair("torch.ravel(x)", "np.ravel(x)")
pair("x.T.reshape(-1)", "x.T.reshape(-1)")
pair("torch.reshape(flat, x.shape)", "np.reshape(flat, x.shape)")
pair("x.view(-1)", "x.view().reshape(-1)")
pair("x.transpose(0, 1)", "x.swapaxes(0, 1)")
pair("torch.swapaxes(x, 0, 1)", "np.swapaxes(x, 0, 1)")
pair("cube.permute(2, 0, 1)", "cube.transpose(2, 0, 1)")
pair("torch.moveaxis(cube, 0, 2)", "np.moveaxis(cube, 0, 2)")
pair("torch.unsqueeze(x, 0)", "np.expand_dims(x, 0)")
pair("torch.squeeze(column)", "np.squeeze(column)")
pair("torch.squeeze(column, 1)", "np.squeeze(column, 1)")
pair("torch.broadcast_to(row, x.shape)", "np.broadcast_to(row, x.shape)")
pair("row.expand(x.shape)", "np.broadcast_to(row, x.shape)")
pair("torch.broadcast_tensors(row, column)", "np.broadcast_arrays(row, column)")
pair("torch.meshgrid(row, row, indexing='ij')", "np.meshgrid(row, row, indexing='ij')")
pair("x.clone()", "x.copy()")
pair("x.T.contiguous()", "np.ascontiguousarray(x.T)")
pair("x.contiguous()", "np.ascontiguousarray(x)")
pair("x.double()", "x.astype(np.float64)")
pair("x.to(torch.int64)", "x.astype(np.int64)")
pair("i.float()", "i.astype(np.float32)")
pair("x.bool()", "x.astype(bool)")
pair("b.to(torch.float32)", "b.astype(np.float32)")
pair("u8.float()", "u8.astype(np.float32)")
alike("concatenate vstack hstack dstack column_stack", "(x, y)")
pair("torch.cat([x, y], dim=1)", "np.concatenate([x, y], axis=1)")
pair("torch.cat([x, y, p, q])", "np.concatenate([x, y, p, q])")
pair("torch.stack([x, y])", "np.stack([x, y])")
pair("torch.stack([x, y], dim=-1)", "np.stack([x, y], axis=-1)")
pair("torch.split(flat, max(1, flat.shape[0] // 4))", "np.split(flat, 4 if flat.size % 4 == 0 else 1)", same=False)
pair("torch.tensor_split(x, 3)", "np.array_split(x, 3)")
pair("torch.chunk(x, 2)", "np.array_split(x, 2)", same=False)
pair("torch.unbind(cube)", "tuple(cube)")
pair("torch.flip(x, (0,))", "np.flip(x, 0).copy()")
pair("torch.fliplr(x)", "np.fliplr(x).copy()")
pair("torch.flipud(x)", "np.flipud(x).copy()")
pair("torch.rot90(x)", "np.rot90(x).copy()")
pair("torch.roll(x, 3, 1)", "np.roll(x, 3, 1)")
pair("torch.roll(x, 3)", "np.roll(x, 3)")
pair("torch.tile(x, (2, 1))", "np.tile(x, (2, 1))")
pair("x.repeat(1, 2)", "np.tile(x, (1, 2))")
pair("torch.repeat_interleave(x, 2, dim=0)", "np.repeat(x, 2, axis=0)")
pair("torch.repeat_interleave(x, 2, dim=1)", "np.repeat(x, 2, axis=1)")
pair("torch.nn.functional.pad(x, (1, 2))", "np.pad(x, ((0, 0), (1, 2)))")
pair("torch.nn.functional.pad(x[None], (0, 0), mode='reflect')", "np.pad(x[None], 0, mode='reflect')")
pair("torch.atleast_2d(row)", "np.atleast_2d(row)")
pair("x.numpy()", "np.asarray(x)")
pair("x.tolist()", "x.tolist()", most=316)
pair("x.sum().item()", "x.sum().item()")
pair("torch.from_numpy(np.empty(3))", "np.asarray(np.empty(3))", same=False)

# ------------------------------------------------------------------------------------------ creation
pair("torch.zeros(x.shape)", "np.zeros(x.shape, np.float32)")
pair("torch.ones(x.shape)", "np.ones(x.shape, np.float32)")
pair("torch.empty(x.shape)", "np.empty(x.shape, np.float32)", same=False)
pair("torch.full(x.shape, 2.5)", "np.full(x.shape, 2.5, np.float32)")
pair("torch.zeros_like(x)", "np.zeros_like(x)")
pair("torch.ones_like(x)", "np.ones_like(x)")
pair("torch.empty_like(x)", "np.empty_like(x)", same=False)
pair("torch.full_like(x, 2.5)", "np.full_like(x, 2.5)")
pair("torch.arange(x.shape[0] * x.shape[1])", "np.arange(x.shape[0] * x.shape[1])")
pair("torch.arange(0, 10.0, 10 / flat.shape[0])", "np.arange(0, 10.0, 10 / flat.shape[0], np.float32)", same=False)
pair("torch.linspace(0, 1, flat.shape[0])", "np.linspace(0, 1, flat.shape[0], dtype=np.float32)")
pair("torch.logspace(0, 1, flat.shape[0])", "np.logspace(0, 1, flat.shape[0], dtype=np.float32)")
pair("torch.eye(x.shape[0])", "np.eye(x.shape[0], dtype=np.float32)")
pair("torch.tril_indices(x.shape[0], x.shape[0])", "np.array(np.tril_indices(x.shape[0]))")
pair("torch.tensor([1.0, 2.0, 3.0])", "np.array([1.0, 2.0, 3.0], np.float32)")
pair("torch.tensor(2.5)", "np.array(2.5, np.float32)")
pair("torch.tensor(x.tolist())", "np.array(x.tolist()).astype(np.float32)", most=316)  # which finds the type, too
pair("torch.as_tensor(2.5)", "np.asarray(2.5, np.float32)")
pair("torch.hann_window(x.shape[0])", "np.hanning(x.shape[0])", same=False)
pair("torch.vander(row)", "np.vander(row)", same=False, most=32)
pair("torch.cartesian_prod(row, row)", "np.stack(np.meshgrid(row, row, indexing='ij'), -1).reshape(-1, 2)")
_SEED = "the numbers are PyTorch's for the same seed: the generator and its order of drawing are given"
pair("torch.rand(x.shape)", "rng.random(x.shape, np.float32)", same=False, why=_SEED)
pair("torch.randn(x.shape)", "rng.standard_normal(x.shape, np.float32)", same=False, why=_SEED)
pair("torch.randint(0, 9, x.shape)", "rng.integers(0, 9, x.shape)", same=False, why=_SEED)
pair("torch.randperm(flat.shape[0])", "rng.permutation(flat.shape[0])", same=False, why=_SEED)
pair("torch.rand(x.shape)  # MT19937", "old.random_sample(x.shape).astype(np.float32)", same=False)
pair("torch.bernoulli(p)", "(old.random_sample(p.shape) < p).astype(np.float32)", same=False, why=_SEED)

# ------------------------------------------------------------------------------------------ linear algebra
pair("x @ y", "x @ y")
pair("torch.mm(x, y)", "np.matmul(x, y)")
pair("x @ y.T", "x @ y.T")
pair("x @ row", "x @ row")
pair("torch.mv(x, row)", "np.matmul(x, row)")
pair("torch.dot(flat, flat2)", "np.dot(flat, flat2)")
pair("torch.vdot(flat, flat2)", "np.vdot(flat, flat2)")
pair("torch.inner(flat, flat2)", "np.inner(flat, flat2)")
pair("torch.outer(row, row)", "np.outer(row, row)")
pair("torch.ger(row, row)", "np.outer(row, row)")
pair("cube @ cube2", "cube @ cube2")
pair("torch.bmm(cube, cube2)", "np.matmul(cube, cube2)")
pair("z @ w", "z @ w")
pair("i @ j", "i @ j", most=316)
pair("torch.addmm(x, y, p)", "x + y @ p")
pair("torch.nn.functional.linear(x, y, row)", "x @ y.T + row")
pair("torch.kron(column[:30], row[:30])", "np.kron(column[:30], row[:30])")
pair("torch.tensordot(x, y, 1)", "np.tensordot(x, y, 1)")
pair("torch.einsum('ij,jk->ik', x, y)", "np.einsum('ij,jk->ik', x, y, optimize=True)", most=316)
pair("torch.einsum('ij,ij->', x, y)", "np.einsum('ij,ij->', x, y)")
pair("torch.einsum('ij->ji', x)", "np.einsum('ij->ji', x)")
pair("torch.cross(threes, threes2, dim=1)", "np.cross(threes, threes2, axis=1)")
pair("torch.linalg.vecdot(x, y)", "np.linalg.vecdot(x, y)")
alike("inv det slogdet", "regular", "np.linalg", "torch.linalg", most=316)
alike("cholesky", "definite", "np.linalg", "torch.linalg", most=316)
alike("solve", "regular, x", "np.linalg", "torch.linalg", most=316)
alike("solve", "regular, row", "np.linalg", "torch.linalg", most=316)
alike("eigh eigvalsh", "definite", "np.linalg", "torch.linalg", most=316)
alike("eig eigvals", "regular", "np.linalg", "torch.linalg", most=100, same=False)
alike("qr", "x", "np.linalg", "torch.linalg", most=316, same=False)
pair("torch.linalg.svd(x)", "np.linalg.svd(x)", most=316, same=False)
pair("torch.linalg.svdvals(x)", "np.linalg.svdvals(x)", most=316)
pair("torch.linalg.pinv(regular)", "np.linalg.pinv(regular)", most=316)
pair("torch.linalg.matrix_rank(regular)", "np.linalg.matrix_rank(regular)", most=316)
pair("torch.linalg.matrix_power(regular, 3)", "np.linalg.matrix_power(regular, 3)", most=316)
pair("torch.linalg.cond(regular)", "np.linalg.cond(regular)", most=316)
pair("torch.linalg.lstsq(regular, x)", "np.linalg.lstsq(regular, x)", most=100, same=False)
pair("torch.linalg.multi_dot([x, y, p])", "np.linalg.multi_dot([x, y, p])", most=316)
pair("torch.linalg.solve_triangular(lower, x, upper=False)", "la.solve_triangular(lower, x, lower=True)", most=316)
pair("torch.linalg.lu_factor(regular)", "la.lu_factor(regular)", most=316, same=False)
pair("torch.linalg.lu(regular)", "la.lu(regular)", most=316)
pair("torch.linalg.matrix_exp(regular)", "la.expm(regular)", most=100)
pair("torch.cholesky_solve(x, lower)", "la.cho_solve((lower, True), x)", most=316)

# ------------------------------------------------------------------------------------------ Fourier transforms
alike("fft ifft", "z", "fft", "torch.fft")
alike("fft rfft ihfft", "x", "fft", "torch.fft")
alike("irfft hfft", "z", "fft", "torch.fft", least=32, same=False)
alike("fft2 ifft2 fftn", "z", "fft", "torch.fft")
alike("rfft2 rfftn", "x", "fft", "torch.fft")
alike("fftshift ifftshift", "x", "np.fft", "torch.fft")
alike("fftfreq rfftfreq", "flat.shape[0]", "np.fft", "torch.fft")

# ------------------------------------------------------------------------------------------ special functions
alike(
    "erf erfc erfcx expit psi i0 i0e i1 i1e entr exp2 expm1 log1p ndtr log_ndtr gammaln",
    "x", "sp", "torch.special", most=316,
)  # fmt: skip
alike("erfinv ndtri logit", "p", "sp", "torch.special", most=316)
alike("xlogy xlog1py", "x, p", "sp", "torch.special", most=316)
alike("gammainc gammaincc", "p, q", "sp", "torch.special", most=32)
pair("torch.special.zeta(p + 2, q)", "sp.zeta(p + 2, q)", most=100)
pair("torch.polygamma(1, p)", "sp.polygamma(1, p)", most=100)
pair("torch.lgamma(p)", "sp.gammaln(p)")
pair("torch.digamma(p)", "sp.digamma(p)")
for _name in ("bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1"):
    pair(f"torch.special.{_name}(p)", f"sp.{_name.removeprefix('bessel_')}(p)", most=316)
for _name in ("i0", "i1", "k0", "k1"):
    pair(f"torch.special.modified_bessel_{_name}(p)", f"sp.{_name}(p)", most=316)
pair("torch.special.airy_ai(p)", "sp.airy(p)[0]", most=316)
pair("torch.special.multigammaln(p + 3, 2)", "sp.multigammaln(p + 3, 2)", most=316)
pair("torch.special.chebyshev_polynomial_t(p, 3)", "sp.eval_chebyt(3, p)", most=316)
pair("torch.special.legendre_polynomial_p(p, 3)", "sp.eval_legendre(3, p)", most=316)
pair("torch.special.hermite_polynomial_h(p, 3)", "sp.eval_hermite(3, p)", most=316)
pair("torch.special.laguerre_polynomial_l(p, 3)", "sp.eval_laguerre(3, p)", most=316)
pair("torch.cdist(x, y)", "distance.cdist(x, y)", most=100)
pair("torch.pdist(x)", "distance.pdist(x)", most=100)

# ------------------------------------------------------------------------------------------ reasons
_VIEW = "a view is known to its base, so that changes in place reach both and their gradients"
_REASONS = {
    _VIEW: (
        "x[0]", "x[0, 0]", "x[:, 0]", "x[::2]", "x[None]", "x[..., None]", "x.T", "x.reshape(-1)", "x.flatten()",
        "torch.ravel(x)", "x.view(-1)", "x.transpose(0, 1)", "torch.swapaxes(x, 0, 1)", "cube.permute(2, 0, 1)",
        "torch.moveaxis(cube, 0, 2)", "torch.unsqueeze(x, 0)", "torch.squeeze(column)", "torch.squeeze(column, 1)",
        "torch.reshape(flat, x.shape)", "torch.diagonal(x)", "torch.diag(x)", "torch.unbind(cube)", "torch.real(z)",
        "torch.imag(z)", "torch.view_as_real(z)", "torch.einsum('ij->ji', x)", "x[::2] * y[::2]",
    ),
    "integers are divided only when no divisor is zero, which is an error": ("i // j", "i % j"),
    "the reciprocal is multiplied by the number, as in PyTorch": ("2.5 / x",),
    "the result lies row by row, NumPy's column by column": ("x[:, rows]",),
    "the result is a view of another tensor, and with gradients what is saved is one, too": (
        "torch.tensordot(x, y, 1)", "torch.inner(flat, flat2)", "torch.einsum('ij,ij->', x, y)",
        "torch.einsum('ij,jk->ik', x, y)",
    ),
    "the result is a view of another tensor": (
        "torch.repeat_interleave(x, 2, dim=0)", "torch.repeat_interleave(x, 2, dim=1)",
    ),
    "with gradients, what is saved is a view of an operand": (
        "cube @ cube2", "torch.outer(row, row)", "torch.ger(row, row)",
    ),
    "single precision is computed in double, since what is squared repeatedly loses digits": (
        "torch.linalg.matrix_exp(regular)",
    ),
    "with gradients, its graph is that of PyTorch's changes in place": ("torch.vander(row)",),
    "each step of the recurrence is several calls of NumPy, where SciPy runs one loop": (
        "torch.special.chebyshev_polynomial_t(p, 3)", "torch.special.legendre_polynomial_p(p, 3)",
        "torch.special.hermite_polynomial_h(p, 3)", "torch.special.laguerre_polynomial_l(p, 3)",
    ),
    "the edges are looked through first: if they are not in order, or hold NaN, PyTorch finds other places": (
        "torch.searchsorted(edges, x)", "torch.bucketize(x, edges)",
    ),
    "the index of the element is a result too": ("torch.median(x, dim=1)",),
    "NumPy has none: several of its functions, where SciPy runs one loop": (
        "torch.sigmoid(x)", "torch.special.expit(x)", "torch.logit(p)", "torch.special.logit(p)",
        "torch.special.ndtr(x)",
    ),
    "linear above a threshold": ("torch.nn.functional.softplus(x)",),
    "NaN gives a number, NumPy's gives NaN: the result is looked through": ("torch.sign(x)", "torch.heaviside(x, y)"),
    "a remainder of zero has the sign of the dividend, NumPy's that of the divisor: it is looked for": ("x % q",),
    "each number is a product in double precision, NumPy's a sum of rounded steps": (
        "torch.arange(0, 10.0, 10 / flat.shape[0])",
    ),
}  # fmt: skip
for _why, _calls in _REASONS.items():
    for _call in _calls:
        PAIRS[_call] = replace(PAIRS[_call], why=_why)

# ------------------------------------------------------------------------------------------ with gradients
_VECTORS = "with gradients, the vectors are computed too, which the derivative needs: beside NumPy's that finds them"
for _call, _recorded in {
    "torch.linalg.svdvals(x)": "np.linalg.svd(x, full_matrices=False)[1]",
    "torch.linalg.eigvals(regular)": "np.linalg.eig(regular)[0]",
    "torch.linalg.eigvalsh(definite)": "np.linalg.eigh(definite)[0]",
    "torch.linalg.cond(regular)": "(s := np.linalg.svd(regular)[1])[0] / s[-1]",
}.items():
    PAIRS[_call] = replace(PAIRS[_call], why=_VECTORS, recorded=_recorded)
_PLACES = "with gradients, the places are found too, to which they go: beside NumPy's way of finding them"
_SORTED = "np.take_along_axis(x, np.argsort(x, axis=0, kind='stable'), axis=0)"
PAIRS["torch.msort(x)"] = replace(PAIRS["torch.msort(x)"], why=_PLACES, recorded=_SORTED)
for _call, _ordered in {
    "torch.quantile(x, 0.3)": "x.reshape(-1), kind='stable'",
    "torch.quantile(x, 0.3, dim=1)": "x, axis=1, kind='stable'",
    "torch.nanquantile(holes, 0.3)": "holes.reshape(-1), kind='stable'",
}.items():
    _recorded = f"({PAIRS[_call].theirs}, np.argsort({_ordered}))[0]"
    PAIRS[_call] = replace(PAIRS[_call], why=_PLACES, recorded=_recorded)
