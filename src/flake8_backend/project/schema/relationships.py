"""Relationships of SQLAlchemy and SQLModel: which side holds the key, and which names lead back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_backend.project.orm.relations import EAGER_ENOUGH, LAZY_QUERIES
from flake8_backend.project.schema import records
from flake8_backend.project.schema.records import Relation
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_backend.project.modules import Module
    from flake8_backend.project.orm.models import Schema
    from flake8_backend.project.schema.alchemy import AlchemyTables
    from flake8_backend.project.schema.bodies import Bodies
    from flake8_backend.project.schema.declared import Reader, Written
    from flake8_backend.project.values import ClassRef

_OPPOSITE = {
    records.MANY_TO_ONE: records.ONE_TO_MANY,
    records.ONE_TO_MANY: records.MANY_TO_ONE,
    records.ONE_TO_ONE: records.MANY_TO_ONE,
    records.MANY_TO_MANY: records.MANY_TO_MANY,
}


class Relationships:
    """Reads ``relationship(…)`` of mapped classes."""

    def __init__(self, schema: Schema, bodies: Bodies, reader: Reader, tables: AlchemyTables) -> None:
        self._schema = schema
        self._bodies = bodies
        self._reader = reader
        self._tables = tables

    def of(self, cls: ClassRef) -> Iterator[tuple[Relation, Relation | None]]:
        """The relations that a class declares itself, each with the one that its ``backref`` gives to its target."""
        for name, module, index in self._tables.body(cls):
            if name.startswith("__"):
                continue
            written = self._reader.declared(cls, module, name, index)
            if written is not None and written.marker.kind == "orm-relation" and written.storage.relation != "none":
                yield self._relation(cls, name, written)

    def _relation(self, cls: ClassRef, name: str, written: Written) -> tuple[Relation, Relation | None]:
        module, call = written.module, written.call
        known = (*call, written.library)
        target, is_list = self._schema.targets.of(cls, module, known, written.annotation)
        declared = is_list if written.annotation else None
        many = self._schema.joins.is_many(cls, name, target, module, known, declared=declared)
        secondary = written.is_given("through")
        kind = records.MANY_TO_MANY if secondary else records.ONE_TO_MANY if many else records.ONE_TO_ONE
        if not many and not secondary and self._holds_key(cls, target, written):
            kind = records.MANY_TO_ONE
        lazy = self._schema.declarations.lazy(module, known)
        back = written.text("reverse")
        given = self._schema.declarations.constant(module, call, None, "backref")
        backref = given if isinstance(given, str) else self._schema.declarations.backref_name(module, call)
        place, span = written.place
        through = self._table(cls, module, written.argument("through")) if secondary else None
        relation = Relation(
            name,
            target,
            kind,
            back or backref,
            through=through,
            eager=lazy in EAGER_ENOUGH and lazy is not ...,
            lazy=lazy if isinstance(lazy, str) else None,
            module=place,
            span=span,
        )
        if backref is None or target is None:
            return relation, None
        return relation, self._back(cls, relation, written, backref)

    def _holds_key(self, cls: ClassRef, target: ClassRef | None, written: Written) -> bool:
        """Whether the column of the relation is in the class's own table."""
        joins = self._schema.joins
        held = joins.holds_named_key(cls, written.module, written.call)
        if held is not None:
            return held
        if target is None or cls == target:
            return True
        return joins.leads(cls, target) and (not joins.leads(target, cls) or not self._is_singular(written))

    def _is_singular(self, written: Written) -> bool:
        index = self._reader_argument(written, "uselist")
        return index is not None and self._bodies.literal((written.module, index)) is False

    @staticmethod
    def _reader_argument(written: Written, name: str) -> int | None:
        return next((value for keyword, value in written.call[3] if keyword == name), None)

    def _back(self, cls: ClassRef, relation: Relation, written: Written, name: str) -> Relation:
        kind = _OPPOSITE[relation.kind]
        lazy: object = None
        index = self._reader_argument(written, "backref") or 0
        term = written.module.summary.terms[index]
        if term[0] == terms.CALL:
            lazy = self._schema.declarations.lazy(written.module, term)
            if self._schema.declarations.constant(written.module, term, None, "uselist") is False:
                kind = records.ONE_TO_ONE if kind == records.ONE_TO_MANY else kind
        return Relation(
            name,
            cls,
            kind,
            relation.name,
            is_reverse=True,
            through=relation.through,
            eager=lazy in EAGER_ENOUGH and lazy is not ... and lazy not in LAZY_QUERIES,
            lazy=lazy if isinstance(lazy, str) else None,
            module=relation.module,
            span=relation.span,
        )

    def _table(self, cls: ClassRef, module: Module, index: int) -> str | None:
        """The name of the table between: a bare table, the table of a class, or a text."""
        text = self._bodies.text((module, index))
        if text is not None:
            return text
        found = self._schema.targets.named(cls, module, index)
        if found is not None:
            return self._tables.table_name(found)
        made = self._tables.arguments.behind(module, index)
        if made is not None:
            return self._bodies.keyword_text(*made, "name", 0)
        term = module.summary.terms[index]
        if term[0] == terms.NAME and str(term[1]).endswith(".__table__"):
            owner = self._bodies.evaluator.resolve(str(term[1]).rpartition(".")[0])
            return self._tables.table_name(owner) if owner is not None else None  # type: ignore[arg-type]
        return None
