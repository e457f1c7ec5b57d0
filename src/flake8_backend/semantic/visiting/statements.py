"""The walk through statements: what they bind, and the blocks that they open."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from flake8_backend.semantic import checks, once, scopes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_backend.semantic.scopes import Frame
    from flake8_backend.semantic.visit import Handler, Visit

_EXITS = (ast.Raise, ast.Return, ast.Continue, ast.Break)
_GROWING = frozenset({"append", "add", "extend", "update", "insert", "appendleft"})


def ends_path(body: Sequence[ast.stmt]) -> bool:
    """Whether a statement list never falls through to what follows it."""
    return bool(body) and isinstance(body[-1], _EXITS)


def _assign(visit: Visit, node: ast.Assign) -> None:
    visit.expression(node.value)
    for target in node.targets:
        visit.target(target, "assign", node.value)


def _ann_assign(visit: Visit, node: ast.AnnAssign) -> None:
    visit.expression(node.value)
    visit.target(node.target, "annotated", node.annotation, node.value)


def _aug_assign(visit: Visit, node: ast.AugAssign) -> None:
    visit.expression(node.value)
    if isinstance(node.target, ast.Name):
        visit.bind(node.target.id, "augmented", node)
    else:
        visit.expression(node.target)


def _type_alias(visit: Visit, node: Any) -> None:
    visit.target(node.name, "assign", node.value)


def _import(visit: Visit, node: ast.Import) -> None:
    for alias in node.names:
        if alias.asname:
            visit.bind(alias.asname, "import", None, alias.name)
        else:
            top = alias.name.partition(".")[0]
            visit.bind(top, "import", None, top)


def _import_from(visit: Visit, node: ast.ImportFrom) -> None:
    module = node.module or ""
    for alias in node.names:
        if alias.name == "*":
            continue
        if alias.asname:
            visit.imported_as[alias.asname] = alias.name
        visit.bind(alias.asname or alias.name, "import from", None, (node.level, module, alias.name))


def _global(visit: Visit, node: ast.Global) -> None:
    visit.frame.global_names.update(node.names)


def _nonlocal(visit: Visit, node: ast.Nonlocal) -> None:
    visit.frame.nonlocal_names.update(node.names)


def _expr(visit: Visit, node: ast.Expr) -> None:
    value = node.value
    if value.__class__ is ast.Call:
        func = value.func
        if func.__class__ is ast.Attribute and func.value.__class__ is ast.Name:
            _note_change(visit, func.value.id, func.attr, value)
    visit.expression(value)


def _note_change(visit: Visit, name: str, method: str, call: ast.Call) -> None:
    """Remember a statement that may change a list or a mapping in place."""
    if method in _GROWING:
        visit.frame.grown.setdefault(name, []).append((call, visit.block, visit.order))
    if method == "update":
        visit.store(name, None, call)
    elif method == "setdefault" and len(call.args) > 1:
        visit.store(name, call.args[0], call.args[1])


def _return(visit: Visit, node: ast.Return) -> None:
    if node.value is not None:
        visit.expression(node.value)
        visit.frame.returns.append((node.value, visit.block, visit.order))


def _delete(visit: Visit, node: ast.Delete) -> None:
    for target in node.targets:
        if not isinstance(target, ast.Name):
            visit.expression(target)


def _if(visit: Visit, node: ast.If) -> None:
    visit.expression(node.test)
    kind = _special_test(node.test, visit.frames[0]) or (
        scopes.ONCE if once.fills_once(node, visit.frame) else scopes.IF
    )
    if kind is scopes.IF and once.remembers(node.test, node.body):
        kind = scopes.MEMO
    before = len(visit.frame.blocks)
    visit.note_checks(node.test, before, holds=True)
    visit.within(kind, node.body, node.test)
    if ends_path(node.body):
        visit.note_checks(node.test, visit.block, holds=False)
    else:
        call = checks.last_call(node.body)
        if call is not None:
            visit.note_checks(node.test, visit.block, holds=False, unless_returns=call)
    if node.orelse:
        visit.note_checks(node.test, len(visit.frame.blocks), holds=False)
        known = once.remembers(ast.UnaryOp(ast.Not(), node.test), node.orelse)
        visit.within(scopes.MEMO if known else scopes.ELSE, node.orelse, node.test)


def _assert(visit: Visit, node: ast.Assert) -> None:
    visit.expression(node.test)
    visit.expression(node.msg)
    visit.note_checks(node.test, visit.block, holds=True)


def _loop(visit: Visit, node: ast.For | ast.AsyncFor, kind: str) -> None:
    visit.expression(node.iter)
    visit.frame.iterations.append((node.iter, visit.block, visit.order, kind is scopes.ASYNC_FOR))
    before = visit.enter(kind, node)
    _rows(visit, node.target)
    visit.target(node.target, "element", node.iter)
    visit.body(node.body)
    visit.block = before
    if node.orelse:
        visit.within(scopes.ELSE, node.orelse)


def _rows(visit: Visit, target: ast.expr) -> None:
    """Remember loop variables, whose attribute reads are recorded."""
    if target.__class__ is ast.Name:
        visit.frame.row_names.add(target.id)
    elif isinstance(target, (ast.Tuple, ast.List)):
        for element in target.elts:
            _rows(visit, element)


def _for(visit: Visit, node: ast.For) -> None:
    _loop(visit, node, scopes.FOR)


def _async_for(visit: Visit, node: ast.AsyncFor) -> None:
    _loop(visit, node, scopes.ASYNC_FOR)


def _while(visit: Visit, node: ast.While) -> None:
    before = visit.enter(scopes.WHILE, node)
    visit.expression(node.test)
    visit.body(node.body)
    visit.block = before
    if node.orelse:
        visit.within(scopes.ELSE, node.orelse)


def _managed(visit: Visit, node: ast.With | ast.AsyncWith, kind: str) -> None:
    before = visit.block
    for item in node.items:
        visit.expression(item.context_expr)
        visit.enter(kind, item.context_expr, transparent=True)
        if item.optional_vars is not None:
            visit.target(item.optional_vars, "entered", item.context_expr)
    visit.body(node.body)
    visit.block = before


def _with(visit: Visit, node: ast.With) -> None:
    _managed(visit, node, scopes.WITH)


def _async_with(visit: Visit, node: ast.AsyncWith) -> None:
    _managed(visit, node, scopes.ASYNC_WITH)


def _try(visit: Visit, node: ast.Try) -> None:
    falls = [handler for handler in node.handlers if not ends_path(handler.body)]
    visit.within(scopes.TRY, node.body, node, transparent=not falls)
    for handler in node.handlers:
        visit.expression(handler.type)
        before = visit.enter(scopes.EXCEPT, handler)
        if handler.name:
            visit.bind(handler.name, "caught", handler.type)
        visit.body(handler.body)
        visit.block = before
    if node.orelse:
        visit.within(scopes.ELSE, node.orelse, transparent=not falls)
    if node.finalbody:
        visit.within(scopes.FINALLY, node.finalbody, transparent=True)


def _match(visit: Visit, node: ast.Match) -> None:
    visit.expression(node.subject)
    for case in node.cases:
        before = visit.enter(scopes.CASE, case)
        for part in ast.walk(case.pattern):
            name = getattr(part, "name", None) or getattr(part, "rest", None)
            if isinstance(name, str):
                visit.bind(name, "opaque", None)
        visit.expression(case.guard)
        visit.body(case.body)
        visit.block = before


def _special_test(test: ast.expr, module: Frame) -> str | None:
    """``if TYPE_CHECKING``, under any name it was imported by, and ``if __name__ == "__main__"``."""
    name = getattr(test, "id", None) or getattr(test, "attr", None)
    if isinstance(test, ast.Name) and test.id in module.bindings:
        imported = module.bindings[test.id][-1].detail
        name = imported[-1] if isinstance(imported, tuple) and imported else name
    if name == "TYPE_CHECKING":
        return scopes.TYPE_CHECKING
    if isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__":
        return scopes.MAIN
    return None


_NEWER = {"TryStar": _try, "TypeAlias": _type_alias}  # than the oldest Python that this runs on
HANDLERS: dict[type[ast.AST], Handler] = {
    ast.Assign: _assign,
    ast.AnnAssign: _ann_assign,
    ast.AugAssign: _aug_assign,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Global: _global,
    ast.Nonlocal: _nonlocal,
    ast.Expr: _expr,
    ast.Return: _return,
    ast.Delete: _delete,
    ast.If: _if,
    ast.Assert: _assert,
    ast.For: _for,
    ast.AsyncFor: _async_for,
    ast.While: _while,
    ast.With: _with,
    ast.AsyncWith: _async_with,
    ast.Try: _try,
    ast.Match: _match,
    **{getattr(ast, name): handler for name, handler in _NEWER.items() if hasattr(ast, name)},
}
