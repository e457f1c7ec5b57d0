"""BE003: SQL that is put together from strings runs whatever someone put into the strings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_backend.authoring import (
    Category,
    Diagnostic,
    Example,
    Fix,
    FixContext,
    FunctionView,
    Json,
    Origin,
    Position,
    Related,
    Rule,
    Safety,
    Severity,
    Unsafe,
    Use,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import libcst as cst

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
                "    return database.execute(\n"
                '        "SELECT id FROM customers WHERE email = ?", (email,)\n'
                "    ).fetchone()\n"
            ),
            fixed=True,
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
                fixes=[_fix(function, use, unsafe)],
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


def _fix(function: FunctionView, use: Use, unsafe: Sequence[Unsafe]) -> Fix | None:
    flow = function.solution.sql
    site = next((site for site in function.sites if site.span == flow.span(use)), None)
    if site is None:
        return None
    outer = site.outer
    repair = flow.repair(use, unsafe, outer.term_index if outer is not None else 0)
    if repair is None:
        return None
    told: dict[str, Json] = {
        "style": repair.style,
        "operands": dict(repair.operands),
        "sql": repair.sql,
        "values": repair.values,
        "has_values": repair.has_values,
        "inner": repair.outer,
        "string": list(repair.string[0]) if repair.string is not None else None,
    }
    holder = outer if repair.outer and outer is not None else site
    steps = [RULE.step(bind_in_call if repair.values is not None else bind_in_text, holder, "Call", **told)]
    if repair.string is not None:
        span, kind = repair.string
        steps.append(RULE.step(bind_in_string, span, kind, **told))
    return RULE.fix(Safety.UNSAFE, "Bind the values as parameters", *steps)


@RULE.codemod
def bind_in_call(call: cst.Call, fix: FixContext, **arguments: Json) -> cst.Call:
    return fix.bind_values(call, **arguments)


@RULE.codemod
def bind_in_text(call: cst.Call, fix: FixContext, **arguments: Json) -> cst.Call:
    return fix.bind_in_text(call, **arguments)


@RULE.codemod
def bind_in_string(expression: cst.BaseExpression, fix: FixContext, **arguments: Json) -> cst.BaseExpression:
    return fix.bind_in_string(expression, **arguments)
