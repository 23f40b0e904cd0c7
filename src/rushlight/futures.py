"""``torch.futures``: results that are there later."""

from collections.abc import Callable
from concurrent import futures as _futures
from typing import Any, Generic, TypeVar

T = TypeVar("T")
S = TypeVar("S")


class Future(Generic[T]):
    """A value, or an error, that some thread will give.

    Source: https://docs.pytorch.org/docs/stable/futures.html
    """

    def __init__(self, *, devices: Any = None) -> None:
        self._future: _futures.Future[T] = _futures.Future()

    def done(self) -> bool:
        """Whether the value or the error is there."""
        return self._future.done()

    def wait(self) -> T:
        """Waits for the value; raises the error."""
        return self._future.result()

    def value(self) -> T:
        """The value, which must be there.

        Raises:
            RuntimeError: it is not.
        """
        if not self.done():
            raise RuntimeError("Expected completed() to be true, but got false.")
        return self._future.result()

    def then(self, callback: "Callable[[Future[T]], S]") -> "Future[S]":
        """A future of what `callback` makes of this one once it is there."""
        following: Future[S] = Future()

        def run(_: Any) -> None:
            try:
                following.set_result(callback(self))
            except Exception as error:
                following.set_exception(error)

        self._future.add_done_callback(run)
        return following

    def add_done_callback(self, callback: "Callable[[Future[T]], None]") -> None:
        """Calls `callback` with this future once it is there."""
        self._future.add_done_callback(lambda _: callback(self))

    def set_result(self, result: T) -> None:
        """Gives the value.

        Raises:
            RuntimeError: it was given already.
        """
        if self.done():
            raise RuntimeError(
                "Attempting to mark a completed Future as complete again. Note that a Future can only be marked "
                "completed once."
            )
        self._future.set_result(result)

    def set_exception(self, result: BaseException) -> None:
        """Gives the error.

        Raises:
            AssertionError: it is none.
        """
        if not isinstance(result, Exception):
            raise AssertionError(f"{result} is of type {type(result)}, not an Exception.")
        self._future.set_exception(result)


def collect_all(futures: list[Future[Any]]) -> Future[list[Future[Any]]]:
    """A future of a list of futures, that is there when all of them are."""
    whole: Future[list[Future[Any]]] = Future()
    left = [len(futures)]

    def count(_: Any) -> None:
        left[0] -= 1
        if not left[0]:
            whole.set_result(futures)

    if not futures:
        whole.set_result([])
    for future in futures:
        future.add_done_callback(count)
    return whole


def wait_all(futures: list[Future[Any]]) -> list[Any]:
    """Waits for all values; raises the first error."""
    return [future.wait() for future in collect_all(futures).wait()]
