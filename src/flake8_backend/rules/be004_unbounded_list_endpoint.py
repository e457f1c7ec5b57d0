"""BE004: a list endpoint without a limit answers with the whole table, however large it has become."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_backend.authoring import (
    Category,
    ClassView,
    Diagnostic,
    Example,
    Fix,
    FixContext,
    FunctionView,
    Json,
    Listing,
    ListView,
    Rule,
    RuleOption,
    Safety,
    Severity,
    Skipped,
    chain_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import libcst as cst

_NAMES = ("limit", "offset")
_PAGE, _MOST = 50, 100  # rows: of a page unless the request says otherwise, and at most
_OWN = "DefaultPagination"
_ITSELF = -1  # of the places of a query in a call: the call itself

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
    fixes=frozenset({Safety.UNSAFE, Safety.SUGGESTION}),
    fix_note="""
    Clients get a page where they got everything, so the fix is unsafe. Where the parameters of a handler are those of
    the request and its own body runs the query, it adds `limit` (50, at most 100) and `offset` and puts them on the
    query; what orders the rows is left as it is. A view class gets a paginator: the project's own if there is one, the
    library's where the settings tell the size of a page, else a new one with pages of 50. Elsewhere, such as where the
    query runs in another function or the rows are but a part of the answer, the place is named and nothing written.
    """,
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

    What belongs to one row and is answered beside it (a page about an order with its items) is no list, and neither is
    what Python's `filter` lets through, from which a limit on the query would take rows.

    Missed: rows that a loop appends to a list one by one; text of SQL that is not a literal in sight; a queryset of
    which a function knows but the type; a DynamoDB scan, whose single page ends at 1 MB, and the loop that follows its
    pages; gRPC methods whose names do not begin with `List`, `Get`, `Find`, `Search`, `Query`, `Fetch` or `Read`. The
    different values of a column (`DISTINCT`) are taken for few.
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
        chain = " through " + chain_text(listing.links) if listing.links else ""
        what = _told(listing.model, only_some=listing.filtered or listing.of_parent)
        yield RULE.report(
            listing.span,
            f"`{function.name}` returns {what}{chain}: add a limit",
            severity=Severity.MEDIUM if listing.of_parent else None,
            fixes=[_paging(function, listing) or _advice(listing)],
        )


def _paging(function: FunctionView, listing: Listing) -> Fix | None:
    """Parameters of the request, and the query limited by them, where both are the handler's own."""
    handler, cut = function.handler, function.page_cut(listing)
    if handler is None or not handler.query or cut is None or not listing.is_answer:
        return None
    steps = [RULE.step(limited_query, cut.span, "Call", argument=cut.argument, offset=cut.offset)]
    if not set(_NAMES) <= set(function.parameter_names):
        steps.insert(0, RULE.step(page_parameters, function.span, "FunctionDef", query=handler.query))
    return RULE.fix(Safety.UNSAFE, "Answer with a page: `limit` and `offset` from the request", *steps)


def _advice(listing: Listing) -> Fix:
    rows = f"`{listing.model}`" if listing.model else "the rows"
    where = f"in `{listing.links[-1]}`" if listing.links else "here"
    return RULE.fix(Safety.SUGGESTION, f"Take a limit from the request and put it on the query of {rows} {where}")


@RULE.on_class
def check_class(klass: ClassView) -> Iterator[Diagnostic]:
    """The lists of class views without effective pagination."""
    view = klass.unpaginated_list
    if view is not None and view.model not in _small_tables(klass):
        what = _told(view.model, only_some=view.filtered)
        yield RULE.report(
            view.span, f"`{klass.summary.name}` returns {what}: set `{view.attribute}`", fixes=_remedies(klass, view)
        )


