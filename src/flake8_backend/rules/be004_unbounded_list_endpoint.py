"""BE004: a list endpoint without a limit answers with the whole table, however large it has become."""

from __future__ import annotations

from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    A table that is small by nature (countries, roles) is reported unless it is named in `lookup-tables`, and so is a
    filter that leaves few rows for a reason that only the data knows (the meals of today).

    Missed: rows that a loop appends to a list one by one; what a handler writes instead of returning it (Tornado's
    `self.write`); text of SQL that is not a literal in sight; a DynamoDB scan, whose single page ends at 1 MB, and
    the loop that follows its pages; gRPC methods whose names do not begin with `List`, `Get`, `Find`, `Search`,
    `Query`, `Fetch` or `Read`. The different values of a column (`DISTINCT`) are taken for few.
    """,
    references=("OWASP API4:2023", "CWE-770"),
)


@RULE.on_function
def check(function: FunctionView) -> Iterator[Diagnostic]:
    """The collections that a handler, resolver or remote method answers with."""
    if not function.answers_reads or function.is_paginated:
        return
    small = _small_tables(function)
    for listing in function.listings:
        if listing.model in small:
            continue
        chain = " through " + " → ".join(f"`{name}`" for name in listing.links) if listing.links else ""
        what = _told(listing.model, only_some=listing.filtered or listing.of_parent)
        yield RULE.report(
            listing.span,
            f"`{function.name}` returns {what}{chain}: add a limit",
            severity=Severity.MEDIUM if listing.of_parent else None,
        )


@RULE.on_class
def check_class(klass: ClassView) -> Iterator[Diagnostic]:
    """The lists of class views without effective pagination."""
    view = klass.unpaginated_list
    if view is not None and view.model not in _small_tables(klass):
        what = _told(view.model, only_some=view.filtered)
        yield RULE.report(view.span, f"`{klass.summary.name}` returns {what}: set `{view.attribute}`")


def _told(model: str, *, only_some: bool) -> str:
    rows = "every matching row" if only_some else "every row"
    return f"{rows} of `{model}`" if model else rows


def _small_tables(view: FunctionView | ClassView) -> set[str]:
    names = view.solution.option(RULE.code, "lookup-tables", [])
    return {str(name).rpartition(".")[2] for name in names} if isinstance(names, list) else set()
