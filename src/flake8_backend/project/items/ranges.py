"""Queries for what belongs to an item of a loop between bounds that the item sets: the keys of all items would bring
rows without end, and the bounds cannot be asked for together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flake8_backend.project.items import repetition
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.project.views.loopview import LoopView
    from flake8_backend.project.views.view import FunctionView

_LOOKUPS = frozenset({"lt", "lte", "gt", "gte", "range"})  # the last part of `measured__date__gte=`
_BETWEEN = "between"
_JOINING = frozenset({"&", "|"})
_COLUMNS = frozenset({terms.NAME, terms.ATTRIBUTE})
_CHAIN = frozenset({terms.CALL, terms.ATTRIBUTE, terms.AWAIT, terms.ENTER, terms.ITEM})


def moves_with_items(function: FunctionView, index: int, around: Sequence[LoopView]) -> bool:
    """Whether the conditions of a query, a chain of calls, have a key and a bound that are made from the item."""
    compared = [pair for call in _calls(function, index) for pair in _compared(function, call)]
    varying = {
        is_bound for value, is_bound in compared if any(repetition.varies(function, value, loop) for loop in around)
    }
    return len(varying) > 1


def _calls(function: FunctionView, index: int) -> Iterator[Sequence[Any]]:
    """The calls of a chain: ``query.where(first).where(second, third)``."""
    term = function.term(index)
    while term[0] in _CHAIN:
        if term[0] == terms.CALL:
            yield term
        term = function.term(term[1])


def _compared(function: FunctionView, call: Sequence[Any]) -> Iterator[tuple[int, bool]]:
    """What the conditions that a call is given compare columns with, and whether it is a bound."""
    yield from _by_name(call)
    pending = list(call[2])
    while pending:
        term = function.term(pending.pop())
        if term[0] == terms.BINARY and term[1] in _JOINING:
            pending += term[2:4]
        elif term[0] in (terms.ORDER, terms.EQUAL):
            for value, column in (term[1:3], term[2:0:-1]):
                if function.term(column)[0] in _COLUMNS:
                    yield value, term[0] == terms.ORDER
        elif term[0] == terms.CALL:
            yield from _by_name(term)  # Q(since__lt=now) | Q(since=None)
            callee = function.term(term[1])
            if callee[0] in _COLUMNS and str(callee[-1]).rpartition(".")[2] == _BETWEEN:
                yield from ((value, True) for value in term[2])
            else:
                pending += term[2]


def _by_name(call: Sequence[Any]) -> Iterator[tuple[int, bool]]:
    return ((value, "__" in name and name.rpartition("__")[2] in _LOOKUPS) for name, value in call[3])
