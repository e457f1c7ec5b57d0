"""Which project a file belongs to, and what its module is called there."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from flake8_backend.project.files.roots import ModuleNames, Roots, find_root, module_name

if TYPE_CHECKING:
    from pathlib import Path


def write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    write(tmp_path, "repository/.git/HEAD")
    return tmp_path / "repository"


@pytest.mark.parametrize("marker", ["pyproject.toml", "setup.cfg", "manage.py"])
def test_the_nearest_marker_is_the_root(repository: Path, marker: str) -> None:
    write(repository, "pyproject.toml", f"api/{marker}", "api/shop/views.py", "tools/x.py")
    assert find_root(repository / "api/shop/views.py") == repository / "api"
    assert find_root(repository / "api") == repository / "api"
    assert find_root(repository / "tools/not-there.py") == repository


def test_without_a_marker_the_repository_is_the_root(repository: Path) -> None:
    write(repository.parent, "pyproject.toml", "repository/pkg/a.py", "b.py")
    assert find_root(repository / "pkg/a.py") == repository
    assert find_root(repository.parent / "b.py") == repository.parent


def test_outside_of_any_project(tmp_path: Path) -> None:
    write(tmp_path, "lone/a.py", "lone/pkg/__init__.py", "lone/pkg/sub/__init__.py", "lone/pkg/sub/b.py")
    assert find_root(tmp_path / "lone/a.py") == tmp_path / "lone"
    assert find_root(tmp_path / "lone/pkg/sub/b.py") == tmp_path / "lone"


def test_libraries_are_roots_of_their_own(repository: Path) -> None:
    packages = "env/lib/python3.11/site-packages"
    write(repository, "pyproject.toml", "env/pyvenv.cfg", "env/bin/x.py", f"{packages}/p/a.py")
    write(repository, "opt/lib/python3.13t/json/decoder.py")
    assert find_root(repository / "env/bin/x.py") == repository / "env"
    assert (
        find_root(repository / "env/lib/python3.11/site-packages/p/a.py")
        == repository / "env/lib/python3.11/site-packages"
    )
    assert find_root(repository / "opt/lib/python3.13t/json/decoder.py") == repository / "opt/lib/python3.13t"


def test_a_home_folder_kept_in_git_is_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path, ".git/HEAD", "scratch/a.py")
    assert find_root(tmp_path / "scratch/a.py") == tmp_path / "scratch"
    write(tmp_path, "pyproject.toml")
    assert find_root(tmp_path / "scratch/a.py") == tmp_path, "a container's home may hold the application"


def test_the_answer_does_not_depend_on_what_was_asked_before(tmp_path: Path) -> None:
    write(tmp_path, "m/pyproject.toml", "m/a/x.py", "m/b/setup.cfg", "m/b/c/y.py", "n/__init__.py", "n/o/__init__.py")
    write(tmp_path, "n/o/z.py", "n/w.py", "p/q/v.py", "p/u.py")
    paths = [
        tmp_path / name for name in ("m/a/x.py", "m/b/c/y.py", "n/o/z.py", "n/w.py", "p/q/v.py", "p/u.py", "p", "m")
    ]
    expected = {path: find_root(path) for path in paths}
    for order in itertools.islice(itertools.permutations(paths), 0, None, 97):
        roots = Roots()
        assert {path: roots.of(path) for path in order} == expected
        assert all(roots.of_file(path) == expected[path] for path in order if path.suffix)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("app/main.py", "app.main"),
        ("app/__init__.py", "app"),
        ("main.py", "main"),
        ("types.pyi", "types"),
        ("src/shop/models.py", "shop.models"),
        ("src/shop/__init__.py", "shop"),
        ("space/cloud/storage.py", "space.cloud.storage"),
        ("services/a/app/main.py", "app.main"),
        ("pkg/src/x.py", "pkg.src.x"),
        ("app/migrations/0001_initial.py", "app.migrations.0001_initial"),
    ],
)
def test_module_names(repository: Path, path: str, name: str) -> None:
    write(repository, "services/a/requirements.txt", "pkg/__init__.py", "pkg/src/__init__.py", path)
    assert module_name(repository, repository / path) == name


def test_every_way_to_import_a_module(repository: Path) -> None:
    write(repository, "backend/app/__init__.py", "backend/app/db.py", "services/a/Dockerfile", "services/a/app/main.py")
    names = ModuleNames(repository)
    assert names.possible(repository / "backend/app/db.py") == ("backend.app.db", "app.db")
    assert names.possible(repository / "services/a/app/main.py") == (
        "app.main",
        "services.a.app.main",
        "main",
        "a.app.main",
    )


def test_a_file_elsewhere_has_no_name(repository: Path) -> None:
    with pytest.raises(ValueError, match="is not under"):
        module_name(repository, repository.parent / "repository2/a.py")


def test_a_root_that_is_a_package_itself(repository: Path) -> None:
    assert module_name(repository, repository / "__init__.py") == "repository"
