"""Random calls as lines of Python, in which `torch` may be either library.

A line is written for the tensors at hand: the writer looks at PyTorch's shapes and dtypes, so that most calls make
sense. Some are wrong on purpose, or by chance; then both libraries must refuse.
"""

import torch

from .drawn import drawn
from .families import family
from .further import further
from .rarer import rarer
from .special import special

FLOATS = ["float64", "float64", "float64", "float32", "float32", "float16", "bfloat16"]
DTYPES = [*FLOATS, *FLOATS, "int64", "int64", "int32", "uint8", "bool", "complex128", "int16", "int8", "complex64"]
NUMBERS = ["0", "1", "2", "-1", "3", "0.5", "-1.5", "2.0", "True"]
SPECIAL = ["float('nan')", "float('inf')", "-float('inf')", "-0.0", "1e30", "1e-30"]

UNARY = """
abs neg exp exp2 expm1 log log2 log10 log1p sqrt rsqrt sin cos tan asin acos atan sinh cosh tanh asinh acosh
atanh sigmoid erf erfc reciprocal square sign sgn floor ceil round trunc frac relu isnan isinf isfinite
isneginf isposinf logical_not signbit positive conj_physical angle deg2rad rad2deg lgamma digamma logit sinc
nan_to_num special.expit special.entr special.i0 nn.functional.silu nn.functional.gelu nn.functional.softplus
nn.functional.softsign nn.functional.elu nn.functional.selu nn.functional.leaky_relu nn.functional.hardtanh
nn.functional.relu6 nn.functional.logsigmoid nn.functional.hardswish nn.functional.hardsigmoid
nn.functional.mish nn.functional.tanhshrink nn.functional.hardshrink nn.functional.softshrink
nn.functional.celu erfinv i0 real clone detach bitwise_not flatten ravel nonzero trace tril triu t
""".split()
BINARY = """
add sub mul div pow maximum minimum fmax fmin atan2 hypot copysign fmod remainder floor_divide true_divide eq
ne lt le gt ge logical_and logical_or logical_xor logaddexp logaddexp2 nextafter heaviside xlogy bitwise_and
bitwise_or bitwise_xor special.xlog1py float_power ldexp gcd lcm rsub dist isclose matmul outer
""".split()
INPLACE_UNARY = """
abs_ neg_ exp_ log_ sqrt_ sin_ cos_ tanh_ sigmoid_ relu_ floor_ round_ reciprocal_ square_ zero_ ceil_ trunc_
logical_not_ sgn_ erf_ expm1_ log1p_ rsqrt_ atan_ t_
""".split()
INPLACE_BINARY = """
add_ sub_ mul_ div_ pow_ copy_ fmod_ remainder_ atan2_ eq_ lt_ bitwise_and_ logical_or_ floor_divide_ xlogy_
hypot_
""".split()
REDUCTIONS = """
sum mean prod amax amin std var all any nansum nanmean logsumexp count_nonzero argmax argmin median nanmedian
norm
""".split()
ALONG = """
cumsum cumprod logcumsumexp softmax log_softmax flip sort argsort cummax cummin mode max min aminmax unbind
squeeze unsqueeze diff nn.functional.normalize nn.functional.softmin std_mean var_mean argmax
""".split()
DTYPE_METHODS = ["float", "double", "long", "int", "bool", "half", "bfloat16", "byte"]


