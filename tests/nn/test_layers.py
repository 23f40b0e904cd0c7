"""Every layer: the same seed gives the same weights, the same print, the same results and the same gradients."""

import re
from pathlib import Path

import numpy as np
import pytest

from .reference import assert_close, assert_same, rushlight, torch

# A constructor, and the shapes of its inputs.
LAYERS = {
    "Identity(3, size=2)": [(2, 3)],
    "Linear(3, 2)": [(4, 3)],
    "Linear(3, 2, bias=False)": [(2, 5, 3)],
    "Linear(4, 4, dtype=t.float64)": [(4,)],
    "Bilinear(3, 4, 2)": [(5, 3), (5, 4)],
    "Bilinear(3, 4, 2, bias=False)": [(2, 5, 3), (2, 5, 4)],
    "Conv1d(3, 4, 3)": [(2, 3, 8)],
    "Conv1d(4, 4, 3, padding='same', groups=2, dilation=2)": [(2, 4, 8)],
    "Conv1d(2, 4, 4, padding='same')": [(2, 2, 8)],
    "Conv1d(2, 4, 3, padding=2, padding_mode='circular')": [(2, 2, 8)],
    "Conv2d(3, 4, 3)": [(2, 3, 6, 7)],
    "Conv2d(3, 4, (3, 2), stride=(2, 1), padding=(1, 0), bias=False)": [(2, 3, 6, 7)],
    "Conv2d(4, 6, 3, groups=2, dilation=(1, 2), padding='valid')": [(4, 8, 8)],
    "Conv2d(2, 4, 3, padding=1, padding_mode='reflect')": [(2, 2, 5, 5)],
    "Conv2d(2, 4, 3, padding=(2, 1), padding_mode='replicate')": [(2, 2, 5, 5)],
    "Conv2d(2, 4, (4, 3), padding='same', padding_mode='circular')": [(2, 2, 6, 5)],
    "Conv3d(2, 3, 2, padding=1)": [(1, 2, 3, 4, 3)],
    "ConvTranspose1d(3, 2, 3, stride=2, output_padding=1)": [(2, 3, 5)],
    "ConvTranspose2d(4, 6, 3, stride=2, padding=1, groups=2)": [(2, 4, 3, 4)],
    "ConvTranspose3d(2, 3, 2, dilation=2, bias=False)": [(1, 2, 2, 3, 2)],
    "BatchNorm1d(3)": [(5, 3)],
    "BatchNorm1d(3, momentum=None)": [(5, 3, 4)],
    "BatchNorm2d(3, eps=1e-3, momentum=0.3)": [(2, 3, 4, 5)],
    "BatchNorm2d(3, affine=False)": [(2, 3, 4, 5)],
    "BatchNorm2d(3, track_running_stats=False, bias=False)": [(2, 3, 4, 5)],
    "BatchNorm3d(2)": [(2, 2, 3, 2, 2)],
    "LayerNorm(5)": [(3, 4, 5)],
    "LayerNorm([4, 5], eps=1e-3)": [(3, 4, 5)],
    "LayerNorm((5,), elementwise_affine=False)": [(4, 5)],
    "LayerNorm(5, bias=False)": [(4, 5)],
    "GroupNorm(2, 4)": [(3, 4, 5)],
    "GroupNorm(1, 4, affine=False)": [(3, 4, 5, 2)],
    "RMSNorm(5)": [(3, 5)],
    "RMSNorm([4, 5], eps=1e-3, elementwise_affine=False)": [(3, 4, 5)],
    "LocalResponseNorm(3)": [(2, 5, 4, 4)],
    "InstanceNorm1d(3)": [(2, 3, 5)],
    "InstanceNorm1d(3, affine=True)": [(3, 5)],
    "InstanceNorm2d(3, affine=True, track_running_stats=True)": [(2, 3, 4, 5)],
    "InstanceNorm2d(3, affine=True, bias=False)": [(3, 4, 5)],
    "InstanceNorm3d(2)": [(2, 2, 3, 2, 2)],
    "Upsample(scale_factor=2)": [(2, 3, 4)],
    "Upsample(size=(5, 3), mode='bilinear')": [(2, 3, 4, 4)],
    "Upsample(scale_factor=1.7, mode='bilinear', align_corners=True)": [(2, 3, 4, 4)],
    "Upsample(scale_factor=(2, 0.5), mode='nearest-exact')": [(2, 3, 4, 4)],
    "Upsample(size=7, mode='bicubic')": [(2, 3, 4, 5)],
    "Upsample(size=3, mode='trilinear')": [(1, 2, 2, 3, 4)],
    "Upsample(size=2, mode='area')": [(1, 2, 3, 4)],
    "UpsamplingNearest2d(size=(3, 5))": [(2, 3, 4, 4)],
    "UpsamplingBilinear2d(scale_factor=2)": [(2, 3, 4, 4)],
    "PixelShuffle(2)": [(2, 8, 3, 4)],
    "PixelUnshuffle(2)": [(2, 3, 4, 6)],
    "ChannelShuffle(2)": [(2, 6, 3)],
    "Unfold(2)": [(2, 3, 4, 5)],
    "Unfold((2, 3), dilation=(2, 1), padding=1, stride=(1, 2))": [(2, 3, 5, 6)],
    "Fold((4, 5), 2)": [(2, 12, 12)],
    "Fold((5, 6), (2, 3), dilation=(2, 1), padding=1, stride=(1, 2))": [(1, 6, 15)],
    "CosineSimilarity()": [(3, 4), (3, 4)],
    "CosineSimilarity(dim=0, eps=1e-3)": [(3, 4), (3, 4)],
    "PairwiseDistance()": [(3, 4), (3, 4)],
    "PairwiseDistance(1, keepdim=True)": [(3, 4), (3, 4)],
    "ReLU()": [(3, 4)],
    "ReLU6()": [(3, 4)],
    "LeakyReLU(0.2)": [(3, 4)],
    "PReLU()": [(3, 4)],
    "PReLU(4, init=0.5)": [(3, 4)],
    "ELU(0.7)": [(3, 4)],
    "CELU(0.7)": [(3, 4)],
    "SELU()": [(3, 4)],
    "GELU()": [(3, 4)],
    "GELU('tanh')": [(3, 4)],
    "SiLU()": [(3, 4)],
    "Mish()": [(3, 4)],
    "Sigmoid()": [(3, 4)],
    "Tanh()": [(3, 4)],
    "LogSigmoid()": [(3, 4)],
    "Softplus(2, 1.5)": [(3, 4)],
    "Softsign()": [(3, 4)],
    "Tanhshrink()": [(3, 4)],
    "Softshrink(0.3)": [(3, 4)],
    "Hardshrink(0.3)": [(3, 4)],
    "Hardtanh(-0.5, 0.7)": [(3, 4)],
    "Hardsigmoid()": [(3, 4)],
    "Hardswish()": [(3, 4)],
    "Threshold(0.1, 20)": [(3, 4)],
    "RReLU(0.1, 0.3)": [(3, 4)],
    "GLU()": [(3, 4)],
    "GLU(0)": [(4, 3)],
    "Softmax(dim=1)": [(3, 4)],
    "Softmin(dim=0)": [(3, 4)],
    "LogSoftmax(dim=-1)": [(3, 4)],
    "Softmax2d()": [(2, 3, 2, 2)],
    "MaxPool1d(2)": [(2, 3, 7)],
    "MaxPool2d(3, stride=2, padding=1)": [(2, 3, 7, 6)],
    "MaxPool2d((2, 3), dilation=2, ceil_mode=True)": [(2, 3, 9, 9)],
    "MaxPool3d(2)": [(1, 2, 4, 4, 4)],
    "AvgPool1d(3, 2, 1)": [(2, 3, 7)],
    "AvgPool2d(3, stride=2, padding=1, count_include_pad=False)": [(2, 3, 7, 6)],
    "AvgPool2d((2, 3), divisor_override=5)": [(2, 3, 7, 6)],
    "AvgPool3d(2, ceil_mode=True)": [(1, 2, 3, 4, 5)],
    "AdaptiveAvgPool1d(3)": [(2, 3, 7)],
    "AdaptiveAvgPool2d((2, None))": [(2, 3, 7, 6)],
    "AdaptiveAvgPool2d(1)": [(2, 3, 7, 6)],
    "AdaptiveAvgPool3d(2)": [(1, 2, 3, 4, 5)],
    "AdaptiveMaxPool1d(3)": [(2, 3, 7)],
    "AdaptiveMaxPool2d((2, 3))": [(2, 3, 7, 6)],
    "AdaptiveMaxPool3d((1, 2, None))": [(1, 2, 3, 4, 5)],
    "TransformerDecoder(t.nn.TransformerDecoderLayer(4, 2, 8, dropout=0.0), 2)": [(3, 2, 4), (5, 2, 4)],
    "LPPool1d(2, 3)": [(2, 3, 7)],
    "LPPool2d(2, 3, stride=2)": [(2, 3, 7, 6)],
    "LPPool3d(3, 2)": [(1, 2, 4, 4, 4)],
    "Flatten()": [(2, 3, 4)],
    "Flatten(0, 1)": [(2, 3, 4)],
    "Unflatten(1, (2, -1))": [(2, 6, 3)],
    "Dropout(0.3)": [(5, 6)],
    "Dropout(0)": [(5, 6)],
    "Dropout(1.0)": [(5, 6)],
    "Dropout1d(0.4)": [(4, 5, 3)],
    "Dropout2d(0.4)": [(4, 5, 3, 2)],
    "Dropout3d(0.4)": [(4, 5, 2, 2, 2)],
    "AlphaDropout(0.3)": [(5, 6)],
    "FeatureAlphaDropout(0.3)": [(5, 6, 2)],
    "ZeroPad1d(1)": [(2, 3, 4)],
    "ZeroPad2d((1, 2, 0, 1))": [(2, 3, 4, 5)],
    "ZeroPad3d(1)": [(1, 2, 2, 3, 2)],
    "ConstantPad1d((1, -1), 2.5)": [(2, 3, 4)],
    "ConstantPad2d(2, 2.5)": [(2, 3, 4, 5)],
    "ConstantPad3d(1, -1)": [(1, 2, 2, 3, 2)],
    "ReflectionPad1d(2)": [(2, 3, 4)],
    "ReflectionPad2d((1, 2, 0, 1))": [(2, 3, 4, 5)],
    "ReflectionPad3d(1)": [(1, 2, 2, 3, 2)],
    "ReplicationPad1d((0, 2))": [(2, 3, 4)],
    "ReplicationPad2d(2)": [(2, 3, 4, 5)],
    "ReplicationPad3d(1)": [(1, 2, 2, 3, 2)],
    "CircularPad1d(1)": [(2, 3, 4)],
    "CircularPad2d((1, 2, 0, 1))": [(2, 3, 4, 5)],
    "CircularPad3d(1)": [(1, 2, 2, 3, 2)],
    "Sequential(t.nn.Linear(4, 8), t.nn.ReLU(), t.nn.Dropout(0.5), t.nn.Linear(8, 2))": [(3, 4)],
}


