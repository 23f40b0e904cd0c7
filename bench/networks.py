"""ResNet-18 and ResNet-50 against PyTorch's API (He et al. 2015; the stride of a bottleneck in its 3x3 convolution)."""

from typing import Any

STAGES = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3)}


def resnet(torch: Any, depth: int, classes: int = 1000) -> Any:
    """Return a ResNet of the module `torch`, with fresh weights."""
    nn = torch.nn

    class Block(nn.Module):
        """Convolutions of (inputs, outputs, kernel, stride), each normalised, and the input added to the result."""

        def __init__(self, *shapes):
            super().__init__()
            self.convolutions = nn.ModuleList(
                nn.Conv2d(i, o, kernel, stride, kernel // 2, bias=False) for i, o, kernel, stride in shapes
            )
            self.norms = nn.ModuleList(nn.BatchNorm2d(o) for _, o, _, _ in shapes)
            self.relu = nn.ReLU(inplace=True)
            inputs, outputs = shapes[0][0], shapes[-1][1]
            stride = max(shape[3] for shape in shapes)
            self.shortcut = None
            if stride > 1 or inputs != outputs:
                self.shortcut = nn.Sequential(
                    nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
                )

        def forward(self, x):
            out = x
            *first, last = zip(self.convolutions, self.norms)
            for convolution, norm in first:
                out = self.relu(norm(convolution(out)))
            convolution, norm = last
            out = norm(convolution(out))
            out += x if self.shortcut is None else self.shortcut(x)
            return self.relu(out)

    layers = [
        nn.Conv2d(3, 64, 7, 2, 3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2, 1),
    ]
    inputs = 64
    for stage, blocks in enumerate(STAGES[depth]):
        planes = 64 << stage
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            if depth < 50:
                layers.append(Block((inputs, planes, 3, stride), (planes, planes, 3, 1)))
                inputs = planes
            else:
                wide = 4 * planes
                layers.append(Block((inputs, planes, 1, 1), (planes, planes, 3, stride), (planes, wide, 1, 1)))
                inputs = wide
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes))
