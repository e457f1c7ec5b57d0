"""Which versions of its dependencies a project runs with: what lock files pin, else what its requirements allow."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.core.source import digest
from flake8_backend.project.files.requirements import Requirements, normalised
from flake8_backend.project.files.roots import REPOSITORY_MARKERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Version = tuple[int, ...]
LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")
# uv, Poetry and PDM write one table per package, name and version first; decoding all of it takes half a second
_LOCKED = re.compile(r'^\[\[package\]\]\s*^name = "([^"\n]+)"\s*^version = "([^"\n]+)"', re.MULTILINE)
_CLAUSE = re.compile(r"(===|==|~=|!=|<=|>=|<|>|\^|~|=)?\s*v?(\d+(?:\.\d+)*)[a-z0-9.+-]*?(\.\*)?\Z", re.IGNORECASE)
_OPTIONS = re.compile(r"\\|\s--")  # of pip, behind a requirement
_JSON_SECTIONS = ("default", "develop")
_MOST_LEVELS = 3  # from a member of a workspace up to the folder with its lock file


@dataclass(frozen=True, slots=True)
class Range:
    """Versions from ``lowest`` on and before ``end``; None where nothing tells."""

    lowest: Version | None = None
    end: Version | None = None

    @property
    def is_pin(self) -> bool:
        """Whether it is one version."""
        return self.lowest is not None and self.end == _exactly(self.lowest).end

    def is_before(self, version: str) -> bool | None:
        """Whether all of them are older than ``version``; False: none of them is; None: it is not known."""
        wanted = release(version)
        if self.end is not None and _padded(self.end) <= _padded(wanted):
            return True
        if self.lowest is not None and _padded(self.lowest) >= _padded(wanted):
            return False
        return None

    def __or__(self, other: Range) -> Range:
        """The range that covers both."""
        lowest = min(self.lowest, other.lowest) if self.lowest is not None and other.lowest is not None else None
        end = max(self.end, other.end) if self.end is not None and other.end is not None else None
        return Range(lowest, end)

    def __and__(self, other: Range) -> Range:
        """What is in both."""
        lowest = max((bound for bound in (self.lowest, other.lowest) if bound is not None), default=None)
        end = min((bound for bound in (self.end, other.end) if bound is not None), default=None)
        return Range(lowest, end)


UNKNOWN = Range()


@dataclass(frozen=True)
class Versions:
    """Ranges by distribution. ``locks`` are the contents of lock files by file name, the nearest ones to the root."""

    requirements: Requirements
    locks: Mapping[str, bytes]

    @property
    def fingerprint(self) -> str:
        """Changes when a lock file does."""
        rows = (f"{name} {digest(data)}" for name, data in sorted(self.locks.items()))
        return digest("\n".join(rows).encode())

    @cached_property
    def _locked(self) -> Mapping[str, Range]:
        found: dict[str, Range] = {}
        for file, data in sorted(self.locks.items()):
            text = data.decode("utf-8", "replace").replace("\r\n", "\n")
            for name, version in _pins(text) if file == "Pipfile.lock" else _LOCKED.findall(text):
                pinned = _exactly(release(version))
                key = normalised(name)
                found[key] = found[key] | pinned if key in found else pinned
        return found

    @cached_property
    def _allowed(self) -> Mapping[str, Range]:
        """What requirements allow. A pin is what was resolved: beside one, looser requirements tell nothing."""
        pinned: dict[str, Range] = {}
        loose: dict[str, Range] = {}
        for name, text in self.requirements.stated:
            allowed = specified(text)
            found = pinned if allowed.is_pin else loose
            found[name] = found[name] | allowed if name in found else allowed
        return {**loose, **pinned}

    def of(self, distribution: str) -> Range:
        """The versions of a distribution, or of the one that is named like a top-level module."""
        name = normalised(distribution)
        return self._locked.get(name) or self._allowed.get(name) or UNKNOWN


def read(root: Path, requirements: Requirements) -> Versions:
    """The versions of the project at ``root``, whose ``requirements`` are read already."""
    for folder in _folders(root):
        locks = {name: data for name in LOCKS for data in [_content(folder / name)] if data}
        if locks:
            return Versions(requirements, locks)
    return Versions(requirements, {})


def _folders(root: Path) -> list[Path]:
    """The root and the folders around it that belong to the same repository; without one, the next folder alone."""
    folders = [root, *root.parents][: _MOST_LEVELS + 1]
    for level, folder in enumerate(folders):
        if any((folder / marker).exists() for marker in REPOSITORY_MARKERS):
            return folders[: level + 1]
    return folders[:2]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _pins(text: str) -> Iterator[tuple[str, str]]:
    try:
        tables: Any = json.loads(text)
    except (ValueError, RecursionError):
        return
    for section in _JSON_SECTIONS if isinstance(tables, dict) else ():
        packages = tables.get(section)
        for name, row in packages.items() if isinstance(packages, dict) else ():
            version = row.get("version") if isinstance(row, dict) else None
            if isinstance(version, str):
                yield name, version.lstrip("=")


def release(version: str) -> Version:
    """The numbers of a version, without what marks a pre-release or a build; empty where there are none."""
    match = re.match(r"v?(\d+(?:\.\d+)*)", version.strip(), re.IGNORECASE)
    return tuple(map(int, match[1].split("."))) if match is not None else ()


def specified(text: str) -> Range:
    """What a specifier allows, in the spelling of pip (``>=5,<6``) or Poetry (``^5.2``); a bare version is a pin."""
    found: Range | None = None
    for alternative in _OPTIONS.split(text)[0].split("||"):
        allowed = UNKNOWN
        for clause in filter(None, (part.strip(" ()") for part in alternative.split(","))):
            allowed = allowed & _of_clause(clause)
        found = allowed if found is None else found | allowed
    return found or UNKNOWN


def _of_clause(clause: str) -> Range:
    match = _CLAUSE.match(clause)
    if match is None:
        return UNKNOWN
    operator, version = match[1] or "==", release(match[2])
    if operator == "^":
        significant = next((position for position, part in enumerate(version) if part), len(version) - 1)
        return Range(version, _next(version[: significant + 1]))
    if operator == "~":
        return Range(version, _next(version[:2]))
    if operator == "~=":
        return Range(version, _next(version[:-1])) if len(version) > 1 else UNKNOWN
    if operator in ("==", "===", "="):
        return Range(version, _next(version)) if match[3] else _exactly(version)
    if operator in (">=", ">"):
        return Range(version)
    if operator == "<":
        return Range(None, version)
    return Range(None, (*version, 1)) if operator == "<=" else UNKNOWN


def _exactly(version: Version) -> Range:
    return Range(version, (*version, 0, 1)) if version else UNKNOWN


def _next(version: Version) -> Version:
    """The first version after all that begin with ``version``."""
    return (*version[:-1], version[-1] + 1)


def _padded(version: Version) -> Version:
    """For comparing: 8, 8.0 and 8.0.0 are the same version."""
    return (*version, *(0,) * (8 - len(version)))
