"""What serves: the function or class behind what a registration is given, whatever it is wrapped in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flake8_backend.project.evaluation.classes import class_in
from flake8_backend.project.routes.objects import Objects
from flake8_backend.project.routes.records import Entry, Included, Router, Target
from flake8_backend.project.sql.places import At, Place
from flake8_backend.project.values import ClassRef, External, FunctionRef, Instance, Partial, Value, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.knowledge.facts import MarkerFact

_DEEPEST = 12
_GIVEN = frozenset({terms.ELEMENT, terms.UNPACK, terms.PARAMETER})  # one of several in turn
_AS_HANDLER = "as_"  # as_view, as_asgi: what makes a handler of a class


class Targets(Objects):
    """Handlers behind terms."""

    def target(self, at: At, index: int, depth: int = 0) -> Target | None:
        """What a term registers as a handler; None for what is none."""
        if not index or depth > _DEEPEST:
            return None
        term = self.term(at, index)
        if term[0] == terms.CALL and (at, index) not in self._given:
            return self._of_call(at, index, term, depth)
        if term[0] == terms.FUNCTION:
            return Target(node=(at.module, term[1]))
        places = self.behind(at, index)
        found = self._first(places, depth) if term[0] in _GIVEN else None
        for option in () if found is not None else options(self.value(at, index)):
            found = self._of_value(option)
            if found is not None:
                return found
        if found is None:
            found = self._first(places, depth)
        return found if found is not None else self._of_library(at, index, term)

    def _first(self, places: Sequence[Place], depth: int) -> Target | None:
        for place in places:
            found = self.target(*place, depth + 1)
            if found is not None:
                return found
        return None

    def _of_value(self, value: Value) -> Target | None:
        if isinstance(value, FunctionRef):
            return Target(node=(value.module, value.index))
        if isinstance(value, ClassRef):
            return Target(cls=value, name="" if value.home is not None else value.name)
        if isinstance(value, Instance) and value.cls.home is not None:
            return Target(cls=value.cls)
        return self._of_value(value.function) if isinstance(value, Partial) else None

    def _of_library(self, at: At, index: int, term: Sequence[Any]) -> Target | None:
        if term[0] == terms.NAME:
            value = self.evaluator.resolve(term[1])
            name = value.name if isinstance(value, External) else str(term[1])
            is_own = name.partition(".")[0] in self.table.tops
            return Target(name=name) if not is_own and not name.startswith("builtins.") else None
        if term[0] == terms.CONSTANT and isinstance(term[1], str) and term[1].count(".") and " " not in term[1]:
            for option in options(self.evaluator.resolve(term[1])):
                if isinstance(option, (FunctionRef, ClassRef)):
                    return self._of_value(option)
        return None

    def _of_call(self, at: At, index: int, term: Sequence[Any], depth: int) -> Target | None:
        cls = self._converted(at, term)
        if cls is not None:
            return self._with_methods(Target(cls=cls, name="" if cls.home else cls.name), at, term)
        for part in (*term[2], *(value for name, value in term[3] if name in ("view", "func", "app"))):
            inner = self.target(at, part, depth + 1) if self._may_serve(at, part) else None
            if inner is not None and (inner.node or inner.cls or inner.name):
                return replace(inner, around=((at, index), *inner.around))
        for place in self._results((at, index)):
            found = self.target(*place, depth + 1)
            if found is not None:
                return found
        for option in options(self.callee(at, term)):
            if isinstance(option, ClassRef):
                return Target(cls=option, name="" if option.home else option.name)
            if isinstance(option, External):
                return Target(name=option.name)
        return None

    def _may_serve(self, at: At, index: int) -> bool:
        return self.term(at, index)[0] not in (terms.CONSTANT, terms.STRING, terms.DISPLAY, terms.BINARY)

    def _converted(self, at: At, term: Sequence[Any]) -> ClassRef | None:
        """The class of ``OrderView.as_view()``."""
        callee = self.term(at, term[1])
        value: Value | None = None
        if callee[0] == terms.ATTRIBUTE and callee[2].startswith(_AS_HANDLER):
            value = self.value(at, callee[1])
        elif callee[0] == terms.NAME and callee[1].rpartition(".")[2].startswith(_AS_HANDLER):
            value = self.evaluator.resolve(callee[1].rpartition(".")[0])
        return class_in(value)

    def _with_methods(self, target: Target, at: At, term: Sequence[Any]) -> Target:
        """``as_view({"get": "list"})``."""
        for part in (*term[2][:1], *(value for name, value in term[3] if name == "actions")):
            for where, end in self.ends(at, part):
                display = self.term(where, end)
                if display[0] == terms.DISPLAY and display[1] == "dict":
                    return replace(target, methods=self.pairs(where, end))
        return target

    def pairs(self, at: At, index: int) -> dict[str, str]:
        """A mapping of texts that is written out."""
        display = self.term(at, index)
        pairs = zip(display[2][::2], display[2][1::2], strict=False)
        found = ((self.text(at, key), self.text(at, value)) for key, value in pairs)
        return {key: value for key, value in found if key is not None and value is not None}

    # --- what is declared where it stands, and listed elsewhere --------------------------------------------------

    def listed_target(self, at: At, index: int) -> Iterator[Entry]:
        """A function whose decorator says its path, or a class with such methods, in a list of handlers."""
        for option in options(self.value(at, index)):
            if isinstance(option, FunctionRef):
                yield from self._decorated((option.module, option.index), None)
            elif isinstance(option, ClassRef) and option.home is not None:
                child = self._controller(option)
                if child is not None:
                    yield Included(child)

    def _decorated(self, node: tuple[str, int], cls: ClassRef | None) -> Iterator[Entry]:
        module = self.table.by_name[node[0]]
        at = At(module.name)
        for decorator in module.function(node[1]).decorators:
            marker, name = self.declaration(at, decorator)
            if marker is not None and marker.routing is not None and marker.routing.does == "listed":
                yield from self.declared(marker, name, (at, decorator), Target(node=node, cls=cls))

    def _controller(self, cls: ClassRef) -> Router | None:
        key = ("controller", cls.home)
        if key in self.routers:
            return self.routers[key]
        marker = next(
            (
                marker
                for base in self.evaluator.library_bases(cls)
                for marker in self.knowledge.markers(base)
                if marker.form == "class" and marker.routing is not None and marker.routing.does == "router"
            ),
            None,
        )
        if marker is None or marker.routing is None or cls.home is None:
            return None
        router = self.routers[key] = Router(key, marker.pack, joins=marker.routing.joins, marker=marker, cls=cls)
        places = self.members(cls, marker.routing.prefix) or []
        router.prefix = next((text for place in places if (text := self.text(*place)) is not None), "")
        router.dependencies = tuple(
            item
            for name in (*marker.routing.dependencies, *marker.routing.guards)
            for place in self.members(cls, name) or ()
            for item in self.items(*place) or ()
        )
        self.guards.update(router.dependencies if marker.routing.guards else ())
        for base in reversed(self.evaluator.lineage(cls)):
            if base.home is None:
                continue
            methods = self.table.by_name[base.home[0]].class_(base.home[1]).methods
            for index in methods.values():
                for entry in self._decorated((base.home[0], index), cls):
                    router.add(entry)
        return router

    # --- given by subclasses -----------------------------------------------------------------------------------

    def declaration(self, at: At, index: int) -> tuple[MarkerFact | None, str]:
        """The marker of what a call calls, and the name that it was found by."""
        raise NotImplementedError

    def declared(self, marker: MarkerFact, name: str, place: Place, target: Target | None = None) -> Iterator[Entry]:
        """The entries of one registering call."""
        raise NotImplementedError
