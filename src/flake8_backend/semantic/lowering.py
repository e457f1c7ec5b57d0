"""Expressions to terms: names are resolved to their bindings, however imported, and calls to what they call.

Runs after the walk, when every binding of the module is known, and only for what the walk recorded. How each kind of
expression is lowered stands in ``lowered``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from flake8_backend.semantic import terms
from flake8_backend.semantic.lowered import contents, expressions, hints, names
from flake8_backend.semantic.terms import UNKNOWN, Term

if TYPE_CHECKING:
    from flake8_backend.semantic.scopes import Frame
    from flake8_backend.semantic.visit import Visit


class Lowering:
    """The term table of one module under construction."""

    def __init__(self, visit: Visit, module: str, package: str) -> None:
        self.module = module
        self.package = package
        self.frames = visit.frames
        self.imported_as = visit.imported_as
        self.globals = visit.frames[0].bindings
        self.terms: list[Term] = [("?",)]
        self._known: dict[Any, int] = {}
        self.memo: dict[ast.AST, int] = {}
        self.bindings: dict[int, int] = {}  # by identity: what reaches a use is looked up again and again
        self.active: set[int] = set()
        self.cuts = 0  # how often something was made of itself
        self.depth = 0

    def intern(self, *term: Any) -> int:
        """The index of ``term``, which is added when it is new."""
        found = self._known.get(term)
        if found is None:
            found = self._known[term] = len(self.terms)
            self.terms.append(term)
        return found

    def fresh(self, *term: Any) -> int:
        """The index of a new term: one that has a place, like a call."""
        self.terms.append(term)
        return len(self.terms) - 1

    def union(self, options: list[int]) -> int:
        """One of ``options``; the unknown ones are left out, and beside them None, which would be all that is left."""
        known = sorted({option for option in options if option != UNKNOWN})
        if UNKNOWN in options:
            known = [option for option in known if tuple(self.terms[option][:2]) != (terms.CONSTANT, None)]
        if not known:
            return UNKNOWN
        return known[0] if len(known) == 1 else self.intern(terms.UNION, tuple(known))

    def owner(self, node: ast.expr, frame: Frame, block: int, order: int) -> int:
        """What something is read from or called on: there, a check of the name says nothing."""
        if frame.allowed and node.__class__ is ast.Name and node not in self.memo:
            self.memo[node] = self.name(node.id, frame, block, order)
        return self.lower(node, frame, block, order)

    def wrap(self, operator: str, term: int) -> int:
        """``operator`` of a term; unknown where the term is."""
        return self.intern(operator, term) if term else UNKNOWN

    def lower(self, node: ast.AST | None, frame: Frame, block: int, order: int) -> int:
        """The term of an expression at a place, ``UNKNOWN`` where nothing can be said."""
        if node is None:
            return UNKNOWN
        found = self.memo.get(node)
        if found is not None:
            return found
        if self.depth > names.DEEPEST:
            return UNKNOWN
        self.depth += 1
        handler = expressions.HANDLERS.get(node.__class__)
        term = handler(self, node, frame, block, order) if handler is not None else UNKNOWN
        self.depth -= 1
        self.memo[node] = term
        return term

    name = names.name
    bound = names.bound
    given = contents.given
    annotation = hints.annotation
