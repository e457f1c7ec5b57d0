"""The keys of ``[tool.flake8-backend]``: what they are called and what they may hold.

Every error is one line that names the file, and the nearest valid name where there is one.
"""

from __future__ import annotations

import functools
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flake8_backend.core.containment import INTERNAL_ERROR, NOT_ANALYSED
from flake8_backend.project.files.globs import PathPatterns, anchored
from flake8_backend.selection import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from flake8_backend.core.diagnostic import Json

PROFILES = ("default", "strict")
PACK_TABLES = ("call", "marker", "class", "object")
TOOL_CODES = (NOT_ANALYSED, INTERNAL_ERROR)
"""Codes by which the tool speaks of itself: reported unless ignored, whatever is selected."""

_LIKE_ENOUGH = 0.7
_CODE = re.compile(r"BE\d{3}\Z")
_TARGET = re.compile(r"(?:py)?3\.?(\d{1,2})\Z")
_VERSION = re.compile(r"\d+(?:\.\d+)*")
_REQUIREMENT = re.compile(r"(==|>=|<=|!=|<|>|~=)?\s*(\d+(?:\.\d+)*)\Z")
_LOOKS_LIKE_CODE = re.compile(r"[A-Za-z]+\d+\Z")


class ConfigError(ValueError):
    """Something in the configuration that makes no sense; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where values come from: how errors call it, and the folder that relative paths are counted from."""

    name: str
    folder: Path

    def error(self, text: str) -> ConfigError:
        """An error about this place."""
        return ConfigError(f"{self.name}: {text}")


def nearest(word: str, valid: Iterable[str]) -> str:
    """`` (did you mean …?)`` for the valid word that looks most like ``word``, or nothing."""
    import difflib

    def likeness(candidate: str) -> float:
        return difflib.SequenceMatcher(None, candidate.casefold(), word.casefold()).ratio()

    best = max(valid, key=likeness, default="")
    return f" (did you mean `{best}`?)" if likeness(best) >= _LIKE_ENOUGH else ""


@functools.cache
def known_codes() -> dict[str, str]:
    """Codes to rule names, those of the tool itself included."""
    from flake8_backend.core.registry import all_rules

    rules = {rule.code: rule.name for rule in all_rules()}
    return {**rules, **{code: "" for code in TOOL_CODES if code not in rules}}


def unknown_code(code: str, *, full: bool = False) -> str:
    """Why ``code`` is no code, or no prefix of one unless ``full``; nothing when it is."""
    known = known_codes()
    if code in known or (not full and code.startswith(PREFIX) and any(each.startswith(code) for each in known)):
        return ""
    by_name = [each for each, name in known.items() if name == code]
    if by_name:
        return f"`{code}` is the name of a rule: its code is `{by_name[0]}`"
    if full and any(each.startswith(code) for each in known):
        return f"`{code}` stands for several rules: a full code is needed here"
    return f"unknown code `{code}`{nearest(code, (*known, *sorted({each[:3] for each in known})))}"


def codes(value: Json, key: str, place: Place) -> tuple[str, ...]:
    """A list of codes or prefixes; raises ConfigError."""
    found = strings(value, key, place)
    for code in found:
        problem = unknown_code(code)
        if problem:
            raise place.error(f"{key}: {problem}")
    return found


def full_codes(value: Json, key: str, place: Place) -> tuple[str, ...]:
    """A list of codes in full; raises ConfigError."""
    found = strings(value, key, place)
    for code in found:
        problem = unknown_code(code, full=True)
        if problem:
            raise place.error(f"{key}: {problem}")
    return found


def strings(value: Json, key: str, place: Place) -> tuple[str, ...]:
    """A list of strings; raises ConfigError."""
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise place.error(f"{key} must be a list of strings, not {_shown(value)}")
    return tuple(str(item) for item in value)


def _patterns(value: Json, key: str, place: Place) -> tuple[str, ...]:
    return tuple(_pattern(pattern, key, place) for pattern in strings(value, key, place))


def _pattern(pattern: str, key: str, place: Place) -> str:
    try:
        PathPatterns([pattern])
    except re.error as error:
        raise place.error(f"{key}: `{pattern}` is no pattern: {error}") from error
    return anchored(pattern, place.folder)


def _per_file(value: Json, key: str, place: Place) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise place.error(f"{key} must be a table of patterns and lists of codes, not {_shown(value)}")
    return tuple(
        (_pattern(pattern, key, place), codes(listed, f"{key}: {pattern}", place)) for pattern, listed in value.items()
    )


def _string(value: Json, key: str, place: Place) -> str:
    if not isinstance(value, str):
        raise place.error(f"{key} must be a string, not {_shown(value)}")
    return value


def _profile(value: Json, key: str, place: Place) -> str:
    if value not in PROFILES:
        hint = nearest(value, PROFILES) if isinstance(value, str) else ""
        raise place.error(f'{key} must be "default" or "strict", not {_shown(value)}{hint}')
    return str(value)


def _boolean(value: Json, key: str, place: Place) -> bool:
    if not isinstance(value, bool):
        raise place.error(f"{key} must be true or false, not {_shown(value)}")
    return value


