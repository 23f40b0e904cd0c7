"""The graph as a page: what it knows, and what a browser makes of it."""

import json
import re
import shutil

import numpy as np
import pytest
import torch
from playwright.sync_api import expect, sync_playwright

import rushlight
from rushlight import lens, nn
from rushlight.lens.model import collect, tensors_of
from rushlight.lens.summary import summary
from rushlight.lens.webpage import page_data

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


def perceptron(module, seed=0):
    """A small network with its loss, in one of the two libraries."""
    module.manual_seed(seed)
    model = module.nn.Sequential(module.nn.Linear(3, 4), module.nn.Tanh(), module.nn.Linear(4, 2))
    inputs, targets = module.arange(6.0).reshape(2, 3), module.tensor([0, 1])
    return model, module.nn.functional.cross_entropy(model(inputs), targets)


def data_of(output, **options):
    return page_data(collect(output, **options), tensors_of(output))


def embedded(path):
    """The data in a page."""
    text = path.read_text("utf-8")
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1])


# ---------------------------------------------------------------------------------------------- what the page knows
def test_gradients_are_those_of_pytorch():
    model, loss = perceptron(rushlight)
    theirs, their_loss = perceptron(torch)
    their_loss.backward()
    leaves = {n["label"]: n for n in data_of(loss, model=model)["nodes"] if n["kind"] == "leaf"}
    assert leaves.keys() == dict(theirs.named_parameters()).keys()
    for name, p in theirs.named_parameters():
        (said,) = leaves[name]["grads"]
        grad = p.grad.numpy().astype(np.float64)
        np.testing.assert_allclose(said["norm"], np.linalg.norm(grad), rtol=1e-5)
        np.testing.assert_allclose([said["min"], said["max"]], [grad.min(), grad.max()], rtol=1e-5)
        np.testing.assert_allclose(said["std"], p.grad.double().std(correction=0), rtol=1e-5)
        assert said["shape"] == "×".join(map(str, p.shape))


def test_gradients_on_edges_add_up_at_nodes():
    x = rushlight.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    data = data_of((y * y + y).sum())
    nodes = {n["id"]: n for n in data["nodes"]}
    times3 = next(n for n in data["nodes"] if n["label"] == "mul" and not any(s["name"] == "input" for s in n["saved"]))
    arriving = [e["grad"] for e in data["edges"] if e["to"] == times3["id"]]
    parts = np.array([g["values"] for g in arriving])
    np.testing.assert_allclose(parts.sum(0), times3["grads"][0]["values"])
    assert [nodes[e["from"]]["step"] < nodes[e["to"]]["step"] for e in data["edges"]] == [True] * len(data["edges"])
    assert sorted(n["step"] for n in data["nodes"]) == list(range(len(nodes)))


def test_nothing_is_changed_or_freed(tmp_path):
    model, loss = perceptron(rushlight)
    lens.page(loss, tmp_path / "graph.html", model=model)
    assert all(p.grad is None for p in model.parameters())
    loss.backward()
    theirs, their_loss = perceptron(torch)
    their_loss.backward()
    for p, q in zip(model.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.grad, q.grad, rtol=1e-5, atol=1e-7)


def test_a_freed_graph_is_shown_without_gradients(tmp_path):
    x = rushlight.tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    y.backward()
    lens.page(y, tmp_path / "graph.html")
    data = embedded(tmp_path / "graph.html")
    assert [n["name"] for n in data["nodes"]] == ["SumBackward0", "MulBackward0", "AccumulateGrad"]
    assert not any(n["grads"] for n in data["nodes"])
    assert x.grad.tolist() == [2.0, 4.0]


def test_a_seed_and_several_outputs():
    x = rushlight.tensor([1.0, 2.0], requires_grad=True)
    outputs = [x * 2, x.sum()]
    graph = collect(outputs)
    data = page_data(graph, outputs, [rushlight.tensor([1.0, 10.0]), rushlight.tensor(5.0)])
    (leaf,) = [n for n in data["nodes"] if n["kind"] == "leaf"]
    assert leaf["grads"][0]["values"] == [7.0, 25.0]


