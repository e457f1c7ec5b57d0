"""What templates of Django and Jinja say: which variables they go through, and what they read of each item.

Only what is plain is understood: loops, dotted names, ``with``, ``set`` and ``include``. What a template takes from
elsewhere (macros, blocks of a parent, template tags of a library) is not looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_backend.project.items.templates import Templates

ITEM = "[]"  # a step of a path: an item of the collection before it
_DEEPEST = 6
_TAG = re.compile(r"\{%-?\s*(?P<tag>.*?)\s*-?%\}|\{\{-?\s*(?P<value>.*?)\s*-?\}\}|\{#.*?#\}", re.DOTALL)
_TEXT = re.compile(r"\"[^\"]*\"|'[^']*'")
_NAME = re.compile(r"(?<![\w.|:])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_WORD = re.compile(r"[A-Za-z_]\w*")
_FOR = re.compile(r"for\s+(?P<targets>.+?)\s+in\s+(?P<source>.+)\Z", re.DOTALL)
_INCLUDE = re.compile(r"include\s+[\"'](?P<name>[^\"']+)[\"']")
_EXTENDS = re.compile(r"extends\s+[\"'](?P<name>[^\"']+)[\"']")
_ALIAS = re.compile(r"(?P<name>\w+)\s*=\s*(?P<path>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*(?:\Z|\s|\|)")
_WORDS = frozenset(
    {
        "in",
        "not",
        "and",
        "or",
        "is",
        "if",
        "else",
        "as",
        "with",
        "only",
        "true",
        "false",
        "none",
        "True",
        "False",
        "None",
    }
)
_SKIPPED = {
    "macro": "endmacro",
    "comment": "endcomment",
    "raw": "endraw",
    "verbatim": "endverbatim",
    "cache": "endcache",
}
_READING = frozenset({"if", "elif", "include", "url", "firstof", "ifchanged", "blocktrans", "blocktranslate"})


@dataclass(frozen=True, slots=True)
class Read:
    """Something that a template reads: the context's variable, the steps from it, and the line."""

    variable: str
    steps: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Template:
    """One file; ``path`` is relative to the project's root with forward slashes."""

    name: str
    path: str
    text: str


class Scan:
    """One walk over a template and what it includes."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        self._scopes: list[dict[str, tuple[str, ...]]] = [{}]

    def of(self, template: Template, depth: int = 0) -> Iterator[Read]:
        """What the template reads of the items that it goes through, and what it includes or extends does."""
        skipped = ""
        for match in _TAG.finditer(template.text):
            tag, value = match["tag"], match["value"]
            word = tag.split(None, 1)[0] if tag else ""
            if skipped:
                skipped = "" if word == skipped else skipped
                continue
            line = template.text.count("\n", 0, match.start()) + 1
            if value is not None:
                yield from self._named(value, line)
            elif word in _SKIPPED:
                skipped = _SKIPPED[word]
            elif word:
                yield from self._tag(word, tag, line, depth)

    def _tag(self, word: str, tag: str, line: int, depth: int) -> Iterator[Read]:
        if word == "for":
            yield from self._loop(tag, line)
        elif word in ("endfor", "endwith"):
            if len(self._scopes) > 1:
                self._scopes.pop()
        elif word in ("with", "set"):
            yield from self._named(tag[len(word) :].partition("=")[2], line)
            if word == "with":
                self._scopes.append({})
            for match in _ALIAS.finditer(tag[len(word) :]):
                self._scopes[-1][match["name"]] = self._resolved(match["path"])
        elif word in _READING:
            yield from self._named(tag[len(word) :], line)
            included = _INCLUDE.match(tag)
            if included is not None:
                yield from self._included(included["name"], line, depth)
        elif word == "extends":
            extended = _EXTENDS.match(tag)
            if extended is not None:
                yield from self._included(extended["name"], line, depth)

    def _included(self, name: str, line: int, depth: int) -> Iterator[Read]:
        template = self._templates.find(name)
        if template is None or depth >= _DEEPEST:
            return
        scopes = len(self._scopes)
        for found in self.of(template, depth + 1):
            yield Read(found.variable, found.steps, line)
        del self._scopes[scopes:]

    def _loop(self, tag: str, line: int) -> Iterator[Read]:
        match = _FOR.match(tag)
        if match is None:
            self._scopes.append({})
            return
        source, _, condition = match["source"].partition(" if ")
        yield from self._named(source, line)
        names = _NAME.findall(_TEXT.sub("", source))
        path = (*self._resolved(names[0]), ITEM) if names else ()
        targets = [target.strip() for target in match["targets"].strip("()").split(",")]
        # of several targets it is not known which one is the row
        self._scopes.append({target: path if len(targets) == 1 else () for target in targets})
        yield from self._named(condition, line)

    def _resolved(self, dotted: str) -> tuple[str, ...]:
        """The path from a variable of the context; empty where nothing is known of it."""
        first, *rest = dotted.split(".")
        for scope in reversed(self._scopes):
            if first in scope:
                return (*scope[first], *rest) if scope[first] else ()
        return first, *rest

    def _named(self, expression: str, line: int) -> Iterator[Read]:
        for dotted in _NAME.findall(_TEXT.sub("", expression)):
            if dotted not in _WORDS:
                path = self._resolved(dotted)
                if ITEM in path or len(path) > 1:
                    yield Read(path[0], path[1:], line)


def words(templates: Templates, name: str) -> frozenset[str] | None:
    """The names that the tags of a template, and of what it includes or extends, mention; None where it is not in
    sight, or includes what is only known when it is rendered.
    """
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        template = templates.find(waiting.pop())
        if template is None:
            if not seen:
                return None
            continue  # of a library, which does not know the project's names
        if template.name in seen:
            continue
        seen.add(template.name)
        for match in _TAG.finditer(template.text):
            text = match["tag"] or match["value"] or ""
            other = _INCLUDE.match(text) or _EXTENDS.match(text)
            if other is not None:
                waiting.append(other["name"])
            elif text.startswith(("include ", "extends ")):
                return None
            found.update(_WORD.findall(_TEXT.sub("", text)))
    return frozenset(found)
