"""What ``value.name`` denotes: attributes of classes, objects, modules and decorated functions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flake8_backend.project.evaluation import classes, generics, stubs
from flake8_backend.project.orm import queries
from flake8_backend.project.values import (
    ClassRef,
    External,
    FunctionRef,
    Instance,
    ModuleRef,
    Relation,
    Union,
    Value,
    one_of,
)
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module


def attribute(evaluator: Evaluator, value: Value | None, name: str) -> Value | None:
    """What ``value.name`` denotes."""
    if isinstance(value, Union):
        return one_of([evaluator.attribute(option, name) for option in value.options])
    if isinstance(value, Instance):
        return _instance_attribute(evaluator, value, name)
    if isinstance(value, ClassRef):
        return _class_attribute(evaluator, value, name)
    if isinstance(value, ModuleRef):
        return evaluator.resolve(f"{value.name}.{name}")
    if isinstance(value, External):
        return evaluator.resolve(f"{value.name}.{name}") if value.receiver is None else None
    if isinstance(value, FunctionRef):
        return _function_attribute(evaluator, value, name)
    return None


def _function_attribute(evaluator: Evaluator, value: FunctionRef, name: str) -> Value | None:
    """A decorated function may be an object of the decorator's library: ``task.delay``."""
    declared = evaluator.decorated_type(value)
    return evaluator.attribute(declared, name) if declared is not None else None


def decorated_type(evaluator: Evaluator, value: FunctionRef) -> Instance | None:
    """The library object that a function's decorator makes of it, if the packs tell."""
    module = evaluator.table.by_name[value.module]
    for term in module.function(value.index).decorators:
        decorator = evaluator.decorator_name(module, term)
        fact = evaluator.knowledge.call(decorator) if decorator else None
        if fact is not None and fact.returns is not None and not fact.returns.is_variable:
            made = evaluator.instantiate(fact.returns, None, None)
            if isinstance(made, Instance) and evaluator.knowledge.is_class(made.cls.name):
                return made
    return None


def decorator_name(evaluator: Evaluator, module: Module, term: int) -> str | None:
    """The library name of a decorator or marker, called or not."""
    parts = module.summary.terms[term]
    if parts[0] == terms.CALL:
        term = parts[1]
    value = evaluator.value(module, term)
    if isinstance(value, External):
        return value.name
    return value.name if isinstance(value, ClassRef) and value.home is None else None


def _class_attribute(evaluator: Evaluator, cls: ClassRef, name: str) -> Value | None:
    if evaluator.schema is not None and cls.home is not None and evaluator.schema.is_relation(cls, name):
        return Relation(cls, name)
    for base in evaluator.lineage(cls):
        if base.home is None:
            found = _library_class_attribute(evaluator, base, cls, name)
            if found is not None:
                return found
            continue
        module = evaluator.table.by_name[base.home[0]]
        summary = module.class_(base.home[1])
        index = summary.methods.get(name)
        if index is not None:
            return FunctionRef(module.name, index, cls)
        bound = summary.attributes.get(name)
        if bound is not None:
            return queries.managers(evaluator, cls, one_of([evaluator.value(module, term) for term in bound]))
        nested = _nested_class(module, summary.qualname, name)
        if nested is not None:
            return nested
    return None


def _nested_class(module: Module, owner: str, name: str) -> ClassRef | None:
    wanted = f"{owner}.{name}"
    for index, klass in enumerate(module.summary.classes):
        if klass.qualname == wanted:
            return ClassRef(f"{module.name}.{wanted}", (module.name, index))
    return None


def _library_class_attribute(evaluator: Evaluator, base: ClassRef, cls: ClassRef, name: str) -> Value | None:
    fact = evaluator.knowledge.klass(base.name)
    if fact is not None:
        expr = evaluator.knowledge.attribute(base.name, name) or fact.attributes.get("*")
        if expr is not None:
            return evaluator.instantiate(expr, cls, None)
    call = evaluator.knowledge.call(f"{base.name}.{name}")
    if call is not None or cls.home is None:
        return External(f"{base.name}.{name}", cls)
    return None