def built(t, constructor):
    t.manual_seed(11)
    return eval(f"t.nn.{constructor}", {"t": t})


def test_every_layer_is_tested():
    names = set(rushlight.nn.modules.__all__)
    here = Path(__file__).parent
    elsewhere = "".join(
        p.read_text() for p in [*here.glob("*.py"), *here.parent.glob("ops/*.py")] if p != Path(__file__)
    )
    tested = {constructor.partition("(")[0] for constructor in LAYERS}
    tested |= {name for name in names if re.search(rf"\b{name}\b", elsewhere)}
    tested |= {f"MaxUnpool{dims}d" for dims in (1, 2, 3)} | {"FractionalMaxPool2d", "FractionalMaxPool3d"}
    others = {
        "RNNBase",
        "RNNCellBase",
        "LinearCrossEntropyOptions",
        "Module",
        "Embedding",
        "Container",
        "ModuleDict",
        "ModuleList",
        "ParameterDict",
        "ParameterList",
    }
    losses = {name for name in names if name.endswith("Loss")}
    assert names - tested - others - losses == set()


@pytest.mark.parametrize("constructor", LAYERS)
def test_as_in_pytorch(constructor):
    theirs, ours = built(torch, constructor), built(rushlight, constructor)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for key, value in theirs.state_dict().items():
        # Bit for bit.
        np.testing.assert_array_equal(ours.state_dict()[key].numpy(), value.numpy(), err_msg=key)

    dtype = next((p.dtype for p in theirs.parameters()), torch.float32)
    rng = np.random.default_rng(5)
    arrays = [rng.standard_normal(shape).astype(str(dtype)[6:]) for shape in LAYERS[constructor]]
    for training in (True, False):
        theirs.train(training)
        ours.train(training)
        x = [torch.from_numpy(a.copy()).requires_grad_() for a in arrays]
        y = [rushlight.from_numpy(a.copy()).requires_grad_() for a in arrays]
        torch.manual_seed(7)
        out = theirs(*x)
        rushlight.manual_seed(7)
        got = ours(*y)
        assert_close(got, out)
        weights = rng.standard_normal(out.shape).astype(arrays[0].dtype)
        (out * torch.from_numpy(weights)).sum().backward()
        (got * rushlight.from_numpy(weights)).sum().backward()
        for a, b in zip(y, x, strict=True):
            assert_close(a.grad, b.grad, atol=1e-5)
        for (name, a), b in zip(ours.named_parameters(), theirs.parameters(), strict=True):
            np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-4, atol=1e-5, err_msg=name)
        for (name, a), b in zip(ours.named_buffers(), theirs.buffers(), strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6, atol=1e-7, err_msg=name)


