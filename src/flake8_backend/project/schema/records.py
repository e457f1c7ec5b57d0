"""What is known of a table: plain records, the same for every ORM."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flake8_backend.core.diagnostic import Span
    from flake8_backend.project.values import ClassRef

# kinds of relations: how many rows of this table belong to how many of the other
MANY_TO_ONE, ONE_TO_ONE = "many-to-one", "one-to-one"
ONE_TO_MANY, MANY_TO_MANY = "one-to-many", "many-to-many"
GENERIC = "generic"  # to a row of whichever table a second column names
COLLECTIONS = frozenset({ONE_TO_MANY, MANY_TO_MANY})

# kinds of indexes and constraints
PRIMARY_KEY, UNIQUE, INDEX = "primary key", "unique", "index"
CHECK, EXCLUDE = "check", "exclude"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``name`` as the model's attribute, ``column`` as the database has it.

    ``type`` is the last name of the class that declares it; ``default`` is shown text, None without one; ``references``
    is the table and column of a foreign key. What could not be read is None.
    """

    name: str
    column: str
    type: str
    nullable: bool | None = False
    default: str | None = None
    primary_key: bool = False
    unique: bool = False
    index: bool = False
    max_length: int | None = None
    references: str | None = None
    on_delete: str | None = None
    module: str = ""  # where it is declared
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation of a model: ``target`` is None where it is not known, or where rows of any model may be meant.

    ``reverse`` is the name by which the target leads back, None without one; ``through`` the table between the two;
    ``eager`` whether its rows come with their owner without being asked for; ``lazy`` how the declaration says that.
    """

    name: str
    target: ClassRef | None
    kind: str
    reverse: str | None = None
    is_reverse: bool = False
    through: str | None = None
    on_delete: str | None = None
    eager: bool = False
    lazy: str | None = None
    module: str = ""
    span: Span | None = None

    @property
    def many(self) -> bool:
        """Whether reading it gives a collection."""
        return self.kind in COLLECTIONS


@dataclass(frozen=True, slots=True)
class Index:
    """An index or a constraint, by database columns. ``implicit``: nobody wrote it down, it comes with a column.

    ``partial``: it holds for some rows only; ``expressions``: it is over more than plain columns.
    """

    kind: str
    columns: tuple[str, ...]
    name: str | None = None
    unique: bool = False
    implicit: bool = False
    partial: bool = False
    expressions: bool = False
    type: str = ""  # the class that declares it, where it is not the ordinary one

    @property
    def is_usable(self) -> bool:
        """Whether a search by its columns finds every row through it."""
        return self.kind in (PRIMARY_KEY, UNIQUE, INDEX) and not (self.partial or self.expressions)


@dataclass(frozen=True, slots=True)
class Table:
    """A model and its table. ``name`` is None where it is computed in a way that cannot be read.

    ``inherits``: ``""``, ``"joined"`` (the rest of a row is in the table of ``parent``), ``"single"`` (it has no table
    of its own but shares that of ``parent``) or ``"proxy"`` (the same, without columns of its own).
    """

    cls: ClassRef | None
    model: str  # dotted name of the model, or of the variable that holds a bare table
    orm: str
    name: str | None
    columns: tuple[Column, ...] = ()
    relations: tuple[Relation, ...] = ()
    indexes: tuple[Index, ...] = ()
    constraints: tuple[Index, ...] = ()
    inherits: str = ""
    parent: ClassRef | None = None
    is_user: bool = False  # it stands in for the framework's own user model
    path: str = ""
    span: Span | None = None
    _by_name: dict[str, Column] = field(default_factory=dict, compare=False, repr=False)

    def column(self, name: str) -> Column | None:
        """The column of this name, the attribute's or the database's."""
        if not self._by_name:
            for column in self.columns:
                self._by_name.setdefault(column.column, column)
            self._by_name.update((column.name, column) for column in self.columns)
        return self._by_name.get(name)

    def relation(self, name: str) -> Relation | None:
        """The relation of this name, reverse ones included."""
        return next((relation for relation in self.relations if relation.name == name), None)

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The database columns of the primary key."""
        return next((index.columns for index in self.indexes if index.kind == PRIMARY_KEY), ())

    def covers(self, columns: Iterable[str]) -> Index | None:
        """An index by which rows with given values in all these columns are found: they lead it, in any order."""
        wanted = {found.column if found is not None else name for name in columns for found in (self.column(name),)}
        for index in self.indexes:
            if wanted and index.is_usable and set(index.columns[: len(wanted)]) == wanted:
                return index
        return None

    def is_unique(self, columns: Iterable[str]) -> bool:
        """Whether one row at most has given values in these columns."""
        wanted = {found.column if found is not None else name for name in columns for found in (self.column(name),)}
        return any(index.unique and index.is_usable and set(index.columns) <= wanted for index in self.indexes)
