"""GraphQL fields that are resolved once per object: methods of types that are listed somewhere in the schema."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from flake8_backend.project.evaluation.classes import class_ref
from flake8_backend.project.values import ClassRef, Instance, Value, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_backend.project.items.rows import Node
    from flake8_backend.project.modules import Module
    from flake8_backend.project.solution import Solution

_RESOLVER = "resolver"
_ROOTS = frozenset({"Query", "Mutation", "Subscription"})
_PREFIX = "resolve_"
_ONE = frozenset({"Field", "NonNull"})


class Resolvers:
    """The methods that a GraphQL server calls for every object of a list."""

    def __init__(self, solution: Solution) -> None:
        self._solution = solution
        self._evaluator = solution.evaluator
        self._knowledge = solution.knowledge

    @cached_property
    def per_object(self) -> frozenset[Node]:
        """The resolvers of types that lists hold, directly or within what they hold."""
        if not self._is_used:
            return frozenset()
        types = dict(self._types())
        listed = {cls for _, gives in types.values() for cls, many in gives if many}
        pending = sorted(listed, key=lambda cls: cls.name)
        while pending:
            cls = pending.pop()
            for inner, _ in types[cls][1] if cls in types else ():
                if inner not in listed:
                    listed.add(inner)
                    pending.append(inner)
        return frozenset(
            node
            for cls, (nodes, _) in types.items()
            if cls in listed and cls.name.rpartition(".")[2] not in _ROOTS
            for node in nodes
        )

    @property
    def _is_used(self) -> bool:
        markers = self._knowledge.markers_of_kind(_RESOLVER)
        tops = {name.partition(".")[0] for marker in markers for name in marker.names}
        return not tops.isdisjoint(self._solution.table.imports)

    def _types(self) -> Iterator[tuple[ClassRef, tuple[list[Node], list[tuple[ClassRef, bool]]]]]:
        """Each type with its resolvers, and the types that its fields give: one object, or many."""
        for name in sorted(self._solution.table.by_name):
            module = self._solution.table.by_name[name]
            for index, klass in enumerate(module.summary.classes):
                cls = class_ref(module, index)
                by_class = self._has_resolver_base(cls)
                nodes = [
                    (name, position)
                    for method, position in klass.methods.items()
                    if (by_class and method.startswith(_PREFIX)) or self._is_decorated(module, position)
                ]
                if nodes or by_class or klass.decorators:
                    yield cls, (nodes, list(self._given(module, index, [position for _, position in nodes])))

    def _has_resolver_base(self, cls: ClassRef) -> bool:
        return any(
            marker.kind == _RESOLVER and marker.form == "class"
            for base in self._evaluator.library_bases(cls)
            for marker in self._knowledge.markers(base)
        )

    def _is_decorated(self, module: Module, function: int) -> bool:
        for term in module.function(function).decorators:
            name = self._evaluator.decorator_name(module, term)
            if name is not None and any(
                marker.kind == _RESOLVER and marker.form == "decorator" for marker in self._knowledge.markers(name)
            ):
                return True
        return False

    # --- what fields give --------------------------------------------------------------------------------------

    def _given(self, module: Module, index: int, methods: list[int]) -> Iterator[tuple[ClassRef, bool]]:
        for position in methods:
            yield from self._held(self._evaluator.type_of(module, module.function(position).returns), many=False)
        for bound in module.class_(index).attributes.values():
            term = module.summary.terms[bound[-1]]
            if term[0] == terms.ANNOTATED:
                yield from self._held(self._evaluator.type_of(module, term[1]), many=False)
            elif term[0] == terms.CALL:
                yield from self._declared(module, bound[-1])

    def _held(self, value: Value | None, *, many: bool) -> Iterator[tuple[ClassRef, bool]]:
        for option in options(value):
            if not isinstance(option, Instance):
                continue
            if option.cls.home is not None:
                yield option.cls, many
            for argument in option.args:
                yield from self._held(argument, many=True)

    def _declared(self, module: Module, index: int) -> Iterator[tuple[ClassRef, bool]]:
        """``graphene.List(OrderType)``, ``graphene.Field(OrderType)``, connections of them."""
        term = module.summary.terms[index]
        callee = module.summary.terms[term[1]]
        dotted = callee[1] if callee[0] == terms.NAME else callee[2] if callee[0] == terms.ATTRIBUTE else ""
        many = str(dotted).rpartition(".")[2] not in _ONE
        for argument in term[2]:
            if module.summary.terms[argument][0] == terms.CALL:
                yield from self._declared(module, argument)
            for option in options(self._evaluator.value(module, argument)):
                if isinstance(option, ClassRef) and option.home is not None:
                    yield option, many
