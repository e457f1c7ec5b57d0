"""The one door: the findings of one source text within its project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flake8_backend.core.diagnostic import Diagnostic
    from flake8_backend.core.source import SourceFile
    from flake8_backend.project.project import Project


def analyse(source: SourceFile, project: Project) -> tuple[Diagnostic, ...]:
    """What the project's active rules say of ``source``, which replaces what the disk holds when it differs.

    The findings are in the order of their places. Suppression comments are not applied.
    """
    path = project.root / source.path if not Path(source.path).is_absolute() else Path(source.path)
    try:
        same = path.is_file() and project.source(path).text == source.text
    except (OSError, ValueError):
        same = False
    if not same:
        project.set_text(path, source.text)
    return project.diagnostics(path)
