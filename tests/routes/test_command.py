"""The command `routes`: what it prints for machines, what it leaves out, and how mistakes are told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from flake8_backend.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

SHOP = """\
from fastapi import APIRouter, Depends, FastAPI
from fastapi.security import HTTPBearer

app = FastAPI()
router = APIRouter(prefix="/orders", dependencies=[Depends(HTTPBearer())])


@router.get("/{key}")
def read(key: int) -> list[str]:
    return []


@router.post("/")
def create() -> None: ...


@app.get("/health")
def health() -> None: ...


app.include_router(router)
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'shop'\nversion = '1'\n")
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "other.py").write_text("def f():\n    pass\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main(["routes", "--format", "json", "--no-cache", *arguments]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["routes"]
    return found


def test_json_has_every_column(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = listed(capsys, ".")
    assert [(row["verbs"], row["path"]) for row in found] == [
        (["GET"], "/health"),
        (["POST"], "/orders/"),
        (["GET"], "/orders/{key}"),
    ]
    assert found[2] == {
        "framework": "fastapi",
        "verbs": ["GET"],
        "path": "/orders/{key}",
        "kind": "http",
        "handler": "shop:read",
        "dependencies": ["HTTPBearer"],
        "guards": ["HTTPBearer"],
        "response": "list[str]",
        "pagination": None,
        "mounted": True,
        "file": "shop.py",
        "line": 9,
    }


def test_guards_select(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [row["path"] for row in listed(capsys, ".", "--guard", "none")] == ["/health"]
    assert [row["path"] for row in listed(capsys, ".", "--guard", "HTTPBearer")] == ["/orders/", "/orders/{key}"]


def test_frameworks_select(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(listed(capsys, ".", "--framework", "fastapi")) == 3
    assert main(["routes", ".", "--no-cache", "--framework", "fastapy"]) == 2
    assert "no route is of `fastapy` (did you mean `fastapi`?)" in capsys.readouterr().err


def test_only_the_files_that_are_named_are_listed(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert listed(capsys, "other.py") == []
    assert len(listed(capsys, "shop.py")) == 3


def test_a_project_without_routes_prints_no_table(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["routes", "other.py", "--no-cache"]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "0 routes in 1 file." in printed.err


def test_mistakes_are_told_in_one_line(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["routes"]) == 2
    assert "no path given" in capsys.readouterr().err
    assert main(["routes", "shp.py"]) == 2
    assert "there is no file or folder `shp.py` (did you mean `shop.py`?)" in capsys.readouterr().err
    assert main(["routes", "shop.py", "--formt", "json"]) == 2
    assert "unknown option `--formt` (did you mean `--format`?)" in capsys.readouterr().err
