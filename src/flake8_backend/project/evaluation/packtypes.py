"""Objects of the types that packs tell, in the small language of type expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flake8_backend.project.evaluation import calls, hints
from flake8_backend.project.orm import queries
from flake8_backend.project.values import NONE, Awaitable, ClassRef, Instance, Items, Value
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_backend.knowledge.names import TypeExpr
    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module


def instantiate(
    evaluator: Evaluator, expr: TypeExpr, receiver: Value | None, call: tuple[Module, Sequence[Any]] | None
) -> Value | None:
    """A value of the type that a pack tells, for this receiver and this call."""
    name = expr.name
    if expr.is_variable:
        return _type_variable(evaluator, expr, receiver, call)
    if name == "None":
        return NONE
    args = tuple(evaluator.instantiate(arg, receiver, call) for arg in expr.args)
    if name == "tuple" and args:
        return Items(args)
    if name == "type" and args:
        return args[0].cls if isinstance(args[0], Instance) else None
    if name.startswith(("collections.abc.", "typing.")):
        name = hints.SEQUENCES.get(name.rpartition(".")[2], name)
    query = None
    for argument in args:
        if isinstance(argument, Instance) and argument.query is not None:
            query = argument.query
    rows = tuple(
        arg.args[0] if isinstance(arg, Instance) and queries.is_statement(evaluator, arg) and arg.args else arg
        for arg in args
    )
    stand_in = evaluator.schema.targets.stand_in(name) if evaluator.schema is not None else None
    return Instance(stand_in or ClassRef(name), rows, query)


def _type_variable(
    evaluator: Evaluator, expr: TypeExpr, receiver: Value | None, call: tuple[Module, Sequence[Any]] | None
) -> Value | None:
    if expr.name == "$self":
        return receiver
    if expr.name == "$class":
        cls = receiver.cls if isinstance(receiver, Instance) else receiver
        return Instance(cls) if isinstance(cls, ClassRef) else None
    wanted = expr.argument
    if wanted is not None:
        if call is None:
            return None
        module, term = call
        value = calls.argument_value(evaluator, module, term, wanted)
        if value is None and expr.default is not None and not _is_given(evaluator, module, term, wanted):
            return evaluator.instantiate(expr.default, receiver, call)
        if isinstance(value, Awaitable):  # what takes a coroutine gives its result
            value = value.value
        return Instance(value, value.args) if isinstance(value, ClassRef) else value
    return _type_parameter(evaluator, expr.parameter or "", receiver)


def _is_given(evaluator: Evaluator, module: Module, term: Sequence[Any], wanted: int | str) -> bool:
    """Whether a call has an argument, or may have it among those that are spread into it."""
    position, name = (wanted, None) if isinstance(wanted, int) else (None, wanted)
    if evaluator.argument(module, term, position, name):
        return True
    return any(keyword in (terms.STAR, terms.DOUBLE_STAR) for keyword, _ in term[3])


def _type_parameter(evaluator: Evaluator, name: str, receiver: Value | None) -> Value | None:
    if not isinstance(receiver, Instance):
        return None
    position = 0
    for base in evaluator.lineage(receiver.cls):
        fact = evaluator.knowledge.klass(base.name) if base.home is None else None
        if fact is not None and name in fact.params:
            position = fact.params.index(name)
            args = receiver.args or base.args
            return args[position] if position < len(args) else None
    return receiver.args[position] if receiver.args else None
