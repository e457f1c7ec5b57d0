"""A relation that is loaded when it is read: what is known of one such load."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flake8_backend.core.diagnostic import Span, chain_text

if TYPE_CHECKING:
    from flake8_backend.project.calls.effects import Link
    from flake8_backend.project.orm.relations import RelationFact
    from flake8_backend.project.values import ClassRef, Query

# uses of a relation; another use is the method that is called
READ, ALL, AGAIN = "read", "all", "again"


@dataclass(frozen=True, slots=True)
class Load:
    """A relation that is loaded when it is read: of which rows, on which way from them, where.

    ``query`` gave the rows, ``path`` leads from them to what is loaded, ``owner`` is the class that has the relation.
    ``term`` is what the relation is read of, or the call that does it; ``links`` lead from there to the read.
    """

    owner: ClassRef
    fact: RelationFact
    query: Query
    path: str
    use: str
    span: Span
    block: int
    term: int
    links: tuple[Link, ...] = ()

    def through(self, link: Link) -> Load:
        """The same load with one more step in front of its way."""
        return replace(self, links=(link, *self.links))

    @property
    def root(self) -> str:
        """The full name of the model of the rows that ``path`` starts from."""
        return self.query.root or self.query.model or ""

    @property
    def is_again(self) -> bool:
        """Whether the same rows are asked for each time."""
        return self.use == AGAIN

    @property
    def is_endless(self) -> bool:
        """Whether the relation leads from the model to itself, as in a tree: no number of levels is enough."""
        return self.fact.many and self.fact.target == self.owner

    @property
    def told(self) -> str:
        """The functions on the way, as messages show them."""
        return chain_text([link.name for link in self.links])
