"""What the text of a loop says of its length: retries, keyword arguments, mappings whose keys the code knows."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flake8_backend.semantic.scopes import Frame

_OF_MAPPINGS = frozenset({"items", "keys", "values"})


def is_retry(loop: ast.For | ast.AsyncFor) -> bool:
    """A loop that tries one thing again: it leaves from inside a ``try`` and goes on from the handler."""
    if not (isinstance(loop.iter, ast.Call) and isinstance(loop.iter.func, (ast.Name, ast.Attribute))):
        return False
    name = getattr(loop.iter.func, "id", None) or getattr(loop.iter.func, "attr", "")
    if name not in ("range", "count"):
        return False
    for statement in ast.walk(loop):
        if isinstance(statement, ast.Try) and statement.handlers:
            left = any(isinstance(s, (ast.Return, ast.Break)) for part in statement.body for s in ast.walk(part))
            if left or any(isinstance(s, (ast.Return, ast.Break)) for s in statement.orelse):
                return True
    return False


def goes_through_items(loop: Any) -> bool:
    """A ``while`` that takes one item after the other from a collection, rather than waiting, retrying or paging."""
    tested = {ast.dump(node) for node in ast.walk(loop.test) if isinstance(node, (ast.Name, ast.Attribute))}
    for node in ast.walk(loop):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr in ("pop", "popleft", "popitem") and ast.dump(node.func.value) in tested:
            return True
    return False


def goes_through_keywords(iterable: ast.expr, frame: Frame) -> bool:
    """``for name, value in values.items()`` where ``**values`` are keyword arguments: callers write them out."""
    if isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Attribute) and not iterable.args:
        if iterable.func.attr not in _OF_MAPPINGS:
            return False
        iterable = iterable.func.value
    if not isinstance(iterable, ast.Name):
        return False
    owner: Frame | None = frame
    while owner is not None and iterable.id not in owner.bindings:
        owner = owner.parent
    keywords = getattr(getattr(owner.node, "args", None), "kwarg", None) if owner is not None else None
    return keywords is not None and keywords.arg == iterable.id


def knows_its_keys(loop: ast.For | ast.AsyncFor) -> bool:
    """``for action, users in permissions.items(): if action == "view": …``: the keys are names that the code knows."""
    call, target = loop.iter, loop.target
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "items"):
        return False
    if not isinstance(target, ast.Tuple) or not isinstance(target.elts[0], ast.Name):
        return False
    key = target.elts[0].id
    return any(_names_key(node, key) for statement in loop.body for node in ast.walk(statement))


def _names_key(node: ast.AST, key: str) -> bool:
    if isinstance(node, ast.Match):
        subject = node.subject
        return isinstance(subject, ast.Name) and subject.id == key
    if not isinstance(node, ast.Compare) or not isinstance(node.left, ast.Name) or node.left.id != key:
        return False
    if not isinstance(node.ops[0], (ast.Eq, ast.NotEq, ast.In, ast.NotIn)):
        return False
    right = node.comparators[0]
    names = right.elts if isinstance(right, (ast.Tuple, ast.List, ast.Set)) else [right]
    return bool(names) and all(isinstance(name, ast.Constant) and isinstance(name.value, str) for name in names)


def names_item(loop: Any, test: ast.AST) -> bool:
    """Whether a test holds for the one item that it names."""
    return (
        isinstance(loop.target, ast.Name)
        and isinstance(test, ast.Compare)
        and isinstance(test.ops[0], ast.Eq)
        and _names_key(test, loop.target.id)
    )
