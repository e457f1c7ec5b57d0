"""Calls that declare columns and relations: what is given to each role, read from sources or told by a pack."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Span
from flake8_backend.knowledge.records import Storage
from flake8_backend.project.values import ClassRef, Constant, External, Partial, options
from flake8_backend.semantic import terms
from flake8_backend.semantic.summary import SITE_TERM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.knowledge.facts import Knowledge, MarkerFact
    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module
    from flake8_backend.project.values import Value

KINDS = ("orm-relation", "orm-column")
UNREAD: Any = ...  # an argument that is given and could not be read
_SHOWN = 40
_NOT_SHOWN = "…"


@dataclass(frozen=True)
class Declared:
    """``name = Field(…)`` in a model: the facts about the field's class, and what is given to it."""

    name: str
    type: str  # last name of the field's class
    library: str  # canonical name of the library's class behind it
    marker: MarkerFact
    owner: ClassRef

    @property
    def storage(self) -> Storage:
        """What its pack says of the table."""
        return self.marker.storage or Storage()

    @property
    def place(self) -> tuple[str, Span | None]:
        """The module and the span of the call, where it is in the project."""
        return "", None

    def literal(self, role: str) -> Any:
        """What a role is given: a literal, UNREAD where it is none, the pack's value or None where it is not given."""
        found = self.given(role)
        return self.storage.values.get(role) if found is None else found[0]

    def text(self, role: str) -> str | None:
        """The text that a role is given."""
        found = self.literal(role)
        return found if isinstance(found, str) else None

    def flag(self, role: str) -> bool:
        """Whether a role is given True."""
        return self.literal(role) is True

    def number(self, role: str) -> int | None:
        """The number that a role is given."""
        found = self.literal(role)
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    def given(self, role: str) -> tuple[Any] | None:
        """What is given to a role, None when nothing is."""
        raise NotImplementedError

    def shown(self, role: str) -> str | None:
        """What is given to a role, as a reader would write it."""
        found = self.given(role)
        return None if found is None else _NOT_SHOWN if found[0] is UNREAD else repr(found[0])

    def _names(self, role: str) -> tuple[str, ...]:
        return self.storage.params.get(role, (role,))


@dataclass(frozen=True)
class Told(Declared):
    """A declaration of a library's own model, as the pack quotes it."""

    call: ast.Call = field(default_factory=lambda: ast.Call(ast.Name(""), [], []))

    def given(self, role: str) -> tuple[Any] | None:
        """What is given to a role, None when nothing is."""
        found = self._expression(role)
        if found is None:
            return None
        try:
            return (ast.literal_eval(found),)
        except ValueError:
            return (UNREAD,)

    def _expression(self, role: str) -> ast.expr | None:
        names = self._names(role)
        found = next((keyword.value for keyword in self.call.keywords if keyword.arg in names), None)
        position = self.storage.positions.get(role)
        if found is None and position is not None and position < len(self.call.args):
            found = self.call.args[position]
        return found

    def shown(self, role: str) -> str | None:
        """What is given to a role, as a reader would write it."""
        found = self._expression(role)
        return found.id if isinstance(found, ast.Name) else super().shown(role)


