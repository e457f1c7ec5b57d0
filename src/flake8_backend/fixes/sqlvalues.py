"""Values that are formatted into SQL text become placeholders, in whatever way the text is put together.

An expression is taken apart into *pieces*: chunks of text and slots for values, in the order of the text. Slots that
are to be bound leave a placeholder; the quotes of a literal that they stand in go with them, and what else is in that
literal becomes part of the value.
"""

from __future__ import annotations

import itertools
import keyword
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst

from flake8_backend.fixes.plan import CannotFix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

BIND, KEEP = "bind", "keep"
QMARK, FORMAT, PYFORMAT, NAMED, DOLLAR = "qmark", "format", "pyformat", "named", "numeric-dollar"
_PERCENT = re.compile(r"%%|%(?:\((\w+)\))?s|%")
_BRACES = re.compile(r"\{\{|\}\}|\{(\w*)\}|[{}]")
_SQL_QUOTE = re.compile(r"\\?'")
_PLACEHOLDERS = {QMARK: re.compile(r"\?"), FORMAT: re.compile(r"%s")}
_NUMBERED = re.compile(r"\$(\d+)")
_NAMES = re.compile(r"(?<![:\w]):(\w+)|%\((\w+)\)s")
_LAST_NAME = re.compile(r"([A-Za-z_]\w*)\W*\Z")
_WRAPPERS = frozenset({"dedent", "cleandoc"})
_String = cst.SimpleString | cst.FormattedString


@dataclass(frozen=True, slots=True)
class Chunk:
    """Text as it is written in the string ``part`` of a leaf; ``kind`` tells what is doubled in it."""

    leaf: int
    part: int
    raw: str
    kind: str = "plain"  # or f, percent, format


@dataclass(frozen=True, slots=True)
class Slot:
    """A value: its code, and the code as it stands in an f-string."""

    leaf: int
    part: int
    code: str
    braced: str
    is_bound: bool


@dataclass(frozen=True, slots=True)
class Placeholder:
    """What is left of one or more slots: the code of the value, and a name for it."""

    leaf: int
    part: int
    code: str
    name: str = ""


Piece = Chunk | Slot | Placeholder


