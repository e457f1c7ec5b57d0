"""Code that runs for the first caller alone: what fills a place that it found empty, or follows a look at a cache."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from flake8_backend.semantic.scopes import Frame

_GROWING = frozenset({"append", "add", "extend", "update"})
_CLOSED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Expr, ast.Return)  # no assignments of this function


def fills_once(node: ast.If, frame: Frame) -> bool:
    """``if self._client is None: self._client = …``, ``if not self.running: … self.running = True``.

    What lives in a variable or an argument of the function is filled anew each time.
    """
    for test in _conjuncts(node.test):
        if _is_attribute_test(test, negated=True):
            return True
        place = _renewed(test, frame) if isinstance(test, ast.BoolOp) else _place(_empty(test), frame)
        if place is not None and assigns(node.body, place, frame):
            return True
        if _is_filled_by_call(_empty(test), node.body, frame):
            return True
    return False


def _is_filled_by_call(place: ast.expr | None, body: Iterable[ast.stmt], frame: Frame) -> bool:
    """``if not CONFIGURED: set_up()``, where ``set_up`` is a function of the module that fills the global name."""
    if not isinstance(place, ast.Name) or place.id in frame.bindings or frame.parent is None:
        return False
    called = {
        statement.value.func.id
        for statement in body
        if isinstance(statement, (ast.Expr, ast.Assign))
        and isinstance(statement.value, ast.Call)
        and isinstance(statement.value.func, ast.Name)
    }
    outer = frame.parent
    while outer.parent is not None:
        outer = outer.parent
    functions = outer.node.body if called and isinstance(outer.node, ast.Module) else ()
    return any(
        isinstance(function, ast.FunctionDef) and function.name in called and _fills_global(function, place.id)
        for function in functions
    )


def _fills_global(function: ast.FunctionDef, name: str) -> bool:
    inside = list(ast.walk(function))
    if not any(isinstance(node, ast.Global) and name in node.names for node in inside):
        return False
    assigned = (target for statement in function.body for target in _targets(statement))
    grown = (
        node.func.value
        for node in inside
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _GROWING
    )
    return any(isinstance(target, ast.Name) and target.id == name for target in (*assigned, *grown))


def _renewed(test: ast.BoolOp, frame: Frame) -> str | None:
    """``self._loop is None or not self._loop.is_alive()``: the place whose object alone decides."""
    place = _place(_empty(test.values[0]), frame)
    if place is None or not isinstance(test.op, ast.Or):
        return None
    return place if all(_mentions(part, place, frame) for part in test.values[1:]) else None


def _mentions(test: ast.expr, place: str, frame: Frame) -> bool:
    return any(_place(part, frame) == place for part in ast.walk(test) if isinstance(part, (ast.Name, ast.Attribute)))


def remembers(test: ast.expr, body: Sequence[ast.stmt]) -> bool:
    """``if key not in found: found[key] = …``: the body runs once for each key, whatever ``found`` is."""
    for part in _conjuncts(test):
        negated = part.operand if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not) else None
        held = _filled(negated) if negated is not None else _empty(part)
        if not isinstance(held, ast.Subscript):
            continue
        wanted = ast.dump(held.value)
        for statement in body:
            for target in _targets(statement):
                if isinstance(target, ast.Subscript) and ast.dump(target.value) == wanted:
                    return True
    return False


def answers_from(node: ast.If, frame: Frame) -> str | None:
    """The place that ``if self._client is not None: return …`` looks at: what follows is done while it is empty."""
    last = node.body[-1]
    if node.orelse or not isinstance(last, ast.Return):
        return None
    if isinstance(node.test, ast.BoolOp):  # under more conditions it still answers with what it looked at
        answer = _place(last.value, frame)
        found = {_place(_filled(part), frame) for part in _conjuncts(node.test)}
        return answer if answer is not None and answer in found else None
    return _place(_filled(node.test), frame)


def assigns(statements: Iterable[ast.stmt], place: str, frame: Frame) -> bool:
    """Whether the statements give ``place`` a value, functions defined in them left out."""
    return any(_place(target, frame) == place for statement in statements for target in _targets(statement))


def _conjuncts(test: ast.expr) -> Sequence[ast.expr]:
    return test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]


def _empty(test: ast.expr) -> ast.expr | None:
    """What a test finds empty: ``x is None``, ``not x``, ``key not in x``."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    return _compared(test, (ast.Is, ast.Eq), ast.NotIn)


def _filled(test: ast.expr) -> ast.expr | None:
    if isinstance(test, (ast.Name, ast.Attribute, ast.NamedExpr)):
        return test
    return _compared(test, (ast.IsNot, ast.NotEq), ast.In)


def _compared(
    test: ast.expr, none_operators: tuple[type[ast.cmpop], ...], member_operator: type[ast.cmpop]
) -> ast.expr | None:
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    operator, right = test.ops[0], test.comparators[0]
    if isinstance(operator, none_operators) and isinstance(right, ast.Constant) and right.value is None:
        return test.left
    if isinstance(operator, member_operator):
        return ast.Subscript(right, test.left, ast.Load())
    return None


def _is_attribute_test(test: ast.expr, *, negated: bool) -> bool:
    """``not hasattr(self, "_client")``."""
    if negated:
        if not (isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)):
            return False
        test = test.operand
    return isinstance(test, ast.Call) and getattr(test.func, "id", "") == "hasattr"


def _place(node: ast.expr | None, frame: Frame) -> str | None:
    """A place that outlives the call, by a text that is the same wherever it is meant."""
    if isinstance(node, ast.NamedExpr):
        return _place(_looked_up(node.value), frame)
    if isinstance(node, ast.Name):
        if node.id in frame.global_names or node.id in frame.nonlocal_names:
            return node.id
        bound = frame.bindings.get(node.id)
        copied = bound[0] if bound is not None and len(bound) == 1 and bound[0].how == "assign" else None
        source = _looked_up(copied.value) if copied is not None else None
        if isinstance(source, ast.Name) and source.id not in frame.global_names:
            return None
        return _place(source, frame)
    if isinstance(node, ast.Attribute):
        owner = _owner(node.value, frame) if isinstance(node.value, ast.Name) else _place(node.value, frame)
        return None if owner is None else f"{owner}.{node.attr}"
    if isinstance(node, ast.Subscript):
        owner = _owner(node.value, frame) if isinstance(node.value, ast.Name) else _place(node.value, frame)
        return None if owner is None else f"{owner}[{ast.dump(node.slice)}]"
    return None


def _looked_up(node: ast.AST | None) -> ast.expr | None:
    """What a value was read from: ``cache.get(key)`` is ``cache[key]``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        return ast.Subscript(node.func.value, node.args[0], ast.Load())
    return node if isinstance(node, (ast.Attribute, ast.Subscript, ast.Name)) else None


def _owner(name: ast.Name, frame: Frame) -> str | None:
    """An object that outlives the call: ``self``, ``cls``, a global one."""
    return name.id if name.id == frame.self_name or name.id not in frame.bindings else None


def _targets(node: ast.AST) -> Iterator[ast.expr]:
    """The targets of all assignments in a statement."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
        yield node.target
    elif not isinstance(node, _CLOSED):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.stmt, ast.excepthandler, ast.match_case)):
                yield from _targets(child)
