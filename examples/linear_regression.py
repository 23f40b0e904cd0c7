"""Fitting y = 2x + 1: first with bare tensors, then with a layer, a loss and an optimizer."""

import torch
from torch import nn, optim

torch.manual_seed(0)
x = torch.linspace(-1, 1, 64).reshape(64, 1)
y = 2 * x + 1 + 0.1 * torch.randn(64, 1)

# --- Bare tensors ---
slope = torch.zeros(1, requires_grad=True)
intercept = torch.zeros(1, requires_grad=True)
for step in range(100):
    loss = ((slope * x + intercept - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():  # the update itself is no part of the model
        slope -= 0.2 * slope.grad
        intercept -= 0.2 * intercept.grad
    slope.grad.zero_()
    intercept.grad.zero_()
    if step % 10 == 0:
        print(f"step {step:3}: loss {loss.item():.6f}")
print(f"y = {slope.item():.4f} x + {intercept.item():.4f}")

# --- The same with the building blocks ---
model = nn.Linear(1, 1)
criterion = nn.MSELoss()
optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.5)
print(model, optimizer, sep="\n")
for epoch in range(100):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    print(f"epoch {epoch:3}: loss {loss.item():.6f}")
print(f"y = {model.weight.item():.4f} x + {model.bias.item():.4f}")

# --- The exact answer, for comparison ---
# Least squares: the slope is cov(x, y) / var(x), and the line goes through the mean point.
exact_slope = ((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
exact_intercept = y.mean() - exact_slope * x.mean()
print(f"y = {exact_slope.item():.4f} x + {exact_intercept.item():.4f}  (least squares)")
