"""The entries of PyTorch's list of operators, and what of each there is in Rushlight."""

import functools
import types
from fnmatch import fnmatchcase

import torch
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.opinfo.core import BinaryUfuncInfo, UnaryUfuncInfo

from .excluded import EXCLUDED
from .translate import Missing, lookup, translated


class Entry:
    """One entry of ``op_db``.

    Attributes:
        info: PyTorch's description of the operator.
        name: its name, with that of the variant of the samples, such as ``"norm:nuc"``.
    """

    def __init__(self, info):
        self.info = info
        self.name = info.name + (f":{info.variant_test_name}" if info.variant_test_name else "")

    @property
    def elementwise(self):
        """Whether each element of the result comes from one element of each input."""
        return isinstance(self.info, (UnaryUfuncInfo, BinaryUfuncInfo))

    @property
    def reason(self):
        """Why the entry is left out, or None."""
        return next((why for pattern, why in EXCLUDED.items() if fnmatchcase(self.info.name, pattern)), None)

    @functools.cached_property
    def ours(self):
        """Our function for the entry's; raises `Missing` where there is none."""
        function = self.info.op
        module = getattr(function, "__module__", None) or ""
        if isinstance(function, (types.MethodDescriptorType, types.WrapperDescriptorType)):
            return lookup("Tensor." + function.__name__)
        if module == "torch._tensor":
            return lookup("Tensor." + self.info.name)
        if isinstance(function, types.FunctionType) and module.startswith("torch.testing"):
            return translated(function)
        try:
            return lookup(self.info.name)
        except Missing:
            # The entry may be called otherwise than its function.
            if not isinstance(function, types.BuiltinFunctionType):
                raise
            return lookup(function.__name__)

    def variant(self, function):
        """Our method, operator or in-place variant for one of PyTorch's."""
        if isinstance(function, (types.MethodDescriptorType, types.WrapperDescriptorType)):
            return lookup("Tensor." + function.__name__)
        if isinstance(function, types.FunctionType) and (function.__module__ or "").startswith("torch._"):
            return lookup("Tensor." + function.__name__)
        return translated(function)

    @property
    def missing(self):
        """The name that Rushlight lacks, if it lacks the operator."""
        try:
            _ = self.ours
        except Missing as error:
            return str(error)
        return None

    def dtypes(self, names, backward=False):
        """Those of the dtypes `names` that PyTorch's operator (or its derivative) supports on the CPU."""
        known = self.info.supported_backward_dtypes("cpu") if backward else self.info.supported_dtypes("cpu")
        return [getattr(torch, n) for n in names if getattr(torch, n) in known]


def entries():
    """All entries that are not excluded, by name."""
    return [e for e in map(Entry, op_db) if e.reason is None]
