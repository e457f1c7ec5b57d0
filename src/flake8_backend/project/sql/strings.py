"""Terms to text: what a string of the program is put together from, through variables, helpers, classes and modules."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flake8_backend.project.sql import patterns, sqltext
from flake8_backend.project.sql.contents import Contents
from flake8_backend.project.sql.harmless import RAW_SQL
from flake8_backend.project.sql.places import At
from flake8_backend.project.sql.sqltext import Fragment, Hole, Text, Values, either
from flake8_backend.project.values import ClassRef, External, FunctionRef, Instance, Value, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flake8_backend.project.calls.callsites import CallSites
    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.sql.places import Place

_MOST_STEPS = 3000
# functions of builtins and the standard library: a number; the first argument, maybe with other blanks around it
_NUMERIC = frozenset({"len", "int", "float", "bool", "round", "abs", "ord", "hash", "id", "bin", "hex", "oct", "sum"})
_SAME_TEXT = frozenset({"str", "dedent", "indent", "cleandoc", "format", "cast", "fill", "shorten"})
_TRIMMING = frozenset(
    {"strip", "lstrip", "rstrip", "removeprefix", "removesuffix", "lower", "upper", "title", "casefold", "capitalize"}
    | {"encode", "decode", "expandtabs", "ljust", "rjust", "center", "zfill", "swapcase", "translate"}
)
_OLD_AND_NEW = 2
_QUOTES = frozenset('"`]')
_MAPPINGS = frozenset({"dict", "collections.OrderedDict", "collections.defaultdict", "collections.Counter"})
_TEXT_TYPES = frozenset({"str", "bytes"})


class Strings(Contents):
    """Texts of terms over one project."""

    def __init__(self, evaluator: Evaluator, sites: CallSites) -> None:
        super().__init__(evaluator)
        self._sites = sites
        self._steps = 0

    def text(self, at: At, index: int) -> Text:
        """What the term ``index`` is put together from, read at ``at``."""
        self._steps = 0
        return self._text(at, index)

    def each(self, at: At, index: int) -> Text:
        """One of the items of what the term ``index`` denotes."""
        self._steps = 0
        items = self.items(at, index)
        return (Hole(at, index, each=True),) if items is None else either(items)

    def _text(self, at: At, index: int) -> Text:
        key = (at, index)
        if not index:
            return (Hole(at, 0),)
        if key in self._active or self._steps > _MOST_STEPS:
            return ()  # what is made from itself adds nothing to itself
        self._steps += 1
        self._active.add(key)
        try:
            term = self.term(at, index)
            handler = _TERMS.get(term[0])
            return handler(self, at, index, term) if handler is not None else (Hole(at, index),)
        finally:
            self._active.discard(key)

    def _texts(self, places: Sequence[Place]) -> Text:
        return either([self._text(at, index) for at, index in places])

    # --- literals and operators --------------------------------------------------------------------------------

    def _constant(self, at: At, index: int, term: Sequence[Any]) -> Text:
        return (str(term[1]),)

    def _string(self, at: At, index: int, term: Sequence[Any]) -> Text:
        found: list[Fragment] = []
        for part, conversion, source in term[1]:
            if conversion == terms.NUMBER_PART:
                found.append(sqltext.NUMBER)
                continue
            for fragment in self._text(at, part):
                bare = isinstance(fragment, Hole) and not fragment.source
                found.append(replace(fragment, source=source) if bare else fragment)  # type: ignore[type-var]
        return tuple(found)

    def _binary(self, at: At, index: int, term: Sequence[Any]) -> Text:
        operator, left, right = term[1:4]
        if operator == "*":
            return self._repeated(at, index, left, right)
        if operator == "-" or (self._is_number(at, left) and (operator != "+" or self._is_number(at, right))):
            return (sqltext.NUMBER,)
        if operator == "+":
            return self._text(at, left) + self._text(at, right)
        if operator == "%":
            template = self._text(at, left)
            return sqltext.percent_filled(template, self._operands(at, right))
        return (Hole(at, index),)

    def _repeated(self, at: At, index: int, left: int, right: int) -> Text:
        """``"?, " * len(ids)``, or numbers multiplied."""
        for side in (left, right):
            term = self.term(at, side)
            if term[0] == terms.CONSTANT and isinstance(term[1], str):
                return (term[1],)
        if self._is_number(at, left) and self._is_number(at, right):
            return (sqltext.NUMBER,)
        return self._text(at, left) if not self._is_number(at, left) else self._text(at, right)

    def _is_number(self, at: At, index: int) -> bool:
        term = self.term(at, index)
        if term[0] == terms.CONSTANT:
            return term[2] in ("int", "float")
        return self._is_numeric_call(at, term) or self.is_harmless(self.value(at, index))

    def _is_numeric_call(self, at: At, term: Sequence[Any]) -> bool:
        callee = self.term(at, term[1]) if term[0] == terms.CALL else term
        return callee[0] == terms.NAME and str(callee[1]).removeprefix("builtins.") in _NUMERIC

    def _operands(self, at: At, right: int) -> Values:
        """What stands right of ``%``."""
        term = self.term(at, right)
        if term[0] == terms.DISPLAY and term[1] == "tuple":
            return Values([self._text(at, part) for part in term[2]], {})
        mapping = self.mapping(at, right)
        if mapping is not None:
            named = {key: value for name, value in mapping if (key := sqltext.plain(name)) is not None}
            return Values([], named, None if len(named) == len(mapping) else (Hole(at, right),))
        return Values([], {}, self._text(at, right))

    def _union(self, at: At, index: int, term: Sequence[Any]) -> Text:
        return self._texts([(at, option) for option in term[1]])

    # --- what is known of a value ------------------------------------------------------------------------------

    def _allowed(self, at: At, index: int, term: Sequence[Any]) -> Text:
        if not term[2] or self.never_returns(self.value(at, term[2])):
            return (sqltext.NAME,)
        return self._text(at, term[1])

    def _annotated(self, at: At, index: int, term: Sequence[Any]) -> Text:
        if self.is_harmless(self.evaluator.type_of(self.module(at), term[1])) or self.is_closed_type(at, term[1]):
            return (sqltext.NAME,)
        return self._text(at, term[2]) if term[2] else (Hole(at, index),)

    def _awaited(self, at: At, index: int, term: Sequence[Any]) -> Text:
        return self._text(at, term[1])

    def _read(self, at: At, index: int, term: Sequence[Any]) -> Text:
        """A name, an attribute or a parameter: what it was given, where that is in sight."""
        if self.is_safe_name(at, index) or self._is_harmless_at(at, index) or self._is_member(at, term):
            return (sqltext.NAME,)
        found = self.behind(at, index)
        if found:
            text = self._texts(found)
            bare = term[0] == terms.NAME and sqltext.is_whole(text) and any(sqltext.holes(text))
            return (Hole(at, index),) if bare else text
        if term[0] == terms.ATTRIBUTE:
            return self._property(at, index, term) or (Hole(at, index),)
        if term[0] == terms.PARAMETER:
            annotation = self.module(at).function(term[1]).parameters[term[2]][1]
            if self.is_closed_type(At(at.module), annotation):
                return (sqltext.NAME,)
        return (Hole(at, index),)

    def _is_harmless_at(self, at: At, index: int) -> bool:
        """Whether a term's text is harmless, for the call that is looked into or whoever calls."""
        if self.is_harmless(self.value(at, index)):
            return True
        return at.call is not None and self.is_harmless(self.evaluator.value(self.module(at), index))

    def _is_member(self, at: At, term: Sequence[Any]) -> bool:
        """``Priority.HIGH``, ``Priority.HIGH.value``, ``sort.value`` of an enumeration; ``.hex`` of a UUID."""
        if term[0] == terms.ATTRIBUTE:
            return self._is_harmless_at(at, term[1]) or any(map(self.is_enum, options(self.value(at, term[1]))))
        if term[0] != terms.NAME:
            return False
        owner_name, _, last = term[1].rpartition(".")
        if last in ("value", "name"):
            owner_name = owner_name.rpartition(".")[0]
        if owner_name.partition(".")[0] not in self.table.tops:
            return False
        return self.is_enum(self.evaluator.resolve(owner_name))

    def _property(self, at: At, index: int, term: Sequence[Any]) -> Text:
        texts = []
        for option in options(self.value(at, term[1])):
            found = self.evaluator.method(option.cls, term[2]) if isinstance(option, Instance) else None
            if found is None or not self.evaluator.is_property(found[0], found[1]):
                return ()
            function = FunctionRef(found[0].name, found[1], option)
            for inside, outputs in self.looked_into(at, index, function):
                texts += [self._text(inside, output) for output in outputs]
        return either(texts)

    def _item(self, at: At, index: int, term: Sequence[Any]) -> Text:
        if self.is_harmless(self.value(at, index)) or self.is_safe_name(at, index):
            return (sqltext.NAME,)
        if self.is_safe_name(at, term[1]):
            return (sqltext.NAME,)  # `compiled = query.as_sql(…)`, `compiled[0]`
        key = self.term(at, term[2])
        if key[0] == terms.DISPLAY and key[1] == "slice":
            return self._text(at, term[1])
        if key[0] == terms.CONSTANT and self._is_captured(at, term[1], key):
            return (sqltext.NAME,)
        found = self._looked_up([(at, term[1])], key)
        if found is None and key[0] == terms.CONSTANT and isinstance(key[1], int) and key[1] >= 0:
            parts = self.part(at, term[1], key[1])
            found = either(parts) if parts else None
        if found is None:
            items = self.items(at, term[1])
            found = either(items) if items else None
        return (Hole(at, index),) if found is None else found

    def _looked_up(self, owners: list[Place], key: Sequence[Any]) -> Text | None:
        """What a key gives of a mapping that is written out."""
        mapping = self.mapping_of(owners)
        if not mapping:
            return None
        exact = [value for name, value in mapping if key[0] == terms.CONSTANT and sqltext.plain(name) == key[1]]
        return either(exact or [value for _, value in mapping])

    def _element(self, at: At, index: int, term: Sequence[Any]) -> Text:
        if self.is_harmless(self.value(at, index)) and not self._is_mapping(at, term[1]):
            return (sqltext.NAME,)
        items = self.items(at, term[1])
        return (Hole(at, index),) if items is None else either(items)

    def _is_mapping(self, at: At, index: int) -> bool:
        """Whether going through a term gives keys, of whose type nothing is known."""
        return any(
            isinstance(option, Instance) and option.cls.name in _MAPPINGS for option in options(self.value(at, index))
        )

    def _unpack(self, at: At, index: int, term: Sequence[Any]) -> Text:
        if self.is_harmless(self.value(at, index)) or self.is_safe_name(at, term[2]):
            return (sqltext.NAME,)  # `sql, params = query.as_sql(…)`: it is compiled
        found = self.part(at, term[2], term[1])
        return either(found) if found else (Hole(at, index),)

    # --- calls -------------------------------------------------------------------------------------------------

    def _call(self, at: At, index: int, term: Sequence[Any]) -> Text:
        callees = list(options(self.value(at, term[1])))
        facts = [self.fact(callee) for callee in callees]
        if any(fact is not None and fact.kind == RAW_SQL for fact in facts):
            return ()  # the text ends here: that call is looked at by itself
        if (facts and all(facts)) or self.is_safe_name(at, index) or self._is_numeric_call(at, term):
            return (sqltext.NAME,)
        callee = self.term(at, term[1])
        last = self.last_name(at, term[1])
        owners = self.owners(at, callee) if last in _METHODS else []
        if owners and not any(isinstance(option, FunctionRef) for option in callees):
            return _METHODS[last](self, at, index, term, owners)
        if self.is_harmless(self.value(at, index)) or self._is_cleaned(at, term, last):
            return (sqltext.NAME,)
        if callee[0] == terms.NAME and last in _SAME_TEXT and term[2] and not _is_project(callees):
            return self._text(at, term[2][-1] if last == "cast" else term[2][0])
        texts = [
            self._text(inside, output)
            for inside, outputs in self.looked_into(at, index, self.value(at, term[1]))
            for output in outputs
        ]
        return either(texts) if texts else (Hole(at, index),)

    def _is_cleaned(self, at: At, term: Sequence[Any], last: str) -> bool:
        """``re.sub("[^a-z_]", "", name)``: no quote is left in it; ``match.group(1)`` of ``(\\d+)``."""
        if last == "group":
            return self._is_captured(at, self.term(at, term[1])[1], self.term(at, term[2][0] if term[2] else 0))
        if last != "sub" or len(term[2]) < _OLD_AND_NEW:
            return False
        pattern = self.pattern(at, term)
        by_method = bool(self.owners(at, self.term(at, term[1])))
        new = sqltext.plain(self._text(at, term[2][0 if by_method else 1]))
        return pattern is not None and new is not None and patterns.removes_quotes(pattern)

    def _is_captured(self, at: At, match: object, key: Sequence[Any]) -> bool:
        """Whether a group of a match holds nothing but words."""
        if not isinstance(match, int):
            return False
        term = self.term(at, match)
        number = key[1] if key[0] == terms.CONSTANT else 0
        if term[0] != terms.CALL or self.last_name(at, term[1]) not in ("match", "search", "fullmatch"):
            return False
        groups = self.captured(at, term)
        return isinstance(number, int) and 0 <= number < len(groups) and groups[number]

    def _is_text(self, owners: list[Place]) -> bool:
        """Whether methods called on a term are those of text, as far as its type tells."""
        return not any(
            isinstance(option, External) or (isinstance(option, Instance) and option.cls.name not in _TEXT_TYPES)
            for place in owners
            for option in options(self.value(*place))
        )

    def _format(self, at: At, index: int, term: Sequence[Any], owners: list[Place]) -> Text:
        if not self._is_text(owners):
            return ()  # a composed statement quotes what it is given
        named = {name: self._text(at, value) for name, value in term[3] if name.isidentifier()}
        positional = [self._text(at, part) for part in term[2]]
        rest: Text | None = None
        for name, value in term[3]:
            if name == terms.DOUBLE_STAR:
                mapping = self.mapping(at, value)
                if mapping is None:
                    rest = (Hole(at, value),)
                    continue
                named.update({key: text for part, text in mapping if (key := sqltext.plain(part)) is not None})
            elif name == terms.STAR:
                items = self.items(at, value)
                rest = (Hole(at, value),) if items is None else rest
                positional += items or []
        return sqltext.format_filled(self._texts(owners), Values(positional, named, rest))

    def _format_map(self, at: At, index: int, term: Sequence[Any], owners: list[Place]) -> Text:
        return sqltext.format_filled(self._texts(owners), self._mapped_values(at, term))

    def _substitute(self, at: At, index: int, term: Sequence[Any], owners: list[Place]) -> Text:
        """``Template(text).substitute(…)``."""
        made, template = owners[0][0], self.term(*owners[0])
        if template[0] != terms.CALL or not template[2] or self.last_name(made, template[1]) != "Template":
            return (Hole(at, index),)
        named = {name: self._text(at, value) for name, value in term[3] if name.isidentifier()}
        values = Values([], named) if named else self._mapped_values(at, term)
        return sqltext.dollar_filled(self._text(made, template[2][0]), values)

    def _mapped_values(self, at: At, term: Sequence[Any]) -> Values:
        given = [*term[2], *(value for _, value in term[3])]
        mapping = self.mapping(at, given[0]) if given else None
        if mapping is None:
            return Values([], {}, (Hole(at, given[0]),) if given else None)
        return Values([], {key: text for part, text in mapping if (key := sqltext.plain(part)) is not None})

    def _join(self, at: At, index: int, term: Sequence[Any], owners: list[Place]) -> Text:
        if not term[2] or not self._is_text(owners):
            return (Hole(at, index),) if self._is_text(owners) else ()
        separator = self._texts(owners)
        items = self.items(at, term[2][0])
        if items is None:
            return (Hole(at, term[2][0], each=True), *separator)
        found: list[Fragment] = []
        for number, item in enumerate(items):
            found += (*separator, *item) if number else item
        return tuple(found) if len(items) != 1 else (*found, *separator)

    def _replace(self, at: At, index: int, term: Sequence[Any], owners: list[Place]) -> Text:
        if len(term[2]) < _OLD_AND_NEW:
            return self._texts(owners)
        old, new = (self._text(at, part) for part in term[2][:2])
        before, after = sqltext.plain(old), sqltext.plain(new)
        if before in _QUOTES and after == str(before) * 2:
            return (sqltext.NAME,)  # the quotes of names are doubled: it is quoted as a name
        return sqltext.replaced(self._texts(owners), before, new)

    def _trim(self, at: At, index: int, term: Sequence[Any], owners: list[Place]) -> Text:
        return self._texts(owners)

    def _get(self, at: At, index: int, term: Sequence[Any], owners: list[Place]) -> Text:
        """``COLUMNS.get(key, default)`` of a mapping that is written out; what a context variable was set to."""
        held = self._held(owners)
        if held is not None:
            return either([*held, *(self._text(at, default) for default in term[2][:1])])
        found = self._looked_up(owners, self.term(at, term[2][0] if term[2] else 0))
        if found is None:
            return (sqltext.NAME,) if self.is_harmless(self.value(at, index)) else (Hole(at, index),)
        return either([found, *(self._text(at, default) for default in term[2][1:2])])

    def _held(self, owners: list[Place]) -> list[Text] | None:
        """What a context variable holds: its default, and whatever it is set to; None of anything else."""
        places = [behind for place in owners for behind in (self.behind(*place) or [place])]
        made = [self.term(*place) for place in places]
        if len(places) != 1 or made[0][0] != terms.CALL or self.last_name(places[0][0], made[0][1]) != "ContextVar":
            return None
        found = [self._text(places[0][0], value) for name, value in made[0][3] if name == "default"]
        for site in self._sites.named(["set"]):
            at = At(site.module)
            call = self.term(at, site.term)
            if call[2] and self.owners(at, self.term(at, call[1])) == owners:
                found.append(self._text(at, call[2][0]))
        return found


