"""Text that is put together: literals, holes for values, alternatives; and what the text around a hole says of it.

Nothing here knows a project: what fills a hole is left to others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flake8_backend.project.sql.grades import Position

UNPLACED = "\0"  # stands before a value of which nothing shows where the template puts it
_PERCENT = re.compile(r"%(?:\((?P<name>[^)]*)\))?[#0\- +]*(?:\*|\d+)?(?:\.(?:\*|\d+))?[hlL]?(?P<kind>[a-zA-Z%])")
_BRACES = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}!:]*)(?:![rsa])?(?::(?P<spec>(?:[^{}]|\{[^{}]*\})*))?\}")
_DOLLAR = re.compile(r"\$\$|\$(?:(?P<name>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)\})")
_NUMBER_KINDS = frozenset("diouxXeEfFgG")
NUMBER = "0"
NAME = "x"


@dataclass(frozen=True, slots=True)
class Hole:
    """A value that is put into a text: where it is read and its term; ``source`` is how the code writes it.

    ``each``: the items of what the term denotes are put in, one after the other.
    """

    at: Any
    term: int
    source: str = ""
    each: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several texts, depending on the path taken."""

    options: tuple[Text, ...]


Fragment = str | Hole | Choice
Text = tuple[Fragment, ...]
_Filler = Callable[["re.Match[str]"], "Text | None"]


def either(options: Sequence[Text]) -> Text:
    """One of several texts; equal ones count once."""
    found = tuple(dict.fromkeys(options))
    if not found:
        return ()
    return found[0] if len(found) == 1 else (Choice(found),)


def plain(text: Text) -> str | None:
    """The text where it holds no value and no alternative."""
    return "".join(text) if all(isinstance(fragment, str) for fragment in text) else None  # type: ignore[arg-type]


def holes(text: Text) -> Iterator[Hole]:
    """Every hole of a text."""
    for fragment in text:
        if isinstance(fragment, Hole):
            yield fragment
        elif isinstance(fragment, Choice):
            for option in fragment.options:
                yield from holes(option)


def changed(text: Text, change: Callable[[str], str]) -> Text:
    """The text with its literals changed."""
    return tuple(
        change(fragment)
        if isinstance(fragment, str)
        else Choice(tuple(changed(option, change) for option in fragment.options))
        if isinstance(fragment, Choice)
        else fragment
        for fragment in text
    )


# --- templates --------------------------------------------------------------------------------------------------


def _filled(text: Text, pattern: re.Pattern[str], fill: _Filler) -> Text:
    """The text with every match in its literals replaced by what ``fill`` gives; None leaves the match as it is."""
    found: list[Fragment] = []
    for fragment in text:
        if isinstance(fragment, Choice):
            found.append(Choice(tuple(_filled(option, pattern, fill) for option in fragment.options)))
        elif isinstance(fragment, str):
            position = 0
            for match in pattern.finditer(fragment):
                value = fill(match)
                if value is not None:
                    found += (fragment[position : match.start()], *value)
                    position = match.end()
            found.append(fragment[position:])
        else:
            found.append(fragment)
    return tuple(fragment for fragment in found if fragment != "")


class Values:
    """What a template is filled with: by position, by name, and ``rest`` for what is not known one by one."""

    def __init__(self, positional: Sequence[Text], named: Mapping[str, Text], rest: Text | None = None) -> None:
        self._positional, self._named, self._rest = positional, named, rest
        self._used: set[int | str] = set()
        self._next = 0

    def following(self) -> Text | None:
        """The next value by position."""
        self._next += 1
        return self.get(self._next - 1)

    def get(self, key: int | str) -> Text | None:
        """A value by position or name; ``rest`` where it is not known, None where there is none."""
        self._used.add(key)
        if isinstance(key, int):
            return self._positional[key] if key < len(self._positional) else self._rest
        return self._named.get(key, self._rest)

    def unused(self) -> Text:
        """The values that no placeholder took, because the template is not known or was shortened."""
        left = [value for key, value in enumerate(self._positional) if key not in self._used]
        left += [value for key, value in self._named.items() if key not in self._used]
        if self._rest is not None and not self._used:
            left.append(self._rest)
        return tuple(fragment for value in left for fragment in (UNPLACED, *value))


def percent_filled(template: Text, values: Values) -> Text:
    """``template % values``."""

    def fill(match: re.Match[str]) -> Text | None:
        if match["kind"] == "%":
            return ("%",)
        value = values.get(match["name"]) if match["name"] is not None else values.following()
        return (NUMBER,) if match["kind"] in _NUMBER_KINDS else value

    return _filled(template, _PERCENT, fill) + values.unused()