def test_modules_lines_and_formulas():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(2, 2)
            self.act = nn.Tanh()

        def forward(self, x):
            return self.act(self.linear(self.act(self.linear(x))))

    model = Twice()
    with lens.record():
        loss = model(rushlight.ones(1, 2)).sum()
    data = data_of(loss)
    groups = data["groups"]
    # Both calls of a module are groups of their own: one group would come both before and after the other module.
    assert [g["name"] for g in groups] == ["Twice", "act", "linear", "act", "linear"]
    assert [g["parent"] for g in groups] == [-1, 0, 0, 0, 0]
    tanh = next(n for n in data["nodes"] if n["label"] == "tanh")
    assert tanh["module"] == "act"
    assert tanh["formulas"][0][1] == "grad * (1 - result * result)"  # as declared, but for conj of real numbers
    assert tanh["line"]["text"] == "return self.act(self.linear(self.act(self.linear(x))))"
    assert tanh["line"]["file"] == __file__
    weight = next(n for n in data["nodes"] if n["label"] == "linear.weight")
    assert weight["group"] == 0  # shared by both calls


def test_custom_functions_and_what_goes_wrong():
    class Bad(rushlight.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.clone()

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return grad * (x / 0)

    x = rushlight.tensor([0.0, 1.0], requires_grad=True)
    data = data_of(Bad.apply(x).sum())
    bad = next(n for n in data["nodes"] if n["kind"] == "function")
    assert (bad["label"], bad["saved"][0]["shape"]) == ("Bad", "2")
    leaving = next(e["grad"] for e in data["edges"] if e["from"] == bad["id"])
    assert (leaving["nans"], leaving["infs"]) == (1, 1)


@pytest.mark.parametrize("values", [
    np.zeros((0, 3), np.float32), np.array(2.5), np.array([1, 2, 3]), np.array([True, False]), np.array([1 + 2j, 0]),
    np.array([np.nan, np.nan]), np.array([np.inf, 1.0, 0.0], np.float16), np.full(3, 3e38, np.float32),
    np.random.default_rng(0).normal(size=(300, 500)).astype(np.float32),
], ids=lambda a: f"{a.dtype}{a.shape}")  # fmt: skip
def test_summary(values):
    said = summary(values)
    theirs = torch.from_numpy(values.astype(np.complex128 if values.dtype.kind == "c" else np.float64)).abs()
    np.testing.assert_allclose(said["norm"], torch.linalg.vector_norm(theirs), rtol=1e-5)
    assert said["nans"] == int(theirs.isnan().sum())
    assert said["infs"] == int(theirs.isinf().sum())
    finite = values[np.isfinite(values)]
    if finite.size and values.dtype.kind != "c":
        assert (said["min"], said["max"]) == (finite.min(), finite.max())
    assert sum(said["hist"]) in (0, min(finite.size, -(-finite.size // max(1, finite.size // 100_000))))


def test_text_of_the_program_cannot_break_the_page(tmp_path):
    x = rushlight.ones(1, requires_grad=True)
    y = x.exp()
    lens.page(y, tmp_path / "p.html", names={"</script><b>": x}, title="<i>&")
    text = (tmp_path / "p.html").read_text("utf-8")
    assert "</script><b>" not in text
    assert "<title>&lt;i>&amp;</title>" in text
    assert embedded(tmp_path / "p.html")["nodes"][1]["label"] == "</script><b>"


def test_errors_leave_no_file(tmp_path):
    with pytest.raises(RuntimeError, match="does not require a gradient"):
        lens.page(rushlight.ones(2), tmp_path / "p.html")
    with pytest.raises(TypeError, match="expected a Tensor"):
        lens.page("loss", tmp_path / "p.html")
    x = rushlight.ones(2, requires_grad=True)
    with pytest.raises(FileNotFoundError):
        lens.page(x * 2, tmp_path / "missing" / "p.html")
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        lens.page(x * 2, tmp_path / "p.html", gradient=rushlight.ones(3))
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------------------------------------- in a browser
@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian's package chromium)")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser):
    """Opens a file in a new window; at the end, nothing may have been fetched but it, and no error reported."""
    context = browser.new_context(viewport={"width": 1200, "height": 800}, locale="en-US", offline=True)
    window = context.new_page()
    asked, complaints = [], []
    window.on("request", lambda r: asked.append(r.url))
    window.on("console", lambda m: complaints.append(m.text))
    window.on("pageerror", lambda e: complaints.append(str(e)))

    def opened(path):
        window.goto(path.as_uri())
        window.wait_for_selector(".box, .far")
        return window

    yield opened
    assert [url for url in asked if not url.startswith("data:")] == [window.url]
    assert complaints == []
    context.close()


@pytest.fixture(scope="module")
def resnet(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "resnet.html"
    rushlight.manual_seed(0)
    model = rushlight.vision.models.resnet18()
    with lens.record():
        loss = nn.functional.cross_entropy(model(rushlight.randn(2, 3, 32, 32)), rushlight.tensor([1, 2]))
    lens.page(loss, path, title="ResNet-18")
    return path


def box(window, label):
    return window.locator(".box", has=window.locator("text", has_text=re.compile(rf"^{re.escape(label)}$"))).first


def test_clicking_tells_of_a_node(open_page, resnet):
    window = open_page(resnet)
    assert window.title() == "ResNet-18"
    box(window, "addmm").click()
    panel = window.locator("#panel")
    assert panel.locator("h2").inner_text() == "AddmmBackward0"
    text = panel.inner_text()
    formulas = dict(next(n for n in embedded(resnet)["nodes"] if n["label"] == "addmm")["formulas"])
    assert panel.locator("pre.formula").all_inner_texts() == [f"{name}: {f}" for name, f in formulas.items()]
    assert "resnet.py:" in text
    assert "Not run yet" in text
    panel.get_by_role("link", name="fc.bias", exact=True).first.click()
    assert panel.locator("h2").inner_text() == "AccumulateGrad"
    panel.locator("button.close").click()
    assert not panel.is_visible()


def test_the_slider_plays_backward(open_page, resnet):
    window = open_page(resnet)
    data = embedded(resnet)
    assert window.locator(".line.on").count() == 0
    window.locator("#slider").focus()
    for _ in range(3):
        window.keyboard.press("ArrowRight")
    third = next(n for n in data["nodes"] if n["step"] == 2)
    assert window.locator("#at").inner_text() == f"step 3 of {len(data['nodes'])}: {third['label']}"
    assert window.locator(".box.now").count() == 1
    norms = {t for t in window.locator(".norm").all_text_contents() if t}
    passed = [
        e["grad"]["norm"] for e in data["edges"] if next(n for n in data["nodes"] if n["id"] == e["from"])["step"] < 3
    ]
    assert len(norms) == len({f"{n:.4g}" for n in passed})
    assert window.locator(".line.on").count() > 0
    window.keyboard.press("ArrowLeft")
    assert window.locator("#at").inner_text().startswith("step 2 of")
    window.locator("#slider").fill(str(len(data["nodes"])))
    assert window.locator(".box:not(.done):not(.frame)").count() == 0


def test_play_runs_to_the_end(open_page, tmp_path):
    x = rushlight.ones(2, requires_grad=True)
    lens.page((x * 2).sum(), tmp_path / "p.html")
    window = open_page(tmp_path / "p.html")
    window.get_by_role("button", name="Play backward").click()
    expect(window.locator("#at")).to_have_text("step 3 of 3: x")
    expect(window.locator("#play")).to_have_text("Play backward")


def test_search_unfolds_and_steps_through_what_it_found(open_page, resnet):
    window = open_page(resnet)
    window.keyboard.press("o")
    assert window.locator(".box.module").count() == 1
    window.keyboard.press("/")
    window.keyboard.type("layer3.0.conv1.weight")
    assert window.locator("#found").inner_text() == "1 found"
    window.keyboard.press("Enter")
    assert window.locator(".box.chosen text").first.text_content() == "layer3.0.conv1.weight"
    assert window.locator("#panel h2").inner_text() == "AccumulateGrad"
    window.locator("#search").fill("no such thing")
    assert window.locator("#found").inner_text() == "Nothing found"
    window.keyboard.press("Escape")
    assert window.locator("#found").inner_text() == ""


def test_folding(open_page, resnet):
    window = open_page(resnet)
    window.locator("#depth").fill("1")
    window.locator("#depth").press("Enter")
    labels = window.locator(".box.module text:not(.caption)").all_text_contents()
    assert {"+ layer1", "+ layer2", "+ layer3", "+ layer4", "+ conv1", "+ fc"} <= set(labels)
    before = window.locator(".box").count()
    box(window, "+ layer1").dblclick()
    assert window.locator(".box").count() > before
    window.get_by_role("button", name="Unfold all", exact=True).click()
    assert window.locator(".box.module").count() == 0
    data = embedded(resnet)
    assert window.locator(".box:not(.frame)").count() == len(data["nodes"])
    # No two boxes of nodes lie on each other.
    overlaps = window.evaluate("""() => {
        const boxes = placed.list.filter((b) => b.kind !== "frame");
        let count = 0;
        for (const a of boxes) for (const b of boxes)
            if (a !== b && a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h) count++;
        return count;
    }""")
    assert overlaps == 0


def test_keyboard_language_and_theme(open_page, resnet):
    window = open_page(resnet)
    window.keyboard.press("ArrowDown")
    first = window.locator("#panel h2").inner_text()
    assert first == "NllLossBackward0"
    window.keyboard.press("ArrowDown")
    assert window.locator("#panel h2").inner_text() == "LogSoftmaxBackward0"
    window.keyboard.press("ArrowUp")
    assert window.locator("#panel h2").inner_text() == first
    window.keyboard.press("l")
    assert "导数公式" in window.locator("#panel").inner_text()
    assert window.locator("html").get_attribute("lang") == "zh-CN"
    assert window.get_by_role("button", name="全部展开").is_visible()
    ground = "getComputedStyle(document.body).backgroundColor"
    light = window.evaluate(ground)
    window.keyboard.press("t")
    assert window.evaluate(ground) != light
    window.keyboard.press("?")
    assert window.locator("#keys").is_visible()
    window.keyboard.press("Escape")
    assert not window.locator("#keys").is_visible()


def test_zoom_and_drag(open_page, resnet):
    window = open_page(resnet)

    def where():
        return window.locator("#world").get_attribute("transform")

    start = where()
    window.mouse.move(600, 400)
    window.mouse.wheel(0, -300)
    zoomed = where()
    assert zoomed != start
    window.mouse.move(20, 200)
    window.mouse.down()
    window.mouse.move(120, 260, steps=4)
    window.mouse.up()
    assert where() != zoomed
    window.keyboard.press("f")
    assert window.locator(".box").first.is_visible()


def test_nan_gradients_are_marked(open_page, tmp_path):
    x = rushlight.tensor([0.0, 1.0], requires_grad=True)
    lens.page((x.sqrt() * 0).sum(), tmp_path / "p.html")
    window = open_page(tmp_path / "p.html")
    window.locator("#slider").fill("4")
    assert window.locator(".line.bad").count() == 1
    assert "bad" in box(window, "x").get_attribute("class")
    box(window, "x").click()
    assert window.locator("#panel .warning").inner_text() == "1"


def test_five_thousand_nodes(open_page, tmp_path):
    x = rushlight.ones(8, requires_grad=True)
    y = x
    with lens.record():
        for i in range(1250):
            y = (y * 1.0001 + x).sin() * 0.5
    lens.page(y.sum(), tmp_path / "p.html")
    assert (tmp_path / "p.html").stat().st_size < 20e6
    window = open_page(tmp_path / "p.html")
    assert len(embedded(tmp_path / "p.html")["nodes"]) >= 5000
    assert 0 < window.locator(".box").count() < 500  # only what can be seen
    window.keyboard.press("f")
    window.locator("#slider").fill("2500")
    assert window.locator(".far.done").count() > 0
    window.locator("#search").fill("AccumulateGrad")
    window.locator("#search").press("Enter")
    assert window.locator(".box.chosen").count() == 1