@dataclass
class Text:
    """An expression that gives SQL text, taken apart."""

    root: cst.BaseExpression
    code_of: Callable[[cst.CSTNode], str]
    operands: Mapping[str, str]
    leaves: list[cst.BaseExpression] = field(default_factory=list)
    operators: list[cst.BaseBinaryOp] = field(default_factory=list)
    strings: dict[tuple[int, int], _String] = field(default_factory=dict)
    pieces: list[Piece] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._take_apart(self.root)

    # --- taking apart ------------------------------------------------------------------------------------------

    def _take_apart(self, node: cst.BaseExpression) -> None:
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
            self._take_apart(node.left)
            self.operators.append(node.operator)
            self._take_apart(node.right)
            return
        leaf = len(self.leaves)
        self.leaves.append(node)
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Modulo):
            values = {name: self._slot(leaf, f"{leaf}%{name}", value) for name, value in _operands(node.right)}
            self._template(leaf, node.left, "percent", _PERCENT, values)
        elif isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "format":
            values = {name: self._slot(leaf, f"{leaf}:{name}", value) for name, value in _arguments(node)}
            self._template(leaf, node.func.value, "format", _BRACES, values)
        elif isinstance(node, _String | cst.ConcatenatedString):
            self._strings(leaf, node)
        else:
            self.pieces.append(self._slot(leaf, str(leaf), node))

    def _slot(self, leaf: int, name: str, node: cst.BaseExpression) -> Slot:
        action = self.operands.get(name)
        if action is None:
            raise CannotFix("the statement is not put together as it was understood")
        code = self.code_of(node.with_changes(lpar=[], rpar=[]))
        return Slot(leaf, 0, code, f"{{{code}}}", action == BIND)

    def _strings(self, leaf: int, node: cst.BaseExpression) -> None:
        number = 0
        for part, string in enumerate(_parts(node)):
            self.strings[leaf, part] = string
            if isinstance(string, cst.SimpleString):
                self.pieces.append(Chunk(leaf, part, _inside(string)))
                continue
            for item in string.parts:
                if isinstance(item, cst.FormattedStringText):
                    self.pieces.append(Chunk(leaf, part, item.value, "f"))
                elif isinstance(item, cst.FormattedStringExpression):
                    slot = self._slot(leaf, f"{leaf}.{number}", item.expression)
                    plain = item.conversion is None and item.format_spec is None and item.equal is None
                    braced = self.code_of(item)
                    code = slot.code if plain else f'f"{braced}"'
                    self.pieces.append(Slot(leaf, part, code, braced, slot.is_bound))
                    number += 1

    def _template(
        self, leaf: int, node: cst.BaseExpression, kind: str, pattern: re.Pattern[str], values: Mapping[str, Slot]
    ) -> None:
        if not isinstance(node, cst.SimpleString | cst.ConcatenatedString):
            raise CannotFix("the template is not written here")
        if not all(slot.is_bound for slot in values.values()):
            raise CannotFix("a name is formatted in as well")
        used: set[str] = set()
        following = 0
        for part, string in enumerate(_parts(node)):
            if not isinstance(string, cst.SimpleString):
                raise CannotFix("the template is an f-string")
            self.strings[leaf, part] = string
            raw, position = _inside(string), 0
            for match in pattern.finditer(raw):
                if match[0] in ("%%", "{{", "}}"):
                    continue
                name = match[1] if match.lastindex and match[1] else str(following)
                if match[0] in ("%", "{", "}") or name not in values:
                    raise CannotFix(f"`{match[0]}` is more than the place of a value")
                following += not (match.lastindex and match[1])
                used.add(name)
                slot = values[name]
                self.pieces.append(Chunk(leaf, part, raw[position : match.start()], kind))
                self.pieces.append(Slot(leaf, part, slot.code, slot.braced, is_bound=True))
                position = match.end()
            self.pieces.append(Chunk(leaf, part, raw[position:], kind))
        if used != set(values):
            raise CannotFix("not every value has a place in the template")

    # --- binding -----------------------------------------------------------------------------------------------

    def bind(self) -> None:
        """Replace the slots that are to be bound by placeholders; raises CannotFix."""
        found: list[Piece] = []
        literal: list[Piece] | None = None  # what stands since the quote that opened
        for piece in self.pieces:
            if not isinstance(piece, Chunk):
                if literal is not None:
                    literal.append(piece)
                elif isinstance(piece, Slot) and piece.is_bound:
                    found.append(_placeholder([piece], _before(found)))
                else:
                    found.append(piece)
                continue
            for chunk, is_quote in _split_at_quotes(piece):
                if literal is not None:
                    literal.append(chunk)
                    if is_quote:
                        found += _closed(literal)
                        literal = None
                elif is_quote:
                    literal = [chunk]
                else:
                    found.append(chunk)
        if literal is not None:
            raise CannotFix("a literal in the statement is not closed")
        if _reopens(found):
            raise CannotFix("a quote is doubled next to a value")
        self.pieces = found

    @property
    def placeholders(self) -> list[Placeholder]:
        """The placeholders in their order."""
        return [piece for piece in self.pieces if isinstance(piece, Placeholder)]

    def names(self, taken: Iterator[str]) -> dict[int, str]:
        """A name for each placeholder by its position; equal values share one."""
        used = dict.fromkeys(taken, "")
        for piece in self.pieces:
            if isinstance(piece, Chunk):
                used.update((a or b, "") for a, b in _NAMES.findall(piece.raw))
        given: dict[str, str] = {}
        found = {}
        for position, placeholder in enumerate(self.placeholders):
            if placeholder.code not in given:
                wanted, number = placeholder.name, 1
                while (name := wanted if number == 1 else f"{wanted}_{number}") in used:
                    number += 1
                used[name] = placeholder.code
                given[placeholder.code] = name
            found[position] = given[placeholder.code]
        return found

    # --- putting together --------------------------------------------------------------------------------------

    def written(self, style: str, names: Mapping[int, str], first: int, *, doubles: bool) -> cst.BaseExpression:
        """The expression with placeholders; ``first`` is the number of the first one where they have numbers."""
        raws: dict[tuple[int, int], str] = dict.fromkeys(self.strings, "")
        kept = {(piece.leaf, piece.part) for piece in self.pieces if isinstance(piece, Slot)}
        position = 0
        for piece in self.pieces:
            key = (piece.leaf, piece.part)
            if isinstance(piece, Chunk):
                raw = _undoubled(piece, stays=key in kept)
                raws[key] += raw.replace("%", "%%") if doubles else raw
            elif isinstance(piece, Placeholder):
                raws[key] += _PLACEHOLDER[style].format(name=names.get(position, ""), number=first + position)
                position += 1
            elif key in raws:
                raws[key] += piece.braced
        return self._joined(raws, kept)

    def _joined(self, raws: Mapping[tuple[int, int], str], kept: set[tuple[int, int]]) -> cst.BaseExpression:
        found: list[tuple[int, cst.BaseExpression]] = []
        for leaf, node in enumerate(self.leaves):
            parts = [(part, string) for (owner, part), string in self.strings.items() if owner == leaf]
            if not parts:
                if any(isinstance(piece, Slot) and piece.leaf == leaf for piece in self.pieces):
                    found.append((leaf, node))
                continue
            template = _template_of(node)
            new = {part: _string(string, raws[leaf, part], is_f=(leaf, part) in kept) for part, string in parts}
            if len(parts) == 1:
                if raws[leaf, 0]:
                    found.append((leaf, new[0].with_changes(lpar=template.lpar, rpar=template.rpar)))
            else:
                found.append((leaf, _concatenated(template, new)))
        if not found:
            raise CannotFix("nothing would be left of the statement")
        return self._sum(found)

    def _sum(self, found: Sequence[tuple[int, cst.BaseExpression]]) -> cst.BaseExpression:
        last, result = found[0]
        merged: list[tuple[int, cst.BaseExpression]] = [(last, result)]
        for leaf, node in found[1:]:
            before = merged[-1][1]
            if leaf - merged[-1][0] > 1 and _are_alike(before, node):
                merged[-1] = (leaf, _joined(before, node))
            else:
                merged.append((leaf, node))
        result = merged[0][1]
        for leaf, node in merged[1:]:
            result = cst.BinaryOperation(result, self.operators[leaf - 1], node)
        if len(merged) > 1 or not isinstance(self.root, cst.BinaryOperation):
            return result
        return result.with_changes(lpar=self.root.lpar or result.lpar, rpar=self.root.rpar or result.rpar)


