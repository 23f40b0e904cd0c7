"""Datasets, samplers and loaders beside PyTorch's: the same seed gives the same batches."""

import collections
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
import torch.utils.data

import rushlight
import rushlight.utils.data

LIBRARIES = [rushlight, torch]
Pair = collections.namedtuple("Pair", "a b")


def plain(value):
    """A value whose parts both libraries share."""
    if isinstance(value, (rushlight.Tensor, torch.Tensor)):
        return "tensor", str(value.dtype), value.tolist()
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, Pair):
        return "Pair", plain(value.a), plain(value.b)
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [plain(v) for v in value]
    if isinstance(value, (rushlight.utils.data.Dataset, torch.utils.data.Dataset)):
        return [plain(value[i]) for i in range(len(value))]
    return value


def same(call):
    """Asserts that a call of (library, its utils.data) comes out the same, with its warnings."""
    results = []
    for library in LIBRARIES:
        library.manual_seed(11)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                found = plain(call(library, library.utils.data))
            except Exception as error:
                found = type(error).__name__, str(error)
        results.append((found, [str(w.message) for w in caught]))
    assert results[0] == results[1]


def tensors(library):
    return library.arange(22).reshape(11, 2).float(), library.arange(11)


LOADERS = {
    "plain": {},
    "batches": {"batch_size": 4},
    "drop_last": {"batch_size": 4, "drop_last": True},
    "shuffled": {"batch_size": 4, "shuffle": True},
    "unbatched": {"batch_size": None},
    "unbatched_shuffled": {"batch_size": None, "shuffle": True},
}


@pytest.mark.parametrize("name", LOADERS)
def test_loader(name):
    def call(m, data):
        loader = data.DataLoader(data.TensorDataset(*tensors(m)), **LOADERS[name])
        return [list(loader), list(loader), len(loader), m.rand(1)]

    same(call)


def test_loader_with_a_generator():
    def call(m, data):
        generator = m.Generator().manual_seed(3)
        loader = data.DataLoader(data.TensorDataset(*tensors(m)), batch_size=3, shuffle=True, generator=generator)
        return [list(loader), list(loader), m.rand(1, generator=generator), m.rand(1)]

    same(call)


def test_loader_of_a_list_and_of_samplers():
    same(lambda m, data: list(data.DataLoader([1, 2, 3, 4, 5], 2)))
    same(lambda m, data: list(data.DataLoader([1, 2, 3, 4, 5], 2, sampler=[4, 2, 0])))
    same(lambda m, data: list(data.DataLoader([1, 2, 3, 4, 5], batch_sampler=[[4, 2], [0]])))
    same(lambda m, data: list(data.DataLoader([1, 2, 3], 2, collate_fn=lambda batch: batch)))


def test_samplers():
    def draw(m, make):
        sampler = make()
        return [list(sampler), list(sampler), len(sampler), m.rand(1)]

    same(lambda m, data: draw(m, lambda: data.SequentialSampler(range(5))))
    same(lambda m, data: draw(m, lambda: data.RandomSampler(range(9))))
    same(lambda m, data: draw(m, lambda: data.RandomSampler(range(9), num_samples=23)))
    same(lambda m, data: draw(m, lambda: data.RandomSampler(range(9), replacement=True, num_samples=70)))
    same(lambda m, data: draw(m, lambda: data.RandomSampler(range(9), generator=m.Generator().manual_seed(5))))
    same(lambda m, data: draw(m, lambda: data.SubsetRandomSampler([3, 1, 4])))
    same(lambda m, data: draw(m, lambda: data.WeightedRandomSampler([0.1, 0.9, 0.4, 3.0], 12)))
    same(lambda m, data: draw(m, lambda: data.WeightedRandomSampler([0.1, 0.9, 0.4, 3.0], 3, replacement=False)))
    same(lambda m, data: draw(m, lambda: data.BatchSampler(range(10), 3, False)))
    same(lambda m, data: draw(m, lambda: data.BatchSampler(range(10), 3, True)))


def test_random_split():
    same(lambda m, data: [list(s) for s in data.random_split(range(10), [3, 7])])
    same(lambda m, data: [list(s) for s in data.random_split(range(10), [0.35, 0.35, 0.3])])
    same(lambda m, data: [list(s) for s in data.random_split(range(5), [0.9, 0.1], m.Generator().manual_seed(2))])
    same(lambda m, data: data.random_split(range(10), [3, 8]))
    same(lambda m, data: data.random_split(range(10), [-0.5, 1.5]))


def test_datasets():
    same(lambda m, data: data.TensorDataset(*tensors(m))[2:4])
    same(lambda m, data: data.TensorDataset(m.zeros(3), m.zeros(4)))
    same(lambda m, data: data.Subset(data.TensorDataset(*tensors(m)), [5, 3]))
    same(lambda m, data: data.Subset(tensors(m)[1], [5, 3, 2])[[0, 2]])
    same(lambda m, data: [data.ConcatDataset([[1, 2], [3], [4, 5]])[i] for i in (0, 2, 3, -1, -5)])
    same(lambda m, data: data.ConcatDataset([[1, 2], [3]])[-4])
    same(lambda m, data: data.ConcatDataset([]))
    same(lambda m, data: data.StackDataset([1, 2], [3, 4])[1])
    same(lambda m, data: data.StackDataset(a=[1, 2], b=[3, 4]).__getitems__([1, 0]))
    same(lambda m, data: data.StackDataset([1, 2], [3]))
    same(lambda m, data: data.StackDataset())
    same(lambda m, data: len(data.TensorDataset(*tensors(m)) + data.TensorDataset(*tensors(m))))
    same(lambda m, data: data.Dataset()[0])


