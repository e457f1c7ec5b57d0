"""``python -m flake8_backend.dev accuracy``: draw places to label, seal labels, measure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flake8_backend.dev.accuracy import drawing, labels, measure

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The three verbs."""
    verbs = parser.add_subparsers(required=True, metavar="VERB", dest="verb")
    told = "folders that hold one folder for each project, by its name"
    draw = verbs.add_parser("sample", help="print places to label, found by names and drawn with a seed")
    draw.add_argument("checkouts", type=Path, nargs="+", metavar="CHECKOUTS", help=told)
    draw.add_argument("--project", action="append", default=[], metavar="NAME", help="only this project; repeatable")
    draw.add_argument("--rule", action="append", default=[], metavar="CODE", help="only this rule; repeatable")
    draw.add_argument("--size", type=int, default=50, metavar="N", help="places of each rule; default: 50")
    draw.add_argument("--seed", type=int, default=0, help="another seed draws another sample")
    draw.set_defaults(verb_run=_sample)
    report = verbs.add_parser("report", help="print precision and recall over the labels")
    report.add_argument("checkouts", type=Path, nargs="+", metavar="CHECKOUTS", help=told)
    report.add_argument("--project", action="append", default=[], metavar="NAME", help="only this project; repeatable")
    report.add_argument("--held-out", action="store_true", help="the labels that are set aside, for a last look")
    report.add_argument("--list", action="store_true", help="then the missed alarms and the false alarms")
    report.add_argument("--json", action="store_true", help="one JSON object per label instead")
    report.set_defaults(verb_run=_report)
    seal = verbs.add_parser("seal", help="record what new labels say; a seal that stands is never rewritten")
    seal.set_defaults(verb_run=_seal)


def run(arguments: argparse.Namespace, checkout: Path) -> int:
    """Carry one verb out; raises BadLabels and NoCheckout."""
    code: int = arguments.verb_run(arguments, checkout / labels.FOLDER)
    return code


def _sample(arguments: argparse.Namespace, folder: Path) -> int:
    folders = [path for parent in arguments.checkouts for path in sorted(parent.iterdir()) if path.is_dir()]
    chosen = [path for path in folders if not arguments.project or path.name in arguments.project]
    known = [(project.name, label.key) for project in labels.load(folder) for label in project.labels]
    drawn = drawing.sample(chosen, arguments.size, seed=arguments.seed, rules=arguments.rule, known=known)
    for project, each in drawn:
        until = f"-{each.until}" if each.until else ""
        print(f"{each.rule} {project} {each.path}:{each.line}{until} [{each.kind}]")
    return 0


def _report(arguments: argparse.Namespace, folder: Path) -> int:
    projects = [each for each in labels.load(folder) if not arguments.project or each.name in arguments.project]
    found = list(measure.outcomes(projects, arguments.checkouts, held_out=arguments.held_out))
    if arguments.json:
        print(measure.as_json(found), end="")
        return 0
    print(measure.table(found), end="")
    if arguments.list:
        print(measure.mistakes(found), end="")
    return 0


def _seal(_arguments: argparse.Namespace, folder: Path) -> int:
    projects = labels.load(folder)
    new = labels.write_seals(folder, projects)
    print(f"{new} sealed")
    problems = labels.undeclared(projects, labels.read_seals(folder))
    print("".join(f"{problem}\n" for problem in problems), end="")
    return 1 if problems else 0