_PLACEHOLDER = {QMARK: "?", FORMAT: "%s", PYFORMAT: "%({name})s", NAMED: ":{name}", DOLLAR: "${number}"}


def unwrapped(node: cst.BaseExpression) -> tuple[cst.BaseExpression, cst.Call | None]:
    """What is put together inside ``dedent(…)``, and the call around it."""
    is_wrapper = isinstance(node, cst.Call) and _last_name(node.func) in _WRAPPERS
    if isinstance(node, cst.Call) and is_wrapper and len(node.args) == 1 and not node.args[0].star:
        return node.args[0].value, node
    return node, None


def numbers(text: Text) -> int:
    """The greatest number of a placeholder such as ``$2`` that the text has already."""
    chunks = (piece.raw for piece in text.pieces if isinstance(piece, Chunk))
    return max((int(number) for raw in chunks for number in _NUMBERED.findall(raw)), default=0)


def order(text: Text, style: str) -> list[str | None]:
    """The values in the order of the placeholders: the code of a new one, None where one was before."""
    found: list[str | None] = []
    for piece in text.pieces:
        if isinstance(piece, Placeholder):
            found.append(piece.code)
        elif isinstance(piece, Chunk):
            found += [None] * len(_PLACEHOLDERS[style].findall(_undoubled(piece, stays=False)))
    return found


# --- pieces -----------------------------------------------------------------------------------------------------


def _split_at_quotes(chunk: Chunk) -> Iterator[tuple[Chunk, bool]]:
    position = 0
    for match in _SQL_QUOTE.finditer(chunk.raw):
        yield Chunk(chunk.leaf, chunk.part, chunk.raw[position : match.start()], chunk.kind), False
        yield Chunk(chunk.leaf, chunk.part, match[0], chunk.kind), True
        position = match.end()
    yield Chunk(chunk.leaf, chunk.part, chunk.raw[position:], chunk.kind), False


def _closed(literal: Sequence[Piece]) -> list[Piece]:
    """A whole literal with its quotes: a placeholder when a value in it is bound."""
    if not any(isinstance(piece, Slot) and piece.is_bound for piece in literal):
        return list(literal)
    first = literal[0]
    return [_placeholder(literal[1:-1], (first.leaf, first.part))]


def _placeholder(inside: Sequence[Piece], place: tuple[int, int]) -> Placeholder:
    pieces = [piece for piece in inside if not (isinstance(piece, Chunk) and not piece.raw)]
    slots = [piece for piece in pieces if isinstance(piece, Slot)]
    name = _name_for(slots[0].code) if len(slots) == 1 else "value"
    if len(pieces) == 1:
        return Placeholder(*place, slots[0].code, name)
    text = ""
    for piece in pieces:
        if isinstance(piece, Slot):
            text += piece.braced
        elif isinstance(piece, Chunk):
            text += _undoubled(piece, stays=False).replace("{", "{{").replace("}", "}}")
    quote = next((q for q in ('"', "'") if q not in text), None)
    if quote is None or "\n" in text or "\\" in text:
        raise CannotFix("the value cannot be written as one string")
    return Placeholder(*place, f"f{quote}{text}{quote}", name)


