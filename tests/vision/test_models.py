"""Residual networks and their weights beside torchvision's."""

import hashlib
import io
import urllib.error
import urllib.request
import warnings

import numpy as np
import pytest

import rushlight
import rushlight.vision.models as ours

from .reference import torch, torchvision

theirs = torchvision.models
PAIRS = [(rushlight, ours), (torch, theirs)]
SMALL = {
    "resnet18": {},
    "resnet50": {"num_classes": 7, "zero_init_residual": True},
    "resnext50_32x4d": {"num_classes": 5},
}


@pytest.mark.parametrize("name", SMALL)
def test_the_same_seed_gives_the_same_network(name):
    states = []
    for library, models in PAIRS:
        library.manual_seed(4)
        state = getattr(models, name)(**SMALL[name]).state_dict()
        states.append({k: v.numpy() for k, v in state.items()})
    mine, reference = states
    assert list(mine) == list(reference)
    for key, value in reference.items():
        # Normal numbers agree to rounding.
        np.testing.assert_allclose(mine[key], value, rtol=2e-6, atol=1e-9, err_msg=key)


@pytest.mark.parametrize(
    "options", [{}, {"replace_stride_with_dilation": [False, True, True]}, {"groups": 2, "width_per_group": 32}]
)
def test_forward_and_gradients(options):
    block = [("Bottleneck", [1, 1, 1, 1])] if options else [("BasicBlock", [1, 1, 1, 1])]
    ((kind, layers),) = block
    results = []
    x = np.random.default_rng(0).standard_normal((2, 3, 40, 40)).astype(np.float32)
    for library, models in PAIRS:
        library.manual_seed(0)
        model = models.resnet.ResNet(getattr(models.resnet, kind), layers, num_classes=6, **options)
        loss = library.nn.functional.cross_entropy(model(library.from_numpy(x)), library.tensor([1, 4]))
        loss.backward()
        state = {n: p.grad.numpy() for n, p in model.named_parameters()}
        results.append((loss.item(), state, model.bn1.running_var.numpy()))
    (loss, grads, var), (loss_, grads_, var_) = results
    assert loss == pytest.approx(loss_, rel=1e-4)
    np.testing.assert_allclose(var, var_, rtol=1e-4)
    assert list(grads) == list(grads_)
    for name, g in grads_.items():
        np.testing.assert_allclose(grads[name], g, rtol=0, atol=2e-3 * np.abs(g).max() + 1e-7, err_msg=name)


def test_printing():
    assert repr(ours.resnet18(num_classes=2)) == repr(theirs.resnet18(num_classes=2))


ENUMERATIONS = [n for n in ours.__all__ if n.endswith("_Weights")]


@pytest.mark.parametrize("name", ENUMERATIONS)
def test_weights(name):
    mine, reference = getattr(ours, name), getattr(theirs, name)
    assert list(mine.__members__) == list(reference.__members__)
    assert repr(mine.DEFAULT) == repr(reference.DEFAULT)
    assert str(mine.DEFAULT) == str(reference.DEFAULT)
    for key, member in reference.__members__.items():
        found = mine[key]
        assert found.url == member.url
        assert {**found.meta, "_docs": 0} == {**member.meta, "_docs": 0, "_weight_size": 0} or {
            k: found.meta[k] for k in found.meta
        } == {k: member.meta[k] for k in found.meta}
        assert repr(found.transforms()) == repr(member.transforms())
    assert ours.get_weight(f"{name}.DEFAULT") is mine.DEFAULT


def test_the_list_of_models():
    names = ours.list_models()
    assert set(names) < set(theirs.list_models())
    assert ours.list_models(include="resnet*") == theirs.list_models(include="resnet*")
    assert ours.list_models(include="res*", exclude=["*50*"]) == theirs.list_models(include="res*", exclude=["*50*"])
    assert ours.get_model_weights("resnet34") is ours.ResNet34_Weights
    assert ours.get_model_weights(ours.resnet50) is ours.ResNet50_Weights
    assert type(ours.get_model("ResNet18", num_classes=3)) is ours.ResNet


