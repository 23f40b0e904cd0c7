"""Leaves and inner results.

A leaf is a tensor that no recorded operation made: what the user created. Gradients are kept in the `.grad` of the
leaves that require them; for inner results they pass through and are gone, unless one asks for them.
"""

import torch

# --- Who is a leaf? ---
x = torch.tensor([1.0, 2.0], requires_grad=True)
constant = torch.tensor([3.0, 4.0])
product = x * constant
total = product.sum()
for name, tensor in (("x", x), ("constant", constant), ("product", product), ("total", total)):
    made_by = type(tensor.grad_fn).__name__
    print(f"{name:9} leaf={tensor.is_leaf!s:6} requires_grad={tensor.requires_grad!s:6} grad_fn={made_by}")

# --- After backward, leaves have a gradient; reading an inner result's gives None and a warning ---
total.backward()
print("x.grad =", x.grad)
print("constant.grad =", constant.grad)
print("product.grad =", product.grad)

# --- retain_grad keeps an inner gradient ---
x = torch.tensor([1.0, 2.0], requires_grad=True)
square = x * x
square.retain_grad()
(square * 5).sum().backward()
print("square.grad =", square.grad, " retains_grad:", square.retains_grad)
print("x.grad =", x.grad)

# --- A common surprise: the copy is no leaf ---
# `.double()` and `.to()` are operations as well; here the leaf is the float32 tensor that has no name.
converted = torch.ones(2, requires_grad=True).double()
print("converted:", converted, "leaf:", converted.is_leaf)
# Converting first and then asking for gradients makes the converted tensor itself the leaf.
asked = torch.ones(2).double().requires_grad_()
print("asked:", asked, "leaf:", asked.is_leaf)

# --- Only leaves can stop requiring a gradient ---
try:
    (x * 2).requires_grad = False
except RuntimeError as error:
    print("RuntimeError:", error)

# --- Only real or complex tensors can require one ---
try:
    torch.tensor([1, 2], requires_grad=True)
except RuntimeError as error:
    print("RuntimeError:", error)

# --- The graph is freed by the backward pass ---
x = torch.tensor(3.0, requires_grad=True)
y = x * x
y.backward()
try:
    y.backward()
except RuntimeError as error:
    print("RuntimeError:", error)
# retain_graph=True keeps it, and the gradients add up: 6 + 6.
x.grad = None
y = x * x
y.backward(retain_graph=True)
y.backward()
print("two passes:", x.grad)

# --- create_graph=True together with .grad makes a reference cycle, of which backward() warns ---
x = torch.tensor(3.0, requires_grad=True)
(x * x).backward(create_graph=True)
print("x.grad is recorded itself:", x.grad)
x.grad = None
