"""The project's database models: relations, their targets and what they load by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flake8_backend.knowledge.facts import MarkerFact
from flake8_backend.project.evaluate import Evaluator
from flake8_backend.project.modules import Module
from flake8_backend.project.values import (
    ClassRef,
    Constant,
    External,
    Instance,
    Query,
    Relation,
    Value,
    options,
)
from flake8_backend.semantic import terms

_EAGER_ENOUGH = frozenset({"selectin", "joined", "subquery"})
_SQLALCHEMY = frozenset({"sqlalchemy", "sqlmodel"})
_LAZY_QUERIES = frozenset({"dynamic", "write_only"})


@dataclass(frozen=True, slots=True)
class RelationFact:
    """A relation as the model declares it, or as another model's declaration gives it in reverse."""

    name: str
    target: ClassRef | None
    many: bool
    is_reverse: bool
    eager: bool
    orm: str  # the pack that knows the declaration
    manager: str | None  # library class of what reading a "many" relation gives


class Schema:
    """Relations of every model class, read from the summaries."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._own: dict[ClassRef, dict[str, RelationFact]] = {}
        self._is_model: dict[ClassRef, str | None] = {}
        self._building = False

    # --- what the evaluator asks -------------------------------------------------------------------------------

    def is_relation(self, cls: ClassRef, name: str) -> bool:
        """Whether ``cls.name`` names a relation of a model."""
        return self.orm_of(cls) is not None and self.relation(cls, name) is not None

    def relation_of(self, row: Instance, name: str) -> Value | None:
        """What reading relation ``name`` of a row gives, ``None`` when it is no relation."""
        if self.orm_of(row.cls) is None:
            return None
        relation = self.relation(row.cls, name)
        if relation is None or relation.target is None:
            return None
        below = row.query.below(name) if row.query is not None else None
        if not relation.many:
            return Instance(relation.target, (), below, is_row=row.query is not None)
        target = Instance(relation.target)
        if relation.manager is None:
            return Instance(ClassRef("list"), (target,), below, fetched=True)
        query = below or Query(relation.target.name)
        return Instance(ClassRef(relation.manager), (target,), Query(relation.target.name, query.eager))

    # --- models ------------------------------------------------------------------------------------------------

    def orm_of(self, cls: ClassRef) -> str | None:
        """The pack that makes ``cls`` a database model, ``None`` for other classes."""
        if cls.home is None:
            return None
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

    def relation(self, cls: ClassRef, name: str) -> RelationFact | None:
        """The relation called ``name`` on a model, its own or a reverse one."""
        for base in self._evaluator.lineage(cls):
            if base.home is not None:
                found = self._declared(base).get(name)
                if found is not None:
                    return found
        if self._building:
            return None
        for base in self._evaluator.lineage(cls):
            if base.home is not None:
                found = self.reverse.get((base.name, name))
                if found is not None:
                    return found
        return None

    def relations(self, cls: ClassRef) -> dict[str, RelationFact]:
        """All relations of a model by name."""
        found: dict[str, RelationFact] = {}
        for base in reversed(self._evaluator.lineage(cls)):
            if base.home is not None:
                found.update({name: fact for (owner, name), fact in self.reverse.items() if owner == base.name})
                found.update(self._declared(base))
        return found

    def _declared(self, cls: ClassRef) -> dict[str, RelationFact]:
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

    # --- declarations ------------------------------------------------------------------------------------------

    def _declaration(self, module: Module, index: int) -> tuple[int, Sequence[Any], MarkerFact] | None:
        """The annotation term, the call and the marker of ``name: Annotation = ForeignKey(…)``."""
        term = module.summary.terms[index]
        annotation = 0
        if term[0] == terms.ANNOTATED:
            annotation = term[1]
            if not term[2]:
                return None
            term = module.summary.terms[term[2]]
        if term[0] != terms.CALL:
            return None
        callee = self._evaluator.value(module, term[1])
        for option in options(callee):
            name = option.name if isinstance(option, (External, ClassRef)) else None
            if isinstance(option, ClassRef) and option.home is not None:
                name = next(
                    (b for b in self._evaluator.library_bases(option) if self._relation_marker(b) is not None), None
                )
            marker = self._relation_marker(name) if name else None
            if marker is not None:
                return annotation, (*term, name), marker
        return None

    def _relation_marker(self, name: str) -> MarkerFact | None:
        return next((m for m in self._evaluator.knowledge.markers(name) if m.kind == "orm-relation"), None)

    def _read(self, cls: ClassRef, module: Module, name: str, index: int) -> RelationFact | None:
        found = self._declaration(module, index)
        if found is None:
            return None
        annotation, call, marker = found
        last = str(call[-1]).rpartition(".")[2]
        if last in ("ForeignKey", "ForeignKeyConstraint") and marker.pack in _SQLALCHEMY:
            return None
        target, is_list = self._target(cls, module, call, annotation)
        many = is_list or last in ("ManyToManyField", "GenericRelation", "ManyToManyRelation", "BackrefAccessor")
        if marker.pack in _SQLALCHEMY and not annotation:
            many = self._sqlalchemy_many(cls, module, call, target)
        lazy = self._constant(module, call, None, "lazy")
        manager = _MANAGERS.get(marker.pack) if many else None
        if lazy in _LAZY_QUERIES:
            manager = "sqlalchemy.orm.AppenderQuery"
        return RelationFact(name, target, many, False, lazy in _EAGER_ENOUGH, marker.pack, manager)

    def _sqlalchemy_many(self, cls: ClassRef, module: Module, call: Sequence[Any], target: ClassRef | None) -> bool:
        """Without an annotation, a relationship is scalar when this table holds the foreign key to the target."""
        if self._constant(module, call, None, "uselist") is False:
            return False
        if self._evaluator.argument(module, call, None, "secondary"):
            return True
        assert cls.home is not None
        summary = module.class_(cls.home[1])
        foreign = [
            name
            for name, bound in summary.attributes.items()
            for term in bound
            if self._mentions_foreign_key(module, term)
        ]
        remote = self._evaluator.argument(module, call, None, "foreign_keys")
        if remote:
            return not self._names_own_column(module, remote, summary.qualname)
        wanted = target.name.rpartition(".")[2].lower() if target is not None else ""
        return not any(wanted and column.lower().startswith(wanted[:4]) for column in foreign) and not any(
            self._points_to(module, term, target) for bound in summary.attributes.values() for term in bound
        )

    def _names_own_column(self, module: Module, index: int, owner: str) -> bool:
        """``foreign_keys=[user_id]`` or ``"Order.user_id"`` with a column of this class."""
        term = module.summary.terms[index]
        if term[0] == terms.CONSTANT:
            return str(term[1]).strip("[]").startswith(owner + ".")
        if term[0] == terms.DISPLAY:
            return any(module.summary.terms[part][0] != terms.ATTRIBUTE for part in term[2])
        return True

    def _mentions_foreign_key(self, module: Module, index: int) -> bool:
        return self._foreign_target(module, index) is not None

    def _points_to(self, module: Module, index: int, target: ClassRef | None) -> bool:
        text = self._foreign_target(module, index)
        if text is None or target is None or target.home is None:
            return False
        table = self._table_name(target)
        return table is not None and text.partition(".")[0] == table

    def _table_name(self, cls: ClassRef) -> str | None:
        for base in self._evaluator.lineage(cls):
            if base.home is None:
                continue
            module = self._evaluator.table.by_name[base.home[0]]
            for term in module.class_(base.home[1]).attributes.get("__tablename__", ()):
                parts = module.summary.terms[term]
                if parts[0] == terms.CONSTANT and isinstance(parts[1], str):
                    return parts[1]
        return cls.name.rpartition(".")[2].lower()

    def _foreign_target(self, module: Module, index: int) -> str | None:
        """``"orders.id"`` of a column declared with a foreign key."""
        term = module.summary.terms[index]
        if term[0] == terms.ANNOTATED and term[2]:
            term = module.summary.terms[term[2]]
        if term[0] != terms.CALL:
            return None
        for argument in (*term[2], *(value for _, value in term[3])):
            inner = module.summary.terms[argument]
            if inner[0] == terms.CALL and inner[2]:
                callee = module.summary.terms[inner[1]]
                dotted = callee[1] if callee[0] == terms.NAME else (callee[2] if callee[0] == terms.ATTRIBUTE else "")
                if str(dotted).rpartition(".")[2] == "ForeignKey":
                    first = module.summary.terms[inner[2][0]]
                    return str(first[1]) if first[0] == terms.CONSTANT else None
        key = self._constant(module, term, None, "foreign_key")
        return key if isinstance(key, str) else None

    def _constant(self, module: Module, call: Sequence[Any], position: int | None, name: str) -> Any:
        index = self._evaluator.argument(module, call, position, name)
        term = module.summary.terms[index] if index else ("?",)
        return term[1] if term[0] == terms.CONSTANT else None

    def _target(
        self, cls: ClassRef, module: Module, call: Sequence[Any], annotation: int
    ) -> tuple[ClassRef | None, bool]:
        """The model a relation leads to, and whether its annotation is a collection."""
        is_list = False
        target: ClassRef | None = None
        if annotation:
            declared = self._evaluator.type_of(module, annotation)
            for option in options(declared):
                if isinstance(option, Instance):
                    if option.cls.home is None and option.cls.name in ("list", "set", "frozenset", "dict"):
                        is_list = True
                        inner = option.args[0] if option.args else None
                        target = inner.cls if isinstance(inner, Instance) and inner.cls.home is not None else None
                    elif option.cls.home is not None:
                        target = option.cls
            if target is None:
                target, is_list = self._quoted(cls, module, annotation, is_list)
        if target is None:
            for index in call[2][:1] or [
                value for name, value in call[3] if name in ("to", "argument", "model", "to_model", "model_name")
            ]:
                target = self._named(cls, module, index)
        return target, is_list

    def _quoted(self, cls: ClassRef, module: Module, annotation: int, is_list: bool) -> tuple[ClassRef | None, bool]:
        """``list["Item"]`` inside an alias or wrapper keeps the name as text."""
        pending = [annotation]
        while pending:
            term = module.summary.terms[pending.pop()]
            if term[0] == terms.CONSTANT and isinstance(term[1], str):
                return self.class_named(term[1], module.name), is_list
            if term[0] == terms.NAME:
                name = term[1].rpartition(".")[2]
                if name in ("list", "List", "set", "Set", "Sequence"):
                    is_list = True
                elif name[:1].isupper() and name not in ("Mapped", "Optional", "Annotated"):
                    found = self.class_named(name, module.name)
                    if found is not None:
                        return found, is_list
            elif term[0] == terms.ITEM:
                pending += [term[2], term[1]]
            elif term[0] == terms.DISPLAY:
                pending += list(term[2])
            elif term[0] == terms.UNION:
                pending += list(term[1])
        return None, is_list

    def _named(self, cls: ClassRef, module: Module, index: int) -> ClassRef | None:
        value = self._evaluator.value(module, index)
        for option in options(value):
            if isinstance(option, ClassRef):
                return option
            if isinstance(option, Constant) and isinstance(option.value, str):
                return cls if option.value == "self" else self.class_named(option.value, module.name)
        return self._from_lambda(value)

    def _from_lambda(self, value: Value | None) -> ClassRef | None:
        from flake8_backend.project.values import FunctionRef

        if isinstance(value, FunctionRef):
            given = self._evaluator.call_function(value)
            return given if isinstance(given, ClassRef) else None
        return None

    def class_named(self, text: str, near: str) -> ClassRef | None:
        """A model by the name in a declaration (``"Item"``, ``"shop.Item"``), the nearest module first."""
        app, _, name = text.rpartition(".")
        places = self._evaluator.table.classes_by_name.get(name, [])
        candidates = []
        for place in places:
            module = self._evaluator.table.by_name[place[0]]
            cls = ClassRef(f"{place[0]}.{module.class_(place[1]).qualname}", place)
            if self.orm_of(cls) is not None and (not app or app.rpartition(".")[2] in place[0].split(".")):
                candidates.append(cls)
        same = [cls for cls in candidates if cls.home is not None and cls.home[0] == near]
        if same:
            return same[0]
        ranked = sorted(candidates, key=lambda cls: (-_common(cls.name, near), cls.name))
        return ranked[0] if ranked else None

    # --- reverse relations -------------------------------------------------------------------------------------

    @cached_property
    def reverse(self) -> dict[tuple[str, str], RelationFact]:
        """(model, name) of relations that another model's declaration gives."""
        found: dict[tuple[str, str], RelationFact] = {}
        self._building = True
        for cls in self.models():
            assert cls.home is not None
            module = self._evaluator.table.by_name[cls.home[0]]
            for name, bound in module.class_(cls.home[1]).attributes.items():
                for term in bound:
                    for key, fact in self._reverse_of(cls, module, name, term):
                        found.setdefault(key, fact)
        self._building = False
        return found

    def models(self) -> Iterator[ClassRef]:
        """Every model class of the project, by module name."""
        for name in sorted(self._evaluator.table.by_name):
            module = self._evaluator.table.by_name[name]
            for index, klass in enumerate(module.summary.classes):
                cls = ClassRef(f"{name}.{klass.qualname}", (name, index))
                if klass.bases and self.orm_of(cls) is not None:
                    yield cls

    def _reverse_of(
        self, cls: ClassRef, module: Module, name: str, index: int
    ) -> Iterator[tuple[tuple[str, str], RelationFact]]:
        own = self._declared(cls).get(name)
        found = self._declaration(module, index)
        if own is None or own.target is None or found is None:
            return
        _, call, marker = found
        last = str(call[-1]).rpartition(".")[2]
        given = next(
            (v for v in (self._constant(module, call, None, k) for k in ("related_name", "backref")) if v), None
        )
        if marker.pack in _SQLALCHEMY:
            if not isinstance(given, str):
                given = self._backref_name(module, call)
            if given:
                many = not own.many
                yield (own.target.name, given), RelationFact(given, cls, many, True, False, marker.pack, None)
            return
        if marker.pack == "django-orm":
            one = last.startswith("OneToOne")
            bare = cls.name.rpartition(".")[2].lower()
            reverse = given if isinstance(given, str) else (bare if one else f"{bare}_set")
            if reverse.endswith("+"):
                return
            app = cls.name.split(".")[-3] if cls.name.count(".") > 1 else ""
            reverse = reverse.replace("%(class)s", bare).replace("%(app_label)s", app)
            manager = None if one else _MANAGERS["django-orm"]
            yield (own.target.name, reverse), RelationFact(reverse, cls, not one, True, False, marker.pack, manager)
            return
        if isinstance(given, str):
            yield (
                (own.target.name, given),
                RelationFact(given, cls, True, True, False, marker.pack, _MANAGERS.get(marker.pack)),
            )

    def _backref_name(self, module: Module, call: Sequence[Any]) -> str | None:
        index = self._evaluator.argument(module, call, None, "backref")
        term = module.summary.terms[index] if index else ("?",)
        if term[0] == terms.CALL and term[2]:
            first = module.summary.terms[term[2][0]]
            return str(first[1]) if first[0] == terms.CONSTANT else None
        return None


_MANAGERS = {
    "django-orm": "django.db.models.RelatedManager",
    "tortoise-orm": "tortoise.fields.ReverseRelation",
    "peewee": "peewee.ModelSelect",
}


def _common(left: str, right: str) -> int:
    """How many leading components two dotted names share."""
    count = 0
    for a, b in zip(left.split("."), right.split("."), strict=False):
        if a != b:
            break
        count += 1
    return count


__all__ = ["Relation", "RelationFact", "Schema"]
