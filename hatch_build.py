"""The build step: writes the typing stubs from the registry of operations, then lets hatchling pack them."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class StubHook(BuildHookInterface):
    """Runs before every build of a wheel, an editable one included."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Writes the stubs beside the sources, where an editable install and the wheel both look for them."""
        if self.target_name != "wheel":
            return
        source = Path(self.root, "src")
        sys.path.insert(0, str(source))
        try:
            from rushlight.ops.stubs import write

            write(source / "rushlight")
        finally:
            sys.path.remove(str(source))
