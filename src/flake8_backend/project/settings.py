"""The modules that hold a project's settings, and what a setting is."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from flake8_backend.project.values import ClassRef, Constant, Instance, Value, one_of
from flake8_backend.semantic import terms
from flake8_backend.semantic.summary import SITE_TERM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module

KIND = "settings"


class Settings:
    """Settings by name, where an environment variable or what it holds tells which module they stand in."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._values: dict[str, Value | None] = {}

    def is_read_from(self, cls: str) -> bool:
        """Whether the attributes of a library's class are the project's settings."""
        return any(marker.kind == KIND for marker in self._evaluator.knowledge.markers(cls))

    def value(self, name: str) -> Value | None:
        """What a setting is, in whichever of the settings modules gives it a value."""
        if name not in self._values:
            found = [self._evaluator.resolve(f"{module}.{name}") for module in self.modules]
            self._values[name] = one_of(found)
        return self._values[name]

    def entry(self, name: str, key: str) -> Value | None:
        """An entry of a dictionary among the settings, ``Constant(None)`` where the dictionary lacks it.

        ``None`` where no such dictionary is in sight. A project without a settings module, such as a reusable
        application, may hold the dictionary anywhere.
        """
        table = self._evaluator.table
        for module_name in (*self.modules, *sorted(table.by_name)):
            found = self._entry(table.by_name[module_name], name, key)
            if found is not None:
                return found
        return None

    def _entry(self, module: Module, name: str, key: str) -> Value | None:
        for bound in module.summary.names.get(name, ()):
            term = module.summary.terms[bound]
            if term[0] == terms.ANNOTATED:
                term = module.summary.terms[term[2]]
            if term[0] != terms.DISPLAY or term[1] != "dict":
                continue
            for position in range(0, len(term[2]), 2):
                entry = module.summary.terms[term[2][position]]
                if entry[0] == terms.CONSTANT and entry[1] == key:
                    return self._evaluator.value(module, term[2][position + 1]) or Instance(ClassRef("object"))
            return Constant(None)
        return None

    @cached_property
    def modules(self) -> tuple[str, ...]:
        """Names of the settings modules: those an environment variable is set to, else those that look like it."""
        table = self._evaluator.table
        named = {name for module in table for name in self._named_in(module)}
        found = {
            module.name for name in named for module, rest in [table.split(name)] if module is not None and not rest
        }
        return tuple(sorted(found or set(self._alike())))

    def _names(self, form: str) -> frozenset[str]:
        markers = self._evaluator.knowledge.markers_of_kind(KIND)
        return frozenset(name for marker in markers if marker.form == form for name in marker.names)

    @cached_property
    def _variables(self) -> frozenset[str]:
        """The environment variables that name settings modules."""
        return self._names("constant")

    def _named_in(self, module: Module) -> Iterator[str]:
        """What calls in a module give one of the variables: ``os.environ.setdefault(VARIABLE, "shop.settings")``."""
        if not self._variables or "os" not in module.summary.imports:
            return
        table = module.summary.terms
        for function in module.summary.functions:
            for site in function.sites:
                texts = [table[argument] for argument in table[site[SITE_TERM]][2]]
                if (
                    len(texts) > 1
                    and all(text[0] == terms.CONSTANT for text in texts)
                    and texts[0][1] in self._variables
                ):
                    yield str(texts[1][1])

    def _alike(self) -> Iterator[str]:
        """Modules called settings that assign at least three of the settings that packs know."""
        known = self._names("setting")
        for module in self._evaluator.table:
            if KIND in module.name.split(".")[-2:] and len(known & module.summary.names.keys()) >= _ENOUGH:
                yield module.name


_ENOUGH = 3
