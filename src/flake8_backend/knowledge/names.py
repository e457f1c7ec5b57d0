"""Dotted names and type expressions: the two small languages that packs are written in."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_NAME = r"[A-Za-z_]\w*"
_TOKEN = re.compile(rf"\s*(\$(?:arg:)?\w+(?:\.{_NAME})?|{_NAME}(?:\.{_NAME})*|[\[\],=])")
_VARIABLE = re.compile(rf"\$(?:arg:(?P<keyword>{_NAME})|(?P<position>\d)|(?P<name>{_NAME}))(?:\.(?P<field>{_NAME}))?\Z")
_DOTTED_IN_TYPE = re.compile(rf"(?<![\w$.:]){_NAME}(?:\.{_NAME})+")
_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\Z")
_ALIAS_STEPS = 10  # an alias of an alias is fine; more steps than this is a loop

BUILTIN_TYPES = frozenset(
    {"None", "bool", "bytes", "dict", "float", "frozenset", "int", "list", "object", "set", "str", "tuple", "type"}
)


class KnowledgeError(ValueError):
    """A pack or a user's row that cannot be understood; one line, with the nearest valid name where there is one."""


def is_dotted(name: str) -> bool:
    """Whether ``name`` is one or more identifiers joined by dots."""
    return _DOTTED.match(name) is not None


def top_of(name: str) -> str:
    """The top-level module of a dotted name."""
    return name.partition(".")[0]


def terminal_of(name: str) -> str:
    """The last component of a dotted name."""
    return name.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class TypeExpr:
    """The type of a result as packs write it.

    ``name`` is a dotted class, one of BUILTIN_TYPES, or a variable: ``$self`` (the receiver, its state kept),
    ``$class`` (an instance of the class the member is read on), ``$row`` (a type parameter of the receiver's class),
    ``$0`` … ``$9`` or ``$arg:entity`` (the argument; where that is a class, an instance of it), ``$0.row`` (the type
    parameter ``row`` of the argument's type). ``default`` is what an argument that is not given stands for.
    """

    name: str
    args: tuple[TypeExpr, ...] = ()
    default: TypeExpr | None = None

    @property
    def is_variable(self) -> bool:
        """Whether the type depends on the call rather than on the pack alone."""
        return self.name.startswith("$")

    @property
    def argument(self) -> int | str | None:
        """Position (0-based, without the receiver) or keyword of the argument that gives the type."""
        match = _VARIABLE.match(self.name)
        if match is None or match["name"] is not None:
            return None
        return int(match["position"]) if match["position"] is not None else match["keyword"]

    @property
    def parameter(self) -> str | None:
        """The type parameter that gives the type: of the receiver's class, or of the type of ``argument``."""
        match = _VARIABLE.match(self.name)
        if match is None or match["name"] in {"self", "class"}:
            return None
        return match["name"] or match["field"]

    def walk(self) -> Iterator[TypeExpr]:
        """This expression and all within it."""
        yield self
        for part in (*self.args, *((self.default,) if self.default else ())):
            yield from part.walk()

    def renamed(self, rename: Callable[[str], str]) -> TypeExpr:
        """The same expression with every class name replaced."""
        name = self.name if self.is_variable else rename(self.name)
        default = self.default and self.default.renamed(rename)
        return TypeExpr(name, tuple(argument.renamed(rename) for argument in self.args), default)

    def __str__(self) -> str:
        arguments = f"[{', '.join(map(str, self.args))}]" if self.args else ""
        return f"{self.name}{arguments}{'' if self.default is None else f'={self.default}'}"


class _Parser:
    """Recursive descent over the tokens of one expression; raises ValueError."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        end = 0
        while end < len(text.rstrip()):
            match = _TOKEN.match(text, end)
            if match is None:
                raise ValueError(f"unexpected {text[end:].strip()[:1]!r}")
            self._tokens.append(match[1])
            end = match.end()

    def _next(self) -> str:
        if not self._tokens:
            raise ValueError("ends too early")
        return self._tokens.pop(0)

    def whole(self) -> TypeExpr:
        """The expression, when nothing follows it."""
        parsed = self._expression()
        if self._tokens:
            raise ValueError(f"unexpected {self._tokens[0]!r}")
        return parsed

    def _expression(self) -> TypeExpr:
        name = self._next()
        if name in {"[", "]", ",", "="}:
            raise ValueError(f"unexpected {name!r}")
        _check_type_name(name)
        if self._tokens[:1] == ["="]:
            return TypeExpr(name, default=self._default(name))
        if self._tokens[:1] != ["["]:
            return TypeExpr(name)
        if name.startswith("$"):
            raise ValueError(f"{name} takes no arguments")
        self._next()
        arguments = [self._expression()]
        while (separator := self._next()) == ",":
            arguments.append(self._expression())
        if separator != "]":
            raise ValueError(f"unexpected {separator!r}")
        return TypeExpr(name, tuple(arguments))

    def _default(self, name: str) -> TypeExpr:
        if TypeExpr(name).argument is None:
            raise ValueError(f"{name} is no argument and has no default")
        self._next()
        return self._expression()


def _check_type_name(name: str) -> None:
    if name.startswith("$"):
        if not _VARIABLE.match(name) or name.startswith(("$self.", "$class.")):
            raise ValueError(f"{name} is no variable: $self, $class, $row, $0 to $9, $0.row, $arg:entity")
    elif "." not in name and name not in BUILTIN_TYPES:
        raise ValueError(f"{name!r} is neither dotted nor one of {', '.join(sorted(BUILTIN_TYPES))}")


@functools.cache
def parse_type(text: str) -> TypeExpr:
    """The type expression ``text``; raises ValueError."""
    return _Parser(text).whole()


def names_in_type(text: str) -> list[str]:
    """The dotted classes that a valid type expression names; cheaper than parsing it."""
    return _DOTTED_IN_TYPE.findall(text)


class Aliases:
    """Other spellings of objects: an alias of ``a.b.C`` is one of ``a.b.C.method`` too; the longest prefix wins."""

    def __init__(self, pairs: Mapping[str, str]) -> None:
        """Raises KnowledgeError when aliases lead back to themselves."""
        self._pairs = dict(pairs)
        self._known: dict[str, str] = {}
        for alias in self._pairs:
            self.canonical(alias)

    @property
    def pairs(self) -> Mapping[str, str]:
        """Alias to target, as written."""
        return self._pairs

    def canonical(self, name: str) -> str:
        """The name under which packs describe the object called ``name``."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._resolve(name)
        return known

    def _resolve(self, name: str) -> str:
        current = name
        for _ in range(_ALIAS_STEPS):
            replaced = self._step(current)
            if replaced == current:
                return current
            current = replaced
        raise KnowledgeError(f"[pack.aliases]: {name} leads back to itself")

    def _step(self, name: str) -> str:
        head, rest = name, ""
        while head:
            target = self._pairs.get(head)
            if target is not None:
                return target + rest
            head, dot, last = head.rpartition(".")
            rest = dot + last + rest
        return name
