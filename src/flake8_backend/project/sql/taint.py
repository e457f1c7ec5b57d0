"""Where a value in a text comes from: a request, a task's argument, a caller out of sight, a setting, or nobody.

A value that a function was given is looked for at its callers, in whose light the text is read again: a name that every
caller writes out is nobody's choice.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flake8_backend.project.sql.grades import Origin
from flake8_backend.project.sql.places import At, Followed
from flake8_backend.project.sql.sqltext import Hole, holes
from flake8_backend.project.values import ClassRef, FunctionRef, Instance, Value, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from flake8_backend.core.diagnostic import Span
    from flake8_backend.project.calls.callsites import CallSites
    from flake8_backend.project.modules import Module
    from flake8_backend.project.orm.models import Schema
    from flake8_backend.project.running.contexts import Contexts
    from flake8_backend.project.sql.sqltext import Text
    from flake8_backend.project.sql.strings import Strings

_NODE = tuple[str, int]
_PLAIN = frozenset({"str", "bytes", "list", "tuple", "set", "frozenset", "dict", "object"})
_KEYS = frozenset({"pk", "id"})
_REQUESTS = frozenset({"request", "info"})
_MOST_PLACES = 300
_MOST_CALLS = 8


@dataclass(frozen=True, slots=True)
class Source:
    """An origin with what shows it: the name, and the place where it enters."""

    origin: Origin
    name: str = ""
    module: str = ""
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A parameter of a function whose callers say what it is; ``hole`` is what is made from it, where it is known."""

    function: int
    position: int
    hole: Hole | None = None


NOBODY = Source(Origin.NOBODY)
UNKNOWN = Source(Origin.UNKNOWN)


