"""Which files a run is about: those that users name, and those that the index of a project needs."""

# Plain strings and os.scandir, because walking with pathlib takes five times as long.
# ruff: noqa: PTH100, PTH116, PTH118
from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from flake8_backend.project.files.gitignore import IGNORE_FILE, IgnoreStack, ignore_files_above
from flake8_backend.project.files.globs import PathPatterns
from flake8_backend.project.files.roots import (
    ENVIRONMENT_MARKERS,
    MARKERS,
    NEVER_INDEXED,
    REPOSITORY_MARKERS,
    find_root,
    is_project,
)

SUFFIXES = (".py", ".pyi")

MAX_UNMARKED_FOLDERS = 500
"""How many folders the index of a project visits when nothing marks its root: it may be /tmp."""

Exclusion = Callable[[Path], PathPatterns]
"""What the project at a root excludes."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A path that could not be looked into, and why, in a few words."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """Absolute paths in their order, without repetition, and what went wrong on the way."""

    files: tuple[Path, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Listing:
    """The entries of a folder that matter, sorted by name."""

    folders: list[str]
    files: list[str]
    has_ignore_file: bool
    is_project: bool
    is_environment: bool


class _Walk:
    def __init__(self) -> None:
        self.files: list[str] = []
        self.problems: list[Problem] = []

    def list(self, folder: str) -> _Listing | None:
        try:
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            self.problems.append(Problem(folder, _reason(error)))
            return None
        names = {entry.name for entry in entries}
        return _Listing(
            folders=[entry.name for entry in entries if entry.is_dir(follow_symlinks=False)],
            files=[entry.name for entry in entries if entry.name.endswith(SUFFIXES) and self._is_file(entry)],
            has_ignore_file=IGNORE_FILE in names,
            is_project=not names.isdisjoint(MARKERS + REPOSITORY_MARKERS),
            is_environment=not names.isdisjoint(ENVIRONMENT_MARKERS),
        )

    def _is_file(self, entry: os.DirEntry[str]) -> bool:
        try:
            if entry.is_file():
                return True
            # is_file() is False for links to nowhere, which editors leave behind, and for loops of links as well
            if entry.is_symlink():
                os.stat(entry.path)
        except FileNotFoundError:
            pass
        except OSError as error:
            self.problems.append(Problem(entry.path, _reason(error)))
        return False


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


class _UserWalk(_Walk):
    """Walks what a user named: with excludes, with .gitignore."""

    def __init__(self, excluded: Exclusion) -> None:
        super().__init__()
        self._excluded = excluded

    def start(self, folder: str) -> None:
        root = find_root(Path(folder))
        self._visit(folder, self._excluded(root), ignored=ignore_files_above(folder), is_start=True)

    def _visit(
        self, folder: str, excluded: PathPatterns, *, ignored: IgnoreStack | None, is_start: bool = False
    ) -> None:
        listing = self.list(folder)
        if listing is None or (listing.is_environment and not is_start):
            return
        if listing.is_project and not is_start:
            excluded = self._excluded(Path(folder))
        if listing.has_ignore_file and ignored is not None:
            ignored = ignored.entering(folder)
        for name in listing.files:
            path = os.path.join(folder, name)
            if not excluded.matches(path, name) and not (ignored and ignored.ignores(path, is_folder=False)):
                self.files.append(path)
        for name in listing.folders:
            path = os.path.join(folder, name)
            if name in NEVER_INDEXED or excluded.matches(path, name):
                continue
            if not (ignored and ignored.ignores(path, is_folder=True)):
                self._visit(path, excluded, ignored=ignored)


def discover(paths: Iterable[Path], excluded: Exclusion, *, force_exclude: bool = False) -> Found:
    """The Python files that ``paths`` mean.

    Files are kept as they are, whatever their name, even when excluded; ``force_exclude`` applies the exclusion to
    them too. Folders are walked for .py and .pyi: links to folders are not followed; environments, caches and
    installed packages are left out, as is what ``excluded`` or, inside a git repository, .gitignore says.
    A path that does not exist becomes a problem.
    """
    walk = _UserWalk(excluded)
    for path in paths:
        absolute = os.path.abspath(path)
        try:
            is_folder = stat.S_ISDIR(os.stat(absolute).st_mode)
        except OSError as error:
            walk.problems.append(Problem(absolute, _reason(error)))
            continue
        if is_folder:
            walk.start(absolute)
        elif not (force_exclude and _is_excluded(Path(absolute), excluded)):
            walk.files.append(absolute)
    return Found(
        files=tuple(Path(file) for file in sorted(set(walk.files))),
        problems=tuple(sorted(walk.problems, key=lambda problem: problem.path)),
    )


def _is_excluded(path: Path, excluded: Exclusion) -> bool:
    root = find_root(path)
    return excluded(root).matches_within(path, root)


def project_files(root: Path, *, nested: bool = False) -> tuple[Path, ...]:
    """The files of ``project_file_names``."""
    return tuple(Path(file) for file in project_file_names(root, nested=nested))


def project_file_names(root: Path, *, nested: bool = False) -> list[str]:
    """Every .py and .pyi file of the project at ``root``, for its index: excluded and ignored ones as well.

    Left out are environments, installed packages and caches, and unless ``nested``, projects inside this one: they
    have an index of their own. Where nothing marks ``root`` as a project, only the nearest folders are visited.
    Folders that cannot be read are passed over.
    """
    walk = _Walk()
    start = os.path.abspath(root)
    limit = None if is_project(start) else MAX_UNMARKED_FOLDERS
    folders = [start]
    for folder in folders:
        listing = walk.list(folder)
        if listing is None or (folder != start and (listing.is_environment or (listing.is_project and not nested))):
            continue
        walk.files.extend(os.path.join(folder, name) for name in listing.files)
        folders.extend(os.path.join(folder, name) for name in listing.folders if name not in NEVER_INDEXED)
        if limit is not None:
            del folders[limit:]
    return sorted(walk.files)
