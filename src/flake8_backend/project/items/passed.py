"""The collections of rows that callers hand to functions which go through them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from flake8_backend.project.evaluation import binding
from flake8_backend.project.values import Constant, FunctionRef, Instance, Value, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.project.calls.callsites import CallSite
    from flake8_backend.project.evaluation.binding import Environment, Root
    from flake8_backend.project.items.rows import Node
    from flake8_backend.project.modules import Module
    from flake8_backend.project.solution import Solution

_LEVELS = 4  # callers of callers that may give a collection
_MOST_GIVEN = 32


class Passed:
    """The collections of rows that callers hand to functions which go through them."""

    def __init__(self, solution: Solution) -> None:
        self._solution = solution
        self._known: dict[tuple[Node, int], tuple[Environment, ...]] = {}
        self._callers: dict[Node, list[CallSite]] = {}

    def of(self, node: Node, levels: int = _LEVELS) -> tuple[Environment, ...]:
        """What the callers of a function give to the parameters that it goes through, or hands on.

        ``levels`` says how many callers of callers are asked: functions may call each other in a circle.
        """
        key = (node, levels)
        if key not in self._known:
            given = self._given(node, levels) if levels and self._goes_through_parameter(node) else ()
            self._known[key] = tuple(islice(dict.fromkeys(given), _MOST_GIVEN))
        return self._known[key]

    def to_loops_of(self, node: Node) -> tuple[Environment, ...]:
        """What the callers of a function give to the parameters that its own loops go through."""
        module = self._solution.table.by_name[node[0]]
        return self.of(node) if self._is_made_of_parameter(node, module.function(node[1]).iterations) else ()

    def _goes_through_parameter(self, node: Node) -> bool:
        function = self._solution.table.by_name[node[0]].function(node[1])
        return self._is_made_of_parameter(node, (*function.iterations, *function.sites))

    def _is_made_of_parameter(self, node: Node, rows: Sequence[Sequence[Any]]) -> bool:
        module = self._solution.table.by_name[node[0]]
        function = module.function(node[1])
        if not function.parameters or function.kind == "lambda" or not self._solution.rows.names:
            return False
        roots = binding.roots_of(self._solution.evaluator, module)
        own = (node[0], terms.PARAMETER, node[1])
        return any(root[:3] == own for row in rows for root in roots[row[0]])

    def _given(self, node: Node, levels: int) -> Iterator[Environment]:
        solution = self._solution
        for caller in self._callers_of(node):
            module = solution.table.by_name[caller.module]
            term = module.summary.terms[caller.term]
            for environment in ((), *self._above(module, caller.function, caller.term, levels)):
                evaluator = binding.bound(solution.evaluator, environment)
                for value in options(evaluator.value(module, term[1])):
                    if isinstance(value, FunctionRef) and (value.module, value.index) == node:
                        given = binding.environment_of(evaluator, value, module, term)
                        kept = tuple(pair for pair in given if is_collection(pair[1]) or self._decides(node, *pair))
                        if any(is_collection(option) for _, option in kept):
                            yield kept

    def _decides(self, node: Node, root: Root, value: Value) -> bool:
        """Whether a literal that is given decides which branches are run."""
        blocks = self._solution.table.by_name[node[0]].function(node[1]).blocks
        return isinstance(value, Constant) and any(binding.decided_by(block) == root[3] for block in blocks)

    def _callers_of(self, node: Node) -> list[CallSite]:
        """The calls that can be of ``node`` and give it something, before anything is asked of their callers."""
        known = self._callers.get(node)
        if known is None:
            name = self._solution.table.by_name[node[0]].function(node[1]).name
            known = self._callers[node] = [
                site for site in self._solution.call_sites.named([name]) if self._may_be(node, site)
            ]
        return known

    def _may_be(self, node: Node, site: CallSite) -> bool:
        evaluator, function = self._solution.evaluator, site.function
        module = self._solution.table.by_name[site.module]
        term = module.summary.terms[site.term]
        if not (term[2] or term[3]) and module.summary.terms[term[1]][0] != terms.ATTRIBUTE:
            return False
        value = evaluator.value(module, term[1])
        if any(isinstance(option, FunctionRef) and (option.module, option.index) == node for option in options(value)):
            return True
        own = (module.name, terms.PARAMETER, function)
        roots = binding.roots_of(evaluator, module)[term[1]]
        return any(root[:3] == own for root in roots)

    def _above(self, module: Module, function: int, call: int, levels: int) -> tuple[Environment, ...]:
        """What is given to the function of a call, where the call is made of that."""
        own = (module.name, terms.PARAMETER, function)
        roots = binding.roots_of(self._solution.evaluator, module)[call]
        return self.of((module.name, function), levels - 1) if any(root[:3] == own for root in roots) else ()


def is_collection(value: Value) -> bool:
    """Whether a value is a collection of rows rather than one of them."""
    return any(isinstance(v, Instance) and v.query is not None and not v.is_row for v in options(value))
