"""The loader: batches of a dataset, in the order of a sampler."""

import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, repeat
from typing import Any

from .collate import default_collate as default_collate
from .collate import default_convert as default_convert
from .dataset import IterableDataset, TensorDataset
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, draw_seed
from .workers import Workers
from .workers import get_worker_info as get_worker_info


class DataLoader:
    """Goes through a dataset in batches; every ``iter()`` is one pass.

    Args:
        dataset: a `Dataset` (anything with ``__getitem__`` and ``__len__``) or an `IterableDataset`.
        batch_size: samples in a batch; None hands out single samples.
        shuffle: whether the order is random, anew in every pass.
        sampler: yields the indices instead.
        batch_sampler: yields lists of indices instead.
        num_workers: how many processes fetch batches; 0 fetches in this one.
        collate_fn: makes a batch of a list of samples; `default_collate` unless given.
        pin_memory: has no effect without an accelerator.
        drop_last: whether a shorter last batch is left out.
        timeout: seconds to wait for a worker's batch; 0 waits for ever.
        worker_init_fn: called in each worker with its number.
        multiprocessing_context: how workers are started, a context of `multiprocessing` or its name.
        generator: draws the order and the workers' seeds; the default one unless given.
        prefetch_factor: how many batches each worker is ahead; 2 unless given.
        persistent_workers: whether the workers stay between passes.
        pin_memory_device: has no effect.
        in_order: batches always come in order here.

    Raises:
        ValueError: arguments that exclude each other.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Any = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ):
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        stream = isinstance(dataset, IterableDataset)
        _check_order(stream, batch_size, shuffle, sampler, batch_sampler, drop_last)
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = _context(multiprocessing_context, num_workers)
        self.in_order = in_order
        if batch_sampler is not None:
            batch_size = None
            drop_last = False
        if sampler is None:
            if stream:
                sampler = _Endless()
            else:
                sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)  # type: ignore[arg-type]
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.generator = generator
        self.collate_fn = collate_fn or (default_convert if batch_sampler is None else default_collate)
        self.persistent_workers = persistent_workers
        self._counted: int | None = None
        self._workers: Workers | None = None
        self._initialized = True
        _warn_of_many_workers(num_workers)

    def __setattr__(self, name: str, value: Any) -> None:
        fixed = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")
        if name in fixed and self.__dict__.get("_initialized"):
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    @property
    def _index_sampler(self) -> Any:
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def __len__(self) -> int:
        if not isinstance(self.dataset, IterableDataset):
            return len(self._index_sampler)
        length = self._counted = len(self.dataset)  # type: ignore[arg-type]
        if self.batch_size is None:
            return length
        return length // self.batch_size if self.drop_last else -(-length // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        return _Pass(self)


class _Endless(Sampler[None]):
    """The sampler of a stream, which has no indices."""

    def __iter__(self) -> Iterator[None]:
        return repeat(None)


class _Pass:
    """One pass through a loader: an iterator."""

    def __init__(self, loader: DataLoader):
        if loader.pin_memory:
            warnings.warn(
                "'pin_memory' argument is set as true but no accelerator is found, "
                "then device pinned memory won't be used.",
                stacklevel=3,
            )
        self._loader = loader
        self._yielded = 0
        indices = iter(loader._index_sampler)
        # Drawn in every pass, with or without workers: the generator moves as PyTorch's does.
        seed = draw_seed(loader.generator) if loader._workers is None else 0
        fetcher = _Fetcher(loader)
        self._batches = (
            self._from_workers(fetcher, indices, seed) if loader.num_workers else self._here(fetcher, indices)
        )

    def _here(self, fetcher: "_Fetcher", indices: Iterator[Any]) -> Iterator[Any]:
        try:
            fetch = fetcher.start()
            for at in indices:
                yield fetch(at)
        except StopIteration:
            return

    def _from_workers(self, fetcher: "_Fetcher", indices: Iterator[Any], seed: int) -> Iterator[Any]:
        loader = self._loader
        workers = loader._workers or Workers(loader, fetcher, seed)
        if loader.persistent_workers:
            loader._workers = workers
        finished = False
        try:
            yield from workers.batches(indices)
            finished = True
        finally:
            if not (finished and loader.persistent_workers):
                loader._workers = None
                workers.stop()

    def __iter__(self) -> "_Pass":
        return self

    def __next__(self) -> Any:
        batch = next(self._batches)
        self._yielded += 1
        counted = self._loader._counted
        if counted is not None and self._yielded > counted:
            warnings.warn(
                f"Length of IterableDataset {self._loader.dataset} was reported to be {counted}"
                f"(when accessing len(dataloader)), but {self._yielded} samples have been fetched. ",
                stacklevel=2,
            )
        return batch

    def __len__(self) -> int:
        return len(self._loader._index_sampler)


class _Fetcher:
    """Makes batches of indices; it can be sent to another process."""

    def __init__(self, loader: DataLoader):
        self.dataset = loader.dataset
        self.collate = loader.collate_fn
        self.batched = loader.batch_sampler is not None
        self.drop_last = loader.drop_last
        self.batch_size = loader.batch_size

    def start(self) -> Callable[[Any], Any]:
        """The function from indices to a batch; at the end of a stream it raises StopIteration."""
        if isinstance(self.dataset, IterableDataset):
            stream = iter(self.dataset)
            return lambda indices: self._next(stream, indices)
        if not self.batched:
            return lambda index: self.collate(self.dataset[index])
        plain = type(self.dataset) is TensorDataset and self.collate is default_collate
        if plain and not any(t.requires_grad for t in self.dataset.tensors):
            # Indexing whole tensors gives what stacking their slices would.
            return lambda indices: [t[indices] for t in self.dataset.tensors]
        together = getattr(self.dataset, "__getitems__", None)
        if together:
            return lambda indices: self.collate(together(indices))
        return lambda indices: self.collate([self.dataset[i] for i in indices])

    def _next(self, stream: Iterator[Any], indices: Any) -> Any:
        if not self.batched:
            return self.collate(next(stream))
        samples = list(islice(stream, len(indices)))
        if not samples or (self.drop_last and len(samples) < len(indices)):
            raise StopIteration
        return self.collate(samples)


def _check_workers(num_workers: int, timeout: float, prefetch_factor: int | None, persistent: bool) -> None:
    if num_workers < 0:
        raise ValueError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing."
            "let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None."
        )
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")


def _check_order(
    stream: bool, batch_size: int | None, shuffle: bool | None, sampler: Any, batch_sampler: Any, drop_last: bool
) -> None:
    if stream:
        given = {"shuffle": shuffle or None, "sampler": sampler, "batch_sampler": batch_sampler}
        for name, value in given.items():
            if value is not None:
                raise ValueError(
                    f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
                )
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None:
        if batch_size != 1 or shuffle or sampler is not None or drop_last:
            raise ValueError(
                "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
            )
    elif batch_size is None and drop_last:
        raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")


def _context(context: Any, num_workers: int) -> Any:
    if context is None:
        return None
    if num_workers == 0:
        raise ValueError(
            "multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got "
            f"num_workers={num_workers}"
        )
    if isinstance(context, str):
        known = multiprocessing.get_all_start_methods()
        if context not in known:
            raise ValueError(
                f"multiprocessing_context option should specify a valid start method in {known!r}, but got "
                f"multiprocessing_context={context!r}"
            )
        context = multiprocessing.get_context(context)
    if not isinstance(context, multiprocessing.context.BaseContext):
        raise TypeError(
            "multiprocessing_context option should be a valid context object or a string specifying the start method, "
            f"but got multiprocessing_context={context}"
        )
    return context


def _warn_of_many_workers(num_workers: int) -> None:
    asked = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if asked else os.cpu_count()
    if num_workers and (cores is None or num_workers > cores):
        advice = (
            "DataLoader is not able to compute a suggested max number of worker in current system."
            if cores is None
            else f"Our suggested max number of worker in current system is {cores}"
            f"{'' if asked else ' (`cpuset` is not taken into account)'}, which is smaller than what this "
            f"DataLoader is "
            "going to create."
        )
        warnings.warn(
            f"This DataLoader will create {num_workers} worker processes in total. {advice} Please be aware that "
            f"excessive "
            "worker creation might get DataLoader running slow or even freeze, lower the worker number to avoid "
            "potential "
            "slowness/freeze if necessary.",
            stacklevel=3,
        )
