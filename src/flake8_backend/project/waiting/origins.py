"""Where objects come from: the calls that made what a term denotes, as far as the project shows all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from flake8_backend.project.values import ClassRef, Constant, FunctionRef, Instance, ModuleRef, Value, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from flake8_backend.core.diagnostic import Json
    from flake8_backend.knowledge.facts import CallFact, OptionFact
    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module

Making = tuple["Module", Sequence[Any]]  # a call's term, and the module it stands in
_DEEPEST = 12
_LITERALS = frozenset({terms.CONSTANT, terms.DISPLAY})
_INSIDE = frozenset({terms.AWAIT, terms.ENTER, terms.ALLOWED, terms.ANNOTATED})


class Unseen(Exception):
    """A term may denote something whose making is not seen."""


def makings(evaluator: Evaluator, module: Module, index: int) -> list[Making] | None:
    """The calls that may have made what a term denotes; None when one of them may be elsewhere."""
    try:
        return _calls(_of_term(evaluator, module, index, 0))
    except Unseen:
        return None


def receiver_makings(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> list[Making] | None:
    """The same for the object that a method is called on, by the call's term."""
    callee = module.summary.terms[term[1]]
    try:
        if callee[0] == terms.NAME:
            return _calls(_of_name(evaluator, callee[1].rpartition(".")[0], 0))
        if callee[0] == terms.ATTRIBUTE:
            return _calls(_of_term(evaluator, module, callee[1], 0))
    except Unseen:
        pass
    return None


def literals(evaluator: Evaluator, module: Module, index: int) -> list[Making] | None:
    """Every constant, display and call that a term may stand for; None when something else may be given elsewhere."""
    try:
        return list(_of_term(evaluator, module, index, 0))
    except Unseen:
        return None


def _calls(found: Iterator[Making]) -> list[Making]:
    """The calls among them; ``None`` is nothing that was made, other literals are."""
    made = [(module, term) for module, term in found if term[0] != terms.CONSTANT or term[1] is not None]
    if any(term[0] != terms.CALL for _, term in made):
        raise Unseen
    return made


def _of_term(evaluator: Evaluator, module: Module, index: int, depth: int) -> Iterator[Making]:
    term = module.summary.terms[index]
    operator = term[0]
    if depth > _DEEPEST or not index:
        raise Unseen
    if operator == terms.CALL:
        yield from _of_call(evaluator, module, term, depth + 1)
    elif operator in _INSIDE:
        yield from _of_term(evaluator, module, term[2 if operator == terms.ANNOTATED else 1], depth + 1)
    elif operator == terms.UNION:
        yield from _of_terms(evaluator, module, term[1], depth + 1)
    elif operator == terms.NAME:
        yield from _of_name(evaluator, term[1], depth + 1)
    elif operator == terms.ATTRIBUTE:
        for owner in _known(evaluator.value(module, term[1])):
            yield from _of_attribute(evaluator, owner, term[2], depth + 1)
    elif operator == terms.UNPACK:
        yield from _of_item(evaluator, module, term, depth + 1)
    elif operator in _LITERALS:
        yield module, term
    else:
        raise Unseen


def _of_terms(evaluator: Evaluator, module: Module, indices: Sequence[int], depth: int) -> Iterator[Making]:
    for index in indices:
        yield from _of_term(evaluator, module, index, depth)


def _of_item(evaluator: Evaluator, module: Module, term: Sequence[Any], depth: int) -> Iterator[Making]:
    """One of several names that a value was unpacked to: the call made all of them."""
    for home, found in _of_term(evaluator, module, term[2], depth):
        if found[0] == terms.CALL:
            yield home, found
        elif found[0] == terms.DISPLAY and term[1] < len(found[2]):
            yield from _of_term(evaluator, home, found[2][term[1]], depth)
        else:
            raise Unseen


def _known(value: Value | None) -> list[Value]:
    """What a value may be; raises Unseen where nothing is known of it."""
    found = list(options(value))
    if not found:
        raise Unseen
    return found


def _of_call(evaluator: Evaluator, module: Module, term: Sequence[Any], depth: int) -> Iterator[Making]:
    for callee in _known(evaluator.value(module, term[1])):
        if not isinstance(callee, FunctionRef):
            yield module, term
            continue
        home = evaluator.table.by_name[callee.module]
        outputs = home.function(callee.index).outputs
        if not outputs:
            raise Unseen
        for output in outputs:
            yield from _of_term(evaluator, home, output[0], depth)


