"""Lines that a fix has made too long: the arguments of the outermost call get lines of their own, as formatters do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_backend.fixes import layout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def parents_of(module: cst.Module) -> dict[cst.CSTNode, cst.CSTNode]:
    """The parent of each node."""
    parents: dict[cst.CSTNode, cst.CSTNode] = {}
    waiting: list[cst.CSTNode] = [module]
    while waiting:
        parent = waiting.pop()
        for child in parent.children:
            parents[child] = parent
            waiting.append(child)
    return parents


def is_grown(old: str, new: str, width: int) -> bool:
    """Whether ``new`` has a line longer than ``width`` that ``old`` does not have."""
    known = set(old.splitlines())
    return any(len(line) > width and line not in known for line in new.splitlines())


def broken(module: cst.Module, node: cst.CSTNode, *, margin: str, indent: str) -> Iterator[cst.Module]:
    """``module`` with the arguments of the outermost call around ``node`` on a line, or each on a line, of their own.

    Nothing is given when the line of the node does not end in such a call. ``margin`` is the indentation of this line
    within its block.
    """
    call = _outermost_call(module, node)
    if call is None or not call.args:
        return
    opening, closing = _line(margin + indent), _line(margin)
    args = list(call.args)
    layouts = [[*args[:-1], layout.with_gap(args[-1], closing, comma=False)]]
    if layout.has_comma(args[-1]):
        layouts.clear()
    layouts.append(
        [
            *(layout.with_gap(arg, _line(margin + indent), comma=True) for arg in args[:-1]),
            layout.with_gap(args[-1], closing, comma=True),
        ]
    )
    for lines in layouts:
        new = call.with_changes(args=lines, whitespace_before_args=opening)
        yield cst.ensure_type(module.deep_replace(call, new), cst.Module)


def _outermost_call(module: cst.Module, node: cst.CSTNode) -> cst.Call | None:
    """The call whose brackets are the outermost on the line of ``node``; None when other brackets are."""
    parents = parents_of(module)
    found: cst.Call | None = None
    child: cst.CSTNode | None = None
    while not isinstance(node, cst.BaseStatement | cst.BaseSuite | cst.Module):
        if isinstance(node, cst.Call) and (child is None or isinstance(child, cst.Arg)):
            if not _is_on_one_line(node):
                return found
            found = node
        elif child is None and isinstance(node, cst.Await) and isinstance(node.expression, cst.Call):
            found = node.expression if _is_on_one_line(node.expression) else None
        brackets = _brackets(node)
        if any(map(layout.has_newline, brackets)):
            return found
        if brackets or isinstance(node, cst.FormattedString):
            found = None
        child, node = node, parents[node]
    return found


def _brackets(node: cst.CSTNode) -> list[cst.CSTNode]:
    """What follows the opening brackets of the node, those of calls aside."""
    found: list[cst.CSTNode] = []
    if isinstance(node, cst.BaseExpression):
        found += [paren.whitespace_after for paren in node.lpar]
    if isinstance(node, cst.List | cst.ListComp | cst.Subscript):
        found.append(node.lbracket.whitespace_after)
    if isinstance(node, cst.Set | cst.Dict | cst.SetComp | cst.DictComp):
        found.append(node.lbrace.whitespace_after)
    return found


def _is_on_one_line(call: cst.Call) -> bool:
    return not any(map(layout.has_newline, (call.whitespace_before_args, *map(layout.gap, call.args))))


def _line(indentation: str) -> cst.ParenthesizedWhitespace:
    return cst.ParenthesizedWhitespace(indent=True, last_line=cst.SimpleWhitespace(indentation))


def fitting(
    module: cst.Module,
    node: cst.CSTNode,
    *,
    width: int,
    margin: str,
    indent: str,
    old: str,
    text_of: Callable[[cst.Module], str],
) -> cst.Module:
    """``module``, or the same with broken lines when ``node`` made a line too long and breaking helps."""
    if is_grown(old, text_of(module), width):
        for candidate in broken(module, node, margin=margin, indent=indent):
            if not is_grown(old, text_of(candidate), width):
                return candidate
    return module
