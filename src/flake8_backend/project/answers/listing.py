"""What handlers answer with: collections of rows, and whether anything bounds them on their way."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Span
from flake8_backend.project.answers.company import Company
from flake8_backend.project.orm.documents import Documents, unbounded
from flake8_backend.project.orm.queries import model_of
from flake8_backend.project.values import Awaitable, ClassRef, Constant, External, FunctionRef, Instance, Value, options
from flake8_backend.semantic import terms
from flake8_backend.semantic.summary import SITE_TERM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from flake8_backend.project.modules import Module
    from flake8_backend.project.solution import Solution
    from flake8_backend.semantic.summary import FunctionSummary

_DEEPEST = 6
_STREAMS = "response-stream"
_ANSWERS = frozenset({"response", "template", "serialize"})
_PAGE = "template"
_WRITES = "response"
_SENDS = frozenset({"response", "serialize"})
_FETCHES_ALL = "db-fetch-all"
_EXECUTES = frozenset({"db-execute", "raw-sql", "db-fetch"})
_READ_AS_A_WHOLE = frozenset({terms.CALL, terms.ATTRIBUTE, terms.ITEM, terms.NAME, terms.PARAMETER, terms.UNPACK})
# of Python itself: what they give is one value, however long what they went through was, or what a condition lets
# through, which a limit on the query would take rows from
_REDUCTIONS = frozenset({"len", "sum", "any", "all", "max", "min", "next", "bool", "filter"})
_COPIES = frozenset({"list", "tuple"})
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

    ``model`` is empty where the collection's name is not known; ``filtered``: the matching rows, not all. ``term`` is
    what is read, in the function's module; ``is_answer``: nothing but these rows is answered.
    """

    span: Span
    model: str
    filtered: bool
    of_parent: bool
    links: tuple[str, ...] = ()
    term: int = 0
    is_answer: bool = False


@dataclass(frozen=True, slots=True)
class _Way:
    """How a part of an answer was reached. ``about_row``: what stands beside it is of one row."""

    span: Span
    depth: int = 0
    is_answer: bool = True
    about_row: bool = False

    def within(self, *, about_row: bool = False, is_answer: bool = False) -> _Way:
        """The way to a part of what was reached."""
        return _Way(self.span, self.depth + 1, self.is_answer and is_answer, self.about_row or about_row)


