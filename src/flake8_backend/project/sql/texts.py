"""Lists of names as classes declare them: ``fields = [*Base.Meta.fields, "items"]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_backend.project.values import ClassRef, Constant, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module

_DEEPEST = 12


def texts_of(evaluator: Evaluator, module: Module, index: int, depth: int = 0) -> list[str] | None:
    """The strings that a term lists, one string alone included; None when some of it cannot be read."""
    term = module.summary.terms[index]
    operator = term[0]
    if depth > _DEEPEST or not index:
        return None
    if operator == terms.CONSTANT:
        return [term[1]] if isinstance(term[1], str) else None
    if operator == terms.DISPLAY:
        found: list[str] = []
        for part in term[2]:
            inner = module.summary.terms[part]
            named = texts_of(evaluator, module, inner[1] if inner[0] == terms.ELEMENT else part, depth + 1)
            if named is None:
                return None
            found += named
        return found if len(term) < 4 or term[3] == len(term[2]) else None
    if operator == terms.BINARY and term[1] == "+":
        left = texts_of(evaluator, module, term[2], depth + 1)
        right = texts_of(evaluator, module, term[3], depth + 1)
        return None if left is None or right is None else left + right
    if operator == terms.CALL and len(term[2]) == 1 and not term[3]:
        return texts_of(evaluator, module, term[2][0], depth + 1)  # `tuple(names)`, `list(names)`
    return _named(evaluator, module, index, depth)


def _named(evaluator: Evaluator, module: Module, index: int, depth: int) -> list[str] | None:
    """What a name or a class attribute was given."""
    term = module.summary.terms[index]
    if term[0] == terms.NAME:
        home, rest = evaluator.table.split(term[1])
        bound = home.summary.names.get(rest) if home is not None else None
        if home is not None and bound is not None and len(bound) == 1:
            return texts_of(evaluator, home, bound[0], depth + 1)
        owner, _, name = term[1].rpartition(".")
        holder = evaluator.resolve(owner) if owner else None
    elif term[0] == terms.ATTRIBUTE:
        holder, name = evaluator.value(module, term[1]), term[2]
    elif term[0] == terms.ANNOTATED:
        return texts_of(evaluator, module, term[2], depth + 1)
    else:
        return None
    for option in options(holder):
        if isinstance(option, ClassRef):
            return _of_class(evaluator, option, name, depth)
    value = evaluator.value(module, index)
    return [value.value] if isinstance(value, Constant) and isinstance(value.value, str) else None


def _of_class(evaluator: Evaluator, cls: ClassRef, name: str, depth: int) -> list[str] | None:
    for base in evaluator.lineage(cls):
        if base.home is None:
            continue
        home = evaluator.table.by_name[base.home[0]]
        bound = home.class_(base.home[1]).attributes.get(name)
        if bound:
            return texts_of(evaluator, home, bound[-1], depth + 1)
    return None
