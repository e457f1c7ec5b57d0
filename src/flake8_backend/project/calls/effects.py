"""Effects of functions: what each call does, and how it travels over the call graph.

An effect is carried from a callee to its caller only where the callee's body runs within the call: a coroutine that is
awaited, a plain function that is called. It stops where it is reported: ``blocks`` at the lowest ``async def``. Over a
place that a noqa comment accepts it travels on for the other rules alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flake8_backend.project.calls.acts import Acts
from flake8_backend.project.calls.leaves import BLOCKS, Act, Doing, Edge, Leaf, Node
from flake8_backend.project.evaluation.classes import class_ref
from flake8_backend.project.orm.statements import ASKS
from flake8_backend.project.values import Constant, Value
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flake8_backend.core.diagnostic import Span
    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module

__all__ = ["BLOCKS", "Edge", "Effects", "Leaf", "Link", "Step", "Way"]

_WRITING = frozenset({"orm-write", "orm-bulk-write", "validation"})
_MEMOISING = "cache-decorator"
# An effect's key is its name, the code prefixes that were accepted on its way, and the flags that it hangs on: the
# positions of the function's parameters, each with the truth that it must have: ``blocks~BE001?2=1``
_ACCEPTED, _HANGS_ON = "~", "?"
_FALLBACK = 5  # how far away counts what is done when something was raised: other ways are rather told
_Flags = tuple[tuple[int, bool], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """Where an effect comes from within one act: a leaf, or the next function and the effect's key there."""

    span: Span
    leaf: Leaf | None
    next: Node | None
    distance: int
    key: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """One step of a chain as it is told: the name, and where it stands."""

    name: str
    module: str
    span: Span


@dataclass(frozen=True, slots=True)
class Way:
    """How an act has an effect: the functions it goes through, the library call it ends in, the effect's grade."""

    links: tuple[Link, ...]
    leaf: Leaf
    gravity: int


