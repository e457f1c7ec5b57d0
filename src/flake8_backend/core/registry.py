"""Finding the rules: every module of ``flake8_backend.rules`` that declares a ``RULE``, and those of other packages.

There is no list to edit: a rule exists because its module does.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from flake8_backend.core.rule import Rule

if TYPE_CHECKING:
    from types import ModuleType

ENTRY_POINT_GROUP = "flake8_backend.rules"
_CODE = re.compile(r"BE\d{3}\Z")


class BrokenRule(ValueError):
    """A rule module that cannot be registered; the message names the module."""


def _declared_in(module: ModuleType) -> Rule:
    rule = getattr(module, "RULE", None)
    if not isinstance(rule, Rule):
        raise BrokenRule(f"{module.__name__} declares no RULE")
    if not _CODE.match(rule.code):
        raise BrokenRule(f"{module.__name__}: code {rule.code!r} is not BE and three digits")
    return rule


@functools.cache
def all_rules() -> tuple[Rule, ...]:
    """All rules in the order of their codes; raises BrokenRule."""
    from flake8_backend import rules as package

    found: dict[str, Rule] = {}
    for info in pkgutil.iter_modules(package.__path__):
        if not info.name.startswith("be"):
            continue
        rule = _declared_in(importlib.import_module(f"{package.__name__}.{info.name}"))
        if not info.name.startswith(rule.code.lower() + "_"):
            raise BrokenRule(f"{info.name}.py declares {rule.code}")
        found[rule.code] = rule
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        rule = _declared_in(entry.load())
        if rule.code in found:
            raise BrokenRule(f"{entry.value} declares {rule.code}, which is taken")
        found[rule.code] = rule
    return tuple(found[code] for code in sorted(found))


def rule_named(code: str) -> Rule:
    """The rule of ``code``; raises KeyError."""
    for rule in all_rules():
        if rule.code == code:
            return rule
    raise KeyError(code)
