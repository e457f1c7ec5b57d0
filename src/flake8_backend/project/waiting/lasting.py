"""Waits that need no end: for a stream or an event as long as it takes, or for what is over already."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flake8_backend.project.calls.arguments import Given
from flake8_backend.project.values import Constant, options
from flake8_backend.project.waiting.uses import calls_on, leads_to
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.project.calls.acts import Leaf
    from flake8_backend.project.calls.arguments import Arguments
    from flake8_backend.project.views.siteview import SiteView
    from flake8_backend.semantic.terms import Term

_DEEPEST_TEXT = 3
ENDING = "signal"  # the role of calls that end a process
_EVENTS = re.compile(
    r"(?<![a-z])(events?|event-stream|streams?|streaming|sse|watch|long-?poll(ing)?|poll|subscribe|listen)(?![a-z])",
    re.IGNORECASE,
)


def is_meant_to_last(site: SiteView, leaf: Leaf, given: Arguments) -> bool:
    """Whether a call whose limit was taken away listens: for a stream, for events, or its object does."""
    if _is_streamed(site, leaf, given) or ("async with" in leaf.fact.use and _is_read_as_it_comes(site)):
        return True
    if any(_EVENTS.search(text) for text in _texts((*given.positional, *given.named.values()))):
        return True
    if leaf.fact.role != "constructor":
        return False
    return any(
        used.leaf is not None and (used.leaf.fact.streams or _is_streamed(used, used.leaf, used.arguments))
        for used in calls_on(site)
    )


def _is_streamed(site: SiteView, leaf: Leaf, given: Arguments) -> bool:
    for option in leaf.fact.options:
        passed = given.get(option.pos, option.param) if option.streaming else None
        if passed is not None:
            values = options(site.function.solution.evaluator.value(passed.module, passed.term))
            return any(isinstance(value, Constant) and value.value in option.streaming for value in values)
    return False


def _is_read_as_it_comes(site: SiteView) -> bool:
    """``async for line in response.content``, ``for line in response.iter_lines()``."""
    function = site.function
    for row in function.summary.iterations:
        term = function.term(row[0])
        callee = function.term(term[1]) if term[0] == terms.CALL else term
        if term[0] == terms.CALL and not (callee[0] == terms.ATTRIBUTE and "iter" in callee[2]):
            continue
        if callee[0] == terms.ATTRIBUTE and leads_to(function, callee[1], site.term_index):
            return True
    return False


def _texts(given: tuple[Given, ...]) -> Iterator[str]:
    """The texts that are written in arguments: parts of addresses, headers."""
    for passed in given:
        yield from _texts_of(passed, 0)


def _texts_of(given: Given, depth: int) -> Iterator[str]:
    term = given.parts
    if term[0] == terms.CONSTANT and isinstance(term[1], str):
        yield term[1]
    elif depth < _DEEPEST_TEXT:
        for part in _parts_of(term):
            yield from _texts_of(Given(given.module, part), depth + 1)


def _parts_of(term: Term) -> Sequence[int]:
    if term[0] == terms.DISPLAY:
        return term[2]  # type: ignore[no-any-return]
    if term[0] == terms.BINARY:
        return term[2:4]
    return [part[0] for part in term[1]] if term[0] == terms.STRING else ()


def is_over(site: SiteView) -> bool:
    """Whether the process that is waited for was told to end just before."""
    function = site.function
    callee = function.term(site.term[1])
    if callee[0] != terms.ATTRIBUTE:
        return False
    around = {index for index, _ in function.blocks_around(site.block)}
    for other in function.sites[: site.index]:
        ending = function.term(other.term[1])
        is_before = ending[0] == terms.ATTRIBUTE and ending[1] == callee[1] and other.block in around
        if is_before and other.leaf is not None and other.leaf.fact.role == ENDING:
            return True
    return False
