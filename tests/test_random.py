"""Generators against torch: seeds, states and the default generator."""

import copy
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest
import torch

from rushlight import random
from rushlight.base import wrap
from rushlight.kernels.numpy_random import uniform


def outcome(function):
    """What a call returns, or the type and text of what it raises."""
    try:
        return function()
    except Exception as error:
        return type(error), str(error).split("\nException raised")[0]


def draw(module, generator=None, count=20):
    """Words of a generator, as uniform numbers."""
    if module is torch:
        return torch.rand(count, generator=generator).numpy()
    found = np.empty(count, np.float32)
    uniform(random.source_of(generator), found)
    return found


def same_state(ours, theirs):
    np.testing.assert_array_equal(ours.get_state()._data, theirs.get_state().numpy())


BAD_SEEDS = [1.5, "a", None, True, np.int64(4), np.float64(4), 2**64, -(2**63) - 1]


@pytest.mark.parametrize("seed", [0, 1, 42, 2**32, 2**63, 2**64 - 1, -1, -5, -(2**63), *BAD_SEEDS], ids=repr)
def test_manual_seed(seed):
    ours, theirs = random.Generator(), torch.Generator()
    found, expected = outcome(lambda: ours.manual_seed(seed)), outcome(lambda: theirs.manual_seed(seed))
    if isinstance(expected, tuple):
        assert found == expected
    else:
        assert found is ours
    assert ours.initial_seed() == theirs.initial_seed()
    same_state(ours, theirs)


@pytest.mark.parametrize("seed", [0, 7, -5, 1.7, "3", "a", None, 2**64, -(2**63) - 1], ids=repr)
def test_seeding_the_default_generator(seed):
    found, expected = outcome(lambda: random.manual_seed(seed)), outcome(lambda: torch.manual_seed(seed))
    if isinstance(expected, tuple):
        assert found == expected
    else:
        assert found is random.default_generator
        assert random.initial_seed() == torch.initial_seed()
        np.testing.assert_array_equal(draw(random), draw(torch))
        np.testing.assert_array_equal(random.get_rng_state()._data, torch.get_rng_state().numpy())


def test_drawn_seeds():
    generator = random.Generator()
    seeds = [generator.seed() for _ in range(50)]
    assert len(set(seeds)) == 50
    assert max(seeds) >= 2**62  # all 64 bits are used
    assert generator.initial_seed() == seeds[-1]
    first = draw(random, generator)
    np.testing.assert_array_equal(first, draw(random, random.Generator().manual_seed(seeds[-1])))
    assert random.seed() == random.initial_seed()


def test_each_process_starts_from_another_seed():
    command = [sys.executable, "-c", "from rushlight import random; print(random.initial_seed())"]
    found = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert found[0] != found[1]
    assert all(text.strip().isdigit() for text in found)


DEVICES = [
    None, "cpu", "cpu:1", b"cpu", torch.device("cpu"), "cuda", "cuda:0", "xpu", "mps", "mtia", "hip", "hpu", "meta",
    "vulkan", "ve", "foo", "", 3, -1, 1.5, True, [],
]  # fmt: skip


@pytest.mark.parametrize("device", DEVICES, ids=repr)
def test_devices(device):
    ours = random.devices.device("cpu") if isinstance(device, torch.device) else device
    found, expected = outcome(lambda: random.Generator(ours)), outcome(lambda: torch.Generator(device))
    if isinstance(expected, tuple):
        assert found == expected
    else:
        assert repr(found.device) == repr(expected.device)
        assert found.initial_seed() == expected.initial_seed()


def test_repr():
    pattern = r"<torch\._C\.Generator object at 0x[0-9a-f]+>"
    assert re.fullmatch(pattern, repr(random.Generator()))
    assert re.fullmatch(pattern, repr(torch.Generator()))


