"""`import torch` means rushlight: the same module objects, PyTorch's names, plain words about what is missing."""

import subprocess
import sys
import textwrap

import pytest


def printed(program, *options, status=0):
    """What a program prints in a Python of its own."""
    done = subprocess.run(
        [sys.executable, *options, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == status, done.stderr
    return done.stdout


ALIASED = "import rushlight; rushlight.install_as_torch()\n"

IMPORTS = [
    "import torch.nn.functional as F; F.relu",
    "from torch.utils.data import DataLoader, TensorDataset",
    "import torch.utils.data",
    "from torch import nn, optim, Tensor",
    "from torch.nn import functional as F; F.relu",
    "from torch.autograd import Function, grad, Variable",
    "import torch.autograd as autograd; autograd.backward",
    "import torch.optim as optim; optim.SGD",
    "from torch.nn.parameter import Parameter",
    "import torch.nn.init as init; init.xavier_uniform_",
    "from torchvision import models; models.resnet18",
    "import torchvision.models as models; models.ResNet18_Weights.DEFAULT",
    "from torchvision.models import resnet18, ResNet18_Weights",
    "from torch.optim.lr_scheduler import StepLR",
]


@pytest.mark.parametrize("statement", IMPORTS)
def test_import_statements(statement):
    printed(ALIASED + statement + "\nimport sys; assert 'torch._C' not in sys.modules")


def test_nothing_is_imported_twice():
    out = printed(
        ALIASED
        + """
import sys, rushlight.nn.functional
import torch, torch.nn.functional, torch.utils.data, torchvision.models
assert torch is rushlight and torch.nn.functional is rushlight.nn.functional
assert torchvision.models is rushlight.vision.models
modules = {id(m): m for n, m in sys.modules.items() if n.startswith(("torch", "rushlight"))}
files = [m.__file__ for m in modules.values()]
assert len(files) == len(set(files))
for name, module in sys.modules.items():
    if name.startswith("rushlight"):
        assert module.__name__ == name and module.__spec__.name == name, name
print(type(torch.ones(1)) is rushlight.Tensor)
"""
    )
    assert out == "True\n"


PRINTS = """
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

x = torch.ones(2, 3, requires_grad=True)
print(type(x), x.dtype, x.shape, type(x.shape), x.device, repr(x.device), type(x.device), type(x.dtype))
print(type(nn.Parameter(x)), type(nn.Linear(1, 1)), nn.Conv2d, nn.BatchNorm2d, nn.Sequential)
print(nn.CrossEntropyLoss, nn.Module)
print(torch.optim.SGD, torch.optim.Adam, torch.autograd.Function, DataLoader, TensorDataset)
print(torch.float32, torch.bool, torch.long, torch.contiguous_format, torch.strided)
print(torch.no_grad, torch.enable_grad, torch.set_grad_enabled, torch.Generator, torch.finfo, torch.Size)
print(type(x.sum().grad_fn).__name__, (x * 2).grad_fn.name(), x.sum())
print({torch.float32: 1}, [torch.device("cpu")], nn.Linear(2, 1))
"""


def test_names_print_as_in_pytorch():
    assert printed(ALIASED + PRINTS) == printed(PRINTS)


def test_pickles_of_classes_name_torch():
    program = """
import pickle, pickletools
import torch
print([s for _, s, _ in pickletools.genops(pickle.dumps([torch.nn.Linear, torch.Tensor, torch.optim.SGD], 0)) if s])
print(pickle.loads(pickle.dumps(torch.nn.Linear)) is torch.nn.Linear)
"""
    assert printed(ALIASED + program) == printed(program)


def test_source_of_a_class_can_be_found():
    assert "class Linear(Module)" in printed(
        ALIASED + "import inspect, torch\nprint(inspect.getsource(torch.nn.Linear))"
    )


def test_without_the_alias_names_are_ours():
    out = printed("import rushlight; print(rushlight.Tensor, rushlight.float32)")
    assert out.split() == ["<class", "'rushlight.tensor.Tensor'>", "torch.float32"]


@pytest.mark.parametrize("module", ["torch", "torch.nn", "torch.nn.functional", "torch.optim", "torchvision.models"])
def test_a_missing_attribute_says_where_to_look(module):
    out = printed(
        ALIASED
        + f"""
import {module}
assert not hasattr({module}, "imaginary")
try:
    {module}.imaginary
except AttributeError as error:
    print(error)
"""
    )
    assert out.startswith(f"module '{module}' has no attribute 'imaginary': Rushlight does not provide it")
    assert f"'rushlight names {module}'" in out


@pytest.mark.parametrize("module", ["torch.imaginary", "torch.nn.imaginary", "torch.imaginary.deep", "torch.tensor"])
def test_a_missing_module_says_where_to_look(module):
    out = printed(
        ALIASED
        + f"""
try:
    import {module}
except ModuleNotFoundError as error:
    print(error.name, error)
import torch
assert callable(torch.tensor)
"""
    )
    name, _, text = out.partition(" ")
    assert module.startswith(name)
    assert text.startswith(f"No module named '{name}': Rushlight does not provide it")


def test_the_alias_can_be_taken_back():
    out = printed(
        ALIASED
        + """
import torch, torch.nn
from rushlight.torch_alias import uninstall_as_torch
ours = torch.nn.Linear
print(ours)
uninstall_as_torch()
print(ours)
import torch
print(torch is rushlight, torch.Tensor is rushlight.Tensor, hasattr(rushlight, "imaginary"))
uninstall_as_torch()
"""
    )
    assert out.splitlines() == [
        "<class 'torch.nn.modules.linear.Linear'>",
        "<class 'rushlight.nn.modules.linear.Linear'>",
        "False False False",
    ]


def test_installing_twice_is_the_same_as_once():
    out = printed(
        ALIASED + "rushlight.install_as_torch()\nimport sys\nprint(sum('torch_alias' in str(f) for f in sys.meta_path))"
    )
    assert out == "1\n"


def test_a_loaded_pytorch_is_not_replaced():
    out = printed(
        """
import torch, rushlight
try:
    rushlight.install_as_torch()
except RuntimeError as error:
    print(error)
import torch.nn
print(torch is rushlight)
"""
    )
    assert out.startswith("torch is already imported in this process")
    assert out.endswith("False\n")


def test_the_notebook_extension():
    out = printed(
        """
import rushlight
rushlight.load_ipython_extension(None)
import torch
print(torch is rushlight)
rushlight.unload_ipython_extension(None)
import sys
print("torch" in sys.modules)
"""
    )
    assert out == "True\nFalse\n"


def test_other_imports_are_left_alone():
    printed(ALIASED + "import torchimaginary", status=1)
    assert printed(ALIASED + "import json, importlib.util\nprint(importlib.util.find_spec('imaginary'))") == "None\n"
