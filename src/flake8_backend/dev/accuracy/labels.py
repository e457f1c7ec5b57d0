"""Labels of places in open projects: how they are written, which are set aside, and how a change of one is declared.

``tests/corpus/NAME.toml`` holds the labels of one project, ``tests/corpus/held_out/NAME.toml`` those that are set aside
for a last look. ``seals.txt`` keeps what each label said when it was made.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flake8_backend.knowledge.compiled import parse_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

FOLDER = "tests/corpus"
HELD_OUT = "held_out"
SEALS = "seals.txt"
SET_ASIDE = 40  # per cent
REMOVED = "removed"  # what a correction says of a label that is no more

_VERDICTS = frozenset({"right", "wrong"})
_REACHES = frozenset({"near", "far"})
_KEYS = frozenset({"rule", "path", "line", "until", "at", "verdict", "reach", "source", "note"})
_NEEDED = _KEYS - {"until", "at"}


class BadLabels(ValueError):
    """A file of labels that does not hold what it should; the message names the file and the label."""


@dataclass(frozen=True)
class Label:
    """One place and whether a finding of ``rule`` for it would be right.

    The place is ``line`` (from 1) of ``path``, or with ``until`` any line from ``line`` to ``until``. ``at`` lists other
    places where a finding about the same matter may stand. ``reach`` is ``far`` when more than the function itself has
    to be read to decide. ``source`` is the digest of the labelled lines.
    """

    rule: str
    path: str
    line: int
    verdict: str
    reach: str
    source: str
    note: str
    until: int = 0
    at: tuple[tuple[str, int], ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether a finding here is right."""
        return self.verdict == "right"

    @property
    def key(self) -> str:
        """What names the label among those of its project."""
        return f"{self.rule} {self.path}:{self.line}"

    @property
    def seal(self) -> str:
        """A digest of the judgement; the wording of the note is free."""
        places = sorted(f"{path}:{line}" for path, line in self.at)
        return short_digest("\n".join([self.key, self.verdict, self.reach, str(self.until), self.source, *places]))

    def covers(self, path: str, line: int) -> bool:
        """Whether a finding that stands there is about this place."""
        if path == self.path and self.line <= line <= max(self.line, self.until):
            return True
        return (path, line) in self.at


@dataclass(frozen=True)
class Correction:
    """A declared change of the label ``key``: its seal before, its seal now (or ``removed``), and why."""

    key: str
    seal: str
    now: str
    reason: str


@dataclass(frozen=True)
class Project:
    """The labels of one project at one commit."""

    name: str
    repository: str
    commit: str
    labels: tuple[Label, ...]
    corrections: tuple[Correction, ...] = ()

    def is_held_out(self, label: Label) -> bool:
        """Whether a label is set aside: by hash, so that nobody chooses."""
        return is_set_aside(self.repository, label.path, label.line, label.rule)


