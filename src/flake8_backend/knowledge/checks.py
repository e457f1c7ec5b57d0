"""Checks of single values in a pack: each gives what is wrong with a value, or None."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from flake8_backend.knowledge.names import is_dotted, parse_type

_VERSION = re.compile(r"\d+(\.\d+)*\Z")
Check = Callable[[Any], "str | None"]  # what is wrong with a value


def nearest(name: str, valid: Collection[str]) -> str:
    """The end of a message: ``; did you mean "x"?`` when something valid is close."""
    import difflib  # only a broken pack needs it

    close = difflib.get_close_matches(name, sorted(valid), n=1)
    return f'; did you mean "{close[0]}"?' if close else ""


def text(value: Any) -> str | None:
    """Text."""
    return None if isinstance(value, str) else f"expected text, found {value!r}"


def flag(value: Any) -> str | None:
    """True or false."""
    return None if isinstance(value, bool) else f"expected true or false, found {value!r}"


def position(value: Any) -> str | None:
    """A position from 0."""
    right = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return None if right else f"expected a position from 0, found {value!r}"


def version(value: Any) -> str | None:
    """A version in numbers."""
    right = isinstance(value, str) and _VERSION.match(value)
    return None if right else f'expected a version such as "5.0.1", found {value!r}'


def anything(value: Any) -> str | None:
    """Any value."""
    del value
    return None


def a_list(value: Any) -> str | None:
    """A list."""
    return None if isinstance(value, list) else f"expected a list, found {value!r}"


def dotted(value: Any) -> str | None:
    """A dotted name."""
    if not isinstance(value, str):
        return text(value)
    return None if is_dotted(value) else f"{value!r} is not a dotted name"


def member(value: Any) -> str | None:
    """A dotted name, or ``module.Class.*`` for any member."""
    return dotted(value.removesuffix(".*") if isinstance(value, str) else value)


def a_type(value: Any) -> str | None:
    """A type expression."""
    if not isinstance(value, str):
        return text(value)
    try:
        parse_type(value)
    except ValueError as error:
        return f"type expression {value!r}: {error}"
    return None


def one_of(valid: Collection[str]) -> Check:
    """One of several texts."""

    def check(value: Any) -> str | None:
        if not isinstance(value, str):
            return text(value)
        return None if value in valid else f'unknown value "{value}"{nearest(value, valid)}'

    return check


def each(check_item: Check) -> Check:
    """A list of which each item passes."""

    def check(value: Any) -> str | None:
        if not isinstance(value, list):
            return a_list(value)
        return next((problem for problem in map(check_item, value) if problem), None)

    return check


def types_by_name(value: Any) -> str | None:
    """A table of type expressions."""
    if not isinstance(value, dict):
        return f"expected a table of type expressions, found {value!r}"
    return next((problem for problem in map(a_type, value.values()) if problem), None)


def texts_by_name(value: Any) -> str | None:
    """A table of texts."""
    if not isinstance(value, dict):
        return f"expected a table of texts, found {value!r}"
    return next((problem for problem in map(text, value.values()) if problem), None)


def table(keys: Mapping[str, Check], *required: str) -> Check:
    """A table with these keys, the required ones among them."""

    def check(value: Any) -> str | None:
        if not isinstance(value, dict):
            return f"expected a table, found {value!r}"
        return problem_of(value, keys, required)

    return check


def problem_of(row: Mapping[str, Any], keys: Mapping[str, Check], required: Sequence[str]) -> str | None:
    """What is wrong with a row, None for nothing."""
    for key, value in row.items():
        check = keys.get(key)
        if check is None:
            return f'unknown key "{key}"{nearest(key, keys)}'
        problem = check(value)
        if problem is not None:
            return f"{key}: {problem}"
    missing = next((key for key in required if key not in row), None)
    return None if missing is None else f'key "{missing}" is missing'
