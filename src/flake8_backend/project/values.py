"""What a term denotes once the project is known: modules, classes, instances, functions, queries.

Values are immutable and compare by content. ``None`` stands for the unknown, so that rules fire on knowledge alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from typing import Union as _Union

from flake8_backend.core.diagnostic import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Place:
    """A span in a module of the project: dotted module name, then the span as ``ast`` gives it."""

    module: str
    line: int
    column: int
    end_line: int
    end_column: int

    def span_in(self, module: str) -> Span | None:
        """The span, where it stands in this module."""
        if self.module != module:
            return None
        return Span(self.line, self.column, self.end_line, self.end_column)


@dataclass(frozen=True, slots=True)
class Query:
    """What is known of a database query: its model, the relations it loads, whether a bound holds.

    ``eager`` holds dotted relation paths; ``"*"`` says that something was loaded that could not be read.
    ``source`` is the call that a further narrowing would be appended to. ``path`` leads from its rows to these rows,
    by relations. ``held``: for what a relation gives, whether its rows came with their owner; None where the owner's
    query is not known. ``selective``: a condition lets through a few rows at most; ``of_parent``: the rows are the
    children of one row.
    """

    model: str | None
    eager: frozenset[str] = frozenset()
    bounded: bool = False
    filtered: bool = False
    source: Place | None = None
    path: str = ""
    root: str | None = None  # the model of the rows that ``path`` starts from, where it is another one
    held: bool | None = False
    via: str = ""  # the relation that gave the rows, where nothing is known of the query of their owner
    given: frozenset[str] = frozenset()  # relations that lead back to rows that are there already
    selective: bool = False
    of_parent: bool = False
    columns: bool = False  # of some columns rather than of whole rows
    only: frozenset[str] | None = None  # the columns of its rows that are loaded, None for all of them

    def loading(self, paths: frozenset[str]) -> Query:
        """The query with more relations loaded."""
        return replace(self, eager=self.eager | paths) if paths - self.eager else self

    @property
    def loads_everything(self) -> bool:
        """Whether nothing can be said of what the rows lack."""
        return EVERYTHING in self.eager

    def below(self, relation: str) -> Query:
        """What is loaded of the rows that ``relation`` leads to."""
        if relation in self.given:
            return replace(self, eager=frozenset({EVERYTHING}), given=frozenset())
        prefix = relation + "."
        inner = {path[len(prefix) :] for path in self.eager if path.startswith(prefix)}
        if EVERYTHING in self.eager:
            inner.add(EVERYTHING)
        path = f"{self.path}.{relation}".lstrip(".")
        return replace(self, eager=frozenset(inner), path=path, given=frozenset())

    def loads(self, relation: str) -> bool:
        """Whether reading ``relation`` of a row sends no query."""
        if EVERYTHING in self.eager or relation in self.given:
            return True
        return any(p == relation or p.startswith(relation + ".") for p in self.eager)


@dataclass(frozen=True, slots=True)
class ModuleRef:
    """A module of the project."""

    name: str


@dataclass(frozen=True, slots=True)
class ClassRef:
    """A class: of the project when ``home`` names its module and index there, else of a library."""

    name: str
    home: tuple[str, int] | None = None
    args: tuple[Value | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class; ``query`` is set on querysets, statements, results and the rows they give.

    ``is_row``: one row of the query, reached by going through it; ``fetched``: rows that are in memory.
    """

    cls: ClassRef
    args: tuple[Value | None, ...] = ()
    query: Query | None = None
    is_row: bool = False
    fetched: bool = False


@dataclass(frozen=True, slots=True)
class FunctionRef:
    """A function of the project, bound to ``receiver`` when it was read from an object or class."""

    module: str
    index: int
    receiver: Value | None = None


@dataclass(frozen=True, slots=True)
class External:
    """Something of a library by its canonical name; ``receiver`` is the object that a method was read from."""

    name: str
    receiver: Value | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Awaitable:
    """Gives ``value`` when awaited; ``entered`` when it may be used by ``async with`` as well."""

    value: Value | None


@dataclass(frozen=True, slots=True)
class Manager:
    """A context manager made by a generator function: entering gives ``value``."""

    value: Value | None


@dataclass(frozen=True, slots=True)
class Items:
    """A tuple of known length."""

    items: tuple[Value | None, ...]


@dataclass(frozen=True, slots=True)
class Partial:
    """A callable with some arguments given: those of the call at a term of a module."""

    function: Value
    module: str
    term: int


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation read from the model class, as statements and loader options name it: ``Order.customer``."""

    owner: ClassRef
    name: str


@dataclass(frozen=True, slots=True)
class Union:
    """One of several values."""

    options: tuple[Value, ...]


Value = _Union[  # noqa: UP007 - `|` would need the classes to be quoted on Python 3.10
    ModuleRef,
    ClassRef,
    Instance,
    FunctionRef,
    External,
    Constant,
    Awaitable,
    Manager,
    Items,
    Partial,
    Relation,
    Union,
]


def one_of(values: list[Value | None]) -> Value | None:
    """One of ``values``; unknown ones and ``None`` constants are left out, equal ones count once."""
    known: list[Value] = []
    for value in values:
        for option in options(value):
            if option not in known and option != NONE:
                known.append(option)
    if not known:
        return NONE if NONE in values else None
    return known[0] if len(known) == 1 else Union(tuple(known[:8]))


def options(value: Value | None) -> Iterator[Value]:
    """The values that ``value`` may be."""
    if isinstance(value, Union):
        yield from value.options
    elif value is not None:
        yield value


NONE = Constant(None)
