"""What declarations are written with: what stands behind names, through calls and loops, and the items of lists."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.project.evaluation.binding import children
from flake8_backend.project.sql.lookup import Lookup
from flake8_backend.project.sql.places import At, Followed, Place, takes_self
from flake8_backend.project.values import ClassRef, External, FunctionRef, Instance, Value, options
from flake8_backend.semantic import scopes, terms
from flake8_backend.semantic.summary import BLOCK_KIND, BLOCK_PARENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module

_MOST_ITEMS = 2000
MOST_STEPS = 60  # names that stand for names, within one answer
_SAME_ITEMS = frozenset({"list", "tuple", "set", "sorted", "reversed", "iter"})


class Reading(Lookup):
    """Places and items over one project."""

    def __init__(self, evaluator: Evaluator) -> None:
        super().__init__(evaluator)
        self._given: dict[Place, Place] = {}  # what loop variables and parameters of decorators stand for just now
        self._active: set[tuple[str, Place]] = set()

    # --- places ------------------------------------------------------------------------------------------------

    def definitions(self, dotted: str, depth: int = 0) -> list[Place] | None:
        """The terms that a name is bound to; the name of something in a library, too: ``urlpatterns = router.urls``."""
        found = super().definitions(dotted, depth)
        if found is not None:
            return found
        if dotted.partition(".")[0] not in self.table.tops:
            return self._setting(dotted)
        module, rest = self.table.split(dotted)
        bound = module.summary.names.get(rest, ()) if module is not None else ()
        return [(At(module.name), index) for index in bound] if module is not None and bound else None

    def _setting(self, dotted: str) -> list[Place] | None:
        """What the settings modules say of a name that is read through a library: ``settings.BASE_PATH``."""
        settings = self.evaluator.settings
        owner, _, name = dotted.rpartition(".")
        value = self.evaluator.resolve(owner) if settings is not None and owner else None
        if settings is None or not isinstance(value, Instance) or not settings.is_read_from(value.cls.name):
            return None
        for module in self.settings_modules:
            found = self.definitions(f"{module.name}.{name}")
            if found is not None:
                return found
        return None

    @cached_property
    def roots(self) -> Mapping[str, str]:
        """The settings that name the root of the routes, with the name of the list in the module that they name."""
        return {
            name: marker.routing.routes
            for marker in self.knowledge.markers_of_kind("router")
            if marker.form == "setting" and marker.routing is not None
            for name in marker.names
        }

    @cached_property
    def settings_modules(self) -> list[Module]:
        """The modules that hold settings, else those that name the root of the routes, in the order of their names."""
        settings = self.evaluator.settings
        known = settings.modules if settings is not None else ()
        modules = [self.table.by_name[name] for name in sorted(self.table.by_name)]
        told = [module for module in modules if not self.roots.keys().isdisjoint(module.summary.names)]
        return [module for module in modules if module.name in known] or told

    def argument(self, at: At, function: int, position: int) -> Place | None:
        """What a parameter is given, in an enclosing function too: ``router`` within the decorator that it makes."""
        call = at.call
        while call is not None:
            if (call.function.module, call.function.index) == (at.module, function):
                return super().argument(At(at.module, call), function, position)
            call = call.at.call
        return None

    def behind(self, at: At, index: int) -> list[Place]:
        """The places that a name, an attribute, a parameter or a loop variable stands for; empty when unknown."""
        given = self._given.get((at, index))
        if given is not None:
            return [given]
        term = self.term(at, index)
        operator = term[0]
        if operator == terms.NAME:
            return self.definitions(term[1]) or []
        if operator == terms.ATTRIBUTE:
            return self._attribute(at, term)
        if operator == terms.PARAMETER:
            place = self.argument(at, term[1], term[2])
            return [place] if place is not None and place[1] else []
        if operator == terms.UNPACK:
            return [part for tuple_ in self.ends(at, term[2]) for part in self._position(*tuple_, term[1])]
        if operator == terms.ITEM:
            return self._item(at, term)
        if operator == terms.UNION:
            return [(at, option) for option in term[1]]
        if operator in (terms.ANNOTATED, terms.AWAIT, terms.ALLOWED):
            inner = term[2] if operator == terms.ANNOTATED else term[1]
            return [(at, inner)] if inner else []
        return []

    def _attribute(self, at: At, term: Sequence[Any]) -> list[Place]:
        return self.members(self.value(at, term[1]), term[2]) or []

    def _position(self, at: At, index: int, position: int) -> list[Place]:
        term = self.term(at, index)
        if term[0] == terms.DISPLAY and term[1] in ("tuple", "list") and position < len(term[2]):
            return [(at, term[2][position])]
        return []

    def _item(self, at: At, term: Sequence[Any]) -> list[Place]:
        key = self.term(at, term[2])
        if key[0] != terms.CONSTANT:
            return []
        found: list[Place] = []
        for where, owner in self.ends(at, term[1]):
            display = self.term(where, owner)
            if display[0] == terms.DISPLAY and display[1] == "dict":
                for name, value in zip(display[2][::2], display[2][1::2], strict=False):
                    if self.term(where, name)[:2] == key[:2] or list(self.term(where, name)[:2]) == list(key[:2]):
                        found.append((where, value))
            elif isinstance(key[1], int):
                found += self._position(where, owner, key[1])
        return found

    def ends(self, at: At, index: int) -> list[Place]:
        """What a term stands for in the end: literals, calls, functions and classes; itself where nothing is behind."""
        found: dict[Place, None] = {}
        self._follow((at, index), found, set())
        return list(found)

    def _follow(self, place: Place, found: dict[Place, None], seen: set[Place]) -> None:
        if place in seen or len(seen) > MOST_STEPS or not place[1]:
            return
        seen.add(place)
        behind = self.behind(*place) or self._results(place)
        if not behind:
            found[place] = None
        for other in behind:
            self._follow(other, found, seen)

    def _results(self, place: Place) -> list[Place]:
        """What the functions of the project that a call runs give."""
        at, index = place
        term = self.term(at, index)
        if term[0] != terms.CALL:
            return []
        found: list[Place] = []
        for inside, outputs in self.looked_into(at, index, self.callee(at, term)):
            found += ((inside, output) for output in sorted(outputs, key=self._is_conditional(inside)))
        return found

    def _is_conditional(self, inside: At) -> Callable[[int], bool]:
        """Whether a function gives a result under a condition alone: what it gives otherwise is the common case."""
        function = inside.call.function if inside.call is not None else None
        if function is None:
            return lambda _: False
        summary = self.table.by_name[function.module].function(function.index)
        blocks = {row[0]: row[1] for row in summary.outputs}

        def is_conditional(output: int) -> bool:
            block = blocks.get(output, -1)
            while block >= 0:
                if summary.blocks[block][BLOCK_KIND] == scopes.IF:
                    return True
                block = summary.blocks[block][BLOCK_PARENT]
            return False

        return is_conditional

    def callee(self, at: At, term: Sequence[Any]) -> Value | None:
        """What a call runs: a function that another one returns, too."""
        value = self.value(at, term[1])
        return value if value is not None else self._made_callee(at, term[1])

    def _made_callee(self, at: At, index: int) -> Value | None:
        for inside, end in self.behind(at, index):
            value = self.value(inside, end)
            if value is not None:
                return value
        return None

    # --- items -------------------------------------------------------------------------------------------------

    def items(self, at: At, index: int) -> list[Place] | None:
        """The places of what a list holds; None where it is not written out."""
        key = ("items", (at, index))
        if not index or key in self._active:
            return None
        self._active.add(key)
        try:
            return self._items(at, index)
        finally:
            self._active.discard(key)

    def _items(self, at: At, index: int) -> list[Place] | None:
        term = self.term(at, index)
        operator = term[0]
        if operator == terms.DISPLAY and term[1] != "slice":
            parts = term[2][::2] if term[1] == "dict" else term[2]
            return [place for part in parts for place in self._spread(at, part)][:_MOST_ITEMS]
        if operator == terms.GROWN:
            base = self.items(at, term[1]) or []
            more = [place for part in term[3] for place in self.items(at, part) or ()]
            return [*base, *((at, part) for part in term[2]), *more]
        if operator == terms.BINARY and term[1] == "+":
            sides = [self.items(at, side) for side in term[2:4]]
            return None if sides == [None, None] else [place for side in sides for place in side or ()]
        if operator == terms.CALL:
            return self._items_of_call(at, index, term)
        places = self.behind(at, index)
        if operator == terms.PARAMETER and places and self._is_text(*places[0]):
            return self._rest(at, term)
        found = [self.items(*place) for place in places]
        return None if all(part is None for part in found) else [place for part in found for place in part or ()]

    def _is_text(self, at: At, index: int) -> bool:
        term = self.term(at, index)
        return term[0] == terms.STRING or (term[0] == terms.CONSTANT and isinstance(term[1], str))

    def _rest(self, at: At, term: Sequence[Any]) -> list[Place]:
        """What ``*paths`` is given: a parameter that is gone through, though a text is what stands at its position."""
        call = at.call
        while call is not None and (call.function.module, call.function.index) != (at.module, term[1]):
            call = call.at.call
        if call is None:
            return []
        home = self.table.by_name[at.module]
        place = term[2] - (1 if takes_self(home, home.function(term[1])) else 0)
        return [(call.at, part) for part in self.term(call.at, call.term)[2][place:]]

    def _spread(self, at: At, part: int) -> list[Place]:
        term = self.term(at, part)
        inner = self.items(at, term[1]) if term[0] == terms.ELEMENT and (at, part) not in self._given else None
        return inner if inner is not None else [(at, part)]

    def _items_of_call(self, at: At, index: int, term: Sequence[Any]) -> list[Place] | None:
        last = self.last_name(at, term[1])
        if last in _SAME_ITEMS and term[2]:
            return self.items(at, term[2][0])
        if last in ("items", "values", "keys") and not term[2]:
            return self._of_mapping(at, term, last)
        results = self._results((at, index))
        found = [self.items(*place) for place in results]
        return None if all(part is None for part in found) else [place for part in found for place in part or ()]

    def _of_mapping(self, at: At, term: Sequence[Any], view: str) -> list[Place] | None:
        """The values of a mapping that is written out. Pairs are not terms, so ``items()`` cannot be told."""
        callee = self.term(at, term[1])
        owner = (at, callee[1]) if callee[0] == terms.ATTRIBUTE else None
        owners = self.ends(*owner) if owner is not None else self.definitions(callee[1].rpartition(".")[0]) or []
        found: list[Place] = []
        for where, end in owners:
            display = self.term(where, end)
            if view == "items" or display[0] != terms.DISPLAY or display[1] != "dict":
                return None
            found += [(where, part) for part in display[2][view == "values" :: 2]]
        return found or None

    def rounds(self, at: At, index: int) -> Iterator[None]:
        """Once for each time that a call in a loop over a literal is made; once for any other call.

        While the iterator stands, the loop's variables have the values of that round.
        """
        loops = self._loops(at, index)
        if not loops:
            yield
            return
        variable, places = loops[0]
        for place in places:
            self._given[at, variable] = place
            yield from self.rounds(at, index)
            del self._given[at, variable]

    def _loops(self, at: At, index: int) -> list[tuple[int, list[Place]]]:
        """The loop variables that a call depends on, with what they go through."""
        found: dict[int, list[Place]] = {}
        seen: set[int] = set()
        pending = [index]
        while pending:
            current = pending.pop()
            if current in seen or (at, current) in self._given:
                continue
            seen.add(current)
            term = self.term(at, current)
            if term[0] == terms.ELEMENT and current not in found:
                places = self.items(at, term[1])
                if places:
                    found[current] = places
                    continue
            if term[0] == terms.NAME:
                pending += self._looped(at, term[1])
                continue
            if term[0] == terms.DISPLAY and current != index:
                pending += [part for part in term[2] if self.term(at, part)[0] != terms.ELEMENT]
                continue
            pending += children(term)
        return sorted(found.items())

    def _looped(self, at: At, dotted: str) -> list[int]:
        """The loop variables of a module, which are names like any other."""
        rest = dotted.removeprefix(f"{at.module}.")
        bound = self.module(at).summary.names.get(rest, ()) if at.call is None else ()
        return [index for index in bound if self.term(at, index)[0] in (terms.ELEMENT, terms.UNPACK)]

    # --- names -------------------------------------------------------------------------------------------------

    def library_name(self, value: Value | None) -> str | None:
        """The name under which packs tell of a library's function or class."""
        for option in options(value):
            if isinstance(option, External):
                return option.name
            if isinstance(option, ClassRef) and option.home is None:
                return option.name
        return None

    def place_of(self, at: At, index: int) -> tuple[str, int, int]:
        """Where a call stands: path of the file, line, column."""
        term = self.term(at, index)
        line, column = (term[4], term[5]) if term[0] == terms.CALL else (1, 0)
        return self.module(at).path, line, column


def followed(function: FunctionRef, at: At, index: int) -> At:
    """The inside of a function that is called by the term ``index`` at ``at``."""
    return At(function.module, Followed(function, index, at, at.depth + 1))


def class_of(value: Value | None) -> ClassRef | None:
    """The class that a value is or is an object of."""
    for option in options(value):
        if isinstance(option, ClassRef):
            return option
        if isinstance(option, Instance):
            return option.cls
    return None
