"""``backend-fix PATHS``: repair what can be repaired, or show how."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_backend.cli.arguments import Parser, add_paths, relative
from flake8_backend.cli.output import counted, progress, say, say_error, say_warning
from flake8_backend.cli.session import Session, session_of
from flake8_backend.core.containment import INTERNAL_ERROR, NOT_ANALYSED
from flake8_backend.core.source import SourceFile
from flake8_backend.core.suppression import suppressions, visible

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable

    from flake8_backend.core.diagnostic import Diagnostic
    from flake8_backend.fixes.report import FileFixes
    from flake8_backend.project.project import Project

SUMMARY = "repair what can be repaired (the default)"


def add_arguments(parser: Parser) -> None:
    """What ``fix`` understands."""
    add_paths(parser)
    add = parser.add_argument
    add("--unsafe-fixes", action="store_true", help="also fixes that may change behaviour")
    add("--diff", action="store_true", help="write nothing, print a patch for git apply; exit 1 if it is not empty")
    add("--check", action="store_true", help="write nothing; exit 1 if something would change")
    add("--exit-non-zero-on-fix", action="store_true", help="exit 1 if something was changed")


def run(arguments: argparse.Namespace) -> int:
    """0 whatever was repaired or left; 1 as the options say; 2 on errors. Raises UsageError and ConfigError."""
    session = session_of(arguments)
    is_preview = arguments.diff or arguments.check
    result = _Result()
    _fix(session, arguments, result, write=not is_preview and session.stdin is None)
    files = sorted(result.files, key=lambda file: file.path)
    if arguments.diff:
        _print_diff(session, files)
    elif session.stdin is not None and not arguments.check:
        _print_stdin(session, files)
    _tell(session, arguments, result, files)
    if result.has_errors or any(file.error is not None for file in files):
        return 2
    is_changed = any(file.is_changed for file in files)
    return 1 if is_changed and (is_preview or arguments.exit_non_zero_on_fix) else 0


@dataclass
class _Result:
    """What happened, over all projects; ``hidden`` counts findings that only unsafe fixes repair."""

    files: list[FileFixes] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    has_errors: bool = False
    hidden: int = 0


def _fix(session: Session, arguments: argparse.Namespace, result: _Result, *, write: bool) -> None:
    from flake8_backend.fixes.apply import fix_files

    for problem in session.problems:
        result.troubles.append(f"{relative(Path(problem.path))}: {problem.reason}")
    if session.stdin is not None and session.stdin.text is None:
        result.troubles.append(f"{relative(session.stdin.path)}: {session.stdin.reason}")
        return
    with progress("Fixing", session.size, quiet=arguments.quiet) as advance:
        for project, paths in session.projects():
            for path in paths:
                _look_at(project, path, result, unsafe=arguments.unsafe_fixes)
            report = fix_files(
                project,
                paths,
                unsafe=arguments.unsafe_fixes,
                allowed=_allowed(project),
                write=write,
                options=project.options,
                progress=lambda *_: advance(),
            )
            result.files.extend(report.files)


def _look_at(project: Project, path: Path, result: _Result, *, unsafe: bool) -> None:
    """Note what stands in the way in one file, and what stays hidden."""
    for found in visible(project, path):
        if found.code in (NOT_ANALYSED, INTERNAL_ERROR):
            result.troubles.append(f"{relative(path)}:{found.span.line}: {found.code} {found.message}")
            result.has_errors = result.has_errors or found.code == INTERNAL_ERROR
        elif not unsafe and found.best_fix(unsafe=False) is None and found.best_fix(unsafe=True) is not None:
            result.hidden += 1


def _allowed(project: Project) -> Callable[[Path, Diagnostic], bool]:
    options = project.options

    def allowed(path: Path, diagnostic: Diagnostic) -> bool:
        if not options.reports_in(path, diagnostic.code):
            return False
        if options.flake8.disable_noqa:
            return True
        return not suppressions(project.source(path)).covers(diagnostic.code, diagnostic.span.line)

    return allowed


def _print_diff(session: Session, files: Iterable[FileFixes]) -> None:
    from flake8_backend.fixes.report import FixReport

    report = FixReport(_patch_root(Path.cwd()), tuple(_with_encoding(session, file) for file in files))
    sys.stdout.buffer.write(report.diff())
    sys.stdout.buffer.flush()


def _with_encoding(session: Session, file: FileFixes) -> FileFixes:
    """The project knows standard input as text; the patch is in the encoding that it came in."""
    if session.stdin is None:
        return file
    before = SourceFile(file.before.path, file.before.text, session.stdin.encoding)
    return dataclasses.replace(file, before=before)


def _patch_root(folder: Path) -> Path:
    """Where ``git apply`` counts the names of a patch from: the repository, or outside of one the current folder."""
    for candidate in (folder, *folder.parents):
        if os.path.lexists(candidate / ".git"):
            return candidate
    return folder


def _print_stdin(session: Session, files: list[FileFixes]) -> None:
    """The repaired text, or the bytes that came in when nothing was repaired."""
    stdin = session.stdin
    if stdin is None:
        return
    changed = [file for file in files if file.is_changed]
    sys.stdout.buffer.write(stdin.encoding.encode(changed[0].after) if changed else stdin.data)
    sys.stdout.buffer.flush()


def _tell(session: Session, arguments: argparse.Namespace, result: _Result, files: list[FileFixes]) -> None:
    for trouble in result.troubles:
        say(trouble)
    for warning in session.warnings:
        say_warning(warning)
    for file in files:
        if file.error is not None:
            say_error(str(file.error))
    if arguments.quiet:
        return
    verb = "would fix" if arguments.diff or arguments.check else "fixed"
    for file in files:
        if file.is_changed and file.error is None:
            say(f"{verb} {relative(file.path)}: {_counts(file)}")
        for skipped in file.skipped:
            say(f"{relative(file.path)}:{skipped.span.line}: {skipped.code} not fixed: {skipped.reason}")
    say(_summary(session, result, files, verb))


def _counts(file: FileFixes) -> str:
    counts = Counter(applied.code for applied in file.applied)
    return ", ".join(code if count == 1 else f"{code} ({count})" for code, count in sorted(counts.items()))


def _summary(session: Session, result: _Result, files: list[FileFixes], verb: str) -> str:
    changed = [file for file in files if file.is_changed and file.error is None]
    fixed = sum(len(file.applied) for file in changed)
    skipped = sum(len(file.skipped) for file in files)
    told = f"nothing to fix in {counted(session.size, 'file')}"
    if fixed:
        told = f"{verb} {counted(fixed, 'finding')} in {counted(len(changed), 'file')}"
    if skipped:
        told += f", {skipped:,} not"
    if result.hidden:
        told += f"; --unsafe-fixes would try {result.hidden:,}{' more' if fixed else ''}"
    return f"{told[0].upper()}{told[1:]}."
