"""Relations as models declare them: which call does it, and what it says of loading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flake8_backend.project.values import ClassRef, Constant, External, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_backend.knowledge.facts import MarkerFact
    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module

# how relationships say that reading them sends no query of its own; ... stands for what could not be read
EAGER_ENOUGH = frozenset({"selectin", "joined", "subquery", "immediate", "noload", "raise", "raise_on_sql", False, ...})
SQLALCHEMY = frozenset({"sqlalchemy", "sqlmodel"})  # packs whose declarations are SQLAlchemy's
ALCHEMY = SQLALCHEMY | {"flask"}  # packs whose models are; a session keeps rows by their keys
APPENDER = "sqlalchemy.orm.AppenderQuery"
LAZY_QUERIES = frozenset({"dynamic", "write_only"})
MANAGERS = {
    "django-orm": "django.db.models.RelatedManager",
    "tortoise-orm": "tortoise.fields.ReverseRelation",
    "peewee": "peewee.ModelSelect",
}
_LIKE_DJANGO = {
    "ForeignKey": "django.db.models.ForeignKey",
    "OneToOneField": "django.db.models.OneToOneField",
    "ManyToManyField": "django.db.models.ManyToManyField",
    "TaggableManager": "django.db.models.ManyToManyField",
}


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


class Declarations:
    """The calls in class bodies that declare relations."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def of(self, module: Module, index: int) -> tuple[int, Sequence[Any], MarkerFact] | None:
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

    def lazy(self, module: Module, call: Sequence[Any]) -> Any:
        """How a relationship says that it loads; ``...`` where that is not seen."""
        index = self._evaluator.argument(module, call, None, "lazy")
        if index:
            return self.literal(module, index)
        keywords = self._evaluator.argument(module, call, None, "sa_relationship_kwargs")
        if keywords:
            term = module.summary.terms[keywords]
            if term[0] != terms.DISPLAY:
                return ...
            for key, value in zip(term[2][::2], term[2][1::2], strict=False):
                if self.literal(module, key) == "lazy":
                    return self.literal(module, value)
        return None

    def literal(self, module: Module, index: int) -> Any:
        """What a term is, ``...`` when it is no constant."""
        value = self._evaluator.value(module, index)
        return value.value if isinstance(value, Constant) else ...

    def constant(self, module: Module, call: Sequence[Any], position: int | None, name: str) -> Any:
        """The literal that an argument is written as, ``None`` without one."""
        index = self._evaluator.argument(module, call, position, name)
        term = module.summary.terms[index] if index else terms.NOTHING
        return term[1] if term[0] == terms.CONSTANT else None

    def backref_name(self, module: Module, call: Sequence[Any]) -> str | None:
        """The name in ``backref=backref("orders", …)``."""
        index = self._evaluator.argument(module, call, None, "backref")
        term = module.summary.terms[index] if index else terms.NOTHING
        if term[0] == terms.CALL and term[2]:
            first = module.summary.terms[term[2][0]]
            return str(first[1]) if first[0] == terms.CONSTANT else None
        return None
