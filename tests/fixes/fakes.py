"""A small project with made-up rules, and a way to run one codemod on one piece of text."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flake8_backend.config import Options
from flake8_backend.core.diagnostic import Diagnostic, Fix, Safety, Severity, Span, Step
from flake8_backend.core.rule import Category, Rule
from flake8_backend.core.source import SourceFile
from flake8_backend.fixes.plan import Skipped, apply_edits
from flake8_backend.fixes.planner import single_fix_edits
from flake8_backend.fixes.syntax import ParsedFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.fixes.apply import FixableProject

Detector = Callable[[Any, Path, ast.Module], Iterable[Diagnostic]]


def make_rule(code: str) -> Rule:
    """A rule without checks, for its codemods."""
    return Rule(
        code=code,
        name="made-up",
        summary="Made up.",
        why="For tests.",
        mandate="none",
        category=Category.TOOL,
        severity=Severity.LOW,
        fixes=frozenset(Safety),
    )


def span_of(node: ast.AST) -> Span:
    located: Any = node
    return Span(located.lineno, located.col_offset, located.end_lineno, located.end_col_offset)


def finding(
    rule: Rule,
    node: ast.AST,
    message: str = "made up",
    *,
    safety: Safety = Safety.SAFE,
    steps: Sequence[tuple[str, ast.AST]] = (),
    **arguments: Any,
) -> Diagnostic:
    """A diagnostic at ``node`` with one fix: the codemods of ``steps`` on their nodes."""
    made = tuple(Step(builder, span_of(place), type(place).__name__, arguments) for builder, place in steps)
    fixes = (Fix(rule.code, f"fix {rule.code}", safety, made),) if made else ()
    return Diagnostic(rule.code, span_of(node), message, Severity.LOW, fixes=fixes)


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    """Calls of ``name`` or ``….name``, in the order of their ends as ``ast.walk`` finds them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name:
            yield node


class FakeProject:
    """Files in memory and detectors that run over their trees."""

    def __init__(self, root: Path, texts: dict[str, str | bytes], detectors: Sequence[Detector]) -> None:
        self.root = root
        self.detectors = detectors
        self.asked = 0
        self.sources: dict[Path, SourceFile] = {}
        for name, text in texts.items():
            data = text if isinstance(text, bytes) else text.encode()
            self.sources[root / name] = SourceFile.from_bytes(name, data)

    @classmethod
    def on_disk(cls, root: Path, texts: dict[str, str | bytes], detectors: Sequence[Detector]) -> FakeProject:
        for name, text in texts.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return cls(root, texts, detectors)

    @property
    def paths(self) -> list[Path]:
        return list(self.sources)

    def source(self, path: Path) -> SourceFile:
        return self.sources[path]

    def set_text(self, path: Path, text: str) -> None:
        self.sources[path] = dataclasses.replace(self.sources[path], text=text)

    def diagnostics(self, path: Path) -> tuple[Diagnostic, ...]:
        self.asked += 1
        try:
            tree = ast.parse(self.sources[path].text)
        except SyntaxError as error:
            return (Diagnostic("BE902", Span(1, 0, 1, 0), str(error), Severity.HIGH),)
        found = [each for detect in self.detectors for each in detect(self, path, tree)]
        return tuple(sorted(found, key=lambda each: each.sort_key))

    def text(self, name: str) -> str:
        return self.sources[self.root / name].text


def as_fixable(project: FakeProject) -> FixableProject:
    """The fake is what the loop asks for; the type checker sees to it."""
    return project


def target(tree: ast.AST, text: str, start: str, kind: str) -> ast.AST:
    """The first node of ``kind`` whose text is ``start``, or else begins with it."""
    source = SourceFile("target.py", text)
    nodes = [node for node in ast.walk(tree) if type(node).__name__ == kind]
    exact = [node for node in nodes if source.segment(span_of(node)) == start]
    return next(node for node in [*exact, *nodes] if source.segment(span_of(node)).startswith(start))


def plan(
    text: str, codemod: Callable[..., Any], start: str = "", kind: str = "Call", **arguments: Any
) -> str | Skipped:
    """The text after ``codemod`` changed the first node of ``kind`` that begins with ``start``, or why not."""
    rule = make_rule("BE990")
    rule.codemod(codemod)
    source = SourceFile("module.py", text)
    place = target(ParsedFile.of(source).tree, text, start, kind)
    diagnostic = finding(rule, place, steps=[(codemod.__name__, place)], **arguments)
    edits = single_fix_edits(source, diagnostic, diagnostic.fixes[0], rules={"BE990": rule}, options=Options())
    return edits if isinstance(edits, Skipped) else apply_edits(text, edits)


def fixed(text: str, codemod: Callable[..., Any], start: str = "", kind: str = "Call", **arguments: Any) -> str:
    """As ``plan``, for a fix that must be made."""
    result = plan(text, codemod, start, kind, **arguments)
    assert isinstance(result, str), result
    compile(result, "fixed", "exec", dont_inherit=True, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    return result


def refused(text: str, codemod: Callable[..., Any], start: str = "", kind: str = "Call", **arguments: Any) -> str:
    """As ``plan``, for a fix that must be refused: the reason."""
    result = plan(text, codemod, start, kind, **arguments)
    assert isinstance(result, Skipped), result
    return result.reason
