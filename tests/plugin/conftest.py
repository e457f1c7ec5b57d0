"""flake8 as users run it: in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

HELPERS = """\
import time


def wait() -> None:
    time.sleep(1)
"""
MAIN = """\
from app.helpers import wait


async def handler() -> None:
    wait()
"""
DIRECT = '''\
import time


async def direct() -> None:
    """é"""; time.sleep(1)
'''

RUNNER = """\
import multiprocessing
import sys

{sabotage}

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    from flake8.main.cli import main

    code = main(sys.argv[2:])
    {epilogue}
    raise SystemExit(code)
"""


@dataclass(frozen=True)
class Outcome:
    """What a run of flake8 printed."""

    lines: list[str]
    error: str
    code: int

    @property
    def found(self) -> list[str]:
        """``path:line:column CODE`` without the messages."""
        return [" ".join(line.split(": ", 1)[:1] + line.split(": ", 1)[1].split()[:1]) for line in self.lines]


@dataclass(frozen=True)
class Flake8:
    """A small project and flake8 on it."""

    root: Path

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, *arguments: str, text: str | None = None) -> Outcome:
        return self._run([sys.executable, "-m", "flake8", *arguments], text)

    def run_patched(self, *arguments: str, start: str = "fork", sabotage: str = "", epilogue: str = "") -> Outcome:
        """Run with a start method, after code that spoils the engine, in spawned workers as well."""
        runner = self.root.parent / "runner.py"
        runner.write_text(RUNNER.format(sabotage=sabotage, epilogue=epilogue))
        return self._run([sys.executable, str(runner), start, *arguments], None)

    def _run(self, command: list[str], text: str | None) -> Outcome:
        done = subprocess.run(
            command, cwd=self.root, input=text, capture_output=True, encoding="utf-8", timeout=60, check=False
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Outcome(done.stdout.splitlines(), done.stderr, done.returncode)


@pytest.fixture
def flake8(tmp_path: Path) -> Flake8:
    project = Flake8(tmp_path / "project")
    project.write("pyproject.toml", "[project]\nname = 'app'\n")
    project.write("app/__init__.py", "")
    project.write("app/helpers.py", HELPERS)
    project.write("app/main.py", MAIN)
    project.write("app/direct.py", DIRECT)
    return project
