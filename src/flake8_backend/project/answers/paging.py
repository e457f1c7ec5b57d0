"""Where a page can be cut out of a list: the call of a handler whose query takes a limit and an offset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Span
from flake8_backend.project.orm.queries import is_run
from flake8_backend.project.values import Awaitable, ClassRef, External, Instance, Value, options
from flake8_backend.semantic import terms
from flake8_backend.semantic.summary import SITE_TERM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_backend.knowledge.facts import CallFact
    from flake8_backend.project.modules import Module
    from flake8_backend.project.solution import Solution

_BOUNDS, _EVALUATES = "orm-bound", "orm-evaluate"
_LIMIT, _OFFSETS = "limit", ("offset", "skip")
_STATEMENT = "statement"
_COPIES = ("list", "tuple")
_DEEPEST = 20
_GOES_ON = {terms.AWAIT: 1, terms.ALLOWED: 1, terms.ANNOTATED: 2, terms.ATTRIBUTE: 1}


@dataclass(frozen=True, slots=True)
class Cut:
    """A call and the query in it that a limit is put on.

    The query is what ``argument`` (a position or a keyword) holds, what stands before the last dot (``None``), or the
    call itself (``ITSELF``); ``offset`` is the name of the method that skips rows.
    """

    span: Span
    argument: int | str | None
    offset: str


ITSELF = -1


def cut_of(solution: Solution, module: Module, function: int, index: int) -> Cut | None:
    """The place in the function itself where the rows of a term can be limited; ``None`` where there is none."""
    own = {site[SITE_TERM] for site in module.function(function).sites}
    table = module.summary.terms
    is_outermost = True
    while index:
        term = table[index]
        if term[0] != terms.CALL:
            index = term[_GOES_ON[term[0]]] if term[0] in _GOES_ON else 0
            continue
        copied = _copied(solution, module, term)
        if copied:
            index = copied
            continue
        owner = table[term[1]]
        if index not in own or (owner[0] == terms.ATTRIBUTE and owner[2] in _OFFSETS):
            return None
        offset = _paged(solution, module, index) if is_outermost and not _reads(solution, module, term) else ""
        if offset:
            return Cut(Span(*term[4:8]), ITSELF, offset)
        is_outermost = False
        found = _handed_over(solution, module, term) or _before_the_dot(solution, module, term, owner)
        if found is not None:
            return found
        index = owner[1] if owner[0] == terms.ATTRIBUTE else 0
    return None


def _copied(solution: Solution, module: Module, term: Sequence[Any]) -> int:
    """What ``list(rows)`` copies; 0 for other calls."""
    callee = solution.evaluator.value(module, term[1])
    is_copy = isinstance(callee, ClassRef) and callee.home is None and callee.name in _COPIES
    return int(term[2][0]) if is_copy and len(term[2]) == 1 else 0


def _handed_over(solution: Solution, module: Module, term: Sequence[Any]) -> Cut | None:
    """``session.execute(statement)``."""
    if not any(map(is_run, _facts(solution, module, term))):
        return None
    given: list[tuple[int | str, int]] = list(enumerate(term[2][:2]))
    given += [(name, value) for name, value in term[3] if name == _STATEMENT]
    for place, argument in given:
        offset = _paged(solution, module, argument)
        if offset:
            return Cut(Span(*term[4:8]), place, offset)
    return None


def _before_the_dot(solution: Solution, module: Module, term: Sequence[Any], owner: Sequence[Any]) -> Cut | None:
    """``query.all()``."""
    offset = _paged(solution, module, owner[1]) if owner[0] == terms.ATTRIBUTE else ""
    return Cut(Span(*term[4:8]), None, offset) if offset else None


def _reads(solution: Solution, module: Module, term: Sequence[Any]) -> bool:
    """Whether the call gives what can no longer be limited, though it has yet to be read: ``tags.values("name")``."""
    return any(fact.role == _EVALUATES for fact in _facts(solution, module, term))


def _facts(solution: Solution, module: Module, term: Sequence[Any]) -> list[CallFact]:
    callees = [value for value in options(solution.evaluator.value(module, term[1])) if isinstance(value, External)]
    return [fact for callee in callees if (fact := solution.knowledge.call(callee.name)) is not None]


def _paged(solution: Solution, module: Module, index: int) -> str:
    """The method that skips rows of a query which can be limited; empty for all that is none, or skips some already."""
    if _skips(module, index, _DEEPEST):
        return ""
    found = {_skipping(solution, option) for option in options(solution.evaluator.value(module, index))}
    return found.pop() if len(found) == 1 else ""


def _skips(module: Module, index: int, depth: int) -> bool:
    """Whether the chain of calls that a term is leaves rows out, on any of its ways."""
    term = module.summary.terms[index]
    if not index or not depth:
        return False
    if term[0] == terms.UNION:
        return any(_skips(module, part, depth - 1) for part in term[1])
    if term[0] == terms.CALL:
        callee = module.summary.terms[term[1]]
        return callee[0] == terms.ATTRIBUTE and (callee[2] in _OFFSETS or _skips(module, callee[1], depth - 1))
    return False


def _skipping(solution: Solution, value: Value) -> str:
    if isinstance(value, Awaitable) or not isinstance(value, Instance) or value.is_row or value.fetched:
        return ""
    if value.cls.home is not None or not _has(solution, value, _LIMIT, bounds=True):
        return ""
    return next((name for name in _OFFSETS if _has(solution, value, name, bounds=False)), "")


def _has(solution: Solution, value: Instance, name: str, *, bounds: bool) -> bool:
    for method in options(solution.evaluator.attribute(value, name)):
        fact = solution.knowledge.call(method.name) if isinstance(method, External) else None
        if fact is not None and (fact.role == _BOUNDS or not bounds):
            return True
    return False
