"""Calls, and what else is done at a place, as rules see them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Json, Span, chain_text
from flake8_backend.project.calls.arguments import Arguments, of_call
from flake8_backend.project.values import Constant, FunctionRef, Value, options
from flake8_backend.project.views import remedies
from flake8_backend.project.waiting import origins
from flake8_backend.semantic import scopes, terms
from flake8_backend.semantic.summary import (
    AWAITED,
    AWAITED_LATER,
    BLOCK_DATA,
    BLOCK_KIND,
    SITE_BLOCK,
    SITE_FLAGS,
    SITE_OUTER,
    SITE_TERM,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_backend.project.calls.acts import Act, Leaf
    from flake8_backend.project.calls.effects import Link
    from flake8_backend.project.views.loopview import LoopView
    from flake8_backend.project.views.view import FunctionView


@dataclass(frozen=True, slots=True)
class Reach:
    """That a call has an effect: through which functions, down to which library call.

    ``links`` are the project functions on the way, the first one called by the site; empty when the site itself is
    the library call. ``gravity``: 0 is the gravest.
    """

    leaf: Leaf
    links: tuple[Link, ...]
    gravity: int = 0

    @property
    def names(self) -> list[str]:
        """Callee, …, library call."""
        return [*(link.name for link in self.links), self.leaf.name.removeprefix("builtins.").removesuffix(".__call__")]

    def told(self) -> str:
        """The chain as messages show it: ``charge`` → ``Gateway.post`` → ``requests.post``."""
        return chain_text(self.names)


@dataclass(frozen=True)
class SiteView:
    """A call in a function."""

    function: FunctionView
    index: int

    @property
    def _data(self) -> Sequence[Any]:
        return self.function.summary.sites[self.index]  # type: ignore[no-any-return]

    @property
    def term(self) -> Sequence[Any]:
        """The call's term."""
        return self.function.module.summary.terms[self._data[SITE_TERM]]

    @property
    def span(self) -> Span:
        """Where the call stands."""
        return Span(*self.term[4:8])

    @property
    def is_awaited(self) -> bool:
        """Whether ``await`` stands directly before the call."""
        return bool(self._data[SITE_FLAGS] & AWAITED)

    @property
    def called(self) -> str:
        """What is called, by the last part of its name; empty where it has none."""
        return self.function.module.last_name(self.term[1])

    @property
    def is_method_call(self) -> bool:
        """Whether a method of an object or a class is called."""
        return any(getattr(callee, "receiver", None) is not None for callee in self.callees)

    @property
    def is_called_for_sure(self) -> bool:
        """Whether the callee is named by an import, or its object is seen to be made: no annotation has to be right."""
        evaluator = self.function.solution.evaluator
        if not self.is_method_call:
            return True
        return origins.receiver_makings(evaluator, self.function.module, self.term) is not None

    @property
    def is_awaited_later(self) -> bool:
        """Whether what the call gives is awaited through a variable."""
        return bool(self._data[SITE_FLAGS] & AWAITED_LATER)

    @cached_property
    def callees(self) -> list[Value]:
        """What may be called here."""
        return self.function.solution.effects.targets(self.function.module, self.term)

    @cached_property
    def leaf(self) -> Leaf | None:
        """The library call this is, when every possible callee is one with a fact; the first of them."""
        effects, call = self.function.solution.effects, (self.function.module, self.term)
        leaves = [effects.leaf(callee, call) for callee in self.callees]
        return leaves[0] if leaves and all(leaf is not None for leaf in leaves) else None

    @property
    def outer(self) -> SiteView | None:
        """The call that takes this one directly as an argument."""
        index = self._data[SITE_OUTER]
        return SiteView(self.function, index) if index >= 0 else None

    @property
    def value(self) -> Value | None:
        """What the call gives."""
        return self.function.value(self._data[SITE_TERM])

    def reach(self, *effects: str, code: str = "") -> Reach | None:
        """How this call has the first of ``effects`` that it has; every possible callee must have it.

        What a noqa comment on the way accepts for ``code`` is left out.
        """
        act = self.function.acts_by_site.get(self.index)
        return None if act is None else act.reach(*effects, code=code)

    def runs_plain(self) -> bool:
        """Whether the callee's body runs within this call: not a coroutine that is only made."""
        return not any(
            isinstance(callee, FunctionRef)
            and self.function.solution.table.by_name[callee.module].function(callee.index).is_async
            for callee in self.callees
        )

    def argument(self, position: int | None, name: str | None) -> int:
        """The term of an argument, 0 when it is not passed so."""
        return self.function.solution.evaluator.argument(self.function.module, self.term, position, name)

    @property
    def term_index(self) -> int:
        """The index of the call's term."""
        return int(self._data[SITE_TERM])

    @cached_property
    def arguments(self) -> Arguments:
        """What the call is made with."""
        return of_call(self.function.module, self.term)

    @property
    def keywords(self) -> dict[str, int]:
        """Terms of the arguments passed by name; ``**`` and ``*`` stand for themselves."""
        return dict(self.term[3])

    def constant(self, index: int) -> Json | Ellipsis:  # type: ignore[valid-type]
        """The literal that an argument is, ``...`` when it is none."""
        for value in options(self.function.value(index)):
            return value.value if isinstance(value, Constant) else ...
        return ...

    @cached_property
    def loops(self) -> list[LoopView]:
        """Loops around the call, the innermost first."""
        return self.function.loops_around(self._data[SITE_BLOCK])

    @property
    def block(self) -> int:
        """The index of the block that holds the call."""
        return int(self._data[SITE_BLOCK])

    @property
    def is_type_checking_only(self) -> bool:
        """Whether it stands under ``if TYPE_CHECKING``."""
        return any(data[BLOCK_KIND] == scopes.TYPE_CHECKING for _, data in self.function.blocks_around(self.block))

    @property
    def is_in_script(self) -> bool:
        """Whether only a script or a command of a command line gets here."""
        if self.function.is_command:
            return True
        return any(data[BLOCK_KIND] == scopes.MAIN for _, data in self.function.blocks_around(self.block))

    @property
    def is_managed(self) -> bool:
        """Whether the call is itself an item of a ``with`` statement."""
        return self._data[SITE_TERM] in {
            data[BLOCK_DATA]
            for data in self.function.summary.blocks
            if data[BLOCK_KIND] in (scopes.WITH, scopes.ASYNC_WITH)
        }

    @property
    def is_iterated(self) -> bool:
        """Whether a loop goes through what the call gives."""
        return any(row[0] == self._data[SITE_TERM] for row in self.function.summary.iterations)

    @property
    def can_be_awaited(self) -> bool:
        """Whether ``await`` may stand before the call without changing what is around it."""
        if self.is_managed or self.is_iterated:
            return False
        return not any(data[BLOCK_KIND] == scopes.COMPREHENSION for _, data in self.function.blocks_around(self.block))

    @property
    def is_in_critical_section(self) -> bool:
        """Whether a ``with`` around it holds a lock or a transaction open."""
        return any(data[BLOCK_KIND] == scopes.WITH for _, data in self.function.blocks_around(self.block))