def format_filled(template: Text, values: Values) -> Text:
    """``template.format(…)``."""

    def fill(match: re.Match[str]) -> Text | None:
        name = match["name"]
        if name is None:
            return (match[0][0],)
        first = re.split(r"[.\[]", name, maxsplit=1)[0]
        value = values.following() if not first else values.get(int(first) if first.isdigit() else first)
        return (NUMBER,) if (match["spec"] or "")[-1:] in _NUMBER_KINDS and match["spec"] else value

    return _filled(template, _BRACES, fill) + values.unused()


def dollar_filled(template: Text, values: Values) -> Text:
    """``string.Template(template).substitute(…)``."""

    def fill(match: re.Match[str]) -> Text | None:
        name = match["name"] or match["braced"]
        return ("$",) if name is None else values.get(name)

    return _filled(template, _DOLLAR, fill) + values.unused()


def replaced(template: Text, old: str | None, new: Text) -> Text:
    """``template.replace(old, new)``; an unknown ``old`` may stand anywhere."""
    if not old:
        return template if plain(new) is not None else (*template, UNPLACED, *new)
    found = _filled(template, re.compile(re.escape(old)), lambda _: new)
    if found == template and plain(new) is None:
        return (*template, UNPLACED, *new)
    return found


# --- positions --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Placed:
    """A hole and what it is to the statement; ``quoted``: it stands between the quotes of a literal."""

    hole: Hole
    position: Position
    quoted: bool = False


_VALUE_WORDS = frozenset(
    {"LIKE", "ILIKE", "REGEXP", "RLIKE", "LIMIT", "OFFSET", "BETWEEN", "INTERVAL", "TOP", "KILL", "FETCH", "SLEEP"}
)
_NAME_WORDS = frozenset(
    {"FROM", "JOIN", "INTO", "UPDATE", "TABLE", "VIEW", "INDEX", "SCHEMA", "DATABASE", "COLUMN", "SELECT", "DISTINCT"}
    | {"BY", "ANALYZE", "VACUUM", "TRUNCATE", "USER", "ROLE", "EXTENSION", "SEQUENCE", "EXISTS", "TO", "NOTIFY", "USE"}
    | {"LISTEN", "DESCRIBE", "DESC", "ON", "RENAME", "TRIGGER", "FUNCTION", "CONSTRAINT", "DROP", "INSTALL", "LOAD"}
)
_STATEMENT_WORDS = frozenset({"EXPLAIN", "UNION", "ALL", "EXCEPT", "INTERSECT"})
_LISTS_OF_VALUES = frozenset({"IN", "VALUES", "ANY", "ALL", "SOME", "LIMIT", "COALESCE"})
_BEFORE_SUBQUERY = frozenset({"FROM", "JOIN", "EXISTS", "AS", "WITH", "UNION", "ALL", "EXPLAIN"})
_EVERYTHING = re.compile(r"(?:\b(?:SELECT|DISTINCT|ALL)\s*|\.)\*\Z", re.IGNORECASE)
_LAST_WORD = re.compile(r"([A-Za-z_]+)\s*\Z")
_RANGE = re.compile(r"\bBETWEEN\s+\S+\s+AND\s*\Z", re.IGNORECASE)
_CLAUSE_WORD = re.compile(r"\b(SELECT|BY|SET|FROM|VALUES|LIMIT|TABLES?)\b", re.IGNORECASE)
_GOES_ON = re.compile(r"\s*(?:[=<>!.:|*+\-/\[]|(?:DESC|ASC|IS|IN|LIKE|ILIKE|BETWEEN|NOT)\b)", re.IGNORECASE)
_BLANKS = r"[\s(]*(?:--[^\n]*\n\s*|(?s:/\*.*?\*/)\s*)*"
_READS_AS_SQL = re.compile(
    _BLANKS + r"(?:SELECT\b.*?\bFROM|UPDATE\b.*?\bSET|INSERT\s+(?:INTO|OR|IGNORE)|DELETE\s+FROM|REPLACE\s+INTO"
    r"|MERGE\s+INTO|WITH\s+\S+\s+AS|TRUNCATE\s+TABLE|PRAGMA|ALTER\s+\w+\s+\S+\s+(?:ADD|DROP|RENAME|SET|OWNER)"
    r"|(?:CREATE|DROP)\s+(?:OR\s+\w+\s+|TEMP\w*\s+|UNIQUE\s+)*(?:TABLE|VIEW|INDEX|DATABASE|SCHEMA|USER|ROLE"
    r"|SEQUENCE|EXTENSION|FUNCTION|TRIGGER|TYPE|MATERIALIZED|VIRTUAL))\b",
    re.IGNORECASE | re.DOTALL,
)
_STARTS = re.compile(
    _BLANKS + r"(?:SELECT|UPDATE|WITH|TRUNCATE|CALL|EXEC|EXECUTE|COPY|GRANT|REVOKE|EXPLAIN|SHOW|DESCRIBE|DESC|SET"
    r"|VACUUM|ANALYZE|REFRESH|LOCK|NOTIFY|LISTEN|KILL|USE|ATTACH|DETACH|REINDEX|CLUSTER|MERGE|REPLACE|ALTER|DROP"
    r"|CREATE|BEGIN|SAVEPOINT|INSERT|DELETE)\b"
)


