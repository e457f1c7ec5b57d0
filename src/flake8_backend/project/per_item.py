"""What loops ask of the database once per item: queries, and relations that did not come with the rows."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Related, Span
from flake8_backend.project import binding, repetition
from flake8_backend.project.effects import Link
from flake8_backend.project.rows import ASKING_ALWAYS, CONSUMERS, READ, Load, Node, holds_rows
from flake8_backend.project.statements import ASKS
from flake8_backend.project.values import ClassRef, External, FunctionRef, Instance, Value, options
from flake8_backend.semantic import scopes, terms
from flake8_backend.semantic.summary import BLOCK_KIND

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.project.binding import Environment
    from flake8_backend.project.callsites import CallSite
    from flake8_backend.project.loopview import LoopView
    from flake8_backend.project.modules import Module
    from flake8_backend.project.relations import RelationFact
    from flake8_backend.project.siteview import ActView, Reach
    from flake8_backend.project.solution import Solution
    from flake8_backend.project.view import FunctionView, ModuleView

_LEVELS = 4  # callers of callers that may give a collection
_MOST_GIVEN = 32
# functions of Python that call their argument once per item: position of the callable, of the items, its keyword
_APPLYING: dict[str, tuple[int | None, int, str]] = {
    "map": (0, 1, ""),
    "filter": (0, 1, ""),
    "sorted": (None, 0, "key"),
    "max": (None, 0, "key"),
    "min": (None, 0, "key"),
    "groupby": (1, 0, "key"),
    "takewhile": (0, 1, ""),
    "dropwhile": (0, 1, ""),
    "filterfalse": (0, 1, ""),
    "starmap": (0, 1, ""),
}


_PAGING = frozenset({"offset", "limit", "slice", "paginate", "page", "get_page", "fetch"})
_MODEL_GETTERS = ("get_model", "model_class", "get_user_model")


@dataclass(frozen=True)
class PerItem:
    """A finding: where, and the relation that is loaded or the query that is sent for every item."""

    span: Span
    load: Load | None = None
    reach: Reach | None = None
    asked: str = ""  # what is called, as messages show it
    loading: Loading | None = None
    in_list: bool = False  # the rows are represented one after the other, by no loop of the project's own
    others: tuple[PerItem, ...] = ()  # what the same call loads of the same rows
    read_at: Related | None = None  # where a template reads it

    @property
    def loads(self) -> list[Load]:
        """All relations that are loaded here."""
        return [item.load for item in (self, *self.others) if item.load is not None]

    @property
    def loadings(self) -> list[Loading]:
        """How they come with their rows, as far as that is known."""
        return [item.loading for item in (self, *self.others) if item.loading is not None]

    @property
    def model(self) -> str:
        """The class of the rows that are gone through."""
        return (self.load.root or "row").rpartition(".")[2] if self.load is not None else "row"

    @property
    def path(self) -> str:
        """The relation that is loaded, from the rows on; empty where a query is sent."""
        return self.load.path if self.load is not None else ""

    @property
    def row(self) -> str:
        """A name for one of the rows."""
        return snake(self.model)

    @property
    def whole(self) -> str:
        """What the rows are gone through by."""
        return "list" if self.in_list else "loop"

    def related(self, function: FunctionView | ModuleView) -> list[Related]:
        """The places of the chain, and the query that gave the rows where it stands in another file."""
        links = self.reach.links if self.reach is not None else self.load.links if self.load is not None else ()
        table = function.solution.table
        found = [Related(table.by_name[link.module].path, link.span, f"`{link.name}` does it here") for link in links]
        source = self.load.query.source if self.load is not None else None
        if source is not None:
            place = Span(source.line, source.column, source.end_line, source.end_column)
            found.append(Related(table.by_name[source.module].path, place, "the rows come from this query"))
        if self.read_at is not None:
            found.append(self.read_at)
        return found


@dataclass(frozen=True, slots=True)
class Loading:
    """How a relation comes with its rows: the ORM, the relations on the way there, the call that gives the rows.

    ``span`` is that call's place where it stands in the file of the finding.
    """

    orm: str
    model: str  # the bare name of the class that the rows are of
    steps: tuple[RelationFact, ...]
    span: Span | None = None

    @property
    def path(self) -> tuple[str, ...]:
        """The names of the relations, the first one that of the rows."""
        return tuple(step.name for step in self.steps)

    @property
    def has_methods(self) -> bool:
        """Whether querysets have ``select_related`` and ``prefetch_related``."""
        return self.orm in ("django-orm", "tortoise-orm")

    @property
    def can_be_fixed_by_methods(self) -> bool:
        """Whether these methods can be added without any change elsewhere: what is awaited now need not be then."""
        return self.orm == "django-orm"

    @property
    def joins_in_select(self) -> bool:
        """Whether the query lists what it loads."""
        return self.orm == "peewee"

    @property
    def can_join(self) -> bool:
        """Whether one row follows from one row all the way."""
        return all(not step.many and step.target is not None for step in self.steps)


class Repeated:
    """Findings per function, found on demand."""

    def __init__(self, solution: Solution) -> None:
        self._solution = solution
        self._evaluator = solution.evaluator
        self._rows = solution.rows

    def of(self, function: FunctionView) -> list[PerItem]:
        """What a function repeats, in the order of places; one finding per relation and loop."""
        has_loops = any(data[BLOCK_KIND] in scopes.LOOPS for data in function.summary.blocks)
        found = [*(self._loads(function) if has_loops else ()), *self._applied(function)]
        found += self._per_object(function)
        told = {item.span for item in found if item.load is not None and item.load.use != READ}
        found += [item for item in (self._asks(function) if has_loops else ()) if item.span not in told]
        return _gathered(sorted(found, key=lambda item: (item.span, item.asked, item.path)))

    # --- relations ---------------------------------------------------------------------------------------------

    def _loads(self, function: FunctionView) -> Iterator[PerItem]:
        if not self._rows.names:
            return
        told: set[tuple[Any, ...]] = set()
        for environment in ((), *self._solution.passed.to_loops_of(function.node)):
            for load in self._rows.loads(function.node, environment):
                if self._rows.is_loaded_elsewhere(load):
                    continue
                around = self._rows.repeated_by(function.node, load)
                if not around or self._is_known(function, load, around[0]):
                    continue
                key = (load.path, load.use != READ and load.span, load.owner, around[0].block)
                if key not in told:
                    told.add(key)
                    yield PerItem(load.span, load, loading=self.loading(function, load, around[0]))

    def _is_known(self, function: FunctionView, load: Load, loop: LoopView) -> bool:
        """Whether the function has loaded the relation, or all rows it leads to, before the loop."""
        for site in function.sites:
            if site.loops:
                continue
            for callee in site.callees:
                fact = self._solution.effects.leaf(callee)
                if fact is None:
                    continue
                if fact.fact.role == "orm-eager" and site.term[2] and self._is_source(function, site.term[2][0], loop):  # noqa: SIM102
                    if any(
                        load.path == path or path.startswith(load.path + ".")
                        for path in self._paths(function, site.term)
                    ):
                        return True
            if load.fact.manager is None and not load.fact.many and self._holds_all(site.value, load.fact.target):
                return True
        return False

    @staticmethod
    def _is_source(function: FunctionView, index: int, loop: LoopView) -> bool:
        """Whether the loop goes through ``index``, or what was made of it."""
        pending = [loop.iterable]
        while pending:
            current = pending.pop()
            if current == index:
                return True
            pending += binding.children(function.term(current))
        return False

    def _paths(self, function: FunctionView, term: Sequence[Any]) -> Iterator[str]:
        for index in term[2][1:]:
            for value in options(function.value(index)):
                text = getattr(value, "value", None)
                yield text.replace("__", ".") if isinstance(text, str) else ""

    def _holds_all(self, value: Value | None, target: ClassRef | None) -> bool:
        """Whether a value is all rows of a table, which the session then knows by their keys."""
        if target is None or not isinstance(value, Instance) or not value.fetched or value.query is None:
            return False
        query = value.query
        return query.model == target.name and not (query.filtered or query.bounded) and self._has_identity_map(target)

    def _has_identity_map(self, cls: ClassRef) -> bool:
        return (self._solution.schema.orm_of(cls) or "") in ("sqlalchemy", "sqlmodel", "flask")

    def loading(self, function: FunctionView, load: Load, loop: LoopView | None) -> Loading | None:
        """How the relation of a load would come with its rows; ``None`` where its way is not known."""
        steps = self._solution.schema.steps(load.root, load.path)
        if not steps or steps[-1].manager == ASKING_ALWAYS:
            return None
        model = load.root.rpartition(".")[2]
        return Loading(load.fact.orm, model, steps, self._anchor(function, load, loop))

    def _anchor(self, function: FunctionView, load: Load, loop: LoopView | None) -> Span | None:
        source = load.query.source
        if source is not None and source.module == function.module.name:
            place = Span(source.line, source.column, source.end_line, source.end_column)
            made = next((site for site in function.sites if site.span == place), None)
            # rows that are asked for in a loop have to come with the rows of that loop first
            return place if made is None or not repetition.loops(function, made.block) else None
        if loop is None or load.query.path or load.links:
            return None
        term = function.term(loop.iterable)
        if term[0] != terms.CALL or Span(*term[4:8]) != loop.iterable_span:
            return None
        found = list(options(function.value(loop.iterable)))
        is_query = all(isinstance(v, Instance) and not v.fetched and v.query == load.query for v in found)
        return loop.iterable_span if found and is_query else None

    # --- queries -----------------------------------------------------------------------------------------------

    def _asks(self, function: FunctionView) -> Iterator[PerItem]:
        for act in function.acts:
            around = [] if act.is_rare else repetition.loops(function, act.act.block)
            if not around or not self._is_made_within(function, act):
                continue
            reach = act.reach(ASKS, code="BE005")
            reach = self._live(function, act, reach) if reach is not None else None
            if reach is None or self._is_hit(function, act) or self._writes(act, reach):
                continue
            if self._is_of_many_tables(function, act, around, reach) or self._turns_pages(function, act, around):
                continue
            yield PerItem(act.span, reach=reach, asked=self._told(function, act, reach))

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
        is_consumer = any(getattr(callee, "name", "").removeprefix("builtins.") in CONSUMERS for callee in site.callees)
        return site.term[2][0] if is_consumer and site.term[2] else 0

    def _is_of_many_tables(
        self, function: FunctionView, act: ActView, around: Sequence[LoopView], reach: Reach
    ) -> bool:
        """Whether each item has a table of its own: ``for model in models: model.objects.count()``."""
        for argument in act.site.term[2] if act.site is not None and reach.links else ():
            given = list(options(function.value(argument)))
            if given and all(_is_collection(value) or isinstance(value, ClassRef) for value in given):  # noqa: SIM102
                if any(repetition.varies(function, argument, loop) for loop in around):
                    return True
        if act.site is not None and act.site.term[2] and reach.leaf.fact.role in ("db-execute", "raw-sql"):
            statement = function.term(act.site.term[2][0])
            if statement[0] == terms.CALL and self._is_of_many(function, statement[1], around):
                return True
        return self._is_of_many(function, self._asked(function, act), around)

    def _asked(self, function: FunctionView, act: ActView) -> int:
        return act.site.term[1] if act.site is not None else self._gone_through(function, act)

    def _is_of_many(self, function: FunctionView, index: int, around: Sequence[LoopView]) -> bool:
        """Whether a chain of calls starts from something that is no row, and another one for each item."""
        term = function.term(index)
        while term[0] in (terms.CALL, terms.ATTRIBUTE):
            index = term[1]
            term = function.term(index)
            if term[0] == terms.CALL and describe(function, term[1]).endswith(_MODEL_GETTERS):
                return any(repetition.varies(function, index, loop) for loop in around)
        if term[0] in (terms.NAME, terms.SELF, terms.CLASS) or any(_is_row(v) for v in options(function.value(index))):
            return False
        return any(repetition.varies(function, index, loop) for loop in around)

    def _writes(self, act: ActView, reach: Reach) -> bool:
        """Whether a helper that is called writes too: it reads what it changes, and the writes are what has to be joined."""
        return bool(reach.links) and act.reach("db-write") is not None

    def _turns_pages(self, function: FunctionView, act: ActView, around: Sequence[LoopView]) -> bool:
        """Whether each turn asks for another piece of the same rows: ``rows.offset(start)``, ``rows[start:end]``."""
        term = function.term(self._gone_through(function, act) or (act.site.term[1] if act.site is not None else 0))
        while term[0] in (terms.CALL, terms.ATTRIBUTE, terms.ITEM):
            if term[0] == terms.CALL:
                name = describe(function, term[1]).rpartition(".")[2]
                given = (*term[2], *(value for _, value in term[3]))
                if name in _PAGING and any(
                    repetition.varies(function, index, loop) for index in given for loop in around
                ):
                    return True
            term = function.term(term[1])
        return False

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
                found = _reach(way.leaf, (Link(name, node[0], inner.span), *way.links))
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
                self._holds_all(s.value, value) for s in function.sites if not s.loops
            ):
                return True
        return False

    def _told(self, function: FunctionView, act: ActView, reach: Reach) -> str:
        site = act.site
        if reach.links:
            return reach.told()
        gone_through = self._gone_through(function, act)
        name = describe(function, gone_through or (site.term[1] if site is not None else 0))
        return f"`{name or reach.leaf.name}`"

    def _per_object(self, function: FunctionView) -> Iterator[PerItem]:
        """What a serializer's method or a resolver asks for each object that it represents."""
        solution = self._solution
        if function.node not in solution.rest_views.per_object and function.node not in solution.resolvers.per_object:
            return
        for act in function.acts:
            reach = act.reach(ASKS, code="BE005") if not act.is_rare else None
            if reach is not None and not repetition.loops(function, act.act.block):
                yield PerItem(act.span, reach=reach, asked=self._told(function, act, reach), in_list=True)

    # --- functions that are applied to every item --------------------------------------------------------------

    def _applied(self, function: FunctionView) -> Iterator[PerItem]:
        for site in function.sites:
            if function.term(site.term[1])[0] != terms.NAME or len(site.term[2]) + len(site.term[3]) < 2:
                continue
            names = (callee.name for callee in site.callees if isinstance(callee, External) and callee.receiver is None)
            parts = [name.rpartition(".") for name in names if name.startswith(("builtins.", "itertools."))]
            how = next((_APPLYING[last] for _, _, last in parts if last in _APPLYING), None)
            if how is None:
                continue
            position, items, keyword = how
            called = site.argument(position, keyword)
            if not called or len(site.term[2]) <= items:
                continue
            rows = site.term[2][items]
            yield from self._applied_to(function, site.span, called, rows)

    def _applied_to(self, function: FunctionView, span: Span, called: int, rows: int) -> Iterator[PerItem]:
        row = self._evaluator.element(function.value(rows))
        for value in options(function.value(called)):
            if not isinstance(value, FunctionRef):
                continue
            node = value.module, value.index
            home = self._solution.table.by_name[value.module]
            summary = home.function(value.index)
            if row is not None and holds_rows(row) and summary.parameters:
                shift = 1 if summary.kind == "method" and value.receiver is not None else 0
                environment = (((home.name, terms.PARAMETER, value.index, shift), row),)
                for load in self._rows.linked(node, environment):
                    below = load.links if summary.kind != "lambda" else load.links[1:]
                    told = replace(load, span=span, links=below)
                    yield PerItem(span, told, loading=self.loading(function, replace(load, links=()), None))
            found = self._solution.effects.step(node, ASKS, "BE005")
            if found is not None:
                links, leaf = self._solution.effects.chain(node, found[0])
                if leaf is not None:
                    yield PerItem(span, reach=_reach(leaf, links), asked=_chain(leaf, links))


