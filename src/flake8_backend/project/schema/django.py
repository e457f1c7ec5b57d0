"""Models of Django: what their fields and their ``Meta`` say of tables."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from flake8_backend.project.schema import records
from flake8_backend.project.schema.applications import Applications
from flake8_backend.project.schema.plain import column_of
from flake8_backend.project.schema.records import Column, Index, Relation, Table
from flake8_backend.project.values import ClassRef
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_backend.project.modules import Module
    from flake8_backend.project.orm.models import Schema
    from flake8_backend.project.schema.bodies import Bodies
    from flake8_backend.project.schema.declared import Declared, Reader

PACK = "django-orm"
_MODEL = "django.db.models.Model"
_USER = "AUTH_USER_MODEL"  # what packs write for the model that this setting names
# relations of other distributions that lead to what a foreign key of their table between leads to
_BY_THROUGH = "tag"


class DjangoTables:
    """Reads models of Django."""

    def __init__(self, schema: Schema, bodies: Bodies, reader: Reader) -> None:
        self._schema = schema
        self._bodies = bodies
        self._reader = reader
        self._evaluator = bodies.evaluator
        self._applications = Applications(schema, bodies)
        self._fields: dict[ClassRef, dict[str, Declared]] = {}

    # --- classes -----------------------------------------------------------------------------------------------

    def is_abstract(self, cls: ClassRef) -> bool:
        """Whether a class has no table of its own, and gives its fields to those that derive from it."""
        if cls.home is not None:
            return self._schema.is_abstract(cls)
        fact = self._evaluator.knowledge.klass(cls.name)
        return cls.name == _MODEL or (fact is not None and fact.abstract)

    def is_proxy(self, cls: ClassRef) -> bool:
        """Whether a class stands for the rows of its parent's table."""
        own = self._bodies.inner(cls, "Meta")
        return own is not None and self._bodies.literal(self._bodies.entry(own, "proxy")) is True

    def parent(self, cls: ClassRef) -> ClassRef | None:
        """The nearest base class that has a table."""
        for base in self._evaluator.lineage(cls)[1:]:
            if self._is_model(base) and not self.is_abstract(base):
                return base
        return None

    def _is_model(self, cls: ClassRef) -> bool:
        if cls.home is not None:
            return self._schema.orm_of(cls) == PACK
        fact = self._evaluator.knowledge.klass(cls.name)
        return cls.name == _MODEL or (fact is not None and bool(fact.declares))

    def fields(self, cls: ClassRef) -> dict[str, Declared]:
        """The fields of a model's own table by name: its own and those of its abstract bases."""
        known = self._fields.get(cls)
        if known is None:
            known = self._fields[cls] = {}
            elsewhere = {
                other
                for base in self._evaluator.lineage(cls)[1:]
                if self._is_model(base) and not self.is_abstract(base)
                for other in self._evaluator.lineage(base)
            }
            for base in reversed(self._evaluator.lineage(cls)):
                if base == cls or (base not in elsewhere and self._is_model(base)):
                    for name, declared in self._reader.of_body(base).items():
                        if declared is None:
                            known.pop(name, None)
                        else:
                            known[name] = declared
        return known

    def meta(self, cls: ClassRef, name: str) -> tuple[Module, int] | None:
        """An entry of the ``Meta`` that holds for a model: its own, else that of an abstract base."""
        for base in self._evaluator.lineage(cls):
            if base == cls or base.home is None or self.is_abstract(base) or self._schema.orm_of(base) is None:
                inner = self._bodies.inner(base, "Meta")
                if inner is not None:
                    return self._bodies.inherited(inner, name)
        return None

    # --- names -------------------------------------------------------------------------------------------------

    def label(self, cls: ClassRef) -> str:
        """The label of the application that a model belongs to."""
        told = self._bodies.text(self.meta(cls, "app_label")) if cls.home is not None else None
        if told is not None:
            return told
        return self._applications.label(cls.home[0] if cls.home is not None else cls.name.rpartition(".")[0])

    def table_name(self, cls: ClassRef) -> str | None:
        """The name of a model's table, None where it is computed."""
        parent = self.parent(cls) if self.is_proxy(cls) else None
        if parent is not None:
            return self.table_name(parent)
        entry = self.meta(cls, "db_table")
        if entry is not None:
            return self._bodies.text(entry)
        fact = self._evaluator.knowledge.klass(cls.name) if cls.home is None else None
        if fact is not None and fact.table:
            return fact.table
        return f"{self.label(cls)}_{_bare(cls).lower()}"

    @cached_property
    def installed(self) -> tuple[ClassRef, ...]:
        """The models of libraries that are part of the project, as far as packs tell of their relations."""
        found = map(ClassRef, self._evaluator.knowledge.declaring())
        return tuple(cls for cls in found if not self.is_abstract(cls) and self._applications.is_installed(cls.name))

    # --- tables ------------------------------------------------------------------------------------------------

    def table(self, cls: ClassRef) -> Table:
        """The table of a model, without the relations that others give."""
        parent, proxy = self.parent(cls), self.is_proxy(cls)
        columns = () if proxy else tuple(self._columns(cls, parent))
        indexes, constraints = ((), ()) if proxy else self._keys(cls, columns)
        return Table(
            cls,
            cls.name,
            PACK,
            self.table_name(cls),
            columns,
            tuple(self._relations(cls, parent, proxy=proxy)),
            indexes,
            constraints,
            inherits="proxy" if proxy else "joined" if parent is not None else "",
            parent=parent,
            is_user=cls == self._schema.targets.user_model,
            path=self._bodies.module(cls).path,
            span=self._bodies.span(cls),
        )

    def _columns(self, cls: ClassRef, parent: ClassRef | None) -> Iterator[Column]:
        fields = self.fields(cls)
        if not any(declared.flag("primary_key") for declared in fields.values()):
            yield self._link_column(parent) if parent is not None else self._own_key(cls)
        for name, declared in fields.items():
            if declared.marker.kind == "orm-column":
                yield column_of(name, declared.text("name") or name, declared)
            elif declared.storage.relation in (records.MANY_TO_ONE, records.ONE_TO_ONE):
                yield self._foreign(cls, name, declared)

    def _own_key(self, cls: ClassRef) -> Column:
        """The key that a model gets where it declares none."""
        kind = self._applications.key_type(cls.home[0] if cls.home is not None else "")
        return Column("id", "id", kind, primary_key=True, unique=True)

    def _link_column(self, parent: ClassRef) -> Column:
        name = f"{_bare(parent).lower()}_ptr"
        key = self.key_of(parent)
        refers = f"{self.table_name(parent)}.{key}"
        return Column(
            name, f"{name}_id", "OneToOneField", False, None, True, True, True, references=refers, on_delete="CASCADE"
        )

    def key_of(self, cls: ClassRef) -> str:
        """The database column of a model's primary key."""
        if self.is_proxy(cls):
            return self.key_of(self.parent(cls) or ClassRef(_MODEL))
        for name, declared in self.fields(cls).items():
            if declared.flag("primary_key"):
                is_key = declared.marker.kind == "orm-relation"
                return declared.text("name") or (f"{name}_id" if is_key else name)
        parent = self.parent(cls)
        return f"{_bare(parent).lower()}_ptr_id" if parent is not None else "id"

    def _foreign(self, cls: ClassRef, name: str, declared: Declared) -> Column:
        column = column_of(name, declared.text("name") or name, declared)
        target = self.target(cls, declared)
        refers = None
        if target is not None:
            wanted = declared.text("references")
            field = self.fields(target).get(wanted) if wanted else None
            key = (field.text("name") or wanted) if field is not None else wanted
            refers = f"{self.table_name(target)}.{key or self.key_of(target)}"
        return replace(
            column,
            column=declared.text("name") or f"{name}_id",
            references=refers,
            on_delete=(declared.shown("on_delete") or "").partition("(")[0] or None,
        )

    # --- relations ---------------------------------------------------------------------------------------------

    def target(self, cls: ClassRef, declared: Declared) -> ClassRef | None:
        """The model that a relation of ``cls`` leads to."""
        targets = self._schema.targets
        argument = getattr(declared, "argument", None)
        module = getattr(declared, "module", None)
        if module is None or argument is None:
            text = declared.text("target")
            if text == _USER:
                return targets.user_model
            return targets.class_named(text, cls.name) if text else None
        index = argument("target")
        if index:
            found: ClassRef | None = targets.named(cls, module, index)
            return found
        through = self._through(cls, declared)
        key = self.fields(through).get(_BY_THROUGH) if through is not None else None
        return self.target(through, key) if through is not None and key is not None else None

    def _through(self, cls: ClassRef, declared: Declared) -> ClassRef | None:
        argument = getattr(declared, "argument", None)
        module = getattr(declared, "module", None)
        index = argument("through") if argument is not None else 0
        if not index or module is None:
            return None
        found: ClassRef | None = self._schema.targets.named(cls, module, index)
        return found

    def _relations(self, cls: ClassRef, parent: ClassRef | None, *, proxy: bool) -> Iterator[Relation]:
        fields = self.fields(cls)
        if parent is not None:
            inherited = {relation.name: relation for relation in self.forward(parent)}
            for name, relation in inherited.items():
                if name not in fields:
                    yield replace(relation, reverse=None) if relation.kind == records.ONE_TO_MANY else relation
            if not proxy and not any(declared.flag("primary_key") for declared in fields.values()):
                link = f"{_bare(parent).lower()}_ptr"
                yield Relation(
                    link,
                    parent,
                    records.ONE_TO_ONE,
                    _bare(cls).lower(),
                    on_delete="CASCADE",
                    span=self._bodies.span(cls),
                )
        for name, declared in fields.items():
            kind = declared.storage.relation
            if kind and kind != "none":
                yield self._relation(cls, name, declared, kind)
                yield from self._beside(cls, declared)

    def _beside(self, cls: ClassRef, declared: Declared) -> Iterator[Relation]:
        """The rows of the table between, which some fields give a name of their own."""
        name = declared.storage.values.get("beside")
        through = self._through(cls, declared) if isinstance(name, str) else None
        if isinstance(name, str) and through is not None:
            module, span = declared.place
            yield Relation(name, through, records.ONE_TO_MANY, module=module, span=span)

    def forward(self, cls: ClassRef) -> tuple[Relation, ...]:
        """The relations that a model declares, those of its parents included."""
        parent = self.parent(cls)
        return tuple(self._relations(cls, parent, proxy=self.is_proxy(cls)))

    def own(self, cls: ClassRef) -> tuple[Relation, ...]:
        """The relations that a model declares, those of its abstract bases included."""
        fields = self.fields(cls)
        parent = self.parent(cls)
        return tuple(
            relation
            for relation in self._relations(cls, parent, proxy=self.is_proxy(cls))
            if relation.name in fields or (parent is not None and relation.name == f"{_bare(parent).lower()}_ptr")
        )

    def _relation(self, cls: ClassRef, name: str, declared: Declared, kind: str) -> Relation:
        target = self.target(cls, declared) if kind != records.GENERIC else None
        through = None
        if kind == records.MANY_TO_MANY:
            between = self._through(cls, declared)
            given = declared.given("through") is not None
            owner = self.table_name(cls)
            column = declared.text("name") or (f"{owner}_{name}" if owner else None)
            through = self.table_name(between) if between is not None else None if given else column
        shown = declared.shown("on_delete") if kind in (records.MANY_TO_ONE, records.ONE_TO_ONE) else None
        module, span = declared.place
        return Relation(
            name,
            target,
            kind,
            self._reverse_name(cls, declared, kind, target),
            through=through,
            on_delete=(shown or "").partition("(")[0] or None,
            module=module,
            span=span,
        )

    def _reverse_name(self, cls: ClassRef, declared: Declared, kind: str, target: ClassRef | None) -> str | None:
        """The name by which the target leads back, None without one."""
        given = declared.literal("reverse")
        if kind == records.GENERIC or target is None or declared.storage.values.get("beside"):
            return None
        if given is None:
            if kind == records.ONE_TO_MANY:
                return None
            given = self._bodies.text(self.meta(cls, "default_related_name"))
        if given is not None and not isinstance(given, str):
            return None
        if kind == records.MANY_TO_MANY and target == cls and self._is_symmetrical(declared):
            return None
        bare = _bare(cls).lower()
        name = given or (bare if kind == records.ONE_TO_ONE else f"{bare}_set")
        if name.endswith("+"):
            return None
        label = self.label(cls)
        return name.replace("%(class)s", bare).replace("%(model_name)s", bare).replace("%(app_label)s", label)

    @staticmethod
    def _is_symmetrical(declared: Declared) -> bool:
        given = declared.given("symmetrical")
        return given is None or given[0] is not False

    # --- indexes -----------------------------------------------------------------------------------------------

    def _keys(self, cls: ClassRef, columns: tuple[Column, ...]) -> tuple[tuple[Index, ...], tuple[Index, ...]]:
        by_name = {column.name: column.column for column in columns}
        found: list[Index] = []
        for column in columns:
            kind = records.PRIMARY_KEY if column.primary_key else records.UNIQUE if column.unique else records.INDEX
            if column.primary_key or column.unique or column.index:
                found.append(Index(kind, (column.column,), unique=kind != records.INDEX, implicit=True))
        for base in self._evaluator.lineage(cls):
            fact = self._evaluator.knowledge.klass(base.name) if base.home is None else None
            found += [Index(records.INDEX, names) for names in (fact.indexes if fact is not None else ())]
        for option, kind in (("unique_together", records.UNIQUE), ("index_together", records.INDEX)):
            for names in self._together(self.meta(cls, option)):
                key = tuple(by_name.get(name, name) for name in names)
                found.append(Index(kind, key, unique=kind == records.UNIQUE))
        for entry in self._bodies.items(self.meta(cls, "indexes")):
            found += self._index(cls, by_name, *entry)
        constraints: list[Index] = []
        for entry in self._bodies.items(self.meta(cls, "constraints")):
            for made in self._constraint(cls, by_name, *entry):
                (found if made.kind == records.UNIQUE else constraints).append(made)
        return tuple(found), tuple(constraints)

    def _together(self, entry: tuple[Module, int] | None) -> list[list[str]]:
        groups = [self._bodies.texts(item) for item in self._bodies.items(entry)]
        flat = self._bodies.texts(entry)
        return [flat] if flat else [group for group in groups if group]

    def _index(self, cls: ClassRef, by_name: dict[str, str], module: Module, index: int) -> Iterator[Index]:
        made = self._bodies.callee(module, index)
        if not made:
            return
        names = self._bodies.keyword_texts(module, index, "fields")
        bare = made.rpartition(".")[2]
        yield Index(
            records.INDEX,
            tuple(by_name.get(name.lstrip("-"), name.lstrip("-")) for name in names),
            self._name(cls, module, index),
            partial=self._bodies.is_given(module, index, "condition"),
            expressions=not names,
            type="" if bare == "Index" else bare,
        )

    def _constraint(self, cls: ClassRef, by_name: dict[str, str], module: Module, index: int) -> Iterator[Index]:
        made = self._bodies.callee(module, index).rpartition(".")[2]
        if not made:
            return
        names = self._bodies.keyword_texts(module, index, "fields")
        is_unique = made.startswith("Unique")
        kind = records.UNIQUE if is_unique else records.EXCLUDE if made.startswith("Exclusion") else records.CHECK
        is_open = bool(module.summary.terms[index][2]) or any(
            key == terms.STAR for key, _ in module.summary.terms[index][3]
        )
        yield Index(
            kind,
            tuple(by_name.get(name, name) for name in names),
            self._name(cls, module, index),
            unique=is_unique,
            partial=is_unique and self._bodies.is_given(module, index, "condition"),
            expressions=is_unique and (not names or is_open),
        )

    def _name(self, cls: ClassRef, module: Module, index: int) -> str | None:
        name = self._bodies.keyword_text(module, index, "name")
        bare = _bare(cls).lower()
        return name and name.replace("%(class)s", bare).replace("%(app_label)s", self.label(cls))


def _bare(cls: ClassRef) -> str:
    return cls.name.rpartition(".")[2]
