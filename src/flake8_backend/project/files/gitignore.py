"""``.gitignore`` as git reads it: nested files, negations, nothing outside the repository.

What a machine ignores for itself (git's global excludes) does not count: findings must not depend on it.
"""

# ruff: noqa: PTH120, PTH123 - plain strings, as in discovery
from __future__ import annotations

import itertools
import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILE = ".gitignore"
_GROUP_NAME = re.compile(r"\?P<\w+>")


class IgnoreFile:
    """One ``.gitignore``: what it says of the paths below the folder ``base``."""

    def __init__(self, base: str, text: str) -> None:
        self._prefix = len(base.rstrip(os.sep)) + 1
        self._spec = _spec(text.splitlines())
        self._any = _any_of(self._spec)

    def verdict(self, path: str, *, is_folder: bool) -> bool | None:
        """True: ignored; False: taken back by a negation; None: this file says nothing about ``path``."""
        relative = path[self._prefix :].replace(os.sep, "/") + ("/" if is_folder else "")
        if not self._any.match(relative):
            return None
        return self._spec.check_file(relative).include


def _spec(lines: list[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(lines)
    except (re.error, ValueError):
        # git passes over a line that it cannot read
        return GitIgnoreSpec.from_lines(line for line in lines if _is_valid(line))


def _is_valid(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except (re.error, ValueError):
        return False
    return True


def _any_of(spec: GitIgnoreSpec) -> re.Pattern[str]:
    """One expression for all patterns: most paths match none, and asking one by one takes a hundred times as long."""
    texts = [_GROUP_NAME.sub("?:", pattern.regex.pattern) for pattern in spec.patterns if pattern.regex is not None]
    return re.compile("|".join(texts) if texts else r"(?!)")


def read_ignore_file(path: str, base: str) -> IgnoreFile | None:
    """The patterns in the file at ``path`` for what lies below ``base``; None when there are none to read."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read()
    except OSError:
        return None
    return IgnoreFile(base, text) if text.strip() else None


class IgnoreStack:
    """The ignore files that count in one folder, outermost first."""

    __slots__ = ("_files",)

    def __init__(self, files: tuple[IgnoreFile, ...] = ()) -> None:
        self._files = files

    def ignores(self, path: str, *, is_folder: bool) -> bool:
        """Whether git ignores ``path``, given that it does not ignore the folder that holds it."""
        for file in reversed(self._files):
            verdict = file.verdict(path, is_folder=is_folder)
            if verdict is not None:
                return verdict
        return False

    def entering(self, folder: str) -> IgnoreStack:
        """What counts in ``folder``, which has a ``.gitignore`` of its own."""
        file = read_ignore_file(f"{folder}/{IGNORE_FILE}", folder)
        return self if file is None else IgnoreStack((*self._files, file))


def ignore_files_above(folder: str) -> IgnoreStack | None:
    """What the repository around ``folder`` ignores in it, its own ``.gitignore`` left out; None outside of one.

    When ``folder`` itself is ignored, whoever names it wants what is inside: nothing from above counts then.
    """
    above = _folders_up_to_repository(folder)
    if not above:
        return None
    stack = IgnoreStack()
    excludes = read_ignore_file(f"{above[0]}/.git/info/exclude", above[0])
    if excludes is not None:
        stack = IgnoreStack((excludes,))
    for outer, inner in itertools.pairwise(above):
        stack = stack.entering(outer)
        if stack.ignores(inner, is_folder=True):
            return IgnoreStack()
    return stack


def _folders_up_to_repository(folder: str) -> list[str]:
    """The folders from the repository's top down to ``folder``; empty outside of a repository."""
    found = [folder]
    while not os.path.lexists(f"{found[-1]}/.git"):
        parent = os.path.dirname(found[-1])
        if parent == found[-1]:
            return []
        found.append(parent)
    return found[::-1]
