"""Effects of functions: what each call does, and how it travels over the call graph.

An effect is carried from a callee to its caller only where the callee's body runs within the call: a coroutine that is
awaited, a plain function that is called. It stops where it is reported: ``blocks`` at the lowest ``async def``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flake8_backend.core.diagnostic import Span
from flake8_backend.knowledge.facts import CallFact
from flake8_backend.project.evaluate import Evaluator
from flake8_backend.project.modules import Module
from flake8_backend.project.values import (
    ClassRef,
    External,
    FunctionRef,
    Instance,
    Partial,
    Value,
    options,
)
from flake8_backend.semantic import scopes
from flake8_backend.semantic.summary import (
    AWAITED,
    BLOCK_KIND,
    BLOCK_PARENT,
    SITE_BLOCK,
    SITE_FLAGS,
    SITE_TERM,
    FunctionSummary,
)

BLOCKS = "blocks"
_NODE = tuple[str, int]
_GRAVITY = {"file-meta": 2, "file-entry": 1, "file-list": 1, "stdout": 9, "log": 9}
_FILE_EFFECTS = frozenset({"fs-read", "fs-write"})
_MEMOISING = "cache-decorator"
_RARE = frozenset({scopes.ONCE, scopes.TYPE_CHECKING})
_HEAVY = frozenset({"password-hash", "key-generate", "cpu"})
_RUNS_ARGUMENT = frozenset({"map", "filter", "sorted", "max", "min"})


@dataclass(frozen=True, slots=True)
class Leaf:
    """A library call with an effect: its fact and the name it is known by."""

    name: str
    fact: CallFact

    def effects(self) -> Iterator[str]:
        """The effects by which this leaf is looked for; a blocking call is graded ``blocks``, ``blocks/1``, ``blocks/2``."""
        for effect in self.fact.effects:
            if effect == BLOCKS and self.fact.role in _GRAVITY:
                yield f"{BLOCKS}/{_GRAVITY[self.fact.role]}"
            else:
                yield effect
        if "cpu" in self.fact.effects and self.fact.role in _HEAVY:
            yield "cpu/heavy"

    @property
    def is_file_work(self) -> bool:
        """Whether it touches files and nothing else that is slow."""
        return bool(self.fact.effects & _FILE_EFFECTS) and "net" not in self.fact.effects

    @property
    def is_on_handle(self) -> bool:
        """Whether it works on a file that was opened before."""
        return self.fact.role in ("file-read", "file-write") and self.name.startswith(("io.", "tempfile._"))

    @property
    def is_lazy(self) -> bool:
        """Whether the work is done while the result is gone through, not in the call."""
        return self.fact.role == "file-list" or self.name.endswith("__iter__")


@dataclass(frozen=True, slots=True)
class Step:
    """Where an effect comes from within one function: a place, and a leaf or the next function."""

    span: Span
    leaf: Leaf | None
    next: _NODE | None
    distance: int


@dataclass(frozen=True, slots=True)
class Link:
    """One step of a chain as it is told: the name, and where it stands."""

    name: str
    module: str
    span: Span


@dataclass(frozen=True, slots=True)
class Edge:
    """A call from a function to another whose body runs within it; ``offloaded``: in another thread."""

    target: _NODE
    span: Span
    offloaded: bool = False
    pending: bool = False


class Effects:
    """Effects per function, solved on demand by strongly connected components."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._table = evaluator.table
        self._solved: dict[_NODE, dict[str, Step]] = {}
        self._calls: dict[_NODE, tuple[list[Edge], list[tuple[Span, Leaf]]]] = {}
        self._memoised: dict[_NODE, bool] = {}

    # --- one call ----------------------------------------------------------------------------------------------

    def targets(self, module: Module, term: Any) -> list[Value]:
        """What a call's callee may be."""
        return list(options(self._evaluator.value(module, term[1])))

    def leaf(self, callee: Value) -> Leaf | None:
        """The library fact about calling ``callee``."""
        if isinstance(callee, External):
            fact = self._evaluator.knowledge.call(callee.name)
        elif isinstance(callee, ClassRef) and callee.home is None:
            fact = self._evaluator.knowledge.call(callee.name)
        else:
            return None
        if fact is None:
            return None
        name = callee.name
        if isinstance(callee, External) and name.endswith(".*"):
            return None if "blocks" not in fact.effects else Leaf(name, fact)
        return Leaf(fact.name if fact.name != name and "." in fact.name else name, fact)

    def functions(self, callee: Value) -> Iterator[_NODE]:
        """The project functions that run when ``callee`` is called."""
        if isinstance(callee, FunctionRef):
            yield callee.module, callee.index
        elif isinstance(callee, Partial):
            for option in options(callee.function):
                yield from self.functions(option)
        elif isinstance(callee, ClassRef) and callee.home is not None:
            for name in ("__init__", "__post_init__"):
                found = self._evaluator.method(callee, name)
                if found is not None:
                    yield found[0].name, found[1]
        elif isinstance(callee, Instance) and callee.cls.home is not None:
            found = self._evaluator.method(callee.cls, "__call__")
            if found is not None:
                yield found[0].name, found[1]

    def iteration(self, value: Value | None) -> Leaf | None:
        """The library fact about going through ``value``."""
        if not isinstance(value, Instance) or value.fetched:
            return None
        for base in self._evaluator.library_bases(value.cls):
            fact = self._evaluator.knowledge.call(f"{base}.__iter__")
            if fact is not None:
                return Leaf(fact.name, fact)
        return None

    # --- one function ------------------------------------------------------------------------------------------

    def calls(self, node: _NODE) -> tuple[list[Edge], list[tuple[Span, Leaf]]]:
        """Edges and leaves of one function's own body."""
        known = self._calls.get(node)
        if known is None:
            known = self._calls[node] = self._read(node)
        return known

    def _read(self, node: _NODE) -> tuple[list[Edge], list[tuple[Span, Leaf]]]:
        module = self._table.by_name[node[0]]
        function = module.function(node[1])
        edges: list[Edge] = []
        leaves: list[tuple[Span, Leaf]] = []
        table = module.summary.terms
        rare = self._rare_blocks(function)
        for site in function.sites:
            if site[SITE_BLOCK] in rare:
                continue
            term = table[site[SITE_TERM]]
            span = Span(*term[4:8])
            for callee in self.targets(module, term):
                leaf = self.leaf(callee)
                if leaf is not None:
                    leaves.append((span, leaf))
                    if leaf.fact.role == "offload":
                        edges += self._handed(module, term, span, offloaded=True)
                elif isinstance(callee, External) and callee.name.rpartition(".")[2] in _RUNS_ARGUMENT:
                    edges += self._handed(module, term, span, offloaded=False)
                if isinstance(callee, (ClassRef, External)) and callee.name.startswith(("builtins.", "list", "set", "tuple")):
                    leaves += self._consumed(module, term, span)
                for target in self.functions(callee):
                    summary = self._table.by_name[target[0]].function(target[1])
                    pending = summary.is_async and not site[SITE_FLAGS] & AWAITED
                    edges.append(Edge(target, span, pending=pending))
        for term_index, block, flags, *place in function.iterations:
            if flags or block in rare:
                continue
            for value in options(self._evaluator.value(module, term_index)):
                leaf = self.iteration(value)
                if leaf is not None:
                    leaves.append((Span(*place), leaf))
        edges += self._properties(module, function)
        return edges, leaves

    @staticmethod
    def _rare_blocks(function: FunctionSummary) -> set[int]:
        """Blocks that run for the first caller alone, or for the type checker: what happens there is no effect."""
        rare: set[int] = set()
        for index, block in enumerate(function.blocks):
            if block[BLOCK_KIND] in _RARE or block[BLOCK_PARENT] in rare:
                rare.add(index)
        return rare

    def _consumed(self, module: Module, term: Any, span: Span) -> Iterator[tuple[Span, Leaf]]:
        """``list(queryset)`` and ``len(queryset)`` go through their argument."""
        for argument in term[2][:1]:
            for value in options(self._evaluator.value(module, argument)):
                leaf = self.iteration(value)
                if leaf is not None:
                    yield span, leaf

    def _handed(self, module: Module, term: Any, span: Span, *, offloaded: bool) -> Iterator[Edge]:
        for argument in (*term[2], *(value for _, value in term[3])):
            for value in options(self._evaluator.value(module, argument)):
                if isinstance(value, (FunctionRef, Partial)):
                    for target in self.functions(value):
                        yield Edge(target, span, offloaded=offloaded)

    def _properties(self, module: Module, function: Any) -> Iterator[Edge]:
        if function.class_index < 0 or not function.self_reads:
            return
        klass = module.class_(function.class_index)
        cls = ClassRef(f"{module.name}.{klass.qualname}", (module.name, function.class_index))
        for name in function.self_reads:
            found = self._evaluator.method(cls, name)
            if found is not None and self._evaluator.is_property(found[0], found[1]):
                yield Edge((found[0].name, found[1]), function.place)

    # --- the graph ---------------------------------------------------------------------------------------------

    def of(self, node: _NODE) -> dict[str, Step]:
        """The effects of calling a function, each with where it comes from."""
        known = self._solved.get(node)
        if known is None:
            self._solve(node)
            known = self._solved[node]
        return known

    def _carried(self, node: _NODE) -> list[Edge]:
        return [edge for edge in self.calls(node)[0] if edge.target != node]

    def _solve(self, root: _NODE) -> None:
        """Tarjan's algorithm without recursion: components are solved callees first."""
        index: dict[_NODE, int] = {}
        low: dict[_NODE, int] = {}
        stack: list[_NODE] = []
        on_stack: set[_NODE] = set()
        work: list[tuple[_NODE, Iterator[Edge]]] = []

        def visit(node: _NODE) -> None:
            index[node] = low[node] = len(index)
            stack.append(node)
            on_stack.add(node)
            work.append((node, iter(self._carried(node))))

        visit(root)
        while work:
            node, edges = work[-1]
            for edge in edges:
                target = edge.target
                if target in self._solved:
                    continue
                if target not in index:
                    visit(target)
                    break
                if target in on_stack:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
                if low[node] == index[node]:
                    component = []
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        component.append(member)
                        if member == node:
                            break
                    self._settle(sorted(component))

    def _settle(self, component: list[_NODE]) -> None:
        """Shortest ways to each effect within one component; the order of its functions does not matter."""
        found: dict[_NODE, dict[str, Step]] = {node: self._own(node) for node in component}
        changed = True
        while changed:
            changed = False
            for node in component:
                own = found[node]
                for edge in self._carried(node):
                    below = found.get(edge.target) or self._solved.get(edge.target) or {}
                    for effect, step in below.items():
                        if not self._travels(effect, edge):
                            continue
                        distance = step.distance + 1
                        known = own.get(effect)
                        if known is None or distance < known.distance:
                            own[effect] = Step(edge.span, None, edge.target, distance)
                            changed = True
        self._solved.update(found)

    def is_memoised(self, node: _NODE) -> bool:
        """Whether a function's body runs once for many calls: ``lru_cache`` and its like."""
        known = self._memoised.get(node)
        if known is None:
            module = self._table.by_name[node[0]]
            known = self._memoised[node] = any(
                fact is not None and fact.role == _MEMOISING
                for term in module.function(node[1]).decorators
                for name in [self._evaluator.decorator_name(module, term)]
                for fact in [self._evaluator.knowledge.call(name) if name else None]
            )
        return known

    def _travels(self, effect: str, edge: Edge) -> bool:
        if self.is_memoised(edge.target):
            return False
        if effect.startswith((BLOCKS, "cpu")):
            summary = self._table.by_name[edge.target[0]].function(edge.target[1])
            return not (edge.offloaded or summary.is_async or summary.is_generator and edge.pending)
        return True

    def _own(self, node: _NODE) -> dict[str, Step]:
        found: dict[str, Step] = {}
        for span, leaf in self.calls(node)[1]:
            for effect in leaf.effects():
                if effect not in found:
                    found[effect] = Step(span, leaf, None, 1)
        return found

    def chain(self, node: _NODE, effect: str) -> tuple[list[Link], Leaf | None]:
        """From a function down to the leaf of an effect: functions with the places of their calls, then the leaf."""
        links: list[Link] = []
        seen = set()
        current: _NODE | None = node
        while current is not None and current not in seen:
            seen.add(current)
            step = self.of(current).get(effect)
            if step is None:
                return links, None
            function = self._table.by_name[current[0]].function(current[1])
            links.append(Link(function.qualname.replace(".<locals>", ""), current[0], step.span))
            if step.leaf is not None:
                return links, step.leaf
            current = step.next
        return links, None
