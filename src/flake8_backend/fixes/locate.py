"""One step of a fix: from a span to the libcst node, through the codemod, to edits of the file's text."""

from __future__ import annotations

import ast
import io
import tokenize
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import libcst as cst

from flake8_backend.fixes import syntax
from flake8_backend.fixes.breaking import fitting
from flake8_backend.fixes.edits import FixContext
from flake8_backend.fixes.plan import CannotFix, Edit, ImportRequest, Skipped, text_edits
from flake8_backend.fixes.statements import PRAGMA, inserted, with_statement
from flake8_backend.fixes.syntax import ParsedFile, Place
from flake8_backend.fixes.unit import ParsedUnit, Unit

if TYPE_CHECKING:
    from flake8_backend.config import Options
    from flake8_backend.core.diagnostic import Step

Codemod = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Change:
    """What one step does to the text, and the imports that it needs."""

    edits: tuple[Edit, ...]
    imports: tuple[ImportRequest, ...]


def run_step(file: ParsedFile, step: Step, codemod: Codemod, *, code: str, options: Options) -> Change | Skipped:
    """The change that ``codemod`` of the rule ``code`` makes to the node of ``step``.

    Whatever goes wrong, in the codemod or around it, becomes a reason; nothing is raised.
    """
    try:
        return _change(file, step, codemod, code=code, options=options)
    except CannotFix as refusal:
        return Skipped(code, step.span, str(refusal))
    except RecursionError:
        return Skipped(code, step.span, "the statement is nested too deeply")
    except Exception as error:  # whatever libcst makes of it, the other fixes go on
        return Skipped(code, step.span, f"the fix of {code} failed: {type(error).__name__}: {error}")


def _change(file: ParsedFile, step: Step, codemod: Codemod, *, code: str, options: Options) -> Change | Skipped:
    place = Place(file, *file.source.offsets(step.span))
    if not place.around:
        raise CannotFix("no statement is at this place")
    unit = ParsedUnit(Unit.of(file, place.around))
    fix = FixContext(code, options, place, unit, step)
    result = _called(codemod, fix)
    if isinstance(result, Skipped):
        return result
    edits = [
        *inserted(fix, after=False),
        *_edits(fix, result),
        *inserted(fix, after=True),
    ]
    if not edits and not fix.imports:
        raise CannotFix("the fix changes nothing")
    return Change(tuple(edits), tuple(fix.imports))


def _called(codemod: Codemod, fix: FixContext) -> Any:
    target = fix.target
    try:
        return codemod(target, fix, **fix.step.arguments)
    except (CannotFix, RecursionError):
        raise
    except Exception as error:  # a rule's codemod may raise anything
        raise CannotFix(f"{fix.code} codemod failed: {type(error).__name__}: {error}") from error


def _edits(fix: FixContext, result: Any) -> tuple[Edit, ...]:
    """Edits of the unit when its target becomes ``result``; raises CannotFix."""
    target, unit = fix.target, fix.unit
    if result is target:
        return ()
    if isinstance(target, cst.BaseSmallStatement | cst.BaseStatement):
        new = with_statement(fix, result)
    elif not isinstance(result, cst.CSTNode):
        raise CannotFix(f"{fix.code} codemod failed: it returned {type(result).__name__} for {type(target).__name__}")
    else:
        new = _with_node(unit, target, result)
    old = unit.unit.text
    if _has_code(new) and _dump(unit.unit.shell + new) is None:
        raise CannotFix("the result would not be valid Python")
    _keep_comments(old, new)
    return text_edits(old, new, unit.unit.start)


def _with_node(unit: ParsedUnit, target: cst.CSTNode, result: cst.CSTNode) -> str:
    """The unit's text with another node; an expression gets parentheses where it would be read differently without."""
    plain = _replaced(unit, target, result)
    if not isinstance(target, cst.BaseExpression) or not isinstance(result, cst.BaseExpression):
        return unit.text_of(plain)
    guarded = result.with_changes(lpar=[cst.LeftParen(), *result.lpar], rpar=[*result.rpar, cst.RightParen()])
    with_parentheses = _replaced(unit, target, guarded)
    wanted = _dump(with_parentheses.code)
    if wanted is None or wanted == _dump(plain.code):
        return _fitting(unit, target, result, plain)
    return _fitting(unit, target, guarded, with_parentheses)


def _replaced(unit: ParsedUnit, target: cst.CSTNode, result: cst.CSTNode) -> cst.Module:
    return cst.ensure_type(unit.module.deep_replace(target, result), cst.Module)


def _fitting(unit: ParsedUnit, target: cst.CSTNode, result: cst.CSTNode, module: cst.Module) -> str:
    """The unit's text with its new long lines broken, where the statement has lines of its own."""
    indent, file = unit.unit.indent, unit.unit.file
    if indent is None:
        return unit.text_of(module)
    start = unit.offsets(target)[0]
    line = file.source.text[file.line_start(start) : start]
    margin = line[: len(line) - len(line.lstrip(" \t"))].removeprefix(indent)
    shorter = fitting(
        module,
        result,
        width=file.width,
        margin=margin,
        indent=file.indent,
        old=unit.unit.text,
        text_of=unit.text_of,
    )
    # Inside of a string, a line end is more than layout.
    return unit.text_of(shorter if shorter is module or _dump(shorter.code) == _dump(module.code) else module)


def _dump(code: str) -> str | None:
    """The meaning of some code, without its layout; None when it is not Python."""
    try:
        return ast.dump(syntax.parse(code))
    except syntax.Unparsable:
        return None


def _has_code(text: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines())


def _comments(text: str) -> Counter[str]:
    """The comments of an indented piece of code; raises CannotFix when they cannot be told from strings."""
    lines = io.StringIO("if 1:\n" + text if text[:1] in {" ", "\t"} else text).readline
    try:
        tokens = list(tokenize.generate_tokens(lines))
    except (tokenize.TokenError, SyntaxError) as error:
        raise CannotFix("the comments around the fix cannot be told from the code") from error
    return Counter(token.string for token in tokens if token.type == tokenize.COMMENT)


def _keep_comments(old: str, new: str) -> None:
    """Raises CannotFix when a comment would be lost that still means something."""
    lost = _comments(old) - _comments(new) if "#" in old else ()
    if any(_has_code(new) or not PRAGMA.match(comment) for comment in lost):
        raise CannotFix("the fix would lose a comment")
