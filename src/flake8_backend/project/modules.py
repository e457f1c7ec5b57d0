"""The modules of one project root by dotted name, and the whole-project indices over their summaries."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flake8_backend.semantic.summary import ClassSummary, FunctionSummary, ModuleSummary

TODO = object()


@dataclass
class Module:
    """A module and the values of its terms, as far as they were asked for."""

    name: str
    path: str
    summary: ModuleSummary
    other_names: tuple[str, ...] = ()
    values: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.values = [TODO] * len(self.summary.terms)

    def function(self, index: int) -> FunctionSummary:
        """A function by its index in the summary."""
        return self.summary.functions[index]

    def class_(self, index: int) -> ClassSummary:
        """A class by its index in the summary."""
        return self.summary.classes[index]

    def last_name(self, index: int) -> str:
        """The last part of the name that a term is written with; empty where it has none."""
        term = self.summary.terms[index]
        if term[0] == terms.NAME:
            return str(term[1]).rpartition(".")[2]
        if term[0] == terms.ATTRIBUTE:
            return str(term[2])
        if term[0] == terms.FUNCTION:
            return self.function(term[1]).name
        return self.class_(term[1]).name if term[0] == terms.CLASS else ""


class ModuleTable:
    """All modules of a project. Paths are relative to the root, with forward slashes.

    ``libraries`` are top-level modules that packs know. A file in a folder that is no package may be imported by its
    bare name, but ``app/utils/time.py`` does not stand in the way of ``import time``, nor ``app/redis.py`` in that of
    ``import redis``: such names are the library's.
    """

    def __init__(self, modules: Iterable[Module], *, libraries: frozenset[str] = frozenset()) -> None:
        ordered = sorted(modules, key=lambda module: module.path)
        self.by_name: dict[str, Module] = {}
        for module in ordered:
            self.by_name.setdefault(module.name, module)
        self.by_path = {module.path: module for module in ordered if self.by_name[module.name] is module}
        self._found = dict(self.by_name)
        for module in ordered:
            for name in module.other_names:
                top = name.partition(".")[0]
                if top not in sys.stdlib_module_names and top not in libraries:
                    self._found.setdefault(name, module)
        self.packages: set[str] = set()
        for name in self._found:
            parent = name.rpartition(".")[0]
            while parent and parent not in self.packages:
                self.packages.add(parent)
                parent = parent.rpartition(".")[0]
        self.tops = frozenset(name.partition(".")[0] for name in self._found)

    def __iter__(self) -> Iterator[Module]:
        return iter(self.by_name.values())

    def split(self, dotted: str) -> tuple[Module | None, str]:
        """The module that holds ``dotted``, by the longest prefix, and the rest of the name."""
        head, rest = dotted, ""
        while head:
            module = self._found.get(head)
            if module is not None:
                return module, rest
            head, _, last = head.rpartition(".")
            rest = f"{last}.{rest}" if rest else last
        return None, dotted

    @cached_property
    def classes_by_name(self) -> dict[str, list[tuple[str, int]]]:
        """Where each class name is defined, in the order of module names."""
        found: dict[str, list[tuple[str, int]]] = {}
        for name in sorted(self.by_name):
            for index, klass in enumerate(self.by_name[name].summary.classes):
                found.setdefault(klass.name, []).append((name, index))
        return found

    @cached_property
    def class_attributes(self) -> dict[str, list[tuple[str, int, str]]]:
        """The classes whose bodies assign each name: module, index and qualified name."""
        found: dict[str, list[tuple[str, int, str]]] = {}
        for name in sorted(self.by_name):
            for index, klass in enumerate(self.by_name[name].summary.classes):
                for attribute in klass.attributes:
                    found.setdefault(attribute, []).append((name, index, klass.qualname))
        return found

    @cached_property
    def assigned_attributes(self) -> frozenset[str]:
        """The names of attributes that are assigned to other objects than ``self``."""
        return frozenset(name for module in self for _, name, _ in module.summary.assignments)

    @cached_property
    def imports(self) -> frozenset[str]:
        """Top-level modules that the project imports, its own left out."""
        found = {top for module in self for top in module.summary.imports}
        return frozenset(found - self.tops)