def _remedies(klass: ClassView, view: ListView) -> Iterator[Fix]:
    name, attribute = klass.summary.name, view.attribute
    if not view.settings:
        title = f"Set `{attribute} = {_PAGE}` on `{name}` and link the pages in its template"
        yield RULE.fix(Safety.SUGGESTION, title)
        return
    if view.has_default and not view.is_set:
        yield RULE.fix(Safety.SUGGESTION, f"Tell the default paginator its page size in `{view.settings}`")
        return
    if view.is_set:
        yield RULE.fix(Safety.SUGGESTION, f"Give `{name}` a `{attribute}` with a page size")
        return
    title = f"Set `{attribute}` on `{name}`"
    module, _, paginator = view.library.rpartition(".")
    given: dict[str, Json] = {"attribute": attribute, "paginator": [module, paginator, klass.module.name]}
    if view.paginator is not None:
        given["paginator"] = [*view.paginator, klass.module.name]
        yield RULE.fix(Safety.UNSAFE, title, RULE.step(paginated, klass.span, "ClassDef", **given))
    elif view.is_sized:
        yield RULE.fix(Safety.UNSAFE, title, RULE.step(paginated, klass.span, "ClassDef", **given))
    else:
        given["paginator"] = ["", _OWN, ""]
        steps = [
            RULE.step(
                own_paginator, view.first or klass.span, "ClassDef", name=_OWN, base=[module, paginator], size=_PAGE
            ),
            RULE.step(paginated, klass.span, "ClassDef", **given),
        ]
        yield RULE.fix(Safety.UNSAFE, f"{title}, with pages of {_PAGE}", *steps)
    yield RULE.fix(Safety.SUGGESTION, f"Set a default paginator and its page size in `{view.settings}`")


def _told(model: str, *, only_some: bool) -> str:
    rows = "every matching row" if only_some else "every row"
    return f"{rows} of `{model}`" if model else rows


def _small_tables(view: FunctionView | ClassView) -> set[str]:
    names = view.solution.option(RULE.code, "lookup-tables", [])
    return {str(name).rpartition(".")[2] for name in names} if isinstance(names, list) else set()


@RULE.codemod
def page_parameters(function: cst.FunctionDef, fix: FixContext, *, query: str) -> cst.FunctionDef:
    """``def list_orders(session)`` gets a ``limit`` of at most 100 rows, and an ``offset``."""
    annotated = fix.require_import("typing", "Annotated")
    module, _, name = query.rpartition(".")
    declared = fix.require_import(module, name)
    return fix.with_parameters(
        function,
        f"limit: {annotated}[int, {declared}(ge=1, le={_MOST})] = {_PAGE}",
        f"offset: {annotated}[int, {declared}(ge=0)] = 0",
    )


@RULE.codemod
def limited_query(
    call: cst.Call, fix: FixContext, *, argument: int | str | None, offset: str
) -> cst.BaseExpression | Skipped:
    """``session.scalars(query)`` becomes ``session.scalars(query.limit(limit).offset(offset))``."""
    if argument == _ITSELF:
        return _limited(call, fix, offset)
    if argument is None:
        return call.with_deep_changes(call.func, value=_limited(call.func.value, fix, offset))  # type: ignore[attr-defined]
    given = fix.argument(call, argument) if isinstance(argument, str) else call.args[argument]
    if given is None or given.star:
        return fix.skip("the query is unpacked from a collection")
    return call.with_deep_changes(given, value=_limited(given.value, fix, offset))


def _limited(query: cst.BaseExpression, fix: FixContext, offset: str) -> cst.BaseExpression:
    return fix.append_call(fix.append_call(query, "limit", "limit"), offset, "offset")


@RULE.codemod
def paginated(klass: cst.ClassDef, fix: FixContext, *, attribute: str, paginator: list[str]) -> cst.ClassDef:
    """A view gets ``pagination_class``: the library's where the settings tell the size, else the project's own."""
    module, name, here = paginator
    name = name if module == here else fix.require_import(module, name)
    return fix.with_attribute(klass, attribute, name)


@RULE.codemod
def own_paginator(klass: cst.ClassDef, fix: FixContext, *, name: str, base: list[str], size: int) -> list[cst.CSTNode]:
    """A paginator for the views of the module, before the first of them."""
    paginator = fix.require_import(*base)
    return fix.before_definition(klass, name, f"class {name}({paginator}):\n    page_size = {size}\n")
