"""Generic classes: the parameters they have, and values in which these are replaced by arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flake8_backend.project.values import Awaitable, ClassRef, FunctionRef, Instance, Items, Value
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module

SELF_TYPES = frozenset({"typing.Self", "typing_extensions.Self"})


def substitute(evaluator: Evaluator, value: Value | None, bound: dict[str, Value | None]) -> Any:
    """``value`` with type variables replaced by what they are bound to."""
    if isinstance(value, Instance):
        if value.cls.name in bound:
            replaced = bound[value.cls.name]
            return replaced if replaced is not None else None
        if value.args:
            args = tuple(evaluator.substitute(arg, bound) for arg in value.args)
            return Instance(value.cls, args, value.query, value.is_row, value.fetched)
    if isinstance(value, ClassRef) and value.name in bound:
        replaced = bound[value.name]
        return replaced.cls if isinstance(replaced, Instance) else None
    if isinstance(value, Awaitable):
        return Awaitable(evaluator.substitute(value.value, bound))
    if isinstance(value, FunctionRef) and isinstance(value.receiver, Instance) and not value.receiver.args:
        receiver = value.receiver
        known = tuple(bound.values())
        return FunctionRef(value.module, value.index, Instance(receiver.cls, known, receiver.query))
    if isinstance(value, Items):
        return Items(tuple(evaluator.substitute(item, bound) for item in value.items))
    return value


def with_arguments_of(evaluator: Evaluator, value: Value, base: ClassRef) -> Value:
    """A generic base's parameters, in the order of its ``Generic[...]`` bases, take the arguments given to it."""
    parameters = parameters_of(evaluator, base)
    if not parameters:
        return value
    return evaluator.substitute(value, dict(zip(parameters, base.args, strict=False)))  # type: ignore[no-any-return]


def parameters_of(evaluator: Evaluator, cls: ClassRef) -> list[str]:
    """The type variables of a generic class of the project, in the order of its bases."""
    if cls.home is None:
        return []
    module = evaluator.table.by_name[cls.home[0]]
    for term in module.class_(cls.home[1]).bases:
        parts = module.summary.terms[term]
        if parts[0] != terms.ITEM:
            continue
        names = []
        for argument in argument_terms(module, parts[2]):
            inner = module.summary.terms[argument]
            if inner[0] == terms.NAME and is_type_variable(evaluator, inner[1]):
                names.append(inner[1])
        if names:
            return names
    return []


def is_type_variable(evaluator: Evaluator, dotted: str) -> bool:
    """Whether a name means a ``TypeVar``."""
    value = evaluator.resolve(dotted)
    return isinstance(value, Instance) and value.cls.name.endswith(".TypeVar")


def adapted(evaluator: Evaluator, value: Value | None, function: FunctionRef, home: Module) -> Value | None:
    """The result for this receiver: ``Self`` and type variables take the receiver's class and arguments."""
    receiver = function.receiver
    if value is None or receiver is None:
        return value
    cls = receiver.cls if isinstance(receiver, Instance) else receiver
    if not isinstance(cls, ClassRef):
        return value
    bound: dict[str, Value | None] = {name: Instance(cls) for name in SELF_TYPES}
    for base in evaluator.lineage(cls):
        if base.args and base.home is not None:
            bound.update(zip(parameters_of(evaluator, base), base.args, strict=False))
    return evaluator.substitute(value, bound)  # type: ignore[no-any-return]


def argument_terms(module: Module, key: int) -> Sequence[int]:
    """The terms between the brackets of a generic type."""
    term = module.summary.terms[key]
    return term[2] if term[0] == terms.DISPLAY else (key,)


def type_arguments(evaluator: Evaluator, module: Module, key: int) -> tuple[Value | None, ...]:
    """What stands between the brackets of a generic type."""
    return tuple(evaluator.type_of(module, argument) for argument in argument_terms(module, key))
