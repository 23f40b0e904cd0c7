"""Calls that draw random numbers, which a `Writer` writes for the tensors at hand.

Each starts a generator from a seed of its own, so that both libraries draw the same numbers, and goes on drawing
afterwards when the line is run again.
"""


def drawn(w):
    """A line with one of them."""
    a = w.tensor()
    t = w.values[a]
    shape, seed = w.shape(), w.below(1000)
    generator = f"generator=torch.Generator().manual_seed({seed})"
    kind = f"dtype=torch.{w.one_of(['float64', 'float32', 'float16', 'bfloat16', 'int64', 'uint8', 'complex128'])}"
    if w.chance(0.25):
        target = w.tensor(lambda o: not (o.is_leaf and o.requires_grad))
        return f"{target}.{w.one_of(_in_place(w))}{generator})"
    if w.chance(0.3):
        return w.result(f"(torch.manual_seed({seed}), {w.one_of(_layers(w, a))})[1]")
    rows = f"{a}.detach().abs()"
    return w.result(w.one_of([
        f"torch.rand({shape}, {kind}, {generator})", f"torch.randn({shape}, {kind}, {generator})",
        f"torch.randint({w.below(5) - 2}, {3 + w.below(9)}, {shape}, {kind}, {generator})",
        f"torch.randperm({w.below(30)}, {generator})", f"torch.bernoulli({a}.sigmoid(), {generator})",
        f"torch.bernoulli({a}, {w.number()}, {generator})", f"torch.normal({a}, 2.0, {generator})",
        f"torch.normal({a}, {w.tensor()}.abs(), {generator})", f"torch.normal(0.5, {a}.abs(), {generator})",
        f"torch.normal(0.5, 2.0, {shape}, {generator})", f"torch.poisson({rows}.clamp(max=1e6), {generator})",
        f"torch.multinomial({rows}, {1 + w.below(3)}, True, {generator})",
        f"torch.multinomial({rows} + 0.01, {1 + w.below(3)}, False, {generator})",
        f"torch.rand_like({a}, {generator})", f"torch.randn_like({a}, {generator})",
        f"torch.randint_like({a}, 7, {generator})",
        f"torch.binomial(torch.full({tuple(t.shape)}, 9.0), {a}.detach().sigmoid().float(), {generator})",
    ]))  # fmt: skip


def _in_place(w):
    """Methods that fill a tensor, but for their last argument."""
    return [
        "uniform_(-1, 2, ", "normal_(1, 2, ", "exponential_(2, ", "bernoulli_(0.3, ", "geometric_(0.3, ",
        "cauchy_(1, 2, ", "log_normal_(0, 0.5, ", "random_(", f"random_({2 + w.below(9)}, ", "random_(-2, 5, ",
        f"bernoulli_({w.tensor()}.detach().sigmoid(), ",
    ]  # fmt: skip


def _layers(w, a):
    """Functions of networks that take their numbers from the default generator."""
    f = "torch.nn.functional"
    return [
        f"{f}.dropout({a}, 0.4)", f"{f}.dropout({a}, {w.number()})", f"{f}.dropout2d({a}, 0.4)",
        f"{f}.dropout1d({a}, 0.4)", f"{f}.dropout3d({a}, 0.4)", f"{f}.alpha_dropout({a}, 0.4, True)",
        f"{f}.feature_alpha_dropout({a}, 0.4, True)", f"{f}.rrelu({a}, 0.1, 0.3, True)",
        f"{f}.gumbel_softmax({a}, dim=-1)", f"{f}.gumbel_softmax({a}, hard=True)",
        # Of nothing, PyTorch's result is the tensor itself, which it records anew.
        f"torch.native_dropout({a}, 0.4, True)" if w.values[a].numel() else "torch.rand(4)",
        "torch.rand(3)", "torch.randn(20)",
    ]  # fmt: skip
