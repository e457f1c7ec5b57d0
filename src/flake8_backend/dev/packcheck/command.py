"""``python -m flake8_backend.dev packs check``: install what packs speak of, and compare."""

from __future__ import annotations

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_backend.dev.packcheck import environments, groups, results
from flake8_backend.dev.packcheck.claims import STDLIB, Packs, request_of
from flake8_backend.knowledge import compiled

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from flake8_backend.dev.packcheck.claims import Claim
    from flake8_backend.dev.packcheck.groups import Group
    from flake8_backend.dev.packcheck.results import Result


class UnknownPack(Exception):
    """The command line names neither a pack nor a distribution; the text says which."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The one verb."""
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    check = verbs.add_parser("check", help="install what packs speak of into throw-away environments, and compare")
    check.add_argument("names", nargs="*", metavar="NAME", help="a pack, or a distribution; all without any")
    check.add_argument("--jobs", type=int, default=1, metavar="N", help="environments at a time; default: 1")
    check.add_argument("--keep", type=Path, metavar="DIR", help="keep the environments there, and use them again")
    check.add_argument("--record", action="store_true", help=f"write the result into {results.FILE.name}")


def run(arguments: argparse.Namespace) -> int:
    """Check, print, and with ``--record`` keep; 1 when something is wrong. Raises UnknownPack."""
    packs = Packs(
        {path.stem: compiled.parse_toml(path.read_bytes(), file=path.name) for path in _files()},
    )
    chosen = chosen_distributions(packs, arguments.names)
    work = [
        (group, names)
        for group in groups.load()
        if (names := [name for name in group.distributions(packs.distributions) if name in chosen])
    ]
    found: list[Result] = []
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(arguments.jobs) as pool:
        folder = (arguments.keep or Path(temporary)).resolve()
        for checked in pool.map(lambda each: list(check_group(*each, packs=packs, folder=folder)), work):
            found.extend(checked)
            print("".join(f"{line}\n" for result in checked for line in results.render(result)), end="", flush=True)
    if arguments.record:
        known = [
            (name.lower(), group.name) for group in groups.load() for name in group.distributions(packs.distributions)
        ]
        results.record(found, known=known)
    wrong = sum(len(result.wrong) for result in found)
    unchecked = sum(bool(result.problem) for result in found)
    print(f"{len(found)} distributions, {unchecked} of them not checked; {wrong} wrong rows", file=sys.stderr)
    return 1 if wrong else 0


def _files() -> list[Path]:
    return sorted(compiled.PACKS.glob("*.toml"))


def chosen_distributions(packs: Packs, names: Sequence[str]) -> set[str]:
    """The distributions that ``names`` of packs and distributions stand for; raises UnknownPack."""
    by_lower = {name.lower(): name for name in packs.distributions}
    chosen: set[str] = set()
    for name in names:
        if name in packs.documents:
            chosen.update(packs.documents[name]["pack"]["distributions"])
        elif name.lower() in by_lower:
            chosen.add(by_lower[name.lower()])
        else:
            raise UnknownPack(f"no pack and no distribution of a pack is called {name}")
    return chosen if names else set(packs.distributions)


def check_group(group: Group, names: Sequence[str], *, packs: Packs, folder: Path) -> Iterator[Result]:
    """The results of the distributions ``names``, which the group's environment holds."""
    try:
        python = environments.interpreter(group, folder)
        yield from check_distributions(group, names, packs=packs, python=python, folder=folder / f"{group.name}.home")
    except environments.NotInstalled as problem:
        yield from (results.Result(name, group.name, problem=str(problem)) for name in names)


def check_distributions(
    group: Group, names: Sequence[str], *, packs: Packs, python: Path, folder: Path, path: Sequence[str] = ()
) -> Iterator[Result]:
    """Compare with the distributions that ``python`` finds, also on ``path``; raises NotInstalled."""
    known = [name for name in packs.distributions if name != STDLIB]
    versions: Mapping[str, str] = {
        STDLIB: ".".join(map(str, sys.version_info[:3])),  # environments are made with this interpreter
        **environments.installed(python, folder, distributions=known, path=path),
    }
    every = packs.claims()
    for name in names:
        if name not in versions:
            yield results.Result(name, group.name, problem="is not there after the installation")
            continue
        claims = [claim for claim in every if claim.distribution == name]
        asked = environments.Asked(
            list(_requests(claims, packs, version=versions[name], present=list(versions))),
            [name],
            packs.objects,
            group.setup,
            path,
        )
        answers = environments.answers(python, folder, asked)
        yield results.of_answers(results.Result(name, group.name, versions[name]), claims, answers)


def _requests(
    claims: Iterable[Claim], packs: Packs, *, version: str, present: Sequence[str]
) -> Iterator[dict[str, object]]:
    for place, claim in enumerate(claims):
        if claim.holds(version) or claim.is_over(version):
            yield {"id": place, **request_of(claim, packs, version=version, present=present)}
