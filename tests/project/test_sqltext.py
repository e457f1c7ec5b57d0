"""What the text around a value says of it, and how templates are filled."""

from __future__ import annotations

import pytest

from flake8_backend.project.sql import sqltext
from flake8_backend.project.sql.grades import Position
from flake8_backend.project.sql.sqltext import Choice, Fragment, Hole, Text, Values

VALUE, NAME, CLAUSE = Position.VALUE, Position.NAME, Position.CLAUSE
STATEMENT, PLACEHOLDER = Position.STATEMENT, Position.PLACEHOLDER
HOLE = Hole(None, 1)


def text_of(shown: str) -> Text:
    """A text as the tests write it, ``{}`` for a hole."""
    found: list[Fragment] = []
    for number, part in enumerate(shown.split("{}")):
        found += [Hole(None, number), part] if number else [part]
    return tuple(fragment for fragment in found if fragment != "")


def shown(text: Text) -> str:
    """The opposite; a choice is written in angle brackets."""
    return "".join(
        fragment
        if isinstance(fragment, str)
        else "<" + "|".join(shown(option) for option in fragment.options) + ">"
        if isinstance(fragment, Choice)
        else "{}"
        for fragment in text
    )


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("SELECT id FROM orders WHERE id = {}", [VALUE]),
        ("SELECT id FROM orders WHERE name = '{}' AND total > {}", [VALUE, VALUE]),
        ("SELECT id FROM orders WHERE name LIKE '%{}%'", [VALUE]),
        ("SELECT id FROM orders WHERE id IN ({})", [VALUE]),
        ("SELECT id FROM orders WHERE id IN (1, {})", [VALUE]),
        ("SELECT id FROM orders WHERE total BETWEEN {} AND {}", [VALUE, VALUE]),
        ("SELECT id FROM orders LIMIT {} OFFSET {}", [VALUE, VALUE]),
        ("SELECT id FROM orders WHERE name = lower({})", [NAME]),
        ("INSERT INTO orders (id, name) VALUES ({}, '{}')", [VALUE, VALUE]),
        ("INSERT INTO orders VALUES (1, 2), (3, {})", [VALUE]),
        ("INSERT INTO orders VALUES (1), ({})", [VALUE]),
        ("SELECT id FROM orders WHERE (id, name) IN ((1, 'a'), (2, {}))", [VALUE]),
        ("SELECT (id, {}) FROM orders", [NAME]),
        ("INSERT INTO {} ({}) VALUES (?)", [NAME, NAME]),
        ("UPDATE orders SET total = {}", [VALUE]),
        ("UPDATE orders SET {} = 1", [CLAUSE]),
        ("SELECT {} FROM orders", [NAME]),
        ("SELECT id, {} FROM orders", [NAME]),
        ("SELECT * FROM {}", [NAME]),
        ('SELECT * FROM "{}"', [NAME]),
        ("SELECT * FROM shop.{}", [NAME]),
        ("SELECT id FROM orders ORDER BY {}", [NAME]),
        ("SELECT id FROM orders ORDER BY total {}", [CLAUSE]),
        ("SELECT id FROM orders WHERE {}", [CLAUSE]),
        ("SELECT id FROM orders WHERE name = :{}", [PLACEHOLDER]),
        ("SELECT id FROM orders WHERE name = %({})s", [PLACEHOLDER]),
        ("SELECT {}::text", [NAME]),
        ("EXPLAIN {}", [STATEMENT]),
        ("SELECT id FROM ({}) AS found", [STATEMENT]),
        ("SELECT 1 UNION ALL {}", [STATEMENT]),
        ("{} LIMIT 10", [STATEMENT]),
        ("{} = 1", [CLAUSE]),
        ("KILL {}", [VALUE]),
    ],
)
def test_positions(text: str, positions: list[Position]) -> None:
    assert [placed.position for placed in sqltext.placed(text_of(text))] == positions


