"""Who calls a function: call sites by the last name they are written with, and the callers of a function."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flake8_backend.project.values import ClassRef, FunctionRef, Instance, options
from flake8_backend.semantic import terms
from flake8_backend.semantic.summary import SITE_TERM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_backend.core.diagnostic import Span
    from flake8_backend.project.calls.effects import Effects
    from flake8_backend.project.evaluate import Evaluator

_NODE = tuple[str, int]


@dataclass(frozen=True, slots=True)
class CallSite:
    """A call in a function of the project: where it is, and its term."""

    module: str
    function: int
    term: int


@dataclass(frozen=True, slots=True)
class Caller:
    """A call that runs a function: the function as it is called there, with its receiver.

    ``place`` is where it stands among the arguments when it is handed over to be run: ``submit(write, row)``.
    """

    site: CallSite
    function: FunctionRef
    place: int | None = None


class CallSites:
    """The calls of a project, tests left out, found by name before anything is evaluated."""

    def __init__(self, evaluator: Evaluator, effects: Effects) -> None:
        self._evaluator = evaluator
        self._effects = effects
        self._table = evaluator.table
        self._callers: dict[_NODE, tuple[Caller, ...]] = {}

    @cached_property
    def by_name(self) -> dict[str, list[CallSite]]:
        """Every call by the last component of what is called, in the order of modules and places."""
        found: dict[str, list[CallSite]] = {}
        for name in sorted(self._table.by_name):
            module = self._table.by_name[name]
            table = module.summary.terms
            for position, function in enumerate(module.summary.functions):
                for site in function.sites:
                    last = module.last_name(table[site[SITE_TERM]][1])
                    if last:
                        found.setdefault(last, []).append(CallSite(name, position, site[SITE_TERM]))
        return found

    @cached_property
    def _handed(self) -> dict[str, list[tuple[CallSite, int]]]:
        """Calls by the last component of what is handed to them by position: ``to_thread(cursor.execute, sql)``."""
        found: dict[str, list[tuple[CallSite, int]]] = {}
        for name in sorted(self._table.by_name):
            module = self._table.by_name[name]
            table = module.summary.terms
            for index, function in enumerate(module.summary.functions):
                for site in function.sites:
                    given = table[site[SITE_TERM]][2]
                    for position in range(len(given) - 1):  # something follows it
                        last = module.last_name(given[position])
                        if last:
                            handed = CallSite(name, index, site[SITE_TERM]), position
                            found.setdefault(last, []).append(handed)
        return found

    def handing(self, names: Sequence[str]) -> list[tuple[CallSite, int]]:
        """Calls that are handed something with one of these last names, and its position among the arguments."""
        return [handed for name in names for handed in self._handed.get(name, ())]

    @cached_property
    def _aliases(self) -> dict[str, tuple[str, ...]]:
        """Other names under which modules know a name: ``from .pool import fetch_all as select_rows``."""
        found: dict[str, set[str]] = {}
        for module in self._table:
            for name, assigned in module.summary.names.items():
                for index in assigned:
                    term = module.summary.terms[index]
                    if term[0] == terms.NAME:
                        last = str(term[1]).rpartition(".")[2]
                        if last != name:
                            found.setdefault(last, set()).add(name)
        return {name: tuple(sorted(others)) for name, others in found.items()}

    @cached_property
    def _constructors(self) -> dict[_NODE, tuple[str, ...]]:
        """The names of the classes whose objects each ``__init__`` makes."""
        found: dict[_NODE, list[str]] = {}
        for name in sorted(self._table.by_name):
            for index, klass in enumerate(self._table.by_name[name].summary.classes):
                cls = ClassRef(f"{name}.{klass.qualname}", (name, index))
                made = self._evaluator.method(cls, "__init__")
                if made is not None:
                    found.setdefault((made[0].name, made[1]), []).append(klass.name)
        return {node: tuple(names) for node, names in found.items()}

    def named(self, names: Sequence[str]) -> list[CallSite]:
        """Calls of anything with one of these last names, or an alias of one."""
        wanted = dict.fromkeys(other for name in names for other in (name, *self._aliases.get(name, ())))
        return [site for name in wanted for site in self.by_name.get(name, ())]

    def callers(self, node: _NODE) -> tuple[Caller, ...]:
        """The calls that run a function, those that it is handed to last."""
        known = self._callers.get(node)
        if known is None:
            name = self._table.by_name[node[0]].function(node[1]).name
            names = (name, *self._constructors.get(node, ())) if name == "__init__" else (name,)
            pairs: list[tuple[CallSite, int | None]] = [(site, None) for site in self.named(names)]
            pairs += self.handing([name])
            found = ((site, self._runs(site, place, node), place) for site, place in pairs)
            known = tuple(Caller(site, function, place) for site, function, place in found if function is not None)
            self._callers[node] = known
        return known

    def _runs(self, site: CallSite, place: int | None, node: _NODE) -> FunctionRef | None:
        module = self._table.by_name[site.module]
        term = module.summary.terms[site.term]
        for value in options(self._evaluator.value(module, term[1] if place is None else term[2][place])):
            if node in self._effects.functions(value):
                made = Instance(value) if isinstance(value, ClassRef) else None
                return value if isinstance(value, FunctionRef) else FunctionRef(*node, made)
        return None

    def span(self, site: CallSite) -> Span:
        """Where a call stands."""
        from flake8_backend.core.diagnostic import Span

        return Span(*self._table.by_name[site.module].summary.terms[site.term][4:8])
