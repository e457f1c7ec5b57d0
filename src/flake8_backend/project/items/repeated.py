"""What loops ask of the database once per item: queries, and relations that did not come with the rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Span, chain_text
from flake8_backend.project.evaluation import binding
from flake8_backend.project.items import repetition
from flake8_backend.project.items.asked import Asked, holds_all, reach_of
from flake8_backend.project.items.loads import AGAIN, READ, Load
from flake8_backend.project.items.per_item import Loading, PerItem, gathered, loading_of
from flake8_backend.project.items.rows import holds_rows
from flake8_backend.project.orm.relations import APPENDER
from flake8_backend.project.orm.statements import ASKS
from flake8_backend.project.values import External, FunctionRef, Instance, options
from flake8_backend.semantic import scopes, terms
from flake8_backend.semantic.summary import BLOCK_KIND

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.project.solution import Solution
    from flake8_backend.project.views.loopview import LoopView
    from flake8_backend.project.views.view import FunctionView

_DETAIL = "retrieve"  # the action of a view that shows one object: methods that ask for it know of lists
# functions of Python that call their argument once per item: position of the callable, of the items, its keyword
_APPLYING: dict[str, tuple[int | None, int, str]] = {
    "map": (0, 1, ""),
    "filter": (0, 1, ""),
    "sorted": (None, 0, "key"),
    "max": (None, 0, "key"),
    "min": (None, 0, "key"),
    "groupby": (1, 0, "key"),
    "takewhile": (0, 1, ""),
    "dropwhile": (0, 1, ""),
    "filterfalse": (0, 1, ""),
    "starmap": (0, 1, ""),
}


class Repeated:
    """Findings per function, found on demand."""

    def __init__(self, solution: Solution) -> None:
        self._solution = solution
        self._evaluator = solution.evaluator
        self._rows = solution.rows
        self._asked = Asked(solution)

    def of(self, function: FunctionView) -> list[PerItem]:
        """What a function repeats, in the order of places; one finding per relation and loop."""
        has_loops = any(data[BLOCK_KIND] in scopes.LOOPS for data in function.summary.blocks)
        found = [*(self._loads(function) if has_loops else ()), *self._applied(function)]
        found += self._per_object(function)
        told = {item.span for item in found if item.load is not None and item.load.use != READ}
        found += [item for item in (self._asked.of(function) if has_loops else ()) if item.span not in told]
        return gathered(sorted(found, key=lambda item: (item.span, item.asked, item.path)))

    # --- relations ---------------------------------------------------------------------------------------------

    def _loads(self, function: FunctionView) -> Iterator[PerItem]:
        if not self._rows.names:
            return
        told: set[tuple[Any, ...]] = set()
        for environment in ((), *self._solution.passed.to_loops_of(function.node)):
            for load in self._rows.loads(function.node, environment):
                if self._rows.is_loaded_elsewhere(load):
                    continue
                around = self._rows.repeated_by(function.node, load)
                if not around or self._is_known(function, load, around[0]):
                    continue
                if load.use != READ and not any(repetition.varies(function, load.term, loop) for loop in around):
                    load = replace(load, use=AGAIN)
                key = (load.path, load.use != READ and load.span, load.owner, around[0].block)
                if key not in told:
                    told.add(key)
                    yield PerItem(load.span, load, loading=self.loading(function, load, around[0]))

    def _is_known(self, function: FunctionView, load: Load, loop: LoopView) -> bool:
        """Whether the function has loaded the relation, or all rows it leads to, before the loop."""
        for site in function.sites:
            if site.loops:
                continue
            for callee in site.callees:
                fact = self._solution.effects.leaf(callee)
                if fact is None:
                    continue
                if fact.fact.role == "orm-eager" and site.term[2] and self._is_source(function, site.term[2][0], loop):  # noqa: SIM102
                    if any(
                        load.path == path or path.startswith(load.path + ".")
                        for path in self._paths(function, site.term)
                    ):
                        return True
            if (
                load.fact.manager is None
                and not load.fact.many
                and holds_all(self._solution, site.value, load.fact.target)
            ):
                return True
        return False

    @staticmethod
    def _is_source(function: FunctionView, index: int, loop: LoopView) -> bool:
        """Whether the loop goes through ``index``, or what was made of it."""
        pending = [loop.iterable]
        while pending:
            current = pending.pop()
            if current == index:
                return True
            pending += binding.children(function.term(current))
        return False

    def _paths(self, function: FunctionView, term: Sequence[Any]) -> Iterator[str]:
        for index in term[2][1:]:
            for value in options(function.value(index)):
                text = getattr(value, "value", None)
                yield text.replace("__", ".") if isinstance(text, str) else ""

    def loading(self, function: FunctionView, load: Load, loop: LoopView | None) -> Loading | None:
        """How the relation of a load would come with its rows; ``None`` where its way is not known."""
        steps = self._solution.schema.steps(load.root, load.path)
        if not steps or steps[-1].manager == APPENDER or load.is_again:
            return None
        return loading_of(load, steps, self._anchor(function, load, loop))

    def _anchor(self, function: FunctionView, load: Load, loop: LoopView | None) -> Span | None:
        source = load.query.source
        if source is not None and source.module == function.module.name:
            place = Span(source.line, source.column, source.end_line, source.end_column)
            made = next((site for site in function.sites if site.span == place), None)
            # rows that are asked for in a loop have to come with the rows of that loop first
            return place if made is None or not repetition.loops(function, made.block) else None
        if loop is None or load.query.path or load.links:
            return None
        term = function.term(loop.iterable)
        if term[0] != terms.CALL or Span(*term[4:8]) != loop.iterable_span:
            return None
        found = list(options(function.value(loop.iterable)))
        is_query = all(isinstance(v, Instance) and not v.fetched and v.query == load.query for v in found)
        return loop.iterable_span if found and is_query else None

    def _per_object(self, function: FunctionView) -> Iterator[PerItem]:
        """What a serializer's method or a resolver asks for each object that it represents."""
        solution = self._solution
        if function.node not in solution.rest_views.per_object and function.node not in solution.resolvers.per_object:
            return
        if _DETAIL in function.summary.compared:
            return
        for act in function.acts:
            reach = act.reach(ASKS, code="BE005") if not act.is_rare else None
            if reach is not None and not repetition.loops(function, act.act.block):
                yield PerItem(act.span, reach=reach, asked=self._asked.told(function, act, reach), in_list=True)

    # --- functions that are applied to every item --------------------------------------------------------------

    def _applied(self, function: FunctionView) -> Iterator[PerItem]:
        for site in function.sites:
            if function.term(site.term[1])[0] != terms.NAME or len(site.term[2]) + len(site.term[3]) < 2:
                continue
            names = (callee.name for callee in site.callees if isinstance(callee, External) and callee.receiver is None)
            parts = [name.rpartition(".") for name in names if name.startswith(("builtins.", "itertools."))]
            how = next((_APPLYING[last] for _, _, last in parts if last in _APPLYING), None)
            if how is None:
                continue
            position, items, keyword = how
            called = site.argument(position, keyword)
            if not called or len(site.term[2]) <= items:
                continue
            rows = site.term[2][items]
            yield from self._applied_to(function, site.span, called, rows)

    def _applied_to(self, function: FunctionView, span: Span, called: int, rows: int) -> Iterator[PerItem]:
        row = self._evaluator.element(function.value(rows))
        for value in options(function.value(called)):
            if not isinstance(value, FunctionRef):
                continue
            node = value.module, value.index
            home = self._solution.table.by_name[value.module]
            summary = home.function(value.index)
            if row is not None and holds_rows(row) and summary.parameters:
                shift = 1 if summary.kind == "method" and value.receiver is not None else 0
                environment = (((home.name, terms.PARAMETER, value.index, shift), row),)
                for load in self._rows.linked(node, environment):
                    below = load.links if summary.kind != "lambda" else load.links[1:]
                    told = replace(load, span=span, links=below)
                    yield PerItem(span, told, loading=self.loading(function, replace(load, links=()), None))
            found = self._solution.effects.step(node, ASKS, "BE005")
            if found is not None:
                links, leaf = self._solution.effects.chain(node, found[0])
                if leaf is not None:
                    yield PerItem(span, reach=reach_of(leaf, links), asked=_chain(leaf, links))


def _chain(leaf: Any, links: Sequence[Any]) -> str:
    return chain_text([name for name in (*(link.name for link in links), leaf.name) if name != "<lambda>"])