def test_every_alternative_has_its_own_position() -> None:
    clause: Text = (Choice((text_of(" WHERE id = {}"), text_of(" ORDER BY {}"))),)
    found = sqltext.placed(("SELECT id FROM orders", *clause, " LIMIT 1"))
    assert [placed.position for placed in found] == [VALUE, NAME]


def test_what_stands_between_quotes_is_told() -> None:
    found = sqltext.placed(text_of("SELECT id FROM orders WHERE name = '{}' AND total = {}"))
    assert [placed.quoted for placed in found] == [True, False]


@pytest.mark.parametrize(
    "text",
    [
        "select id from orders",
        "  SELECT 1",
        "-- note\nDELETE FROM orders",
        "/* note */ UPDATE {} SET total = 1",
        "(SELECT 1)",
        "WITH found AS (SELECT 1)",
        "create unique index by_name on orders (name)",
        "alter table orders add column total int",
        "PRAGMA {}",
        "insert into orders values (1)",
    ],
)
def test_statements_are_recognised(text: str) -> None:
    assert sqltext.begins_statement(text_of(text))


@pytest.mark.parametrize(
    "text", ["select an order", "update available for {}", "with love", "Selected {}", "{}", "drop me a line", "set -e"]
)
def test_prose_is_no_statement(text: str) -> None:
    assert not sqltext.begins_statement(text_of(text))


@pytest.mark.parametrize(
    ("template", "values", "filled"),
    [
        ("id = %s", Values([(HOLE,)], {}), "id = {}"),
        ("id = %d", Values([(HOLE,)], {}), "id = 0"),
        ("id = %(key)s, 100%%", Values([], {"key": (HOLE,)}), "id = {}, 100%"),
        ("id = %(key)s", Values([], {}, (HOLE,)), "id = {}"),
        ("id IN (%s)", Values([("?, ?",)], {}), "id IN (?, ?)"),
        ("unknown", Values([(HOLE,)], {}), "unknown\0{}"),
    ],
)
def test_percent_templates(template: str, values: Values, filled: str) -> None:
    assert shown(sqltext.percent_filled((template,), values)) == filled


@pytest.mark.parametrize(
    ("template", "values", "filled"),
    [
        ("id = {}", Values([(HOLE,)], {}), "id = {}"),
        ("id = {0} OR id = {0}", Values([(HOLE,)], {}), "id = {} OR id = {}"),
        ("id = {key!r:>10}", Values([], {"key": (HOLE,)}), "id = {}"),
        ("id = {key.id}", Values([], {"key": (HOLE,)}), "id = {}"),
        ("id = {:d}", Values([(HOLE,)], {}), "id = 0"),
        ("data @> '{{}}'", Values([], {}), "data @> '{}'"),
    ],
)
def test_brace_templates(template: str, values: Values, filled: str) -> None:
    assert shown(sqltext.format_filled((template,), values)) == filled


def test_dollar_templates() -> None:
    values = Values([], {"table": (HOLE,), "id": ("1",)})
    assert shown(sqltext.dollar_filled(("FROM $table WHERE id = ${id} AND price = '$$'",), values)) == (
        "FROM {} WHERE id = 1 AND price = '$'"
    )


def test_templates_are_filled_on_every_path() -> None:
    template: Text = (Choice((("id = %(key)s",), ("total > %(key)s",))),)
    values = Values([], {"key": (HOLE,)})
    assert shown(sqltext.percent_filled(template, values)) == "<id = {}|total > {}>"


def test_replacing() -> None:
    assert shown(sqltext.replaced(("SELECT * FROM __table__",), "__table__", (HOLE,))) == "SELECT * FROM {}"
    assert shown(sqltext.replaced(("SELECT 1",), "'", ("''",))) == "SELECT 1"
    assert shown(sqltext.replaced(("SELECT 1",), None, (HOLE,))) == "SELECT 1\0{}"


def test_what_is_handed_on_is_whole() -> None:
    assert sqltext.is_whole((HOLE,))
    assert sqltext.is_whole((Choice(((HOLE,), ("SELECT 1",))),))
    assert not sqltext.is_whole(("SELECT ", HOLE))
