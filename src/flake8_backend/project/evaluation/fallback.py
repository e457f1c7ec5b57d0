"""Receivers that the project's own inference cannot tell, put to astroid: off unless the configuration allows it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Span
from flake8_backend.project.values import ClassRef, Instance, Value
from flake8_backend.semantic import terms
from flake8_backend.semantic.summary import SITE_TERM

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module
    from flake8_backend.semantic.astroid_bridge import Bridge

_CALL_SPAN = slice(4, 8)


class Fallback:
    """What calls lead to whose receivers are unknown, for the first ``budget`` such calls of a file.

    The calls are counted in the order of the file, so that the answer does not depend on who asks first.
    """

    def __init__(self, evaluator: Evaluator, read: Callable[[str], str], budget: int) -> None:
        self._evaluator = evaluator
        self._read = read
        self._budget = budget
        self._asked: dict[str, dict[tuple[int, ...], Value | None]] = {}

    @cached_property
    def _bridge(self) -> Bridge:
        from flake8_backend.semantic.astroid_bridge import Bridge

        return Bridge({module.name: module.path for module in self._evaluator.table}, self._read)

    @cached_property
    def _methods(self) -> frozenset[str]:
        """The names of methods that the project's classes have: only these classes are in astroid's sight."""
        classes = (klass for module in self._evaluator.table for klass in module.summary.classes)
        return frozenset(name for klass in classes for name in klass.methods)

    def callee(self, module: Module, call: Sequence[Any]) -> Value | None:
        """The method that a call runs, ``None`` where that stays unknown."""
        if module.name not in self._asked:
            self._asked[module.name] = self._answers(module)
        return self._asked[module.name].get(tuple(call[_CALL_SPAN]))

    def _answers(self, module: Module) -> dict[tuple[int, ...], Value | None]:
        table = module.summary.terms
        places = {
            tuple(table[site[SITE_TERM]][_CALL_SPAN]): table[table[site[SITE_TERM]][1]]
            for function in module.summary.functions
            for site in function.sites
            if self._is_open(module, table[table[site[SITE_TERM]][1]])
        }
        return {place: self._answer(module, place, places[place][2]) for place in sorted(places)[: self._budget]}

    def _is_open(self, module: Module, callee: Sequence[Any]) -> bool:
        if callee[0] != terms.ATTRIBUTE or callee[2] not in self._methods:
            return False
        return self._evaluator.value(module, callee[1]) is None and module.summary.terms[callee[1]][0] != terms.SUPER

    def _answer(self, module: Module, place: tuple[int, ...], method: str) -> Value | None:
        name = self._bridge.receiver_class(module.name, Span(*place))
        cls = self._evaluator.resolve(name) if name is not None else None
        if not isinstance(cls, ClassRef) or cls.home is None:
            return None
        return self._evaluator.attribute(Instance(cls), method)
