"""The objects that hold routes: applications, routers, blueprints, told apart by the call that makes each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flake8_backend.project.evaluation.classes import class_ref
from flake8_backend.project.routes.reading import class_of, followed
from flake8_backend.project.routes.records import Router
from flake8_backend.project.routes.texts import Texts
from flake8_backend.project.values import ClassRef, External, FunctionRef, Instance, Value, options
from flake8_backend.semantic import terms
from flake8_backend.semantic.summary import SITE_TERM

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from flake8_backend.knowledge.facts import MarkerFact
    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.sql.places import At, Place

_MAKERS = frozenset({"app", "router", "resources"})
_MOST_WRAPPED = 6


class Objects(Texts):
    """Routers by the calls that made them."""

    def __init__(self, evaluator: Evaluator) -> None:
        super().__init__(evaluator)
        self.routers: dict[Hashable, Router] = {}
        self.guards: set[Place] = set()  # what is listed as a guard

    # --- arguments ---------------------------------------------------------------------------------------------

    def parameter(self, place: Place, marker: MarkerFact, name: str, position: int | None = None) -> Place | None:
        """What a call gives to a parameter, at the position that a pack tells, else at ``position``."""
        if not name:
            return None
        option = marker.option(name)
        return self.passed_as(place, option.pos if option is not None else position, name)

    def passed_as(self, place: Place, position: int | None, name: str) -> Place | None:
        """What a call gives to a parameter by its position or name, or by a mapping that is spread into it."""
        at, index = place
        term = self.term(at, index)
        found = self.evaluator.argument(self.module(at), term, position, name)
        if found:
            return at, found
        for keyword, value in term[3]:
            if keyword == terms.DOUBLE_STAR:
                found_place = self._of_spread(at, value, name)
                if found_place is not None:
                    return found_place
        return None

    def _of_spread(self, at: At, index: int, name: str) -> Place | None:
        for where, end in self.ends(at, index):
            display = self.term(where, end)
            if display[0] == terms.DISPLAY and display[1] == "dict":
                for key, value in zip(display[2][::2], display[2][1::2], strict=False):
                    if value and self.text(where, key) == name:
                        return where, value
        return None

    def listed(self, place: Place | None) -> tuple[Place, ...]:
        """The items of an argument that is a list."""
        return tuple(self.items(*place) or ()) if place is not None else ()

    # --- makers ------------------------------------------------------------------------------------------------

    def maker(self, value: Value | None) -> tuple[MarkerFact, ClassRef | None] | None:
        """The fact about a class whose objects hold routes, and the class where it is one of the project."""
        for option in options(value):
            if isinstance(option, External):
                found = self._maker_named([option.name])
            elif isinstance(option, ClassRef):
                found = self._maker_named(self.evaluator.library_bases(option))
            else:
                continue
            if found is not None:
                return found, option if isinstance(option, ClassRef) and option.home is not None else None
        return None

    def _maker_named(self, names: Sequence[str]) -> MarkerFact | None:
        for name in names:
            for marker in self.knowledge.markers(name):
                if marker.routing is not None and marker.routing.does in _MAKERS and self._is_exactly(marker, name):
                    return marker
        return None

    def _is_exactly(self, marker: MarkerFact, name: str) -> bool:
        """Whether a marker is of the class itself, or of a base of it, not of a method with such a name."""
        return any(name == own or self.knowledge.is_subclass(name, own) for own in marker.names)

    def made(self, place: Place) -> Router | None:
        """The router that a call makes."""
        if place in self.routers:
            return self.routers[place]
        at, index = place
        found = self.maker(self.callee(at, self.term(at, index)))
        if found is None:
            return None
        marker, cls = found
        assert marker.routing is not None
        router = self.routers[place] = Router(
            key=place,
            framework=marker.pack,
            is_app=marker.routing.does == "app",
            joins=marker.routing.joins,
            place=self.place_of(at, index),
            marker=marker,
            cls=cls,
            made_at=place,
        )
        calls = self._makings(place, cls)
        router.prefix = self._prefix(calls, marker)
        router.dependencies = self.dependencies(calls, marker)
        router.alone = self.stands_alone(calls, marker)
        self.fill(router, calls)
        return router

    def fill(self, router: Router, calls: Sequence[Place]) -> None:
        """Add what a router is made with: overridden where lists of declarations are read."""

    def _makings(self, place: Place, cls: ClassRef | None) -> list[Place]:
        """The calls that say how an object is made: of ``super().__init__`` within its own, then the one that makes it."""
        found = [place]
        at, index = place
        current = cls
        for _ in range(_MOST_WRAPPED):
            init = self.evaluator.method(current, "__init__") if current is not None else None
            if init is None:
                break
            home, function, base = init
            inside = followed(FunctionRef(home.name, function, Instance(cls) if cls else None), at, index)
            outer = next(
                (
                    site[SITE_TERM]
                    for site in home.function(function).sites
                    if self._is_super_init(home.summary.terms, site[SITE_TERM])
                ),
                0,
            )
            if not outer or base.home is None:
                break
            at, index = inside, outer
            found.insert(0, (at, index))
            current = next((b for b in self.evaluator.lineage(base)[1:] if b.home is not None), None)
        return found

    @staticmethod
    def _is_super_init(table: Sequence[Sequence[Any]], index: int) -> bool:
        callee = table[table[index][1]]
        return bool(callee[0] == terms.ATTRIBUTE and callee[2] == "__init__" and table[callee[1]][0] == terms.SUPER)

    def _prefix(self, calls: Sequence[Place], marker: MarkerFact) -> str:
        routing = marker.routing
        assert routing is not None
        for call in calls:
            place = self.parameter(call, marker, routing.prefix)
            if place is not None and self.constant(*place) is not None:
                return self.shown(*place)
        return self._filled(routing.prefix_default, calls, marker)

    def _filled(self, template: str, calls: Sequence[Place], marker: MarkerFact) -> str:
        """``/{name}`` with the argument ``name``."""
        start, end = template.find("{"), template.find("}")
        if start < 0 or end < start:
            return template
        for call in calls:
            place = self.parameter(call, marker, template[start + 1 : end])
            if place is not None:
                return template[:start] + self.shown(*place) + template[end + 1 :]
        return template

    def dependencies(self, calls: Sequence[Place], marker: MarkerFact) -> tuple[Place, ...]:
        """What a declaration lists as dependencies, guards or decorators of everything below it."""
        routing = marker.routing
        found: dict[Place, None] = {}
        for call in calls if routing is not None else ():
            for name in (*routing.dependencies, *routing.guards) if routing is not None else ():
                place = self.parameter(call, marker, name)
                if place is None or self.constant(*place) is None:
                    continue
                items = self.items(*place)
                items = [place] if items is None else items
                found.update(dict.fromkeys(items))
                if routing is not None and name in routing.guards:
                    self.guards.update(items)
        return tuple(found)

    def stands_alone(self, calls: Sequence[Place], marker: MarkerFact) -> bool:
        """Whether a declaration says something that stands in place of what is said around it."""
        routing = marker.routing
        return (
            routing is not None
            and routing.nearest
            and any(self.parameter(call, marker, name) is not None for call in calls for name in routing.guards)
        )

    # --- routers that terms denote ------------------------------------------------------------------------------

    def denoted(self, at: At, index: int) -> list[Router]:
        """The routers that a term may stand for."""
        found: dict[int, Router] = {}
        for where, end in self.ends(at, index):
            for router in self._denoted(where, end):
                found.setdefault(id(router), router)
        return list(found.values())

    def _denoted(self, at: At, index: int) -> list[Router]:
        term = self.term(at, index)
        if term[0] == terms.CALL:
            router = self.made((at, index))
            return [router] if router is not None else []
        if term[0] == terms.ATTRIBUTE:
            return self._standing_in(self.denoted(at, term[1]), term[2]) or self._of_type(at, index)
        if term[0] == terms.NAME:
            owner, _, attribute = str(term[1]).rpartition(".")
            places = self.definitions(owner) if owner else None
            found = [router for place in places or () for router in self.denoted(*place)]
            return self._standing_in(found, attribute) or self._of_type(at, index)
        if term[0] == terms.SELF:
            cls = class_ref(self.module(at), term[1])
            return [
                router for router in self.routers.values() if router.cls is not None and self._is_a(router.cls, cls)
            ]
        return self._of_type(at, index)

    def _is_a(self, cls: ClassRef, base: ClassRef) -> bool:
        return any(other.home == base.home for other in self.evaluator.lineage(cls))

    @staticmethod
    def _standing_in(routers: list[Router], attribute: str) -> list[Router]:
        """``app.router`` and ``router.urls`` stand for ``app`` and ``router``."""
        return [
            router
            for router in routers
            if router.marker is not None
            and router.marker.routing is not None
            and attribute in router.marker.routing.attributes
        ]

    def _of_type(self, at: At, index: int) -> list[Router]:
        """The only application of the type that a term has, where nothing tells where it comes from."""
        value = self.value(at, index)
        cls = class_of(value) if isinstance(value, Instance) else None
        found = self.maker(cls) if cls is not None else None
        if found is None:
            return []
        marker = found[0]
        alike = [router for router in self.routers.values() if router.is_app and router.framework == marker.pack]
        return alike if len(alike) == 1 else []

    def shared(self, framework: str, marker: MarkerFact) -> Router:
        """The one application that module-level declarations of a library go to."""
        key = ("shared", framework)
        if key not in self.routers:
            self.routers[key] = Router(key=key, framework=framework, is_app=True, marker=marker)
        return self.routers[key]
