"""One small project per framework: the table that the command prints is the one that stands beside it.

What the tables say of paths, verbs and handlers was compared with what the frameworks themselves list of these
projects; `routes.txt` is that, with guards, dependencies, answers and pages.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flake8_backend.cli.main import main

PROJECTS = Path(__file__).with_name("projects")
NAMES = sorted(path.name for path in PROJECTS.iterdir() if path.is_dir() and path.name != "__pycache__")
EXPECTED = "routes.txt"


def project(name: str, folder: Path) -> Path:
    """A copy of a project that is a root of its own."""
    root = folder / name
    shutil.copytree(PROJECTS / name, root, ignore=shutil.ignore_patterns(EXPECTED, "__pycache__"))
    (root / "pyproject.toml").write_text("[project]\nname = 'shop'\nversion = '1'\n")
    return root


@pytest.mark.parametrize("name", NAMES)
def test_the_table_of_a_project(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    root = project(name, tmp_path)
    assert main(["routes", str(root), "--no-cache", "--jobs", "1", "--quiet"]) == 0
    printed = capsys.readouterr().out
    expected = PROJECTS / name / EXPECTED
    if request.config.getoption("--snapshot-update"):
        expected.write_text(printed, encoding="utf-8")
    assert printed == expected.read_text(encoding="utf-8")


def test_order_of_files_and_processes_does_not_matter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = project("fastapi_app", tmp_path)
    assert main(["routes", str(root), "--no-cache", "--jobs", "1", "--quiet"]) == 0
    once = capsys.readouterr().out
    files = sorted(map(str, root.glob("*.py")), reverse=True)
    assert main(["routes", *files, "--no-cache", "--jobs", "2", "--quiet"]) == 0
    assert capsys.readouterr().out == once
