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
    """``module`` with the arguments of a call around ``node`` on a line, or each on a line, of their own.

    Nothing is given when the line of the node does not end in such a call. ``margin`` is the indentation of this line
    within its block.
    """
    for call in _calls_to_break(module, node):
        opening: layout.Whitespace = _line(margin + indent)
        closing: layout.Whitespace = _line(margin)
        if _is_hugged(call):
            opening, closing = layout.bare(call.whitespace_before_args), layout.gap(call.args[-1])
        *args, last = call.args
        one_per_line = [
            *(layout.with_gap(arg, layout.bare(opening), comma=True) for arg in args),
            layout.with_gap(last, closing, comma=True),
        ]
        layouts = [one_per_line]
        if not layout.has_comma(last):
            layouts.insert(0, [*args, layout.with_gap(last, closing, comma=False)])
        for lines in layouts:
            new = call.with_changes(args=lines, whitespace_before_args=opening)
            yield cst.ensure_type(module.deep_replace(call, new), cst.Module)


def _calls_to_break(module: cst.Module, node: cst.CSTNode) -> list[cst.Call]:
    """The calls on whose brackets the line of ``node`` may be broken, the best first.

    That is the call whose arguments have a line to themselves, if there is one, and then the call whose brackets are
    the outermost on that line. When the outermost brackets are those of something else, breaking is left to people.
    """
    parents = parents_of(module)
    found: list[cst.Call] = []
    child: cst.CSTNode | None = None
    if isinstance(node, cst.Await) and isinstance(node.expression, cst.Call) and not node.lpar:
        child, node = None, node.expression
    while not isinstance(node, cst.BaseStatement | cst.BaseSuite | cst.Module):
        if isinstance(node, cst.Call) and node.args and (child is None or isinstance(child, cst.Arg)):
            if not _is_on_one_line(node):
                return [node, *found] if _is_hugged(node) else found
            found = [node]
        brackets = _brackets(node)
        if any(map(layout.has_newline, brackets)):
            return found
        if brackets or isinstance(node, cst.FormattedString):
            found = []
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


def _is_hugged(call: cst.Call) -> bool:
    """Whether all arguments share one line between their brackets' lines."""
    gaps = [layout.gap(arg) for arg in call.args]
    has_comment = any(map(layout.has_comment, (call.whitespace_before_args, *gaps)))
    inner = not any(map(layout.has_newline, gaps[:-1]))
    ends = (call.whitespace_before_args, *gaps[-1:])
    return bool(call.args) and inner and not has_comment and all(map(layout.has_newline, ends))


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
