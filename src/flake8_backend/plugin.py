"""The flake8 plugin: thin over the engine, and of a kind that flake8 survives.

What flake8 does and this module is made for: it runs every installed plugin whatever is selected; an exception in
``run`` ends the whole run; a SyntaxError there becomes E999 of the file at hand; a TypeError in a ``parse_options`` of
three parameters is swallowed; with forked workers ``parse_options`` runs once, with spawned ones again in each.
Nothing but the standard library is imported before there is work to do.
"""

# Path.resolve() follows links, which flake8 does not when it names a file.
# ruff: noqa: PTH100
from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import multiprocessing.util
import os
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import argparse
    import ast
    from collections.abc import Iterator

    from flake8_backend.config import Options
    from flake8_backend.config_flake8 import Flake8Config
    from flake8_backend.core.diagnostic import Diagnostic
    from flake8_backend.project.project import Project

_Result = tuple[int, int, str, type]

_LONGEST = 160


class Plugin:
    """What flake8 makes for each file. Its state is that of the process: flake8 never runs two runs in one."""

    _run: ClassVar[_Run | None] = None

    def __init__(self, tree: ast.AST, lines: list[str], filename: str) -> None:
        # the parameters' names tell flake8 what to pass; the tree is shared with other plugins and left alone
        self._lines = lines
        self._filename = filename

    @classmethod
    def add_options(cls, manager: Any) -> None:
        """Declare the options that flake8's command line and configuration understand."""
        from flake8_backend.flake8_options import OPTION_PREFIX, OPTIONS

        for name, text in OPTIONS.items():
            shape: dict[str, Any] = {}
            if name in ("preview", "no-cache"):
                shape["action"] = "store_true"
            elif name == "extend-enable":
                shape["comma_separated_list"] = True
            manager.add_option(f"--{OPTION_PREFIX}{name}", parse_from_config=True, help=text, **shape)

    @classmethod
    def parse_options(cls, options: argparse.Namespace) -> None:
        """Take the options and build what all workers need; raises flake8's ExecutionError when they make no sense."""
        if _is_deselected(options):
            cls._run = None
            return
        cls._run = _Run(options)
        with _errors_as_flake8s():
            try:
                cls._run.prepare()
            except Exception as error:
                if _is_users_mistake(error):
                    raise
                # whatever failed here fails again for each file, where it can be reported

    def run(self) -> Iterator[_Result]:
        """The findings as flake8 wants them: the column counts UTF-8 bytes from 0, as those of ast do."""
        if self._run is None:
            return
        with _errors_as_flake8s():
            found = self._run.findings(self._filename, self._lines)
        for line, column, text in found:
            yield line, column, text, type(self)


def _is_deselected(options: argparse.Namespace) -> bool:
    """Whether flake8 was told to select other codes only."""
    from flake8_backend.selection import Selection

    lists = Selection(options.select, extend_select=tuple(options.extend_select or ()))
    return lists.leaves_out_everything()


@contextlib.contextmanager
def _errors_as_flake8s() -> Iterator[None]:
    """Mistakes of the user end the run, with one line."""
    try:
        yield
    except Exception as error:
        if not _is_users_mistake(error):
            raise
        from flake8.exceptions import ExecutionError

        raise ExecutionError(f"flake8-backend: {error}") from None


def _is_users_mistake(error: Exception) -> bool:
    from flake8_backend.config import ConfigError
    from flake8_backend.core.registry import BrokenRule
    from flake8_backend.knowledge.names import KnowledgeError

    return isinstance(error, ConfigError | KnowledgeError | BrokenRule)


