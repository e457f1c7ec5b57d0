"""A new rule with all its files, running from the first minute."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flake8_backend.dev import templates

if TYPE_CHECKING:
    from pathlib import Path

RULES = "src/flake8_backend/rules"
FIXTURES = "tests/fixtures"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+\Z")
_CODE = re.compile(r"BE\d{3}\Z")
_UNWANTED = ("no-", "use-", "avoid-")


class CannotScaffold(ValueError):
    """The name or code will not do, or is taken."""


def next_code(checkout: Path) -> str:
    """The lowest free code of BE0xx."""
    taken = {path.name[:5].upper() for path in (checkout / RULES).glob("be[0-9][0-9][0-9]_*.py")}
    return next(code for code in (f"BE{number:03}" for number in range(1, 1000)) if code not in taken)


def scaffold(checkout: Path, name: str, *, code: str | None = None) -> list[Path]:
    """Write rule, fixtures and changelog fragment and return their paths; raises CannotScaffold."""
    code = code or next_code(checkout)
    if not _NAME.match(name) or name.startswith(_UNWANTED):
        raise CannotScaffold(
            f"{name!r} must be words in kebab case that name the pattern, without {', '.join(_UNWANTED)}"
        )
    if not _CODE.match(code):
        raise CannotScaffold(f"{code!r} is not BE and three digits")
    if list((checkout / RULES).glob(f"{code.lower()}_*.py")):
        raise CannotScaffold(f"{code} is taken")
    if list((checkout / RULES).glob(f"*_{name.replace('-', '_')}.py")):
        raise CannotScaffold(f"{name} is taken")
    fixtures = f"{FIXTURES}/{code.lower()}"
    files = {
        f"{RULES}/{code.lower()}_{name.replace('-', '_')}.py": templates.RULE,
        f"{fixtures}/bad.py": templates.BAD,
        f"{fixtures}/good.py": templates.GOOD,
        f"changelog.d/{code.lower()}.added.md": templates.FRAGMENT,
    }
    written = []
    for place, template in files.items():
        path = checkout / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(template.replace("@CODE@", code).replace("@NAME@", name), encoding="utf-8")
        written.append(path)
    return written
