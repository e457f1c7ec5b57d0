"""A finding of what is asked once per item, and how what it loads comes with the rows instead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Related, Span
from flake8_backend.project.views.naming import snake

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flake8_backend.project.items.loads import Load
    from flake8_backend.project.orm.relations import RelationFact
    from flake8_backend.project.views.siteview import Reach
    from flake8_backend.project.views.view import FunctionView, ModuleView


@dataclass(frozen=True)
class PerItem:
    """A finding: where, and the relation that is loaded or the query that is sent for every item."""

    span: Span
    load: Load | None = None
    reach: Reach | None = None
    asked: str = ""  # what is called, as messages show it
    loading: Loading | None = None
    is_same: bool = False  # what is asked does not depend on the item
    in_list: bool = False  # the rows are represented one after the other, by no loop of the project's own
    others: tuple[PerItem, ...] = ()  # what the same call loads of the same rows
    read_at: Related | None = None  # where a template reads it

    @property
    def loads(self) -> list[Load]:
        """All relations that are loaded here."""
        return [item.load for item in (self, *self.others) if item.load is not None]

    @property
    def loadings(self) -> list[Loading]:
        """How they come with their rows, as far as that is known."""
        return [item.loading for item in (self, *self.others) if item.loading is not None]

    @property
    def model(self) -> str:
        """The class of the rows that are gone through."""
        return (self.load.root or "row").rpartition(".")[2] if self.load is not None else "row"

    @property
    def path(self) -> str:
        """The relation that is loaded, from the rows on; empty where a query is sent."""
        return self.load.path if self.load is not None else ""

    @property
    def row(self) -> str:
        """A name for one of the rows."""
        return snake(self.model)

    @property
    def whole(self) -> str:
        """What the rows are gone through by."""
        return "list" if self.in_list else "loop"

    def related(self, function: FunctionView | ModuleView) -> list[Related]:
        """The places of the chain, and the query that gave the rows where it stands in another file."""
        table = function.solution.table
        found: dict[Related, None] = {}
        for item in (self, *self.others):
            load = item.load
            links = item.reach.links if item.reach is not None else load.links if load is not None else ()
            for link in links:
                found[Related(table.by_name[link.module].path, link.span, f"`{link.name}` does it here")] = None
            source = load.query.source if load is not None else None
            if source is not None:
                place = Span(source.line, source.column, source.end_line, source.end_column)
                found[Related(table.by_name[source.module].path, place, "the rows come from this query")] = None
            if item.read_at is not None:
                found[item.read_at] = None
        return list(found)


@dataclass(frozen=True, slots=True)
class Loading:
    """How a relation comes with its rows: the ORM, the relations on the way there, the call that gives the rows.

    ``span`` is that call's place where it stands in the file of the finding.
    """

    orm: str
    model: str  # the bare name of the class that the rows are of
    steps: tuple[RelationFact, ...]
    span: Span | None = None
    is_left_out: bool = False  # the query names the columns that it loads, and not this relation

    @property
    def path(self) -> tuple[str, ...]:
        """The names of the relations, the first one that of the rows."""
        return tuple(step.name for step in self.steps)

    @property
    def has_methods(self) -> bool:
        """Whether querysets have ``select_related`` and ``prefetch_related``."""
        return self.orm in ("django-orm", "tortoise-orm")

    @property
    def can_be_fixed_by_methods(self) -> bool:
        """Whether these methods can be added without any change elsewhere: what is awaited now need not be then."""
        return self.orm == "django-orm"

    @property
    def joins_in_select(self) -> bool:
        """Whether the query lists what it loads."""
        return self.orm == "peewee"

    @property
    def can_join(self) -> bool:
        """Whether one row follows from one row all the way."""
        return all(not step.many and step.target is not None for step in self.steps)


def loading_of(load: Load, steps: tuple[RelationFact, ...], span: Span | None) -> Loading:
    """How a relation comes with its rows, whose query stands at ``span``."""
    only = load.query.only
    is_left_out = only is not None and load.path.partition(".")[0] not in only
    return Loading(load.fact.orm, load.root.rpartition(".")[2], steps, span, is_left_out)


def gathered(items: Iterable[PerItem]) -> list[PerItem]:
    """What one call, or one list, loads of the same rows is one finding, however many relations it are."""
    groups: dict[Any, list[PerItem]] = {}
    for item in items:
        load = item.load
        is_joint = load is not None and (item.in_list or load.links) and not load.is_again
        groups.setdefault((item.span, load.query.source, item.model) if is_joint and load else id(item), []).append(
            item
        )
    return [replace(first, others=tuple(others)) if others else first for first, *others in groups.values()]
