"""Precision and recall of what the tool reports at labelled places."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_backend.dev import corpus
from flake8_backend.dev.accuracy.labels import source_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from flake8_backend.dev.accuracy.labels import Label, Project

    Findings = Mapping[str, set[tuple[str, int]]]  # of each rule, where they stand
    Runner = Callable[[Path, Sequence[str]], Findings]

_Z = 1.959964  # of the normal distribution, for 95 %


class NoCheckout(ValueError):
    """A labelled project is not among the checkouts, or its files are not those that were labelled."""


@dataclass(frozen=True)
class Outcome:
    """A label and whether the tool reports something there."""

    project: str
    label: Label
    is_reported: bool

    @property
    def is_miss(self) -> bool:
        """A missed alarm."""
        return self.label.is_right and not self.is_reported

    @property
    def is_false_alarm(self) -> bool:
        """A finding that is wrong."""
        return self.is_reported and not self.label.is_right


@dataclass(frozen=True)
class Share:
    """``hits`` of ``total`` with the bounds that Wilson's score interval gives at 95 %."""

    hits: int
    total: int

    @property
    def value(self) -> float:
        """The share itself; not a number when there is nothing."""
        return self.hits / self.total if self.total else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound; everything is possible when there is nothing."""
        if not self.total:
            return 0.0, 1.0
        square = _Z * _Z / self.total
        middle = (self.value + square / 2) / (1 + square)
        spread = self.value * (1 - self.value) / self.total + square / (4 * self.total)
        half = _Z * math.sqrt(spread) / (1 + square)
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        if not self.total:
            return f"{'-':>5} {'':12} {'0/0':>9}"
        low, high = self.interval
        return f"{self.value:5.0%} [{low:4.0%},{high:5.0%}] {f'{self.hits}/{self.total}':>9}"


def precision(outcomes: Iterable[Outcome]) -> Share:
    """Of the labelled places where the tool reports, the share that is labelled right."""
    reported = [outcome for outcome in outcomes if outcome.is_reported]
    return Share(sum(outcome.label.is_right for outcome in reported), len(reported))


def recall(outcomes: Iterable[Outcome]) -> Share:
    """Of the places labelled right, the share where the tool reports."""
    right = [outcome for outcome in outcomes if outcome.label.is_right]
    return Share(sum(outcome.is_reported for outcome in right), len(right))


def run_tool(folder: Path, codes: Sequence[str]) -> Findings:
    """Where the tool reports each of ``codes`` below ``folder``."""
    found: defaultdict[str, set[tuple[str, int]]] = defaultdict(set)
    for finding in corpus.findings(folder, codes):
        found[finding.diagnostic.code].add((finding.path, finding.diagnostic.span.line))
    return found


def outcomes(
    projects: Iterable[Project], checkouts: Sequence[Path], *, held_out: bool = False, run: Runner = run_tool
) -> Iterator[Outcome]:
    """What the tool says at each label; those set aside come only with ``held_out``, and then alone.

    Raises NoCheckout before anything is run.
    """
    chosen = []
    for project in projects:
        labels = [label for label in project.labels if project.is_held_out(label) is held_out]
        if labels:
            folder = _checkout(project, checkouts)
            _check_sources(project, folder)
            chosen.append((project, folder, labels))
    for project, folder, labels in chosen:
        found = run(folder, sorted({label.rule for label in labels}))
        for label in labels:
            places = found.get(label.rule, set())
            yield Outcome(project.name, label, any(label.covers(path, line) for path, line in places))


def _checkout(project: Project, checkouts: Sequence[Path]) -> Path:
    for folder in checkouts:
        if (folder / project.name).is_dir():
            return (folder / project.name).resolve()
    raise NoCheckout(f"{project.name}: no such folder; it holds {project.repository} at {project.commit}")


def _check_sources(project: Project, folder: Path) -> None:
    for label in project.labels:
        if digest_at(folder / label.path, label.line, label.until) != label.source:
            raise NoCheckout(f"{project.name}: {label.path}:{label.line} is not what was labelled at {project.commit}")


def digest_at(path: Path, line: int, until: int = 0) -> str:
    """The digest of lines in a file; empty when they are not there."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    return source_digest(text, line, until)


# What is printed


def table(found: Sequence[Outcome]) -> str:
    """Precision and recall per rule, those that need another function counted apart, and over all."""
    rows = [f"{'':5} {'':5} {'labels':>6} {'right':>5}   {'precision':^29} {'recall':^29}"]
    rules = sorted({outcome.label.rule for outcome in found})
    for rule in (*rules, "all"):
        for reach in ("near", "far", "all"):
            part = [each for each in found if _belongs(each.label, rule, reach)]
            right = sum(each.label.is_right for each in part)
            name = rule if reach == "near" else ""
            rows.append(f"{name:5} {reach:5} {len(part):6} {right:5}   {precision(part)} {recall(part)}")
    return "\n".join(rows) + "\n"


def _belongs(label: Label, rule: str, reach: str) -> bool:
    return rule in {"all", label.rule} and reach in {"all", label.reach}


def mistakes(found: Iterable[Outcome]) -> str:
    """The missed alarms and the false alarms with the reasons of their labels."""
    rows = []
    for outcome in found:
        if outcome.is_miss or outcome.is_false_alarm:
            label = outcome.label
            kind = "missed" if outcome.is_miss else "false alarm"
            rows.append(
                f"{label.rule} {kind}, {label.reach}: {outcome.project}/{label.path}:{label.line}: {label.note}\n"
            )
    return "".join(sorted(rows))


def as_json(found: Iterable[Outcome]) -> str:
    """One JSON object per label."""
    return "".join(
        json.dumps(
            {
                "project": each.project,
                "rule": each.label.rule,
                "path": each.label.path,
                "line": each.label.line,
                "reach": each.label.reach,
                "verdict": each.label.verdict,
                "reported": each.is_reported,
                "note": each.label.note,
            },
            ensure_ascii=False,
        )
        + "\n"
        for each in found
    )
