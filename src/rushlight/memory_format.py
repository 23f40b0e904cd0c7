"""Memory formats: in which order the elements of a tensor lie in memory."""


class memory_format:
    """An order of dimensions in memory, such as ``torch.channels_last``."""

    __slots__ = ("_name",)

    def __init__(self, name: str):
        self._name = name

    def __repr__(self) -> str:
        return f"torch.{self._name}"

    def __reduce__(self) -> str:
        return self._name

    def __copy__(self) -> "memory_format":
        return self

    def __deepcopy__(self, memo: object) -> "memory_format":
        return self


contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")
