"""The part of a dataset that one of several processes takes (`torch.utils.data.distributed`)."""

import math
from collections.abc import Iterator
from typing import Any

from .sampler import Sampler

__all__ = ["DistributedSampler"]


class DistributedSampler(Sampler[int]):
    """Every `num_replicas`-th index, in an order that is the same in all processes.

    Args:
        dataset: has a length.
        num_replicas: how many processes there are.
        rank: the number of this one.
        shuffle: whether the order is random; it depends on `seed` and on the epoch that `set_epoch` was given.
        seed: the same in all processes.
        drop_last: whether to leave out what cannot be dealt evenly; else the first indices are dealt once more.

    Raises:
        ValueError: the number of processes is not given, or there is no such rank.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.distributed.DistributedSampler
    """

    def __init__(
        self, dataset: Any, num_replicas: int | None = None, rank: int | None = None, shuffle: bool = True,
        seed: int = 0, drop_last: bool = False,
    ):  # fmt: skip
        if num_replicas is None or rank is None:
            raise ValueError(
                "Default process group has not been initialized, please make sure to call init_process_group."
            )
        if rank >= num_replicas or rank < 0:
            raise ValueError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        self.shuffle = shuffle
        self.seed = seed
        short = drop_last and len(dataset) % num_replicas
        self.num_samples = len(dataset) // num_replicas if short else math.ceil(len(dataset) / num_replicas)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self) -> Iterator[int]:
        indices = self._order()
        if self.drop_last:
            indices = indices[: self.total_size]
        else:
            times = math.ceil(self.total_size / max(len(indices), 1))
            indices = (indices * times)[: self.total_size]
        return iter(indices[self.rank :: self.num_replicas])

    def _order(self) -> list[int]:
        import rushlight as torch

        if not self.shuffle:
            return list(range(len(self.dataset)))
        generator = torch.Generator()
        generator.manual_seed(self.seed + self.epoch)
        return torch.randperm(len(self.dataset), generator=generator).tolist()  # type: ignore[no-any-return]

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Sets the number of the epoch, on which the random order depends."""
        self.epoch = epoch
