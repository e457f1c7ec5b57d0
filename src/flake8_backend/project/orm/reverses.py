"""Relations that another model's declaration gives: ``customer.orders`` of ``Order.customer``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flake8_backend.project.orm.relations import (
    APPENDER,
    EAGER_ENOUGH,
    LAZY_QUERIES,
    MANAGERS,
    SQLALCHEMY,
    RelationFact,
)
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module
    from flake8_backend.project.orm.models import Schema
    from flake8_backend.project.values import ClassRef


class Reverses:
    """Reads declarations from their other end."""

    def __init__(self, evaluator: Evaluator, schema: Schema) -> None:
        self._evaluator = evaluator
        self._schema = schema
        self._declarations = schema.declarations

    def all(self) -> dict[tuple[str, str], RelationFact]:
        """(model, name) of every relation that another model's declaration gives."""
        found: dict[tuple[str, str], RelationFact] = {}
        schema = self._schema
        for cls in schema.models():
            if schema.is_abstract(cls):
                continue
            nearer: set[str] = set()
            for base in self._evaluator.lineage(cls):
                if base.home is not None and (base == cls or schema.orm_of(base) is None or schema.is_abstract(base)):
                    for key, fact in self._reverses(cls, base, nearer):
                        found.setdefault(key, fact)
                    nearer |= schema.declared(base).keys()
        return found

    def _reverses(
        self, cls: ClassRef, base: ClassRef, nearer: set[str]
    ) -> Iterator[tuple[tuple[str, str], RelationFact]]:
        """The reverse relations that ``cls`` gives through what ``base``, itself or an abstract base, declares.

        What a ``nearer`` class declares anew counts there.
        """
        assert base.home is not None
        module = self._evaluator.table.by_name[base.home[0]]
        for name, bound in module.class_(base.home[1]).attributes.items():
            own = self._schema.declared(base).get(name)
            if own is not None and name not in nearer:
                seen = self._schema.seen_from(cls, base, own)
                for term in bound:
                    yield from self._reverse_of(cls, seen, module, term)

    def _reverse_of(
        self, cls: ClassRef, own: RelationFact, module: Module, index: int
    ) -> Iterator[tuple[tuple[str, str], RelationFact]]:
        found = self._declarations.of(module, index)
        if own.target is None or found is None:
            return
        _, call, marker = found
        last = str(call[-1]).rpartition(".")[2]
        given = next(
            (v for v in (self._declarations.constant(module, call, None, k) for k in ("related_name", "backref")) if v),
            None,
        )
        if marker.pack in SQLALCHEMY:
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
            manager = None if one else MANAGERS["django-orm"]
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
                RelationFact(given, cls, True, True, False, marker.pack, MANAGERS.get(marker.pack)),
            )

    def _backref(self, cls: ClassRef, own: RelationFact, module: Module, call: Sequence[Any]) -> RelationFact | None:
        """``backref="orders"`` and ``backref=backref("orders", lazy="joined")``."""
        given = self._declarations.constant(module, call, None, "backref")
        name, lazy, uselist = given, None, None
        index = self._evaluator.argument(module, call, None, "backref")
        term = module.summary.terms[index] if index else terms.NOTHING
        if term[0] == terms.CALL and term[2]:
            name = self._declarations.literal(module, term[2][0])
            lazy, uselist = (
                self._declarations.lazy(module, term),
                self._declarations.constant(module, term, None, "uselist"),
            )
        if not isinstance(name, str):
            return None
        secondary = bool(self._evaluator.argument(module, call, 1, "secondary"))
        many = uselist is not False and (secondary or not (own.many or self._schema.joins.only_leads(own.target, cls)))
        manager = APPENDER if lazy in LAZY_QUERIES else None
        inverse = own.name if many and not own.many else None
        return RelationFact(name, cls, many, True, lazy in EAGER_ENOUGH, own.orm, manager, inverse)