def _gathered(items: Sequence[PerItem]) -> list[PerItem]:
    """What one call loads of the same rows is one finding, however many relations it are."""
    groups: dict[Any, list[PerItem]] = {}
    for item in items:
        load = item.load
        is_joint = load is not None and load.links and not load.is_again
        groups.setdefault((item.span, load.query.source, item.model) if is_joint and load else id(item), []).append(
            item
        )
    return [replace(first, others=tuple(others)) if others else first for first, *others in groups.values()]


def _reach(leaf: Any, links: Sequence[Any]) -> Reach:
    from flake8_backend.project.siteview import Reach

    return Reach(leaf, tuple(links))


def _chain(leaf: Any, links: Sequence[Any]) -> str:
    return " → ".join(f"`{name}`" for name in (*(link.name for link in links), leaf.name) if name != "<lambda>")


class Passed:
    """The collections of rows that callers hand to functions which go through them."""

    def __init__(self, solution: Solution) -> None:
        self._solution = solution
        self._known: dict[tuple[Node, int], tuple[Environment, ...]] = {}
        self._callers: dict[Node, list[CallSite]] = {}

    def of(self, node: Node, levels: int = _LEVELS) -> tuple[Environment, ...]:
        """What the callers of a function give to the parameters that it goes through, or hands on.

        ``levels`` says how many callers of callers are asked: functions may call each other in a circle.
        """
        key = (node, levels)
        if key not in self._known:
            given = self._given(node, levels) if levels and self._goes_through_parameter(node) else ()
            self._known[key] = tuple(islice(dict.fromkeys(given), _MOST_GIVEN))
        return self._known[key]

    def to_loops_of(self, node: Node) -> tuple[Environment, ...]:
        """What the callers of a function give to the parameters that its own loops go through."""
        module = self._solution.table.by_name[node[0]]
        return self.of(node) if self._is_made_of_parameter(node, module.function(node[1]).iterations) else ()

    def _goes_through_parameter(self, node: Node) -> bool:
        function = self._solution.table.by_name[node[0]].function(node[1])
        return self._is_made_of_parameter(node, (*function.iterations, *function.sites))

    def _is_made_of_parameter(self, node: Node, rows: Sequence[Sequence[Any]]) -> bool:
        module = self._solution.table.by_name[node[0]]
        function = module.function(node[1])
        if not function.parameters or function.kind == "lambda" or not self._solution.rows.names:
            return False
        roots = binding.roots_of(self._solution.evaluator, module)
        own = (node[0], terms.PARAMETER, node[1])
        return any(root[:3] == own for row in rows for root in roots[row[0]])

    def _given(self, node: Node, levels: int) -> Iterator[Environment]:
        solution = self._solution
        for caller in self._callers_of(node):
            module = solution.table.by_name[caller.module]
            term = module.summary.terms[caller.term]
            for environment in ((), *self._above(module, caller.function, caller.term, levels)):
                evaluator = binding.bound(solution.evaluator, environment)
                for value in options(evaluator.value(module, term[1])):
                    if isinstance(value, FunctionRef) and (value.module, value.index) == node:
                        given = binding.environment_of(evaluator, value, module, term)
                        kept = tuple((root, option) for root, option in given if _is_collection(option))
                        if kept:
                            yield kept

    def _callers_of(self, node: Node) -> list[CallSite]:
        """The calls that can be of ``node`` and give it something, before anything is asked of their callers."""
        known = self._callers.get(node)
        if known is None:
            name = self._solution.table.by_name[node[0]].function(node[1]).name
            known = self._callers[node] = [
                site for site in self._solution.call_sites.named([name]) if self._may_be(node, site)
            ]
        return known

    def _may_be(self, node: Node, site: CallSite) -> bool:
        evaluator, function = self._solution.evaluator, site.function
        module = self._solution.table.by_name[site.module]
        term = module.summary.terms[site.term]
        if not (term[2] or term[3]) and module.summary.terms[term[1]][0] != terms.ATTRIBUTE:
            return False
        value = evaluator.value(module, term[1])
        if any(isinstance(option, FunctionRef) and (option.module, option.index) == node for option in options(value)):
            return True
        own = (module.name, terms.PARAMETER, function)
        roots = binding.roots_of(evaluator, module)[term[1]]
        return any(root[:3] == own for root in roots)

    def _above(self, module: Module, function: int, call: int, levels: int) -> tuple[Environment, ...]:
        """What is given to the function of a call, where the call is made of that."""
        own = (module.name, terms.PARAMETER, function)
        roots = binding.roots_of(self._solution.evaluator, module)[call]
        return self.of((module.name, function), levels - 1) if any(root[:3] == own for root in roots) else ()


