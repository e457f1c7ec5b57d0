"""Serializers and response schemas: what they show of an object, what they nest, and which relations that reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flake8_backend.project.schema.shape_fields import ShapeFields
from flake8_backend.project.schema.shape_uses import ShapeUses
from flake8_backend.project.values import ClassRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_backend.core.diagnostic import Span
    from flake8_backend.project.schema.shape_fields import ShapeField
    from flake8_backend.project.schema.shape_uses import Use
    from flake8_backend.project.solution import Solution

# base classes and the libraries that they stand for, the most special first
KINDS = {
    "rest_framework.serializers.BaseSerializer": "djangorestframework",
    "marshmallow.Schema": "marshmallow",
    "ninja.Schema": "django-ninja",
    "ninja.ModelSchema": "django-ninja",
    "pydantic.BaseModel": "pydantic",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """A class that represents objects; ``model`` where it says of which model they are.

    ``relations`` are the dotted relations of the model that its own fields read; what nested shapes read of the rows
    behind them is theirs to tell. ``uses`` are the handlers that answer with it.
    """

    cls: ClassRef
    kind: str
    model: ClassRef | None
    fields: tuple[ShapeField, ...]
    relations: tuple[str, ...]
    uses: tuple[Use, ...]
    from_attributes: bool
    path: str
    span: Span | None


class Shapes:
    """The shapes of one project, read when they are asked for."""

    def __init__(self, solution: Solution) -> None:
        self._solution = solution
        self._evaluator = solution.evaluator
        self.fields = ShapeFields(solution, self.kind_of)

    def kind_of(self, cls: ClassRef) -> str | None:
        """The library that a class of the project represents objects with, None for other classes."""
        if cls.home is None or self._solution.schema.table(cls) is not None:
            return None
        bases = self._evaluator.library_bases(cls)
        return next((kind for base, kind in KINDS.items() if base in bases), None)

    @cached_property
    def all(self) -> tuple[Shape, ...]:
        """Every shape, by dotted name."""
        uses = ShapeUses(self._solution, self.kind_of).by_shape
        return tuple(self._shape(cls, kind, uses.get(cls.name, ())) for cls, kind in self._classes())

    def _classes(self) -> Iterator[tuple[ClassRef, str]]:
        found = []
        for name in sorted(self._evaluator.table.by_name):
            for index, klass in enumerate(self._evaluator.table.by_name[name].summary.classes):
                cls = ClassRef(f"{name}.{klass.qualname}", (name, index))
                kind = self.kind_of(cls) if klass.bases else None
                if kind is not None:
                    found.append((cls, kind))
        yield from sorted(found, key=lambda pair: pair[0].name)

    def _shape(self, cls: ClassRef, kind: str, uses: tuple[Use, ...]) -> Shape:
        bodies = self._solution.schema.tables.bodies
        fields = self.fields.of(cls, kind)
        return Shape(
            cls,
            kind,
            self.fields.model(cls),
            fields,
            tuple(sorted({path for field in fields for path in field.relations})),
            uses,
            self.fields.reads_attributes(cls, kind),
            bodies.module(cls).path,
            bodies.span(cls),
        )
