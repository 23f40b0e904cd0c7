"""Derivatives of derivatives.

With `create_graph=True` the backward pass is recorded like any other calculation, so that its result can be
differentiated again.
"""

import torch

# --- x^4, differentiated until nothing is left ---
x = torch.tensor(2.0, requires_grad=True)
value = x**4
for order in range(1, 6):
    (value,) = torch.autograd.grad(value, x, create_graph=True)
    print("derivative", order, "of x^4 at 2:", value.item())

# --- The same for every component of a vector ---
# The first derivative of sum(x^3) is 3 x^2, the second 6 x. The sum before the second pass keeps the components
# apart, because
# component i of the gradient depends on x_i alone.
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
(first,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
(second,) = torch.autograd.grad(first.sum(), x)
print("first  =", first)
print("second =", second)

# --- The matrix of second derivatives ---
# f(x, y) = x^2 y + sin(y): the Hessian is [[2y, 2x], [2x, -sin(y)]].
point = torch.tensor([3.0, 1.0], dtype=torch.float64, requires_grad=True)
f = point[0] ** 2 * point[1] + torch.sin(point[1])
(gradient,) = torch.autograd.grad(f, point, create_graph=True)
hessian = torch.stack([torch.autograd.grad(component, point, retain_graph=True)[0] for component in gradient])
print("gradient =", gradient)
print("Hessian =\n", hessian, sep="")

# --- Hessian times vector, without the matrix ---
# The gradient of (gradient . direction) is Hessian @ direction: two passes, however many variables there are.
direction = torch.tensor([1.0, -2.0], dtype=torch.float64)
(product,) = torch.autograd.grad(gradient @ direction, point)
print("Hessian @ direction =", product)
print("agrees with the matrix:", torch.allclose(product, hessian @ direction))

# --- A derivative as part of a loss ---
# A penalty on the slope of a small network: its own gradient needs the second derivative of tanh.
torch.manual_seed(0)
weight = torch.randn(3, 3, requires_grad=True)
inputs = torch.randn(4, 3, requires_grad=True)
output = torch.tanh(inputs @ weight).sum()
(slope,) = torch.autograd.grad(output, inputs, create_graph=True)
penalty = (slope.norm(dim=1) - 1).pow(2).mean()
penalty.backward()
print("penalty =", penalty)
print("d penalty / d weight =\n", weight.grad, sep="")

# --- What is not recorded cannot be differentiated again ---
x = torch.tensor(2.0, requires_grad=True)
(first,) = torch.autograd.grad(x**3, x)
print("recorded:", first.requires_grad)
try:
    torch.autograd.grad(first, x)
except RuntimeError as error:
    print("RuntimeError:", error)
