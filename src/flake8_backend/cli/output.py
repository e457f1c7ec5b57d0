"""What users see: findings in several formats, messages, and a progress bar where somebody watches."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from flake8_backend.cli.arguments import PROGRAM, relative
from flake8_backend.config_keys import known_codes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from flake8_backend.core.diagnostic import Diagnostic, Json, Related
    from flake8_backend.core.source import SourceFile

_LONG_RUN = 200
"""From how many files on a progress bar is shown."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A diagnostic of one file; ``source`` is None when the file cannot be read, ``root`` is its project's."""

    path: Path
    diagnostic: Diagnostic
    source: SourceFile | None = None
    root: Path = field(default_factory=Path)

    @property
    def line(self) -> int:
        """1-based."""
        return self.diagnostic.span.line

    @property
    def column(self) -> int:
        """1-based, in code points."""
        return self._code_points(self.line, self.diagnostic.span.column) + 1

    @property
    def end_column(self) -> int:
        """1-based, in code points; the first column after the finding."""
        span = self.diagnostic.span
        return self._code_points(span.end_line, span.end_column) + 1

    def _code_points(self, line: int, column: int) -> int:
        return column if self.source is None else self.source.column_in_code_points(line, column)

    def line_text(self) -> str:
        """The first line, without its end."""
        lines = () if self.source is None else self.source.lines
        return lines[self.line - 1].rstrip("\r\n") if 0 < self.line <= len(lines) else ""


class Style:
    """Colours for a terminal, nothing elsewhere; NO_COLOR is respected."""

    def __init__(self, stream: TextIO) -> None:
        self._is_on = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def _wrap(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._is_on else text

    def bold(self, text: str) -> str:
        """Where something is."""
        return self._wrap(text, "1")

    def red(self, text: str) -> str:
        """What it is."""
        return self._wrap(text, "1;31")

    def dim(self, text: str) -> str:
        """What helps to read the rest."""
        return self._wrap(text, "36")


def say(text: str) -> None:
    """One line for people, beside the output for programs."""
    print(text, file=sys.stderr)


def say_error(text: str) -> None:
    """One line that tells why nothing, or not all, was done."""
    say(f"{PROGRAM}: error: {text}")


def say_warning(text: str) -> None:
    """One line that tells what users may not expect."""
    say(f"{PROGRAM}: warning: {text}")


def print_concise(findings: Sequence[Finding]) -> None:
    """``path:line:column: CODE message``."""
    style = Style(sys.stdout)
    for each in findings:
        print(_headline(each, style))


def _headline(finding: Finding, style: Style) -> str:
    found = finding.diagnostic
    place = f"{style.bold(relative(finding.path))}:{finding.line}:{finding.column}:"
    return f"{place} {style.red(found.code)} {found.message}"


def print_full(findings: Sequence[Finding]) -> None:
    """The headline, the line itself, the places that explain it, and the fixes."""
    style = Style(sys.stdout)
    for each in findings:
        print(_headline(each, style))
        text = each.line_text()
        margin = " " * len(str(each.line))
        if text:
            print(style.dim(f"{margin} |"))
            print(f"{style.dim(f'{each.line} |')} {text.expandtabs(1)}")
            print(f"{style.dim(f'{margin} |')} {' ' * (each.column - 1)}{style.red('^' * _width(each, text))}")
        for related in each.diagnostic.related:
            print(f"{style.dim(f'{margin} = note:')} {_place_of(related, each)}: {related.message}")
        for fix in each.diagnostic.fixes:
            print(f"{style.dim(f'{margin} = fix:')} {fix.title} ({fix.safety.value})")
        print()


def _place_of(related: Related, finding: Finding) -> str:
    return f"{relative(finding.root / related.path)}:{related.span.line}"


def _width(finding: Finding, text: str) -> int:
    span = finding.diagnostic.span
    end = finding.end_column - 1 if span.end_line == span.line else len(text)
    return max(1, end - finding.column + 1)


def print_json(findings: Sequence[Finding]) -> None:
    """A list of objects, one per finding; lines and columns are 1-based, columns count code points."""
    names = known_codes()
    print(json.dumps([_as_json(each, names) for each in findings], indent=2, ensure_ascii=False))


def _as_json(finding: Finding, names: dict[str, str]) -> Json:
    found = finding.diagnostic
    return {
        "path": relative(finding.path),
        "line": finding.line,
        "column": finding.column,
        "end_line": found.span.end_line,
        "end_column": finding.end_column,
        "code": found.code,
        "name": names.get(found.code, ""),
        "message": found.message,
        "severity": found.severity.value,
        "confidence": found.confidence.value,
        "related": [_related_as_json(related, finding) for related in found.related],
        "fixes": [{"title": fix.title, "safety": fix.safety.value} for fix in found.fixes],
    }


def _related_as_json(related: Related, finding: Finding) -> Json:
    return {"path": relative(finding.root / related.path), "line": related.span.line, "message": related.message}


def print_statistics(findings: Iterable[Finding]) -> None:
    """How often each code was found, the most frequent first."""
    counts = Counter(each.diagnostic.code for each in findings)
    names = known_codes()
    width = len(str(max(counts.values(), default=0)))
    for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        print(f"{count:>{width}}  {code}  {names.get(code, '')}".rstrip())


def counted(number: int, what: str, plural: str = "") -> str:
    """``1 finding``, ``2 findings``."""
    return f"{number:,} {what if number == 1 else plural or what + 's'}"


@contextlib.contextmanager
def progress(title: str, total: int, *, quiet: bool) -> Iterator[Callable[[], None]]:
    """A bar on standard error during a long run on a terminal; gives the function that tells one more is done."""
    if quiet or total < _LONG_RUN or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda: bar.advance(task)
