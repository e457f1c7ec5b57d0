"""How the values in a statement can be bound: which operands of the expression, in which style, by which call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Span
from flake8_backend.project.sql import sqltext
from flake8_backend.project.sql.grades import Position
from flake8_backend.project.sql.places import At
from flake8_backend.project.sql.sqltext import Hole
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.knowledge.facts import OptionFact
    from flake8_backend.project.sql.sqlflow import Unsafe, Use
    from flake8_backend.project.sql.strings import Strings

BIND, KEEP = "bind", "keep"
_UNCHANGED = frozenset({"strip", "lower", "upper", "title", "str", "lstrip", "rstrip", "casefold"})
_PLACED = 5  # a term with a place has more items than this
_WRAPPERS = frozenset({"dedent", "cleandoc"})
_Place = list[Any]  # parameter, position


@dataclass(frozen=True, slots=True)
class Repair:
    """What a codemod has to be told.

    ``operands`` says by position in the expression which values are bound and which stay; ``string`` is where the text
    is put together when a variable holds it; ``outer``: the values go to the call around the one that takes the text.
    """

    style: str
    operands: dict[str, str]
    sql: _Place
    values: _Place | None
    has_values: bool
    string: tuple[Span, str] | None
    outer: bool = False


class NotBindable(Exception):
    """An operand of the expression can be no parameter."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A call that is given a statement object: its term, where it takes the statement and where values."""

    term: int
    sql: OptionFact
    values: OptionFact


def repair(strings: Strings, use: Use, unsafe: Sequence[Unsafe], outer: Holder | None) -> Repair | None:
    """How to bind the values of ``use``, None when it cannot be done here.

    ``outer`` is the call that is given the statement which ``use`` makes.
    """
    fact = use.sink.fact
    if use.sink.links or fact.paramstyle is None or fact.sql is None:
        return None
    if not all(item.position is Position.VALUE for item in unsafe):
        return None
    at = At(use.site.module)
    call = strings.term(at, use.site.term)
    place = _place_of(strings.term(at, use.sql))
    given = strings.evaluator.argument(strings.module(at), call, fact.sql.pos, fact.sql.param)
    if place is None or given != use.sql:
        return None
    inside = _is_within(place[0], Span(*call[4:8]))
    try:
        operands = dict(_Reader(strings, at, place[0], unsafe).operands(use.sql))
    except NotBindable:
        return None
    if BIND not in operands.values():
        return None
    holder, sql, values = call, fact.sql, fact.values
    if values is None and outer is not None and inside:
        holder, sql, values = strings.term(at, outer.term), outer.sql, outer.values
    passed = values is not None and _is_passed(holder, values)
    return Repair(
        style=fact.paramstyle,
        operands=operands,
        sql=[sql.param, sql.pos],
        values=None if values is None else [values.param, values.pos],
        has_values=passed,
        string=None if inside else place,
        outer=holder is not call,
    )


def _place_of(term: Sequence[Any]) -> tuple[Span, str] | None:
    """Where an expression that puts text together stands, and its kind of ``ast`` node."""
    if term[0] == terms.STRING:
        return Span(*term[2:6]), "JoinedStr"
    if term[0] == terms.BINARY and len(term) > _PLACED:
        return Span(*term[4:8]), "BinOp"
    return (Span(*term[4:8]), "Call") if term[0] == terms.CALL else None


def _is_within(inner: Span, outer: Span) -> bool:
    return (outer.line, outer.column) <= (inner.line, inner.column) and (inner.end_line, inner.end_column) <= (
        outer.end_line,
        outer.end_column,
    )


def _is_passed(call: Sequence[Any], option: OptionFact) -> bool:
    if option.pos is not None and len(call[2]) > option.pos:
        return True
    return any(name == option.param for name, _ in call[3])


class _Reader:
    """The operands of one expression, in the order in which a codemod meets them."""

    def __init__(self, strings: Strings, at: At, place: Span, unsafe: Sequence[Unsafe]) -> None:
        self._strings = strings
        self._at = at
        self._place = place
        self._unsafe = {(item.placed.hole.at, item.placed.hole.term) for item in unsafe}
        self._leaf = -1

    def operands(self, index: int) -> Iterator[tuple[str, str]]:
        """Each operand by the name that the fixes know it by, and what becomes of it; raises NotBindable."""
        term = self._strings.term(self._at, index)
        place = _place_of(term)
        is_here = place is not None and _is_within(place[0], self._place)
        if term[0] == terms.BINARY and term[1] == "+" and is_here:
            yield from self.operands(term[2])
            yield from self.operands(term[3])
            return
        if term[0] == terms.CALL and is_here and self._strings.last_name(self._at, term[1]) in _WRAPPERS:
            yield from self.operands(term[2][0] if term[2] else 0)
            return
        self._leaf += 1
        if term[0] == terms.CONSTANT and isinstance(term[1], str):
            yield str(self._leaf), KEEP
        elif term[0] == terms.STRING and is_here:
            values = [part for part in term[1] if part[1] != terms.LITERAL_PART]
            for number, (part, conversion, _) in enumerate(values):
                yield f"{self._leaf}.{number}", KEEP if conversion == terms.NUMBER_PART else self._action(part)
        elif term[0] == terms.BINARY and term[1] == "%" and is_here:
            for name, part in self._right(term[3]):
                yield f"{self._leaf}%{name}", self._action(part)
        elif term[0] == terms.CALL and is_here and self._strings.last_name(self._at, term[1]) == "format":
            if self._strings.term(self._at, term[1])[0] != terms.ATTRIBUTE:
                raise NotBindable  # the template stands elsewhere
            for number, part in enumerate(term[2]):
                yield f"{self._leaf}:{number}", self._action(part)
            for name, part in term[3]:
                yield f"{self._leaf}:{name}", self._action(part)
        else:
            yield str(self._leaf), self._action(index)

    def _right(self, index: int) -> Iterator[tuple[str, int]]:
        term = self._strings.term(self._at, index)
        if term[0] == terms.DISPLAY and term[1] == "tuple":
            yield from ((str(number), part) for number, part in enumerate(term[2]))
        elif term[0] == terms.DISPLAY and term[1] == "dict":
            for key, part in zip(term[2][0::2], term[2][1::2], strict=True):
                name = self._strings.term(self._at, key)
                if name[0] != terms.CONSTANT:
                    raise NotBindable
                yield str(name[1]), part
        else:
            yield "0", index

    def _action(self, index: int) -> str:
        if not index:
            if (self._at, 0) in self._unsafe:
                return BIND
            raise NotBindable
        text = self._strings.text(self._at, index)
        unsafe = [hole for hole in sqltext.holes(text) if (hole.at, hole.term) in self._unsafe]
        if not unsafe:
            return KEEP
        # a value that was changed on its way, or that is text put together, is no value to be bound
        if len(text) != 1 or not isinstance(text[0], Hole) or not self._is_plain(index, text[0]):
            raise NotBindable
        return BIND

    def _is_plain(self, index: int, hole: Hole) -> bool:
        if (hole.at, hole.term) == (self._at, index):
            return True
        term = self._strings.term(self._at, index)
        if term[0] in (terms.ANNOTATED, terms.AWAIT):
            return self._is_plain(term[2] if term[0] == terms.ANNOTATED else term[1], hole)
        if term[0] != terms.CALL or self._strings.last_name(self._at, term[1]) not in _UNCHANGED:
            return False
        callee = self._strings.term(self._at, term[1])
        inner = callee[1] if callee[0] == terms.ATTRIBUTE else (term[2][0] if term[2] else 0)
        return bool(inner) and self._is_plain(inner, hole)
