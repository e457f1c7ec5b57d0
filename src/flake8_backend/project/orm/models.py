"""The project's database models: relations, their targets and what they load by themselves."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.project.orm.joins import Joins
from flake8_backend.project.orm.relations import (
    APPENDER,
    EAGER_ENOUGH,
    LAZY_QUERIES,
    MANAGERS,
    SQLALCHEMY,
    Declarations,
    RelationFact,
)
from flake8_backend.project.orm.reverses import Reverses
from flake8_backend.project.orm.targets import Targets
from flake8_backend.project.schema.tables import Tables
from flake8_backend.project.values import (
    ClassRef,
    External,
    Instance,
    Query,
    Value,
)
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.files.versions import Versions
    from flake8_backend.project.modules import Module
    from flake8_backend.project.schema.records import Table

_FIELDS = "django.db.models."
_MODEL = "django.db.models.Model"


class Schema:
    """Relations of every model class, read from the summaries."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._own: dict[ClassRef, dict[str, RelationFact]] = {}
        self._is_model: dict[ClassRef, str | None] = {}
        self._building = False
        self.joins = Joins(evaluator)
        self.declarations = Declarations(evaluator)
        self.targets = Targets(evaluator, self)
        self.tables = Tables(evaluator, self)
        self.versions: Versions | None = None

    # --- tables ------------------------------------------------------------------------------------------------

    def table(self, cls: ClassRef) -> Table | None:
        """The table behind a model: columns, relations, indexes; None for other classes and abstract models."""
        return self.tables.of(cls)

    # --- what the evaluator asks -------------------------------------------------------------------------------

    def is_relation(self, cls: ClassRef, name: str) -> bool:
        """Whether ``cls.name`` names a relation of a model."""
        return self.orm_of(cls) is not None and self.relation(cls, name) is not None

    def relation_of(self, row: Instance, name: str) -> Value | None:
        """What reading relation ``name`` of a row gives, ``None`` when it is no relation."""
        if self.orm_of(row.cls) is None:
            return None
        relation = self.relation(row.cls, name)
        if relation is None:
            return None
        if relation.target is None:
            return self._of_unknown(row, relation)
        below = row.query.below(name) if row.query is not None else None
        if not relation.many:
            return Instance(relation.target, (), below, is_row=row.query is not None)
        target = Instance(relation.target)
        given = frozenset({relation.inverse}) if relation.inverse else frozenset()
        if relation.manager is None:
            rows = replace(below or Query(relation.target.name), given=given, of_parent=True)
            return Instance(ClassRef("list"), (target,), rows, fetched=True)
        query = Query(relation.target.name, given=given, held=None, via=name)
        if below is not None and row.query is not None:
            held = row.query.loads(name) or relation.eager
            root = below.root or below.model
            query = replace(below, model=relation.target.name, root=root, given=given, held=held)
            if not held:
                query = Query(relation.target.name, given=given)
        if relation.manager == APPENDER:
            query = replace(query, held=False)
        return Instance(ClassRef(relation.manager), (target,), replace(query, of_parent=True))

    @staticmethod
    def _of_unknown(row: Instance, relation: RelationFact) -> Value | None:
        """A collection of rows of a model that is not known."""
        if relation.manager is None or not relation.many:
            return None
        held = None if row.query is None else row.query.loads(relation.name)
        return Instance(ClassRef(relation.manager), (), Query(None, held=held))

    # --- models ------------------------------------------------------------------------------------------------

    def orm_of(self, cls: ClassRef) -> str | None:
        """The pack that makes ``cls`` a database model, ``None`` for other classes."""
        if cls not in self._is_model:
            self._is_model[cls] = None  # guards against a class among its own bases
            self._is_model[cls] = self._find_orm(cls)
        return self._is_model[cls]

    def _find_orm(self, cls: ClassRef) -> str | None:
        knowledge = self._evaluator.knowledge
        for base in self._evaluator.library_bases(cls):
            for marker in knowledge.markers(base):
                if marker.kind == "orm-model" and marker.form != "call":
                    return marker.pack
        return None

    def assumed_bases(self, module: Module, index: int) -> list[ClassRef]:
        """A class with fields and a base that nobody knows is a model: bases of other distributions derive from it."""
        table = module.summary.terms
        for bound in module.class_(index).attributes.values():
            for term in bound:
                callee = self._evaluator.value(module, table[term][1]) if table[term][0] == terms.CALL else None
                if not isinstance(callee, (External, ClassRef)):
                    continue
                name = self._evaluator.knowledge.canonical(callee.name)
                if name.startswith(_FIELDS) and name.endswith(("Field", "ForeignKey")):
                    return [ClassRef(_MODEL)]
        return []

    def relation(self, cls: ClassRef, name: str) -> RelationFact | None:
        """The relation called ``name`` on a model, its own or a reverse one."""
        for base in self._evaluator.lineage(cls):
            if base.home is not None:
                found = self.declared(base).get(name)
                if found is not None:
                    return self.seen_from(cls, base, found)
        if self._building:
            return None
        for base in self._evaluator.lineage(cls):
            found = self.reverse.get((base.name, name))
            if found is not None:
                return found
        return None

    def relations(self, cls: ClassRef) -> dict[str, RelationFact]:
        """All relations of a model by name."""
        found: dict[str, RelationFact] = {}
        for base in reversed(self._evaluator.lineage(cls)):
            found.update({name: fact for (owner, name), fact in self.reverse.items() if owner == base.name})
            if base.home is not None:
                found.update({name: self.seen_from(cls, base, fact) for name, fact in self.declared(base).items()})
        return found

    def seen_from(self, cls: ClassRef, base: ClassRef, fact: RelationFact) -> RelationFact:
        """A relation that ``base`` declares, for ``cls``: what an abstract model calls itself is each of its models."""
        if base == cls or fact.target != base or not self.is_abstract(base):
            return fact
        return replace(fact, target=cls)

    def declared(self, cls: ClassRef) -> dict[str, RelationFact]:
        """The relations that a class declares itself, by name."""
        known = self._own.get(cls)
        if known is None:
            assert cls.home is not None
            known = self._own[cls] = {}
            module = self._evaluator.table.by_name[cls.home[0]]
            summary = module.class_(cls.home[1])
            for name, bound in summary.attributes.items():
                for term in bound:
                    fact = self._read(cls, module, name, term)
                    if fact is not None:
                        known[name] = fact
        return known

    def narrows(self, model: str, column: str) -> str | None:
        """What equality with a column leaves: ``row`` for a key or unique column, ``parent`` for a foreign key."""
        if column in ("pk", "id"):
            return "row"
        module, rest = self._evaluator.table.split(model)
        index = next((i for i, k in enumerate(module.summary.classes) if k.qualname == rest), None) if module else None
        if module is None or index is None:
            return None
        cls = ClassRef(model, (module.name, index))
        relation = self.relation(cls, column) or self.relation(cls, column.removesuffix("_id"))
        if relation is not None and not relation.many:
            return "parent"
        for base in self._evaluator.lineage(cls):
            if base.home is None:
                continue
            home = self._evaluator.table.by_name[base.home[0]]
            for term in home.class_(base.home[1]).attributes.get(column, ()):
                call = home.summary.terms[term]
                if call[0] == terms.ANNOTATED and call[2]:
                    call = home.summary.terms[call[2]]
                if call[0] != terms.CALL:
                    continue
                if any(
                    self.declarations.constant(home, call, None, name) is True for name in ("unique", "primary_key")
                ):
                    return "row"
        return "parent" if column in self.joins.keys(cls) else None

    # --- declarations ------------------------------------------------------------------------------------------

    def _read(self, cls: ClassRef, module: Module, name: str, index: int) -> RelationFact | None:
        found = self.declarations.of(module, index)
        if found is None:
            return None
        annotation, call, marker = found
        last = str(call[-1]).rpartition(".")[2]
        if last in ("ForeignKey", "ForeignKeyConstraint") and marker.pack in SQLALCHEMY:
            return None
        target, is_list = self.targets.of(cls, module, call, annotation)
        many = is_list or last.endswith(("ManyToManyField", "GenericRelation", "ManyToManyRelation", "TaggableManager"))
        if marker.pack in SQLALCHEMY:
            many = self.joins.is_many(cls, name, target, module, call, declared=is_list if annotation else None)
        lazy = self.declarations.lazy(module, call)
        # fields of other distributions are loaded as the ORM of the model loads its own
        orm = marker.pack if marker.pack in SQLALCHEMY else self.orm_of(cls) or marker.pack
        manager = MANAGERS.get(orm) if many else None
        if lazy in LAZY_QUERIES:
            manager = APPENDER
        inverse = self._inverse_name(cls, module, call, target, marker.pack, many=many)
        return RelationFact(name, target, many, False, lazy in EAGER_ENOUGH, orm, manager, inverse)

    def _inverse_name(
        self, cls: ClassRef, module: Module, call: Sequence[Any], target: ClassRef | None, pack: str, *, many: bool
    ) -> str | None:
        """The relation by which the rows of a collection know the row that it belongs to."""
        if pack not in SQLALCHEMY or not many or target is None:
            return None
        for name in ("back_populates", "backref"):
            given = self.declarations.constant(module, call, None, name)
            if isinstance(given, str):
                return given
        if self._evaluator.argument(module, call, None, "backref"):
            return self.declarations.backref_name(module, call)
        back = [fact.name for fact in self.declared(target).values() if fact.target == cls and not fact.many]
        return back[0] if len(back) == 1 else None

    def is_abstract(self, cls: ClassRef) -> bool:
        """Whether a Django model has no table of its own."""
        if cls.home is None:
            return False
        module = self._evaluator.table.by_name[cls.home[0]]
        wanted = f"{module.class_(cls.home[1]).qualname}.Meta"
        for klass in module.summary.classes:
            if klass.qualname == wanted:
                declared = [module.summary.terms[term] for term in klass.attributes.get("abstract", ())]
                return any(term[0] == terms.CONSTANT and term[1] is True for term in declared)
        return False

    # --- reverse relations -------------------------------------------------------------------------------------

    @cached_property
    def reverse(self) -> dict[tuple[str, str], RelationFact]:
        """(model, name) of relations that another model's declaration gives."""
        self._building = True
        found = Reverses(self._evaluator, self).all()
        self._building = False
        return found

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all relations of the project: other attributes need no look."""
        found = {name for _, name in self.reverse}
        for cls in self.models():
            found.update(self.declared(cls))
            for base in self._evaluator.lineage(cls):
                if base.home is not None:
                    found.update(self.declared(base))
        return frozenset(found)

    def steps(self, model: str | None, path: str) -> tuple[RelationFact, ...]:
        """The relations on a dotted path from the rows of a model; none when one of them is not known."""
        module, name = self._evaluator.table.split(model or "")
        cls: ClassRef | None = ClassRef(model or "")
        for index, klass in enumerate(module.summary.classes if module is not None else ()):
            if module is not None and klass.qualname == name:
                cls = ClassRef(model or "", (module.name, index))
        found: list[RelationFact] = []
        for step in path.split("."):
            fact = self.relation(cls, step) if cls is not None else None
            if fact is None:
                return ()
            found.append(fact)
            cls = fact.target
        return tuple(found)

    def models(self) -> Iterator[ClassRef]:
        """Every model class of the project, by module name."""
        for name in sorted(self._evaluator.table.by_name):
            module = self._evaluator.table.by_name[name]
            for index, klass in enumerate(module.summary.classes):
                cls = ClassRef(f"{name}.{klass.qualname}", (name, index))
                if klass.bases and self.orm_of(cls) is not None:
                    yield cls
