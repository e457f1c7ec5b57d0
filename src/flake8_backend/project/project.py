"""A project: the files under one root, visited once each, and the findings in them."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flake8_backend.core.registry import all_rules
from flake8_backend.core.serial import diagnostic_from_json, diagnostic_to_json
from flake8_backend.core.source import SourceFile, digest
from flake8_backend.project.collector import paused
from flake8_backend.project.files import requirements, versions
from flake8_backend.project.files.cache import Cache
from flake8_backend.project.files.index import Entry, Index, Problem
from flake8_backend.project.files.summaries import Summaries
from flake8_backend.project.items import templates

if TYPE_CHECKING:
    # What solves is imported where that is done: a run that finds everything in the cache does not.
    from collections.abc import Sequence

    from flake8_backend.config import Options
    from flake8_backend.core.diagnostic import Diagnostic
    from flake8_backend.core.rule import Rule
    from flake8_backend.project.files.requirements import Requirements
    from flake8_backend.project.files.versions import Versions
    from flake8_backend.project.items.templates import Templates
    from flake8_backend.project.solution import Solution


class Project:
    """The files under ``root``. ``diagnostics`` is the one question; everything behind it is found on demand."""

    def __init__(self, root: Path, options: Options, cache: Cache, rules: Sequence[Rule]) -> None:
        self.root = root
        self.options = options
        self.rules = tuple(rule for rule in rules if options.is_active(rule))
        self._cache = cache
        self._index = Index(root)
        self._summaries = Summaries(self._index, options, cache, self.rules)
        self._solution: Solution | None = None
        self._findings: dict[str, list[Any]] | None = None
        self._fresh: dict[str, list[Any]] = {}
        self._overlaid = False
        self._tunes_collector = False  # for a process of our own only: a plugin is a guest

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
        unseen = project._index.fill(cache)
        project._summaries.visit_in_parallel(unseen, jobs)
        return project

    # --- files -------------------------------------------------------------------------------------------------

    @property
    def paths(self) -> list[Path]:
        """Every file of the project, in the order of their names."""
        return [entry.path for _, entry in self._index.in_order()]

    def source(self, path: Path) -> SourceFile:
        """The text of a file as it is analysed; raises OSError and UndecodableSource."""
        relative = self._index.relative(path)
        entry = self._index.entries.get(relative)
        if entry is not None and entry.text is not None:
            return SourceFile(relative, entry.text)
        return SourceFile.from_bytes(relative, path.read_bytes())

    def set_text(self, path: Path, text: str) -> None:
        """Analyse ``text`` in place of what the disk holds: an unsaved buffer, standard input, a fix on trial."""
        relative = self._index.relative(path)
        entry = self._index.entries.get(relative)
        if entry is not None and entry.text == text:
            return
        self._index.add(relative, Entry(str(path), "", text=text), self._summaries.shaping)
        self._solution = None
        self._findings = None
        self._overlaid = True

    # --- answers -----------------------------------------------------------------------------------------------

    @property
    def solution(self) -> Solution:
        """The solved project: summaries of all files, evaluated on demand."""
        if self._solution is None:
            from flake8_backend.knowledge import loader
            from flake8_backend.project.modules import Module, ModuleTable
            from flake8_backend.project.solution import Solution

            found = self._summaries.all(tune_collector=self._tunes_collector)
            table = ModuleTable(
                [Module(entry.name, relative, summary, entry.other_names) for relative, entry, summary in found],
                libraries=loader.known_libraries(),
            )
            knowledge = loader.load(
                table.imports,
                extra_packs=[Path(pack) for pack in self.options.packs],
                rows=self.options.pack_rows or None,
            )
            self._solution = Solution(
                table,
                knowledge,
                self.options,
                self._requirements,
                self._versions,
                self._templates,
                read=lambda relative: self.source(self.root / relative).text,
            )
        return self._solution

    def diagnostics(self, path: Path) -> tuple[Diagnostic, ...]:
        """What the active rules say of one file, in the order of places; noqa and per-file-ignores are not applied."""
        relative = self._index.relative(path)
        if relative not in self._index.entries:
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
        try:
            entry = Entry(str(path), digest(path.read_bytes()))
        except OSError as error:
            entry = Entry(str(path), "", summary=Problem.of(error))
        before = self._solution
        self._index.add(relative, entry, self._summaries.shaping)
        self._solution = None
        try:
            return self._diagnose(relative)
        finally:
            self._solution = before
            self._index.remove(relative)

    def _diagnose(self, relative: str) -> tuple[Diagnostic, ...]:
        summary = self._summaries.of(self._index.entries[relative])
        if isinstance(summary, Problem):
            from flake8_backend.core.containment import not_analysed

            return (not_analysed(summary.reason, summary.line),)
        found = [diagnostic_from_json(item) for item in summary.diagnostics]
        solution = self.solution
        module = solution.table.by_path.get(relative)
        if module is not None:
            with paused():
                found += solution.diagnostics(module, self.rules)
        return tuple(sorted(_yielded(found, self.rules), key=lambda diagnostic: diagnostic.sort_key))

    # --- what is read beside the modules -----------------------------------------------------------------------

    @cached_property
    def _requirements(self) -> Requirements:
        return requirements.read(self.root, self._cache)

    @cached_property
    def _templates(self) -> Templates:
        return templates.read(self.root, self._index.folders())

    @cached_property
    def _versions(self) -> Versions:
        return versions.read(self.root, self._requirements)

    # --- remembered findings -----------------------------------------------------------------------------------

    @cached_property
    def _state_key(self) -> str:
        """The state of the whole project: every file's content and what names are counted from, the options, the packs,
        requirements, lock files.
        """
        rows = "\n".join(self._index.state())
        stated = f"{self._requirements.fingerprint}\0{self._versions.fingerprint}\0{self._templates.fingerprint}"
        told = f"{self.options.fingerprint()}\0{self._summaries.foreign_facts}\0{stated}\0{rows}"
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


def _yielded(found: list[Diagnostic], rules: Sequence[Rule]) -> list[Diagnostic]:
    """Where several rules own one span, those that yield to another one leave it to it."""
    yields = {rule.code: set(rule.yields_to) for rule in rules if rule.yields_to}
    if not yields:
        return found
    owners: dict[Any, set[str]] = {}
    for diagnostic in found:
        owners.setdefault(diagnostic.span, set()).add(diagnostic.code)
    return [d for d in found if not yields.get(d.code, set()) & owners[d.span]]
