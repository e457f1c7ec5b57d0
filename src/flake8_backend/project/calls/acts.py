"""What a function's own body does: calls, property reads, loops and ``with`` statements, each with what it may run.

Calling a generator function runs nothing; its body runs where the generator is gone through or entered.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Span
from flake8_backend.project.calls.leaves import BLOCKS, CALL, ENTER, ITERATE, READ, Act, Doing, Edge, Leaf, Node
from flake8_backend.project.orm import statements
from flake8_backend.project.running.loops import Loops
from flake8_backend.project.values import ClassRef, External, FunctionRef, Instance, Partial, Value, options
from flake8_backend.project.waiting import origins
from flake8_backend.semantic import scopes, terms
from flake8_backend.semantic.summary import (
    AWAITED,
    AWAITED_LATER,
    BLOCK_DATA,
    BLOCK_KIND,
    BLOCK_PARENT,
    SITE_BLOCK,
    SITE_FLAGS,
    SITE_TERM,
    FunctionSummary,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.evaluation.fallback import Fallback
    from flake8_backend.project.modules import Module

__all__ = ["BLOCKS", "CALL", "ENTER", "ITERATE", "READ", "Act", "Acts", "Doing", "Edge", "Leaf", "Node"]

_RARE = frozenset({scopes.ONCE, scopes.TYPE_CHECKING, scopes.OFF})
_BRANCHES = frozenset({scopes.IF, scopes.ELSE, scopes.MEMO})
_NOTHING: frozenset[str] = frozenset()
_RUNS_ARGUMENT = frozenset({"map", "filter", "sorted", "max", "min"})
_ENTERING = frozenset({"contextlib.ExitStack.enter_context", "contextlib.AsyncExitStack.enter_context"})
_LAZY = frozenset({"enumerate", "zip", "map", "filter", "reversed", "iter"})
_CONSUMERS = frozenset(
    {"list", "tuple", "set", "frozenset", "dict", "sorted", "len", "bool", "sum", "max", "min", "any", "all", "next"}
)


# methods of collections that go through their argument
GROWING = frozenset({"list.extend", "set.update", "set.union", "deque.extend", "str.join"})


class Acts:
    """The acts of a project's functions, found on demand."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._table = evaluator.table
        self._known: dict[Node, tuple[Act, ...]] = {}
        self.loops = Loops(evaluator, self.of)
        self._accepted: dict[str, dict[int, tuple[str, ...]]] = {}
        self.ignores_comments = False  # as flake8's --disable-noqa asks
        self.fallback: Fallback | None = None

    def of(self, node: Node) -> tuple[Act, ...]:
        """What a function's own body does, calls first, each kind in the order of the walk."""
        known = self._known.get(node)
        if known is None:
            module = self._table.by_name[node[0]]
            known = self._known[node] = tuple(self._read(node, module, module.function(node[1])))
        return known

    def _read(self, node: Node, module: Module, function: FunctionSummary) -> Iterator[Act]:
        rare = _rare_blocks(function)
        for kind, span, block, site, call, found in self._found(module, function):
            if any(found):
                accepted, flags = self._accepted_at(module, span), _flags(function, block)
                fallback = _is_fallback(function, block)
                yield Act(node, kind, span, block, site, found, call, block in rare, accepted, flags, fallback)

    def _found(
        self, module: Module, function: FunctionSummary
    ) -> Iterator[tuple[str, Span, int, int, int, tuple[Doing, ...]]]:
        table = module.summary.terms
        for index, site in enumerate(function.sites):
            term = table[site[SITE_TERM]]
            found = self._called(module, term, is_awaited=bool(site[SITE_FLAGS] & (AWAITED | AWAITED_LATER)))
            yield CALL, Span(*term[4:8]), site[SITE_BLOCK], index, site[SITE_TERM], found
        for term_index, block, flags, *place in function.iterations:
            if not flags:
                yield ITERATE, Span(*place), block, -1, term_index, self._gone_through(module, term_index)
        for index, data in enumerate(function.blocks):
            if data[BLOCK_KIND] == scopes.WITH:
                item = data[BLOCK_DATA]
                yield ENTER, Span(*data[BLOCK_DATA + 1 :]), index, -1, item, self._entered(module, item)
        yield from self._reads(module, function)

    def _accepted_at(self, module: Module, span: Span) -> tuple[str, ...]:
        if self.ignores_comments or not module.summary.accepted:
            return ()
        lines = self._accepted.get(module.name)
        if lines is None:
            lines = self._accepted[module.name] = {line: tuple(codes) for line, codes in module.summary.accepted}
        found = {code for line in range(span.line, span.end_line + 1) for code in lines.get(line, ())}
        return tuple(sorted(found))

    # --- calls -------------------------------------------------------------------------------------------------

    def targets(self, module: Module, term: Sequence[Any]) -> list[Value]:
        """What a call's callee may be."""
        found = self._evaluator.value(module, term[1])
        if found is None and self.fallback is not None:
            found = self.fallback.callee(module, term)
        return list(options(found))

    def leaf(self, callee: Value, call: tuple[Module, Sequence[Any]] | None = None) -> Leaf | None:
        """The library fact about calling ``callee``; None where the arguments of ``call`` keep it from waiting."""
        if isinstance(callee, Partial):
            callee = callee.function
        if isinstance(callee, FunctionRef):
            return self._declared(callee)
        if isinstance(callee, Instance) and callee.cls.home is None:
            callee = External(f"{callee.cls.name}.__call__", callee)
        if not isinstance(callee, External) and not (isinstance(callee, ClassRef) and callee.home is None):
            return None
        fact = self._evaluator.knowledge.call(callee.name)
        if fact is None or (call is not None and fact.options and origins.never_waits(self._evaluator, fact, *call)):
            return None
        name = callee.name
        if isinstance(callee, External) and name.endswith(".*"):
            return None if BLOCKS not in fact.effects else Leaf(name, fact)
        decided = statements.effects_of_call(self._evaluator, fact, callee, *call) if call is not None else _NOTHING
        return Leaf(fact.name if fact.name != name and "." in fact.name else name, fact, decided)

    def _declared(self, function: FunctionRef) -> Leaf | None:
        """What the project's own settings say of one of its functions; it stands in place of the body."""
        if not self._evaluator.knowledge.knows_module(function.module.partition(".")[0]):
            return None
        summary = self._table.by_name[function.module].function(function.index)
        fact = self._evaluator.knowledge.call(f"{function.module}.{summary.qualname}")
        return None if fact is None else Leaf(fact.name, fact)

    def functions(self, callee: Value) -> Iterator[Node]:
        """The project functions that are called when ``callee`` is."""
        if isinstance(callee, FunctionRef):
            yield callee.module, callee.index
        elif isinstance(callee, Partial):
            for option in options(callee.function):
                yield from self.functions(option)
        elif isinstance(callee, ClassRef) and callee.home is not None:
            yield from self._methods(callee, "__init__", "__post_init__")
        elif isinstance(callee, Instance):
            yield from self._methods(callee.cls, "__call__")

    def _methods(self, cls: ClassRef, *names: str) -> Iterator[Node]:
        if cls.home is not None:
            for name in names:
                found = self._evaluator.method(cls, name)
                if found is not None:
                    yield found[0].name, found[1]

    def _called(self, module: Module, term: Sequence[Any], *, is_awaited: bool) -> tuple[Doing, ...]:
        return tuple(self._doing(module, term, callee, is_awaited) for callee in self.targets(module, term))

    def _doing(self, module: Module, term: Sequence[Any], callee: Value, is_awaited: bool) -> Doing:
        leaf = self.leaf(callee, (module, term))
        if leaf is not None:
            return (leaf, *self._handed(module, term, offloaded=True)) if leaf.fact.role == "offload" else (leaf,)
        if isinstance(callee, External) and callee.name in _ENTERING:
            return _surely(self._entered(module, term[2][0])) if term[2] else ()
        if isinstance(callee, External) and callee.name in GROWING and term[2]:
            return _surely(self._gone_through(module, term[2][0]))
        name = _builtin(callee)
        if name in _CONSUMERS:
            consumed = [_surely(self._gone_through(module, argument)) for argument in term[2][:1]]
            return (*(item for doing in consumed for item in doing), *self._handed_to(name, module, term))
        if name:
            return tuple(self._handed_to(name, module, term))
        return tuple(self._edges(self.functions(callee), is_awaited=is_awaited, shift=self._shift(callee)))

    def _shift(self, callee: Value) -> int | None:
        """How many parameters the receiver fills when ``callee`` is called."""
        if isinstance(callee, FunctionRef):
            return 1 if callee.receiver is not None and not self._is_static((callee.module, callee.index)) else 0
        return 1 if isinstance(callee, (ClassRef, Instance)) else None

    def _is_static(self, node: Node) -> bool:
        module = self._table.by_name[node[0]]
        names = [module.summary.terms[index] for index in module.function(node[1]).decorators]
        return any(term[0] == terms.NAME and term[1] == "builtins.staticmethod" for term in names)

    def _handed_to(self, name: str, module: Module, term: Sequence[Any]) -> Iterator[Edge]:
        return self._handed(module, term, offloaded=False) if name in _RUNS_ARGUMENT else iter(())

    def _edges(
        self, nodes: Iterable[Node], *, is_awaited: bool, offloaded: bool = False, shift: int | None = None
    ) -> Iterator[Edge]:
        for node in nodes:
            summary = self._summary(node)
            if summary.is_async:
                yield Edge(node, offloaded, not is_awaited, shift)
            elif not summary.is_generator:
                yield Edge(node, offloaded or self.loops.is_made_coroutine(node), shift=shift)

    def _summary(self, node: Node) -> FunctionSummary:
        return self._table.by_name[node[0]].function(node[1])

    def _handed(self, module: Module, term: Sequence[Any], *, offloaded: bool) -> Iterator[Edge]:
        for argument in (*term[2], *(value for _, value in term[3])):
            for value in options(self._evaluator.value(module, argument)):
                if isinstance(value, (FunctionRef, Partial)):
                    yield from self._edges(self.functions(value), is_awaited=False, offloaded=offloaded)

    # --- loops -------------------------------------------------------------------------------------------------

    def iteration(self, value: Value | None) -> Leaf | None:
        """The library fact about going through ``value``."""
        if not isinstance(value, Instance) or value.fetched:
            return None
        leaf = self._special(value.cls, "__iter__")
        return leaf and replace(leaf, decided=statements.effects_of_iteration(leaf.fact, value))

    def _special(self, cls: ClassRef, name: str) -> Leaf | None:
        for base in self._evaluator.library_bases(cls):
            fact = self._evaluator.knowledge.call(f"{base}.{name}")
            if fact is not None:
                return Leaf(fact.name, fact)
        return None

    def _gone_through(self, module: Module, index: int) -> tuple[Doing, ...]:
        """What going through a term may run, each of its options."""
        term = module.summary.terms[index]
        if term[0] == terms.CALL:
            callees = self.targets(module, term)
            if any(_builtin(callee) in _LAZY for callee in callees):
                inner = [_surely(self._gone_through(module, argument)) for argument in term[2]]
                return (tuple(item for doing in inner for item in doing),)
            if any(self._is_generator(callee) for callee in callees):
                return tuple(tuple(self._bodies(callee)) for callee in callees)
        elif term[0] == terms.UNION:
            return tuple(doing for option in term[1] for doing in self._gone_through(module, option))
        return tuple(self._iterated(module, index, value) for value in options(self._evaluator.value(module, index)))

    def _is_generator(self, callee: Value) -> bool:
        return isinstance(callee, FunctionRef) and self._summary((callee.module, callee.index)).is_generator

    def _bodies(self, callee: Value) -> Iterator[Edge]:
        for node in self.functions(callee):
            if self._summary(node).is_generator:
                yield Edge(node, shift=self._shift(callee))

    def _iterated(self, module: Module, index: int, value: Value) -> Doing:
        leaf = self.iteration(value)
        if leaf is not None:
            waits = not origins.iterating_never_waits(self._evaluator, leaf.fact, module, index)
            return (leaf,) if waits else ()
        if isinstance(value, Instance) and not value.fetched:
            return tuple(Edge(node) for node in self._methods(value.cls, "__iter__", "__next__"))
        return ()

    # --- with statements ---------------------------------------------------------------------------------------

    def _entered(self, module: Module, index: int) -> tuple[Doing, ...]:
        """What entering and leaving a context manager may run."""
        term = module.summary.terms[index]
        if term[0] == terms.CALL:
            callees = self.targets(module, term)
            if any(self._is_generator(callee) for callee in callees):
                return tuple(tuple(self._bodies(callee)) for callee in callees)
        return tuple(self._managed(value) for value in options(self._evaluator.value(module, index)))

    def _managed(self, value: Value) -> Doing:
        if not isinstance(value, Instance):
            return ()
        own = tuple(Edge(node) for node in self._methods(value.cls, "__enter__", "__exit__"))
        leaves = (self._special(value.cls, name) for name in ("__enter__", "__exit__"))
        return own or tuple(leaf for leaf in leaves if leaf is not None)

    # --- property reads ----------------------------------------------------------------------------------------

    @cached_property
    def property_names(self) -> frozenset[str]:
        """The names of all properties of the project: other attributes need no look."""
        return frozenset(
            function.name
            for module in self._table
            for index, function in enumerate(module.summary.functions)
            if function.decorators and function.class_index >= 0 and self._evaluator.is_property(module, index)
        )

    def _reads(
        self, module: Module, function: FunctionSummary
    ) -> Iterator[tuple[str, Span, int, int, int, tuple[Doing, ...]]]:
        names = self.property_names
        own = [row for row in function.self_reads if row[0] in names]
        if own and not function.is_async and function.class_index >= 0:
            klass = module.class_(function.class_index)
            receiver = Instance(ClassRef(f"{module.name}.{klass.qualname}", (module.name, function.class_index)))
            for name, block in own:
                yield READ, function.place, block, -1, 0, (self._property(receiver, name),)
        for index, block, *place in function.loads if function.is_async else function.reads:
            for owner, name in self._levels(module, index, own=function.is_async):
                if name in names:
                    found = tuple(self._property(value, name) for value in options(owner()))
                    yield READ, Span(*place), block, -1, 0, found

    def _levels(self, module: Module, index: int, *, own: bool) -> Iterator[tuple[Any, str]]:
        """Each attribute of a chain with how to get its owner; those of ``self`` only when ``own``."""
        term = module.summary.terms[index]
        while term[0] == terms.ATTRIBUTE:
            inner = term[1]
            if own or module.summary.terms[inner][0] != terms.SELF:
                yield (lambda inner=inner: self._evaluator.value(module, inner)), term[2]
            term = module.summary.terms[inner]
        if term[0] == terms.NAME:
            head, _, name = term[1].rpartition(".")
            while "." in head:
                yield (lambda head=head: self._evaluator.resolve(head)), name
                head, _, name = head.rpartition(".")

    def _property(self, owner: Value, name: str) -> Doing:
        if not isinstance(owner, Instance) or owner.cls.home is None:
            return ()
        found = self._evaluator.method(owner.cls, name)
        if found is None or not self._evaluator.is_property(found[0], found[1]):
            return ()
        return tuple(self._edges([(found[0].name, found[1])], is_awaited=False))


