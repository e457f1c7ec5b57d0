"""Which code is repeated for every item of something long, and by which loop."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flake8_backend.project.evaluation.binding import children
from flake8_backend.project.orm.queries import holds_rows
from flake8_backend.project.values import ClassRef, FunctionRef, Instance, Items, Value, options
from flake8_backend.semantic import scopes, terms
from flake8_backend.semantic.summary import BLOCK_DATA, BLOCK_KIND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_backend.core.diagnostic import Span
    from flake8_backend.project.views.loopview import LoopView
    from flake8_backend.project.views.view import FunctionView

# blocks that run for some items alone: what was not found yet, what failed
_SELDOM = frozenset({scopes.ONCE, scopes.MEMO, scopes.TYPE_CHECKING, scopes.OFF, scopes.NAMED, scopes.EXCEPT})
_IN_PIECES = re.compile(r"chunk|batch|page|partition|segment|slice|split|window", re.IGNORECASE)
_FEW = re.compile(r"(\A|_)(ancestors|headers)\Z|\Aget_models\Z")
_ARRIVING = re.compile(r"(\A|_)(listen|subscribe|consume)", re.IGNORECASE)  # one item now and then, as they come
_TAKES = frozenset({"pop", "popleft", "popitem"})
_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]+\Z")
_CONFIGURATION = re.compile(r"_?(\w+_)?(config|configuration|settings|conf|cfg)\Z")
_WRAPPING = frozenset({"enumerate", "sorted", "reversed", "list", "iter", "tqdm"})
_VIEWS = frozenset({"items", "keys", "values"})
_STEPS = frozenset({terms.ATTRIBUTE, terms.CALL, terms.ITEM, terms.ELEMENT, terms.UNPACK, terms.ALLOWED})
_MOMENTS = frozenset({"float", "datetime.datetime", "datetime.date", "datetime.time"})
_STEPPED = 3  # range(start, stop, step)


def loops(function: FunctionView, block: int) -> list[LoopView]:
    """The loops that repeat a block for every item, the innermost first."""
    from flake8_backend.project.views.loopview import LoopView

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
                return found
            leaves_loop = leaves_loop or data[BLOCK_DATA] == scopes.BREAKS
    return found


def is_per_item(loop: LoopView) -> bool:
    """Whether the body runs for single items rather than for pieces of many, or for the constants of a setting."""
    if loop.kind == scopes.WHILE:
        return True
    function = loop.function
    term = _source(function, function.term(loop.iterable))
    name = _last(function, term)
    if _IN_PIECES.search(name) or (name == "range" and len(term[2]) == _STEPPED):
        return False
    if name == "range" and all(_is_written_out(function, function.term(index)) for index in term[2]):
        return False
    if loop.kind != scopes.COMPREHENSION and _ARRIVING.search(name):
        return False
    if is_few(function, term) or _is_configured(function, term) or _is_constant(term):
        return False
    return not (_gives_pieces(loop, term) or _is_closed_set(loop, term) or _are_moments(loop, term))


def _source(function: FunctionView, term: Sequence[Any]) -> Sequence[Any]:
    """What a loop goes through in the end: ``enumerate(sorted(rows))`` goes through rows."""
    while term[0] == terms.CALL and term[2] and _name(function, term) in _WRAPPING:
        term = function.term(term[2][0])
    return term


def _last(function: FunctionView, term: Sequence[Any]) -> str:
    """The last component of a name, or of what is called."""
    if term[0] == terms.CALL:
        return _name(function, term)
    return str(term[2]) if term[0] == terms.ATTRIBUTE else ""


def _mapping(function: FunctionView, term: Sequence[Any]) -> Sequence[Any]:
    """The mapping in ``mapping.items()``, anything else as it is."""
    if term[0] == terms.CALL and not term[2] and function.term(term[1])[0] == terms.ATTRIBUTE:
        callee = function.term(term[1])
        return function.term(callee[1]) if callee[2] in _VIEWS else term
    return term


def is_few(function: FunctionView, term: Sequence[Any]) -> bool:
    """Whether there are few items by what they are: ``node.get_ancestors()``, ``response.headers.items()``."""
    return bool(_FEW.search(_last(function, _mapping(function, term))))


def _is_written_out(function: FunctionView, term: Sequence[Any]) -> bool:
    """Whether somebody wrote a number down: a literal, a constant, an entry of the configuration."""
    if term[0] == terms.BINARY:
        return all(_is_written_out(function, function.term(index)) for index in children(term))
    return term[0] == terms.CONSTANT or _is_constant(term) or _is_configured(function, term)


def _is_constant(term: Sequence[Any]) -> bool:
    name = term[1].rpartition(".")[2] if term[0] == terms.NAME else term[2] if term[0] == terms.ATTRIBUTE else ""
    return bool(_CONSTANT.match(name))


def _is_configured(function: FunctionView, term: Sequence[Any]) -> bool:
    """Whether the items are part of a configuration, which somebody wrote by hand: ``self.config.cameras.values()``,
    and the parts of each of them.
    """
    while True:
        if term[0] in (terms.NAME, terms.ATTRIBUTE):
            parts = str(term[1] if term[0] == terms.NAME else term[2]).split(".")
            if any(_CONFIGURATION.match(part) for part in parts):
                return True
        if term[0] == terms.PARAMETER:
            name = function.module.function(term[1]).parameters[term[2]][0]
            return bool(_CONFIGURATION.match(name))
        if term[0] == terms.UNION:
            cases = [case for case in map(function.term, term[1]) if not _is_empty(case)]
            return bool(cases) and all(_is_configured(function, case) for case in cases)
        if term[0] not in _STEPS:
            return False
        term = function.term(term[2] if term[0] == terms.UNPACK else term[1])


def _is_empty(term: Sequence[Any]) -> bool:
    return (term[0] == terms.DISPLAY and not term[2]) or term[0] == terms.CONSTANT


def _are_moments(loop: LoopView, term: Sequence[Any]) -> bool:
    """Whether the items are numbers that were worked out, or stretches of time: each of them stands for many rows."""
    function = loop.function
    if _is_worked_out(function, term):
        return True
    items = list(options(function.solution.evaluator.element(function.value(loop.iterable))))
    return bool(items) and all(_is_stretch(item) for item in items)


def _is_stretch(value: Value) -> bool:
    if not isinstance(value, Instance) and not isinstance(value, Items):
        return False
    if isinstance(value, Instance) and value.cls.name == "float":
        return True
    parts = value.items if isinstance(value, Items) else value.args if value.cls.name == "tuple" else ()
    moments = [part for part in parts if isinstance(part, Instance) and part.cls.name in _MOMENTS]
    return len(moments) > 1


def _is_worked_out(function: FunctionView, term: Sequence[Any]) -> bool:
    """``[start + index * step for index in range(count)]``."""
    if term[0] == terms.UNION:
        cases = [case for case in map(function.term, term[1]) if case[0] != terms.DISPLAY]
        return bool(cases) and all(_is_worked_out(function, case) for case in cases)
    if term[0] != terms.COMPREHENSION or function.term(term[2])[0] != terms.BINARY:
        return False
    source = function.term(term[3])
    return source[0] == terms.CALL and _name(function, source) == "range"


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
    """Whether the items are the members of an enumeration, or of a class that lists what it declares."""
    function = loop.function
    evaluator = function.solution.evaluator
    gone_through = function.value(loop.iterable)
    orm_of = function.solution.schema.orm_of
    if any(isinstance(v, ClassRef) and v.home is not None and orm_of(v) is None for v in options(gone_through)):
        return True
    owner = function.value(term[1]) if term[0] == terms.ATTRIBUTE else gone_through
    return any(
        isinstance(value, ClassRef)
        and any(name.startswith("enum.") or name.endswith("Choices") for name in evaluator.library_bases(value))
        for value in options(owner)
    )


def varies(function: FunctionView, index: int, loop: LoopView) -> bool:
    """Whether a term is made from the item that the loop is at."""
    table = function.module.summary.terms
    gone_through = _ungrown(table, loop.iterable)
    pending, seen = [index], set()
    while pending:
        current = pending.pop()
        if current in seen:
            continue
        seen.add(current)
        term = table[current]
        if term[0] == terms.ELEMENT and _ungrown(table, term[1]) == gone_through:
            return True
        if loop.kind == scopes.WHILE and term[0] == terms.CALL and _name(function, term) in _TAKES:
            return True
        pending += children(term)
    return False


def _ungrown(table: Sequence[Sequence[Any]], index: int) -> int:
    """A collection as it was made: what is put into it between two looks at it makes no other one of it."""
    while table[index][0] == terms.GROWN:
        index = table[index][1]
    return index


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
