"""Versions of dependencies: what lock files and requirements say, and what follows for findings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from flake8_backend.config import Options
from flake8_backend.project.files import requirements, versions
from flake8_backend.project.files.versions import Range, specified
from flake8_backend.project.project import Project

if TYPE_CHECKING:
    from pathlib import Path

UV = """\
version = 1

[[package]]
name = "redis"
version = "5.2.1"
source = { registry = "https://example.com/simple" }

[[package]]
name = "typing-extensions"
version = "4.12.2"
"""
POETRY = """\
[[package]]
name = "Redis"
version = "8.1.0"
description = "client"

[metadata]
python-versions = "^3.10"
"""
PIPFILE = json.dumps({"_meta": {}, "default": {"redis": {"version": "==4.6.0"}}, "develop": {"pytest": {}}})


def write(root: Path, **files: str) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (root / name.replace("__", ".")).write_text(text)
    return root


def read(root: Path) -> versions.Versions:
    return versions.read(root, requirements.read(root))


@pytest.mark.parametrize(
    ("text", "is_before_8"),
    [
        ("==5.2.1", True),
        ("5.2.1", True),
        ("===7.4", True),
        ("==5.*", True),
        (">=5,<6", True),
        ("(>=5.0,<6.0)", True),
        ("<8", True),
        ("<=7.4", True),
        ("~=5.0", True),
        ("~=5.0.1", True),
        ("^5.2", True),
        ("^4 || ^5", True),
        ("~7", True),
        ("==5.2.1 --hash=sha256:abc", True),
        ("==5.2.1 \\", True),
        ("==8.1.0", False),
        (">=8.0", False),
        ("^8.0", False),
        ("~=8.1", False),
        (">=5", None),
        (">=5,!=6.0", None),
        ("^5 || ^8", None),
        ("<=8.0", None),
        ("*", None),
        ("", None),
        ("@ git+https://example.com/redis.git", None),
    ],
)
def test_specifiers(text: str, is_before_8: bool | None) -> None:
    assert specified(text).is_before("8.0") is is_before_8


@pytest.mark.parametrize(
    ("first", "second", "is_before_8"),
    [
        (Range((5,), (6,)), Range((7,), (8,)), True),
        (Range((5,), (6,)), Range((8,), (9,)), None),
        (Range((8,), None), Range((9,), (10,)), False),
        (Range(None, (6,)), Range((7,), None), None),
    ],
)
def test_either_of_two_ranges(first: Range, second: Range, is_before_8: bool | None) -> None:
    assert (first | second).is_before("8.0") is is_before_8
    assert (second | first).is_before("8.0") is is_before_8


@pytest.mark.parametrize(
    ("name", "text", "is_before_8"),
    [
        ("uv__lock", UV, True),
        ("pdm__lock", UV, True),
        ("poetry__lock", POETRY, False),
        ("Pipfile__lock", PIPFILE, True),
    ],
)
def test_lock_files(tmp_path: Path, name: str, text: str, is_before_8: bool) -> None:
    found = read(write(tmp_path, **{name: text}))
    assert found.of("redis").is_before("8.0") is is_before_8
    assert found.of("flask") == versions.UNKNOWN


def test_the_top_level_module_finds_its_distribution(tmp_path: Path) -> None:
    assert read(write(tmp_path, uv__lock=UV)).of("typing_extensions").lowest == (4, 12, 2)


def test_lock_files_count_before_requirements(tmp_path: Path) -> None:
    found = read(write(tmp_path, uv__lock=UV, requirements__txt="redis>=8\nflask==3.0\n"))
    assert found.of("redis").is_before("8.0") is True
    assert found.of("flask").lowest == (3, 0)


def test_two_lock_files_that_disagree_decide_nothing(tmp_path: Path) -> None:
    assert read(write(tmp_path, uv__lock=UV, poetry__lock=POETRY)).of("redis").is_before("8.0") is None


def test_a_pin_counts_before_what_is_allowed(tmp_path: Path) -> None:
    pyproject = '[project]\nname = "shop"\nversion = "1"\ndependencies = ["redis>=4"]\n'
    found = read(write(tmp_path, pyproject__toml=pyproject, requirements__txt="redis==5.2.1\n"))
    assert found.of("redis").is_before("8.0") is True


def test_the_lock_file_of_a_workspace(tmp_path: Path) -> None:
    write(tmp_path / ".git")
    write(tmp_path, uv__lock=UV)
    member = write(tmp_path / "packages" / "shop", pyproject__toml="")
    assert read(member).of("redis").is_before("8.0") is True


def test_nothing_above_the_repository_counts(tmp_path: Path) -> None:
    write(tmp_path, uv__lock=UV)
    write(tmp_path / "repository" / ".git")
    assert read(tmp_path / "repository").of("redis") == versions.UNKNOWN


@pytest.mark.parametrize("text", ["", "{", "[]", '{"default": []}', '{"default": {"redis": {"version": 5}}}', "\x00"])
def test_broken_pipfile_locks_say_nothing(tmp_path: Path, text: str) -> None:
    assert read(write(tmp_path, Pipfile__lock=text)).of("redis") == versions.UNKNOWN


def test_another_lock_file_makes_other_findings(tmp_path: Path) -> None:
    root = write(tmp_path / "shop", pyproject__toml="", store__py="import redis\n\ncache = redis.Redis()\n")
    options = Options(select=("BE002",), cache_dir=str(tmp_path / "cache"))

    def found() -> list[str]:
        project = Project.open(root, options)
        codes = [diagnostic.code for diagnostic in project.diagnostics(root / "store.py")]
        project.save()
        return codes

    assert found() == []
    write(root, uv__lock=UV)
    assert found() == ["BE002"]
    assert found() == ["BE002"]
    write(root, uv__lock=UV.replace("5.2.1", "8.0.0"))
    assert found() == []
