"""Which distributions a project says it needs: requirement files, pyproject.toml, setup.cfg, Pipfile."""

from __future__ import annotations

import configparser
import contextlib
import importlib
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flake8_backend.core.source import digest
from flake8_backend.project.files.roots import REPOSITORY_MARKERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^]]*\])?\s*([^;#]*)")
_SEPARATORS = re.compile(r"[-_.]+")
_FILES = ("requirements*.txt", "requirements*.in", "*requirements.txt", "requirements/*.txt", "requirements/*.in")


@dataclass(frozen=True)
class Requirements:
    """Version specifiers as they are written, by normalised distribution name; of several the first one counts.

    ``stated`` are all of them: normalised name, specifier.
    """

    specifiers: Mapping[str, str]
    stated: Sequence[tuple[str, str]] = ()

    def names_any(self, *distributions: str) -> bool:
        """Whether one of ``distributions`` is asked for."""
        return any(name in self.specifiers for name in distributions)

    @property
    def fingerprint(self) -> str:
        """Changes when a requirement does."""
        rows = sorted({*self.specifiers.items(), *self.stated})
        return digest("\n".join(f"{name} {text}" for name, text in rows).encode())


def read(root: Path) -> Requirements:
    """The requirements of the project at ``root``; where it states none, those of the folder around it."""
    found = list(_stated(root))
    if not found and not any((root / marker).exists() for marker in REPOSITORY_MARKERS):
        found = list(_stated(root.parent))
    return Requirements(dict(reversed(found)), tuple(found))


def _stated(folder: Path) -> Iterator[tuple[str, str]]:
    for pattern in _FILES:
        for path in sorted(folder.glob(pattern)):
            yield from _parsed(_text(path).splitlines())
    project = _toml(folder / "pyproject.toml")
    yield from _parsed(_texts(_table(project, "project").get("dependencies")))
    for groups in (_table(project, "project").get("optional-dependencies"), project.get("dependency-groups")):
        for group in groups.values() if isinstance(groups, dict) else ():
            yield from _parsed(_texts(group))
    poetry = _table(_table(project, "tool"), "poetry")
    yield from _versions(poetry.get("dependencies"))
    for group in _table(poetry, "group").values():
        yield from _versions(group.get("dependencies") if isinstance(group, dict) else None)
    yield from _versions(_toml(folder / "Pipfile").get("packages"))
    yield from _parsed(_setup_cfg(folder / "setup.cfg").splitlines())


def _parsed(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        match = _REQUIREMENT.match(line)
        if match is not None:
            yield normalised(match[1]), match[2].strip()


def normalised(name: str) -> str:
    """The one spelling of a distribution's name that all others are compared in."""
    return _SEPARATORS.sub("-", name).lower()


def _versions(table: Any) -> Iterator[tuple[str, str]]:
    """Poetry and Pipenv write a table: a name, then a version or a table with one."""
    for name, value in table.items() if isinstance(table, dict) else ():
        version = value.get("version", "") if isinstance(value, dict) else value
        yield normalised(name), version if isinstance(version, str) else ""


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _table(tables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = tables.get(name)
    return found if isinstance(found, dict) else {}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _toml(path: Path) -> Mapping[str, Any]:
    text = _text(path)
    if not text.strip():
        return {}
    toml: Any = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        tables: dict[str, Any] = toml.loads(text)
    except ValueError:
        return {}  # whoever reads the configuration says so
    return tables


def _setup_cfg(path: Path) -> str:
    parser = configparser.ConfigParser(interpolation=None)
    with contextlib.suppress(configparser.Error):
        parser.read_string(_text(path))
    return parser.get("options", "install_requires", fallback="")
