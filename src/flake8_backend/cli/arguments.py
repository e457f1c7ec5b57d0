"""The arguments that verbs share, and how mistakes in them are told."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from flake8_backend.config import ConfigError, Overrides, parse_toml
from flake8_backend.config_flake8 import split_list
from flake8_backend.config_keys import nearest, unknown_code
from flake8_backend.project.files.globs import anchored

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = "backend-fix"
STDIN = "-"


class UsageError(Exception):
    """A command line that makes no sense; the message is one line for the user."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, with the nearest valid option."""

    def __init__(self, verb: str, **keywords: Any) -> None:
        super().__init__(
            prog=f"{PROGRAM} {verb}",
            allow_abbrev=False,
            formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=28, width=100),
            **keywords,
        )

    def error(self, message: str) -> NoReturn:
        """Raise UsageError in place of printing the usage and ending the process."""
        raise UsageError(message)

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """The parsed arguments; raises UsageError."""
        parsed, unknown = self.parse_known_intermixed_args(arguments)
        if unknown:
            known = [option for action in self._actions for option in action.option_strings if len(option) > 2]
            word = unknown[0].partition("=")[0]
            raise UsageError(f"unknown option `{word}`{nearest(word, known)}")
        return parsed


def _codes(text: str) -> tuple[str, ...]:
    codes = tuple(split_list(text))
    problem = next(filter(None, map(unknown_code, codes)), "")
    if problem:
        raise argparse.ArgumentTypeError(problem)
    return codes


def _jobs(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is no number of processes")
    return int(text)


def processors() -> int:
    """How many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # only Linux knows
        return os.cpu_count() or 1


class _Extend(argparse.Action):
    """Collects the items of an option that may be repeated; None until it is given."""

    def __call__(self, parser: object, namespace: argparse.Namespace, values: Any, option: object = None) -> None:
        setattr(namespace, self.dest, (*(getattr(namespace, self.dest) or ()), *values))


def add_paths(parser: Parser) -> None:
    """The files and folders, the rules, and everything that says how files are read."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files, folders, or - for standard input")
    add = parser.add_argument
    add("--select", type=_codes, action=_Extend, metavar="CODES", help="only these codes or prefixes of codes")
    add("--ignore", type=_codes, action=_Extend, metavar="CODES", help="not these")
    add("--stdin-filename", metavar="NAME", help="what standard input is the content of")
    add("--quiet", "-q", action="store_true", help="no summary")
    add_reading(parser)


def add_project_paths(parser: Parser) -> None:
    """The files and folders of a verb that looks at projects rather than at findings."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files or folders")
    parser.set_defaults(select=None, ignore=None, stdin_filename=None)
    add_reading(parser)


def add_reading(parser: Parser) -> None:
    """What says how files are read."""
    add = parser.add_argument
    add("--exclude", type=split_list, action=_Extend, metavar="PATTERNS", help="leave out these files and folders too")
    add("--force-exclude", action="store_true", help="leave out excluded files even when they are named")
    add("--config", action="append", metavar="FILE", help="read only this file; or KEY=VALUE, may be repeated")
    add("--isolated", action="store_true", help="read no configuration files")
    add("--jobs", "-j", type=_jobs, metavar="N", help="processes to use (default: all processors)")
    add("--no-cache", action="store_true", help="neither read nor write the cache")
    add("--cache-dir", metavar="FOLDER", help="where the cache is (default: in the project)")


def overrides_of(arguments: argparse.Namespace) -> Overrides:
    """What the command line says, as options are loaded with it; raises UsageError and ConfigError."""
    table: dict[str, Any] = {}
    config: Path | None = None
    for text in arguments.config or ():
        if "=" in text and not Path(text).exists():
            table.update(parse_toml(text.encode(), name=f"--config {text}"))
        elif config is not None:
            raise UsageError(f"--config names two files: {config} and {text}")
        else:
            config = _config_file(text)
    if arguments.isolated and config is not None:
        raise UsageError("--isolated reads no file, but --config names one")
    if arguments.no_cache:
        table["cache"] = False
    if arguments.cache_dir:
        table["cache-dir"] = arguments.cache_dir
    return Overrides(
        select=arguments.select,
        ignore=arguments.ignore,
        exclude=tuple(anchored(pattern, Path.cwd()) for pattern in arguments.exclude or ()),
        table=table,
        config=config,
        isolated=arguments.isolated,
    )


def _config_file(text: str) -> Path:
    path = Path(text).absolute()
    if not path.is_file():
        raise ConfigError(f"--config: there is no file `{text}`{nearest_path(path)}")
    return path


def nearest_path(path: Path) -> str:
    """A hint at the entry of an existing folder whose name is most like that of the missing ``path``."""
    folder, missing = path.parent, path.name
    while not folder.is_dir():
        folder, missing = folder.parent, folder.name
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError:
        return ""
    hint = nearest(missing, names)
    return hint.replace("`", f"`{relative(folder)}/", 1) if hint and folder != Path.cwd() else hint


def relative(path: Path) -> str:
    """``path`` as users are shown it: from the current folder when it lies in it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
