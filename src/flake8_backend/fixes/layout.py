"""Lists between brackets: arguments and parameters put in or taken out in the layout that is there.

An item of a list is a libcst node with a ``comma``; what follows it up to the next item, or to the closing bracket, is
its *gap*, which the comma holds when there is one and the item otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import libcst as cst

if TYPE_CHECKING:
    from collections.abc import Sequence

Item = TypeVar("Item", bound=cst.CSTNode)
Whitespace = cst.BaseParenthesizableWhitespace

SPACE = cst.SimpleWhitespace(" ")
NOTHING = cst.SimpleWhitespace("")

_GAP_FIELDS: dict[type[cst.CSTNode], str] = {
    cst.Arg: "whitespace_after_arg",
    cst.Param: "whitespace_after_param",
    cst.ParamSlash: "whitespace_after",
}


def has_newline(whitespace: cst.CSTNode) -> bool:
    """Whether the whitespace goes on to another line."""
    if isinstance(whitespace, cst.SimpleWhitespace):
        return "\n" in whitespace.value or "\r" in whitespace.value
    return isinstance(whitespace, cst.ParenthesizedWhitespace)


def has_comment(whitespace: cst.CSTNode) -> bool:
    """Whether the whitespace holds a comment."""
    if not isinstance(whitespace, cst.ParenthesizedWhitespace):
        return False
    return whitespace.first_line.comment is not None or any(line.comment for line in whitespace.empty_lines)


def bare(whitespace: Whitespace) -> Whitespace:
    """A copy without comments and empty lines."""
    if not isinstance(whitespace, cst.ParenthesizedWhitespace):
        return whitespace.deep_clone()
    return cst.ParenthesizedWhitespace(
        first_line=cst.TrailingWhitespace(newline=whitespace.first_line.newline.deep_clone()),
        indent=whitespace.indent,
        last_line=whitespace.last_line.deep_clone(),
    )


def continued(comments: Whitespace, place: Whitespace) -> Whitespace:
    """The comments and empty lines of one whitespace, ending where the other ends."""
    if not isinstance(comments, cst.ParenthesizedWhitespace):
        return bare(place)
    if not isinstance(place, cst.ParenthesizedWhitespace):
        return comments if has_comment(comments) else bare(place)
    return comments.with_changes(indent=place.indent, last_line=place.last_line.deep_clone())


def gap(item: cst.CSTNode) -> Whitespace:
    """What follows the item and its comma."""
    comma = getattr(item, "comma", None)
    if isinstance(comma, cst.Comma):
        return comma.whitespace_after
    field = _GAP_FIELDS.get(type(item))
    found: Whitespace = getattr(item, field) if field else NOTHING
    return found


def has_comma(item: cst.CSTNode) -> bool:
    """Whether a comma is written behind the item."""
    return isinstance(getattr(item, "comma", None), cst.Comma)


def with_gap(item: Item, whitespace: Whitespace, *, comma: bool) -> Item:
    """The item followed by ``whitespace``, with or without a comma; what stands before its comma stays."""
    field = _GAP_FIELDS.get(type(item))
    changes: dict[str, Any] = {field: NOTHING} if field else {}
    old = getattr(item, "comma", None)
    if not comma:
        changes["comma"] = cst.MaybeSentinel.DEFAULT
        if field:
            changes[field] = whitespace
    elif isinstance(old, cst.Comma):
        changes["comma"] = old.with_changes(whitespace_after=whitespace)
    else:
        changes["comma"] = cst.Comma(whitespace_after=whitespace)
    return item.with_changes(**changes)


def _separator(items: Sequence[cst.CSTNode], index: int, opening: Whitespace) -> Whitespace:
    """What stands between items near ``index``."""
    if len(items) > 1:
        return bare(gap(items[min(max(index - 1, 0), len(items) - 2)]))
    return bare(opening) if has_newline(opening) else SPACE


def insert(
    items: Sequence[Item], index: int, new: Item, *, opening: Whitespace, indent: str, hug: bool = False
) -> tuple[Whitespace, list[Item]]:
    """The list with ``new`` at ``index``, and what then follows its opening bracket.

    One item per line stays so, a trailing comma stays, and comments stay with the items they follow. ``hug`` puts the
    second item on the line of a first one that stands between brackets on lines of their own.
    """
    if not items:
        return _first(new, opening=opening, indent=indent)
    separator = _separator(items, index, opening)
    result = list(items)
    last = items[-1]
    tail, trailing_comma = gap(last), has_comma(last)
    if len(items) == 1 and has_newline(opening) and has_newline(tail) and not trailing_comma:
        if hug and not has_comment(tail):
            separator = SPACE
        else:
            trailing_comma = True  # one line has become one per item
    if index < len(items):
        result[-1] = with_gap(last, tail, comma=trailing_comma)
        result.insert(index, with_gap(new, separator, comma=True))
        return opening, result
    if has_newline(separator):
        result[-1] = with_gap(last, continued(tail, separator), comma=True)
        result.append(with_gap(new, bare(tail), comma=trailing_comma))
    else:
        result[-1] = with_gap(last, separator, comma=True)
        result.append(with_gap(new, tail, comma=trailing_comma))
    return opening, result


def _first(new: Item, *, opening: Whitespace, indent: str) -> tuple[Whitespace, list[Item]]:
    if not isinstance(opening, cst.ParenthesizedWhitespace):
        return NOTHING, [with_gap(new, NOTHING, comma=False)]
    inner = cst.SimpleWhitespace(opening.last_line.value + indent)
    return opening.with_changes(last_line=inner), [with_gap(new, bare(opening), comma=True)]


def remove(items: Sequence[Item], index: int) -> list[Item]:
    """The list without one item and without the comment on its line; other comments stay."""
    result = list(items)
    removed = result.pop(index)
    if index == len(result) and result:
        last = result[-1]
        tail = gap(removed)
        if isinstance(tail, cst.ParenthesizedWhitespace):
            tail = tail.with_deep_changes(tail.first_line, comment=None)
        if has_comment(gap(last)) and not has_comment(tail):
            tail = continued(gap(last), tail)
        result[-1] = with_gap(last, tail, comma=has_comma(removed))
    return result
