"""What is known of calls, declarations, classes and objects, looked up by canonical name.

Facts are built from rows when they are first asked for: a project uses a few hundred of the thousands that there are.
"""

from __future__ import annotations

import fnmatch
import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flake8_backend.knowledge.names import Aliases, TypeExpr, names_in_type, parse_type
from flake8_backend.knowledge.records import (
    CallFact,
    ClassFact,
    MarkerFact,
    OptionFact,
    Row,
    Timeout,
    Was,
    marker_of,
    option_of,
    timeout_of,
    told,
    type_texts,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = [
    "CallFact",
    "ClassFact",
    "Knowledge",
    "MarkerFact",
    "OptionFact",
    "Pack",
    "Timeout",
    "TypeExpr",
    "Was",
]


@dataclass(frozen=True)
class Pack:
    """The rows of one pack that passed the schema; ``tops`` are the top-level modules it speaks of."""

    name: str
    tops: frozenset[str]
    rows: Mapping[str, Sequence[Row]]
    digest: str = ""


_PLAIN_CALL_KEYS = (
    "role",
    "connection",
    "default_wait",
    "streams",
    "hands_on",
    "in_event_loop",
    "thread_bound",
    "since",
    "until",
    "note",
    "verified",
)
_Located = tuple[Row, str]  # a row and the name of its pack


class Knowledge:
    """Lookups over the packs that a project needs. Later layers replace the rows of earlier ones name by name."""

    def __init__(self, layers: Sequence[Sequence[Pack]], aliases: Aliases, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self._layers = layers
        self._aliases = aliases
        self._tops = frozenset(top for packs in layers for pack in packs for top in pack.tops)
        self._rows = {table: self._by_name(table) for table in ("call", "class", "object")}
        self._owners = frozenset(name.rpartition(".")[0] for name in self._rows["call"])
        self._calls: dict[str, CallFact | None] = {}
        self._classes: dict[str, ClassFact | None] = {}
        self._ancestors: dict[str, tuple[str, ...]] = {}
        self._markers: dict[str, tuple[MarkerFact, ...]] = {}

    def _by_name(self, table: str) -> dict[str, _Located]:
        canonical = self._aliases.canonical
        return {
            canonical(name): (row, pack.name)
            for packs in self._layers
            for pack in packs
            for row in pack.rows.get(table, ())
            for name in row["names"]
        }

    def canonical(self, name: str) -> str:
        """The spelling that packs use: aliases are applied to the longest dotted prefix."""
        return self._aliases.canonical(name)

    def knows_module(self, top: str) -> bool:
        """Whether some loaded pack speaks of this top-level module."""
        return top in self._tops

    # Calls

    def call(self, name: str) -> CallFact | None:
        """What calling ``name`` does; a method is looked for on the class, then on its bases, nearest first."""
        canonical = self.canonical(name)
        if canonical not in self._calls:
            self._calls[canonical] = self._find_call(canonical)
        return self._calls[canonical]

    def calls_with(self, key: str, value: object = None) -> tuple[str, ...]:
        """The calls whose rows have a key, with this value where one is given, in the order of packs."""
        rows = self._rows["call"].items()
        return tuple(name for name, (row, _) in rows if key in row and value in (None, row[key]))

    def last_names(self, calls: Iterable[str]) -> frozenset[str]:
        """The last components of names, with those of their aliases."""
        wanted = set(calls)
        spellings = {alias for alias in self._aliases.pairs if self.canonical(alias) in wanted}
        return frozenset(name.rpartition(".")[2] for name in wanted | spellings)

    def _find_call(self, name: str) -> CallFact | None:
        rows = self._rows["call"]
        for candidate in self._inherited_names(name):
            owner, _, member = candidate.rpartition(".")
            located = rows.get(candidate) or (None if member.startswith("__") else rows.get(f"{owner}.*"))
            if located is not None:
                return self._built_call(candidate, *located)
        return None

    def _inherited_names(self, name: str) -> Iterator[str]:
        """The name itself, then the same member on each base of its class."""
        yield name
        owner, _, member = name.rpartition(".")
        if owner:
            for base in self._lineage(owner)[1:]:
                yield f"{base}.{member}"

    def _built_call(self, name: str, row: Row, pack: str) -> CallFact:
        plain = told(row, *_PLAIN_CALL_KEYS)
        owner, _, member = name.rpartition(".")
        alternative = row.get("async_alt")
        if alternative is not None:
            alternative = alternative.replace("<name>", member).replace("<class>", owner.rpartition(".")[2])
        inherits = row.get("inherits_from")
        return CallFact(
            name=name,
            effects=frozenset(row["effects"]),
            pack=pack,
            use=frozenset(row.get("use", ())),
            returns=self._type(row.get("returns")) or self._own_instance(name),
            inherits_from=inherits and self.canonical(inherits),
            timeouts=tuple(map(timeout_of, row.get("timeouts", ()))),
            through=tuple(row.get("through", ())),
            ttl=option_of(row["ttl"]) if "ttl" in row else None,
            options=tuple(map(option_of, row.get("options", ()))),
            async_alt=alternative,
            **plain,
        )

    def _own_instance(self, name: str) -> TypeExpr | None:
        """A class that is called without ``returns`` gives an instance of itself."""
        return TypeExpr(name) if self.is_class(name) else None

    def _type(self, text: str | None) -> TypeExpr | None:
        return None if text is None else self._parsed(text)

    def _parsed(self, text: str) -> TypeExpr:
        return parse_type(text).renamed(self.canonical)

    # Classes and objects

    def klass(self, name: str) -> ClassFact | None:
        """The class ``name``: one with a row, or one that other rows show to be a class."""
        canonical = self.canonical(name)
        if canonical not in self._classes:
            self._classes[canonical] = self._find_class(canonical)
        return self._classes[canonical]

    def _find_class(self, name: str) -> ClassFact | None:
        located = self._rows["class"].get(name)
        if located is None:
            is_class = name in self._named_types or self._is_used_as_class(name)
            return ClassFact(name, is_implicit=True) if is_class else None
        row, pack = located
        base_types = tuple(map(self._parsed, row.get("bases", ())))
        return ClassFact(
            name=name,
            bases=tuple(base.name for base in base_types if not base.is_variable),
            base_types=base_types,
            params=tuple(row.get("params", ())),
            attributes={name: self._parsed(text) for name, text in row.get("attributes", {}).items()},
            iterates=self._type(row.get("iterates")),
            items=self._type(row.get("items")),
            enters=self._type(row.get("enters")),
            awaits=self._type(row.get("awaits")),
            calls=self._type(row.get("calls")),
            pack=pack,
            indexes=tuple(map(tuple, row.get("indexes", ()))),
            **told(row, "verified", "declares", "abstract", "table"),
        )

    @cached_property
    def _named_types(self) -> frozenset[str]:
        """The classes that type expressions of the loaded packs name."""
        rows = (row for located in self._rows.values() for row, _ in located.values())
        names = {name for row in rows for text in type_texts(row) for name in names_in_type(text)}
        return frozenset(map(self.canonical, names))

    def _is_used_as_class(self, name: str) -> bool:
        """Two of: written like a class, called, has methods (``socket.socket`` is called and has methods)."""
        is_capitalised = name.rpartition(".")[2][:1].isupper()
        return (is_capitalised, name in self._rows["call"], name in self._owners).count(True) >= 2

    def declaring(self) -> tuple[str, ...]:
        """The models of libraries whose columns and relations are told, in the order of packs."""
        return tuple(name for name, (row, _) in self._rows["class"].items() if "declares" in row)

    def is_class(self, name: str) -> bool:
        """Whether ``name`` is known to be a class."""
        return self.klass(name) is not None

    def _lineage(self, name: str) -> tuple[str, ...]:
        """The class and all its known bases, breadth first."""
        known = self._ancestors.get(name)
        if known is None:
            order = [name]
            for current in order:
                fact = self.klass(current)
                order.extend(base for base in (fact.bases if fact else ()) if base not in order)
            known = self._ancestors[name] = tuple(order)
        return known

    def is_subclass(self, name: str, base: str) -> bool:
        """Whether ``name`` is ``base`` or inherits from it, as far as packs tell."""
        return self.canonical(base) in self._lineage(self.canonical(name))

    def attribute(self, cls: str, attr: str) -> TypeExpr | None:
        """The type of an instance attribute or property, looked for on the class and its bases."""
        for name in self._lineage(self.canonical(cls)):
            fact = self.klass(name)
            if fact is not None and attr in fact.attributes:
                return fact.attributes[attr]
        return None

    def object_type(self, name: str) -> TypeExpr | None:
        """The type of a module-level object such as ``flask.request``."""
        located = self._rows["object"].get(self.canonical(name))
        return None if located is None else self._parsed(located[0]["type"])

    # Markers

    @cached_property
    def _marker_facts(self) -> tuple[MarkerFact, ...]:
        """One fact per row that stands, with those of its names that no later layer replaced."""
        standing: dict[str, list[_Located]] = {}
        for packs in self._layers:
            layer: dict[str, list[_Located]] = {}
            for pack in packs:
                for row in pack.rows.get("marker", ()):
                    for name in row["names"]:
                        layer.setdefault(self.canonical(name), []).append((row, pack.name))
            standing.update(layer)
        rows: dict[int, tuple[Row, str, list[str]]] = {}
        for name, located in standing.items():
            for row, pack_name in located:
                rows.setdefault(id(row), (row, pack_name, []))[2].append(name)
        return tuple(marker_of(row, pack=pack_name, names=names) for row, pack_name, names in rows.values())

    @cached_property
    def _by_marked_name(self) -> Mapping[str, tuple[MarkerFact, ...]]:
        return _grouped((name, fact) for fact in self._marker_facts for name in fact.names)

    @cached_property
    def _by_kind(self) -> Mapping[str, tuple[MarkerFact, ...]]:
        return _grouped((fact.kind, fact) for fact in self._marker_facts)

    @cached_property
    def _by_pattern(self) -> Mapping[str, tuple[MarkerFact, ...]]:
        dotted = (fact for fact in self._marker_facts if fact.form != "name-pattern")
        return _grouped((name, fact) for fact in dotted for name in fact.names if "*" in name)

    def markers(self, name: str) -> tuple[MarkerFact, ...]:
        """What ``name`` declares; a method is looked for on the class, then on its bases, nearest first."""
        canonical = self.canonical(name)
        if canonical not in self._markers:
            self._markers[canonical] = self._find_markers(canonical)
        return self._markers[canonical]

    def _find_markers(self, name: str) -> tuple[MarkerFact, ...]:
        for candidate in self._inherited_names(name):
            if candidate in self._by_marked_name:
                return self._by_marked_name[candidate]
        matching = (facts for pattern, facts in self._by_pattern.items() if fnmatch.fnmatchcase(name, pattern))
        return tuple(itertools.chain.from_iterable(matching))

    def markers_of_kind(self, kind: str) -> tuple[MarkerFact, ...]:
        """Every declaration of this kind, in the order of packs."""
        return self._by_kind.get(kind, ())


def _grouped(pairs: Iterable[tuple[str, MarkerFact]]) -> dict[str, tuple[MarkerFact, ...]]:
    groups: dict[str, list[MarkerFact]] = {}
    for key, fact in pairs:
        groups.setdefault(key, []).append(fact)
    return {key: tuple(facts) for key, facts in groups.items()}
