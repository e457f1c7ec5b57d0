"""Whether fixes did what they promised: their findings are gone, and they brought no others.

Findings are compared by code and message, for their lines move. One thing looks like harm and is none: a rule that
reports a function once shows its next reason when the first is repaired. Such a finding stands in text that no edit
touched, not where one was to be repaired, and there are not more findings of its code than there were.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from flake8_backend.fixes.plan import untouched

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flake8_backend.core.diagnostic import Diagnostic
    from flake8_backend.core.source import SourceFile
    from flake8_backend.fixes.plan import Edit

Findings = Counter[tuple[str, str]]
"""How often each code and message is found."""


def findings(diagnostics: Iterable[Diagnostic]) -> Findings:
    """The findings without their places."""
    return Counter((diagnostic.code, diagnostic.message) for diagnostic in diagnostics)


def _grown_codes(before: Findings, after: Findings) -> set[str]:
    """The codes of which there are more findings than before."""
    totals: Counter[str] = Counter()
    for sign, counted in ((1, after), (-1, before)):
        for (code, _), count in counted.items():
            totals[code] += sign * count
    return {code for code, growth in totals.items() if growth > 0}


def brought(before: Findings, after: Findings) -> Findings:
    """The new findings of a file that the fixes did not touch."""
    grown = _grown_codes(before, after)
    return Counter({key: count for key, count in (after - before).items() if key[0] in grown})


def harm(
    before: Sequence[Diagnostic],
    after: Sequence[Diagnostic],
    *,
    fixed: Sequence[Diagnostic],
    old: SourceFile,
    new: SourceFile,
    edits: Sequence[Edit],
) -> str | None:
    """What is wrong after ``edits`` turned ``old`` into ``new`` to repair the findings ``fixed``; None for nothing."""
    known, found = findings(before), findings(after)
    grown = _grown_codes(known, found)
    places = {(each.code, each.message, old.offset(each.span.line, each.span.column)) for each in before}
    repaired = {(each.code, old.offset(each.span.line, each.span.column)) for each in fixed}
    extra = found - (known - findings(fixed))
    for each in after:
        origin = untouched(*new.offsets(each.span), edits)
        if origin is None or each.code in grown or (each.code, origin) in repaired:
            continue
        if (each.code, each.message, origin) not in places:
            extra[each.code, each.message] -= 1
    left = min(+extra, default=None)
    if left is None:
        return None
    code, message = left
    return (
        f"{code} is still found"
        if left in findings(fixed) and found[left] <= known[left]
        else f"it brings {code}: {message}"
    )
