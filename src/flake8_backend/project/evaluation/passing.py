"""What going through, entering and awaiting a value gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_backend.project.orm import queries
from flake8_backend.project.values import (
    NONE,
    Awaitable,
    FunctionRef,
    Instance,
    Items,
    Manager,
    Union,
    Value,
    one_of,
)

if TYPE_CHECKING:
    from flake8_backend.project.evaluate import Evaluator

_ITERATORS = 5  # objects whose __iter__ gives another object of the project
CONTAINERS = frozenset({"list", "set", "frozenset", "tuple", "dict"})


def element(evaluator: Evaluator, value: Value | None, depth: int = 0) -> Value | None:
    """What iterating ``value`` gives; ``depth`` counts the iterators that were asked for iterators on the way."""
    if isinstance(value, Union):
        return one_of([evaluator.element(option, depth) for option in value.options])
    if isinstance(value, Items):
        return one_of(list(value.items))
    if not isinstance(value, Instance):
        return None
    cls = value.cls
    if cls.home is None and cls.name in CONTAINERS:
        row = value.args[0] if value.args else None
        return queries.as_row(row, value.query)
    for base in evaluator.lineage(cls):
        if base.home is not None:
            found = evaluator.table.by_name[base.home[0]].class_(base.home[1]).methods.get("__iter__")
            if found is not None and depth < _ITERATORS:
                given = evaluator.call_function(FunctionRef(base.home[0], found, value))
                return _next(evaluator, value) if given == value else evaluator.element(given, depth + 1)
            if found is not None:
                return None
            continue
        fact = evaluator.knowledge.klass(base.name)
        if fact is not None and fact.iterates is not None:
            return queries.as_row(evaluator.instantiate(fact.iterates, value, None), value.query)
    return None


def _next(evaluator: Evaluator, iterator: Instance) -> Value | None:
    found = evaluator.method(iterator.cls, "__next__")
    return evaluator.call_function(FunctionRef(found[0].name, found[1], iterator)) if found is not None else None


def enter(evaluator: Evaluator, value: Value | None) -> Value | None:
    """What ``with value as name`` binds."""
    if isinstance(value, Union):
        return one_of([evaluator.enter(option) for option in value.options])
    if isinstance(value, Manager):
        return value.value
    if isinstance(value, Awaitable):
        return evaluator.enter(value.value)
    if not isinstance(value, Instance):
        return None
    for base in evaluator.lineage(value.cls):
        if base.home is not None:
            klass = evaluator.table.by_name[base.home[0]].class_(base.home[1])
            for name in ("__aenter__", "__enter__"):
                if name in klass.methods:
                    given = evaluator.call_function(FunctionRef(base.home[0], klass.methods[name], value))
                    given = given.value if isinstance(given, Awaitable) else given
                    return given if given is not None and given != NONE else value
            continue
        fact = evaluator.knowledge.klass(base.name)
        if fact is not None and fact.enters is not None:
            return evaluator.instantiate(fact.enters, value, None)
    return value


def awaited(evaluator: Evaluator, value: Value | None) -> Value | None:
    """What ``await value`` gives."""
    if isinstance(value, Union):
        return one_of([evaluator.awaited(option) for option in value.options])
    if isinstance(value, Awaitable):
        return value.value
    if isinstance(value, Instance):
        for base in evaluator.lineage(value.cls):
            fact = evaluator.knowledge.klass(base.name) if base.home is None else None
            if fact is not None and fact.awaits is not None:
                return queries.fetched(evaluator.instantiate(fact.awaits, value, None), value)
    return None
