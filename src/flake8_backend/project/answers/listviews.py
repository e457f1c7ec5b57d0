"""Class views that list all rows of a model, and the pagination that is in effect for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flake8_backend.core.diagnostic import Span
from flake8_backend.project.evaluation.classes import class_ref
from flake8_backend.project.values import ClassRef, Constant, FunctionRef, Instance, Value, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_backend.knowledge.facts import OptionFact
    from flake8_backend.project.modules import Module
    from flake8_backend.project.solution import Solution
    from flake8_backend.semantic.summary import ClassSummary

_KIND = "list-view"
VERBS = "http_method_names"
_GET = "get"
_SIZES = ("page_size", "default_limit")
_LISTS = "list"  # the action of a view set
_PAGE_SIZE = "PAGE_SIZE"
_CUTS, _BOUNDS = "paginate_queryset", "orm-bound"
_NONE = Constant(None)


@dataclass(frozen=True, slots=True)
class ListView:
    """A view without effective pagination: where its rows are named, their model, the attribute that bounds them.

    ``filtered``: the matching rows, not all. ``is_set``: the view sets the attribute, to nothing that bounds the list.
    ``settings`` names the settings that hold the default, where there is one: then the attribute is a class, else a
    number. ``paginator`` is the module and name of the project's own class for it, ``library`` the library's class,
    ``is_sized`` whether the settings tell the size of a page, ``has_default`` whether they name a class; ``first`` is
    the first view of the module.
    """

    span: Span
    model: str
    filtered: bool
    attribute: str
    is_set: bool = False
    settings: str = ""
    paginator: tuple[str, str] | None = None
    library: str = ""
    is_sized: bool = False
    has_default: bool = False
    first: Span | None = None


def unpaginated(solution: Solution, module: Module, index: int) -> ListView | None:
    """The list that a class serves unpaginated; ``None`` when it is paginated, serves none, or that is not known."""
    summary = module.class_(index)
    if not summary.bases:
        return None
    cls = ClassRef(f"{module.name}.{summary.qualname}", (module.name, index))
    option = _declared(solution, cls)
    if option is None or any(solution.evaluator.method(cls, name) is not None for name in option.others):
        return None
    verbs = _own(solution, cls, VERBS)
    if isinstance(verbs, Instance) and _GET not in _texts(solution, cls):
        return None
    if _LISTS in option.others and solution.routed.leaves_out(cls, _LISTS):
        return None
    found = _rows(solution, module, index, cls, option)
    if found is None or _is_paginated(solution, cls, option) is not False:
        return None
    return _with_remedy(solution, module, replace(found, is_set=option.param in summary.attributes), option)


def _with_remedy(solution: Solution, module: Module, view: ListView, option: OptionFact) -> ListView:
    """The view with what a repair has to know."""
    settings, _, key = (option.where or "").partition(".")
    if not settings:
        return view
    size = solution.settings.entry(settings, _PAGE_SIZE)
    default = solution.settings.entry(settings, key)
    return replace(
        view,
        settings=settings,
        paginator=_own_paginator(solution, module, settings),
        library=option.remedy,
        is_sized=size is not None and size != _NONE,
        has_default=default is not None and default != _NONE,
        first=min(Span(*other.span) for _, other, _ in _views(solution, module)),
    )


def _views(solution: Solution, module: Module) -> Iterator[tuple[int, ClassSummary, OptionFact]]:
    """The classes of a module that serve lists."""
    for index, summary in enumerate(module.summary.classes):
        option = _declared(solution, class_ref(module, index)) if summary.bases else None
        if option is not None:
            yield index, summary, option


def _own_paginator(solution: Solution, module: Module, settings: str) -> tuple[str, str] | None:
    """The one class of the project that cuts lists into pages of a known size: of the module itself, or of one that
    holds no views.
    """
    here = list(_paginators(solution, module, settings))
    if here:
        return here[0] if len(here) == 1 else None
    found = [
        paginator
        for name in sorted(solution.table.by_name)
        for paginator in _paginators(solution, solution.table.by_name[name], settings)
        if next(_views(solution, solution.table.by_name[name]), None) is None
    ]
    return found[0] if len(found) == 1 else None


def _paginators(solution: Solution, module: Module, settings: str) -> Iterator[tuple[str, str]]:
    if solution.contexts.is_test(module):
        return
    for index, summary in enumerate(module.summary.classes):
        cls = class_ref(module, index)
        if not summary.bases or "." in summary.qualname or _declared(solution, cls) is not None:
            continue
        facts = (solution.knowledge.call(f"{base}.{_CUTS}") for base in solution.evaluator.library_bases(cls))
        if any(fact is not None and fact.role == _BOUNDS for fact in facts) and _has_size(solution, cls, settings):
            yield module.name, summary.name


def _declared(solution: Solution, cls: ClassRef) -> OptionFact | None:
    for base in solution.evaluator.library_bases(cls):
        for marker in solution.knowledge.markers(base):
            if marker.kind == _KIND and marker.options:
                return marker.options[0]
    return None


def _rows(solution: Solution, module: Module, index: int, cls: ClassRef, option: OptionFact) -> ListView | None:
    """Where the class itself says what it lists, when it is not bounded there."""
    summary = module.class_(index)
    if "queryset" in summary.places:
        value = solution.evaluator.attribute(cls, "queryset")
        return _listed(value, Span(*summary.places["queryset"]), option.param)
    if "get_queryset" in summary.methods:
        method = FunctionRef(module.name, summary.methods["get_queryset"], Instance(cls))
        return _listed(solution.evaluator.call_function(method), Span(*summary.span), option.param)
    if "model" in summary.attributes:
        value = solution.evaluator.attribute(cls, "model")
        if isinstance(value, ClassRef) and value.home is not None:
            return ListView(Span(*summary.span), value.name.rpartition(".")[2], filtered=False, attribute=option.param)
        return None
    if option.param in summary.attributes:
        return _inherited(solution, cls, option, Span(*summary.span))
    return None


def _inherited(solution: Solution, cls: ClassRef, option: OptionFact, span: Span) -> ListView | None:
    """What a base class lists, which may be paginated where this one is not."""
    for base in solution.evaluator.lineage(cls)[1:]:
        if base.home is not None:
            found = _rows(solution, solution.table.by_name[base.home[0]], base.home[1], cls, option)
            if found is not None:
                return replace(found, span=span)
    return None


def _listed(value: Value | None, span: Span, attribute: str) -> ListView | None:
    for option in options(value):
        query = option.query if isinstance(option, Instance) else None
        if query is not None and query.model is not None:
            if query.bounded or query.selective:
                return None
            return ListView(span, query.model.rpartition(".")[2], filtered=query.filtered, attribute=attribute)
    return None


def _is_paginated(solution: Solution, cls: ClassRef, option: OptionFact) -> bool | None:
    """Three-valued: ``None`` where neither the class nor the settings in sight tell."""
    value = _own(solution, cls, option.param)
    if value is None and option.where is not None:
        found = solution.settings.entry(*option.where.split("."))
        if found is None:
            return None
        value = found
    elif value is None:
        return False
    if value == _NONE:
        return False
    if isinstance(value, Constant):
        if not isinstance(value.value, str):
            return True
        value = solution.evaluator.resolve(value.value)
    if isinstance(value, ClassRef) and option.where is not None:
        return _has_size(solution, value, option.where.partition(".")[0])
    return True


def _own(solution: Solution, cls: ClassRef, name: str) -> Value | None:
    """The attribute as the project's classes set it."""
    for base in solution.evaluator.lineage(cls):
        if base.home is None:
            continue
        module = solution.table.by_name[base.home[0]]
        bound = module.class_(base.home[1]).attributes.get(name)
        if bound:
            value = solution.evaluator.value(module, bound[-1])
            return value if value is not None else Instance(ClassRef("object"))
    return None


def _texts(solution: Solution, cls: ClassRef) -> set[str]:
    """The verbs that a class says it answers."""
    found: set[str] = set()
    for base in solution.evaluator.lineage(cls):
        if base.home is None:
            continue
        module = solution.table.by_name[base.home[0]]
        for bound in module.class_(base.home[1]).attributes.get(VERBS, ())[-1:]:
            term = module.summary.terms[bound]
            parts = term[2] if term[0] == terms.DISPLAY else ()
            found.update(str(module.summary.terms[part][1]) for part in parts)
            return found or {_GET}
    return {_GET}


def _has_size(solution: Solution, paginator: ClassRef, settings: str) -> bool | None:
    """A paginator without a page size leaves the list whole."""
    for name in _SIZES:
        size = _own(solution, paginator, name)
        if size is not None:
            return size != _NONE
    if paginator.home is not None and solution.evaluator.method(paginator, _CUTS) is not None:
        return True
    size = solution.settings.entry(settings, _PAGE_SIZE)
    return None if size is None else size != _NONE
