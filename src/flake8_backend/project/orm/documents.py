"""Reads of document stores: cursors have no model, the calls that build them tell what is read and how much of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flake8_backend.project.orm.queries import holds_rows
from flake8_backend.project.values import Constant, External, Instance, Value, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module

_BUILDS, _BOUNDS, _READS = "orm-lazy", "orm-bound", "orm-evaluate"
_ROLES = frozenset({_BUILDS, _BOUNDS, _READS})
_LIMIT, _LENGTH, _FILTER = "limit", "length", "filter"
_KEY = "_id"
_NONE = Constant(None)


@dataclass(frozen=True, slots=True)
class Documents:
    """What an unbounded cursor gives: documents of a collection, all or the matching ones; of one parent or not."""

    collection: str
    filtered: bool
    of_parent: bool


def unbounded(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Documents | None:
    """The documents that a call gives when nothing bounds them: ``orders.find({})``, ``….sort("at").to_list(None)``."""
    while term[0] == terms.CALL:
        callee = next((v for v in options(evaluator.value(module, term[1])) if isinstance(v, External)), None)
        fact = evaluator.knowledge.call(callee.name) if callee is not None else None
        if callee is None or fact is None or fact.role not in _ROLES or not _is_bare(evaluator, callee.receiver):
            return None
        if fact.role == _BOUNDS or _is_cut(evaluator, module, term, takes_length=fact.role == _READS):
            return None
        owner = module.summary.terms[term[1]]
        if fact.role == _BUILDS and _starts(fact.returns.name if fact.returns is not None else "", callee.receiver):
            return _of_collection(module, term, owner)
        if owner[0] != terms.ATTRIBUTE:
            return None
        term = module.summary.terms[owner[1]]
    return None


def _is_bare(evaluator: Evaluator, receiver: Value | None) -> bool:
    """Whether rows of no known model are read from it: a collection or cursor of documents."""
    return (
        isinstance(receiver, Instance)
        and receiver.cls.home is None
        and not receiver.args
        and holds_rows(evaluator, receiver.cls)
    )


def _starts(returned: str, receiver: Value | None) -> bool:
    """A collection gives a cursor; a cursor gives itself."""
    return returned not in ("", "$self") and isinstance(receiver, Instance) and returned != receiver.cls.name


def _is_cut(evaluator: Evaluator, module: Module, term: Sequence[Any], *, takes_length: bool) -> bool:
    given = [value for name, value in term[3] if name in (_LIMIT, _LENGTH, terms.DOUBLE_STAR)]
    if takes_length:
        given += term[2][:1]
    return any(evaluator.value(module, value) != _NONE for value in given)


def _of_collection(module: Module, term: Sequence[Any], owner: Sequence[Any]) -> Documents | None:
    filters = [*term[2][:1], *(value for name, value in term[3] if name == _FILTER)]
    filtered, of_parent = False, False
    for index in filters:
        condition = module.summary.terms[index]
        keys = list(_keys(module, condition))
        if _KEY in keys:
            return None
        filtered = filtered or condition[0] != terms.DISPLAY or bool(condition[2])
        of_parent = of_parent or any(key.endswith(_KEY) for key in keys)
    return Documents(_named(module, owner), filtered, of_parent)


def _keys(module: Module, condition: Sequence[Any]) -> Iterator[str]:
    if condition[0] == terms.DISPLAY and condition[1] == "dict":
        for part in condition[2][::2]:
            key = module.summary.terms[part]
            if key[0] == terms.CONSTANT and isinstance(key[1], str):
                yield key[1]


def _named(module: Module, owner: Sequence[Any]) -> str:
    """The collection's name as the code writes it: ``db.orders``, ``db["orders"]``, ``db.get_collection("orders")``."""
    if owner[0] == terms.NAME:
        return str(owner[1]).rpartition(".")[0].rpartition(".")[2]
    if owner[0] != terms.ATTRIBUTE:
        return ""
    place = module.summary.terms[owner[1]]
    if place[0] == terms.ATTRIBUTE:
        return str(place[2])
    if place[0] == terms.NAME:
        return str(place[1]).rpartition(".")[2]
    for index in [place[2]] if place[0] == terms.ITEM else place[2][:1] if place[0] == terms.CALL else []:
        key = module.summary.terms[index]
        if key[0] == terms.CONSTANT:
            return str(key[1])
    return ""
