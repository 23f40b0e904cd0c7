"""Freezing parameters: some stay as they are while others learn.

A parameter with `requires_grad=False` is a constant of the calculation. No gradient is computed for it, the part of
the graph that would only lead to it is not even recorded, and an optimizer leaves it alone.
"""

import torch
from torch import nn, optim

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
print(model)

# --- Freeze the first layer ---
for parameter in model[0].parameters():
    parameter.requires_grad = False
for name, parameter in model.named_parameters():
    print(f"{name:9} {tuple(parameter.shape)!s:7} learns: {parameter.requires_grad}")
learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
print("numbers that learn:", sum(parameter.numel() for parameter in learning))

# --- Train: the frozen layer does not move ---
inputs = torch.randn(16, 4)
targets = torch.randint(0, 3, (16,))
before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
optimizer = optim.SGD(learning, lr=0.5)
for step in range(5):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(inputs), targets)
    loss.backward()
    optimizer.step()
    print(f"step {step}: loss {loss.item():.4f}")
for name, parameter in model.named_parameters():
    print(
        f"{name:9} moved: {not torch.equal(parameter, before[name])!s:6} has a gradient: {parameter.grad is not None}"
    )

# --- A frozen input of a layer in the middle ---
# Freezing the last layer instead does not stop the gradient on its way to the first: it flows through the constants.
for parameter in model.parameters():
    parameter.requires_grad = not parameter.requires_grad
    parameter.grad = None
nn.functional.cross_entropy(model(inputs), targets).backward()
for name, parameter in model.named_parameters():
    print(f"{name:9} has a gradient: {parameter.grad is not None}")

# --- requires_grad_ for a whole module ---
model.requires_grad_(False)
print("anything left to learn:", any(parameter.requires_grad for parameter in model.parameters()))
print("the output is a constant:", model(inputs).requires_grad is False)
