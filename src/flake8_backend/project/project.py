"""A project: the files under one root, visited once each, and the findings in them."""

# Every run looks at every file of the index: objects for paths would cost more than the rest of that.
# ruff: noqa: PTH116, PTH118, PTH120
from __future__ import annotations

import ast
import contextlib
import gc
import json
import os
import time
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flake8_backend.core.registry import all_rules
from flake8_backend.core.serial import diagnostic_from_json, diagnostic_to_json
from flake8_backend.core.source import SourceFile, UndecodableSource, decode, digest
from flake8_backend.knowledge.installed import installed_packs
from flake8_backend.project import requirements, templates, versions
from flake8_backend.project.cache import Cache
from flake8_backend.project.discovery import project_file_names
from flake8_backend.project.roots import ModuleNames

if TYPE_CHECKING:
    # What visits and solves is imported where that is done: a run that finds everything in the cache does neither.
    from collections.abc import Iterable, Iterator, Sequence

    from flake8_backend.config import Options
    from flake8_backend.core.diagnostic import Diagnostic
    from flake8_backend.core.rule import Rule
    from flake8_backend.knowledge.loader import Vocabulary
    from flake8_backend.project.requirements import Requirements
    from flake8_backend.project.solution import Solution
    from flake8_backend.project.templates import Templates
    from flake8_backend.project.versions import Versions
    from flake8_backend.semantic.summary import ModuleSummary

