"""What collections hold, as text: the items of lists, the keys and values of mappings that are written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flake8_backend.project.sql import patterns, sqltext
from flake8_backend.project.sql.harmless import Harmless
from flake8_backend.project.sql.sqltext import Hole, Text
from flake8_backend.project.values import ClassRef, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.sql.places import At, Place

MOST_ITEMS = 24
_WHOLE_AND_GROUP = 2
_KEYS_AND_VALUES = 2
# what has the same items as its first argument
_SAME_ITEMS = frozenset({"list", "tuple", "set", "frozenset", "sorted", "reversed", "iter", "dict", "copy", "fromkeys"})
_Pair = tuple[Text, Text]


class Contents(Harmless):
    """Items and pairs as texts; None where they are not all in sight."""

    def __init__(self, evaluator: Evaluator) -> None:
        super().__init__(evaluator)
        self._active: set[tuple[object, ...]] = set()

    def _text(self, at: At, index: int) -> Text:
        raise NotImplementedError

    def _once(self, read: Callable[..., list[Any] | None], *arguments: Any) -> list[Any] | None:
        """``read(*arguments)``; what is made from itself adds nothing to itself."""
        key = (read.__name__, *arguments)
        if key in self._active:
            return []
        self._active.add(key)
        try:
            return read(*arguments)
        finally:
            self._active.discard(key)

    # --- items -------------------------------------------------------------------------------------------------

    def items(self, at: At, index: int) -> list[Text] | None:
        """The items that going through a term gives."""
        return self._once(self._items, at, index) if index else None

    def _items(self, at: At, index: int) -> list[Text] | None:
        term = self.term(at, index)
        operator = term[0]
        if operator == terms.DISPLAY:
            return self._displayed(at, term)
        if operator == terms.GROWN:
            return self._grown(at, term)
        if operator == terms.COMPREHENSION:
            return [self._text(at, term[4] if term[1] == "dict" else term[2])]
        if operator == terms.CALL:
            return self._called(at, index, term)
        if operator == terms.UNPACK:
            return self._column(at, term)
        if operator == terms.CONSTANT:
            return [(letter,) for letter in (term[1] or "")[:MOST_ITEMS]] if term[2] in ("str", "NoneType") else None
        if operator == terms.BINARY and term[1] == "*":
            return self.items(at, term[2])
        if operator in (terms.BINARY, terms.UNION):
            parts = term[1] if operator == terms.UNION else term[2:4]
            return self._together([self.items(at, part) for part in parts if not self._is_empty(at, part)])
        if operator == terms.ALLOWED:
            return [(sqltext.NAME,)]
        if operator == terms.ITEM and self.term(at, term[2])[0] == terms.DISPLAY:
            return self.items(at, term[1]) if self.term(at, term[2])[1] == "slice" else None
        if self.is_enum(self.value(at, index)):
            return [(sqltext.NAME,)]
        return self._together([self.items(*place) for place in self.behind(at, index)])

    def _column(self, at: At, term: Sequence[Any]) -> list[Text] | None:
        """``names, values = zip(*row.items())``."""
        call = self.term(at, term[2])
        if call[0] != terms.CALL or call[2] or self.last_name(at, call[1]) != "zip":
            return None
        rows = dict(call[3]).get(terms.STAR, 0)
        return self._part_of_each(at, rows, term[1])

    def behind(self, at: At, index: int) -> list[Place]:
        """The terms that a name, an attribute, a parameter or an annotated term stands for; empty when unknown."""
        term = self.term(at, index)
        operator = term[0]
        if operator == terms.NAME:
            return self.definitions(term[1]) or []
        if operator == terms.ATTRIBUTE:
            return self.members(self.value(at, term[1]), term[2]) or []
        if operator == terms.PARAMETER:
            place = self.argument(at, term[1], term[2])
            return [place] if place is not None and place[1] else []
        if operator == terms.ANNOTATED:
            return [(at, term[2])] if term[2] else []
        return [(at, term[1])] if operator in (terms.AWAIT, terms.ALLOWED) else []

    @staticmethod
    def _together(parts: Sequence[list[Any] | None]) -> list[Any] | None:
        """All the parts in one list, None when one is missing."""
        if not parts or any(part is None for part in parts):
            return None
        return [item for part in parts if part for item in part][:MOST_ITEMS]

    def _displayed(self, at: At, term: Sequence[Any]) -> list[Text] | None:
        if term[1] == "slice":
            return None
        if term[1] == "dict":
            pairs = self._pairs(at, term)
            return None if pairs is None else [key for key, _ in pairs]
        if not term[2]:
            return [] if terms.STAYS_EMPTY in term else None  # it is filled somewhere
        found: list[Text] = []
        for part in term[2][:MOST_ITEMS]:
            inner = self.term(at, part)
            spread = self.items(at, inner[1]) if inner[0] == terms.ELEMENT else None
            found += spread if spread is not None else [self._text(at, part)]
        return found

    def _is_empty(self, at: At, index: int) -> bool:
        term = self.term(at, index)
        if term[0] == terms.CONSTANT:
            return term[1] is None
        return term[0] == terms.DISPLAY and term[1] != "slice" and not term[2]

    def _grown(self, at: At, term: Sequence[Any]) -> list[Text] | None:
        base = self.items(at, term[1]) or []
        found = [*base, *(self._text(at, part) for part in term[2])]
        for part in term[3]:
            more = self.items(at, part)
            found += more if more is not None else [(Hole(at, part, each=True),)]
        return found

    def _called(self, at: At, index: int, term: Sequence[Any]) -> list[Text] | None:
        last = self.last_name(at, term[1])
        callee = self.term(at, term[1])
        if last in ("keys", "values") and not term[2]:
            pairs = self.mapping_of(self.owners(at, callee))
            return None if pairs is None else [pair[last == "values"] for pair in pairs]
        if last in ("findall", "finditer"):
            groups = self.captured(at, term)
            return [(sqltext.NAME,)] if groups and len(groups) <= _WHOLE_AND_GROUP and groups[-1] else None
        if last in ("split", "splitlines"):
            return [self._text(*place) for place in self.owners(at, callee)] or None
        if last == "range":
            return [(sqltext.NUMBER,)]
        if last == "map" and len(term[2]) > 1:
            return self._mapped(at, term)
        if last == "filter" and len(term[2]) > 1:
            return self.items(at, term[2][1])
        if last == "chain":
            return self._together([self.items(at, part) for part in term[2]])
        pairs = self.mapping(at, index) if last == "dict" else None
        if pairs is not None:
            return [key for key, _ in pairs]
        if last in _SAME_ITEMS and term[2]:
            return self.items(at, term[2][0])
        callee_value = self.value(at, term[1])
        yielded = [self._text(inside, y) for inside, given in self.yielded(at, index, callee_value) for y in given]
        if yielded:
            return yielded
        found = self.looked_into(at, index, callee_value)
        return self._together([self.items(inside, output) for inside, outputs in found for output in outputs])

    def pattern(self, at: At, term: Sequence[Any]) -> str | None:
        """The regular expression of ``re.match("…", text)`` or of a method of a compiled one."""
        owners = self.owners(at, self.term(at, term[1]))
        compiled = [self.term(*owner) for owner in owners]
        places = [(owner[0], call[2][0]) for owner, call in zip(owners, compiled, strict=True) if _is_call(call)]
        if not owners and term[2]:
            places = [(at, term[2][0])]
        return sqltext.plain(self._text(*places[0])) if len(places) == 1 else None

    def captured(self, at: At, term: Sequence[Any]) -> list[bool]:
        """For a call that matches a pattern, whether the whole match and each group hold nothing but words."""
        pattern = self.pattern(at, term)
        return [] if pattern is None else patterns.captured(pattern)

    def _mapped(self, at: At, term: Sequence[Any]) -> list[Text] | None:
        """``map(str, ids)`` has the same texts, ``map(quote_name, columns)`` harmless ones."""
        function = self.value(at, term[2][0])
        if isinstance(function, ClassRef) and function.name == "str":
            return self.items(at, term[2][1])
        facts = [self.fact(option) for option in options(function)]
        numeric = isinstance(function, ClassRef) and self._is_harmless(function)
        if numeric or self.is_safe_call(at, term[2][0]) or (facts and all(facts)):
            return [(sqltext.NAME,)]
        return None

    def is_safe_call(self, at: At, callee: int) -> bool:
        """Whether a function that is handed over quotes what it is given."""
        return any(self.spelled(at, callee).endswith(pattern.lstrip("*")) for pattern in self._safe_calls)

    # --- mappings ----------------------------------------------------------------------------------------------

    def mapping(self, at: At, index: int) -> list[_Pair] | None:
        """The keys and values of a mapping."""
        return self._once(self._mapping, at, index) if index else None

    def _mapping(self, at: At, index: int) -> list[_Pair] | None:
        term = self.term(at, index)
        operator = term[0]
        if operator == terms.DISPLAY:
            return self._pairs(at, term) if term[1] == "dict" else None
        if operator == terms.COMPREHENSION:
            return [(self._text(at, term[4]), self._text(at, term[2]))] if term[1] == "dict" else None
        if operator == terms.UNION:
            return self._together([self.mapping(at, part) for part in term[1] if not self._is_empty(at, part)])
        if operator == terms.BINARY:
            return self._together([self.mapping(at, part) for part in term[2:4]]) if term[1] == "|" else None
        if operator == terms.CALL:
            if self.last_name(at, term[1]) in ("dict", "MappingProxyType", "OrderedDict"):
                named = [((name,), self._text(at, value)) for name, value in term[3] if name.isidentifier()]
                return self._together([named, *(self._made_of(at, argument) for argument in term[2])])
            found = self.looked_into(at, index, self.value(at, term[1]))
            return self._together([self.mapping(inside, output) for inside, outputs in found for output in outputs])
        return self._together([self.mapping(*place) for place in self.behind(at, index)])

    def _made_of(self, at: At, index: int) -> list[_Pair] | None:
        """The mapping that ``dict`` makes of its argument: another one, or ``zip(names, values)``."""
        term = self.term(at, index)
        if term[0] != terms.CALL or self.last_name(at, term[1]) != "zip" or len(term[2]) != _KEYS_AND_VALUES:
            return self.mapping(at, index)
        names, values = (self.items(at, part) for part in term[2])
        value = (Hole(at, term[2][1], each=True),) if values is None else sqltext.either(values)
        return None if names is None else [(name, value) for name in names]

    def _pairs(self, at: At, term: Sequence[Any]) -> list[_Pair] | None:
        if not term[2]:
            return [] if terms.STAYS_EMPTY in term else None  # it is filled somewhere
        found: list[_Pair] = []
        for key, value in zip(term[2][0::2], term[2][1::2], strict=True):
            if key:
                found.append((self._text(at, key), self._text(at, value)))
                continue
            inner = self.mapping(at, value)  # `{**defaults}`
            if inner is None:
                return None
            found += inner
        return found

    def mapping_of(self, owners: Sequence[Place]) -> list[_Pair] | None:
        """The mapping that something known under several terms is."""
        return self._together([self.mapping(*place) for place in owners])

    def owners(self, at: At, callee: Sequence[Any]) -> list[Place]:
        """What a method is called on: ``COLUMNS`` of ``COLUMNS.items``, wherever that is defined."""
        if callee[0] == terms.ATTRIBUTE:
            return [(at, callee[1])]
        owner = str(callee[1]).rpartition(".")[0] if callee[0] == terms.NAME else ""
        return (self.definitions(owner) or []) if owner else []

    # --- tuples ------------------------------------------------------------------------------------------------

    def part(self, at: At, index: int, position: int) -> list[Text] | None:
        """What stands at a position of a tuple, or of every tuple that a loop goes through."""
        return self._once(self._part, at, index, position) if index else None

    def _part(self, at: At, index: int, position: int) -> list[Text] | None:
        term = self.term(at, index)
        operator = term[0]
        if operator == terms.DISPLAY and term[1] in ("tuple", "list"):
            return [self._text(at, term[2][position])] if position < len(term[2]) else None
        if operator == terms.ELEMENT:
            return self._part_of_each(at, term[1], position)
        if operator == terms.UNION:
            return self._together([self.part(at, option, position) for option in term[1]])
        if operator == terms.UNPACK:
            return self._part_of_part(at, term, position)
        if operator == terms.ITEM:
            return self._part_of_value(at, term[1], position)
        if operator == terms.CALL:
            found = self.looked_into(at, index, self.value(at, term[1]))
            return self._together([self.part(inside, o, position) for inside, outputs in found for o in outputs])
        return self._together([self.part(*place, position) for place in self.behind(at, index)])

    def _part_of_value(self, at: At, index: int, position: int) -> list[Text] | None:
        """``table, column = TABLES[kind]``: what stands at a position of every value of a mapping."""
        term = self.term(at, index)
        if term[0] == terms.DISPLAY and term[1] == "dict" and term[2]:
            return self._together([self.part(at, value, position) for value in term[2][1::2]])
        return self._together([self._part_of_value(*place, position) for place in self.behind(at, index)])

    def _part_of_part(self, at: At, term: Sequence[Any], position: int) -> list[Text] | None:
        """``for number, (name, default) in enumerate(columns.items())``."""
        element = self.term(at, term[2])
        call = self.term(at, element[1]) if element[0] == terms.ELEMENT else element
        if call[0] != terms.CALL:
            return None
        last, given = self.last_name(at, call[1]), call[2]
        if last == "enumerate" and term[1] == 1 and given:
            return self._part_of_each(at, given[0], position)
        return self._part_of_each(at, given[term[1]], position) if last == "zip" and term[1] < len(given) else None

    def _part_of_each(self, at: At, index: int, position: int) -> list[Text] | None:
        return self._once(self._read_part_of_each, at, index, position) if index else None

    def _read_part_of_each(self, at: At, index: int, position: int) -> list[Text] | None:
        term = self.term(at, index)
        if term[0] == terms.CALL:
            last = self.last_name(at, term[1])
            if last == "items" and position < 2:
                pairs = self.mapping_of(self.owners(at, self.term(at, term[1])))
                return None if pairs is None else [pair[position] for pair in pairs]
            if last == "enumerate" and term[2]:
                return [(sqltext.NUMBER,)] if position == 0 else self.items(at, term[2][0])
            if last == "zip" and position < len(term[2]):
                return self.items(at, term[2][position])
            if last in _SAME_ITEMS and term[2]:
                return self._part_of_each(at, term[2][0], position)
            return self._part_of_results(at, index, term, position)
        if term[0] == terms.GROWN:
            more = [pair for part in term[3] for pair in self.mapping(at, part) or ()]
            base = self._part_of_each(at, term[1], position) or []
            parts = [self.part(at, part, position) for part in term[2]]
            return self._together([base, [pair[position] for pair in more if position < len(pair)], *parts])
        if term[0] == terms.DISPLAY and term[1] != "dict":
            return self._together([self.part(at, part, position) if part else None for part in term[2][:MOST_ITEMS]])
        if term[0] == terms.COMPREHENSION and term[1] != "dict":
            return self.part(at, term[2], position) if term[2] else None
        return self._together([self._part_of_each(*place, position) for place in self.behind(at, index)])

    def _part_of_results(self, at: At, index: int, term: Sequence[Any], position: int) -> list[Text] | None:
        if self.last_name(at, term[1]) == "findall":
            groups = self.captured(at, term)
            return [(sqltext.NAME,)] if position + 1 < len(groups) and groups[position + 1] else None
        callee = self.value(at, term[1])
        given = [(inside, y) for inside, yields in self.yielded(at, index, callee) for y in yields]
        if given:
            return self._together([self.part(*place, position) for place in given])
        found = [(inside, o) for inside, outputs in self.looked_into(at, index, callee) for o in outputs]
        return self._together([self._part_of_each(*place, position) for place in found])


def _is_call(term: Sequence[Any]) -> bool:
    return term[0] == terms.CALL and bool(term[2])
