"""Fixes as data: edits of one file's text, how they combine, and why a fix was refused.

Offsets are code points into the text. Nothing here needs libcst.
"""

from __future__ import annotations

import difflib
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flake8_backend.core.diagnostic import Fix, Span


class CannotFix(Exception):
    """Raised by a codemod, or a helper that it calls, to refuse a fix; the message is the reason users are shown."""


class OverlappingEdits(ValueError):
    """Edits that cannot be applied together."""


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace ``text[start:end]`` by ``text``; an insertion has ``start == end``."""

    start: int
    end: int
    text: str

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"an edit from {self.start} to {self.end}")


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """``import module`` or, with a name, ``from module import name``.

    ``early`` tells that the code which needs it runs while its module is imported, so that an import further down
    would come too late.
    """

    module: str
    name: str | None = None
    early: bool = False

    @property
    def binds(self) -> str:
        """The name that the import binds in the module."""
        return self.name or self.module.partition(".")[0]


@dataclass(frozen=True, slots=True)
class FixPlan:
    """What one fix does to its file: all of it or nothing."""

    fix: Fix
    edits: tuple[Edit, ...] = ()
    imports: tuple[ImportRequest, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A fix that was not made: the rule, the finding's place and the reason, for people to read."""

    code: str
    span: Span
    reason: str


def touch(one: Edit, other: Edit) -> bool:
    """Whether two edits of different fixes get in each other's way.

    They do when they share a code point or an offset. Side by side they would fit together, but not their layouts: one
    may break the line that the other goes on with. The other is made in the next round.
    """
    return one.start <= other.end and other.start <= one.end


def any_touch(edits: Iterable[Edit], others: Sequence[Edit]) -> bool:
    """Whether an edit of the first group touches one of the second."""
    return any(touch(edit, other) for edit in edits for other in others)


def merge_edits(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Edits of one author in the order of the text; insertions at one offset keep the order in which they are given.

    Raises OverlappingEdits.
    """
    ordered = sorted(edits, key=lambda edit: (edit.start, edit.end))
    for before, after in itertools.pairwise(ordered):
        if after.start < before.end:
            raise OverlappingEdits(f"two edits change offset {after.start}")
    return tuple(ordered)


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """``text`` with all edits made at once; raises OverlappingEdits, and ValueError beyond the end of the text."""
    pieces: list[str] = []
    position = 0
    for edit in merge_edits(edits):
        if edit.end > len(text):
            raise ValueError(f"an edit ends at {edit.end} in a text of {len(text)}")
        pieces += (text[position : edit.start], edit.text)
        position = edit.end
    return "".join((*pieces, text[position:]))


def _is_word(character: str) -> bool:
    return character == "_" or character.isalnum()


def _splits(left: str, right: str) -> bool:
    """Whether a cut between the two characters would fall inside a word or a line end."""
    return (left == "\r" and right == "\n") or (_is_word(left or " ") and _is_word(right or " "))


def _common_head(old: str, new: str) -> int:
    limit = min(len(old), len(new))
    head = next((index for index in range(limit) if old[index] != new[index]), limit)
    while head > 0 and (_splits(old[head - 1], old[head : head + 1]) or _splits(new[head - 1], new[head : head + 1])):
        head -= 1
    return head


def _trimmed(old: str, new: str, offset: int) -> Edit:
    """One edit from ``old`` to ``new`` without their common head and tail; words and line ends stay whole."""
    head = _common_head(old, new)
    limit = min(len(old), len(new)) - head
    tail = next((index for index in range(limit) if old[-1 - index] != new[-1 - index]), limit)
    while tail > 0 and any(
        _splits(text[len(text) - tail - 1 : len(text) - tail], text[len(text) - tail]) for text in (old, new)
    ):
        tail -= 1
    return Edit(offset + head, offset + len(old) - tail, new[head : len(new) - tail])


def text_edits(old: str, new: str, offset: int = 0) -> tuple[Edit, ...]:
    """Small edits that turn ``old`` into ``new``: one for each changed run of lines, trimmed to what differs."""
    if old == new:
        return ()
    rough = _trimmed(old, new, 0)
    # Whole lines around what differs, so that the comparison of lines sees lines.
    first = max(old.rfind("\n", 0, rough.start) + 1, 0)
    old_end = old.find("\n", rough.end)
    old_end = len(old) if old_end < 0 else old_end + 1
    before = old[first:old_end].splitlines(keepends=True)
    after = new[first : len(new) - (len(old) - old_end)].splitlines(keepends=True)
    edits: list[Edit] = []
    position = first
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        piece = "".join(before[old_from:old_to])
        if tag != "equal":
            edits.append(_trimmed(piece, "".join(after[new_from:new_to]), offset + position))
        position += len(piece)
    return tuple(edits)


def shifted(offset: int, edits: Sequence[Edit]) -> int | None:
    """Where ``offset`` is after merged ``edits``; None when its surroundings were replaced."""
    delta = 0
    for edit in edits:
        if edit.start > offset:
            break
        if offset < edit.end:
            return None
        delta += len(edit.text) - (edit.end - edit.start)
    return offset + delta


def untouched(start: int, end: int, edits: Sequence[Edit]) -> int | None:
    """Where a stretch of the new text began before merged ``edits``; None when one of them changed something in it."""
    delta = 0
    for edit in edits:
        written = edit.start + delta
        if end <= written:
            break
        if start < written + len(edit.text) or start < written:
            return None
        delta += len(edit.text) - (edit.end - edit.start)
    return start - delta


def unshifted(offset: int, edits: Sequence[Edit], old: str) -> int:
    """Where ``offset`` was in ``old``, before merged ``edits``.

    A place in new text that was copied from the old goes to the original, any other to the start of the edit.
    """
    delta = 0
    for edit in edits:
        start = edit.start + delta
        if offset < start:
            break
        if offset < start + len(edit.text):
            return edit.start + _copied_from(offset - start, old[edit.start : edit.end], edit.text)
        delta += len(edit.text) - (edit.end - edit.start)
    return offset - delta


def _copied_from(offset: int, old: str, new: str) -> int:
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for old_start, new_start, size in matcher.get_matching_blocks():
        if new_start <= offset < new_start + size:
            return old_start + offset - new_start
    return 0
