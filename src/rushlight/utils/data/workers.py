"""Processes that fetch batches for a loader (``num_workers > 0``).

Batch i is made by worker ``i % num_workers``, whose random numbers are seeded with the loader's seed plus its number:
as in PyTorch, so that random transforms draw the same.
"""

import multiprocessing
import queue
import random
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class WorkerInfo:
    """What a worker process knows of itself.

    Attributes:
        id: its number. num_workers: how many there are.
        seed: of its random numbers. dataset: its copy of the dataset.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any


_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """In a worker process, what it knows of itself; None in the main process."""
    return _info


class Failure:
    """An exception in a worker, on its way to the main process."""

    def __init__(self, error: BaseException, where: str):
        self.kind = type(error)
        self.text = f"Caught {self.kind.__name__} {where}.\nOriginal {traceback.format_exc()}"

    def reraise(self) -> None:
        """Raises it again: the same type where that takes a text, else a RuntimeError.

        Raises:
            RuntimeError: the type takes no text, or is KeyError.
        """
        if self.kind is KeyError:
            raise RuntimeError(self.text)
        try:
            error = self.kind(self.text)
        except Exception:
            raise RuntimeError(self.text) from None
        raise error


def _serve(number: int, count: int, seed: int, fetcher: Any, init: Any, tasks: Any, results: Any) -> None:
    """The life of a worker: takes batches of indices until there is None."""
    global _info
    import rushlight as torch

    random.seed(seed)
    torch.manual_seed(seed)
    _info = WorkerInfo(number, count, seed, fetcher.dataset)
    where = f"in DataLoader worker process {number}"
    failure: Failure | None = None
    fetch: Any = None
    try:
        if init is not None:
            init(number)
        fetch = fetcher.start()
    except Exception as error:
        failure = Failure(error, where)
    while (task := tasks.get()) is not None:
        position, indices = task
        if failure is None:
            try:
                results.put((position, fetch(indices)))
                continue
            except StopIteration:
                results.put((position, StopIteration))
                continue
            except Exception as error:
                failure = Failure(error, where)
        results.put((position, failure))
        failure = None


class Workers:
    """The worker processes of one loader."""

    def __init__(self, loader: Any, fetcher: Any, seed: int):
        context = loader.multiprocessing_context or multiprocessing
        self.count = loader.num_workers
        self.timeout = loader.timeout or None
        self.prefetch = self.count * loader.prefetch_factor
        self.results = context.Queue()
        self.tasks = [context.Queue() for _ in range(self.count)]
        self.processes = []
        for i, tasks in enumerate(self.tasks):
            arguments = (i, self.count, seed + i, fetcher, loader.worker_init_fn, tasks, self.results)
            process = context.Process(target=_serve, args=arguments, daemon=True)
            process.start()
            self.processes.append(process)

    def batches(self, indices: Iterator[Any]) -> Iterator[Any]:
        """The batches of the lists of indices, in their order; workers are kept `prefetch` batches ahead."""
        sent = wanted = 0
        done: dict[int, Any] = {}
        ended: set[int] = set()
        more = True
        while True:
            while more and sent - wanted < self.prefetch and len(ended) < self.count:
                if sent % self.count in ended:
                    done[sent] = StopIteration
                else:
                    try:
                        self.tasks[sent % self.count].put((sent, next(indices)))
                    except StopIteration:
                        more = False
                        break
                sent += 1
            if wanted == sent:
                return
            while wanted not in done:
                position, batch = self._receive()
                done[position] = batch
            batch = done.pop(wanted)
            if batch is StopIteration:
                ended.add(wanted % self.count)
                wanted += 1
                continue
            wanted += 1
            if isinstance(batch, Failure):
                batch.reraise()
            yield batch

    def _receive(self) -> tuple[int, Any]:
        waited = 0.0
        while True:
            try:
                return self.results.get(timeout=min(5.0, self.timeout or 5.0))
            except queue.Empty:
                dead = [p.pid for p in self.processes if not p.is_alive()]
                if dead:
                    raise RuntimeError(
                        f"DataLoader worker (pid(s) {', '.join(map(str, dead))}) exited unexpectedly"
                    ) from None
                waited += min(5.0, self.timeout or 5.0)
                if self.timeout is not None and waited >= self.timeout:
                    raise RuntimeError(f"DataLoader timed out after {self.timeout} seconds") from None

    def stop(self) -> None:
        """Ends the processes."""
        for tasks in self.tasks:
            tasks.put(None)
        for process in self.processes:
            process.join(timeout=1)
            if process.is_alive():
                process.terminate()
        for channel in (*self.tasks, self.results):
            channel.cancel_join_thread()
            channel.close()
        self.processes = []
