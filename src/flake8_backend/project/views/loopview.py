"""A loop as rules see it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Span
from flake8_backend.project.evaluation.classes import class_ref
from flake8_backend.project.items import repetition
from flake8_backend.semantic import scopes, terms
from flake8_backend.semantic.summary import BLOCK_DATA, BLOCK_KIND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_backend.project.views.view import FunctionView

SMALL = 12  # a loop over so few constants is written out rather than repeated


@dataclass(frozen=True)
class LoopView:
    """A loop around a site: what it goes through, and whether it is one that repeats a single thing."""

    function: FunctionView
    block: int

    @property
    def kind(self) -> str:
        """``for``, ``async for``, ``while`` or ``comprehension``."""
        return str(self._data[BLOCK_KIND])

    @property
    def _data(self) -> Sequence[Any]:
        return self.function.summary.blocks[self.block]  # type: ignore[no-any-return]

    @property
    def iterable(self) -> int:
        """The term that is gone through, 0 for ``while``."""
        return 0 if self.kind == scopes.WHILE else int(self._data[BLOCK_DATA])

    @property
    def iterable_span(self) -> Span | None:
        """Where the iterable stands."""
        return None if self.kind == scopes.WHILE else Span(*self._data[BLOCK_DATA + 2 : BLOCK_DATA + 6])

    @property
    def pauses(self) -> bool:
        """Whether the coroutine waits for something at each turn: ``async for``, ``while``, an ``await`` inside."""
        if self.kind in (scopes.ASYNC_FOR, scopes.WHILE):
            return True
        sites = self.function.sites
        return any(site.is_awaited and any(loop.block == self.block for loop in site.loops) for site in sites)

    @cached_property
    def repeats(self) -> bool:
        """Whether the body runs once per item of something that can be long."""
        if self.kind == scopes.WHILE:
            return bool(self._data[BLOCK_DATA])
        if self._data[BLOCK_DATA + 1]:
            return False
        return not self._is_small(self.iterable)

    def _is_small(self, index: int) -> bool:
        table = self.function.module.summary.terms
        term = table[index]
        if term[0] == terms.DISPLAY:
            items = len(term[2]) // 2 if term[1] == "dict" else len(term[2])
            return 0 < items <= SMALL and all(self._is_one(table[part]) for part in term[2])
        if term[0] == terms.CONSTANT:
            return True
        if term[0] == terms.CALL:
            callee = table[term[1]]
            name = callee[1] if callee[0] == terms.NAME else callee[2] if callee[0] == terms.ATTRIBUTE else ""
            last = str(name).rpartition(".")[2]
            if last in ("items", "keys", "values") and (term[2] or callee[0] != terms.ATTRIBUTE):
                return False
            if last in ("range", "enumerate", "sorted", "reversed", "items", "keys", "values"):
                inner = term[2] or ([callee[1]] if callee[0] == terms.ATTRIBUTE else [])
                return bool(inner) and all(self._is_small(part) for part in inner)
            return False
        if term[0] == terms.NAME:
            return self._is_small_constant(term[1])
        return False

    def _is_one(self, term: Sequence[Any]) -> bool:
        """Whether a part of a display is one item, or what is unpacked there is few."""
        return term[0] != terms.ELEMENT or repetition.is_few(self.function, self.function.term(term[1]))

    def _is_small_constant(self, dotted: str) -> bool:
        """A module-level tuple or list of constants, or an enumeration."""
        table = self.function.solution.table
        module, rest = table.split(dotted)
        bound = module.summary.names.get(rest) if module is not None else None
        if module is None or not bound or len(bound) != 1:
            return False
        term = module.summary.terms[bound[0]]
        if term[0] == terms.ANNOTATED:
            term = module.summary.terms[term[2]]
        if term[0] == terms.CLASS:
            bases = self.function.solution.evaluator.library_bases(class_ref(module, term[1]))
            return any(base.startswith("enum.") for base in bases)
        return term[0] == terms.DISPLAY and len(term[2]) <= SMALL
