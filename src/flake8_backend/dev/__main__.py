"""``python -m flake8_backend.dev COMMAND``: scaffolding, generated documentation, benchmarks, reading of findings."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_backend.dev import changelog, new_rule, rule_docs
from flake8_backend.dev.accuracy import command as accuracy
from flake8_backend.dev.accuracy.labels import BadLabels
from flake8_backend.dev.accuracy.measure import NoCheckout
from flake8_backend.dev.checkout import NotACheckout, find_checkout
from flake8_backend.dev.packcheck import command as packcheck

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def _write(path: Path, text: str, *, check: bool) -> int:
    """Write a generated page, or with ``check`` compare it; 1 when it was stale."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return 0
    if check:
        print(f"{path} is stale", file=sys.stderr)
        return 1
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(f"wrote {path}")
    return 0


def _new_rule(arguments: argparse.Namespace, checkout: Path) -> int:
    for path in new_rule.scaffold(checkout, arguments.name, code=arguments.code):
        print(path.relative_to(checkout))
    return 0


def _docs(arguments: argparse.Namespace, checkout: Path) -> int:
    from flake8_backend.core.registry import all_rules

    return _write(checkout / rule_docs.PATH, rule_docs.render(all_rules()), check=arguments.check)


def _knowledge(arguments: argparse.Namespace, checkout: Path) -> int:
    from flake8_backend.dev import knowledge_docs

    return _write(checkout / knowledge_docs.PATH, knowledge_docs.render(), check=arguments.check)


def _changelog(arguments: argparse.Namespace, checkout: Path) -> int:
    if arguments.release:
        changelog.release(checkout, arguments.release)
    else:
        print(changelog.compile_section(checkout, "Unreleased"))
    return 0


def _bench(arguments: argparse.Namespace, checkout: Path) -> int:
    command = [sys.executable, str(checkout / "benchmarks/run.py"), *arguments.rest]
    return subprocess.run(command, check=False).returncode


def _corpus(arguments: argparse.Namespace, _checkout: Path) -> int:
    from flake8_backend.dev import corpus

    text = corpus.report(
        arguments.directory,
        codes=arguments.rule,
        size=arguments.sample,
        seed=arguments.seed,
        as_json=arguments.json,
    )
    sys.stdout.write(text)
    return 0


def _receivers(arguments: argparse.Namespace, _checkout: Path) -> int:
    from flake8_backend.dev import receivers

    sys.stdout.write(receivers.report(arguments.directory, size=arguments.causes))
    return 0


def _accuracy(arguments: argparse.Namespace, checkout: Path) -> int:
    return accuracy.run(arguments, checkout)


def _fixes(arguments: argparse.Namespace, _checkout: Path) -> int:
    from flake8_backend.dev import fixes

    folder = arguments.directory.resolve()
    outcome = fixes.look(folder, arguments.rule, safe_only=arguments.safe_only, patch=arguments.patch)
    sys.stdout.write(fixes.render(folder, outcome))
    return 0 if outcome.is_good else 1


def _packs(arguments: argparse.Namespace, _checkout: Path) -> int:
    return packcheck.run(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m flake8_backend.dev", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")

    def verb(name: str, run: Callable[[argparse.Namespace, Path], int], text: str) -> argparse.ArgumentParser:
        command = verbs.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        return command

    command = verb("new-rule", _new_rule, "write a rule, its fixtures and a changelog fragment")
    command.add_argument("name", help="the pattern in kebab case: outbound-call-without-timeout")
    command.add_argument("--code", help="BE and three digits; the next free one of BE0xx without it")
    for name, run, page in (("docs", _docs, rule_docs.PATH), ("knowledge", _knowledge, "docs/knowledge.md")):
        command = verb(name, run, f"render {page}")
        command.add_argument("--check", action="store_true", help="write nothing, end with 1 when the page is stale")
    command = verb("changelog", _changelog, "print the fragments as a section of the changelog")
    command.add_argument(
        "--release", metavar="VERSION", help="write the section into CHANGELOG.md, remove the fragments"
    )
    command = verb("bench", _bench, "measure: benchmarks/run.py with the same arguments")
    command.add_argument("rest", nargs=argparse.REMAINDER, metavar="…")
    command = verb("corpus", _corpus, "print the findings of a folder with their source lines and chains")
    command.add_argument("directory", type=Path, metavar="DIR")
    command.add_argument("--rule", action="append", default=[], metavar="CODE", help="only this rule; repeatable")
    command.add_argument("--sample", type=int, metavar="N", help="at most N findings of each rule")
    command.add_argument("--seed", type=int, default=0, help="another seed draws another sample")
    command.add_argument("--json", action="store_true", help="one JSON object per line")
    command = verb(
        "receivers", _receivers, "print how many receivers of known methods get a type, and why others do not"
    )
    command.add_argument("directory", type=Path, metavar="DIR")
    command.add_argument("--causes", type=int, default=20, metavar="N", help="the N commonest causes (default 20)")
    accuracy.add_arguments(verb("accuracy", _accuracy, "draw places to label, and measure precision and recall there"))
    packcheck.add_arguments(verb("packs", _packs, "compare packs with the distributions that they speak of"))
    command = verb("fixes", _fixes, "apply all fixes to a copy of a folder, twice, and see what comes of it")
    command.add_argument("directory", type=Path, metavar="DIR")
    command.add_argument("--rule", action="append", default=[], metavar="CODE", help="only this rule; repeatable")
    command.add_argument("--safe-only", action="store_true", help="without the unsafe fixes")
    command.add_argument("--patch", type=Path, metavar="FILE", help="write the patch there, to read it")
    return parser


_ANYWHERE = (_corpus, _fixes, _receivers)  # commands that need no checkout


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code, 2 with one line when it cannot be done."""
    arguments = _parser().parse_args(argv)
    try:
        checkout = find_checkout(Path.cwd()) if arguments.run not in _ANYWHERE else Path.cwd()
        code: int = arguments.run(arguments, checkout)
    except (
        NotACheckout,
        BadLabels,
        NoCheckout,
        packcheck.UnknownPack,
        changelog.BadFragment,
        new_rule.CannotScaffold,
    ) as error:
        print(error, file=sys.stderr)
        return 2
    return code


if __name__ == "__main__":
    sys.exit(main())
