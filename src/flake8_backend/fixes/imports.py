"""Adding imports to a module: each beside its like, in the order and the layout that are there.

A request is met by a ``from`` import of the same module where one is sure to run, and by a new line otherwise. New
lines go into the imports that the module begins with, or behind its docstring, ``__future__`` imports and header
comments; never under ``if``, ``try`` or ``def``, never twice.
"""

from __future__ import annotations

import ast
import io
import itertools
import re
import sys
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.fixes.plan import CannotFix, Edit, ImportRequest, apply_edits, text_edits
from flake8_backend.fixes.style import UNKNOWN_STYLE, Style
from flake8_backend.fixes.syntax import ParsedFile, span_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from flake8_backend.core.source import SourceFile

ImportStatement = ast.Import | ast.ImportFrom
FUTURE, STDLIB, THIRD_PARTY, FIRST_PARTY, RELATIVE = range(5)
_BLANK_LINE = re.compile(r"(?:\r\n|\n|\r)[ \t\f]*(?:\r\n|\n|\r)")
_HEADER_LINE = re.compile(r"#!|#.*coding[:=]")


def import_edits(
    source: SourceFile, requests: Iterable[ImportRequest], *, style: Style = UNKNOWN_STYLE
) -> tuple[Edit, ...]:
    """The edits that meet all requests.

    Raises CannotFix when two requests bind one name to different things, and Unparsable.
    """
    wanted = _merged(requests)
    text = source.text
    for request in wanted:
        module = _Module(ParsedFile.of(replace(source, text=text), style))
        if not module.has(request):
            text = apply_edits(text, [module.edit(request)])
    return text_edits(source.text, text)


def _merged(requests: Iterable[ImportRequest]) -> list[ImportRequest]:
    """One request for each thing, in an order that does not depend on the order of the fixes."""
    found: dict[tuple[str, str | None], ImportRequest] = {}
    meanings: dict[str, str] = {}
    for request in requests:
        key = (request.module, request.name)
        early = request.early or (key in found and found[key].early)
        found[key] = replace(request, early=early)
        meaning = f"{request.module}.{request.name}" if request.name else request.binds
        if meanings.setdefault(request.binds, meaning) != meaning:
            raise CannotFix(f"two fixes need the name `{request.binds}` for different things")
    return sorted(found.values(), key=lambda request: (request.module, request.name or ""))


def _member_key(name: str) -> tuple[int, str]:
    """isort's default order: constants, classes, the rest."""
    if name.isupper() and len(name) > 1:
        return (0, name)
    return (1, name) if name[:1].isupper() else (2, name)


_MEMBER_ORDERS: tuple[Callable[[str], Any], ...] = (_member_key, str.lower, str)


