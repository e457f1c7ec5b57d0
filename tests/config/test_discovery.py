"""Which files a run is about."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from flake8_backend.project.files.discovery import MAX_UNMARKED_FOLDERS, Found, discover, project_files
from flake8_backend.project.files.globs import PathPatterns, anchored

NOTHING = PathPatterns(())


def write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(root: Path, *paths: str, exclude: tuple[str, ...] = (), force_exclude: bool = False) -> list[str]:
    patterns = PathPatterns(anchored(pattern, root) for pattern in exclude)
    result = discover([root / path for path in paths], lambda _: patterns, force_exclude=force_exclude)
    assert result.problems == ()
    return [file.relative_to(root).as_posix() for file in result.files]


def indexed(root: Path, *, nested: bool = False) -> list[str]:
    return [file.relative_to(root).as_posix() for file in project_files(root, nested=nested)]


def test_folders_are_walked_and_files_are_taken_as_they_are(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "b.pyi", "c.txt", "script", "pkg/d.py", "pkg/sub/e.py", ".github/f.py")
    assert found(tmp_path, ".") == [".github/f.py", "a.py", "b.pyi", "pkg/d.py", "pkg/sub/e.py"]
    assert found(tmp_path, "script", "pkg", "pkg/d.py", "./pkg/../a.py") == [
        "a.py",
        "pkg/d.py",
        "pkg/sub/e.py",
        "script",
    ]


@pytest.mark.parametrize(
    ("pattern", "kept"),
    [
        ("build", ["a.py", "pkg/a.py", "pkg/gen/c.py"]),
        ("a.py", ["build/b.py", "pkg/build/b.py", "pkg/gen/c.py"]),
        ("*.py", []),
        ("pkg/gen", ["a.py", "build/b.py", "pkg/a.py", "pkg/build/b.py"]),
        ("pkg/gen/", ["a.py", "build/b.py", "pkg/a.py", "pkg/build/b.py"]),
        ("./build", ["a.py", "pkg/a.py", "pkg/build/b.py", "pkg/gen/c.py"]),
        ("**/gen/*.py", ["a.py", "build/b.py", "pkg/a.py", "pkg/build/b.py"]),
        ("**/a.py", ["build/b.py", "pkg/build/b.py", "pkg/gen/c.py"]),
        ("pkg/*", ["a.py", "build/b.py"]),
        ("[ab].py", ["pkg/gen/c.py"]),
        ("(build|gen)", ["a.py", "build/b.py", "pkg/a.py", "pkg/build/b.py", "pkg/gen/c.py"]),
    ],
)
def test_exclude(tmp_path: Path, pattern: str, kept: list[str]) -> None:
    write(tmp_path, "a.py", "pkg/a.py", "build/b.py", "pkg/build/b.py", "pkg/gen/c.py")
    assert found(tmp_path, ".", exclude=(pattern,)) == kept


def test_a_named_file_is_kept_unless_the_exclusion_is_forced(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", "build/deep/a.py", "b.py")
    named = ("build/deep/a.py", "b.py")
    assert found(tmp_path, *named, exclude=("build",)) == ["b.py", "build/deep/a.py"]
    assert found(tmp_path, *named, exclude=("build",), force_exclude=True) == ["b.py"]


def test_environments_caches_and_installed_packages_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", "a.py", "env/pyvenv.cfg", "env/x.py", "conda/conda-meta/y", "conda/x.py")
    write(tmp_path, "node_modules/m/x.py", "lib/site-packages/x.py", "__pycache__/x.py", ".tox/x.py", "venv/real.py")
    assert found(tmp_path, ".") == indexed(tmp_path) == ["a.py", "venv/real.py"]
    assert found(tmp_path, "env") == ["env/x.py"], "who names an environment means it"


def test_each_project_decides_what_it_excludes(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", "gen/a.py", "service/setup.cfg", "service/gen/b.py", "service/gen/sub/c.py")

    def excluded(root: Path) -> PathPatterns:
        return PathPatterns(("gen",)) if root == tmp_path else NOTHING

    assert [file.name for file in discover([tmp_path], excluded).files] == ["b.py", "c.py"]
    assert [file.name for file in discover([tmp_path / "service/gen/sub"], excluded).files] == ["c.py"]


def test_the_index_has_what_reports_leave_out_but_not_other_projects(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", ".git/x.py", "build/a.py", "node_modules/x.py", "api/manage.py", "api/b.py")
    (tmp_path / ".gitignore").write_text("build\n")
    assert indexed(tmp_path) == ["build/a.py"]
    assert indexed(tmp_path, nested=True) == ["api/b.py", "api/manage.py", "build/a.py"]
    assert indexed(tmp_path / "api") == ["b.py", "manage.py"]


def test_the_index_of_an_unmarked_folder_is_bounded(tmp_path: Path) -> None:
    for number in range(MAX_UNMARKED_FOLDERS + 20):
        write(tmp_path, f"f{number:04}/a.py")
    assert len(indexed(tmp_path)) == MAX_UNMARKED_FOLDERS - 1
    write(tmp_path, "setup.cfg")
    assert len(indexed(tmp_path)) == MAX_UNMARKED_FOLDERS + 20


def test_links(tmp_path: Path) -> None:
    write(tmp_path, "real/a.py")
    (tmp_path / "real/up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "link.py").symlink_to(tmp_path / "real/a.py")
    (tmp_path / ".#lock.py").symlink_to("nobody@nowhere")
    (tmp_path / "loop.py").symlink_to("loop.py")
    result = discover([tmp_path, tmp_path / "loop.py", tmp_path / "missing.py"], lambda _: NOTHING)
    assert [file.name for file in result.files] == ["link.py", "a.py"]
    assert sorted({(Path(problem.path).name, problem.reason) for problem in result.problems}) == [
        ("loop.py", "too many levels of symbolic links"),
        ("missing.py", "no such file or directory"),
    ]
    assert indexed(tmp_path) == ["link.py", "real/a.py"]


def test_a_folder_that_cannot_be_read_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # a mode of 0 does not stop root, whom containers run tests as
    write(tmp_path, "a.py", "closed/b.py")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    result = discover([tmp_path], lambda _: NOTHING)
    assert [file.name for file in result.files] == ["a.py"]
    assert [(Path(problem.path).name, problem.reason) for problem in result.problems] == [
        ("closed", "permission denied")
    ]
    assert indexed(tmp_path) == ["a.py"]


class TestGitignore:
    def test_nested_files_and_negations(self, tmp_path: Path) -> None:
        write(tmp_path, ".git/HEAD", "a.py", "gen/b.py", "gen/keep.py", "pkg/gen.py", "pkg/sub/c.py", "pkg/sub/d.py")
        (tmp_path / ".gitignore").write_text("gen/*\n!gen/keep.py\n# a comment\n\n/pkg/gen.py\nc.py\n")
        (tmp_path / "pkg/sub/.gitignore").write_text("!c.py\nd.py\n")
        assert found(tmp_path, ".") == ["a.py", "gen/keep.py", "pkg/sub/c.py"]
        assert found(tmp_path, "pkg/sub") == ["pkg/sub/c.py"], "files above the start count"
        assert found(tmp_path, "gen/b.py") == ["gen/b.py"], "who names a file means it"

    def test_an_ignored_folder_that_is_named_is_walked(self, tmp_path: Path) -> None:
        write(tmp_path, ".git/HEAD", "gen/a.py", "gen/sub/b.py")
        (tmp_path / ".gitignore").write_text("gen/\n")
        (tmp_path / "gen/.gitignore").write_text("sub\n")
        assert found(tmp_path, ".") == []
        assert found(tmp_path, "gen") == ["gen/a.py"]
        assert found(tmp_path, "gen/sub") == ["gen/sub/b.py"]

    def test_counts_inside_a_repository_only(self, tmp_path: Path) -> None:
        (tmp_path / ".gitignore").write_text("*.py\n")
        write(tmp_path, "a.py", "repository/b.py")
        assert found(tmp_path, ".") == ["a.py", "repository/b.py"]
        write(tmp_path, "repository/.git/HEAD")
        assert found(tmp_path, "repository") == ["repository/b.py"]

    def test_excludes_of_the_repository_itself(self, tmp_path: Path) -> None:
        write(tmp_path, ".git/info/exclude", "a.py", "b.py")
        (tmp_path / ".git/info/exclude").write_text("a.py\n")
        assert found(tmp_path, ".") == ["b.py"]

    def test_bytes_that_are_no_text_do_no_harm(self, tmp_path: Path) -> None:
        write(tmp_path, ".git/HEAD", "a.py", "b.py")
        (tmp_path / ".gitignore").write_bytes(b"\xff\xfe\x00[\n[z-a]\n!\n\\\na.py\n")
        assert found(tmp_path, ".") == ["b.py"]


PATTERNS = (
    "a",
    "a/",
    "/a",
    "b/c",
    "*.py",
    "!*.py",
    "!a",
    "!b/",
    "c?",
    "**/b",
    "a/**",
    "!a/b.py",
    "/*",
    "!/c",
    "# x",
    "",
)
NAMES = ("a", "b", "c", "ca")


@pytest.mark.skipif(shutil.which("git") is None, reason="git is the oracle")
@pytest.mark.parametrize("seed", range(12))
def test_agrees_with_git(seed: int, tmp_path: Path) -> None:
    choose = random.Random(seed)
    for _ in range(40):
        folders = choose.choices(NAMES, k=choose.randint(0, 2))
        write(tmp_path, "/".join([*folders, choose.choice(NAMES) + ".py"]))
        if choose.random() < 0.3:
            text = "\n".join(choose.choices(PATTERNS, k=choose.randint(1, 4)))
            (tmp_path / "/".join([*folders, ".gitignore"])).write_text(text + "\n")

    def git(*arguments: str) -> str:
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        command = ["git", "-c", "core.excludesFile=", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True).stdout

    git("init", "--quiet")
    listed = git("ls-files", "--others", "--exclude-standard").splitlines()
    expected = sorted(name for name in listed if name.endswith(".py"))
    assert sorted(found(tmp_path, ".")) == expected


def test_found_is_in_order_and_without_repetition(tmp_path: Path) -> None:
    write(tmp_path, "b/a.py", "a.py", "b.py")
    result = discover([tmp_path / "b", tmp_path, tmp_path / "a.py"], lambda _: NOTHING)
    assert result == Found(tuple(tmp_path / name for name in ("a.py", "b.py", "b/a.py")), ())
