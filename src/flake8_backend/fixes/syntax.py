"""Where a place is in the tree of its file: the statements around it, and its indentation.

Everything here works on ``ast``: libcst is given text only after ``ast`` accepted it.
"""

from __future__ import annotations

import ast
import bisect
import re
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flake8_backend.core.diagnostic import Span
from flake8_backend.fixes.style import UNKNOWN_STYLE, Style

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.core.source import SourceFile

Function = ast.FunctionDef | ast.AsyncFunctionDef
_BLANK = r"(?:[ \t\f]|\\\r?\n|\\\r)*"
_SEMICOLON_BETWEEN = re.compile(rf"{_BLANK};{_BLANK}\Z")
_LINE_END = re.compile(r"\r\n|\n|\r")
_DEFAULT_INDENT = "    "
USUAL_WIDTH = 88
PEP8_WIDTH = 79
LONGEST = 120
ENOUGH_LINES = 100  # so many must all be short before the limit is taken to be that of PEP 8
# Beyond this libcst's recursion ends in RecursionError, and far beyond it in a crash of the process.
DEEPEST = 450


class Unparsable(ValueError):
    """The text is not Python that this interpreter can parse."""


def parse(text: str) -> ast.Module:
    """The tree of ``text``, without the warnings about its strings and comparisons; raises Unparsable."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise Unparsable(str(error) or type(error).__name__) from error


def compiles(text: str) -> bool:
    """Whether the text is a valid program: stricter than parsing, for it sees a stray ``await`` or ``return``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "<fixed>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def depth(tree: ast.AST) -> int:
    """How deeply the nodes are nested."""
    level: list[ast.AST] = [tree]
    levels = 0
    while level:
        levels += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return levels


def span_of(node: ast.AST) -> Span:
    """The place of a statement, an expression or another node that has one."""
    return Span(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]


def span_between(source: SourceFile, start: int, end: int) -> Span:
    """The span of two code-point offsets into the text."""
    return Span(*_position(source, start), *_position(source, end))


def _position(source: SourceFile, offset: int) -> tuple[int, int]:
    passed = 0
    for number, line in enumerate(source.lines, start=1):
        if offset < passed + len(line) or number == len(source.lines):
            return number, source.column_in_bytes(number, offset - passed)
        passed += len(line)
    return 1, 0


@dataclass(frozen=True, slots=True)
class Around:
    """A statement around a place: its position in the list of statements that holds it, and the owner of the list."""

    statement: ast.stmt
    siblings: Sequence[ast.stmt]
    index: int
    owner: ast.AST


def _blocks(statement: ast.AST) -> Iterator[tuple[ast.AST, list[ast.stmt]]]:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(statement, name, None)
        if isinstance(block, list) and block:
            yield statement, block
    for name in ("handlers", "cases"):
        for part in getattr(statement, name, ()):
            yield part, part.body


@dataclass(frozen=True)
class ParsedFile:
    """One text with its tree; every fix of a round is planned against the same one."""

    source: SourceFile
    tree: ast.Module
    style: Style = UNKNOWN_STYLE

    @classmethod
    def of(cls, source: SourceFile, style: Style = UNKNOWN_STYLE) -> ParsedFile:
        """Raises Unparsable."""
        return cls(source, parse(source.text), style)

    @cached_property
    def indent(self) -> str:
        """One step of indentation: that of the first block that stands on lines of its own."""
        for statement in self.tree.body:
            for _, block in _blocks(statement):
                first = block[0]
                if first.lineno > statement.lineno:
                    margin = self.margin(self.start(first))
                    return margin if margin and not margin.strip(" \t") else _DEFAULT_INDENT
        return _DEFAULT_INDENT

    @cached_property
    def width(self) -> int:
        """How long lines may be, in code points: 88, unless the project's settings or the file tell otherwise.

        Lines of more than 120 tell nothing: they are those that could not be broken.
        """
        if self.style.width is not None:
            return self.style.width
        longest = max((len(line.rstrip()) for line in self.source.lines if len(line.rstrip()) <= LONGEST), default=0)
        is_narrow = longest <= PEP8_WIDTH and len(self.source.lines) >= ENOUGH_LINES
        return PEP8_WIDTH if is_narrow else max(USUAL_WIDTH, longest)

    def line_start(self, offset: int) -> int:
        """Offset of the first character of the line that ``offset`` is on."""
        text = self.source.text
        return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1

    def margin(self, offset: int) -> str:
        """What stands on the line before ``offset``, without what a form feed ends."""
        return self.source.text[self.line_start(offset) : offset].rpartition("\f")[2]

    def start(self, statement: ast.stmt) -> int:
        """Offset of a statement's first character, its decorators included."""
        decorators = getattr(statement, "decorator_list", None)
        if decorators:
            return self.source.text.rfind("@", 0, self.source.offsets(span_of(decorators[0]))[0])
        return self.source.offsets(span_of(statement))[0]

    def end(self, statement: ast.stmt) -> int:
        """Offset behind a statement's last character."""
        return self.source.offsets(span_of(statement))[1]

    def around(self, start: int, end: int) -> tuple[Around, ...]:
        """The statements that enclose the offsets, outermost first; empty when none does."""
        found: list[Around] = []
        blocks: list[tuple[ast.AST, list[ast.stmt]]] = [(self.tree, self.tree.body)]
        while blocks:
            owner, block = blocks.pop()
            index = self._holder(block, start, end)
            if index is not None:
                found.append(Around(block[index], block, index, owner))
                blocks = list(_blocks(block[index]))
        return tuple(found)

    def _holder(self, block: Sequence[ast.stmt], start: int, end: int) -> int | None:
        index = bisect.bisect_left(block, end, key=self.end)
        if index < len(block) and self.start(block[index]) <= start:
            return index
        return None

    def run(self, around: Around) -> tuple[int, int]:
        """First and last index of the simple statements that share a logical line with this one (``a; b``)."""
        first = last = around.index
        while first > 0 and self._joined(around.siblings[first - 1], around.siblings[first]):
            first -= 1
        while last + 1 < len(around.siblings) and self._joined(around.siblings[last], around.siblings[last + 1]):
            last += 1
        return first, last

    def _joined(self, left: ast.stmt, right: ast.stmt) -> bool:
        return bool(_SEMICOLON_BETWEEN.match(self.source.text, self.end(left), self.start(right)))

    def is_elif(self, statement: ast.stmt) -> bool:
        """Whether the statement is spelt ``elif``, which is a nested ``if`` to ``ast``."""
        return isinstance(statement, ast.If) and self.source.text.startswith("elif", self.start(statement))

    def line_end(self, offset: int) -> int:
        """Offset behind the line end that follows ``offset``, or the end of the text."""
        found = _LINE_END.search(self.source.text, offset)
        return found.end() if found else len(self.source.text)


@dataclass(frozen=True)
class Place:
    """A stretch of a parsed file, in code-point offsets."""

    file: ParsedFile
    start: int
    end: int

    @cached_property
    def around(self) -> tuple[Around, ...]:
        """The statements that enclose it, outermost first."""
        return self.file.around(self.start, self.end)