@pytest.mark.parametrize(
    "constructor",
    ["FractionalMaxPool2d(2, output_size=3)", "FractionalMaxPool2d(3, output_ratio=0.6)",
     "FractionalMaxPool3d(2, output_size=(2, 3, 2))"],
)  # fmt: skip
def test_fractional_pooling_draws_the_same_places(constructor):
    shape = (2, 3, 7, 8) if "2d" in constructor else (1, 2, 5, 6, 5)
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    theirs, ours = built(torch, constructor), built(rushlight, constructor)
    assert_close(ours(rushlight.from_numpy(x)), theirs(torch.from_numpy(x)))


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_unpooling(dims):
    x = np.random.default_rng(0).standard_normal((2, 3, *[6] * dims)).astype(np.float32)
    found = []
    for t in (torch, rushlight):
        given = t.from_numpy(x.copy()).requires_grad_()
        pool = getattr(t.nn, f"MaxPool{dims}d")(2, return_indices=True)
        back = getattr(t.nn, f"MaxUnpool{dims}d")(2)
        out = back(*pool(given))
        out.sum().backward()
        found += [(repr(back), out, given.grad)]
    (theirs, out, grad), (ours, got, ours_grad) = found
    assert ours == theirs
    assert_close(got, out)
    assert_close(ours_grad, grad)


