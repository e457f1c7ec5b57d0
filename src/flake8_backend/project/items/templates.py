"""Templates of Django and Jinja: where they lie, and what each of them says (``templatetext``)."""

# Plain strings, as in discovery: many names are tried.
# ruff: noqa: PTH112, PTH116, PTH117, PTH118, PTH120
from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_backend.core.source import digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.project.items.templatetext import Read, Template

FOLDERS = ("templates", "jinja2")
_SUFFIXES = (".html", ".htm", ".xml", ".txt", ".jinja", ".jinja2", ".j2")
_LARGEST = 400_000  # bytes: more is data, not a page


@dataclass(frozen=True)
class Templates:
    """The templates of a project, read when they are asked for."""

    root: Path
    folders: Sequence[str]
    _known: dict[str, Template | None] = field(default_factory=dict)
    _reads: dict[str, tuple[Read, ...]] = field(default_factory=dict)

    @cached_property
    def fingerprint(self) -> str:
        """Changes when a template is changed, added or taken away."""
        rows = []
        for path in self._files():
            info = os.stat(path)
            rows.append(f"{os.path.relpath(path, self.root)}:{info.st_size}:{info.st_mtime_ns}")
        return digest("\n".join(rows).encode("utf-8", "surrogateescape"))

    def _files(self) -> Iterator[str]:
        for folder in self.folders:
            for place, folders, files in os.walk(folder):
                folders.sort()
                yield from (os.path.join(place, name) for name in sorted(files) if name.endswith(_SUFFIXES))

    def find(self, name: str) -> Template | None:
        """The template that ``name`` means: the first folder that has it counts."""
        if name not in self._known:
            self._known[name] = self._find(name)
        return self._known[name]

    def _find(self, name: str) -> Template | None:
        from flake8_backend.project.items.templatetext import Template

        if os.path.isabs(name) or ".." in name.split("/"):
            return None
        for folder in self.folders:
            path = Path(folder, name)
            try:
                if path.is_file() and path.stat().st_size <= _LARGEST:
                    text = path.read_bytes().decode("utf-8", "replace")
                    return Template(name, path.relative_to(self.root).as_posix(), text)
            except (OSError, ValueError):
                continue
        return None

    def reads(self, name: str) -> tuple[Read, ...]:
        """What a template reads of the items that it goes through, in the order of its text."""
        if name not in self._reads:
            template = self.find(name)
            from flake8_backend.project.items.templatetext import Scan  # patterns that a warm run does without

            self._reads[name] = tuple(Scan(self).of(template)) if template is not None else ()
        return self._reads[name]

    def words(self, name: str) -> frozenset[str] | None:
        """The names that a template mentions, see ``templatetext.words``."""
        from flake8_backend.project.items.templatetext import words

        return words(self, name)


def read(root: Path, folders: Sequence[str]) -> Templates:
    """The templates beside the modules in ``folders`` and in every folder from there up to ``root``."""
    around: dict[str, None] = {}
    top = str(root)
    for folder in folders:
        current = folder
        while current.startswith(top) and current not in around:
            around[current] = None
            current = os.path.dirname(current)
    around.setdefault(top, None)
    found = [os.path.join(folder, name) for folder in sorted(around) for name in FOLDERS]
    return Templates(root, [folder for folder in found if os.path.isdir(folder)])
