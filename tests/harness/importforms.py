"""The same module with its imports written in other ways, line for line, to replay fixtures.

Only what is certainly equivalent is rewritten: absolute imports at module level whose names are bound nowhere else and
stand in no string or f-string. Everything else stays as it is.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flake8_backend.core.diagnostic import Span
from flake8_backend.core.source import SourceFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class _Edits:
    """Replacements to be made in one text; lines never move."""

    source: SourceFile
    edits: list[tuple[int, int, str]] = field(default_factory=list)

    def replace(self, node: ast.expr | ast.stmt, text: str) -> None:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        span = Span(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
        if span.end_line > span.line:  # an import in parentheses: the lines below must keep their numbers
            first, rest = text.split(" ", 1)
            text = first + " \\\n" * (span.end_line - span.line) + " " + rest
        self.edits.append((*self.source.offsets(span), text))

    def result(self) -> str:
        text = self.source.text
        for start, end, replacement in sorted(self.edits, reverse=True):
            text = text[:start] + replacement + text[end:]
        return text


_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)


class _Module:
    """What the rewriters ask about a module."""

    def __init__(self, text: str) -> None:
        self.source = SourceFile("replay.py", text)
        self.tree = ast.parse(text)
        self.parents = {child: parent for parent in ast.walk(self.tree) for child in ast.iter_child_nodes(parent)}
        self.imports = [stmt for stmt in self.tree.body if isinstance(stmt, ast.Import | ast.ImportFrom)]
        self.bound = Counter(self._bound_names())
        self.uses: dict[str, list[ast.Name]] = {}
        self.quoted: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                self.uses.setdefault(node.id, []).append(node)
            elif isinstance(node, ast.JoinedStr):  # places inside f-strings are wrong before Python 3.12
                self.quoted |= {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200:
                self.quoted |= set(re.findall(r"\w+", node.value)) if self._reads_as_code(node.value) else set()

    @staticmethod
    def _reads_as_code(text: str) -> bool:
        try:
            ast.parse(text.strip(), mode="eval")
        except (SyntaxError, ValueError):
            return False
        return True

    def _bound_names(self) -> Iterator[str]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                yield node.id
            elif isinstance(node, ast.arg):
                yield node.arg
            elif isinstance(node, _NAMED) and node.name:
                yield node.name
            elif isinstance(node, ast.Global | ast.Nonlocal):
                yield from node.names
            elif isinstance(node, ast.Import | ast.ImportFrom):
                for alias in node.names:
                    yield alias.asname or alias.name.partition(".")[0]

    def is_ours(self, name: str) -> bool:
        """Whether ``name`` is bound once, by an import, and can be renamed everywhere."""
        return self.bound[name] == 1 and name not in self.quoted

    def is_free(self, name: str) -> bool:
        return not self.bound[name] and name not in self.uses and not hasattr(builtins, name)

    def absolute_froms(self) -> Iterator[tuple[ast.ImportFrom, str]]:
        for stmt in self.imports:
            if not isinstance(stmt, ast.ImportFrom) or stmt.level or stmt.names[0].name == "*":
                continue
            if stmt.module and stmt.module != "__future__":
                yield stmt, stmt.module

    def chain(self, name: ast.Name, depth: int) -> ast.expr | None:
        """The attribute access ``depth`` levels above ``name`` when it is read in one line."""
        node: ast.expr = name
        for _ in range(depth):
            parent = self.parents[node]
            if not isinstance(parent, ast.Attribute) or not isinstance(parent.ctx, ast.Load):
                return None
            node = parent
        return node if node.lineno == node.end_lineno else None


def aliased(text: str) -> str:
    """``import x`` becomes ``import x as aliased_x``, ``from x import y`` becomes ``from x import y as aliased_y``."""
    module = _Module(text)
    edits = _Edits(module.source)
    for stmt in module.imports:
        if isinstance(stmt, ast.ImportFrom) and (stmt.module == "__future__" or stmt.names[0].name == "*"):
            continue
        parts = []
        for alias in stmt.names:
            name = alias.asname or alias.name
            fresh = f"aliased_{name}"
            if "." in name or not module.is_ours(name) or not module.is_free(fresh):
                parts.append(alias.name + (f" as {alias.asname}" if alias.asname else ""))
                continue
            parts.append(f"{alias.name} as {fresh}")
            for use in module.uses.get(name, []):
                edits.replace(use, fresh)
        head = f"from {'.' * stmt.level}{stmt.module or ''} import " if isinstance(stmt, ast.ImportFrom) else "import "
        edits.replace(stmt, head + ", ".join(parts))
    return edits.result()


def by_module(text: str) -> str:
    """``from x import y`` becomes ``import x``, and ``y`` becomes ``x.y``."""
    module = _Module(text)
    edits = _Edits(module.source)
    for stmt, path in module.absolute_froms():
        names = {alias.asname or alias.name: alias.name for alias in stmt.names}
        root = path.partition(".")[0]
        own = 1 if root in names else 0
        others = [
            other
            for other in module.imports
            if isinstance(other, ast.Import)
            for alias in other.names
            if alias.asname is None and alias.name.partition(".")[0] == root
        ]
        if module.bound[root] > own + len(others) or root in module.quoted:
            continue
        if not all(module.is_ours(name) for name in names):
            continue
        edits.replace(stmt, f"import {path}")
        for name, original in names.items():
            for use in module.uses.get(name, []):
                edits.replace(use, f"{path}.{original}")
    return edits.result()


def by_name(text: str) -> str:
    """``import x`` becomes ``from x import y as x_y``, and ``x.y`` becomes ``x_y``."""
    module = _Module(text)
    edits = _Edits(module.source)
    for stmt in module.imports:
        if not isinstance(stmt, ast.Import) or len(stmt.names) != 1:
            continue
        alias = stmt.names[0]
        local = alias.asname or alias.name
        depth = local.count(".") + 1
        uses = module.uses.get(local.partition(".")[0], [])
        chains = [module.chain(use, depth) for use in uses]
        wanted: dict[str, str] = {}
        for chain in chains:
            if isinstance(chain, ast.Attribute) and ast.unparse(chain.value) == local:
                wanted[chain.attr] = f"{local.replace('.', '_')}_{chain.attr}"
        is_whole = len(uses) > 0 and all(
            isinstance(chain, ast.Attribute) and ast.unparse(chain.value) == local for chain in chains
        )
        if not is_whole or not module.is_ours(local.partition(".")[0]):
            continue
        if not all(module.is_free(fresh) for fresh in wanted.values()):
            continue
        parts = ", ".join(f"{attribute} as {fresh}" for attribute, fresh in sorted(wanted.items()))
        edits.replace(stmt, f"from {alias.name} import {parts}")
        for chain in chains:
            assert isinstance(chain, ast.Attribute)
            edits.replace(chain, wanted[chain.attr])
    return edits.result()


FORMS: dict[str, Callable[[str], str]] = {"aliased": aliased, "by module": by_module, "by name": by_name}
