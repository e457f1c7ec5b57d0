"""Lists that templates render: which rows a view hands over, and what the template reads of each."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Related, Span
from flake8_backend.project.calls.effects import Link
from flake8_backend.project.evaluation.classes import class_ref
from flake8_backend.project.items.loads import ALL, READ, Load
from flake8_backend.project.items.per_item import PerItem, gathered, loading_of
from flake8_backend.project.items.templatetext import ITEM, Read
from flake8_backend.project.values import ClassRef, Constant, FunctionRef, Instance, Value, options
from flake8_backend.project.views.naming import snake
from flake8_backend.semantic import terms
from flake8_backend.semantic.summary import SITE_TERM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.project.items.templates import Templates
    from flake8_backend.project.modules import Module
    from flake8_backend.project.solution import Solution

_ROLE = "template"
_LIST = "django.views.generic.list.MultipleObjectMixin"
_ITEMS = "items"


class Pages:
    """What pages load once per object of their lists."""

    def __init__(self, solution: Solution, templates: Templates) -> None:
        self._solution = solution
        self._evaluator = solution.evaluator
        self._rows = solution.rows
        self._templates = templates

    @cached_property
    def _renderers(self) -> frozenset[str]:
        """The last names of functions that render a template."""
        return frozenset({"render", "render_template", "render_to_string", "TemplateResponse", "template"})

    def of(self, module: Module) -> list[PerItem]:
        """The findings of one module; one per query and relation."""
        if not self._templates.folders or not self._rows.names:
            return []
        found: dict[Any, PerItem] = {}
        for name, context, place in (*self._of_calls(module), *self._of_classes(module)):
            for read in self._templates.reads(name):
                for load in self._loads(read, context, Link(name, module.name, place)):
                    item = self._item(module, name, read, load, place)
                    found.setdefault((item.span, load.path), item)
        return gathered(found[key] for key in sorted(found))

    # --- what is rendered --------------------------------------------------------------------------------------

    def _of_calls(self, module: Module) -> Iterator[tuple[str, dict[str, Value | None], Span]]:
        """``render(request, "shop/list.html", {"orders": orders})`` and ``render_template("list.html",
        orders=orders)``.
        """
        table = module.summary.terms
        for function in module.summary.functions:
            for site in function.sites:
                term = table[site[SITE_TERM]]
                callee = table[term[1]]
                last = callee[1] if callee[0] == terms.NAME else callee[2] if callee[0] == terms.ATTRIBUTE else ""
                if str(last).rpartition(".")[2] not in self._renderers or not self._renders(module, term):
                    continue
                name, context = self._arguments(module, term)
                if name:
                    yield name, context, Span(*term[4:8])

    def _renders(self, module: Module, term: Sequence[Any]) -> bool:
        leaves = [self._solution.effects.leaf(callee) for callee in self._solution.effects.targets(module, term)]
        return bool(leaves) and all(leaf is not None and leaf.fact.role == _ROLE for leaf in leaves)

    def _arguments(self, module: Module, term: Sequence[Any]) -> tuple[str, dict[str, Value | None]]:
        name, context = "", {}
        for keyword, index in [*((None, index) for index in term[2]), *term[3]]:
            inner = module.summary.terms[index]
            if inner[0] == terms.CONSTANT and isinstance(inner[1], str) and "." in inner[1] and not name:
                name = inner[1]
            elif inner[0] == terms.DISPLAY and inner[1] == "dict":
                for key, value in zip(inner[2][::2], inner[2][1::2], strict=False):
                    known = self._evaluator.value(module, key)
                    if isinstance(known, Constant) and isinstance(known.value, str):
                        context[known.value] = self._evaluator.value(module, value)
            elif keyword is not None and keyword.isidentifier():
                context[keyword] = self._evaluator.value(module, index)
        return name, context

    def _of_classes(self, module: Module) -> Iterator[tuple[str, dict[str, Value | None], Span]]:
        for index, klass in enumerate(module.summary.classes):
            cls = class_ref(module, index)
            if not klass.bases or not self._evaluator.is_a(cls, _LIST):
                continue
            rows = self._rows_of(cls)
            model = _model_of(rows)
            if model is None:
                continue
            names = {"object_list", "page_obj", f"{snake(model.name).replace('_', '')}_list"}
            given = self._evaluator.attribute(cls, "context_object_name")
            if isinstance(given, Constant) and isinstance(given.value, str):
                names.add(given.value)
            yield self._template_of(cls, model), dict.fromkeys(sorted(names), rows), Span(*klass.span)

    def _rows_of(self, cls: ClassRef) -> Value | None:
        found = self._evaluator.method(cls, "get_queryset")
        if found is not None:
            return self._evaluator.call_function(FunctionRef(found[0].name, found[1], Instance(cls)))
        rows = self._evaluator.attribute(cls, "queryset")
        if rows is not None:
            return rows
        model = self._evaluator.attribute(cls, "model")
        return self._evaluator.attribute(model, "objects") if isinstance(model, ClassRef) else None

    def _template_of(self, cls: ClassRef, model: ClassRef) -> str:
        given = self._evaluator.attribute(cls, "template_name")
        if isinstance(given, Constant) and isinstance(given.value, str):
            return given.value
        parts = model.name.split(".")
        app = parts[parts.index("models") - 1] if "models" in parts[1:] else parts[0]
        return f"{app}/{parts[-1].lower()}_list.html"

    # --- what is read ------------------------------------------------------------------------------------------

    def _loads(self, read: Read, context: dict[str, Value | None], link: Link) -> Iterator[Load]:
        if ITEM not in read.steps or read.variable not in context:
            return
        position = read.steps.index(ITEM)
        value = context[read.variable]
        for step in read.steps[:position]:
            value = self._evaluator.attribute(value, step) if step not in ("all", "object_list") else value
        found = [self._evaluator.element(option) for option in options(value)]
        rows = [option for element in found for option in options(element)]
        cases = [list(self._along(row, read.steps[position + 1 :], link)) for row in rows]
        for load in cases[0] if cases and None not in found else ():
            if all(any(other.path == load.path for other in case) for case in cases[1:]):
                yield load

    def _along(self, row: Value, steps: Sequence[str], link: Link) -> Iterator[Load]:
        current: Instance | None = row if isinstance(row, Instance) else None
        for position, step in enumerate(steps):
            if current is None or current.query is None or not current.is_row:
                return
            if step in (ITEM, "all"):
                continue
            fact = self._rows.relation(current, step)
            if fact is None:
                yield from self._member(current, step, link)
                return
            follower = steps[position + 1] if position + 1 < len(steps) else ""
            use = READ if not fact.many else follower if follower and follower not in (ITEM, "all") else ALL
            is_used = not (fact.many and fact.manager and not follower)
            if is_used and self._rows.unloaded(current, step) is not None:
                path = f"{current.query.path}.{step}".lstrip(".")
                yield Load(current.cls, fact, current.query, path, use, link.span, 0, 0, (link,))
            current = self._rows.stepped(current, fact)

    def _member(self, row: Instance, name: str, link: Link) -> Iterator[Load]:
        """A property, or a method: templates call it without arguments."""
        found = self._evaluator.method(row.cls, name) if row.cls.home is not None else None
        if found is None:
            return
        for load in self._rows.called(self._evaluator, FunctionRef(found[0].name, found[1], row)):
            yield load.through(link)

    def _item(self, module: Module, name: str, read: Read, load: Load, place: Span) -> PerItem:
        source = load.query.source
        span = source.span_in(module.name) if source is not None else None
        steps = self._solution.schema.steps(load.root, load.path)
        loading = loading_of(load, steps, span) if steps else None
        template = self._templates.find(name)
        path = template.path if template is not None else name
        read_at = Related(path, Span(read.line, 0, read.line, 0), "the template reads it here")
        return PerItem(span or place, load, loading=loading, in_list=True, read_at=read_at)


def _model_of(rows: Value | None) -> ClassRef | None:
    for option in options(rows):
        if isinstance(option, Instance) and option.args and isinstance(option.args[0], Instance):
            return option.args[0].cls
    return None
