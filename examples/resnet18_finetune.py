"""Fine-tuning: keep a network as it is, give it a new last layer, and train that layer alone.

With `weights=ResNet18_Weights.DEFAULT` the network would bring what it learned on a million photographs. Here it is
seeded at random so that the program needs no network; the mechanics are the same.
"""

import torch
from torch import nn, optim
from torchvision.models import resnet18

torch.manual_seed(0)
model = resnet18(weights=None)

# --- Freeze everything, then replace the classifier ---
for parameter in model.parameters():
    parameter.requires_grad = False
model.fc = nn.Linear(model.fc.in_features, 10)  # a new layer's parameters require gradients
print(model.fc)
print("learning:", [name for name, parameter in model.named_parameters() if parameter.requires_grad])

# --- Train the new layer ---
optimizer = optim.SGD(model.parameters(), lr=1e-2, momentum=0.9)
pictures = torch.rand(4, 3, 32, 32)
labels = torch.tensor([1, 3, 5, 7])
before = model.conv1.weight.clone()
model.eval()  # batch normalisation keeps its statistics
for step in range(4):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(pictures), labels)
    loss.backward()
    optimizer.step()
    print(f"step {step}: loss {loss.item():.6f}")

print("first layer unchanged:", torch.equal(before, model.conv1.weight))
print("first layer's gradient:", model.conv1.weight.grad)
print("new layer's gradient:", tuple(model.fc.weight.grad.shape))
