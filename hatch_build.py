"""Build hook: the wheel carries the packs in the form that loads fast, see ``flake8_backend.knowledge.compiled``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = Path("src", "flake8_backend")


class CompilePacks(BuildHookInterface[Any]):
    """Writes ``compiled.jsonl`` beside the packs and adds it to the wheel; a broken pack fails the build."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it collects files."""
        del version
        source = Path(self.root, PACKAGE.parent)
        sys.path.insert(0, str(source))
        try:
            from flake8_backend.knowledge import compiled
        finally:
            sys.path.remove(str(source))
        packs = Path(self.root, PACKAGE, "knowledge", "packs")
        compiled.compiled_text(packs)
        build_data["artifacts"].append((PACKAGE / "knowledge" / "packs" / compiled.COMPILED).as_posix())
