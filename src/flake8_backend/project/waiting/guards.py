"""What ends a wait from outside of the call: ``async with timeout(5)``, ``wait_for(call, 5)``, around all callers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_backend.project.calls import arguments
from flake8_backend.project.waiting.limits import Limit, bounds_of
from flake8_backend.semantic import terms
from flake8_backend.semantic.summary import SITE_TERM

if TYPE_CHECKING:
    from flake8_backend.project.views.siteview import SiteView
    from flake8_backend.project.views.view import FunctionView
    from flake8_backend.project.waiting.limits import Limits

GUARD = "timeout-guard"
_MOST_CALLERS = 3  # levels of functions that are called under a guard


class Guards:
    """Finds guards around calls."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def holds(self, site: SiteView) -> bool:
        """Whether a guard ends this call; one around all callers counts, for what can be cancelled."""
        return self._is_inside(site) or (
            site.leaf is not None and "blocks" not in site.leaf.fact.effects and self._holds_callers(site, 0)
        )

    def _is_inside(self, site: SiteView) -> bool:
        outer = site.outer
        while outer is not None:
            if self._is_guard(outer.function, outer.term_index):
                return True
            outer = outer.outer
        return any(self._is_guard(site.function, index) for index in site.function.managers_around(site.block))

    def _is_guard(self, function: FunctionView, index: int) -> bool:
        """Whether a term is a call of a guard that is given a limit."""
        term = function.term(index)
        if term[0] != terms.CALL:
            return False
        for callee in function.solution.effects.targets(function.module, term):
            leaf = function.solution.effects.leaf(callee)
            if leaf is not None and leaf.fact.role == GUARD:
                given = arguments.of_call(function.module, term)
                return self._limits.of_call(leaf.fact, bounds_of(leaf.fact), given) is not Limit.NONE
        return False

    def _holds_callers(self, site: SiteView, level: int) -> bool:
        callers = list(_callers(site.function)) if level < _MOST_CALLERS else []
        return bool(callers) and all(
            self._is_inside(caller) or self._holds_callers(caller, level + 1) for caller in callers
        )


def _callers(function: FunctionView) -> list[SiteView]:
    from flake8_backend.project.views.view import FunctionView

    solution = function.solution
    found: list[SiteView] = []
    for call in solution.call_sites.callers(function.node):
        caller = FunctionView(solution, solution.table.by_name[call.site.module], call.site.function)
        rows = caller.summary.sites
        found += [caller.sites[index] for index, row in enumerate(rows) if row[SITE_TERM] == call.site.term]
    return found
