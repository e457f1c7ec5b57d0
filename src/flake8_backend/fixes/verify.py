"""Whether fixes did what they promised: their findings are gone, and they brought no others.

A finding is known by its code and the place where it begins, which is followed through the edits; in text that was
edited, by its code and message. One thing looks like harm and is none: a rule that reports a function once shows its
next reason when the first is repaired. Such a finding stands in the function of the repaired one, in text that no edit
touched, and each repaired finding stands for one of them at most.
"""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_backend.fixes.plan import untouched
from flake8_backend.fixes.syntax import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence, Set

    from flake8_backend.core.diagnostic import Diagnostic
    from flake8_backend.core.source import SourceFile
    from flake8_backend.fixes.plan import Edit

Place = tuple[str, int, int]
"""A code, and the line and column where a finding begins."""
Findings = Counter[tuple[str, str]]
"""How often each code and message is found."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def place_of(diagnostic: Diagnostic) -> Place:
    """Where a finding begins."""
    return diagnostic.code, diagnostic.span.line, diagnostic.span.column


def news(known: Set[Place], diagnostics: Iterable[Diagnostic]) -> Findings:
    """The findings of a file that begin where none of ``known`` does."""
    return Counter((each.code, each.message) for each in diagnostics if place_of(each) not in known)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong after a round of fixes, None for nothing; and the places whose findings they are not to blame for."""

    harm: str | None
    excused: frozenset[Place] = frozenset()


def judged(
    before: Sequence[Diagnostic],
    after: Sequence[Diagnostic],
    *,
    fixed: Sequence[Diagnostic],
    foreign: Set[Place],
    old: SourceFile,
    new: SourceFile,
    edits: Sequence[Edit],
) -> Verdict:
    """What comes of ``edits``, which turned ``old`` into ``new`` to repair the findings ``fixed``.

    ``foreign`` are places in ``old`` whose findings the fixes of other files brought: they are never excused.
    """
    unknown, excused = _unknown(_without(before, fixed), after, foreign, old=old, new=new, edits=edits)
    left = [each for each in unknown if _is_left(each, fixed, old=old, new=new, edits=edits)]
    movable = [each for each in unknown if each not in left and untouched(*new.offsets(each.span), edits) is not None]
    excused |= _next_reasons(movable, fixed, old=old, new=new) if movable else frozenset()
    wrong = [(each not in left, each.code, each.message) for each in unknown if place_of(each) not in excused]
    if not wrong:
        return Verdict(None, excused)
    is_new, code, message = min(wrong)
    return Verdict(f"it brings {code}: {message}" if is_new else f"{code} is still found")


def _is_left(
    found: Diagnostic, fixed: Sequence[Diagnostic], *, old: SourceFile, new: SourceFile, edits: Sequence[Edit]
) -> bool:
    """Whether a finding is one that was to be repaired, perhaps for a part of its reasons only."""
    origin = untouched(*new.offsets(found.span), edits)
    return any(
        each.code == found.code
        and (each.message == found.message if origin is None else old.offset(*_start(each)) == origin)
        for each in fixed
    )


def _start(diagnostic: Diagnostic) -> tuple[int, int]:
    return diagnostic.span.line, diagnostic.span.column


def _without(diagnostics: Sequence[Diagnostic], fixed: Sequence[Diagnostic]) -> list[Diagnostic]:
    gone = {id(each) for each in fixed}
    return [each for each in diagnostics if id(each) not in gone]


def _unknown(
    before: Sequence[Diagnostic],
    after: Sequence[Diagnostic],
    foreign: Set[Place],
    *,
    old: SourceFile,
    new: SourceFile,
    edits: Sequence[Edit],
) -> tuple[list[Diagnostic], frozenset[Place]]:
    """The findings that were not there before, and the places in edited text of those that were.

    Several findings may begin at one place. Which of them is which, their messages tell first; what then is left may
    have changed its message, as a chain does when one of its functions is repaired.
    """
    begins = [(each.code, old.offset(*_start(each))) for each in before]
    exact = Counter((place, each.message) for place, each in zip(begins, before, strict=True))
    anyhow = Counter(begins)
    edited = [each for each in before if _is_edited(*old.offsets(each.span), edits)]
    rewritten = Counter((each.code, each.message) for each in edited)
    brought = Counter((each.code, each.message) for each in edited if place_of(each) in foreign)
    unknown: list[Diagnostic] = []
    excused: set[Place] = set()
    for each in after:
        origin = untouched(*new.offsets(each.span), edits)
        place = (each.code, -1 if origin is None else origin)
        if origin is None and rewritten[each.code, each.message]:
            rewritten[each.code, each.message] -= 1
            if rewritten[each.code, each.message] >= brought[each.code, each.message]:
                excused.add(place_of(each))
        elif exact[place, each.message]:
            exact[place, each.message] -= 1
            anyhow[place] -= 1
        else:
            unknown.append(each)
    return list(_without_renamed(unknown, anyhow, new=new, edits=edits)), frozenset(excused)


def _without_renamed(
    unknown: Sequence[Diagnostic], left: Counter[tuple[str, int]], *, new: SourceFile, edits: Sequence[Edit]
) -> Iterator[Diagnostic]:
    """``unknown`` but for those that begin where a finding of their code is ``left``."""
    for each in unknown:
        origin = untouched(*new.offsets(each.span), edits)
        place = (each.code, -1 if origin is None else origin)
        if left[place] > 0:
            left[place] -= 1
        else:
            yield each


def _next_reasons(
    found: Sequence[Diagnostic], fixed: Sequence[Diagnostic], *, old: SourceFile, new: SourceFile
) -> frozenset[Place]:
    """Which findings in untouched text take the place of one that was repaired in the same function."""
    before, after = _Functions(old), _Functions(new)
    places_left = Counter((each.code, before.at(each.span.line)) for each in fixed)
    excused: set[Place] = set()
    for each in found:
        owner = (each.code, after.at(each.span.line))
        if places_left[owner]:
            places_left[owner] -= 1
            excused.add(place_of(each))
    return frozenset(excused)


class _Functions:
    """The functions of a text, by their lines."""

    def __init__(self, source: SourceFile) -> None:
        tree = parse(source.text)
        self._found = [
            (node.lineno, node.end_lineno or node.lineno, number)
            for number, node in enumerate(node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS))
        ]

    def at(self, line: int) -> int:
        """The number of the innermost function around a line, which edits leave as it is; -1 outside of all."""
        around = [(start, number) for start, end, number in self._found if start <= line <= end]
        return max(around)[1] if around else -1


def _is_edited(start: int, end: int, edits: Sequence[Edit]) -> bool:
    """Whether edits change something of a stretch of the old text, put something into it or behind it."""
    return any(edit.start <= end and start <= edit.end for edit in edits)
