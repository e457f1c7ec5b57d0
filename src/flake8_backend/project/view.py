"""What rules see once the project is solved: functions, their call sites, loops and classes, in the mandate's words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Json, Related, Span
from flake8_backend.project import origins, remedies
from flake8_backend.project.arguments import Arguments, of_call
from flake8_backend.project.listviews import ListView, unpaginated
from flake8_backend.project.values import Constant, FunctionRef, Instance, Value, options
from flake8_backend.semantic import scopes, terms
from flake8_backend.semantic.summary import (
    AWAITED,
    AWAITED_LATER,
    BLOCK_DATA,
    BLOCK_KIND,
    BLOCK_PARENT,
    SITE_BLOCK,
    SITE_FLAGS,
    SITE_OUTER,
    SITE_TERM,
    ClassSummary,
    FunctionSummary,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.config import Options
    from flake8_backend.project.acts import Act, Leaf
    from flake8_backend.project.contexts import Handler
    from flake8_backend.project.effects import Link
    from flake8_backend.project.listing import Listing
    from flake8_backend.project.modules import Module
    from flake8_backend.project.per_item import PerItem
    from flake8_backend.project.solution import Solution
    from flake8_backend.project.waits import Wait

SMALL = 12  # a loop over so few constants is written out rather than repeated


@dataclass(frozen=True, slots=True)
class Reach:
    """That a call has an effect: through which functions, down to which library call.

    ``links`` are the project functions on the way, the first one called by the site; empty when the site itself is
    the library call. ``gravity``: 0 is the gravest.
    """

    leaf: Leaf
    links: tuple[Link, ...]
    gravity: int = 0

    @property
    def names(self) -> list[str]:
        """Callee, …, library call."""
        return [*(link.name for link in self.links), self.leaf.name.removeprefix("builtins.").removesuffix(".__call__")]

    def told(self) -> str:
        """The chain as messages show it: ``charge`` → ``Gateway.post`` → ``requests.post``."""
        return " → ".join(f"`{name}`" for name in self.names)


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
            return 0 < len(term[2]) <= SMALL and not any(table[part][0] == terms.ELEMENT for part in term[2])
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
            bases = self.function.solution.evaluator.library_bases(
                ClassView(self.function.solution, module, term[1]).ref
            )
            return any(base.startswith("enum.") for base in bases)
        return term[0] == terms.DISPLAY and len(term[2]) <= SMALL


@dataclass(frozen=True)
class SiteView:
    """A call in a function."""

    function: FunctionView
    index: int

    @property
    def _data(self) -> Sequence[Any]:
        return self.function.summary.sites[self.index]  # type: ignore[no-any-return]

    @property
    def term(self) -> Sequence[Any]:
        """The call's term."""
        return self.function.module.summary.terms[self._data[SITE_TERM]]

    @property
    def span(self) -> Span:
        """Where the call stands."""
        return Span(*self.term[4:8])

    @property
    def is_awaited(self) -> bool:
        """Whether ``await`` stands directly before the call."""
        return bool(self._data[SITE_FLAGS] & AWAITED)

    @property
    def called(self) -> str:
        """What is called, by the last part of its name; empty where it has none."""
        term = self.function.term(self.term[1])
        if term[0] == terms.NAME:
            return str(term[1]).rpartition(".")[2]
        if term[0] == terms.ATTRIBUTE:
            return str(term[2])
        module = self.function.module
        if term[0] == terms.FUNCTION:
            return module.function(term[1]).name
        return module.class_(term[1]).name if term[0] == terms.CLASS else ""

    @property
    def is_method_call(self) -> bool:
        """Whether a method of an object or a class is called."""
        return any(getattr(callee, "receiver", None) is not None for callee in self.callees)

    @property
    def is_called_for_sure(self) -> bool:
        """Whether the callee is named by an import, or its object is seen to be made: no annotation has to be right."""
        evaluator = self.function.solution.evaluator
        if not self.is_method_call:
            return True
        return origins.receiver_makings(evaluator, self.function.module, self.term) is not None

    @property
    def is_awaited_later(self) -> bool:
        """Whether what the call gives is awaited through a variable."""
        return bool(self._data[SITE_FLAGS] & AWAITED_LATER)

    @cached_property
    def callees(self) -> list[Value]:
        """What may be called here."""
        return self.function.solution.effects.targets(self.function.module, self.term)

    @cached_property
    def leaf(self) -> Leaf | None:
        """The library call this is, when every possible callee is one with a fact; the first of them."""
        effects, call = self.function.solution.effects, (self.function.module, self.term)
        leaves = [effects.leaf(callee, call) for callee in self.callees]
        return leaves[0] if leaves and all(leaf is not None for leaf in leaves) else None

    @property
    def outer(self) -> SiteView | None:
        """The call that takes this one directly as an argument."""
        index = self._data[SITE_OUTER]
        return SiteView(self.function, index) if index >= 0 else None

    @property
    def value(self) -> Value | None:
        """What the call gives."""
        return self.function.value(self._data[SITE_TERM])

    def reach(self, *effects: str, code: str = "") -> Reach | None:
        """How this call has the first of ``effects`` that it has; every possible callee must have it.

        What a noqa comment on the way accepts for ``code`` is left out.
        """
        act = self.function.acts_by_site.get(self.index)
        return None if act is None else act.reach(*effects, code=code)

    def runs_plain(self) -> bool:
        """Whether the callee's body runs within this call: not a coroutine that is only made."""
        return not any(
            isinstance(callee, FunctionRef)
            and self.function.solution.table.by_name[callee.module].function(callee.index).is_async
            for callee in self.callees
        )

    def argument(self, position: int | None, name: str | None) -> int:
        """The term of an argument, 0 when it is not passed so."""
        return self.function.solution.evaluator.argument(self.function.module, self.term, position, name)

    @property
    def term_index(self) -> int:
        """The index of the call's term."""
        return int(self._data[SITE_TERM])

    @cached_property
    def arguments(self) -> Arguments:
        """What the call is made with."""
        return of_call(self.function.module, self.term)

    @property
    def keywords(self) -> dict[str, int]:
        """Terms of the arguments passed by name; ``**`` and ``*`` stand for themselves."""
        return dict(self.term[3])

    def constant(self, index: int) -> Json | Ellipsis:  # type: ignore[valid-type]
        """The literal that an argument is, ``...`` when it is none."""
        for value in options(self.function.value(index)):
            return value.value if isinstance(value, Constant) else ...
        return ...

    @cached_property
    def loops(self) -> list[LoopView]:
        """Loops around the call, the innermost first."""
        return self.function.loops_around(self._data[SITE_BLOCK])

    @property
    def block(self) -> int:
        """The index of the block that holds the call."""
        return int(self._data[SITE_BLOCK])

    @property
    def is_type_checking_only(self) -> bool:
        """Whether it stands under ``if TYPE_CHECKING``."""
        return any(data[BLOCK_KIND] == scopes.TYPE_CHECKING for _, data in self.function.blocks_around(self.block))

    @property
    def is_managed(self) -> bool:
        """Whether the call is itself an item of a ``with`` statement."""
        return self._data[SITE_TERM] in {
            data[BLOCK_DATA]
            for data in self.function.summary.blocks
            if data[BLOCK_KIND] in (scopes.WITH, scopes.ASYNC_WITH)
        }

    @property
    def is_iterated(self) -> bool:
        """Whether a loop goes through what the call gives."""
        return any(row[0] == self._data[SITE_TERM] for row in self.function.summary.iterations)

    @property
    def can_be_awaited(self) -> bool:
        """Whether ``await`` may stand before the call without changing what is around it."""
        if self.is_managed or self.is_iterated:
            return False
        return not any(data[BLOCK_KIND] == scopes.COMPREHENSION for _, data in self.function.blocks_around(self.block))

    @property
    def is_in_critical_section(self) -> bool:
        """Whether a ``with`` around it holds a lock or a transaction open."""
        return any(data[BLOCK_KIND] == scopes.WITH for _, data in self.function.blocks_around(self.block))


