"""MyGrad, with its layers of `mygrad.nnet`."""

import mygrad as mg
import numpy as np
from mygrad.nnet import conv_nd, max_pool, relu, softmax_crossentropy

from bench import data


def elementwise_chain(elements):
    x, w = data.chain(elements)
    x = mg.tensor(x)

    def run():
        x.null_grad()
        h = x
        for _ in range(data.BLOCKS):
            h = mg.tanh(h * w) + h
        loss = h.sum()
        loss.backward()
        return [np.asarray(loss), x.grad]

    return run


def _mlp(parameters, x):
    w1, b1, w2, b2 = parameters
    return mg.matmul(relu(mg.matmul(x, w1.T) + b1), w2.T) + b2


def _cnn(parameters, x):
    w1, b1, w2, b2, w3, b3 = parameters
    for w, b in ((w1, b1), (w2, b2)):
        x = relu(conv_nd(x, w, stride=1) + b.reshape(1, -1, 1, 1))
    x = max_pool(x, (2, 2), 2)
    return mg.matmul(x.reshape(len(x), -1), w3.T) + b3


def _training(network, update, parameters, x, labels):
    parameters = [mg.tensor(p) for p in parameters]

    def run():
        loss = softmax_crossentropy(network(parameters, x), labels)
        loss.backward()
        gradients = [p.grad for p in parameters]
        for index, (p, g) in enumerate(zip(parameters, gradients)):
            p.data -= update(index, g)
            p.null_grad()
        return [np.asarray(loss), *gradients]

    return run


def mlp_step(batch):
    parameters, x, labels = data.mlp(batch)
    first, second = ([np.zeros_like(p) for p in parameters] for _ in range(2))
    (beta1, beta2), t = data.BETAS, [0] * len(parameters)

    def update(index, g):
        t[index] += 1
        m, v = first[index], second[index]
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g * g
        corrected = m / (1 - beta1 ** t[index])
        return data.LEARNING_RATE * corrected / (np.sqrt(v / (1 - beta2 ** t[index])) + data.EPSILON)

    return _training(_mlp, update, parameters, x, labels)


def cnn_step(batch, size):
    parameters, x, labels = data.cnn(batch, size)
    return _training(_cnn, lambda index, g: data.LEARNING_RATE * g, parameters, x, labels)


def mlp_inference(batch):
    parameters, x, _ = data.mlp(batch)
    parameters = [mg.tensor(p) for p in parameters]

    def run():
        with mg.no_autodiff:
            return [np.asarray(_mlp(parameters, x))]

    return run
