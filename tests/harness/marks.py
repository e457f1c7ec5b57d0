"""The comments that people type into fixtures.

``# BE001``, ``# BE001 low``, ``# BE001: text of the message``, ``# BE001 low: text``; several are separated by ``;``.
A mark stands on the first line of the span that is reported.

``# guard: OLD -> NEW`` on a good line says: with OLD replaced by NEW in this line, the rule fires. NEW may be empty,
and ``# guard: OLD`` is short for it.
"""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_backend.core.diagnostic import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARKS = re.compile(r"#\s*(BE\d{3}\b.*)$")
_MARK = re.compile(r"(BE\d{3})(?: (critical|high|medium|low|info))?(?:: (\S.*))?\Z")
_GUARD = re.compile(r"#\s*guard:(.*)$")


class MarkError(ValueError):
    """A comment that looks like a mark or a guard and is none."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One expected finding; without severity or text, any will do."""

    line: int
    code: str
    severity: Severity | None = None
    text: str = ""

    def accepts(self, found: Diagnostic) -> bool:
        """Whether ``found`` is what the mark asks for."""
        return (
            found.code == self.code
            and found.span.line == self.line
            and self.severity in (None, found.severity)
            and self.text in found.message
        )

    def __str__(self) -> str:
        severity = f" {self.severity.value}" if self.severity else ""
        return f"line {self.line}: {self.code}{severity}" + (f": {self.text}" if self.text else "")


@dataclass(frozen=True, slots=True)
class Guard:
    """A change that must make the rule fire."""

    line: int
    column: int  # of the comment, in code points: only what stands before it is changed
    old: str
    new: str

    def apply(self, text: str) -> str:
        """``text`` without the guard; raises MarkError where OLD is not in the line."""
        lines = text.splitlines(keepends=True)
        line = lines[self.line - 1]
        code = line[: self.column].rstrip()
        if self.old not in code:
            raise MarkError(f"line {self.line}: {self.old!r} is not in {code.strip()!r}")
        indent = code[: len(code) - len(code.lstrip())]
        lines[self.line - 1] = indent + code.replace(self.old, self.new).strip() + "\n"
        return "".join(lines)


def _comments(text: str) -> Iterator[tuple[int, int, str]]:
    """Line, column and text of every comment; by lines alone where the file cannot be tokenized."""
    try:
        found = [
            (*token.start, token.string)
            for token in tokenize.generate_tokens(io.StringIO(text).readline)
            if token.type == tokenize.COMMENT
        ]
    except (tokenize.TokenError, SyntaxError):
        found = [
            (number, line.index("#"), line[line.index("#") :])
            for number, line in enumerate(text.splitlines(), start=1)
            if "#" in line
        ]
    yield from found


def comments_of(text: str) -> list[str]:
    """All comments in order, without surrounding blanks."""
    return [comment.strip() for _, _, comment in _comments(text)]


def marks_of(text: str) -> list[Mark]:
    """The findings that people expect in ``text``; raises MarkError."""
    marks = []
    for line, _, comment in _comments(text):
        match = _MARKS.search(comment)
        if match is None:
            continue
        for part in re.split(r";\s*(?=BE\d{3})", match[1].strip()):
            mark = _MARK.match(part)
            if mark is None:
                raise MarkError(f"line {line}: {part!r} is no mark")
            code, severity, message = mark.groups()
            marks.append(Mark(line, code, Severity(severity) if severity else None, message or ""))
    return marks


def guards_of(text: str) -> list[Guard]:
    """The guards that people named in ``text``; raises MarkError."""
    guards = []
    lines = text.splitlines()
    for line, column, comment in _comments(text):
        match = _GUARD.search(comment)
        if match is None:
            continue
        # the first arrow that leaves a piece of this line on its left, for OLD may hold an arrow itself
        pieces = re.split(r"\s+->(?:\s+|$)", match[1].strip())
        code = lines[line - 1][:column]
        for cut in range(1, len(pieces) + 1):
            old, new = " -> ".join(pieces[:cut]).strip(), " -> ".join(pieces[cut:]).strip()
            if old and old in code:
                guards.append(Guard(line, column, old, new))
                break
        else:
            raise MarkError(f"line {line}: nothing of {match[1].strip()!r} is in {code.strip()!r}")
    return guards


def with_noqa(text: str) -> str:
    """``text`` with every mark turned into a noqa comment of the same codes."""
    lines = text.splitlines(keepends=True)
    codes: dict[int, list[str]] = {}
    for mark in marks_of(text):
        codes.setdefault(mark.line, []).append(mark.code)
    for line, column, _ in list(_comments(text)):
        if line in codes:
            ending = "\n" if lines[line - 1].endswith("\n") else ""
            lines[line - 1] = f"{lines[line - 1][:column]}# noqa: {','.join(sorted(set(codes[line])))}{ending}"
    return "".join(lines)


def compare(marks: list[Mark], found: list[Diagnostic]) -> tuple[list[Mark], list[Diagnostic]]:
    """What was marked and not reported, and what was reported and not marked; each mark accepts one finding."""
    missing, left = [], list(found)
    # exact marks choose first, so that a plain mark on the same line does not take their finding
    for mark in sorted(marks, key=lambda mark: (mark.line, mark.severity is None, -len(mark.text))):
        chosen = next((diagnostic for diagnostic in left if mark.accepts(diagnostic)), None)
        if chosen is None:
            missing.append(mark)
        else:
            left.remove(chosen)
    return missing, left
