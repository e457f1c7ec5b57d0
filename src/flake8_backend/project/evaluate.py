"""Terms to values: names across modules, attributes through classes, calls through returns and packs.

Evaluation is on demand and remembered. A cycle is cut where it is met, and nothing that depended on the cut is
remembered, so that the answer does not depend on who asked first. How each kind of question is answered stands in
``evaluation``, a file per topic.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Protocol

from flake8_backend.project.evaluation import (
    attributes,
    calls,
    classes,
    dependencies,
    expressions,
    generics,
    hints,
    names,
    packtypes,
    passing,
)
from flake8_backend.project.modules import TODO, Module, ModuleTable
from flake8_backend.project.values import ClassRef, Instance, Place, Value
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flake8_backend.knowledge.facts import Knowledge
    from flake8_backend.project.settings import Settings

_NEVER = sys.maxsize
_DEEPEST = 150
# Of one question from outside. What is cut is not remembered, so functions that return one another could take
# time without end; a large project's longest question takes some 8000.
_MOST_STEPS = 12_000


class Targets(Protocol):
    """What the evaluator asks of the models that names lead to."""

    def stand_in(self, name: str) -> ClassRef | None:
        """The project's class that stands for a library's."""

    def looked_up(self, module: Module, registry: int, call: Sequence[Any]) -> ClassRef | None:
        """The model that a registry gives for the names in a call."""


class Schema(Protocol):
    """What the evaluator asks of the project's models."""

    @property
    def targets(self) -> Targets:
        """The models that names lead to."""

    def relation_of(self, row: Instance, name: str) -> Value | None:
        """What reading a relation of a row gives."""

    def is_relation(self, cls: ClassRef, name: str) -> bool:
        """Whether an attribute of a model is a relation."""

    def orm_of(self, cls: ClassRef) -> str | None:
        """The pack that makes a class a model."""

    def narrows(self, model: str, column: str) -> str | None:
        """What equality with a column leaves: ``row``, ``parent`` or nothing known."""

    def relations(self, cls: ClassRef) -> Mapping[str, Any]:
        """All relations of a model by name."""

    def assumed_bases(self, module: Module, index: int) -> list[ClassRef]:
        """Bases that a class has where its declaration does not tell."""


class Evaluator:
    """Values of terms over a table of modules and what the packs know."""

    def __init__(self, table: ModuleTable, knowledge: Knowledge) -> None:
        self.table = table
        self.knowledge = knowledge
        self.schema: Schema | None = None
        self.settings: Settings | None = None
        self._active: dict[Any, int] = {}
        self._cut = _NEVER
        self._steps = 0
        # answers that are remembered
        self.names: dict[str, Value | None] = {}
        self.returns: dict[tuple[str, int], Value | None] = {}
        self.types: dict[tuple[str, int], Value | None] = {}
        self.aliases: dict[str, tuple[Module, int] | None] = {}
        self.lineages: dict[ClassRef, tuple[ClassRef, ...]] = {}
        self.members: dict[tuple[ClassRef, str], Value | None] = {}
        self.visited: set[str] = set()
        # for evaluation with given arguments, see binding
        self.refine: Callable[..., Value | None] | None = None
        self.rebind: Callable[..., Evaluator] | None = None
        self.root: Evaluator = self
        self.roots: dict[str, Any] = {}
        self.output_roots: dict[tuple[str, int], Any] = {}
        self.bound_returns: dict[Any, Value | None] = {}
        self.bound_evaluators: dict[Any, Evaluator] = {}
        self.nested = 0

    def guarded(self, key: Any, store: Any, slot: Any, compute: Any, *arguments: Any) -> Any:
        """``compute(*arguments)``, remembered in ``store[slot]`` unless a cycle was cut below."""
        depth = self._active.get(key)
        if depth is not None:
            self._cut = min(self._cut, depth)
            return None
        depth = len(self._active)
        self._steps = self._steps + 1 if depth else 0
        if depth > _DEEPEST or self._steps > _MOST_STEPS:
            self._cut = 0
            return None
        outer, self._cut = self._cut, _NEVER
        self._active[key] = depth
        try:
            value = compute(*arguments)
        finally:
            del self._active[key]
        if self._cut >= depth:
            store[slot] = value
            self._cut = outer
        else:
            self._cut = min(self._cut, outer)
        return value

    def cut_here(self) -> None:
        """Give up for now: nothing that depends on this answer is remembered."""
        self._cut = 0

    def value(self, module: Module, index: int) -> Value | None:
        """What the term ``index`` of ``module`` denotes."""
        if not index:
            return None
        found = module.values[index]
        if found is not TODO:
            return found  # type: ignore[no-any-return]
        term = module.summary.terms[index]
        if term[0] == terms.NAME:
            return self.resolve(term[1])
        return self.guarded((module.name, index), module.values, index, self._compute, module, term)  # type: ignore[no-any-return]

    def _compute(self, module: Module, term: Sequence[Any]) -> Value | None:
        handler = expressions.OF_TERM.get(term[0])
        return handler(self, module, term) if handler is not None else None

    def resolve(self, dotted: str) -> Value | None:
        """What an absolute dotted name denotes, in the project or in a library."""
        if dotted in self.names:
            return self.names[dotted]
        return self.guarded(dotted, self.names, dotted, names.look_up, self, dotted)  # type: ignore[no-any-return]

    lineage = classes.lineage
    is_a = classes.is_a
    library_bases = classes.library_bases
    method = classes.method
    attribute = attributes.attribute
    is_property = attributes.is_property
    decorated_type = attributes.decorated_type
    decorator_name = attributes.decorator_name
    substitute = generics.substitute
    call = calls.call
    call_function = calls.call_function
    argument = staticmethod(calls.argument)
    instantiate = packtypes.instantiate
    type_of = hints.type_of
    injected = dependencies.injected
    provided = dependencies.provided
    element = passing.element
    enter = passing.enter
    awaited = passing.awaited

    def own_instance(self, module: Module, class_index: int) -> Instance:
        """The object whose class ``super()`` starts from."""
        return Instance(classes.class_ref(module, class_index))

    def place(self, module: Module, term: Sequence[Any]) -> Place:
        """Where a call's term stands."""
        return Place(module.name, *term[4:8])
