"""Stepping out of the record, and changing tensors in place."""

import torch

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)

# --- no_grad: nothing is recorded ---
with torch.no_grad():
    silent = x * 2
    with torch.enable_grad():
        recorded = x * 2
print("silent:  ", silent)
print("recorded:", recorded)


@torch.no_grad()
def evaluate(tensor):
    return tensor.sum()


print("decorated:", evaluate(x))
print("switched on again:", torch.is_grad_enabled())

# --- detach: the same numbers outside the graph ---
y = x * x
outside = y.detach()
print("outside:", outside)
print("same memory:", outside.data_ptr() == y.data_ptr())
# A constant target: the gradient flows through one factor only.
(x * x.detach()).sum().backward()
print("x.grad =", x.grad)

# --- In place ---
# Names that end in an underscore change the tensor itself; the record notes it like any other operation.
a = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
b = a * 1
b.mul_(3).add_(1)
print("b =", b)
b.sum().backward()
print("a.grad =", a.grad)

# Part of a tensor, through a view of it: the base and the view see the change, and so does the record.
a = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
b = a * 1
b[1:] *= 10
b[0] = 0.0
print("b =", b)
b.sum().backward()
print("a.grad =", a.grad)

# --- What is refused ---
# A leaf is where a gradient belongs; changing it would leave its gradient without a meaning.
try:
    a += 1
except RuntimeError as error:
    print("RuntimeError:", error)
# Updating it outside the record is what an optimizer does.
with torch.no_grad():
    a += 1
print("a =", a)

# A value that backward needs must still be there: exp saves its result.
c = torch.exp(a * 0.1)
c += 1
try:
    c.sum().backward()
except RuntimeError as error:
    print("RuntimeError:", error)

# sin saves its input, so its result may be changed freely.
d = torch.sin(a)
d += 1
a.grad = None
d.sum().backward()
print("a.grad =", a.grad)

# Every change in place is counted, for a view and its base together.
e = torch.zeros(4)
view = e[:2]
view.fill_(7)
e.add_(1)
print("changes:", e._version, view._version, e)

# --- inference_mode: as no_grad, and the results stay outside for good ---
with torch.inference_mode():
    final = x * 2
print("inference tensor:", final.is_inference())
try:
    (final * x).sum().backward()
except RuntimeError as error:
    print("RuntimeError:", error)
