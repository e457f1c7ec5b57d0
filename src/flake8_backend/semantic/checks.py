"""What a test tells about names: that a value belongs to a closed set or holds nothing but harmless characters."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# methods of text that are true for letters, digits and underscores alone
_CHARACTER_TESTS = frozenset({"isidentifier", "isalnum", "isalpha", "isdigit", "isdecimal", "isnumeric"})
_QUOTES = frozenset({"'", '"', "`", ";"})
_PATTERN_TESTS = frozenset({"match", "fullmatch"})
_NUMBERS = frozenset({"int", "float", "bool", "Decimal", "UUID", "date", "datetime"})


def key_of(node: ast.AST) -> str | None:
    """A name that an expression is known by in its function: ``column``, ``self.order``, ``data['sort']``."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.NamedExpr):
        return node.target.id
    if isinstance(node, ast.Attribute):
        owner = key_of(node.value)
        return f"{owner}.{node.attr}" if owner is not None else None
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        owner = key_of(node.value)
        return f"{owner}[{node.slice.value!r}]" if owner is not None else None
    return None


def checked(test: ast.expr, imported: Mapping[str, str], *, holds: bool) -> Iterator[str]:
    """The keys of what is known to be harmless text when ``test`` is true, or false when it does not hold.

    ``imported`` tells what names are called where they come from, as far as they were renamed.
    """
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from checked(test.operand, imported, holds=not holds)
    elif isinstance(test, ast.BoolOp):
        if isinstance(test.op, ast.And) is holds:
            for value in test.values:
                yield from checked(value, imported, holds=holds)
    elif isinstance(test, ast.Compare):
        if len(test.ops) == 1:
            yield from _compared(test, imported, holds=holds)
    elif isinstance(test, ast.Call) and holds:
        yield from _called(test, imported)


def _compared(test: ast.Compare, imported: Mapping[str, str], *, holds: bool) -> Iterator[str]:
    operator, other = test.ops[0], test.comparators[0]
    if isinstance(test.left, ast.Constant) and test.left.value in _QUOTES:
        # `if "'" in name: raise`
        key = key_of(other)
        if key is not None and isinstance(operator, ast.NotIn if holds else ast.In):
            yield key
        return
    if isinstance(operator, ast.In if holds else ast.NotIn):
        known = not (isinstance(other, ast.Constant) and other.value == "")
    elif isinstance(operator, ast.Eq if holds else ast.NotEq):
        known = isinstance(other, ast.Constant)
    elif isinstance(operator, ast.IsNot if holds else ast.Is):
        # `if PATTERN.match(name) is None: raise`
        inner = test.left
        if isinstance(inner, ast.Call) and isinstance(other, ast.Constant) and other.value is None:
            yield from _called(inner, imported)
        return
    else:
        return
    key = key_of(test.left)
    if known and key is not None:
        yield key


def _called(test: ast.Call, imported: Mapping[str, str]) -> Iterator[str]:
    name = _name(test.func, imported)
    found: list[ast.expr] = []
    if name in _CHARACTER_TESTS and isinstance(test.func, ast.Attribute):
        found = [test.func.value]
    elif name in _PATTERN_TESTS and test.args:
        found = [test.args[-1]] if len(test.args) < 3 else [test.args[1]]
    elif name == "isinstance" and len(test.args) == 2 and _is_number(test.args[1], imported):
        found = [test.args[0]]
    for node in found:
        key = key_of(node)
        if key is not None:
            yield key


def _is_number(node: ast.expr, imported: Mapping[str, str]) -> bool:
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return all(_name(part, imported) in _NUMBERS for part in parts)


def _name(node: ast.expr, imported: Mapping[str, str]) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return imported.get(node.id, node.id) if isinstance(node, ast.Name) else None


def last_call(body: list[ast.stmt]) -> ast.Call | None:
    """The call that ends a statement list and may never return: ``abort(400)``."""
    last = body[-1] if body else None
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        return last.value
    return None
