"""A parameter more for a function, in the layout of those that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from flake8_backend.fixes import layout
from flake8_backend.fixes.plan import CannotFix

if TYPE_CHECKING:
    from collections.abc import Sequence


def with_parameter(function: cst.FunctionDef, new: cst.Param, *, keyword_only: bool, indent: str) -> cst.FunctionDef:
    """``function`` with ``new``; raises CannotFix when its name is taken or there is no legal place for it.

    A parameter without a default comes before those that have one, a keyword-only one comes last.
    """
    params = function.params
    taken = {param.name.value for param in _items(params) if isinstance(param, cst.Param)}
    if new.name.value in taken:
        raise CannotFix(f"the function has a parameter `{new.name.value}` already")
    if keyword_only:
        return _with_keyword_only(function, new, indent)
    if new.default is None and any(param.default is not None for param in params.posonly_params):
        raise CannotFix("a parameter without a default cannot follow those that have one")
    with_default = next((number for number, param in enumerate(params.params) if param.default is not None), None)
    position = len(params.params) if with_default is None or new.default is not None else with_default
    slash = isinstance(params.posonly_ind, cst.ParamSlash)
    items, opening = _inserted(function, len(params.posonly_params) + slash + position, new, indent)
    return _rebuilt(function, items, opening, positional=len(params.params) + 1)


def on_lines(function: cst.FunctionDef, *, indent: str) -> cst.FunctionDef:
    """``function`` with a line for each of its parameters, when they stand on one line."""
    params = function.params
    items = _items(params)
    gaps = [function.whitespace_before_params, *map(layout.gap, items)]
    if not items or any(map(layout.has_newline, gaps)):
        return function
    between, end = _line(indent), _line("")
    lines = [layout.with_gap(item, between, comma=True) for item in items[:-1]]
    # a comma behind ``**others`` is no mistake, but behind a star alone it is
    last = items[-1]
    lines.append(layout.with_gap(last, end, comma=not isinstance(last, cst.ParamStar)))
    return _rebuilt(function, lines, between, positional=len(params.params))


def _line(indentation: str) -> cst.ParenthesizedWhitespace:
    return cst.ParenthesizedWhitespace(indent=True, last_line=cst.SimpleWhitespace(indentation))


def _with_keyword_only(function: cst.FunctionDef, new: cst.Param, indent: str) -> cst.FunctionDef:
    params = function.params
    positional = len(params.params)
    end = len(_items(params)) - (params.star_kwarg is not None)
    items, opening = _inserted(function, end, new, indent)
    function = _rebuilt(function, items, opening, positional=positional, keyword_only=len(params.kwonly_params) + 1)
    if isinstance(params.star_arg, cst.MaybeSentinel):
        # The star takes the place before the parameter, which is never the last one.
        before = _items(params)[:end]
        items, opening = _inserted(function, len(before), cst.ParamStar(), indent)
        function = _rebuilt(function, items, opening, positional=positional)
    return function


def _items(params: cst.Parameters) -> list[cst.CSTNode]:
    single = (params.star_arg, params.star_kwarg)
    star, kwarg = ([item] if isinstance(item, cst.Param | cst.ParamStar) else [] for item in single)
    slash = [params.posonly_ind] if isinstance(params.posonly_ind, cst.ParamSlash) else []
    return [*params.posonly_params, *slash, *params.params, *star, *params.kwonly_params, *kwarg]


def _inserted(
    function: cst.FunctionDef, index: int, new: cst.CSTNode, indent: str
) -> tuple[list[cst.CSTNode], layout.Whitespace]:
    opening, items = layout.insert(
        _items(function.params), index, new, opening=function.whitespace_before_params, indent=indent
    )
    return items, opening


def _rebuilt(
    function: cst.FunctionDef,
    items: Sequence[cst.CSTNode],
    opening: layout.Whitespace,
    *,
    positional: int,
    keyword_only: int | None = None,
) -> cst.FunctionDef:
    """The function with its parameters taken from ``items``, of which ``positional`` come after the slash."""
    params = function.params
    before = len(params.posonly_params)
    start = before + isinstance(params.posonly_ind, cst.ParamSlash)
    rest = list(items[start + positional :])
    kwarg = rest.pop() if params.star_kwarg is not None else None
    keyword_only = len(params.kwonly_params) if keyword_only is None else keyword_only
    kwonly = rest[len(rest) - keyword_only :]
    star = rest[: len(rest) - keyword_only]
    return function.with_changes(
        whitespace_before_params=opening,
        params=params.with_changes(
            posonly_params=items[:before],
            posonly_ind=items[before] if start > before else cst.MaybeSentinel.DEFAULT,
            params=items[start : start + positional],
            star_arg=star[0] if star else cst.MaybeSentinel.DEFAULT,
            kwonly_params=kwonly,
            star_kwarg=kwarg,
        ),
    )
