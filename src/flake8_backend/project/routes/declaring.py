"""Declarations to entries: calls that register a path, and lists of such calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flake8_backend.project.routes import paths
from flake8_backend.project.routes.records import HTTP, MOUNT, WEBSOCKET, Declared, Entry, Included, Router, Target
from flake8_backend.project.routes.targets import Targets
from flake8_backend.project.values import ModuleRef, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.knowledge.facts import MarkerFact
    from flake8_backend.project.sql.places import At, Place

ROUTES = frozenset({"route", "websocket"})
_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "trace"})
_PAIR = 2


class Declaring(Targets):
    """Entries of routers over one project."""

    def fill(self, router: Router, calls: Sequence[Place]) -> None:
        """``Starlette(routes=[…])``, ``Application([…])``: what a router is made with."""
        marker = router.marker
        if marker is None or marker.routing is None:
            return
        for call in calls:
            if marker.routing.routes.startswith("*"):
                for part in self.term(*call)[2]:
                    for entry in self.entry(call[0], part, marker):
                        router.add(entry)
            place = self.parameter(call, marker, marker.routing.routes)
            for entry in self.entries(*place, marker) if place is not None else ():
                router.add(entry)
            into = self.parameter(call, marker, marker.routing.into)
            for outer in self.denoted(*into) if into is not None else ():
                outer.add(Included(router))

    # --- lists -------------------------------------------------------------------------------------------------

    def entries(self, at: At, index: int, holder: MarkerFact | None = None) -> Iterator[Entry]:
        """The entries of a list of declarations; ``holder`` is the maker that it is given to."""
        key = ("entries", (at, index))
        if not index or key in self._active:
            return
        self._active.add(key)
        try:
            yield from list(self._entries(at, index, holder))
        finally:
            self._active.discard(key)

    def _entries(self, at: At, index: int, holder: MarkerFact | None) -> Iterator[Entry]:
        term = self.term(at, index)
        operator = term[0]
        if operator == terms.DISPLAY:
            for part in term[2] if term[1] != "dict" else ():
                inner = self.term(at, part)
                if inner[0] == terms.ELEMENT and (at, part) not in self._given:
                    yield from self.entries(at, inner[1], holder)
                else:
                    yield from self.entry(at, part, holder)
        elif operator == terms.GROWN:
            yield from self.entries(at, term[1], holder)
            for part in term[2]:
                yield from self.entry(at, part, holder)
            for part in term[3]:
                yield from self.entries(at, part, holder)
        elif operator == terms.BINARY and term[1] == "+":
            for side in term[2:4]:
                yield from self.entries(at, side, holder)
        elif operator == terms.COMPREHENSION and term[1] != "dict":
            for _ in self.rounds(at, term[2]):
                yield from self.entry(at, term[2], holder)
        else:
            yield from self._other_entries(at, index, term, holder)

    def _other_entries(self, at: At, index: int, term: Sequence[Any], holder: MarkerFact | None) -> Iterator[Entry]:
        """What a name, a call or an attribute gives as a list."""
        routers = self.denoted(at, index)
        if routers:
            yield from (Included(router) for router in routers)
            return
        for place, is_list in self.put_in(term[1]) if term[0] == terms.NAME else ():
            yield from self.entries(*place, holder) if is_list else self.entry(*place, holder)
        places = self.behind(at, index) or self._results((at, index))
        for place in places:
            yield from self.entries(*place, holder)
        if places or term[0] != terms.CALL:
            return
        marker, _ = self.declaration(at, index)
        if marker is not None and marker.routing is not None and marker.routing.does == "urls":
            yield from self._passed_on(at, term, marker, holder)
        else:
            for part in term[2] if self.last_name(at, term[1]) in ("list", "tuple", "reversed", "sorted") else ():
                yield from self.entries(at, part, holder)

    def _passed_on(self, at: At, term: Sequence[Any], marker: MarkerFact, holder: MarkerFact | None) -> Iterator[Entry]:
        """``i18n_patterns(path(…), …)``, ``format_suffix_patterns(urlpatterns)``: what a library passes on."""
        if marker.routing is not None and marker.routing.child:
            for part in term[2]:
                found = list(self.entry(at, part, holder))
                yield from found or self.entries(at, part, holder)

    # --- single declarations -----------------------------------------------------------------------------------

    def declaration(self, at: At, index: int) -> tuple[MarkerFact | None, str]:
        """The marker of what a call calls, and the name that it was found by."""
        term = self.term(at, index)
        callee = self.callee(at, term) if term[0] == terms.CALL else self.value(at, index)
        for option in options(callee):
            name = self.library_name(option)
            for marker in self.knowledge.markers(name) if name else ():
                if marker.kind in ROUTES or marker.routing is not None:
                    return marker, name or ""
        return None, ""

    def entry(self, at: At, index: int, holder: MarkerFact | None = None) -> Iterator[Entry]:
        """The entries that one item of a list makes."""
        for where, end in self.ends(at, index):
            term = self.term(where, end)
            if term[0] == terms.CALL:
                marker, name = self.declaration(where, end)
                if marker is not None and (marker.kind in ROUTES or _does(marker) == "mount"):
                    yield from self.declared(marker, name, (where, end))
                    continue
            elif term[0] == terms.DISPLAY and holder is not None and len(term[2]) >= _PAIR:
                yield from self._paired(where, term, holder)
                continue
            routers = self.denoted(where, end)
            if routers:
                yield from (Included(router) for router in routers)
            else:
                yield from self.listed_target(where, end)

    def _paired(self, at: At, term: Sequence[Any], holder: MarkerFact) -> Iterator[Entry]:
        """``("/orders", OrderHandler)``."""
        path = self.text(at, term[2][0])
        target = self.target(at, term[2][1])
        if path is not None and target is not None:
            is_pattern = holder.routing is not None and holder.routing.joins == "pattern"
            shown = paths.of_pattern(path) if is_pattern else path
            yield Declared(shown, (), target, holder, (self.module(at).path, 1, 0))

    def declared(self, marker: MarkerFact, name: str, place: Place, target: Target | None = None) -> Iterator[Entry]:
        """The entries of one registering call; ``target`` is what it decorates."""
        found = self._paths(marker, place)
        dependencies = self.dependencies([place], marker)
        handler = self._handler_place(marker, place) if target is None else None
        if target is None and handler is not None:
            for path in found:
                children = self.children(*handler)
                for child in children:
                    yield Included(child, path, mounts=_does(marker) == "mount", dependencies=dependencies)
                if children:
                    return
            target = self.target(*handler)
        if target is None and _does(marker) == "mount":
            yield from self._mounted_list(marker, place, found, dependencies)
            return
        if target is None:
            return
        verbs = self.verbs(marker, name, place, of_class=target.cls is not None and target.node is None)
        kind = WEBSOCKET if marker.kind == WEBSOCKET else HTTP
        if _does(marker) == "mount":
            kind = MOUNT
        elif target.name and handler is not None:
            named = self._list_of_library(*handler)
            if named is not None:
                kind, target = MOUNT, Target(name=named or target.name)
        for path in found:
            alone = self.stands_alone([place], marker)
            where = self.place_of(*place)
            yield Declared(path, verbs, target, marker, where, kind, dependencies, call=place, alone=alone)

    def _mounted_list(
        self, marker: MarkerFact, place: Place, found: list[str], dependencies: tuple[Place, ...]
    ) -> Iterator[Entry]:
        """``Mount("/api", routes=[…])``."""
        given = self.parameter(place, marker, marker.routing.routes if marker.routing is not None else "")
        if given is not None:
            child = Router(("list", given), marker.pack, place=self.place_of(*place), marker=marker)
            for entry in self.entries(*given, marker):
                child.add(entry)
            yield Included(child, found[0] if found else "", mounts=True, dependencies=dependencies)

    def _list_of_library(self, at: At, index: int) -> str | None:
        """``path("admin/", admin.site.urls)``, ``include("social_django.urls")``: the name of routes of a library.

        Empty where it has none, None for what is no list.
        """
        for where, end in self.ends(at, index):
            term = self.term(where, end)
            marker, _ = self.declaration(where, end) if term[0] == terms.CALL else (None, "")
            if marker is not None and _does(marker) == "include" and marker.routing is not None:
                given = self.parameter((where, end), marker, marker.routing.child, 0)
                return (self.text(*given) or "") if given is not None else ""
            if term[0] in (terms.NAME, terms.ATTRIBUTE) and self.last_name(where, end) == "urls":
                return ""
        return None

    def _paths(self, marker: MarkerFact, place: Place) -> list[str]:
        name = (marker.routing.prefix if _does(marker) == "mount" and marker.routing else marker.path_param) or ""
        found = self._each_path(marker, place, name.removeprefix("*"), is_many=name.startswith("*"))
        is_pattern = marker.routing is not None and marker.routing.joins == "pattern"
        return [paths.of_pattern(path) for path in found] if is_pattern else found

    def _each_path(self, marker: MarkerFact, place: Place, name: str, *, is_many: bool) -> list[str]:
        at, index = place
        term = self.term(at, index)
        option = marker.option(name)
        position = option.pos if option is not None and option.pos is not None else 0
        if is_many:
            spread = [self.texts(at, value) for keyword, value in term[3] if keyword == terms.STAR]
            return [self.shown(at, part) for part in term[2][position:]] + [text for found in spread for text in found]
        given = self.passed_as(place, position, name)
        if given is None:
            return [""]
        items = self.items(*given)
        return [self.shown(*given)] if items is None else [self.shown(*item) for item in items]

    def _handler_place(self, marker: MarkerFact, place: Place) -> Place | None:
        wanted = (marker.handler or "").removeprefix("param:")
        if _does(marker) == "mount" and marker.routing is not None:
            wanted = marker.routing.child
        option = marker.option(wanted)
        position = option.pos if option is not None else None
        if position is None and option is None and wanted.isidentifier():
            position = 1
        return self.passed_as(place, position, wanted)

    def verbs(self, marker: MarkerFact, name: str, place: Place, *, of_class: bool = False) -> tuple[str, ...]:
        """The verbs that a declaration names, in capitals; empty for all, or where the class tells."""
        how = marker.methods or ""
        last = name.rpartition(".")[2].removeprefix("add_").lower()
        if how.startswith("by name"):
            return (last.upper(),) if last in _VERBS else ()
        if how.startswith("param:"):
            wanted = how.removeprefix("param:").partition(",")[0]
            given = self.parameter(place, marker, wanted)
            found = self._named_verbs(*given) if given is not None else []
            if found:
                return tuple(found)
            return ("GET",) if "GET " in how and "when absent" in how and not of_class else ()
        return ()

    def _named_verbs(self, at: At, index: int) -> list[str]:
        """``["GET"]``, ``"POST"``, ``HttpMethod.GET``."""
        places = self.items(at, index)
        found = []
        for where, end in [(at, index)] if places is None else places:
            text = self.text(where, end) or self.spelled(where, end).rpartition(".")[2]
            if text.lower() in _VERBS:
                found.append(text.upper())
        return found

    # --- inclusions --------------------------------------------------------------------------------------------

    def children(self, at: At, index: int) -> list[Router]:
        """The routers or lists that something registered in place of a handler stands for."""
        for where, end in self.ends(at, index):
            term = self.term(where, end)
            if term[0] == terms.CALL:
                marker, _ = self.declaration(where, end)
                if _does(marker) == "include" and marker is not None and marker.routing is not None:
                    given = self.parameter((where, end), marker, marker.routing.child, 0)
                    return self.lists(*given) if given is not None else []
            if term[0] == terms.DISPLAY:
                return self.lists(where, end)
        return self.denoted(at, index)

    def lists(self, at: At, index: int) -> list[Router]:
        """What ``include`` takes: a list, a list with a name in a tuple, a module or its dotted name."""
        for where, end in self.ends(at, index):
            term = self.term(where, end)
            if term[0] == terms.DISPLAY and term[1] == "tuple" and term[2]:
                first = self.term(where, term[2][0])
                if first[0] != terms.CALL or self.declaration(where, term[2][0])[0] is None:
                    return self.lists(where, term[2][0])
            value = self.value(where, end)
            module = value.name if isinstance(value, ModuleRef) else self.text(where, end)
            if module is not None:
                found = self.urlconf(module)
                return [found] if found is not None else []
        routers = self.denoted(at, index)
        return routers or [self._list(at, index)]

    def _list(self, at: At, index: int) -> Router:
        key = ("list", at, index)
        if key not in self.routers:
            router = self.routers[key] = Router(key, "", place=self.place_of(at, index))
            for entry in self.entries(at, index):
                router.add(entry)
        return self.routers[key]

    def urlconf(self, dotted: str) -> Router | None:
        """The list of a module that is named by its dotted path; None for modules of libraries."""
        module, rest = self.table.split(dotted)
        if module is None or rest:
            return None
        key = ("urlconf", module.name)
        if key not in self.routers:
            router = self.routers[key] = Router(key, "", place=(module.path, 1, 0))
            for name in dict.fromkeys(self.roots.values()):
                self._fill_from(router, f"{module.name}.{name}")
        return self.routers[key]

    def _fill_from(self, router: Router, dotted: str) -> None:
        for place in self.definitions(dotted) or ():
            for entry in self.entries(*place):
                router.add(entry)
        for place, is_list in self.put_in(dotted):
            for entry in self.entries(*place) if is_list else self.entry(*place):
                router.add(entry)

    def put_in(self, dotted: str) -> list[tuple[Place, bool]]:
        """What calls put into a module's list, and whether each is a list: ``urlpatterns.append(path(…))``."""
        raise NotImplementedError


def _does(marker: MarkerFact | None) -> str:
    return marker.routing.does if marker is not None and marker.routing is not None else ""