class _Run:
    """One run of flake8 in one process: the projects that its files belong to, opened when first needed."""

    def __init__(self, namespace: argparse.Namespace) -> None:
        self._namespace = namespace
        self._filenames: list[str] = list(namespace.filenames) or ["."]
        self._named = {os.path.abspath(name) for name in self._filenames}
        self._options: dict[Path, Options] = {}
        self._projects: dict[Path, Project] = {}
        self._failures: dict[Path, str] = {}
        self._closed: dict[Path, bool] = {}
        self._saved_by: int | None = None

    # --- before the workers start ------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Check the options. In the main process build what workers will ask for: they find it in memory or on disk."""
        roots = list(dict.fromkeys(self._root(Path(name)) for name in self._filenames if name != "-"))
        for root in roots or [Path.cwd()]:
            self._options_for(root)
        jobs = self._jobs()
        if jobs == 1 or multiprocessing.parent_process() is not None:
            return
        for root in roots:
            options = self._options_for(root)
            if self._has_work(options) and (options.use_cache or multiprocessing.get_start_method() == "fork"):
                project = self._project(root, jobs)
                if project is not None:
                    self._warm_up(project)

    def _jobs(self) -> int:
        """How many workers flake8 is about to start; 1 when it will not."""
        if "-" in self._filenames or (len(self._filenames) == 1 and Path(self._filenames[0]).is_file()):
            return 1
        jobs = self._namespace.jobs
        with contextlib.suppress(AttributeError, NotImplementedError):
            return max(1, multiprocessing.cpu_count() if jobs.is_auto else jobs.n_jobs)
        return 1

    def _warm_up(self, project: Project) -> None:
        """Ask about one file, so that whatever an answer needs is there."""
        named = [os.path.realpath(name).rstrip(os.sep) for name in self._named]
        for path in project.paths:
            text = str(path)
            if any(text == name or text.startswith(name + os.sep) for name in named):
                with contextlib.suppress(Exception):  # the worker that meets it again reports it
                    project.diagnostics(path)
                    project.save()
                return

    # --- for each file -----------------------------------------------------------------------------------------

    def findings(self, filename: str, lines: list[str]) -> list[tuple[int, int, str]]:
        """Lines, columns and texts; raises what is the user's mistake, and nothing else."""
        if not _is_printable(filename):
            return []
        try:
            found = self._diagnostics(filename, lines)
        except Exception as error:
            if _is_users_mistake(error):
                raise
            return [(1, 0, _printable(_failure(error)))]
        return [(each.span.line, each.span.column, _printable(f"{each.code} {each.message}")) for each in found]

    def _diagnostics(self, filename: str, lines: list[str]) -> list[Diagnostic]:
        path = Path(os.path.abspath(filename))
        root = self._root(path)
        options = self._options_for(root)
        if not self._has_work(options) or self._is_left_out(path):
            return []
        project = self._project(root, 1)
        if project is None:
            raise _ProjectFailed(self._failures[root])
        if "-" in self._filenames:
            project.set_text(path, "".join(lines))
        self._save_at_exit()
        return [found for found in project.diagnostics(path) if options.reports_in(path, found.code)]

    def _is_left_out(self, path: Path) -> bool:
        """Whether flake8 came upon the file below a folder that ``backend-fix check`` would not have entered."""
        if "-" in self._filenames or str(path) in self._named:
            return False
        start = next((folder for folder in path.parents if str(folder) in self._named), None)
        return start is not None and (self._excludes(path) or self._is_closed(path.parent, start))

    def _excludes(self, path: Path) -> bool:
        return self._options_for(self._root(path.parent)).exclusion.matches(str(path), path.name)

    def _is_closed(self, folder: Path, start: Path) -> bool:
        from flake8_backend.project.files.roots import is_library_folder

        if folder == start:
            return False
        if folder not in self._closed:
            self._closed[folder] = (
                self._is_closed(folder.parent, start) or self._excludes(folder) or is_library_folder(str(folder))
            )
        return self._closed[folder]

    # --- what is known of a project ----------------------------------------------------------------------------

    def _root(self, path: Path) -> Path:
        from flake8_backend.project.files.roots import Roots

        if not hasattr(self, "_roots"):
            self._roots = Roots()
        return self._roots.of(path)

    def _options_for(self, root: Path) -> Options:
        from flake8_backend.config import Overrides, load_options

        if root not in self._options:
            self._options[root] = load_options(root, Overrides(flake8=self._flake8_config))
        return self._options[root]

    @property
    def _flake8_config(self) -> Flake8Config:
        if not hasattr(self, "_config"):
            self._config = flake8_config_of(self._namespace)
        return self._config

    def _has_work(self, options: Options) -> bool:
        from flake8_backend.core.containment import NOT_ANALYSED
        from flake8_backend.core.registry import all_rules

        return options.reports(NOT_ANALYSED) or any(map(options.is_active, all_rules()))

    def _project(self, root: Path, jobs: int) -> Project | None:
        """The project at ``root``; None when it cannot be opened, which is tried once."""
        from flake8_backend.project.project import Project

        if root not in self._projects and root not in self._failures:
            try:
                self._projects[root] = Project.open(root, self._options_for(root), jobs=jobs)
            except Exception as error:
                if _is_users_mistake(error):
                    raise
                self._failures[root] = _failure(error)
        return self._projects.get(root)

    # --- when it ends ------------------------------------------------------------------------------------------

    def _save_at_exit(self) -> None:
        """Keep the findings for the next run; a process of a pool ends without the usual exit functions."""
        if self._saved_by == os.getpid():
            return
        self._saved_by = os.getpid()
        if multiprocessing.parent_process() is None:
            atexit.register(self._save)
        else:
            multiprocessing.util.Finalize(None, self._save, exitpriority=1)

    def _save(self) -> None:
        for project in self._projects.values():
            with contextlib.suppress(Exception):
                project.save()


