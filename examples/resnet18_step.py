"""One training step of a ResNet-18: forward, backward, and the optimizer.

The weights are the trained ones when they are already in the cache folder, and otherwise random ones from a fixed
seed: either way no network is needed. `ResNet18_Weights.DEFAULT` by itself would download them.
"""

import os

import torch
from torchvision.models import ResNet18_Weights, resnet18

weights = ResNet18_Weights.DEFAULT
file = os.path.join(torch.hub.get_dir(), "checkpoints", os.path.basename(weights.url))
torch.manual_seed(0)
model = resnet18(weights=weights if os.path.exists(file) else None)
print("parameters:", sum(parameter.numel() for parameter in model.parameters()))

# --- One made-up picture and its made-up label ---
data = torch.rand(1, 3, 64, 64)
labels = torch.rand(1, 1000)

# --- Forward ---
model.eval()  # one picture has no statistics for batch normalisation to learn from
prediction = model(data)
print("prediction:", tuple(prediction.shape), prediction.grad_fn.name())
loss = (prediction - labels).pow(2).mean()
print(f"loss {loss.item():.6f}")

# --- Backward: every parameter now has a gradient ---
loss.backward()
print("gradient norms:")
for name, parameter in model.named_parameters():
    if name.endswith(("conv1.weight", "fc.weight")):
        print(f"  {name:24} {parameter.grad.norm().item():.6f}")

# --- The step ---
optimizer = torch.optim.SGD(model.parameters(), lr=1e-2, momentum=0.9)
optimizer.step()
optimizer.zero_grad()
with torch.no_grad():
    print(f"loss after one step {(model(data) - labels).pow(2).mean().item():.6f}")
