"""Where code runs: handlers and their routes, tests, migrations, scripts, start-up code.

Every context rests on evidence in code. Handlers are found through the route markers of the packs: decorators, class
views, and calls that register a view.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.project.answers.reads import is_write
from flake8_backend.project.values import ClassRef, Constant, External, FunctionRef, Instance, Value, options
from flake8_backend.semantic import terms
from flake8_backend.semantic.outline import TEST
from flake8_backend.semantic.summary import SITE_TERM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.knowledge.facts import MarkerFact
    from flake8_backend.project.calls.effects import Effects
    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module

_NODE = tuple[str, int]
_FOR_TESTS = frozenset({"testing", "tests", "test_utils", "testutils"})
_VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
_VIEWSET_VERBS = {
    "list": "GET",
    "retrieve": "GET",
    "create": "POST",
    "update": "PUT",
    "partial_update": "PATCH",
    "destroy": "DELETE",
}
WEBSOCKET = "websocket"
_ROUTES = frozenset({"route", WEBSOCKET})


@dataclass(frozen=True, slots=True)
class Handler:
    """A function that serves requests: verbs in capitals (empty: any), its path where known, and where it runs.

    ``runs_in`` is where a plain ``def`` runs: ``event loop``, ``thread pool`` or a worker; ``own_loop``: an async
    handler has a loop of its own per request, so blocking it delays nobody else. ``query`` is what declares parameters
    that are read from the query string, where parameters of the function are.
    """

    framework: str
    verbs: tuple[str, ...]
    path: str | None
    runs_in: str
    own_loop: bool
    query: str = ""

    @property
    def is_websocket(self) -> bool:
        """Whether it serves a connection rather than a request."""
        return self.runs_in == WEBSOCKET


class Contexts:
    """The contexts of a project's functions, found on demand."""

    def __init__(self, evaluator: Evaluator, effects: Effects) -> None:
        self._evaluator = evaluator
        self._effects = effects
        self._table = evaluator.table
        self._handlers: dict[_NODE, Handler | None] = {}
        self._kinds: dict[_NODE, frozenset[str]] = {}

    # --- modules -----------------------------------------------------------------------------------------------

    @staticmethod
    def is_test(module: Module) -> bool:
        """A file that pytest or unittest would collect: the name or folder says so and it holds tests; a conftest."""
        return TEST in module.summary.traits

    def supports_tests(self, module: Module) -> bool:
        """Whether a module belongs to a package for tests that holds a class which test cases derive from."""
        parts = module.name.split(".")
        place = next((index for index, part in enumerate(parts) if part in _FOR_TESTS), None)
        return place is not None and any(
            f"{name}.".startswith(f"{'.'.join(parts[: place + 1])}.") for name in self._with_test_cases
        )

    @cached_property
    def _with_test_cases(self) -> tuple[str, ...]:
        """The modules that define a test case, those with tests left out."""
        return tuple(
            module.name
            for module in self._table
            for klass in module.summary.classes
            if klass.name.endswith("TestCase") and klass.bases
        )

    def is_migration(self, module: Module) -> bool:
        """A Django ``Migration`` module or an Alembic revision."""
        names = module.summary.names
        if "revision" in names and "down_revision" in names and "upgrade" in names:
            return True
        return any(klass.name == "Migration" and "operations" in klass.attributes for klass in module.summary.classes)

    # --- handlers ----------------------------------------------------------------------------------------------

    def handler(self, node: _NODE) -> Handler | None:
        """How a function serves requests, ``None`` when nothing shows that it does."""
        if node not in self._handlers:
            self._handlers[node] = self._find_handler(node)
        return self._handlers[node]

    def _find_handler(self, node: _NODE) -> Handler | None:
        module = self._table.by_name[node[0]]
        function = module.function(node[1])
        allowed = self._allowed_verbs(module, function.decorators)
        found = self._find_route(node, module, function)
        return replace(found, verbs=allowed) if found is not None and allowed else found

    def resolves(self, node: _NODE) -> bool:
        """Whether a decorator makes a function a resolver of GraphQL queries, not of mutations or subscriptions."""
        module = self._table.by_name[node[0]]
        return any(
            marker.kind == "resolver" and marker.form == "decorator" and not is_write(name)
            for marker, name, _ in self._declarations(module, module.function(node[1]).decorators)
        )

    def _allowed_verbs(self, module: Module, decorators: Sequence[int]) -> tuple[str, ...]:
        """What a decorator such as ``require_POST`` or ``require_http_methods(["GET"])`` lets through."""
        for marker, name, call in self._declarations(module, decorators):
            if marker.kind == "route-methods":
                if call is not None and call[2]:
                    return tuple(text.upper() for text in self._texts(module, call[2][0]))
                last = name.rpartition("_")[2].upper()
                return ("GET", "HEAD") if last == "SAFE" else (last,)
        return ()

    def _find_route(self, node: _NODE, module: Module, function: Any) -> Handler | None:
        for marker, name, call in self._declarations(module, function.decorators):
            if marker.kind in _ROUTES and marker.form == "decorator":
                return self._handler(marker, name, module, call)
        if function.kind == "method":
            found = self._class_handler(module, function)
            if found is not None:
                return found
        return self._registered.get(node)

    def _declarations(
        self, module: Module, decorators: Sequence[int]
    ) -> Iterator[tuple[MarkerFact, str, Sequence[Any] | None]]:
        """The markers of each decorator, with the name it was found by and its call."""
        for index in decorators:
            term = module.summary.terms[index]
            call = term if term[0] == terms.CALL else None
            for value in options(self._evaluator.value(module, term[1] if call is not None else index)):
                name = _name_of(value)
                if name is not None:
                    for marker in self._evaluator.knowledge.markers(name):
                        yield marker, name, call

    def _handler(self, marker: MarkerFact, name: str, module: Module, call: Sequence[Any] | None) -> Handler:
        runs_in = marker.sync_runs_in or "worker"
        if call is not None and self._true(module, call, "sync_to_thread"):
            runs_in = "thread pool"
        return Handler(
            framework=marker.pack,
            verbs=self._verbs(marker, name, module, call),
            path=self._path(module, call),
            runs_in=WEBSOCKET if marker.kind == WEBSOCKET else runs_in,
            own_loop="own loop" in (marker.async_handlers or "") or "WSGI" in runs_in,
            query=marker.query_param or "",
        )

    def _true(self, module: Module, call: Sequence[Any], name: str) -> bool:
        index = self._evaluator.argument(module, call, None, name)
        return bool(index) and self._evaluator.value(module, index) == Constant(True)

    def _verbs(self, marker: MarkerFact, name: str, module: Module, call: Sequence[Any] | None) -> tuple[str, ...]:
        how = marker.methods or ""
        last = name.rpartition(".")[2].removeprefix("add_").lower()
        if how.startswith("by name") and last in _VERBS:
            return (last.upper(),)
        if how.startswith("param:"):
            wanted = how.removeprefix("param:").partition(",")[0]
            index = self._evaluator.argument(module, call, None, wanted) if call is not None else 0
            if not index and call is not None and wanted == "http_method_names" and call[2]:
                index = call[2][0]
            found = self._texts(module, index)
            if found:
                return tuple(text.upper() for text in found)
            return ("GET",) if "GET when absent" in how else ()
        return ()

    def _texts(self, module: Module, index: int) -> list[str]:
        term = module.summary.terms[index] if index else terms.NOTHING
        if term[0] == terms.CONSTANT and isinstance(term[1], str):
            return [term[1]]
        if term[0] == terms.DISPLAY:
            return [text for part in term[2] for text in self._texts(module, part)]
        return []

    def _path(self, module: Module, call: Sequence[Any] | None) -> str | None:
        if call is None:
            return None
        for index in call[2][:1] or [value for name, value in call[3] if name in ("path", "rule", "uri")]:
            term = module.summary.terms[index]
            if term[0] == terms.CONSTANT and isinstance(term[1], str):
                return term[1]
        return None

    def _class_handler(self, module: Module, function: Any) -> Handler | None:
        klass = module.class_(function.class_index)
        cls = ClassRef(f"{module.name}.{klass.qualname}", (module.name, function.class_index))
        name = function.name
        for base in self._evaluator.library_bases(cls):
            for marker in self._evaluator.knowledge.markers(base):
                if marker.kind != "route" or marker.form != "class":
                    continue
                verb = _VIEWSET_VERBS.get(name) if "retrieve" in (marker.methods or "") else None
                if name in _VERBS:
                    verb = name.upper()
                if verb is not None:
                    return self._handler_of_class(marker, verb)
        return None

    def _handler_of_class(self, marker: MarkerFact, verb: str) -> Handler:
        runs_in = marker.sync_runs_in or "worker"
        return Handler(
            marker.pack, (verb,), None, runs_in, "own loop" in (marker.async_handlers or "") or "WSGI" in runs_in
        )

    @cached_property
    def _registered(self) -> dict[_NODE, Handler]:
        """Handlers that a call registers: ``path("orders/", views.orders)``, ``add_url_rule``, ``Route(…)``."""
        found: dict[_NODE, Handler] = {}
        for name in sorted(self._table.by_name):
            module = self._table.by_name[name]
            for function in module.summary.functions:
                for site in function.sites:
                    term = module.summary.terms[site[SITE_TERM]]
                    self._registration(module, term, found)
        return found

    def _registration(self, module: Module, term: Sequence[Any], found: dict[_NODE, Handler]) -> None:
        callee = module.summary.terms[term[1]]
        last = _as_imported(module, callee[1]) if callee[0] == terms.NAME else ""
        if callee[0] == terms.ATTRIBUTE:
            last = callee[2]
        if last not in self._registrars:
            return
        for value in options(self._evaluator.value(module, term[1])):
            name = _name_of(value)
            for marker in self._evaluator.knowledge.markers(name) if name else ():
                if marker.kind in _ROUTES and marker.form == "call":
                    handler = self._handler(marker, name or "", module, term)
                    for node in self._views(module, term, marker):
                        found.setdefault(node, handler)

    @cached_property
    def _registrars(self) -> frozenset[str]:
        return frozenset(
            name.rpartition(".")[2]
            for kind in _ROUTES
            for marker in self._evaluator.knowledge.markers_of_kind(kind)
            if marker.form == "call"
            for name in marker.names
        )

    def _views(self, module: Module, term: Sequence[Any], marker: MarkerFact) -> Iterator[_NODE]:
        wanted = (marker.handler or "").removeprefix("param:")
        passed = [*term[2], *(value for name, value in term[3] if name == wanted)]
        for index in passed:
            for value in options(self._evaluator.value(module, index)):
                yield from self._view_nodes(value)

    def _view_nodes(self, value: Value) -> Iterator[_NODE]:
        if isinstance(value, FunctionRef):
            yield value.module, value.index

    def plain_runs_in(self, node: _NODE) -> str:
        """Where the body of a plain ``def`` runs that a framework calls: ``event loop``, ``thread pool``, ``worker``.

        Resolvers, middleware and a handler class's hooks count as well as routes; empty where nothing is known.
        """
        handler = self.handler(node)
        if handler is not None:
            return handler.runs_in
        module = self._table.by_name[node[0]]
        function = module.function(node[1])
        for marker, _, call in self._declarations(module, function.decorators):
            if marker.sync_runs_in and marker.form == "decorator":
                threaded = call is not None and self._true(module, call, "sync_to_thread")
                return "thread pool" if threaded else marker.sync_runs_in
        if function.kind == "method":
            for marker in self._class_markers(module, function.class_index):
                if function.name in marker.hooks:
                    return marker.sync_runs_in or ""
        return ""

    def _class_markers(self, module: Module, class_index: int) -> Iterator[MarkerFact]:
        klass = module.class_(class_index)
        cls = ClassRef(f"{module.name}.{klass.qualname}", (module.name, class_index))
        for base in self._evaluator.library_bases(cls):
            yield from (marker for marker in self._evaluator.knowledge.markers(base) if marker.form == "class")

    # --- other contexts ----------------------------------------------------------------------------------------

    def kinds(self, node: _NODE) -> frozenset[str]:
        """Marker kinds of a function's decorators (``task``, ``startup``, ``background``, ``auth`` …)."""
        if node not in self._kinds:
            module = self._table.by_name[node[0]]
            function = module.function(node[1])
            kinds = {marker.kind for marker, _, _ in self._declarations(module, function.decorators)}
            if node in self._lifespans:
                kinds.add("startup")
            self._kinds[node] = frozenset(kinds)
        return self._kinds[node]

    @cached_property
    def _lifespans(self) -> frozenset[_NODE]:
        """Functions given to an application as its start-up code: ``FastAPI(lifespan=…)``, ``on_startup=[…]``."""
        found: set[_NODE] = set()
        for module in self._table:
            for function in module.summary.functions:
                for site in function.sites:
                    term = module.summary.terms[site[SITE_TERM]]
                    for name, index in term[3]:
                        if name in ("lifespan", "on_startup", "on_shutdown", "startup", "shutdown"):
                            found.update(self._callables(module, index))
        return frozenset(found)

    def _callables(self, module: Module, index: int) -> Iterator[_NODE]:
        term = module.summary.terms[index]
        for part in term[2] if term[0] == terms.DISPLAY else [index]:
            for value in options(self._evaluator.value(module, part)):
                if isinstance(value, FunctionRef):
                    yield value.module, value.index


def _as_imported(module: Module, dotted: str) -> str:
    """The last part of a name; an import's own one: ``from django.urls import path as p``."""
    rest = dotted.removeprefix(f"{module.name}.")
    bound = module.summary.names.get(rest, ()) if "." not in rest else ()
    imported = module.summary.terms[bound[-1]] if bound else terms.NOTHING
    return str(imported[1] if imported[0] == terms.NAME else dotted).rpartition(".")[2]


def _name_of(value: Value) -> str | None:
    if isinstance(value, External):
        return value.name
    if isinstance(value, ClassRef) and value.home is None:
        return value.name
    if isinstance(value, Instance) and value.cls.home is None:
        return value.cls.name
    return None
