"""Values that are formatted into SQL become parameters, and what is not understood is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixes.fakes import fixed, refused

PLACES = [f"{leaf}{mark}" for leaf in range(4) for mark in ("", *(f"{sign}{n}" for sign in ".%:" for n in range(4)))]
NAMED = [f"{leaf}{sign}{name}" for leaf in range(4) for sign in "%:" for name in ("key", "name")]


def told(style: str, kept: tuple[str, ...], **more: Any) -> dict[str, Any]:
    operands = {name: "keep" if name in kept else "bind" for name in (*PLACES, *NAMED)}
    return {"style": style, "operands": operands, "sql": ["sql", 0], "values": ["params", 1], **more}


def bind(call: Any, fix: Any, *, style: str = "qmark", kept: tuple[str, ...] = (), has_values: bool = False) -> Any:
    return fix.bind_values(call, **told(style, kept, has_values=has_values))


def bind_text(call: Any, fix: Any, *, style: str = "named") -> Any:
    return fix.bind_in_text(call, **told(style, ()))


@pytest.mark.parametrize(
    ("style", "before", "after"),
    [
        ("qmark", 'run(f"a = {x}")', 'run("a = ?", (x,))'),
        ("format", 'run(f"a = {x}")', 'run("a = %s", (x,))'),
        ("pyformat", 'run(f"a = {x}")', 'run("a = %(x)s", {"x": x})'),
        ("named", 'run(f"a = {x}")', 'run("a = :x", {"x": x})'),
        ("numeric-dollar", 'run(f"a = {x}")', 'run("a = $1", x)'),
        ("qmark", "run(f\"a = '{x}' AND b = {y.z}\")", 'run("a = ? AND b = ?", (x, y.z))'),
        (
            "named",
            'run(f"a = {row.id} AND b = {other.id}")',
            'run("a = :id AND b = :id_2", {"id": row.id, "id_2": other.id})',
        ),
        ("named", 'run(f"a = {x} OR b = {x}")', 'run("a = :x OR b = :x", {"x": x})'),
        ("qmark", "run(\"a = %s AND b = '%s'\" % (x, y))", 'run("a = ? AND b = ?", (x, y))'),
        ("qmark", 'run("a = %s" % x)', 'run("a = ?", (x,))'),
        ("qmark", 'run("a = %(key)s" % {"key": x})', 'run("a = ?", (x,))'),
        ("qmark", 'run("a = {} AND b = {}".format(x, y))', 'run("a = ? AND b = ?", (x, y))'),
        ("qmark", 'run("a = {key}".format(key=x))', 'run("a = ?", (x,))'),
        ("qmark", 'run("a = {1} AND b = {0}".format(x, y))', 'run("a = ? AND b = ?", (y, x))'),
        ("qmark", 'run("a = \'" + x + "\' AND b = 1")', 'run("a = ? AND b = 1", (x,))'),
        ("qmark", 'run("a = " + x)', 'run("a = ?", (x,))'),
        ("qmark", "run(f\"a LIKE '%{x}%'\")", 'run("a LIKE ?", (f"%{x}%",))'),
        ("format", "run(\"a LIKE 'x%%' AND b = %s\" % x)", "run(\"a LIKE 'x%%' AND b = %s\", (x,))"),
        ("qmark", "run(\"a LIKE 'x%%' AND b = %s\" % x)", "run(\"a LIKE 'x%' AND b = ?\", (x,))"),
        ("format", "run(f\"a LIKE 'x%' AND b = {x}\")", "run(\"a LIKE 'x%%' AND b = %s\", (x,))"),
        ("qmark", "run(f\"a = '{{}}' AND b = {x}\")", "run(\"a = '{}' AND b = ?\", (x,))"),
        ("qmark", 'run(sql=f"a = {x}")', 'run(sql="a = ?", params=(x,))'),
        ("qmark", "run(rf'a = {x}')", "run(r'a = ?', (x,))"),
        ("qmark", 'run("a = 1 " f"AND b = {x}")', 'run("a = 1 " "AND b = ?", (x,))'),
        ("qmark", 'run(dedent(f"a = {x}"))', 'run(dedent("a = ?"), (x,))'),
        ("qmark", "run(f\"a = '{x:>5}'\")", 'run("a = ?", (f"{x:>5}",))'),
    ],
)
def test_values_become_parameters(style: str, before: str, after: str) -> None:
    assert fixed(before, bind, style=style) == after


@pytest.mark.parametrize(
    ("style", "before", "after"),
    [
        ("qmark", 'run(f"a = ? AND b = {x}", (y,))', 'run("a = ? AND b = ?", (y, x))'),
        ("qmark", 'run(f"a = {x} AND b = ?", [y])', 'run("a = ? AND b = ?", [x, y])'),
        ("qmark", 'run(f"a = {x} AND b = ?", params=(y,))', 'run("a = ? AND b = ?", params=(x, y))'),
        ("named", 'run(f"a = :y AND b = {x}", {"y": y})', 'run("a = :y AND b = :x", {"y": y, "x": x})'),
        ("named", 'run(f"a = :x AND b = {x}", {"x": y})', 'run("a = :x AND b = :x_2", {"x": y, "x_2": x})'),
        ("numeric-dollar", 'run(f"a = $1 AND b = {x}", y)', 'run("a = $1 AND b = $2", y, x)'),
        (
            "format",
            "run(f\"a LIKE 'x%%' AND b = %s AND c = {x}\", (y,))",
            "run(\"a LIKE 'x%%' AND b = %s AND c = %s\", (y, x))",
        ),
    ],
)
def test_what_is_passed_already_keeps_its_place(style: str, before: str, after: str) -> None:
    assert fixed(before, bind, style=style, has_values=True) == after


def test_what_is_to_stay_stays() -> None:
    before = 'run(f"SELECT {COLUMNS} FROM t WHERE a = {x}")'
    assert fixed(before, bind, kept=("0.0",)) == 'run(f"SELECT {COLUMNS} FROM t WHERE a = ?", (x,))'
    before = 'run("SELECT " + COLUMNS + " FROM t WHERE a = " + x)'
    assert fixed(before, bind, kept=("1",)) == 'run("SELECT " + COLUMNS + " FROM t WHERE a = ?", (x,))'


@pytest.mark.parametrize(
    ("before", "has_values", "reason"),
    [
        ('run(f"a = \'{x}")', False, "a literal in the statement is not closed"),
        ("run(f\"a = '''{x}'\")", False, "quote"),
        ('run("a = %d" % x)', False, "more than the place of a value"),
        ('run("a = {!r}".format(x))', False, "more than the place of a value"),
        ('run("a = %s" % (x, y))', False, "not every value has a place in the template"),
        ("run(TEMPLATE % x)", False, "the template is not written here"),
        ('run(f"a = {x} %s" % y)', False, "the template"),
        ('run(f"a = ? AND b = {x}", values)', True, "not written here"),
        ('run(f"a = ? AND b = {x}", (*values,))', True, "not written one by one"),
        ('run(f"a = {x}", (y,))', True, "not those of the statement"),
        ("run(*statement)", False, "unpacked"),
    ],
)
def test_what_is_not_understood_is_left_alone(before: str, has_values: bool, reason: str) -> None:
    assert reason in refused(before, bind, has_values=has_values)


def test_statement_objects_are_given_their_values() -> None:
    assert fixed('text(f"a = {x}")', bind_text) == 'text("a = :x").bindparams(x=x)'
    assert fixed('text("a = " + x + " AND b = " + y)', bind_text) == 'text("a = :x AND b = :y").bindparams(x=x, y=y)'


def test_names_of_placeholders_come_from_the_values() -> None:
    before = "run(f\"a = {request.args['city']} AND b = {find(1)} AND c = {x + 1}\")"
    after = fixed(before, bind, style="named")
    assert '"a = :city AND b = :find AND c = :value"' in after
    assert '{"city": request.args[\'city\'], "find": find(1), "value": x + 1}' in after
