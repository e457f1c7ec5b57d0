"""What regular expressions tell of the text that they match or leave."""

from __future__ import annotations

import re

_CHARACTERS = re.compile(r"\[(?:\\.|[^\]\\])+\][+*]?")
_WORDS_ONLY = re.compile(r"(?:\\[dw.-]|\[[\w\\-]*\]|\w|\||\(\?:|\(\?P<\w+>|\(|\)|[+*?]|\{\d*,?\d*\}|[\^$])+")
_GROUP_NAME = re.compile(r"\?P<\w+>")


def removes_quotes(pattern: str) -> bool:
    """Whether replacing what the pattern matches leaves no quote: ``[^a-z_]``, ``[:."\\s]``, ``\\W+``."""
    if _CHARACTERS.fullmatch(pattern) is None:
        return pattern.rstrip("+*") == "\\W"
    inside = pattern[pattern.index("[") + 1 : pattern.rindex("]")]
    has_quote = "'" in inside or '"' in inside
    return not has_quote if inside.startswith("^") else has_quote


def captured(pattern: str) -> list[bool]:
    """For the whole match and each group of a pattern, whether what it matches is letters, digits and underscores."""
    found = [_WORDS_ONLY.fullmatch(pattern) is not None]
    depth: list[int | None] = []
    skipped = False
    for index, character in enumerate(pattern):
        if skipped or character not in "\\()":
            skipped = False
        elif character == "\\":
            skipped = True
        elif character == "(":
            named = _GROUP_NAME.match(pattern, index + 1)
            is_group = named is not None or not pattern.startswith("?", index + 1)
            if is_group:
                found.append(False)
            depth.append((len(found) - 1) if is_group else None)
        elif depth:
            number = depth.pop()
            if number is not None:
                inside = _GROUP_NAME.sub("", pattern[_opening(pattern, index) + 1 : index], count=1)
                found[number] = _WORDS_ONLY.fullmatch(inside) is not None
    return found


def _opening(pattern: str, closing: int) -> int:
    """Where the bracket opens that closes at an index."""
    depth = 0
    for index in range(closing, -1, -1):
        if index and pattern[index - 1] == "\\":
            continue
        depth += (pattern[index] == ")") - (pattern[index] == "(")
        if depth == 0:
            return index
    return 0