@dataclass(frozen=True)
class ActView:
    """Something that a function does at a place: a call, a property read, a loop's iterable, an item of ``with``."""

    function: FunctionView
    act: Act

    @property
    def kind(self) -> str:
        """``call``, ``read``, ``iterate`` or ``enter``."""
        return self.act.kind

    @property
    def span(self) -> Span:
        """Where it stands."""
        return self.act.span

    @property
    def is_rare(self) -> bool:
        """Whether it is done by the first caller alone."""
        return self.act.is_rare

    @property
    def site(self) -> SiteView | None:
        """The call, where it is one."""
        return self.function.sites[self.act.site] if self.act.site >= 0 else None

    @property
    def is_beside_opening(self) -> bool:
        """Whether the object it works on is made in this function, with no pause of the coroutine between them.

        A pause is what a loop makes that waits for something at each turn.
        """
        function = self.function
        worked_on = self.act.call
        if self.site is not None:
            callee = function.term(self.site.term[1])
            worked_on = callee[1] if callee[0] == terms.ATTRIBUTE else 0
        owner = function.term(worked_on)
        while owner[0] in (terms.ENTER, terms.AWAIT):
            owner = function.term(owner[1])
        if owner[0] != terms.CALL:
            return False
        place = Span(*owner[4:8])
        opened = next((site for site in function.sites if site.span == place), None)
        if opened is None:
            return False
        around = {loop.block for loop in opened.loops}
        return not any(loop.pauses for loop in function.loops_around(self.act.block) if loop.block not in around)

    def reach(self, *effects: str, code: str = "") -> Reach | None:
        """How this has the first of ``effects`` that it has, whatever the objects are that it meets.

        What a noqa comment on the way accepts for ``code`` is left out.
        """
        way = self.function.solution.effects.way(self.act, effects, code)
        return None if way is None else Reach(way.leaf, way.links, way.gravity)

    def off_the_loop(self, reach: Reach) -> str:
        """What messages advise where this stops an event loop."""
        return remedies.off_the_loop(self, reach)


