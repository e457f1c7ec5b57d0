"""What syntactic checks may ask of a module while its tree is there: names, places, flow. Read-only."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.semantic.lowering import Lowering
    from flake8_backend.semantic.scopes import Frame
    from flake8_backend.semantic.visit import Visit


@dataclass(frozen=True)
class NodePlace:
    """Where a node was met in the walk."""

    frame: Frame
    block: int
    order: int


class SemanticModel:
    """A module's names and places, finished before any check is called."""

    def __init__(self, tree: ast.Module, visit: Visit, lowering: Lowering) -> None:
        self.tree = tree
        self._lowering = lowering
        self._places = {node: NodePlace(frame, block, order) for node, frame, block, order in visit.matches}

    @cached_property
    def _parents(self) -> dict[ast.AST, ast.AST]:
        return {child: parent for parent in ast.walk(self.tree) for child in ast.iter_child_nodes(parent)}

    def parents(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around ``node``, the nearest first."""
        parents = self._parents
        current = parents.get(node)
        while current is not None:
            yield current
            current = parents.get(current)

    def function(self, node: ast.AST) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | None:
        """The function whose body holds ``node``."""
        for parent in self.parents(node):
            if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                return parent
        return None

    def qualname(self, node: ast.expr, *, at: ast.AST | None = None) -> str | None:
        """The dotted name that an expression denotes, however it was imported; ``None`` when it is not a plain name.

        ``at`` is the checked node that the expression belongs to.
        """
        place = self._places.get(at if at is not None else node)
        if place is None:
            return None
        term = self._lowering.terms[self._lowering.lower(node, place.frame, place.block, place.order)]
        if term[0] != terms.NAME:
            return None
        return str(term[1]).removeprefix("builtins.")

    def is_in_async_function(self, node: ast.AST) -> bool:
        """Whether the nearest function around ``node`` is an ``async def``."""
        return isinstance(self.function(node), ast.AsyncFunctionDef)

    @staticmethod
    def keyword(call: ast.Call, name: str) -> ast.expr | None:
        """The value passed as ``name=``."""
        return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)

    @property
    def body(self) -> Sequence[ast.stmt]:
        """The module's statements."""
        return self.tree.body
