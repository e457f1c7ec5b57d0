"""The files of a project: what they hold, by digest, and what their modules are called."""

# Every run looks at every file of the index: objects for paths would cost more than the rest of that.
# ruff: noqa: PTH116, PTH118, PTH120
from __future__ import annotations

import os
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flake8_backend.core.source import digest
from flake8_backend.project.files.discovery import project_file_names
from flake8_backend.project.files.roots import ModuleNames

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flake8_backend.project.files.cache import Cache
    from flake8_backend.semantic.summary import ModuleSummary

_RACY = 2_000_000_000  # nanoseconds: a file changed this recently may change again without a new time stamp


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file has no summary."""

    reason: str
    line: int = 1

    @classmethod
    def of(cls, error: OSError) -> Problem:
        """What the operating system says against reading a file."""
        return cls((error.strerror or str(error)).lower())


@dataclass(slots=True)
class Entry:
    """One file of the project: its content's digest and, once visited, its summary or the reason why there is none.

    Names and ``key``, that of its summary in the cache, are given when they are first needed.
    """

    file: str
    content: str
    name: str = ""
    other_names: tuple[str, ...] = ()
    key: str = ""
    summary: ModuleSummary | Problem | None = None
    text: str | None = None
    dumped: str | None = None  # the summary as JSON, until it is asked for

    @property
    def path(self) -> Path:
        """Where the file is."""
        return Path(self.file)


class Index:
    """The entries of all files under ``root``, by their paths relative to it, in the order of ``discovery``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.entries: dict[str, Entry] = {}
        self._names = ModuleNames(root)
        self._is_named = False
        self._owners: dict[str, str] = {}

    def relative(self, path: Path) -> str:
        """The name of a file in this index; of a file elsewhere, its path."""
        path = path if path.is_absolute() else Path.cwd() / path
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            try:
                return path.resolve().relative_to(self.root).as_posix()
            except ValueError:
                return path.as_posix()

    def in_order(self) -> list[tuple[str, Entry]]:
        """All entries in the order of their names."""
        return sorted(self.entries.items())

    def folders(self) -> list[str]:
        """The folders that files lie in, in the order of their names."""
        return list(dict.fromkeys(os.path.dirname(entry.file) for _, entry in self.in_order()))

    def fill(self, cache: Cache) -> list[Entry]:
        """Look at every file of the project; gives those that have changed since the cache was written."""
        known = cache.load("index", self._key) or {}
        if not isinstance(known, dict):
            known = {}
        fresh: dict[str, list[Any]] = {}
        now = time.time_ns()
        unseen: list[Entry] = []
        prefix = len(os.path.join(self.root, ""))
        for file in project_file_names(self.root):
            relative = file[prefix:].replace(os.sep, "/")
            try:
                info = os.stat(file)
                stamp = [info.st_size, info.st_mtime_ns, info.st_ctime_ns]
                row = known.get(relative)
                is_known = False
                if isinstance(row, list) and row[:3] == stamp and isinstance(row[3], str):
                    is_known, content = True, row[3]
                else:
                    content = digest(Path(file).read_bytes())
            except OSError as error:
                self.entries[relative] = Entry(file, "", summary=Problem.of(error))
                continue
            entry = self.entries[relative] = Entry(file, content)
            if not is_known:
                unseen.append(entry)
            if now - max(info.st_mtime_ns, info.st_ctime_ns) > _RACY:
                fresh[relative] = [*stamp, content]
        if fresh != known:
            cache.store("index", self._key, fresh)
        return unseen

    @cached_property
    def _key(self) -> str:
        return digest(str(self.root).encode("utf-8", "surrogateescape"))

    # --- names -------------------------------------------------------------------------------------------------

    def name_entries(self, shaping: str) -> None:
        """Give names to the files of the index, in their order, before any other file can take one.

        ``shaping`` tells what besides a file's text shapes its summary.
        """
        if self._is_named:
            return
        self._is_named = True
        for relative, entry in self.entries.items():
            self._name(relative, entry, shaping)

    def add(self, relative: str, entry: Entry, shaping: str) -> None:
        """Put another file into the index, or another content into the place of a file."""
        self.name_entries(shaping)
        self.entries[relative] = entry
        self._name(relative, entry, shaping)

    def remove(self, relative: str) -> None:
        """Take a file out of the index; its names are free again."""
        del self.entries[relative]
        self._owners = {name: owner for name, owner in self._owners.items() if owner != relative}

    def state(self) -> Iterable[str]:
        """Every file's content, and what the names of modules are counted from."""
        for relative, entry in self.in_order():
            yield f"{relative}:{entry.content}"
        for folder in self.folders():
            yield f"{folder}:{' '.join(self._names.of_folder(folder))}"

    def _name(self, relative: str, entry: Entry, shaping: str) -> None:
        entry.name, *others = self._module_names(relative, entry.path)
        entry.other_names = tuple(others)
        told = f"{entry.content}\0{entry.name}\0{entry.path.name}\0{shaping}"
        entry.key = digest(told.encode("utf-8", "surrogateescape"))

    def _module_names(self, relative: str, path: Path) -> tuple[str, ...]:
        """The module's own name first, which no other file of the project has, then its other ones."""
        try:
            names = self._names.possible(path)
        except ValueError:
            names = (path.stem,)
        for name in (*names, relative.replace("/", ".")):
            if self._owners.setdefault(name, relative) == relative:
                return (name, *(other for other in names if other != name))
        return names
