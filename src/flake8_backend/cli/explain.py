"""``backend-fix explain CODE`` and ``backend-fix rules``: what the rules themselves say."""

from __future__ import annotations

import json
import sys
import textwrap
from typing import TYPE_CHECKING

from flake8_backend.cli.arguments import UsageError
from flake8_backend.cli.output import Style
from flake8_backend.config_keys import unknown_code
from flake8_backend.core.containment import INTERNAL_ERROR, NOT_ANALYSED
from flake8_backend.core.diagnostic import Safety
from flake8_backend.core.registry import all_rules
from flake8_backend.core.rule import Default, Status

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from flake8_backend.cli.arguments import Parser
    from flake8_backend.core.diagnostic import Json
    from flake8_backend.core.rule import Rule

SUMMARY = "say what a rule is about"

_WIDTH = 100
_OF_THE_TOOL = {
    NOT_ANALYSED: (
        "not-analysed",
        "A file could not be read or parsed, so nothing is known about it.",
        "Repair the file, or run the tool on a Python that knows its syntax. What other files call in it counts as "
        "unknown. Under flake8 a file that Python cannot parse is reported as E999 alone: select E9 as well.",
    ),
    INTERNAL_ERROR: (
        "internal-error",
        "A rule failed; the other rules went on.",
        "This is a defect of flake8-backend: please report it, with the message and, if you can, the code.",
    ),
}


def add_arguments(parser: Parser) -> None:
    """What ``explain`` understands."""
    parser.add_argument("codes", nargs="*", metavar="CODE", help="for example BE001, or the name of a rule")


def run(arguments: argparse.Namespace) -> int:
    """Print what is known of each code; raises UsageError for one that does not exist."""
    if not arguments.codes:
        raise UsageError("no code given: name one, for example backend-fix explain BE001")
    print("\n\n".join(_explained(word) for word in arguments.codes))
    return 0


def _explained(word: str) -> str:
    style = Style(sys.stdout)
    for rule in all_rules():
        if word.upper() == rule.code or word == rule.name:
            return "\n".join(_lines(rule, style))
    if word.upper() in _OF_THE_TOOL:
        name, summary, text = _OF_THE_TOOL[word.upper()]
        return f"{style.bold(f'{word.upper()} {name}')}\n\n{_filled(summary)}\n\n{_filled(text)}"
    raise UsageError(unknown_code(word, full=True))


def _lines(rule: Rule, style: Style) -> Iterator[str]:
    yield style.bold(f"{rule.code} {rule.name}")
    yield f"{rule.severity.value} · {rule.category.value} · {_standing(rule)} · {_fixes(rule)}"
    yield f"\n{_filled(rule.summary)}"
    yield f"\n{_filled(rule.why_text)}"
    if rule.mandate:
        yield f"\n{_filled(rule.mandate)}"
    for example in rule.examples:
        yield f"\n{style.dim('Reported:')}\n{_code(example.bad)}"
        yield f"\n{style.dim('Not reported:')}\n{_code(example.good)}"
    for title, text in (("Fix:", rule.fix_note), ("Known false alarms:", rule.false_alarms)):
        if text:
            yield f"\n{style.dim(title)}\n{_filled(text)}"
    if rule.options:
        yield f"\n{style.dim(f'Options in [tool.flake8-backend.{rule.code}]:')}"
        yield from (f"    {option.name} = {json.dumps(option.default)}  {option.help}" for option in rule.options)
    if rule.references:
        yield f"\n{style.dim('References:')}"
        yield from (f"    {reference}" for reference in rule.references)


def _standing(rule: Rule) -> str:
    if rule.status is Status.PREVIEW:
        return "in preview"
    if rule.status is Status.DEPRECATED:
        return "deprecated"
    return "on" if rule.default is Default.ON else "strict"


def _fixes(rule: Rule) -> str:
    kinds = [safety.value for safety in Safety if safety in rule.fixes]
    return f"{', '.join(kinds)} fix" if kinds else "no fix"


def _filled(text: str) -> str:
    paragraphs = text.strip().split("\n\n")
    return "\n\n".join(textwrap.fill(" ".join(paragraph.split()), _WIDTH) for paragraph in paragraphs)


def _code(text: str) -> str:
    return textwrap.indent(textwrap.dedent(text).strip("\n"), "    ")


def rules_as_json() -> list[Json]:
    """Every rule as programs want it."""
    return [
        {
            "code": rule.code,
            "name": rule.name,
            "summary": rule.summary,
            "category": rule.category.value,
            "severity": rule.severity.value,
            "default": rule.default.value,
            "status": rule.status.value,
            "fixes": [safety.value for safety in Safety if safety in rule.fixes],
        }
        for rule in all_rules()
    ]


def print_rules() -> None:
    """One line per rule."""
    style = Style(sys.stdout)
    rows = [(rule.code, rule.name, rule.severity.value, _standing(rule), _fixes(rule)) for rule in all_rules()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        print("  ".join([style.bold(cells[0]), *cells[1:]]).rstrip())
