"""File patterns as users write them in ``exclude`` and ``per-file-ignores``.

A pattern without a slash is compared with the last part of a path; one with a slash with the absolute path, counted
from the folder of the file that holds the pattern. ``*`` also crosses folders, as in flake8 and ruff; ``**/`` stands
for any folders or none.
"""

from __future__ import annotations

import fnmatch
import os.path
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_ANY_FOLDERS = "**/"


def anchored(pattern: str, base: Path) -> str:
    """``pattern`` in the form that ``PathPatterns`` takes, read as written in a file in the folder ``base``."""
    if "/" not in pattern and os.sep not in pattern and pattern != ".":
        return pattern
    return os.path.normpath(os.path.join(base, pattern))  # noqa: PTH118 - pathlib keeps "..", which matches nothing


def _regex(pattern: str) -> str:
    pieces = pattern.replace(os.sep, "/").split(_ANY_FOLDERS)
    # translate() gives (?s:…)\Z; every piece but the last must not be the end
    translated = [fnmatch.translate(piece).removesuffix(r"\Z").removesuffix(r"\z") for piece in pieces]
    return "(?:.*/)?".join(translated)


def _compiled(patterns: Iterable[str]) -> re.Pattern[str] | None:
    alternatives = [_regex(pattern) for pattern in patterns]
    return re.compile("|".join(alternatives)) if alternatives else None


class PathPatterns:
    """Anchored patterns, compiled together."""

    def __init__(self, patterns: Iterable[str]) -> None:
        patterns = tuple(patterns)
        self._of_names = _compiled(pattern for pattern in patterns if "/" not in pattern and os.sep not in pattern)
        self._of_paths = _compiled(pattern for pattern in patterns if "/" in pattern or os.sep in pattern)

    def matches(self, path: str, name: str) -> bool:
        """Whether the file or folder at the absolute ``path``, called ``name``, is meant."""
        if self._of_names is not None and self._of_names.fullmatch(name):
            return True
        return self._of_paths is not None and self._of_paths.fullmatch(path.replace(os.sep, "/")) is not None

    def matches_within(self, path: Path, root: Path) -> bool:
        """Whether ``path`` or a folder between it and ``root`` is meant."""
        candidate = path
        while candidate not in (root, candidate.parent):
            if self.matches(str(candidate), candidate.name):
                return True
            candidate = candidate.parent
        return False
