"""What serializers read of each object that they are given: nested ones, dotted sources, methods, related fields."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Span
from flake8_backend.project.calls.effects import Link
from flake8_backend.project.items.loads import ALL, READ, Load
from flake8_backend.project.sql.texts import texts_of
from flake8_backend.project.values import ClassRef, Constant, FunctionRef, Instance, Value, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.project.modules import Module
    from flake8_backend.project.orm.relations import RelationFact
    from flake8_backend.project.solution import Solution

_PACKAGE = "rest_framework"
_SERIALIZER = "rest_framework.serializers.BaseSerializer"
_ALL_FIELDS = "__all__"
_WHOLE = "*"  # the source of a field that is given the object itself
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Field:
    """A declared field: its class by its last name, the call that declares it, and where."""

    name: str
    cls: ClassRef
    module: Module
    call: Sequence[Any]
    owner: ClassRef


class Serializers:
    """Serializer classes of the project, and what they load of rows."""

    def __init__(self, solution: Solution) -> None:
        self._solution = solution
        self._evaluator = solution.evaluator
        self._schema = solution.schema
        self._rows = solution.rows
        self._fields: dict[ClassRef, dict[str, Field | None]] = {}

    @property
    def are_used(self) -> bool:
        """Whether the project has serializers at all."""
        return _PACKAGE in self._solution.table.imports

    def is_serializer(self, cls: ClassRef) -> bool:
        """Whether a class represents objects."""
        return cls.home is not None and self._evaluator.is_a(cls, _SERIALIZER)

    # --- declarations ------------------------------------------------------------------------------------------

    def fields(self, cls: ClassRef) -> dict[str, Field | None]:
        """The declared fields by name, those of bases included; None where a subclass takes one away."""
        known = self._fields.get(cls)
        if known is None:
            known = self._fields[cls] = {}
            for base in reversed(self._evaluator.lineage(cls)):
                if base.home is not None:
                    known.update(self._own_fields(base))
        return known

    def _own_fields(self, cls: ClassRef) -> Iterator[tuple[str, Field | None]]:
        assert cls.home is not None
        module = self._evaluator.table.by_name[cls.home[0]]
        for name, bound in module.class_(cls.home[1]).attributes.items():
            term = module.summary.terms[bound[-1]]
            if term[0] == terms.ANNOTATED:
                term = module.summary.terms[term[2]]
            if term[0] == terms.CONSTANT and term[1] is None:
                yield name, None
            if term[0] != terms.CALL:
                continue
            for made in options(self._evaluator.value(module, term[1])):
                if isinstance(made, ClassRef):
                    yield name, Field(name, made, module, term, cls)
                elif hasattr(made, "name"):
                    yield name, Field(name, ClassRef(made.name), module, term, cls)

    def meta(self, cls: ClassRef, name: str) -> tuple[Module, int] | None:
        """The term of an entry of the ``Meta`` that holds for a serializer, and its module."""
        inner = self._evaluator.attribute(cls, "Meta")
        if not isinstance(inner, ClassRef):
            return None
        for base in self._evaluator.lineage(inner):
            if base.home is not None:
                module = self._evaluator.table.by_name[base.home[0]]
                bound = module.class_(base.home[1]).attributes.get(name)
                if bound:
                    return module, bound[-1]
        return None

    def _listed(self, cls: ClassRef, row: Instance) -> tuple[set[str] | None, set[str]]:
        """The names in ``Meta.fields``, None when they cannot be read; and those left out."""
        excluded = self.meta(cls, "exclude")
        out = texts_of(self._evaluator, *excluded) if excluded is not None else []
        named = self.meta(cls, "fields")
        if named is None and excluded is None:
            return None, set()
        names = texts_of(self._evaluator, *named) if named is not None else [_ALL_FIELDS]
        if names is None or out is None:
            return None, set(out or ())
        if _ALL_FIELDS in names:
            own = self._schema.relations(row.cls)
            names = [*self.fields(cls), *(name for name, fact in own.items() if not fact.is_reverse)]
        return set(names) - set(out), set(out)

    # --- what is read ------------------------------------------------------------------------------------------

    def loads(self, cls: ClassRef, row: Instance, depth: int = 0) -> Iterator[Load]:
        """What representing ``row``, whose query is known, loads beyond what came with it."""
        if depth > _DEEPEST or row.query is None or row.query.loads_everything:
            return
        listed, excluded = self._listed(cls, row)
        declared = self.fields(cls)
        for name, field in declared.items():
            if field is None or name in excluded or (listed is not None and name not in listed):
                continue
            yield from self._field(cls, field, row, depth)
        for name in sorted(listed or ()):
            if name not in declared:
                yield from self._implied(cls, name, row)
        yield from self._own_way(cls, row)

    def _field(self, cls: ClassRef, field: Field, row: Instance, depth: int) -> Iterator[Load]:
        if self._flag(field, "write_only"):
            return
        link = self._link(field)
        last = self._kind(field.cls)
        source = self._text(field, "source") or field.name
        if last == "SerializerMethodField":
            method = self._text(field, "method_name", 0) or f"get_{field.name}"
            yield from self._method(cls, method, row, link)
            return
        if last in ("HiddenField", "HyperlinkedIdentityField"):
            return
        steps = [] if source == _WHOLE else source.split(".")
        if self.is_serializer(field.cls):
            yield from self._nested(field, steps, row, link, depth)
        elif last.endswith("RelatedField"):
            yield from self._related(field, steps, row, link, last)
        else:
            yield from self._dotted(steps, row, link)

    def _kind(self, cls: ClassRef) -> str:
        """The library's class that a field is or derives from, by its last name."""
        bases = self._evaluator.library_bases(cls)
        return next(
            (base.rpartition(".")[2] for base in bases if base.startswith(_PACKAGE)), cls.name.rpartition(".")[2]
        )

    def _nested(self, field: Field, steps: list[str], row: Instance, link: Link, depth: int) -> Iterator[Load]:
        for load, below in self._along(steps, row, link):
            if load is not None:
                yield load
            if below is not None:
                for inner in self.loads(field.cls, below, depth + 1):
                    yield replace(inner, links=(link, *inner.links))

    def _related(self, field: Field, steps: list[str], row: Instance, link: Link, kind: str) -> Iterator[Load]:
        many = self._flag(field, "many")
        by_key = kind == "PrimaryKeyRelatedField" or kind == "HyperlinkedRelatedField"
        if by_key and not many:
            # the key of the last row is a column of the one before it
            yield from (load for load, _ in self._along(steps[:-1], row, link) if load is not None)
            return
        last: Instance | None = None
        for load, below in self._along(steps, row, link):
            if load is not None:
                yield load
            last = below
        if kind == "StringRelatedField" and last is not None:
            found = self._evaluator.method(last.cls, "__str__") if last.cls.home is not None else None
            if found is not None:
                yield from self._bound(FunctionRef(found[0].name, found[1], last), link)
        slug = self._text(field, "slug_field")
        if slug and "__" in slug and last is not None:
            yield from self._dotted(slug.split("__"), last, link)

    def _dotted(self, steps: list[str], row: Instance, link: Link) -> Iterator[Load]:
        """``source="section.editor.username"``: relations on the way; the end may be a property or a method."""
        current: Instance | None = row
        for position, step in enumerate(steps):
            if current is None:
                return
            fact = self._rows.relation(current, step)
            if fact is None:
                yield from self._member(current, step, link)
                return
            if fact.many and fact.manager:
                use = steps[position + 1] if position + 1 < len(steps) else ALL
                yield from self._one(current, fact, use, link)
                return
            yield from self._one(current, fact, READ, link)
            current = self._rows.stepped(current, fact)

    def _member(self, row: Instance, name: str, link: Link) -> Iterator[Load]:
        """A property or a method of the model."""
        if row.cls.home is None:
            return
        found = self._evaluator.method(row.cls, name)
        if found is not None:
            yield from self._bound(FunctionRef(found[0].name, found[1], row), link)

    def _implied(self, cls: ClassRef, name: str, row: Instance) -> Iterator[Load]:
        """A name in ``Meta.fields`` without a declared field: a column, the key of a relation, a property."""
        place = self.meta(cls, "fields") or self.meta(cls, "exclude")
        link = self._linked(cls, name, *place) if place is not None else None
        if link is None:
            return
        fact = self._rows.relation(row, name)
        if fact is None:
            yield from self._member(row, name, link)
        elif fact.many or (fact.is_reverse and fact.target is not None):
            yield from self._one(row, fact, ALL if fact.many else READ, link)

    def _own_way(self, cls: ClassRef, row: Instance) -> Iterator[Load]:
        found = self._evaluator.method(cls, "to_representation")
        if found is not None:
            yield from self._method(cls, "to_representation", row, None)

    def _method(self, cls: ClassRef, name: str, row: Instance, link: Link | None) -> Iterator[Load]:
        """What ``get_total(self, order)`` reads of its order."""
        node = self.method(cls, name)
        if node is None:
            return
        environment = (((node[0], terms.PARAMETER, node[1], 1), row),)
        for load in self._rows.linked(node, environment):
            yield load if link is None else replace(load, links=(link, *load.links[1:]))

    def method(self, cls: ClassRef, name: str) -> tuple[str, int] | None:
        """A method of a serializer that takes the object."""
        found = self._evaluator.method(cls, name)
        if found is None or len(found[0].function(found[1]).parameters) < 2:
            return None
        return found[0].name, found[1]

    def methods(self, cls: ClassRef) -> Iterator[tuple[str, int]]:
        """The methods that are called once per object, nested serializers included."""
        pending, seen = [cls], set()
        while pending:
            current = pending.pop()
            if current in seen:
                continue
            seen.add(current)
            fields = [field for field in self.fields(current).values() if field is not None]
            pending += [field.cls for field in fields if self.is_serializer(field.cls)]
            yield from self._own_methods(current, fields)

    def _own_methods(self, cls: ClassRef, fields: Sequence[Field]) -> Iterator[tuple[str, int]]:
        for field in fields:
            if field.cls.name.endswith("SerializerMethodField"):
                node = self.method(cls, self._text(field, "method_name", 0) or f"get_{field.name}")
                if node is not None:
                    yield node

    # --- steps -------------------------------------------------------------------------------------------------

    def _along(self, steps: list[str], row: Instance, link: Link) -> Iterator[tuple[Load | None, Instance | None]]:
        """Each relation of a source: its load if it has to be loaded, and, at the end, the row that it leads to."""
        current: Instance | None = row
        for step in steps:
            fact = self._rows.relation(current, step) if current is not None else None
            if current is None or fact is None:
                if current is not None:
                    for load in self._member(current, step, link):
                        yield load, None
                return
            for load in self._one(current, fact, ALL if fact.many else READ, link):
                yield load, None
            current = self._rows.stepped(current, fact)
        yield None, current

    def _one(self, row: Instance, fact: RelationFact, use: str, link: Link) -> Iterator[Load]:
        missing = self._rows.unloaded(row, fact.name)
        if missing is not None and row.query is not None:
            path = f"{row.query.path}.{fact.name}".lstrip(".")
            yield Load(row.cls, fact, row.query, path, use, link.span, 0, 0, (link,))

    def _bound(self, function: FunctionRef, link: Link) -> Iterator[Load]:
        for load in self._rows.called(self._evaluator, function):
            yield replace(load, links=(link, *load.links))

    # --- arguments ---------------------------------------------------------------------------------------------

    def _argument(self, field: Field, name: str, position: int | None = None) -> Value | None:
        index = self._evaluator.argument(field.module, field.call, position, name)
        return self._evaluator.value(field.module, index) if index else None

    def _text(self, field: Field, name: str, position: int | None = None) -> str:
        value = self._argument(field, name, position)
        return value.value if isinstance(value, Constant) and isinstance(value.value, str) else ""

    def _flag(self, field: Field, name: str) -> bool:
        value = self._argument(field, name)
        return isinstance(value, Constant) and value.value is True

    def _link(self, field: Field) -> Link:
        owner = field.owner.name.rpartition(".")[2]
        return Link(f"{owner}.{field.name}", field.module.name, Span(*field.call[4:8]))

    def _linked(self, cls: ClassRef, name: str, module: Module, index: int) -> Link:
        term = module.summary.terms[index]
        place = Span(*term[4:8]) if term[0] == terms.CALL else self._header(cls)
        home = module.name if term[0] == terms.CALL else (cls.home[0] if cls.home is not None else module.name)
        return Link(f"{cls.name.rpartition('.')[2]}.{name}", home, place)

    def _header(self, cls: ClassRef) -> Span:
        assert cls.home is not None
        return Span(*self._evaluator.table.by_name[cls.home[0]].class_(cls.home[1]).span)


__all__ = ["Field", "Serializers"]
