"""Plain functions that know of event loops: those that look for a running one, those that a decorator takes off it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_backend.project.calls.leaves import Act, Leaf, Node
from flake8_backend.project.values import FunctionRef, options
from flake8_backend.semantic import scopes
from flake8_backend.semantic.summary import BLOCK_KIND, BLOCK_PARENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module
    from flake8_backend.semantic.summary import FunctionSummary

_OFFLOADING = "offload"
_FEW = 3  # a helper that makes no more calls than these does little besides


class Loops:
    """What is asked of plain functions before their body counts as work on the caller's loop."""

    def __init__(self, evaluator: Evaluator, acts_of: Callable[[Node], tuple[Act, ...]]) -> None:
        self._evaluator = evaluator
        self._table = evaluator.table
        self._acts_of = acts_of
        self._asking: dict[Node, bool] = {}
        self._coroutines: dict[Node, bool] = {}

    def _summary(self, node: Node) -> FunctionSummary:
        return self._table.by_name[node[0]].function(node[1])

    def asks_for_loop(self, node: Node) -> bool:
        """Whether a function looks whether an event loop is running: then it has another way for coroutines."""
        known = self._asking.get(node)
        if known is None:
            self._asking[node] = False  # for the function that calls itself
            known = self._asking[node] = any(self._asks(act) for act in self._acts_of(node))
        return known

    def _asks(self, act: Act) -> bool:
        for doing in act.options:
            for item in doing:
                if isinstance(item, Leaf):
                    told = item.fact.in_event_loop
                    if told == "tells" or (told == "required" and self._is_tried(act)):
                        return True
                elif self._is_asking_helper(item.target):
                    return True
        return False

    def _is_tried(self, act: Act) -> bool:
        blocks, block = self._summary(act.owner).blocks, act.block
        while block >= 0 and blocks[block][BLOCK_KIND] != scopes.TRY:
            block = blocks[block][BLOCK_PARENT]
        return block >= 0

    def _is_asking_helper(self, node: Node) -> bool:
        """``running_loop_or_none()``, as a helper of the project's own."""
        function = self._summary(node)
        return len(function.sites) <= _FEW and not function.is_async and self.asks_for_loop(node)

    def is_made_coroutine(self, node: Node) -> bool:
        """Whether a decorator of a plain function gives back a coroutine function, which runs the body elsewhere."""
        known = self._coroutines.get(node)
        if known is None:
            module = self._table.by_name[node[0]]
            decorators = module.function(node[1]).decorators
            known = self._coroutines[node] = any(self._gives_coroutine(module, index) for index in decorators)
        return known

    def _gives_coroutine(self, module: Module, index: int) -> bool:
        name = self._evaluator.decorator_name(module, index)
        if name is not None:
            fact = self._evaluator.knowledge.call(name)
            return fact is not None and fact.role == _OFFLOADING
        for decorator in options(self._evaluator.value(module, index)):
            if isinstance(decorator, FunctionRef):
                for made in options(self._evaluator.call_function(decorator)):
                    if isinstance(made, FunctionRef) and self._is_coroutine((made.module, made.index)):
                        return True
        return False

    def _is_coroutine(self, node: Node) -> bool:
        return self._summary(node).is_async or self.asks_for_loop(node)
