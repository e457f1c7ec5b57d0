"""What a rule says: diagnostics, their places and the repairs they offer. Everything here is plain data."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]


class Span(NamedTuple):
    """A place as ``ast`` gives it: 1-based lines, 0-based columns in UTF-8 bytes, the end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


_LONGEST_CHAIN = 4


def chain_text(names: Sequence[str]) -> str:
    """A chain of calls as messages show it; of a long one the first and the last two, for the places tell the rest."""
    told = [f"`{name}`" for name in names]
    return " → ".join(told if len(told) <= _LONGEST_CHAIN else (told[0], "…", *told[-2:]))


class Severity(enum.Enum):
    """How much a finding matters; the order is from grave to slight."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the gravest."""
        return _SEVERITY_ORDER.index(self)


_SEVERITY_ORDER = tuple(Severity)


class Confidence(enum.Enum):
    """How sure the tool is that the finding is right."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Safety(enum.Enum):
    """What applying a fix may change.

    SAFE changes nothing that correct code does, apart from the defect; UNSAFE may change behaviour and is applied on
    request only; SUGGESTION is shown and never applied in bulk.
    """

    SAFE = "safe"
    UNSAFE = "unsafe"
    SUGGESTION = "suggestion"


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that explains a diagnostic; ``path`` is relative to the project root with forward slashes."""

    path: str
    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Step:
    """One edit of a fix: the codemod named ``builder`` of the rule, on the node of ``kind`` at ``span``.

    ``kind`` is the ``ast`` class name of the node (``"Call"``, ``"JoinedStr"`` …); ``arguments`` are passed to the
    codemod as keywords.
    """

    builder: str
    span: Span
    kind: str
    arguments: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fix:
    """One way to repair a finding, within the file of the finding; alternatives are separate fixes."""

    code: str
    title: str
    safety: Safety
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding. ``message`` holds no line numbers, so that a baseline survives edits; places are in ``related``."""

    code: str
    span: Span
    message: str
    severity: Severity
    confidence: Confidence = Confidence.HIGH
    related: tuple[Related, ...] = ()
    fixes: tuple[Fix, ...] = ()

    @property
    def sort_key(self) -> tuple[int, int, str, str]:
        """flake8 sorts by line and column alone; code and message make the order total."""
        return (self.span.line, self.span.column, self.code, self.message)

    def best_fix(self, *, unsafe: bool) -> Fix | None:
        """The first fix that may be applied in bulk."""
        allowed = {Safety.SAFE, Safety.UNSAFE} if unsafe else {Safety.SAFE}
        return next((fix for fix in self.fixes if fix.safety in allowed), None)
