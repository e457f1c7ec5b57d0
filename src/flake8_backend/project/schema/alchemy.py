"""Models of SQLAlchemy, Flask-SQLAlchemy and SQLModel: tables, columns and indexes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Span
from flake8_backend.project.schema.arguments import Arguments
from flake8_backend.project.schema.declared import Written, shown
from flake8_backend.project.schema.naming import ClassTexts, default_name
from flake8_backend.project.schema.records import Column, Index, Table
from flake8_backend.project.values import ClassRef, External, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flake8_backend.knowledge.records import Storage
    from flake8_backend.project.modules import Module
    from flake8_backend.project.orm.models import Schema
    from flake8_backend.project.schema.bodies import Bodies
    from flake8_backend.project.schema.declared import Reader

_MADE_ATTRIBUTES = ("declared_attr", "declared_attr.directive", "declared_attr.cascading")
_TYPE_MAP = "type_annotation_map"
_NOT_COLUMNS = ("ClassVar", "Relationship", "InitVar")
_SIZED = ("length", "max_length")


class AlchemyTables:
    """Reads mapped classes and bare tables."""

    def __init__(self, schema: Schema, bodies: Bodies, reader: Reader) -> None:
        self._schema = schema
        self._bodies = bodies
        self._reader = reader
        self._evaluator = bodies.evaluator
        self.arguments = Arguments(bodies, self)
        self._names: dict[ClassRef, str | None] = {}
        self._mapped: dict[ClassRef, bool] = {}

    # --- classes -----------------------------------------------------------------------------------------------

    def storage(self, cls: ClassRef) -> Storage | None:
        """What the pack of a model's base says of tables."""
        for base in self._evaluator.library_bases(cls):
            for marker in self._evaluator.knowledge.markers(base):
                if marker.kind == "orm-model" and marker.storage is not None:
                    return marker.storage
        return None

    def is_mapped(self, cls: ClassRef) -> bool:
        """Whether a class stands for rows of a table, its own or its parent's."""
        if cls not in self._mapped:
            self._mapped[cls] = False
            self._mapped[cls] = self._is_mapped(cls)
        return self._mapped[cls]

    def _is_mapped(self, cls: ClassRef) -> bool:
        if cls.home is None or self._schema.orm_of(cls) is None:
            return False
        if self._bodies.literal(self._bodies.entry(cls, "__abstract__")) is True:
            return False
        if self._is_registry(cls):
            return False
        storage = self.storage(cls)
        keyword = storage.params.get("required", ()) if storage is not None else ()
        if keyword:
            module = self._bodies.module(cls)
            given = module.class_(cls.home[1]).keywords.get(keyword[0], 0)
            return self._bodies.literal((module, given)) is True if given else False
        return self.parent(cls) is not None or self.table_name(cls) is not None or self._has_name(cls)

    def _is_registry(self, cls: ClassRef) -> bool:
        """Whether a class is what all models derive from, rather than a model."""
        assert cls.home is not None
        module = self._bodies.module(cls)
        for term in module.class_(cls.home[1]).bases:
            for option in options(self._evaluator.value(module, term)):
                markers = (
                    self._evaluator.knowledge.markers(option.name) if isinstance(option, (ClassRef, External)) else ()
                )
                if any(m.storage is not None and m.storage.values.get("registry") is True for m in markers):
                    return True
        return False

    def _has_name(self, cls: ClassRef) -> bool:
        return any(
            self._attribute(base, name) for base in self._unmapped(cls) for name in ("__tablename__", "__table__")
        )

    def parent(self, cls: ClassRef) -> ClassRef | None:
        """The nearest base class that is mapped."""
        return next((base for base in self._evaluator.lineage(cls)[1:] if self.is_mapped(base)), None)

    def _unmapped(self, cls: ClassRef) -> list[ClassRef]:
        """The class and its mixins and abstract bases, as far as no mapped base has them."""
        line = self._evaluator.lineage(cls)
        elsewhere = {other for base in line[1:] if self.is_mapped(base) for other in self._evaluator.lineage(base)}
        return [base for base in line if base.home is not None and (base == cls or base not in elsewhere)]

    def _attribute(self, cls: ClassRef, name: str) -> tuple[Module, int] | None:
        """What a class gives to a name, in its body or by a method that is read as an attribute."""
        entry = self._bodies.entry(cls, name)
        if entry is not None or cls.home is None:
            return entry
        module = self._bodies.module(cls)
        index = module.class_(cls.home[1]).methods.get(name)
        if index is None or not self._is_attribute(module, index):
            return None
        outputs = module.function(index).outputs
        return (module, outputs[-1][0]) if outputs else None

    def _is_attribute(self, module: Module, index: int) -> bool:
        for term in module.function(index).decorators:
            parts = module.summary.terms[term]
            if parts[0] == terms.NAME and str(parts[1]).endswith(_MADE_ATTRIBUTES):
                return True
        return False

    def table_name(self, cls: ClassRef) -> str | None:
        """The name of a class's own table; None where it has none or it cannot be read."""
        if cls not in self._names:
            self._names[cls] = None
            self._names[cls] = self._table_name(cls)
        return self._names[cls]

    def _table_name(self, cls: ClassRef) -> str | None:
        bare = cls.name.rpartition(".")[2]
        for base in self._evaluator.lineage(cls):
            if base != cls and (base.home is None or self.is_mapped(base)):
                continue
            entry = self._attribute(base, "__tablename__")
            if entry is not None:
                return ClassTexts(self._evaluator, bare).text(*entry)
            table = self._attribute(base, "__table__")
            if table is not None:
                return self._bare_name(*table)
        storage = self.storage(cls)
        naming = storage.values.get("naming") if storage is not None else None
        if not isinstance(naming, str) or self._bodies.literal(self._bodies.entry(cls, "__abstract__")) is True:
            return None
        if storage is not None and not storage.params.get("required") and not self._has_key(cls):
            return None
        return default_name(naming, bare)

    def _bare_name(self, module: Module, index: int) -> str | None:
        made = self.arguments.behind(module, index)
        return self._bodies.keyword_text(made[0], made[1], "name", 0) if made is not None else None

    def _has_key(self, cls: ClassRef) -> bool:
        return any(written.flag("primary_key") for _, _, written in self._declared(cls) if written is not None)

    # --- columns -----------------------------------------------------------------------------------------------

    def body(self, cls: ClassRef) -> Iterator[tuple[str, Module, int]]:
        """The attributes of a class and of its unmapped bases, those of bases first; the last of a name counts."""
        found: dict[str, tuple[Module, int]] = {}
        for base in reversed(self._unmapped(cls)):
            module = self._bodies.module(base)
            assert base.home is not None
            klass = module.class_(base.home[1])
            found.update({name: (module, bound[-1]) for name, bound in klass.attributes.items()})
            for name in klass.methods:
                entry = self._attribute(base, name)
                if entry is not None:
                    found[name] = entry
        for name, (module, index) in found.items():
            yield name, module, index

    def _declared(self, cls: ClassRef) -> Iterator[tuple[str, int, Written | None]]:
        for name, module, index in self.body(cls):
            if not name.startswith("__"):
                yield name, index, self._reader.declared(cls, module, name, index)

    def columns(self, cls: ClassRef) -> list[Column]:
        """The columns that a class brings to its table."""
        by_annotation = self._takes_annotations(cls)
        found = []
        for name, module, index in self.body(cls):
            if name.startswith("__"):
                continue
            written = self._reader.declared(cls, module, name, index)
            if written is not None and written.marker.kind == "orm-column":
                column = self.column(name, written)
                found += [column] if column is not None else []
            elif written is None and module.summary.terms[index][0] == terms.ANNOTATED:
                column = self._annotated(cls, name, module, index, everything=by_annotation)
                if column is not None:
                    found.append(column)
        return found

    def _takes_annotations(self, cls: ClassRef) -> bool:
        """Whether every annotated attribute is a column."""
        storage = self.storage(cls)
        return storage is not None and bool(storage.types)

    def column(self, name: str, written: Written) -> Column | None:
        """The column that a call declares, None for a property that only reads others."""
        nested = written.argument("type")
        inner = written.module.summary.terms[nested] if nested else terms.NOTHING
        if inner[0] == terms.CALL and "type" in written.storage.params:
            other = self._reader.declared(written.owner, written.module, name, nested)
            if other is not None:
                return self.column(name, replace(other, annotation=0))
        if "type" in written.storage.positions:
            return None
        given = self.arguments.of_column(written)
        types = self._types(written)
        kind, optional = self.arguments.annotated(written.module, written.annotation, types)
        primary = written.flag("primary_key")
        nullable = written.literal("nullable")
        if not isinstance(nullable, bool):
            nullable = False if primary else optional if optional is not None else True
        module, span = written.place
        refers = written.text("references") or given.references
        return Column(
            name,
            written.text("name") or given.name or name,
            given.type or kind or (self._type_behind(refers) if refers else "") or "NullType",
            nullable,
            _but_none(written.shown("default")),
            primary,
            written.flag("unique"),
            written.flag("index"),
            given.length if given.length is not None else written.number("max_length"),
            refers,
            written.text("on_delete") or given.on_delete,
            module,
            span,
        )

    def _types(self, written: Written) -> Mapping[str, str]:
        """The column types that the annotation beside a call may give."""
        if written.storage.types:
            return {**written.storage.types, **self._mapped_types(written.owner)}
        storage = self.storage(written.owner) if written.annotation else None
        return storage.types if storage is not None else {}

    def _mapped_types(self, cls: ClassRef) -> dict[str, str]:
        """``type_annotation_map`` of the base of models, or of its registry: column types by class."""
        found: dict[str, str] = {}
        for base in reversed(self._evaluator.lineage(cls)):
            entry = self._bodies.entry(base, _TYPE_MAP)
            registry = self._bodies.entry(base, "registry")
            made = self.arguments.behind(*registry) if entry is None and registry is not None else None
            if made is not None:
                index = self._bodies.keyword(*made, _TYPE_MAP)
                entry = (made[0], index) if index else None
            if entry is not None:
                found |= self.arguments.mapped_types(*entry)
        return found

    def _type_behind(self, refers: str) -> str:
        """The type of the column that a foreign key refers to."""
        table, _, column = refers.rpartition(".")
        found = self._schema.tables.named(table)
        return self.type_of(found, column) if found is not None else ""

    def type_of(self, cls: ClassRef, column: str) -> str:
        """The type of a column of a mapped class, by its name in the database."""
        for name, module, index in self.body(cls):
            written = self._reader.declared(cls, module, name, index) if not name.startswith("__") else None
            if written is None or written.marker.kind != "orm-column":
                continue
            given = self.arguments.of_column(written)
            if (written.text("name") or given.name or name) == column:
                return given.type or self.arguments.annotated(module, written.annotation, self._types(written))[0]
        return ""

    def _annotated(self, cls: ClassRef, name: str, module: Module, index: int, *, everything: bool) -> Column | None:
        """``name: Mapped[str]`` without a call, and every annotated attribute where a class of the ORM takes them so."""
        term = module.summary.terms[index]
        annotation = term[1]
        owner = module.summary.terms[annotation]
        wrapper = str(module.summary.terms[owner[1]][1]) if owner[0] == terms.ITEM else ""
        last = wrapper.rpartition(".")[2]
        if last != "Mapped" and (
            not everything or last in _NOT_COLUMNS or module.summary.terms[term[2]][0] == terms.CALL
        ):
            return None
        storage = self.storage(cls) if everything else self._mapped_storage
        types = storage.types if storage is not None else {}
        types = types if everything else {**types, **self._mapped_types(cls)}
        kind, optional = self.arguments.annotated(module, annotation, types)
        target = self._schema.targets.of(cls, module, ((), 0, (), ()), annotation)[0]
        if last == "Mapped" and target is not None and self._schema.orm_of(target) is not None:
            return None
        place = (
            module.class_(cls.home[1]).places.get(name)
            if cls.home is not None and module == self._bodies.module(cls)
            else None
        )
        default = _but_none(shown(module, term[2])) if term[2] else None
        return Column(
            name, name, kind, bool(optional), default, module=module.name, span=Span(*place) if place else None
        )

    @property
    def _mapped_storage(self) -> Storage | None:
        marker = self._reader.marker("sqlalchemy.orm.mapped_column")
        return marker.storage if marker is not None else None

    # --- tables ------------------------------------------------------------------------------------------------

    def table(self, cls: ClassRef) -> Table:
        """The table of a mapped class, without relations."""
        parent = self.parent(cls)
        name = self.table_name(cls)
        shares = parent is not None and not self._has_key(cls)  # a table of its own would have a key
        columns = tuple(self.columns(cls))
        if not columns and (entry := self._attribute(cls, "__table__")) is not None:
            made = self.arguments.behind(*entry)
            columns = tuple(self._inner_columns(*made)) if made is not None else ()
        indexes, constraints = self._keys(cls, columns)
        return Table(
            cls,
            cls.name,
            self._schema.orm_of(cls) or "",
            self.table_name(parent) if shares and parent is not None else name,
            columns,
            (),
            indexes,
            constraints,
            inherits="single" if shares else "joined" if parent is not None else "",
            parent=parent,
            path=self._bodies.module(cls).path,
            span=self._bodies.span(cls),
        )

    def bare_tables(self) -> Iterator[Table]:
        """``association = Table("association", metadata, Column(…))`` in a module."""
        for home in sorted(self._evaluator.table.by_name):
            module = self._evaluator.table.by_name[home]
            for variable, bound in module.summary.names.items():
                for index in bound:
                    if self.arguments.last_name(module, index) == "Table" and self._is_table(module, index):
                        yield self._bare_table(module, variable, index)

    def _is_table(self, module: Module, index: int) -> bool:
        if module.summary.terms[index][0] != terms.CALL:
            return False
        is_named = self._bodies.keyword_text(module, index, "name", 0) is not None
        return is_named and any(True for _ in self._inner_columns(module, index))

    def _bare_table(self, module: Module, variable: str, index: int) -> Table:
        columns = tuple(self._inner_columns(module, index))
        call = module.summary.terms[index]
        indexes, constraints = self.arguments.keys((), columns, [(module, argument) for argument in call[2]])
        name = self._bodies.keyword_text(module, index, "name", 0)
        place = Span(*call[4:8])
        model = f"{module.name}.{variable}"
        return Table(None, model, "sqlalchemy", name, columns, (), indexes, constraints, path=module.path, span=place)

    def _inner_columns(self, module: Module, index: int) -> Iterator[Column]:
        call: Sequence[Any] = module.summary.terms[index]
        owner = ClassRef(f"{module.name}.")
        for argument in call[2]:
            written = self._reader.declared(owner, module, "", argument)
            if written is not None and written.marker.kind == "orm-column":
                column = self.column("", written)
                if column is not None:
                    yield replace(column, name=column.column)

    def _keys(self, cls: ClassRef, columns: tuple[Column, ...]) -> tuple[tuple[Index, ...], tuple[Index, ...]]:
        listed: list[tuple[Module, int]] = []
        for base in self._unmapped(cls):
            entry = self._attribute(base, "__table_args__")
            if entry is not None:
                listed = list(self._bodies.items(entry))
                break
        attributes = list(self.body(cls))
        listed += [(module, index) for _, module, index in attributes]
        listed += self.arguments.outside(cls)
        return self.arguments.keys(attributes, columns, listed)


def _but_none(default: str | None) -> str | None:
    """None as a default is no default."""
    return None if default == "None" else default
