"""``# noqa`` as flake8 applies it, for the front ends that do not run inside flake8.

flake8 matches the comment against a *group* of physical lines: those that a backslash or a multi-line string joins.
A line end inside brackets ends a group. A comment counts wherever the text stands, inside a string as well. flake8
itself is the oracle of the tests.
"""

from __future__ import annotations

import functools
import io
import re
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_backend.core.source import BOM, SourceFile, UndecodableSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from flake8_backend.core.diagnostic import Diagnostic
    from flake8_backend.project.project import Project

# Case counts in neither pattern; it does when a listed code is compared, so a lower-case code silences nothing.
_COMMENT = re.compile(r"# noqa(?::\s?(?P<codes>(?:[A-Z]+[0-9]+[,\s]*)+))?", re.IGNORECASE)
_WHOLE_FILE = re.compile(r"\s*# flake8[:=]\s*noqa", re.IGNORECASE)
_SEPARATOR = re.compile(r"[,\s]+")
_NOT_IN_A_GROUP = frozenset({tokenize.ENDMARKER, tokenize.DEDENT})
_GROUP_ENDS = frozenset({tokenize.NL, tokenize.NEWLINE})

_OWN_CODES = "BE"
EVERYTHING: tuple[str, ...] = ("",)
"""What a bare ``# noqa`` lists: the prefix of every code."""


@dataclass(frozen=True, slots=True)
class Suppressions:
    """What the comments of one file silence among the codes of this project.

    ``lines`` maps 1-based lines to the code prefixes that are silenced there; lines without a comment are absent.
    """

    whole_file: bool
    lines: Mapping[int, tuple[str, ...]]

    def covers(self, code: str, line: int) -> bool:
        """Whether a finding of ``code`` at 1-based ``line`` is silenced."""
        return self.whole_file or code.startswith(self.lines.get(line, ()))


_NONE = Suppressions(whole_file=False, lines={})


def suppressions(source: SourceFile) -> Suppressions:
    """The ``noqa`` comments of ``source``; one tokenization when there are any that can concern this project."""
    return _read(source.text)


def suppressed(source: SourceFile, diagnostic: Diagnostic) -> bool:
    """Whether a comment silences ``diagnostic``."""
    return suppressions(source).covers(diagnostic.code, diagnostic.span.line)


def visible(project: Project, path: Path) -> tuple[Diagnostic, ...]:
    """What is reported of the file at the absolute ``path``: comments and per-file-ignores applied."""
    options = project.options
    found = [each for each in project.diagnostics(path) if options.reports_in(path, each.code)]
    if not found or options.flake8.disable_noqa:
        return tuple(found)
    try:
        comments = suppressions(project.source(path))
    except (OSError, UndecodableSource):
        return tuple(found)  # it cannot be read, which is what they say
    return tuple(each for each in found if not comments.covers(each.code, each.span.line))


@functools.lru_cache(maxsize=64)
def _read(text: str) -> Suppressions:
    if "noqa" not in text.lower():
        return _NONE
    # flake8 reads files with universal newlines, and its patterns see the translated text
    lines = io.StringIO(text.removeprefix(BOM), newline=None).readlines()
    if any(map(_WHOLE_FILE.match, lines)):
        return Suppressions(whole_file=True, lines={})
    # read over line ends, a comment lists at least what it lists in its own group
    if not any(_concerns_us(comment) for comment in _COMMENT.finditer("".join(lines))):
        return _NONE
    found: dict[int, tuple[str, ...]] = {}
    for first, last in _groups(lines):
        codes = _codes("".join(lines[first - 1 : last]))
        found.update(dict.fromkeys(range(first, last + 1), codes))
    return Suppressions(whole_file=False, lines={line: codes for line, codes in found.items() if codes})


def accepted_lines(text: str) -> list[tuple[int, tuple[str, ...]]]:
    """Lines whose own ``noqa`` comment speaks of this tool's codes, each with its code prefixes.

    What stands there is accepted for every caller, too: effects do not travel out of it. A bare ``noqa`` counts.
    """
    if "noqa" not in text.lower():
        return []
    found = []
    for number, line in enumerate(io.StringIO(text.removeprefix(BOM), newline=None), 1):
        if "noqa" in line.lower():
            codes = tuple(code for code in _codes(line) if not code or code.startswith(_OWN_CODES))
            if codes:
                found.append((number, codes))
    return found


def _concerns_us(comment: re.Match[str]) -> bool:
    return any(code.startswith(_OWN_CODES) or _OWN_CODES.startswith(code) for code in _listed(comment))


def _codes(text: str) -> tuple[str, ...]:
    comment = _COMMENT.search(text)
    return () if comment is None else _listed(comment)


def _listed(comment: re.Match[str]) -> tuple[str, ...]:
    codes = comment["codes"]
    return EVERYTHING if codes is None else tuple(filter(None, _SEPARATOR.split(codes)))


def _groups(lines: list[str]) -> Iterator[tuple[int, int]]:
    """First and last line of each group; every line by itself where the text cannot be tokenized."""
    try:
        grouped = list(_tokenized_groups(lines))
    except (tokenize.TokenError, SyntaxError):
        grouped = []
    covered: set[int] = set()
    for first, last in grouped:
        covered.update(range(first, last + 1))
        yield first, last
    for number in range(1, len(lines) + 1):
        if number not in covered:
            yield number, number


def _tokenized_groups(lines: list[str]) -> Iterator[tuple[int, int]]:
    feed = iter(lines)
    first, last = len(lines) + 2, -1
    for kind, _, start, end, _ in tokenize.generate_tokens(lambda: next(feed)):
        if kind in _NOT_IN_A_GROUP:
            continue
        first, last = min(first, start[0]), max(last, end[0])
        if kind in _GROUP_ENDS:
            yield first, last
            first, last = len(lines) + 2, -1