class Taint:
    """Origins of values over one project."""

    def __init__(self, strings: Strings, sites: CallSites, contexts: Contexts, schema: Schema) -> None:
        self._strings = strings
        self._sites = sites
        self._contexts = contexts
        self._schema = schema
        self._known: dict[Hole, Source] = {}
        self._read_sources: dict[Hole, tuple[Source | Given, ...]] = {}
        self._active: set[Hole] = set()
        self._cuts = 0

    def of(self, hole: Hole) -> Source:
        """Where the value of a hole comes from: the origin that is nearest to someone outside."""
        first = replace(hole, source="")
        if first not in self._known:
            self._known[first] = self._find(first)
        return self._known[first]

    def _find(self, first: Hole) -> Source:
        worst = NOBODY
        pending = deque([first])
        seen = {first}
        while pending and worst.origin < Origin.REQUEST and len(seen) < _MOST_PLACES:
            for inner in holes(self._read(pending.popleft())):
                for source in self._sources(inner):
                    if isinstance(source, Given):
                        made = source.hole or inner
                        if made.at == inner.at.outermost() and inner.at.depth < _MOST_CALLS:
                            made = inner  # what is made of it on the way down matters
                        origin = self._entry(made.at.outermost(), source)
                        if origin is None:
                            more = [place for place in self._in_light_of_callers(made, source) if place not in seen]
                            seen.update(more)
                            pending.extend(more)
                            continue
                    else:
                        origin = source
                    worst = origin if origin.origin > worst.origin else worst
        # what is too far to be followed is not known to be harmless
        return UNKNOWN if pending and worst.origin < Origin.UNKNOWN else worst

    # --- parameters --------------------------------------------------------------------------------------------

    def _entry(self, at: At, given: Given) -> Source | None:
        """The origin of a parameter where it enters the project, None when callers say more."""
        module = self._strings.module(at)
        node = (module.name, given.function)
        function = module.function(given.function)
        name = function.parameters[given.position][0]
        place = (f"`{name}` of `{function.qualname.replace('.<locals>', '')}`", module.name, function.place)
        kinds = self._contexts.kinds(node)
        if self._is_handler(module, given.function):
            return Source(Origin.REQUEST, *place)
        if "task" in kinds:
            return Source(Origin.TASK, *place)
        if self._sites.callers(node):
            return None
        # an object is made, and a command run, by those who set the service up
        is_outside = is_public(module, given.function) and function.name != "__init__"
        return Source(Origin.CALLER, *place) if is_outside and "management-command" not in kinds else UNKNOWN

    def _in_light_of_callers(self, hole: Hole, given: Given) -> Iterator[Hole]:
        """The same term, read with what each caller of its function passes."""
        node = (hole.at.outermost().module, given.function)
        for caller in self._sites.callers(node):
            call = Followed(caller.function, caller.site.term, At(caller.site.module), place=caller.place)
            yield Hole(hole.at.called_by(call), hole.term, each=hole.each)

    def _is_handler(self, module: Module, function: int) -> bool:
        node = (module.name, function)
        return self._contexts.handler(node) is not None or "resolver" in self._contexts.kinds(node)

    # --- terms -------------------------------------------------------------------------------------------------

    def _read(self, hole: Hole) -> Text:
        """What a hole holds, read again."""
        if not hole.term:
            return (hole,)
        return self._strings.each(hole.at, hole.term) if hole.each else self._strings.text(hole.at, hole.term)

    def _sources(self, hole: Hole) -> tuple[Source | Given, ...]:
        """Who chooses what a term that is not text denotes, or the parameters that it is made from."""
        known = self._read_sources.get(hole)
        if known is not None:
            return known
        if hole in self._active:
            self._cuts += 1
            return ()  # what is made from itself is nobody's choice
        self._active.add(hole)
        cuts = self._cuts
        try:
            found = tuple(dict.fromkeys(self._find_sources(hole)))
        finally:
            self._active.discard(hole)
        if cuts == self._cuts:
            self._read_sources[hole] = found
        return found

    def _find_sources(self, hole: Hole) -> Iterator[Source | Given]:
        at, index = hole.at, hole.term
        if not index:
            yield UNKNOWN
            return
        strings = self._strings
        term = strings.term(at, index)
        if hole.each:
            yield from self._of_each(at, index)
        elif self._is_request_input(at, index):
            yield Source(Origin.REQUEST, strings.spelled(at, index).removeprefix("?."))
        elif term[0] in _READERS:
            yield from _READERS[term[0]](self, at, term)
        else:
            yield UNKNOWN

    def _of_parameter(self, at: At, term: Sequence[Any]) -> Iterator[Source | Given]:
        if at.call is None or not at.call.is_into((at.module, term[1])):
            yield Given(term[1], term[2])
            return
        place = self._strings.argument(at, term[1], term[2])
        yield from self._of_text(*place) if place is not None else (UNKNOWN,)

    def _of_text(self, at: At, index: int) -> Iterator[Source | Given]:
        """The sources of what is put together elsewhere, unless that is harmless."""
        for hole in holes(self._strings.text(at, index)) if index else (Hole(at, 0),):
            for source in self._sources(hole):
                if isinstance(source, Given) and source.hole is None:
                    source = Given(source.function, source.position, hole)
                yield source

    def _of_name(self, at: At, term: Sequence[Any]) -> Iterator[Source | Given]:
        yield Source(Origin.SETTING, str(term[1]))

    def _of_annotated(self, at: At, term: Sequence[Any]) -> Iterator[Source | Given]:
        yield Source(Origin.SETTING)  # declared, and given its value elsewhere

    def _of_inside(self, at: At, term: Sequence[Any]) -> Iterator[Source | Given]:
        yield from self._of_owner(at, term[2] if term[0] == terms.UNPACK else term[1])

    def _of_element(self, at: At, term: Sequence[Any]) -> Iterator[Source | Given]:
        yield from self._of_each(at, term[1])

    def _of_each(self, at: At, index: int) -> Iterator[Source | Given]:
        """Going through a mapping gives its keys."""
        owner = self._strings.term(at, index)
        if owner[0] == terms.DISPLAY and owner[1] == "dict":
            yield from self._of_all(at, owner[2][0::2])
        else:
            yield from self._of_owner(at, index)

    def _of_parts(self, at: At, term: Sequence[Any]) -> Iterator[Source | Given]:
        yield from self._of_all(at, _parts(term))

    def _of_any(self, at: At, index: int) -> Iterator[Source | Given]:
        for hole in holes(self._strings.text(at, index)) if index else (Hole(at, 0),):
            if hole.at == at:
                yield from self._sources(hole)
            else:
                yield from self._of_text(hole.at, hole.term)

    def _of_owner(self, at: At, index: int) -> Iterator[Source | Given]:
        """The sources of what something was read from; objects of libraries give what they hold, not what they are."""
        if self._is_library_object(self._strings.value(at, index)) and not self._is_request_input(at, index):
            yield UNKNOWN
            return
        found = list(self._of_any(at, index))
        yield from found or (UNKNOWN,)

    def _is_library_object(self, value: Value | None) -> bool:
        found = [option for option in options(value) if isinstance(option, Instance)]
        return bool(found) and all(option.cls.home is None and option.cls.name not in _PLAIN for option in found)

    def _of_attribute(self, at: At, term: Sequence[Any]) -> Iterator[Source | Given]:
        strings = self._strings
        owner = strings.term(at, term[1])
        value = strings.value(at, term[1])
        from_handler = owner[0] == terms.PARAMETER and self._is_handler(strings.module(at), owner[1])
        if self._is_declared(value, term[2], is_own=owner[0] in (terms.SELF, terms.CLASS)):
            yield Source(Origin.SETTING, f"{strings.spelled(at, term[1]).removeprefix('?.')}.{term[2]}")
        elif owner[0] in (terms.SELF, terms.CLASS):
            yield UNKNOWN
        elif term[2] in _KEYS and not from_handler:
            # a row's key: the database gave it
            is_own = any(isinstance(option, Instance) and self._has_own_key(option.cls) for option in options(value))
            yield NOBODY if is_own else Source(Origin.SETTING, term[2])
        elif from_handler and strings.module(at).function(owner[1]).parameters[owner[2]][0] in _REQUESTS:
            yield UNKNOWN  # `request.user`: what the framework found, not what was sent
        elif any(isinstance(o, Instance) and o.cls.home and self._schema.orm_of(o.cls) for o in options(value)):
            yield UNKNOWN  # it was stored, by whom is not seen
        else:
            yield from self._of_owner(at, term[1])

    def _has_own_key(self, cls: ClassRef) -> bool:
        """Whether rows of a model have the number for a key that the mapper gives them."""
        return self._schema.orm_of(cls) is not None and self._strings.members(Instance(cls), "id") is None

    def _is_declared(self, value: Value | None, name: str, *, is_own: bool) -> bool:
        """Whether a class leaves it to others what an attribute is: declared without a value, abstract.

        ``is_own``: the class reads it itself. Of other objects, fields of records are what their makers gave them.
        """
        evaluator = self._strings.evaluator
        for option in options(value):
            cls = option.cls if isinstance(option, Instance) else option
            for base in evaluator.lineage(cls) if isinstance(cls, ClassRef) else ():
                if base.home is not None:
                    module = self._strings.table.by_name[base.home[0]]
                    klass = module.class_(base.home[1])
                    is_record = bool(klass.decorators) or any(b != "object" for b in evaluator.library_bases(base))
                    if name in klass.attributes and (is_own or not is_record):
                        return True
                    index = klass.methods.get(name)
                    if index is not None:
                        return self._strings.is_stub(FunctionRef(module.name, index))
        return False

    def _of_call(self, at: At, term: Sequence[Any]) -> Iterator[Source | Given]:
        strings = self._strings
        callee = strings.term(at, term[1])
        functions = [option for option in options(strings.value(at, term[1])) if isinstance(option, FunctionRef)]
        if self._is_request_input(at, term[1]):
            yield Source(Origin.REQUEST, strings.spelled(at, term[1]).removeprefix("?."))
        elif functions:
            is_left_open = any(map(strings.is_stub, functions))  # subclasses say what it gives
            yield Source(Origin.SETTING, strings.spelled(at, term[1])) if is_left_open else UNKNOWN
        elif callee[0] == terms.ATTRIBUTE:
            yield from self._of_owner(at, callee[1])
        else:
            yield from self._of_all(at, (*term[2], *(value for _, value in term[3])))

    def _of_all(self, at: At, parts: Sequence[int]) -> Iterator[Source | Given]:
        """What is made of several things is unknown at best, once callers have told what they are."""
        found = [source for part in parts for source in self._of_any(at, part)]
        yield from found
        if not any(isinstance(source, Given) for source in found):
            yield UNKNOWN

    # --- requests ----------------------------------------------------------------------------------------------

    def _is_request_input(self, at: At, index: int) -> bool:
        """Whether a term is read from a request: ``request.args``, ``self.request.GET``."""
        names = self._names_of(at, index)
        return any(fact.kind == "request-input" for name in names for fact in self._strings.knowledge.markers(name))

    def _names_of(self, at: At, index: int) -> Iterator[str]:
        """The names that packs may know a term by: as it is written, and as an attribute of its owner's classes."""
        strings = self._strings
        term = strings.term(at, index)
        if term[0] == terms.NAME:
            parts = str(term[1]).split(".")
            for count in range(len(parts), 1, -1):
                owner = ".".join(parts[: count - 1])
                yield f"{owner}.{parts[count - 1]}"
                yield from self._of_classes(strings.evaluator.resolve(owner), parts[count - 1])
        elif term[0] == terms.ATTRIBUTE:
            root = strings.term(at, term[1])
            if root[0] == terms.PARAMETER:
                yield f"{strings.module(at).function(root[1]).parameters[root[2]][0]}.{term[2]}"
            elif root[0] == terms.ATTRIBUTE:
                yield f"{root[2]}.{term[2]}"
            yield from self._of_classes(strings.value(at, term[1]), term[2])

    def _of_classes(self, owner: Value | None, name: str) -> Iterator[str]:
        for option in options(owner):
            if isinstance(option, Instance):
                yield from (f"{base}.{name}" for base in self._strings.evaluator.library_bases(option.cls))


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


_READERS = {
    terms.PARAMETER: Taint._of_parameter,
    terms.NAME: Taint._of_name,
    terms.ANNOTATED: Taint._of_annotated,
    terms.ATTRIBUTE: Taint._of_attribute,
    terms.CALL: Taint._of_call,
    terms.AWAIT: Taint._of_inside,
    terms.ENTER: Taint._of_inside,
    terms.ITEM: Taint._of_inside,
    terms.ALLOWED: Taint._of_inside,
    terms.UNPACK: Taint._of_inside,
    terms.ELEMENT: Taint._of_element,
    terms.DISPLAY: Taint._of_parts,
    terms.GROWN: Taint._of_parts,
    terms.COMPREHENSION: Taint._of_parts,
}
