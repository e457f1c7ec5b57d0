"""Whether a call asks the database for rows: by what the library says of it, or by the statement it is given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flake8_backend.project.values import Constant, External, Instance, Value, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.knowledge.facts import CallFact
    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module

ASKS = "asks"  # the effect of sending a query and waiting for its rows, whatever was loaded before
READ, WRITE = "db-read", "db-write"
NOTHING: frozenset[str] = frozenset()
_ASKING = frozenset({ASKS, READ})
_EFFECTS = frozenset({"db", READ})
_EVALUATING = frozenset({"orm-evaluate", "orm-evaluate-one"})
_EXECUTING = frozenset({"db-execute", "raw-sql", "db-fetch", "db-fetch-all"})
_SERVED = frozenset({"count", "exists", "contains", "acount", "aexists", "acontains", "all"})
_SELECTS = frozenset({"Select", "SelectOfScalar", "CompoundSelect", "SelectBase", "Exists"})
_WRITES = frozenset({"Insert", "Update", "Delete"})
_TEXT = frozenset({"TextClause", "SQL", "Composed", "RawSQL"})
_KEYWORDS = frozenset({"statement", "sql", "query", "operation"})
_COMMENT = re.compile(r"\s+|--[^\n]*\n|/\*.*?\*/|\(", re.DOTALL)
_READING = re.compile(r"select\b", re.IGNORECASE)
_NAMED = re.compile(r"with\b", re.IGNORECASE)  # WITH latest AS (SELECT …) UPDATE …
_VERB = re.compile(r"\b(select|insert|update|delete|replace|merge|upsert)\b", re.IGNORECASE)
_INNERMOST = re.compile(r"\([^()]*\)")
_WRITING = re.compile(r"(insert|update|delete|replace|merge|upsert)\b", re.IGNORECASE)
_FROM = re.compile(r"\bfrom\b", re.IGNORECASE)


def effects_of_call(
    evaluator: Evaluator, fact: CallFact, callee: Value, module: Module, term: Sequence[Any]
) -> frozenset[str]:
    """The effects of a library call that its receiver and arguments decide: ``asks``, ``db-read``, ``db-write``."""
    if fact.effects.isdisjoint(_EFFECTS):
        return NOTHING
    if fact.role in _EXECUTING:
        kind = _kind_of_statement(evaluator, module, term)
        if kind == READ:
            return _ASKING
        return frozenset({WRITE}) if kind == WRITE and "db" in fact.effects else NOTHING
    if fact.role not in _EVALUATING or READ not in fact.effects:
        return NOTHING
    if is_served(callee):
        return NOTHING
    return NOTHING if _kind_of_statement(evaluator, module, term) == WRITE else frozenset({ASKS})


def effects_of_iteration(fact: CallFact, value: Value) -> frozenset[str]:
    """The same for going through a queryset: rows that may have come with their owner are no query."""
    if READ not in fact.effects or fact.role not in _EVALUATING:
        return NOTHING
    query = value.query if isinstance(value, Instance) else None
    return NOTHING if query is not None and query.held is not False else frozenset({ASKS})


def is_served(callee: Value) -> bool:
    """Whether a call of a related manager is answered from rows that came, or may have come, with their owner."""
    receiver = callee.receiver if isinstance(callee, External) else None
    query = receiver.query if isinstance(receiver, Instance) else None
    if query is None or query.held is False or not isinstance(callee, External):
        return False
    return callee.name.rpartition(".")[2] in _SERVED


def _kind_of_statement(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> str | None:
    """``db-read`` or ``db-write`` when the statement that a call is given tells; ``None`` when it has none or
    it is unknown.
    """
    for index in (*term[2][:2], *(value for name, value in term[3] if name in _KEYWORDS)):
        kinds = {_kind(evaluator, module, index, option) for option in options(evaluator.value(module, index))}
        if len(kinds) == 1:
            (kind,) = kinds
            if kind is not None:
                return kind
        if not kinds:
            text = "".join(_text(evaluator, module, index, 0))
            if text:
                return _kind_of_text(text)
    return None


def _kind(evaluator: Evaluator, module: Module, index: int, value: Value) -> str | None:
    if isinstance(value, Constant):
        return _kind_of_text(value.value) if isinstance(value.value, str) else None
    if not isinstance(value, Instance) or value.cls.home is not None:
        return None
    names = {base.name.rpartition(".")[2] for base in evaluator.lineage(value.cls)}
    if names & _SELECTS:
        return READ
    if names & _WRITES:
        return WRITE
    if names & _TEXT or value.cls.name == "str":
        return _kind_of_text("".join(_text(evaluator, module, index, 0)))
    return None


def _kind_of_text(text: str) -> str | None:
    position = 0
    while (skipped := _COMMENT.match(text, position)) is not None:
        position = skipped.end()
    if _NAMED.match(text, position):
        text, position = _after_named(text, position)
    if _WRITING.match(text, position):
        return WRITE
    if not _READING.match(text, position) or not _FROM.search(text, position):
        return None
    return READ


def _after_named(text: str, position: int) -> tuple[str, int]:
    """The statement that follows the named ones of a ``WITH``, and where its verb stands: what is in brackets goes."""
    brackets = 1
    while brackets:
        text, brackets = _INNERMOST.subn(" ", text)
    verb = _VERB.search(text, position)
    return text, verb.start() if verb is not None else len(text)


def _text(evaluator: Evaluator, module: Module, index: int, depth: int) -> Iterator[str]:
    """The literal parts of a statement, in their order, as far as the expression shows them."""
    term = module.summary.terms[index]
    operator = term[0]
    if depth > _DEEPEST:
        return
    if operator == terms.CONSTANT:
        if isinstance(term[1], str):
            yield term[1]
    elif operator == terms.STRING:
        for part, _, _ in term[1]:
            yield from _text(evaluator, module, part, depth + 1)
            yield " "
    elif operator == terms.BINARY:
        yield from _text(evaluator, module, term[2], depth + 1)
        if term[1] == "+":
            yield from _text(evaluator, module, term[3], depth + 1)
    elif operator == terms.CALL:
        callee = module.summary.terms[term[1]]
        if callee[0] == terms.ATTRIBUTE and callee[2] in ("format", "join", "bindparams", "columns", "strip"):
            yield from _text(evaluator, module, callee[1], depth + 1)
        elif term[2]:
            yield from _text(evaluator, module, term[2][0], depth + 1)
    elif operator in (terms.NAME, terms.ATTRIBUTE, terms.ALLOWED, terms.ANNOTATED):
        value = evaluator.value(module, index)
        if isinstance(value, Constant) and isinstance(value.value, str):
            yield value.value
        elif operator == terms.NAME:
            yield from _text_of_name(evaluator, term[1], depth + 1)
    elif operator == terms.UNION:
        yield from _text(evaluator, module, term[1][0], depth + 1)


def _text_of_name(evaluator: Evaluator, dotted: str, depth: int) -> Iterator[str]:
    home, name = evaluator.table.split(dotted)
    bound = home.summary.names.get(name) if home is not None else None
    if home is not None and bound is not None and len(bound) == 1:
        yield from _text(evaluator, home, bound[0], depth)


_DEEPEST = 12