def begins_statement(text: Text) -> bool:
    """Whether the text begins as SQL statements do: unmistakably, or with such a word in capitals."""
    written = _first_path(text).lstrip()
    return _STARTS.match(written) is not None or _READS_AS_SQL.match(written) is not None


def _first_path(text: Text) -> str:
    """The literals of a text on one of its paths, names in place of values."""
    written = ""
    for fragment in text:
        if isinstance(fragment, Choice):
            written += _first_path(fragment.options[0])
        else:
            written += fragment if isinstance(fragment, str) else NAME
    return written


def is_whole(text: Text) -> bool:
    """Whether the text is nothing but values on every path: it is handed on, not put together."""
    return all(
        isinstance(fragment, Hole)
        or (isinstance(fragment, str) and not fragment.strip())
        or (isinstance(fragment, Choice) and all(is_whole(o) or plain(o) is not None for o in fragment.options))
        for fragment in text
    )


def placed(text: Text, *, is_statement: bool = True) -> list[Placed]:
    """The holes of a text with their positions; ``is_statement``: the text begins where a statement does."""
    found: list[Placed] = []
    _place(text, "" if is_statement else "SELECT ", "", found)
    return list(dict.fromkeys(found))


def _place(text: Text, before: str, after: str, found: list[Placed]) -> str:
    for number, fragment in enumerate(text):
        following = _following(text[number + 1 :]) + after
        if isinstance(fragment, str):
            before += fragment
        elif isinstance(fragment, Choice):
            ends = [_place(option, before, following, found) for option in fragment.options]
            before = max(ends, key=len) if ends else before
        else:
            quoted = _is_quoted(before)
            found.append(Placed(fragment, position(before, following), quoted))
            before += NAME
    return before


def _following(text: Text) -> str:
    for fragment in text:
        if isinstance(fragment, str):
            if fragment.strip():
                return fragment
        elif isinstance(fragment, Choice):
            return " ".join(_following(option) for option in fragment.options)
        else:
            return NAME
    return ""


def _is_quoted(before: str) -> bool:
    """Whether a literal is open. Long texts may have lost their middle, so only the last line is looked at."""
    return before.rpartition("\n")[2].count("'") % 2 == 1


def position(before: str, after: str) -> Position:
    """What a value between these texts is to the statement."""
    before = before.rstrip()
    if before.endswith(UNPLACED):
        return Position.CLAUSE
    if _is_quoted(before):
        return Position.VALUE
    if not before or before.endswith(";"):
        return Position.CLAUSE if _GOES_ON.match(after) else Position.STATEMENT
    last = before[-1]
    if last == "*" and _EVERYTHING.search(before):
        return Position.CLAUSE
    if (last == ":" and not before.endswith("::")) or last in "@$" or before.endswith("%("):
        return Position.PLACEHOLDER
    if last in "=<>!+-*/|":
        return Position.VALUE
    if last in '."`[:':
        return Position.NAME
    if last == "(":
        return _in_brackets(before[:-1])
    if last == ",":
        return _in_list(before)
    return _after_word(before)


def _after_word(before: str) -> Position:
    match = _LAST_WORD.search(before)
    word = match[1].upper() if match is not None else ""
    if word in _VALUE_WORDS or _RANGE.search(before):
        return Position.VALUE
    if word == "AS" and re.match(r"\s*CREATE\b", before, re.IGNORECASE):
        return Position.STATEMENT
    if word in _STATEMENT_WORDS:
        return Position.STATEMENT
    return Position.NAME if word in _NAME_WORDS or word == "AS" else Position.CLAUSE


def _in_brackets(before: str) -> Position:
    if before.rstrip().endswith(","):
        return _in_list(before.rstrip())  # a second row: VALUES (1, 2), (3, …
    match = _LAST_WORD.search(before)
    word = match[1].upper() if match is not None else ""
    if word in _LISTS_OF_VALUES and word != "ALL":
        return Position.VALUE
    if word in _BEFORE_SUBQUERY or not before.strip():
        return Position.STATEMENT
    return Position.NAME if word else Position.CLAUSE


def _in_list(before: str) -> Position:
    depth = 0
    for index in range(len(before) - 1, -1, -1):
        if before[index] == ")":
            depth += 1
        elif before[index] == "(":
            if depth == 0:
                inside = _in_brackets(before[:index])
                return inside if inside is not Position.STATEMENT else Position.NAME
            depth -= 1
    words = _CLAUSE_WORD.findall(before)
    return Position.VALUE if words and words[-1].upper() in ("LIMIT", "VALUES") else Position.NAME
