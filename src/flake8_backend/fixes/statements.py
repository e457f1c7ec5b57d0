"""Statements that replace, precede or follow another: on lines of their own, or behind ``;`` where there is no room."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import libcst as cst

from flake8_backend.fixes.plan import CannotFix, Edit

if TYPE_CHECKING:
    from flake8_backend.fixes.edits import FixContext

Small = cst.BaseSmallStatement
Line = cst.SimpleStatementLine
# Comments that speak to a tool about the code beside them: without the code they mean nothing.
PRAGMA = re.compile(r"#\s*(?:noqa|nosec|type:|pragma|pylint:|pyright:|ruff:|mypy:|fmt:|isort:)", re.IGNORECASE)


def with_statement(fix: FixContext, result: Any) -> str:
    """The unit's text when the statement of the step becomes ``result``: a statement, several of them or none."""
    target = fix.target
    if isinstance(target, cst.BaseStatement) and target in fix.unit.body:
        return _with_compound(fix, target, _as_list(fix, result))
    for index, line in enumerate(fix.unit.body):
        if isinstance(line, Line) and target in line.body:
            return _with_small(fix, index, line, _as_list(fix, result))
    # An ``elif``, an ``except`` or a ``case``: part of another statement.
    if not isinstance(result, cst.CSTNode):
        raise CannotFix("this branch cannot become several statements")
    return fix.unit.text_of(cst.ensure_type(fix.unit.module.deep_replace(target, result), cst.Module))


def _as_list(fix: FixContext, result: Any) -> list[cst.CSTNode]:
    if isinstance(result, cst.RemovalSentinel) or result is None:
        return []
    parts: Iterable[Any] = [result] if isinstance(result, cst.CSTNode) else result
    statements = list(parts) if isinstance(parts, Iterable) else [parts]
    for statement in statements:
        if not isinstance(statement, Small | cst.BaseStatement):
            raise CannotFix(f"{fix.code} codemod failed: it returned {type(statement).__name__} for a statement")
    return statements


def _lines(statements: Iterable[cst.CSTNode]) -> list[Any]:
    """Statements that can stand in a block."""
    return [Line([statement]) if isinstance(statement, Small) else statement for statement in statements]


def _fixed(fix: FixContext, index: int, lines: Sequence[Any]) -> str:
    body = list(fix.unit.body)
    body[index : index + 1] = lines
    return fix.unit.text_of(fix.unit.with_body(body))


def _with_compound(fix: FixContext, target: cst.BaseStatement, statements: Sequence[cst.CSTNode]) -> str:
    index = list(fix.unit.body).index(target)
    if not statements:
        return "" if len(fix.unit.unit.around.siblings) > 1 else _fixed(fix, index, _lines([cst.Pass()]))
    return _fixed(fix, index, _lines(statements))


def _with_small(fix: FixContext, index: int, line: Line, statements: Sequence[cst.CSTNode]) -> str:
    position = line.body.index(fix.target)
    simple = [part for item in statements for part in (item.body if isinstance(item, Line) else [item])]
    alone = len(line.body) == 1
    if alone and not statements:
        return _removed(fix, index, line)
    if alone and fix.unit.unit.indent is not None:
        return _fixed(fix, index, _with_comment(line, _lines(statements), fix.target))
    if not all(isinstance(part, Small) for part in simple):
        raise CannotFix("the statement shares its line with others")
    parts: list[Any] = list(line.body)
    parts[position : position + 1] = [part.with_changes(semicolon=cst.MaybeSentinel.DEFAULT) for part in simple]
    if position == len(line.body) - 1 and not simple:
        parts[-1] = parts[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
    elif simple:
        parts[position + len(simple) - 1] = simple[-1].with_changes(semicolon=line.body[position].semicolon)
    return _fixed(fix, index, [line.with_changes(body=parts)])


def _with_comment(line: Line, lines: list[Any], target: cst.CSTNode) -> list[Any]:
    """The lines that replace ``line``; the comment behind it stays with its statement, or goes to the first line."""
    kept = next((item for item in lines if isinstance(item, Line) and target in item.body), None)
    kept = kept or next((item for item in lines if isinstance(item, Line)), None)
    if kept is None:
        if line.trailing_whitespace.comment is not None:
            raise CannotFix("the fix would lose a comment")
        return lines
    replaced = kept.with_changes(trailing_whitespace=line.trailing_whitespace)
    return [replaced if item is kept else item for item in lines]


def _removed(fix: FixContext, index: int, line: Line) -> str:
    unit = fix.unit.unit
    comment = line.trailing_whitespace.comment
    if len(unit.around.siblings) == 1 or unit.indent is None:
        return _fixed(fix, index, [line.with_changes(body=[cst.Pass()])])
    if comment is None or PRAGMA.match(comment.value):
        return ""
    return f"{unit.indent}{comment.value}{unit.file.source.newline}"


def inserted(fix: FixContext, *, after: bool) -> list[Edit]:
    """The edits for the statements that a codemod put before or after the one that its node is in."""
    codes = [insertion.code for insertion in fix.insertions if insertion.after is after]
    if not codes:
        return []
    unit, file = fix.unit.unit, fix.place.file
    statement = fix.place.around[-1].statement
    if file.is_elif(statement):
        raise CannotFix("a statement cannot be put before or after an `elif`")
    statements = [statement for code in codes for statement in fix.parse_statements(code)]
    first, last = file.run(unit.around)
    own_line = unit.indent is not None and unit.around.index == (last if after else first)
    if own_line:
        text = _indented(fix, statements)
        return [_lines_after(fix, text) if after else Edit(unit.start, unit.start, text)]
    lines = [item for item in statements if isinstance(item, Line)]
    if len(lines) < len(statements):
        raise CannotFix("the statement shares its line with others")
    module = fix.unit.module
    code = "; ".join(module.code_for_node(part) for item in lines for part in item.body)
    place = file.end(statement) if after else file.start(statement)
    return [Edit(place, place, f"; {code}" if after else f"{code}; ")]


def _indented(fix: FixContext, statements: Sequence[Any]) -> str:
    return fix.unit.text_of(fix.unit.with_body(statements).with_changes(has_trailing_newline=True))


def _lines_after(fix: FixContext, text: str) -> Edit:
    """Lines after the unit, which may be the end of a file without a final line end."""
    unit = fix.unit.unit
    newline = unit.file.source.newline
    if unit.text.endswith(("\n", "\r")):
        return Edit(unit.end, unit.end, text)
    return Edit(unit.end, unit.end, newline + text.removesuffix(newline))