def _of_name(evaluator: Evaluator, dotted: str, depth: int) -> Iterator[Making]:
    module, rest = evaluator.table.split(dotted)
    first, _, attributes = rest.partition(".")
    bound = module.summary.names.get(first) if module is not None else None
    if module is not None and not bound and depth <= _DEEPEST:
        for star in module.summary.stars:
            if evaluator.table.split(f"{star}.{rest}")[0] not in (None, module):
                yield from _of_name(evaluator, f"{star}.{rest}", depth + 1)
                return
    if module is None or not bound:
        raise Unseen
    if not attributes:
        yield from _of_terms(evaluator, module, bound, depth)
        return
    owner, _, name = dotted.rpartition(".")
    for value in _known(evaluator.resolve(owner)):
        if isinstance(value, ModuleRef) and depth <= _DEEPEST:
            yield from _of_name(evaluator, f"{value.name}.{name}", depth + 1)
        else:
            yield from _of_attribute(evaluator, value, name, depth)


def _of_attribute(evaluator: Evaluator, owner: object, name: str, depth: int) -> Iterator[Making]:
    cls = owner.cls if isinstance(owner, Instance) else owner
    if not isinstance(cls, ClassRef):
        raise Unseen
    for base in evaluator.lineage(cls):
        if base.home is None:
            continue
        module = evaluator.table.by_name[base.home[0]]
        summary = module.class_(base.home[1])
        bound = [*summary.instance.get(name, ()), *summary.attributes.get(name, ())]
        if name in summary.attributes and name not in summary.instance and _is_open(evaluator, base, name):
            raise Unseen
        yield from _of_terms(evaluator, module, bound, depth)
        if bound:
            return
    raise Unseen


def _is_open(evaluator: Evaluator, cls: ClassRef, name: str) -> bool:
    """Whether a value written in a class body is a mere default: of a field, for a subclass, for whoever sets it."""
    table = evaluator.table
    module, index = cls.home or ("", 0)
    summary = table.by_name[module].class_(index)
    is_annotated = table.by_name[module].summary.terms[summary.attributes[name][-1]][0] == terms.ANNOTATED
    if is_annotated and (summary.decorators or evaluator.library_bases(cls)):
        return True
    if name in table.assigned_attributes:
        return True
    others = (ClassRef(f"{home}.{other}", (home, index)) for home, index, other in table.class_attributes.get(name, ()))
    return any(other.home != cls.home and cls in evaluator.lineage(other) for other in others)


def never_waits(evaluator: Evaluator, fact: CallFact, module: Module, term: Sequence[Any]) -> bool:
    """Whether the arguments of this call, or those that its receiver was made with, keep it from waiting.

    Where the pack says that it depends on how the receiver was made, a receiver of unknown origin counts as one that
    does not wait.
    """
    return any(
        _is_told_not_to_wait(evaluator, option, module, term)
        if option.where is None
        else _is_made_not_to_wait(evaluator, option, receiver_makings(evaluator, module, term))
        for option in fact.options
        if option.nonblocking
    )


def iterating_never_waits(evaluator: Evaluator, fact: CallFact, module: Module, index: int) -> bool:
    """The same for going through what a term denotes."""
    return any(
        _is_made_not_to_wait(evaluator, option, makings(evaluator, module, index))
        for option in fact.options
        if option.nonblocking and option.where is not None
    )


def _is_made_not_to_wait(evaluator: Evaluator, option: OptionFact, found: list[Making] | None) -> bool:
    return not found or all(_is_told_not_to_wait(evaluator, option, module, term) for module, term in found)


def _is_told_not_to_wait(evaluator: Evaluator, option: OptionFact, module: Module, term: Sequence[Any]) -> bool:
    index = evaluator.argument(module, term, option.pos, option.param)
    if not index:
        spread = any(name in (terms.STAR, terms.DOUBLE_STAR) for name, _ in term[3])
        return option.default in option.nonblocking and not spread
    found = list(options(evaluator.value(module, index)))
    return bool(found) and all(_is_one_of(evaluator, value, option.nonblocking) for value in found)


def _is_one_of(evaluator: Evaluator, value: Value, wanted: tuple[Json, ...]) -> bool:
    """Whether a value is one of those that a pack lists: literals (``"none"`` is None), classes by their names."""
    if isinstance(value, Constant):
        return ("none" if value.value is None else value.value) in wanted
    return isinstance(value, Instance) and any(base in wanted for base in evaluator.library_bases(value.cls))
