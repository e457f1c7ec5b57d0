"""Texts of paths.

Unlike elsewhere, an answer is wanted for the commonest run: of several values that a name may have, the one that is
written out counts, and what cannot be read stays in braces, so that a path is shown as far as it is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flake8_backend.project.routes.reading import MOST_STEPS, Reading
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flake8_backend.project.sql.places import At

_SAME_TEXT = frozenset({"str", "cast", "gettext_lazy", "Path", "PurePosixPath"})
_DEFAULTED = {"getattr": 2, "getenv": 1, "get": 1}  # where the default stands among the arguments
UNREAD = "{…}"


class Texts(Reading):
    """Texts over one project."""

    def text(self, at: At, index: int) -> str | None:
        """A text as far as it is known, the rest of it in braces; None where nothing of it is known."""
        key = ("text", (at, index))
        if not index or key in self._active or len(self._active) > MOST_STEPS:
            return None
        self._active.add(key)
        try:
            return self._text(at, index)
        finally:
            self._active.discard(key)

    def _text(self, at: At, index: int) -> str | None:
        term = self.term(at, index)
        operator = term[0]
        if operator == terms.CONSTANT:
            return term[1] if isinstance(term[1], str) else None
        if operator == terms.STRING:
            return "".join(self._part(at, *part) for part in term[1])
        if operator == terms.BINARY and term[1] in ("+", "/"):
            left, right = (self._or_unread(at, side) for side in term[2:4])
            return f"{left}/{right}" if term[1] == "/" else left + right
        if operator == terms.BINARY and term[1] == "%":
            return self._percent(at, term)
        if operator == terms.CALL:
            found = self._text_of_call(at, index, term)
            if found is not None:
                return found
        return self._best([self.text(*place) for place in self.behind(at, index) or self._results((at, index))])

    def _best(self, texts: list[str | None]) -> str | None:
        """The text that is known in full, else any that is known in part."""
        known = [text for text in texts if text is not None]
        return min(known, key=lambda text: "{…" in text) if known else None

    def _part(self, at: At, index: int, conversion: int, source: str) -> str:
        found = self.text(at, index)
        if found is not None:
            return found
        number = self.term(at, index)
        if number[0] == terms.CONSTANT and isinstance(number[1], int):
            return str(number[1])
        return f"{{…{source}}}" if source else UNREAD

    def _or_unread(self, at: At, index: int) -> str:
        found = self.text(at, index)
        if found is not None:
            return found
        spelling = self.spelled(at, index)
        return UNREAD if spelling == "?" else f"{{…{spelling.removeprefix(f'{at.module}.')}}}"

    def shown(self, at: At, index: int) -> str:
        """A text of which something is to be shown, even where nothing is known."""
        return self._or_unread(at, index) if index else ""

    def _percent(self, at: At, term: Sequence[Any]) -> str | None:
        template = self.text(at, term[2])
        right = self.term(at, term[3])
        parts = right[2] if right[0] == terms.DISPLAY and right[1] == "tuple" else (term[3],)
        if template is None or template.count("%s") != len(parts):
            return template
        for part in parts:
            template = template.replace("%s", self._or_unread(at, part), 1)
        return template

    def _text_of_call(self, at: At, index: int, term: Sequence[Any]) -> str | None:
        last = self.last_name(at, term[1])
        callee = self.term(at, term[1])
        given = term[2]
        if last in _DEFAULTED and len(given) > _DEFAULTED[last]:
            return self.text(at, given[_DEFAULTED[last]])
        if last in _SAME_TEXT and given:
            return self.text(at, given[-1])
        owner = self._owner_text(at, callee)
        method = _METHODS.get(last)
        if owner is None or method is None:
            return None
        arguments = [self._or_unread(at, part) for part in given]
        named = {name: self._or_unread(at, value) for name, value in term[3] if name.isidentifier()}
        try:
            return method(owner, arguments, named)
        except (LookupError, ValueError, TypeError):
            return owner

    def _owner_text(self, at: At, callee: Sequence[Any]) -> str | None:
        if callee[0] == terms.ATTRIBUTE:
            return self.text(at, callee[1])
        name = str(callee[1]).rpartition(".")[0] if callee[0] == terms.NAME else ""
        return self._best([self.text(*place) for place in self.definitions(name) or ()]) if name else None

    def texts(self, at: At, index: int) -> list[str]:
        """The texts of a list that is written out or made of one, or the one text."""
        for where, end in self.ends(at, index) if index else ():
            term = self.term(where, end)
            if term[0] == terms.COMPREHENSION and term[1] != "dict":
                return [text for _ in self.rounds(where, term[2]) if (text := self.text(where, term[2])) is not None]
        places = self.items(at, index) if index else None
        if places is None:
            found = self.text(at, index) if index else None
            return [] if found is None else [found]
        return [text for place in places if (text := self.text(*place)) is not None]

    def constant(self, at: At, index: int) -> object:
        """A literal of any type; Ellipsis where there is none."""
        for where, end in self.ends(at, index) if index else ():
            term = self.term(where, end)
            if term[0] == terms.CONSTANT:
                return term[1]
        return ...


def _format(owner: str, given: list[str], named: Mapping[str, str]) -> str:
    return owner.format(*given, **named)


_METHODS: Mapping[str, Callable[[str, list[str], Mapping[str, str]], str]] = {
    "format": _format,
    "strip": lambda owner, given, _: owner.strip(*given),
    "lstrip": lambda owner, given, _: owner.lstrip(*given),
    "rstrip": lambda owner, given, _: owner.rstrip(*given),
    "lower": lambda owner, given, _: owner.lower(),
    "upper": lambda owner, given, _: owner.upper(),
    "removeprefix": lambda owner, given, _: owner.removeprefix(*given),
    "removesuffix": lambda owner, given, _: owner.removesuffix(*given),
    "replace": lambda owner, given, _: owner.replace(given[0], given[1]),
    "join": lambda owner, given, _: owner.join(given),
}