WRONG = [
    lambda m: m.resnet18(weights=m.ResNet50_Weights.DEFAULT),
    lambda m: m.resnet18(weights="nothing"),
    lambda m: m.resnet18(weights=m.ResNet18_Weights.DEFAULT, num_classes=3),
    lambda m: m.resnext50_32x4d(groups=2),
    lambda m: m.get_model("nothing"),
    lambda m: m.get_weight("nothing"),
    lambda m: m.get_weight("Nothing_Weights.DEFAULT"),
    lambda m: m.resnet.ResNet(m.resnet.BasicBlock, [1, 1, 1, 1], groups=2),
    lambda m: m.resnet.ResNet(m.resnet.BasicBlock, [1, 1, 1, 1], replace_stride_with_dilation=[True] * 3),
    lambda m: m.resnet.ResNet(m.resnet.BasicBlock, [1, 1, 1, 1], replace_stride_with_dilation=[True]),
]


@pytest.mark.parametrize("call", WRONG)
def test_wrong_arguments(call):
    with pytest.raises(Exception) as expected:
        call(theirs)
    with pytest.raises(type(expected.value)) as found:
        call(ours)
    assert str(found.value) == str(expected.value)


@pytest.mark.parametrize("call", [lambda m: m.resnet18(None), lambda m: m.resnet18(pretrained=False),
                                  lambda m: m.resnet18(False), lambda m: m.resnet18(None, True)])  # fmt: skip
def test_older_arguments_warn(call):
    heard = []
    for models in (ours, theirs):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            call(models)
        heard.append([str(w.message) for w in caught])
    assert heard[0] == heard[1]


def test_without_a_network_the_error_says_which_file_to_put_where(monkeypatch, tmp_path, capsys):
    def unreachable(*args, **kwargs):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", unreachable)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(urllib.error.URLError) as error:
        ours.resnet18(weights="DEFAULT")
    path = tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth"
    url = ours.ResNet18_Weights.DEFAULT.url
    assert url in str(error.value)
    assert str(path) in str(error.value)
    assert capsys.readouterr().out == f'Downloading: "{url}" to {path}\n'
    assert list(path.parent.iterdir()) == []


def test_weights_in_pytorchs_cache_are_loaded(monkeypatch, tmp_path):
    torch.manual_seed(2)
    model = theirs.resnet18()
    path = tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth"
    path.parent.mkdir(parents=True)
    torch.save(model.state_dict(), path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    loaded = ours.resnet18(weights=ours.ResNet18_Weights.IMAGENET1K_V1)
    for (name, mine), (name_, reference) in zip(loaded.state_dict().items(), model.state_dict().items(), strict=True):
        assert name == name_
        np.testing.assert_array_equal(mine.numpy(), reference.numpy())


class Answer(io.BytesIO):
    @property
    def headers(self):
        return {"Content-Length": str(len(self.getvalue()))}


@pytest.mark.parametrize("right", [True, False])
def test_downloads_are_checked(monkeypatch, tmp_path, right):
    content = b"weights" * 50000
    digest = hashlib.sha256(content).hexdigest()
    monkeypatch.setattr(urllib.request, "urlopen", lambda request: Answer(content))
    target = tmp_path / "file.pth"
    if right:
        rushlight.hub.download_url_to_file("https://example.org/file", str(target), digest[:8], progress=False)
        assert target.read_bytes() == content
    else:
        with pytest.raises(RuntimeError) as error:
            rushlight.hub.download_url_to_file("https://example.org/file", str(target), "0" * 8, progress=False)
        assert str(error.value) == f'invalid hash value (expected "{"0" * 8}", got "{digest}")'
    assert [p.name for p in tmp_path.iterdir()] == (["file.pth"] if right else [])


def test_the_cache_folder_is_pytorchs(monkeypatch, tmp_path):
    for variables in ({"TORCH_HOME": str(tmp_path)}, {"XDG_CACHE_HOME": str(tmp_path)}, {}):
        for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        assert rushlight.hub.get_dir() == torch.hub.get_dir()