@pytest.mark.parametrize("indices", ["MaxPool1d(2)", "MaxPool2d(3, 2, 1)", "MaxPool3d(2)", "AdaptiveMaxPool2d(2)"])
def test_indices_of_maxima(indices):
    dims = int(indices.partition("Pool")[2][0])
    x = np.random.default_rng(0).standard_normal((2, 3, *[7] * dims)).astype(np.float32)
    constructor = indices[:-1] + ", return_indices=True)"
    theirs = built(torch, constructor)(torch.from_numpy(x))
    ours = built(rushlight, constructor)(rushlight.from_numpy(x))
    assert isinstance(ours, tuple)
    for a, b in zip(ours, theirs, strict=True):
        assert_close(a, b, rtol=0, atol=0)


@pytest.mark.parametrize(
    "options", ["", ", padding_idx=2", ", padding_idx=-1", ", max_norm=1.0", ", scale_grad_by_freq=True, norm_type=1"]
)
def test_embedding(options):
    theirs, ours = (built(t, f"Embedding(5, 3{options})") for t in (torch, rushlight))
    assert repr(ours) == repr(theirs)
    np.testing.assert_allclose(ours.weight.detach().numpy(), theirs.weight.detach().numpy(), rtol=1e-6, atol=1e-7)
    numbers = np.array([[0, 2, 4], [4, 4, 1]])
    weights = np.random.default_rng(0).standard_normal((2, 3, 3)).astype(np.float32)
    results = []
    for t, layer in ((torch, theirs), (rushlight, ours)):
        out = layer(t.from_numpy(numbers))
        (out * t.from_numpy(weights)).sum().backward()
        results.append((out, layer.weight.grad, layer.weight))
    for a, b in zip(results[1], results[0], strict=True):
        assert_close(a, b)


def test_embedding_from_a_table():
    table = np.arange(6, dtype=np.float32).reshape(3, 2)
    for freeze in (True, False):
        layer = rushlight.nn.Embedding.from_pretrained(rushlight.from_numpy(table), freeze=freeze)
        assert layer.weight.requires_grad is not freeze
        assert layer(rushlight.tensor([2, 0])).tolist() == [[4.0, 5.0], [0.0, 1.0]]


def transposed(t, size):
    t.manual_seed(0)
    layer = t.nn.ConvTranspose2d(1, 1, 3, stride=2)
    return layer(t.ones(1, 1, 3, 3), output_size=size).shape