_RACY = 2_000_000_000  # nanoseconds: a file changed this recently may change again without a new time stamp


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file has no summary."""

    reason: str
    line: int = 1


@dataclass(slots=True)
class Entry:
    """One file of the project: its content's digest and, once visited, its summary or the reason why there is none.

    Names and ``key``, that of its summary in the cache, are given when they are first needed.
    """

    file: str
    content: str
    name: str = ""
    other_names: tuple[str, ...] = ()
    key: str = ""
    summary: ModuleSummary | Problem | None = None
    text: str | None = None
    dumped: str | None = None  # the summary as JSON, until it is asked for: text weighs nothing to the collector

    @property
    def path(self) -> Path:
        """Where the file is."""
        return Path(self.file)


class Project:
    """The files under ``root``. ``diagnostics`` is the one question; everything behind it is found on demand."""

    def __init__(self, root: Path, options: Options, cache: Cache, rules: Sequence[Rule]) -> None:
        self.root = root
        self.options = options
        self.rules = tuple(rule for rule in rules if options.is_active(rule))
        self._cache = cache
        self._names = ModuleNames(root)
        self._entries: dict[str, Entry] = {}
        self._is_named = False
        self._owners: dict[str, str] = {}
        self._solution: Solution | None = None
        self._findings: dict[str, list[Any]] | None = None
        self._fresh: dict[str, list[Any]] = {}
        self._overlaid = False
        self._tunes_collector = False  # for a process of our own only: a plugin is a guest
        self._new: dict[str, str] = {}  # summaries that the cache does not hold yet

    @classmethod
    def open(
        cls,
        root: Path,
        options: Options,
        *,
        cache: Cache | None = None,
        jobs: int = 1,
        rules: Sequence[Rule] | None = None,
        tune_collector: bool = False,
    ) -> Project:
        """The project at ``root``; with ``jobs`` above 1, files the cache does not know are visited in parallel."""
        root = root.resolve()
        if cache is None:
            cache = Cache.at(root, options.cache_dir, enabled=options.use_cache)
        project = cls(root, options, cache, all_rules() if rules is None else rules)
        project._tunes_collector = tune_collector
        project._index(jobs)
        return project

    # --- files -------------------------------------------------------------------------------------------------

    def _relative(self, path: Path) -> str:
        path = path if path.is_absolute() else Path.cwd() / path
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            try:
                return path.resolve().relative_to(self.root).as_posix()
            except ValueError:
                return path.as_posix()

    def _index(self, jobs: int) -> None:
        known = self._cache.load("index", self._index_key) or {}
        if not isinstance(known, dict):
            known = {}
        fresh: dict[str, list[Any]] = {}
        now = time.time_ns()
        unseen: list[Entry] = []
        prefix = len(os.path.join(self.root, ""))
        for file in project_file_names(self.root):
            relative = file[prefix:].replace(os.sep, "/")
            try:
                info = os.stat(file)
                stamp = [info.st_size, info.st_mtime_ns, info.st_ctime_ns]
                row = known.get(relative)
                is_known = False
                if isinstance(row, list) and row[:3] == stamp and isinstance(row[3], str):
                    is_known, content = True, row[3]
                else:
                    content = digest(Path(file).read_bytes())
            except OSError as error:
                self._entries[relative] = Entry(file, "", summary=Problem(_reason(error)))
                continue
            entry = self._entries[relative] = Entry(file, content)
            if not is_known:
                unseen.append(entry)
            if now - max(info.st_mtime_ns, info.st_ctime_ns) > _RACY:
                fresh[relative] = [*stamp, content]
        if jobs > 1 and len(unseen) > _WORTH_SHARING:
            self._name_entries()
            self._visit_in_parallel(unseen, jobs)
        if fresh != known:
            self._cache.store("index", self._index_key, fresh)

    def _name_entries(self) -> None:
        """Give names to the files of the index, in their order, before any other file can take one."""
        if self._is_named:
            return
        self._is_named = True
        for relative, entry in self._entries.items():
            self._name(relative, entry)

    def _name(self, relative: str, entry: Entry) -> None:
        entry.name, *others = self._module_names(relative, entry.path)
        entry.other_names = tuple(others)
        told = f"{entry.content}\0{entry.name}\0{entry.path.name}\0{self._rules_key}"
        entry.key = digest(told.encode("utf-8", "surrogateescape"))

    def _module_names(self, relative: str, path: Path) -> tuple[str, ...]:
        """The module's own name first, which no other file of the project has, then its other ones."""
        try:
            names = self._names.possible(path)
        except ValueError:
            names = (path.stem,)
        for name in (*names, relative.replace("/", ".")):
            if self._owners.setdefault(name, relative) == relative:
                return (name, *(other for other in names if other != name))
        return names

    @cached_property
    def _index_key(self) -> str:
        return digest(str(self.root).encode("utf-8", "surrogateescape"))

    @cached_property
    def _rules_key(self) -> str:
        """What besides a file's text shapes its summary: the syntactic checks that run, and the known names."""
        checks = ",".join(rule.code for rule in self.rules if rule.node_checks)
        return f"{checks}\0{self._kept_key}"

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        from flake8_backend.knowledge import loader

        return loader.vocabulary(
            extra_packs=[Path(pack) for pack in self.options.packs], rows=self.options.pack_rows or None
        )

    @cached_property
    def _kept_key(self) -> str:
        """The facts that are no part of this tool, which the cache's own version tells of: those of others' packs."""
        installed = installed_packs()
        if not (installed or self.options.packs or self.options.pack_rows):
            return ""
        return f"{self._vocabulary.fingerprint}\0{installed}"

    # --- visits ------------------------------------------------------------------------------------------------

    def _summary(self, entry: Entry) -> ModuleSummary | Problem:
        if entry.summary is None:
            self._name_entries()
            entry.summary = _loaded(self._dumped(entry))
            entry.dumped = None
        return entry.summary

    def _dumped(self, entry: Entry) -> str:
        if entry.dumped is None:
            entry.dumped = self._cached(entry) or self._visited(entry)
        return entry.dumped

    def _cached(self, entry: Entry) -> str | None:
        if entry.text is not None:
            return None
        return self._cache.segments.get(entry.key)

    def _visited(self, entry: Entry) -> str:
        if entry.text is not None:
            return dump(self._visit_text(entry, entry.text))
        try:
            text, _ = decode(entry.path.read_bytes())
        except OSError as error:
            return dump(Problem(_reason(error)))
        except UndecodableSource as error:
            result: ModuleSummary | Problem = Problem(str(error))
        else:
            result = self._visit_text(entry, text)
        dumped = dump(result)
        self._new[entry.key] = dumped
        return dumped

    def _keep_summaries(self) -> None:
        self._cache.add_segment(self._new, {entry.key for entry in self._entries.values()})
        self._new = {}

    def _visit_text(self, entry: Entry, text: str) -> ModuleSummary | Problem:
        return visit_text(
            text,
            entry.name,
            is_package=entry.path.stem == "__init__",
            path=self._relative(entry.path),
            kept_builtins=self._kept_builtins,
            rules=self.rules,
        )

    @cached_property
    def _kept_builtins(self) -> frozenset[str]:
        return self._vocabulary.terminals

    def _visit_in_parallel(self, entries: list[Entry], jobs: int) -> None:
        from flake8_backend.project.parallel import visit_all

        missing = [entry for entry in entries if self._cached(entry) is None]
        work = [(str(entry.path), entry.name, self._relative(entry.path)) for entry in missing]
        checked = [rule.code for rule in self.rules if rule.node_checks]
        for entry, dumped in zip(missing, visit_all(work, self._kept_builtins, checked, jobs), strict=True):
            entry.dumped = dumped
            self._new[entry.key] = dumped

    # --- answers -----------------------------------------------------------------------------------------------

    @property
    def paths(self) -> list[Path]:
        """Every file of the project, in the order of their names."""
        return [entry.path for _, entry in sorted(self._entries.items())]

    @property
    def solution(self) -> Solution:
        """The solved project: summaries of all files, evaluated on demand."""
        if self._solution is None:
            from flake8_backend.knowledge import loader
            from flake8_backend.project.modules import Module, ModuleTable
            from flake8_backend.project.solution import Solution

            self._name_entries()
            # First every visit, then every summary: objects that stay make the collector slow while trees come and go.
            unknown = [entry for entry in self._entries.values() if entry.summary is None]
            if self._tunes_collector and len(unknown) > _WORTH_SETTLING:
                _settle()
            for entry in unknown:
                self._dumped(entry)
            self._keep_summaries()
            modules = []
            with _settled_objects(len(unknown) if self._tunes_collector else 0):
                for relative, entry in sorted(self._entries.items()):
                    summary = self._summary(entry)
                    if not isinstance(summary, Problem):
                        modules.append(Module(entry.name, relative, summary, entry.other_names))
            table = ModuleTable(modules)
            knowledge = loader.load(
                table.imports,
                extra_packs=[Path(pack) for pack in self.options.packs],
                rows=self.options.pack_rows or None,
            )
            self._solution = Solution(
                table, knowledge, self.options, self._requirements, self._versions, self._templates
            )
        return self._solution

    def source(self, path: Path) -> SourceFile:
        """The text of a file as it is analysed; raises OSError and UndecodableSource."""
        relative = self._relative(path)
        entry = self._entries.get(relative)
        if entry is not None and entry.text is not None:
            return SourceFile(relative, entry.text)
        return SourceFile.from_bytes(relative, path.read_bytes())

    def set_text(self, path: Path, text: str) -> None:
        """Analyse ``text`` in place of what the disk holds: an unsaved buffer, standard input, a fix on trial."""
        relative = self._relative(path)
        entry = self._entries.get(relative)
        if entry is not None and entry.text == text:
            return
        self._name_entries()
        entry = self._entries[relative] = Entry(str(path), "", text=text)
        self._name(relative, entry)
        self._solution = None
        self._findings = None
        self._overlaid = True

    def diagnostics(self, path: Path) -> tuple[Diagnostic, ...]:
        """What the active rules say of one file, in the order of places; noqa and per-file-ignores are not applied."""
        relative = self._relative(path)
        if relative not in self._entries:
            return self._diagnose_outsider(relative, path)
        remembered = self._remembered.get(relative)
        if remembered is not None:
            return tuple(diagnostic_from_json(item) for item in remembered)
        found = self._diagnose(relative)
        if not self._overlaid:
            self._fresh[relative] = [diagnostic_to_json(diagnostic) for diagnostic in found]
        return found

    def _diagnose_outsider(self, relative: str, path: Path) -> tuple[Diagnostic, ...]:
        """The findings of a file that is not in the index: one more in the project, for as long as it is looked at.

        Whoever asks for another file has the answer of the project without this one, and nothing of it is remembered:
        the state of the project does not tell of it.
        """
        self._name_entries()
        try:
            entry = Entry(str(path), digest(path.read_bytes()))
        except OSError as error:
            entry = Entry(str(path), "", summary=Problem(_reason(error)))
        before = self._solution
        self._entries[relative] = entry
        self._name(relative, entry)
        self._solution = None
        try:
            return self._diagnose(relative)
        finally:
            self._solution = before
            del self._entries[relative]
            self._owners = {name: owner for name, owner in self._owners.items() if owner != relative}

    def _diagnose(self, relative: str) -> tuple[Diagnostic, ...]:
        entry = self._entries[relative]
        summary = self._summary(entry)
        if isinstance(summary, Problem):
            from flake8_backend.core.containment import not_analysed

            return (not_analysed(summary.reason, summary.line),)
        solution = self.solution
        module = solution.table.by_path.get(relative)
        found = [diagnostic_from_json(item) for item in summary.diagnostics]
        if module is not None:
            found += solution.diagnostics(module, self.rules)
        return tuple(sorted(_yielded(found, self.rules), key=lambda diagnostic: diagnostic.sort_key))

    # --- remembered findings -----------------------------------------------------------------------------------

    @cached_property
    def _requirements(self) -> Requirements:
        return requirements.read(self.root)

    @cached_property
    def _templates(self) -> Templates:
        folders = dict.fromkeys(os.path.dirname(entry.file) for _, entry in sorted(self._entries.items()))
        return templates.read(self.root, list(folders))

    @cached_property
    def _versions(self) -> Versions:
        return versions.read(self.root, self._requirements)

    @cached_property
    def _state_key(self) -> str:
        """The state of the whole project: every file's content and what names are counted from, the options, the packs,
        requirements, lock files.
        """
        entries = sorted(self._entries.items())
        folders = dict.fromkeys(os.path.dirname(entry.file) for _, entry in entries)
        rows = "\n".join(
            [f"{relative}:{entry.content}" for relative, entry in entries]
            + [f"{folder}:{' '.join(self._names.of_folder(folder))}" for folder in folders]
        )
        stated = f"{self._requirements.fingerprint}\0{self._versions.fingerprint}\0{self._templates.fingerprint}"
        told = f"{self.options.fingerprint()}\0{self._kept_key}\0{stated}\0{rows}"
        return digest(told.encode("utf-8", "surrogateescape"))

    @property
    def _remembered(self) -> dict[str, list[Any]]:
        if self._overlaid:
            return {}
        if self._findings is None:
            self._findings = self._cache.parts(self._state_key)
        return self._findings

    def save(self) -> None:
        """Keep the findings for the next run on the same project."""
        if self._fresh and not self._overlaid:
            self._cache.add_part(self._state_key, self._fresh)
            self._remembered.update(self._fresh)
            self._fresh = {}


