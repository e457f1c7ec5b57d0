"""Typed facts: what rules read of a row once it is looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flake8_backend.core.diagnostic import Json
    from flake8_backend.knowledge.names import TypeExpr

Row = Mapping[str, Any]
SILENT_PEER = frozenset({"total", "per-op", "read", "wait"})


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
    object, not in this call; ``around``: ``param`` is the guard that goes around the call, which has no parameter.
    ``when_none``: None is the library's ``default``, or is ``meant`` (a listener waits as long as it takes); empty: no
    limit. ``unlimited`` are other values that mean none. ``demanded``: True where it is reported whatever the role and
    kind, False where its absence is no defect. ``written`` is how a limit of ``<seconds>`` is written, empty where a
    number cannot be passed. ``since``: the version of the library that brought the parameter.
    """

    param: str
    kind: str
    default: float | str
    pos: int | None = None
    unit: str = "s"
    where: str | None = None
    was: tuple[Was, ...] = ()
    when_none: str = ""
    unlimited: tuple[Json, ...] = ()
    demanded: bool | None = None
    written: str = "<seconds>"
    since: str = ""
    note: str = ""

    @property
    def bounds_silent_peer(self) -> bool:
        """Whether it ends the wait for a peer that accepts and never answers."""
        return self.kind in SILENT_PEER

    @property
    def seconds(self) -> float | None:
        """The default in seconds, None where it is not a number."""
        if isinstance(self.default, str):
            return None
        return self.default / 1000 if self.unit == "ms" else float(self.default)


@dataclass(frozen=True, slots=True)
class OptionFact:
    """An argument that matters; ``unsafe`` lists values that are harmful, ``others`` parameters of the same meaning.

    ``nonblocking`` lists values with which the call never waits, classes of values by their dotted names; with ``where``
    they are given to the constructor or the call that made the receiver. With those in ``streaming`` the result is read
    as it comes.
    ``default`` is ``"none"`` for Python's None, and None where packs do not tell. ``remedy`` is what a repair passes.
    """

    param: str
    pos: int | None = None
    default: Json = None
    means: str = ""
    unsafe: tuple[Json, ...] = ()
    nonblocking: tuple[Json, ...] = ()
    streaming: tuple[Json, ...] = ()
    required: bool = False
    others: tuple[str, ...] = ()
    where: str | None = None
    remedy: str = ""
    since: str | None = None