def _instance_attribute(evaluator: Evaluator, value: Instance, name: str) -> Value | None:
    cls = value.cls
    if value.args:
        remote = stubs.method(evaluator, value, name)
        if remote is not None:
            return remote
    if evaluator.schema is not None and (cls.home is not None or value.is_row):
        related = evaluator.schema.relation_of(value, name)
        if related is not None:
            return related
    if cls.home is None and value.args:
        custom = queries.custom_method(evaluator, value, name)
        if custom is not None:
            return custom
    if cls.home is None and not value.args and value.query is None:
        key = (cls, name)
        if key in evaluator.members:
            return evaluator.members[key]
        found = evaluator.members[key] = library_attribute(evaluator, value, cls, name)
        return found
    for base in evaluator.lineage(cls):
        if base.home is None:
            found = library_attribute(evaluator, value, base, name)
            if found is not None:
                return found
            continue
        found = project_attribute(evaluator, value, base, name)
        if found is not None:
            return found if not base.args else generics.with_arguments_of(evaluator, found, base)
    return None


def library_attribute(evaluator: Evaluator, value: Instance, base: ClassRef, name: str) -> Value | None:
    """What an object has from one of its library classes."""
    fact = evaluator.knowledge.klass(base.name)
    call = evaluator.knowledge.call(f"{base.name}.{name}")
    if call is not None:
        return External(f"{base.name}.{name}", value)
    expr = evaluator.knowledge.attribute(base.name, name) or (fact.attributes.get("*") if fact else None)
    if expr is not None:
        return evaluator.instantiate(expr, value, None)
    if evaluator.settings is not None and evaluator.settings.is_read_from(base.name):
        return evaluator.settings.value(name)
    if evaluator.knowledge.call(f"{base.name}.*") is not None:
        return External(f"{base.name}.*", value)
    if value.cls.home is not None and evaluator.knowledge.canonical(f"{base.name}.{name}") != f"{base.name}.{name}":
        return External(f"{base.name}.{name}", value)
    if value.cls.home is not None and evaluator.knowledge.markers(f"{base.name}.{name}"):
        return External(f"{base.name}.{name}", value)
    return External(f"{base.name}.{name}", value) if value.cls.home is None and base == value.cls else None


def project_attribute(evaluator: Evaluator, value: Instance, base: ClassRef, name: str) -> Value | None:
    """What an object has from one of its classes in the project."""
    assert base.home is not None
    module = evaluator.table.by_name[base.home[0]]
    summary = module.class_(base.home[1])
    index = summary.methods.get(name)
    if index is not None:
        function = FunctionRef(module.name, index, value)
        return evaluator.call_function(function) if evaluator.is_property(module, index) else function
    bound = [*summary.instance.get(name, ()), *summary.attributes.get(name, ())]
    if bound:
        evaluator.visited.add(module.name)
        found = one_of([evaluator.value(module, term) for term in bound])
        if found is not None or base.home == value.cls.home or evaluator.root.rebind is None:
            return found
        # a base class assigns what its subclass makes: `self.client = self.make_client()`
        bound_to = evaluator.root.rebind(evaluator, module, base.home[1], replace(value, query=None))
        return one_of([bound_to.value(module, term) for term in bound])
    return None


def is_property(evaluator: Evaluator, module: Module, index: int) -> bool:
    """Whether a method is read rather than called."""
    for term in module.function(index).decorators:
        parts = module.summary.terms[term]
        if parts[0] == terms.NAME:
            name = parts[1]
            if name in ("builtins.property", "functools.cached_property") or name.endswith("cached_property"):
                return True
            if name.endswith(("hybrid_property", ".abstractproperty")):
                return True
    return False


def super_attribute(evaluator: Evaluator, module: Module, class_index: int, name: str) -> Value | None:
    """What ``super().name`` denotes in the methods of a class."""
    cls = classes.class_ref(module, class_index)
    receiver = evaluator.own_instance(module, class_index)
    line = evaluator.lineage(receiver.cls)
    start = next((position for position, base in enumerate(line) if base.home == cls.home), 0)
    for base in line[start + 1 :]:
        found = (
            library_attribute(evaluator, receiver, base, name)
            if base.home is None
            else project_attribute(evaluator, receiver, base, name)
        )
        if found is not None:
            return found
    return None
