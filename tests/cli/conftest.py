"""The command, called in this process, on a small project."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from flake8_backend.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SLEEP = '''\
import asyncio
import time


async def {name}() -> None:
    """é"""; time.sleep(1)


asyncio.run({name}())
'''
FIXED = SLEEP.replace("time.sleep", "await asyncio.sleep")
HTTP = """\
import requests


async def rates() -> str:
    return requests.get("https://example.com", timeout=5).text
"""


@dataclass(frozen=True)
class Outcome:
    """What one call printed and returned."""

    code: int
    raw: bytes
    errors: list[str]

    @property
    def lines(self) -> list[str]:
        return self.raw.decode().splitlines()


Command = "Callable[..., Outcome]"


@dataclass(frozen=True)
class Shop:
    """A project with one finding that has a safe fix and one that has an unsafe one."""

    root: Path
    command: Callable[..., Outcome]

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def read(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8")


@pytest.fixture
def command(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    def call(*arguments: str, text: bytes = b"") -> Outcome:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))
        capfdbinary.readouterr()
        code = main(["--jobs=1", *arguments] if arguments[:1] == ("-",) else list(arguments))
        captured = capfdbinary.readouterr()
        errors = captured.err.decode().splitlines()
        assert not any("Traceback" in line for line in errors)
        return Outcome(code, captured.out, errors)

    return call


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Callable[..., Outcome]) -> Shop:
    shop = Shop(tmp_path / "shop", command)
    shop.write("pyproject.toml", "[project]\nname = 'shop'\n")
    shop.write("app/__init__.py", "")
    shop.write("app/quick.py", "TOTAL = 1\n")
    shop.write("app/sleep.py", SLEEP.format(name="nap"))
    shop.write("app/http.py", HTTP)
    monkeypatch.chdir(shop.root)
    return shop
