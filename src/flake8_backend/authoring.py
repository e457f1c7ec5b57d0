"""The one import of a rule module: what a rule declares, asks and answers with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Confidence, Diagnostic, Fix, Json, Related, Safety, Severity, Span, Step
from flake8_backend.core.rule import Category, Default, Example, Rule, RuleOption, Status
from flake8_backend.project.per_item import Loading, PerItem
from flake8_backend.project.rows import Load
from flake8_backend.project.sqlflow import Unsafe, Use
from flake8_backend.project.sqltext import Position
from flake8_backend.project.taint import Origin
from flake8_backend.project.view import ActView, ClassView, FunctionView, LoopView, ModuleView, Reach, SiteView
from flake8_backend.project.waits import Wait

if TYPE_CHECKING:
    from flake8_backend.fixes.edits import FixContext
    from flake8_backend.fixes.plan import Skipped
else:  # the fix layer imports libcst, which detection must not
    FixContext = Any
    Skipped = Any

__all__ = [
    "ActView",
    "Category",
    "ClassView",
    "Confidence",
    "Default",
    "Diagnostic",
    "Example",
    "Fix",
    "FixContext",
    "FunctionView",
    "Json",
    "Load",
    "Loading",
    "LoopView",
    "ModuleView",
    "Origin",
    "PerItem",
    "Position",
    "Reach",
    "Related",
    "Rule",
    "RuleOption",
    "Safety",
    "Severity",
    "SiteView",
    "Skipped",
    "Span",
    "Status",
    "Step",
    "Unsafe",
    "Use",
    "Wait",
]
