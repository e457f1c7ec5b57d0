"""How a project writes its code, as far as its formatter's and linter's settings tell."""

from __future__ import annotations

import configparser
import importlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# Where the length of lines is set, the setting that rewrites files first.
_TOML_WIDTHS = (
    ("pyproject.toml", ("tool", "ruff", "line-length")),
    ("ruff.toml", ("line-length",)),
    (".ruff.toml", ("line-length",)),
    ("pyproject.toml", ("tool", "black", "line-length")),
    ("pyproject.toml", ("tool", "black", "line_length")),
    ("pyproject.toml", ("tool", "isort", "line_length")),
)
_TOML_FIRST_PARTY = (
    ("pyproject.toml", ("tool", "ruff", "lint", "isort", "known-first-party")),
    ("pyproject.toml", ("tool", "ruff", "isort", "known-first-party")),
    ("ruff.toml", ("lint", "isort", "known-first-party")),
    (".ruff.toml", ("lint", "isort", "known-first-party")),
    ("pyproject.toml", ("tool", "isort", "known_first_party")),
)
_FLAKE8_FILES = ("setup.cfg", "tox.ini", ".flake8")


@dataclass(frozen=True, slots=True)
class Style:
    """``first_party`` are the project's top-level modules; ``width`` is the length of lines, None when unknown."""

    first_party: frozenset[str] = frozenset()
    width: int | None = None

    @classmethod
    def of(cls, root: Path) -> Style:
        """What the files at ``root`` tell; those that cannot be read tell nothing."""
        tables = {name: _toml(root / name) for name in ("pyproject.toml", "ruff.toml", ".ruff.toml")}
        widths = [_look(tables[name], keys) for name, keys in _TOML_WIDTHS]
        widths += [_flake8_width(root / name) for name in _FLAKE8_FILES]
        named = [_look(tables[name], keys) for name, keys in _TOML_FIRST_PARTY]
        known = {name for names in named if isinstance(names, list) for name in names if isinstance(name, str)}
        width = next((width for width in widths if isinstance(width, int) and width > 0), None)
        return cls(first_party_modules(root) | known, width)


UNKNOWN_STYLE = Style()


def _toml(path: Path) -> Any:
    toml: Any = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        return toml.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _look(table: Any, keys: Iterable[str]) -> Any:
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    return table


def _flake8_width(path: Path) -> int | None:
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
        return parser.getint("flake8", "max-line-length", fallback=None) or parser.getint(
            "flake8", "max_line_length", fallback=None
        )
    except (configparser.Error, ValueError):
        return None


def first_party_modules(root: Path) -> frozenset[str]:
    """The top-level modules and packages of the project at ``root``, in it or in its ``src`` folder."""
    found: set[str] = set()
    for folder in (root, root / "src"):
        if not folder.is_dir():
            continue
        for entry in folder.iterdir():
            if entry.suffix == ".py":
                found.add(entry.stem)
            elif entry.name.isidentifier() and entry.is_dir() and any(entry.glob("*.py")):
                found.add(entry.name)
    return frozenset(found)
