"""Files that were never meant to be read: each gives one line or none, and the others are not hurt."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import SLEEP

if TYPE_CHECKING:
    from pathlib import Path

NAP = SLEEP.format(name="nap")
UNREADABLE = {
    "cookie.py": b"# coding: nonsense\n",
    "latin.py": b"# \xe9\n",
    "nul.py": b"x = 1\0\n",
    "nested_lists.py": b"x = " + b"[" * 5000 + b"]" * 5000 + b"\n",
    "sum.py": b"x = " + b" + ".join([b"a"] * 20_000) + b"\n",
    "syntax.py": b"def f(:\n",
    "tabs.py": b"if 1:\n\tx = 1\n        y = 2\n",
    "utf16.py": "x = 1\n".encode("utf-16"),
}
READABLE = {
    "empty.py": b"",
    "bom.py": b"\xef\xbb\xbf" + NAP.encode(),
    "form_feed.py": b"\f\n" + NAP.encode() + b"\f",
    "mixed.py": NAP.replace("\n", "\r\n", 3).encode(),
    "long.py": b"x = 1\n" * 50_000,
    "one_line.py": b"x = '" + b"a" * 1_000_000 + b"'\n",
    "json.py": b"import json\njson.dumps(1)\n",
    "time.pyi": b"def sleep(seconds: float) -> None: ...\n",
    "one.py": b"from two import *\nfrom two import x\n",
    "two.py": b"from one import *\nfrom one import x\n",
    "classes.py": b"class A(A): pass\nclass B(C): pass\nclass C(B): pass\nasync def f(b: B): b.x.y.z()\n",
    "itself.py": b"from itself import itself\nimport itself\nitself.itself.itself()\n",
    "package/__init__.py": b"from . import *\nfrom .. import x\nfrom package import package\n",
    "folder.py/__init__.py": b"x = 1\n",
}


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    root = tmp_path / "hostile"
    for name, data in {**UNREADABLE, **READABLE}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (root / "setup.cfg").touch()
    (root / "loop").symlink_to("loop")
    (root / "loop.py").symlink_to("loop.py")
    (root / "up").symlink_to(".", target_is_directory=True)
    return root


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_every_file_gives_one_line_or_none(hostile: Path, jobs: str) -> None:
    command = [sys.executable, "-m", "flake8_backend", "check", "hostile", "--jobs", jobs, "--quiet"]
    done = subprocess.run(command, cwd=hostile.parent, capture_output=True, encoding="utf-8", check=False)
    assert (done.stderr, done.returncode) == ("", 1)
    lines = done.stdout.splitlines()
    told = [line.split(":")[0].removeprefix("hostile/") for line in lines if " BE902 " in line]
    assert told == sorted([*UNREADABLE, "loop.py"])
    assert all(" BE902 not analysed: " in line or " BE001 " in line for line in lines)


def test_fixing_them_changes_none_that_cannot_be_read(hostile: Path) -> None:
    command = [sys.executable, "-m", "flake8_backend", "hostile", "--unsafe-fixes", "--quiet"]
    done = subprocess.run(command, cwd=hostile.parent, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    for name, data in UNREADABLE.items():
        assert (hostile / name).read_bytes() == data, name
