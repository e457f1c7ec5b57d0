"""All tables of a project, each with the relations that other models give to it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from flake8_backend.project.orm.relations import ALCHEMY
from flake8_backend.project.schema import records
from flake8_backend.project.schema.alchemy import AlchemyTables
from flake8_backend.project.schema.bodies import Bodies
from flake8_backend.project.schema.declared import Reader
from flake8_backend.project.schema.django import PACK as DJANGO
from flake8_backend.project.schema.django import DjangoTables
from flake8_backend.project.schema.plain import PlainTables
from flake8_backend.project.schema.records import Relation, Table
from flake8_backend.project.schema.relationships import Relationships

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.orm.models import Schema
    from flake8_backend.project.values import ClassRef


class Tables:
    """Tables by model. Nothing is read before the first question."""

    def __init__(self, evaluator: Evaluator, schema: Schema) -> None:
        self._schema = schema
        self._evaluator = evaluator
        self.bodies = Bodies(evaluator)
        reader = Reader(evaluator)
        self.django = DjangoTables(schema, self.bodies, reader)
        self.alchemy = AlchemyTables(schema, self.bodies, reader)
        self.plain = PlainTables(schema, self.bodies, reader)
        self._relationships = Relationships(schema, self.bodies, reader, self.alchemy)

    def of(self, cls: ClassRef) -> Table | None:
        """The table behind a model, None for other classes and for abstract models."""
        return self._by_model.get(cls.name)

    @property
    def all(self) -> tuple[Table, ...]:
        """Every table of the project, by the dotted names of their models."""
        return tuple(self._by_model.values())

    def named(self, name: str) -> ClassRef | None:
        """The model whose table has this name."""
        return self._by_table.get(name.rpartition(".")[2])

    @cached_property
    def _by_table(self) -> dict[str, ClassRef]:
        found: dict[str, ClassRef] = {}
        for cls in self._schema.models():
            if self._schema.orm_of(cls) in ALCHEMY and self.alchemy.is_mapped(cls):
                name = self.alchemy.table_name(cls)
                if name is not None:
                    found.setdefault(name, cls)
        return found

    @cached_property
    def _by_model(self) -> dict[str, Table]:
        found: dict[str, Table] = {}
        given: dict[str, list[Relation]] = {}
        for cls in self._schema.models():
            table = self._read(cls, given)
            if table is not None:
                found[cls.name] = table
        for cls in self.django.installed if any(table.orm == DJANGO for table in found.values()) else ():
            for relation in self.django.own(cls):
                self._give_back(cls, relation, given)
        if "sqlalchemy" in self._evaluator.table.imports or any(t.orm in ALCHEMY for t in found.values()):
            for bare in self.alchemy.bare_tables():
                found.setdefault(bare.model, bare)
        complete = {name: self._completed(table, given) for name, table in sorted(found.items())}
        mutual = {name: self._mutual(table, complete) for name, table in complete.items()}
        return {name: self._with_shared(table, mutual) for name, table in mutual.items()}

    def _read(self, cls: ClassRef, given: dict[str, list[Relation]]) -> Table | None:
        """The table of a model as its own class declares it; what it gives to other models goes to ``given``."""
        orm = self._schema.orm_of(cls)
        if orm == DJANGO:
            if self.django.is_abstract(cls):
                return None
            for relation in self.django.own(cls):
                self._give_back(cls, relation, given)
            return self.django.table(cls)
        if orm in ALCHEMY and self.alchemy.is_mapped(cls):
            relations = []
            for relation, back in self._relationships.of(cls):
                relations.append(relation)
                if back is not None and relation.target is not None:
                    given.setdefault(relation.target.name, []).append(back)
            return replace(self.alchemy.table(cls), relations=tuple(relations))
        if orm is None or orm in ALCHEMY or self.plain.is_abstract(cls):
            return None
        table = self.plain.table(cls)
        for relation in table.relations:
            self._give_back(cls, relation, given)
        return table

    def _give_back(self, cls: ClassRef, relation: Relation, given: dict[str, list[Relation]]) -> None:
        """The relation of Django by which the target of ``relation`` leads back."""
        if relation.reverse is None or relation.target is None:
            return
        swapped = {records.MANY_TO_ONE: records.ONE_TO_MANY, records.ONE_TO_MANY: records.MANY_TO_ONE}
        kind = swapped.get(relation.kind, relation.kind)
        target = relation.target
        while self._schema.orm_of(cls) == DJANGO and target.home is not None and self.django.is_proxy(target):
            target = self.django.parent(target) or target
        back = Relation(
            relation.reverse,
            cls,
            kind,
            relation.name,
            is_reverse=True,
            through=relation.through,
            module=relation.module,
            span=relation.span,
        )
        given.setdefault(target.name, []).append(back)

    def _completed(self, table: Table, given: dict[str, list[Relation]]) -> Table:
        """The table with the relations that others give to its model and to the models it inherits from."""
        found = {relation.name: relation for relation in table.relations}
        for base in self._evaluator.lineage(table.cls) if table.cls is not None else ():
            for relation in given.get(base.name, ()):
                # the link from a parent to its child says nothing on the child's side
                is_link = table.orm == DJANGO and relation.kind == records.ONE_TO_ONE and table.inherits == "joined"
                if is_link and self._is_link(relation, base):
                    continue
                found.setdefault(relation.name, relation)
            if table.orm in ALCHEMY and base != table.cls and base.home is not None and self.alchemy.is_mapped(base):
                for relation, _ in self._relationships.of(base):
                    found.setdefault(relation.name, relation)
        return replace(table, relations=tuple(found[name] for name in sorted(found)))

    def _mutual(self, table: Table, tables: dict[str, Table]) -> Table:
        """Relations that name no way back have the one that names them on the other side."""
        relations = []
        pairs = table.cls is not None and self.plain.storage(table.cls).values.get("mutual") is True
        for relation in table.relations:
            other = tables.get(relation.target.name) if relation.target is not None else None
            if pairs and other is not None:
                relations.append(_paired(relation, [back for back in other.relations if back.target == table.cls]))
                continue
            if table.orm != DJANGO and relation.reverse is None and other is not None:
                named = (back for back in other.relations if back.reverse == relation.name and back.target == table.cls)
                relation = replace(relation, reverse=next((back.name for back in named), None))
            facing = other.relation(relation.reverse) if other is not None and relation.reverse is not None else None
            if facing is not None and relation.kind == records.MANY_TO_MANY:
                relation = replace(relation, through=relation.through or facing.through)
            relations.append(relation)
        return replace(table, relations=tuple(relations))

    def _is_link(self, relation: Relation, parent: ClassRef) -> bool:
        return relation.reverse == f"{parent.name.rpartition('.')[2].lower()}_ptr"

    def _with_shared(self, table: Table, tables: dict[str, Table]) -> Table:
        """The table of a parent holds the columns of those that share it, too."""
        if table.cls is None or table.inherits == "single":
            return table
        sharing = [other for other in tables.values() if other.inherits == "single" and self._shares(other, table)]
        if not sharing:
            return table
        columns = {column.column: column for column in table.columns}
        indexes = dict.fromkeys(table.indexes)
        for other in sharing:
            columns |= {column.column: column for column in other.columns if column.column not in columns}
            indexes |= dict.fromkeys(other.indexes)
        return replace(table, columns=tuple(columns.values()), indexes=tuple(indexes))

    def _shares(self, other: Table, table: Table) -> bool:
        owner: Table | None = other
        while owner is not None and owner.inherits == "single" and owner.parent is not None:
            if owner.parent == table.cls:
                return True
            owner = self._own(owner.parent)
        return False

    def _own(self, cls: ClassRef) -> Table | None:
        return self.alchemy.table(cls) if self.alchemy.is_mapped(cls) else None

    def __iter__(self) -> Iterator[Table]:
        return iter(self.all)


def _paired(relation: Relation, backs: list[Relation]) -> Relation:
    """A relation that is declared at both ends, where the two find each other: how many of each there are."""
    named = [back for back in backs if back.name == relation.reverse or back.reverse == relation.name]
    found = named or (backs if len(backs) == 1 else [])
    if not found:
        return relation
    kind = {
        (True, True): records.MANY_TO_MANY,
        (True, False): records.ONE_TO_MANY,
        (False, True): records.MANY_TO_ONE,
        (False, False): records.ONE_TO_ONE,
    }[relation.many, found[0].many]
    return replace(relation, reverse=found[0].name, kind=kind)
