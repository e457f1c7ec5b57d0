"""CHANGELOG.md from fragments: one file per change, so that changes made side by side never conflict."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "changelog.d"
KINDS = {"added": "Added", "changed": "Changed", "fixed": "Fixed"}
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*\.(added|changed|fixed)\.md\Z")


class BadFragment(ValueError):
    """A file in changelog.d that is no fragment, or an empty one."""


def fragments(checkout: Path) -> list[Path]:
    """The fragments in the order of their names; raises BadFragment."""
    found = []
    for path in sorted((checkout / FOLDER).iterdir()):
        if path.name == "README.md":
            continue
        if not _NAME.match(path.name):
            raise BadFragment(f"{FOLDER}/{path.name}: the name must be <slug>.<{'|'.join(KINDS)}>.md")
        if not path.read_text(encoding="utf-8").strip():
            raise BadFragment(f"{FOLDER}/{path.name} is empty")
        found.append(path)
    return found


def compile_section(checkout: Path, title: str) -> str:
    """The Markdown section of all fragments, grouped by kind; raises BadFragment."""
    parts = [f"## {title}\n"]
    found = fragments(checkout)
    for kind, heading in KINDS.items():
        items = [path for path in found if path.name.endswith(f".{kind}.md")]
        if items:
            parts.append(f"### {heading}\n")
            parts.extend(_item(path) for path in items)
    return "\n".join(parts)


def _item(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").strip().splitlines()
    return "\n".join(("- " if number == 0 else "  ") + line for number, line in enumerate(lines)) + "\n"


def release(checkout: Path, version: str) -> None:
    """Write the section of ``version`` on top of CHANGELOG.md and remove its fragments; raises BadFragment."""
    section = compile_section(checkout, version)
    path = checkout / "CHANGELOG.md"
    head, mark, older = path.read_text(encoding="utf-8").partition("\n## ")
    path.write_text(head.rstrip() + "\n\n" + section + (mark + older if mark else ""), encoding="utf-8")
    for fragment in fragments(checkout):
        fragment.unlink()