@dataclass(frozen=True)
class _Module:
    """One text while an import is added to it."""

    file: ParsedFile

    @property
    def text(self) -> str:
        return self.file.source.text

    @property
    def newline(self) -> str:
        return self.file.source.newline

    @cached_property
    def imports(self) -> list[ImportStatement]:
        """All imports that are sure to run, in order."""
        return [statement for statement in self.file.tree.body if isinstance(statement, ast.Import | ast.ImportFrom)]

    @cached_property
    def head(self) -> list[ImportStatement]:
        """The imports that the module begins with, its docstring aside."""
        found: list[ImportStatement] = []
        for index, statement in enumerate(self.file.tree.body):
            if isinstance(statement, ast.Import | ast.ImportFrom):
                found.append(statement)
            elif not (index == 0 and _is_docstring(statement)):
                break
        return found

    def has(self, request: ImportRequest) -> bool:
        """Whether an import meets the request already."""
        for statement in self.head if request.early else self.imports:
            for alias in statement.names:
                if isinstance(statement, ast.Import):
                    met = request.name is None and alias.asname is None and alias.name == request.module
                else:
                    met = _same_module(statement, request) and alias.name == request.name and alias.asname is None
                if met:
                    return True
        return False

    def edit(self, request: ImportRequest) -> Edit:
        """One edit that meets the request."""
        if request.name is not None:
            for statement in self.head if request.early else self.imports:
                if _same_module(statement, request) and statement.names[0].name != "*":
                    return self._with_member(statement, request.name)
        return self._new_line(request)

    # A name more in ``from module import …``

    def _with_member(self, statement: ImportStatement, name: str) -> Edit:
        names = [alias.name for alias in statement.names]
        order = next((key for key in _MEMBER_ORDERS if names == sorted(names, key=key)), None)
        index = len(names)
        if order is not None:
            index = sorted([*names, name], key=order).index(name)
        spans = [self.file.source.offsets(span_of(alias)) for alias in statement.names]
        if all(not self.file.margin(start).strip() for start, _ in spans):
            return self._member_line(spans, index, name)
        start, end = self.file.start(statement), self.file.end(statement)
        is_plain = statement.end_lineno == statement.lineno and self.text[end - 1] != ")"
        if is_plain and end - start + len(f", {name}") > self.file.width:
            return self._wrapped(spans, index, name)
        if index < len(names):
            return Edit(spans[index][0], spans[index][0], f"{name}, ")
        return Edit(spans[-1][1], spans[-1][1], f", {name}")

    def _member_line(self, spans: Sequence[tuple[int, int]], index: int, name: str) -> Edit:
        """A line of its own for the name, as the others have one."""
        margin = self.file.margin(spans[0][0])
        if index == 0:
            start = spans[0][0] - len(margin)
            return Edit(start, start, f"{margin}{name},{self.newline}")
        end = spans[index - 1][1]
        line_end = self.file.line_end(end)
        rest = self.text[end:line_end]
        if rest.lstrip().startswith(","):
            return Edit(line_end, line_end, f"{margin}{name},{self.newline}")
        if rest.lstrip().startswith(")"):
            return Edit(end, end, f",{self.newline}{margin}{name}")
        return Edit(end, line_end, f",{rest}{margin}{name}{self.newline}")

    def _wrapped(self, spans: Sequence[tuple[int, int]], index: int, name: str) -> Edit:
        """One name per line in parentheses, for a line that would grow too long."""
        members = [self.text[start:end] for start, end in spans]
        members.insert(index, name)
        lines = "".join(f"{self.file.indent}{member},{self.newline}" for member in members)
        return Edit(spans[0][0], spans[-1][1], f"({self.newline}{lines})")

    # A line more

    def _kind(self, statement: ImportStatement) -> int:
        if isinstance(statement, ast.Import):
            return self._kind_of(statement.names[0].name)
        return RELATIVE if statement.level else self._kind_of(statement.module or "")

    def _kind_of(self, module: str) -> int:
        root = module.partition(".")[0]
        if root == "__future__":
            return FUTURE
        if root in self.file.style.first_party:
            return FIRST_PARTY
        return STDLIB if root in sys.stdlib_module_names else THIRD_PARTY

    def _new_line(self, request: ImportRequest) -> Edit:
        line = f"from {request.module} import {request.name}" if request.name else f"import {request.module}"
        kind = self._kind_of(request.module)
        peers = [statement for statement in self.head if self._kind(statement) == kind]
        late = self._late_relative(request) if kind != STDLIB else None
        if late is not None:
            return self._after(late, line)
        if peers:
            return self._among(peers, request, line)
        earlier = [statement for statement in self.head if self._kind(statement) < kind]
        later = [statement for statement in self.head if self._kind(statement) > kind]
        blank = self.newline if self._has_sections() else ""
        if earlier:
            return self._after(earlier[-1], line, above=blank, below=blank if later else "")
        if later:
            return self._before(later[0], line, below=blank)
        return self._at_top(line)

    def _late_relative(self, request: ImportRequest) -> ImportStatement | None:
        """An import of the same package further down, where the module first prepares something for it."""
        root = request.module.partition(".")[0]
        relatives = [statement for statement in self.imports if _root(statement) == root]
        if request.early or not relatives or relatives[0] in self.head:
            return None
        return relatives[0]

    def _among(self, peers: Sequence[ImportStatement], request: ImportRequest, line: str) -> Edit:
        """The place among imports of the same kind: plain imports first, unless the module mixes the two."""
        is_from = request.name is not None
        mixed = any(
            isinstance(one, ast.ImportFrom) and isinstance(other, ast.Import)
            for one, other in zip(self.head, self.head[1:], strict=False)
            if self._kind(one) == self._kind(other)
        )
        pool = [peer for peer in peers if mixed or isinstance(peer, ast.ImportFrom) == is_from]
        if not pool:
            return self._after(peers[-1], line) if is_from else self._before(peers[0], line)
        keys = [_module_key(peer) for peer in pool]
        new = request.module.lower()
        index = sum(key <= new for key in keys) if keys == sorted(keys) else len(pool)
        return self._before(pool[0], line) if index == 0 else self._after(pool[index - 1], line)

    def _has_sections(self) -> bool:
        """Whether blank lines divide the kinds of imports; taken for granted where there is but one kind."""
        for one, other in zip(self.head, self.head[1:], strict=False):
            between = self.text[self.file.end(one) : self.file.start(other)]
            if self._kind(one) != self._kind(other) and not _BLANK_LINE.search(between):
                return False
        return True

    def _after(self, anchor: ImportStatement, line: str, *, above: str = "", below: str = "") -> Edit:
        place = self.file.line_end(self.file.end(anchor))
        if not self.text[:place].endswith(("\n", "\r")):
            return Edit(place, place, f"{self.newline}{above}{line}")
        if not below or not self.text[place : self.file.line_end(place)].strip():
            below = ""  # the blank line that was there divides them
        return Edit(place, place, f"{above}{line}{self.newline}{below}")

    def _before(self, anchor: ImportStatement, line: str, *, below: str = "") -> Edit:
        start = self.file.start(anchor)
        place = start - len(self.file.margin(start))
        if below:
            # A comment above the anchor is the heading of its section, unless the module begins with it.
            heading = self._comment_above(place)
            place = heading if self.text[:heading].strip() else place
        return Edit(place, place, f"{line}{self.newline}{below}")

    def _comment_above(self, place: int) -> int:
        """The start of the comment lines that end at ``place``."""
        lines = self.text[:place].splitlines(keepends=True)
        while lines and lines[-1].lstrip().startswith("#"):
            place -= len(lines.pop())
        return place

    def _header_end(self) -> int:
        """Offset behind the comments that the module begins with and that do not belong to its first statement."""
        first = self.file.start(self.file.tree.body[0]) if self.file.tree.body else len(self.text)
        end = position = 0
        lines = io.StringIO(self.text[:first], newline="").readlines()
        for number, text in enumerate(lines):
            position += len(text)
            is_last_of_block = number + 1 < len(lines) and not lines[number + 1].strip()
            if text.startswith("#") and (is_last_of_block or _HEADER_LINE.match(text) or first == len(self.text)):
                end = position
        return end

    def _at_top(self, line: str) -> Edit:
        """The first import of a module: behind its docstring or header, blank lines around it."""
        body = self.file.tree.body
        rest: Sequence[ast.stmt] = body
        if body and _is_docstring(body[0]):
            place, rest = self.file.line_end(self.file.end(body[0])), body[1:]
        else:
            place = self._header_end()
        above = self.newline if place else ""
        if place and not self.text[:place].endswith(("\n", "\r")):
            return Edit(place, place, f"{self.newline}{above}{line}")
        below = ""
        if rest:
            following = io.StringIO(self.text[place:], newline="")
            blanks = sum(1 for _ in itertools.takewhile(lambda text: not text.strip(), following))
            wanted = 2 if isinstance(rest[0], ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else 1
            below = self.newline * max(0, wanted - blanks)
        return Edit(place, place, f"{above}{line}{self.newline}{below}")


def _is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _same_module(statement: ImportStatement, request: ImportRequest) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == request.module and not statement.level


def _root(statement: ImportStatement) -> str:
    if isinstance(statement, ast.Import):
        return statement.names[0].name.partition(".")[0]
    return "" if statement.level else (statement.module or "").partition(".")[0]


def _module_key(statement: ImportStatement) -> str:
    name = statement.names[0].name if isinstance(statement, ast.Import) else statement.module or ""
    return name.lower()
