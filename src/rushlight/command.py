"""The ``rushlight`` command: runs a PyTorch program with Rushlight in PyTorch's place.

rushlight run program.py [args]      (or: python -m rushlight program.py [args])
rushlight run -m package.module [args]
rushlight run --draw graph.svg --page graph.html --explain --detect-anomaly program.py [args]
rushlight names [torch.nn]
rushlight warmup [--double]
"""

import contextlib
import sys
from types import ModuleType, TracebackType
from typing import Any

_COMMANDS = ("names", "run", "warmup")


def main(arguments: list[str] | None = None) -> int:
    """Carries out one command line; returns the exit status.

    Args:
        arguments: the words after the command's own name; by default those this process was started with.
    """
    words = sys.argv[1:] if arguments is None else arguments
    # What follows the program is the program's: argparse must not see it, and need not be imported.
    if len(words) > 1 and words[0] == "run" and words[1] not in ("-h", "--help"):
        return run(words[1:])
    if words and words[0] not in _COMMANDS and (words[0] == "-m" or not words[0].startswith("-")):
        return run(words)
    return _other(words)


def run(words: list[str]) -> int:
    """Runs the program `words[0]` (or the module after ``-m``) as ``__main__``; the other words are its arguments.

    Before the program there may be options of the lens (see lens/session.py).

    ``import torch`` and ``import torchvision`` mean Rushlight in it. An exception is reported as Python reports it,
    without the frames that are ours, and gives status 1; `SystemExit` and `KeyboardInterrupt` pass through.
    """
    from .torch_alias import install_as_torch

    lens: Any = contextlib.nullcontext()
    try:
        options, words = _lens_options(words)
        install_as_torch()
        if options:
            from .lens.session import Session

            lens = Session(**options)
    except (ValueError, ImportError) as error:
        print(f"rushlight: {error}", file=sys.stderr)
        return 2
    try:
        if words[0] == "-m":
            if len(words) == 1:
                print("rushlight: argument expected for the -m option", file=sys.stderr)
                return 2
            with lens:
                _run_module(words[1], words[2:])
        else:
            with lens:
                return _run_file(words[0], words[1:])
    except SystemExit:
        raise
    except BaseException as error:
        _explain(error)
        error.__traceback__ = _of_program(error.__traceback__)
        sys.excepthook(type(error), error, error.__traceback__)
        if isinstance(error, KeyboardInterrupt):
            # Told already; Python itself ends the process as the signal would have.
            sys.excepthook = lambda *error: None
            raise
        return 1
    return 0


# The options of `run`, and whether a file follows them.
_LENS_OPTIONS = {"--draw": True, "--page": True, "--explain": False, "--detect-anomaly": False}


def _lens_options(words: list[str]) -> tuple[dict[str, Any], list[str]]:
    """The options of the lens that stand before the program, and the words from the program on.

    Raises:
        ValueError: an option is unknown, a file is missing after it, or there is no program.
    """
    options: dict[str, Any] = {}
    words = list(words)
    while words and words[0].startswith("--"):
        option, given, file = words.pop(0).partition("=")
        if option not in _LENS_OPTIONS:
            raise ValueError(f"unknown option {option}; there are {', '.join(_LENS_OPTIONS)}")
        if _LENS_OPTIONS[option] and not given:
            if not words:
                raise ValueError(f"argument expected for the {option} option")
            file = words.pop(0)
        name = {"--explain": "explains"}.get(option, option[2:].replace("-", "_"))
        options[name] = file if _LENS_OPTIONS[option] else True
    if not words:
        raise ValueError("a program to run is missing")
    return options, words


def _run_file(path: str, arguments: list[str]) -> int:
    import io
    import os

    file = os.path.abspath(path)
    if os.path.isdir(file):
        file = os.path.join(file, "__main__.py")
    try:
        with io.open_code(file) as stream:
            source = stream.read()
    except OSError as error:
        print(f"rushlight: can't open file {file!r}: [Errno {error.errno}] {error.strerror}", file=sys.stderr)
        return 2
    sys.argv[:] = [path, *arguments]
    if not sys.flags.safe_path:
        sys.path[0] = os.path.dirname(file)
    module = ModuleType("__main__")
    module.__dict__.update(__file__=file, __builtins__=__builtins__, __spec__=None)
    # It stays in place after the run: what the program left behind, exit handlers and threads, still belongs to it.
    sys.modules["__main__"] = module
    exec(compile(source, file, "exec", dont_inherit=True), module.__dict__)
    return 0


