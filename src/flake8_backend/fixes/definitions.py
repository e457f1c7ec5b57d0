"""Definitions that get something more: parameters, an attribute, another definition before them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import libcst as cst

from flake8_backend.fixes.names import is_free
from flake8_backend.fixes.parameters import on_lines, with_parameter
from flake8_backend.fixes.plan import CannotFix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_backend.fixes.syntax import Place

Statement = cst.BaseStatement | cst.SimpleStatementLine
_ATTRIBUTES = (cst.Assign, cst.AnnAssign, cst.Expr, cst.Pass)


def with_parameters(function: cst.FunctionDef, place: Place, new: Sequence[cst.Param]) -> cst.FunctionDef:
    """``function`` with more parameters, a line for each when the line that they stand on grows too long.

    Raises CannotFix when a name is taken, by a parameter or by what the function reads and writes.
    """
    used = {node.id for node in ast.walk(place.around[-1].statement) if isinstance(node, ast.Name)}
    for parameter in new:
        if parameter.name.value in used:
            raise CannotFix(f"the function uses the name `{parameter.name.value}` already")
        function = with_parameter(function, parameter, keyword_only=False, indent=place.file.indent)
    header = cst.Module([]).code_for_node(function.with_changes(body=cst.SimpleStatementSuite([]), decorators=[]))
    header = header.rstrip().removesuffix("pass").rstrip()  # which an empty body is written as
    longest = max(map(len, header.splitlines()))
    if longest + len(place.file.margin(place.start)) <= place.file.width:
        return function
    return on_lines(function, indent=place.file.indent)


def with_attribute(klass: cst.ClassDef, lines: Sequence[Statement]) -> cst.ClassDef:
    """``klass`` with an assignment behind those that its body begins with."""
    body = klass.body
    if not isinstance(body, cst.IndentedBlock):
        raise CannotFix("the class has its body on the line of its header")
    position = 0
    for number, statement in enumerate(body.body):
        if not isinstance(statement, cst.SimpleStatementLine):
            break
        if any(isinstance(part, _ATTRIBUTES) for part in statement.body):
            position = number + 1
    return klass.with_changes(body=body.with_changes(body=[*body.body[:position], *lines, *body.body[position:]]))


def before(klass: cst.ClassDef, place: Place, name: str, lines: Sequence[Statement]) -> list[cst.CSTNode]:
    """The definition of ``name`` and then ``klass``, two lines apart; raises CannotFix when the name is taken."""
    if not is_free(place.file, name):
        raise CannotFix(f"the name `{name}` means something else here")
    apart = [cst.EmptyLine(indent=False), cst.EmptyLine(indent=False)]
    return [*lines, klass.with_changes(leading_lines=apart)]
