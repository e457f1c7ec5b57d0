"""Which module a dotted name stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_backend.config import Options
from flake8_backend.project.project import Project

if TYPE_CHECKING:
    from pathlib import Path

HANDLER = """
import time
import requests
from helpers import wait

async def first():
    time.sleep(1)

async def second():
    requests.get("https://example.com", timeout=5)

async def third():
    wait()
"""


def lines(root: Path, name: str) -> list[int]:
    """Where BE001 is reported in a file."""
    project = Project.open(root, Options(select=("BE001",), use_cache=False))
    return [found.span.line for found in project.diagnostics(root / name)]


def lay(root: Path, **files: str) -> None:
    """Write files whose names have two underscores for a slash."""
    for name, text in files.items():
        path = root / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_a_file_in_a_folder_that_is_no_package_hides_no_library(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    wait = "import time\n\ndef wait():\n    time.sleep(1)\n"
    lay(tmp_path, app__api=HANDLER, app__helpers=wait, app__utils__time="", app__utils__requests="")

    assert lines(tmp_path, "app/api.py") == [7, 10, 13]


def test_a_file_beside_the_configuration_hides_the_library(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    lay(tmp_path, api=HANDLER, requests="def get(url, timeout): ...\n", helpers="def wait(): ...\n")

    assert lines(tmp_path, "api.py") == [7]
