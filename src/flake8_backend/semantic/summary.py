"""What one visit leaves behind: a module's summary, plain enough to be written as JSON and read in any process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flake8_backend.core.diagnostic import Span
from flake8_backend.semantic.terms import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flake8_backend.semantic.terms import Term

AWAITED = 1
ASYNC = 2
AWAITED_LATER = 4  # through a variable

# positions in a site: the call's term, the block, flags (AWAITED) and the site that takes it as an argument
SITE_TERM, SITE_BLOCK, SITE_FLAGS, SITE_OUTER = range(4)
# positions in a block: kind, parent, then what the kind needs
BLOCK_KIND, BLOCK_PARENT, BLOCK_DATA = range(3)


@dataclass(slots=True)
class FunctionSummary:
    """One frame with code: a function, a method, a lambda, a class body or the module itself.

    ``sites`` are calls, ``reads`` attribute loads on rows and parameters, ``iterations`` what loops go through;
    ``outputs`` and ``yields`` are what it returns and yields; ``loads`` are the attribute loads of an ``async def``, any
    of which may be a property that does work. Spans are those of ``ast``.
    """

    kind: str
    name: str
    qualname: str
    span: Sequence[int]
    parent: int
    class_index: int
    is_async: bool
    is_generator: bool
    parameters: Sequence[Sequence[Any]]  # name, annotation term, default term
    returns: int
    decorators: Sequence[int]
    blocks: list[Any] = field(default_factory=list)
    sites: list[Any] = field(default_factory=list)
    reads: list[Any] = field(default_factory=list)  # term, block, span
    iterations: list[Any] = field(default_factory=list)  # term, block, flags, span
    outputs: list[Any] = field(default_factory=list)  # term, block, span
    yields: list[Any] = field(default_factory=list)
    self_reads: Sequence[Sequence[Any]] = ()  # name, block
    loads: list[Any] = field(default_factory=list)  # term, block, span
    remembers: bool = False  # answers from a place where it keeps what it found before
    compared: Sequence[str] = ()  # texts that its branches compare something with

    @property
    def place(self) -> Span:
        """Where the definition begins: the span of its header line."""
        return Span(*self.span)


@dataclass(slots=True)
class ClassSummary:
    """A class: its bases, what its body and its methods assign, and its methods' function indices."""

    name: str
    qualname: str
    span: Sequence[int]
    function: int
    bases: Sequence[int]
    decorators: Sequence[int]
    attributes: Mapping[str, Sequence[int]]  # class level
    instance: Mapping[str, Sequence[int]]  # assigned to self
    methods: dict[str, int]
    places: Mapping[str, Sequence[int]]  # spans of class-level assignments
    keywords: Mapping[str, int] = field(default_factory=dict)  # of the class statement: `class Order(Base, table=True)`


@dataclass(slots=True)
class ModuleSummary:
    """All that the project needs to know of a module once its tree is gone."""

    name: str
    is_package: bool
    imports: Sequence[str]
    stars: Sequence[str]
    terms: Sequence[Term] = (NOTHING,)
    names: Mapping[str, Sequence[int]] = field(default_factory=dict)  # module-level bindings
    functions: list[FunctionSummary] = field(default_factory=list)
    classes: list[ClassSummary] = field(default_factory=list)
    assignments: Sequence[Sequence[Any]] = ()  # object term, attribute, value term: `app.state.db = …`
    traits: Sequence[str] = ()  # "test", "main"
    diagnostics: Sequence[Any] = ()
    accepted: Sequence[Sequence[Any]] = ()  # lines with a noqa comment for this tool: line, code prefixes


def to_json(summary: ModuleSummary) -> list[Any]:
    """A nested list that ``json`` writes and ``from_json`` reads back."""
    return [
        summary.name,
        summary.is_package,
        summary.imports,
        summary.stars,
        summary.terms,
        summary.names,
        [[getattr(f, slot) for slot in _FUNCTION_SLOTS] for f in summary.functions],
        [[getattr(c, slot) for slot in _CLASS_SLOTS] for c in summary.classes],
        summary.assignments,
        summary.traits,
        summary.diagnostics,
        summary.accepted,
    ]


def from_json(data: list[Any]) -> ModuleSummary:
    """The summary that ``to_json`` wrote; raises TypeError, ValueError or IndexError for anything else."""
    name, is_package, imports, stars, terms, names, functions, classes, assignments, traits, *rest = data
    diagnostics, accepted = rest
    if not (isinstance(name, str) and isinstance(terms, list) and isinstance(names, dict)):
        raise TypeError("not a module summary")
    return ModuleSummary(
        name,
        is_package,
        imports,
        stars,
        terms,
        names,
        [FunctionSummary(*f) for f in functions],
        [ClassSummary(*c) for c in classes],
        assignments,
        traits,
        diagnostics,
        accepted,
    )


_FUNCTION_SLOTS = tuple(FunctionSummary.__dataclass_fields__)
_CLASS_SLOTS = tuple(ClassSummary.__dataclass_fields__)
