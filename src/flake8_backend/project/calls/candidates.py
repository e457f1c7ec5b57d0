"""Which calls of a project may be of some library calls, by the names they are written with: nothing is evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flake8_backend.semantic import terms
from flake8_backend.semantic.summary import SITE_TERM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from flake8_backend.project.modules import Module, ModuleTable
    from flake8_backend.semantic.summary import FunctionSummary

_NAMED = frozenset({terms.NAME, terms.ATTRIBUTE})
_MADE = frozenset({terms.CALL, terms.UNION, terms.ITEM})  # callees without a name of their own: of a partial, a table


class Candidates:
    """Finds the calls whose callee is written with one of some last names, or with what the project calls these."""

    def __init__(self, table: ModuleTable, names: Iterable[str], makers: Iterable[str]) -> None:
        """``makers`` are the last names of calls that give callables: what they are assigned to counts."""
        self._makers = frozenset(makers)
        self._names = self._with_aliases(table, set(names))

    def of(self, module: Module, function: FunctionSummary) -> Iterator[int]:
        """The indices of a function's sites that may be such calls."""
        table = module.summary.terms
        for index, site in enumerate(function.sites):
            callee = table[table[site[SITE_TERM]][1]]
            if callee[0] in _MADE or (callee[0] in _NAMED and _last(callee) in self._names):
                yield index

    def _with_aliases(self, table: ModuleTable, names: set[str]) -> frozenset[str]:
        pairs = list(_assigned(table))
        added = True
        while added:
            found = {name for name, value in pairs if name not in names and self._means_one(value, names)}
            added = bool(found)
            names |= found
        return frozenset(names)

    def _means_one(self, value: tuple[Module, int], names: set[str]) -> bool:
        module, index = value
        term = module.summary.terms[index]
        if term[0] == terms.CALL:
            callee = module.summary.terms[term[1]]
            return callee[0] in _NAMED and _last(callee) in self._makers
        return term[0] in _NAMED and _last(term) in names


def _last(term: Sequence[Any]) -> str:
    return str(term[2]) if term[0] == terms.ATTRIBUTE else str(term[1]).rpartition(".")[2]


def _assigned(table: ModuleTable) -> Iterator[tuple[str, tuple[Module, int]]]:
    """Global names and attributes, with what is assigned to them."""
    for module in table:
        groups = [module.summary.names.items()]
        groups += [group.items() for klass in module.summary.classes for group in (klass.attributes, klass.instance)]
        for group in groups:
            for name, bound in group:
                for index in bound:
                    yield name, (module, index)
