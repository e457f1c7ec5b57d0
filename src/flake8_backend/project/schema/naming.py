"""Names of tables that nobody wrote down, and texts that are put together from the name of a class."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flake8_backend.project.values import External
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module

_WORDS = re.compile(r"((?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z]))")
_CHANGES = {"lower": str.lower, "upper": str.upper, "title": str.title, "capitalize": str.capitalize}
_DEEPEST = 12


def snake(name: str) -> str:
    """``order_item`` of ``OrderItem``."""
    return _WORDS.sub(r"_\1", name).lower().lstrip("_")


def default_name(naming: str, name: str) -> str | None:
    """The table of a class that names none, by its ORM's way of naming."""
    if naming == "snake":
        return snake(name)
    if naming == "lower":
        return name.lower()
    return name if naming == "class" else None


class ClassTexts:
    """Texts for one class: ``cls.__name__.lower() + "s"``."""

    def __init__(self, evaluator: Evaluator, bare: str) -> None:
        self._evaluator = evaluator
        self._bare = bare

    def text(self, module: Module, index: int, depth: int = 0) -> str | None:
        """The text that a term is for this class, None where it cannot be read."""
        if not index or depth > _DEEPEST:
            return None
        term = module.summary.terms[index]
        if term[0] == terms.CONSTANT:
            return term[1] if isinstance(term[1], str) else None
        if term[0] == terms.ATTRIBUTE and term[2] == "__name__":
            return self._bare
        if term[0] == terms.ANNOTATED:
            return self.text(module, term[2], depth + 1)
        if term[0] == terms.BINARY and term[1] == "+":
            left, right = self.text(module, term[2], depth + 1), self.text(module, term[3], depth + 1)
            return None if left is None or right is None else left + right
        if term[0] == terms.STRING:
            parts = [self.text(module, part[0], depth + 1) for part in term[1]]
            return None if None in parts else "".join(part for part in parts if part is not None)
        if term[0] == terms.CALL:
            return self._called(module, term, depth)
        return self._constant(module, index)

    def _constant(self, module: Module, index: int) -> str | None:
        value = getattr(self._evaluator.value(module, index), "value", None)
        return value if isinstance(value, str) else None

    def _called(self, module: Module, call: Sequence[Any], depth: int) -> str | None:
        callee = module.summary.terms[call[1]]
        known = self._evaluator.value(module, call[1])
        if isinstance(known, External) and known.name == "re.sub" and len(call[2]) > 2:
            pattern = self.text(module, call[2][0], depth + 1)
            return self._replaced(pattern, module, call[2][1:3], depth)
        name = str(callee[2]) if callee[0] == terms.ATTRIBUTE else str(callee[1]).rpartition(".")[2]
        if name == "sub" and len(call[2]) > 1:
            return self._replaced(self._pattern(module, call[1]), module, call[2][:2], depth)
        if callee[0] != terms.ATTRIBUTE:
            return None
        text = self.text(module, callee[1], depth + 1)
        change = _CHANGES.get(name)
        return change(text) if change is not None and text is not None else None

    def _replaced(self, pattern: str | None, module: Module, given: Sequence[int], depth: int) -> str | None:
        replacement, text = (self.text(module, index, depth + 1) for index in given)
        if pattern is None or replacement is None or text is None:
            return None
        try:
            return re.sub(pattern, replacement, text)
        except (re.error, IndexError):
            return None

    def _pattern(self, module: Module, callee: int) -> str | None:
        """The pattern of ``camel.sub``, where ``camel = re.compile("…")`` stands in a module."""
        term = module.summary.terms[callee]
        return self._compiled(str(term[1]).rpartition(".")[0]) if term[0] == terms.NAME else None

    def _compiled(self, name: str, depth: int = 0) -> str | None:
        home, rest = self._evaluator.table.split(name)
        if home is None or depth > _DEEPEST:
            return None
        for index in home.summary.names.get(rest, ()):
            made = home.summary.terms[index]
            if made[0] == terms.ANNOTATED:
                made = home.summary.terms[made[2]]
            if made[0] == terms.CALL and made[2]:
                return self.text(home, made[2][0])
            if made[0] == terms.NAME and made[1] != name:
                return self._compiled(str(made[1]), depth + 1)
        return None
