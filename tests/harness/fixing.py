"""The fix loop as tests use it: on a project on disk, with everything that may be applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_backend.core.suppression import suppressed
from flake8_backend.fixes.apply import fix_files
from flake8_backend.project.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from flake8_backend.config import Options
    from flake8_backend.core.diagnostic import Diagnostic
    from flake8_backend.fixes.plan import Skipped
    from tests.harness.cases import Case


@dataclass(frozen=True)
class Fixed:
    """Texts after all fixes, and what was not fixed with the reason, by path from the root."""

    texts: dict[str, str]
    skipped: dict[str, tuple[Skipped, ...]]

    def refusals(self, *, prefix: str = "") -> str:
        """What was not fixed and why, a line each."""
        told = []
        for path, items in sorted(self.skipped.items()):
            lines = self.texts[path].splitlines()
            told += [
                f"{prefix}{path}: {lines[item.span.line - 1].strip()}\n    {item.code}: {item.reason}\n"
                for item in items
            ]
        return "".join(told)


def fix_everything(root: Path, options: Options, *, unsafe: bool = True) -> Fixed:
    """Fix the project at ``root`` in place, noqa respected."""
    project = Project.open(root, options)

    def allowed(path: Path, found: Diagnostic) -> bool:
        return not suppressed(project.source(path), found)

    paths = {path: path.relative_to(project.root).as_posix() for path in project.paths}
    report = fix_files(project, paths, unsafe=unsafe, allowed=allowed, write=True, options=options)
    return Fixed(
        {name: path.read_bytes().decode() for path, name in paths.items()},
        {paths[file.path]: file.skipped for file in report.files},
    )


def fix_case(case: Case, root: Path) -> Fixed:
    """Fix a case that is written below ``root``."""
    return fix_everything(case.write(root), case.options(root))
