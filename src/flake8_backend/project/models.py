"""The project's database models: relations, their targets and what they load by themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.project.joins import Joins
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

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.knowledge.facts import MarkerFact
    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module

# how relationships say that reading them sends no query of its own; ... stands for what could not be read
_EAGER_ENOUGH = frozenset(
    {"selectin", "joined", "subquery", "immediate", "noload", "raise", "raise_on_sql", False, ...}
)
_SQLALCHEMY = frozenset({"sqlalchemy", "sqlmodel"})
_FIELDS = "django.db.models."
_MODEL = "django.db.models.Model"
_CONTENT_TYPE = "django.contrib.contenttypes.models.ContentType"
_USER = "django.contrib.auth.models.User"
_ABSTRACT_USER = "django.contrib.auth.models.AbstractUser"
_BASE_USER = "django.contrib.auth.base_user.AbstractBaseUser"
_APPENDER = "sqlalchemy.orm.AppenderQuery"
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
    inverse: str | None = None  # relation of the target that leads back to the owner


class Schema:
    """Relations of every model class, read from the summaries."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._own: dict[ClassRef, dict[str, RelationFact]] = {}
        self._is_model: dict[ClassRef, str | None] = {}
        self._building = False
        self._joins = Joins(evaluator)
        self._finding_user = False

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
        if relation.manager == _APPENDER:
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
                found = self._declared(base).get(name)
                if found is not None:
                    return found
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
                if any(self._constant(home, call, None, name) is True for name in ("unique", "primary_key")):
                    return "row"
        return "parent" if column in self._joins.keys(cls) else None

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
        found = next((m for m in self._evaluator.knowledge.markers(name) if m.kind == "orm-relation"), None)
        if found is None and name.endswith(tuple(_LIKE_DJANGO)):
            # fields of other distributions are named for the field of Django that they extend
            like = next(like for ending, like in _LIKE_DJANGO.items() if name.endswith(ending))
            return next((m for m in self._evaluator.knowledge.markers(like) if m.kind == "orm-relation"), None)
        return found

    def _read(self, cls: ClassRef, module: Module, name: str, index: int) -> RelationFact | None:
        found = self._declaration(module, index)
        if found is None:
            return None
        annotation, call, marker = found
        last = str(call[-1]).rpartition(".")[2]
        if last in ("ForeignKey", "ForeignKeyConstraint") and marker.pack in _SQLALCHEMY:
            return None
        target, is_list = self._target(cls, module, call, annotation)
        many = is_list or last.endswith(("ManyToManyField", "GenericRelation", "ManyToManyRelation", "TaggableManager"))
        if marker.pack in _SQLALCHEMY:
            many = self._joins.is_many(cls, name, target, module, call, declared=is_list if annotation else None)
        lazy = self._lazy(module, call)
        manager = _MANAGERS.get(marker.pack) if many else None
        if lazy in _LAZY_QUERIES:
            manager = _APPENDER
        inverse = self._inverse_name(cls, module, call, target, marker.pack, many=many)
        return RelationFact(name, target, many, False, lazy in _EAGER_ENOUGH, marker.pack, manager, inverse)

    def _lazy(self, module: Module, call: Sequence[Any]) -> Any:
        """How a relationship says that it loads; ``...`` where that is not seen."""
        index = self._evaluator.argument(module, call, None, "lazy")
        if index:
            return self._literal(module, index)
        keywords = self._evaluator.argument(module, call, None, "sa_relationship_kwargs")
        if keywords:
            term = module.summary.terms[keywords]
            if term[0] != terms.DISPLAY:
                return ...
            for key, value in zip(term[2][::2], term[2][1::2], strict=False):
                if self._literal(module, key) == "lazy":
                    return self._literal(module, value)
        return None

    def _literal(self, module: Module, index: int) -> Any:
        value = self._evaluator.value(module, index)
        return value.value if isinstance(value, Constant) else ...

    def _inverse_name(
        self, cls: ClassRef, module: Module, call: Sequence[Any], target: ClassRef | None, pack: str, *, many: bool
    ) -> str | None:
        """The relation by which the rows of a collection know the row that it belongs to."""
        if pack not in _SQLALCHEMY or not many or target is None:
            return None
        for name in ("back_populates", "backref"):
            given = self._constant(module, call, None, name)
            if isinstance(given, str):
                return given
        if self._evaluator.argument(module, call, None, "backref"):
            return self._backref_name(module, call)
        back = [fact.name for fact in self._declared(target).values() if fact.target == cls and not fact.many]
        return back[0] if len(back) == 1 else None

    def _constant(self, module: Module, call: Sequence[Any], position: int | None, name: str) -> Any:
        index = self._evaluator.argument(module, call, position, name)
        term = module.summary.terms[index] if index else terms.NOTHING
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
        term = module.summary.terms[index]
        if term[0] == terms.NAME and term[1].endswith(".AUTH_USER_MODEL"):
            return self.user_model
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
        if not candidates and name == "User" and app in ("auth", ""):
            return ClassRef(_USER) if self._evaluator.knowledge.is_class(_USER) else None
        if not candidates and text == "contenttypes.ContentType":
            return ClassRef(_CONTENT_TYPE)
        same = [cls for cls in candidates if cls.home is not None and cls.home[0] == near]
        if same:
            return same[0]
        ranked = sorted(candidates, key=lambda cls: (-_common(cls.name, near), cls.name))
        return ranked[0] if ranked else None

    def looked_up(self, module: Module, registry: int, call: Sequence[Any]) -> ClassRef | None:
        """The model that ``apps.get_model("shop", "Order")`` gives, in a migration too."""
        owner = module.summary.terms[registry]
        if owner[0] == terms.PARAMETER:
            known = module.function(owner[1]).parameters[owner[2]][0] == "apps"
        else:
            value = self._evaluator.value(module, registry)
            known = isinstance(value, External) and value.name == "django.apps.apps"
        parts = [
            self._constant(module, call, position, name) for position, name in enumerate(("app_label", "model_name"))
        ]
        text = ".".join(part for part in parts if isinstance(part, str))
        return self.class_named(text, module.name) if known and text else None

    # --- users -------------------------------------------------------------------------------------------------

    @cached_property
    def user_model(self) -> ClassRef:
        """The class that ``AUTH_USER_MODEL`` names: the project's own one where it has one."""
        found = [cls for cls in self.models() if self._evaluator.is_a(cls, _BASE_USER) and not self.is_abstract(cls)]
        return found[0] if len(found) == 1 else ClassRef(_USER)

    def stand_in(self, name: str) -> ClassRef | None:
        """The class that a library's abstract class stands for in this project."""
        if name != _ABSTRACT_USER or self._finding_user:
            return None
        self._finding_user = True
        try:
            return self.user_model
        finally:
            self._finding_user = False

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
        found: dict[tuple[str, str], RelationFact] = {}
        self._building = True
        for cls in self.models():
            if self.is_abstract(cls):
                continue
            for base in self._evaluator.lineage(cls):
                if base.home is not None and (base == cls or self.orm_of(base) is None or self.is_abstract(base)):
                    for key, fact in self._reverses(cls, base):
                        found.setdefault(key, fact)
        self._building = False
        return found

    def _reverses(self, cls: ClassRef, base: ClassRef) -> Iterator[tuple[tuple[str, str], RelationFact]]:
        """The reverse relations that ``cls`` gives through what ``base``, itself or an abstract base, declares."""
        assert base.home is not None
        module = self._evaluator.table.by_name[base.home[0]]
        for name, bound in module.class_(base.home[1]).attributes.items():
            own = self._declared(base).get(name)
            if own is not None:
                for term in bound:
                    yield from self._reverse_of(cls, own, module, term)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all relations of the project: other attributes need no look."""
        found = {name for _, name in self.reverse}
        for cls in self.models():
            found.update(self._declared(cls))
            for base in self._evaluator.lineage(cls):
                if base.home is not None:
                    found.update(self._declared(base))
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

    def _reverse_of(
        self, cls: ClassRef, own: RelationFact, module: Module, index: int
    ) -> Iterator[tuple[tuple[str, str], RelationFact]]:
        found = self._declaration(module, index)
        if own.target is None or found is None:
            return
        _, call, marker = found
        last = str(call[-1]).rpartition(".")[2]
        given = next(
            (v for v in (self._constant(module, call, None, k) for k in ("related_name", "backref")) if v), None
        )
        if marker.pack in _SQLALCHEMY:
            fact = self._backref(cls, own, module, call)
            if fact is not None:
                yield (own.target.name, fact.name), fact
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
            if last.startswith("Generic"):
                return
            inverse = None if own.many else own.name
            yield (
                (own.target.name, reverse),
                RelationFact(reverse, cls, not one, True, False, marker.pack, manager, inverse),
            )
            return
        if isinstance(given, str):
            yield (
                (own.target.name, given),
                RelationFact(given, cls, True, True, False, marker.pack, _MANAGERS.get(marker.pack)),
            )

    def _backref(self, cls: ClassRef, own: RelationFact, module: Module, call: Sequence[Any]) -> RelationFact | None:
        """``backref="orders"`` and ``backref=backref("orders", lazy="joined")``."""
        given = self._constant(module, call, None, "backref")
        name, lazy, uselist = given, None, None
        index = self._evaluator.argument(module, call, None, "backref")
        term = module.summary.terms[index] if index else terms.NOTHING
        if term[0] == terms.CALL and term[2]:
            name = self._literal(module, term[2][0])
            lazy, uselist = self._lazy(module, term), self._constant(module, term, None, "uselist")
        if not isinstance(name, str):
            return None
        secondary = bool(self._evaluator.argument(module, call, 1, "secondary"))
        many = uselist is not False and (secondary or not (own.many or self._joins.only_leads(own.target, cls)))
        manager = _APPENDER if lazy in _LAZY_QUERIES else None
        inverse = own.name if many and not own.many else None
        return RelationFact(name, cls, many, True, lazy in _EAGER_ENOUGH, own.orm, manager, inverse)

    def _backref_name(self, module: Module, call: Sequence[Any]) -> str | None:
        index = self._evaluator.argument(module, call, None, "backref")
        term = module.summary.terms[index] if index else terms.NOTHING
        if term[0] == terms.CALL and term[2]:
            first = module.summary.terms[term[2][0]]
            return str(first[1]) if first[0] == terms.CONSTANT else None
        return None


_LIKE_DJANGO = {
    "ForeignKey": "django.db.models.ForeignKey",
    "OneToOneField": "django.db.models.OneToOneField",
    "ManyToManyField": "django.db.models.ManyToManyField",
    "TaggableManager": "django.db.models.ManyToManyField",
}
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
