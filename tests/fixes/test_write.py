"""A file is replaced as a whole, or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from flake8_backend.core.source import SourceFile
from flake8_backend.fixes.write import WriteError, write_source


def source_at(path: Path, data: bytes) -> SourceFile:
    path.write_bytes(data)
    return SourceFile.from_bytes(path.name, data)


@pytest.mark.parametrize(
    "data",
    [
        b"x = 1\n",
        b"x = 1\r\ny = 2\r\n",
        b"x = 1",
        b"\xef\xbb\xbfx = 1\n",
        b"# -*- coding: latin-1 -*-\nx = '\xe9'\n",
        "x = 'é😋'\n".encode(),
        b"\xef\xbb\xbf# coding: utf-8\r\nx = 1",
    ],
)
def test_encoding_mark_and_line_ends_are_kept(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "m.py"
    before = source_at(path, data)
    write_source(path, before, before.text.replace("1", "'1'"))
    assert path.read_bytes() == data.replace(b"1", b"'1'")
    assert list(tmp_path.iterdir()) == [path]


def test_the_mode_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    before = source_at(path, b"x = 1\n")
    path.chmod(0o751)
    write_source(path, before, "x = 2\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o751


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_the_owner_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    before = source_at(path, b"x = 1\n")
    os.chown(path, 12345, 23456)
    write_source(path, before, "x = 2\n")
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456)


def test_the_target_of_a_link_is_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "real"
    folder.mkdir()
    before = source_at(folder / "m.py", b"x = 1\n")
    middle, link = tmp_path / "middle.py", tmp_path / "link.py"
    middle.symlink_to("real/m.py")
    link.symlink_to(middle)
    write_source(link, before, "x = 2\n")
    assert link.is_symlink()
    assert middle.is_symlink()
    assert not (folder / "m.py").is_symlink()
    assert (folder / "m.py").read_bytes() == b"x = 2\n"


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    before = source_at(path, b"x = 1\n")
    path.write_bytes(b"x = 1  # mine\n")
    with pytest.raises(WriteError, match=r"m\.py: not written: it has changed since it was read"):
        write_source(path, before, "x = 2\n")
    assert path.read_bytes() == b"x = 1  # mine\n"


def test_a_file_that_is_gone_stays_gone(tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    before = source_at(path, b"x = 1\n")
    path.unlink()
    with pytest.raises(WriteError, match="No such file"):
        write_source(path, before, "x = 2\n")
    assert list(tmp_path.iterdir()) == []


def test_a_link_in_a_circle_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    path.symlink_to(path)
    with pytest.raises(WriteError, match="not written"):
        write_source(path, SourceFile("m.py", "x = 1\n"), "x = 2\n")


def test_text_that_the_encoding_does_not_have_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    data = b"# coding: latin-1\nx = 1\n"
    before = source_at(path, data)
    with pytest.raises(WriteError, match="iso-8859-1 has no '😋'"):
        write_source(path, before, before.text + "# 😋\n")
    assert path.read_bytes() == data


@pytest.mark.parametrize("broken", ["fsync", "replace", "chmod", "write"])
def test_a_failure_leaves_the_original_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    path = tmp_path / "m.py"
    before = source_at(path, b"x = 1\n")

    def fail(*arguments: Any, **options: Any) -> None:
        raise OSError(28, "No space left on device")

    owner: Any = Path if broken in {"replace", "chmod"} else os
    monkeypatch.setattr(owner, "fdopen" if broken == "write" else broken, fail)
    with pytest.raises(WriteError, match="No space left on device"):
        write_source(path, before, "x = 2\n")
    monkeypatch.undo()
    assert path.read_bytes() == b"x = 1\n"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interruption_leaves_the_original_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.py"
    before = source_at(path, b"x = 1\n")

    def interrupt(*arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_source(path, before, "x = 2\n")
    assert path.read_bytes() == b"x = 1\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_may_not_be_written_is_respected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.py"
    before = source_at(path, b"x = 1\n")
    monkeypatch.setattr(os, "access", lambda *arguments: False)  # root may write anything
    with pytest.raises(WriteError, match="Permission denied"):
        write_source(path, before, "x = 2\n")
    assert path.read_bytes() == b"x = 1\n"


def test_readers_never_see_a_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.py"
    before = source_at(path, b"x = 1\n")
    seen: list[bytes] = []
    replace = Path.replace

    def noted(self: Path, target: Path) -> Path:
        seen.append(path.read_bytes())
        assert self.parent == path.parent  # the same file system
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", noted)
    write_source(path, before, "y = 1\n" * 10000)
    assert seen == [b"x = 1\n"]
    assert path.read_bytes() == b"y = 1\n" * 10000


def test_a_long_name_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / ("m" * 250 + ".py")
    before = source_at(path, b"x = 1\n")
    write_source(path, before, "x = 2\n")
    assert path.read_bytes() == b"x = 2\n"
