"""BE005: a query per item of a loop makes one page of a hundred rows a hundred round trips to the database."""

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
    Load,
    Loading,
    ModuleView,
    PerItem,
    Related,
    Rule,
    Safety,
    Severity,
    Skipped,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
                'def names():\n    return [order.customer.name for order in Order.objects.select_related("customer")]\n'
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
_MOST_TOLD = 3


@RULE.on_function
def check(function: FunctionView) -> Iterator[Diagnostic]:
    found = function.repeated
    if not found or function.is_in_test_case:
        return
    severity = Severity.LOW if function.is_occasional else None
    for item in found:
        yield _report(item, severity, item.related(function))


@RULE.on_module
def check_lists(module: ModuleView) -> Iterator[Diagnostic]:
    for item in module.represented:
        yield _report(item, None, item.related(module))


def _report(item: PerItem, severity: Severity | None, related: list[Related]) -> Diagnostic:
    if item.load is not None:
        message = f"{_loaded(item, item.load)}: {_remedy(item, item.load)}"
        return RULE.report(item.span, message, severity=severity, related=related, fixes=[_fix(item)])
    if item.is_same:
        message = f"{item.asked} runs once per item of the loop and asks the same each time: ask before it"
        return RULE.report(item.span, message, severity=severity, related=related)
    each = (
        "object of the list: fetch all rows at once" if item.in_list else "item of the loop: fetch all rows before it"
    )
    return RULE.report(item.span, f"{item.asked} runs once per {each}", severity=severity, related=related)


def _loaded(item: PerItem, load: Load) -> str:
    names = [f"`{item.row}.{one.path}{'.' + one.use if one.use in _COUNTS else ''}`" for one in item.loads]
    through = f" through {load.told}" if load.links else ""
    if load.is_again:
        return f"{names[0]} is read once per item of the loop{through}, the same rows each time"
    if len(names) > 1:
        first = load.links[0].name if load.links else ""
        through = (
            f" through `{first.partition('.')[0] if item.in_list and item.read_at is None else first}`" if first else ""
        )
        rest = len(names) - _MOST_TOLD
        told = names if rest <= 0 else [*names[:_MOST_TOLD], f"{rest} more"]
        return f"{', '.join(told[:-1])} and {told[-1]} are loaded once per `{item.model}` of the {item.whole}{through}"
    does = "runs" if load.use in _COUNTS else "is loaded"
    return f"{names[0]} {does} once per `{item.model}` of the {item.whole}{through}"


def _remedy(item: PerItem, load: Load) -> str:
    if load.is_again:
        return "read them before it"
    if not item.loadings or load.is_endless:
        return "fetch all rows before it"
    if len(item.loadings) > _MOST_TOLD:
        return "load them with the rows"
    added = _added(item.loadings)
    return f"{added} or annotate the result" if load.use in _COUNTS else added


def _added(loadings: Sequence[Loading]) -> str:
    first = loadings[0]
    if first.joins_in_select:
        return f"join `{first.path[-1]}` and select it, or use `prefetch`"
    if not first.has_methods:
        return f"add `{', '.join(_option(loading) for loading in loadings)}`"
    calls = (
        f"{method}({', '.join(f'{chr(34)}{path}{chr(34)}' for path in paths)})"
        for method, paths in _paths(loadings).items()
        if paths
    )
    left_out = [f"`{loading.path[0]}`" for loading in loadings if loading.is_left_out and loading.can_join]
    return f"add `{'.'.join(calls)}`" + (f", and {' and '.join(left_out)} to `only`" if left_out else "")


def _paths(loadings: Sequence[Loading]) -> dict[str, list[str]]:
    """The relations to load by the method that loads them; a longer path loads what lies on it."""
    found: dict[str, list[str]] = {"select_related": [], "prefetch_related": []}
    for loading in loadings:
        found["select_related" if loading.can_join else "prefetch_related"].append("__".join(loading.path))
    return {
        method: [path for path in paths if not any(other.startswith(f"{path}__") for other in paths)]
        for method, paths in found.items()
    }


def _option(loading: Loading) -> str:
    """``selectinload(Account.invoices).joinedload(Invoice.seller)``."""
    owner, parts = loading.model, []
    for step in loading.steps:
        parts.append(f"{_loader(step.many)}({owner}.{step.name})")
        owner = step.target.name.rpartition(".")[2] if step.target is not None else "…"
    return ".".join(parts)


def _loader(many: bool) -> str:
    return "selectinload" if many else "joinedload"


def _fix(item: PerItem) -> Fix | None:
    loadings = [loading for loading in item.loadings if loading.span is not None and not loading.is_left_out]
    if not loadings or loadings[0].span is None:
        return None
    span, first = loadings[0].span, loadings[0]
    title = f"Load `{'`, `'.join('.'.join(loading.path) for loading in loadings[:_MOST_TOLD])}` with the rows"
    if first.can_be_fixed_by_methods:
        paths: Json = {method: list(names) for method, names in _paths(loadings).items()}
        return RULE.fix(Safety.UNSAFE, title, RULE.step(add_relations, span, "Call", paths=paths))
    short = [loading for loading in loadings if len(loading.steps) == 1]
    if first.has_methods or first.joins_in_select or not short:
        return None
    options: Json = [[_loader(loading.steps[0].many), loading.path[0]] for loading in short]
    return RULE.fix(Safety.UNSAFE, title, RULE.step(add_options, span, "Call", model=first.model, options=options))


@RULE.codemod
def add_relations(call: cst.Call, fix: FixContext, *, paths: dict[str, list[str]]) -> cst.Call:
    for method, names in paths.items():
        for name in names:
            call = _with_relation(call, fix, method, name)
    return call


def _with_relation(call: cst.Call, fix: FixContext, method: str, path: str) -> cst.Call:
    text = fix.quoted(path)
    for link in fix.links(call, method):
        names = [getattr(argument.value, "raw_value", None) for argument in link.args]
        if not names or None in names:
            continue
        if any(str(name) == path or str(name).startswith(f"{path}__") for name in names):
            return call
        for argument, name in zip(link.args, names, strict=True):
            if path.startswith(f"{name}__"):
                return fix.replaced(call, argument.value, fix.parse_expression(text))
        return fix.replaced(call, link, fix.with_argument(link, text))
    before = fix.before_link(call, "all")
    return fix.append_call(call if before is None else before, method, text)


@RULE.codemod
def add_options(call: cst.Call, fix: FixContext, *, model: str, options: list[list[str]]) -> cst.Call | Skipped:
    owner = fix.name_within(call, model) or fix.name_within(call, "cls")
    if owner is None:
        return fix.skip(f"the query does not name `{model}`")
    loaders = [f"{fix.require_import('sqlalchemy.orm', loader)}({owner}.{name})" for loader, name in options]
    for link in fix.links(call, "options"):
        longer = link
        for loader in loaders:
            longer = fix.with_argument(longer, loader)
        return fix.replaced(call, link, longer)
    return fix.append_call(call, "options", *loaders)
