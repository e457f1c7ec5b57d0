"""What tests tell about names."""

from __future__ import annotations

import ast

import pytest

from flake8_backend.semantic import checks


def known(test: str, *, holds: bool = True, imported: dict[str, str] | None = None) -> list[str]:
    return list(checks.checked(ast.parse(test, mode="eval").body, imported or {}, holds=holds))


@pytest.mark.parametrize(
    ("test", "keys"),
    [
        ("column in ALLOWED", ["column"]),
        ("self.column in ALLOWED", ["self.column"]),
        ("data['sort'] in ALLOWED", ["data['sort']"]),
        ("(column := data.get('sort')) in ALLOWED", ["column"]),
        ("order == 'asc'", ["order"]),
        ("column in ALLOWED and order in ORDERS", ["column", "order"]),
        ("not (column not in ALLOWED or order not in ORDERS)", ["column", "order"]),
        ("column.isidentifier()", ["column"]),
        ("re.fullmatch(r'\\w+', column)", ["column"]),
        ("PATTERN.match(column) is not None", ["column"]),
        ("isinstance(limit, int)", ["limit"]),
        ("isinstance(limit, (int, UUID))", ["limit"]),
        ('"\'" not in name', ["name"]),
        ("column in ALLOWED or order in ORDERS", []),
        ("column not in ALLOWED", []),
        ("column in ''", []),
        ("order == other", []),
        ("isinstance(name, str)", []),
        ("isinstance(name, (int, str))", []),
        ("name.startswith('x')", []),
        ("'x' not in name", []),
        ("column", []),
        ("1 < column < 2", []),
    ],
)
def test_when_a_test_is_true(test: str, keys: list[str]) -> None:
    assert known(test) == keys


@pytest.mark.parametrize(
    ("test", "keys"),
    [
        ("column not in ALLOWED", ["column"]),
        ("order != 'asc'", ["order"]),
        ("not column.isidentifier()", ["column"]),
        ("PATTERN.match(column) is None", ["column"]),
        ("column not in ALLOWED or order not in ORDERS", ["column", "order"]),
        ("'\"' in name", ["name"]),
        ("column not in ALLOWED and order not in ORDERS", []),
        ("column in ALLOWED", []),
        ("column.isidentifier()", []),
    ],
)
def test_when_a_test_is_false(test: str, keys: list[str]) -> None:
    assert known(test, holds=False) == keys


def test_renamed_imports() -> None:
    assert known("isinstance(day, dt)", imported={"dt": "date"}) == ["day"]
    assert known("matches(PATTERN, column)", imported={"matches": "fullmatch"}) == ["column"]


def test_the_call_that_may_never_return() -> None:
    last = checks.last_call(ast.parse("log()\nabort(400)").body)
    assert last is not None
    assert ast.unparse(last) == "abort(400)"
    assert checks.last_call(ast.parse("x = 1").body) is None
    assert checks.last_call([]) is None