@dataclass(frozen=True)
class FunctionView:
    """A function of the project: what it calls, where it runs."""

    solution: Solution
    module: Module
    index: int

    @property
    def summary(self) -> FunctionSummary:
        """The visit's record of the function."""
        return self.module.function(self.index)

    @property
    def node(self) -> tuple[str, int]:
        """The function's key in the call graph."""
        return self.module.name, self.index

    @property
    def options(self) -> Options:
        """The run's options."""
        return self.solution.options

    @property
    def name(self) -> str:
        """The name as messages show it."""
        return self.summary.qualname.replace(".<locals>", "") or "module"

    @property
    def span(self) -> Span:
        """The header of the definition."""
        return self.summary.place

    @cached_property
    def handler(self) -> Handler | None:
        """The route that the function serves."""
        return self.solution.contexts.handler(self.node)

    @property
    def answers_reads(self) -> bool:
        """Whether it answers GET requests, GraphQL queries or gRPC calls that read."""
        return self.solution.reads.has(self.module, self.node)

    @property
    def listings(self) -> tuple[Listing, ...]:
        """The collections that it answers with and nothing bounds."""
        return self.solution.listings.of(self.node)

    @property
    def in_migration(self) -> bool:
        """Whether it belongs to a database migration."""
        return self.solution.contexts.is_migration(self.module)

    @property
    def is_paginated(self) -> bool:
        """Whether a decorator cuts what it answers with into pages."""
        return "pagination" in self.solution.contexts.kinds(self.node)

    @property
    def is_startup(self) -> bool:
        """Whether it runs before and after the service, not during requests."""
        return "startup" in self.solution.contexts.kinds(self.node)

    @property
    def is_script(self) -> bool:
        """Whether only a script reaches it: ``if __name__ == "__main__"``, a command of a command line."""
        return self.solution.scripts.holds(self.node)

    @property
    def is_in_test_case(self) -> bool:
        """Whether it is a method of a class that tests derive from."""
        if self.summary.class_index < 0:
            return False
        cls = ClassView(self.solution, self.module, self.summary.class_index).ref
        return any(base.name.endswith("TestCase") for base in self.solution.evaluator.lineage(cls))

    @property
    def is_occasional(self) -> bool:
        """Whether it runs in migrations, scripts and commands alone, for which nobody waits."""
        if self.is_script or self.solution.contexts.is_migration(self.module) or self.summary.kind == "module":
            return True
        if ".management.commands." in f".{self.module.name}" and "Command" in self.module.summary.names:
            return True
        if self.summary.class_index < 0:
            return False
        cls = ClassView(self.solution, self.module, self.summary.class_index).ref
        markers = (
            m for base in self.solution.evaluator.library_bases(cls) for m in self.solution.knowledge.markers(base)
        )
        return any(marker.kind == "management-command" for marker in markers)

    @property
    def waits(self) -> Iterator[tuple[SiteView, Wait]]:
        """Its calls that wait for ever."""
        return self.solution.waits.of(self)

    @property
    def timeout_constant(self) -> str | None:
        """The name that holds a number of seconds to wait, where the module has exactly one."""
        return self.solution.waits.constant_of(self)

    @property
    def repeated(self) -> list[PerItem]:
        """What it asks of the database for every item of a loop."""
        return self.solution.repeated.of(self)

    @property
    def on_event_loop(self) -> bool:
        """Whether its statements run on an event loop that others wait for."""
        if not self.summary.is_async:
            return self.solution.contexts.plain_runs_in(self.node).startswith("event loop")
        handler = self.handler
        if handler is None or not handler.own_loop:
            return True
        return "ASGI" in handler.runs_in and self.solution.shows_asgi

    @cached_property
    def sites(self) -> list[SiteView]:
        """The calls of the function's own body, in their order."""
        return [SiteView(self, index) for index in range(len(self.summary.sites))]

    @cached_property
    def acts(self) -> list[ActView]:
        """Everything that the function's own body does and that may have effects, in the order of places."""
        found = [ActView(self, act) for act in self.solution.effects.acts.of(self.node)]
        return sorted(found, key=lambda act: (act.span.line, act.span.column))

    @cached_property
    def acts_by_site(self) -> dict[int, ActView]:
        """The calls among them, by the index of the site."""
        return {act.act.site: act for act in self.acts if act.act.site >= 0}

    def iterations(self) -> Iterator[tuple[int, int, Span]]:
        """What its loops go through, ``async for`` left out: term, block, place."""
        for term, block, flags, *place in self.summary.iterations:
            if not flags:
                yield term, block, Span(*place)

    def going_through(self, term: int) -> list[Leaf]:
        """The library facts about iterating a term, when everything it may be has one."""
        found = [self.solution.effects.iteration(value) for value in options(self.value(term))]
        blocking = [leaf for leaf in found if leaf is not None and "blocks" in leaf.effects()]
        return blocking[:1] if blocking and len(blocking) == len(found) else []

    def other(self, node: tuple[str, int]) -> FunctionView:
        """Another function of the project by its key in the call graph."""
        return FunctionView(self.solution, self.solution.table.by_name[node[0]], node[1])

    def sibling(self, index: int) -> FunctionView:
        """Another function of the same module."""
        return FunctionView(self.solution, self.module, index)

    def value(self, term: int) -> Value | None:
        """What a term of this module denotes."""
        return self.solution.evaluator.value(self.module, term)

    def term(self, index: int) -> Sequence[Any]:
        """A term of this module."""
        return self.module.summary.terms[index]

    def blocks_around(self, block: int) -> Iterator[tuple[int, Sequence[Any]]]:
        """The blocks around and including ``block``, the innermost first."""
        while block >= 0:
            data = self.summary.blocks[block]
            yield block, data
            block = data[BLOCK_PARENT]

    def loops_around(self, block: int) -> list[LoopView]:
        """The loops around a block, the innermost first."""
        return [LoopView(self, index) for index, data in self.blocks_around(block) if data[BLOCK_KIND] in scopes.LOOPS]

    def managers_around(self, block: int) -> Iterator[int]:
        """Terms of the ``with`` items around a block."""
        for _, data in self.blocks_around(block):
            if data[BLOCK_KIND] in (scopes.WITH, scopes.ASYNC_WITH):
                yield data[BLOCK_DATA]

    def related(self, reach: Reach) -> list[Related]:
        """The places of a chain, below the site."""
        return [
            Related(self.solution.table.by_name[link.module].path, link.span, f"`{link.name}` calls it here")
            for link in reach.links
        ]


