"""``backend-fix check``: the findings, without flake8's own cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flake8_backend.cli import output
from flake8_backend.cli.arguments import Parser, add_paths
from flake8_backend.cli.output import Finding, counted, progress
from flake8_backend.cli.session import Session, session_of
from flake8_backend.core.containment import INTERNAL_ERROR, not_analysed
from flake8_backend.core.diagnostic import Safety
from flake8_backend.core.source import UndecodableSource
from flake8_backend.core.suppression import visible

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from flake8_backend.project.project import Project

SUMMARY = "show findings, without flake8's own cost"

FORMATS = {"concise": output.print_concise, "full": output.print_full, "json": output.print_json}


def add_arguments(parser: Parser) -> None:
    """What ``check`` understands."""
    add_paths(parser)
    parser.add_argument("--output-format", choices=FORMATS, default="concise", help="default: concise")
    parser.add_argument("--statistics", action="store_true", help="then count the findings of each code")


def run(arguments: argparse.Namespace) -> int:
    """0 without findings, 1 with some, 2 when a rule failed; raises UsageError and ConfigError."""
    session = session_of(arguments)
    findings = sorted(_findings(session, quiet=arguments.quiet), key=_order)
    FORMATS[arguments.output_format](findings)
    if arguments.statistics and arguments.output_format != "json":
        output.print_statistics(findings)
    for warning in session.warnings:
        output.say_warning(warning)
    if not arguments.quiet:
        output.say(_summary(findings, session.size))
    if any(each.diagnostic.code == INTERNAL_ERROR for each in findings):
        return 2
    return 1 if findings else 0


def _order(finding: Finding) -> tuple[str, tuple[int, int, str, str]]:
    return str(finding.path), finding.diagnostic.sort_key


def _findings(session: Session, *, quiet: bool) -> Iterator[Finding]:
    for problem in session.problems:
        yield Finding(Path(problem.path), not_analysed(problem.reason))
    if session.stdin is not None and session.stdin.text is None:
        yield Finding(session.stdin.path, not_analysed(session.stdin.reason))
        return
    with progress("Checking", session.size, quiet=quiet) as advance:
        for project, paths in session.projects():
            for path in paths:
                yield from _findings_in(project, path)
                advance()
            project.save()


def _findings_in(project: Project, path: Path) -> Iterator[Finding]:
    found = visible(project, path)
    if not found:
        return
    try:
        source = project.source(path)
    except (OSError, UndecodableSource):
        source = None
    for diagnostic in found:
        yield Finding(path, diagnostic, source, project.root)


def _summary(findings: list[Finding], size: int) -> str:
    files = counted(size, "file")
    if not findings:
        return f"No findings in {files}."
    told = (
        f"{counted(len(findings), 'finding')} in {counted(len({each.path for each in findings}), 'file')} of {size:,}"
    )
    safe = sum(any(fix.safety is Safety.SAFE for fix in each.diagnostic.fixes) for each in findings)
    fixable = sum(each.diagnostic.best_fix(unsafe=True) is not None for each in findings)
    if fixable:
        told += f"; backend-fix repairs {safe:,}, with --unsafe-fixes {fixable:,}"
    return f"{told}."
