"""Summaries of files: from the cache, or from a visit, alone or in parallel."""

from __future__ import annotations

import ast
import json
import warnings
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from flake8_backend.core.source import UndecodableSource, decode
from flake8_backend.knowledge.installed import installed_packs
from flake8_backend.project.collector import paused, settle
from flake8_backend.project.files.index import Entry, Problem

if TYPE_CHECKING:
    # What visits is imported where that is done: a run that finds everything in the cache does not.
    from collections.abc import Iterable, Sequence

    from flake8_backend.config import Options
    from flake8_backend.core.rule import Rule
    from flake8_backend.knowledge.loader import Vocabulary
    from flake8_backend.project.files.cache import Cache
    from flake8_backend.project.files.index import Index
    from flake8_backend.semantic.summary import ModuleSummary

_WORTH_SHARING = 40
_WORTH_SETTLING = 100


class Summaries:
    """What visits of the files of an index leave behind; ``rules`` are the active ones."""

    def __init__(self, index: Index, options: Options, cache: Cache, rules: Sequence[Rule]) -> None:
        self._index = index
        self._options = options
        self._cache = cache
        self._rules = tuple(rules)
        self._new: dict[str, str] = {}  # summaries that the cache does not hold yet

    # --- what shapes a summary ---------------------------------------------------------------------------------

    @cached_property
    def shaping(self) -> str:
        """What besides a file's text shapes its summary: the syntactic checks that run, and the known names."""
        checks = ",".join(rule.code for rule in self._rules if rule.node_checks)
        return f"{checks}\0{self.foreign_facts}"

    @cached_property
    def foreign_facts(self) -> str:
        """The facts that are no part of this tool, which the cache's own version tells of: those of others' packs."""
        installed = installed_packs()
        if not (installed or self._options.packs or self._options.pack_rows):
            return ""
        return f"{self._vocabulary.fingerprint}\0{installed}"

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        from flake8_backend.knowledge import loader

        return loader.vocabulary(
            extra_packs=[Path(pack) for pack in self._options.packs], rows=self._options.pack_rows or None
        )

    @cached_property
    def _kept_builtins(self) -> frozenset[str]:
        return self._vocabulary.terminals

    # --- one file ----------------------------------------------------------------------------------------------

    def of(self, entry: Entry) -> ModuleSummary | Problem:
        """The summary of one file."""
        if entry.summary is None:
            self._index.name_entries(self.shaping)
            dumped = entry.dumped or self._cached(entry)
            entry.summary = _loaded(dumped) if dumped is not None else self._visited(entry)
            entry.dumped = None
        return entry.summary

    def _cached(self, entry: Entry) -> str | None:
        if entry.text is not None:
            return None
        return self._cache.segments.get(entry.key)

    def _visited(self, entry: Entry) -> ModuleSummary | Problem:
        if entry.text is not None:
            return self._visit_text(entry, entry.text)
        try:
            text, _ = decode(entry.path.read_bytes())
        except OSError as error:
            return Problem.of(error)
        except UndecodableSource as error:
            result: ModuleSummary | Problem = Problem(str(error))
        else:
            result = self._visit_text(entry, text)
        if self._cache.is_kept:
            self._new[entry.key] = dump(result)
        return result

    def _visit_text(self, entry: Entry, text: str) -> ModuleSummary | Problem:
        return visit_text(
            text,
            entry.name,
            is_package=entry.path.stem == "__init__",
            path=self._index.relative(entry.path),
            kept_builtins=self._kept_builtins,
            rules=self._rules,
        )

    # --- many files --------------------------------------------------------------------------------------------

    def visit_in_parallel(self, entries: list[Entry], jobs: int) -> None:
        """Visit what the cache does not know of ``entries``, in ``jobs`` processes where that is worth their start."""
        if jobs < 2 or len(entries) <= _WORTH_SHARING:
            return
        from flake8_backend.project.files.parallel import visit_all

        self._index.name_entries(self.shaping)
        missing = [entry for entry in entries if self._cached(entry) is None]
        work = [(str(entry.path), entry.name, self._index.relative(entry.path)) for entry in missing]
        checked = [rule.code for rule in self._rules if rule.node_checks]
        for entry, dumped in zip(missing, visit_all(work, self._kept_builtins, checked, jobs), strict=True):
            entry.dumped = dumped
            self._new[entry.key] = dumped

    def all(self, *, tune_collector: bool) -> list[tuple[str, Entry, ModuleSummary]]:
        """Every file that has a summary, in the order of their names; new summaries are written to the cache."""
        unknown = sum(1 for entry in self._index.entries.values() if entry.summary is None)
        found = []
        with paused():
            for relative, entry in self._index.in_order():
                summary = self.of(entry)
                if not isinstance(summary, Problem):
                    found.append((relative, entry, summary))
        self._cache.add_segment(self._new, {entry.key for entry in self._index.entries.values()})
        self._new = {}
        if tune_collector and unknown > _WORTH_SETTLING:
            settle()
        return found


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
