"""Lists that are represented by serializers: which rows, by which serializers, and what is missing from their query."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Span
from flake8_backend.project.evaluation.classes import class_ref
from flake8_backend.project.items.per_item import PerItem, gathered, loading_of
from flake8_backend.project.items.serializers import Serializers
from flake8_backend.project.values import (
    ClassRef,
    Constant,
    External,
    FunctionRef,
    Instance,
    Value,
    options,
)
from flake8_backend.semantic.summary import SITE_TERM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.project.items.loads import Load
    from flake8_backend.project.items.rows import Node
    from flake8_backend.project.modules import Module
    from flake8_backend.project.solution import Solution

_LISTS = "rest_framework.mixins.ListModelMixin"
_OWN_SERIALIZER = frozenset({"get_serializer"})


@dataclass(frozen=True, slots=True)
class Usage:
    """Rows that are represented one after the other: by one of ``serializers``; ``place`` is told where no
    query is in sight.
    """

    module: str
    serializers: tuple[ClassRef, ...]
    rows: tuple[Instance, ...]
    place: Span


class RestViews:
    """The lists of a project that serializers represent."""

    def __init__(self, solution: Solution) -> None:
        self._solution = solution
        self._evaluator = solution.evaluator
        self._serializers = Serializers(solution)

    def of(self, module: Module) -> list[PerItem]:
        """What is loaded once per object of a module's lists; one finding per query and relation."""
        found: dict[Any, PerItem] = {}
        for usage in self._by_module.get(module.name, ()):
            for load in self._missing(usage):
                item = self._item(usage, load)
                found.setdefault((item.span, load.path), item)
        return gathered(found[key] for key in sorted(found))

    @cached_property
    def per_object(self) -> dict[Node, str]:
        """The methods that represent one object of a list each, with the serializer that calls them."""
        found: dict[Node, str] = {}
        for usages in self._by_module.values():
            for usage in usages:
                for cls in usage.serializers:
                    for node in self._serializers.methods(cls):
                        found.setdefault(node, cls.name.rpartition(".")[2])
        return found

    # --- lists -------------------------------------------------------------------------------------------------

    @cached_property
    def _by_module(self) -> dict[str, list[Usage]]:
        if not self._serializers.are_used:
            return {}
        found: dict[str, list[Usage]] = {}
        table = self._solution.table
        for name in sorted(table.by_name):
            module = table.by_name[name]
            usages = [*self._of_classes(module), *self._of_calls(module)]
            if usages:
                found[name] = usages
        return found

    def _of_classes(self, module: Module) -> Iterator[Usage]:
        for index, klass in enumerate(module.summary.classes):
            if not klass.bases or not self._says_something(klass):
                continue
            cls = class_ref(module, index)
            if not self._evaluator.is_a(cls, _LISTS) or not self._lists_its_rows(cls):
                continue
            view = Instance(cls)
            usage = self._usage(module, self._serializers_of(view), self._rows_of(view), self._place(klass))
            if usage is not None:
                yield usage

    @staticmethod
    def _says_something(klass: Any) -> bool:
        """Whether a class names its rows or their serializer itself, rather than leaving both to its bases."""
        names = ("queryset", "serializer_class", "get_queryset", "get_serializer_class", "list", "model")
        return any(name in klass.attributes or name in klass.methods for name in names)

    def _lists_its_rows(self, cls: ClassRef) -> bool:
        """Whether ``list`` is the library's own, or calls it, or represents the view's own rows."""
        found = self._evaluator.method(cls, "list")
        if found is None:
            return True
        module, index, _ = found
        table = module.summary.terms
        for site in module.function(index).sites:
            callee = table[table[site[SITE_TERM]][1]]
            if callee[-1] in ("list", "get_queryset") and len(callee) > 2:
                return True
        return False

    @staticmethod
    def _place(klass: Any) -> Span:
        for name in ("queryset", "serializer_class"):
            if name in klass.places:
                return Span(*klass.places[name])
        return Span(*klass.span)

    def _serializers_of(self, view: Instance) -> list[ClassRef] | None:
        """The serializers that a view may choose; None when one of them is not known."""
        found = self._evaluator.method(view.cls, "get_serializer_class")
        if found is None:
            return self._classes(self._evaluator.attribute(view.cls, "serializer_class"))
        module, index, _ = found
        chosen: list[ClassRef] = []
        for row in module.function(index).outputs:
            term = module.summary.terms[row[0]]
            callee = self._evaluator.value(module, term[1]) if term[0] == "c" else None
            if isinstance(callee, External):
                value = self._evaluator.attribute(view.cls, "serializer_class")
            else:
                value = self._output(view, module, index, row[0])
            classes = self._classes(value)
            if classes is None:
                return None
            chosen += [cls for cls in classes if cls not in chosen]
        return chosen or None

    def _output(self, view: Instance, module: Module, index: int, term: int) -> Value | None:
        from flake8_backend.project.evaluation import binding

        function = FunctionRef(module.name, index, view)
        environment = binding.environment_of(self._evaluator, function, None, None)
        return binding.bound(self._evaluator, environment).value(module, term)

    def _classes(self, value: Value | None) -> list[ClassRef] | None:
        found = [option for option in options(value) if isinstance(option, ClassRef)]
        known = [cls for cls in found if self._serializers.is_serializer(cls)]
        return known if known and len(known) == len(list(options(value))) else None

    def _rows_of(self, view: Instance) -> Value | None:
        found = self._evaluator.method(view.cls, "get_queryset")
        if found is not None:
            return self._evaluator.call_function(FunctionRef(found[0].name, found[1], view))
        return self._evaluator.attribute(view, "queryset")

    def _of_calls(self, module: Module) -> Iterator[Usage]:
        """``OrderSerializer(orders, many=True)`` and ``self.get_serializer(page, many=True)``."""
        table = module.summary.terms
        for function in module.summary.functions:
            for site in function.sites:
                term = table[site[SITE_TERM]]
                many = next((index for name, index in term[3] if name == "many"), 0)
                if not many or not term[2] or self._evaluator.value(module, many) != Constant(True):
                    continue
                serializers = self._called(module, term)
                rows = self._evaluator.value(module, term[2][0])
                usage = self._usage(module, serializers, rows, Span(*term[4:8]))
                if usage is not None:
                    yield usage

    def _called(self, module: Module, term: Sequence[Any]) -> list[ClassRef] | None:
        callee = self._evaluator.value(module, term[1])
        if isinstance(callee, External) and callee.name.rpartition(".")[2] in _OWN_SERIALIZER:
            return self._serializers_of(callee.receiver) if isinstance(callee.receiver, Instance) else None
        return self._classes(callee)

    def _usage(
        self, module: Module, serializers: list[ClassRef] | None, rows: Value | None, place: Span
    ) -> Usage | None:
        found = [self._evaluator.element(option) for option in options(rows)]
        single = [option for value in found for option in options(value)]
        known = [row for row in single if isinstance(row, Instance) and row.is_row and row.query is not None]
        if serializers is None or not known or len(known) != len(single) or None in found:
            return None
        return Usage(module.name, tuple(serializers), tuple(known), place)

    # --- what is missing ---------------------------------------------------------------------------------------

    def _missing(self, usage: Usage) -> Iterator[Load]:
        """What is loaded whichever serializer and rows it is."""
        if any(row.query is None or row.query.loads_everything for row in usage.rows):
            return
        cases = [
            {load.path: load for load in reversed(list(self._serializers.loads(cls, row)))}
            for cls in usage.serializers
            for row in usage.rows
        ]
        for path, load in sorted(cases[0].items()):
            if all(path in case for case in cases[1:]):
                yield load

    def _item(self, usage: Usage, load: Load) -> PerItem:
        source = load.query.source
        span = source.span_in(usage.module) if source is not None else None
        steps = self._solution.schema.steps(load.root, load.path)
        loading = loading_of(load, steps, span) if steps else None
        return PerItem(span or usage.place, load, loading=loading, in_list=True)