class Effects:
    """Effects per function, solved on demand by strongly connected components."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._table = evaluator.table
        self.acts = Acts(evaluator)
        self._solved: dict[Node, dict[str, Step]] = {}
        self._memoised: dict[Node, bool] = {}
        self._remembering: dict[Node, bool] = {}

    # --- one call ----------------------------------------------------------------------------------------------

    def targets(self, module: Module, term: Any) -> list[Value]:
        """What a call's callee may be."""
        return self.acts.targets(module, term)

    def leaf(self, callee: Value, call: tuple[Module, Any] | None = None) -> Leaf | None:
        """The library fact about calling ``callee``; None where the arguments of ``call`` keep it from waiting."""
        return self.acts.leaf(callee, call)

    def functions(self, callee: Value) -> Iterator[Node]:
        """The project functions that are called when ``callee`` is."""
        return self.acts.functions(callee)

    def iteration(self, value: Value | None) -> Leaf | None:
        """The library fact about going through ``value``."""
        return self.acts.iteration(value)

    def edges(self, node: Node) -> Iterator[Edge]:
        """The functions whose bodies run within a function's own acts, the rare ones left out."""
        for act in self.acts.of(node):
            if not act.is_rare:
                for doing in act.options:
                    yield from (item for item in doing if isinstance(item, Edge))

    # --- the graph ---------------------------------------------------------------------------------------------

    def of(self, node: Node) -> Mapping[str, Step]:
        """The effects of calling a function, each with where it comes from.

        Keys hold what is accepted on the way and which parameters decide: ask ``step`` for an effect by its name.
        """
        known = self._solved.get(node)
        if known is None:
            self._solve(node)
            known = self._solved[node]
        return known

    def step(self, node: Node, effect: str, code: str = "") -> tuple[str, Step] | None:
        """The shortest way to an effect for a rule that asks as ``code``: the effect's key, and where it comes from."""
        found = [(step.distance, key, step) for key, step in self.of(node).items() if _is_effect(key, effect, code)]
        return min(found, key=lambda item: item[:2])[1:] if found else None

    def _carried(self, node: Node) -> list[Node]:
        return [edge.target for edge in self.edges(node) if edge.target != node]

    def _solve(self, root: Node) -> None:
        """Tarjan's algorithm without recursion: components are solved callees first."""
        index: dict[Node, int] = {}
        low: dict[Node, int] = {}
        stack: list[Node] = []
        on_stack: set[Node] = set()
        work: list[tuple[Node, Iterator[Node]]] = []

        def visit(node: Node) -> None:
            index[node] = low[node] = len(index)
            stack.append(node)
            on_stack.add(node)
            work.append((node, iter(self._carried(node))))

        visit(root)
        while work:
            node, targets = work[-1]
            for target in targets:
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

    def _settle(self, component: list[Node]) -> None:
        """Shortest ways to each effect within one component; the order of its functions does not matter."""
        found: dict[Node, dict[str, Step]] = {node: {} for node in component}
        changed = True
        while changed:
            changed = False
            for node in component:
                own = found[node]
                for act in self.acts.of(node):
                    if act.is_rare:
                        continue
                    for key, step in self._done(act, found).items():
                        known = own.get(key)
                        if known is None or step.distance < known.distance:
                            own[key] = step
                            changed = changed or len(component) > 1
        self._solved.update(found)

    def _done(self, act: Act, found: Mapping[Node, Mapping[str, Step]]) -> dict[str, Step]:
        """The effects of an act, where ``found`` holds those of the functions that are being solved."""
        if len(act.options) == 1:
            return self._of_doing(act, act.options[0], found)
        return _common([self._of_doing(act, doing, found) for doing in act.options])

    def _of_doing(self, act: Act, doing: Doing, found: Mapping[Node, Mapping[str, Step]]) -> dict[str, Step]:
        result: dict[str, Step] = {}
        away = _FALLBACK if act.is_fallback else 1
        for item in doing:
            if isinstance(item, Leaf):
                for effect in item.effects():
                    result[_key(effect, act.accepted, act.flags)] = Step(act.span, item, None, away)
                continue
            below = found.get(item.target) or self._solved.get(item.target) or {}
            for effect, step in below.items():
                flags = self._flags_for_caller(act, item, effect) if self._travels(effect, item) else None
                if flags is None:
                    continue
                key = _key(effect, act.accepted, (*act.flags, *flags))
                if key not in result or step.distance + away < result[key].distance:
                    result[key] = Step(act.span, None, item.target, step.distance + away, effect)
        return result

    def _flags_for_caller(self, act: Act, edge: Edge, key: str) -> _Flags | None:
        """What an effect of the callee hangs on in the caller; None where the call's arguments rule it out."""
        wanted = _flags_of(key)
        if not wanted:
            return ()
        found: list[tuple[int, bool]] = []
        for position, truth in wanted:
            given = self._given(act, edge, position)
            if isinstance(given, bool) and given != truth:
                return None
            if not isinstance(given, bool) and given is not None:
                found.append((given, truth))
        return tuple(found)

    def _given(self, act: Act, edge: Edge, position: int) -> bool | int | None:
        """What a call gives to a parameter: its truth, the position of the caller's own parameter, None for others."""
        module = self._table.by_name[act.owner[0]]
        home = self._table.by_name[edge.target[0]]
        name, _, default = home.function(edge.target[1]).parameters[position]
        term = module.summary.terms[act.call]
        if edge.shift is None or position < edge.shift or term[0] != terms.CALL:
            return None
        if any(keyword in (terms.STAR, terms.DOUBLE_STAR) for keyword, _ in term[3]):
            return None
        index = self._evaluator.argument(module, term, position - edge.shift, name)
        if not index:
            return _truth(self._evaluator.value(home, default)) if default else None
        passed = module.summary.terms[index]
        if passed[0] == terms.PARAMETER and passed[1] == act.owner[1]:
            return int(passed[2])
        return _truth(self._evaluator.value(module, index))

    def is_memoised(self, node: Node) -> bool:
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

    def is_write(self, node: Node) -> bool:
        """Whether a method stands in for one that writes or checks a row: what ``save`` reads belongs to the write."""
        module = self._table.by_name[node[0]]
        summary = module.function(node[1])
        if summary.class_index < 0 or summary.kind != "method":
            return False
        bases = self._evaluator.library_bases(class_ref(module, summary.class_index))
        facts = (self._evaluator.knowledge.call(f"{base}.{summary.name}") for base in bases)
        return any(fact is not None and fact.role in _WRITING for fact in facts)

    def remembers(self, node: Node) -> bool:
        """Whether a function keeps what it found and answers from there the next time, within one request at least."""
        known = self._remembering.get(node)
        if known is None:
            summary = self._table.by_name[node[0]].function(node[1])
            roles = {
                item.fact.role
                for act in self.acts.of(node)
                for d in act.options
                for item in d
                if isinstance(item, Leaf)
            }
            known = self._remembering[node] = summary.remembers or {"cache-get", "cache-set"} <= roles
        return known

    def _travels(self, effect: str, edge: Edge) -> bool:
        if self.is_memoised(edge.target):
            return False
        if effect.startswith(ASKS):
            return not (self.remembers(edge.target) or self.is_write(edge.target))
        if effect.startswith((BLOCKS, "cpu")):
            summary = self._table.by_name[edge.target[0]].function(edge.target[1])
            return not (edge.offloaded or summary.is_async or self.acts.loops.asks_for_loop(edge.target))
        return True

    # --- answers -----------------------------------------------------------------------------------------------

    def way(self, act: Act, effects: tuple[str, ...], code: str = "") -> Way | None:
        """How an act has the first of ``effects`` that it has, for a rule that asks as ``code``."""
        for doing in act.options:
            for item in doing:
                if isinstance(item, Edge):
                    self.of(item.target)
        done = self._done(act, {})
        for gravity, effect in enumerate(effects):
            keys = [key for key in done if _is_effect(key, effect, code)]
            if keys:
                step = done[min(keys, key=lambda key: (done[key].distance, key))]
                links, leaf = ([], step.leaf) if step.next is None else self.chain(step.next, step.key)
                if leaf is not None:
                    return Way(tuple(links), leaf, gravity)
        return None

    def chain(self, node: Node, effect: str) -> tuple[list[Link], Leaf | None]:
        """From a function down to the leaf of an effect: functions with the places of their calls, then the leaf."""
        links: list[Link] = []
        seen = set()
        current: Node | None = node
        while current is not None and current not in seen:
            seen.add(current)
            step = self.of(current).get(effect)
            if step is None:
                return links, None
            function = self._table.by_name[current[0]].function(current[1])
            links.append(Link(function.qualname.replace(".<locals>", ""), current[0], step.span))
            if step.leaf is not None:
                return links, step.leaf
            current, effect = step.next, step.key
        return links, None


