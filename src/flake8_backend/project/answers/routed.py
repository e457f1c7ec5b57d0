"""Which actions of a view class the project routes: ``OrderViewSet.as_view({"get": "retrieve"})`` lists nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flake8_backend.project.values import ClassRef, options
from flake8_backend.semantic import terms
from flake8_backend.semantic.summary import SITE_TERM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.project.modules import Module
    from flake8_backend.project.solution import Solution

_ROUTES, _REGISTERS = "as_view", "register"
_ACTIONS = "actions"


class Routed:
    """The actions that the project's routes name, by class; found once."""

    def __init__(self, solution: Solution) -> None:
        self._solution = solution
        self._evaluator = solution.evaluator
        self._actions: dict[tuple[str, int] | None, set[str]] = {}
        self._registered: set[tuple[str, int] | None] = set()
        for module in solution.table:
            for function in module.summary.functions:
                for site in function.sites:
                    self._look(module, module.summary.terms[site[SITE_TERM]])

    def leaves_out(self, cls: ClassRef, action: str) -> bool:
        """Whether routes name the actions of the class, and this one is not among them."""
        actions = self._actions.get(cls.home)
        return actions is not None and action not in actions and cls.home not in self._registered

    def _look(self, module: Module, term: Sequence[Any]) -> None:
        callee = module.summary.terms[term[1]]
        if callee[0] not in (terms.ATTRIBUTE, terms.NAME):
            return
        name = str(callee[-1]).rpartition(".")[2]
        if name == _REGISTERS:
            for argument in (*term[2], *(value for _, value in term[3])):
                self._registered.update(cls.home for cls in self._classes(module, argument))
        elif name == _ROUTES:
            given = [*term[2][:1], *(value for keyword, value in term[3] if keyword == _ACTIONS)]
            actions = {action for index in given for action in self._named(module, index)}
            for cls in self._owners(module, callee) if actions else ():
                self._actions.setdefault(cls.home, set()).update(actions)

    def _owners(self, module: Module, callee: Sequence[Any]) -> Iterator[ClassRef]:
        if callee[0] == terms.ATTRIBUTE:
            yield from self._classes(module, callee[1])
            return
        value = self._evaluator.resolve(callee[1].rpartition(".")[0])
        yield from (option for option in options(value) if isinstance(option, ClassRef))

    def _classes(self, module: Module, index: int) -> Iterator[ClassRef]:
        values = options(self._evaluator.value(module, index))
        return (value for value in values if isinstance(value, ClassRef) and value.home is not None)

    @staticmethod
    def _named(module: Module, index: int) -> Iterator[str]:
        table = module.summary.terms
        mapping = table[index]
        if mapping[0] == terms.DISPLAY and mapping[1] == "dict":
            for key, value in zip(mapping[2][::2], mapping[2][1::2], strict=False):
                if table[key][0] == terms.CONSTANT and table[value][0] == terms.CONSTANT and table[key][1] == "get":
                    yield str(table[value][1])
                elif table[key][0] == terms.CONSTANT:
                    yield ""  # another verb: the routes name actions
