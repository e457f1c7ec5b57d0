"""Findings over a folder of real code, shown with their source lines and chains, to be read by people."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_backend.config import Options
from flake8_backend.core.source import SourceFile, UndecodableSource
from flake8_backend.core.suppression import suppressed
from flake8_backend.project.files.discovery import discover
from flake8_backend.project.files.roots import find_root
from flake8_backend.project.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from flake8_backend.core.diagnostic import Diagnostic, Json, Span

CONTEXT = 2  # lines shown before and after a finding


@dataclass(frozen=True)
class Finding:
    """A diagnostic with the lines that it talks about; paths are relative to the folder that was asked for."""

    path: str
    diagnostic: Diagnostic
    lines: tuple[tuple[int, str], ...]
    chain: tuple[tuple[str, int, str, str], ...]  # path, line, source line, what it says

    def as_json(self) -> dict[str, Json]:
        """All of it, for other programs."""
        found = self.diagnostic
        return {
            "code": found.code,
            "path": self.path,
            "line": found.span.line,
            "column": found.span.column + 1,
            "severity": found.severity.value,
            "confidence": found.confidence.value,
            "message": found.message,
            "source": [text for _, text in self.lines],
            "chain": [
                {"path": path, "line": line, "source": source, "message": message}
                for path, line, source, message in self.chain
            ],
            "fixes": [{"safety": fix.safety.value, "title": fix.title} for fix in found.fixes],
        }


class _Reader:
    """Source lines of a project, for people; a file that cannot be read has none."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def source(self, path: Path) -> SourceFile:
        """The text of a file, empty where it is not text."""
        try:
            return self.project.source(path)
        except (OSError, UndecodableSource):
            return SourceFile(path.as_posix(), "")

    def line(self, path: str, number: int) -> str:
        """One line without its indentation, empty where there is none."""
        lines = self.source(self.project.root / path).lines
        return lines[number - 1].strip() if 0 < number <= len(lines) else ""

    def around(self, path: Path, span: Span) -> tuple[tuple[int, str], ...]:
        """The lines of a span with some context; a long span is cut after its first lines."""
        lines = self.source(path).lines
        last = min(span.end_line, span.line + CONTEXT)
        numbers = range(max(1, span.line - CONTEXT), min(len(lines), last + CONTEXT) + 1)
        return tuple((number, lines[number - 1].rstrip()) for number in numbers)


def findings(folder: Path, codes: Sequence[str] = ()) -> Iterator[Finding]:
    """Every finding below ``folder`` in the order of projects, files and places.

    The configuration that the code brings along does not count, its noqa comments do. Nothing is cached, so nothing is
    written there.
    """
    for project, paths in projects(folder, codes):
        reader = _Reader(project)
        for path in paths:
            source = reader.source(path)
            for diagnostic in project.diagnostics(path):
                if not suppressed(source, diagnostic):
                    yield _finding(folder, reader, path, diagnostic)


def projects(folder: Path, codes: Sequence[str] = ()) -> Iterator[tuple[Project, list[Path]]]:
    """The projects below ``folder``, without the configuration that they bring along, each with its files."""
    options = Options(select=tuple(codes), use_cache=False) if codes else Options(use_cache=False)
    by_root: dict[Path, list[Path]] = {}
    for path in discover([folder], lambda _root: options.exclusion).files:
        by_root.setdefault(find_root(path), []).append(path)
    for root, paths in by_root.items():
        yield Project.open(root, options), paths


def _finding(folder: Path, reader: _Reader, path: Path, diagnostic: Diagnostic) -> Finding:
    chain = tuple(
        (related.path, related.span.line, reader.line(related.path, related.span.line), related.message)
        for related in diagnostic.related
    )
    return Finding(path.relative_to(folder).as_posix(), diagnostic, reader.around(path, diagnostic.span), chain)


def sample(found: Sequence[Finding], size: int | None, *, seed: int = 0) -> list[Finding]:
    """At most ``size`` findings of each rule, the same ones for the same seed."""
    if size is None:
        return list(found)
    chosen = []
    for code in sorted({finding.diagnostic.code for finding in found}):
        items = [finding for finding in found if finding.diagnostic.code == code]
        picked = random.Random(seed).sample(range(len(items)), min(size, len(items)))
        chosen += [items[number] for number in sorted(picked)]
    return chosen


def render(finding: Finding) -> str:
    """One finding as a block of text."""
    found = finding.diagnostic
    confidence = "" if found.confidence.value == "high" else f", confidence {found.confidence.value}"
    parts = [f"{finding.path}:{found.span.line}: {found.code} [{found.severity.value}{confidence}] {found.message}"]
    parts += [
        f"  {'>' if found.span.line <= number <= found.span.end_line else ' '}{number:5} {text}"
        for number, text in finding.lines
    ]
    parts += [f"    via {path}:{line}: {message}\n        {source}" for path, line, source, message in finding.chain]
    parts += [f"    fix ({fix.safety.value}): {fix.title}" for fix in found.fixes]
    return "\n".join(parts) + "\n"


def report(
    folder: Path, *, codes: Sequence[str] = (), size: int | None = None, seed: int = 0, as_json: bool = False
) -> str:
    """What the command prints: the (sampled) findings, then counts per rule and severity of all of them."""
    found = list(findings(folder.resolve(), codes))
    chosen = sample(found, size, seed=seed)
    if as_json:
        return "".join(json.dumps(finding.as_json(), ensure_ascii=False) + "\n" for finding in chosen)
    counts = Counter((finding.diagnostic.code, finding.diagnostic.severity) for finding in found)
    table = [
        f"{code} {severity.value:8} {number:6}"
        for (code, severity), number in sorted(counts.items(), key=lambda item: (item[0][0], item[0][1].rank))
    ]
    return "\n".join([*map(render, chosen), *table, f"{len(found)} findings, {len(chosen)} shown"]) + "\n"
