"""Dotted names: through the project's modules, re-exports and star imports, to what libraries define."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_backend.project.values import ClassRef, External, Instance, ModuleRef, Value, one_of

if TYPE_CHECKING:
    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module

_BUILTIN_CLASSES = frozenset(
    {"list", "dict", "set", "frozenset", "tuple", "str", "bytes", "int", "float", "bool", "object", "type", "bytearray"}
)


def look_up(evaluator: Evaluator, dotted: str) -> Value | None:
    """What an absolute dotted name denotes, in the project or in a library."""
    if dotted.partition(".")[0] not in evaluator.table.tops:
        return _external(evaluator, dotted)
    module, rest = evaluator.table.split(dotted)
    if module is None:
        return ModuleRef(dotted) if dotted in evaluator.table.packages else _external(evaluator, dotted)
    if not rest:
        return ModuleRef(module.name)
    first, _, remaining = rest.partition(".")
    value = _global(evaluator, module, first)
    for name in remaining.split(".") if remaining else ():
        value = evaluator.attribute(value, name)
    return value


def _global(evaluator: Evaluator, module: Module, name: str) -> Value | None:
    evaluator.visited.add(module.name)
    bound = module.summary.names.get(name)
    if bound is not None:
        return one_of([evaluator.value(module, term) for term in bound])
    for star in module.summary.stars:
        value = evaluator.resolve(f"{star}.{name}")
        if value is not None and not (isinstance(value, External) and star.partition(".")[0] in evaluator.table.tops):
            return value
    return None


def _external(evaluator: Evaluator, dotted: str) -> Value | None:
    if dotted.startswith("builtins."):
        name = dotted[9:]
        if name in _BUILTIN_CLASSES:
            return ClassRef(name)
    name = evaluator.knowledge.canonical(dotted)
    declared = evaluator.knowledge.object_type(name)
    if declared is not None:
        return evaluator.instantiate(declared, None, None)
    if evaluator.knowledge.is_class(name):
        return ClassRef(name)
    head, _, last = name.rpartition(".")
    if head.count(".") >= 1 and last:
        owner = _owner(evaluator, head)
        if owner is not None:
            return evaluator.attribute(owner, last)
    return External(name)


def _owner(evaluator: Evaluator, head: str) -> Value | None:
    """The known object or class that a longer name reads from, if any."""
    value = evaluator.resolve(head)
    return value if isinstance(value, (Instance, ClassRef)) else None
