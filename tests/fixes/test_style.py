"""What a project's settings tell about its layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flake8_backend.core.source import SourceFile
from flake8_backend.fixes.style import Style, first_party_modules
from flake8_backend.fixes.syntax import ParsedFile

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("files", "width"),
    [
        ({}, None),
        ({"pyproject.toml": "[tool.ruff]\nline-length = 120\n"}, 120),
        ({"pyproject.toml": "[tool.black]\nline-length = 100\n"}, 100),
        ({"pyproject.toml": "[tool.black]\nline-length = 100\n[tool.ruff]\nline-length = 110\n"}, 110),
        ({"ruff.toml": "line-length = 90\n"}, 90),
        ({".ruff.toml": "line-length = 91\n"}, 91),
        ({"setup.cfg": "[flake8]\nmax-line-length = 95\n"}, 95),
        ({"tox.ini": "[flake8]\nmax_line_length = 96\n"}, 96),
        ({".flake8": "[flake8]\nmax-line-length: 97\n"}, 97),
        ({"pyproject.toml": "[tool.ruff]\nline-length = '120'\n", ".flake8": "[flake8]\nmax-line-length = 97\n"}, 97),
        ({"pyproject.toml": "[tool.ruff\n", "setup.cfg": "not a config"}, None),
        ({"pyproject.toml": "tool = 1\n", ".flake8": "[flake8]\nmax-line-length = many\n"}, None),
    ],
)
def test_the_length_of_lines_is_that_of_the_settings(tmp_path: Path, files: dict[str, str], width: int | None) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert Style.of(tmp_path).width == width


def test_settings_count_more_than_the_lines_of_a_file() -> None:
    source = SourceFile("m.py", "x" * 100)
    assert ParsedFile.of(source, Style(width=79)).width == 79
    assert ParsedFile.of(source).width == 100


def test_the_modules_of_a_project_are_first_party(tmp_path: Path) -> None:
    for name in ("app/main.py", "src/shop/__init__.py", "manage.py", "docs/readme.txt", "not-a-name/x.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert first_party_modules(tmp_path) == {"app", "shop", "manage"}
    assert first_party_modules(tmp_path / "absent") == frozenset()


def test_settings_name_further_first_party_modules(tmp_path: Path) -> None:
    (tmp_path / "main.py").touch()
    settings = "[tool.ruff.lint.isort]\nknown-first-party = ['ours', 1]\n[tool.isort]\nknown_first_party = 'one'\n"
    (tmp_path / "pyproject.toml").write_text(settings)
    assert Style.of(tmp_path).first_party == {"main", "ours"}
