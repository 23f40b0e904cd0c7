"""A function of one's own with its own derivative, checked against finite differences."""

import torch
from torch.autograd import Function, gradcheck, gradgradcheck


class Cubic(Function):
    """x^3 + 2x, with the derivative written by hand."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)  # what backward will need
        return x**3 + 2 * x

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * (3 * x**2 + 2)


# --- Using it ---
x = torch.tensor([1.0, 2.0, -1.0], requires_grad=True)
y = Cubic.apply(x)
print("y =", y)
y.sum().backward()
print("x.grad =", x.grad)

# --- Checking it ---
# gradcheck moves each input by a little and compares the change of the output with what backward says. It needs
# double precision.
torch.manual_seed(0)
point = torch.randn(4, dtype=torch.float64, requires_grad=True)
print("first derivative is right:", gradcheck(Cubic.apply, (point,)))
# backward is made of recorded operations, so it can be differentiated again.
print("second derivative is right:", gradgradcheck(Cubic.apply, (point,)))


class WrongCubic(Cubic):
    """The same with a mistake in the derivative."""

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * (3 * x**2 + 1)


try:
    gradcheck(WrongCubic.apply, (torch.tensor([0.5, 1.0], dtype=torch.float64, requires_grad=True),))
except RuntimeError as error:
    print(type(error).__name__ + ":", error)


# --- Several inputs, numbers among them ---
class ScaledSum(Function):
    """a + factor * b: one gradient for each argument of forward, None for what is no tensor."""

    @staticmethod
    def forward(ctx, a, b, factor):
        ctx.factor = factor
        return a + factor * b

    @staticmethod
    def backward(ctx, gradient):
        print("gradients asked for:", ctx.needs_input_grad)
        grad_a = gradient if ctx.needs_input_grad[0] else None
        grad_b = ctx.factor * gradient if ctx.needs_input_grad[1] else None
        return grad_a, grad_b, None


a = torch.tensor([1.0, 2.0])
b = torch.tensor([3.0, 4.0], requires_grad=True)
result = ScaledSum.apply(a, b, 10.0)
print("result =", result)
result.sum().backward()
print("a.grad =", a.grad, " b.grad =", b.grad)


# --- A gradient that is not a derivative ---
class RoundThrough(Function):
    """Rounds, and lets the gradient pass as if it had not: rounding's own derivative, zero, would stop all learning."""

    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, gradient):
        return gradient


x = torch.tensor([0.2, 1.7, -2.4], requires_grad=True)
RoundThrough.apply(x).sum().backward()
print("through the rounding:", x.grad)
x.grad = None
x.round().sum().backward()
print("by the rounding itself:", x.grad)


# --- The newer form: forward without ctx ---
class Exponential(Function):
    """e^x, which is its own derivative; setup_context sees the inputs and the output."""

    @staticmethod
    def forward(x):
        return torch.exp(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, gradient):
        (result,) = ctx.saved_tensors
        return gradient * result


print("Exponential is right:", gradcheck(Exponential.apply, (point,)) and gradgradcheck(Exponential.apply, (point,)))
