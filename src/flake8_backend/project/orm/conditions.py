"""What the conditions of a query leave: one row, the children of one row, rows that lack a relation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flake8_backend.project.values import ClassRef, Constant, Query, Value
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module


_OF_ROW = frozenset(
    {"", "exact", "in", "id", "pk", "id__in", "pk__in"}
)  # what a lookup compares, or that of a relation


def narrowed(evaluator: Evaluator, query: Query, module: Module, term: Sequence[Any]) -> Query:
    """The query with the conditions of a call: equality with a unique column leaves one row, with a parent its
    children, and so does equality with a column of a table that is joined.
    """
    query = replace(query, filtered=True)
    for owner, column in _equalities(evaluator, module, term):
        if evaluator.schema is None or query.model is None:
            break
        is_own = owner is None or _is_same(evaluator, owner, query.model)
        what = evaluator.schema.narrows(query.model if is_own or owner is None else owner.name, column)
        query = replace(
            query,
            selective=query.selective or (is_own and what == "row"),
            of_parent=query.of_parent or what == "parent" or (not is_own and what == "row"),
        )
    return query


def _is_same(evaluator: Evaluator, owner: ClassRef, model: str) -> bool:
    """Whether a column is one of the rows that are asked for, and not of a table that is joined to theirs."""
    found = evaluator.resolve(model)
    return owner.name == model or (
        isinstance(found, ClassRef) and (found in evaluator.lineage(owner) or owner in evaluator.lineage(found))
    )


def absent(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> frozenset[str]:
    """Relations that the rows do not have, so that nothing is there to load: ``root__isnull=True``."""
    return frozenset(
        name.removesuffix("__isnull").replace("__", ".")
        for name, index in term[3]
        if name.endswith("__isnull") and evaluator.value(module, index) == Constant(True)
    )


def _equalities(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Iterator[tuple[ClassRef | None, str]]:
    """Columns that a condition compares for equality or membership: ``pk=1``, ``Order.id == 1``,
    ``Order.id.in_(ids)``; each with the model that it is read from, where that is known.
    """
    table = module.summary.terms
    for name, _ in term[3]:
        column, _, lookup = name.partition("__")
        if lookup in _OF_ROW:
            yield None, column
    for argument in term[2]:
        condition = table[argument]
        if condition[0] == terms.EQUAL:
            yield _column(evaluator, module, table[condition[1]])
        elif condition[0] == terms.BINARY and condition[1] == "<<":
            yield _column(evaluator, module, table[condition[2]])
        elif condition[0] == terms.CALL and _last_name(table[condition[1]]) == "in_":
            callee = table[condition[1]]
            if callee[0] == terms.NAME:
                yield _column(evaluator, module, (terms.NAME, callee[1].rpartition(".")[0]))
            else:
                yield _column(evaluator, module, table[callee[1]])


def _column(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> tuple[ClassRef | None, str]:
    owner: Value | None = None
    if term[0] == terms.NAME:
        owner = evaluator.resolve(term[1].rpartition(".")[0])
    elif term[0] == terms.ATTRIBUTE:
        owner = evaluator.value(module, term[1])
    is_model = isinstance(owner, ClassRef) and owner.home is not None
    return (owner if isinstance(owner, ClassRef) and is_model else None), _last_name(term)


def _last_name(term: Sequence[Any]) -> str:
    if term[0] == terms.NAME:
        return str(term[1]).rpartition(".")[2]
    return str(term[2]) if term[0] == terms.ATTRIBUTE else ""
