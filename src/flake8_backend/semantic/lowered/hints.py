"""Type expressions, strings among them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from flake8_backend.semantic import terms
from flake8_backend.semantic.terms import UNKNOWN

if TYPE_CHECKING:
    from flake8_backend.semantic.lowering import Lowering
    from flake8_backend.semantic.scopes import Frame


def annotation(lowering: Lowering, node: ast.AST | None, frame: Frame, block: int, order: int) -> int:
    """The term of a type expression; strings in it are parsed, and left unknown when they cannot be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value.strip()
        if text.isidentifier():
            return lowering.name(text, frame, block, order)
        try:
            node = ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return UNKNOWN
    if isinstance(node, ast.Subscript):
        owner = lowering.lower(node.value, frame, block, order)
        if not owner:
            return UNKNOWN
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        arguments = tuple(lowering.annotation(part, frame, block, order) for part in parts)
        return lowering.intern(terms.ITEM, owner, lowering.intern(terms.DISPLAY, "tuple", arguments, len(arguments)))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        left = lowering.annotation(node.left, frame, block, order)
        return lowering.union([left, lowering.annotation(node.right, frame, block, order)])
    return lowering.lower(node, frame, block, order)