@dataclass(frozen=True)
class ActView:
    """Something that a function does at a place: a call, a property read, a loop's iterable, an item of ``with``."""

    function: FunctionView
    act: Act

    @property
    def kind(self) -> str:
        """``call``, ``read``, ``iterate`` or ``enter``."""
        return self.act.kind

    @property
    def span(self) -> Span:
        """Where it stands."""
        return self.act.span

    @property
    def is_rare(self) -> bool:
        """Whether it is done by the first caller alone."""
        return self.act.is_rare

    @property
    def site(self) -> SiteView | None:
        """The call, where it is one."""
        return self.function.sites[self.act.site] if self.act.site >= 0 else None

    @property
    def is_beside_opening(self) -> bool:
        """Whether the object it works on is made in this function, with no pause of the coroutine between them.

        A pause is what a loop makes that waits for something at each turn.
        """
        function = self.function
        worked_on = self.act.call
        if self.site is not None:
            callee = function.term(self.site.term[1])
            worked_on = callee[1] if callee[0] == terms.ATTRIBUTE else 0
        owner = function.term(worked_on)
        while owner[0] in (terms.ENTER, terms.AWAIT):
            owner = function.term(owner[1])
        if owner[0] != terms.CALL:
            return False
        place = Span(*owner[4:8])
        opened = next((site for site in function.sites if site.span == place), None)
        if opened is None:
            return False
        around = {loop.block for loop in opened.loops}
        return not any(loop.pauses for loop in function.loops_around(self.act.block) if loop.block not in around)

    def reach(self, *effects: str, code: str = "") -> Reach | None:
        """How this has the first of ``effects`` that it has, whatever the objects are that it meets.

        What a noqa comment on the way accepts for ``code`` is left out.
        """
        way = self.function.solution.effects.way(self.act, effects, code)
        return None if way is None else Reach(way.leaf, way.links, way.gravity)

    def off_the_loop(self, reach: Reach) -> str:
        """What messages advise where this stops an event loop."""
        return remedies.off_the_loop(self, reach)
