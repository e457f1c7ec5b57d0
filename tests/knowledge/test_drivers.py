"""What drivers after DB-API 2 give: a connection, its cursors, and where these take SQL."""

from __future__ import annotations

import pytest

from flake8_backend.knowledge import loader

# how a connection is made, the class of its cursor, how placeholders are written (empty: not told)
DRIVERS = [
    ("clickhouse_connect.dbapi.connect", "clickhouse_connect.dbapi.cursor.Cursor", ""),
    ("clickhouse_driver.dbapi.connect", "clickhouse_driver.dbapi.cursor.Cursor", ""),
    ("ibm_db_dbi.connect", "ibm_db_dbi.Cursor", "qmark"),
    ("mysql.connector.connect", "mysql.connector.cursor.MySQLCursor", "format"),
    ("oracledb.connect", "oracledb.Cursor", "named"),
    ("oracledb.connect_async", "oracledb.AsyncCursor", "named"),
    ("pyathena.connect", "pyathena.cursor.Cursor", "pyformat"),
    ("pymssql.connect", "pymssql.Cursor", "format"),
    ("pyodbc.connect", "pyodbc.Cursor", "qmark"),
    ("snowflake.connector.connect", "snowflake.connector.cursor.SnowflakeCursor", ""),
    ("sqlalchemy.engine.Engine.raw_connection", "sqlalchemy.engine.interfaces.DBAPICursor", ""),
    ("trino.dbapi.connect", "trino.dbapi.Cursor", "qmark"),
    ("vertica_python.connect", "vertica_python.vertica.cursor.Cursor", "named"),
]


@pytest.mark.parametrize(("connect", "cursor", "style"), DRIVERS)
def test_a_connection_leads_to_a_cursor_that_takes_sql(connect: str, cursor: str, style: str) -> None:
    knowledge = loader.load((connect.partition(".")[0],))
    made = knowledge.call(connect)
    assert made is not None
    assert "net" in made.effects
    connection = str(made.returns)
    opened = knowledge.call(f"{connection}.cursor")
    assert opened is not None
    assert (opened.effects, str(opened.returns)) == (frozenset(), cursor)
    execute = knowledge.call(f"{cursor}.execute")
    assert execute is not None
    assert {"net", "db"} <= execute.effects
    is_async = connect == "oracledb.connect_async"
    assert ("blocks" in execute.effects, "await" in execute.use) == (not is_async, is_async)
    (taken,) = (mark for mark in knowledge.markers(f"{cursor}.execute") if mark.kind == "raw-sql")
    assert taken.sql is not None
    assert (taken.sql.pos, taken.paramstyle or "") == (0, style)


def test_the_connection_that_sqlalchemy_hands_out_has_cursors() -> None:
    found = loader.load(("sqlalchemy",)).call("sqlalchemy.engine.interfaces.DBAPIConnection.cursor")
    assert found is not None
    assert str(found.returns) == "sqlalchemy.engine.interfaces.DBAPICursor"


def test_a_model_that_is_deleted_softly_has_three_managers() -> None:
    found = loader.load(("django_softdelete",)).klass("django_softdelete.models.SoftDeleteModel")
    assert found is not None
    assert found.abstract
    assert {"objects", "global_objects", "deleted_objects"} <= set(found.attributes)
    assert "django.db.models.Model" in found.bases
