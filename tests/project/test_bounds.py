"""Code that asks for itself without end: every rule comes to an end, and none fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flake8_backend.config import Options
from flake8_backend.project.project import Project

if TYPE_CHECKING:
    from pathlib import Path

ITERATORS = """
class Itself:
    def __iter__(self):
        return self
class Left:
    def __iter__(self):
        return Right()
class Right:
    def __iter__(self):
        return Left()
def walk(itself: Itself, left: Left):
    for item in itself:
        item.one.two()
    for item in left:
        item.one.two()
"""
RETURNS = "".join(f"def f{i}(x):\n    return f{i + 1}(x) or f{i + 2}(x)\n" for i in range(400))
ROWS = (
    "from django.db import models\nclass Order(models.Model):\n    owner = models.ForeignKey('Order', models.CASCADE)\n"
)
CIRCLE = ROWS + "".join(f"def f{i}(rows):\n    for row in rows:\n        f{(i + 1) % 600}(rows)\n" for i in range(600))
BASES = "class C0: pass\n" + "".join(f"class C{i + 1}(C{i}): pass\n" for i in range(400)) + "def f(c: C400): c.x.y()\n"


@pytest.mark.parametrize("text", [ITERATORS, RETURNS, CIRCLE, BASES], ids=["iterators", "returns", "circle", "bases"])
def test_no_rule_fails(tmp_path: Path, text: str) -> None:
    path = tmp_path / "app.py"
    path.write_text("async def main():\n    import time\n    time.sleep(1)\n" + text, encoding="utf-8")
    project = Project.open(tmp_path, Options(use_cache=False))
    codes = {diagnostic.code for diagnostic in project.diagnostics(path)}
    assert "BE001" in codes
    assert "BE903" not in codes
