"""Text that becomes SQL in small projects: what is put into it, and who chooses that."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from tests.project.solving import solve

if TYPE_CHECKING:
    from flake8_backend.project.solution import Solution

HEAD = """
import enum
import re
import sqlite3
from contextvars import ContextVar
from string import Template
from textwrap import dedent
from typing import Literal

TABLES = ("orders", "customers")
COLUMNS = {"new": "created_at", "dear": "total DESC"}
MODE: ContextVar[str] = ContextVar("MODE", default="DEFERRED")

class Direction(str, enum.Enum):
    UP = "asc"
    DOWN = "desc"

"""


def found(solution: Solution) -> list[tuple[str, str, str]]:
    """Function, position and origin of everything unsafe."""
    flow = solution.sql
    return [
        (
            solution.table.by_name[use.site.module].function(use.site.function).name,
            unsafe.position.name,
            unsafe.source.origin.name,
        )
        for uses in flow.uses.values()
        for use in uses
        for unsafe in flow.unsafe(use)
    ]


def of(text: str, **modules: str) -> list[tuple[str, str, str]]:
    sources = {name: textwrap.dedent(other) for name, other in modules.items()}
    return found(solve({"app": HEAD + textwrap.dedent(text), **sources}))


def in_function(body: str, parameters: str = "x") -> list[tuple[str, str]]:
    """Position and origin in the body of a function that has a ``cursor``."""
    text = f"def public(cursor: sqlite3.Cursor, {parameters}):\n" + textwrap.indent(textwrap.dedent(body), "    ")
    return [(position, origin) for _, position, origin in of(text)]


VALUE, NAME, CLAUSE = [("VALUE", "CALLER")], [("NAME", "CALLER")], [("CLAUSE", "CALLER")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('cursor.execute(f"SELECT 1 WHERE a = {x}")', VALUE),
        ('cursor.execute("SELECT 1 WHERE a = %s" % x)', VALUE),
        ('cursor.execute("SELECT 1 WHERE a = {}".format(x))', VALUE),
        ('cursor.execute("SELECT 1 WHERE a = {a}".format(**{"a": x}))', VALUE),
        ('cursor.execute("SELECT 1 WHERE a = {a}".format_map({"a": x}))', VALUE),
        ('cursor.execute("SELECT 1 WHERE a = " + x)', VALUE),
        ('cursor.execute("SELECT * FROM t".replace("t", x))', NAME),
        ('cursor.execute(Template("SELECT * FROM $t").substitute(t=x))', NAME),
        ('cursor.execute(" ".join(["SELECT * FROM", x]))', NAME),
        ("sql = 'SELECT 1'\nif x:\n    sql += f' WHERE a = {x}'\ncursor.execute(sql)", VALUE),
        ("parts = []\nparts.append(f'a = {x}')\ncursor.execute('SELECT 1 WHERE ' + ' AND '.join(parts))", VALUE),
        ("where = [f'{k} = 1' for k in x]\ncursor.execute('SELECT 1 WHERE ' + ' AND '.join(where))", CLAUSE),
        ('cursor.execute(dedent(f"SELECT * FROM {x}"))', NAME),
        ('cursor.execute(sql := f"SELECT * FROM {x}")', NAME),
        ('cursor.execute(f"SELECT * FROM t ORDER BY {x or 1}")', NAME),
        ('cursor.execute(f"SELECT * FROM {x.strip().lower()}")', NAME),
        ("for t in x:\n    cursor.execute(f'SELECT * FROM {t}')", NAME),
        ('run = cursor.execute\nrun(f"SELECT * FROM {x}")', NAME),
    ],
)
def test_what_is_put_in(body: str, expected: list[tuple[str, str]]) -> None:
    assert in_function(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        'cursor.execute("SELECT 1 WHERE a = ?", (x,))',
        "cursor.execute(x)",
        'cursor.execute(f"SELECT 1 WHERE a = {int(x)}")',
        'cursor.execute(f"SELECT 1 WHERE a = {len(x)}")',
        'cursor.execute(f"SELECT 1 WHERE a = {x:d}")',
        'cursor.execute("SELECT 1 WHERE a = %d" % x)',
        "if x not in TABLES:\n    raise ValueError(x)\ncursor.execute(f'SELECT * FROM {x}')",
        "if x in TABLES:\n    cursor.execute(f'SELECT * FROM {x}')",
        "assert x in TABLES\ncursor.execute(f'SELECT * FROM {x}')",
        "x = x if x in TABLES else 'orders'\ncursor.execute(f'SELECT * FROM {x}')",
        "if not x.isidentifier():\n    raise ValueError(x)\ncursor.execute(f'SELECT * FROM {x}')",
        "x = re.sub('[^a-z_]', '', x)\ncursor.execute(f'SELECT * FROM {x}')",
        "n = re.match(r't_(\\d+)', x).group(1)\ncursor.execute(f'SELECT * FROM t_{n}')",
        'cursor.execute(f"SELECT 1 ORDER BY {COLUMNS[x]}")',
        'cursor.execute(f"SELECT 1 ORDER BY {COLUMNS.get(x, 1)}")',
        'cursor.execute(f"SELECT 1 ORDER BY a {Direction(x).value}")',
        'cursor.execute(f"SELECT 1 ORDER BY a {Direction.UP.value}")',
        "for t in TABLES:\n    cursor.execute(f'SELECT * FROM {t}')",
        "for k, c in COLUMNS.items():\n    cursor.execute(f'SELECT {k}, {c}')",
        "marks = ', '.join('?' for _ in x)\ncursor.execute(f'SELECT 1 WHERE a IN ({marks})', x)",
        "marks = ', '.join(['?'] * len(x))\ncursor.execute(f'SELECT 1 WHERE a IN ({marks})', x)",
        "row = dict(zip(TABLES, x))\nfor k in row:\n    cursor.execute(f'SELECT {k} = :{k}', row)",
        "name = x.replace('\"', '\"\"')\ncursor.execute(f'SELECT * FROM \"{name}\"')",
        'cursor.execute(f"BEGIN {MODE.get()}")',
        "where = 'a = ?' if x else 'b = ?'\ncursor.execute(f'SELECT 1 WHERE {where}', (x,))",
        "parts = []\nif x:\n    parts.append('a = ?')\ncursor.execute('SELECT 1 WHERE ' + ' AND '.join(parts), (x,))",
    ],
)
def test_what_is_harmless(body: str) -> None:
    assert in_function(body) == []


@pytest.mark.parametrize(
    "annotation", ["int", "float", "bool", "Direction", "Literal['asc', 'desc']", "Literal['asc', 'desc'] | None"]
)
def test_types_that_are_harmless(annotation: str) -> None:
    assert in_function('cursor.execute(f"SELECT 1 ORDER BY a {x}")', f"x: {annotation}") == []


def test_a_context_variable_holds_what_it_is_set_to() -> None:
    text = """
    def choose(mode):
        MODE.set(mode)

    def begin(cursor: sqlite3.Cursor):
        cursor.execute(f"BEGIN {MODE.get()}")
    """
    assert of(text) == [("begin", "CLAUSE", "CALLER")]


def test_helpers_that_build_and_helpers_that_run() -> None:
    text = """
    from db import condition, run

    def customers(name):
        return run(f"SELECT id FROM customers WHERE {condition('name', name)}")

    def orders(number):
        return run("SELECT id FROM orders WHERE number = ?", (number,))

    def tables():
        return [run(f"SELECT count(*) FROM {table}") for table in TABLES]
    """
    db = """
    import sqlite3

    def condition(column, value):
        return f"{column} = '{value}'"

    def run(sql, values=()):
        return sqlite3.connect("shop.db").execute(sql, values).fetchall()
    """
    assert of(text, db=db) == [("customers", "VALUE", "CALLER")]


def test_private_helpers_are_read_in_the_light_of_their_callers() -> None:
    text = """
    def _count(cursor: sqlite3.Cursor, table):
        return cursor.execute(f"SELECT count(*) FROM {table}")

    def orders(cursor):
        return _count(cursor, "orders")
    """
    assert of(text) == []
    more = """
    def any_table(cursor, name):
        return _count(cursor, name)
    """
    assert of(text + more) == [("_count", "NAME", "CALLER")]


def test_methods_of_subclasses_stand_for_abstract_ones() -> None:
    text = """
    import abc

    class Store(abc.ABC):
        @abc.abstractmethod
        def fetch(self, sql): ...

        def by_name(self, name):
            return self.fetch(f"SELECT id FROM t WHERE name = '{name}'")

    class SqliteStore(Store):
        def fetch(self, sql):
            return sqlite3.connect("shop.db").execute(sql)
    """
    assert of(text) == [("by_name", "VALUE", "CALLER")]


def test_functions_that_are_handed_over() -> None:
    text = """
    import asyncio

    async def rename(cursor: sqlite3.Cursor, name):
        await asyncio.to_thread(cursor.execute, f"UPDATE t SET name = '{name}'")
    """
    assert of(text) == [("rename", "VALUE", "CALLER")]


def test_handlers_are_nearer_to_someone_outside() -> None:
    text = """
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/orders")
    def orders(sort: str, limit: int):
        return sqlite3.connect("shop.db").execute(f"SELECT id FROM orders ORDER BY {sort} LIMIT {limit}")
    """
    assert of(text) == [("orders", "NAME", "REQUEST")]


def test_names_that_someone_else_settles() -> None:
    text = """
    from settings import SCHEMA

    class Report:
        table = SCHEMA

        def rows(self, cursor: sqlite3.Cursor):
            return cursor.execute(f"SELECT * FROM {self.table}")
    """
    (item,) = of(text, settings="import os\n\nSCHEMA = os.environ['SCHEMA']\n")
    assert item[:2] == ("rows", "NAME")
    assert item[2] in ("SETTING", "UNKNOWN")


def test_objects_that_are_not_known_run_what_begins_as_sql() -> None:
    text = """
    def rows(cursor, name):
        cursor.execute(f"SELECT * FROM t WHERE name = '{name}'")
        cursor.execute(f"reload {name}")
    """
    assert [position for _, position, _ in of(text)] == ["VALUE"]


def test_functions_that_call_themselves_come_to_an_end() -> None:
    text = """
    def nested(depth, name):
        return name if not depth else f"({nested(depth - 1, name)})"

    def run(cursor: sqlite3.Cursor, sql, again=False):
        return cursor.execute(sql) if again else run(cursor, sql + "", True)

    def rows(cursor, depth, name):
        return run(cursor, f"SELECT * FROM t WHERE {nested(depth, name)}")
    """
    assert ("rows", "CLAUSE", "CALLER") in of(text)
