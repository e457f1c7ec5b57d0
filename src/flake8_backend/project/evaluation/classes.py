"""Classes: the order in which their bases are looked through, and the methods found there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_backend.project.evaluation import generics
from flake8_backend.project.values import ClassRef, External, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module
    from flake8_backend.project.values import Value


def _merge(lines: list[list[ClassRef]]) -> list[ClassRef]:
    """C3 order of the bases' lineages; where Python would refuse, the first line goes on."""
    merged: list[ClassRef] = []
    lines = [list(line) for line in lines]
    while lines:
        if len(lines) == 1:
            return merged + lines[0]
        for line in lines:
            head = line[0]
            if not any(head in other[1:] for other in lines):
                break
        else:
            head = lines[0][0]
        merged.append(head)
        lines = [[c for c in line if c != head] for line in lines]
        lines = [line for line in lines if line]
    return merged


def lineage(evaluator: Evaluator, cls: ClassRef) -> tuple[ClassRef, ...]:
    """The class and its bases in lookup order, libraries' classes included; generic bases keep their arguments."""
    found = evaluator.lineages.get(cls)
    if found is not None:
        return found
    result = evaluator.guarded(("lineage", cls), evaluator.lineages, cls, _lineage, evaluator, cls)
    return result if result is not None else (cls,)


def _lineage(evaluator: Evaluator, cls: ClassRef) -> tuple[ClassRef, ...]:
    if cls.home is None:
        fact = evaluator.knowledge.klass(cls.name)
        bases = [ClassRef(base, None, cls.args) for base in fact.bases] if fact else []
    else:
        module = evaluator.table.by_name[cls.home[0]]
        bases = []
        for term in module.class_(cls.home[1]).bases:
            base = _base(evaluator, module, term)
            if base is not None:
                bases.append(base)
                bases += _made_from(evaluator, module, term)
        if evaluator.schema is not None and any(_is_unknown(evaluator, base) for base in bases):
            bases += evaluator.schema.assumed_bases(module, cls.home[1])
    lines = [list(evaluator.lineage(base)) for base in bases] + [bases]
    return (cls, *_merge([line for line in lines if line]))


def _base(evaluator: Evaluator, module: Module, term: int) -> ClassRef | None:
    parts = module.summary.terms[term]
    if parts[0] == terms.ITEM:
        base = evaluator.value(module, parts[1])
        if isinstance(base, ClassRef):
            return ClassRef(base.name, base.home, generics.type_arguments(evaluator, module, parts[2]))
        return ClassRef(base.name) if isinstance(base, External) else None
    return class_in(evaluator.value(module, term))


def class_in(value: Value | None) -> ClassRef | None:
    """The class that a value is; of a library without a pack, what stands where a class is expected."""
    for option in options(value):
        if isinstance(option, ClassRef):
            return option
        if isinstance(option, External):
            return ClassRef(option.name)
    return None


def _is_unknown(evaluator: Evaluator, cls: ClassRef) -> bool:
    return cls.home is None and "." in cls.name and not evaluator.knowledge.is_class(cls.name)


def _made_from(evaluator: Evaluator, module: Module, term: int) -> list[ClassRef]:
    """``Manager.from_queryset(Orders)`` as a base: the class that the method belongs to is one as well."""
    parts = module.summary.terms[term]
    callee = evaluator.value(module, parts[1]) if parts[0] == terms.CALL else None
    receiver = callee.receiver if isinstance(callee, External) else None
    return [receiver] if isinstance(receiver, ClassRef) else []


def is_a(evaluator: Evaluator, cls: ClassRef, name: str) -> bool:
    """Whether ``cls`` is or derives from the library class ``name``."""
    return any(base.home is None and base.name == name for base in evaluator.lineage(cls))


def library_bases(evaluator: Evaluator, cls: ClassRef) -> list[str]:
    """Names of the library classes that ``cls`` is or derives from."""
    return [base.name for base in evaluator.lineage(cls) if base.home is None]


def method(evaluator: Evaluator, cls: ClassRef, name: str) -> tuple[Module, int, ClassRef] | None:
    """Where a project method is defined: module, function index, class."""
    for base in evaluator.lineage(cls):
        if base.home is not None:
            module = evaluator.table.by_name[base.home[0]]
            index = module.class_(base.home[1]).methods.get(name)
            if index is not None:
                return module, index, base
        elif _library_member(evaluator, base, name):
            return None
    return None


def _library_member(evaluator: Evaluator, cls: ClassRef, name: str) -> bool:
    fact = evaluator.knowledge.klass(cls.name)
    if fact is not None and name in fact.attributes:
        return True
    call = evaluator.knowledge.call(f"{cls.name}.{name}")
    return call is not None


def class_ref(module: Module, index: int) -> ClassRef:
    """A class of a module by its index in the summary."""
    return ClassRef(f"{module.name}.{module.class_(index).qualname}", (module.name, index))
