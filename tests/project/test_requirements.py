"""Requirements: every place that states them, and what the folder around a project adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flake8_backend.project.files import requirements
from flake8_backend.project.files.cache import Cache

if TYPE_CHECKING:
    from pathlib import Path

PYPROJECT = """
[project]
dependencies = ["Django>=4.2", "uvicorn[standard]==0.34 ; python_version > '3.8'"]
[project.optional-dependencies]
mail = ["aiosmtplib"]
[dependency-groups]
dev = ["pytest>=8", {include-group = "docs"}]
"""
POETRY = """
[tool.poetry.dependencies]
python = "^3.11"
Typing_Extensions = "^4"
redis = {version = "~5.0", extras = ["hiredis"]}
[tool.poetry.group.dev.dependencies]
mypy = "*"
"""
CFG = "[options]\ninstall_requires =\n    flask\n    gunicorn>=20\n"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("requirements.txt", "# pinned\n-r base.txt\nDjango==5.1 # why\n\nruamel.yaml\n", {"django": "==5.1"}),
        ("requirements/web.in", "uvicorn[standard]>=0.30\n", {"uvicorn": ">=0.30"}),
        ("pyproject.toml", PYPROJECT, {"django": ">=4.2", "uvicorn": "==0.34", "aiosmtplib": "", "pytest": ">=8"}),
        ("pyproject.toml", POETRY, {"typing-extensions": "^4", "redis": "~5.0", "mypy": "*"}),
        ("Pipfile", '[packages]\nrequests = "*"\n', {"requests": "*"}),
        ("setup.cfg", CFG, {"flask": "", "gunicorn": ">=20"}),
    ],
)
def test_stated_in(tmp_path: Path, name: str, text: str, expected: dict[str, str]) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    found = requirements.read(tmp_path).specifiers
    assert {distribution: found.get(distribution) for distribution in expected} == expected


def test_the_folder_around_is_asked_where_nothing_is_stated(tmp_path: Path) -> None:
    service = tmp_path / "service"
    service.mkdir()
    (tmp_path / "requirements.txt").write_text("channels\n", encoding="utf-8")
    assert requirements.read(service).names_any("daphne", "channels")
    (service / "requirements.txt").write_text("flask\n", encoding="utf-8")
    assert not requirements.read(service).names_any("channels")


def test_another_repository_is_not_asked(tmp_path: Path) -> None:
    service = tmp_path / "service"
    (service / ".git").mkdir(parents=True)
    (tmp_path / "requirements.txt").write_text("channels\n", encoding="utf-8")
    assert requirements.read(service).specifiers == {}


@pytest.mark.parametrize("text", ["[project", "dependencies = 3", "[project]\ndependencies = 3\n", "\x00"])
def test_what_cannot_be_read_states_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    (tmp_path / "setup.cfg").write_text("no section\n", encoding="utf-8")
    assert requirements.read(tmp_path).specifiers == {}


def test_the_fingerprint_follows_the_requirements(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("a==1\nb\n", encoding="utf-8")
    before = requirements.read(tmp_path).fingerprint
    path.write_text("b\n# the same\na==1\n", encoding="utf-8")
    assert requirements.read(tmp_path).fingerprint == before
    path.write_text("a==2\nb\n", encoding="utf-8")
    assert requirements.read(tmp_path).fingerprint != before


def test_what_was_read_last_is_remembered_until_a_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    cache = Cache.at(tmp_path, str(tmp_path / "cache"))
    first = requirements.read(tmp_path, cache)
    monkeypatch.setattr(requirements, "_toml", lambda text: pytest.fail(f"parsed again: {text!r}"))
    assert requirements.read(tmp_path, Cache.at(tmp_path, str(tmp_path / "cache"))) == first
    monkeypatch.undo()
    (tmp_path / "pyproject.toml").write_text(PYPROJECT.replace("4.2", "5.2"), encoding="utf-8")
    assert requirements.read(tmp_path, cache).specifiers["django"] == ">=5.2"


@pytest.mark.parametrize("nonsense", ["[]", "{}", "3", "[null]", '["CONTENT", 3]', '["CONTENT", ["a"]]', "[[[["])
def test_nonsense_in_the_cache_is_not_believed(tmp_path: Path, nonsense: str) -> None:
    (tmp_path / "requirements.txt").write_text("flask\n", encoding="utf-8")
    folder = tmp_path / "cache"
    requirements.read(tmp_path, Cache.at(tmp_path, str(folder)))
    (path,) = folder.rglob("requirements/*.json")
    content = path.read_text().split('"')[1]
    path.write_text(nonsense.replace("CONTENT", content))
    assert requirements.read(tmp_path, Cache.at(tmp_path, str(folder))).specifiers == {"flask": ""}
