"""What the statements of a module tell without a walk through its expressions: imports, and what kind of module it is."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

TEST, MAIN = "test", "main"
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_INNER: dict[type[ast.AST], tuple[str, ...]] = {
    ast.If: ("body", "orelse"),
    ast.For: ("body", "orelse"),
    ast.AsyncFor: ("body", "orelse"),
    ast.While: ("body", "orelse"),
    ast.With: ("body",),
    ast.AsyncWith: ("body",),
    ast.Try: ("body", "handlers", "orelse", "finalbody"),
    getattr(ast, "TryStar", ast.Try): ("body", "handlers", "orelse", "finalbody"),
    ast.ExceptHandler: ("body",),
    ast.Match: ("cases",),
    ast.match_case: ("body",),
}


class Outline:
    """The imports of a module, wherever they stand, and the definitions that make it a module of tests."""

    def __init__(self, tree: ast.Module) -> None:
        self.imported: set[str] = set()
        self.stars: list[tuple[int, str | None]] = []  # level and module of each star import
        self._starts_something = False
        self._has_tests = False
        self._has_fixtures = False
        self._statements(tree.body, tree)

    def traits(self, path: str) -> list[str]:
        """``main``: it starts something when it is run; ``test``: pytest or unittest would collect it."""
        traits = [MAIN] if self._starts_something else []
        folder, _, name = path.rpartition("/")
        named = name.startswith("test") or name.endswith(("_test.py", "tests.py")) or "tests" in folder.split("/")
        is_test = name == "conftest.py" or (named and (self._has_tests or self._has_fixtures))
        if is_test or ("pytest" in self.imported and self._has_fixtures):  # fixtures that tests elsewhere use
            traits.append(TEST)
        return traits

    def _statements(self, body: Sequence[ast.AST], owner: ast.AST) -> None:
        """Look at statements in the namespace of ``owner``: the module, a class or a function."""
        for statement in body:
            kind = statement.__class__
            fields = _INNER.get(kind)
            if fields is not None:
                if kind is ast.If and owner.__class__ is ast.Module and _tests_main(statement):
                    self._starts_something = True
                for field in fields:
                    self._statements(getattr(statement, field), owner)
            elif kind in _DEFINITIONS:
                self._definition(statement, owner)
            elif isinstance(statement, ast.ImportFrom):
                self._import_from(statement)
            elif isinstance(statement, ast.Import):
                self.imported.update(alias.name for alias in statement.names)

    def _definition(self, node: Any, owner: ast.AST) -> None:
        if not self._has_tests and node.name.startswith("test") and node.__class__ is not ast.ClassDef:
            self._has_tests = owner.__class__ in (ast.Module, ast.ClassDef)
        if not self._has_fixtures and node.decorator_list:
            self._has_fixtures = any(map(_is_fixture, node.decorator_list))
        self._statements(node.body, node)

    def _import_from(self, node: ast.ImportFrom) -> None:
        if not node.level:
            self.imported.add(node.module or "")
        if node.names[0].name == "*":
            self.stars.append((node.level, node.module or ""))


def absolute(package: str, level: int, module: str | None) -> str:
    """The dotted name that a ``from`` import means in a package."""
    if not level:
        return module or ""
    for _ in range(level - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{module}" if module and package else (module or package)


def _tests_main(node: Any) -> bool:
    """``if __name__ == "__main__"``."""
    test = node.test
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


def _is_fixture(decorator: ast.expr) -> bool:
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    return str(getattr(target, "attr", None) or getattr(target, "id", "")).endswith("fixture")