def _rare_blocks(function: FunctionSummary) -> set[int]:
    """Blocks that run for the first caller alone, or for the type checker: what happens there is no effect."""
    rare: set[int] = set()
    for index, block in enumerate(function.blocks):
        if block[BLOCK_KIND] in _RARE or block[BLOCK_PARENT] in rare:
            rare.add(index)
    return rare


def _is_fallback(function: FunctionSummary, block: int) -> bool:
    """Whether a block is run when something was raised."""
    while block >= 0:
        if function.blocks[block][BLOCK_KIND] == scopes.EXCEPT:
            return True
        block = function.blocks[block][BLOCK_PARENT]
    return False


def _flags(function: FunctionSummary, block: int) -> tuple[tuple[int, bool], ...]:
    """The parameters that decide whether a block is run, by position, each with the truth that it must have."""
    found = set()
    while block >= 0:
        data = function.blocks[block]
        if data[BLOCK_KIND] in _BRANCHES and len(data) > BLOCK_DATA + 1:
            found.add((data[BLOCK_DATA + 1], bool(data[BLOCK_DATA + 2])))
        block = data[BLOCK_PARENT]
    return tuple(sorted(found))


def _builtin(callee: Value) -> str:
    """The name of the builtin that is called, or nothing."""
    if isinstance(callee, ClassRef) and callee.home is None and "." not in callee.name:
        return callee.name
    if isinstance(callee, External) and callee.name.startswith("builtins."):
        return callee.name[9:]
    return ""


def _surely(found: tuple[Doing, ...]) -> Doing:
    """What happens whichever option it is: all of them, when each does something."""
    return tuple(item for doing in found for item in doing) if all(found) else ()
