"""What the text of a branch says of when it is run: parameters that decide, names that are switched off."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from flake8_backend.semantic import scopes

if TYPE_CHECKING:
    from flake8_backend.semantic.scopes import Block, Frame


def flag(frame: Frame, block: Block) -> list[int]:
    """The position of the parameter that decides whether a branch is run, and the truth that it must have."""
    if block.kind not in (scopes.IF, scopes.ELSE, scopes.MEMO) or not block.nodes:
        return []
    test: Any = block.nodes[0]
    expected = True
    if block.kind == scopes.ELSE:
        expected = False
    elif isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        test = test.values[0]
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, expected = test.operand, not expected
    if _is_none_test(test):
        test, expected = test.left, expected == isinstance(test.ops[0], ast.IsNot)
    bound = frame.bindings.get(test.id, ()) if isinstance(test, ast.Name) else ()
    if len(bound) != 1 or bound[0].how != "parameter" or not isinstance(bound[0].detail, int):
        return []
    return [bound[0].detail, int(expected)]


def _is_none_test(test: ast.expr) -> bool:
    """``x is None``, ``x is not None``: most parameters of which this is asked are None or something that is true."""
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], (ast.Is, ast.IsNot)):
        return False
    right = test.comparators[0]
    return len(test.ops) == 1 and isinstance(right, ast.Constant) and right.value is None


def is_switched_off(test: ast.AST, frame: Frame, module: Frame) -> bool:
    """``if WRITE_SAMPLES:`` below ``WRITE_SAMPLES = False``: a name of the module that nothing else sets."""
    if not isinstance(test, ast.Name) or (frame is not module and test.id in frame.bindings):
        return False
    bound = module.bindings.get(test.id, ())
    if len(bound) != 1 or bound[0].how != "assign" or not isinstance(bound[0].value, ast.Constant):
        return False
    return test.id.isupper() and bound[0].value.value is False


def compared(frame: Frame) -> list[str]:
    """The texts that a function's branches compare something with, in their order."""
    found: set[str] = set()
    for block in frame.blocks:
        if block.kind != scopes.IF or not block.nodes:
            continue
        for node in ast.walk(block.nodes[0]):
            if isinstance(node, ast.Compare):
                parts = [item for part in (node.left, *node.comparators) for item in ast.walk(part)]
                found.update(p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str))
    return sorted(found)
