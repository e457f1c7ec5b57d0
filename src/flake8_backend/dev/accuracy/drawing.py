"""A sample of candidates: from every project and every kind in turn, the same for the same seed."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import TYPE_CHECKING

from flake8_backend.dev.accuracy.candidates import candidates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from flake8_backend.dev.accuracy.candidates import Candidate


def draw(
    found: Mapping[str, Iterable[Candidate]], size: int, *, seed: int = 0, known: Iterable[tuple[str, str]] = ()
) -> list[tuple[str, Candidate]]:
    """``size`` candidates of every rule with the names of their projects.

    Each rule takes one candidate of each kind of each project in turn, at most one of a file and kind while there are
    others. ``known`` are places (project, key) that need no second look.
    """
    strata: defaultdict[str, defaultdict[tuple[str, str], list[Candidate]]] = defaultdict(lambda: defaultdict(list))
    skipped = set(known)
    for project in sorted(found):
        for each in sorted(found[project]):
            if (project, f"{each.rule} {each.path}:{each.line}") not in skipped:
                strata[each.rule][each.kind, project].append(each)
    drawn = []
    for rule in sorted(strata):
        queues = [(stratum, _shuffled(strata[rule][stratum], rule, stratum, seed)) for stratum in sorted(strata[rule])]
        random.Random(f"{seed} {rule}").shuffle(queues)
        drawn += [(project, each) for project, each in _in_turn(queues)][:size]
    return drawn


def _shuffled(items: Sequence[Candidate], rule: str, stratum: tuple[str, str], seed: int) -> list[Candidate]:
    mixed = list(items)
    random.Random(f"{seed} {rule} {stratum}").shuffle(mixed)
    seen: set[str] = set()
    first: list[Candidate] = []
    later: list[Candidate] = []
    for each in mixed:
        (later if each.path in seen else first).append(each)
        seen.add(each.path)
    return first + later


def _in_turn(queues: Sequence[tuple[tuple[str, str], Sequence[Candidate]]]) -> Iterator[tuple[str, Candidate]]:
    for turn in range(max((len(queue) for _, queue in queues), default=0)):
        for (_, project), queue in queues:
            if turn < len(queue):
                yield project, queue[turn]


def sample(
    folders: Iterable[Path],
    size: int,
    *,
    seed: int = 0,
    rules: Sequence[str] = (),
    known: Iterable[tuple[str, str]] = (),
) -> list[tuple[str, Candidate]]:
    """A sample from projects, each in a folder of its own."""
    found = {
        folder.name: [each for each in candidates(folder) if not rules or each.rule in rules] for folder in folders
    }
    return draw(found, size, seed=seed, known=known)
