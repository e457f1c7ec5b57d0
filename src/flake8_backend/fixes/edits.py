"""What codemods are given: helpers that write code in the layout of the file, so that rules never spell whitespace."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import libcst as cst

from flake8_backend.fixes import definitions, layout, sqlcalls
from flake8_backend.fixes.breaking import parents_of
from flake8_backend.fixes.names import local_name
from flake8_backend.fixes.parameters import with_parameter
from flake8_backend.fixes.plan import CannotFix, ImportRequest, Skipped

if TYPE_CHECKING:
    from types import ModuleType

    from flake8_backend.config import Options
    from flake8_backend.core.diagnostic import Json, Step
    from flake8_backend.core.source import SourceFile
    from flake8_backend.fixes.syntax import Place
    from flake8_backend.fixes.unit import ParsedUnit

Value = str | int | float | bool | cst.BaseExpression | None
Expression = TypeVar("Expression", bound=cst.BaseExpression)

# What may stand before a dot, a call's bracket or after ``await`` without parentheses.
_PRIMARY = (
    cst.Name,
    cst.Attribute,
    cst.Call,
    cst.Subscript,
    cst.List,
    cst.Dict,
    cst.Set,
    cst.ListComp,
    cst.SetComp,
    cst.DictComp,
    cst.SimpleString,
    cst.FormattedString,
    cst.Ellipsis,
)


@dataclass(frozen=True, slots=True)
class Insertion:
    """Statements to be put before or after the statement of a step."""

    code: str
    after: bool


@dataclass
class FixContext:
    """The surroundings of one step: the file, its style, and what else than the node has to change.

    Helpers that take code take it as text (``"asyncio.to_thread"``, ``"timeout=10"``). They raise CannotFix, which
    ends in a skipped fix with that reason; a codemod may raise it too, or return ``fix.skip(reason)``.
    """

    code: str
    options: Options
    place: Place
    unit: ParsedUnit
    step: Step
    imports: list[ImportRequest] = field(default_factory=list)
    insertions: list[Insertion] = field(default_factory=list)

    @property
    def libcst(self) -> ModuleType:
        """The libcst module, for codemods that build nodes: rules do not import it."""
        return cst

    @property
    def source(self) -> SourceFile:
        """The file that is being fixed."""
        return self.place.file.source

    def skip(self, reason: str) -> Skipped:
        """What a codemod returns to refuse."""
        return Skipped(self.code, self.step.span, reason)

    # Reading and writing code

    def code_of(self, node: cst.CSTNode) -> str:
        """The node as it is, or would be, written."""
        return self.unit.module.code_for_node(node)

    def parse_expression(self, code: str) -> cst.BaseExpression:
        """A new expression; raises CannotFix when the code is none."""
        try:
            ast.parse(f"({code}\n)", mode="eval")
            return cst.parse_expression(code, self.unit.module.config_for_parsing)
        except (SyntaxError, ValueError, cst.ParserSyntaxError) as error:
            raise CannotFix(f"`{code}` is not an expression") from error

    def parse_statements(self, code: str) -> list[cst.BaseStatement | cst.SimpleStatementLine]:
        """New statements; raises CannotFix when the code is none."""
        text = textwrap.dedent(code).strip("\n") + "\n"
        try:
            ast.parse(text)
            return list(cst.parse_module(text, self.unit.module.config_for_parsing).body)
        except (SyntaxError, ValueError, cst.ParserSyntaxError) as error:
            raise CannotFix(f"`{code}` is not a statement") from error

    def value(self, value: Value) -> cst.BaseExpression:
        """A string is code; numbers, booleans and None are themselves, and 10.0 is written ``10``."""
        if isinstance(value, cst.BaseExpression):
            return value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return self.parse_expression(value if isinstance(value, str) else repr(value))

    def quoted(self, text: str) -> str:
        """``text`` as a string literal with the quotes that the file prefers."""
        literal = repr(text)
        prefers_double = self.source.text.count('"') >= self.source.text.count("'")
        if prefers_double and literal.startswith("'") and '"' not in literal:
            return f'"{literal[1:-1]}"'
        return literal

    # Imports and statements

    def require_import(self, module: str, name: str | None = None) -> str:
        """The local name of ``module``, or of its ``name``, importing it when no import that is sure to run does.

        Raises CannotFix when the name means something else at this place.
        """
        found, request = local_name(self.place, module, name)
        if request is not None and request not in self.imports:
            self.imports.append(request)
        return found

    def insert_before(self, code: str) -> None:
        """Put statements before the one that the node is in."""
        self.insertions.append(Insertion(code, after=False))

    def insert_after(self, code: str) -> None:
        """Put statements after the one that the node is in."""
        self.insertions.append(Insertion(code, after=True))

    # Arguments

    def argument(self, call: cst.Call, name: str) -> cst.Arg | None:
        """The keyword argument ``name``."""
        return next((arg for arg in call.args if arg.keyword is not None and arg.keyword.value == name), None)

    def with_keyword(self, call: cst.Call, name: str, value: Value) -> cst.Call:
        """``call`` with ``name=value``, which replaces an argument of that name; it comes before ``**others``."""
        if self.argument(call, name) is not None:
            return self.replace_keyword(call, name, value)
        new = cst.Arg(self.value(value), keyword=cst.Name(name), equal=_equal_like(call))
        count = len(call.args)
        index = next((number for number, arg in enumerate(call.args) if arg.star == "**"), count)
        return self._with_argument(call, index, new)

    def replace_keyword(self, call: cst.Call, name: str, value: Value) -> cst.Call:
        """``call`` with another value for the argument ``name``; raises CannotFix when it has none."""
        old = self.argument(call, name)
        if old is None:
            raise CannotFix(f"the call has no argument `{name}`")
        return call.with_deep_changes(old, value=self.value(value))

    def without_keyword(self, call: cst.Call, name: str) -> cst.Call:
        """``call`` without the argument ``name``; raises CannotFix when it has none."""
        old = self.argument(call, name)
        if old is None:
            raise CannotFix(f"the call has no argument `{name}`")
        if len(call.args) > 1:
            return call.with_changes(args=layout.remove(call.args, call.args.index(old)))
        opening = call.whitespace_before_args
        return call.with_changes(
            args=[], whitespace_before_args=opening if layout.has_comment(opening) else layout.NOTHING
        )

    def with_argument(self, call: cst.Call, value: Value) -> cst.Call:
        """``call`` with one more positional argument behind those that it has."""
        index = next(
            (number for number, arg in enumerate(call.args) if arg.keyword or arg.star == "**"), len(call.args)
        )
        return self._with_argument(call, index, cst.Arg(self.value(value)))

    def links(self, call: cst.Call, method: str) -> list[cst.Call]:
        """The calls of ``method`` in a chain of calls, the last one first: ``rows.filter(…).order_by(…)``."""
        found: list[cst.Call] = []
        node: cst.BaseExpression = call
        while isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
            if node.func.attr.value == method:
                found.append(node)
            node = node.func.value
        return found

    def before_link(self, call: cst.Call, method: str) -> cst.BaseExpression | None:
        """What ``rows.method()`` is called on, when the call ends so and has no arguments."""
        func = call.func
        ends_so = isinstance(func, cst.Attribute) and func.attr.value == method and not call.args
        return func.value if ends_so and isinstance(func, cst.Attribute) else None

    def replaced(self, call: cst.Call, old: cst.CSTNode, new: cst.CSTNode) -> cst.Call:
        """``call`` with ``new`` where ``old`` stands in it."""
        return cst.ensure_type(call.deep_replace(old, new), cst.Call)

    def name_within(self, node: cst.CSTNode, name: str) -> str | None:
        """How code writes ``name`` or something that ends in it: ``Order``, ``models.Order``; the outermost first."""
        pending: list[cst.CSTNode] = [node]
        while pending:
            current = pending.pop(0)
            if isinstance(current, (cst.Name, cst.Attribute)) and self.code_of(current).rpartition(".")[2] == name:
                return self.code_of(current)
            pending += current.children
        return None

    def _with_argument(self, call: cst.Call, index: int, new: cst.Arg) -> cst.Call:
        args = [_parenthesised_generator(arg) for arg in call.args]
        opening, args = layout.insert(
            args,
            index,
            new,
            opening=call.whitespace_before_args,
            indent=self.place.file.indent,
            hug=self._fits(call.args[0], new) if len(call.args) == 1 else False,
        )
        return call.with_changes(args=args, whitespace_before_args=opening)

    def _fits(self, old: cst.Arg, new: cst.Arg) -> bool:
        """Whether both arguments have room on the line of the first."""
        place = self.unit.positions.get(old)
        text = self.code_of(old.value)
        if place is None or "\n" in text or "\r" in text:
            return False
        return (
            place.start.column + len(self.code_of(old).strip()) + len(", ") + len(self.code_of(new))
            <= self.place.file.width
        )

    def with_positional(self, call: cst.Call, index: int, value: Value) -> cst.Call:
        """``call`` with a new positional argument, which gets the place ``index``."""
        return self._with_argument(call, index, cst.Arg(self.value(value)))

    def wrap_call(self, call: cst.Call, function: str, *first: str) -> cst.Call:
        """``f(x)`` becomes ``function(*first, f, x)``: another function is told to make the call."""
        wrapped = call.with_changes(func=self.parse_expression(function))
        callee = call.func
        for index, expression in enumerate((*map(self.parse_expression, first), callee)):
            wrapped = self._with_argument(wrapped, index, cst.Arg(expression))
        return wrapped

    # Expressions

    @cached_property
    def _parents(self) -> dict[cst.CSTNode, cst.CSTNode]:
        return parents_of(self.unit.module)

    @cached_property
    def target(self) -> cst.CSTNode:
        """The node of the step."""
        return self.unit.find(self.step.kind, *self.source.offsets(self.step.span))

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """What holds the node; a new expression is taken to stand where the codemod's node stands."""
        return self._parents.get(node) or self._parents.get(self.target)

    def parenthesised(self, expression: Expression) -> Expression:
        """The expression in one more pair of parentheses."""
        return expression.with_changes(
            lpar=[cst.LeftParen(), *expression.lpar], rpar=[*expression.rpar, cst.RightParen()]
        )

    def _primary(self, expression: cst.BaseExpression) -> cst.BaseExpression:
        if isinstance(expression, _PRIMARY) or expression.lpar:
            return expression
        return self.parenthesised(expression)

    def wrap_await(self, expression: cst.BaseExpression) -> cst.Await:
        """``await expression``, inside the parentheses that it has; those that it needs around it come by themselves.

        Raises CannotFix when it is awaited already.
        """
        if isinstance(expression, cst.Await) or isinstance(self.parent(expression), cst.Await):
            raise CannotFix("it is awaited already")
        if isinstance(expression, _PRIMARY):
            inner = expression.with_changes(lpar=[], rpar=[])
            return cst.Await(inner, lpar=expression.lpar, rpar=expression.rpar)
        return cst.Await(self._primary(expression))

    def append_call(self, expression: cst.BaseExpression, method: str, *arguments: str) -> cst.Call:
        """``expression.method(arguments)``, on a line of its own when the links of the chain have theirs."""
        method = method.removeprefix(".")
        call = cst.ensure_type(self.parse_expression(f"_.{method}({', '.join(arguments)})"), cst.Call)
        link = cst.ensure_type(call.func, cst.Attribute)
        dot = _chain_dot(expression)
        if not isinstance(expression, _PRIMARY):
            return call.with_changes(func=link.with_changes(value=self._primary(expression), dot=dot))
        lpar, rpar = list(expression.lpar), list(expression.rpar)
        inner = expression.with_changes(lpar=[], rpar=[])
        closing = rpar[0].whitespace_before if rpar else layout.NOTHING
        if layout.has_comment(closing) and layout.has_newline(dot.whitespace_before):
            # The comment behind the last link stays on its line.
            dot = dot.with_changes(whitespace_before=layout.continued(closing, dot.whitespace_before))
            rpar[0] = rpar[0].with_changes(whitespace_before=layout.bare(closing))
        return call.with_changes(func=link.with_changes(value=inner, dot=dot), lpar=lpar, rpar=rpar)

    # SQL

    def bind_values(self, call: cst.Call, **arguments: Json) -> cst.Call:
        """``call`` with the values that are formatted into its statement passed as parameters; raises CannotFix."""
        return sqlcalls.bind_in_call(call, self, arguments)

    def bind_in_text(self, call: cst.Call, **arguments: Json) -> cst.Call:
        """A call that makes a statement of text, with the values bound to the statement; raises CannotFix."""
        return sqlcalls.bind_in_text(call, self, arguments)

    def bind_in_string(self, expression: cst.BaseExpression, **arguments: Json) -> cst.BaseExpression:
        """A statement that is put together before it is passed, with placeholders for values; raises CannotFix."""
        return sqlcalls.bind_in_string(expression, self, arguments)

    # Functions

    def add_parameter(self, function: cst.FunctionDef, code: str, *, keyword_only: bool = False) -> cst.FunctionDef:
        """``function`` with a parameter such as ``"request: Request"``; raises CannotFix when the name is taken.

        A parameter without a default comes before those that have one.
        """
        new = self._parameter(code)
        return with_parameter(function, new, keyword_only=keyword_only, indent=self.place.file.indent)

    def with_parameters(self, function: cst.FunctionDef, *codes: str) -> cst.FunctionDef:
        """``function`` with parameters that have defaults, each on a line of its own when one line is too short.

        Raises CannotFix when a name is taken, by a parameter or by what the function reads and writes.
        """
        return definitions.with_parameters(function, self.place, [self._parameter(code) for code in codes])

    def with_attribute(self, klass: cst.ClassDef, name: str, code: str) -> cst.ClassDef:
        """``klass`` with ``name = code`` behind the attributes that its body begins with; raises CannotFix."""
        return definitions.with_attribute(klass, self.parse_statements(f"{name} = {code}"))

    def before_definition(self, statement: cst.ClassDef, name: str, code: str) -> list[cst.CSTNode]:
        """The definition of ``name`` and then ``statement``, two lines apart; raises CannotFix when the name is taken."""
        return definitions.before(statement, self.place, name, self.parse_statements(code))

    def _parameter(self, code: str) -> cst.Param:
        try:
            ast.parse(f"def f({code}): ...")
            function = cst.ensure_type(cst.parse_statement(f"def f({code}): ..."), cst.FunctionDef)
            (parameter,) = function.params.params
        except (SyntaxError, ValueError, cst.ParserSyntaxError) as error:
            raise CannotFix(f"`{code}` is not a parameter") from error
        return parameter