def _common(found: list[dict[str, Step]]) -> dict[str, Step]:
    """What happens whichever option it is; of blocking calls of several grades the slightest counts."""
    result: dict[str, Step] = {}
    for key in sorted(set.intersection(*(set(option) for option in found))):
        result[key] = max((option[key] for option in found), key=lambda step: step.distance)
    if any(key.startswith(BLOCKS) for key in result):
        return result
    graded = [min((key for key in option if key.startswith(BLOCKS)), default="") for option in found]
    if all(graded):
        key, option = max(zip(graded, found, strict=True), key=lambda pair: pair[0])
        result[key] = option[key]
    return result


def _key(below: str, codes: tuple[str, ...], flags: _Flags) -> str:
    """The key of an effect that comes over a place where these codes are accepted and these flags decide."""
    if not codes and not flags and _ACCEPTED not in below and _HANGS_ON not in below:
        return below
    name, separator, before = below.partition(_HANGS_ON)[0].partition(_ACCEPTED)
    accepted = {*codes, *before.split(",")} if separator else set(codes)
    key = f"{name}{_ACCEPTED}{','.join(sorted(accepted))}" if accepted else name
    if flags:
        key += _HANGS_ON + "&".join(f"{position}={int(truth)}" for position, truth in sorted(set(flags)))
    return key


def _flags_of(key: str) -> _Flags:
    text = key.partition(_HANGS_ON)[2]
    pairs = [item.split("=") for item in text.split("&")] if text else []
    return tuple((int(position), truth == "1") for position, truth in pairs)


def _is_effect(key: str, effect: str, code: str) -> bool:
    name, separator, codes = key.partition(_HANGS_ON)[0].partition(_ACCEPTED)
    return name == effect and not (separator and code.startswith(tuple(codes.split(","))))


def _truth(value: Value | None) -> bool | None:
    return bool(value.value) if isinstance(value, Constant) else None
