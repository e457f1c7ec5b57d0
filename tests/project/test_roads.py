"""The same findings on every road: whoever asks, in whatever order, with whatever is remembered."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flake8_backend.config import Options
from flake8_backend.project.project import Project
from tests.harness.cases import FIXTURES

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOP = Path(__file__).parents[2] / "examples/shop"
PROJECTS = (SHOP, FIXTURES / "be001/project_layers", FIXTURES / "be005/project_drf_serializers")
SHARED = 45  # so many files more, and a second process takes part in the visits
PAUSE = "import time\n\n\ndef pause() -> None:\n    time.sleep(1)\n"
WAITING = "from waiting.pause import pause\n\n\nasync def wait_{number}() -> None:\n    pause()\n"

Found = tuple[str, int, str, str]
by_project = pytest.mark.parametrize("source", PROJECTS, ids=lambda path: path.name)


def copied(source: Path, root: Path) -> Path:
    shutil.copytree(source, root, ignore=shutil.ignore_patterns("__pycache__", ".flake8_backend_cache"))
    (root / "pyproject.toml").touch()
    return root


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with so many modules more that work is shared."""
    root = copied(SHOP, tmp_path_factory.mktemp("roads") / "shop")
    folder = root / "waiting"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "pause.py").write_text(PAUSE)
    for number in range(SHARED):
        (folder / f"wait_{number}.py").write_text(WAITING.format(number=number))
    return root


def with_flake8(root: Path, *arguments: str) -> list[Found]:
    command = [sys.executable, "-m", "flake8", "--isolated", "--select=BE", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", check=False, timeout=300)
    assert done.stderr == ""
    found = []
    for line in done.stdout.splitlines():
        path, number, _, text = line.removeprefix("./").split(":", 3)
        code, _, message = text.strip().partition(" ")
        found.append((path, int(number), code, message))
    return sorted(found)


def with_check(root: Path, *arguments: str) -> list[Found]:
    command = [sys.executable, "-m", "flake8_backend", "check", "--output-format=json", "--quiet", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", check=False, timeout=300)
    assert done.returncode == 1, done.stderr
    return sorted((each["path"], each["line"], each["code"], each["message"]) for each in json.loads(done.stdout))


def test_front_ends_processes_and_caches(shop: Path) -> None:
    expected = with_check(shop, "--no-cache", "--jobs=1", ".")
    assert len(expected) > SHARED
    assert {code for _, _, code, _ in expected} >= {"BE001", "BE003", "BE005"}
    assert with_check(shop, "--no-cache", "--jobs=2", ".") == expected
    for jobs in ("1", "2"):
        for state in ("cold", "warm"):
            cache = f"../check-{jobs}"
            assert with_check(shop, f"--cache-dir={cache}", f"--jobs={jobs}", ".") == expected, (jobs, state)
            cache = f"--backend-cache-dir=../flake8-{jobs}"
            assert with_flake8(shop, cache, f"-j{jobs}", ".") == expected, (jobs, state)
        assert with_flake8(shop, "--backend-no-cache", f"-j{jobs}", ".") == expected


def test_named_files_in_another_order(shop: Path) -> None:
    expected = with_check(shop, "--no-cache", ".")
    files = sorted(str(path.relative_to(shop)) for path in shop.rglob("*.py"))[::-1]
    assert with_flake8(shop, "--backend-no-cache", "-j1", *files) == expected
    assert with_check(shop, "--no-cache", *files) == expected
    several = [path for path, _, code, _ in expected if code != "BE001"][:2]
    found = [each for path in dict.fromkeys(several) for each in with_flake8(shop, "--backend-no-cache", path)]
    assert sorted(found) == [each for each in expected if each[0] in several]


def asked(project: Project, paths: Iterable[Path]) -> dict[str, list[str]]:
    return {path.name + str(path.parent): list(map(repr, project.diagnostics(path))) for path in paths}


@by_project
def test_files_asked_one_by_one_in_any_order(source: Path, tmp_path: Path) -> None:
    root = copied(source, tmp_path / source.name)
    uncached = Options(use_cache=False)
    first = Project.open(root, uncached)
    expected = asked(first, first.paths)
    assert any(expected.values())
    for seed in range(6):
        project = Project.open(root, uncached)
        paths = project.paths
        random.Random(seed).shuffle(paths)
        assert asked(project, paths) == expected, f"seed {seed}"
    for path in first.paths:
        alone = asked(Project.open(root, uncached), [path])
        assert alone.items() <= expected.items(), path.name


@by_project
def test_what_the_cache_holds_of_another_run(source: Path, tmp_path: Path) -> None:
    root = copied(source, tmp_path / source.name)
    expected = asked(Project.open(root, Options(use_cache=False)), Project.open(root, Options(use_cache=False)).paths)
    options = Options(cache_dir=str(tmp_path / "cache"))
    half = Project.open(root, options)
    asked(half, half.paths[::2])
    half.save()
    for _ in range(2):
        project = Project.open(root, options)
        assert asked(project, project.paths) == expected
        project.save()


def test_a_file_outside_of_the_index_changes_nothing(tmp_path: Path) -> None:
    root = copied(SHOP, tmp_path / "shop")
    options = Options(cache_dir=str(tmp_path / "cache"))
    script = root / "script"
    script.write_text("import time\n\n\nasync def wait() -> None:\n    time.sleep(1)\n")
    project = Project.open(root, options)
    assert [found.code for found in project.diagnostics(script)] == ["BE001"]
    with_script = asked(project, project.paths)
    project.save()
    script.write_text("")
    again = Project.open(root, options)
    assert again.diagnostics(script) == ()
    assert asked(again, again.paths) == with_script
    fresh = Project.open(root, Options(use_cache=False))
    assert asked(fresh, fresh.paths) == with_script
