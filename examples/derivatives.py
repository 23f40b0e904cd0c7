"""Derivatives of scalars and of vectors.

A tensor made with `requires_grad=True` is a variable of the calculation. Every operation on it records how its
result came about, and `backward()` walks this record from the result to the variables and leaves
d(result)/d(variable) in their `.grad`.
"""

import torch

# --- One number in, one number out ---
# y = x^2 + 3x has the derivative 2x + 3, which is 7 at x = 2.
x = torch.tensor(2.0, requires_grad=True)
y = x**2 + 3 * x
print("y =", y)
y.backward()
print("dy/dx =", x.grad)

# --- Several variables ---
# One backward pass finds all the partial derivatives: dz/da = b = 4, dz/db = a + 2b = 11.
a = torch.tensor(3.0, requires_grad=True)
b = torch.tensor(4.0, requires_grad=True)
z = a * b + b**2
z.backward()
print("dz/da =", a.grad.item(), " dz/db =", b.grad.item())

# --- A vector in, one number out: the gradient ---
# sum(v_i^3) has the gradient 3 v_i^2.
v = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
(v**3).sum().backward()
print("gradient =", v.grad)

# --- A vector in, a vector out: the Jacobian times a vector ---
# The result has no single derivative, so backward() asks for one weight per component and computes weights @ Jacobian.
v = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
w = v * v
print("w =", w)
w.backward(gradient=torch.tensor([1.0, 0.1, 0.01]))
print("weights @ Jacobian =", v.grad)

# Without the weights it refuses, and says why.
try:
    (v * v).backward()
except RuntimeError as error:
    print("RuntimeError:", error)

# The whole Jacobian comes row by row, with one component's weight 1 and the others 0.
v = torch.tensor([0.5, 1.0, 2.0], requires_grad=True)
w = torch.stack([v.sum(), v.prod(), (v * v).sum()])
rows = [torch.autograd.grad(w, v, grad_outputs=unit, retain_graph=True)[0] for unit in torch.eye(3)]
print("Jacobian =\n", torch.stack(rows), sep="")

# --- Gradients add up ---
# `.grad` collects: a second backward pass adds to what is there. Training loops therefore clear it before each step.
p = torch.tensor([1.0, -1.0], requires_grad=True)
for step in range(3):
    (p * p).sum().backward()
    print("after pass", step + 1, p.grad)
p.grad.zero_()
print("cleared", p.grad)

# --- The record itself ---
# `grad_fn` is the last operation; its `next_functions` lead back to the variables.
q = torch.tensor([1.0, 2.0], requires_grad=True)
result = torch.sin(q * 2).mean()
node = result.grad_fn
while node is not None:
    print(node.name())
    node = node.next_functions[0][0] if node.next_functions else None