def _before(found: Sequence[Piece]) -> tuple[int, int]:
    """The string that a placeholder goes to: the one of the text before it."""
    for piece in reversed(found):
        if not isinstance(piece, Slot):
            return piece.leaf, piece.part
    raise CannotFix("the statement begins with a value")


def _reopens(found: Sequence[Piece]) -> bool:
    """Whether a literal ends and begins again at a placeholder, as in ``'it''s'``."""
    pieces = [piece for piece in found if not isinstance(piece, Chunk) or piece.raw]
    for before, after in itertools.pairwise(pieces):
        if isinstance(before, Placeholder) and isinstance(after, Chunk) and _SQL_QUOTE.match(after.raw):
            return True
        if isinstance(after, Placeholder) and isinstance(before, Chunk) and before.raw.endswith("'"):
            return True
    return False


def _undoubled(chunk: Chunk, *, stays: bool) -> str:
    """The raw text without the doubling that its formatting asked for; ``stays``: it stays an f-string."""
    if chunk.kind == "percent":
        return chunk.raw.replace("%%", "%")
    if chunk.kind == "format" or (chunk.kind == "f" and not stays):
        return chunk.raw.replace("{{", "{").replace("}}", "}")
    return chunk.raw


def _name_for(code: str) -> str:
    match = _LAST_NAME.search(re.sub(r"\(.*\)\Z", "", code))
    name = match[1].lstrip("_") if match is not None else ""
    if not name or name in ("str", "f"):
        name = "value"
    return f"{name}_" if keyword.iskeyword(name) else name


# --- nodes ------------------------------------------------------------------------------------------------------


def _operands(node: cst.BaseExpression) -> Iterator[tuple[str, cst.BaseExpression]]:
    """What stands right of ``%``, by position or name."""
    if isinstance(node, cst.Tuple):
        for number, element in enumerate(node.elements):
            yield str(number), element.value
    elif isinstance(node, cst.Dict):
        for item in node.elements:
            if not (isinstance(item, cst.DictElement) and isinstance(item.key, cst.SimpleString)):
                raise CannotFix("the values are not written one by one")
            yield str(item.key.evaluated_value), item.value
    else:
        yield "0", node


def _arguments(call: cst.Call) -> Iterator[tuple[str, cst.BaseExpression]]:
    for number, arg in enumerate(call.args):
        if arg.star:
            raise CannotFix("the values are not written one by one")
        yield arg.keyword.value if arg.keyword is not None else str(number), arg.value


def _parts(node: cst.BaseExpression) -> Iterator[_String]:
    if isinstance(node, cst.ConcatenatedString):
        yield from _parts(node.left)
        yield from _parts(node.right)
    elif isinstance(node, _String):
        yield node


def _inside(string: cst.SimpleString) -> str:
    if "b" in string.prefix.lower():
        raise CannotFix("the statement is bytes")
    return string.raw_value


def _string(old: _String, raw: str, *, is_f: bool) -> cst.BaseExpression:
    """A literal with other text; an f-string without values is a plain one."""
    if isinstance(old, cst.FormattedString):
        prefix, quote = old.prefix, old.quote
        if is_f:
            return cst.parse_expression(f"{old.start}{raw}{old.end}")
        return cst.SimpleString(prefix.replace("f", "").replace("F", "") + quote + raw + quote)
    return cst.SimpleString(old.prefix + old.quote + raw + old.quote)


def _template_of(node: cst.BaseExpression) -> cst.BaseExpression:
    """The string of a leaf that formats one."""
    if isinstance(node, cst.BinaryOperation):
        return node.left
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        return node.func.value
    return node


def _concatenated(node: cst.BaseExpression, new: Mapping[int, cst.BaseExpression]) -> cst.BaseExpression:
    number = iter(sorted(new))

    def rebuilt(node: cst.BaseExpression) -> cst.BaseExpression:
        if isinstance(node, cst.ConcatenatedString):
            left = rebuilt(node.left)
            return node.with_changes(left=left, right=rebuilt(node.right))
        return new[next(number)].with_changes(lpar=node.lpar, rpar=node.rpar)

    return rebuilt(node)


def _are_alike(one: cst.BaseExpression, other: cst.BaseExpression) -> bool:
    return (
        isinstance(one, cst.SimpleString)
        and isinstance(other, cst.SimpleString)
        and (one.prefix, one.quote) == (other.prefix, other.quote)
    )


def _joined(one: cst.BaseExpression, other: cst.BaseExpression) -> cst.SimpleString:
    """Two literals of the same kind as one."""
    left, right = cst.ensure_type(one, cst.SimpleString), cst.ensure_type(other, cst.SimpleString)
    return left.with_changes(value=left.prefix + left.quote + left.raw_value + right.raw_value + left.quote)


def _last_name(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""