class Writer:
    """Writes lines for the tensors of one program.

    Args:
        random: the source of choices, a `random.Random`.
        values: PyTorch's tensors by name, which grow as the program runs.
    """

    def __init__(self, random, values):
        self.random, self.values = random, values
        self.count = 0

    # ------------------------------------------------------------------------------------------ choices
    def one_of(self, options):
        return options[int(self.random.random() * len(options))]

    def chance(self, probability):
        return self.random.random() < probability

    def number(self):
        return self.one_of(SPECIAL) if self.chance(0.04) else self.one_of(NUMBERS)

    def below(self, count):
        return int(self.random.random() * count)

    def shape(self):
        sizes = [0, 1, 1, 2, 2, 3, 3, 4, 5]
        return tuple(self.one_of(sizes) for _ in range(self.one_of([0, 1, 1, 2, 2, 2, 3, 3, 4])))

    def tensor(self, wanted=None):
        """The name of a tensor at hand, if possible one that `wanted` accepts; later ones are likelier."""
        names = list(self.values)
        if wanted is not None:
            names = [n for n in names if wanted(self.values[n])] or names
        return names[max(self.below(len(names)), self.below(len(names)))]

    def dim(self, t):
        if self.chance(0.03):
            return self.one_of([-5, 5])
        return self.below(2 * max(t.dim(), 1)) - max(t.dim(), 1)

    def new(self):
        self.count += 1
        return f"v{self.count}"

    # ------------------------------------------------------------------------------------------ lines
    def leaf(self):
        """A new tensor, perhaps one that requires a gradient, perhaps not contiguous."""
        dtype, shape = self.one_of(DTYPES), self.shape()
        count = 1
        for s in shape:
            count *= s
        if dtype == "bool":
            elements = [self.one_of(["True", "False"]) for _ in range(count)]
        elif dtype.startswith(("int", "uint")):
            elements = [str(self.below(8) - (0 if dtype == "uint8" else 3)) for _ in range(count)]
        elif dtype.startswith("complex"):
            elements = [f"{self.below(17) / 4 - 2}{self.one_of('+-')}{self.below(9) / 4}j" for _ in range(count)]
        else:
            strange = self.chance(0.1)
            elements = [
                self.one_of(SPECIAL) if strange and self.chance(0.2) else repr((self.below(41) - 20) / 8 + 0.01)
                for _ in range(count)
            ]
        differentiable = dtype.startswith(("float", "bfloat", "complex")) and self.chance(0.6)
        text = f"torch.tensor([{', '.join(elements)}], dtype=torch.{dtype}).reshape({shape})"
        if len(shape) > 1 and self.chance(0.3):
            text += f".transpose({self.below(len(shape))}, {self.below(len(shape))}).contiguous().transpose(0, -1)"
        name = self.new()
        return f"{name} = {text}" + (".requires_grad_()" if differentiable else "")

    def line(self):
        """One call, as a line of Python, with the names that it gives to its results."""
        if not self.values:
            return self.leaf()
        kind = self.random.random() * sum(share for share, _ in self._KINDS)
        for share, writer in self._KINDS:
            kind -= share
            if kind < 0:
                return writer(self)
        return self.unary()

    def result(self, text):
        return f"{self.new()} = {text}"

    def unary(self):
        return self.result(f"torch.{self.one_of(UNARY)}({self.tensor()})")

    def binary(self):
        a = self.tensor()
        mine = self.values[a].shape
        b = self.number() if self.chance(0.3) else self.tensor(lambda t: self.chance(0.2) or _broadcasts(mine, t.shape))
        name = self.one_of(BINARY)
        if self.chance(0.1) and name in ("add", "sub"):
            return self.result(f"torch.{name}({a}, {b}, alpha={self.number()})")
        if name == "div" and self.chance(0.3):
            return self.result(f"torch.div({a}, {b}, rounding_mode={self.one_of([repr('floor'), repr('trunc')])})")
        return self.result(f"torch.{name}({a}, {b})")

    def operator(self):
        a, b = self.tensor(), self.number() if self.chance(0.4) else self.tensor()
        if self.chance(0.2):
            a, b = b, a
        return self.result(f"{a} {self.one_of(['+', '-', '*', '/', '**', '//', '%', '<', '==', '&', '|', '@'])} {b}")

    def inplace(self):
        a = self.tensor(lambda t: not (t.is_leaf and t.requires_grad) or self.chance(0.1))
        if self.chance(0.4):
            return f"{a}.{self.one_of(INPLACE_UNARY)}()"
        mine = self.values[a].shape
        b = self.number() if self.chance(0.4) else self.tensor(lambda t: _broadcasts(mine, t.shape))
        return f"{a}.{self.one_of(INPLACE_BINARY)}({b})"

    def fill(self):
        a = self.tensor(lambda t: not (t.is_leaf and t.requires_grad))
        t = self.values[a]
        mask = self.tensor(lambda m: m.dtype is torch.bool and _broadcasts(t.shape, m.shape))
        return self.one_of([
            f"{a}.fill_({self.number()})", f"{a}.masked_fill_({mask}, {self.number()})",
            f"{a}[{self.index(t)}] = {self.number()}", f"{a}[{self.index(t)}] = {self.tensor()}",
            f"{a}.clamp_({self.number()}, {self.number()})", f"{a}.clamp_(min={self.number()})",
            f"{a}.fill_diagonal_({self.number()})", f"{a}.addcmul_({self.tensor()}, {self.tensor()})",
            f"{a}.lerp_({self.tensor()}, 0.5)", f"{a}.where({mask}, {self.number()})",
        ])  # fmt: skip

    def index(self, t):
        """What may stand between brackets."""
        parts = []
        for size in t.shape[: self.below(t.dim() + 1)]:
            position = str(self.below(2 * size + 1) - size) if self.chance(0.05) else str(self.below(max(size, 1)))
            start, stop = self.below(size + 1), self.below(size + 2)
            parts.append(self.one_of([
                position, ":", f"{start}:{stop}", f"::{1 + self.below(3)}", f"-{1 + self.below(3)}:", "None",
                f"[{', '.join(str(self.below(max(size, 1))) for _ in range(1 + self.below(3)))}]",
            ]))  # fmt: skip
        if self.chance(0.2):
            parts.insert(self.below(len(parts) + 1), "...")
        if self.chance(0.1):
            return self.tensor(lambda m: m.dtype in (torch.bool, torch.int64) and m.shape == t.shape[: m.dim()])
        return ", ".join(parts) or "..."

    def getitem(self):
        a = self.tensor()
        return self.result(f"{a}[{self.index(self.values[a])}]")

    def reduction(self):
        a = self.tensor()
        t = self.values[a]
        name = self.one_of(REDUCTIONS)
        if name == "norm":
            return self.result(f"torch.norm({a}, {self.one_of(['1', '2', '0', '3.0', repr('fro')])}, {self.dim(t)})")
        if name != "logsumexp" and self.chance(0.3):
            return self.result(f"torch.{name}({a})")
        keep = f", keepdim={self.chance(0.5)}"
        if name in ("sum", "mean", "amax", "amin", "nansum", "logsumexp", "std", "var") and self.chance(0.3):
            return self.result(f"torch.{name}({a}, ({self.dim(t)}, {self.dim(t)}){keep})")
        return self.result(f"torch.{name}({a}, {self.dim(t)}{'' if name == 'count_nonzero' else keep})")

    def along(self):
        a = self.tensor()
        name, dim = self.one_of(ALONG), self.dim(self.values[a])
        if name == "flip":
            return self.result(f"torch.flip({a}, ({dim},))")
        return self.result(f"torch.{name}({a}, dim={dim})")

    def view(self):
        a = self.tensor()
        t = self.values[a]
        i, j = self.dim(t), self.dim(t)
        size = t.shape[i] if t.dim() and -t.dim() <= i < t.dim() else 1
        last = self.values[a].numel()
        wide = ", ".join(str(self.one_of([1, 2, 3])) if s == 1 else str(s) for s in t.shape)
        return self.result(self.one_of([
            f"{a}.transpose({i}, {j})", f"{a}.reshape(-1)", f"{a}.view(-1)", f"{a}.view({last})", f"{a}.unsqueeze({i})",
            f"{a}.squeeze()", f"{a}.squeeze({i})", f"{a}.expand({wide})",
            f"{a}.expand(2, {wide})" if wide else f"{a}.expand(2)",
            f"{a}.select({i}, {self.below(max(size, 1))})", f"{a}.narrow({i}, 0, {self.below(size + 1)})",
            f"{a}.diagonal()",
            f"{a}.movedim({i}, {j})", f"{a}.unfold({i}, {self.below(size + 1)}, 1)", f"{a}.flatten({i}, {j})",
            f"{a}.mT",
            f"{a}.permute({', '.join(map(str, self.permutation(t.dim())))})" if t.dim() else f"{a}.permute(())",
            f"{a}.contiguous()", f"{a}.chunk(2, {i})[-1]", f"{a}.split(2, {i})[0]", f"{a}.unbind({i})[0]", f"{a}.real",
            f"torch.view_as_real({a})", f"{a}.reshape({size}, -1)", f"{a}.detach()", f"{a}.view_as({a})",
            f"{a}.tensor_split(2, {i})[0]", f"{a}.swapaxes({i}, {j})", f"{a}.unflatten({i}, (1, {size}))",
        ]))  # fmt: skip

    def permutation(self, count):
        left, found = list(range(count)), []
        while left:
            found.append(left.pop(self.below(len(left))))
        return found

    def joined(self):
        a = self.tensor()
        t = self.values[a]
        b = self.tensor(lambda o: o.shape == t.shape)
        name = self.one_of(["cat", "stack", "cat", "hstack", "vstack", "dstack"])
        dim = f", {self.dim(t)}" if name in ("cat", "stack") else ""
        return self.result(f"torch.{name}([{a}, {b}]{dim})")

    def ternary(self):
        a = self.tensor()
        mine = self.values[a].shape
        b = self.tensor(lambda t: _broadcasts(mine, t.shape))
        c = self.tensor(lambda t: _broadcasts(mine, t.shape))
        mask = self.tensor(lambda t: t.dtype is torch.bool and _broadcasts(mine, t.shape))
        x, y = self.number(), self.number()
        return self.result(self.one_of([
            f"torch.where({mask}, {a}, {b})", f"torch.where({mask}, {a}, {x})", f"torch.clamp({a}, {x}, {y})",
            f"torch.clamp({a}, {b}, {c})", f"torch.lerp({a}, {b}, 0.25)", f"torch.lerp({a}, {b}, {c})",
            f"torch.addcmul({a}, {b}, {c}, value=2)", f"torch.addcdiv({a}, {b}, {c})", f"{a}.masked_fill({mask}, {x})",
            f"torch.masked_select({a}, {mask})", f"{a}.clamp(max={x})", f"torch.nan_to_num({a}, {x})",
            f"torch.nn.functional.mse_loss({a}, {b})", f"torch.nn.functional.l1_loss({a}, {b}, reduction='none')",
            f"torch.nn.functional.smooth_l1_loss({a}, {b})", f"torch.nn.functional.huber_loss({a}, {b})",
            f"torch.nn.functional.threshold({a}, {x}, {y})", f"torch.nn.functional.cosine_similarity({a}, {b}, dim=-1)",
        ]))  # fmt: skip

    def gathered(self):
        a = self.tensor(lambda t: t.dim() > 0)
        t = self.values[a]
        dim = self.dim(t)
        size = t.shape[dim] if t.dim() and -t.dim() <= dim < t.dim() else 1
        index = f"torch.tensor([{', '.join(str(self.below(max(size, 1))) for _ in range(1 + self.below(3)))}])"
        source = self.tensor(lambda o: o.shape == t.shape and o.dtype == t.dtype)
        spread = f"torch.zeros({tuple(t.shape)}, dtype=torch.int64)"
        return self.result(self.one_of([
            f"{a}.index_select({dim}, {index})", f"torch.gather({a}, {dim}, {spread})", f"torch.take({a}, {index})",
            f"{a}.scatter({dim}, {spread}, {source})", f"{a}.scatter_add({dim}, {spread}, {source})",
            f"{a}.index_add({dim}, torch.arange({size}), {source})", f"{a}.index_fill({dim}, {index}, {self.number()})",
            f"{a}.scatter_reduce({dim}, {spread}, {source}, {self.one_of(['sum', 'amax', 'mean', 'prod'])!r})",
            f"torch.take_along_dim({a}, {spread}, {dim})", f"torch.topk({a}, {self.below(size + 1)}, {dim})",
            f"torch.kthvalue({a}, {1 + self.below(max(size, 1))}, {dim})", f"torch.roll({a}, 1, {dim})",
            f"torch.repeat_interleave({a}, 2, {dim})", f"{a}.tile(2)", f"torch.rot90({a})", f"torch.bincount({a})",
            f"torch.unique({a})", f"torch.searchsorted({a}.sort()[0], {source})", f"torch.diag({a})",
            f"torch.diag_embed({a})",
            f"torch.renorm({a}, 2, {dim}, 1.0)", f"torch.quantile({a}, 0.3, {dim})", f"torch.histc({a}, 4, -2, 2)",
        ]))  # fmt: skip

    def product(self):
        a = self.tensor(lambda t: t.dim() == 2)
        t = self.values[a]
        b = self.tensor(lambda o: o.dim() == 2 and t.dim() == 2 and o.shape[0] == t.shape[1] and o.dtype == t.dtype)
        v = self.tensor(lambda o: o.dim() == 1 and t.dim() == 2 and o.shape[0] == t.shape[1] and o.dtype == t.dtype)
        return self.result(self.one_of([
            f"torch.mm({a}, {b})", f"{a} @ {b}", f"torch.mv({a}, {v})", f"torch.einsum('ij,jk->ik', {a}, {b})",
            f"torch.einsum('ij->ji', {a})", f"torch.einsum('ij,ij->', {a}, {a})",
            f"torch.nn.functional.linear({a}, {a})",
            f"torch.addmm({a}, {a}, {b})", f"torch.matmul({a}.unsqueeze(0), {b})", f"torch.kron({a}, {b})",
            f"torch.tensordot({a}, {b}, 1)", f"torch.det({a})", f"torch.linalg.inv({a})", f"torch.cdist({a}, {a})",
            f"torch.linalg.solve({a}, {b})", f"torch.linalg.norm({a})", f"torch.linalg.slogdet({a})[1]",
            f"torch.linalg.matrix_power({a}, 2)", f"torch.nn.functional.pairwise_distance({a}, {a}.flip(0))",
        ]))  # fmt: skip

    def network(self):
        a = self.tensor(lambda t: t.dim() >= 2 and t.is_floating_point())
        t = self.values[a]
        if not t.is_floating_point():
            return self.leaf()
        last = tuple(t.shape[-1:])
        f = "torch.nn.functional"
        image = f"{a}.reshape(1, 1, {t.shape[-2] if t.dim() > 1 else 1}, -1)"
        row = f"{a}.reshape(1, 1, -1)"
        w = f"torch.tensor([[[0.5, -1.0]]], dtype={t.dtype})"
        return self.result(self.one_of([
            f"{f}.layer_norm({a}, {last})", f"{f}.conv1d({row}, {w})", f"{f}.conv2d({image}, {w}.unsqueeze(0))",
            f"{f}.conv1d({row}, {w}, stride=2, padding=1)", f"{f}.conv_transpose1d({row}, {w})",
            f"{f}.max_pool1d({row}, 2)",
            f"{f}.avg_pool1d({row}, 2)", f"{f}.max_pool2d({image}, (1, 2))", f"{f}.avg_pool2d({image}, (1, 2))",
            f"{f}.pad({a}, (1, 0))",
            f"{f}.pad({image}, (1, 1), mode={self.one_of(['reflect', 'replicate', 'circular'])!r})",
            f"{f}.adaptive_avg_pool1d({row}, 2)", f"{f}.interpolate({row}, scale_factor=2)", f"{f}.glu({a}, -1)",
            f"{f}.interpolate({image}, scale_factor=2, mode='bilinear')", f"{f}.one_hot({self.tensor()})",
            f"{f}.batch_norm({a}, None, None, training=True)", f"{f}.group_norm({a}, 1)", f"{f}.instance_norm({row})",
            f"{f}.cross_entropy({a}, torch.zeros({tuple(t.shape[:1])}, dtype=torch.int64))",
            f"{f}.rms_norm({a}, {last})",
            f"{f}.scaled_dot_product_attention({row}, {row}, {row})", f"{f}.embedding({self.tensor()}, {a})",
            f"{f}.binary_cross_entropy_with_logits({a}, {a}.detach().sigmoid())",
            f"{f}.kl_div({a}, {a}.detach().sigmoid())",
        ]))  # fmt: skip

    def conversion(self):
        a = self.tensor()
        return self.result(self.one_of([
            f"{a}.{self.one_of(DTYPE_METHODS)}()", f"{a}.to(torch.{self.one_of(DTYPES)})",
            f"{a}.type_as({self.tensor()})",
            f"{a}.clone()", f"torch.zeros_like({a})", f"{a}.new_ones({self.shape()})",
            f"torch.full_like({a}, {self.number()})",
            f"torch.arange({self.below(6)}, dtype=torch.{self.one_of(DTYPES)})", f"{a}.tolist()", f"{a}.item()",
            f"torch.linspace(0, {self.number()}, {self.below(5)})", f"torch.eye({self.below(4)})", f"{a}.numel()",
            f"torch.broadcast_to({a}, {self.shape()})", f"torch.meshgrid({a}, {a}, indexing='ij')[0]",
            f"{a}.is_contiguous()",
        ]))  # fmt: skip

    _KINDS = (
        (0.04, leaf), (0.17, unary), (0.13, binary), (0.07, operator), (0.08, inplace), (0.06, fill), (0.06, getitem),
        (0.08, reduction), (0.07, along), (0.09, view), (0.03, joined), (0.05, ternary), (0.04, gathered),
        (0.03, product), (0.04, network), (0.03, conversion), (0.07, rarer), (0.07, family), (0.05, drawn),
        (0.06, special), (0.09, further),
    )  # fmt: skip


def _broadcasts(a, b):
    return len(b) <= len(a) and all(y in (1, x) for x, y in zip(reversed(a), reversed(b), strict=False))
