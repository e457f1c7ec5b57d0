"""Where text becomes SQL: calls that run it, and project functions that hand what they are given on to such a call."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flake8_backend.core.diagnostic import chain_text
from flake8_backend.project.calls.effects import Link
from flake8_backend.project.sql import sqltext
from flake8_backend.project.sql.grades import Position
from flake8_backend.project.sql.harmless import RAW_SQL
from flake8_backend.project.sql.places import At, Followed
from flake8_backend.project.sql.sqlrepair import Holder, Repair, repair
from flake8_backend.project.sql.sqltext import Hole, Placed, Text
from flake8_backend.project.values import options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from flake8_backend.core.diagnostic import Span
    from flake8_backend.knowledge.facts import MarkerFact
    from flake8_backend.project.calls.callsites import CallSite, CallSites
    from flake8_backend.project.calls.effects import Effects
    from flake8_backend.project.sql.strings import Strings
    from flake8_backend.project.sql.taint import Source, Taint
    from flake8_backend.project.values import Value

_NODE = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Sink:
    """What runs SQL in the end: its name, the fact about it, and the functions that lead there."""

    name: str
    fact: MarkerFact
    links: tuple[Link, ...] = ()
    is_guess: bool = False  # a method of an object that nothing is known of, by its name

    @property
    def is_statement(self) -> bool:
        """Whether it takes whole statements, rather than pieces of one."""
        return self.fact.sql is not None and self.fact.sql.means != "expression"

    def told(self) -> str:
        """The way there as messages show it."""
        return chain_text([*(link.name for link in self.links), self.name])


@dataclass(frozen=True, slots=True)
class Use:
    """A call with a term that becomes SQL."""

    site: CallSite
    sql: int
    sink: Sink


@dataclass(frozen=True, slots=True)
class Unsafe:
    """A value that is put into SQL text: what it is to the statement, and where it comes from."""

    placed: Placed
    source: Source

    @property
    def position(self) -> Position:
        """What it is to the statement."""
        return self.placed.position


class SqlFlow:
    """Every use of text as SQL in a project."""

    def __init__(self, strings: Strings, sites: CallSites, effects: Effects, taint: Taint) -> None:
        self._strings = strings
        self._sites = sites
        self._effects = effects
        self._taint = taint
        self._table = strings.table

    def span(self, use: Use) -> Span:
        """Where the call of a use stands."""
        return self._sites.span(use.site)

    def repair(self, use: Use, unsafe: Sequence[Unsafe], outer: int) -> Repair | None:
        """How the values can be bound; ``outer`` is the term of the call that takes this one as an argument, or 0."""
        return repair(self._strings, use, unsafe, self._takes(use, outer) if outer else None)

    def _takes(self, use: Use, outer: int) -> Holder | None:
        """Where a call takes the statement that a use makes, and where it takes values."""
        at = At(use.site.module)
        term = self._strings.term(at, outer)
        for value in options(self._strings.value(at, term[1])):
            fact = self._strings.fact(value)
            if fact is not None and fact.sql is not None and fact.values is not None:
                given = self._strings.evaluator.argument(self._strings.module(at), term, fact.sql.pos, fact.sql.param)
                return Holder(outer, fact.sql, fact.values) if given == use.site.term else None
        return None

    # --- sinks -------------------------------------------------------------------------------------------------

    @cached_property
    def _facts(self) -> Sequence[MarkerFact]:
        return [fact for fact in self._strings.knowledge.markers_of_kind(RAW_SQL) if fact.sql is not None]

    @cached_property
    def _names(self) -> list[str]:
        """Last names of the calls that run SQL, of libraries that the project imports."""
        imports = self._table.imports
        found = {
            name.rpartition(".")[2]
            for fact in self._facts
            for name in fact.names
            if name.startswith("*.") or name.partition(".")[0] in imports
        }
        return sorted(found)

    @cached_property
    def uses(self) -> dict[_NODE, list[Use]]:
        """All uses by function, those through helpers after direct ones."""
        found: dict[_NODE, list[Use]] = {}
        known: set[tuple[CallSite, int]] = set()
        pending = [use for site in self._sites.named(self._names) for use in self._direct(site)]
        pending += [use for handed in self._sites.handing(self._names) for use in self._handed(*handed)]
        while pending:
            following: dict[tuple[_NODE, int], Sink] = {}
            for use in pending:
                if (use.site, use.sql) in known:
                    continue
                known.add((use.site, use.sql))
                found.setdefault((use.site.module, use.site.function), []).append(use)
                for carrier in self._carriers(use):
                    following.setdefault(carrier, self._linked(carrier[0], use))
            pending = [use for carrier in sorted(following) for use in self._through(*carrier, following[carrier])]
        return found

    def _linked(self, node: _NODE, use: Use) -> Sink:
        function = self._table.by_name[node[0]].function(node[1])
        name = function.qualname.replace(".<locals>", "")
        link = Link(name, use.site.module, self._sites.span(use.site))
        return Sink(use.sink.name, use.sink.fact, (link, *use.sink.links), use.sink.is_guess)

    def _direct(self, site: CallSite) -> Iterator[Use]:
        term = self._table.by_name[site.module].summary.terms[site.term]
        sink = self._sink(site, term[1])
        if sink is not None:
            yield from self._used(site, sink, self._arguments(site, term, sink.fact))

    def _handed(self, site: CallSite, position: int) -> Iterator[Use]:
        """``to_thread(cursor.execute, sql)``: what follows the callable is given to it."""
        given = self._table.by_name[site.module].summary.terms[site.term][2]
        sink = self._sink(site, given[position])
        if sink is not None and sink.fact.sql is not None and sink.fact.sql.pos is not None:
            yield from self._used(site, sink, given[position + 1 + sink.fact.sql.pos :][:1])

    def _sink(self, site: CallSite, callee: int) -> Sink | None:
        """What is called, when it runs SQL."""
        at = At(site.module)
        values = list(options(self._strings.value(at, callee)))
        for value in values:
            fact = self._strings.fact(value)
            if fact is not None and fact.kind == RAW_SQL:
                return Sink(self._name_of(value), fact)
        return self._guess(at, callee) if all(map(self._strings.is_stub, values)) else None

    def _used(self, site: CallSite, sink: Sink, found: Iterable[int]) -> Iterator[Use]:
        for index in found:
            if index and (not sink.is_guess or self._may_be_sql(At(site.module), index)):
                yield Use(site, index, sink)

    def _may_be_sql(self, at: At, index: int) -> bool:
        """Whether a text begins as statements do, or is handed on as it is."""
        text = self._strings.text(at, index)
        return sqltext.begins_statement(text) or sqltext.is_whole(text)

    def _name_of(self, callee: Value) -> str:
        leaf = self._effects.leaf(callee)
        name = leaf.name if leaf is not None else getattr(callee, "name", "")
        return self._strings.knowledge.canonical(name)

    def _guess(self, at: At, callee: int) -> Sink | None:
        """A method of an unknown object that is named as those of databases are."""
        if self._strings.term(at, callee)[0] != terms.ATTRIBUTE:
            return None
        spelling = self._strings.spelled(at, callee)
        for fact in self._facts:
            if fact.form == "name-pattern" and any(fnmatch.fnmatchcase(spelling, name) for name in fact.names):
                return Sink(spelling.rpartition(".")[2], fact, is_guess=True)
        return None

    def _arguments(self, site: CallSite, term: Sequence[Any], fact: MarkerFact) -> Iterator[int]:
        """The terms that hold SQL; each text of a list or mapping by itself."""
        assert fact.sql is not None
        evaluator = self._strings.evaluator
        module = self._table.by_name[site.module]
        for name in (fact.sql.param, *fact.sql.others):
            index = evaluator.argument(module, term, fact.sql.pos if name == fact.sql.param else None, name)
            inner = module.summary.terms[index]
            if inner[0] == terms.DISPLAY:
                yield from (part for part in (inner[2][1::2] if inner[1] == "dict" else inner[2]) if part)
            elif index:
                yield index

    # --- helpers -----------------------------------------------------------------------------------------------

    def _carriers(self, use: Use) -> Iterator[tuple[_NODE, int]]:
        """The parameters of functions that are handed on as they are."""
        for placed in self._placed(use):
            term = self._strings.term(placed.hole.at, placed.hole.term)
            if placed.position is Position.STATEMENT and term[0] == terms.PARAMETER and placed.hole.at.call is None:
                yield (placed.hole.at.module, term[1]), term[2]

    def _through(self, node: _NODE, position: int, sink: Sink) -> Iterator[Use]:
        for home, function in (node, *self._strings.filled_in_by(node)):
            if position >= len(self._table.by_name[home].function(function).parameters):
                continue
            for caller in self._sites.callers((home, function)):
                site = caller.site
                call = Followed(caller.function, site.term, At(site.module), place=caller.place)
                given = self._strings.argument(At(home, call), function, position)
                if given is not None and given[1] and given[0] == At(site.module):
                    yield Use(site, given[1], sink)

    # --- what is put in ----------------------------------------------------------------------------------------

    def text(self, use: Use) -> Text:
        """What the SQL of a use is put together from."""
        return self._strings.text(At(use.site.module), use.sql)

    def _placed(self, use: Use) -> list[Placed]:
        text = self.text(use)
        if use.sink.is_statement and sqltext.is_whole(text):
            return [Placed(hole, Position.STATEMENT) for hole in sqltext.holes(text)]
        return sqltext.placed(text, is_statement=use.sink.is_statement)

    def unsafe(self, use: Use) -> list[Unsafe]:
        """The values that are put into the SQL of a use and that nobody made sure of; empty when it is not built."""
        text = self.text(use)
        if sqltext.is_whole(text) or (use.sink.is_guess and not sqltext.begins_statement(text)):
            return []
        found = []
        for placed in self._placed(use):
            if placed.position in (Position.PLACEHOLDER, Position.STATEMENT):
                continue
            source = self._taint.of(placed.hole)
            if source.origin:
                found.append(Unsafe(placed, source))
        return found


__all__ = ["Hole", "Sink", "SqlFlow", "Unsafe", "Use"]
