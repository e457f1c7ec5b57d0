"""What collections hold besides what they were made with: items put in, lists appended to."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from flake8_backend.semantic import terms
from flake8_backend.semantic.lowered.names import BUILTINS
from flake8_backend.semantic.terms import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flake8_backend.semantic.lowering import Lowering
    from flake8_backend.semantic.scopes import Frame

_LOOKING = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log", "dumps", "append"})
_EMPTY = {ast.List: "list", ast.Tuple: "tuple", ast.Dict: "dict"}


def spread(lowering: Lowering, node: ast.expr, frame: Frame, block: int, order: int) -> int:
    """A mapping given as ``**options``, with what was put into it before."""
    term = lowering.lower(node, frame, block, order)
    base = lowering.terms[term]
    if base[0] == terms.ANNOTATED:
        base = lowering.terms[base[2]]
    if base[0] == terms.DISPLAY and base[1] == "dict" and len(base[2]) == 2 * base[3]:
        parts = list(base[2])
    elif base[0] == terms.CALL and lowering.terms[base[1]] == (terms.NAME, "builtins.dict") and not base[2]:
        parts = []
        for name, value in base[3]:
            key = lowering.intern(terms.CONSTANT, name, "str") if name != terms.DOUBLE_STAR else UNKNOWN
            parts += [key, value]
    else:
        parts = [UNKNOWN, term]
    added = _stored(lowering, node.id, frame, block, order) if isinstance(node, ast.Name) else []
    if parts == [UNKNOWN, term] and not added:
        return term
    parts += added
    return lowering.intern(terms.DISPLAY, "dict", tuple(parts), len(parts) // 2)


def _stored(lowering: Lowering, name: str, frame: Frame, block: int, order: int) -> list[int]:
    """Keys and values put into a mapping before a place: ``options["timeout"] = 5``, ``options.update(…)``."""
    loop = frame.loop_around(block)
    anything = lowering.intern(terms.DISPLAY, "dict", (UNKNOWN, UNKNOWN), 1)
    found: list[int] = [UNKNOWN, anything] if _is_handed_over(name, frame, order) else []
    for store in frame.stores.get(name, ()):
        key, value, where, at = store
        if id(store) in lowering.active or not (at <= order or (loop >= 0 and frame.is_inside(where, loop))):
            continue
        lowering.active.add(id(store))
        if key is not None:
            key_term = lowering.lower(key, frame, where, at)
            found += [key_term, lowering.lower(value, frame, where, at) if key_term else anything]
        elif isinstance(value, ast.Call):
            found += _updated(lowering, value, frame, where, at)
        lowering.active.discard(id(store))
    return found


def _updated(lowering: Lowering, call: ast.Call, frame: Frame, block: int, order: int) -> list[int]:
    found: list[int] = []
    for argument in call.args:
        added = lowering.terms[spread(lowering, argument, frame, block, order)]
        found += added[2] if added[0] == terms.DISPLAY and added[1] == "dict" else (UNKNOWN, UNKNOWN)
    for keyword in call.keywords:
        key = lowering.intern(terms.CONSTANT, keyword.arg, "str") if keyword.arg else UNKNOWN
        found += [key, lowering.lower(keyword.value, frame, block, order)]
    return found


def grown(lowering: Lowering, node: ast.expr, frame: Frame, block: int, order: int) -> int:
    """What is joined or gone through, with what was put in before: ``clauses.append(…)``, ``row["id"] = …``."""
    term = lowering.lower(node, frame, block, order)
    place, view = _collection_of(node)
    if not isinstance(place, ast.Name):
        return term
    loop = frame.loop_around(block)
    appended: list[int] = []
    extended: list[int] = []

    def counts(node: ast.AST, where: int, at: int) -> bool:
        is_before = at <= order or (loop >= 0 and frame.is_inside(where, loop))
        return is_before and id(node) not in lowering.active

    for call, where, at in frame.grown.get(place.id, ()):
        if counts(call, where, at):
            added = _lowered_once(lowering, call, call.args, frame, where, at)
            is_many = getattr(call.func, "attr", "") in ("extend", "update")
            (extended if is_many else appended).extend(added if is_many else added[-1:])
    for key, value, where, at in frame.stores.get(place.id, ()):
        if key is not None and counts(key, where, at):
            cuts = lowering.cuts
            wanted = (key, value) if view == "items" else (value,) if view == "values" else (key,)
            stored = _lowered_once(lowering, key, wanted, frame, where, at)
            if view == "items":
                appended.append(lowering.intern(terms.DISPLAY, "tuple", tuple(stored), 2))
            elif stored[0] or cuts == lowering.cuts:  # what is put back under its own key adds nothing
                appended.append(stored[0])
    return lowering.intern(terms.GROWN, term, tuple(appended), tuple(extended)) if appended or extended else term


def _lowered_once(
    lowering: Lowering, owner: ast.AST, nodes: Iterable[ast.AST | None], frame: Frame, block: int, order: int
) -> list[int]:
    """The terms of ``nodes``, in which ``owner`` counts for nothing."""
    lowering.active.add(id(owner))
    found = [lowering.lower(node, frame, block, order) for node in nodes]
    lowering.active.discard(id(owner))
    return found


def given(lowering: Lowering, node: ast.AST | None, frame: Frame, block: int, order: int) -> int:
    """The term of an argument or a default; a literal that is empty there is not filled before it is used."""
    kind = _EMPTY.get(node.__class__)
    if kind is not None and not (getattr(node, "elts", None) or getattr(node, "keys", None)):
        return lowering.intern(terms.DISPLAY, kind, (), 0, terms.STAYS_EMPTY)
    return lowering.lower(node, frame, block, order)


def _collection_of(node: ast.expr) -> tuple[ast.expr, str]:
    """``names`` of ``sorted(names)`` and of ``names.items()``, and by which method it is gone through."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
        node = node.args[0]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
        return node.func.value, node.func.attr
    return node, ""


def _is_handed_over(name: str, frame: Frame, order: int) -> bool:
    """Whether a function was given the object that a name holds, and may have changed it."""
    return any(
        record.order <= order
        and any(argument.__class__ is ast.Name and argument.id == name for argument in record.node.args)
        and not _only_looks(record.node.func)
        for record in frame.calls
    )


def _only_looks(callee: ast.expr) -> bool:
    if isinstance(callee, ast.Name):
        return callee.id in BUILTINS
    return isinstance(callee, ast.Attribute) and callee.attr in _LOOKING