_WORTH_SHARING = 40
_WORTH_SETTLING = 100


@contextlib.contextmanager
def _settled_objects(count: int) -> Iterator[None]:
    """Keep the garbage collector from going through what is built here, now and later: ``count`` summaries.

    They are plain data without cycles that stay for as long as they are of use, and the collector would look at all
    of them again and again: a sixth of a cold run on 2,000 files.
    """
    if count <= _WORTH_SETTLING or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        _settle()
        gc.enable()


def _settle() -> None:
    """Let the collector pass over what there is now; what counts references still frees it."""
    gc.collect()  # garbage that is settled as well would never be found
    gc.freeze()


def visit_text(
    text: str, name: str, *, is_package: bool, path: str, kept_builtins: frozenset[str], rules: Iterable[Rule]
) -> ModuleSummary | Problem:
    """Parse and summarise one module; what cannot be parsed gives the reason."""
    from flake8_backend.core.suppression import accepted_lines
    from flake8_backend.semantic.summarise import summarise

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
        return summarise(
            tree,
            name,
            is_package=is_package,
            path=path,
            kept_builtins=kept_builtins,
            rules=tuple(rules),
            accepted=accepted_lines(text),
        )
    except SyntaxError as error:
        return Problem(f"syntax error: {error.msg}", error.lineno or 1)
    except ValueError as error:  # null bytes
        return Problem(str(error))
    except (RecursionError, MemoryError):
        return Problem("nested too deeply")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _yielded(found: list[Diagnostic], rules: Sequence[Rule]) -> list[Diagnostic]:
    """Where several rules own one span, those that yield to another one leave it to it."""
    yields = {rule.code: set(rule.yields_to) for rule in rules if rule.yields_to}
    if not yields:
        return found
    owners: dict[Any, set[str]] = {}
    for diagnostic in found:
        owners.setdefault(diagnostic.span, set()).add(diagnostic.code)
    return [d for d in found if not yields.get(d.code, set()) & owners[d.span]]


def _loaded(dumped: str) -> ModuleSummary | Problem:
    from flake8_backend.semantic.summary import from_json

    try:
        data = json.loads(dumped)
        if isinstance(data, dict):
            return Problem(str(data["reason"]), int(data["line"]))
        return from_json(data)
    except (TypeError, ValueError, KeyError, IndexError) as error:
        return Problem(f"unreadable cache: {error}")


def dump(summary: ModuleSummary | Problem) -> str:
    """A summary as the text that the cache keeps."""
    if isinstance(summary, Problem):
        return json.dumps({"reason": summary.reason, "line": summary.line})
    from flake8_backend.semantic.summary import to_json

    return json.dumps(to_json(summary), separators=(",", ":"))
