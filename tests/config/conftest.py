"""Rules made for these tests, so that they say nothing about the real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flake8_backend.config_keys import known_codes
from flake8_backend.core import registry
from flake8_backend.core.diagnostic import Severity
from flake8_backend.core.rule import Category, Default, Rule, RuleOption, Status

if TYPE_CHECKING:
    from collections.abc import Iterator


def rule(
    code: str,
    name: str,
    default: Default = Default.ON,
    status: Status = Status.STABLE,
    options: tuple[RuleOption, ...] = (),
) -> Rule:
    return Rule(
        code=code,
        name=name,
        summary="Summary.",
        why="Why.",
        mandate="Mandate.",
        category=Category.RELIABILITY,
        severity=Severity.HIGH,
        default=default,
        status=status,
        options=options,
    )


RULES = (
    rule("BE001", "blocking-call"),
    rule(
        "BE002",
        "call-without-timeout",
        options=(
            RuleOption("limit", 3, "How many."),
            RuleOption("ratio", 0.5, "How much."),
            RuleOption("names", ["a"], "Which."),
            RuleOption("exact", False, "Whether."),
        ),
    ),
    rule("BE013", "unversioned-api", default=Default.STRICT),
    rule("BE101", "state-change", status=Status.PREVIEW),
)


@pytest.fixture(autouse=True)
def made_up_rules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "all_rules", lambda: RULES)
    known_codes.cache_clear()
    yield
    known_codes.cache_clear()
