"""Which codes are reported, as flake8 decides it from ``select``, ``ignore`` and ``per-file-ignores``.

The lists hold prefixes. flake8 turns the codes of an installed plugin on by default; ``select`` replaces that default,
and where a code is both selected and ignored the longer prefix wins, the ignoring one when they are equally long.
"""

from __future__ import annotations

import fnmatch
import os.path
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PREFIX = "BE"
"""How every code of this project begins, and the name of its entry point in flake8."""


def longest_prefix(code: str, prefixes: Iterable[str]) -> int:
    """The length of the longest of ``prefixes`` that ``code`` starts with; -1 when there is none."""
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)


@dataclass(frozen=True, slots=True)
class Selection:
    """The lists of one place; None means not given there, which differs from an empty list."""

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    extend_ignore: tuple[str, ...] = ()

    def selecting(self, code: str) -> int:
        """The length of the longest prefix that selects ``code`` in so many words; -1 when there is none."""
        return longest_prefix(code, (*(self.select or ()), *self.extend_select))

    def allows(self, code: str, *, ignored_here: tuple[str, ...] = ()) -> bool:
        """Whether ``code`` is reported; ``ignored_here`` is what per-file-ignores add for one file."""
        selecting = self.selecting(code)
        ignoring = longest_prefix(code, (*(self.ignore or ()), *self.extend_ignore, *ignored_here))
        if selecting < 0:
            return self.select is None and ignoring < 0
        if self.select is None:
            # the default stands beside what extends it
            selecting = max(selecting, len(PREFIX))
        return selecting > ignoring

    def leaves_out_everything(self) -> bool:
        """Whether ``select`` was written without any code of this project in mind."""
        lists = (*(self.select or ()), *self.extend_select)
        return self.select is not None and not any(is_ours(code) for code in lists)


def is_ours(code: str) -> bool:
    """Whether a prefix in flake8's lists can concern codes of this project."""
    return code.startswith(PREFIX) or PREFIX.startswith(code)


@dataclass(frozen=True, slots=True)
class PerFileIgnores:
    """``per-file-ignores`` of flake8: of all patterns that match a file, only the longest counts."""

    patterns: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def of(self, path: Path) -> tuple[str, ...]:
        """The prefixes that are ignored in the file at the absolute ``path``."""
        matching = [entry for entry in self.patterns if _matches(path, entry[0])]
        # the first of equally long patterns, as flake8 takes them
        return max(matching, key=lambda entry: len(entry[0]), default=("", ()))[1]


def _matches(path: Path, pattern: str) -> bool:
    return fnmatch.fnmatch(path.name, pattern) or fnmatch.fnmatch(os.fspath(path), pattern)