CALLS = {
    "get_offset": lambda g, state: g.get_offset(),
    "set_offset": lambda g, state: g.set_offset(1),
    "graphsafe_get_state": lambda g, state: g.graphsafe_get_state(),
    "graphsafe_set_state": lambda g, state: g.graphsafe_set_state(g),
    "graphsafe_set_state of a number": lambda g, state: g.graphsafe_set_state(3),
    "state that is a number": lambda g, state: g.set_state(3),
    "state that is None": lambda g, state: g.set_state(None),
    "state that is a list": lambda g, state: g.set_state([1]),
    "state of floats": lambda g, state: g.set_state(state(np.zeros(5056, np.float32))),
    "state of zeros": lambda g, state: g.set_state(state(np.zeros(5056, np.uint8))),
    "state too short": lambda g, state: g.set_state(state(np.zeros(3, np.uint8))),
    "state with gaps": lambda g, state: g.set_state(state(np.zeros(10112, np.uint8)[::2])),
    "new attribute": lambda g, state: setattr(g, "nothing", 1),
}


@pytest.mark.parametrize("name", CALLS)
def test_refusals(name):
    expected = outcome(lambda: CALLS[name](torch.Generator(), torch.from_numpy))
    found = outcome(lambda: CALLS[name](random.Generator(), wrap))
    assert isinstance(expected, tuple)
    assert found[0] is expected[0]
    if name != "new attribute":  # Python words it differently for a class without and with __slots__
        assert found == expected


def test_states_travel_both_ways():
    ours, theirs = random.Generator().manual_seed(5), torch.Generator().manual_seed(5)
    for taken in (0, 3, 624, 1000):
        draw(random, ours, taken)
        draw(torch, theirs, taken)
        same_state(ours, theirs)
        mine, other = random.Generator(), torch.Generator()
        assert mine.set_state(wrap(theirs.get_state().numpy())) is mine
        other.set_state(torch.from_numpy(ours.get_state()._data))
        np.testing.assert_array_equal(draw(random, mine), draw(torch, other))
        assert mine.initial_seed() == 5


def test_a_state_in_two_dimensions():
    ours, theirs = random.Generator().manual_seed(8), torch.Generator().manual_seed(8)
    square = ours.get_state()._data.reshape(2, -1)
    other, expected = random.Generator(), torch.Generator()
    other.set_state(wrap(square))
    expected.set_state(torch.from_numpy(square))
    same_state(other, expected)
    same_state(ours, theirs)


@pytest.mark.parametrize(
    "duplicate", [random.Generator.clone_state, copy.copy, copy.deepcopy, lambda g: pickle.loads(pickle.dumps(g))]
)
def test_copies_go_on_by_themselves(duplicate):
    generator = random.Generator().manual_seed(3)
    draw(random, generator, 100)
    twin = duplicate(generator)
    assert twin is not generator
    assert twin.initial_seed() == 3
    ahead = draw(random, generator)
    np.testing.assert_array_equal(draw(random, twin), ahead)


def test_saved_and_restored():
    random.manual_seed(11)
    draw(random, None, 50)
    state = random.get_rng_state()
    first = draw(random)
    random.set_rng_state(state)
    np.testing.assert_array_equal(draw(random), first)


def test_fork_rng():
    random.manual_seed(1)
    with random.fork_rng():
        inside = draw(random)
        random.manual_seed(99)
        draw(random)
    np.testing.assert_array_equal(draw(random), inside)
    random.manual_seed(1)
    with random.fork_rng(enabled=False):
        draw(random)
    torch.manual_seed(1)
    draw(torch)
    np.testing.assert_array_equal(draw(random), draw(torch))


def test_fork_rng_restores_after_an_error():
    random.manual_seed(1)
    expected = draw(random)
    random.manual_seed(1)

    def fail():
        with random.fork_rng():
            draw(random)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    np.testing.assert_array_equal(draw(random), expected)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"devices": []},
        {"devices": [0]},
        {"device_type": "meta"},
        {"device_type": "foo"},
        {"device_type": "mps"},
        {"enabled": False, "devices": [0]},
    ],
    ids=repr,
)
def test_fork_rng_options(options):
    def run(fork):
        with fork(**options):
            return "done"

    assert outcome(lambda: run(random.fork_rng)) == outcome(lambda: run(torch.random.fork_rng))


def test_the_names_are_torchs():
    assert sorted(random.__all__) == sorted(torch.random.__all__)
    assert random.thread_safe_generator() is None is torch.random.thread_safe_generator()
