"""Bodies of classes: attributes, inner classes and what their entries list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Span
from flake8_backend.project.schema.declared import UNREAD, literal
from flake8_backend.project.sql.texts import texts_of
from flake8_backend.project.values import ClassRef, External, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module


class Bodies:
    """Answers about class bodies of one project."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator

    def module(self, cls: ClassRef) -> Module:
        """The module that a class of the project is in."""
        assert cls.home is not None
        return self.evaluator.table.by_name[cls.home[0]]

    def span(self, cls: ClassRef) -> Span | None:
        """The header of a class of the project."""
        return None if cls.home is None else Span(*self.module(cls).class_(cls.home[1]).span)

    def entry(self, cls: ClassRef, name: str) -> tuple[Module, int] | None:
        """The term that the body of ``cls`` itself gives to a name, and its module."""
        if cls.home is None:
            return None
        module = self.module(cls)
        bound = module.class_(cls.home[1]).attributes.get(name)
        return (module, bound[-1]) if bound else None

    def inherited(self, cls: ClassRef, name: str) -> tuple[Module, int] | None:
        """The same, of the nearest class of the project in the lineage that has it."""
        found = (self.entry(base, name) for base in self.evaluator.lineage(cls))
        return next((entry for entry in found if entry is not None), None)

    def annotated(self, cls: ClassRef) -> Iterator[tuple[Module, str, Sequence[Any], Span | None]]:
        """The attributes that a class and its bases declare by annotation, the bases' first: module, name, term, place."""
        for base in reversed(self.evaluator.lineage(cls)):
            if base.home is None:
                continue
            module = self.module(base)
            klass = module.class_(base.home[1])
            for name, bound in klass.attributes.items():
                term = module.summary.terms[bound[-1]]
                if term[0] == terms.ANNOTATED and not name.startswith("_"):
                    yield module, name, term, Span(*klass.places[name]) if name in klass.places else None

    def inner(self, cls: ClassRef, name: str) -> ClassRef | None:
        """A class in the body of ``cls`` itself."""
        if cls.home is None:
            return None
        module = self.module(cls)
        wanted = f"{module.class_(cls.home[1]).qualname}.{name}"
        for index, klass in enumerate(module.summary.classes):
            if klass.qualname == wanted:
                return ClassRef(f"{module.name}.{wanted}", (module.name, index))
        return None

    def literal(self, entry: tuple[Module, int] | None) -> Any:
        """What an entry is: a literal, UNREAD, or None where there is no entry."""
        return None if entry is None else literal(self.evaluator, *entry)

    def text(self, entry: tuple[Module, int] | None) -> str | None:
        """The text that an entry is."""
        found = self.literal(entry)
        return found if isinstance(found, str) else None

    def texts(self, entry: tuple[Module, int] | None) -> list[str]:
        """The texts that an entry lists, none where some of it cannot be read."""
        return texts_of(self.evaluator, *entry) or [] if entry is not None else []

    def items(self, entry: tuple[Module, int] | None, depth: int = 0) -> Iterator[tuple[Module, int]]:
        """The members of a list or tuple, of those added to it and of those that it is spread from."""
        if entry is None or depth > _DEEPEST:
            return
        module, index = entry
        term = module.summary.terms[index]
        if term[0] == terms.ANNOTATED:
            yield from self.items((module, term[2]), depth + 1)
        elif term[0] == terms.DISPLAY and term[1] != "dict":
            for part in term[2]:
                inner = module.summary.terms[part]
                if inner[0] == terms.ELEMENT:
                    yield from self.items((module, inner[1]), depth + 1)
                else:
                    yield module, part
        elif term[0] == terms.BINARY and term[1] == "+":
            yield from self.items((module, term[2]), depth + 1)
            yield from self.items((module, term[3]), depth + 1)
        elif term[0] in (terms.GROWN, terms.ALLOWED):
            yield from self.items((module, term[1]), depth + 1)
        elif term[0] in (terms.NAME, terms.ATTRIBUTE):
            yield from self.items(self._behind(module, term), depth + 1)

    def _behind(self, module: Module, term: Sequence[Any]) -> tuple[Module, int] | None:
        """What a name or a class's attribute was given."""
        if term[0] == terms.NAME:
            home, rest = self.evaluator.table.split(term[1])
            bound = home.summary.names.get(rest) if home is not None else None
            if home is not None and bound is not None and len(bound) == 1:
                return home, bound[0]
            owner, _, name = str(term[1]).rpartition(".")
            holder = self.evaluator.resolve(owner) if owner else None
        else:
            holder, name = self.evaluator.value(module, term[1]), term[2]
        for option in options(holder):
            if isinstance(option, ClassRef):
                return self.inherited(option, name)
        return None

    def callee(self, module: Module, index: int) -> str:
        """The dotted name of what a term calls, ``""`` for other terms."""
        term = module.summary.terms[index]
        if term[0] != terms.CALL:
            return ""
        for option in options(self.evaluator.value(module, term[1])):
            if isinstance(option, (External, ClassRef)):
                return self.evaluator.knowledge.canonical(option.name)
        callee = module.summary.terms[term[1]]
        return str(callee[1]) if callee[0] == terms.NAME else ""

    def keyword(self, module: Module, index: int, name: str, position: int | None = None) -> int:
        """The term of a call's argument, 0 when it is not given."""
        return self.evaluator.argument(module, module.summary.terms[index], position, name)

    @staticmethod
    def is_given(module: Module, index: int, name: str) -> bool:
        """Whether a call has an argument of this name, readable or not."""
        return any(keyword == name for keyword, _ in module.summary.terms[index][3])

    def keyword_text(self, module: Module, index: int, name: str, position: int | None = None) -> str | None:
        """The text of a call's argument."""
        found = self.keyword(module, index, name, position)
        return self.text((module, found)) if found else None

    def keyword_texts(self, module: Module, index: int, name: str, position: int | None = None) -> list[str]:
        """The texts that a call's argument lists."""
        found = self.keyword(module, index, name, position)
        return self.texts((module, found)) if found else []

    def entries(self, entry: tuple[Module, int] | None) -> dict[str, tuple[Module, int]]:
        """The entries of a dictionary by their keys that are texts."""
        if entry is None:
            return {}
        module, index = entry
        term = module.summary.terms[index]
        if term[0] != terms.DISPLAY or term[1] != "dict":
            return {}
        pairs = zip(term[2][::2], term[2][1::2], strict=False)
        named = ((module.summary.terms[key], value) for key, value in pairs)
        return {str(key[1]): (module, value) for key, value in named if key[0] == terms.CONSTANT}


_DEEPEST = 8
__all__ = ["UNREAD", "Bodies"]
