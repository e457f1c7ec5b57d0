"""Queries that loops send once per item, and which of them are no harm: hits, pages, tables of their own."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Span
from flake8_backend.project.calls.acts import GROWING
from flake8_backend.project.calls.effects import Link
from flake8_backend.project.evaluation import binding
from flake8_backend.project.items import ranges, repetition
from flake8_backend.project.items.passed import is_collection
from flake8_backend.project.items.per_item import PerItem
from flake8_backend.project.items.rows import CONSUMERS
from flake8_backend.project.orm import queries
from flake8_backend.project.orm.relations import ALCHEMY
from flake8_backend.project.orm.statements import ASKS
from flake8_backend.project.values import ClassRef, FunctionRef, Instance, Value, options
from flake8_backend.project.views.naming import describe
from flake8_backend.semantic import scopes, terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.project.modules import Module
    from flake8_backend.project.solution import Solution
    from flake8_backend.project.views.loopview import LoopView
    from flake8_backend.project.views.siteview import ActView, Reach
    from flake8_backend.project.views.view import FunctionView

_PAGING = frozenset({"offset", "limit", "slice", "paginate", "page", "get_page", "fetch"})
_REFRESHING = frozenset({"refresh_from_db", "arefresh_from_db", "refresh"})
_LOOKING_AGAIN = frozenset({"exists", "aexists", "select_for_update", "with_for_update"})
_WRITING = re.compile(r"(get_or_)?create\Z|(update|upsert|insert|save|delete|remove|dispatch)\Z|(log|publish)_")
_KEYS = frozenset({"pk", "id"})
_EXECUTING = frozenset({"db-execute", "raw-sql"})
# what a query is made of that is the same at each turn of a loop
_SETTLED = frozenset(
    {
        terms.NAME,
        terms.PARAMETER,
        terms.SELF,
        terms.CLASS,
        terms.ATTRIBUTE,
        terms.CONSTANT,
        terms.STRING,
        terms.DISPLAY,
    }
)
_MODEL_GETTERS = ("get_model", "model_class", "get_user_model")
_WHOLE_TABLE = "get_all_objects_for_this_type"


class Asked:
    """The queries in the loops of a project's functions, found on demand."""

    def __init__(self, solution: Solution) -> None:
        self._solution = solution
        self._evaluator = solution.evaluator

    def of(self, function: FunctionView) -> Iterator[PerItem]:
        """The queries that the loops of a function send for every item."""
        for act in function.acts:
            # where a property of `self` is read is not known well enough to be told
            is_told = not act.is_rare and act.span != function.summary.place
            around = repetition.loops(function, act.act.block) if is_told else []
            if not around or not self._is_made_within(function, act):
                continue
            reach = act.reach(ASKS, code="BE005")
            reach = self._live(function, act, reach) if reach is not None else None
            if reach is None or self._is_hit(function, act) or self._writes(act, reach):
                continue
            if self._is_of_many_tables(function, act, around, reach) or self._turns_pages(function, act, around):
                continue
            if any(ranges.moves_with_items(function, term, around) for term in self._statements(function, act, reach)):
                continue
            if self._looks_again(function, act, around, reach) or self._waits_for_a_change(function, act, around):
                continue
            is_same = not reach.links and self._is_settled(function, act, around)
            yield PerItem(act.span, reach=reach, asked=self.told(function, act, reach), is_same=is_same)

    def _is_made_within(self, function: FunctionView, act: ActView) -> bool:
        """Whether the query that is gone through is made in the loop: one made before it keeps its rows."""
        index = self._gone_through(function, act)
        if not index:
            return True
        term = function.term(index)
        while term[0] in (terms.ITEM, terms.ALLOWED):
            index, term = term[1], function.term(term[1])
        if term[0] != terms.CALL:
            return any(repetition.varies(function, index, loop) for loop in repetition.loops(function, act.act.block))
        site = next((site for site in function.sites if site.span == Span(*term[4:8])), None)
        if site is None:
            return True
        effects = self._solution.effects
        kept = any(effects.remembers(node) for callee in site.callees for node in effects.functions(callee))
        return not kept and bool(repetition.loops(function, site.block))

    @staticmethod
    def _gone_through(function: FunctionView, act: ActView) -> int:
        """The term that an act goes through, 0 when it does something else."""
        site = act.site
        if site is None:
            found = (row[0] for row in function.summary.iterations if Span(*row[3:7]) == act.span)
            return next(found, 0)
        names = {getattr(callee, "name", "").removeprefix("builtins.") for callee in site.callees}
        is_consumer = not names.isdisjoint(CONSUMERS | GROWING)
        return site.term[2][0] if is_consumer and site.term[2] else 0

    def _is_of_many_tables(
        self, function: FunctionView, act: ActView, around: Sequence[LoopView], reach: Reach
    ) -> bool:
        """Whether each item has a table of its own: ``for model in models: model.objects.count()``."""
        for argument in act.site.term[2] if act.site is not None and reach.links else ():
            given = list(options(function.value(argument)))
            if given and all(self._is_table(value) for value in given) and not self._is_of_a_row(function, argument):  # noqa: SIM102
                if any(repetition.varies(function, argument, loop) for loop in around):
                    return True
        if act.site is not None and act.site.term[2] and reach.leaf.fact.role in _EXECUTING:
            statement = function.term(act.site.term[2][0])
            if statement[0] == terms.CALL and self._is_of_many(function, statement[1], around):
                return True
        return self._is_of_many(function, self._asked(function, act), around)

    def _is_table(self, value: Value) -> bool:
        """Whether a value is a class or a collection of rows, of which no query may be known."""
        if is_collection(value) or isinstance(value, ClassRef):
            return True
        return isinstance(value, Instance) and not value.is_row and queries.holds_rows(self._evaluator, value.cls)

    @staticmethod
    def _is_of_a_row(function: FunctionView, index: int) -> bool:
        """Whether a collection is read from a row: ``customer.orders``."""
        term = function.term(index)
        while term[0] in (terms.CALL, terms.ATTRIBUTE):
            index, term = term[1], function.term(term[1])
            if any(isinstance(value, Instance) and value.is_row for value in options(function.value(index))):
                return True
        return False

    def _statements(self, function: FunctionView, act: ActView, reach: Reach) -> Iterator[int]:
        """The chains of calls that put together what an act sends itself: of what it goes through or is called on,
        and of the statement that it hands over.
        """
        if reach.links:
            return
        yield from (self._asked(function, act), act.act.call)
        if act.site is not None and act.site.term[2] and reach.leaf.fact.role in _EXECUTING:
            yield act.site.term[2][0]

    def _asked(self, function: FunctionView, act: ActView) -> int:
        return self._gone_through(function, act) or (act.site.term[1] if act.site is not None else 0)

    def _is_of_many(self, function: FunctionView, index: int, around: Sequence[LoopView]) -> bool:
        """Whether a chain of calls starts from something that is no row, and another one for each item."""
        term = function.term(index)
        while term[0] in (terms.CALL, terms.ATTRIBUTE):
            if term[0] == terms.ATTRIBUTE and term[2] == _WHOLE_TABLE:
                return any(repetition.varies(function, term[1], loop) for loop in around)
            index = term[1]
            term = function.term(index)
            if term[0] == terms.CALL and describe(function, term[1]).endswith(_MODEL_GETTERS):
                return any(repetition.varies(function, index, loop) for loop in around)
        if term[0] == terms.UNION:  # a query that a branch narrowed
            return all(self._is_of_many(function, option, around) for option in term[1])
        if term[0] in (terms.NAME, terms.SELF, terms.CLASS) or any(_is_row(v) for v in options(function.value(index))):
            return False
        return any(repetition.varies(function, index, loop) for loop in around)

    def _writes(self, act: ActView, reach: Reach) -> bool:
        """Whether a helper that is called writes too: it reads what it changes, and the writes are what has to be joined.

        By its name, where it is not seen: sessions that are handed over are of no known type.
        """
        if any(_WRITING.match(link.name.rpartition(".")[2]) for link in reach.links):
            return True
        return bool(reach.links) and act.reach("db-write") is not None

    def _turns_pages(self, function: FunctionView, act: ActView, around: Sequence[LoopView]) -> bool:
        """Whether each turn asks for another piece of the same rows: ``rows.offset(start)``, ``rows[start:end]``."""
        term = function.term(self._gone_through(function, act) or (act.site.term[1] if act.site is not None else 0))
        while term[0] in (terms.CALL, terms.ATTRIBUTE, terms.ITEM):
            if term[0] == terms.CALL:
                callee = function.term(term[1])
                name = str(callee[2]) if callee[0] == terms.ATTRIBUTE else ""
                given = (*term[2], *(value for _, value in term[3]))
                if name in _PAGING and any(
                    repetition.varies(function, index, loop) for index in given for loop in around
                ):
                    return True
            term = function.term(term[1])
        return False

    def _looks_again(self, function: FunctionView, act: ActView, around: Sequence[LoopView], reach: Reach) -> bool:
        """Whether a row is read anew on purpose: one that the loop does not change is refreshed, one that the loop
        is at is locked, or looked up whether it is still there.
        """
        site = act.site
        if site is None or reach.links:
            return False
        if reach.leaf.name.rpartition(".")[2] in _REFRESHING:
            parts = (site.term[1], *site.term[2])
            return not any(repetition.varies(function, index, loop) for index in parts for loop in around)
        names, keys, term = set(), [], site.term
        while term[0] in (terms.CALL, terms.ATTRIBUTE):
            if term[0] == terms.CALL:
                keys += [value for name, value in term[3] if name in _KEYS]
            else:
                names.add(term[2])
            term = function.term(term[1])
        names.update(term[1].split(".") if term[0] == terms.NAME else ())
        return not names.isdisjoint(_LOOKING_AGAIN) and any(self._is_key_of_item(function, key, around) for key in keys)

    @staticmethod
    def _is_key_of_item(function: FunctionView, index: int, around: Sequence[LoopView]) -> bool:
        """``order.pk`` of the row that a loop is at."""
        term = function.term(index)
        owner = function.term(term[1]) if term[0] == terms.ATTRIBUTE and term[2] in _KEYS else terms.NOTHING
        return owner[0] == terms.ELEMENT and any(owner[1] == loop.iterable for loop in around)

    @staticmethod
    def _is_settled(function: FunctionView, act: ActView, around: Sequence[LoopView]) -> bool:
        """Whether nothing in a query changes from one turn of the loops to the next."""
        is_loose = function.summary.kind == "module"  # whose variables are names like any other
        if act.site is None or is_loose or any(loop.kind == scopes.WHILE for loop in around):
            return False
        chain, given = act.site.term, []
        while chain[0] in (terms.CALL, terms.ATTRIBUTE, terms.AWAIT, terms.ENTER):
            if chain[0] == terms.CALL:
                given += [*chain[2], *(value for _, value in chain[3])]
            chain = function.term(chain[1])
        while given and chain[0] in _SETTLED:
            chain = function.term(given.pop())
            # what is called for an argument may give something else each time: `next(keys)`
            given += binding.children(chain) if chain[0] != terms.CALL else [0]
        return chain[0] in _SETTLED

    def _waits_for_a_change(self, function: FunctionView, act: ActView, around: Sequence[LoopView]) -> bool:
        """Whether a query that is the same each time is asked until its answer changes: the loop sleeps in between."""
        if not self._is_settled(function, act, around):
            return False
        inside = (site for site in function.sites if any(loop.block == around[0].block for loop in site.loops))
        return any(site.leaf is not None and site.leaf.fact.role == "sleep" for site in inside)

    def _live(self, function: FunctionView, act: ActView, reach: Reach) -> Reach | None:
        """The chain, when this call's flags let it run; else another one that they let run."""
        site = act.site
        callee = site.callees[0] if site is not None and len(site.callees) == 1 else None
        if site is None or not reach.links or not isinstance(callee, FunctionRef):
            return None if self._is_prefilled(reach) else reach
        node = (callee.module, callee.index)
        if self._solution.effects.remembers(node) or self._solution.effects.is_write(node):
            return None
        environment = binding.environment_of(self._evaluator, callee, function.module, site.term)
        home = self._solution.table.by_name[node[0]]
        first = reach.links[0]
        for inner in self._solution.effects.acts.of(node):
            if inner.is_rare or not binding.is_run(self._evaluator, home, node[1], inner.block, environment):
                continue
            way = self._solution.effects.way(inner, (ASKS,), "BE005")
            if way is not None:
                name = first.name if first.module == node[0] else home.function(node[1]).qualname
                found = reach_of(way.leaf, (Link(name, node[0], inner.span), *way.links))
                if not self._is_prefilled(found):
                    return found
        return None

    def _is_prefilled(self, reach: Reach) -> bool:
        """Whether a step is a remembered property that the project gives its value from outside."""
        return any(link.name.rpartition(".")[2] in self._filled_properties for link in reach.links)

    @cached_property
    def _filled_properties(self) -> frozenset[str]:
        """Names of ``cached_property`` that some statement assigns on an object: ``ping.duration = …``."""
        table = self._solution.table
        assigned = {row[1] for module in table for row in module.summary.assignments}
        return frozenset(
            function.name
            for module in table
            for function in module.summary.functions
            if function.name in assigned and self._is_cached(module, function.decorators)
        )

    @staticmethod
    def _is_cached(module: Module, decorators: Sequence[int]) -> bool:
        return any(str(module.summary.terms[index][1]).endswith("cached_property") for index in decorators)

    def _is_hit(self, function: FunctionView, act: ActView) -> bool:
        """``session.get(Account, key)`` after all accounts were read: the session has them."""
        site = act.site
        if site is None or not site.term[2] or not act.span:
            return False
        for value in options(function.value(site.term[2][0])):
            if isinstance(value, ClassRef) and any(
                holds_all(self._solution, s.value, value) for s in function.sites if not s.loops
            ):
                return True
        return False

    def told(self, function: FunctionView, act: ActView, reach: Reach) -> str:
        """What is asked, as messages show it."""
        site = act.site
        if reach.links:
            return reach.told()
        gone_through = self._gone_through(function, act)
        name = describe(function, gone_through or (site.term[1] if site is not None else 0))
        return f"`{name or reach.leaf.name}`"


def _is_row(value: Value) -> bool:
    return isinstance(value, Instance) and value.cls.home is not None


def reach_of(leaf: Any, links: Sequence[Any]) -> Reach:
    """A chain of calls down to a library's."""
    from flake8_backend.project.views.siteview import Reach

    return Reach(leaf, tuple(links))


def holds_all(solution: Solution, value: Value | None, target: ClassRef | None) -> bool:
    """Whether a value is all rows of a table, which the session then knows by their keys."""
    if target is None or not isinstance(value, Instance) or not value.fetched or value.query is None:
        return False
    query = value.query
    has_identity_map = (solution.schema.orm_of(target) or "") in ALCHEMY
    return query.model == target.name and not (query.filtered or query.bounded) and has_identity_map
