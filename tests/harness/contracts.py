"""Questions about source code that the contract tests ask."""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING

from flake8_backend.config import parse_toml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_<>*]\w*)*\Z")
_MUTATORS = frozenset(
    ("add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "setdefault", "update")
)
_MUTABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)


def module_name(path: Path, package: Path) -> str:
    """The dotted name of a module of our own package."""
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _absolute(statement: ast.ImportFrom, package: str, is_package: bool) -> str:
    if not statement.level:
        return statement.module or ""
    parts = package.split(".")
    keep = len(parts) - statement.level + (1 if is_package else 0)
    return ".".join([*parts[:keep], *([statement.module] if statement.module else [])])


def _names(statement: ast.stmt, package: str, is_package: bool) -> Iterator[str]:
    if isinstance(statement, ast.Import):
        yield from (alias.name for alias in statement.names)
    elif isinstance(statement, ast.ImportFrom):
        module = _absolute(statement, package, is_package)
        yield module
        # `from flake8_backend import rules` imports a submodule; harmless for plain names
        if module == "flake8_backend":
            yield from (f"{module}.{alias.name}" for alias in statement.names)


def _is_type_checking(test: ast.expr) -> bool:
    return ast.unparse(test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def imports_of(tree: ast.AST, *, package: str = "", is_package: bool = False) -> Iterator[str]:
    """Every module that is imported anywhere, under ``if TYPE_CHECKING`` too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _names(node, package, is_package)


def runtime_imports_of(node: ast.AST, *, package: str = "", is_package: bool = False) -> Iterator[str]:
    """Every module that is imported when the code runs, inside functions too."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from _names(node, package, is_package)
    running = node.orelse if isinstance(node, ast.If) and _is_type_checking(node.test) else ast.iter_child_nodes(node)
    for child in running:
        yield from runtime_imports_of(child, package=package, is_package=is_package)


def declared_packs(folder: Path) -> frozenset[str]:
    """The top-level modules that switch packs on."""
    names: set[str] = set()
    for path in folder.glob("*.toml"):
        pack = parse_toml(path.read_bytes(), name=path.name).get("pack", {})
        names.update(pack.get("imports", pack.get("modules", ())))
    return frozenset(name.partition(".")[0] for name in names)


def _is_codemod(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(ast.unparse(decorator).endswith(".codemod") for decorator in function.decorator_list)


def dotted_constants(tree: ast.Module) -> Iterator[ast.Constant]:
    """Strings that read as a name, in what a rule computes: neither in what users are shown nor in codemods.

    ``RULE`` itself, docstrings, f-strings and codemods (which write code, imports included) are left out.
    """
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "RULE":
            continue
        yield from _constants(statement)


def _constants(node: ast.AST) -> Iterator[ast.Constant]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _is_codemod(node):
        return
    if isinstance(node, ast.JoinedStr):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _DOTTED.match(node.value):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _constants(child)


def is_framework_name(value: object, packs: frozenset[str]) -> bool:
    """Whether a string spells something that a pack describes; a bare word of the standard library may be a word."""
    if not isinstance(value, str):
        return False
    root, dot, _ = value.partition(".")
    return root in packs and (bool(dot) or root not in sys.stdlib_module_names)


def impure_places(tree: ast.Module) -> list[str]:
    """Where a rule module keeps or changes state between calls."""
    told = []
    module_names: set[str] = set()
    for statement in tree.body:
        if not isinstance(statement, ast.Assign | ast.AnnAssign):
            continue
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        names = {target.id for target in targets if isinstance(target, ast.Name)}
        module_names |= names
        mutable = isinstance(statement.value, _MUTABLE)
        told += [
            f"line {statement.lineno}: {name} can change" for name in sorted(names) if mutable and not name.isupper()
        ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            told.append(f"line {node.lineno}: global")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MUTATORS:
            told += _changed(node.func.value, module_names)
        elif isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
            told += _changed(node.value, module_names)
    return told


def _changed(owner: ast.expr, module_names: set[str]) -> list[str]:
    if isinstance(owner, ast.Name) and owner.id in module_names:
        return [f"line {owner.lineno}: {owner.id} is changed"]
    return []
