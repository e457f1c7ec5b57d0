"""Calls that run SQL with values formatted into it, repaired: the values go beside the statement."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from flake8_backend.core.diagnostic import Span
from flake8_backend.fixes import sqlvalues
from flake8_backend.fixes.plan import CannotFix
from flake8_backend.fixes.sqlvalues import DOLLAR, FORMAT, NAMED, PYFORMAT, QMARK, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flake8_backend.core.diagnostic import Json
    from flake8_backend.fixes.edits import FixContext

_BY_NAME = frozenset({PYFORMAT, NAMED})
_DOUBLING = frozenset({FORMAT, PYFORMAT})


@dataclass(frozen=True)
class Statement:
    """How a statement is put together and what it is to become; ``has_values``: values are passed already."""

    style: str
    operands: Mapping[str, str]
    has_values: bool = False

    @classmethod
    def read(cls, arguments: Mapping[str, Json]) -> Statement:
        """From the arguments of a step."""
        operands = arguments["operands"]
        assert isinstance(operands, dict)
        return cls(
            str(arguments["style"]),
            {name: str(action) for name, action in operands.items()},
            bool(arguments.get("has_values")),
        )

    def bound(self, expression: cst.BaseExpression, fix: FixContext, taken: Sequence[str] = ()) -> Bound:
        """The expression with placeholders, and the values; raises CannotFix."""
        inner, around = sqlvalues.unwrapped(expression)
        text = Text(inner, fix.code_of, self.operands)
        text.bind()
        first = sqlvalues.numbers(text) + 1 if self.style == DOLLAR else 1
        names = text.names(iter(taken)) if self.style in _BY_NAME else {}
        doubles = self.style in _DOUBLING and not self.has_values
        new = text.written(self.style, names, first, doubles=doubles)
        if around is not None:
            new = around.with_changes(args=[around.args[0].with_changes(value=new)])
        return Bound(new, text, names, first)


@dataclass(frozen=True)
class Bound:
    """A statement with placeholders, and what they stand for."""

    expression: cst.BaseExpression
    text: Text
    names: Mapping[int, str]
    first: int

    @property
    def named(self) -> dict[str, str]:
        """The code of the values by the names of their placeholders."""
        return {self.names[number]: item.code for number, item in enumerate(self.text.placeholders)}


def bind_in_call(call: cst.Call, fix: FixContext, arguments: Mapping[str, Json]) -> cst.Call:
    """``call`` with the values of its statement as parameters; raises CannotFix."""
    statement = Statement.read(arguments)
    sql = _argument(call, arguments["sql"])
    if sql is None:
        raise CannotFix("the statement is not passed by its place or name")
    holder = sql.value
    if arguments.get("inner"):
        holder = cst.ensure_type(holder, cst.Call).args[0].value
    values = _argument(call, arguments["values"])
    taken = [key for key, _ in _entries(values.value)] if values is not None and statement.style in _BY_NAME else []
    place = arguments.get("string")
    if isinstance(place, list):
        _check_variable(fix, holder, Span(*place))  # type: ignore[arg-type]
        expression = fix.parse_expression(f"({fix.source.segment(Span(*place))})")  # type: ignore[arg-type]
    else:
        expression = holder
    bound = statement.bound(expression, fix, taken)
    if not isinstance(place, list):
        call = cst.ensure_type(call.deep_replace(holder, bound.expression), cst.Call)
    return _with_values(call, fix, statement, bound, arguments["values"])


def bind_in_text(call: cst.Call, fix: FixContext, arguments: Mapping[str, Json]) -> cst.Call:
    """``text(f"… {x}")`` as ``text("… :x").bindparams(x=x)``; raises CannotFix."""
    statement = Statement.read(arguments)
    place = arguments.get("string")
    if isinstance(place, list):
        _check_variable(fix, call.args[0].value, Span(*place))  # type: ignore[arg-type]
        code = f"({fix.source.segment(Span(*place))})"  # type: ignore[arg-type]
        bound = statement.bound(fix.parse_expression(code), fix)
    else:
        bound = statement.bound(call.args[0].value, fix)
        call = call.with_changes(args=[call.args[0].with_changes(value=bound.expression), *call.args[1:]])
    return fix.append_call(call, "bindparams", *(f"{name}={code}" for name, code in bound.named.items()))


def bind_in_string(
    expression: cst.BaseExpression, fix: FixContext, arguments: Mapping[str, Json]
) -> cst.BaseExpression:
    """A statement that is put together before the call, with placeholders; raises CannotFix."""
    return Statement.read(arguments).bound(expression, fix).expression


# --- values -----------------------------------------------------------------------------------------------------


def _argument(call: cst.Call, place: Json) -> cst.Arg | None:
    """The argument at a place: parameter and position."""
    assert isinstance(place, list)
    name, position = place
    positional = [arg for arg in call.args if arg.keyword is None and not arg.star]
    if any(arg.star for arg in call.args):
        raise CannotFix("arguments are unpacked")
    if isinstance(position, int) and position < len(positional):
        return positional[position]
    return next((arg for arg in call.args if arg.keyword is not None and arg.keyword.value == name), None)


def _with_values(call: cst.Call, fix: FixContext, statement: Statement, bound: Bound, place: Json) -> cst.Call:
    assert isinstance(place, list)
    name, position = str(place[0]), place[1]
    if statement.style == DOLLAR:
        return _with_arguments(call, fix, bound)
    old = _argument(call, place)
    code = _collected(old, fix, statement, bound)
    if old is not None:
        return call.with_deep_changes(old, value=fix.parse_expression(code))
    positional = sum(arg.keyword is None for arg in call.args)
    if isinstance(position, int) and position == positional:
        return fix.with_positional(call, positional, code)
    return fix.with_keyword(call, name, code)


def _with_arguments(call: cst.Call, fix: FixContext, bound: Bound) -> cst.Call:
    """Values that are arguments of their own, behind those that are there."""
    count = sum(arg.keyword is None for arg in call.args)
    if count != bound.first:  # the statement, and one value for each number
        raise CannotFix("the values that are passed are not those of the statement")
    for number, item in enumerate(bound.text.placeholders):
        call = fix.with_positional(call, count + number, item.code)
    return call


def _collected(old: cst.Arg | None, fix: FixContext, statement: Statement, bound: Bound) -> str:
    if statement.style in _BY_NAME:
        entries = [] if old is None else [(key, fix.code_of(value)) for key, value in _entries(old.value)]
        entries += bound.named.items()
        return "{" + ", ".join(f"{fix.quoted(key)}: {code}" for key, code in dict(entries).items()) + "}"
    wanted = sqlvalues.order(bound.text, statement.style)
    opening, given = "(", []
    if old is not None:
        if not isinstance(old.value, cst.Tuple | cst.List):
            raise CannotFix("the values that are passed are not written here")
        if any(isinstance(element, cst.StarredElement) for element in old.value.elements):
            raise CannotFix("the values that are passed are not written one by one")
        opening = "(" if isinstance(old.value, cst.Tuple) else "["
        given = [fix.code_of(element.value) for element in old.value.elements]
    if wanted.count(None) != len(given):
        raise CannotFix("the values that are passed are not those of the statement")
    following = iter(given)
    codes = [next(following) if code is None else code for code in wanted]
    if opening == "[":
        return f"[{', '.join(codes)}]"
    return f"({codes[0]},)" if len(codes) == 1 else f"({', '.join(codes)})"


def _entries(node: cst.BaseExpression) -> Iterator[tuple[str, cst.BaseExpression]]:
    if not isinstance(node, cst.Dict):
        raise CannotFix("the values that are passed are not written here")
    for item in node.elements:
        if not (isinstance(item, cst.DictElement) and isinstance(item.key, cst.SimpleString)):
            raise CannotFix("the values that are passed are not written one by one")
        yield str(item.key.evaluated_value), item.value


# --- variables --------------------------------------------------------------------------------------------------


def _check_variable(fix: FixContext, node: cst.BaseExpression, place: Span) -> None:
    """Refuse unless ``node`` is a variable that holds the text at ``place`` and nothing else, for this call alone."""
    if not isinstance(node, cst.Name):
        raise CannotFix("the statement is not a variable")
    function = next(
        (
            around.statement
            for around in reversed(fix.place.around)
            if isinstance(around.statement, ast.FunctionDef | ast.AsyncFunctionDef)
        ),
        None,
    )
    if function is None:
        raise CannotFix("the statement is put together outside of the function")
    names = [name for name in ast.walk(function) if isinstance(name, ast.Name)]
    own = [name for name in names if name.id == node.value]
    stored = [name for name in own if not isinstance(name.ctx, ast.Load)]
    if len(stored) != 1 or len(own) != len(stored) + 1:
        raise CannotFix(f"`{node.value}` is used for more than this call")
    line = fix.step.span.line
    used = {name.id for name in names if place.line <= name.lineno <= place.end_line}
    for name in names:
        between = place.end_line < name.lineno <= line
        if between and not isinstance(name.ctx, ast.Load) and name.id in used:
            raise CannotFix(f"`{name.id}` changes before the call")


__all__ = ["QMARK", "Statement", "bind_in_call", "bind_in_string", "bind_in_text"]
