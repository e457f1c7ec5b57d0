"""Routers that make routes of classes: a list, its items, and the further actions of the class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_backend.project.routes import paths
from flake8_backend.project.routes.records import Declared, Router, Target
from flake8_backend.project.routes.running import Running
from flake8_backend.project.sql.places import At, Place
from flake8_backend.project.values import ClassRef, Constant, options
from flake8_backend.semantic import terms
from flake8_backend.semantic.summary import SITE_TERM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flake8_backend.knowledge.facts import MarkerFact
    from flake8_backend.knowledge.records import Resource

_LOOKUP = "pk"
_SLASH = "/"


class Resources(Running):
    """Routes of classes that are registered with routers."""

    def run(self) -> None:
        """Register everything, and the views of routers' own paths."""
        super().run()
        for router in list(self.routers.values()):
            if router.marker is not None and router.marker.routing is not None and router.marker.routing.root:
                target = self._root_view(router, router.marker.routing.root)
                router.add(Declared("", ("GET",), target, router.marker, router.place))

    def _root_view(self, router: Router, named: str) -> Target:
        """What ``router.APIRootView = OrdersRootView`` says, or the class of the router; the library's own otherwise."""
        attribute = named.rpartition(".")[2]
        for module in self.table:
            for owner, name, value in module.summary.assignments:
                if name == attribute and router in self.denoted(At(module.name), owner):
                    target = self.target(At(module.name), value)
                    if target is not None:
                        return target
        for place in self.members(router.cls, attribute) or () if router.cls is not None else ():
            target = self.target(*place)
            if target is not None:
                return target
        return Target(name=named)

    def register_class(self, router: Router, marker: MarkerFact, place: Place) -> None:
        """``router.register("orders", OrderViewSet)``."""
        made_by = router.marker
        prefix = self.parameter(place, marker, "prefix")
        given = self.parameter(place, marker, "viewset")
        target = self.target(*given) if given is not None else None
        if made_by is None or made_by.routing is None or prefix is None or target is None or target.cls is None:
            return
        shown = paths.of_pattern(self.shown(*prefix))
        slash = self._trailing(router)
        lookup = self._lookup(target.cls, made_by.routing.lookup)
        for position, resource in enumerate(made_by.routing.resources):
            path = self._filled_in(resource, shown, lookup, slash)
            methods = {**resource.methods, **self._more_methods(router, position)}
            own = {verb: method for verb, method in methods.items() if self.has_method(target.cls, method)}
            if own:
                self._add(router, marker, place, path, Target(cls=target.cls, name=target.name, methods=own))
        for path, methods in self._actions(target.cls, made_by.routing.resources, shown, lookup, slash):
            self._add(router, marker, place, path, Target(cls=target.cls, name=target.name, methods=methods))

    def _add(self, router: Router, marker: MarkerFact, place: Place, path: str, target: Target) -> None:
        router.add(Declared(path, (), target, marker, self.place_of(*place), call=place))

    @staticmethod
    def _filled_in(resource: Resource, prefix: str, lookup: str, slash: str) -> str:
        path = resource.path.format(prefix=prefix, lookup=f"<{lookup}>", slash=slash)
        return path if prefix else path.lstrip("/")

    def _trailing(self, router: Router) -> str:
        if router.made_at is None:
            return _SLASH
        place = self.passed_as(router.made_at, 0, "trailing_slash")
        return "" if place is not None and self.constant(*place) is False else _SLASH

    def _lookup(self, cls: ClassRef, attributes: Sequence[str]) -> str:
        """The name by which an item is looked up: the first of the attributes that the class sets."""
        for attribute in attributes:
            for place in self.members(cls, attribute) or ():
                text = self.text(*place)
                if text is not None:
                    return text
        return _LOOKUP

    def has_method(self, cls: ClassRef, name: str) -> bool:
        """Whether a class answers with a method, its own or one of a library's class."""
        if self.evaluator.method(cls, name) is not None:
            return True
        bases = self.evaluator.library_bases(cls)
        return any(name in marker.provides for base in bases for marker in self.knowledge.markers(base))

    # --- further actions ---------------------------------------------------------------------------------------

    def _actions(
        self, cls: ClassRef, resources: Sequence[Resource], prefix: str, lookup: str, slash: str
    ) -> Iterator[tuple[str, dict[str, str]]]:
        for name, (at, decorator), marker in self._marked(cls):
            of_item = self._is_of_item(marker, (at, decorator))
            base = next((r for r in resources if r.each == of_item), None)
            if base is None:
                continue
            url = self.parameter((at, decorator), marker, "url_path")
            tail = paths.of_pattern(self.shown(*url)) if url is not None and self.constant(*url) is not None else name
            start = self._filled_in(base, prefix, lookup, "")
            verbs = self.verbs(marker, "", (at, decorator)) or ("GET",)
            methods = {verb.lower(): name for verb in verbs}
            methods.update(self._mapped(cls, name))
            yield f"{start}/{tail}{slash}".lstrip("/"), methods

    def _is_of_item(self, marker: MarkerFact, place: Place) -> bool:
        given = self.parameter(place, marker, "detail")
        return given is not None and self.constant(*given) is True

    def _marked(self, cls: ClassRef) -> Iterator[tuple[str, Place, MarkerFact]]:
        """The methods of a class that are routes of their own, nearest definition first."""
        seen: set[str] = set()
        for base in self.evaluator.lineage(cls):
            if base.home is None:
                continue
            module = self.table.by_name[base.home[0]]
            for name, index in module.class_(base.home[1]).methods.items():
                if name in seen:
                    continue
                seen.add(name)
                for decorator in module.function(index).decorators:
                    marker, _ = self.declaration(At(module.name), decorator)
                    if marker is not None and marker.routing is not None and marker.routing.does == "action":
                        yield name, (At(module.name), decorator), marker

    def _mapped(self, cls: ClassRef, name: str) -> dict[str, str]:
        """``@archive.mapping.delete``: more verbs of an action, with methods of their own."""
        found: dict[str, str] = {}
        for base in self.evaluator.lineage(cls):
            if base.home is None:
                continue
            module = self.table.by_name[base.home[0]]
            for method, index in module.class_(base.home[1]).methods.items():
                for decorator in module.function(index).decorators:
                    parts = self._spelled_by(module.summary.terms, module, decorator)
                    if len(parts) == 3 and parts[0] == name and parts[1] == "mapping":
                        found.setdefault(parts[2], method)
        return found

    def _spelled_by(self, table: Sequence[Sequence[object]], module: object, index: int) -> list[str]:
        """``["archive", "mapping", "delete"]`` of attributes read from a method of the class."""
        names: list[str] = []
        term = table[index]
        while term[0] == terms.ATTRIBUTE:
            names.insert(0, str(term[2]))
            term = table[term[1]]  # type: ignore[call-overload]
        if term[0] == terms.FUNCTION:
            names.insert(0, module.function(term[1]).name)  # type: ignore[attr-defined]
        return names

    # --- what subclasses of a router change -----------------------------------------------------------------------

    def _more_methods(self, router: Router, position: int) -> Mapping[str, str]:
        """``self.routes[0].mapping.update({"put": "bulk_update"})`` in the constructor of the project's router."""
        found: dict[str, str] = {}
        init = self.evaluator.method(router.cls, "__init__") if router.cls is not None else None
        if init is None:
            return found
        module, index, _ = init
        at = At(module.name)
        for site in module.function(index).sites:
            call = self.term(at, site[SITE_TERM])
            owner = self.term(at, call[1])
            if owner[0] != terms.ATTRIBUTE or owner[2] != "update" or not call[2]:
                continue
            mapping = self.term(at, owner[1])
            item = (
                self.term(at, mapping[1])
                if mapping[0] == terms.ATTRIBUTE and mapping[2] == "mapping"
                else terms.NOTHING
            )
            if item[0] == terms.ITEM and self._is_number(at, item[2], position):
                for where, end in self.ends(at, call[2][0]):
                    if self.term(where, end)[0] == terms.DISPLAY:
                        found.update(self.pairs(where, end))
        return found

    def _is_number(self, at: At, index: int, wanted: int) -> bool:
        return any(option == Constant(wanted) for option in options(self.value(at, index)))
