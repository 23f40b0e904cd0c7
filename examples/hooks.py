"""Hooks: looking at a gradient on its way, or changing it."""

import torch
from torch import nn

# --- On a tensor ---
# The hook gets the gradient of the tensor. What it returns replaces the gradient, unless it returns nothing.
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
inner = x * 2
handle = inner.register_hook(lambda gradient: print("gradient of inner:", gradient))
(inner**2).sum().backward()
print("x.grad =", x.grad)

# A removed hook is not called again.
handle.remove()
x.grad = None
((x * 2) ** 2).sum().backward()
print("x.grad =", x.grad)

# --- Changing a gradient ---
# Clipping and scaling, one after the other, in the order of registration.
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
x.register_hook(lambda gradient: gradient.clamp(max=5))
x.register_hook(lambda gradient: gradient * 10)
(x**2).sum().backward()
print("clipped and scaled:", x.grad)

# --- After the gradient is in place ---
# This kind is called with the leaf itself once `.grad` is up to date: an update may be done right there.
weight = torch.tensor([1.0, 1.0], requires_grad=True)


def descend(parameter):
    with torch.no_grad():
        parameter -= 0.1 * parameter.grad
    parameter.grad = None


weight.register_post_accumulate_grad_hook(descend)
for step in range(3):
    (weight * weight).sum().backward()
    print("step", step, weight)

# --- On a module: what goes in and what comes out ---
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
shapes = []


def note_shapes(module, inputs, output):
    shapes.append((type(module).__name__, tuple(inputs[0].shape), tuple(output.shape)))


handles = [layer.register_forward_hook(note_shapes) for layer in model]
model(torch.randn(5, 3))
for name, shape_in, shape_out in shapes:
    print(f"{name:7} {shape_in} -> {shape_out}")
for handle in handles:
    handle.remove()

# A hook before the forward pass may replace the inputs.
handle = model.register_forward_pre_hook(lambda module, inputs: (inputs[0] * 0,))
print("with the inputs zeroed:\n", model(torch.randn(2, 3)), sep="")
handle.remove()


# --- On a module: its gradients ---
def report(module, grad_input, grad_output):
    print(
        f"{type(module).__name__}: from above {tuple(grad_output[0].shape)}, handed down {tuple(grad_input[0].shape)}"
    )


for layer in model:
    layer.register_full_backward_hook(report)
model(torch.randn(5, 3, requires_grad=True)).sum().backward()
