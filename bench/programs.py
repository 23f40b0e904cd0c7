"""The work that is timed, written once against PyTorch's API; a function of the module `torch` returns `Work`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench import data
from bench.elementwise import work
from bench.networks import resnet

FLOAT = 4  # bytes


@dataclass(frozen=True)
class Work:
    """`run` does the work once and returns the tensors on which the libraries must agree.

    `cost` returns for each layer the FLOPs of its definition and the bytes that must move when each of its tensors is
    read and written once and everything elementwise is free, as if it were fused into a neighbour.
    """

    run: Callable[[], list]
    cost: Callable[[], list[tuple[float, float]]]


def layer_costs(torch: Any, model: Any, x: Any, training: bool) -> list[tuple[float, float]]:
    """Return the costs of a network's convolutions and linear layers."""
    nn, costs = torch.nn, []

    def count(layer, inputs, output):
        weight = layer.weight
        flops = 2 * output.numel() * weight.numel() / weight.shape[0]
        read, written, parameters = inputs[0].numel(), output.numel(), weight.numel()
        if not training:
            costs.append((flops, FLOAT * (read + written + parameters)))
            return
        to_input = inputs[0].requires_grad
        # The gradients need as many products again for the weight and for the input, unless that is the data.
        moved = (3 if to_input else 2) * read + 2 * written + 3 * parameters
        costs.append(((3 if to_input else 2) * flops, FLOAT * moved))

    layers = [layer for layer in model.modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    model(x)
    for hook in hooks:
        hook.remove()
    return costs


def _training(torch: Any, model: Any, optimizer: Any, x: Any, labels: Any) -> Work:
    parameters = list(model.parameters())
    loss_of = torch.nn.functional.cross_entropy

    def run():
        optimizer.zero_grad()
        loss = loss_of(model(x), labels)
        loss.backward()
        optimizer.step()
        return [loss, *[p.grad for p in parameters]]

    return Work(run, lambda: layer_costs(torch, model, x, training=True))


def _laid_out(torch: Any, channels_last: bool, *things: Any) -> list:
    return [t.to(memory_format=torch.channels_last) for t in things] if channels_last else list(things)


def _loaded(torch: Any, model: Any, arrays: list) -> Any:
    """Give a model's parameters these values, in order."""
    with torch.no_grad():
        for parameter, array in zip(model.parameters(), arrays, strict=True):
            parameter.copy_(torch.from_numpy(array))
    return model


def resnet_step(torch: Any, depth: int, batch: int, size: int, channels_last: bool) -> Work:
    """A training step of a ResNet for 1000 classes by SGD with momentum."""
    torch.manual_seed(0)
    model, x = _laid_out(torch, channels_last, resnet(torch, depth), torch.randn(batch, 3, size, size))
    labels = torch.randint(0, 1000, (batch,))
    optimizer = torch.optim.SGD(model.parameters(), lr=data.LEARNING_RATE, momentum=0.9)
    return _training(torch, model, optimizer, x, labels)


def resnet_inference(torch: Any, depth: int, batch: int, size: int, channels_last: bool) -> Work:
    """A ResNet's scores of images under no_grad, in evaluation mode."""
    torch.manual_seed(0)
    model, x = _laid_out(torch, channels_last, resnet(torch, depth).eval(), torch.randn(batch, 3, size, size))

    def run():
        with torch.no_grad():
            return [model(x)]

    return Work(run, lambda: layer_costs(torch, model, x, training=False))


def cnn_step(torch: Any, batch: int, size: int, channels_last: bool) -> Work:
    """A training step of a small convolutional network by SGD."""
    nn = torch.nn
    first, second, third = data.CNN_CHANNELS
    model = nn.Sequential(
        nn.Conv2d(first, second, 3),
        nn.ReLU(),
        nn.Conv2d(second, third, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(third * ((size - 4) // 2) ** 2, data.CLASSES),
    )
    parameters, x, labels = data.cnn(batch, size)
    model = _loaded(torch, model, parameters)
    model, x = _laid_out(torch, channels_last, model, torch.from_numpy(x))
    optimizer = torch.optim.SGD(model.parameters(), lr=data.LEARNING_RATE)
    return _training(torch, model, optimizer, x, torch.from_numpy(labels))


def _mlp(torch: Any) -> Any:
    nn = torch.nn
    inputs, hidden, outputs = data.MLP_WIDTHS
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs))


def mlp_step(torch: Any, batch: int) -> Work:
    """A training step of a fully connected network by Adam."""
    parameters, x, labels = data.mlp(batch)
    model = _loaded(torch, _mlp(torch), parameters)
    optimizer = torch.optim.Adam(model.parameters(), lr=data.LEARNING_RATE)
    return _training(torch, model, optimizer, torch.from_numpy(x), torch.from_numpy(labels))


def mlp_inference(torch: Any, batch: int) -> Work:
    """The scores of the same network under no_grad."""
    parameters, x, _ = data.mlp(batch)
    model, x = _loaded(torch, _mlp(torch), parameters), torch.from_numpy(x)

    def run():
        with torch.no_grad():
            return [model(x)]

    return Work(run, lambda: layer_costs(torch, model, x, training=False))


def elementwise_chain(torch: Any, elements: int) -> Work:
    """Forward and backward of sum(h) after several times h = tanh(h * w) + h."""
    x, w = map(torch.from_numpy, data.chain(elements))
    x.requires_grad_()

    def run():
        x.grad = None
        h = x
        for _ in range(data.BLOCKS):
            h = (h * w).tanh() + h
        loss = h.sum()
        loss.backward()
        return [loss, x.grad]

    # Fused, a block reads its input and the constant and writes its result, and as much again on the way back.
    return Work(run, lambda: [(data.BLOCKS * 7 * elements, data.BLOCKS * 6 * FLOAT * elements)])


# How many arrays of that size one fused loop each, forward and backward, reads and writes.
ELEMENTWISE_ARRAYS = {"add": 3 + 3, "mul": 3 + 5, "div": 3 + 5, "sum": 1 + 1, "mean": 1 + 1}


def elementwise(torch: Any, name: str, elements: int) -> Work:
    """Forward and backward of one operation of `bench/elementwise.py`."""
    run = work(torch, name, elements)
    arrays = ELEMENTWISE_ARRAYS.get(name, 2 + 3)
    return Work(run, lambda: [(2 * elements, arrays * FLOAT * elements)])


OPTIMISERS = {
    "SGD": (lambda optim, parameters: optim.SGD(parameters, lr=data.LEARNING_RATE, momentum=0.9), 5),
    "Adam": (lambda optim, parameters: optim.Adam(parameters), 7),
}


def optimiser_step(torch: Any, name: str) -> Work:
    """A step over a ResNet-18's 62 parameters with gradients that stay as they are."""
    torch.manual_seed(0)
    parameters = list(resnet(torch, 18).parameters())
    for parameter in parameters:
        parameter.grad = torch.randn(parameter.shape)
    make, arrays = OPTIMISERS[name]
    optimizer = make(torch.optim, parameters)
    elements = sum(parameter.numel() for parameter in parameters)

    def run():
        optimizer.step()
        return parameters

    return Work(run, lambda: [(4 * elements, arrays * FLOAT * elements)])


def scaling_step(torch: Any, batch: int, width: int, depth: int, channels_last: bool) -> Work:
    """A training step of `depth` 3x3 convolutions of `width` channels each on 32x32 images, by SGD."""
    torch.manual_seed(0)
    nn = torch.nn
    layers = [nn.Conv2d(3, width, 3, padding=1), nn.ReLU()]
    for _ in range(depth - 1):
        layers += [nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, data.CLASSES))
    model, x = _laid_out(torch, channels_last, model, torch.randn(batch, 3, 32, 32))
    optimizer = torch.optim.SGD(model.parameters(), lr=data.LEARNING_RATE, momentum=0.9)
    return _training(torch, model, optimizer, x, torch.randint(0, data.CLASSES, (batch,)))


def matmul(torch: Any, size: int) -> Work:
    """A product of two square matrices: what the processor can calculate."""
    torch.manual_seed(0)
    a, b = torch.randn(size, size), torch.randn(size, size)
    return Work(lambda: [a @ b], lambda: [(2 * size**3, 3 * FLOAT * size**2)])


def copy(torch: Any, elements: int) -> Work:
    """A copy of a large array: what the memory can move."""
    source, target = torch.zeros(elements), torch.ones(elements)
    return Work(lambda: [target.copy_(source)[:1]], lambda: [(0, 2 * FLOAT * elements)])
