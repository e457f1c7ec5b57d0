"""A project solved: values, models, effects and contexts over one set of summaries, and the rules run over them."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_backend.core.containment import internal_error
from flake8_backend.project.answers.listing import Listings
from flake8_backend.project.answers.reads import Reads
from flake8_backend.project.answers.routed import Routed
from flake8_backend.project.calls.callsites import CallSites
from flake8_backend.project.calls.effects import Effects
from flake8_backend.project.evaluate import Evaluator
from flake8_backend.project.evaluation import binding
from flake8_backend.project.evaluation.fallback import Fallback
from flake8_backend.project.files.requirements import Requirements
from flake8_backend.project.files.versions import Versions
from flake8_backend.project.items.pages import Pages
from flake8_backend.project.items.passed import Passed
from flake8_backend.project.items.repeated import Repeated
from flake8_backend.project.items.resolvers import Resolvers
from flake8_backend.project.items.restviews import RestViews
from flake8_backend.project.items.rows import Rows
from flake8_backend.project.items.templates import Templates
from flake8_backend.project.orm.models import Schema
from flake8_backend.project.running.contexts import Contexts
from flake8_backend.project.running.scripts import Scripts
from flake8_backend.project.running.serving import shows_asgi
from flake8_backend.project.schema.shapes import Shapes
from flake8_backend.project.settings import Settings
from flake8_backend.project.sql.sqlflow import SqlFlow
from flake8_backend.project.sql.strings import Strings
from flake8_backend.project.sql.taint import Taint
from flake8_backend.project.views.view import FunctionView, ModuleView
from flake8_backend.project.waiting.waits import Waits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from flake8_backend.config import Options
    from flake8_backend.core.diagnostic import Diagnostic, Json
    from flake8_backend.core.rule import Rule
    from flake8_backend.knowledge.facts import Knowledge
    from flake8_backend.project.modules import Module, ModuleTable
    from flake8_backend.project.routes import Route


class Solution:
    """Everything that rules may ask of one project."""

    def __init__(
        self,
        table: ModuleTable,
        knowledge: Knowledge,
        options: Options,
        requirements: Requirements | None = None,
        versions: Versions | None = None,
        templates: Templates | None = None,
        read: Callable[[str], str] | None = None,
    ) -> None:
        self.table = table
        self.knowledge = knowledge
        self.options = options
        self.requirements = requirements if requirements is not None else Requirements({})
        self.versions = versions if versions is not None else Versions(self.requirements, {})
        self.templates = templates if templates is not None else Templates(Path(), ())
        self.evaluator = Evaluator(table, knowledge)
        self.schema = Schema(self.evaluator)
        self.evaluator.schema = self.schema
        self.schema.versions = self.versions
        self.settings = self.evaluator.settings = Settings(self.evaluator)
        self.evaluator.refine = binding.returned
        self.evaluator.rebind = binding.with_receiver
        self.effects = Effects(self.evaluator)
        self.effects.acts.ignores_comments = options.flake8.disable_noqa
        if read is not None and options.astroid_queries:
            self.effects.acts.fallback = Fallback(self.evaluator, read, options.astroid_queries)

    @cached_property
    def contexts(self) -> Contexts:
        """Handlers and the other places where code runs."""
        return Contexts(self.evaluator, self.effects)

    @cached_property
    def call_sites(self) -> CallSites:
        """Who calls a function."""
        return CallSites(self.evaluator, self.effects)

    @cached_property
    def rows(self) -> Rows:
        """What functions load of rows."""
        return Rows(self)

    @cached_property
    def pages(self) -> Pages:
        """The lists that templates render."""
        return Pages(self, self.templates)

    @cached_property
    def rest_views(self) -> RestViews:
        """The lists that serializers represent."""
        return RestViews(self)

    @cached_property
    def routed(self) -> Routed:
        """Which actions of view classes the routes name."""
        return Routed(self)

    @cached_property
    def resolvers(self) -> Resolvers:
        """What a GraphQL server calls for every object of a list."""
        return Resolvers(self)

    @cached_property
    def shapes(self) -> Shapes:
        """Serializers and response schemas."""
        return Shapes(self)

    @cached_property
    def passed(self) -> Passed:
        """The rows that callers hand to functions."""
        return Passed(self)

    @cached_property
    def repeated(self) -> Repeated:
        """What loops ask of the database for every item."""
        return Repeated(self)

    @cached_property
    def sql(self) -> SqlFlow:
        """Where text becomes SQL, and what is put into it."""
        sites = self.call_sites
        strings = Strings(self.evaluator, sites)
        return SqlFlow(strings, sites, self.effects, Taint(strings, sites, self.contexts, self.schema))

    @cached_property
    def scripts(self) -> Scripts:
        """What runs from the command line alone."""
        return Scripts(self.evaluator, self.effects, self.contexts)

    @cached_property
    def shows_asgi(self) -> bool:
        """Whether something shows that a Django project is served by ASGI, its coroutines sharing one loop."""
        return shows_asgi(self.table, self.requirements)

    @cached_property
    def loop_library(self) -> str | None:
        """The library whose loop runs the project's coroutines, None when two are in use or none is known.

        anyio runs on the others' loops: it stands for itself where none of them is named.
        """
        found = self.table.imports & {"asyncio", "trio", "curio"}
        if not found:
            return "anyio" if "anyio" in self.table.imports else None
        return next(iter(found)) if len(found) == 1 else None

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """Every path that the project serves."""
        from flake8_backend.project.routes.table import RouteTable  # most runs ask for no routes

        return tuple(RouteTable(self).routes())

    @cached_property
    def listings(self) -> Listings:
        """What functions answer with."""
        return Listings(self)

    @cached_property
    def reads(self) -> Reads:
        """The functions that answer requests for data."""
        return Reads(self)

    def option(self, code: str, name: str, default: Json) -> Json:
        """A rule's option as it is configured."""
        return self.options.rule_options.get(code, {}).get(name, default)

    @cached_property
    def waits(self) -> Waits:
        """Calls that wait for ever."""
        return Waits(self)

    @property
    def functions(self) -> Iterator[FunctionView]:
        """Every function of the project, in the order of module names."""
        for name in sorted(self.table.by_name):
            yield from ModuleView(self, self.table.by_name[name]).functions

    @property
    def thread_runner(self) -> tuple[str, str, bool]:
        """What hands work to a thread: module, function, whether it takes keyword arguments for the work."""
        library = self.loop_library
        if library in ("trio", "anyio"):
            return library, "to_thread.run_sync", False
        return "asyncio", "to_thread", True

    def diagnostics(self, module: Module, rules: Iterable[Rule]) -> list[Diagnostic]:
        """What the rules that look at the solved project say of one module; a rule that raises is contained."""
        view = ModuleView(self, module)
        found: list[Diagnostic] = []
        for rule in rules:
            if view.is_test and not rule.in_tests:
                continue
            try:
                found += list(_checked(rule, view))
            except Exception as error:
                found.append(internal_error(rule.code, error))
        return found


def _checked(rule: Rule, view: ModuleView) -> Iterator[Diagnostic]:
    for check_module in rule.module_checks:
        yield from check_module(view)
    for check_class in rule.class_checks:
        for klass in view.classes:
            yield from check_class(klass)
    for check_function in rule.function_checks:
        for function in view.functions:
            yield from check_function(function)
