"""Models whose attributes are their columns, one call each: Tortoise, peewee, pony, MongoEngine, Beanie."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flake8_backend.knowledge.records import Storage
from flake8_backend.project.schema import records
from flake8_backend.project.schema.declared import Written, shown
from flake8_backend.project.schema.naming import default_name
from flake8_backend.project.schema.records import Column, Index, Relation, Table
from flake8_backend.project.values import ClassRef, External, options
from flake8_backend.semantic import terms
from flake8_backend.semantic.summary import SITE_TERM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_backend.core.diagnostic import Span
    from flake8_backend.project.modules import Module
    from flake8_backend.project.orm.models import Schema
    from flake8_backend.project.schema.bodies import Bodies
    from flake8_backend.project.schema.declared import Declared, Reader

_KEYED = (records.MANY_TO_ONE, records.ONE_TO_ONE)
_TOGETHER = {"composite_key": records.UNIQUE, "composite_index": records.INDEX, "PrimaryKey": records.PRIMARY_KEY}


def column_of(name: str, column: str, declared: Declared) -> Column:
    """The column that a call declares."""
    module, span = declared.place
    nullable = declared.literal("nullable")
    required = declared.literal("required")
    if isinstance(required, bool) and not isinstance(nullable, bool):
        nullable = not required
    primary = declared.flag("primary_key")
    return Column(
        name,
        column,
        declared.type,
        nullable if isinstance(nullable, bool) else None,
        declared.shown("default"),
        primary,
        primary or declared.flag("unique"),
        declared.flag("index"),
        declared.number("max_length"),
        module=module,
        span=span,
    )


class PlainTables:
    """Reads models by what their packs say of fields and options."""

    def __init__(self, schema: Schema, bodies: Bodies, reader: Reader) -> None:
        self._schema = schema
        self._bodies = bodies
        self._reader = reader
        self._evaluator = bodies.evaluator

    # --- classes -----------------------------------------------------------------------------------------------

    def storage(self, cls: ClassRef) -> Storage:
        """What the pack of a model's base says of tables."""
        for base in self._evaluator.library_bases(cls):
            for marker in self._evaluator.knowledge.markers(base):
                if marker.kind == "orm-model" and marker.storage is not None:
                    return marker.storage
        return Storage()

    def is_abstract(self, cls: ClassRef) -> bool:
        """Whether a class only gives its fields to others."""
        if self._bodies.literal(self._option(cls, "abstract", own=True)) is True:
            return True
        return self.storage(cls).values.get("empty") == "abstract" and not self._reader.of_body(cls)

    def _option(self, cls: ClassRef, name: str, *, own: bool = False) -> tuple[Module, int] | None:
        """An option of a model: in its inner class, its dictionary of options or its body."""
        holder = self.storage(cls).values.get("options")
        for base in [cls] if own else self._evaluator.lineage(cls):
            if base.home is None:
                continue
            if not isinstance(holder, str) or not holder:
                found = self._bodies.entry(base, name)
            else:
                inner = self._bodies.inner(base, holder)
                listed = self._bodies.entries(self._bodies.entry(base, holder))
                found = self._bodies.inherited(inner, name) if inner is not None else listed.get(name)
            if found is not None:
                return found
        return None

    def table_name(self, cls: ClassRef) -> str | None:
        """The name of a model's table or collection."""
        values = self.storage(cls).values
        option, naming = values.get("table"), values.get("naming")
        entry = self._option(cls, option, own=True) if isinstance(option, str) else None
        if entry is not None:
            return self._bodies.text(entry)
        return default_name(naming, cls.name.rpartition(".")[2]) if isinstance(naming, str) else None

    # --- tables ------------------------------------------------------------------------------------------------

    def table(self, cls: ClassRef) -> Table:
        """The table of a model, without the relations that others give."""
        fields = self._fields(cls)
        columns = list(self._columns(cls, fields))
        by_annotation = self.storage(cls).values.get("annotations") is True
        relations = [*self._relations(cls, fields)]
        if by_annotation:
            made, linked = self._annotated(cls)
            columns += made
            relations += linked
        key = self.storage(cls).values.get("key")
        together = list(self._together(cls, columns))
        has_key = any(column.primary_key for column in columns) or any(i.kind == records.PRIMARY_KEY for i in together)
        if isinstance(key, str) and not has_key and self._bodies.literal(self._option(cls, "primary_key")) is not False:
            name, _, kind = key.partition(":")
            columns.insert(0, Column(name, name, kind, primary_key=True, unique=True))
        return Table(
            cls,
            cls.name,
            self._schema.orm_of(cls) or "",
            self.table_name(cls),
            tuple(columns),
            tuple(relations),
            (*_implicit(columns), *together),
            path=self._bodies.module(cls).path,
            span=self._bodies.span(cls),
        )

    def _fields(self, cls: ClassRef) -> dict[str, Declared]:
        found: dict[str, Declared] = {}
        for base in reversed(self._evaluator.lineage(cls)):
            if base.home is not None:
                for name, declared in self._reader.of_body(base).items():
                    if declared is None:
                        found.pop(name, None)
                    else:
                        found[name] = declared
        return found

    def _columns(self, cls: ClassRef, fields: dict[str, Declared]) -> Iterator[Column]:
        for name, declared in fields.items():
            kind = self._kind(cls, declared)
            if not kind:
                column = column_of(name, declared.text("name") or name, declared)
                typed = self._type(declared)
                yield replace(column, type=typed) if typed else column
            elif kind in _KEYED:
                yield self._foreign(cls, name, declared)

    def _type(self, declared: Declared) -> str:
        """The type of a column whose declaration names it as its first argument."""
        if "type" not in declared.storage.positions or not isinstance(declared, Written):
            return ""
        index = declared.argument("type")
        for option in options(self._evaluator.value(declared.module, index)) if index else ():
            if isinstance(option, (ClassRef, External)):
                return option.name.rpartition(".")[2]
        return ""

    def _kind(self, cls: ClassRef, declared: Declared) -> str:
        """The relation that a field declares, ``""`` for a column; some fields are either, by their first argument."""
        kind = declared.storage.relation
        if "type" in declared.storage.positions and kind:
            return kind if self.target(cls, declared) is not None else ""
        return "" if kind == "none" else kind

    def _foreign(self, cls: ClassRef, name: str, declared: Declared) -> Column:
        suffix = declared.storage.values.get("suffix")
        ending = suffix if isinstance(suffix, str) and not name.endswith(suffix) else ""
        column = column_of(name, declared.text("name") or f"{name}{ending}", declared)
        target = self.target(cls, declared)
        table = self.table_name(target) if target is not None else None
        key = str(self.storage(cls).values.get("key", "")).partition(":")[0]
        wanted = declared.text("references") or (self._key(target) if target is not None else None) or key
        refers = f"{table}.{wanted}" if table is not None and wanted else None
        typed = "type" in declared.storage.positions and target is not None
        kind = target.name.rpartition(".")[2] if typed and target is not None else column.type
        return replace(column, type=kind, references=refers, on_delete=_action(declared))

    def _key(self, cls: ClassRef) -> str | None:
        fields = self._fields(cls)
        return next((f.text("name") or name for name, f in fields.items() if f.flag("primary_key")), None)

    # --- relations ---------------------------------------------------------------------------------------------

    def target(self, cls: ClassRef, declared: Declared) -> ClassRef | None:
        """The model that a relation of ``cls`` leads to."""
        if not isinstance(declared, Written):
            return None
        index = declared.argument("target")
        found = self._schema.targets.named(cls, declared.module, index) if index else None
        if found is None and index:
            text = self._bodies.text((declared.module, index)) or ""  # "models.Order": the part before is configured
            found = self._schema.targets.class_named(text.rpartition(".")[2], declared.module.name)
        return found if found is not None and self._schema.orm_of(found) is not None else None

    def _relations(self, cls: ClassRef, fields: dict[str, Declared]) -> Iterator[Relation]:
        for name, declared in fields.items():
            kind = self._kind(cls, declared)
            if not kind:
                continue
            module, span = declared.place
            target = self.target(cls, declared)
            through = self._through(cls, declared, target) if kind == records.MANY_TO_MANY else None
            reverse = self._reverse(cls, declared, kind)
            action = _action(declared) if kind in _KEYED else None
            yield Relation(name, target, kind, reverse, through=through, on_delete=action, module=module, span=span)

    def _through(self, cls: ClassRef, declared: Declared, target: ClassRef | None) -> str | None:
        text = declared.text("through")
        if text is not None or declared.given("through") is not None or target is None:
            return text
        pattern = declared.storage.values.get("through_pattern")
        own, other = self.table_name(cls), self.table_name(target)
        if not isinstance(pattern, str) or own is None or other is None:
            return None
        return pattern.replace("{table}", own).replace("{target}", other)

    def _reverse(self, cls: ClassRef, declared: Declared, kind: str) -> str | None:
        given = declared.literal("reverse")
        if given is not None:
            return given if isinstance(given, str) and not given.startswith(("+", "!")) else None
        pattern = declared.storage.values.get("reverse_pattern")
        if not isinstance(pattern, str):
            return None
        bare = cls.name.rpartition(".")[2].lower()
        return pattern.replace("{table}", self.table_name(cls) or bare).replace("{class}", bare)

    # --- annotations -------------------------------------------------------------------------------------------

    def _annotated(self, cls: ClassRef) -> tuple[list[Column], list[Relation]]:
        """The fields of a document that is declared by annotations alone."""
        columns: list[Column] = []
        relations: list[Relation] = []
        for module, name, term, span in self._bodies.annotated(cls):
            link, many = self._link(cls, module, term[1])
            if link is not None:
                kind = records.MANY_TO_MANY if many else records.MANY_TO_ONE
                relations.append(Relation(name, link, kind, module=module.name, span=span))
                continue
            columns.append(self._document_field(module, name, term, span))
        return columns, relations

    def _link(self, cls: ClassRef, module: Module, annotation: int) -> tuple[ClassRef | None, bool]:
        """The document that ``Link[Other]`` and ``list[Link[Other]]`` lead to."""
        many, pending = False, [annotation]
        while pending:
            term = module.summary.terms[pending.pop()]
            if term[0] == terms.UNION:
                pending += list(term[1])
            if term[0] != terms.ITEM:
                continue
            owner = str(module.summary.terms[term[1]][1]).rpartition(".")[2]
            key = module.summary.terms[term[2]]
            parts = list(key[2]) if key[0] == terms.DISPLAY else [term[2]]
            if owner in ("Link", "BackLink") and parts:
                return self._schema.targets.of(cls, module, ((), 0, (), ()), parts[0])[0], many
            many = many or owner in ("list", "List")
            pending += parts
        return None, many

    def _document_field(self, module: Module, name: str, term: Any, span: Span | None) -> Column:
        unique = index = optional = False
        pending, kinds = [term[1]], []
        while pending:
            at = pending.pop(0)
            part = module.summary.terms[at]
            if part[0] == terms.CALL and self._bodies.callee(module, at).endswith("Indexed"):
                flag = self._bodies.keyword(module, at, "unique")
                unique = bool(flag) and self._bodies.literal((module, flag)) is True
                index = True
                pending = [*part[2][:1], *pending]
            elif part[0] == terms.ITEM:
                key = module.summary.terms[part[2]]
                pending += list(key[2]) if key[0] == terms.DISPLAY else [part[2]]
                owner = str(module.summary.terms[part[1]][1]).rpartition(".")[2]
                optional = optional or owner == "Optional"
                kinds += [owner] if owner in ("list", "dict", "List", "Dict", "set", "Set") else []
            elif part[0] == terms.UNION:
                optional = optional or any(
                    tuple(module.summary.terms[o][:2]) == (terms.CONSTANT, None) for o in part[1]
                )
                pending += list(part[1])
            elif part[0] in (terms.NAME, terms.CLASS) and not kinds:
                value = self._evaluator.value(module, at)
                known = value.name if isinstance(value, (ClassRef, External)) else str(part[1])
                kinds.append(known.rpartition(".")[2])
        default = shown(module, term[2]) if term[2] else None
        return Column(
            name,
            name,
            kinds[0] if kinds else "",
            optional,
            default,
            unique=unique,
            index=index,
            module=module.name,
            span=span,
        )

    # --- indexes -----------------------------------------------------------------------------------------------

    def _together(self, cls: ClassRef, columns: list[Column]) -> Iterator[Index]:
        by_name = {column.name: column.column for column in columns}
        for names in self._groups(self._option(cls, "unique_together")):
            yield Index(records.UNIQUE, tuple(by_name.get(name, name) for name in names), unique=True)
        for entry in self._bodies.items(self._option(cls, "indexes")):
            found = self._index(by_name, *entry)
            if found is not None:
                yield found
        key = self._option(cls, "primary_key")
        if key is not None and self._bodies.callee(*key).endswith("CompositeKey"):
            given = key[0].summary.terms[key[1]][2]
            names = [self._bodies.text((key[0], part)) or "" for part in given]
            yield Index(records.PRIMARY_KEY, tuple(by_name.get(name, name) for name in names if name), unique=True)
        yield from self._called_together(cls, by_name)

    def _groups(self, entry: tuple[Module, int] | None) -> list[list[str]]:
        flat = self._bodies.texts(entry)
        groups = [self._bodies.texts(item) for item in self._bodies.items(entry)]
        return [flat] if flat else [group for group in groups if group]

    def _index(self, by_name: dict[str, str], module: Module, index: int) -> Index | None:
        """``("a", "b")``, ``(("a", "b"), True)``, ``"a"``, ``{"fields": […]}`` and ``Index(fields=[…])``."""
        parts = list(self._bodies.items((module, index)))
        names, unique = self._bodies.texts((module, index)), False
        if not names and len(parts) == 2:
            names, unique = self._bodies.texts(parts[0]), self._bodies.literal(parts[1]) is True
        if not names:
            entries = self._bodies.entries((module, index))
            names = self._bodies.texts(entries.get("fields"))
            unique = self._bodies.literal(entries.get("unique")) is True
        if not names and module.summary.terms[index][0] == terms.CALL:
            names = self._bodies.keyword_texts(module, index, "fields")
            unique = "Unique" in self._bodies.callee(module, index)
        bare = [name.lstrip("-+#$*") for name in names]
        kind = records.UNIQUE if unique else records.INDEX
        return Index(kind, tuple(by_name.get(name, name) for name in bare), unique=unique) if bare else None

    def _called_together(self, cls: ClassRef, by_name: dict[str, str]) -> Iterator[Index]:
        """``composite_key(customer, number)`` in the body of a class."""
        for base in self._evaluator.lineage(cls):
            if base.home is None:
                continue
            module = self._bodies.module(base)
            klass = module.class_(base.home[1])
            by_term = {index: name for name, bound in klass.attributes.items() for index in bound}
            for site in module.function(klass.function).sites:
                call = module.summary.terms[site[SITE_TERM]]
                kind = _TOGETHER.get(self._bodies.callee(module, site[SITE_TERM]).rpartition(".")[2])
                given = [by_term.get(part) or self._bodies.text((module, part)) or "" for part in call[2]]
                if kind is not None and len(given) > 1 and "" not in given:
                    names = tuple(by_name.get(name, name) for name in given)
                    yield Index(kind, names, unique=kind != records.INDEX)


def _implicit(columns: list[Column]) -> Iterator[Index]:
    for column in columns:
        kind = records.PRIMARY_KEY if column.primary_key else records.UNIQUE if column.unique else records.INDEX
        if column.primary_key or column.unique or column.index:
            yield Index(kind, (column.column,), unique=kind != records.INDEX, implicit=True)


def _action(declared: Declared) -> str | None:
    literal = declared.literal("on_delete")
    return literal if isinstance(literal, str) else declared.shown("on_delete")