def _seconds(value: Json, key: str, place: Place) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise place.error(f"{key} must be a positive number of seconds, not {_shown(value)}")
    return value


def _count(value: Json, key: str, place: Place) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise place.error(f"{key} must be a number from 0, not {_shown(value)}")
    return value


def _folder(value: Json, key: str, place: Place) -> str:
    return str(place.folder / Path(_string(value, key, place)).expanduser())


def _packs(value: Json, key: str, place: Place) -> tuple[str, ...]:
    paths = [place.folder / path for path in strings(value, key, place)]
    for path in paths:
        if not path.is_file():
            raise place.error(f"{key}: there is no file {path}")
    return tuple(map(str, paths))


def _rows(value: Json, key: str, place: Place) -> list[Any]:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise place.error(f"{key} must be tables written [[tool.flake8-backend.{key}]], not {_shown(value)}")
    return value


def _target(value: Json, key: str, place: Place) -> tuple[int, int]:
    match = _TARGET.match(value) if isinstance(value, str) else None
    if match is None:
        raise place.error(f'{key} must be a version such as "3.11" or "py311", not {_shown(value)}')
    return (3, int(match[1]))


def _required_version(value: Json, key: str, place: Place) -> str:
    from flake8_backend import __version__

    text = _string(value, key, place)
    for part in text.split(","):
        match = _REQUIREMENT.match(part.strip())
        if match is None:
            raise place.error(f'{key} must be versions such as ">=0.1,<0.3", not {_shown(value)}')
        if not _satisfies(__version__, match[1] or "==", match[2]):
            raise place.error(f"{key} is {text}, but this is flake8-backend {__version__}")
    return text


def _satisfies(version: str, operator: str, wanted: str) -> bool:
    release = _VERSION.match(version)
    ours, theirs = (tuple(map(int, text.split("."))) for text in (release[0] if release else "0", wanted))
    width = max(len(ours), len(theirs))
    a, b = ours + (0,) * (width - len(ours)), theirs + (0,) * (width - len(theirs))
    if operator == "~=":
        return a >= b and ours[: len(theirs) - 1] == theirs[:-1]
    return {"==": a == b, "!=": a != b, ">=": a >= b, "<=": a <= b, ">": a > b, "<": a < b}[operator]


def _shown(value: Json) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else shown[:37] + "..."


KEYS: Mapping[str, Callable[[Json, str, Place], Any]] = {
    "select": codes,
    "ignore": codes,
    "extend-select": codes,
    "extend-ignore": codes,
    "extend-enable": full_codes,
    "profile": _profile,
    "preview": _boolean,
    "exclude": _patterns,
    "extend-exclude": _patterns,
    "per-file-ignores": _per_file,
    "default-timeout": _seconds,
    "astroid-queries": _count,
    "packs": _packs,
    "cache-dir": _folder,
    "cache": _boolean,
    "target-version": _target,
    "required-version": _required_version,
    **dict.fromkeys(PACK_TABLES, _rows),
}
"""Every key and how its value is checked and brought into shape."""


def checked(table: Mapping[str, Json], place: Place) -> dict[str, Any]:
    """The table with its values in shape, tables of rules under their codes; raises ConfigError."""
    return {key: _checked_value(key, value, place) for key, value in table.items()}


def _checked_value(key: str, value: Json, place: Place) -> Any:
    if key in KEYS:
        return KEYS[key](value, key, place)
    if _CODE.match(key) and key in known_codes():
        return rule_options(key, value, place)
    if isinstance(value, dict) and _LOOKS_LIKE_CODE.match(key):
        raise place.error(f"[{key}]: {unknown_code(key, full=True)}")
    raise place.error(f"unknown key `{key}`{nearest(key, (*KEYS, *known_codes()))}")


def rule_options(code: str, value: Json, place: Place) -> dict[str, Json]:
    """The options of one rule, checked against what the rule declares; raises ConfigError."""
    from flake8_backend.core.registry import all_rules

    if not isinstance(value, dict):
        raise place.error(f"{code} must be a table, not {_shown(value)}")
    declared = {option.name: option for rule in all_rules() if rule.code == code for option in rule.options}
    for name, given in value.items():
        if name not in declared:
            hint = nearest(name, declared) or ("" if declared else ": the rule has no options")
            raise place.error(f"[{code}] unknown option `{name}`{hint}")
        expected = declared[name].default
        if not _same_kind(given, expected):
            raise place.error(f"[{code}] {name} must be like {_shown(expected)}, not {_shown(given)}")
    return dict(value)


def _same_kind(given: Json, default: Json) -> bool:
    if default is None:
        return True
    if isinstance(default, bool) or isinstance(given, bool):
        return isinstance(default, bool) and isinstance(given, bool)
    if isinstance(default, float):
        return isinstance(given, int | float)
    if isinstance(default, list) and isinstance(given, list):
        kinds = {type(item) for item in default}
        return not kinds or all(type(item) in kinds for item in given)
    return isinstance(given, type(default))
