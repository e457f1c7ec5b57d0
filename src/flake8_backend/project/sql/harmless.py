"""What may stand in a statement as it is: what packs, types and checks say of a value's text."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from flake8_backend.project.sql.lookup import Lookup, home_of
from flake8_backend.project.sql.places import At
from flake8_backend.project.values import ClassRef, External, FunctionRef, Instance, Value, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from flake8_backend.knowledge.facts import MarkerFact
    from flake8_backend.project.evaluate import Evaluator

RAW_SQL, SQL_NAME = "raw-sql", "sql-name"
_NUMBERS = frozenset({"int", "float", "bool", "complex"})
_WRITTEN = frozenset({terms.CALL, terms.ATTRIBUTE, terms.NAME, terms.ITEM})


class Harmless(Lookup):
    """Facts about text in statements, over one project."""

    def __init__(self, evaluator: Evaluator) -> None:
        super().__init__(evaluator)
        self._facts: dict[str, MarkerFact | None] = {}
        self._safe_calls = self._patterns("name-pattern")
        self._safe_attributes = self._patterns("attribute")

    def _patterns(self, form: str) -> tuple[str, ...]:
        found = (fact for fact in self.knowledge.markers_of_kind(SQL_NAME) if fact.form == form)
        return tuple(sorted(name for fact in found for name in fact.names))

    def fact(self, callee: Value) -> MarkerFact | None:
        """Where a call takes SQL as text, or that it gives text that may stand in a statement."""
        name = callee.name if isinstance(callee, (External, ClassRef)) and not home_of(callee) else None
        if name is None:
            return None
        if name not in self._facts:
            found = (fact for fact in self.knowledge.markers(name) if fact.form == "call")
            self._facts[name] = next((fact for fact in found if fact.kind == SQL_NAME or fact.sql is not None), None)
        return self._facts[name]

    def is_safe_name(self, at: At, index: int) -> bool:
        """Whether a term is read from what a model declares, or quoted by an object that is not known."""
        term = self.term(at, index)
        if term[0] not in _WRITTEN:
            return False
        if term[0] == terms.ATTRIBUTE and self._is_declared_safe(at, term[1], term[2]):
            return True
        spelling = self.spelled(at, index)
        patterns = self._safe_attributes + (self._safe_calls if term[0] == terms.CALL else ())
        return any(fnmatch.fnmatchcase(spelling, pattern) for pattern in patterns)

    def _is_declared_safe(self, at: At, owner: int, name: str) -> bool:
        """Whether an attribute of a library's object holds no text of its own: ``zone.key``."""
        found = list(options(self.evaluator.value(self.table.by_name[at.module], owner)))
        return bool(found) and all(
            isinstance(value, Instance)
            and any(f"{base}.{name}" in self._safe_attributes for base in self.evaluator.library_bases(value.cls))
            for value in found
        )

    def is_harmless(self, value: Value | None) -> bool:
        """Whether the text of an object holds no quote and no word of its own: numbers, dates, enumerations."""
        found = list(options(value))
        return bool(found) and all(isinstance(option, Instance) and self._is_harmless(option.cls) for option in found)

    def _is_harmless(self, cls: ClassRef) -> bool:
        for base in self.evaluator.library_bases(cls):
            if base in _NUMBERS or base.startswith("enum."):
                return True
            if any(fact.kind == SQL_NAME for fact in self.knowledge.markers(base)):
                return True
        return False

    def is_enum(self, value: Value | None) -> bool:
        """Whether a value is an enumeration itself."""
        if not isinstance(value, ClassRef) or value.home is None:
            return False
        return any(base.startswith("enum.") for base in self.evaluator.library_bases(value))

    def never_returns(self, callee: Value | None) -> bool:
        """Whether calling something always raises."""
        found = list(options(callee))
        return bool(found) and all(self._raises(option) for option in found)

    def _raises(self, callee: Value) -> bool:
        if isinstance(callee, FunctionRef):
            module = self.table.by_name[callee.module]
            return self.last_name(At(module.name), module.function(callee.index).returns) in ("NoReturn", "Never")
        fact = self.knowledge.call(callee.name) if isinstance(callee, External) else None
        return fact is not None and fact.returns is not None and fact.returns.name.endswith(".NoReturn")

    def is_closed_type(self, at: At, annotation: int) -> bool:
        """Whether an annotation allows a few texts only: ``Literal["asc", "desc"]``."""
        if not annotation:
            return False
        term = self.term(at, annotation)
        if term[0] == terms.UNION:
            return all(self.is_closed_type(at, part) for part in term[1])
        if term[0] == terms.NAME:
            found = self.definitions(term[1])
            return bool(found) and all(self.is_closed_type(*place) for place in found or ())
        if term[0] != terms.ITEM:
            return term[0] == terms.CONSTANT and term[1] is None
        bare = self.last_name(at, term[1])
        if bare == "Literal":
            return True
        inner = self.term(at, term[2])
        arguments = inner[2] if inner[0] == terms.DISPLAY else (term[2],)
        return bare in ("Optional", "Annotated") and bool(arguments) and self.is_closed_type(at, arguments[0])
