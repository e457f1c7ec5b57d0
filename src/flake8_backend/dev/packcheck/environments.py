"""Throw-away environments: made, filled by pip, and asked by the probe, which runs in a process of its own there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flake8_backend.dev.packcheck.groups import Group

_PROBE = Path(__file__).with_name("probe.py")
_BIN = "Scripts" if os.name == "nt" else "bin"
_DONE = "installed"  # a file in a complete environment
_ENDS = "looking at it ends the interpreter"


class NotInstalled(Exception):
    """pip could not install a group; the text is the last thing it said."""


@dataclass(frozen=True)
class Asked:
    """What one probe is asked: ``claims`` as ``claims.request_of`` makes them, each with an ``id``."""

    claims: Sequence[Mapping[str, Any]]
    distributions: Sequence[str]
    objects: Mapping[str, str]
    setup: str = ""
    path: Sequence[str] = ()


def interpreter(group: Group, folder: Path) -> Path:
    """The interpreter of the group's environment below ``folder``, made unless it is there; raises NotInstalled."""
    home = folder / group.name
    python = home / _BIN / "python"
    if not (home / _DONE).exists():
        _run([sys.executable, "-m", "venv", str(home)])
        wanted = [*group.install, *group.beside]
        if wanted:
            _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted])
        (home / _DONE).touch()
    return python


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        told = [line for line in done.stderr.splitlines() if line.lower().startswith("error")]
        raise NotInstalled(told[-1] if told else f"{Path(command[0]).name} ended with {done.returncode}")


def installed(python: Path, folder: Path, *, distributions: Sequence[str], path: Sequence[str] = ()) -> dict[str, str]:
    """The versions that are there, by distribution."""
    lines = _ask(python, folder, Asked([], distributions, {}, path=path))
    versions: dict[str, str] = next(lines)["versions"]
    return versions


def answers(python: Path, folder: Path, asked: Asked) -> dict[int, dict[str, Any]]:
    """What the probe found out, by claim. A claim at which the interpreter ends is told as not checkable."""
    found: dict[int, dict[str, Any]] = {}
    remaining = list(asked.claims)
    while remaining:
        part = Asked(remaining, asked.distributions, asked.objects, asked.setup, asked.path)
        for line in _ask(python, folder, part):
            if "setup" in line:
                raise NotInstalled(f"setup of the environment: {line['setup']}")
            if "id" in line:
                found[line["id"]] = line
        missing = [claim for claim in remaining if claim["id"] not in found]
        if missing:
            found[missing[0]["id"]] = {"found": False, "wrong": [], "unchecked": [_ENDS], "parameters": {}}
        remaining = missing[1:]
    return found


def _ask(python: Path, folder: Path, asked: Asked) -> Iterator[Any]:
    """Run the probe once, with a home of its own: libraries write files there when they are imported."""
    folder.mkdir(parents=True, exist_ok=True)
    request, answer = folder / "request.json", folder / "answer.jsonl"
    request.write_text(json.dumps(vars(asked)), encoding="utf-8")
    answer.write_text("", encoding="utf-8")
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LANG") if name in os.environ}
    subprocess.run(
        [str(python), "-I", "-W", "ignore", str(_PROBE), str(request), str(answer)],
        cwd=folder,
        env={**kept, "HOME": str(folder), "USERPROFILE": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return (json.loads(line) for line in answer.read_text(encoding="utf-8").splitlines())
