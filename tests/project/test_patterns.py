"""What regular expressions tell of the text that they match or leave."""

from __future__ import annotations

import pytest

from flake8_backend.project.sql import patterns


@pytest.mark.parametrize("pattern", ["[^a-z_]", "[^A-Za-z0-9_]+", r"\W", r"\W+", r"[:.\"'\s]"])
def test_quotes_are_removed(pattern: str) -> None:
    assert patterns.removes_quotes(pattern)


@pytest.mark.parametrize("pattern", ["[a-z]", r"\s+", "[^a-z']", "a|b", "^[^a-z]", ""])
def test_quotes_may_be_left(pattern: str) -> None:
    assert not patterns.removes_quotes(pattern)


@pytest.mark.parametrize(
    ("pattern", "groups"),
    [
        (r"\d+", [True]),
        (r"query_(\d+)", [True, True]),
        (r"^(\w+)\.(\w+)$", [True, True, True]),
        (r"(?P<table>\w+) (?P<rest>.*)", [False, True, False]),
        (r"(?:from|join) (\w+)", [False, True]),
        (r"\((\w+)\)", [False, True]),
        (r"((\w+)=(.+))", [False, False, True, False]),
        (r"(.*)", [False, False]),
    ],
)
def test_groups(pattern: str, groups: list[bool]) -> None:
    assert patterns.captured(pattern) == groups