def _equal_like(call: cst.Call) -> cst.AssignEqual:
    """An equals sign spaced as in the call's other arguments."""
    for arg in call.args:
        if isinstance(arg.equal, cst.AssignEqual):
            before, after = arg.equal.whitespace_before, arg.equal.whitespace_after
            if not layout.has_newline(before) and not layout.has_newline(after):
                return arg.equal.deep_clone()
    return cst.AssignEqual(whitespace_before=layout.NOTHING, whitespace_after=layout.NOTHING)


def _parenthesised_generator(arg: cst.Arg) -> cst.Arg:
    """A generator that is the only argument needs no parentheses; beside another argument it does."""
    value = arg.value
    if isinstance(value, cst.GeneratorExp) and not value.lpar:
        return arg.with_changes(value=value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()]))
    return arg


def _chain_dot(expression: cst.BaseExpression) -> cst.Dot:
    """The dot of a new link, on a new line when the last link that has a line of its own does."""
    node: cst.CSTNode | None = expression
    while node is not None:
        if isinstance(node, cst.Attribute):
            before, after = node.dot.whitespace_before, node.dot.whitespace_after
            if layout.has_newline(before) or layout.has_newline(after):
                return cst.Dot(layout.bare(before), layout.bare(after))
            node = node.value
        else:
            node = getattr(node, "func", None) if isinstance(node, cst.Call) else getattr(node, "value", None)
            node = node if isinstance(node, cst.BaseExpression) else None
    return cst.Dot()
