"""The walk below statements: calls, reads of attributes, comprehensions, what is yielded and awaited."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from flake8_backend.semantic import scopes
from flake8_backend.semantic.scopes import Binding, CallRecord

if TYPE_CHECKING:
    from flake8_backend.semantic.visit import Handler, Visit

_BARE = frozenset({"ctx", "op", "ops", "kind", "type_comment"})  # fields that hold no code
_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}  # the others, of every class that was met


def children(visit: Visit, node: ast.AST) -> None:
    """Go on with everything that a node holds."""
    dispatch = visit.dispatch
    kind = node.__class__
    fields = _FIELDS.get(kind)
    if fields is None:
        fields = _FIELDS[kind] = tuple(name for name in kind._fields if name not in _BARE)
    for name in fields:
        value = getattr(node, name, None)
        if value.__class__ is list:
            for item in value:
                if isinstance(item, ast.AST):
                    visit.outer = -1
                    dispatch.get(item.__class__, children)(visit, item)
        elif isinstance(value, ast.AST):
            visit.outer = -1
            dispatch.get(value.__class__, children)(visit, value)


def _compare(visit: Visit, node: ast.Compare) -> None:
    """``tag in product.tags.all()`` goes through what stands on the right."""
    children(visit, node)
    right = node.comparators[-1]
    if right.__class__ is ast.Call and isinstance(node.ops[-1], (ast.In, ast.NotIn)):
        visit.frame.iterations.append((right, visit.block, visit.order, False))


def _named_expr(visit: Visit, node: ast.NamedExpr) -> None:
    visit.expression(node.value)
    visit.target(node.target, "assign", node.value)


def _call(visit: Visit, node: ast.Call, awaited: bool = False) -> None:
    frame = visit.frame
    index = len(frame.calls)
    frame.calls.append(CallRecord(node, visit.block, visit.order, awaited, visit.outer))
    func = node.func
    if func.__class__ is ast.Attribute:
        visit.expression(func.value)
    elif func.__class__ is not ast.Name:
        visit.expression(func)
    dispatch = visit.dispatch
    for argument in node.args:
        visit.outer = index
        if argument.__class__ is ast.Starred:
            argument = argument.value
        dispatch.get(argument.__class__, children)(visit, argument)
    for keyword in node.keywords:
        visit.outer = index
        value = keyword.value
        dispatch.get(value.__class__, children)(visit, value)
    visit.outer = -1


def _await(visit: Visit, node: ast.Await) -> None:
    value = node.value
    if value.__class__ is ast.Call:
        outer = visit.outer
        if ast.Call in visit.wanted:
            visit.note(value)
        visit.outer = outer
        _call(visit, value, awaited=True)
    else:
        visit.frame.awaits.append((value, visit.block, visit.order))  # type: ignore[arg-type]
        visit.expression(value)


def _attribute(visit: Visit, node: ast.Attribute) -> None:
    frame = visit.frame
    root: ast.expr = node
    while root.__class__ is ast.Attribute:
        inner, root = root, root.value
    if root.__class__ is ast.Name:
        name = root.id
        if frame.is_async:
            frame.loads.append((node, visit.block, visit.order))
        if name == frame.self_name:
            known = frame.self_reads.setdefault(inner.attr, visit.block)
            frame.self_reads[inner.attr] = known if known == visit.block else 0
            if inner is not node:
                frame.reads.append((node, visit.block, visit.order))
        elif (
            name in frame.row_names
            or (name in frame.bindings and _is_row_like(frame.bindings[name][0]))
            or _comprehension_name(visit, name)
        ):
            frame.reads.append((node, visit.block, visit.order))
    else:
        visit.outer = -1
        visit.dispatch.get(root.__class__, children)(visit, root)


def _comprehension_name(visit: Visit, name: str) -> bool:
    blocks, index = visit.frame.blocks, visit.block
    while index >= 0:
        block = blocks[index]
        if block.names is not None and name in block.names:
            return True
        index = block.parent
    return False


def _comprehension(visit: Visit, node: Any, *results: ast.expr) -> None:
    before = visit.block
    for generator in node.generators:
        visit.expression(generator.iter)
        visit.frame.iterations.append((generator.iter, visit.block, visit.order, bool(generator.is_async)))
        visit.enter(scopes.COMPREHENSION, generator)
        block = visit.frame.blocks[visit.block]
        block.names = {}
        visit.order += 1
        _comprehension_target(visit, generator.target, generator.iter, block.names, ())
        for condition in generator.ifs:
            visit.expression(condition)
            visit.note_checks(condition, visit.block, holds=True)
    for result in results:
        visit.expression(result)
    visit.block = before


def _comprehension_target(
    visit: Visit, target: ast.expr, iterable: ast.expr, names: dict[str, Binding], path: tuple[int, ...]
) -> None:
    if isinstance(target, ast.Name):
        how = "element/unpack" if path else "element"
        names[target.id] = Binding(how, iterable, visit.frame.blocks[visit.block].parent, visit.order, path)
    elif isinstance(target, (ast.Tuple, ast.List)):
        for position, element in enumerate(target.elts):
            _comprehension_target(visit, element, iterable, names, (*path, position))


def _list_comp(visit: Visit, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> None:
    _comprehension(visit, node, node.elt)


def _dict_comp(visit: Visit, node: ast.DictComp) -> None:
    _comprehension(visit, node, node.key, node.value)


def _yield(visit: Visit, node: ast.Yield) -> None:
    visit.frame.is_generator = True
    if node.value is not None:
        visit.expression(node.value)
        visit.frame.yields.append((node.value, visit.block, visit.order))


def _yield_from(visit: Visit, node: ast.YieldFrom) -> None:
    visit.frame.is_generator = True
    visit.expression(node.value)
    visit.frame.iterations.append((node.value, visit.block, visit.order, False))


def _is_row_like(binding: Binding) -> bool:
    """Whether a name holds a parameter, an item of a loop, or what was read from one: ``owner = order.customer``."""
    return binding.how in ("parameter", "element") or (
        binding.how == "assign" and isinstance(binding.value, ast.Attribute)
    )


def _nothing(visit: Visit, node: ast.AST) -> None:
    """Leaves have nothing below them."""


HANDLERS: dict[type[ast.AST], Handler] = {
    ast.Compare: _compare,
    ast.NamedExpr: _named_expr,
    ast.Call: _call,
    ast.Await: _await,
    ast.Attribute: _attribute,
    ast.ListComp: _list_comp,
    ast.SetComp: _list_comp,
    ast.GeneratorExp: _list_comp,
    ast.DictComp: _dict_comp,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
    **dict.fromkeys((ast.Constant, ast.Name, ast.Pass, ast.Break, ast.Continue), _nothing),
}
