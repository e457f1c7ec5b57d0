"""Which handlers answer with a serializer or schema: by decorator, annotation, class attribute or in their bodies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flake8_backend.project.values import Awaitable, ClassRef, External, FunctionRef, Instance, Items, options
from flake8_backend.semantic import terms
from flake8_backend.semantic.summary import SITE_TERM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flake8_backend.project.modules import Module
    from flake8_backend.project.solution import Solution
    from flake8_backend.project.values import Value

ANNOTATION, ATTRIBUTE, BODY = "return annotation", "serializer_class", "body"
_METHOD = "get_serializer_class"
_REPRESENT = frozenset({"dump", "dumps", "from_orm", "model_validate", "jsonify"})
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Use:
    """A handler that answers with a shape, by its dotted name, and where it says so.

    ``how``: ``serializer_class``, ``get_serializer_class``, ``return annotation``, ``body``, or the decorator's
    argument (``response_model``), or the decorator where the argument has no name.
    """

    handler: str
    how: str


class ShapeUses:
    """Looks for shapes in handlers."""

    def __init__(self, solution: Solution, kind_of: Callable[[ClassRef], str | None]) -> None:
        self._solution = solution
        self._evaluator = solution.evaluator
        self._kind_of = kind_of

    @cached_property
    def by_shape(self) -> dict[str, tuple[Use, ...]]:
        """The uses of each shape, by its dotted name, in the order of handlers."""
        found: dict[str, dict[tuple[str, str], Use]] = {}
        for name in sorted(self._evaluator.table.by_name):
            module = self._evaluator.table.by_name[name]
            for cls, use in (*self._in_classes(module), *self._in_functions(module)):
                found.setdefault(cls.name, {}).setdefault((use.handler, use.how), use)
        return {shape: tuple(uses[key] for key in sorted(uses)) for shape, uses in found.items()}

    def _in_classes(self, module: Module) -> Iterator[tuple[ClassRef, Use]]:
        for index, klass in enumerate(module.summary.classes):
            if not klass.bases or not (ATTRIBUTE in klass.attributes or _METHOD in klass.methods):
                continue
            view = ClassRef(f"{module.name}.{klass.qualname}", (module.name, index))
            for bound in klass.attributes.get(ATTRIBUTE, ()):
                for cls in self._shapes(self._evaluator.value(module, bound)):
                    yield cls, Use(view.name, ATTRIBUTE)
            if _METHOD in klass.methods:
                given = self._evaluator.call_function(FunctionRef(module.name, klass.methods[_METHOD], Instance(view)))
                for cls in self._shapes(given):
                    yield cls, Use(view.name, _METHOD)

    def _in_functions(self, module: Module) -> Iterator[tuple[ClassRef, Use]]:
        for index, function in enumerate(module.summary.functions):
            if function.kind not in ("function", "method"):
                continue
            if self._solution.contexts.handler((module.name, index)) is None:
                continue
            handler = f"{module.name}.{function.qualname}"
            for decorator in function.decorators:
                for how, argument in self._arguments(module, decorator):
                    for cls in self._named(module, argument):
                        yield cls, Use(handler, how)
            for cls in self._shapes(self._evaluator.type_of(module, function.returns)):
                yield cls, Use(handler, ANNOTATION)
            for site in function.sites:
                term = module.summary.terms[site[SITE_TERM]]
                for cls in self._shapes(self._evaluator.value(module, term[1]), of_callee=True):
                    yield cls, Use(handler, BODY)

    @staticmethod
    def _arguments(module: Module, decorator: int) -> Iterator[tuple[str, int]]:
        """What a decorator is given: the name of the argument, that of the decorator where it has none."""
        call = module.summary.terms[decorator]
        if call[0] != terms.CALL:
            return
        callee = module.summary.terms[call[1]]
        dotted = callee[2] if callee[0] == terms.ATTRIBUTE else callee[1] if callee[0] == terms.NAME else ""
        for argument in call[2]:
            yield str(dotted).rpartition(".")[2], argument
        for name, argument in call[3]:
            yield name, argument

    def _named(self, module: Module, index: int) -> Iterator[ClassRef]:
        """The shapes that an argument of a decorator names: a class, an object of it, ``list[Shape]``, by status."""
        term = module.summary.terms[index]
        if term[0] == terms.ITEM:
            yield from self._shapes(self._evaluator.type_of(module, index))
        elif term[0] == terms.DISPLAY:
            for part in term[2]:
                yield from self._named(module, part)
        else:
            yield from self._shapes(self._evaluator.value(module, index))

    def _shapes(self, value: Value | None, depth: int = 0, *, of_callee: bool = False) -> Iterator[ClassRef]:
        """The shapes in a value: classes, their objects, what holds them."""
        if depth > _DEEPEST:
            return
        for option in options(value):
            if isinstance(option, Awaitable):
                yield from self._shapes(option.value, depth + 1)
            elif isinstance(option, Items):
                for item in option.items:
                    yield from self._shapes(item, depth + 1)
            elif isinstance(option, ClassRef):
                if self._kind_of(option) is not None:
                    yield option
            elif isinstance(option, Instance) and not of_callee:
                if self._kind_of(option.cls) is not None:
                    yield option.cls
                for argument in option.args:
                    yield from self._shapes(argument, depth + 1)
            elif of_callee and isinstance(option, External) and option.name.rpartition(".")[2] in _REPRESENT:
                receiver = option.receiver
                cls = receiver.cls if isinstance(receiver, Instance) else receiver
                if isinstance(cls, ClassRef) and self._kind_of(cls) is not None:
                    yield cls
