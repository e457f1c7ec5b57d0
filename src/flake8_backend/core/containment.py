"""The tool's own findings: a file that could not be analysed, and a rule that failed."""

from __future__ import annotations

import traceback

from flake8_backend.core.diagnostic import Diagnostic, Severity, Span

NOT_ANALYSED = "BE902"
INTERNAL_ERROR = "BE903"
_LONGEST = 160


def internal_error(code: str, error: BaseException) -> Diagnostic:
    """The finding that reports a rule's own failure and the function in which it happened."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in `{frames[-1].name}`" if frames else ""
    text = " ".join(str(error).split())[:_LONGEST]
    message = f"{code} failed with {type(error).__name__}{where}: {text or 'no message'}: the other rules went on"
    return Diagnostic(INTERNAL_ERROR, Span(1, 0, 1, 0), message, Severity.INFO)


def not_analysed(reason: str, line: int = 1) -> Diagnostic:
    """The finding for a file that is not read; ``line`` is 1-based."""
    return Diagnostic(NOT_ANALYSED, Span(max(line, 1), 0, max(line, 1), 0), f"not analysed: {reason}", Severity.INFO)