def _is_printable(filename: str) -> bool:
    """Whether flake8 survives a finding in the file: it dies of names that are no text."""
    try:
        filename.encode()
    except UnicodeEncodeError:
        return False
    return True


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


class _ProjectFailed(Exception):
    """The project could not be opened; the text was made when that happened."""


def _failure(error: Exception) -> str:
    """The text that reports a failure of the engine itself."""
    from flake8_backend.core.containment import INTERNAL_ERROR

    if isinstance(error, _ProjectFailed):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in `{frames[-1].name}`" if frames else ""
    text = " ".join(str(error).split())[:_LONGEST] or "no message"
    return f"{INTERNAL_ERROR} the analysis failed with {type(error).__name__}{where}: {text}"


def flake8_config_of(namespace: argparse.Namespace) -> Flake8Config:
    """What flake8 parsed, command line and files together; raises ConfigError.

    flake8 applies exclude, per-file-ignores and noqa by itself.
    """
    from flake8_backend.config_flake8 import Flake8Config, our_codes, selection, settings_of
    from flake8_backend.config_keys import Place
    from flake8_backend.flake8_options import OPTION_PREFIX, OPTIONS

    place = Place("options of flake8", Path.cwd())

    def listed(name: str) -> tuple[str, ...] | None:
        codes = getattr(namespace, name, None)
        return None if codes is None else our_codes(codes, name.replace("_", "-"), place)

    ignored = (*(listed("extend_ignore") or ()), *_deselected(namespace))
    lists = selection(listed("select"), listed("ignore"), listed("extend_select"), ignored)
    given = {
        OPTION_PREFIX + name: value
        for name in OPTIONS
        if (value := getattr(namespace, (OPTION_PREFIX + name).replace("-", "_"), None)) not in (None, False)
    }
    return Flake8Config(
        selection=lists,
        disable_noqa=bool(getattr(namespace, "disable_noqa", False)),
        settings=settings_of(given, place),
        name=place.name,
    )


def _deselected(namespace: argparse.Namespace) -> list[str]:
    """The codes that flake8 will drop. It is asked itself, but what is asked is no public part of it."""
    from flake8_backend.config_keys import known_codes

    try:
        from flake8.style_guide import Decision, DecisionEngine

        engine = DecisionEngine(namespace)
        return [code for code in known_codes() if engine.decision_for(code) is Decision.Ignored]
    except Exception:
        return []  # our own reading of the lists is as good
