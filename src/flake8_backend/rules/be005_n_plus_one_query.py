"""BE005: a query per item of a loop makes one page of a hundred rows a hundred round trips to the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_backend.authoring import (
    Category,
    Diagnostic,
    Example,
    Fix,
    FixContext,
    FunctionView,
    Load,
    Loading,
    ModuleView,
    PerItem,
    Rule,
    Safety,
    Severity,
    Skipped,
)

if TYPE_CHECKING:
    import libcst as cst

RULE = Rule(
    code="BE005",
    name="n-plus-one-query",
    summary="Query runs once per item of a loop.",
    why="""
    Each query costs a round trip to the database, and a loop sends as many as there are rows: nobody notices with the
    ten rows of a developer, and the page takes seconds in production. The same rows come with one query, or with the
    query that gave the items.
    """,
    mandate="No query in a loop: load relations with their rows, and rows by their keys at once.",
    category=Category.PERFORMANCE,
    severity=Severity.HIGH,
    fixes=frozenset({Safety.UNSAFE}),
    fix_note="""
    The relation is added to the query that gives the rows, where that query stands in the same file. This is unsafe:
    more is loaded for every user of the query, and rows may be locked or deduplicated differently. A query that is
    written out in a loop has to be rewritten by hand.
    """,
    examples=(
        Example(
            bad=(
                "from django.db import models\n\n\nclass Customer(models.Model):\n    name = models.CharField(max_length=80)\n\n\n"
                "class Order(models.Model):\n    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)\n\n\n"
                "def names():\n    return [order.customer.name for order in Order.objects.all()]\n"
            ),
            good=(
                "from django.db import models\n\n\nclass Customer(models.Model):\n    name = models.CharField(max_length=80)\n\n\n"
                "class Order(models.Model):\n    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)\n\n\n"
                'def names():\n    return [order.customer.name for order in Order.objects.all().select_related("customer")]\n'
            ),
            fixed=True,
        ),
    ),
    false_alarms="""
    A loop that is known to be short by other means than its text is reported. Rows that a helper is given by callers
    outside the project are taken to be loaded as they should be.
    """,
    references=(
        "https://docs.djangoproject.com/en/stable/ref/models/querysets/#select-related",
        "https://docs.sqlalchemy.org/en/20/orm/queryguide/relationships.html",
    ),
)


_COUNTS = frozenset({"count", "exists", "acount", "aexists", "contains", "acontains"})


@RULE.on_function
def check(function: FunctionView) -> Iterator[Diagnostic]:
    if function.is_in_test_case:
        return
    severity = Severity.LOW if function.is_occasional else None
    for item in function.repeated:
        if item.load is not None:
            yield RULE.report(
                item.span,
                f"{_loaded(item, item.load)}: {_remedy(item.loading, item.load)}",
                severity=severity,
                related=item.related(function),
                fixes=[_fix(item.loading)],
            )
        else:
            each = "object of the list: fetch all rows at once" if item.in_list else "item of the loop: fetch all rows before it"
            message = f"{item.asked} runs once per {each}"
            yield RULE.report(item.span, message, severity=severity, related=item.related(function))


@RULE.on_module
def check_lists(module: ModuleView) -> Iterator[Diagnostic]:
    for item in module.represented:
        if item.load is not None:
            yield RULE.report(
                item.span,
                f"{_loaded(item, item.load)}: {_remedy(item.loading, item.load)}",
                related=item.related(module),
                fixes=[_fix(item.loading)],
            )


def _loaded(item: PerItem, load: Load) -> str:
    name = f"{item.row}.{load.path}"
    if load.is_again:
        return f"`{name}` is read once per item of the loop, the same rows each time"
    through = f" through {load.told}" if load.links else ""
    if load.use in _COUNTS:
        return f"`{name}.{load.use}` runs once per `{item.model}` of the {item.whole}{through}"
    return f"`{name}` is loaded once per `{item.model}` of the {item.whole}{through}"


def _remedy(loading: Loading | None, load: Load) -> str:
    if load.is_again:
        return "read them before it"
    if loading is None or load.is_endless:
        return "fetch all rows before it"
    if loading.joins_in_select:
        return f"join `{loading.steps[-1].name}` and select it, or use `prefetch`"
    added = f"add `{_method(loading)}({_argument(loading)})`" if loading.has_methods else f"add `{_options(loading)}`"
    return f"{added} or annotate the result" if load.use in _COUNTS else added


def _method(loading: Loading) -> str:
    return "select_related" if loading.can_join else "prefetch_related"


def _argument(loading: Loading) -> str:
    return f'"{"__".join(loading.path)}"'


def _options(loading: Loading) -> str:
    """``selectinload(Account.invoices).joinedload(Invoice.seller)``."""
    owner, parts = loading.model, []
    for step in loading.steps:
        parts.append(f"{_loader(step.many)}({owner}.{step.name})")
        owner = step.target.name.rpartition(".")[2] if step.target is not None else "…"
    return ".".join(parts)


def _loader(many: bool) -> str:
    return "selectinload" if many else "joinedload"


def _fix(loading: Loading | None) -> Fix | None:
    if loading is None or loading.span is None:
        return None
    title = f"Load `{'.'.join(loading.path)}` with the rows"
    if loading.can_be_fixed_by_methods:
        path = "__".join(loading.path)
        step = RULE.step(add_relation, loading.span, "Call", method=_method(loading), path=path)
        return RULE.fix(Safety.UNSAFE, title, step)
    if loading.has_methods or loading.joins_in_select or len(loading.steps) > 1:
        return None
    loader, name = _loader(loading.steps[0].many), loading.path[0]
    step = RULE.step(add_option, loading.span, "Call", loader=loader, model=loading.model, name=name)
    return RULE.fix(Safety.UNSAFE, title, step)


@RULE.codemod
def add_relation(call: cst.Call, fix: FixContext, *, method: str, path: str) -> cst.Call:
    func, names = call.func, [getattr(argument.value, "raw_value", None) for argument in call.args]
    text = fix.quoted(path)
    if getattr(getattr(func, "attr", None), "value", "") != method or not names or None in names:
        return fix.append_call(call, method, text)
    for argument, name in zip(call.args, names, strict=True):
        if path.startswith(f"{name}__"):
            return call.with_deep_changes(argument, value=fix.parse_expression(text))
    return fix.with_positional(call, text)


@RULE.codemod
def add_option(call: cst.Call, fix: FixContext, *, loader: str, model: str, name: str) -> cst.Call | Skipped:
    owner = _model_in(call, fix, model)
    if owner is None:
        return fix.skip(f"the query does not name `{model}`")
    function = fix.require_import("sqlalchemy.orm", loader)
    return fix.append_call(call, "options", f"{function}({owner}.{name})")


def _model_in(call: cst.Call, fix: FixContext, model: str) -> str | None:
    """How the query writes its model: ``Order``, ``models.Order``, ``cls``."""
    pending: list[cst.CSTNode] = [call]
    while pending:
        node = pending.pop(0)
        if isinstance(node, (fix.libcst.Name, fix.libcst.Attribute)):
            code = fix.code_of(node)
            if code.rpartition(".")[2] == model or code == "cls":
                return code
        pending += node.children
    return None