@dataclass(frozen=True, slots=True)
class CallFact:
    """What a call does. ``name`` is canonical; for an inherited method it is the name on the base that tells it.

    ``use`` says how the result must be used (``await``, ``async with``, ``async for``); empty: as it is.
    ``in_event_loop``: ``raises …`` where the library refuses to run while the thread's event loop is running, ``required``
    where it raises when none is, ``tells`` where it answers whether one is. ``thread_bound``: what it works on or gives
    belongs to the thread that made it.
    ``streams``: what it gives is waited for as long as it is wanted. ``through`` are the methods of the same object
    that do its sending. ``hands_on``: what follows the callable among its arguments is given to the callable,
    ``positional`` or ``all`` of it; ``later``: the arguments of the call of what it gives.
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
    streams: bool = False
    through: tuple[str, ...] = ()
    hands_on: str | None = None
    ttl: OptionFact | None = None
    options: tuple[OptionFact, ...] = ()
    async_alt: str | None = None
    since: str | None = None
    until: str | None = None
    in_event_loop: str | None = None
    thread_bound: bool = False
    note: str = ""
    verified: bool = True

    def option(self, param: str) -> OptionFact | None:
        """The fact about one argument."""
        return next((option for option in self.options if option.param == param), None)


@dataclass(frozen=True, slots=True)
class Storage:
    """What a declaration says of a table: ``params`` name the parameters behind each role, the first that is given
    counts; ``positions`` are those of roles, ``values`` what holds where nothing is given.

    ``relation``: how many rows belong to how many. ``types``: the column types that annotations give, by class.
    """

    relation: str = ""
    params: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    positions: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, Json] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resource:
    """One path of a router that makes routes of a class: verbs to methods; ``each``: of one item of the list."""

    path: str
    methods: Mapping[str, str]
    each: bool = False


@dataclass(frozen=True, slots=True)
class Routing:
    """What a declaration does for the route table; ``child``, ``prefix``, ``routes`` and ``into`` name parameters.

    ``does``: ``app`` and ``router`` make what holds routes, ``resources`` what makes several of a class; ``include``
    and ``mount`` put one into another, ``register`` a class; ``listed`` declares where the function is listed;
    ``action`` is a further route of a class; ``verbs`` says which verbs get through; ``urls`` gives routes of a
    library. ``replaces``: the prefix stands in place of the child's own. ``attributes`` stand for the router itself.
    ``joins``: ``slash`` puts one slash between prefix and path, ``collapse`` makes one of several, ``pattern``: the path
    is a regular expression. ``root`` is the view of a router's own path, and its last part the attribute that holds it.
    ``dependencies`` and ``guards`` are parameters that list what runs before the handlers; with ``nearest``, what is said
    further inside stands in place of it. ``response`` names the parameter, or the attribute of a class, that says what
    the answer is made of.
    """

    does: str
    prefix: str = ""
    prefix_default: str = ""
    child: str = ""
    routes: str = ""
    into: str = ""
    replaces: bool = False
    joins: str = "plain"
    attributes: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    nearest: bool = False
    resources: tuple[Resource, ...] = ()
    lookup: tuple[str, ...] = ()
    root: str = ""
    response: str = ""


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
    hooks: tuple[str, ...] = ()
    async_handlers: str | None = None
    query_param: str | None = None
    sync_runs_in: str | None = None
    since: str | None = None
    lock: str | None = None
    rewrites: str | None = None
    loses_data: bool = False
    breaks_old_code: bool = False
    alternative: str | None = None
    sql: OptionFact | None = None
    values: OptionFact | None = None
    paramstyle: str | None = None
    storage: Storage | None = None
    routing: Routing | None = None
    provides: tuple[str, ...] = ()
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
    itself), ``calls`` what calling an instance gives. A model's ``declares`` are its columns and relations, each as the
    call that declares it; it has no table of its own when it is ``abstract``, else that called ``table``;
    ``indexes`` are over columns.
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
    declares: Mapping[str, str] = field(default_factory=dict)
    abstract: bool = False
    table: str = ""
    indexes: tuple[tuple[str, ...], ...] = ()
    pack: str = ""
    verified: bool = True
    is_implicit: bool = False


def type_texts(row: Row) -> list[str]:
    """Every type expression of a row of any table."""
    texts = [row[key] for key in ("returns", "iterates", "items", "enters", "awaits", "calls", "type") if key in row]
    return [*texts, *row.get("attributes", {}).values(), *row.get("bases", ())]


def timeout_of(row: Row) -> Timeout:
    """A row of ``timeouts``."""
    was = tuple(Was(**older) for older in row.get("was", ()))
    return Timeout(**{**row, "was": was, "unlimited": tuple(row.get("unlimited", ()))})


def option_of(row: Row) -> OptionFact:
    """A row of ``options``, or ``ttl``."""
    lists = {key: tuple(row[key]) for key in ("unsafe", "nonblocking", "streaming", "others") if key in row}
    keywords: dict[str, Any] = {**row, **lists}
    return OptionFact(**keywords)


def told(row: Row, *keys: str) -> dict[str, Any]:
    """The keys that are there."""
    return {key: row[key] for key in keys if key in row}


def storage_of(row: Row) -> Storage:
    """A ``storage`` table."""
    params = {
        role: (names,) if isinstance(names, str) else tuple(names) for role, names in row.get("params", {}).items()
    }
    return Storage(**{**row, "params": params})


def routing_of(row: Row) -> Routing:
    """A ``routing`` table."""
    lists = {key: tuple(row[key]) for key in ("attributes", "dependencies", "guards", "lookup") if key in row}
    resources = tuple(Resource(**resource) for resource in row.get("resources", ()))
    keywords: dict[str, Any] = {**row, **lists, "resources": resources}
    return Routing(**keywords)


_NOT_PLAIN = frozenset({"names", "options", "sql", "values", "routing", "storage", "source", "checked", "version"})
_LISTS = frozenset({"hooks", "provides"})


def marker_of(row: Row, *, pack: str, names: Iterable[str]) -> MarkerFact:
    """A row of ``[[marker]]`` under these of its names."""
    plain: dict[str, Any] = {
        key: tuple(value) if key in _LISTS else value for key, value in row.items() if key not in _NOT_PLAIN
    }
    options = tuple(map(option_of, row.get("options", ())))
    sql, values = (option_of(row[key]) if key in row else None for key in ("sql", "values"))
    plain |= {"storage": storage_of(row["storage"])} if "storage" in row else {}
    routing = routing_of(row["routing"]) if "routing" in row else None
    return MarkerFact(names=tuple(names), pack=pack, options=options, sql=sql, values=values, routing=routing, **plain)
