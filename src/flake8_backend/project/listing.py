"""What handlers answer with: collections of rows, and whether anything bounds them on their way."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Span
from flake8_backend.project.documents import unbounded
from flake8_backend.project.queries import model_of
from flake8_backend.project.values import Awaitable, ClassRef, Constant, External, FunctionRef, Instance, Value, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from flake8_backend.project.modules import Module
    from flake8_backend.project.solution import Solution

_DEEPEST = 6
_STREAMS = "response-stream"
_ANSWERS = frozenset({"response", "template", "serialize"})
_FETCHES_ALL = "db-fetch-all"
_EXECUTES = frozenset({"db-execute", "raw-sql", "db-fetch"})
_READ_AS_A_WHOLE = frozenset({terms.CALL, terms.ATTRIBUTE, terms.ITEM, terms.NAME, terms.PARAMETER, terms.UNPACK})
# of Python itself: what they give is one value, however long what they went through was
_REDUCTIONS = frozenset({"len", "sum", "any", "all", "max", "min", "next", "bool"})
_BOUND_IN_TEXT = re.compile(
    r"\b(LIMIT|FETCH\s+(FIRST|NEXT)|TOP\s*\(?\s*\d|GROUP\s+BY|ROWNUM|SELECT\s+DISTINCT|(COUNT|SUM|MAX|MIN|AVG)\s*\()",
    re.IGNORECASE,
)
_ONE_ROW_IN_TEXT = re.compile(r"\bWHERE\s+(\w+\.)?id\s*(=|IN)", re.IGNORECASE)
_CONDITION_IN_TEXT = re.compile(r"\bWHERE\b", re.IGNORECASE)
_TABLE_IN_TEXT = re.compile(r"\bFROM\s+([\w.\"`\[\]]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Listing:
    """A collection that a function answers with and nothing bounds: where it is read, of what, through which call.

    ``model`` is empty where the collection's name is not known; ``filtered``: the matching rows, not all.
    """

    span: Span
    model: str
    filtered: bool
    of_parent: bool
    links: tuple[str, ...] = ()


class Listings:
    """Unbounded collections in what functions give, found on demand."""

    def __init__(self, solution: Solution) -> None:
        self._solution = solution
        self._evaluator = solution.evaluator
        self._known: dict[tuple[str, int], tuple[Listing, ...]] = {}
        self._open: list[tuple[str, int]] = []
        self._lowest = 0  # of the open functions, the outermost whose answer was needed for its own

    def of(self, node: tuple[str, int]) -> tuple[Listing, ...]:
        """The unbounded collections that a function answers with."""
        known = self._known.get(node)
        if known is not None:
            return known
        if node in self._open:  # a function that answers with its own answer
            self._lowest = min(self._lowest, self._open.index(node))
            return ()
        depth, above = len(self._open), self._lowest
        self._lowest = depth
        self._open.append(node)
        found = self._answered(node)
        self._open.pop()
        if self._lowest >= depth:  # else an answer further out is missing in this one: nothing to remember
            self._known[node] = found
        self._lowest = min(above, self._lowest)
        return found

    def _answered(self, node: tuple[str, int]) -> tuple[Listing, ...]:
        module = self._solution.table.by_name[node[0]]
        found: dict[Span, Listing] = {}
        for term, _, *place in module.function(node[1]).outputs:
            for listing in self._payload(module, term, Span(*place), 0):
                found.setdefault(listing.span, listing)
        return tuple(found[span] for span in sorted(found))

    # --- what an answer is made of -----------------------------------------------------------------------------

    def _payload(self, module: Module, index: int, span: Span, depth: int) -> Iterator[Listing]:
        if not index or depth > _DEEPEST:
            return
        term = module.summary.terms[index]
        operator = term[0]
        place = Span(*term[4:8]) if operator == terms.CALL else span
        if operator in _READ_AS_A_WHOLE and not (operator == terms.CALL and self._is_own(module, term)):
            documents = unbounded(self._evaluator, module, term)
            if documents is not None:
                yield Listing(place, documents.collection, documents.filtered, documents.of_parent)
                return
            judged = self._judged(module, index, place)
            if judged:
                yield from (listing for listing in judged[:1] if listing is not None)
                return
        if operator == terms.CALL:
            yield from self._call(module, index, place, depth)
        elif operator == terms.ATTRIBUTE:
            owner = module.summary.terms[term[1]]
            if owner[0] == terms.CALL and not _is_row(self._evaluator.value(module, term[1])):
                yield from self._payload(module, term[1], span, depth + 1)
        elif operator in _PARTS:
            deeper = depth if operator in _WRAPPERS else depth + 1
            for part in _PARTS[operator](term):
                yield from self._payload(module, part, span, deeper)

    def _call(self, module: Module, index: int, place: Span, depth: int) -> Iterator[Listing]:
        term = module.summary.terms[index]
        callees = list(options(self._evaluator.value(module, term[1])))
        for callee in callees:
            if isinstance(callee, External):
                if callee.name.removeprefix("builtins.") in _REDUCTIONS:
                    return
                raw = self._raw(module, callee, term, place)
                if raw is not None:
                    yield raw
                    return
            if isinstance(callee, FunctionRef):
                yield from self._own(module, index, callee, place)
                return
        if self._hides_arguments(callees):
            return
        for argument in (*term[2], *(value for _, value in term[3])):
            yield from self._payload(module, argument, place, depth + 1)

    def _own(self, module: Module, index: int, callee: FunctionRef, place: Span) -> Iterator[Listing]:
        """What a function of the project answers with; a method by what it gives for the object it is called on."""
        function = self._solution.table.by_name[callee.module].function(callee.index)
        if function.is_generator:
            return
        name = function.qualname.replace(".<locals>", "")
        found = self.of((callee.module, callee.index))
        judged = self._judged(module, index, place)[:1] if callee.receiver is not None and len(found) < 2 else []
        if judged and judged[0] is not None:
            yield replace(judged[0], links=(name, *(found[0].links if found else ())))
            return
        for listing in found:
            yield replace(listing, span=place, links=(name, *listing.links))

    def _hides_arguments(self, callees: list[Value]) -> bool:
        """Calls whose answer is not made of what they are given: they read, write, or send it row by row."""
        for callee in callees:
            if isinstance(callee, ClassRef) and callee.home is not None:
                # a table, form or paginator of a library that no pack tells of may cut what it is given
                bases = self._evaluator.library_bases(callee)
                if any(self._solution.knowledge.klass(base) is None for base in bases):
                    return True
            leaf = self._solution.effects.leaf(callee)
            if leaf is None:
                continue
            role = leaf.fact.role
            if role == _STREAMS or (leaf.fact.effects and role not in _ANSWERS):
                return True
        return False

    # --- collections -------------------------------------------------------------------------------------------

    def _is_own(self, module: Module, term: Sequence[Any]) -> bool:
        """Whether a function of the project is called, whose own answer is looked at."""
        return any(isinstance(callee, FunctionRef) for callee in options(self._evaluator.value(module, term[1])))

    def _judged(self, module: Module, index: int, place: Span) -> list[Listing | None]:
        """Each collection of rows that a term may be: the listing, None where something bounds it."""
        found: list[Listing | None] = []
        for option in options(self._evaluator.value(module, index)):
            values = options(option.value) if isinstance(option, Awaitable) else (option,)
            found += [self._judge(value, place) for value in values if self._is_collection(value)]
        return found

    def _is_collection(self, value: Value) -> bool:
        """Rows, or something that reads them when it is gone through: not a statement, a number or one row."""
        if not isinstance(value, Instance) or value.query is None or value.is_row:
            return False
        return value.fetched or self._evaluator.element(value) is not None

    def _judge(self, value: Value, place: Span) -> Listing | None:
        query = value.query if isinstance(value, Instance) else None
        if query is None or query.model is None or query.bounded or query.selective:
            return None
        if self._solution.table.split(query.model)[0] is None and not self._is_library_model(query.model):
            return None
        about = model_of(value) if query.of_parent else None  # the children's query is that of their parent
        model = about.name if about is not None else query.model
        return Listing(place, model.rpartition(".")[2], query.filtered, query.of_parent)

    def _is_library_model(self, name: str) -> bool:
        """A model that a library brings, such as the user of an authentication package, not the base of all models."""
        fact = self._solution.knowledge.klass(name)
        return fact is not None and bool(fact.bases)

    def _raw(self, module: Module, callee: External, term: Sequence[Any], place: Span) -> Listing | None:
        """``fetchall()`` after a statement whose text is known, or a fetch that takes the text itself."""
        fact = self._solution.knowledge.call(callee.name)
        if fact is None or fact.role != _FETCHES_ALL:
            return None
        text = self._text(module, term) or self._executed(module, term)
        if text is None or _BOUND_IN_TEXT.search(text) or _ONE_ROW_IN_TEXT.search(text):
            return None
        table = _TABLE_IN_TEXT.search(text)
        if table is None:
            return None
        filtered = _CONDITION_IN_TEXT.search(text) is not None
        return Listing(place, table.group(1).strip('"`[]'), filtered=filtered, of_parent=False)

    def _text(self, module: Module, term: Sequence[Any]) -> str | None:
        for argument in term[2][:1]:
            value = self._evaluator.value(module, argument)
            if isinstance(value, Constant) and isinstance(value.value, str):
                return value.value
        return None

    def _executed(self, module: Module, term: Sequence[Any]) -> str | None:
        """The text last executed on the object whose rows are fetched."""
        callee = module.summary.terms[term[1]]
        if callee[0] != terms.ATTRIBUTE:
            return None
        owner = module.summary.terms[callee[1]]
        while owner[0] == terms.AWAIT:
            owner = module.summary.terms[owner[1]]
        if owner[0] == terms.CALL and self._executes(module, owner):
            return self._text(module, owner)
        found = None
        for function in module.summary.functions:
            for site in function.sites:
                other = module.summary.terms[site[0]]
                name = module.summary.terms[other[1]]
                is_before = name[0] == terms.ATTRIBUTE and name[1] == callee[1] and other[4] <= term[4]
                if is_before and self._executes(module, other):
                    found = self._text(module, other)
        return found

    def _executes(self, module: Module, term: Sequence[Any]) -> bool:
        leaves = (self._solution.effects.leaf(option) for option in options(self._evaluator.value(module, term[1])))
        return any(leaf is not None and leaf.fact.role in _EXECUTES for leaf in leaves)


def _is_row(value: Value | None) -> bool:
    return any(isinstance(option, Instance) and option.is_row for option in options(value))


def _shown(term: Sequence[Any]) -> Sequence[int]:
    """The values of a display."""
    if term[1] == "slice":
        return ()
    values: Sequence[int] = term[2][1::2] if term[1] == "dict" else term[2]
    return values


def _joined(term: Sequence[Any]) -> Sequence[int]:
    """A list and what was added to it."""
    return (term[1], *term[2], *term[3])


# what a term that is answered is made of
_WRAPPERS = frozenset({terms.AWAIT, terms.ALLOWED, terms.ANNOTATED})
_PARTS: Mapping[str, Callable[[Sequence[Any]], Sequence[int]]] = {
    terms.DISPLAY: _shown,
    terms.COMPREHENSION: lambda term: term[3:4],
    terms.AWAIT: lambda term: term[1:2],
    terms.ALLOWED: lambda term: term[1:2],
    terms.ANNOTATED: lambda term: term[2:3],
    terms.GROWN: _joined,
    terms.UNION: lambda term: term[1],
    terms.BINARY: lambda term: term[2:4],
}
