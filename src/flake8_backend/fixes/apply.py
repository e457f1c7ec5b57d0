"""The fix loop of the command line and the editor: plan, apply, verify, undo what did harm, until nothing changes.

A fix stays when the file still parses (and compiles, if it did), its finding is gone, and no finding is new, in this
file or another one of the run. Of a set of fixes that fails together, the ones to blame are found by halving, and only
they are undone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from flake8_backend.core.registry import all_rules
from flake8_backend.fixes.file_run import FileRun, Settings
from flake8_backend.fixes.report import FileFixes, FixReport
from flake8_backend.fixes.style import Style
from flake8_backend.fixes.verify import Findings, Place, news, place_of
from flake8_backend.fixes.write import WriteError, write_source

if TYPE_CHECKING:
    from flake8_backend.config import Options
    from flake8_backend.core.diagnostic import Diagnostic
    from flake8_backend.core.rule import Rule
    from flake8_backend.core.source import SourceFile

Allowed = Callable[[Path, "Diagnostic"], bool]
Progress = Callable[[Path, int, int], None]
_ATTEMPTS = 3


class FixableProject(Protocol):
    """What the loop needs of a project; ``set_text`` decides what ``source`` and ``diagnostics`` see."""

    @property
    def root(self) -> Path:
        """The folder that paths are shown relative to."""
        ...

    def source(self, path: Path) -> SourceFile:
        """The file as it is now."""
        ...

    def set_text(self, path: Path, text: str) -> None:
        """Let ``path`` have another text."""
        ...

    def diagnostics(self, path: Path) -> Sequence[Diagnostic]:
        """All findings in ``path``, suppressed ones included."""
        ...


def fix_files(
    project: FixableProject,
    paths: Iterable[Path],
    *,
    unsafe: bool,
    allowed: Allowed,
    write: bool,
    options: Options,
    rules: Mapping[str, Rule] | None = None,
    max_rounds: int = 50,
    progress: Progress | None = None,
) -> FixReport:
    """Apply the best fix of every allowed finding in ``paths`` and say what was done and what was not.

    With ``write`` the files are replaced, each as a whole, when everything is settled; a file that cannot be written
    carries its error in the report, and the project keeps the texts. Without it the project is left as it was found.
    ``progress`` is told each file when it is done, with its number and the number of all files.
    """
    known = rules if rules is not None else {rule.code: rule for rule in all_rules()}
    settings = Settings(
        unsafe=unsafe,
        allowed=allowed,
        rules=known,
        options=options,
        max_rounds=max_rounds,
        style=Style.of(project.root),
    )
    session = _Session(project, list(dict.fromkeys(paths)), settings)
    session.fix_all(progress)
    session.undo_harm_elsewhere()
    reports = tuple(_written(run.report()) if write else run.report() for run in session.runs.values())
    if not write:
        session.revert()
    return FixReport(project.root, tuple(report for report in reports if _tells(report)))


def _tells(report: FileFixes) -> bool:
    return report.is_changed or bool(report.skipped)


def _written(report: FileFixes) -> FileFixes:
    if not report.is_changed:
        return report
    try:
        write_source(report.path, report.before, report.after)
    except WriteError as error:
        return report.failed(error)
    return report


class _Session:
    """One call of ``fix_files``."""

    def __init__(self, project: FixableProject, paths: Sequence[Path], settings: Settings) -> None:
        self.project = project
        self.paths = paths
        self.settings = settings
        self.baseline: dict[Path, frozenset[Place]] = {
            path: frozenset(map(place_of, project.diagnostics(path))) for path in paths
        }
        self.runs: dict[Path, FileRun] = {}

    def fix_all(self, progress: Progress | None) -> None:
        """Rounds over all files together, for one look at a changed project costs as much as a look at each file."""
        told = 0

        def tell(path: Path) -> None:
            nonlocal told
            told += 1
            if progress is not None:
                progress(path, told, len(self.paths))

        for path in self.paths:
            run = FileRun.start(self.project, path, self.settings)
            if run is None:
                tell(path)
            else:
                self.runs[path] = run
        active = list(self.runs.values())
        for number in range(self.settings.max_rounds):
            still_active = self._round(active, is_first=number == 0)
            for run in active:
                if run not in still_active:
                    tell(run.path)
            active = still_active
        for run in active:
            run.give_up()
            tell(run.path)

    def _round(self, active: Sequence[FileRun], *, is_first: bool) -> list[FileRun]:
        """One round; returns the files in which another one may bring more."""
        if not is_first:
            for run in active:
                run.refresh()
        proposing = [run for run in active if run.propose()]
        for run in proposing:
            run.show()
        failed = [run for run in proposing if not run.judge()]
        for run in failed:
            run.restore()
        going_on = [run for run in proposing if run not in failed]
        for run in failed:
            run.refresh()
            if run.alone():
                going_on.append(run)
        return going_on

    def revert(self) -> None:
        for run in self.runs.values():
            run.revert()

    def _new_findings(self) -> dict[Path, Findings]:
        """What is found in each file, as it is shown, and was not there before."""
        found = {path: self._new_in(path) for path in self.paths}
        return {path: new for path, new in found.items() if new}

    def _new_in(self, path: Path) -> Findings:
        run = self.runs.get(path)
        if run is not None and run.is_shown_changed:
            return run.brought
        return news(self.baseline[path], self.project.diagnostics(path))

    def undo_harm_elsewhere(self) -> None:
        """Undo the fixes that brought findings to other files, and only those."""
        for _ in range(_ATTEMPTS):
            changed = [run for run in self.runs.values() if run.is_changed]
            new = self._new_findings() if changed else {}
            if not new:
                return
            culprits = self._culprits(changed, new)
            for run in culprits:
                run.revert()
            for run in culprits:
                again = FileRun.start(self.project, run.path, self.settings, witnesses=set(new) - {run.path})
                if again is not None:
                    again.repeat()
                    self.runs[run.path] = again
        if self._new_findings():
            for run in self.runs.values():
                run.refuse_all("the fixes of several files together bring new findings")

    def _culprits(self, changed: Sequence[FileRun], new: Mapping[Path, Findings]) -> list[FileRun]:
        """The files without whose fixes there are fewer new findings; all of them when no single one is to blame."""
        culprits: list[FileRun] = []
        before = sum(map(Counter.total, new.values()))
        for run in changed:
            run.revert()
            left = self._new_findings()
            if sum(map(Counter.total, left.values())) < before:
                culprits.append(run)
            run.restore()
        return culprits or list(changed)
