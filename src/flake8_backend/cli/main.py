"""The command ``backend-fix``: finds the verb, runs it, and turns what goes wrong into one line and an exit code."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING, Protocol, cast

from flake8_backend.cli.arguments import PROGRAM, Parser, UsageError
from flake8_backend.cli.output import say_error
from flake8_backend.config import ConfigError
from flake8_backend.core.registry import BrokenRule
from flake8_backend.knowledge.names import KnowledgeError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

DEFAULT_VERB = "fix"
VERBS = {"fix": "fix", "check": "check", "explain": "explain", "models": "models", "rules": "rules", "routes": "routes"}
"""Verbs and the modules of this package that carry them out."""

INTERRUPTED = 130
DEBUG = "FLAKE8_BACKEND_DEBUG"
"""The environment variable that shows the traceback of an internal error."""

HELP = f"""\
usage: {PROGRAM} [OPTIONS] PATH...        repair what can be repaired
       {PROGRAM} check [OPTIONS] PATH...  show findings, without flake8's cost
       {PROGRAM} explain CODE             say what a rule is about
       {PROGRAM} models [OPTIONS] PATH... list the tables behind the models
       {PROGRAM} rules                    list the rules
       {PROGRAM} routes [OPTIONS] PATH... list what is served, by what

A PATH is a file, a folder, or - for standard input.

  --unsafe-fixes           also apply fixes that may change behaviour
  --diff                   write nothing, print a patch for git apply
  --check                  write nothing; exit 1 if something would change
  --exit-non-zero-on-fix   exit 1 if something was changed
  --select, --ignore       codes or prefixes: BE001,BE0
  --exclude PATTERNS       leave out more files and folders
  --config FILE|KEY=VALUE  read only this file; or set one key
  --isolated               read no configuration files
  --jobs N                 processes to use
  --no-cache, --cache-dir  where to keep what was learnt of files, if at all
  --quiet                  no summary

Exit codes: 0 done; 1 findings, or changes where asked; 2 errors.
{PROGRAM} VERB --help tells all options of a verb, --version the version.
"""


class Verb(Protocol):
    """What the module of a verb holds."""

    SUMMARY: str

    def add_arguments(self, parser: Parser) -> None:
        """Declare what the verb understands."""
        ...

    def run(self, arguments: argparse.Namespace) -> int:
        """Carry it out and give the exit code."""
        ...


def entry() -> None:
    """The console script."""
    ours = os.getpid()

    def interrupt(*_: object) -> None:
        # a forked worker ends what it is at: the main process sends no more, and it alone tells
        if os.getpid() == ours:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Run the command line ``arguments`` and give its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # a message may hold characters that a terminal lacks; it should still be read
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _close_quietly()
    except (UsageError, ConfigError, KnowledgeError, BrokenRule) as error:
        say_error(str(error))
        return 2
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        say_error(_internal(error))
        return 2
    return code


def _run(arguments: Sequence[str]) -> int:
    if arguments and arguments[0] in ("-h", "--help"):
        print(HELP, end="")
        return 0
    if arguments and arguments[0] in ("-V", "--version"):
        from flake8_backend import __version__

        print(f"{PROGRAM} {__version__}")
        return 0
    verb, rest = DEFAULT_VERB, arguments
    if arguments and arguments[0] in VERBS:
        verb, rest = arguments[0], arguments[1:]
    module = cast("Verb", importlib.import_module(f"flake8_backend.cli.{VERBS[verb]}"))
    parser = Parser(verb, description=f"{module.SUMMARY[0].upper()}{module.SUMMARY[1:]}.")
    module.add_arguments(parser)
    try:
        parsed = parser.parse(rest)
    except SystemExit as stop:  # --help
        return int(stop.code or 0)
    return module.run(parsed)


def _close_quietly() -> int:
    """Whoever read the output has gone; nothing may be written any more, not even when Python ends."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    return 1


def _internal(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {frames[-1].name} ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""  # noqa: PTH119
    text = " ".join(str(error).split())
    return f"internal error: {type(error).__name__}{where}: {text}; please report it ({DEBUG}=1 shows more)"
