"""Terms to values, operator by operator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flake8_backend.project.evaluation import attributes, classes, generics, passing
from flake8_backend.project.orm import queries
from flake8_backend.project.values import (
    ClassRef,
    Constant,
    External,
    FunctionRef,
    Instance,
    Items,
    Value,
    one_of,
    options,
)
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module


def _parameter(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Value | None:
    function = module.function(term[1])
    _, annotation, default = function.parameters[term[2]]
    if default:
        injected = evaluator.injected(module, [default])
        if injected is not None:
            return injected
    declared = evaluator.type_of(module, annotation)
    if declared is not None:
        return declared
    value = evaluator.value(module, default) if default else None
    return value if isinstance(value, (Instance, ClassRef, FunctionRef, External)) else None


def _self(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Value | None:
    cls = classes.class_ref(module, term[1])
    return Instance(cls)


def _class(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Value | None:
    return classes.class_ref(module, term[1])


def _function(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Value | None:
    return FunctionRef(module.name, term[1])


def _attribute(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Value | None:
    owner = module.summary.terms[term[1]]
    if owner[0] == terms.SUPER:
        return attributes.super_attribute(evaluator, module, owner[1], term[2])
    return evaluator.attribute(evaluator.value(module, term[1]), term[2])


def _call(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Value | None:
    callee = module.summary.terms[term[1]]
    if callee[0] == terms.ATTRIBUTE and callee[2] == "get_model" and evaluator.schema is not None:
        model = evaluator.schema.targets.looked_up(module, callee[1], term)
        if model is not None:
            return model
    return evaluator.call(evaluator.value(module, term[1]), module, term)


def _await(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Value | None:
    return evaluator.awaited(evaluator.value(module, term[1]))


def _element(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Value | None:
    return evaluator.element(evaluator.value(module, term[1]))


def _enter(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Value | None:
    return evaluator.enter(evaluator.value(module, term[1]))


def _item(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Value | None:
    key = module.summary.terms[term[2]]
    owner = evaluator.value(module, term[1])
    results = [_item_of(evaluator, module, option, key, term) for option in options(owner)]
    return one_of(results)


def _item_of(
    evaluator: Evaluator, module: Module, owner: Value, key: Sequence[Any], term: Sequence[Any]
) -> Value | None:
    if isinstance(owner, ClassRef):
        return ClassRef(owner.name, owner.home, generics.type_arguments(evaluator, module, term[2]))
    if isinstance(owner, Items):
        position = key[1] if key[0] == terms.CONSTANT else None
        if isinstance(position, int) and -len(owner.items) <= position < len(owner.items):
            return owner.items[position]
        return None
    if not isinstance(owner, Instance):
        return None
    if key[0] == terms.DISPLAY and key[1] == "slice":
        return queries.sliced(owner, bool(key[2]))
    if owner.cls.home is None and owner.cls.name in passing.CONTAINERS:
        return owner.args[-1] if owner.args else None  # of a dictionary: the value
    for base in evaluator.lineage(owner.cls):
        fact = evaluator.knowledge.klass(base.name) if base.home is None else None
        items = getattr(fact, "items", None) if fact is not None else None
        if items is not None:
            return evaluator.instantiate(items, owner, None)
    if owner.query is not None:
        return evaluator.element(owner)
    return None


def _union(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Value | None:
    return one_of([evaluator.value(module, option) for option in term[1]])


def _constant(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Value | None:
    return Constant(term[1])


def _display(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Value | None:
    kind, parts = term[1], term[2]
    if kind == "tuple":
        return Items(tuple(evaluator.value(module, part) for part in parts))
    if kind == "slice":
        return None
    elements = parts[1::2] if kind == "dict" else parts
    element = one_of([evaluator.value(module, part) for part in elements])
    return Instance(ClassRef(kind), (element,) if element is not None else ())


def _comprehension(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Value | None:
    kind = "list" if term[1] == "generator" else term[1]
    source = evaluator.value(module, term[3])
    query = source.query if isinstance(source, Instance) else None
    return Instance(ClassRef(kind), (evaluator.value(module, term[2]),), query, fetched=True)


def _binary(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Value | None:
    left = evaluator.value(module, term[2])
    if isinstance(left, Constant) and isinstance(left.value, str):
        return Instance(ClassRef("str"))
    if term[1] == "/" and isinstance(left, Instance):
        return left
    if term[1] in ("+", "|") and isinstance(left, Instance):
        return _joined(evaluator, left, evaluator.value(module, term[3]))
    if term[1] == "+" and isinstance(left, Items):
        right = evaluator.value(module, term[3])
        return Items((*left.items, *right.items)) if isinstance(right, Items) else None
    return None


def _joined(evaluator: Evaluator, left: Instance, right: Value | None) -> Value | None:
    """Two lists in a row hold the elements of both."""
    if left.cls.home is not None or left.cls.name not in passing.CONTAINERS:
        return left
    found = [evaluator.element(left), evaluator.element(right)]
    element = one_of(found) if None not in found else None
    return Instance(left.cls, () if element is None else (element,), left.query, fetched=left.fetched)


def _string(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Value | None:
    return Instance(ClassRef("str"))


def _unpack(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Value | None:
    results: list[Value | None] = []
    for option in options(evaluator.value(module, term[2])):
        if isinstance(option, Items):
            results.append(option.items[term[1]] if term[1] < len(option.items) else None)
        else:
            results.append(evaluator.element(option))
    return one_of(results)


def _annotated(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Value | None:
    declared = evaluator.type_of(module, term[1])
    if term[2]:
        value = evaluator.value(module, term[2])
        if declared is None or (isinstance(value, Instance) and value.query is not None):
            return value
        if isinstance(value, (FunctionRef, ClassRef, Items)):
            return value
    return declared


def _allowed(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Value | None:
    return evaluator.value(module, term[1])


OF_TERM = {
    terms.PARAMETER: _parameter,
    terms.SELF: _self,
    terms.CLASS: _class,
    terms.FUNCTION: _function,
    terms.ATTRIBUTE: _attribute,
    terms.CALL: _call,
    terms.AWAIT: _await,
    terms.ELEMENT: _element,
    terms.ENTER: _enter,
    terms.ITEM: _item,
    terms.UNION: _union,
    terms.CONSTANT: _constant,
    terms.DISPLAY: _display,
    terms.COMPREHENSION: _comprehension,
    terms.BINARY: _binary,
    terms.STRING: _string,
    terms.UNPACK: _unpack,
    terms.ANNOTATED: _annotated,
    terms.ALLOWED: _allowed,
    terms.GROWN: _allowed,
}
