"""The fix loop as tests use it: on a project on disk, with everything that may be applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_backend.core.suppression import suppressed
from flake8_backend.fixes.apply import fix_files
from flake8_backend.project.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from flake8_backend.config import Options
    from flake8_backend.core.diagnostic import Diagnostic
    from harness.cases import Case


def fix_everything(root: Path, options: Options, *, unsafe: bool = True) -> dict[str, str]:
    """Fix the project at ``root`` in place, noqa respected; the texts afterwards by path from the root."""
    project = Project.open(root, options)

    def allowed(path: Path, found: Diagnostic) -> bool:
        return not suppressed(project.source(path), found)

    paths = list(project.paths)
    fix_files(project, paths, unsafe=unsafe, allowed=allowed, write=True, options=options)
    return {path.relative_to(project.root).as_posix(): path.read_bytes().decode() for path in paths}


def fix_case(case: Case, root: Path) -> dict[str, str]:
    """Fix a case that is written below ``root``."""
    return fix_everything(case.write(root), case.options(root))
