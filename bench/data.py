"""The numbers that all libraries, peers included, start from: NumPy's, from a fixed seed."""

import numpy as np

MLP_WIDTHS = (784, 256, 10)
CNN_CHANNELS = (1, 32, 64)
CLASSES = 10
BLOCKS = 10  # of the elementwise chain
LEARNING_RATE = 1e-3
BETAS, EPSILON = (0.9, 0.999), 1e-8


def generator(seed: int = 0) -> np.random.Generator:
    """Return the source of the numbers."""
    return np.random.default_rng(seed)


def weights(random: np.random.Generator, *shape: int) -> np.ndarray:
    """Return a layer's weights of shape (outputs, inputs, ...), scaled as networks begin."""
    bound = 1 / np.sqrt(np.prod(shape[1:]))
    return random.uniform(-bound, bound, shape).astype(np.float32)


def biases(random: np.random.Generator, count: int) -> np.ndarray:
    """Return a layer's biases."""
    return random.uniform(-0.05, 0.05, count).astype(np.float32)


def mlp(batch: int) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Return the parameters [W1, b1, W2, b2], the inputs and the labels of the fully connected network."""
    random = generator()
    inputs, hidden, outputs = MLP_WIDTHS
    parameters = [
        weights(random, hidden, inputs),
        biases(random, hidden),
        weights(random, outputs, hidden),
        biases(random, outputs),
    ]
    x = random.standard_normal((batch, inputs), dtype=np.float32)
    return parameters, x, random.integers(0, CLASSES, batch)


def cnn(batch: int, size: int = 28) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Return the parameters [W1, b1, W2, b2, W3, b3], the images and the labels of the small convolutional network.

    Two 3x3 convolutions without padding, each followed by relu; 2x2 max-pooling; a linear layer.
    """
    random = generator()
    first, second, third = CNN_CHANNELS
    features = third * ((size - 4) // 2) ** 2
    parameters = [
        weights(random, second, first, 3, 3),
        biases(random, second),
        weights(random, third, second, 3, 3),
        biases(random, third),
        weights(random, CLASSES, features),
        biases(random, CLASSES),
    ]
    x = random.standard_normal((batch, first, size, size), dtype=np.float32)
    return parameters, x, random.integers(0, CLASSES, batch)


def chain(elements: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the variable and the constant of the elementwise chain h = tanh(h * w) + h."""
    random = generator()
    return random.standard_normal(elements, dtype=np.float32), random.standard_normal(elements, dtype=np.float32)
