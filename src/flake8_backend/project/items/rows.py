"""What functions load of rows: relations that did not come with them, read here or in what is called with the rows.

The rows that a call hands over keep the query that they came from, so the same helper loads nothing for one caller and
a relation per row for another.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Span
from flake8_backend.project.calls.acts import GROWING
from flake8_backend.project.calls.effects import Link
from flake8_backend.project.evaluation import binding
from flake8_backend.project.evaluation.binding import NOTHING, Environment
from flake8_backend.project.items import repetition
from flake8_backend.project.items.loads import AGAIN, ALL, READ, Load
from flake8_backend.project.orm.relations import APPENDER
from flake8_backend.project.orm.schemas import Schemas
from flake8_backend.project.values import (
    ClassRef,
    Constant,
    External,
    FunctionRef,
    Instance,
    Query,
    Value,
    options,
)
from flake8_backend.project.views.view import FunctionView
from flake8_backend.semantic import scopes, terms
from flake8_backend.semantic.summary import (
    BLOCK_KIND,
    BLOCK_PARENT,
    SITE_BLOCK,
    SITE_TERM,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module
    from flake8_backend.project.orm.relations import RelationFact
    from flake8_backend.project.solution import Solution
    from flake8_backend.project.views.loopview import LoopView

Node = tuple[str, int]
_KEEPING = frozenset({"all", "get_queryset"})  # of a related manager: rows that came with their owner are kept
_SERVED = frozenset({"count", "exists", "contains", "acount", "aexists", "acontains"})
CONSUMERS = frozenset({"list", "tuple", "set", "frozenset", "sorted", "len", "bool", "sum", "max", "min", "any", "all"})
_QUIET = frozenset({scopes.ONCE, scopes.MEMO, scopes.TYPE_CHECKING, scopes.OFF})
_DEEPEST = 8
_WITH_HISTORY = "django-orm"  # the ORM whose migrations build models from what was declared then


class Rows:
    """Loads per function, for the values that its parameters have."""

    def __init__(self, solution: Solution) -> None:
        self._solution = solution
        self._evaluator = solution.evaluator
        self._schema = solution.schema
        self._table = solution.table
        self._known: dict[tuple[Node, Environment], tuple[Load, ...]] = {}
        self._active: set[tuple[Node, Environment]] = set()
        self._cut = False
        self._schemas = Schemas(solution, self)
        self._self_terms: dict[str, dict[int, int]] = {}

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of relations and of properties: nothing else that is read loads anything."""
        return self._schema.names | self._solution.effects.acts.property_names

    def loads(self, node: Node, environment: Environment = NOTHING) -> tuple[Load, ...]:
        """What a function loads of rows; with an environment, of those alone that it gives."""
        key = (node, environment)
        if key in self._known:
            return self._known[key]
        if key in self._active or len(self._active) > _DEEPEST:
            self._cut = True
            return ()
        before, self._cut = self._cut, False
        self._active.add(key)
        try:
            found = tuple(self._find(node, environment))
        finally:
            self._active.discard(key)
        if not self._cut or not self._active:
            self._known[key] = found
            self._cut = before
        return found

    def _find(self, node: Node, environment: Environment) -> Iterator[Load]:
        module = self._table.by_name[node[0]]
        walk = _Walk(self, module, node[1], environment)
        seen = set()
        for load in walk.loads():
            key = (load.path, load.use, load.block, load.query, load.span if load.use != READ else None)
            if key not in seen:
                seen.add(key)
                yield load

    def is_loaded_elsewhere(self, load: Load) -> bool:
        """Whether rows of an object that was given may have come with the relation: some query loads it along this way."""
        if load.is_again and not load.links:
            return load.path in self._loaded_names
        return bool(load.query.via) and (load.query.via, load.path.partition(".")[0]) in self._loaded_pairs

    @cached_property
    def _loaded_pairs(self) -> frozenset[tuple[str, str]]:
        """Neighbours on the relation paths that the project's queries load: ``"lines__product"``."""
        return frozenset(pair for path in self._loaded_paths for pair in itertools.pairwise(path))

    @cached_property
    def _loaded_names(self) -> frozenset[str]:
        """The relations that some query of the project loads."""
        return frozenset(name for path in self._loaded_paths for name in path)

    @cached_property
    def _loaded_paths(self) -> frozenset[tuple[str, ...]]:
        found: set[tuple[str, ...]] = set()
        for name in ("select_related", "prefetch_related", "Prefetch", "prefetch_related_objects"):
            for site in self._solution.call_sites.by_name.get(name, ()):
                table = self._table.by_name[site.module].summary.terms
                found.update(tuple(text.split("__")) for text in _texts_within(table, site.term, 0))
        return frozenset(found)

    # --- one relation ------------------------------------------------------------------------------------------

    def unloaded(self, value: Value, name: str) -> tuple[Instance, RelationFact] | None:
        """The row and the relation, when ``value`` is a row that came without it."""
        if not isinstance(value, Instance) or not value.is_row or value.query is None or value.query.loads_everything:
            return None
        fact = self.relation(value, name)
        if fact is None or fact.eager or value.query.loads(name):
            return None
        return value, fact

    @staticmethod
    def stepped(row: Instance, fact: RelationFact) -> Instance | None:
        """A row that a relation leads to; what it loads on its way is asked of the query that everything comes from."""
        if fact.target is None or row.query is None:
            return None
        given = frozenset({fact.inverse}) if fact.inverse else frozenset()
        return Instance(fact.target, (), replace(row.query.below(fact.name), given=given), is_row=True)

    def relation(self, value: Instance, name: str) -> RelationFact | None:
        """The relation ``name`` of an object, when it is a row of a model."""
        return self._schema.relation(value.cls, name) if self._schema.orm_of(value.cls) is not None else None

    def view(self, module: Module, index: int) -> FunctionView:
        """A function as rules see it."""
        return FunctionView(self._solution, module, index)

    def is_property(self, value: Value, name: str, module: Module | None = None) -> FunctionRef | None:
        """The property ``name`` of an object that ``module`` reads, bound to it."""
        if not isinstance(value, Instance) or value.cls.home is None:
            return None
        found = self._evaluator.method(value.cls, name)
        if found is None or (module is not None and self._is_of_the_past(module, value.cls)):
            return None
        if not self._evaluator.is_property(found[0], found[1]):
            return None
        return FunctionRef(found[0].name, found[1], value)

    def _is_of_the_past(self, module: Module, cls: ClassRef) -> bool:
        """Whether a migration meets a model as it was then: with its columns and relations, and none of its methods."""
        return self._solution.contexts.is_migration(module) and self._schema.orm_of(cls) == _WITH_HISTORY

    def self_terms(self, module: Module) -> dict[int, int]:
        """By class, the term of a module that stands for ``self``."""
        known = self._self_terms.get(module.name)
        if known is None:
            table = module.summary.terms
            known = {term[1]: index for index, term in enumerate(table) if term[0] == terms.SELF}
            self._self_terms[module.name] = known
        return known

    # --- calls -------------------------------------------------------------------------------------------------

    def called(
        self, evaluator: Evaluator, callee: Value, module: Module | None = None, term: Sequence[Any] | None = None
    ) -> Iterator[Load]:
        """What a call loads of the rows that it hands over."""
        built = self._schemas.built_by(callee)
        if built is not None and module is not None and term is not None and term[2]:
            for row in options(evaluator.value(module, term[2][0])):
                if isinstance(row, Instance) and row.is_row:
                    yield from self._schemas.loads(built, row)
            return
        function = self._function(callee)
        if function is None:
            return
        given = binding.environment_of(evaluator, function, module, term)
        environment = tuple((root, value) for root, value in given if holds_rows(value) or isinstance(value, Constant))
        if any(not isinstance(value, Constant) for _, value in environment):
            yield from self.linked((function.module, function.index), environment)

    def linked(self, node: Node, environment: Environment) -> Iterator[Load]:
        """What a function loads of what it is given, each with the function as a step on the way."""
        effects = self._solution.effects
        if effects.is_memoised(node) or effects.is_write(node):
            return
        summary = self._table.by_name[node[0]].function(node[1])
        name = summary.qualname.replace(".<locals>", "")
        for load in self.loads(node, environment):
            if not self._is_told_there(node, load):
                yield replace(load, links=(Link(name, node[0], load.span), *load.links))

    def _is_told_there(self, node: Node, load: Load) -> bool:
        """Whether the loop that repeats a load stands in this function, which is told of it whoever calls."""
        same = any(own.term == load.term and own.fact == load.fact for own in self.loads(node))
        return same and bool(self.repeated_by(node, load))

    def repeated_by(self, node: Node, load: Load) -> list[LoopView]:
        """The loops of a function that repeat a load for every item."""
        function = self.view(self._table.by_name[node[0]], node[1])
        around = repetition.loops(function, load.block)
        if load.use != READ or load.fact.manager == APPENDER:
            return around
        return [loop for loop in around if repetition.varies(function, load.term, loop)]

    def _function(self, callee: Value) -> FunctionRef | None:
        if isinstance(callee, FunctionRef):
            return callee
        if isinstance(callee, ClassRef) and callee.home is not None:
            found = self._evaluator.method(callee, "__init__")
            return FunctionRef(found[0].name, found[1], Instance(callee)) if found is not None else None
        return None


