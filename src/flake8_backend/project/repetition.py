"""Which code is repeated for every item of something long, and by which loop."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flake8_backend.project.binding import children
from flake8_backend.project.queries import holds_rows
from flake8_backend.project.values import ClassRef, FunctionRef, Instance, options
from flake8_backend.semantic import scopes, terms
from flake8_backend.semantic.summary import BLOCK_DATA, BLOCK_KIND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_backend.core.diagnostic import Span
    from flake8_backend.project.loopview import LoopView
    from flake8_backend.project.view import FunctionView

# blocks that run for some items alone: what was not found yet, what failed
_SELDOM = frozenset({scopes.ONCE, scopes.MEMO, scopes.TYPE_CHECKING, scopes.EXCEPT})
_IN_PIECES = re.compile(r"chunk|batch|page|partition|slice|split|window", re.IGNORECASE)
_TAKES = frozenset({"pop", "popleft", "popitem"})
_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]+\Z")
_CONFIGURATION = re.compile(r"_?(\w+_)?(config|configuration|settings|conf|cfg)\Z")
_STEPPED = 3  # range(start, stop, step)


def loops(function: FunctionView, block: int) -> list[LoopView]:
    """The loops that repeat a block for every item, the innermost first."""
    from flake8_backend.project.loopview import LoopView

    found = []
    leaves_loop = False
    for index, data in function.blocks_around(block):
        kind = data[BLOCK_KIND]
        if kind in _SELDOM:
            return []
        if kind in scopes.LOOPS:
            loop = LoopView(function, index)
            if not leaves_loop and loop.repeats and is_per_item(loop):
                found.append(loop)
            leaves_loop = False
        elif kind not in (scopes.WITH, scopes.ASYNC_WITH):
            if data[BLOCK_DATA] == scopes.LEAVES:
                return found[:0]
            leaves_loop = leaves_loop or data[BLOCK_DATA] == scopes.BREAKS
    return found


def is_per_item(loop: LoopView) -> bool:
    """Whether the body runs for single items rather than for pieces of many, or for the constants of a setting."""
    if loop.kind == scopes.WHILE:
        return True
    function = loop.function
    term = function.term(loop.iterable)
    while term[0] == terms.CALL and _name(function, term) in (
        "enumerate",
        "sorted",
        "reversed",
        "list",
        "iter",
        "tqdm",
    ):
        if not term[2]:
            break
        term = function.term(term[2][0])
    name = _name(function, term) if term[0] == terms.CALL else str(term[2] if term[0] == terms.ATTRIBUTE else "")
    if _IN_PIECES.search(name) or (name == "range" and len(term[2]) == _STEPPED):
        return False
    if _is_configured(function, term):
        return False
    if term[0] == terms.NAME and _CONSTANT.match(term[1].rpartition(".")[2]):
        return False
    if term[0] == terms.ATTRIBUTE and _CONSTANT.match(term[2]):
        return False
    return not (_gives_pieces(loop, term) or _is_closed_set(loop, term))


def _is_configured(function: FunctionView, term: Sequence[Any]) -> bool:
    """Whether the items are part of a configuration, which somebody wrote by hand: ``self.config.cameras.values()``."""
    while True:
        if term[0] in (terms.NAME, terms.ATTRIBUTE):
            parts = str(term[1] if term[0] == terms.NAME else term[2]).split(".")
            if any(_CONFIGURATION.match(part) for part in parts):
                return True
        if term[0] == terms.PARAMETER:
            name = function.module.function(term[1]).parameters[term[2]][0]
            return bool(_CONFIGURATION.match(name))
        if term[0] not in (terms.ATTRIBUTE, terms.CALL, terms.ITEM):
            return False
        term = function.term(term[1])


def _gives_pieces(loop: LoopView, term: Sequence[Any]) -> bool:
    """Whether the items are collections that a call cut from a longer one: pages, chunks."""
    function = loop.function
    evaluator = function.solution.evaluator
    for item in options(evaluator.element(function.value(loop.iterable))):
        if not isinstance(item, Instance) or item.cls.home is not None:
            continue
        if holds_rows(evaluator, item.cls):
            return True
        if term[0] == terms.CALL and item.cls.name in ("list", "set"):
            # of a function of the project: a reader of files gives lists for lines
            return any(isinstance(callee, FunctionRef) for callee in options(function.value(term[1])))
    return False


def _is_closed_set(loop: LoopView, term: Sequence[Any]) -> bool:
    """Whether the items are the members of an enumeration."""
    function = loop.function
    evaluator = function.solution.evaluator
    owner = function.value(term[1]) if term[0] == terms.ATTRIBUTE else function.value(loop.iterable)
    return any(
        isinstance(value, ClassRef)
        and any(name.startswith("enum.") or name.endswith("Choices") for name in evaluator.library_bases(value))
        for value in options(owner)
    )


def varies(function: FunctionView, index: int, loop: LoopView) -> bool:
    """Whether a term is made from the item that the loop is at."""
    table = function.module.summary.terms
    pending, seen = [index], set()
    while pending:
        current = pending.pop()
        if current in seen:
            continue
        seen.add(current)
        term = table[current]
        if term[0] == terms.ELEMENT and term[1] == loop.iterable:
            return True
        if loop.kind == scopes.WHILE and term[0] == terms.CALL and _name(function, term) in _TAKES:
            return True
        pending += children(term)
    return False


def feeds(function: FunctionView, index: int, loop: LoopView, span: Span) -> bool:
    """Whether what is done with an item at ``span`` gives the loop its next items:
    ``pending.extend(item.children.all())``.
    """
    term = function.term(index)
    taken = function.term(term[1]) if term[0] == terms.CALL else terms.NOTHING
    if loop.kind != scopes.WHILE or taken[0] != terms.ATTRIBUTE or taken[2] not in _TAKES:
        return False
    for site in function.sites:
        callee = function.term(site.term[1])
        if site.span == span and callee[0] == terms.ATTRIBUTE and callee[1] == taken[1]:
            return True
    return False


def _name(function: FunctionView, term: Sequence[Any]) -> str:
    """The last component of what is called."""
    callee = function.term(term[1])
    dotted = callee[1] if callee[0] == terms.NAME else callee[2] if callee[0] == terms.ATTRIBUTE else ""
    if callee[0] == terms.FUNCTION:
        dotted = function.module.function(callee[1]).name
    return str(dotted).rpartition(".")[2]
