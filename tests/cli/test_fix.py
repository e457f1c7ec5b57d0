"""``backend-fix PATHS``: what is written, what is said, and how it ends."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import FIXED, HTTP, SLEEP

if TYPE_CHECKING:
    from tests.cli.conftest import Shop

NAP, RESTED = SLEEP.format(name="nap"), FIXED.format(name="nap").replace("import time\n", "")


def test_fix_is_the_default_verb(shop: Shop) -> None:
    outcome = shop.command("app")
    assert shop.read("app/sleep.py") in (RESTED, FIXED.format(name="nap"))
    assert shop.read("app/http.py") == HTTP
    assert (outcome.code, outcome.raw) == (0, b"")
    assert outcome.errors == [
        "fixed app/sleep.py: BE001",
        "Fixed 1 finding in 1 file; --unsafe-fixes would try 1 more.",
    ]
    again = shop.command("fix", "app")
    assert again.errors == ["Nothing to fix in 4 files; --unsafe-fixes would try 1."]
    assert again.code == 0


def test_unsafe_fixes(shop: Shop) -> None:
    outcome = shop.command("fix", "--unsafe-fixes", ".")
    assert "asyncio.to_thread(requests.get" in shop.read("app/http.py")
    assert outcome.errors[-1] == "Fixed 2 findings in 2 files."


def test_quiet(shop: Shop) -> None:
    outcome = shop.command("-q", ".")
    assert (outcome.code, outcome.raw, outcome.errors) == (0, b"", [])


class TestPreview:
    def test_check_writes_nothing(self, shop: Shop) -> None:
        outcome = shop.command("--check", ".")
        assert shop.read("app/sleep.py") == NAP
        assert outcome.code == 1
        assert outcome.raw == b""
        assert outcome.errors[0] == "would fix app/sleep.py: BE001"
        assert shop.command("--check", "app/quick.py").code == 0

    def test_diff_writes_nothing(self, shop: Shop) -> None:
        outcome = shop.command("--diff", ".")
        assert shop.read("app/sleep.py") == NAP
        assert outcome.code == 1
        assert b'\n-    """\xc3\xa9"""; time.sleep(1)\n' in outcome.raw
        assert shop.command("--diff", "app/quick.py").raw == b""

    @pytest.mark.skipif(shutil.which("git") is None, reason="git applies the patch")
    @pytest.mark.parametrize("folder", [".", "app"])
    def test_git_applies_the_diff(self, shop: Shop, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
        subprocess.run(["git", "init", "--quiet"], cwd=shop.root, check=True)
        shop.write("app/latin.py", b"# coding: latin-1\r\n" + NAP.replace("\n", "\r\n").encode("latin-1"))
        monkeypatch.chdir(shop.root / folder)
        patch = shop.command("--diff", "--unsafe-fixes", str(shop.root)).raw
        subprocess.run(["git", "apply", "-"], cwd=shop.root / folder, input=patch, check=True)
        names = ("app/sleep.py", "app/http.py", "app/latin.py")
        applied = [(shop.root / name).read_bytes() for name in names]
        for name, text in zip(names, (NAP, HTTP, None), strict=True):
            if text is not None:
                shop.write(name, text)
        shop.write("app/latin.py", b"# coding: latin-1\r\n" + NAP.replace("\n", "\r\n").encode("latin-1"))
        shop.command("--unsafe-fixes", str(shop.root))
        assert [(shop.root / name).read_bytes() for name in names] == applied

    def test_exit_non_zero_on_fix(self, shop: Shop) -> None:
        assert shop.command("--exit-non-zero-on-fix", ".").code == 1
        assert shop.command("--exit-non-zero-on-fix", ".").code == 0


class TestWhatIsLeftAlone:
    def test_suppressed_deselected_and_ignored(self, shop: Shop) -> None:
        for arguments in (("--ignore=BE001",), ("--config", "per-file-ignores = {'*' = ['BE001']}")):
            assert shop.command(".", *arguments).errors == ["Nothing to fix in 4 files."]
        text = NAP.replace("(1)\n", "(1)  # noqa: BE001\n")
        shop.write("app/sleep.py", text)
        assert shop.command("app/sleep.py").errors == ["Nothing to fix in 1 file."]
        assert shop.read("app/sleep.py") == text

    def test_files_that_cannot_be_read_are_named(self, shop: Shop) -> None:
        shop.write("bad/syntax.py", "x = 1\ndef f(:\n")
        shop.write("bad/latin.py", b"# \xe9\n")
        outcome = shop.command("bad")
        assert outcome.code == 0
        assert [line.split(" ")[:2] for line in outcome.errors[:2]] == [
            ["bad/latin.py:1:", "BE902"],
            ["bad/syntax.py:2:", "BE902"],
        ]

    def test_a_file_that_cannot_be_written(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        # a mode without write permission does not stop root, whom containers run tests as
        monkeypatch.setattr(os, "access", lambda *_: False)
        outcome = shop.command("app")
        assert outcome.code == 2
        assert outcome.errors[0].startswith("backend-fix: error: ")
        assert "app/sleep.py: not written: " in outcome.errors[0]
        assert shop.read("app/sleep.py") == NAP

    def test_encoding_newlines_and_mode(self, shop: Shop) -> None:
        data = b"\xef\xbb\xbf" + NAP.replace("\n", "\r\n").encode()
        path = shop.write("app/sleep.py", data)
        path.chmod(0o754)
        shop.command("app")
        written = path.read_bytes()
        assert written != data
        assert written.startswith(b"\xef\xbb\xbfimport asyncio\r\n")
        assert written.count(b"\n") == written.count(b"\r\n")
        assert stat.S_IMODE(path.stat().st_mode) == 0o754


class TestStdin:
    def test_the_repaired_text_is_printed(self, shop: Shop) -> None:
        outcome = shop.command("fix", "-", "--stdin-filename=app/new.py", text=NAP.encode())
        assert outcome.raw.decode() in (RESTED, FIXED.format(name="nap"))
        assert outcome.code == 0
        assert outcome.errors == ["fixed app/new.py: BE001", "Fixed 1 finding in 1 file."]
        assert not (shop.root / "app/new.py").exists()

    def test_nothing_to_repair(self, shop: Shop) -> None:
        for data in (b"x = 1\r\n", b"", b"def f(:\n", b"# \xe9\n"):
            outcome = shop.command("fix", "-", text=data)
            assert (outcome.raw, outcome.code) == (data, 0)

    def test_the_encoding_is_kept(self, shop: Shop) -> None:
        data = b"# coding: latin-1\n" + NAP.encode("latin-1")
        assert shop.command("fix", "-", text=data).raw.startswith(b"# coding: latin-1\nimport asyncio\n")
        assert b'-    """\xe9"""; time.sleep(1)\n' in shop.command("fix", "-", "--diff", text=data).raw

    def test_preview(self, shop: Shop) -> None:
        outcome = shop.command("fix", "-", "--check", text=NAP.encode())
        assert (outcome.code, outcome.raw) == (1, b"")
        outcome = shop.command("fix", "-", "--diff", "--stdin-filename=app/new.py", text=NAP.encode())
        assert outcome.code == 1
        assert b"--- a/app/new.py\n+++ b/app/new.py\n" in outcome.raw
