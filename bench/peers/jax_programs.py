"""JAX, each step compiled as a whole."""

import jax
import jax.numpy as jnp

from bench import data


def _ready(values):
    return jax.block_until_ready(values)


def elementwise_chain(elements):
    x, w = map(jnp.asarray, data.chain(elements))

    def loss_of(x):
        h = x
        for _ in range(data.BLOCKS):
            h = jnp.tanh(h * w) + h
        return h.sum()

    step = jax.jit(jax.value_and_grad(loss_of))
    return lambda: _ready(step(x))


def _cross_entropy(scores, labels):
    return -jnp.take_along_axis(jax.nn.log_softmax(scores), labels[:, None], 1).mean()


def _mlp(parameters, x):
    w1, b1, w2, b2 = parameters
    return jax.nn.relu(x @ w1.T + b1) @ w2.T + b2


def _cnn(parameters, x):
    w1, b1, w2, b2, w3, b3 = parameters
    for w, b in ((w1, b1), (w2, b2)):
        x = jax.nn.relu(jax.lax.conv(x, w, (1, 1), "VALID") + b[:, None, None])
    x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
    return x.reshape(len(x), -1) @ w3.T + b3


def _training(network, update, parameters, state, x, labels):
    def step(parameters, state, x, labels):
        loss, gradients = jax.value_and_grad(lambda p: _cross_entropy(network(p, x), labels))(parameters)
        return *update(parameters, gradients, state), loss, gradients

    step = jax.jit(step)
    x, labels = jnp.asarray(x), jnp.asarray(labels)
    held = list(map(jnp.asarray, parameters)), state

    def run():
        nonlocal held
        *held, loss, gradients = _ready(step(*held, x, labels))
        return [loss, *gradients]

    return run


def _sgd(parameters, gradients, state):
    return [p - data.LEARNING_RATE * g for p, g in zip(parameters, gradients)], state


def _adam(parameters, gradients, state):
    first, second, t = state
    (beta1, beta2), t = data.BETAS, t + 1
    first = [beta1 * m + (1 - beta1) * g for m, g in zip(first, gradients)]
    second = [beta2 * v + (1 - beta2) * g * g for v, g in zip(second, gradients)]
    steps = [m / (1 - beta1**t) / (jnp.sqrt(v / (1 - beta2**t)) + data.EPSILON) for m, v in zip(first, second)]
    return [p - data.LEARNING_RATE * s for p, s in zip(parameters, steps)], (first, second, t)


def mlp_step(batch):
    parameters, x, labels = data.mlp(batch)
    zeros = [jnp.zeros(p.shape) for p in parameters]
    return _training(_mlp, _adam, parameters, (zeros, zeros, jnp.float32(0)), x, labels)


def cnn_step(batch, size):
    parameters, x, labels = data.cnn(batch, size)
    return _training(_cnn, _sgd, parameters, (), x, labels)


def mlp_inference(batch):
    parameters, x, _ = data.mlp(batch)
    parameters, x = list(map(jnp.asarray, parameters)), jnp.asarray(x)
    network = jax.jit(_mlp)
    return lambda: [_ready(network(parameters, x))]