def _is_project(callees: Sequence[Value]) -> bool:
    return any(isinstance(callee, FunctionRef) or (isinstance(callee, ClassRef) and callee.home) for callee in callees)


_METHODS: Mapping[str, Callable[[Strings, At, int, Sequence[Any], list[Place]], Text]] = {
    "format": Strings._format,
    "format_map": Strings._format_map,
    "join": Strings._join,
    "replace": Strings._replace,
    "substitute": Strings._substitute,
    "safe_substitute": Strings._substitute,
    "get": Strings._get,
    **dict.fromkeys(_TRIMMING, Strings._trim),
}
_TERMS: Mapping[str, Callable[[Strings, At, int, Sequence[Any]], Text]] = {
    terms.CONSTANT: Strings._constant,
    terms.STRING: Strings._string,
    terms.BINARY: Strings._binary,
    terms.UNION: Strings._union,
    terms.ALLOWED: Strings._allowed,
    terms.ANNOTATED: Strings._annotated,
    terms.AWAIT: Strings._awaited,
    terms.NAME: Strings._read,
    terms.ATTRIBUTE: Strings._read,
    terms.PARAMETER: Strings._read,
    terms.ITEM: Strings._item,
    terms.ELEMENT: Strings._element,
    terms.UNPACK: Strings._unpack,
    terms.CALL: Strings._call,
}
