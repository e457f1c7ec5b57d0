"""The piece of a file that libcst is given: the smallest statement around a place, in a shell that lets it parse.

A statement is not dedented, which could change the inside of a string; instead lines are put in front of it:

- a block that shows libcst the indentation and the line end of the file, which it takes from the first it meets;
- ``if 1:`` when the statement is indented.

``await``, ``return`` and ``yield`` need no function around them: libcst takes them anywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from flake8_backend.fixes.plan import CannotFix
from flake8_backend.fixes.syntax import DEEPEST, Around, ParsedFile, depth

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_OPENING = re.compile(r"(?:[\s\\(]|#[^\r\n]*)*\Z")
_CLOSING = re.compile(r"(?:[\s\\)]|#[^\r\n]*)*\Z")

# What libcst calls the nodes of ``ast``; a name that is missing here is the same in both.
CST_KINDS: dict[str, tuple[type[cst.CSTNode], ...]] = {
    "Constant": (
        cst.SimpleString,
        cst.ConcatenatedString,
        cst.Integer,
        cst.Float,
        cst.Imaginary,
        cst.Name,
        cst.Ellipsis,
    ),
    "JoinedStr": (cst.FormattedString, cst.ConcatenatedString),
    "TemplateStr": (cst.TemplatedString, cst.ConcatenatedString) if hasattr(cst, "TemplatedString") else (),
    "BinOp": (cst.BinaryOperation,),
    "BoolOp": (cst.BooleanOperation,),
    "Compare": (cst.Comparison,),
    "UnaryOp": (cst.UnaryOperation,),
    "YieldFrom": (cst.Yield,),
    "Starred": (cst.StarredElement, cst.Arg),
    "keyword": (cst.Arg,),
    "arg": (cst.Param,),
    "alias": (cst.ImportAlias,),
    "AsyncFunctionDef": (cst.FunctionDef,),
    "AsyncFor": (cst.For,),
    "AsyncWith": (cst.With,),
    "Delete": (cst.Del,),
    "TryStar": (cst.TryStar,),
    "ExceptHandler": (cst.ExceptHandler, cst.ExceptStarHandler),
}
# These have their parentheses inside their span to ``ast``, and outside to libcst.
_PARENTHESISED = ("Tuple", "GeneratorExp")


def cst_kinds(kind: str) -> tuple[type[cst.CSTNode], ...]:
    """The libcst classes of an ``ast`` class name; empty when there is none."""
    known = CST_KINDS.get(kind)
    if known is not None:
        return known
    same = getattr(cst, kind, None)
    return (same,) if isinstance(same, type) and issubclass(same, cst.CSTNode) else ()


@dataclass(frozen=True)
class Unit:
    """A stretch of a file, ``text[start:end]``, that begins with a statement and ends with a line.

    ``indent`` is None when something else stands before it on its line, as in ``if ready: send()``.
    """

    file: ParsedFile
    around: Around
    start: int
    end: int
    indent: str | None

    @classmethod
    def of(cls, file: ParsedFile, around: Sequence[Around]) -> Unit:
        """The unit of the innermost statement; an ``elif`` brings the ``if`` that it belongs to."""
        depth_from_inside = 1
        while file.is_elif(around[-depth_from_inside].statement):
            depth_from_inside += 1
        chosen = around[-depth_from_inside]
        first, last = file.run(chosen)
        start = file.start(chosen.siblings[first])
        end = file.line_end(file.end(chosen.siblings[last]))
        margin = file.margin(start)
        if margin.strip(" \t"):
            return cls(file, chosen, start, end, None)
        return cls(file, chosen, start - len(margin), end, margin)

    @property
    def text(self) -> str:
        """The stretch itself."""
        return self.file.source.text[self.start : self.end]

    @property
    def shell(self) -> str:
        """The lines in front of the stretch."""
        newline = self.file.source.newline
        header = f"if 1:{newline}{self.file.indent}pass{newline}"
        return header + f"if 1:{newline}" if self.indent else header


class ParsedUnit:
    """A unit as libcst sees it; printing it gives its text byte for byte."""

    def __init__(self, unit: Unit) -> None:
        """Raises CannotFix when libcst cannot take the text, or does not give it back as it was."""
        self.unit = unit
        first, last = unit.file.run(unit.around)
        if max(map(depth, unit.around.siblings[first : last + 1])) > DEEPEST:
            raise CannotFix("the statement is nested too deeply")
        code = unit.shell + unit.text
        try:
            module = cst.parse_module(code)
        except cst.ParserSyntaxError as error:
            raise CannotFix("the statement's layout is one that libcst cannot read") from error
        if module.code != code:
            raise CannotFix("the statement's layout is one that libcst does not keep")
        self.module = module

    @cached_property
    def positions(self) -> dict[cst.CSTNode, CodeRange]:
        """Where each node is, in lines and code points of the code with its shell."""
        wrapper = MetadataWrapper(self.module, unsafe_skip_copy=True)
        return dict(wrapper.resolve(PositionProvider))

    @cached_property
    def _line_starts(self) -> list[int]:
        code = self.unit.shell + self.unit.text
        return [match.start() for match in _LINE.finditer(code)]

    def offsets(self, node: cst.CSTNode) -> tuple[int, int]:
        """Start and end of a node of this unit as offsets into the file's text."""
        place = self.positions[node]
        shift = self.unit.start - len(self.unit.shell)
        starts = self._line_starts
        return (
            starts[place.start.line - 1] + place.start.column + shift,
            starts[place.end.line - 1] + place.end.column + shift,
        )

    @property
    def body(self) -> Sequence[cst.BaseStatement | cst.SimpleStatementLine]:
        """The statements of the unit, without its shell."""
        if self.unit.indent:
            shell = cst.ensure_type(self.module.body[1], cst.If)
            return cst.ensure_type(shell.body, cst.IndentedBlock).body
        return self.module.body[1:]

    def with_body(self, body: Sequence[cst.BaseStatement | cst.SimpleStatementLine]) -> cst.Module:
        """The shell around other statements."""
        if not self.unit.indent:
            return self.module.with_changes(body=[self.module.body[0], *body])
        shell = cst.ensure_type(self.module.body[1], cst.If)
        block = shell.body.with_changes(body=body)
        return self.module.with_changes(body=[self.module.body[0], shell.with_changes(body=block)])

    def find(self, kind: str, start: int, end: int) -> cst.CSTNode:
        """The node that ``ast`` calls ``kind`` and places at the offsets; raises CannotFix when there is none."""
        classes = cst_kinds(kind)
        candidates = [node for node in self.positions if isinstance(node, classes)] if classes else []
        for node in candidates:
            if self.offsets(node) == (start, end):
                return node
        for node in candidates:
            if isinstance(node, cst.Param) and self.offsets(node.name)[0] == start:
                return node  # to libcst the default and the star belong to it
            if isinstance(node, cst.FunctionDef | cst.ClassDef) and self.offsets(node)[0] == start:
                return node  # a definition is told by its first line
            if kind in _PARENTHESISED and self._is_inside(node, start, end):
                return node
        raise CannotFix(f"libcst has no {kind} at this place")

    def _is_inside(self, node: cst.CSTNode, start: int, end: int) -> bool:
        """Whether the offsets are those of ``node`` with its parentheses."""
        text = self.unit.file.source.text
        inner_start, inner_end = self.offsets(node)
        return (
            start < inner_start
            and inner_end < end
            and _OPENING.match(text, start, inner_start) is not None
            and _CLOSING.match(text, inner_end, end) is not None
        )

    def text_of(self, module: cst.Module) -> str:
        """What the unit's stretch becomes when its module is changed to ``module``."""
        code = module.code
        shell = self.unit.shell
        if not code.startswith(shell):
            raise CannotFix("the codemod reached beyond its statement")
        return code[len(shell) :]