def short_digest(text: str) -> str:
    """Twelve hexadecimal digits of SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def is_set_aside(repository: str, path: str, line: int, rule: str) -> bool:
    """Whether the hash of a place falls among the share that is set aside."""
    digest = hashlib.sha256(f"{repository} {path}:{line} {rule}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % 100 < SET_ASIDE


def source_digest(text: str, line: int, until: int = 0) -> str:
    """A digest of the labelled lines, which says whether a checkout holds what was labelled; empty where there are none."""
    lines = text.split("\n")[line - 1 : max(line, until)]
    return short_digest("\n".join(each.strip() for each in lines)) if lines else ""


def load(folder: Path) -> list[Project]:
    """All projects with their open labels and those set aside, in the order of their names; raises BadLabels."""
    projects = []
    for path in sorted(folder.glob("*.toml")):
        aside = folder / HELD_OUT / path.name
        projects.append(_project(path, aside if aside.exists() else None))
    return projects


def _project(path: Path, aside: Path | None) -> Project:
    table = _table(path)
    for key in ("repository", "commit"):
        if not isinstance(table.get(key), str):
            raise BadLabels(f"{path.name}: {key} is missing")
    opened = [_label(row, path) for row in table.get("label", ())]
    set_aside = [_label(row, aside) for row in _table(aside).get("label", ())] if aside else []
    corrections = [_correction(row, path) for row in table.get("correction", ())]
    project = Project(path.stem, table["repository"], table["commit"], (*opened, *set_aside), tuple(corrections))
    _check(project, opened, set_aside)
    return project


def _table(path: Path) -> dict[str, Any]:
    return parse_toml(path.read_bytes(), file=path.name)


def _check(project: Project, opened: Iterable[Label], set_aside: Iterable[Label]) -> None:
    for labels, expected in ((opened, False), (set_aside, True)):
        for label in labels:
            if project.is_held_out(label) is not expected:
                raise BadLabels(f"{project.name}: {label.key} stands in the wrong one of the two files")
    keys = [label.key for label in project.labels]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise BadLabels(f"{project.name}: labelled twice: {', '.join(twice)}")


def _label(row: Mapping[str, Any], path: Path) -> Label:
    place = f"{path.name}: {row.get('rule')} {row.get('path')}:{row.get('line')}"
    unknown, missing = sorted(row.keys() - _KEYS), sorted(_NEEDED - row.keys())
    if unknown or missing:
        raise BadLabels(f"{place}: {', '.join([*unknown, *(f'no {key}' for key in missing)])}")
    if row["verdict"] not in _VERDICTS or row["reach"] not in _REACHES:
        raise BadLabels(f"{place}: verdict is right or wrong, reach is near or far")
    if not str(row["note"]).strip():
        raise BadLabels(f"{place}: the note is empty")
    return Label(**{**row, "at": tuple(_places(row.get("at", ()), row["path"], place))})


def _places(places: Iterable[object], own: str, label: str) -> Iterator[tuple[str, int]]:
    for place in places:
        if isinstance(place, int):
            yield own, place
            continue
        path, _, line = str(place).rpartition(":")
        if not path or not line.isdigit():
            raise BadLabels(f'{label}: at takes lines and "path:line", not {place!r}')
        yield path, int(line)


def _correction(row: Mapping[str, Any], path: Path) -> Correction:
    try:
        correction = Correction(**row)
    except TypeError as error:
        raise BadLabels(f"{path.name}: correction: {error}") from error
    if not correction.reason.strip():
        raise BadLabels(f"{path.name}: the correction of {correction.key} gives no reason")
    return correction


# Seals


def read_seals(folder: Path) -> dict[tuple[str, str], str]:
    """What each label said when it was made: the seal by project and key."""
    path = folder / SEALS
    seals = {}
    for row in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        seal, project, key = row.split(" ", 2)
        seals[project, key] = seal
    return seals


def write_seals(folder: Path, projects: Iterable[Project]) -> int:
    """Seal the labels that are new; returns how many. A seal that stands is never rewritten."""
    seals = read_seals(folder)
    known = len(seals)
    for project in projects:
        for label in project.labels:
            seals.setdefault((project.name, label.key), label.seal)
    rows = [f"{seal} {project} {key}\n" for (project, key), seal in sorted(seals.items())]
    (folder / SEALS).write_text("".join(rows), encoding="utf-8")
    return len(seals) - known


def undeclared(projects: Iterable[Project], seals: Mapping[tuple[str, str], str]) -> list[str]:
    """The labels that are not what was sealed, and that no chain of corrections explains."""
    problems, seen = [], set()
    for project in projects:
        for label in project.labels:
            place = (project.name, label.key)
            seen.add(place)
            if place not in seals:
                problems.append(f"{project.name}: {label.key} is not sealed")
            elif _corrected(project, label.key, seals[place]) != label.seal:
                problems.append(f"{project.name}: {label.key} was changed (now {label.seal}) without a correction")
        for (name, key), seal in seals.items():
            gone = name == project.name and (name, key) not in seen
            if gone and _corrected(project, key, seal) != REMOVED:
                problems.append(f"{project.name}: {key} was removed without a correction")
    names = {project.name for project in projects}
    return problems + [f"{name}: the file of {key} is gone" for name, key in seals if name not in names]


def _corrected(project: Project, key: str, seal: str) -> str:
    for correction in project.corrections:
        if correction.key == key and correction.seal == seal:
            seal = correction.now
    return seal
