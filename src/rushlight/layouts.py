"""Layouts: whether the elements of a tensor lie in memory or are given by coordinates."""


class layout:
    """How a tensor's elements are arranged: ``torch.strided``, in memory, or ``torch.sparse_coo``, by coordinates."""

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


strided = layout("strided")
sparse_coo = layout("sparse_coo")
# Layouts that no tensor has, for programs that ask whether one does.
sparse_csr, sparse_csc, sparse_bsr, sparse_bsc = map(layout, ("sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc"))
