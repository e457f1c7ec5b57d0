"""flake8 with or without this plugin, in one environment: ``python flake8_with.py bare|plugin ARGUMENTS…``."""

from __future__ import annotations

import importlib.metadata
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def without_plugin() -> None:
    """Hide the distribution from flake8's search for plugins."""
    every = importlib.metadata.distributions

    def others(**context: Any) -> Iterable[importlib.metadata.Distribution]:
        return (found for found in every(**context) if found.metadata["Name"] != "flake8-backend")

    importlib.metadata.distributions = others


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        without_plugin()
    from flake8.main.cli import main

    raise SystemExit(main(sys.argv[2:]))
