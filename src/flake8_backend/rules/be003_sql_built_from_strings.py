"""BE003: SQL that is put together from strings runs whatever someone put into the strings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flake8_backend.authoring import (
    Category,
    Diagnostic,
    Example,
    FunctionView,
    Origin,
    Position,
    Related,
    Rule,
    Safety,
    Severity,
    Unsafe,
    Use,
)

RULE = Rule(
    code="BE003",
    name="sql-built-from-strings",
    summary="SQL is built by string formatting.",
    why="""
    A value that is formatted into a statement becomes part of the statement: a quote in it ends the literal, and what
    follows runs as SQL with all the rights of the service. A bound parameter travels beside the statement and is never
    read as SQL. Names of tables and columns cannot be bound: they are checked against an allow-list or quoted by the
    driver.
    """,
    mandate="Parameters are bound: no SQL is put together from strings.",
    category=Category.SECURITY,
    severity=Severity.CRITICAL,
    fixes=frozenset({Safety.UNSAFE}),
    fix_note="""
    Values become parameters in the driver's own style. It is unsafe because a bound value is compared by its type: a
    column that was compared with text may now be compared with a number, and quotes or wildcards that were written
    into the statement are part of the value. Nothing is changed where a name or another piece of the statement is put
    in as well, for that cannot be bound.
    """,
    examples=(
        Example(
            bad=(
                "import sqlite3\n\n\n"
                "def customer(database: sqlite3.Connection, email: str):\n"
                "    return database.execute(f\"SELECT id FROM customers WHERE email = '{email}'\").fetchone()\n"
            ),
            good=(
                "import sqlite3\n\n\n"
                "def customer(database: sqlite3.Connection, email: str):\n"
                '    return database.execute("SELECT id FROM customers WHERE email = ?", (email,)).fetchone()\n'
            ),
        ),
        Example(
            bad=(
                "from sqlalchemy import text\nfrom sqlalchemy.orm import Session\n\n\n"
                "def sorted_orders(session: Session, column: str):\n"
                '    return session.execute(text(f"SELECT id FROM orders ORDER BY {column}")).all()\n'
            ),
            good=(
                "from sqlalchemy import text\nfrom sqlalchemy.orm import Session\n\n"
                'SORTABLE = ("created_at", "total")\n\n\n'
                "def sorted_orders(session: Session, column: str):\n"
                "    if column not in SORTABLE:\n"
                "        raise ValueError(column)\n"
                '    return session.execute(text(f"SELECT id FROM orders ORDER BY {column}")).all()\n'
            ),
        ),
    ),
    false_alarms="""
    A check that the analysis does not understand, such as a validating function of a library, does not make a name
    harmless; comparing with an allow-list in the same function does, and so does the driver's quoting.
    """,
    references=(
        "https://cwe.mitre.org/data/definitions/89.html",
        "https://cheatsheetseries.owasp.org/cheatsheets/SQL_Injection_Prevention_Cheat_Sheet.html",
    ),
    overlap={"ruff": "S608, S610, S611", "bandit": "B608, B610, B611"},
)

_VALUES = "bind values as parameters"
_NAMES = "check names against an allow-list or quote them as the driver does"


@RULE.on_function
def check(function: FunctionView) -> Iterator[Diagnostic]:
    flow = function.solution.sql
    for use in flow.uses.get(function.node, ()):
        unsafe = flow.unsafe(use)
        if unsafe:
            yield RULE.report(
                flow.span(use),
                f"SQL built by string formatting reaches {use.sink.told()}: {_remedy(unsafe)}",
                severity=_severity(function, unsafe),
                related=_related(function, use, unsafe),
            )


def _remedy(unsafe: Sequence[Unsafe]) -> str:
    values = any(item.position is Position.VALUE for item in unsafe)
    names = any(item.position is not Position.VALUE for item in unsafe)
    return f"{_VALUES}, and {_NAMES}" if values and names else _VALUES if values else _NAMES


def _severity(function: FunctionView, unsafe: Sequence[Unsafe]) -> Severity:
    if function.in_migration:
        return Severity.LOW
    return min((_severity_of(item) for item in unsafe), key=lambda severity: severity.rank)


def _severity_of(item: Unsafe) -> Severity:
    if item.source.origin >= Origin.CALLER:
        return Severity.CRITICAL
    is_value = item.position is Position.VALUE
    return Severity.LOW if item.source.origin is Origin.SETTING and not is_value else Severity.MEDIUM


def _related(function: FunctionView, use: Use, unsafe: Sequence[Unsafe]) -> Iterator[Related]:
    paths = function.solution.table.by_name
    for link in use.sink.links:
        yield Related(paths[link.module].path, link.span, f"`{link.name}` runs it here")
    worst = max(unsafe, key=lambda item: item.source.origin)
    if worst.source.span is not None:
        yield Related(paths[worst.source.module].path, worst.source.span, f"{worst.source.name} is put into it")
