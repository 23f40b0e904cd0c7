"""Makes the pictures of docs/lens.md: python examples/lens/gallery.py [folder]. Needs the extra `lens`."""

import sys
from pathlib import Path

import rushlight as torch
from rushlight import lens, nn
from rushlight.nn import functional as F
from rushlight.vision.models import resnet18

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/lens")
folder.mkdir(parents=True, exist_ok=True)
torch.manual_seed(0)

# --- One multiplication and what follows it ---
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
w = torch.tensor([0.5, 1.0, 2.0], requires_grad=True)
y = ((w * x).exp() + x).sum()
lens.draw(y).save(folder / "first.svg")

# --- A small network: modules are groups, parameters have their names ---
model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))
with lens.record():
    loss = F.cross_entropy(model(torch.randn(32, 784)), torch.randint(0, 10, (32,)))
lens.draw(loss).save(folder / "mlp.svg")

# --- ResNet-18, folded to its blocks ---
network = resnet18()
with lens.record():
    output = network(torch.randn(2, 3, 64, 64))
lens.draw(output.sum(), 2).save(folder / "resnet18.svg")


# --- Where gradients vanish: ten layers of sigmoids ---
class Deep(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(32, 32) for _ in range(10))
        self.head = nn.Linear(32, 1)

    def forward(self, x):
        for layer in self.layers:
            x = torch.sigmoid(layer(x))
        return self.head(x)


deep = Deep()
trace = lens.trace(deep(torch.randn(64, 32)).square().mean(), model=deep)
trace.plot(folder / "flow.svg")
