"""What a pack check found out, per distribution: printed, and kept as data that docs/knowledge.md shows."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from flake8_backend.dev.packcheck.claims import Claim

FILE = Path(__file__).with_name("checked.json")
NEWER = "told of a newer release"


@dataclass
class Result:
    """Of one distribution in one group: names and parameters that agree, what cannot be looked up, what is wrong."""

    distribution: str
    group: str
    version: str = ""
    names: int = 0
    parameters: int = 0
    unchecked_parameters: int = 0
    unchecked: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    problem: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What it is told apart by, and sorted."""
        return (self.distribution.lower(), self.group)


def of_answers(result: Result, claims: Sequence[Claim], answers: Mapping[int, Mapping[str, Any]]) -> Result:
    """Count the answers into ``result``; claims without an answer speak of a newer release."""
    unchecked: Counter[str] = Counter()
    for place, claim in enumerate(claims):
        answer = answers.get(place)
        if answer is None:
            unchecked[NEWER] += 1
            continue
        result.parameters += answer["parameters"].get("verified", 0)
        result.unchecked_parameters += answer["parameters"].get("unchecked", 0)
        if answer["wrong"]:
            result.wrong.extend(f"{claim.pack}: {claim.name} ({claim.table}): {text}" for text in answer["wrong"])
        elif answer["unchecked"] and not answer["found"]:
            unchecked.update(answer["unchecked"][:1])
        else:
            unchecked.update(answer["unchecked"])
            result.names += 1
    result.unchecked = dict(sorted(unchecked.items()))
    result.wrong = sorted(set(result.wrong))
    return result


def render(result: Result) -> Iterator[str]:
    """Lines for the terminal: the counts, and every wrong row with what is there instead."""
    place = f"{result.distribution} {result.version}".strip()
    if result.problem:
        yield f"{place} [{result.group}]: not checked: {result.problem}"
        return
    yield f"{place} [{result.group}]: {told(result)}, {len(result.wrong)} wrong"
    yield from (f"  wrong: {text}" for text in result.wrong)


def told(result: Result) -> str:
    """The counts in words."""
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(result.unchecked.items()))
    names = f"{result.names} names and {result.parameters} parameters verified"
    without = f"{result.unchecked_parameters} parameters without a signature that tells" * bool(
        result.unchecked_parameters
    )
    details = "; ".join(filter(None, (reasons, without)))
    total = sum(result.unchecked.values()) + result.unchecked_parameters
    return f"{names}, {total} not checkable" + (f" ({details})" if details else "")


def load(path: Path = FILE) -> list[Result]:
    """The results of the last checks; none where nothing was recorded."""
    if not path.exists():
        return []
    return [Result(**row) for row in json.loads(path.read_text(encoding="utf-8"))]


def record(results: Iterable[Result], path: Path = FILE, *, known: Iterable[tuple[str, str]]) -> None:
    """Put ``results`` in the place of older ones; those of distributions that are in no group any more go."""
    there = {tuple(key) for key in known}
    merged = {result.key: result for result in (*load(path), *results)}
    rows = [asdict(result) for key, result in sorted(merged.items()) if key in there]
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
