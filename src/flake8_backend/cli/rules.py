"""``backend-fix rules``: the list of all rules."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flake8_backend.cli.explain import print_rules, rules_as_json

if TYPE_CHECKING:
    import argparse

    from flake8_backend.cli.arguments import Parser

SUMMARY = "list the rules"


def add_arguments(parser: Parser) -> None:
    """What ``rules`` understands."""
    parser.add_argument("--output-format", choices=("text", "json"), default="text", help="default: text")


def run(arguments: argparse.Namespace) -> int:
    """Print the rules in the order of their codes."""
    if arguments.output_format == "json":
        print(json.dumps(rules_as_json(), indent=2, ensure_ascii=False))
    else:
        print_rules()
    return 0
