"""What calls give: objects of classes, results of functions of the project and of libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flake8_backend.project.evaluation import generics, iteration, stubs
from flake8_backend.project.orm import queries
from flake8_backend.project.values import (
    Awaitable,
    ClassRef,
    External,
    FunctionRef,
    Instance,
    Manager,
    Partial,
    Union,
    Value,
    one_of,
    options,
)
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_backend.knowledge.facts import CallFact
    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module


def call(evaluator: Evaluator, callee: Value | None, module: Module, term: Sequence[Any]) -> Value | None:
    """What a call gives: ``term`` is the call's term in ``module``."""
    if isinstance(callee, Union):
        return one_of([evaluator.call(option, module, term) for option in callee.options])
    if isinstance(callee, ClassRef):
        if callee.home is not None:
            return stubs.made(evaluator, callee, module, term) or Instance(callee, callee.args)
        fact = evaluator.knowledge.call(callee.name)
        if fact is not None and fact.returns is not None:
            return _result(evaluator, fact, External(callee.name), module, term)
        return _built(evaluator, callee, module, term)
    if isinstance(callee, FunctionRef):
        return evaluator.call_function(callee, module, term)
    if isinstance(callee, External):
        fact = evaluator.knowledge.call(callee.name)
        if fact is not None:
            return _result(evaluator, fact, callee, module, term)
        last = callee.name.rpartition(".")[2]
        if last[:1].isupper() and callee.receiver is None:
            cls = ClassRef(callee.name)
            return stubs.made(evaluator, cls, module, term) or Instance(cls)
        return iteration.result(evaluator, callee, module, term)
    if isinstance(callee, Partial):
        return evaluator.call(callee.function, module, term)
    if isinstance(callee, Instance):
        return _call_instance(evaluator, callee, module, term)
    return None


def _built(evaluator: Evaluator, cls: ClassRef, module: Module, term: Sequence[Any]) -> Value | None:
    """A builtin container made of another one keeps its elements."""
    if cls.name in ("list", "set", "frozenset", "tuple") and term[2]:
        inner = evaluator.value(module, term[2][0])
        element = evaluator.element(inner)
        query = inner.query if isinstance(inner, Instance) else None
        return Instance(cls, (element,), query, fetched=True) if element is not None or query else Instance(cls)
    return Instance(cls, cls.args)


def _call_instance(evaluator: Evaluator, callee: Instance, module: Module, term: Sequence[Any]) -> Value | None:
    if callee.cls.home is not None:
        found = evaluator.method(callee.cls, "__call__")
        if found is not None:
            return evaluator.call_function(FunctionRef(found[0].name, found[1], callee), module, term)
    for base in evaluator.lineage(callee.cls):
        fact = evaluator.knowledge.klass(base.name) if base.home is None else None
        if fact is not None and fact.calls is not None:
            return evaluator.instantiate(fact.calls, callee, (module, term))
    return None


def _result(
    evaluator: Evaluator, fact: CallFact, callee: External, module: Module, term: Sequence[Any]
) -> Value | None:
    if fact.role == "partial" and term[2]:
        inner = evaluator.value(module, term[2][0])
        made = next(index for index, other in enumerate(module.summary.terms) if other is term)
        return Partial(inner, module.name, made) if inner is not None else None
    value = None
    if fact.returns is not None:
        value = evaluator.instantiate(fact.returns, callee.receiver, (module, term))
        if fact.returns.argument is not None and fact.returns.parameter:
            value = queries.row_of(value)
    value = queries.after_call(evaluator, fact, callee, value, module, term)
    if "await" in fact.use or "async with" in fact.use:
        return Awaitable(value)
    return value


def call_function(
    evaluator: Evaluator, function: FunctionRef, module: Module | None = None, term: Sequence[Any] | None = None
) -> Value | None:
    """What calling a project function gives: its annotation, refined by what its body returns for this call."""
    key = (function.module, function.index)
    home = evaluator.table.by_name[function.module]
    root = evaluator.root
    if key in root.returns:
        value = root.returns[key]
    else:
        value = root.guarded(("returns", *key), root.returns, key, result_of_body, root, home, function.index)
    if root.refine is not None:
        value = root.refine(evaluator, function, module, term, value)
    return generics.adapted(evaluator, value, function, home)


def result_of_body(evaluator: Evaluator, module: Module, index: int) -> Value | None:
    """What a call gives by the annotation and the body, whoever calls."""
    function = module.function(index)
    evaluator.visited.add(module.name)
    declared = evaluator.type_of(module, function.returns)
    if function.is_generator:
        yielded = one_of([evaluator.value(module, item[0]) for item in function.yields])
        element = yielded or evaluator.element(declared)
        if _is_context_manager(module, index):
            return Manager(element)
        return Instance(ClassRef("list"), (element,))
    body = None
    if declared is None or _is_vague(declared):
        body = one_of([evaluator.value(module, item[0]) for item in function.outputs])
        if declared is not None and not _refines(body, declared):
            body = None
    value = body or declared
    return Awaitable(value) if function.is_async else value


def _is_vague(declared: Value) -> bool:
    """Annotations that hide the query behind a container or a base class."""
    return isinstance(declared, Instance) and not declared.query


def _refines(body: Value | None, declared: Value) -> bool:
    """A body says more than its annotation when it tells which query the rows come from, or which callable."""
    found = [option for option in options(body) if isinstance(option, Instance) and option.query is not None]
    return bool(found)


def _is_context_manager(module: Module, index: int) -> bool:
    for term in module.function(index).decorators:
        parts = module.summary.terms[term]
        name = parts[1] if parts[0] == terms.NAME else ""
        if name.endswith(("contextmanager",)):
            return True
    return False


def argument(module: Module, term: Sequence[Any], position: int | None, name: str | None) -> int:
    """The term of an argument of a call, 0 when it is not passed by this position or name."""
    if position is not None and position < len(term[2]):
        return term[2][position]  # type: ignore[no-any-return]
    for keyword, value in term[3]:
        if keyword == name:
            return value  # type: ignore[no-any-return]
    return 0


def argument_value(evaluator: Evaluator, module: Module, term: Sequence[Any], wanted: int | str) -> Value | None:
    """The value of a call's argument by position or keyword."""
    if isinstance(wanted, int):
        return evaluator.value(module, evaluator.argument(module, term, wanted, None))
    return evaluator.value(module, evaluator.argument(module, term, None, wanted))
