"""What injected dependencies give to the function that asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_backend.project.values import Awaitable, ClassRef, FunctionRef, Instance, Manager, Value
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module


def injected(evaluator: Evaluator, module: Module, arguments: Sequence[int]) -> Value | None:
    """What a dependency marker among ``arguments`` provides, None when it only confirms the annotation."""
    for argument in arguments:
        term = module.summary.terms[argument]
        if term[0] != terms.CALL:
            continue
        name = evaluator.decorator_name(module, argument)
        if name is None or not any(m.kind == "dependency" for m in evaluator.knowledge.markers(name)):
            continue
        provider = evaluator.argument(module, term, 0, "dependency")
        value = evaluator.provided(evaluator.value(module, provider)) if provider else None
        if value is not None:
            return value
    return None


def provided(evaluator: Evaluator, provider: Value | None) -> Value | None:
    """What a dependency provider gives to the function that asks for it."""
    if isinstance(provider, FunctionRef):
        home = evaluator.table.by_name[provider.module]
        function = home.function(provider.index)
        value = evaluator.call_function(provider)
        if isinstance(value, Awaitable):
            value = value.value
        if isinstance(value, Manager):
            return value.value
        return evaluator.element(value) if function.is_generator else value
    if isinstance(provider, ClassRef):
        return Instance(provider, provider.args)
    if isinstance(provider, Instance):
        found = evaluator.method(provider.cls, "__call__") if provider.cls.home is not None else None
        return evaluator.provided(FunctionRef(found[0].name, found[1], provider)) if found else None
    return None
