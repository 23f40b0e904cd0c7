"""`draw`: what stands in the picture, its formats, and its text."""

import builtins
import re
import time

import pytest

import rushlight as torch
from rushlight import lens, nn
from rushlight.vision.models import resnet18

SIGNATURES = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF", "dot": b"digraph"}


def small():
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    w = torch.tensor([0.5, 1.0, 2.0], requires_grad=True)
    return lens.draw(((w * x).exp() + x).sum(), names={"x": x, "w": w})


@pytest.mark.parametrize("ending", SIGNATURES)
def test_formats(ending, tmp_path):
    pytest.importorskip("pygraphviz", reason="Graphviz draws the pictures")
    path = tmp_path / f"g.{ending}"
    small().save(path)
    assert path.read_bytes().startswith(SIGNATURES[ending])


def test_other_endings_are_refused(tmp_path):
    with pytest.raises(ValueError, match="not"):
        small().save(tmp_path / "g.bmp")


def test_notebooks_get_svg():
    pytest.importorskip("pygraphviz", reason="Graphviz draws the pictures")
    svg = small()._repr_svg_()
    for word in (
        "exp",
        "saves result 3",
        "12 B",
        "leaf: a tensor that gets a gradient",
        "output, where backward begins",
    ):
        assert word in re.sub(r"&#160;", " ", svg)


def test_text_needs_nothing():
    assert str(small()) == ("output scalar\nsum scalar\nadd 3 <- x 3\nexp 3 [saves 12 B]\nmul 3 <- w 3, x 3")


def test_branches_are_indented_and_shared_parts_shown_once():
    x = torch.ones(2, requires_grad=True)
    a = x.exp()
    lines = str(lens.draw(a.sin() * a.cos(), names={"x": x})).splitlines()
    assert lines == ["output 2", "mul 2 [saves 16 B]", "  sin 2 [saves 8 B]", "  exp 2 <- x 2 [saves 8 B]",
                     "  cos 2 [saves 8 B]", "  ^ exp 2 <- x 2 [saves 8 B]"]  # fmt: skip


def test_modules_are_groups_and_fold():
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Linear(3, 1)))
    with lens.record():
        y = model(torch.ones(4, 2)).sum()
    text = lens.draw(y, 3).dot()
    for label in ("Sequential", "0 (Linear)", "1 (Sequential)", "1.0 (ReLU)", "1.1 (Linear)"):
        assert f'label="{label}"' in text
    folded = lens.draw(y, 1)
    assert [b.title for b in folded.folded.boxes.values()] == ["0", "1", "sum", "y"]
    assert "2 operations, 4 parameters" in folded.dot()
    assert [b.title for b in lens.draw(y, 0).folded.boxes.values()] == ["Sequential", "sum", "y"]


def test_a_module_called_twice_gives_two_boxes():
    relu = nn.ReLU()
    model = nn.Sequential(relu, nn.Linear(2, 2), relu)
    with lens.record():
        y = model(torch.ones(4, 2, requires_grad=True))
    assert [b.title for b in lens.draw(y, 1).folded.boxes.values() if b.kind == "module"] == ["0", "1", "0"]


def test_resnet18_is_readable_and_quick(tmp_path):
    pytest.importorskip("pygraphviz", reason="Graphviz draws the pictures")
    model = resnet18()
    with lens.record():
        y = model(torch.randn(2, 3, 32, 32)).sum()
    start = time.perf_counter()
    drawing = lens.draw(y)
    drawing.save(tmp_path / "g.svg")
    assert time.perf_counter() - start < 5
    titles = [b.title for b in drawing.folded.boxes.values()]
    assert len(titles) <= 40
    assert {f"layer{i}.{j}" for i in range(1, 5) for j in range(2)} <= set(titles)
    unrecorded = lens.draw(model(torch.randn(2, 3, 32, 32)).sum(), model=model)
    assert {"layer1", "layer4"} <= {b.title.partition(".")[0] for b in unrecorded.folded.boxes.values()}


def test_missing_extra_names_the_command(monkeypatch, tmp_path):
    drawing = small()
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "pygraphviz":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setitem(__import__("sys").modules, "pygraphviz", None)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=re.escape('pip install "rushlight[lens]"')):
        drawing.save(tmp_path / "g.svg")
    drawing.save(tmp_path / "g.txt")


def test_nothing_is_changed():
    x = torch.ones(2, requires_grad=True)
    y = (x * x).sum()
    str(lens.draw(y))
    y.backward()
    assert x.grad.tolist() == [2.0, 2.0]
    assert "freed" in lens.draw(y).dot()
