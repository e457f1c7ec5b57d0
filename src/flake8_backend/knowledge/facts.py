"""What is known of calls, declarations, classes and objects, looked up by canonical name.

Facts are built from rows when they are first asked for: a project uses a few hundred of the thousands that there are.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flake8_backend.knowledge.names import Aliases, TypeExpr, parse_type

if TYPE_CHECKING:
    from flake8_backend.core.diagnostic import Json

Row = Mapping[str, Any]
_SILENT_PEER = frozenset({"total", "per-op", "read", "wait"})


@dataclass(frozen=True, slots=True)
class Was:
    """An older default: it held before version ``until`` of the library."""

    until: str
    default: float | str


@dataclass(frozen=True, slots=True)
class Timeout:
    """One way to bound the wait of a call.

    ``pos`` is 0-based at the call site, without the receiver; None: keyword only. ``default`` is a number in ``unit``
    or one of ``none``, ``inherit``, ``socket-default``, ``library``, ``required``. With ``where`` it is set on that
    object, not in this call.
    """

    param: str
    kind: str
    default: float | str
    pos: int | None = None
    unit: str = "s"
    where: str | None = None
    was: tuple[Was, ...] = ()
    note: str = ""

    @property
    def bounds_silent_peer(self) -> bool:
        """Whether it ends the wait for a peer that accepts and never answers."""
        return self.kind in _SILENT_PEER

    @property
    def seconds(self) -> float | None:
        """The default in seconds, None where it is not a number."""
        if isinstance(self.default, str):
            return None
        return self.default / 1000 if self.unit == "ms" else float(self.default)


@dataclass(frozen=True, slots=True)
class OptionFact:
    """An argument that matters; ``unsafe`` lists values that are harmful, ``others`` parameters of the same meaning.

    ``default`` is ``"none"`` for Python's None, and None where packs do not tell.
    """

    param: str
    pos: int | None = None
    default: Json = None
    means: str = ""
    unsafe: tuple[Json, ...] = ()
    required: bool = False
    others: tuple[str, ...] = ()
    where: str | None = None
    since: str | None = None


@dataclass(frozen=True, slots=True)
class CallFact:
    """What a call does. ``name`` is canonical; for an inherited method it is the name on the base that tells it.

    ``use`` says how the result must be used (``await``, ``async with``, ``async for``); empty: as it is.
    """

    name: str
    effects: frozenset[str]
    pack: str
    role: str = ""
    use: frozenset[str] = frozenset()
    returns: TypeExpr | None = None
    connection: str | None = None
    default_wait: str | None = None
    inherits_from: str | None = None
    timeouts: tuple[Timeout, ...] = ()
    ttl: OptionFact | None = None
    options: tuple[OptionFact, ...] = ()
    async_alt: str | None = None
    since: str | None = None
    until: str | None = None
    note: str = ""
    verified: bool = True

    def option(self, param: str) -> OptionFact | None:
        """The fact about one argument."""
        return next((option for option in self.options if option.param == param), None)


@dataclass(frozen=True, slots=True)
class MarkerFact:
    """How something is declared: a route, a guard, a model, a migration step … under any of ``names``."""

    kind: str
    form: str
    names: tuple[str, ...]
    pack: str
    options: tuple[OptionFact, ...] = ()
    path_param: str | None = None
    methods: str | None = None
    handler: str | None = None
    async_handlers: str | None = None
    sync_runs_in: str | None = None
    since: str | None = None
    lock: str | None = None
    rewrites: str | None = None
    loses_data: bool = False
    breaks_old_code: bool = False
    alternative: str | None = None
    note: str = ""
    verified: bool = True

    def option(self, param: str) -> OptionFact | None:
        """The fact about one argument."""
        return next((option for option in self.options if option.param == param), None)


@dataclass(frozen=True, slots=True)
class ClassFact:
    """A class of a library. ``is_implicit``: no row tells of it, but calls on it are known.

    ``bases`` names the known bases, ``base_types`` tells them with their type arguments. ``iterates`` is what a loop
    over it gives, ``items`` what ``x[0]`` gives, ``enters`` what ``with`` or ``async with`` gives (None: the object
    itself), ``calls`` what calling an instance gives.
    """

    name: str
    bases: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    attributes: Mapping[str, TypeExpr] = field(default_factory=dict)
    base_types: tuple[TypeExpr, ...] = ()
    iterates: TypeExpr | None = None
    items: TypeExpr | None = None
    enters: TypeExpr | None = None
    awaits: TypeExpr | None = None
    calls: TypeExpr | None = None
    pack: str = ""
    verified: bool = True
    is_implicit: bool = False


def _timeout(row: Row) -> Timeout:
    was = tuple(Was(**older) for older in row.get("was", ()))
    return Timeout(**{**row, "was": was})


def _option(row: Row) -> OptionFact:
    lists = {key: tuple(row[key]) for key in ("unsafe", "others") if key in row}
    told: dict[str, Any] = {**row, **lists}
    return OptionFact(**told)


def _told(row: Row, *keys: str) -> dict[str, Any]:
    return {key: row[key] for key in keys if key in row}


@dataclass(frozen=True)
class Pack:
    """The rows of one pack that passed the schema; ``tops`` are the top-level modules it speaks of."""

    name: str
    tops: frozenset[str]
    rows: Mapping[str, Sequence[Row]]
    digest: str = ""


_Located = tuple[Row, str]  # a row and the name of its pack


class Knowledge:
    """Lookups over the packs that a project needs. Later layers replace the rows of earlier ones name by name."""

    def __init__(self, layers: Sequence[Sequence[Pack]], aliases: Aliases, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self._aliases = aliases
        self._tops = frozenset(top for packs in layers for pack in packs for top in pack.tops)
        self._rows = {table: self._by_name(layers, table) for table in ("call", "class", "object")}
        self._marker_rows = self._markers_by_name(layers)
        self._owners = frozenset(name.rpartition(".")[0] for name in self._rows["call"])
        self._calls: dict[str, CallFact | None] = {}
        self._classes: dict[str, ClassFact | None] = {}
        self._ancestors: dict[str, tuple[str, ...]] = {}
        self._markers: dict[str, tuple[MarkerFact, ...]] = {}
        self._marker_facts: dict[int, MarkerFact] = {}

    def _by_name(self, layers: Sequence[Sequence[Pack]], table: str) -> dict[str, _Located]:
        canonical = self._aliases.canonical
        return {
            canonical(name): (row, pack.name)
            for packs in layers
            for pack in packs
            for row in pack.rows.get(table, ())
            for name in row["names"]
        }

    def _markers_by_name(self, layers: Sequence[Sequence[Pack]]) -> dict[str, list[_Located]]:
        found: dict[str, list[_Located]] = {}
        for packs in layers:
            layer: dict[str, list[_Located]] = {}
            for pack in packs:
                for row in pack.rows.get("marker", ()):
                    for name in row["names"]:
                        layer.setdefault(self._aliases.canonical(name), []).append((row, pack.name))
            found.update(layer)
        return found

    def canonical(self, name: str) -> str:
        """The spelling that packs use: aliases are applied to the longest dotted prefix."""
        return self._aliases.canonical(name)

    def knows_module(self, top: str) -> bool:
        """Whether some loaded pack speaks of this top-level module."""
        return top in self._tops

    # Calls

    def call(self, name: str) -> CallFact | None:
        """What calling ``name`` does; a method is looked for on the class, then on its bases, nearest first."""
        if name not in self._calls:
            self._calls[name] = self._find_call(self.canonical(name))
        return self._calls[name]

    def _find_call(self, name: str) -> CallFact | None:
        rows = self._rows["call"]
        for candidate in self._inherited_names(name):
            located = rows.get(candidate) or rows.get(f"{candidate.rpartition('.')[0]}.*")
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
        told = _told(row, "role", "connection", "default_wait", "since", "until", "note", "verified")
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
            timeouts=tuple(map(_timeout, row.get("timeouts", ()))),
            ttl=_option(row["ttl"]) if "ttl" in row else None,
            options=tuple(map(_option, row.get("options", ()))),
            async_alt=alternative,
            **told,
        )

    def _own_instance(self, name: str) -> TypeExpr | None:
        """A class that is called without ``returns`` gives an instance of itself."""
        is_class = self.is_class(name) or name.rpartition(".")[2][:1].isupper()
        return TypeExpr(name) if is_class else None

    def _type(self, text: str | None) -> TypeExpr | None:
        return None if text is None else self._parsed(text)

    def _parsed(self, text: str) -> TypeExpr:
        return parse_type(text).renamed(self.canonical)

    # Classes and objects

    def klass(self, name: str) -> ClassFact | None:
        """The class ``name``: one with a row, or one whose methods are known and whose name is written like a class."""
        if name not in self._classes:
            self._classes[name] = self._find_class(self.canonical(name))
        return self._classes[name]

    def _find_class(self, name: str) -> ClassFact | None:
        located = self._rows["class"].get(name)
        if located is None:
            is_implicit = name in self._owners and self._looks_like_class(name)
            return ClassFact(name, is_implicit=True) if is_implicit else None
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
            **_told(row, "verified"),
        )

    def _looks_like_class(self, name: str) -> bool:
        """Capitalised, or itself called: ``socket.socket`` has a row of its own beside those of its methods."""
        return name.rpartition(".")[2][:1].isupper() or name in self._rows["call"]

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

    def markers(self, name: str) -> tuple[MarkerFact, ...]:
        """What ``name`` declares; a method is looked for on the class, then on its bases, nearest first."""
        if name not in self._markers:
            self._markers[name] = self._find_markers(self.canonical(name))
        return self._markers[name]

    def _find_markers(self, name: str) -> tuple[MarkerFact, ...]:
        for candidate in self._inherited_names(name):
            located = self._marker_rows.get(candidate)
            if located is not None:
                return tuple(self._marker(row, pack) for row, pack in located)
        return tuple(
            self._marker(row, pack)
            for pattern, rows in self._marker_rows.items()
            if "*" in pattern and fnmatch.fnmatchcase(name, pattern)
            for row, pack in rows
            if row["form"] != "name-pattern"
        )

    def markers_of_kind(self, kind: str) -> tuple[MarkerFact, ...]:
        """Every declaration of this kind, in the order of packs."""
        found = {
            id(row): self._marker(row, pack)
            for rows in self._marker_rows.values()
            for row, pack in rows
            if row["kind"] == kind
        }
        return tuple(found.values())

    def _marker(self, row: Row, pack: str) -> MarkerFact:
        """One fact per row, so that facts can be compared by identity."""
        fact = self._marker_facts.get(id(row))
        if fact is None:
            told = {key: value for key, value in row.items() if key not in _BUILT_APART}
            names = tuple(map(self.canonical, row["names"]))
            options = tuple(map(_option, row.get("options", ())))
            fact = self._marker_facts[id(row)] = MarkerFact(names=names, pack=pack, options=options, **told)
        return fact


_BUILT_APART = frozenset({"names", "options", "source", "checked", "version"})
