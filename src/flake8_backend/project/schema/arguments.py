"""What is given to columns, indexes and constraints of SQLAlchemy by position: types, foreign keys, other columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flake8_backend.project.schema import records
from flake8_backend.project.schema.records import Column, Index
from flake8_backend.project.values import ClassRef, External, options
from flake8_backend.semantic import terms
from flake8_backend.semantic.summary import SITE_TERM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flake8_backend.project.modules import Module
    from flake8_backend.project.schema.alchemy import AlchemyTables
    from flake8_backend.project.schema.bodies import Bodies
    from flake8_backend.project.schema.declared import Written

_FOREIGN = "ForeignKey"
# positional arguments of a column that are no type
_ITEMS = frozenset({_FOREIGN, "Identity", "Sequence", "Computed", "CheckConstraint", "FetchedValue"})
_WRAPPERS = frozenset({"Mapped", "Annotated", "Final", "Required"})
_SIZES = frozenset({"length", "String", "Unicode", "VARCHAR", "NVARCHAR", "CHAR", "LargeBinary", "BINARY", "VARBINARY"})
_ORDERS = frozenset({"desc", "asc", "nulls_last", "nulls_first", "nullslast", "nullsfirst"})
_VARIANT = "with_variant"
_CONSTRAINTS = {
    "UniqueConstraint": records.UNIQUE,
    "CheckConstraint": records.CHECK,
    "ExcludeConstraint": records.EXCLUDE,
    "PrimaryKeyConstraint": records.PRIMARY_KEY,
}
_INDEX = "Index"
_FOLLOWED = frozenset({terms.CALL, terms.NAME, terms.ANNOTATED})
_ENUMS = frozenset({"enum.Enum", "enum.StrEnum", "enum.IntEnum"})


@dataclass(frozen=True, slots=True)
class Given:
    """What a column is given by position."""

    name: str | None = None
    type: str = ""
    length: int | None = None
    references: str | None = None
    on_delete: str | None = None


class Arguments:
    """Reads what stands between the parentheses."""

    def __init__(self, bodies: Bodies, tables: AlchemyTables) -> None:
        self._bodies = bodies
        self._tables = tables
        self._evaluator = bodies.evaluator
        self._outside: dict[str, list[tuple[Module, int]]] | None = None

    # --- names -------------------------------------------------------------------------------------------------

    def last_name(self, module: Module, index: int) -> str:
        """The last component of what a term calls or names: ``String`` of ``sa.String(50)`` and of ``db.String``."""
        term = module.summary.terms[index]
        if term[0] == terms.CALL:
            callee = module.summary.terms[term[1]]
            if callee[0] == terms.ATTRIBUTE and callee[2] == _VARIANT:
                return self.last_name(module, callee[1])
            if callee[0] == terms.NAME and str(callee[1]).endswith(f".{_VARIANT}"):
                return str(callee[1]).split(".")[-2]
            return self.last_name(module, term[1])
        for option in options(self._evaluator.value(module, index)):
            if isinstance(option, (ClassRef, External)):
                return self._evaluator.knowledge.canonical(option.name).rpartition(".")[2]
        if term[0] == terms.ATTRIBUTE:
            return str(term[2])
        made = self.behind(module, index)
        if made is not None:  # `JSON = sa.JSON().with_variant(…)`
            return self.last_name(*made)
        return str(term[1]).rpartition(".")[2] if term[0] == terms.NAME else ""

    def behind(self, module: Module, index: int) -> tuple[Module, int] | None:
        """The call that a name stands for, or the call itself."""
        term = module.summary.terms[index]
        if term[0] == terms.CALL:
            return module, index
        if term[0] == terms.ANNOTATED:
            return self.behind(module, term[2])
        home, rest = self._evaluator.table.split(str(term[1])) if term[0] == terms.NAME else (None, "")
        bound = home.summary.names.get(rest) if home is not None else None
        if home is None or not bound:
            return None
        made = home.summary.terms[bound[-1]]
        return self.behind(home, bound[-1]) if made[0] in _FOLLOWED and made != term else None

    # --- columns -----------------------------------------------------------------------------------------------

    def of_column(self, written: Written) -> Given:
        """The name, type and foreign key of a column, given by position or as ``type_=``."""
        module = written.module
        table = module.summary.terms
        name: str | None = None
        kind, length = "", None
        references = on_delete = None
        named = written.argument("type") if "type" in written.storage.params else 0
        for index in (*written.call[2], named):
            term = table[index]
            if not index:
                continue
            if term[0] == terms.CONSTANT and isinstance(term[1], str) and not kind:
                name = term[1]
                continue
            last = self.last_name(module, index)
            if last == _FOREIGN and term[0] == terms.CALL:
                references = self.referred(module, term[2][0]) if term[2] else None
                on_delete = self._bodies.keyword_text(module, index, "ondelete")
            elif last and last not in _ITEMS and not kind:
                kind, length = last, self._length(module, index, last)
        for keyword, index in written.call[3]:
            if keyword == "sa_column_args" or (keyword == "foreign_key" and not references):
                references = self._bodies.text((module, index)) or references
        return Given(name, kind, length, references, on_delete)

    def _length(self, module: Module, index: int, last: str) -> int | None:
        term = module.summary.terms[index]
        if term[0] != terms.CALL or last not in _SIZES:
            return None
        callee = module.summary.terms[term[1]]
        if callee[0] == terms.ATTRIBUTE and callee[2] == _VARIANT:
            return self._length(module, callee[1], last)
        found = self._bodies.keyword(module, index, "length", 0)
        value = self._bodies.literal((module, found)) if found else None
        return value if isinstance(value, int) else None

    def referred(self, module: Module, index: int) -> str | None:
        """``"orders.id"`` as it stands; ``Order.id`` as table and column."""
        term = module.summary.terms[index]
        if term[0] == terms.CONSTANT:
            return term[1] if isinstance(term[1], str) else None
        if term[0] == terms.STRING:
            return None
        found = self._member(module, term)
        if found is None:
            return self._bodies.text((module, index))
        owner, name = found
        table = self._tables.table_name(owner)
        return f"{table}.{name}" if table is not None else None

    def _member(self, module: Module, term: Sequence[Any]) -> tuple[ClassRef, str] | None:
        """The class and the attribute of ``Order.id``."""
        if term[0] == terms.ATTRIBUTE:
            owner, name = self._evaluator.value(module, term[1]), str(term[2])
        elif term[0] == terms.NAME:
            head, _, name = str(term[1]).rpartition(".")
            owner = self._evaluator.resolve(head) if head else None
        else:
            return None
        for option in options(owner):
            if isinstance(option, ClassRef) and option.home is not None:
                return option, name
        return None

    def mapped_types(self, module: Module, index: int) -> dict[str, str]:
        """Column types by the names of classes, of a dictionary from the ones to the others."""
        term = module.summary.terms[index]
        if term[0] == terms.ANNOTATED:
            return self.mapped_types(module, term[2])
        found: dict[str, str] = {}
        for key, value in zip(term[2][::2], term[2][1::2], strict=False) if term[0] == terms.DISPLAY else ():
            kind = self.last_name(module, value)
            for option in options(self._evaluator.value(module, key)):
                if isinstance(option, (ClassRef, External)) and kind:
                    found[option.name] = kind
        return found

    # --- annotations -------------------------------------------------------------------------------------------

    def annotated(self, module: Module, annotation: int, types: Mapping[str, str]) -> tuple[str, bool | None]:
        """The column type that an annotation gives, and whether it allows None; None where it says nothing of that."""
        if not annotation or not types:
            return "", None
        term = module.summary.terms[annotation]
        if term[0] == terms.ITEM:
            return self._generic(module, term, types)
        if term[0] == terms.UNION:
            parts = [option for option in term[1] if tuple(module.summary.terms[option][:2]) != (terms.CONSTANT, None)]
            kind, optional = self.annotated(module, parts[0], types) if parts else ("", False)
            return kind, bool(optional) or len(parts) < len(term[1])
        return self._named(module, annotation, types), False

    def _generic(self, module: Module, term: Sequence[Any], types: Mapping[str, str]) -> tuple[str, bool | None]:
        key = module.summary.terms[term[2]]
        parts = list(key[2]) if key[0] == terms.DISPLAY else [term[2]]
        owner = self.last_name(module, term[1])
        if owner in _WRAPPERS and parts:
            return self.annotated(module, parts[0], types)
        if owner == "Optional" and parts:
            return self.annotated(module, parts[0], types)[0], True
        if owner == "Union":
            rest = [part for part in parts if tuple(module.summary.terms[part][:2]) != (terms.CONSTANT, None)]
            kind = self.annotated(module, rest[0], types)[0] if rest else ""
            return kind, len(rest) < len(parts)
        if owner == "Literal":
            return types.get("typing.Literal", "Enum"), False
        return types.get(owner, ""), False

    def _named(self, module: Module, index: int, types: Mapping[str, str]) -> str:
        term = module.summary.terms[index]
        name = str(term[1]).removeprefix("builtins.") if term[0] == terms.NAME else ""
        if name in types:
            return types[name]
        for option in options(self._evaluator.value(module, index)):
            if isinstance(option, (ClassRef, External)):
                if option.name in types:
                    return types[option.name]
                bases = self._evaluator.library_bases(option) if isinstance(option, ClassRef) else []
                known = next((types[base] for base in bases if base in types), None)
                if known is not None:
                    return known
                if not _ENUMS.isdisjoint(bases):
                    return "Enum"
        return ""

    # --- indexes and constraints -------------------------------------------------------------------------------

    def keys(
        self,
        attributes: Sequence[tuple[str, Module, int]],
        columns: Sequence[Column],
        listed: Sequence[tuple[Module, int]],
    ) -> tuple[tuple[Index, ...], tuple[Index, ...]]:
        """The indexes and the constraints of a table: those of its columns, and those that are ``listed``."""
        by_name = {column.name: column.column for column in columns}
        by_place = {(column.module, column.span): column.column for column in columns if column.span is not None}
        by_term = {(module.name, index): by_name.get(name, name) for name, module, index in attributes}
        found: list[Index] = []
        constraints: list[Index] = []
        primary = tuple(column.column for column in columns if column.primary_key)
        seen: set[tuple[str, int]] = set()
        for module, place in listed:
            index = self._unconditional(module, place)
            last = self.last_name(module, index) if module.summary.terms[index][0] == terms.CALL else ""
            if (module.name, index) in seen or (last != _INDEX and last not in _CONSTRAINTS):
                continue
            seen.add((module.name, index))
            made = self._key(module, index, last, (by_name, by_place, by_term))
            if made.kind == records.PRIMARY_KEY:
                primary = made.columns
            else:
                (constraints if made.kind in (records.CHECK, records.EXCLUDE) else found).append(made)
        own = [Index(records.PRIMARY_KEY, primary, unique=True, implicit=True)] if primary else []
        for column in columns:
            if column.index or column.unique:
                kind = records.UNIQUE if column.unique else records.INDEX
                own.append(Index(kind, (column.column,), unique=column.unique, implicit=True))
        return (*own, *found), tuple(constraints)

    @staticmethod
    def _unconditional(module: Module, index: int) -> int:
        """The index behind ``Index(…).ddl_if(dialect="postgresql")``."""
        term = module.summary.terms[index]
        callee = module.summary.terms[term[1]] if term[0] == terms.CALL else terms.NOTHING
        return int(callee[1]) if callee[0] == terms.ATTRIBUTE and callee[2] == "ddl_if" else index

    def _key(self, module: Module, index: int, last: str, known: Any) -> Index:
        call = module.summary.terms[index]
        given = list(call[2])
        name = self._bodies.keyword_text(module, index, "name")
        if last == _INDEX and given:
            name = self._bodies.text((module, given[0]))
            given = given[1:]
        columns = [self._column(module, part, known) for part in given] if last != "CheckConstraint" else []
        unique = last == "UniqueConstraint"
        if last == _INDEX:
            flag = self._bodies.keyword(module, index, "unique")
            unique = bool(flag) and self._bodies.literal((module, flag)) is True
        kind = _CONSTRAINTS.get(last) or (records.UNIQUE if unique else records.INDEX)
        return Index(
            kind,
            tuple(column for column in columns if column),
            name,
            unique=unique,
            partial=any(keyword.endswith("_where") for keyword, _ in call[3]),
            expressions=kind != records.CHECK and (not columns or "" in columns),
        )

    def _column(self, module: Module, index: int, known: Any) -> str:
        """The database column that an argument of an index is, ``""`` for an expression."""
        by_name, by_place, by_term = known
        term = module.summary.terms[index]
        if term[0] == terms.CONSTANT:
            return str(by_name.get(term[1], term[1])) if isinstance(term[1], str) else ""
        if (module.name, index) in by_term:
            return str(by_term[module.name, index])
        if term[0] == terms.CALL:
            callee = module.summary.terms[term[1]]
            if callee[0] == terms.ATTRIBUTE and callee[2] in _ORDERS:
                return self._column(module, callee[1], known)
            if callee[0] == terms.NAME and str(callee[1]).rpartition(".")[2] in _ORDERS:
                head = str(callee[1]).split(".")[-2]
                return str(by_name.get(head, ""))
            place = next(
                (name for (home, span), name in by_place.items() if home == module.name and _is_at(span, term)), ""
            )
            return str(place)
        if term[0] == terms.ANNOTATED:
            return self._column(module, term[2], known)
        member = self._member(module, term)
        return str(by_name.get(member[1], member[1])) if member is not None else ""

    def outside(self, cls: ClassRef) -> list[tuple[Module, int]]:
        """Indexes that modules declare below a class: ``Index("name", Order.created)``."""
        if self._outside is None:
            self._outside = {}
            for module in self._evaluator.table:
                for owner, index in self._module_level(module):
                    self._outside.setdefault(owner, []).append((module, index))
        return self._outside.get(cls.name, [])

    def _module_level(self, module: Module) -> Iterator[tuple[str, int]]:
        for site in module.summary.functions[0].sites if module.summary.functions else ():
            call = module.summary.terms[site[SITE_TERM]]
            if self._called(module, call) != _INDEX:
                continue
            for argument in call[2]:
                found = self._member(module, module.summary.terms[argument])
                if found is not None:
                    yield found[0].name, site[SITE_TERM]
                    break

    @staticmethod
    def _called(module: Module, call: Sequence[Any]) -> str:
        callee = module.summary.terms[call[1]]
        dotted = callee[1] if callee[0] == terms.NAME else callee[2] if callee[0] == terms.ATTRIBUTE else ""
        return str(dotted).rpartition(".")[2]


def _is_at(span: Any, term: Sequence[Any]) -> bool:
    return (span.line, span.column) == tuple(term[4:6])
