"""What a run is about: the files that the command line means, by project, each project with its options."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_backend.cli.arguments import STDIN, UsageError, nearest_path, overrides_of, processors
from flake8_backend.config import Options, Overrides, load_options
from flake8_backend.config_keys import nearest
from flake8_backend.core.source import Encoding, UndecodableSource, decode
from flake8_backend.project.files.discovery import Problem, discover
from flake8_backend.project.files.roots import Roots
from flake8_backend.project.project import Project

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from flake8_backend.project.files.globs import PathPatterns

UNNAMED = "stdin"
_VERBS = ("check", "explain", "fix", "models", "routes", "rules")


@dataclass(frozen=True)
class Stdin:
    """Standard input: the file that it stands for, its bytes, and its text unless that cannot be read."""

    path: Path
    data: bytes
    text: str | None
    encoding: Encoding
    reason: str = ""


@dataclass
class Session:
    """The files of one run and how to ask about them. Raises ConfigError wherever options are first needed."""

    overrides: Overrides
    jobs: int
    stdin: Stdin | None = None
    files: tuple[Path, ...] = ()
    problems: tuple[Problem, ...] = ()
    _options: dict[Path, Options] = field(default_factory=dict)

    def options(self, root: Path) -> Options:
        """The options of the project at ``root``."""
        if root not in self._options:
            self._options[root] = load_options(root, self.overrides)
        return self._options[root]

    def exclusion(self, root: Path) -> PathPatterns:
        """What the project at ``root`` leaves out."""
        return self.options(root).exclusion

    @cached_property
    def by_root(self) -> dict[Path, list[Path]]:
        """The files, standard input's included, under the roots of their projects."""
        roots = Roots()
        groups: dict[Path, list[Path]] = {}
        for path in self.files:
            groups.setdefault(roots.of_file(path), []).append(path)
        return groups

    def projects(self) -> Iterator[tuple[Project, list[Path]]]:
        """Each project, opened, with those of its files that the run is about."""
        for root, paths in self.by_root.items():
            project = Project.open(root, self.options(root), jobs=self.jobs, tune_collector=True)
            if self.stdin is not None and self.stdin.text is not None:
                project.set_text(self.stdin.path, self.stdin.text)
            yield project, paths

    @property
    def warnings(self) -> tuple[str, ...]:
        """What users should know about their configuration."""
        return tuple(dict.fromkeys(filter(None, (options.flake8.warning for options in self._options.values()))))

    @property
    def size(self) -> int:
        """How many files the run is about."""
        return len(self.files)


def session_of(arguments: argparse.Namespace) -> Session:
    """What the command line asks for; raises UsageError and ConfigError."""
    paths = arguments.paths
    if not paths:
        raise UsageError("no path given: name files or folders, or - for standard input")
    session = Session(overrides_of(arguments), arguments.jobs or processors())
    if STDIN in paths:
        if len(paths) > 1:
            raise UsageError("standard input (-) cannot be mixed with other paths")
        session.stdin = _read_stdin(arguments.stdin_filename)
        session.files = (session.stdin.path,)
        return session
    if arguments.stdin_filename:
        raise UsageError("--stdin-filename is for standard input: the path must be -")
    starts = [_existing(path) for path in paths]
    found = discover(starts, session.exclusion, force_exclude=arguments.force_exclude)
    session.files, session.problems = found.files, found.problems
    return session


def _existing(text: str) -> Path:
    path = Path(text).absolute()
    # a link to nowhere exists, though what it points to does not: it is reported, not refused
    if os.path.lexists(path):
        return path
    if text in _VERBS:
        raise UsageError(f"there is no file or folder `{text}`; the verb comes first: backend-fix {text} …")
    raise UsageError(f"there is no file or folder `{text}`{nearest_path(path) or nearest(text, _VERBS)}")


def _read_stdin(name: str | None) -> Stdin:
    data = sys.stdin.buffer.read()
    path = Path(name or UNNAMED).absolute()
    try:
        text, encoding = decode(data)
    except UndecodableSource as error:
        return Stdin(path, data, None, Encoding(), str(error))
    return Stdin(path, data, text, encoding)
