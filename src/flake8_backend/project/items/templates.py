"""Templates of Django and Jinja: which variables they go through, and what they read of each item.

Only what is plain is understood: loops, dotted names, ``with``, ``set`` and ``include``. What a template takes from
elsewhere (macros, blocks of a parent, template tags of a library) is not looked at.
"""

# Plain strings, as in discovery: many names are tried.
# ruff: noqa: PTH112, PTH116, PTH117, PTH118, PTH120
from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_backend.core.source import digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOLDERS = ("templates", "jinja2")
ITEM = "[]"  # a step of a path: an item of the collection before it
_SUFFIXES = (".html", ".htm", ".xml", ".txt", ".jinja", ".jinja2", ".j2")
_LARGEST = 400_000  # bytes: more is data, not a page
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


@dataclass(frozen=True)
class Templates:
    """The templates of a project, read when they are asked for."""

    root: Path
    folders: Sequence[str]
    _known: dict[str, Template | None] = field(default_factory=dict)
    _reads: dict[str, tuple[Read, ...]] = field(default_factory=dict)

    @cached_property
    def fingerprint(self) -> str:
        """Changes when a template is changed, added or taken away."""
        rows = []
        for path in self._files():
            info = os.stat(path)
            rows.append(f"{os.path.relpath(path, self.root)}:{info.st_size}:{info.st_mtime_ns}")
        return digest("\n".join(rows).encode("utf-8", "surrogateescape"))

    def _files(self) -> Iterator[str]:
        for folder in self.folders:
            for place, folders, files in os.walk(folder):
                folders.sort()
                yield from (os.path.join(place, name) for name in sorted(files) if name.endswith(_SUFFIXES))

    def find(self, name: str) -> Template | None:
        """The template that ``name`` means: the first folder that has it counts."""
        if name not in self._known:
            self._known[name] = self._find(name)
        return self._known[name]

    def _find(self, name: str) -> Template | None:
        if os.path.isabs(name) or ".." in name.split("/"):
            return None
        for folder in self.folders:
            path = Path(folder, name)
            try:
                if path.is_file() and path.stat().st_size <= _LARGEST:
                    text = path.read_bytes().decode("utf-8", "replace")
                    return Template(name, path.relative_to(self.root).as_posix(), text)
            except (OSError, ValueError):
                continue
        return None

    def reads(self, name: str) -> tuple[Read, ...]:
        """What a template reads of the items that it goes through, in the order of its text."""
        if name not in self._reads:
            template = self.find(name)
            self._reads[name] = tuple(_Scan(self).of(template)) if template is not None else ()
        return self._reads[name]

    def words(self, name: str) -> frozenset[str] | None:
        """The names that the tags of a template, and of what it includes or extends, mention; None where it is not in
        sight, or includes what is only known when it is rendered.
        """
        found: set[str] = set()
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            template = self.find(waiting.pop())
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


def read(root: Path, folders: Sequence[str]) -> Templates:
    """The templates beside the modules in ``folders`` and in every folder from there up to ``root``."""
    around: dict[str, None] = {}
    top = str(root)
    for folder in folders:
        current = folder
        while current.startswith(top) and current not in around:
            around[current] = None
            current = os.path.dirname(current)
    around.setdefault(top, None)
    found = [os.path.join(folder, name) for folder in sorted(around) for name in FOLDERS]
    return Templates(root, [folder for folder in found if os.path.isdir(folder)])


class _Scan:
    """One walk over a template and what it includes."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        self._scopes: list[dict[str, tuple[str, ...]]] = [{}]

    def of(self, template: Template, depth: int = 0) -> Iterator[Read]:
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