def holds_rows(value: Value) -> bool:
    """Whether a value is a row or a collection of rows whose query is known."""
    return any(
        isinstance(option, Instance) and option.query is not None and not option.query.loads_everything
        for option in options(value)
    )


def _texts_within(table: Sequence[Sequence[Any]], index: int, depth: int) -> Iterator[str]:
    """The strings that a call is given, in lists and further calls too."""
    term = table[index]
    if term[0] == terms.CONSTANT and isinstance(term[1], str):
        yield term[1]
    elif depth < _DEEPEST:
        for child in binding.children(term):
            yield from _texts_within(table, child, depth + 1)


class _Walk:
    """One function under one environment."""

    def __init__(self, rows: Rows, module: Module, index: int, environment: Environment) -> None:
        self._rows = rows
        self._module = module
        self._table = module.summary.terms
        self._index = index
        self._function = module.function(index)
        self._environment = environment
        self._evaluator = binding.bound(rows._evaluator, environment)
        self._given = frozenset(root for root, value in environment if not isinstance(value, Constant))
        self._roots = binding.roots_of(rows._evaluator, module) if environment else ()

    def loads(self) -> Iterator[Load]:
        function = self._function
        quiet = self._quiet_blocks()
        for index, block, *place in function.reads:
            if block not in quiet:
                yield from self._chain(index, block, Span(*place))
        for name, block in function.self_reads:
            if name in self._rows.names and function.class_index >= 0 and (not block or block not in quiet):
                yield from self._self_read(name)
        for site in function.sites:
            if site[SITE_BLOCK] not in quiet:
                yield from self._site(site[SITE_TERM], site[SITE_BLOCK])
        for index, block, _, *place in function.iterations:
            if block not in quiet and self._concerns(index):
                yield from self._gone_through(index, block, Span(*place))

    def _quiet_blocks(self) -> frozenset[int]:
        """Blocks that are not looked at: seldom run or, for these arguments, never; without any, what no loop repeats."""
        quiet: set[int] = set()
        looped: set[int] = set()
        for index, block in enumerate(self._function.blocks):
            if block[BLOCK_KIND] in _QUIET or block[BLOCK_PARENT] in quiet:
                quiet.add(index)
            if block[BLOCK_KIND] in scopes.LOOPS or block[BLOCK_PARENT] in looped:
                looped.add(index)
        if self._environment:
            quiet.update(index for index in range(len(self._function.blocks)) if not self._is_run(index))
        else:
            quiet.update(index for index in range(len(self._function.blocks)) if index not in looped)
        return frozenset(quiet)

    def _is_run(self, block: int) -> bool:
        return binding.is_run(self._evaluator, self._module, self._index, block, self._environment)

    def _concerns(self, index: int) -> bool:
        """Whether a term is made from what the environment gives; without one, every term counts."""
        return not self._given or not self._given.isdisjoint(self._roots[index])

    def _values(self, index: int) -> list[Value]:
        return list(options(self._evaluator.value(self._module, index)))

    # --- reads -------------------------------------------------------------------------------------------------

    def _chain(self, index: int, block: int, span: Span) -> Iterator[Load]:
        """Each step of ``order.customer.region.name``, the first one first."""
        if not self._concerns(index):
            return
        levels = []
        term = self._table[index]
        while term[0] == terms.ATTRIBUTE:
            levels.append((term[1], term[2]))
            term = self._table[term[1]]
        for owner, name in reversed(levels):
            if name in self._rows.names:
                yield from self._read(owner, name, block, span)

    def _self_read(self, name: str) -> Iterator[Load]:
        """``self.customer``, read somewhere in a method."""
        index = self._rows.self_terms(self._module).get(self._function.class_index, 0)
        if index and self._concerns(index):
            yield from self._read(index, name, 0, self._function.place)

    def _read(self, owner: int, name: str, block: int, span: Span) -> Iterator[Load]:
        values = self._values(owner)
        found = [self._rows.unloaded(value, name) for value in values]
        if found and all(found) and self._is_whole(owner):
            row, fact = _with_source(found)
            if not (fact.many and fact.manager):
                yield self._load(row, fact, READ, block, owner, span)
        elif len(values) == 1:
            function = self._rows.is_property(values[0], name, self._module)
            if function is not None:
                for load in self._rows.called(self._evaluator, function):
                    yield replace(load, span=span, block=block, term=owner)

    def _is_whole(self, index: int) -> bool:
        """Whether everything that a term may be is known: of a list that several branches make, each one's items."""
        term = self._table[index]
        operator = term[0]
        if operator == terms.UNION:
            return all(self._evaluator.value(self._module, option) is not None for option in term[1])
        if operator == terms.ELEMENT:
            inner = self._table[term[1]]
            while inner[0] in (terms.ITEM, terms.ALLOWED):
                inner = self._table[inner[1]]
            return inner[0] != terms.UNION or all(self._has_known_items(option) for option in inner[1])
        if operator == terms.UNPACK:
            return self._is_whole(term[2])
        return operator not in (terms.ATTRIBUTE, terms.ITEM, terms.ALLOWED) or self._is_whole(term[1])

    def _has_known_items(self, index: int) -> bool:
        term = self._table[index]
        if term[0] == terms.CONSTANT or (term[0] == terms.DISPLAY and not term[2]):
            return True
        return self._evaluator.element(self._evaluator.value(self._module, index)) is not None

    @staticmethod
    def _load(row: Instance, fact: RelationFact, use: str, block: int, term: int, span: Span) -> Load:
        assert row.query is not None
        path = f"{row.query.path}.{fact.name}".lstrip(".")
        return Load(row.cls, fact, row.query, path, use, span, block, term)

    # --- calls and loops ---------------------------------------------------------------------------------------

    def _site(self, index: int, block: int) -> Iterator[Load]:
        term = self._table[index]
        if not self._concerns(index):
            return
        span = Span(*term[4:8])
        callee = self._table[term[1]]
        if callee[0] == terms.ATTRIBUTE and callee[2] in _SERVED:
            yield from self._consumed(callee[1], callee[2], block, span)
            return
        values = self._values(term[1])
        if any(_consumes(value) for value in values):
            if term[2]:
                yield from self._gone_through(term[2][0], block, span)
            return
        found = [list(self._rows.called(self._evaluator, value, self._module, term)) for value in values]
        found.sort(key=lambda loads: all(load.query.source is None for load in loads))
        for load in found[0] if found else ():
            if all(any(_is_same(load, other) for other in others) for others in found[1:]):
                yield replace(load, span=span, block=block, term=index)

    def _gone_through(self, index: int, block: int, span: Span) -> Iterator[Load]:
        yield from self._consumed(index, ALL, block, span)

    def _consumed(self, index: int, use: str, block: int, span: Span) -> Iterator[Load]:
        """A related manager whose rows are asked for."""
        behind = self._relation_behind(index)
        if behind is None:
            return
        owner, name = behind
        values = self._values(owner)
        found = [self._rows.unloaded(value, name) for value in values]
        if found and all(found) and self._is_whole(owner):
            row, fact = _with_source(found)
            if fact.many and fact.manager:
                yield self._load(row, fact, use, block, owner, span)
        elif not self._environment and len(values) == 1:
            yield from self._again(values[0], name, use, block, owner, span)

    def _again(self, value: Value, name: str, use: str, block: int, owner: int, span: Span) -> Iterator[Load]:
        """A collection of a row that no loop changes: each look at it is a query, unless it came with the row."""
        if not isinstance(value, Instance) or value.query is not None:
            return
        fact = self._rows.relation(value, name)
        if fact is None or not fact.many or not fact.manager or fact.eager:
            return
        function = self._rows.view(self._module, self._index)
        around = repetition.loops(function, block)
        if around and not any(repetition.varies(function, owner, loop) for loop in around):
            yield Load(value.cls, fact, Query(value.cls.name), fact.name, AGAIN, span, block, owner)
        elif around and repetition.feeds(function, owner, around[0], span):
            yield Load(value.cls, fact, Query(value.cls.name), fact.name, use, span, block, owner)

    def _relation_behind(self, index: int) -> tuple[int, str] | None:
        """The owner and the name of the relation that ``order.lines.all()`` goes through."""
        term = self._table[index]
        while term[0] in (terms.CALL, terms.ITEM, terms.ALLOWED):
            if term[0] == terms.CALL:
                callee = self._table[term[1]]
                if callee[0] != terms.ATTRIBUTE or callee[2] not in _KEEPING:
                    return None
                term = self._table[callee[1]]
            else:
                term = self._table[term[1]]
        if term[0] == terms.ATTRIBUTE and term[2] in self._rows.names:
            return term[1], term[2]
        return None


def _with_source(found: Sequence[tuple[Instance, RelationFact] | None]) -> tuple[Instance, RelationFact]:
    """One of several rows: one of a query in sight, if there is one."""
    known = [pair for pair in found if pair is not None]
    return next((pair for pair in known if pair[0].query is not None and pair[0].query.source is not None), known[0])


def _is_same(load: Load, other: Load) -> bool:
    """Whether two objects that a call may meet come to load the same relation."""
    return (load.owner, load.path, load.use) == (other.owner, other.path, other.use)


def _consumes(callee: Value) -> bool:
    """Whether a call goes through its first argument."""
    if isinstance(callee, ClassRef):
        return callee.home is None and callee.name in CONSUMERS
    if isinstance(callee, External):
        return callee.name.removeprefix("builtins.") in CONSUMERS or callee.name in GROWING
    return False
