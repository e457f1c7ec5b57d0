"""Expressions to terms, by the node's class."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from flake8_backend.semantic import checks, terms
from flake8_backend.semantic.lowered import contents, names
from flake8_backend.semantic.terms import UNKNOWN

if TYPE_CHECKING:
    from flake8_backend.semantic.lowering import Lowering
    from flake8_backend.semantic.scopes import Frame

_LONGEST_TEXT = 400
_LONGEST_DISPLAY = 64
_OPERATORS = {
    ast.Add: "+",
    ast.Mod: "%",
    ast.Div: "/",
    ast.BitOr: "|",
    ast.BitAnd: "&",
    ast.Mult: "*",
    ast.Sub: "-",
    ast.LShift: "<<",
}
_COMPARISONS = {
    ast.Eq: terms.EQUAL,
    ast.Lt: terms.ORDER,
    ast.LtE: terms.ORDER,
    ast.Gt: terms.ORDER,
    ast.GtE: terms.ORDER,
}
_ON_TEXT = (ast.Add, ast.Mod)
_UNPLACED = 4  # items of a BINARY term that has no place
_DISPLAYS = {ast.List: "list", ast.Tuple: "tuple", ast.Set: "set"}
_COMPREHENSIONS = {ast.ListComp: "list", ast.SetComp: "set", ast.GeneratorExp: "generator", ast.DictComp: "dict"}


def _name(lowering: Lowering, node: ast.Name, frame: Frame, block: int, order: int) -> int:
    term = lowering.name(node.id, frame, block, order)
    return names.checked(lowering, node, term, frame, block, order) if frame.allowed else term


def _attribute(lowering: Lowering, node: ast.Attribute, frame: Frame, block: int, order: int) -> int:
    owner = lowering.owner(node.value, frame, block, order)
    if not owner:
        return UNKNOWN
    term = lowering.terms[owner]
    if term[0] == terms.NAME:
        return lowering.intern(terms.NAME, f"{term[1]}.{node.attr}")
    found = lowering.intern(terms.ATTRIBUTE, owner, node.attr)
    return names.checked(lowering, node, found, frame, block, order) if frame.allowed else found


def _constant(lowering: Lowering, node: ast.Constant, frame: Frame, block: int, order: int) -> int:
    value = node.value
    if isinstance(value, str):
        if len(value) > _LONGEST_TEXT:
            value = value[: _LONGEST_TEXT // 2] + "\n" + value[-_LONGEST_TEXT // 2 :]
        if not value.isprintable():
            value = value.encode("utf-8", "replace").decode()
    elif not (value is None or isinstance(value, (bool, int, float))):
        return UNKNOWN
    if (isinstance(value, float) and value - value != 0) or (isinstance(value, int) and abs(value) > 1 << 62):
        return UNKNOWN
    return lowering.intern(terms.CONSTANT, value, value.__class__.__name__)


def _call(lowering: Lowering, node: ast.Call, frame: Frame, block: int, order: int) -> int:
    func = node.func
    if func.__class__ is ast.Name and func.id == "super" and frame.class_index >= 0:
        return lowering.intern(terms.SUPER, frame.class_index)
    callee = lowering.owner(func, frame, block, order)
    if not callee:
        return UNKNOWN
    positional = []
    keywords = []
    joins = (frame.grown or frame.stores) and func.__class__ is ast.Attribute and func.attr == "join"
    for argument in node.args:
        if joins:
            positional.append(contents.grown(lowering, argument, frame, block, order))
        elif argument.__class__ is ast.Starred:
            keywords.append((terms.STAR, lowering.lower(argument.value, frame, block, order)))
        else:
            positional.append(lowering.given(argument, frame, block, order))
    for keyword in node.keywords:
        if keyword.arg is None:
            keywords.append((terms.DOUBLE_STAR, contents.spread(lowering, keyword.value, frame, block, order)))
        else:
            keywords.append((keyword.arg, lowering.given(keyword.value, frame, block, order)))
    return lowering.fresh(
        terms.CALL,
        callee,
        tuple(positional),
        tuple(keywords),
        node.lineno,
        node.col_offset,
        node.end_lineno,
        node.end_col_offset,
    )


def _await(lowering: Lowering, node: ast.Await, frame: Frame, block: int, order: int) -> int:
    return lowering.wrap(terms.AWAIT, lowering.lower(node.value, frame, block, order))


def _subscript(lowering: Lowering, node: ast.Subscript, frame: Frame, block: int, order: int) -> int:
    owner = lowering.owner(node.value, frame, block, order)
    if not owner:
        return UNKNOWN
    if isinstance(node.slice, ast.Slice):
        upper = lowering.lower(node.slice.upper, frame, block, order) if node.slice.upper is not None else UNKNOWN
        bounded = node.slice.upper is not None
        return lowering.intern(terms.ITEM, owner, lowering.intern(terms.DISPLAY, "slice", (upper,) if bounded else ()))
    found = lowering.intern(terms.ITEM, owner, lowering.lower(node.slice, frame, block, order))
    return names.checked(lowering, node, found, frame, block, order) if frame.allowed else found


def _display(lowering: Lowering, node: Any, frame: Frame, block: int, order: int) -> int:
    elements = tuple(lowering.lower(element, frame, block, order) for element in node.elts[:_LONGEST_DISPLAY])
    return lowering.intern(terms.DISPLAY, _DISPLAYS[node.__class__], elements, len(node.elts))


def _dict(lowering: Lowering, node: ast.Dict, frame: Frame, block: int, order: int) -> int:
    parts = []
    for key, value in zip(node.keys[:64], node.values[:64], strict=True):
        parts += [lowering.lower(key, frame, block, order), lowering.lower(value, frame, block, order)]
    return lowering.intern(terms.DISPLAY, "dict", tuple(parts), len(node.keys))


def _comprehension(lowering: Lowering, node: Any, frame: Frame, block: int, order: int) -> int:
    inner = next((i for i, b in enumerate(frame.blocks) if b.nodes and b.nodes[0] is node.generators[-1]), None)
    if inner is None:
        return UNKNOWN
    result = node.value if isinstance(node, ast.DictComp) else node.elt
    element = lowering.lower(result, frame, inner, order + 1_000_000)
    iterable = lowering.lower(node.generators[0].iter, frame, block, order)
    if isinstance(node, ast.DictComp):
        key = lowering.lower(node.key, frame, inner, order + 1_000_000)
        return lowering.intern(terms.COMPREHENSION, "dict", element, iterable, key)
    return lowering.intern(terms.COMPREHENSION, _COMPREHENSIONS[node.__class__], element, iterable)


def _binary_expression(lowering: Lowering, node: ast.BinOp, frame: Frame, block: int, order: int) -> int:
    left = lowering.lower(node.left, frame, block, order)
    right = lowering.lower(node.right, frame, block, order)
    operator = node.op.__class__
    if operator in _ON_TEXT and (_is_text(lowering, left) or _is_text(lowering, right)):
        place = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
        return lowering.fresh(terms.BINARY, _OPERATORS[operator], left, right, *place)
    return binary(lowering, operator, left, right)


def _is_text(lowering: Lowering, index: int) -> bool:
    """Whether a term is plainly text: a literal, or text put together from one."""
    term = lowering.terms[index]
    if term[0] == terms.CONSTANT:
        return bool(term[2] == "str")
    return term[0] == terms.STRING or (term[0] == terms.BINARY and len(term) > _UNPLACED)


def _unary(lowering: Lowering, node: ast.UnaryOp, frame: Frame, block: int, order: int) -> int:
    """A sign makes a number of a number; anything else is unknown."""
    operand = lowering.lower(node.operand, frame, block, order)
    if not isinstance(node.op, ast.USub) or not operand:
        return UNKNOWN
    value = lowering.terms[operand][1] if lowering.terms[operand][0] == terms.CONSTANT else None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return lowering.intern(terms.CONSTANT, -value, value.__class__.__name__)
    return lowering.intern(terms.BINARY, "-", UNKNOWN, operand)


def binary(lowering: Lowering, operator: type[ast.operator], left: int, right: int) -> int:
    """The term of an operator between two terms."""
    symbol = _OPERATORS.get(operator)
    return lowering.intern(terms.BINARY, symbol, left, right) if symbol and (left or right) else UNKNOWN


def _boolean(lowering: Lowering, node: ast.BoolOp, frame: Frame, block: int, order: int) -> int:
    return lowering.union([lowering.lower(value, frame, block, order) for value in node.values])


def _comparison(lowering: Lowering, node: ast.Compare, frame: Frame, block: int, order: int) -> int:
    operator = _COMPARISONS.get(type(node.ops[0])) if len(node.ops) == 1 else None
    if operator is None:
        return UNKNOWN
    left = lowering.lower(node.left, frame, block, order)
    right = lowering.lower(node.comparators[0], frame, block, order)
    return lowering.intern(operator, left, right) if left or (right and operator == terms.ORDER) else UNKNOWN


def _conditional(lowering: Lowering, node: ast.IfExp, frame: Frame, block: int, order: int) -> int:
    options = []
    for branch, holds in ((node.body, True), (node.orelse, False)):
        term = lowering.lower(branch, frame, block, order)
        key = checks.key_of(branch)
        if key is not None and key in checks.checked(node.test, lowering.imported_as, holds=holds):
            term = lowering.intern(terms.ALLOWED, term, UNKNOWN)
        options.append(term)
    return lowering.union(options)


def _walrus(lowering: Lowering, node: ast.NamedExpr, frame: Frame, block: int, order: int) -> int:
    return lowering.lower(node.value, frame, block, order)


def _starred(lowering: Lowering, node: ast.Starred, frame: Frame, block: int, order: int) -> int:
    return lowering.wrap(terms.ELEMENT, lowering.lower(node.value, frame, block, order))


def _joined(lowering: Lowering, node: ast.JoinedStr, frame: Frame, block: int, order: int) -> int:
    parts = []
    for value in node.values:
        if isinstance(value, ast.FormattedValue):
            term = lowering.lower(value.value, frame, block, order)
            conversion = terms.NUMBER_PART if _is_number_format(value.format_spec) else value.conversion
            parts.append((term, conversion, ast.unparse(value.value)[:60]))
        else:
            parts.append((lowering.lower(value, frame, block, order), terms.LITERAL_PART, ""))
    if all(conversion == terms.LITERAL_PART for _, conversion, _ in parts):
        text = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        return lowering.intern(terms.CONSTANT, text[:_LONGEST_TEXT], "str")
    return lowering.fresh(
        terms.STRING, tuple(parts), node.lineno, node.col_offset, node.end_lineno, node.end_col_offset
    )


def _lambda(lowering: Lowering, node: ast.Lambda, frame: Frame, block: int, order: int) -> int:
    for candidate in lowering.frames[frame.index :]:
        if candidate.node is node:
            return lowering.intern(terms.FUNCTION, candidate.index)
    return UNKNOWN


def _is_number_format(spec: ast.expr | None) -> bool:
    """``{limit:d}``: formatting raises for anything that is no number."""
    last = spec.values[-1] if isinstance(spec, ast.JoinedStr) and spec.values else None
    return isinstance(last, ast.Constant) and str(last.value)[-1:] in tuple("bcdoxXneEfFgG%")


HANDLERS: dict[type[ast.AST], Any] = {
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Constant: _constant,
    ast.Call: _call,
    ast.Await: _await,
    ast.Subscript: _subscript,
    ast.List: _display,
    ast.Tuple: _display,
    ast.Set: _display,
    ast.Dict: _dict,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _comprehension,
    ast.BinOp: _binary_expression,
    ast.UnaryOp: _unary,
    ast.BoolOp: _boolean,
    ast.Compare: _comparison,
    ast.IfExp: _conditional,
    ast.NamedExpr: _walrus,
    ast.Starred: _starred,
    ast.JoinedStr: _joined,
    ast.Lambda: _lambda,
}
