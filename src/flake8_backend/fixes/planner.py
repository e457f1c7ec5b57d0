"""From a fix, which is data, to its plan: every step of it, or none."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from flake8_backend.fixes.imports import import_edits
from flake8_backend.fixes.locate import Change, run_step
from flake8_backend.fixes.plan import CannotFix, Edit, FixPlan, OverlappingEdits, Skipped, apply_edits, merge_edits
from flake8_backend.fixes.style import UNKNOWN_STYLE, Style
from flake8_backend.fixes.syntax import ParsedFile, Unparsable, parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flake8_backend.config import Options
    from flake8_backend.core.diagnostic import Diagnostic, Fix
    from flake8_backend.core.rule import Rule
    from flake8_backend.core.source import SourceFile


def plan_fix(
    file: ParsedFile, diagnostic: Diagnostic, fix: Fix, *, rules: Mapping[str, Rule], options: Options
) -> FixPlan | Skipped:
    """The edits and imports of ``fix``, or why it cannot be made; the reason names the rule when the rule failed."""
    rule = rules.get(fix.code)
    changes: list[Change] = []
    for step in fix.steps:
        codemod = rule.codemods.get(step.builder) if rule is not None else None
        if codemod is None:
            return Skipped(fix.code, diagnostic.span, f"{fix.code} has no codemod `{step.builder}`")
        change = run_step(file, step, codemod, code=fix.code, options=options)
        if isinstance(change, Skipped):
            return dataclasses.replace(change, code=fix.code, span=diagnostic.span)
        changes.append(change)
    if not changes:
        return Skipped(fix.code, diagnostic.span, "the fix has no steps")
    try:
        edits = merge_edits(edit for change in changes for edit in change.edits)
    except OverlappingEdits:
        return Skipped(fix.code, diagnostic.span, "the steps of the fix overlap")
    imports = tuple(dict.fromkeys(request for change in changes for request in change.imports))
    return FixPlan(fix, edits, imports)


def combined(source: SourceFile, plans: Sequence[FixPlan], *, style: Style) -> tuple[Edit, ...]:
    """The edits of several plans and of the imports that they need together, those of the imports first.

    Raises CannotFix when they do not fit together.
    """
    imports = import_edits(source, (request for plan in plans for request in plan.imports), style=style)
    try:
        return merge_edits((*imports, *(edit for plan in plans for edit in plan.edits)))
    except OverlappingEdits as error:
        raise CannotFix("the fix changes the lines that its import goes to") from error


def single_fix_edits(
    source: SourceFile,
    diagnostic: Diagnostic,
    fix: Fix,
    *,
    rules: Mapping[str, Rule],
    options: Options,
    style: Style = UNKNOWN_STYLE,
) -> tuple[Edit, ...] | Skipped:
    """The edits of one fix alone, imports included, for an editor: checked to give a text that parses, and no more."""
    try:
        plan = plan_fix(ParsedFile.of(source, style), diagnostic, fix, rules=rules, options=options)
        if isinstance(plan, Skipped):
            return plan
        edits = combined(source, [plan], style=style)
        parse(apply_edits(source.text, edits))
    except Unparsable:
        return Skipped(fix.code, diagnostic.span, "the result would not be valid Python")
    except CannotFix as refusal:
        return Skipped(fix.code, diagnostic.span, str(refusal))
    return edits
