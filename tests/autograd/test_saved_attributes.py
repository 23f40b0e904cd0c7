"""What nodes saved, under PyTorch's names, beside PyTorch."""

import pytest
from beside import check


def ones(t, *shape):
    return t.ones(*shape, requires_grad=True)


def F(t):
    return t.nn.functional


def matrix(t):
    return t.arange(4.0).reshape(2, 2) + 1


# What is computed, and the names under which its node must show what it saved.
CASES = {
    "stack": (lambda t: t.stack([ones(t, 1), ones(t, 1)], 0), ["dim"]),
    "cat": (lambda t: t.cat([ones(t, 2, 2), ones(t, 2, 2)], 1), ["dim"]),
    "mul": (lambda t: ones(t, 2) * ones(t, 2), ["self", "other"]),
    "index": (lambda t: ones(t, 2, 2)[:, t.tensor([0, 1])], ["indices", "self_sym_sizes"]),
    "index of two": (lambda t: ones(t, 2, 2)[t.tensor([0, 1]), t.tensor([1, 0])], ["indices", "self_sym_sizes"]),
    "select": (lambda t: ones(t, 2, 3)[1], ["dim", "index", "self_sym_sizes"]),
    "slice": (lambda t: ones(t, 5, 3)[1:4:2], ["dim", "start", "end", "step", "self_sym_sizes"]),
    "mean": (lambda t: ones(t, 2, 2).mean(), ["self_sym_sizes"]),
    "mean of a dimension": (lambda t: ones(t, 2, 2).mean(1, keepdim=True), ["dim", "keepdim", "self_sym_sizes"]),
    "sum": (lambda t: ones(t, 2, 2).sum(), ["self_sym_sizes"]),
    "sum of a dimension": (lambda t: ones(t, 2, 3).sum(1), ["dim", "keepdim", "self_sym_sizes"]),
    "prod": (lambda t: ones(t, 2, 3).prod(), ["self"]),
    "amax": (lambda t: ones(t, 2, 3).amax(1), ["dim", "keepdim", "self", "result"]),
    "max of a dimension": (lambda t: ones(t, 2, 3).max(1)[0], ["dim", "keepdim", "self_sym_sizes", "indices"]),
    "max": (lambda t: ones(t, 2, 3).max(), ["self", "result"]),
    "var": (lambda t: t.arange(3.0).requires_grad_().var(), ["self", "keepdim"]),
    "std": (lambda t: t.arange(3.0).requires_grad_().std(), ["self", "result"]),
    "logsumexp": (lambda t: ones(t, 2, 3).logsumexp(1), ["self", "result", "dim", "keepdim"]),
    "softmax": (lambda t: ones(t, 2, 3).softmax(1), ["result", "dim", "self_scalar_type"]),
    "log_softmax": (lambda t: ones(t, 2, 3).log_softmax(1), ["result", "dim", "self_scalar_type"]),
    "cumsum": (lambda t: ones(t, 3).cumsum(0), ["dim"]),
    "sort": (lambda t: t.arange(3.0).requires_grad_().sort()[0], ["indices", "self_sym_sizes"]),
    "topk": (lambda t: t.arange(3.0).requires_grad_().topk(2)[0], ["indices", "self_sym_sizes"]),
    "gather": (lambda t: ones(t, 2, 2).gather(0, t.tensor([[0, 1]])), ["dim", "index"]),
    "view": (lambda t: ones(t, 2, 2).view(4), ["self_sym_sizes"]),
    "permute": (lambda t: ones(t, 2, 3).permute(1, 0), ["dims"]),
    "transpose": (lambda t: ones(t, 2, 3).transpose(0, 1), ["dim0", "dim1"]),
    "expand": (lambda t: ones(t, 1, 3).expand(2, 3), ["self_sym_sizes"]),
    "squeeze": (lambda t: ones(t, 1, 3).squeeze(0), ["dim", "self_sym_sizes"]),
    "unsqueeze": (lambda t: ones(t, 3).unsqueeze(0), ["dim"]),
    "repeat": (lambda t: ones(t, 3).repeat(2, 2), ["repeats", "self_sym_sizes"]),
    "as_strided": (lambda t: ones(t, 2, 2).as_strided((3,), (1,), 1), ["size", "stride", "storage_offset"]),
    "diagonal": (lambda t: ones(t, 3, 3).diagonal(), ["offset", "dim1", "dim2", "self_sym_sizes"]),
    "mm": (lambda t: ones(t, 2, 3) @ ones(t, 3, 2), ["self", "mat2"]),
    "addmm": (lambda t: t.addmm(ones(t, 2), ones(t, 2, 3), ones(t, 3, 2)), ["alpha", "beta", "mat1", "mat2"]),
    "bmm": (lambda t: t.bmm(ones(t, 1, 2, 3), ones(t, 1, 3, 2)), ["self", "mat2"]),
    "addbmm": (lambda t: t.addbmm(ones(t, 3, 3), ones(t, 1, 3, 3), ones(t, 1, 3, 3)),
               ["batch1_sym_argsize_0", "batch1_sym_argsize_1"]),
    "div with rounding": (lambda t: t.div(ones(t, 1), 2.0, rounding_mode="trunc"), ["rounding_mode"]),
    "div that is not rounded": (lambda t: t.div(ones(t, 1), 2.0, rounding_mode=None), ["rounding_mode"]),
    "threshold of a tensor": (lambda t: t.threshold(ones(t, 5), t.tensor(1 + 0j), 1 + 0j), ["threshold"]),
    "transpose from the end": (lambda t: ones(t, 2, 3).transpose(-1, -2), ["dim0", "dim1"]),
    "select from the end": (lambda t: ones(t, 2, 3)[-1], ["dim", "index"]),
    "triu below": (lambda t: ones(t, 2, 2).triu(-1), ["diagonal"]),
    "nll_loss's ignored index": (lambda t: F(t).nll_loss(ones(t, 3, 5), t.tensor([1, 0, 4])), ["ignore_index"]),
    "foreach": (lambda t: t._foreach_maximum([ones(t, 2)] * 3, [0.0, 0.5, 2.0])[1], ["scalars"]),
    "threshold": (lambda t: t.threshold(ones(t, 5), 1.0, 1.0), ["threshold"]),
    "threshold of an integer": (lambda t: t.threshold(ones(t, 5), 1, 1), ["threshold"]),
    "threshold of a complex number": (lambda t: t.threshold(ones(t, 5), 1 + 0j, 1 + 0j), ["threshold"]),
    "add": (lambda t: ones(t, 2) + ones(t, 2), ["alpha"]),
    "interpolate to a size": (lambda t: F(t).interpolate(ones(t, 1, 1, 2), 4, mode="linear"),
                              ["output_size", "align_corners", "scales", "self_sym_sizes"]),
    "interpolate by a factor": (lambda t: F(t).interpolate(ones(t, 1, 1, 2), scale_factor=0.5, mode="linear"),
                                ["output_size", "align_corners", "scales"]),
    "interpolate images": (lambda t: F(t).interpolate(ones(t, 1, 1, 2, 2), scale_factor=2.0, mode="bilinear",
                                                      align_corners=True),
                           ["output_size", "align_corners", "scales_h", "scales_w"]),
    "interpolate to the nearest": (lambda t: F(t).interpolate(ones(t, 1, 1, 2, 2), (4, 3)),
                                   ["output_size", "scales_h", "scales_w", "self_sym_sizes"]),
    "as_strided without offset": (lambda t: ones(t, 2, 2).as_strided((3,), (1,)), ["storage_offset"]),
    "qr's mode": (lambda t: t.linalg.qr(ones(t, 1, 1), mode="complete")[0], ["mode"]),
    "layer_norm": (lambda t: F(t).layer_norm(t.arange(6.0).reshape(2, 3).requires_grad_(), (3,)),
                   ["input", "normalized_shape", "result1", "weight"]),
    "group_norm": (lambda t: F(t).group_norm(t.arange(8.0).reshape(1, 4, 2).requires_grad_(), 2),
                   ["N", "C", "HxW", "group", "eps", "weight"]),
    "max_pool2d": (lambda t: F(t).max_pool2d(ones(t, 1, 1, 4, 4), 2, 2, 0, 1, True),
                   ["kernel_size", "stride", "padding", "dilation", "ceil_mode", "result1", "self"]),
    "avg_pool2d": (lambda t: F(t).avg_pool2d(ones(t, 1, 1, 4, 4), 2, 2), ["divisor_override", "kernel_size", "stride"]),
    "elu's scales": (lambda t: F(t).elu(ones(t, 2)), ["scale", "input_scale"]),
    "relu6": (lambda t: F(t).relu6(ones(t, 2)), ["min_val", "max_val", "self"]),
    "pixel_shuffle": (lambda t: F(t).pixel_shuffle(ones(t, 1, 4, 2, 2), 2), ["upscale_factor"]),
    "mm's shapes": (lambda t: ones(t, 2, 3) @ ones(t, 3, 2), ["self_sym_sizes", "mat2_sym_strides"]),
    "linear": (lambda t: F(t).linear(ones(t, 2, 3), ones(t, 4, 3), ones(t, 4)),
               ["alpha", "beta", "mat1", "mat2", "mat1_sym_sizes", "mat2_sym_sizes"]),
    "sparse gather": (lambda t: ones(t, 3).gather(0, t.tensor([0]), sparse_grad=True), ["sparse_grad", "dim", "index"]),
    "cholesky": (lambda t: t.linalg.cholesky(ones(t, 1, 1)), ["L"]),
    "inv": (lambda t: t.linalg.inv(ones(t, 1, 1)), ["inverse"]),
    "pad": (lambda t: F(t).pad(ones(t, 1, 1, 3), (1, 1), mode="reflect"), ["padding", "self"]),
    "threshold of a bool": (lambda t: t.threshold(ones(t, 5), False, False), ["threshold"]),
    "tanh": (lambda t: ones(t, 2).tanh(), ["result"]),
    "logit": (lambda t: t.logit(ones(t, 1, 2), 0.5), ["eps", "self"]),
    "logit without eps": (lambda t: t.logit(ones(t, 1, 2)), ["eps"]),
    "pow": (lambda t: ones(t, 2) ** 3, ["self", "exponent"]),
    "clamp": (lambda t: ones(t, 2).clamp(0.5, 2), ["min", "max", "self"]),
    "leaky_relu": (lambda t: F(t).leaky_relu(ones(t, 2), 0.2), ["self", "negative_slope"]),
    "elu": (lambda t: F(t).elu(ones(t, 2), 0.5), ["self", "alpha"]),
    "gelu": (lambda t: F(t).gelu(ones(t, 2)), ["self", "approximate"]),
    "softplus": (lambda t: F(t).softplus(ones(t, 2)), ["self", "beta", "threshold"]),
    "nll_loss": (lambda t: F(t).nll_loss(ones(t, 3, 5), t.tensor([1, 0, 4])),
                 ["target", "reduction", "total_weight"]),
    "nll_loss with weights": (lambda t: F(t).nll_loss(ones(t, 3, 5), t.tensor([1, 0, 4]), t.ones(5)), ["weight"]),
    "mse_loss": (lambda t: F(t).mse_loss(ones(t, 3), t.zeros(3)), ["self", "target", "reduction"]),
    "smooth_l1": (lambda t: F(t).smooth_l1_loss(ones(t, 3), t.zeros(3)), ["beta", "reduction", "self", "target"]),
    "conv": (lambda t: F(t).conv2d(ones(t, 1, 1, 3, 3), ones(t, 1, 1, 3, 3), ones(t, 1)),
             ["bias_sym_sizes_opt", "dilation", "groups", "padding", "stride", "transposed", "output_padding", "input",
              "weight"]),
    "conv without bias": (lambda t: F(t).conv2d(ones(t, 1, 1, 3, 3), ones(t, 1, 1, 3, 3)), ["bias_sym_sizes_opt"]),
    "unfold": (lambda t: F(t).unfold(ones(t, 1, 1, 3, 3), 3),
               ["kernel_size", "dilation", "padding", "stride", "self_sym_argsize_minus_1",
                "self_sym_argsize_minus_2"]),
    "norm of all": (lambda t: ones(t, 2, 3).norm(), ["dim", "ord", "keepdim", "self", "result"]),
    "norm along a dimension": (lambda t: ones(t, 2, 3).norm(3.0, 1), ["dim", "ord"]),
    "norm of no dimensions": (lambda t: ones(t).norm(2, 0), ["dim"]),
    "var of all": (lambda t: t.arange(4.0).reshape(2, 2).requires_grad_().var(correction=1), ["dim", "correction"]),
    "var of both dimensions": (lambda t: ones(t, 2, 2).var((0, 1), correction=0), ["dim", "correction"]),
    "std_mean": (lambda t: t.std_mean(t.arange(4.0).requires_grad_(), correction=1)[0], ["dim", "self", "result0"]),
    "sum of no dimensions": (lambda t: ones(t).sum(0), ["dim"]),
    "sum of an empty sequence": (lambda t: ones(t, 2, 3).sum(()), ["dim"]),
    "aminmax": (lambda t: t.arange(4.0).requires_grad_().aminmax()[0], ["dim"]),
    "aminmax of a dimension": (lambda t: ones(t, 2, 3).aminmax(dim=1)[0], ["dim"]),
    "unsafe_split": (lambda t: ones(t, 5).unsafe_split(2)[2], ["split_size", "dim", "self_sym_sizes"]),
    "pinv": (lambda t: t.linalg.pinv(ones(t, 2, 3)), ["self", "result"]),
    "lstsq": (lambda t: t.linalg.lstsq(t.eye(2).requires_grad_(), ones(t, 2, 1))[0], ["self", "b"]),
    "det": (lambda t: t.linalg.det(matrix(t).requires_grad_()), ["A", "LU", "pivots", "result"]),
    "det of columns": (lambda t: t.linalg.det(matrix(t).t().requires_grad_()), ["LU", "pivots"]),
    "slogdet": (lambda t: t.slogdet(matrix(t).requires_grad_())[1], ["LU", "pivots", "sign"]),
    "solve": (lambda t: t.linalg.solve(matrix(t).requires_grad_(), ones(t, 2, 2)),
              ["LU", "pivots", "A", "left", "result"]),
    "triangular_solve": (lambda t: t.triangular_solve(ones(t, 2, 1), t.eye(2).requires_grad_())[0], ["self", "A"]),
    "older cholesky": (lambda t: t.cholesky(t.eye(2).requires_grad_()), ["result", "upper"]),
    "cholesky_solve": (lambda t: t.cholesky_solve(ones(t, 2, 1), t.eye(2).requires_grad_()), ["self", "input2"]),
    "ormqr": (lambda t: t.ormqr(ones(t, 2, 2), ones(t, 2), ones(t, 2, 2)), ["self", "input2", "input3", "left"]),
    "matrix_exp": (lambda t: t.matrix_exp(ones(t, 2, 2)), ["self"]),
    "pow of tensors": (lambda t: ones(t, 2) ** ones(t, 2), ["self", "exponent", "result"]),
    "index_add": (lambda t: ones(t, 3).index_add(0, t.tensor([0]), ones(t, 1)), ["source_dim", "index", "source"]),
    "narrow_copy": (lambda t: t.narrow_copy(ones(t, 5), 0, 1, 3), ["length", "start", "dim"]),
    "as_strided_scatter": (lambda t: t.as_strided_scatter(ones(t, 4), ones(t, 2), (2,), (1,), 1), ["storage_offset"]),
    "negative padding": (lambda t: F(t).pad(ones(t, 1, 1, 4), (-1, 1), "replicate"), ["padding"]),
    "rrelu": (lambda t: F(t).rrelu(ones(t, 2), 0.25, 0.5), ["lower", "upper", "training"]),
    "fractional_max_pool2d": (lambda t: F(t).fractional_max_pool2d(ones(t, 1, 1, 4, 4), 2, (2, 2)),
                              ["kernel_size", "output_size"]),
    "batch_norm": (lambda t: F(t).batch_norm(t.arange(4.0).reshape(2, 2).requires_grad_(), None, None, training=True),
                   ["eps", "input", "training", "weight"]),
    "embedding": (lambda t: F(t).embedding(t.tensor([0, 1]), ones(t, 3, 2)),
                  ["scale_grad_by_freq", "weight_sym_argsize_0"]),
    "qr": (lambda t: t.linalg.qr(ones(t, 1, 1))[0], ["Q", "R"]),
    "norm": (lambda t: t.linalg.vector_norm(ones(t, 2)), ["keepdim", "self", "result"]),
    "where": (lambda t: t.where(t.tensor([True, False]), ones(t, 2), ones(t, 2)), ["condition"]),
    "masked_fill": (lambda t: ones(t, 2).masked_fill(t.tensor([True, False]), 0.0), ["mask"]),
    "triu": (lambda t: ones(t, 2, 2).triu(1), ["diagonal"]),
    "flip": (lambda t: ones(t, 2, 2).flip(0), ["dims"]),
    "roll": (lambda t: ones(t, 2, 2).roll(1, 0), ["dims", "shifts"]),
    "split": (lambda t: ones(t, 4).split(2)[0], ["dim", "split_size", "self_sym_sizes"]),
    "chunk": (lambda t: ones(t, 4).chunk(2)[0], ["dim", "split_size", "self_sym_sizes"]),
    "unbind": (lambda t: ones(t, 4).unbind(0)[0], ["dim"]),
    "addcmul": (lambda t: t.addcmul(ones(t, 2), ones(t, 2), ones(t, 2), value=2.0), ["tensor1", "tensor2", "value"]),
    "addcdiv": (lambda t: t.addcdiv(ones(t, 2), ones(t, 2), ones(t, 2), value=2.0), ["tensor1", "tensor2", "value"]),
    "lerp": (lambda t: t.lerp(ones(t, 2), ones(t, 2), 0.5), ["weight"]),
    "add with alpha": (lambda t: t.add(ones(t, 2), ones(t, 2), alpha=3), ["alpha"]),
    "sub with alpha": (lambda t: t.sub(ones(t, 2), ones(t, 2), alpha=3), ["alpha"]),
    "to": (lambda t: ones(t, 2).to(t.float64), ["self_options"]),
    "index_select": (lambda t: ones(t, 4).index_select(0, t.tensor([0])), ["dim", "index", "self_sym_sizes"]),
    "scatter": (lambda t: ones(t, 4).scatter(0, t.tensor([0]), t.ones(1)), ["dim", "index"]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_values(case):
    compute, names = CASES[case]

    def scenario(t):
        node = compute(t).grad_fn
        found = {name: getattr(node, "_saved_" + name) for name in names}
        return node.name(), found, {k: v if isinstance(v, str) else type(v).__name__ for k, v in found.items()}

    check(scenario)


LISTED = ["mul", "add with alpha", "mean", "interpolate images", "conv", "layer_norm", "split", "relu6", "tanh", "cat"]


@pytest.mark.parametrize("case", LISTED)
def test_names(case):
    def scenario(t):
        names = set(dir(CASES[case][0](t).grad_fn))
        return [name for name in sorted(names) if name.startswith("_saved_") and name[7:] not in PART]

    check(scenario)


# What PyTorch's nodes list and ours do not keep.
PART = {"bias", "result2"}


@pytest.mark.parametrize("case", ["linear", "linear with a bias", "batch norm", "layer norm"])
def test_names_of_handles(case):
    def scenario(t):
        x = t.arange(6.0).view(2, 3).requires_grad_()
        y = {
            "linear": lambda: F(t).linear(x, ones(t, 4, 3)),
            "linear with a bias": lambda: F(t).linear(x, ones(t, 4, 3), ones(t, 4)),
            "batch norm": lambda: F(t).batch_norm(x, None, None, ones(t, 3), training=True),
            "layer norm": lambda: F(t).layer_norm(x, (3,), ones(t, 3)),
        }[case]()
        names = [name for name in dir(y.grad_fn) if name.startswith("_raw_saved_") and name[11:] not in UNKEPT]
        return [(name, getattr(y.grad_fn, name).unpack() is not None) for name in sorted(names)]

    check(scenario)


# Inputs that no derivative of ours reads.
UNKEPT = {"bias", "running_mean", "running_var"}


def matrices(t):
    a = (t.eye(3) * 2 + t.ones(3, 3)).requires_grad_()
    return a, ones(t, 3, 2), t.linalg.lu_factor(a)


VALUES = {
    "lu": lambda t, a, b, lu: t.linalg.lu(a)[1],
    "lu_factor": lambda t, a, b, lu: lu[0],
    "lu_solve": lambda t, a, b, lu: t.linalg.lu_solve(lu[0], lu[1], b),
    "solve_triangular": lambda t, a, b, lu: t.linalg.solve_triangular(a, b, upper=True, unitriangular=True),
    "svd": lambda t, a, b, lu: t.linalg.svd(a)[1],
    "svdvals": lambda t, a, b, lu: t.linalg.svdvals(a),
    "unfold": lambda t, a, b, lu: a.unfold(0, 2, 1),
    "selu": lambda t, a, b, lu: F(t).selu(b),
}


@pytest.mark.parametrize("case", VALUES)
def test_arguments_that_no_derivative_needs(case):
    def scenario(t):
        node = VALUES[case](t, *matrices(t)).grad_fn
        found = {name: getattr(node, name) for name in dir(node) if name.startswith("_saved_")}
        return {name: tuple(v.shape) if isinstance(v, t.Tensor) else v for name, v in found.items()}

    check(scenario)