@dataclass(frozen=True)
class ClassView:
    """A class of the project."""

    solution: Solution
    module: Module
    index: int

    @property
    def summary(self) -> ClassSummary:
        """The visit's record of the class."""
        return self.module.class_(self.index)

    @property
    def ref(self) -> Any:
        """The class as a value."""
        from flake8_backend.project.values import ClassRef

        return ClassRef(f"{self.module.name}.{self.summary.qualname}", (self.module.name, self.index))

    @property
    def span(self) -> Span:
        """The header of the definition."""
        return Span(*self.summary.span)

    @property
    def unpaginated_list(self) -> ListView | None:
        """The list that it serves without pagination, where that is known."""
        return unpaginated(self.solution, self.module, self.index)


@dataclass(frozen=True)
class ModuleView:
    """A module of the project."""

    solution: Solution
    module: Module

    @property
    def functions(self) -> list[FunctionView]:
        """Its functions, the module's own statements first."""
        return [FunctionView(self.solution, self.module, index) for index in range(len(self.module.summary.functions))]

    @property
    def classes(self) -> list[ClassView]:
        """Its classes."""
        return [ClassView(self.solution, self.module, index) for index in range(len(self.module.summary.classes))]

    @property
    def represented(self) -> list[PerItem]:
        """What is loaded once per object of the lists that its views represent, by serializers and in templates."""
        return [*self.solution.rest_views.of(self.module), *self.solution.pages.of(self.module)]

    @property
    def is_test(self) -> bool:
        """Whether it holds tests."""
        return self.solution.contexts.is_test(self.module)

    @property
    def is_migration(self) -> bool:
        """Whether it is a database migration."""
        return self.solution.contexts.is_migration(self.module)


__all__ = ["ActView", "ClassView", "FunctionView", "Instance", "LoopView", "ModuleView", "Reach", "SiteView"]
