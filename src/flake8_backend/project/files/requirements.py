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

    from flake8_backend.project.files.cache import Cache

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^]]*\])?\s*([^;#]*)")
_SEPARATORS = re.compile(r"[-_.]+")
_LISTS = ("requirements*.txt", "requirements*.in", "*requirements.txt", "requirements/*.txt", "requirements/*.in")
_TABLES = ("pyproject.toml", "Pipfile", "setup.cfg")
_KIND = "requirements"  # of what the cache holds


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


def read(root: Path, cache: Cache | None = None) -> Requirements:
    """The requirements of the project at ``root``; where it states none, those of the folder around it.

    ``cache`` remembers what the files stated when they were read last.
    """
    own = _files(root)
    around = [] if any((root / marker).exists() for marker in REPOSITORY_MARKERS) else _files(root.parent)
    content = digest("\0".join(part for file in (*own, ("", ""), *around) for part in file).encode("utf-8", "replace"))
    key = digest(str(root).encode("utf-8", "surrogateescape"))
    stated = _remembered(cache.load(_KIND, key), content) if cache is not None else None
    if stated is None:
        stated = list(_stated(own)) or list(_stated(around))
        if cache is not None:
            cache.store(_KIND, key, [content, *stated])
    return Requirements(dict(reversed(stated)), tuple(stated))


def _remembered(rows: Any, content: str) -> list[tuple[str, str]] | None:
    """What the cache holds of files with this content; None where that is nothing, or nonsense."""
    if not isinstance(rows, list) or rows[:1] != [content]:
        return None
    pairs = [tuple(row) for row in rows[1:] if isinstance(row, list) and list(map(type, row)) == [str, str]]
    return pairs if len(pairs) == len(rows) - 1 else None


def _files(folder: Path) -> list[tuple[str, str]]:
    """The names and texts of the files in a folder that may state requirements."""
    listed = [path for pattern in _LISTS for path in sorted(folder.glob(pattern))]
    return [(path.name, _text(path)) for path in (*listed, *(folder / name for name in _TABLES))]


def _stated(files: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    if not files:
        return
    for _, text in files[: -len(_TABLES)]:
        yield from _parsed(text.splitlines())
    tables = dict(files[-len(_TABLES) :])
    project = _toml(tables["pyproject.toml"])
    yield from _parsed(_texts(_table(project, "project").get("dependencies")))
    for groups in (_table(project, "project").get("optional-dependencies"), project.get("dependency-groups")):
        for group in groups.values() if isinstance(groups, dict) else ():
            yield from _parsed(_texts(group))
    poetry = _table(_table(project, "tool"), "poetry")
    yield from _versions(poetry.get("dependencies"))
    for group in _table(poetry, "group").values():
        yield from _versions(group.get("dependencies") if isinstance(group, dict) else None)
    yield from _versions(_toml(tables["Pipfile"]).get("packages"))
    yield from _parsed(_setup_cfg(tables["setup.cfg"]).splitlines())


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


def _toml(text: str) -> Mapping[str, Any]:
    if not text.strip():
        return {}
    toml: Any = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        tables: dict[str, Any] = toml.loads(text)
    except ValueError:
        return {}  # whoever reads the configuration says so
    return tables


def _setup_cfg(text: str) -> str:
    parser = configparser.ConfigParser(interpolation=None)
    with contextlib.suppress(configparser.Error):
        parser.read_string(text)
    return parser.get("options", "install_requires", fallback="")
