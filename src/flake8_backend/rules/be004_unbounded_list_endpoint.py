"""BE004: a list endpoint without a limit answers with the whole table, however large it has become."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_backend.authoring import (
    Category,
    ClassView,
    Diagnostic,
    Example,
    FunctionView,
    Rule,
    RuleOption,
    Severity,
)

RULE = Rule(
    code="BE004",
    name="unbounded-list-endpoint",
    summary="List endpoint returns every row.",
    why="""
    The response grows with the table. What is quick with a hundred rows fills the memory of the worker, holds the
    database and times out with a million. A limit, a page or a cursor keeps the cost of a request constant.
    """,
    mandate="Lists are paginated; no endpoint returns an unbounded result.",
    category=Category.SCALABILITY,
    severity=Severity.HIGH,
    examples=(
        Example(
            bad=(
                "from fastapi import FastAPI\nfrom sqlalchemy import select\n"
                "from sqlalchemy.orm import DeclarativeBase, Session\n\napp = FastAPI()\n\n\n"
                "class Base(DeclarativeBase): ...\n\n\nclass Order(Base): ...\n\n\n"
                "@app.get('/orders')\ndef list_orders(session: Session):\n"
                "    return session.scalars(select(Order)).all()\n"
            ),
            good=(
                "from fastapi import FastAPI\nfrom sqlalchemy import select\n"
                "from sqlalchemy.orm import DeclarativeBase, Session\n\napp = FastAPI()\n\n\n"
                "class Base(DeclarativeBase): ...\n\n\nclass Order(Base): ...\n\n\n"
                "@app.get('/orders')\ndef list_orders(session: Session, limit: int = 50):\n"
                "    return session.scalars(select(Order).limit(min(limit, 100))).all()\n"
            ),
        ),
    ),
    options=(RuleOption("lookup-tables", [], "Models whose tables stay small; listing all of their rows is fine"),),
    false_alarms="""
    A table that is small by nature (countries, roles) is reported unless it is named in `lookup-tables`.
    """,
    references=("OWASP API4:2023", "CWE-770"),
)


@RULE.on_function
def check(function: FunctionView) -> Iterator[Diagnostic]:
    if not function.answers_reads or function.is_paginated:
        return
    small = _small_tables(function)
    for listing in function.listings:
        if listing.model in small:
            continue
        chain = "".join(f" through `{name}`" for name in listing.links)
        rows = "every matching row" if listing.filtered or listing.of_parent else "every row"
        source = f" of `{listing.model}`" if listing.model else ""
        yield RULE.report(
            listing.span,
            f"`{function.name}` returns {rows}{source}{chain}: add a limit",
            severity=Severity.MEDIUM if listing.of_parent else None,
        )


@RULE.on_class
def check_class(klass: ClassView) -> Iterator[Diagnostic]:
    view = klass.unpaginated_list
    if view is not None and view.model not in _small_tables(klass):
        what = f"every row of `{view.model}`" if view.model else "every row"
        yield RULE.report(view.span, f"`{klass.summary.name}` returns {what}: set `{view.attribute}`")


def _small_tables(view: FunctionView | ClassView) -> set[str]:
    names = view.solution.option(RULE.code, "lookup-tables", [])
    return {str(name).rpartition(".")[2] for name in names} if isinstance(names, list) else set()
