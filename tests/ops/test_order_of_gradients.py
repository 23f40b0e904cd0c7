"""The order in which gradients lie in memory, beside PyTorch, where a program asks for them by `torch.autograd.grad`.

Those in a leaf's ``.grad`` lie as the leaf: see tests/autograd/test_gradient_layout.py.
"""

import pytest
import torch

import rushlight

# Functions of a tensor `x` of three dimensions, and of the library and its functions of networks.
FUNCTIONS = """
round(x) sign(x) ceil(x) sgn(x) relu(x) exp(x) square(x) clamp(x,0.2,0.8) clamp(x,min=0.5) clamp(x,max=0.5) tril(x)
lerp(x,x,0.3) addcmul(x,x,x) clone(x) cumsum(x,1) cumprod(x,1) logcumsumexp(x,1) flip(x,(1,)) roll(x,1,1) sort(x,1)[0]
topk(x,2,1)[0] amax(x,1) max(x,1)[0] median(x,1)[0] var(x,1) std(x) prod(x*(x>0.1),1) mean(x,1) logsumexp(x,1) norm(x)
norm(x,dim=1) quantile(x,0.3) renorm(x,2,1,1.0) cat([x,x],1) where(x>0.5,x,0) masked_fill(x,x>0.5,0) diagonal(x)
index_select(x,1,t.tensor([0,1])) gather(x,1,t.zeros(5,3,4,dtype=t.int64)) cdist(x,x)
bmm(x,t.ones(5,4,2)) native_layer_norm(x,(4,),None,None,1e-5)[0] true_divide(x,2) pow(x,2) asinh(x)
F.binary_cross_entropy(x,x.detach()) F.binary_cross_entropy_with_logits(x,x.detach()) F.l1_loss(x,x.detach()*1.5)
F.soft_margin_loss(x,x.detach().sign()) F.poisson_nll_loss(x,x.detach()) F.gaussian_nll_loss(x,x.detach(),x.detach())
F.layer_norm(x,(4,)) F.batch_norm(x,t.zeros(3),t.ones(3)) F.group_norm(x,1) F.instance_norm(x) F.rms_norm(x,(4,))
F.softmax(x,1) F.log_softmax(x,1) F.gelu(x) F.silu(x) F.mish(x) F.dropout(x,0.0) F.glu(x,-1) F.threshold(x,.5,.5)
F.conv1d(x,t.ones(2,3,2)) F.interpolate(x,scale_factor=2)
F.pad(x,(1,1)) F.scaled_dot_product_attention(x,x,x) F.hardtanh(x) F.elu(x) F.softplus(x)
""".split()  # fmt: skip


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2), (0, 2, 1)])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_gradients_lie_as_in_pytorch(function, order):
    sizes, found = (5, 3, 4), []
    for t in (torch, rushlight):
        values = (t.arange(60) * 37 % 60 / 60 + 0.01).reshape([sizes[d] for d in order])
        x = values.permute([order.index(d) for d in range(3)]).requires_grad_()
        prefix = "" if function.startswith("F.") else "t."
        y = eval(prefix + function, {"t": t, "F": t.nn.functional, "x": x})
        (grad,) = t.autograd.grad(y, x, t.ones_like(y))
        found.append((tuple(grad.shape), tuple(grad.stride())))
    assert found[1] == found[0]