def _is_row(value: Value) -> bool:
    return isinstance(value, Instance) and value.cls.home is not None


def _is_collection(value: Value) -> bool:
    return any(isinstance(v, Instance) and v.query is not None and not v.is_row for v in options(value))


def describe(function: FunctionView, index: int) -> str:
    """A callee as code shows it, without arguments: ``Order.objects.filter(…).first``; empty where it has no name."""
    term = function.term(index)
    operator = term[0]
    if operator == terms.NAME:
        return _short(function, str(term[1]))
    if operator == terms.ATTRIBUTE:
        owner = describe(function, term[1])
        return f"{owner}.{term[2]}" if owner else ""
    if operator == terms.CALL:
        inner = describe(function, term[1])
        return f"{inner}(…)" if inner else ""
    if operator in (terms.SELF, terms.SUPER):
        return "self"
    if operator == terms.CLASS:
        return function.module.class_(term[1]).name
    if operator == terms.PARAMETER:
        return str(function.module.function(term[1]).parameters[term[2]][0])
    if operator == terms.ENTER:
        return _noun(function.value(index)) or describe(function, term[1])
    if operator in (terms.AWAIT, terms.ALLOWED):
        return describe(function, term[1])
    for value in options(function.value(index)):
        if isinstance(value, Instance) and value.cls.home is not None:
            return snake(value.cls.name)
    return ""


def _noun(value: Value | None) -> str:
    """What an object is mostly called: an ``AsyncSession`` is a session."""
    for option in options(value):
        if isinstance(option, Instance):
            return snake(option.cls.name).rpartition("_")[2]
    return ""


def _short(function: FunctionView, dotted: str) -> str:
    """A dotted name without the module that it is defined in."""
    home, rest = function.solution.table.split(dotted)
    if home is not None and rest:
        return rest
    parts = dotted.removeprefix("builtins.").split(".")
    for position, part in enumerate(parts):
        if part[:1].isupper():
            return ".".join(parts[position:])
    return ".".join(parts[-2:])


def snake(name: str) -> str:
    """A variable's name for an object: ``shop.OrderLine`` is ``order_line``."""
    bare = name.rpartition(".")[2]
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[A-Z]", bare)
    return "_".join(words).lower() or bare.lower()
