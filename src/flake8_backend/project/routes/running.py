"""Registrations as they happen: modules are run in thought, and the functions that register something are entered.

Only what bears on routes is looked at: calls and decorators whose names the packs know, and calls of functions in
which such a call stands. Each function is entered once per call, with the arguments of that call.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.project.routes.reading import followed
from flake8_backend.project.routes.records import Declared, Included, Router, Target
from flake8_backend.project.routes.scanning import Node, Scanning
from flake8_backend.project.routes.texts import UNREAD
from flake8_backend.project.sql.lookup import DEEPEST
from flake8_backend.project.sql.places import At, Followed, Place, takes_self
from flake8_backend.project.values import ClassRef, FunctionRef, Instance, Partial, Value, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.knowledge.facts import MarkerFact
    from flake8_backend.project.calls.callsites import CallSites
    from flake8_backend.project.evaluate import Evaluator

_SHARED = frozenset({"shared", "named", "view"})
_NOT_REGISTERING = frozenset({"listed", "verbs", "action", "urls"})


class Running(Scanning):
    """Entries of every router of a project."""

    def __init__(self, evaluator: Evaluator, sites: CallSites) -> None:
        super().__init__(evaluator, sites)
        self._entered: set[tuple[Node, At]] = set()
        self._run_nodes: set[Node] = set()

    def run(self) -> None:
        """Register everything: modules first, then functions that no module calls."""
        for name in sorted(self.table.by_name):
            self.enter((name, 0), At(name))
        for node in sorted(self._registering):
            if node not in self._run_nodes:
                self.enter(node, At(node[0]))
        self._join_names()

    # --- running -----------------------------------------------------------------------------------------------

    def enter(self, node: Node, at: At) -> None:
        """Run a module or function at a place, once."""
        if (node, at) in self._entered or at.depth > DEEPEST:
            return
        self._entered.add((node, at))
        self._run_nodes.add(node)
        for index, decorated in self._events(node):
            for _ in self.rounds(at, index):
                if decorated is None:
                    self._call(at, index)
                else:
                    self._decorate(at, index, *decorated)

    def _events(self, node: Node) -> Iterator[tuple[int, tuple[str, int] | None]]:
        """The calls and decorators of a function, in the order of the lines that they stand on."""
        module = self.table.by_name[node[0]]
        decorations = self._decorations.get(node, [])
        as_decorators = {decorator for decorator, _, _ in decorations}
        found: list[tuple[tuple[int, int], int, tuple[str, int] | None]] = []
        for decorator, kind, index in decorations:
            span = module.function(index).span if kind == terms.FUNCTION else module.class_(index).span
            found.append(((span[0], span[1]), decorator, (kind, index)))
        for call in dict.fromkeys([*self._calls.get(node, ()), *self._entering.get(node, ())]):
            if call not in as_decorators:
                term = module.summary.terms[call]
                found.append(((term[4], term[5]), call, None))
        for _, index, decorated in sorted(found, key=lambda event: event[0]):
            yield index, decorated

    def fill(self, router: Router, calls: Sequence[Place]) -> None:
        """What a router is made with; one that a method of another one makes belongs to that."""
        super().fill(router, calls)
        at, index = calls[-1]
        made_by = options(self.callee(at, self.term(at, index)))
        if router.marker is not None and any(isinstance(getattr(o, "receiver", None), Instance) for o in made_by):
            for outer in self.receivers(router.marker, "", (at, index)):
                outer.add(Included(router))

    # --- calls -------------------------------------------------------------------------------------------------

    def _call(self, at: At, index: int) -> None:
        term = self.term(at, index)
        inner = self.term(at, term[1])
        if inner[0] == terms.CALL and term[2]:
            self._decorate_with(at, term[1], self.target(at, term[2][0]))
        marker, name = self.declaration(at, index)
        if marker is not None:
            self._register(marker, name, (at, index))
            return
        for option in options(self.callee(at, term)):
            for function in self._functions(option):
                node = (function.module, function.index)
                if node in self._registering:
                    self.enter(node, followed(function, at, index))

    def _functions(self, value: Value) -> Iterator[FunctionRef]:
        if isinstance(value, FunctionRef):
            yield value
        elif isinstance(value, Partial):
            yield from self._functions(value.function)
        elif isinstance(value, ClassRef) and value.home is not None:
            init = self.evaluator.method(value, "__init__")
            if init is not None:
                yield FunctionRef(init[0].name, init[1], Instance(value))

    def _register(self, marker: MarkerFact, name: str, place: Place) -> None:
        routing = marker.routing
        does = routing.does if routing is not None else ""
        if does in ("app", "router", "resources"):
            if marker.form == "call":
                self.made(place)
            return
        if does in _NOT_REGISTERING or marker.form not in ("call", "method"):
            return
        if does in ("named", "view"):
            self._keep(marker, name, place, None)
            return
        receivers = self.receivers(marker, name, place)
        if does == "include":
            self._include(marker, place, receivers)
        elif does == "register":
            for router in receivers:
                self.register_class(router, marker, place)
        elif receivers:
            for entry in self.declared(marker, name, place):
                for router in receivers:
                    router.add(entry)

    def receivers(self, marker: MarkerFact, name: str, place: Place) -> list[Router]:
        """The routers that a method is called on; the shared one for a function of the library itself."""
        at, index = place
        term = self.term(at, index)
        callee = self.term(at, term[1]) if term[0] == terms.CALL else term
        value = self.callee(at, term) if term[0] == terms.CALL else self.value(at, index)
        if any(getattr(option, "receiver", None) is not None for option in options(value)):
            if callee[0] == terms.ATTRIBUTE:
                return self.denoted(at, callee[1])
            owner = str(callee[1]).rpartition(".")[0] if callee[0] == terms.NAME else ""
            places = self.definitions(owner) or []
            found = [router for behind in places for router in self.denoted(*behind)]
            return found or (self.denoted_name(at, owner) if owner else [])
        is_shared = marker.routing is not None and marker.routing.does in _SHARED
        return [self.shared(marker.pack, marker)] if is_shared else []

    def denoted_name(self, at: At, dotted: str) -> list[Router]:
        """What a dotted name stands for whose last part is an attribute: ``app.router``."""
        owner, _, attribute = dotted.rpartition(".")
        found = [router for place in self.definitions(owner) or () for router in self.denoted(*place)]
        return self._standing_in(found, attribute)

    def _include(self, marker: MarkerFact, place: Place, receivers: Sequence[Router]) -> None:
        routing = marker.routing
        if routing is None or not receivers:
            return
        if routing.into:
            outer = self.parameter(place, marker, routing.into, 0)
            for router in self.denoted(*outer) if outer is not None else ():
                for child in receivers:
                    router.add(Included(child))
            return
        prefix = self.parameter(place, marker, routing.prefix)
        told = None if prefix is None or self.constant(*prefix) is None else self.shown(*prefix)
        dependencies = self.dependencies([place], marker)
        alone = self.stands_alone([place], marker)
        for given in self._included(marker, place):
            children = self.denoted(*given) or self.listed_children(*given)
            for router in receivers:
                for child in children:
                    router.add(Included(child, told, routing.replaces, dependencies=dependencies, alone=alone))
                if not children:
                    for entry in self.entries(*given, marker):
                        router.add(entry)

    def _included(self, marker: MarkerFact, place: Place) -> list[Place]:
        assert marker.routing is not None
        given = self.parameter(place, marker, marker.routing.child, 0)
        return [given] if given is not None else []

    def listed_children(self, at: At, index: int) -> list[Router]:
        """A router that is named by a text: ``add_router("/orders", "orders.api.router")``."""
        dotted = self.text(at, index)
        places = self.definitions(dotted) if dotted is not None else None
        return [router for place in places or () for router in self.denoted(*place)]

    def _denoted(self, at: At, index: int) -> list[Router]:
        """The routers that a term may stand for; of a parameter, those that any caller gives."""
        term = self.term(at, index)
        if term[0] == terms.PARAMETER and (at.module, term[1]) not in self._asked:
            self._asked.add((at.module, term[1]))
            try:
                found = [router for place in self._from_callers(at, term) for router in self.denoted(*place)]
            finally:
                self._asked.discard((at.module, term[1]))
            if found:
                return found
        return super()._denoted(at, index)

    @cached_property
    def _asked(self) -> set[Node]:
        return set()

    def _from_callers(self, at: At, term: Sequence[Any]) -> Iterator[Place]:
        for caller in self._sites.callers((at.module, term[1])):
            if caller.place is None:
                site = caller.site
                place = self.passed(At(site.module), site.term, (at.module, term[1]), term[2])
                if place is not None:
                    yield place

    # --- paths that have a name, and views that are registered for it ---------------------------------------------

    def _keep(self, marker: MarkerFact, name: str, place: Place, target: Target | None) -> None:
        routing = marker.routing
        given = self.parameter(place, marker, routing.child) if routing is not None else None
        route = self.text(*given) if given is not None else None
        if routing is None or route is None:
            return
        if routing.does == "named":
            pattern = self.parameter(place, marker, routing.prefix)
            self._named[marker.pack, route] = self.shown(*pattern) if pattern is not None else UNREAD
            return
        if target is None:
            handler = self.parameter(place, marker, (marker.handler or "").removeprefix("param:"))
            target = self.target(*handler) if handler is not None else None
        if target is not None:
            self._named_views.append(
                (route, Declared("", self.verbs(marker, name, place), target, marker, self.place_of(*place)))
            )

    @cached_property
    def _named(self) -> dict[tuple[str, str], str]:
        return {}

    @cached_property
    def _named_views(self) -> list[tuple[str, Declared]]:
        return []

    def _join_names(self) -> None:
        for route, view in self._named_views:
            path = self._named.get((view.marker.pack, route))
            if path is not None:
                self.shared(view.marker.pack, view.marker).add(replace(view, path=path))

    # --- decorators --------------------------------------------------------------------------------------------

    def _decorate(self, at: At, index: int, kind: str, decorated: int) -> None:
        if kind == terms.FUNCTION:
            target = Target(node=(at.module, decorated))
        else:
            klass = self.module(at).class_(decorated)
            target = Target(cls=ClassRef(f"{at.module}.{klass.qualname}", (at.module, decorated)))
        self._decorate_with(at, index, target)

    def _decorate_with(self, at: At, index: int, target: Target | None, depth: int = 0) -> None:
        if target is None or depth > DEEPEST:
            return
        marker, name = self.declaration(at, index)
        if marker is not None:
            self._declare(marker, name, (at, index), target)
            return
        term = self.term(at, index)
        if term[0] == terms.CALL:
            for place in self._results((at, index)):
                for where, end in self.ends(*place) if self.term(*place)[0] != terms.CALL else (place,):
                    self._apply(where, end, target, depth)
        else:
            self._apply(at, index, target, depth)

    def _apply(self, at: At, index: int, target: Target, depth: int) -> None:
        """What a decorator is: a call of a router's method, or a function that registers what it is given."""
        if self.term(at, index)[0] == terms.CALL:
            self._decorate_with(at, index, target, depth + 1)
            return
        for option in options(self.value(at, index)):
            if not isinstance(option, FunctionRef) or (option.module, option.index) not in self._registering:
                continue
            home = self.table.by_name[option.module]
            function = home.function(option.index)
            own = 1 if takes_self(home, function) else 0
            if len(function.parameters) <= own:
                continue
            inside = At(option.module, Followed(option, index, at, at.depth + 1))
            for term, found in enumerate(home.summary.terms):
                if list(found) == [terms.PARAMETER, option.index, own]:
                    self._served[inside, term] = target
            self.enter((option.module, option.index), inside)

    @cached_property
    def _served(self) -> dict[Place, Target]:
        """What parameters of decorators stand for."""
        return {}

    def target(self, at: At, index: int, depth: int = 0) -> Target | None:
        """What a term registers as a handler; what a decorator is given, too."""
        served = self._served.get((at, index))
        return served if served is not None else super().target(at, index, depth)

    def _declare(self, marker: MarkerFact, name: str, place: Place, target: Target) -> None:
        routing = marker.routing
        if (routing is not None and routing.does in _NOT_REGISTERING) or marker.form != "decorator":
            return
        if routing is not None and routing.does == "view":
            self._keep(marker, name, place, target)
            return
        for router in self.receivers(marker, name, place):
            for entry in self.declared(marker, name, place, target):
                router.add(entry)

    # --- given by subclasses -----------------------------------------------------------------------------------

    def register_class(self, router: Router, marker: MarkerFact, place: Place) -> None:
        """Routes that a router makes of a class."""
        raise NotImplementedError
