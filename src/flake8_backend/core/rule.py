"""The object that a rule module declares: what users are told, and the functions that check and repair."""

from __future__ import annotations

import ast
import enum
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from flake8_backend.core.diagnostic import Confidence, Diagnostic, Fix, Json, Related, Safety, Severity, Span, Step

if TYPE_CHECKING:
    from flake8_backend.project.views.view import ClassView, FunctionView, ModuleView
    from flake8_backend.semantic.model import SemanticModel


class Category(enum.Enum):
    """What goes wrong when the mandate is ignored."""

    SECURITY = "security"
    RELIABILITY = "reliability"
    PERFORMANCE = "performance"
    SCALABILITY = "scalability"
    DATA_INTEGRITY = "data-integrity"
    API_DESIGN = "api-design"
    ARCHITECTURE = "architecture"
    OBSERVABILITY = "observability"
    TOOL = "tool"


class Default(enum.Enum):
    """ON: reported unless deselected. STRICT: only by full code, ``extend-enable`` or ``profile = "strict"``."""

    ON = "on"
    STRICT = "strict"


class Status(enum.Enum):
    """Where a rule stands; preview rules run only when asked for."""

    STABLE = "stable"
    PREVIEW = "preview"
    DEPRECATED = "deprecated"


@dataclass(frozen=True, slots=True)
class Example:
    """A pair of short modules: ``bad`` is reported, ``good`` is not, and both are executed as tests.

    ``fixed`` tells that applying all fixes, unsafe ones included, to ``bad`` gives ``good``.
    """

    bad: str
    good: str
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class RuleOption:
    """A setting of one rule, read from ``[tool.flake8-backend.BE002]``."""

    name: str
    default: Json
    help: str


class Located(Protocol):
    """Whatever has a place in a file: sites, functions, classes."""

    @property
    def span(self) -> Span:
        """Where it stands."""


NodeCheck = Callable[[Any, "SemanticModel"], Iterable[Diagnostic]]
FunctionCheck = Callable[["FunctionView"], Iterable[Diagnostic]]
ClassCheck = Callable[["ClassView"], Iterable[Diagnostic]]
ModuleCheck = Callable[["ModuleView"], Iterable[Diagnostic]]
_Check = TypeVar("_Check", bound=Callable[..., Any])


def _span_of(place: Located | ast.AST | Span) -> Span:
    if isinstance(place, Span):
        return place
    if isinstance(place, ast.AST):
        located: Any = place
        return Span(located.lineno, located.col_offset, located.end_lineno, located.end_col_offset)
    return place.span


@dataclass(frozen=True)
class Rule:
    """One mandate. The fields are what users are shown; the decorators register the functions that carry it out."""

    code: str
    name: str
    summary: str
    why: str
    mandate: str
    category: Category
    severity: Severity
    fixes: frozenset[Safety] = frozenset()
    fix_note: str = ""
    default: Default = Default.ON
    examples: tuple[Example, ...] = ()
    options: tuple[RuleOption, ...] = ()
    false_alarms: str = ""
    references: tuple[str, ...] = ()
    overlap: Mapping[str, str] = field(default_factory=dict)
    yields_to: tuple[str, ...] = ()
    in_tests: bool = False
    since: str = "0.1.0"
    status: Status = Status.STABLE
    node_checks: dict[type[ast.AST], list[NodeCheck]] = field(default_factory=dict, repr=False)
    function_checks: list[FunctionCheck] = field(default_factory=list, repr=False)
    class_checks: list[ClassCheck] = field(default_factory=list, repr=False)
    module_checks: list[ModuleCheck] = field(default_factory=list, repr=False)
    codemods: dict[str, Callable[..., Any]] = field(default_factory=dict, repr=False)

    def on(self, *node_types: type[ast.AST]) -> Callable[[_Check], _Check]:
        """Register a check of syntax: called in the visit, with the tree at hand and the module's model finished."""

        def register(check: _Check) -> _Check:
            for node_type in node_types:
                self.node_checks.setdefault(node_type, []).append(check)
            return check

        return register

    def on_function(self, check: _Check) -> _Check:
        """Register a check of meaning: called per function once the project is solved, without any tree."""
        self.function_checks.append(check)
        return check

    def on_class(self, check: _Check) -> _Check:
        """Register a check called per class once the project is solved."""
        self.class_checks.append(check)
        return check

    def on_module(self, check: _Check) -> _Check:
        """Register a check called per module once the project is solved."""
        self.module_checks.append(check)
        return check

    def codemod(self, builder: _Check) -> _Check:
        """Register a libcst function ``(node, fix, **arguments) -> node | Skipped`` that fixes may name."""
        self.codemods[builder.__name__] = builder
        return builder

    def report(
        self,
        place: Located | ast.AST | Span,
        message: str,
        *,
        severity: Severity | None = None,
        confidence: Confidence = Confidence.HIGH,
        related: Iterable[Related] = (),
        fixes: Iterable[Fix | None] = (),
    ) -> Diagnostic:
        """A finding of this rule at ``place``; a ``None`` among the fixes is left out."""
        return Diagnostic(
            code=self.code,
            span=_span_of(place),
            message=message,
            severity=severity or self.severity,
            confidence=confidence,
            related=tuple(related),
            fixes=tuple(fix for fix in fixes if fix is not None),
        )

    def fix(self, safety: Safety, title: str, *steps: Step) -> Fix:
        """A way to repair a finding; raises ValueError when the rule does not declare this safety."""
        if safety not in self.fixes:
            raise ValueError(f"{self.code} does not declare {safety.value} fixes")
        return Fix(self.code, title, safety, steps)

    def step(self, builder: Callable[..., Any], place: Located | Span, kind: str, **arguments: Json) -> Step:
        """One edit of a fix by a codemod of this rule; raises KeyError when it is not registered."""
        name = builder.__name__
        if name not in self.codemods:
            raise KeyError(f"{self.code} has no codemod {name}")
        return Step(name, _span_of(place), kind, arguments)

    @property
    def why_text(self) -> str:
        """``why`` without the indentation of the source."""
        return inspect.cleandoc(self.why)


def checks_of(rules: Iterable[Rule]) -> Iterator[tuple[Rule, type[ast.AST], NodeCheck]]:
    """Every syntactic check of ``rules``, in their order."""
    for rule in rules:
        for node_type, checks in rule.node_checks.items():
            for check in checks:
                yield rule, node_type, check
