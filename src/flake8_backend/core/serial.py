"""Diagnostics as JSON and back, for caches: lists in a fixed order."""

from __future__ import annotations

from typing import Any

from flake8_backend.core.diagnostic import Confidence, Diagnostic, Fix, Related, Safety, Severity, Span, Step


def diagnostic_to_json(diagnostic: Diagnostic) -> list[Any]:
    """Plain lists that ``json`` writes."""
    return [
        diagnostic.code,
        list(diagnostic.span),
        diagnostic.message,
        diagnostic.severity.value,
        diagnostic.confidence.value,
        [[related.path, list(related.span), related.message] for related in diagnostic.related],
        [
            [
                fix.code,
                fix.title,
                fix.safety.value,
                [[step.builder, list(step.span), step.kind, dict(step.arguments)] for step in fix.steps],
            ]
            for fix in diagnostic.fixes
        ],
    ]


def diagnostic_from_json(data: list[Any]) -> Diagnostic:
    """What ``diagnostic_to_json`` wrote; raises TypeError or ValueError for anything else."""
    code, span, message, severity, confidence, related, fixes = data
    return Diagnostic(
        code=code,
        span=Span(*span),
        message=message,
        severity=Severity(severity),
        confidence=Confidence(confidence),
        related=tuple(Related(path, Span(*where), text) for path, where, text in related),
        fixes=tuple(
            Fix(
                name,
                title,
                Safety(safety),
                tuple(Step(builder, Span(*where), kind, arguments) for builder, where, kind, arguments in steps),
            )
            for name, title, safety, steps in fixes
        ),
    )