def test_half_overridden_subset():
    def call(m, data):
        class Part(data.Subset):
            def __getitem__(self, index):
                return 0

        return Part([1], [0])

    same(call)


def test_streams():
    def stream(data, count):
        class Count(data.IterableDataset):
            def __iter__(self):
                return iter(range(count))

            def __len__(self):
                return 3

        return Count()

    same(lambda m, data: list(data.DataLoader(stream(data, 7), 3)))
    same(lambda m, data: list(data.DataLoader(stream(data, 7), 3, drop_last=True)))
    same(lambda m, data: list(data.DataLoader(stream(data, 3), None)))
    same(lambda m, data: list(stream(data, 2) + stream(data, 3)))
    same(lambda m, data: len(data.DataLoader(stream(data, 7), 2)))
    same(lambda m, data: data.DataLoader(stream(data, 7), shuffle=True))
    same(lambda m, data: data.DataLoader(stream(data, 7), batch_sampler=[[1]]))

    def too_many(m, data):
        loader = data.DataLoader(stream(data, 5), None)
        len(loader)
        texts = []
        for _ in loader:
            texts.append(1)
        return texts

    with pytest.warns(UserWarning, match="was reported to be 3"):
        too_many(rushlight, rushlight.utils.data)


BATCHES = {
    "floats": [1.5, 2.5],
    "ints": [1, 2],
    "bools": [True, False],
    "text": ["a", "b"],
    "bytes": [b"a", b"b"],
    "arrays": [np.ones(2), np.zeros(2)],
    "scalars": [np.float32(1), np.float32(2)],
    "dicts": [{"a": 1, "b": [1, 2]}, {"a": 2, "b": [3, 4]}],
    "tuples": [(1, 2.0), (3, 4.0)],
    "lists": [[1, 2.0], [3, 4.0]],
    "named": [Pair(1, 2), Pair(3, 4)],
    "uneven": [[1, 2], [3]],
    "strings": [np.array(["a"]), np.array(["b"])],
    "objects": [object, object],
    "none": [None, None],
}


@pytest.mark.parametrize("name", BATCHES)
def test_collate(name):
    same(lambda m, data: data.default_collate(BATCHES[name]))
    same(lambda m, data: data.default_convert(BATCHES[name][0]))


WRONG = [
    {"num_workers": -1},
    {"timeout": -1},
    {"prefetch_factor": 2},
    {"persistent_workers": True},
    {"sampler": [0], "shuffle": True},
    {"batch_sampler": [[0]], "batch_size": 2},
    {"batch_size": None, "drop_last": True},
    {"batch_size": 0},
    {"batch_size": 1.5},
    {"drop_last": 1, "batch_size": 2},
    {"multiprocessing_context": "fork"},
    {"multiprocessing_context": "other", "num_workers": 1},
    {"multiprocessing_context": 3, "num_workers": 1},
]


@pytest.mark.parametrize("options", WRONG, ids=str)
def test_wrong_arguments(options):
    same(lambda m, data: data.DataLoader([1, 2, 3], **options))


def test_wrong_samplers():
    same(lambda m, data: data.RandomSampler([1], replacement=1))
    same(lambda m, data: data.RandomSampler([]))
    same(lambda m, data: data.RandomSampler([1], num_samples=0))
    same(lambda m, data: data.WeightedRandomSampler([1.0], 0))
    same(lambda m, data: data.WeightedRandomSampler([1.0], 1, 1))
    same(lambda m, data: data.WeightedRandomSampler([[1.0]], 1))


def test_attributes_are_fixed():
    def call(m, data):
        loader = data.DataLoader([1, 2])
        loader.batch_size = 3

    same(call)


class Drawing:
    """Samples that draw random numbers, as augmented images do."""

    def __init__(self, library):
        self.library = library

    def __len__(self):
        return 7

    def __getitem__(self, index):
        info = self.library.utils.data.get_worker_info()
        return index, self.library.rand(2), info.id, info.num_workers


class Failing(Drawing):
    def __getitem__(self, index):
        if index == 3:
            raise ValueError("no such sample")
        return index


@pytest.mark.parametrize("persistent", [False, True])
def test_workers_draw_as_torchs_do(persistent):
    results = []
    for library in LIBRARIES:
        library.manual_seed(11)
        loader = library.utils.data.DataLoader(
            Drawing(library), 2, shuffle=True, num_workers=2, persistent_workers=persistent,
            multiprocessing_context="fork",
        )  # fmt: skip
        results.append([plain(batch) for _ in range(2) for batch in loader])
        del loader
    assert results[0] == results[1]


def test_errors_in_workers_arrive():
    loader = rushlight.utils.data.DataLoader(Failing(rushlight), 2, num_workers=1, multiprocessing_context="fork")
    with pytest.raises(ValueError, match=r"Caught ValueError in DataLoader worker process 0\.\nOriginal Traceback"):
        list(loader)


def test_found_without_an_import_of_its_own():
    code = "import rushlight as t; print(t.utils.data.DataLoader.__name__, t.utils.hooks.RemovableHandle.__name__)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "DataLoader RemovableHandle\n"
