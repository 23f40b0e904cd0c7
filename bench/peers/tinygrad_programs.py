"""tinygrad, each step recorded and replayed by TinyJit. On a CPU it needs clang, which its environment has."""

from tinygrad import Context, Tensor, TinyJit
from tinygrad.nn.optim import SGD, Adam

from bench import data


def _tensors(arrays):
    return [Tensor(a).realize() for a in arrays]


def elementwise_chain(elements):
    x, w = _tensors(data.chain(elements))

    @TinyJit
    def step():
        h = x
        for _ in range(data.BLOCKS):
            h = (h * w).tanh() + h
        loss = h.sum()
        (gradient,) = loss.gradient(x)
        return loss.realize(), gradient.realize()

    return lambda: _finished(step())


def _finished(values):
    values[0].item()  # waits for the work
    return values


def _mlp(parameters, x):
    w1, b1, w2, b2 = parameters
    return x.linear(w1.T, b1).relu().linear(w2.T, b2)


def _cnn(parameters, x):
    w1, b1, w2, b2, w3, b3 = parameters
    x = x.conv2d(w1, b1).relu().conv2d(w2, b2).relu().max_pool2d((2, 2))
    return x.flatten(1).linear(w3.T, b3)


def _training(network, make_optimizer, parameters, x, labels):
    parameters = _tensors(parameters)
    x, labels = Tensor(x).realize(), Tensor(labels.astype("int32")).realize()
    optimizer = make_optimizer(parameters)

    @TinyJit
    @Context(TRAINING=1)
    def step():
        loss = network(parameters, x).sparse_categorical_crossentropy(labels)
        gradients = loss.gradient(*parameters)
        for parameter, gradient in zip(parameters, gradients):
            parameter.grad = gradient
        return loss.realize(*gradients, *optimizer.schedule_step()), *gradients

    return lambda: _finished(step())


def mlp_step(batch):
    return _training(_mlp, lambda p: Adam(p, lr=data.LEARNING_RATE), *data.mlp(batch))


def cnn_step(batch, size):
    return _training(_cnn, lambda p: SGD(p, lr=data.LEARNING_RATE), *data.cnn(batch, size))


def mlp_inference(batch):
    parameters, x, _ = data.mlp(batch)
    parameters, x = _tensors(parameters), Tensor(x).realize()

    @TinyJit
    def step():
        return _mlp(parameters, x).realize()

    def run():
        return [step().numpy()]

    return run