WRONG = {
    "linear": lambda t: t.nn.Linear(3, 2)(t.zeros(2, 4)),
    "bilinear": lambda t: t.nn.Bilinear(0, 2, 2),
    "conv_groups": lambda t: t.nn.Conv2d(3, 4, 3, groups=2),
    "conv_groups_out": lambda t: t.nn.Conv2d(4, 3, 3, groups=2),
    "conv_no_groups": lambda t: t.nn.Conv2d(4, 4, 3, groups=0),
    "conv_padding": lambda t: t.nn.Conv2d(4, 4, 3, padding="full"),
    "conv_same_stride": lambda t: t.nn.Conv2d(4, 4, 3, padding="same", stride=2),
    "conv_channels": lambda t: t.nn.Conv2d(3, 4, 3)(t.zeros(1, 2, 5, 5)),
    "conv_dims": lambda t: t.nn.Conv2d(3, 4, 3)(t.zeros(5, 5)),
    "conv_small": lambda t: t.nn.Conv2d(3, 4, 3)(t.zeros(1, 3, 2, 2)),
    "conv_dtype": lambda t: t.nn.Conv2d(3, 4, 3)(t.zeros(1, 3, 4, 4, dtype=t.float64)),
    "transposed_mode": lambda t: t.nn.ConvTranspose2d(1, 1, 3, padding_mode="reflect"),
    "transposed_size": lambda t: transposed(t, (8, 8)),
    "transposed_size_full": lambda t: transposed(t, (1, 1, 8, 7)),
    "transposed_size_wrong": lambda t: transposed(t, (3, 3)),
    "transposed_size_length": lambda t: transposed(t, (8,)),
    "norm_1d": lambda t: t.nn.BatchNorm1d(3)(t.zeros(2, 3, 4, 4)),
    "norm_2d": lambda t: t.nn.BatchNorm2d(3)(t.zeros(2, 3)),
    "norm_3d": lambda t: t.nn.BatchNorm3d(3)(t.zeros(2, 3)),
    "norm_one_value": lambda t: t.nn.BatchNorm1d(3)(t.zeros(1, 3)),
    "norm_channels": lambda t: t.nn.BatchNorm1d(3)(t.zeros(2, 4)),
    "layer_norm": lambda t: t.nn.LayerNorm(3)(t.zeros(2, 4)),
    "group_norm": lambda t: t.nn.GroupNorm(2, 3),
    "group_norm_dims": lambda t: t.nn.GroupNorm(1, 3)(t.zeros(3)),
    "dropout": lambda t: t.nn.Dropout(1.5),
    "dropout_negative": lambda t: t.nn.Dropout(-0.1),
    "hardtanh": lambda t: t.nn.Hardtanh(1, 0),
    "hardtanh_old_names": lambda t: repr(t.nn.Hardtanh(min_value=-2, max_value=2)),
    "softmax_no_dim": lambda t: t.nn.Softmax()(t.zeros(2, 2)),
    "softmax2d": lambda t: t.nn.Softmax2d()(t.zeros(2, 2)),
    "unflatten_type": lambda t: t.nn.Unflatten(1, 3),
    "unflatten_element": lambda t: t.nn.Unflatten(1, (2, 1.5)),
    "circular_dims": lambda t: t.nn.CircularPad2d(1)(t.zeros(2)),
    "embedding_padding": lambda t: t.nn.Embedding(3, 2, padding_idx=3),
    "embedding_padding_negative": lambda t: t.nn.Embedding(3, 2, padding_idx=-4),
    "embedding_weight": lambda t: t.nn.Embedding(3, 2, _weight=t.zeros(2, 2)),
    "embedding_table": lambda t: t.nn.Embedding.from_pretrained(t.zeros(2)),
    "embedding_range": lambda t: t.nn.Embedding(3, 2)(t.tensor([3])),
    "huber_delta": lambda t: t.nn.HuberLoss(delta="1"),
    "triplet_margin": lambda t: t.nn.TripletMarginLoss(margin=0),
    "legacy_reduction": lambda t: t.nn.MSELoss(size_average=False).reduction,
    "legacy_reduce": lambda t: t.nn.MSELoss(reduce=False).reduction,
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_use_as_in_pytorch(case):
    assert_same(WRONG[case])


def test_unknown_padding_mode():
    # The message shows a set, whose order Python leaves open.
    messages = []
    for t in (torch, rushlight):
        with pytest.raises(ValueError) as caught:
            t.nn.Conv2d(4, 4, 3, padding_mode="mirror")
        messages.append(sorted(str(caught.value).replace("{", " ").replace("}", " ").replace(",", " ").split()))
    assert messages[0] == messages[1]


@pytest.mark.parametrize(
    "name", ["ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Hardswish", "Hardsigmoid", "LeakyReLU", "ELU"]
)
def test_inplace(name):
    x = rushlight.tensor([-4.0, -1.0, 0.5, 7.0])
    layer = getattr(rushlight.nn, name)(inplace=True)
    assert repr(layer) == repr(getattr(torch.nn, name)(inplace=True))
    assert layer(x) is x
    assert_close(x, getattr(torch.nn, name)()(torch.tensor([-4.0, -1.0, 0.5, 7.0])))


def test_inplace_dropout():
    x = rushlight.ones(100)
    assert rushlight.nn.Dropout(0.5, inplace=True)(x) is x
    assert set(x.tolist()) == {0.0, 2.0}
