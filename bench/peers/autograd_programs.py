"""HIPS autograd. It has no convolution."""

import autograd.numpy as np
from autograd import value_and_grad

from bench import data


def elementwise_chain(elements):
    x, w = data.chain(elements)

    def loss_of(x):
        h = x
        for _ in range(data.BLOCKS):
            h = np.tanh(h * w) + h
        return np.sum(h)

    step = value_and_grad(loss_of)
    return lambda: step(x)


def _mlp(parameters, x):
    w1, b1, w2, b2 = parameters
    return np.dot(np.maximum(np.dot(x, w1.T) + b1, 0), w2.T) + b2


def mlp_step(batch):
    parameters, x, labels = data.mlp(batch)
    first, second = ([np.zeros_like(p) for p in parameters] for _ in range(2))
    (beta1, beta2), t = data.BETAS, 0
    rows = np.arange(batch)

    def loss_of(parameters):
        scores = _mlp(parameters, x)
        scores = scores - np.max(scores, 1, keepdims=True)
        return np.mean(np.log(np.sum(np.exp(scores), 1)) - scores[rows, labels])

    gradients_of = value_and_grad(loss_of)

    def run():
        nonlocal t
        loss, gradients = gradients_of(parameters)
        t += 1
        for p, g, m, v in zip(parameters, gradients, first, second):
            m *= beta1
            m += (1 - beta1) * g
            v *= beta2
            v += (1 - beta2) * g * g
            p -= data.LEARNING_RATE * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + data.EPSILON)
        return [loss, *gradients]

    return run


def mlp_inference(batch):
    parameters, x, _ = data.mlp(batch)
    return lambda: [_mlp(parameters, x)]
