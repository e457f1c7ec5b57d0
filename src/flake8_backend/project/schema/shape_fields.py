"""Fields of serializers and schemas: type, source, what they nest, and the relations of the model that they read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Span
from flake8_backend.project.items.serializers import Serializers
from flake8_backend.project.values import ClassRef, External, FunctionRef, Instance, Items, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from flake8_backend.project.modules import Module
    from flake8_backend.project.schema.records import Table
    from flake8_backend.project.solution import Solution
    from flake8_backend.project.values import Value

_ALL = "__all__"
_METHODS = ("SerializerMethodField", "Method")  # their values come from a method of the class
_NESTING = ("Nested", "List", "Pluck")
_CONFIGS = ("model_config", "Config", "Meta")
_READS_ATTRIBUTES = ("from_attributes", "orm_mode")


@dataclass(frozen=True, slots=True)
class ShapeField:
    """One field: ``source`` is the dotted path or the method that its value comes from.

    ``relations`` are the dotted relations of the model that it reads, ``nested`` the shape of what it shows.
    """

    name: str
    type: str
    source: str
    many: bool = False
    nested: ClassRef | None = None
    write_only: bool = False
    relations: tuple[str, ...] = ()
    span: Span | None = None


class ShapeFields:
    """Reads the fields of shapes."""

    def __init__(self, solution: Solution, kind_of: Callable[[ClassRef], str | None]) -> None:
        self._solution = solution
        self._evaluator = solution.evaluator
        self._bodies = solution.schema.tables.bodies
        self._serializers = Serializers(solution)
        self._kind_of = kind_of

    # --- options of a class ------------------------------------------------------------------------------------

    def _meta(self, cls: ClassRef, name: str) -> tuple[Module, int] | None:
        for inner in ("Meta", "Config"):
            for base in self._evaluator.lineage(cls):
                holder = self._bodies.inner(base, inner)
                found = self._bodies.inherited(holder, name) if holder is not None else None
                if found is not None:
                    return found
        return None

    def model(self, cls: ClassRef) -> ClassRef | None:
        """The model that a shape names in its options."""
        entry = self._meta(cls, "model")
        for option in options(self._evaluator.value(*entry)) if entry is not None else ():
            if isinstance(option, ClassRef):
                return option
        return None

    def reads_attributes(self, cls: ClassRef, kind: str) -> bool:
        """Whether it is made from the attributes of an object."""
        if kind != "pydantic":
            return True
        for base in self._evaluator.lineage(cls):
            entry = self._bodies.entry(base, "model_config")
            if entry is None:
                continue
            listed = self._bodies.entries(entry)
            for name in _READS_ATTRIBUTES:
                index = self._bodies.keyword(*entry, name) if entry[0].summary.terms[entry[1]][0] == terms.CALL else 0
                if self._bodies.literal(listed.get(name)) is True:
                    return True
                if index and self._bodies.literal((entry[0], index)) is True:
                    return True
        return any(self._bodies.literal(self._meta(cls, name)) is True for name in _READS_ATTRIBUTES)

    # --- fields ------------------------------------------------------------------------------------------------

    def of(self, cls: ClassRef, kind: str, model: ClassRef | None = None) -> tuple[ShapeField, ...]:
        """The fields of a shape, in the order of their declarations; ``model`` is known from outside or told inside."""
        model = model or self.model(cls)
        table = self._solution.schema.table(model) if model is not None else None
        declared = dict(self._annotated(cls) if kind in ("pydantic", "django-ninja") else self._called(cls, kind))
        listed = self._listed(cls, declared, table)
        found = [declared[name] if name in declared else self._implied(name, table) for name in listed]
        return tuple(self._with_relations(cls, field, model) for field in found)

    def _listed(self, cls: ClassRef, declared: dict[str, ShapeField], table: Table | None) -> list[str]:
        """The names that are shown: those of the options, else the declared ones."""
        named = self._bodies.texts(self._meta(cls, "fields"))
        excluded = set(self._bodies.texts(self._meta(cls, "exclude")))
        everything = _ALL in named or (bool(excluded) and not named)
        if named and not everything:
            more = [name for name in self._bodies.texts(self._meta(cls, "additional")) if name not in named]
            return [name for name in [*named, *more] if name not in excluded]
        is_whole = everything or (table is not None and self._shows_columns(cls))
        columns = [column.name for column in table.columns] if table is not None and is_whole else []
        linked = (
            [r.name for r in table.relations if not r.is_reverse and r.many] if table is not None and everything else []
        )
        names = dict.fromkeys([*columns, *linked, *declared])
        return [name for name in names if name not in excluded]

    def _shows_columns(self, cls: ClassRef) -> bool:
        """Whether every column of the model is shown without being named."""
        return any(base.endswith("SQLAlchemyAutoSchema") for base in self._evaluator.library_bases(cls))

    def _called(self, cls: ClassRef, kind: str) -> Iterator[tuple[str, ShapeField]]:
        """``total = serializers.IntegerField(source="sum")``."""
        for name, field in self._serializers.fields(cls).items():
            if field is None or name.startswith("_") or not self._is_field(field.cls, kind):
                continue
            nested, many = self._nested(field.module, field.call, field.cls)
            last = field.cls.name.rpartition(".")[2]
            source = self._text(field.module, field.call, "source") or self._text(field.module, field.call, "attribute")
            if last in _METHODS:
                method = self._text(field.module, field.call, "method_name", 0)
                source = f"{method or self._text(field.module, field.call, 'serialize', 0) or f'get_{name}'}()"
            flags = [self._flag(field.module, field.call, flag) for flag in ("write_only", "load_only")]
            span = Span(*field.call[4:8])
            yield name, ShapeField(name, last, source or name, many, nested, any(flags), (), span)

    def _is_field(self, cls: ClassRef, kind: str) -> bool:
        """Whether a call in a body makes a field, rather than anything else."""
        names = [cls.name, *(self._evaluator.library_bases(cls) if cls.home is not None else ())]
        packages = ("rest_framework",) if kind == "djangorestframework" else ("marshmallow", "flask_marshmallow")
        return any(name.startswith(packages) or name.endswith("Field") for name in names)

    def _nested(self, module: Module, call: Sequence[Any], cls: ClassRef) -> tuple[ClassRef | None, bool]:
        many = self._flag(module, call, "many")
        if self._kind_of(cls) is not None:
            return cls, many
        last = cls.name.rpartition(".")[2]
        index = self._evaluator.argument(module, call, 0, "nested") or self._evaluator.argument(
            module, call, None, "child"
        )
        if not index or last not in (*_NESTING, "ListField"):
            return None, many
        inner = module.summary.terms[index]
        if inner[0] == terms.CONSTANT and isinstance(inner[1], str):
            return self._named(inner[1], module.name), many
        value = self._evaluator.value(module, index)
        if isinstance(value, FunctionRef):  # `Nested(lambda: OwnerSchema())`
            value = self._evaluator.call_function(value)
        for option in options(value):
            target = option.cls if isinstance(option, Instance) else option
            if isinstance(target, ClassRef) and self._kind_of(target) is not None:
                return target, many or last in ("List", "ListField")
        if inner[0] == terms.CALL and last in ("List", "ListField"):
            for option in options(self._evaluator.value(module, inner[1])):
                if isinstance(option, (ClassRef, External)):
                    return self._nested(module, inner, ClassRef(option.name, getattr(option, "home", None)))[0], True
        return None, many

    def _named(self, name: str, near: str) -> ClassRef | None:
        bare = name.rpartition(".")[2]
        found = [
            ClassRef(f"{home}.{self._evaluator.table.by_name[home].class_(index).qualname}", (home, index))
            for home, index in self._evaluator.table.classes_by_name.get(bare, ())
        ]
        known = sorted((cls for cls in found if self._kind_of(cls) is not None), key=lambda c: (c.home is None, c.name))
        own = [cls for cls in known if cls.home is not None and cls.home[0] == near]
        return next(iter(own or known), None)

    def _annotated(self, cls: ClassRef) -> Iterator[tuple[str, ShapeField]]:
        """``items: list[ItemOut]``."""
        for module, name, term, span in self._bodies.annotated(cls):
            if name in _CONFIGS:
                continue
            nested, many, shown = self._of_type(self._evaluator.type_of(module, term[1]))
            call = module.summary.terms[term[2]]
            alias = (
                self._text(module, call, "validation_alias") or self._text(module, call, "alias")
                if call[0] == terms.CALL
                else ""
            )
            yield name, ShapeField(name, shown, alias or name, many, nested, span=span)

    def _of_type(self, declared: Value | None, *, many: bool = False) -> tuple[ClassRef | None, bool, str]:
        """The shape in a type, whether it is a collection, and the type by its last name."""
        shown = ""
        for option in options(declared):
            if isinstance(option, Items):
                return None, True, "tuple"
            if not isinstance(option, Instance):
                continue
            if self._kind_of(option.cls) is not None:
                return option.cls, many, option.cls.name.rpartition(".")[2]
            is_list = option.cls.home is None and option.cls.name in ("list", "set", "frozenset", "tuple", "dict")
            shown = shown or option.cls.name.rpartition(".")[2]
            for argument in option.args:
                nested, _, inner = self._of_type(argument, many=is_list)
                if nested is not None:
                    return nested, is_list or many, f"{shown}[{inner}]"
                shown = f"{shown}[{inner}]" if inner and "[" not in shown else shown
        return None, many or shown.startswith(("list", "set", "tuple")), shown

    @staticmethod
    def _implied(name: str, table: Table | None) -> ShapeField:
        """A name in ``Meta.fields`` that no declaration explains: a column, a relation, or a property."""
        relation = table.relation(name) if table is not None else None
        column = table.column(name) if table is not None else None
        if relation is not None:
            return ShapeField(name, relation.kind, name, relation.many)
        return ShapeField(name, column.type if column is not None else "", name)

    # --- relations ---------------------------------------------------------------------------------------------

    def _with_relations(self, cls: ClassRef, field: ShapeField, model: ClassRef | None) -> ShapeField:
        if model is None or field.write_only:
            return field
        if field.source.endswith("()"):
            found = tuple(sorted(set(self._read_by(cls, field.source[:-2], model))))
            return replace(field, relations=found)
        path = self._path(model, field.source.split("."))
        by_key = field.nested is None and "." not in field.source and path and self._is_key(model, path[0])
        return replace(field, relations=(".".join(path),) if path and not by_key else ())

    def _is_key(self, model: ClassRef, name: str) -> bool:
        """Whether the key of a relation is a column of the row itself."""
        table = self._solution.schema.table(model)
        return table is not None and table.column(name) is not None

    def _path(self, model: ClassRef, steps: Sequence[str]) -> list[str]:
        """The leading steps that are relations."""
        found: list[str] = []
        current: ClassRef | None = model
        for step in steps:
            table = self._solution.schema.table(current) if current is not None else None
            relation = table.relation(step) if table is not None else None
            if relation is None:
                return found
            found.append(step)
            current = relation.target
        return found

    def _read_by(self, cls: ClassRef, name: str, model: ClassRef) -> Iterator[str]:
        """The relations that ``get_total(self, order)`` reads of its order."""
        node = self._serializers.method(cls, name)
        if node is None:
            return
        module = self._evaluator.table.by_name[node[0]]
        function = module.function(node[1])
        for row in (*function.reads, *function.loads):
            steps: list[str] = []
            term = module.summary.terms[row[0]]
            while term[0] == terms.ATTRIBUTE:
                steps.insert(0, term[2])
                term = module.summary.terms[term[1]]
            if tuple(term[:3]) == (terms.PARAMETER, node[1], 1):
                path = self._path(model, steps)
                if path:
                    yield ".".join(path)

    # --- arguments ---------------------------------------------------------------------------------------------

    def _text(self, module: Module, call: Sequence[Any], name: str, position: int | None = None) -> str:
        index = self._evaluator.argument(module, call, position, name)
        return (self._bodies.text((module, index)) if index else None) or ""

    def _flag(self, module: Module, call: Sequence[Any], name: str) -> bool:
        index = self._evaluator.argument(module, call, None, name)
        return bool(index) and self._bodies.literal((module, index)) is True
