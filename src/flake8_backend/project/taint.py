"""Where a value in a text comes from: a request, a task's argument, a caller out of sight, a setting, or nobody."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_backend.project.lookup import At
from flake8_backend.project.sqltext import Hole, holes
from flake8_backend.project.values import ClassRef, FunctionRef, Instance, Value, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from flake8_backend.core.diagnostic import Span
    from flake8_backend.project.callsites import CallSite, CallSites
    from flake8_backend.project.contexts import Contexts
    from flake8_backend.project.models import Schema
    from flake8_backend.project.modules import Module
    from flake8_backend.project.strings import Strings

_NODE = tuple[str, int]
_PLAIN = frozenset({"str", "bytes", "list", "tuple", "set", "frozenset", "dict", "object"})
_KEYS = frozenset({"pk", "id"})
_REQUESTS = frozenset({"request", "info"})
_INSIDE = frozenset({terms.AWAIT, terms.ELEMENT, terms.ENTER, terms.ITEM, terms.ALLOWED})


class Origin(enum.IntEnum):
    """Who chooses a value; the greater, the nearer to someone outside."""

    NOBODY = 0
    SETTING = 1  # a constant of a module or class whose value is not in sight
    UNKNOWN = 2
    CALLER = 3  # whoever calls a public function
    TASK = 4
    REQUEST = 5


@dataclass(frozen=True, slots=True)
class Source:
    """An origin with what shows it: the name, and the place where it enters."""

    origin: Origin
    name: str = ""
    module: str = ""
    span: Span | None = None


NOBODY = Source(Origin.NOBODY)
UNKNOWN = Source(Origin.UNKNOWN)


class Taint:
    """Origins of values over one project."""

    def __init__(self, strings: Strings, sites: CallSites, contexts: Contexts, schema: Schema) -> None:
        self._strings = strings
        self._sites = sites
        self._contexts = contexts
        self._schema = schema
        self._seen: set[tuple[_NODE, int]] = set()

    def of(self, hole: Hole) -> Source:
        """Where the value of a hole comes from: the origin that is nearest to someone outside."""
        self._seen = set()
        return self._of(hole.at, hole.term)

    @staticmethod
    def _worst(found: Iterator[Source], least: Source = NOBODY) -> Source:
        worst = least
        for source in found:
            if source.origin > worst.origin:
                worst = source
        return worst

    def _of(self, at: At, index: int) -> Source:
        if not index:
            return UNKNOWN
        strings = self._strings
        text = strings.text(at, index)
        inner = list(holes(text))
        if any((hole.at, hole.term) != (at, index) for hole in inner) or not inner:
            return self._worst(self._of(hole.at, hole.term) for hole in inner if (hole.at, hole.term) != (at, index))
        term = strings.term(at, index)
        operator = term[0]
        if self._is_request_input(at, index):
            return Source(Origin.REQUEST, strings.spelled(at, index).removeprefix("?."))
        if operator == terms.PARAMETER:
            return self._of_parameter(at, term)
        if operator == terms.NAME:
            return Source(Origin.SETTING, str(term[1]))
        if operator == terms.ATTRIBUTE:
            return self._of_attribute(at, term)
        if operator == terms.CALL:
            return self._of_call(at, term)
        if operator in _INSIDE or operator == terms.UNPACK:
            return self._of_owner(at, term[2] if operator == terms.UNPACK else term[1])
        if operator == terms.ANNOTATED:
            return Source(Origin.SETTING)  # declared, and given its value elsewhere
        if operator in (terms.DISPLAY, terms.GROWN, terms.COMPREHENSION):
            return self._worst((self._of(at, part) for part in _parts(term)), UNKNOWN)
        return UNKNOWN

    def _of_owner(self, at: At, index: int) -> Source:
        """The origin of what something was read from; objects of libraries give what they hold, not what they are."""
        if not index:
            return UNKNOWN
        if self._is_library_object(self._strings.value(at, index)) and not self._is_request_input(at, index):
            return UNKNOWN
        source = self._of(at, index)
        return source if source.origin else UNKNOWN

    def _is_library_object(self, value: Value | None) -> bool:
        found = [option for option in options(value) if isinstance(option, Instance)]
        return bool(found) and all(option.cls.home is None and option.cls.name not in _PLAIN for option in found)

    def _is_request_input(self, at: At, index: int) -> bool:
        """Whether a term is read from a request: ``request.args``, ``self.request.GET``."""
        names = self._names_of(at, index)
        return any(fact.kind == "request-input" for name in names for fact in self._strings.knowledge.markers(name))

    def _names_of(self, at: At, index: int) -> Iterator[str]:
        strings = self._strings
        term = strings.term(at, index)
        if term[0] == terms.NAME:
            parts = str(term[1]).split(".")
            yield from (".".join(parts[:count]) for count in range(len(parts), 1, -1))
            last = parts[-1]
            value = strings.evaluator.resolve(".".join(parts[:-1])) if parts[1:] else None
        elif term[0] == terms.ATTRIBUTE:
            value, last = strings.value(at, term[1]), term[2]
            root = strings.term(at, term[1])
            if root[0] == terms.PARAMETER:
                yield f"{strings.module(at).function(root[1]).parameters[root[2]][0]}.{last}"
            elif root[0] == terms.ATTRIBUTE:
                yield f"{root[2]}.{last}"
        else:
            return
        for option in options(value):
            if isinstance(option, Instance):
                yield from (f"{base}.{last}" for base in strings.evaluator.library_bases(option.cls))

    # --- attributes and calls ----------------------------------------------------------------------------------

    def _of_attribute(self, at: At, term: Sequence[Any]) -> Source:
        strings = self._strings
        owner = strings.term(at, term[1])
        value = strings.value(at, term[1])
        if owner[0] in (terms.SELF, terms.CLASS):
            declared = self._is_declared(value, term[2])
            return Source(Origin.SETTING, f"self.{term[2]}") if declared else UNKNOWN
        from_handler = owner[0] == terms.PARAMETER and self._is_handler(strings.module(at), owner[1])
        if term[2] in _KEYS and not from_handler:
            return Source(Origin.SETTING, term[2])  # a row's key: the database gave it
        if from_handler and strings.module(at).function(owner[1]).parameters[owner[2]][0] in _REQUESTS:
            return UNKNOWN  # `request.user`: what the framework found, not what was sent
        for option in options(value):
            if isinstance(option, Instance) and option.cls.home is not None and self._schema.orm_of(option.cls):
                return UNKNOWN  # it was stored, by whom is not seen
        return self._of_owner(at, term[1])

    def _is_handler(self, module: Module, function: int) -> bool:
        node = (module.name, function)
        return self._contexts.handler(node) is not None or "resolver" in self._contexts.kinds(node)

    def _is_declared(self, value: Value | None, name: str) -> bool:
        for option in options(value):
            cls = option.cls if isinstance(option, Instance) else option
            if not isinstance(cls, ClassRef):
                continue
            for base in self._strings.evaluator.lineage(cls):
                if base.home is not None:
                    module = self._strings.table.by_name[base.home[0]]
                    if name in module.class_(base.home[1]).attributes:
                        return True
        return False

    def _of_call(self, at: At, term: Sequence[Any]) -> Source:
        strings = self._strings
        callee = strings.term(at, term[1])
        if self._is_request_input(at, term[1]):
            return Source(Origin.REQUEST, strings.spelled(at, term[1]).removeprefix("?."))
        functions = [option for option in options(strings.value(at, term[1])) if isinstance(option, FunctionRef)]
        if functions:
            is_left_open = any(map(strings.is_stub, functions))  # subclasses say what it gives
            return Source(Origin.SETTING, strings.spelled(at, term[1])) if is_left_open else UNKNOWN
        if callee[0] == terms.ATTRIBUTE:
            return self._of_owner(at, callee[1])
        arguments = (*term[2], *(value for _, value in term[3]))
        return self._worst((self._of(at, argument) for argument in arguments), UNKNOWN)

    # --- parameters --------------------------------------------------------------------------------------------

    def _of_parameter(self, at: At, term: Sequence[Any]) -> Source:
        module = self._strings.module(at)
        node = (module.name, term[1])
        if at.call is not None and at.call.is_into(node):
            return UNKNOWN  # the call that is looked into does not show what it gives
        key = (node, term[2])
        if key in self._seen:
            return NOBODY  # what a function gives itself adds nothing
        self._seen.add(key)
        function = module.function(term[1])
        name = function.parameters[term[2]][0]
        place = (f"`{name}` of `{function.qualname.replace('.<locals>', '')}`", module.name, function.place)
        kinds = self._contexts.kinds(node)
        if self._is_handler(module, term[1]):
            return Source(Origin.REQUEST, *place)
        if "task" in kinds:
            return Source(Origin.TASK, *place)
        callers = self._sites.callers(node)
        handed = self._sites.handed(node)
        if not callers and not handed:
            # an object is made by those who set the service up; who that is shows in callers alone
            is_outside = is_public(module, term[1]) and function.name != "__init__"
            return Source(Origin.CALLER, *place) if is_outside else UNKNOWN
        found = [self._given(site, node, term[2]) for site in callers]
        found += [self._handed_over(*handing, node, term[2]) for handing in handed]
        return self._worst(iter(found))

    def _given(self, site: CallSite, node: _NODE, position: int) -> Source:
        """The origin of what one call gives to a parameter."""
        given = self._strings.passed(At(site.module), site.term, node, position)
        return self._of(*given) if given is not None else UNKNOWN

    def _handed_over(self, site: CallSite, place: int, node: _NODE, position: int) -> Source:
        """The origin of what stands behind a function that is handed over: ``submit(write, table, rows)``."""
        given = self._strings.handed(At(site.module), site.term, place, node, position)
        return self._of(*given) if given is not None else UNKNOWN


def is_public(module: Module, index: int) -> bool:
    """Whether others may call a function: neither it nor a class or function around it has a private name."""
    function = module.function(index)
    if function.kind not in ("function", "method") or ".<locals>." in function.qualname:
        return False
    return not any(part.startswith("_") and not part.endswith("__") for part in function.qualname.split("."))


def _parts(term: Sequence[Any]) -> Sequence[int]:
    if term[0] == terms.DISPLAY:
        return term[2]  # type: ignore[no-any-return]
    if term[0] == terms.GROWN:
        return (term[1], *term[2], *term[3])
    return (term[2],)
