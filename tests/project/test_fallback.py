"""Receivers that only astroid can tell, where the configuration lets it be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flake8_backend.config import Options
from flake8_backend.project.project import Project

if TYPE_CHECKING:
    from pathlib import Path

CLIENTS = """
import time

class Slow:
    def deliver(self):
        time.sleep(1)

class Quick:
    def deliver(self):
        return None
"""
APP = """
from clients import Quick, Slow

KINDS = dict(slow=Slow, quick=Quick)

async def first():
    sender = KINDS["slow"]()
    sender.deliver()

async def second():
    sender = KINDS["slow"]()
    sender.deliver()

async def third():
    sender = KINDS["quick"]()
    sender.deliver()
"""


def lines(root: Path, **options: int) -> list[int]:
    """Where BE001 is reported in the application."""
    project = Project.open(root, Options(select=("BE001",), use_cache=False, **options))  # type: ignore[arg-type]
    return [found.span.line for found in project.diagnostics(root / "app.py")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "clients.py").write_text(CLIENTS)
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


def test_astroid_is_not_asked_unless_it_is_wanted(root: Path) -> None:
    assert lines(root) == []


def test_what_astroid_knows_for_certain_counts(root: Path) -> None:
    assert lines(root, astroid_queries=10) == [8, 12]


def test_queries_are_counted_in_the_order_of_the_file(root: Path) -> None:
    assert lines(root, astroid_queries=1) == [8]


def test_only_the_project_is_in_sight(root: Path) -> None:
    (root / "app.py").write_text(APP.replace("from clients", "from pygments.lexers"))

    assert lines(root, astroid_queries=10) == []


def test_the_manager_of_other_tools_in_the_process_is_left_as_it_was(root: Path) -> None:
    from astroid.manager import AstroidManager

    before, cached = AstroidManager.ast_from_module_name, set(AstroidManager().astroid_cache)

    lines(root, astroid_queries=10)

    assert AstroidManager.ast_from_module_name is before
    assert cached <= set(AstroidManager().astroid_cache) <= cached | {"builtins"}