@dataclass(frozen=True)
class Written(Declared):
    """A declaration in the project: its call, and the class of the project that is called, if it is one."""

    evaluator: Evaluator = field(kw_only=True)
    module: Module = field(kw_only=True)
    call: Sequence[Any] = field(kw_only=True)
    annotation: int = 0
    cls: ClassRef | None = None
    partial: tuple[Module, Sequence[Any]] | None = None  # the call that made `Column = partial(Column, nullable=False)`

    @property
    def place(self) -> tuple[str, Span | None]:
        """The module and the span of the call."""
        return self.module.name, Span(*self.call[4:8])

    def argument(self, role: str) -> int:
        """The term that is given to a role, 0 when it is not given."""
        position = self.storage.positions.get(role)
        for name in self._names(role):
            found = self.evaluator.argument(self.module, self.call, None, name)
            if found or any(keyword == name for keyword, _ in self.call[3]):
                return found
            if name in self._spread:
                return self._spread[name]
        if position is not None and position < len(self.call[2]):
            return int(self.call[2][position])
        return 0

    @cached_property
    def _spread(self) -> dict[str, int]:
        """What is given by ``**options``, where that is written out."""
        found: dict[str, int] = {}
        for keyword, index in self.call[3]:
            term = self.module.summary.terms[index]
            if keyword != terms.DOUBLE_STAR or term[0] != terms.DISPLAY:
                continue
            for key, value in zip(term[2][::2], term[2][1::2], strict=False):
                name = self.module.summary.terms[key]
                if name[0] == terms.CONSTANT and isinstance(name[1], str):
                    found[name[1]] = value
        return found

    def is_given(self, role: str) -> bool:
        """Whether something is given to a role in the call itself, readable or not."""
        position = self.storage.positions.get(role)
        names = self._names(role)
        named = any(keyword in names for keyword, _ in self.call[3]) or any(name in self._spread for name in names)
        return named or (position is not None and position < len(self.call[2]))

    def given(self, role: str) -> tuple[Any] | None:
        """What is given to a role, None when nothing is; a field's own class may give it in its ``__init__``."""
        always, otherwise = self._of_class
        names = self._names(role)
        forced = next((always[name] for name in names if name in always), None)
        if forced is not None:
            return (forced,)
        if self.is_given(role):
            return (literal(self.evaluator, self.module, self.argument(role)),)
        if self.partial is not None:
            module, made = self.partial
            for name in names:
                index = self.evaluator.argument(module, made, None, name)
                if index:
                    return (literal(self.evaluator, module, index),)
        fallback = next((otherwise[name] for name in names if name in otherwise), None)
        return None if fallback is None else (fallback,)

    def shown(self, role: str) -> str | None:
        """What is given to a role, as a reader would write it."""
        index = self.argument(role) if self.is_given(role) else 0
        if not index:
            return super().shown(role)
        return shown(self.module, index)

    @cached_property
    def _of_class(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the ``__init__`` of a field's class in the project hands on: always, and where nothing is given."""
        always: dict[str, Any] = {}
        otherwise: dict[str, Any] = {}
        for base in reversed(self.evaluator.lineage(self.cls)) if self.cls is not None else ():
            if base.home is not None:
                for name, value, is_default in _handed_on(self.evaluator, base):
                    (otherwise if is_default else always)[name] = value
        return always, otherwise


def _handed_on(evaluator: Evaluator, cls: ClassRef) -> Iterator[tuple[str, Any, bool]]:
    """``super().__init__(null=True, **kwargs)``, and what was put into ``kwargs``: it may be a default, so what a call
    gives goes before it.
    """
    assert cls.home is not None
    module = evaluator.table.by_name[cls.home[0]]
    index = module.class_(cls.home[1]).methods.get("__init__")
    table = module.summary.terms
    for site in module.function(index).sites if index is not None else ():
        call = table[site[SITE_TERM]]
        callee = table[call[1]]
        if callee[0] != terms.ATTRIBUTE or callee[2] != "__init__" or table[callee[1]][0] != terms.SUPER:
            continue
        for name, value in call[3]:
            if name == terms.DOUBLE_STAR:
                yield from _stored(evaluator, module, table[value])
            elif name != terms.STAR:
                yield name, literal(evaluator, module, value), False


def _stored(evaluator: Evaluator, module: Module, spread: Sequence[Any]) -> Iterator[tuple[str, Any, bool]]:
    parts = spread[2] if spread[0] == terms.DISPLAY and spread[1] == "dict" else ()
    for key, value in zip(parts[::2], parts[1::2], strict=False):
        name = module.summary.terms[key]
        if name[0] == terms.CONSTANT and isinstance(name[1], str):
            yield name[1], literal(evaluator, module, value), True


def literal(evaluator: Evaluator, module: Module, index: int) -> Any:
    """What a term is when it is a literal, or names one."""
    value = evaluator.value(module, index)
    return value.value if isinstance(value, Constant) else UNREAD


def shown(module: Module, index: int) -> str:
    """A default as a reader would write it, briefly."""
    term = module.summary.terms[index]
    if term[0] == terms.CONSTANT:
        text = repr(term[1])
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    if term[0] == terms.NAME:
        return str(term[1]).rpartition(".")[2]
    if term[0] == terms.ATTRIBUTE:
        return str(term[2])
    if term[0] == terms.CALL:
        return f"{shown(module, term[1])}(…)" if term[2] or term[3] else f"{shown(module, term[1])}()"
    if term[0] == terms.DISPLAY and not term[2]:
        return {"list": "[]", "dict": "{}", "tuple": "()", "set": "set()"}.get(term[1], _NOT_SHOWN)
    return _NOT_SHOWN


class Reader:
    """Finds declarations in class bodies."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._told: dict[str, dict[str, Declared]] = {}

    @property
    def knowledge(self) -> Knowledge:
        """What the packs know."""
        return self._evaluator.knowledge

    def marker(self, library: str) -> MarkerFact | None:
        """What a library's class declares, if it is a column or a relation."""
        markers = self.knowledge.markers(library)
        return next((marker for kind in KINDS for marker in markers if marker.kind == kind), None)

    def declared(self, owner: ClassRef, module: Module, name: str, index: int) -> Written | None:
        """The declaration that a term in a class body is."""
        term = module.summary.terms[index]
        annotation = 0
        if term[0] == terms.ANNOTATED:
            annotation, term = term[1], module.summary.terms[term[2]]
        if term[0] != terms.CALL:
            return None
        for option in options(self._evaluator.value(module, term[1])):
            partial = None
            if isinstance(option, Partial):
                home = self._evaluator.table.by_name[option.module]
                partial = (home, home.summary.terms[option.term])
            callee = option.function if isinstance(option, Partial) else option
            found = self._known(callee)
            if found is not None:
                library, marker = found
                cls = callee if isinstance(callee, ClassRef) and callee.home is not None else None
                last = callee.name.rpartition(".")[2] if isinstance(callee, (ClassRef, External)) else ""
                return Written(
                    name,
                    last,
                    library,
                    marker,
                    owner,
                    evaluator=self._evaluator,
                    module=module,
                    call=term,
                    annotation=annotation,
                    cls=cls,
                    partial=partial,
                )
        return None

    def _known(self, callee: Value | None) -> tuple[str, MarkerFact] | None:
        if not isinstance(callee, (ClassRef, External)):
            return None
        if isinstance(callee, ClassRef) and callee.home is not None:
            names = [*self._evaluator.library_bases(callee)]
        else:
            names = [self.knowledge.canonical(callee.name)]
        for name in names:
            marker = self.marker(name)
            if marker is not None:
                return name, marker
        return next((found for name in names for found in [self._alike(name)] if found is not None), None)

    def _alike(self, name: str) -> tuple[str, MarkerFact] | None:
        """Fields of other distributions are named for the field that they extend."""
        for like in self._endings:
            if name.rpartition(".")[2].endswith(like.rpartition(".")[2]):
                marker = self.marker(like)
                if marker is not None:
                    return like, marker
        return None

    @cached_property
    def _endings(self) -> tuple[str, ...]:
        """The classes whose names other distributions' fields end with, the longest first."""
        found = {
            name
            for kind in KINDS
            for marker in self.knowledge.markers_of_kind(kind)
            if marker.storage is not None and marker.pack == "django-orm"
            for name in marker.names
        }
        return tuple(sorted(found, key=lambda name: (-len(name.rpartition(".")[2]), name)))

    def of_body(self, cls: ClassRef) -> dict[str, Declared | None]:
        """The declarations in the body of a class by name, in order; None where a name is set to None."""
        if cls.home is None:
            return dict(self.told(cls.name))
        module = self._evaluator.table.by_name[cls.home[0]]
        found: dict[str, Declared | None] = {}
        for name, bound in module.class_(cls.home[1]).attributes.items():
            for index in bound:
                declared = self.declared(cls, module, name, index)
                term = module.summary.terms[index]
                if declared is not None:
                    found[name] = declared
                elif term[0] == terms.CONSTANT and term[1] is None:
                    found[name] = None
        return found

    def told(self, library: str) -> dict[str, Declared]:
        """What a pack says that a library's model declares."""
        known = self._told.get(library)
        if known is None:
            known = self._told[library] = {}
            fact = self.knowledge.klass(library)
            for name, text in fact.declares.items() if fact is not None else ():
                call = ast.parse(text, mode="eval").body
                assert isinstance(call, ast.Call)
                callee = ast.unparse(call.func)
                marker = self.marker(callee)
                if marker is not None:
                    known[name] = Told(name, callee.rpartition(".")[2], callee, marker, ClassRef(library), call)
        return known
