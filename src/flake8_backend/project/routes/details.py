"""What stands around a handler: dependencies, decorators, the guards among them, what it answers with, its pages."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from flake8_backend.project.evaluation.classes import class_ref
from flake8_backend.project.sql.places import At, Place
from flake8_backend.project.values import ClassRef, Constant, External, FunctionRef, Instance, Value, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flake8_backend.knowledge.facts import MarkerFact
    from flake8_backend.project.routes.handlers import Served
    from flake8_backend.project.routes.records import Declared
    from flake8_backend.project.routes.resources import Resources
    from flake8_backend.project.solution import Solution

_DEEPEST = 5
_AUTH, _AUTH_OFF, _DEPENDENCY, _PAGED, _LIST = "auth", "auth-off", "dependency", "pagination", "list-view"
_OF_CLASSES = "decorators"
_QUIET = frozenset({"route", "route-methods", "websocket", "router"})
_MAPPING = ".mapping."  # of an action: more verbs
_LISTING = frozenset({"list", "get"})
_PLAIN = frozenset({"staticmethod", "classmethod", "property", "override", "wraps"})


class Details:
    """Names of what surrounds handlers, over one project."""

    def __init__(self, solution: Solution, found: Resources) -> None:
        self._solution = solution
        self._found = found
        self._table = found.table
        self._knowledge = found.knowledge
        self._guarding: dict[tuple[str, int], bool] = {}
        self._patterns = [
            name
            for fact in found.knowledge.markers_of_kind(_AUTH)
            if fact.form == "name-pattern"
            for name in fact.names
        ]

    def around(self, declared: Declared, served: Served, passed: Iterable[Place]) -> tuple[Place, ...]:
        """Everything that runs before a handler, in the order in which it is met: from the application inwards."""
        found: dict[Place, None] = dict.fromkeys(passed)
        found.update(dict.fromkeys(declared.dependencies))
        found.update(dict.fromkeys(declared.target.around))
        if served.cls is not None:
            found.update(dict.fromkeys(self._of_class(served.cls)))
        if served.node is not None:
            at = At(served.node[0])
            function = self._table.by_name[served.node[0]].function(served.node[1])
            found.update(dict.fromkeys((at, index) for index in function.decorators if not self._is_quiet(at, index)))
            found.update(dict.fromkeys(self._of_owner(served.node)))
            found.update(dict.fromkeys(self._injected(served.node)))
        return tuple(found)

    def names(self, places: Iterable[Place]) -> tuple[str, ...]:
        """What the places are called, each name once."""
        return tuple(dict.fromkeys(name for place in places for name in self._guard_names(*place) if name))

    def guards(self, places: Iterable[Place], served: Served) -> tuple[str, ...]:
        """The names of those that let nobody in who may not, as far as packs know, and of such base classes."""
        found = dict.fromkeys(name for place in places if self.is_guard(*place) for name in self._guard_names(*place))
        if served.cls is not None:
            found.update(dict.fromkeys(self._guards_of_class(served.cls)))
        return tuple(found)

    def _of_owner(self, node: tuple[str, int]) -> Iterator[Place]:
        """The dependencies that the class of a method declares as its attributes: a class-based view's."""
        module = self._table.by_name[node[0]]
        function = module.function(node[1])
        if function.kind != "method" or function.class_index < 0:
            return
        for base in self._found.evaluator.lineage(class_ref(module, function.class_index)):
            if base.home is None:
                continue
            at = At(base.home[0])
            for bound in self._table.by_name[at.module].class_(base.home[1]).attributes.values():
                term = self._found.term(at, bound[-1])
                for index in term[1:3] if term[0] == terms.ANNOTATED else bound[-1:]:
                    yield from self._markers_in(at, index)

    # --- dependencies --------------------------------------------------------------------------------------------

    def _injected(self, node: tuple[str, int]) -> Iterator[Place]:
        """The dependencies that the parameters of a function name, in their default or their annotation."""
        at = At(node[0])
        for _, annotation, default in self._table.by_name[node[0]].function(node[1]).parameters:
            for index in (default, annotation):
                yield from self._markers_in(at, index)

    def _markers_in(self, at: At, index: int) -> Iterator[Place]:
        if not index:
            return
        term = self._found.term(at, index)
        if term[0] == terms.CALL:
            if self._is_dependency(at, index):
                yield at, index
        elif term[0] == terms.ITEM:
            inner = self._found.term(at, term[2])
            for part in inner[2][1:] if inner[0] == terms.DISPLAY else ():
                yield from self._markers_in(at, part)
        elif term[0] == terms.NAME:
            for place in self._found.definitions(term[1]) or ():
                if self._found.term(*place)[0] == terms.ITEM:
                    yield from self._markers_in(*place)

    def _is_dependency(self, at: At, index: int) -> bool:
        return any(marker.form == "parameter" for marker in self._facts(at, index, (_DEPENDENCY, _AUTH)))

    def _facts(self, at: At, index: int, kinds: tuple[str, ...]) -> list[MarkerFact]:
        """What packs tell of what a term is or calls."""
        return [fact for option in options(self._value(at, index)) for fact in self._told(option) if fact.kind in kinds]

    def _value(self, at: At, index: int) -> Value | None:
        term = self._found.term(at, index)
        return self._found.callee(at, term) if term[0] == terms.CALL else self._found.value(at, index)

    def _told(self, value: Value) -> Iterator[MarkerFact]:
        cls = value.cls if isinstance(value, Instance) else value
        if isinstance(cls, External):
            yield from self._knowledge.markers(cls.name)
        elif isinstance(cls, ClassRef):
            for base in self._found.evaluator.library_bases(cls):
                yield from self._knowledge.markers(base)

    def _inner(self, at: At, index: int) -> Place:
        """``get_user`` of ``Depends(get_user)``."""
        term = self._found.term(at, index)
        if term[0] == terms.CALL and self._is_dependency(at, index):
            given = self._found.passed_as((at, index), 0, "dependency")
            return given if given is not None else (at, 0)  # bare: what the annotation says
        return at, index

    def _name(self, at: At, index: int) -> str:
        term = self._found.term(at, index)
        if term[0] == terms.CALL:
            return self._name(at, term[1])
        for option in options(self._found.value(at, index)):
            if isinstance(option, FunctionRef):
                return self._table.by_name[option.module].function(option.index).qualname.rpartition(".<locals>.")[2]
            if isinstance(option, (ClassRef, External)):
                return option.name.rpartition(".")[2]
        spelled = self._found.spelled(at, index).rpartition(".")[2]
        return "" if spelled == "?" else spelled

    def _is_quiet(self, at: At, index: int) -> bool:
        """Decorators that register, and those of the language."""
        term = self._found.term(at, index)
        if self._found.declaration(at, index)[0] is not None or _MAPPING in self._found.spelled(at, index):
            return True
        if any(map(self._found.registers, options(self._value(at, index)))):
            return True
        facts = self._facts(at, index, tuple(_QUIET))
        return bool(facts) or self._found.last_name(at, term[1] if term[0] == terms.CALL else index) in _PLAIN

    # --- classes -----------------------------------------------------------------------------------------------

    def _of_class(self, cls: ClassRef) -> Iterator[Place]:
        """The decorators of a class, and those that it lists."""
        for base in self._found.evaluator.lineage(cls):
            if base.home is not None:
                at = At(base.home[0])
                decorators = self._table.by_name[base.home[0]].class_(base.home[1]).decorators
                yield from ((at, index) for index in decorators if not self._is_quiet(at, index))
        for place in self._found.members(cls, _OF_CLASSES) or ():
            yield from self._found.items(*place) or ()

    def _guards_of_class(self, cls: ClassRef) -> Iterator[str]:
        for base in self._found.evaluator.library_bases(cls):
            markers = self._knowledge.markers(base)
            if any(marker.kind == _AUTH and marker.form == "class" for marker in markers):
                yield base.rpartition(".")[2]
        for marker in self._knowledge.markers_of_kind(_AUTH):
            if marker.form == "class-attribute":
                for name in marker.names:
                    for place in self._found.members(cls, name) or ():
                        yield from self._listed_guards(place)

    def _listed_guards(self, place: Place) -> Iterator[str]:
        """``permission_classes = [IsAuthenticated]``, those left out that let everybody in."""
        for item in self._found.items(*place) or ():
            facts = self._facts(*item, (_AUTH, _AUTH_OFF))
            if any(fact.kind == _AUTH for fact in facts) and not any(fact.kind == _AUTH_OFF for fact in facts[:1]):
                yield self._name(*item)

    # --- guards ------------------------------------------------------------------------------------------------

    def is_guard(self, at: At, index: int) -> bool:
        """Whether a dependency or decorator keeps people out."""
        place = self._inner(at, index)
        if (at, index) in self._found.guards:
            return True
        if self._facts(*place, (_AUTH,)) or (place != (at, index) and self._facts(at, index, (_AUTH,))):
            return True
        if place != (at, index):
            name = self._name(*place)
            if any(fnmatch.fnmatchcase(name, pattern) for pattern in self._patterns):
                return True
        return any(self._guards(option, 0) for option in options(self._value(*place)))

    def _guards(self, value: Value, depth: int) -> bool:
        """Whether a function asks for a dependency that guards, or decorates what it makes with one."""
        node = (value.module, value.index) if isinstance(value, FunctionRef) else None
        if node is None or depth > _DEEPEST:
            return False
        if node not in self._guarding:
            self._guarding[node] = False
            self._guarding[node] = self._asks(node)
        return self._guarding[node]

    def _asks(self, node: tuple[str, int]) -> bool:
        if any(self.is_guard(*place) for place in self._injected(node)):
            return True
        at = At(node[0])
        module = self._table.by_name[node[0]]
        inside = (f for f in module.summary.functions[node[1] + 1 :] if f.parent == node[1])
        return any(self._facts(at, decorator, (_AUTH,)) for function in inside for decorator in function.decorators)

    def _guard_names(self, at: At, index: int) -> Iterator[str]:
        """The name of a guard; of what ``permission_classes([IsAuthenticated])`` lists, that."""
        term = self._found.term(at, index)
        if term[0] == terms.CALL and term[2]:
            listed = list(self._listed_guards((at, term[2][0])))
            if listed:
                yield from listed
                return
        yield self._name(*self._inner(at, index))

    # --- answers -----------------------------------------------------------------------------------------------

    def response(self, declared: Declared, served: Served) -> str | None:
        """The model of the answer that a declaration names, else the annotation or the serializer of the class."""
        routing = declared.marker.routing
        if routing is not None and routing.response and declared.call is not None:
            given = self._found.parameter(declared.call, declared.marker, routing.response)
            if given is not None:
                return self._type_name(*given)
        if served.cls is not None and (served.node is None or declared.target.methods):
            found = self._serializer(served.cls)
            if found:
                return found
        if served.node is not None:
            returns = self._table.by_name[served.node[0]].function(served.node[1]).returns
            found = self._type_name(At(served.node[0]), returns) if returns else ""
            found = "" if found == "None" else found
            return found or (self._serializer(served.cls) if served.cls is not None else None)
        return None

    def _serializer(self, cls: ClassRef) -> str | None:
        for base in self._found.evaluator.library_bases(cls):
            for marker in self._knowledge.markers(base):
                if marker.form == "class" and marker.routing is not None and marker.routing.response:
                    for place in self._found.members(cls, marker.routing.response) or ():
                        return self._name(*place) or None
        return None

    def _type_name(self, at: At, index: int) -> str:
        """A type expression as it is written, without the modules."""
        term = self._found.term(at, index)
        if term[0] == terms.ITEM:
            inner = self._found.term(at, term[2])
            parts = inner[2] if inner[0] == terms.DISPLAY and inner[1] == "tuple" else (term[2],)
            return f"{self._type_name(at, term[1])}[{', '.join(self._type_name(at, part) for part in parts)}]"
        if term[0] == terms.UNION:
            return " | ".join(self._type_name(at, part) for part in term[1])
        if term[0] == terms.BINARY:
            return f"{self._type_name(at, term[2])} | {self._type_name(at, term[3])}"
        if term[0] == terms.CONSTANT:
            return str(term[1])
        if term[0] == terms.CLASS:
            return self._table.by_name[at.module].class_(term[1]).name
        return self._found.spelled(at, index).rpartition(".")[2].replace("?", "…")

    def pagination(self, served: Served, response: str | None) -> str | None:
        """What cuts a list into pages: a decorator, an attribute of the class, the model of the answer, the settings."""
        if served.node is not None:
            at = At(served.node[0])
            function = self._table.by_name[served.node[0]].function(served.node[1])
            for index in function.decorators:
                if self._facts(at, index, (_PAGED,)):
                    return self._name(at, index)
            if response and self._is_page(At(served.node[0]), function.returns):
                return response.partition("[")[0]
        if served.cls is None or served.verbs not in ((), ("GET",)):
            return None
        return self._of_list(served.cls, served)

    def _is_page(self, at: At, index: int) -> bool:
        term = self._found.term(at, index)
        if term[0] == terms.ITEM:
            return self._is_page(at, term[1])
        return bool(index) and bool(self._facts(at, index, (_PAGED,)))

    def _of_list(self, cls: ClassRef, served: Served) -> str | None:
        if served.handler.rpartition(".")[2] not in _LISTING:
            return None
        for base in self._found.evaluator.library_bases(cls):
            for marker in self._knowledge.markers(base):
                if marker.kind == _LIST and marker.options:
                    return self._pages(cls, marker)
        return None

    def _pages(self, cls: ClassRef, marker: MarkerFact) -> str | None:
        option = marker.options[0]
        for place in self._found.members(cls, option.param) or ():
            if self._found.constant(*place) is None:
                return None
            number = self._found.constant(*place)
            return str(number) if isinstance(number, (int, str)) else self._name(*place) or None
        if option.where is None:
            return None
        value = self._solution.settings.entry(*option.where.split("."))
        return str(value.value).rpartition(".")[2] if isinstance(value, Constant) and value.value is not None else None
