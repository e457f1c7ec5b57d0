"""Words of the packs and of a project by which candidate places are found: names only, no meaning."""

from __future__ import annotations

import ast
import functools
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from flake8_backend.knowledge.compiled import parse_toml
from flake8_backend.knowledge.names import terminal_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_QUERY_EFFECTS = frozenset({"db", "db-read"})
_QUERY_ROLES = frozenset({"db-fetch", "db-fetch-all", "db-execute", "orm-evaluate", "orm-evaluate-one", "orm-lazy"})


@dataclass(frozen=True)
class Words:
    """Dotted names and last components of names that rows of the packs give a meaning to."""

    blocking: frozenset[str]
    waiting: frozenset[str]
    sql: frozenset[str]
    queries: frozenset[str]
    relations: frozenset[str]  # what declares a relation

    @staticmethod
    def last(names: Iterable[str]) -> frozenset[str]:
        """The last components of dotted names."""
        return frozenset(map(terminal_of, names))


@functools.cache
def words() -> Words:
    """The words of the packs that come with this distribution."""
    calls, markers = [], []
    for path in sorted((files("flake8_backend.knowledge") / "packs").iterdir(), key=lambda path: path.name):
        if path.name.endswith(".toml"):
            document = parse_toml(path.read_bytes(), file=path.name)
            calls += document.get("call", [])
            markers += document.get("marker", [])
    return Words(
        blocking=_names(row for row in calls if "blocks" in row["effects"]),
        waiting=_names(row for row in calls if row.get("default_wait") == "forever" or row.get("timeouts")),
        sql=_names(row for row in markers if row["kind"] == "raw-sql"),
        queries=_names(row for row in calls if _QUERY_EFFECTS & set(row["effects"]) or row.get("role") in _QUERY_ROLES),
        relations=_names(row for row in markers if row["kind"] == "orm-relation"),
    )


def _names(rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(name for row in rows for name in row["names"])


# A file's own words


def imports_of(tree: ast.Module) -> dict[str, str]:
    """What the names that a file imports anywhere stand for."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                found[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found[alias.asname or alias.name] = f"{'.' * node.level}{node.module or ''}.{alias.name}"
    return found


def is_named(node: ast.expr, imports: Mapping[str, str], names: frozenset[str]) -> bool:
    """Whether an expression spells one of ``names``, built-in ones without their module."""
    name = dotted(node, imports)
    return name in names or f"builtins.{name}" in names


def dotted(node: ast.expr, imports: Mapping[str, str]) -> str:
    """The dotted name of an expression with its first part as it was imported; empty when it is no name."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    parts.append(imports.get(node.id, node.id))
    return ".".join(reversed(parts))


def called_name(call: ast.Call) -> str:
    """The last component of what is called; empty when it has no name."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run with a function: not those of functions, lambdas and classes inside it."""
    todo = list(ast.iter_child_nodes(function))
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            todo += ast.iter_child_nodes(node)