def _run_module(name: str, arguments: list[str]) -> None:
    import os
    import runpy

    sys.argv[:] = [name, *arguments]
    if not sys.flags.safe_path:
        sys.path[0] = os.getcwd()
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def _of_program(traceback: TracebackType | None) -> TracebackType | None:
    """The part of a traceback that begins in the program."""
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if file != __file__ and not file.startswith("<frozen "):
            break
        traceback = traceback.tb_next
    return traceback


def _explain(error: BaseException) -> None:
    """Tells, on a failed ``from torch... import name``, where the list of what exists is."""
    module = getattr(error, "name", None)
    if type(error) is ImportError and isinstance(module, str) and module.partition(".")[0] == "rushlight":
        from .torch_alias import _their_name

        error.add_note(
            f"Rushlight does not provide this name; the command 'rushlight names {_their_name(module)}' lists what it "
            f"provides"
        )


def names(module: str) -> list[str]:
    """The public names in `module`, which is called as in PyTorch (``torch.nn``, ``torch.Tensor``) or by our own name.

    Raises:
        AttributeError: there is no such name.
        ImportError: there is no such module.
    """
    from importlib import import_module

    from .torch_alias import _PACKAGES, _our_name

    found: Any = None
    path = _our_name(module) if module.partition(".")[0] in _PACKAGES else module
    parts = path.split(".")
    found = import_module(parts[0])
    for i, part in enumerate(parts[1:], 1):
        if not hasattr(found, part):
            import_module(".".join(parts[: i + 1]))
        found = getattr(found, part)
    listed = getattr(found, "__all__", None) or dir(found)
    return sorted(name for name in listed if not name.startswith("_"))


def warm_up(codes: str) -> int:
    """Compiles the kernels for the types `codes`, telling the progress; returns the exit status."""
    from . import float32, float64
    from .kernels import dispatch
    from .rehearsal import rehearse

    try:
        if dispatch.enabled():
            for code, dtype in (("f", float32), ("d", float64)):
                if code in codes:
                    rehearse(dtype)
        for name, ready, of in dispatch.warm_up(codes):
            print(f"\r{ready} of {of} kernels ready ({name}) ".ljust(72), end="", flush=True)
    except RuntimeError as error:
        print(f"\nrushlight: {error}", file=sys.stderr)
        return 1
    print(f"\rkernels are ready in {dispatch.disk.folder()}".ljust(72))
    return 0


def _other(words: list[str]) -> int:
    import argparse

    from .version import __version__

    parser = argparse.ArgumentParser(
        prog="rushlight", description="Runs PyTorch programs with Rushlight in PyTorch's place."
    )
    parser.add_argument("--version", action="version", version=f"rushlight {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    usage = (
        "rushlight run [--draw FILE] [--page FILE] [--explain] [--detect-anomaly] (program.py | -m module) [args ...]"
    )
    runner = commands.add_parser("run", help="run a program", usage=usage)
    runner.add_argument("--draw", metavar="FILE", help="draw the graph of the first backward (.svg, .png, .pdf)")
    runner.add_argument("--page", metavar="FILE", help="write it as a page for the browser (.html)")
    runner.add_argument("--explain", action="store_true", help="explain missing, zero and NaN gradients in the end")
    runner.add_argument("--detect-anomaly", action="store_true", help="fail at the first NaN, naming the forward line")
    runner.add_argument("program", help="a file, a folder with a __main__.py, or -m and a module's name")
    runner.add_argument("args", nargs="*", default=[], help="the program's own arguments")
    lister = commands.add_parser("names", help="list what a module or class provides")
    lister.add_argument("module", nargs="?", default="torch", help="such as torch.nn or torch.Tensor (default: torch)")
    warmer = commands.add_parser("warmup", help="compile the fast kernels beforehand (needs the extra 'fast')")
    warmer.add_argument("--double", action="store_true", help="those for float64 too")
    chosen = parser.parse_args(words)
    if chosen.command == "warmup":
        return warm_up("fd" if chosen.double else "f")
    try:
        for name in names(chosen.module):
            print(name)
    except (AttributeError, ImportError) as error:
        print(f"rushlight: {error}", file=sys.stderr)
        return 1
    return 0
