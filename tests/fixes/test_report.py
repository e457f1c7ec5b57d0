"""The diff is what git applies, byte for byte."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from flake8_backend.core.diagnostic import Span
from flake8_backend.core.source import SourceFile
from flake8_backend.fixes.plan import Edit, Skipped, apply_edits
from flake8_backend.fixes.report import Applied, FileFixes, FixReport
from flake8_backend.fixes.write import WriteError

if TYPE_CHECKING:
    from pathlib import Path

LONG = "".join(f"line_{number} = {number}\n" for number in range(40))


def report(root: Path, name: str, before: bytes, after: bytes) -> FixReport:
    old, new = SourceFile.from_bytes(name, before), SourceFile.from_bytes(name, after)
    return FixReport(root, (FileFixes(root / name, old, new.text),))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\nb\n", b"a\nc\n"),
        (b"a\nb", b"a\nc"),
        (b"a\nb", b"a\nb\n"),
        (b"a\nb\n", b"a\nb"),
        (b"a\r\nb\r\n", b"a\r\nc\r\n"),
        (b"a\r\nb", b"a\r\nc"),
        (b"a = '\\\r'\nb\n", b"a = '\\\r'\nc\n"),
        (b"", b"import x\n"),
        (b"\xef\xbb\xbfa\nb\n", b"\xef\xbb\xbfz\nb\n"),
        (b"# coding: latin-1\nx = '\xe9'\n", b"# coding: latin-1\nx = '\xe9\xe8'\n"),
        ("x = 'é😋'\n".encode(), "x = '😋é'\n".encode()),
        (b"a\n\x0c\nb\n", b"a\n\x0c\nc\n"),
        (LONG.encode(), LONG.replace("line_3 ", "x ").replace("line_36 ", "y ").encode()),
    ],
)
def test_git_applies_the_diff(tmp_path: Path, before: bytes, after: bytes) -> None:
    check(tmp_path, "app/m.py", before, after)


@pytest.mark.parametrize("name", ["my app/m.py", "é/m😋.py", 'a"b.py', "a\tb.py", "a\\b.py", "a b\tc.py", "a/b/ c.py"])
def test_git_applies_the_diff_of_a_file_with_any_name(tmp_path: Path, name: str) -> None:
    check(tmp_path, name, b"a\n", b"b\n")


def check(root: Path, name: str, before: bytes, after: bytes) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(before)
    diff = report(root, name, before, after).diff()
    subprocess.run(["git", "apply", "--check", "-"], input=diff, cwd=root, check=True)
    subprocess.run(["git", "apply", "-"], input=diff, cwd=root, check=True)
    assert path.read_bytes() == after


def test_the_diff_names_paths_from_the_root(tmp_path: Path) -> None:
    assert report(tmp_path, "app/m.py", b"a\n", b"b\n").diff() == (
        b"diff --git a/app/m.py b/app/m.py\n--- a/app/m.py\n+++ b/app/m.py\n@@ -1 +1 @@\n-a\n+b\n"
    )


def test_a_file_outside_of_the_root_is_named_in_full(tmp_path: Path) -> None:
    inside = report(tmp_path / "inside", "m.py", b"a\n", b"b\n")
    moved = FixReport(tmp_path / "elsewhere", inside.files)
    assert f"--- a{tmp_path.as_posix()}/inside/m.py\n".encode() in moved.diff()


def test_a_file_that_did_not_change_is_not_in_the_diff(tmp_path: Path) -> None:
    same = report(tmp_path, "m.py", b"a\n", b"a\n")
    assert same.diff() == b""
    assert same.changed == ()


def test_several_files_are_one_diff(tmp_path: Path) -> None:
    files = [report(tmp_path, name, b"a\n", b"b\n").files[0] for name in ("one.py", "two.py")]
    for file in files:
        file.path.write_bytes(b"a\n")
    subprocess.run(["git", "apply", "-"], input=FixReport(tmp_path, tuple(files)).diff(), cwd=tmp_path, check=True)
    assert [file.path.read_bytes() for file in files] == [b"b\n", b"b\n"]


def test_a_report_sums_up_its_files(tmp_path: Path) -> None:
    applied, skipped = Applied("BE990", "fix", Span(1, 0, 1, 1)), Skipped("BE991", Span(2, 0, 2, 1), "no")
    source = SourceFile("m.py", "a\nb\n")
    file = FileFixes(tmp_path / "m.py", source, "a\nx\n", (applied,), (skipped,))
    error = WriteError("full")
    whole = FixReport(tmp_path, (file, file.failed(error)))
    assert whole.applied == (applied, applied)
    assert whole.skipped == (skipped, skipped)
    assert whole.errors == (error,)
    assert file.edits == (Edit(2, 3, "x"),)
    assert apply_edits(source.text, file.edits) == file.after
