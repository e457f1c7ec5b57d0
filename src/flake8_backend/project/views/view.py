"""What rules see once the project is solved: functions, their call sites, loops and classes, in the mandate's words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Related, Span
from flake8_backend.project.answers.listviews import ListView, unpaginated
from flake8_backend.project.answers.paging import Cut, cut_of
from flake8_backend.project.evaluation.classes import class_ref
from flake8_backend.project.values import options
from flake8_backend.project.views.loopview import LoopView
from flake8_backend.project.views.siteview import ActView, Reach, SiteView
from flake8_backend.semantic import scopes
from flake8_backend.semantic.summary import BLOCK_DATA, BLOCK_KIND, BLOCK_PARENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.config import Options
    from flake8_backend.project.answers.listing import Listing
    from flake8_backend.project.calls.acts import Leaf
    from flake8_backend.project.items.per_item import PerItem
    from flake8_backend.project.modules import Module
    from flake8_backend.project.running.contexts import Handler
    from flake8_backend.project.solution import Solution
    from flake8_backend.project.values import ClassRef, Value
    from flake8_backend.project.waiting.waits import Wait
    from flake8_backend.semantic.summary import ClassSummary, FunctionSummary


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

    def page_cut(self, listing: Listing) -> Cut | None:
        """Where its own body can limit what a listing reads."""
        return cut_of(self.solution, self.module, self.index, listing.term)

    @property
    def parameter_names(self) -> list[str]:
        """The names of its parameters."""
        return [parameter[0] for parameter in self.summary.parameters]

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
        """Whether it is a method of a class that tests derive from, or stands beside such classes."""
        if self.solution.contexts.supports_tests(self.module):
            return True
        if self.summary.class_index < 0:
            return False
        cls = class_ref(self.module, self.summary.class_index)
        return any(base.name.endswith("TestCase") for base in self.solution.evaluator.lineage(cls))

    @property
    def is_occasional(self) -> bool:
        """Whether it runs in migrations, scripts and commands alone, for which nobody waits."""
        return self.is_command or self.solution.contexts.is_migration(self.module) or self.summary.kind == "module"

    @property
    def is_command(self) -> bool:
        """Whether it runs in scripts and commands alone, those of a framework's own command line among them."""
        if self.is_script:
            return True
        if ".management.commands." in f".{self.module.name}" and "Command" in self.module.summary.names:
            return True
        if self.summary.class_index < 0:
            return False
        cls = class_ref(self.module, self.summary.class_index)
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
    def ref(self) -> ClassRef:
        """The class as a value."""
        return class_ref(self.module, self.index)

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


__all__ = ["ClassView", "FunctionView", "ModuleView"]
