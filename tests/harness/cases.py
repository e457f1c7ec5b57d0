"""Fixtures as projects of their own: ``bad*.py`` and ``good*.py`` alone, ``project_*`` folders whole."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flake8_backend.config import Options, Overrides, load_options, parse_toml
from flake8_backend.core.suppression import suppressed
from flake8_backend.project.project import Project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flake8_backend.core.diagnostic import Diagnostic

FIXTURES = Path(__file__).parent.parent / "fixtures"


@dataclass(frozen=True)
class Case:
    """One small project of a fixture; ``files`` are by path from its root."""

    code: str
    name: str
    files: Mapping[str, bytes]
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sources(self) -> dict[str, str]:
        """The Python files as text, in the order of their paths."""
        return {path: data.decode() for path, data in sorted(self.files.items()) if path.endswith((".py", ".pyi"))}

    @property
    def is_single_file(self) -> bool:
        return not self.name.startswith("project_")

    def options(self, root: Path) -> Options:
        """The rule of the fixture alone unless its config.toml says otherwise, for the project at ``root``."""
        return load_options(root, Overrides(table={"select": [self.code], "cache": False, **self.settings}))

    def with_text(self, path: str, text: str) -> Case:
        """The same project with other text in one file."""
        return replace(self, files={**self.files, path: text.encode()})

    def write(self, root: Path) -> Path:
        """The project on disk, below ``root``, where nothing else is."""
        root.mkdir(parents=True, exist_ok=True)
        (root / "pyproject.toml").write_text("")  # here the project ends
        for path, data in self.files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        return root

    def __str__(self) -> str:
        return f"{self.code.lower()}-{self.name}"


def _settings(folder: Path) -> dict[str, Any]:
    """Keys of ``[tool.flake8-backend]`` from config.toml."""
    path = folder / "config.toml"
    return parse_toml(path.read_bytes(), name=str(path)) if path.exists() else {}


def cases_in(folder: Path) -> list[Case]:
    """Every case of one fixture folder."""
    code = folder.name.upper()
    shared = {
        path.name: path.read_bytes() for path in (folder / "pyproject.toml", folder / "setup.cfg") if path.exists()
    }
    found = [
        Case(code, path.name, {path.name: path.read_bytes(), **shared}, _settings(folder))
        for path in sorted([*folder.glob("bad*.py"), *folder.glob("good*.py")])
    ]
    for project in sorted(folder.glob("project_*/")):
        files = {
            path.relative_to(project).as_posix(): path.read_bytes()
            for path in sorted(project.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts and path != project / "config.toml"
        }
        found.append(Case(code, project.name, files, {**_settings(folder), **_settings(project)}))
    return found


def all_cases() -> list[Case]:
    """Every case of every fixture folder."""
    return [case for folder in sorted(FIXTURES.glob("be[0-9][0-9][0-9]")) for case in cases_in(folder)]


def findings(root: Path, options: Options) -> dict[str, list[Diagnostic]]:
    """What is reported in each file of a project, noqa applied; keys are paths from its root."""
    project = Project.open(root, options)
    found = {}
    for path in sorted([*root.rglob("*.py"), *root.rglob("*.pyi")]):
        source = project.source(path)
        found[path.relative_to(root).as_posix()] = [
            diagnostic for diagnostic in project.diagnostics(path) if not suppressed(source, diagnostic)
        ]
    return found


def check(case: Case, root: Path) -> dict[str, list[Diagnostic]]:
    """What is reported in a case, written below ``root``."""
    return findings(case.write(root), case.options(root))


def copied(project: Path, target: Path) -> Path:
    """A copy of a project that may be written to; returns ``target``."""
    return shutil.copytree(project, target, ignore=shutil.ignore_patterns("__pycache__", ".*"))