class Listings:
    """Unbounded collections in what functions give, found on demand."""

    def __init__(self, solution: Solution) -> None:
        self._solution = solution
        self._evaluator = solution.evaluator
        self._company = Company(solution)
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
        function = module.function(node[1])
        outputs = [(term, Span(*place)) for term, _, *place in function.outputs]
        for term, place in (*outputs, *self._written(module, function)):
            for listing in self._payload(module, term, _Way(place)):
                found.setdefault(listing.span, listing)
        return tuple(found[span] for span in sorted(found))

    def _written(self, module: Module, function: FunctionSummary) -> Iterator[tuple[int, Span]]:
        """What a handler that is an object sends by methods of its own: ``self.write({"orders": orders})``."""
        table = module.summary.terms
        for site in function.sites if function.kind == "method" else ():
            term = table[site[SITE_TERM]]
            callee = table[term[1]]
            if callee[0] != terms.ATTRIBUTE or table[callee[1]][0] != terms.SELF:
                continue
            leaves = map(self._solution.effects.leaf, options(self._evaluator.value(module, term[1])))
            if any(leaf is not None and leaf.fact.role == _WRITES for leaf in leaves):
                yield from ((argument, Span(*term[4:8])) for argument in term[2])

    # --- what an answer is made of -----------------------------------------------------------------------------

    def _payload(self, module: Module, index: int, way: _Way) -> Iterator[Listing]:
        if not index or way.depth > _DEEPEST:
            return
        term = module.summary.terms[index]
        operator = term[0]
        if operator == terms.CALL and self._reduces(module, term):
            return
        place = Span(*term[4:8]) if operator == terms.CALL else way.span
        if operator in _READ_AS_A_WHOLE and not (operator == terms.CALL and self._is_own(module, term)):
            documents = unbounded(self._evaluator, module, term)
            judged = [_of_documents(documents, place)] if documents is not None else self._judged(module, index, place)
            if judged:
                found = judged[0]
                if found is not None and not (way.about_row and (found.filtered or found.of_parent)):
                    yield replace(found, term=index, is_answer=way.is_answer)
                return
        if operator == terms.CALL:
            yield from self._call(module, index, replace(way, span=place))
        elif operator == terms.ATTRIBUTE:
            owner = module.summary.terms[term[1]]
            if owner[0] == terms.CALL and not _is_row(self._evaluator.value(module, term[1])):
                yield from self._payload(module, term[1], way.within())
        elif operator in _WRAPPERS:
            for part in _PARTS[operator](term):
                yield from self._payload(module, part, way)
        elif operator in _PARTS:
            parts = _PARTS[operator](term)
            for part in parts:
                about_row = operator == terms.DISPLAY and self._company.has_row(module, parts, beside=part)
                yield from self._payload(module, part, way.within(about_row=about_row, is_answer=operator in _WHOLE))

    def _call(self, module: Module, index: int, way: _Way) -> Iterator[Listing]:
        term = module.summary.terms[index]
        callees = list(options(self._evaluator.value(module, term[1])))
        is_copy = False
        for callee in callees:
            if isinstance(callee, External):
                is_copy = is_copy or callee.name.removeprefix("builtins.") in _COPIES
                raw = self._raw(module, callee, term, way.span)
                if raw is not None:
                    yield raw
                    return
            if isinstance(callee, FunctionRef):
                yield from self._own(module, index, callee, way)
                return
        if self._hides_arguments(callees):
            return
        roles = {leaf.fact.role for leaf in map(self._solution.effects.leaf, callees) if leaf is not None}
        is_copy = is_copy or (bool(roles) and roles <= _SENDS)
        if _PAGE in roles:
            company = self._company.context(module, term)
            shown = self._company.shown(module, term, company)
        else:
            company = [value for _, value in term[3]]
            shown = [*term[2], *(value for name, value in term[3] if name != terms.DOUBLE_STAR)]
        for part in shown:
            about_row = self._company.has_row(module, company, beside=part)
            yield from self._payload(module, part, way.within(about_row=about_row, is_answer=is_copy))

    def _reduces(self, module: Module, term: Sequence[Any]) -> bool:
        callees = options(self._evaluator.value(module, term[1]))
        names = (callee.name for callee in callees if isinstance(callee, (External, ClassRef)))
        return any(name.removeprefix("builtins.") in _REDUCTIONS for name in names)

    def _own(self, module: Module, index: int, callee: FunctionRef, way: _Way) -> Iterator[Listing]:
        """What a function of the project answers with; a method by what it gives for the object it is called on."""
        function = self._solution.table.by_name[callee.module].function(callee.index)
        if function.is_generator or self._reports_itself(callee):
            return
        name = function.qualname.replace(".<locals>", "")
        found = self.of((callee.module, callee.index))
        judged = self._judged(module, index, way.span)[:1] if callee.receiver is not None and len(found) < 2 else []
        if judged and judged[0] is not None:
            found = (replace(judged[0], links=found[0].links if found else ()),)
        yield from self._through(name, found, way)

    def _through(self, name: str, found: Iterable[Listing], way: _Way) -> Iterator[Listing]:
        for listing in found:
            if not (way.about_row and (listing.filtered or listing.of_parent)):
                yield replace(listing, span=way.span, links=(name, *listing.links), term=0, is_answer=False)

    def _reports_itself(self, callee: FunctionRef) -> bool:
        """Whether another handler is called: what it answers with is told there, once."""
        module = self._solution.table.by_name[callee.module]
        return self._solution.reads.has(module, (callee.module, callee.index))

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


def _of_documents(documents: Documents, place: Span) -> Listing:
    return Listing(place, documents.collection, documents.filtered, documents.of_parent)


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
_WHOLE = frozenset({terms.COMPREHENSION, terms.UNION})
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
