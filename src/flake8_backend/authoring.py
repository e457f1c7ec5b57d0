"""The one import of a rule module: what a rule declares, asks and answers with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import (
    Confidence,
    Diagnostic,
    Fix,
    Json,
    Related,
    Safety,
    Severity,
    Span,
    Step,
    chain_text,
)
from flake8_backend.core.rule import Category, Default, Example, Rule, RuleOption, Status
from flake8_backend.project.sql.grades import Origin, Position

if TYPE_CHECKING:
    from flake8_backend.fixes.edits import FixContext
    from flake8_backend.fixes.plan import Skipped
    from flake8_backend.project.answers.listing import Listing
    from flake8_backend.project.answers.listviews import ListView
    from flake8_backend.project.items.loads import Load
    from flake8_backend.project.items.per_item import Loading, PerItem
    from flake8_backend.project.sql.sqlflow import Unsafe, Use
    from flake8_backend.project.views.loopview import LoopView
    from flake8_backend.project.views.siteview import ActView, Reach, SiteView
    from flake8_backend.project.views.view import ClassView, FunctionView, ModuleView
    from flake8_backend.project.waiting.waits import Wait
else:
    # Names that rules only annotate with. The fix layer imports libcst, which detection must not; views import the
    # evaluator, and a run that finds everything in the cache needs no more of a rule than what it declares.
    FixContext = Skipped = Any
    Listing = ListView = Load = Loading = PerItem = Unsafe = Use = Wait = Any
    ActView = ClassView = FunctionView = LoopView = ModuleView = Reach = SiteView = Any

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
    "ListView",
    "Listing",
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
    "chain_text",
]
