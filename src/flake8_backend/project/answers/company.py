"""What stands beside a collection in an answer: the row that it belongs to, and what the page mentions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flake8_backend.project.values import ClassRef, Constant, Instance, Value, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from flake8_backend.project.modules import Module
    from flake8_backend.project.solution import Solution

_DEEPEST = 3


class Company:
    """Looks at the other parts of an answer."""

    def __init__(self, solution: Solution) -> None:
        self._solution = solution
        self._evaluator = solution.evaluator

    def has_row(self, module: Module, parts: Iterable[int], *, beside: int) -> bool:
        """Whether one of the parts, ``beside`` aside, is a row or tells something of one: a page about that row."""
        return any(part != beside and self._tells_of_row(module, part, 0) for part in parts)

    def _tells_of_row(self, module: Module, index: int, depth: int) -> bool:
        if not index or depth > _DEEPEST:
            return False
        term = module.summary.terms[index]
        if any(self._is_row(option) for option in options(self._evaluator.value(module, index))):
            return True
        inner: Sequence[int] = ()
        if term[0] in (terms.ATTRIBUTE, terms.ANNOTATED, terms.ALLOWED, terms.AWAIT):
            inner = [term[2] if term[0] == terms.ANNOTATED else term[1]]
        elif term[0] == terms.DISPLAY:
            inner = term[2][1::2] if term[1] == "dict" else term[2]
        elif term[0] == terms.CALL:  # `str(order.id)`
            inner = term[2]
        return any(self._tells_of_row(module, part, depth + 1) for part in inner)

    def _is_row(self, value: Value) -> bool:
        if not isinstance(value, Instance) or value.fetched or (value.query is not None and not value.is_row):
            return False
        return self._is_model(value.cls)

    def _is_model(self, cls: ClassRef) -> bool:
        return self._solution.schema.orm_of(cls) is not None

    # --- pages -------------------------------------------------------------------------------------------------

    def context(self, module: Module, term: Sequence[Any]) -> list[int]:
        """What a call that renders a page hands over; what is spread into names is left out: it is not rows."""
        return [index for index, _ in self._named(module, term)]

    def shown(self, module: Module, term: Sequence[Any], context: list[int]) -> list[int]:
        """What of the context the page mentions; all of it where the template is not in sight."""
        texts = [self._text(module, index) for index in context]
        words = next(filter(None, (self._solution.templates.words(text) for text in texts if text)), None)
        if words is None:
            return context
        return [index for index, name in self._named(module, term) if name is None or name in words]

    def _named(self, module: Module, term: Sequence[Any]) -> Iterator[tuple[int, str | None]]:
        """The values that a page is given, each with its name where one is known."""
        for keyword, index in [*((None, index) for index in term[2]), *term[3]]:
            inner = module.summary.terms[index]
            if inner[0] == terms.DISPLAY and inner[1] == "dict":
                for key, value in zip(inner[2][::2], inner[2][1::2], strict=False):
                    name = self._text(module, key)
                    if name is not None or keyword != terms.DOUBLE_STAR:
                        yield value, name
            elif keyword != terms.DOUBLE_STAR:
                yield index, keyword

    def _text(self, module: Module, index: int) -> str | None:
        known = self._evaluator.value(module, index)
        return known.value if isinstance(known, Constant) and isinstance(known.value, str) else None
