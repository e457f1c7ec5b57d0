"""The working copy that the development commands read and write."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class NotACheckout(ValueError):
    """The command was started outside a working copy of this project."""


def find_checkout(start: Path) -> Path:
    """The nearest folder at or above ``start`` that holds this project; raises NotACheckout."""
    for folder in (start, *start.parents):
        if (folder / "src" / "flake8_backend").is_dir() and (folder / "pyproject.toml").is_file():
            return folder
    raise NotACheckout(f"{start} is not inside a checkout of flake8-backend")
