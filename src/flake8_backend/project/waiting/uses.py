"""The calls that go to an object, from the call that makes it: in the same function, the same class, the project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flake8_backend.project.calls.arguments import of_call
from flake8_backend.project.waiting import origins
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.project.solution import Solution
    from flake8_backend.project.views.siteview import SiteView
    from flake8_backend.project.views.view import FunctionView
    from flake8_backend.project.waiting.origins import Making

_Node = tuple[str, int]
_AROUND = frozenset({terms.ATTRIBUTE, terms.ENTER, terms.AWAIT, terms.CALL})


def receiver_makings(solution: Solution, node: _Node, term: Sequence[Any]) -> list[Making] | None:
    """The calls that made what a method is called on, those of a parameter at its callers; None: one is elsewhere."""
    module = solution.table.by_name[node[0]]
    callee = module.summary.terms[term[1]]
    owner = module.summary.terms[callee[1]] if callee[0] == terms.ATTRIBUTE else callee
    if owner[0] != terms.PARAMETER:
        return origins.receiver_makings(solution.evaluator, module, term)
    function = module.function(node[1])
    if owner[1] != node[1]:
        return None
    position = owner[2] - (1 if function.class_index >= 0 else 0)
    found: list[Making] = []
    for caller in solution.call_sites.callers(node):
        home = solution.table.by_name[caller.site.module]
        call = of_call(home, home.summary.terms[caller.site.term])
        given = call.get(position, function.parameters[owner[2]][0]) if caller.place is None else None
        made = origins.makings(solution.evaluator, home, given.term) if given is not None else None
        if not made:
            return None
        found += made
    return found or None


def leads_to(function: FunctionView, index: int, wanted: int) -> bool:
    """Whether a term is read from, called on or entered from another one, or is the other one."""
    while index != wanted:
        term = function.term(index)
        if term[0] not in _AROUND:
            return False
        index = term[1]
    return True


def calls_on(site: SiteView) -> Iterator[SiteView]:
    """The calls of methods of what a call makes, as far as the name that holds it shows them."""
    function = site.function
    yield from _methods(function, site.term_index)
    if function.summary.class_index >= 0:
        klass = function.module.class_(function.summary.class_index)
        held = [name for name, bound in klass.instance.items() if site.term_index in bound]
        for index in sorted(set(klass.methods.values())) if held else ():
            yield from _methods_of_self(function.sibling(index), held)
    for name, bound in function.module.summary.names.items():
        if site.term_index in bound:
            yield from _methods_of_name(function, f"{function.module.name}.{name}")


def _methods(function: FunctionView, wanted: int) -> Iterator[SiteView]:
    for site in function.sites:
        callee = function.term(site.term[1])
        if callee[0] == terms.ATTRIBUTE and leads_to(function, callee[1], wanted):
            yield site


def _methods_of_self(function: FunctionView, held: list[str]) -> Iterator[SiteView]:
    for site in function.sites:
        callee = function.term(site.term[1])
        owner = function.term(callee[1]) if callee[0] == terms.ATTRIBUTE else callee
        if owner[0] == terms.ATTRIBUTE and owner[2] in held and function.term(owner[1])[0] == terms.SELF:
            yield site


def _methods_of_name(function: FunctionView, dotted: str) -> Iterator[SiteView]:
    for other in function.solution.functions:
        for site in other.sites:
            callee = other.term(site.term[1])
            if callee[0] == terms.NAME and callee[1].rpartition(".")[0] == dotted:
                yield site
