"""Paths: how a prefix and a path are put together, and how a regular expression is shown as a path."""

from __future__ import annotations

import re

_NAMED = re.compile(r"\(\?P<(\w+)>")
_ANCHORS = re.compile(r"\\[AbBZ]|(?<!\\)[\^$?]")
_SLASHES = re.compile(r"/{2,}")


def joined(prefix: str, path: str, how: str) -> str:
    """A path below a prefix, as the framework puts them together: ``slash``, ``collapse`` and ``trim`` mind slashes."""
    if how == "slash" and prefix:
        return f"{prefix.rstrip('/')}/{path.lstrip('/')}" if path else prefix
    if how == "collapse":
        return _SLASHES.sub("/", f"{prefix}/{path}")
    if how == "trim":
        return _SLASHES.sub("/", f"{prefix}/{path}").rstrip("/") or "/"
    return prefix + path


def rooted(path: str) -> str:
    """A path as it is shown: from the root."""
    return path if path.startswith("/") else f"/{path}"


def of_pattern(pattern: str) -> str:
    """A regular expression as a path: ``^orders/(?P<pk>[0-9]+)/$`` is ``orders/<pk>/``."""
    shown: list[str] = []
    rest = pattern
    while (start := _group(rest)) >= 0:
        end = _closing(rest, start)
        named = _NAMED.match(rest, start)
        shown.append(_bare(rest[:start]) + _replaced(rest[start:end], named))
        rest = rest[end:]
    return "".join(shown) + _bare(rest)


def _bare(text: str) -> str:
    return _ANCHORS.sub("", text).replace("\\", "")


def _replaced(group: str, named: re.Match[str] | None) -> str:
    if named is not None:
        return f"<{named.group(1)}>"
    if group.startswith("(?:"):
        return of_pattern(group[3:-1])
    return "" if group.startswith("(?") else "<var>"


def _group(text: str) -> int:
    position = 0
    while position < len(text):
        if text[position] == "\\":
            position += 2
        elif text[position] == "(":
            return position
        else:
            position += 1
    return -1


def _closing(text: str, start: int) -> int:
    depth, position, in_set = 0, start, False
    while position < len(text):
        letter = text[position]
        if letter == "\\":
            position += 1
        elif letter == "[":
            in_set = True
        elif letter == "]":
            in_set = False
        elif letter == "(" and not in_set:
            depth += 1
        elif letter == ")" and not in_set:
            depth -= 1
            if not depth:
                return position + 1
        position += 1
    return len(text)
