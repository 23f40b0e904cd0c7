"""Where does the time go? The profiler lists every operation of the forward and of the backward pass."""

import torch
from torch import nn
from torch.autograd import profiler

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
inputs = torch.randn(32, 64)
labels = torch.randint(0, 10, (32,))
criterion = nn.CrossEntropyLoss()

with profiler.profile() as profile:
    with profiler.record_function("forward"):
        loss = criterion(model(inputs), labels)
    with profiler.record_function("backward"):
        loss.backward()

# --- One line an operation, the most expensive first ---
print(profile.key_averages().table(sort_by="self_cpu_time_total", row_limit=10))

# --- The numbers themselves ---
counts = {event.key: event.count for event in profile.key_averages()}
print("labels seen:", [name for name in ("forward", "backward") if name in counts])
print("layers' products:", counts["aten::addmm"])
