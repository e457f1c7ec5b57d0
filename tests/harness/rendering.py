"""Findings as text, for snapshots that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from flake8_backend.core.diagnostic import Diagnostic


def _render(path: str, lines: list[str], found: Diagnostic) -> Iterator[str]:
    confidence = "" if found.confidence.value == "high" else f", confidence {found.confidence.value}"
    yield f"{path}:{found.span.line}:{found.span.column + 1}: {found.code} [{found.severity.value}{confidence}]"
    yield f"    > {lines[found.span.line - 1].strip()}" if found.span.line <= len(lines) else "    >"
    yield f"    {found.message}"
    for related in found.related:
        yield f"    {related.path}:{related.span.line}: {related.message}"
    for fix in found.fixes:
        yield f"    fix ({fix.safety.value}): {fix.title}"


def render(found: Mapping[str, Iterable[Diagnostic]], sources: Mapping[str, str], *, prefix: str = "") -> str:
    """One block per finding, in the order of files and places."""
    blocks = [
        "\n".join(_render(prefix + path, sources[path].splitlines(), diagnostic))
        for path in sorted(found)
        for diagnostic in found[path]
    ]
    return "".join(block + "\n\n" for block in blocks)
