"""What ``backend-fix`` does to real code: five promises, looked at over a copy of a folder.

Every file still parses; no finding is new, anywhere; what was repaired is gone; a second run changes nothing; and the
patch that ``--diff`` shows is what the same call writes.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_backend.core.source import SourceFile, UndecodableSource
from flake8_backend.core.suppression import suppressed
from flake8_backend.dev import corpus
from flake8_backend.fixes.apply import fix_files
from flake8_backend.fixes.plan import untouched
from flake8_backend.fixes.syntax import Unparsable, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flake8_backend.core.diagnostic import Diagnostic
    from flake8_backend.fixes.report import FileFixes, FixReport
    from flake8_backend.project.project import Project

_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "node_modules")
Found = Counter[tuple[str, str, str]]
"""How often each finding is there: path, code, message."""


@dataclass
class Outcome:
    """What came of the fixes in one folder; the lists from ``broken`` on are empty when all is well."""

    before: Found
    after: Found
    files: Sequence[FileFixes]
    broken: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    unlike_diff: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether all promises were kept."""
        return not (self.broken or self.new or self.left or self.again or self.unlike_diff)


def look(folder: Path, codes: Sequence[str] = (), *, safe_only: bool = False, patch: Path | None = None) -> Outcome:
    """Apply the fixes to a copy of ``folder`` and say what came of it; the folder itself stays as it is.

    ``patch`` is where the patch is written to, for people to read.
    """
    options = ["--isolated", "--no-cache", *([] if safe_only else ["--unsafe-fixes"])]
    options += ["--select", ",".join(codes)] if codes else []
    with tempfile.TemporaryDirectory() as scratch:
        written, patched = Path(scratch, "written", folder.name), Path(scratch, "patched", folder.name)
        for copy in (written, patched):
            shutil.copytree(folder, copy, symlinks=True, ignore=_LEFT_OUT)
        diff = _call(patched, *options, "--diff")
        if patch is not None:
            patch.write_bytes(diff)
        _apply(patched, diff)
        before, unparsable = list(corpus.findings(written, codes)), set(_unparsable(written))
        files = [file for report in _fixed(written, codes, unsafe=not safe_only) for file in report.files]
        after = list(corpus.findings(written, codes))
        outcome = Outcome(
            _counted(before),
            _counted(after),
            files,
            broken=sorted(set(_unparsable(written)) - unparsable),
            new=[f"{path}: {code} {message}" for path, code, message in sorted(_counted(after) - _counted(before))],
            left=list(_left(files, before, after, written)),
            unlike_diff=_differing(written, patched),
        )
        once = _texts(written)
        _call(written, *options)
        outcome.again = sorted(path for path, data in _texts(written).items() if once.get(path) != data)
    return outcome


def _fixed(folder: Path, codes: Sequence[str], *, unsafe: bool) -> Iterator[FixReport]:
    """What the command does, with a report of it."""
    for project, paths in corpus.projects(folder, codes):
        yield fix_files(
            project,
            paths,
            unsafe=unsafe,
            allowed=functools.partial(_is_allowed, project),
            write=True,
            options=project.options,
        )


def _is_allowed(project: Project, path: Path, diagnostic: Diagnostic) -> bool:
    return not suppressed(project.source(path), diagnostic)


def _left(
    files: Sequence[FileFixes], before: Sequence[corpus.Finding], after: Sequence[corpus.Finding], folder: Path
) -> Iterator[str]:
    """Findings that begin where one was repaired, more than there were others at that place."""
    for file in files:
        path, new = file.path.relative_to(folder).as_posix(), SourceFile(file.before.path, file.after)
        repaired = Counter((each.code, file.before.offset(each.span.line, each.span.column)) for each in file.applied)
        others = Counter(
            (each.code, file.before.offset(each.span.line, each.span.column)) for each in _of_file(before, path)
        )
        others -= repaired
        for each in _of_file(after, path):
            origin = untouched(*new.offsets(each.span), file.edits)
            place = (each.code, -1 if origin is None else origin)
            others[place] -= 1
            if place in repaired and others[place] < 0:
                yield f"{path}:{each.span.line}: {each.code} {each.message}"


def _of_file(found: Sequence[corpus.Finding], path: str) -> Iterator[Diagnostic]:
    return (each.diagnostic for each in found if each.path == path)


def _call(folder: Path, *options: str) -> bytes:
    """What the command prints."""
    command = [sys.executable, "-m", "flake8_backend", "fix", *options, "."]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).stdout


def _apply(folder: Path, diff: bytes) -> None:
    """Let git apply the patch; raises CalledProcessError when it does not fit."""
    if diff:
        command = ["git", "apply", "--whitespace=nowarn", "--unsafe-paths", "-"]
        subprocess.run(command, cwd=folder, input=diff, capture_output=True, check=True)


def _counted(found: Sequence[corpus.Finding]) -> Found:
    return Counter((each.path, each.diagnostic.code, each.diagnostic.message) for each in found)


def _texts(folder: Path) -> Mapping[str, bytes]:
    paths = (path for path in folder.rglob("*.py") if path.is_file() and not path.is_symlink())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _differing(one: Path, other: Path) -> list[str]:
    """The files of ``other`` that are not the same in ``one``."""
    known = _texts(one)
    return sorted(path for path, data in _texts(other).items() if known.get(path) != data)


def _unparsable(folder: Path) -> list[str]:
    return [path for path, data in _texts(folder).items() if not _parses(path, data)]


def _parses(path: str, data: bytes) -> bool:
    try:
        parse(SourceFile.from_bytes(path, data).text)
    except (Unparsable, UndecodableSource):
        return False
    return True


def render(folder: Path, outcome: Outcome) -> str:
    """The figures, and whatever is not as it should be."""
    fixed = Counter(each.code for file in outcome.files for each in file.applied)
    before, after = (Counter(code for _, code, _ in each.elements()) for each in (outcome.before, outcome.after))
    refused = Counter(each.reason for file in outcome.files for each in file.skipped)
    changed = sum(file.is_changed for file in outcome.files)
    lines = [f"{folder.name}: {fixed.total()} fixed in {changed} files"]
    lines += [
        f"  {code}: {before[code]} findings, {fixed[code]} fixed, {after[code]} left" for code in sorted(before | after)
    ]
    lines += [f"  {count} not fixed: {reason}" for reason, count in refused.most_common()]
    for title, wrong in (
        ("does not parse", outcome.broken),
        ("new finding", outcome.new),
        ("repaired, but still found", outcome.left),
        ("changed by the second run", outcome.again),
        ("the patch gives another text", outcome.unlike_diff),
    ):
        lines += [f"  {title}: {each}" for each in wrong]
    lines.append("  all promises kept" if outcome.is_good else "  NOT GOOD")
    return "\n".join(lines) + "\n"
