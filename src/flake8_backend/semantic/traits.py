"""What kind of module this is: one with tests, one that starts something when it is run."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from flake8_backend.semantic import scopes

if TYPE_CHECKING:
    from flake8_backend.semantic.scopes import Frame
    from flake8_backend.semantic.visit import Visit

TEST, MAIN = "test", "main"


def traits_of(visit: Visit, path: str) -> list[str]:
    """``main``: it starts something when it is run; ``test``: pytest or unittest would collect it."""
    traits = []
    if any(block.kind == scopes.MAIN for block in visit.frames[0].blocks):
        traits.append(MAIN)
    folder, _, name = path.rpartition("/")
    if name == "conftest.py":
        return [*traits, TEST]
    named = name.startswith("test") or name.endswith(("_test.py", "tests.py"))
    if (named or "tests" in folder.split("/")) and _holds_tests(visit):
        traits.append(TEST)
    elif "pytest" in visit.imported and any(_is_fixture(frame) for frame in visit.frames):
        traits.append(TEST)  # fixtures that tests elsewhere use
    return traits


def _holds_tests(visit: Visit) -> bool:
    functions = visit.frames[0].bindings
    if any(name.startswith("test") and bound[-1].how == "function" for name, bound in functions.items()):
        return True
    if any(name.startswith("test") for record in visit.classes for name in record.methods):
        return True
    return any(_is_fixture(frame) for frame in visit.frames)


def _is_fixture(frame: Frame) -> bool:
    for decorator in getattr(frame.node, "decorator_list", ()):
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if str(getattr(target, "attr", None) or getattr(target, "id", "")).endswith("fixture"):
            return True
    return False
