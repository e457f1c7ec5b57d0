"""The groups of distributions that are installed together, read from ``groups.toml``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_backend.dev.packcheck.claims import STDLIB
from flake8_backend.knowledge.compiled import parse_toml
from flake8_backend.project.files.requirements import normalised

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

FILE = Path(__file__).with_name("groups.toml")
_NAME = re.compile(r"[\w.-]+")


@dataclass(frozen=True)
class Group:
    """One environment: requirements for pip, of what is checked and ``beside`` it; code that runs before any import."""

    name: str
    install: Sequence[str]
    beside: Sequence[str] = ()
    setup: str = ""

    def distributions(self, known: Collection[str]) -> list[str]:
        """Which of the ``known`` distributions it holds; the standard library where nothing is installed."""
        if not self.install:
            return [STDLIB]
        names = {normalised(match[0]) for text in self.install if (match := _NAME.match(text))}
        return [name for name in known if normalised(name) in names]


def load() -> list[Group]:
    """All groups, in the order of the file."""
    tables = parse_toml(FILE.read_bytes(), file=FILE.name)
    return [Group(row["name"], row["install"], row.get("beside", ()), row.get("setup", "")) for row in tables["group"]]
