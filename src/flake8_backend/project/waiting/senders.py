"""Objects that bound their own calls: subclasses, mounted transports and replaced methods that fill a timeout in."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.project.calls import arguments
from flake8_backend.project.values import ClassRef, External, FunctionRef, Instance, Partial, options
from flake8_backend.project.waiting import origins
from flake8_backend.project.waiting.limits import Limit, Limits, bounds_of
from flake8_backend.project.waiting.uses import receiver_makings
from flake8_backend.semantic.summary import SITE_TERM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.knowledge.facts import CallFact
    from flake8_backend.project.modules import Module
    from flake8_backend.project.solution import Solution
    from flake8_backend.project.values import Value
    from flake8_backend.project.waiting.origins import Making

TRANSPORT = "transport"
_Object = tuple[str, int, int]  # where an object is made: module, line, column
_ANY = "*"
_Node = tuple[str, int]


class Senders:
    """Which objects and classes of the project set a limit themselves."""

    def __init__(self, solution: Solution, limits: Limits) -> None:
        self._solution = solution
        self._evaluator = solution.evaluator
        self._limits = limits
        self._judged: dict[_Node, Limit] = {}
        self._active: list[_Node] = []
        self._is_cut = False

    def bound(self, module: Module, term: Sequence[Any], callee: Value, fact: CallFact) -> bool:
        """Whether the object that a call goes to ends its wait."""
        while isinstance(callee, Partial):
            callee = callee.function
        receiver = callee.receiver if isinstance(callee, External) else None
        if isinstance(receiver, (Instance, ClassRef)):
            cls = receiver.cls if isinstance(receiver, Instance) else receiver
            if self._fills_in(cls, fact.through) or (cls.home and not fact.through):
                return True
        if self._patched and any(name.startswith(fact.name.partition(".")[0] + ".") for name in self._patched):
            return True
        if not fact.through or not self._has_own_senders:
            return False
        found = origins.receiver_makings(self._evaluator, module, term)
        if not found or None in self._transports:
            return True
        member = fact.name.rpartition(".")[2]
        wanted = {member, _ANY, *fact.through}
        return all(any((_place(making), name) in self._changed for name in wanted) for making in found)

    # --- classes -----------------------------------------------------------------------------------------------

    def _fills_in(self, cls: ClassRef, names: Sequence[str]) -> bool:
        """Whether a subclass overrides one of these methods and does not merely pass on what it gets."""
        for name in names:
            found = self._evaluator.method(cls, name) if cls.home is not None else None
            if found is not None and self.judged((found[0].name, found[1])) is not Limit.PASSED:
                return True
        return False

    def judged(self, node: _Node) -> Limit:
        """What a function adds to the calls it passes on: SOME, or PASSED when it leaves all to its caller."""
        known = self._judged.get(node)
        if known is not None:
            return known
        if node in self._active:
            self._is_cut = True  # they call each other: what was found on the way depends on where it began
            return Limit.PASSED
        self._active.append(node)
        found = self._judge(node)
        self._active.pop()
        if not self._active or not self._is_cut:
            self._judged[node] = found
        self._is_cut = self._is_cut and bool(self._active)
        return found

    def _judge(self, node: _Node) -> Limit:
        module = self._solution.table.by_name[node[0]]
        function = module.function(node[1])
        found = [
            limit
            for site in function.sites
            for limit in self._of_site(module, module.summary.terms[site[SITE_TERM]], function.name)
        ]
        return Limit.PASSED if found and all(limit is Limit.PASSED for limit in found) else Limit.SOME

    def _of_site(self, module: Module, term: Sequence[Any], name: str) -> Iterator[Limit]:
        for callee in self._solution.effects.targets(module, term):
            if isinstance(callee, FunctionRef):
                if self._solution.table.by_name[callee.module].function(callee.index).name == name:
                    yield self.judged((callee.module, callee.index))
                continue
            leaf = self._solution.effects.leaf(callee)
            bounds = bounds_of(leaf.fact) if leaf is not None else []
            if leaf is not None and bounds:
                given = arguments.of_callee(self._solution.table, callee, arguments.of_call(module, term))
                yield self._limits.of_call(leaf.fact, bounds, given)

    # --- objects -----------------------------------------------------------------------------------------------

    @cached_property
    def _has_own_senders(self) -> bool:
        """Whether an object that is not known may well be one that bounds its calls: the project makes such objects."""
        return bool(self._transports or self._changed) or any(
            self._is_sender(cls) and self._fills_in(cls, sorted(self._funnels))
            for module in self._solution.table
            for index, klass in enumerate(module.summary.classes)
            if not self._funnels.isdisjoint(klass.methods)
            for cls in [ClassRef(f"{module.name}.{klass.qualname}", (module.name, index))]
        )

    def _is_sender(self, cls: ClassRef) -> bool:
        """Whether a class of the project derives from a library's class whose methods go through others."""
        owners = {call.rpartition(".")[0] for call in self._solution.knowledge.calls_with("through")}
        return any(base in owners for base in self._evaluator.library_bases(cls))

    @cached_property
    def _transports(self) -> dict[_Object | None, None]:
        """The objects that a transport with a limit of its own was mounted on; None for one that is not known."""
        names = self._solution.knowledge.calls_with("role", TRANSPORT)
        found: dict[_Object | None, None] = {}
        for site in self._solution.call_sites.named(sorted({name.rpartition(".")[2] for name in names})):
            module = self._solution.table.by_name[site.module]
            term = module.summary.terms[site.term]
            if self._mounts_limit(module, term):
                made = receiver_makings(self._solution, (site.module, site.function), term)
                found.update(dict.fromkeys([_place(making) for making in made] if made else [None]))
        return found

    def _mounts_limit(self, module: Module, term: Sequence[Any]) -> bool:
        """Whether a call that may be one of a transport's mounting is given a transport that sets a limit."""
        effects, knowledge = self._solution.effects, self._solution.knowledge
        leaves = [effects.leaf(callee) for callee in effects.targets(module, term)]
        if any(leaf is None or leaf.fact.role != TRANSPORT for leaf in leaves):
            return False
        facts = [knowledge.call(name) for name in knowledge.calls_with("role", TRANSPORT)]
        for option in (fact.options[0] for fact in facts if fact is not None and fact.options):
            given = arguments.of_call(module, term).get(option.pos, option.param)
            values = list(options(self._evaluator.value(given.module, given.term))) if given is not None else []
            if any(isinstance(value, Instance) and self._sends_with_limit(value.cls) for value in values):
                return True
        return False

    def _sends_with_limit(self, cls: ClassRef) -> bool:
        """Whether a class of the project overrides what its library base sends by, and sets a limit there."""
        for base in self._evaluator.lineage(cls):
            summary = self._solution.table.by_name[base.home[0]].class_(base.home[1]) if base.home else None
            for name in sorted(summary.methods) if summary is not None else ():
                if any(self._is_bounded_call(f"{library}.{name}") for library in self._evaluator.library_bases(cls)):
                    return self._fills_in(cls, (name,))
        return False

    def _is_bounded_call(self, name: str) -> bool:
        fact = self._solution.knowledge.call(name)
        return fact is not None and bool(bounds_of(fact))

    @cached_property
    def _changed(self) -> frozenset[tuple[_Object, str]]:
        """Objects with what bounds them: any of their calls, or those that go through a method that was replaced."""
        found = {(place, _ANY) for place in self._transports if place is not None}
        for owner, name, module, value in self._replaced:
            for making in origins.makings(self._evaluator, module, owner) or ():
                if self._is_limited(module, value):
                    found.add((_place(making), name))
        return frozenset(found)

    @cached_property
    def _replaced(self) -> list[tuple[int, str, Module, int]]:
        """Assignments to methods through which a library's objects send: object, method, module, value."""
        knowledge = self._solution.knowledge
        names = {call.rpartition(".")[2] for call in knowledge.calls_with("through")} | self._funnels
        return [
            (owner, name, module, value)
            for module in self._solution.table
            for owner, name, value in module.summary.assignments
            if name in names
        ]

    @cached_property
    def _funnels(self) -> frozenset[str]:
        """The methods through which the objects of libraries send."""
        knowledge = self._solution.knowledge
        facts = (knowledge.call(name) for name in knowledge.calls_with("through"))
        return frozenset(name for fact in facts if fact is not None for name in fact.through)

    def _is_limited(self, module: Module, value: int) -> bool:
        """Whether what a method was replaced by has a limit of its own."""
        for made in options(self._evaluator.value(module, value)):
            if isinstance(made, Partial):
                leaf = self._solution.effects.leaf(made)
                bounds = bounds_of(leaf.fact) if leaf is not None else []
                given = arguments.of_callee(self._solution.table, made, arguments.Arguments((), {}))
                return leaf is None or self._limits.of_call(leaf.fact, bounds, given) is Limit.SOME
            if isinstance(made, FunctionRef):
                return self.judged((made.module, made.index)) is Limit.SOME
        return True

    @cached_property
    def _patched(self) -> frozenset[str]:
        """Classes of libraries whose sending was replaced: ``Session.request = partialmethod(Session.request, …)``."""
        return frozenset(
            owned.name
            for owner, _, module, _ in self._replaced
            for owned in options(self._evaluator.value(module, owner))
            if isinstance(owned, ClassRef) and owned.home is None
        )


def _place(making: Making) -> _Object:
    module, term = making
    return module.name, term[4], term[5]
