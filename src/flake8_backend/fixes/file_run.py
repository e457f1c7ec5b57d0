"""The rounds of fixes over one file."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from flake8_backend.fixes.plan import (
    CannotFix,
    Edit,
    FixPlan,
    Skipped,
    any_touch,
    apply_edits,
    shifted,
    unshifted,
    untouched,
)
from flake8_backend.fixes.report import Applied, FileFixes
from flake8_backend.fixes.syntax import ParsedFile, Unparsable, compiles, parse, span_between
from flake8_backend.fixes.verify import Findings, Place, judged, news, place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence, Set
    from pathlib import Path

    from flake8_backend.config import Options
    from flake8_backend.core.diagnostic import Diagnostic, Fix, Span
    from flake8_backend.core.rule import Rule
    from flake8_backend.core.source import SourceFile
    from flake8_backend.fixes.apply import FixableProject
    from flake8_backend.fixes.style import Style


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for all files of a run."""

    unsafe: bool
    allowed: Callable[[Path, Diagnostic], bool]
    rules: Mapping[str, Rule]
    options: Options
    max_rounds: int
    style: Style


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A finding, its fix and, once planned, the plan."""

    diagnostic: Diagnostic
    fix: Fix
    start: int
    end: int
    plan: FixPlan | None = None

    @property
    def key(self) -> tuple[str, str, int, int]:
        return (self.fix.code, self.fix.title, self.start, self.end)


@dataclass(frozen=True, slots=True)
class _Result:
    """A text that fixes give, what is found in it, and the places of findings that the fixes are not to blame for."""

    text: str
    edits: tuple[Edit, ...]
    diagnostics: Sequence[Diagnostic] = ()
    excused: frozenset[Place] = frozenset()


@dataclass(eq=False)
class FileRun:
    """One file on its way from ``before`` to ``text``.

    A round is taken together with other files (``propose``, ``show`` and ``judge``: one look at the project for all of
    them), or ``alone``, which finds the fixes that are to blame.
    """

    project: FixableProject
    path: Path
    settings: Settings
    before: SourceFile
    diagnostics: Sequence[Diagnostic]
    witnesses: Set[Path] = frozenset()
    text: str = ""
    applied: list[Applied] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    # The text and the edits of each round.
    _history: list[tuple[str, tuple[Edit, ...]]] = field(default_factory=list)
    # Fixes that failed by themselves and are not tried again, with the place of their finding in ``text``.
    _failed: dict[tuple[str, str, int, int], str] = field(default_factory=dict)
    _compiled: bool = False
    _shown: str = ""
    # Where ``text`` has findings that were there before all fixes, or took the place of one that was.
    _known: frozenset[Place] = frozenset()
    _proposed: list[_Candidate] = field(default_factory=list)
    _proposal: _Result | None = None
    _elsewhere: dict[Path, frozenset[Place]] = field(default_factory=dict)

    @classmethod
    def start(
        cls, project: FixableProject, path: Path, settings: Settings, *, witnesses: Set[Path] = frozenset()
    ) -> FileRun | None:
        """A run over the file, or None when nothing in it has a fix that may be applied.

        ``witnesses`` are other files, in which the fixes must not bring anything new.
        """
        diagnostics = project.diagnostics(path)
        if not any(_wanted(path, diagnostic, settings) for diagnostic in diagnostics):
            return None
        source = project.source(path)
        run = cls(project, path, settings, source, diagnostics, witnesses, text=source.text)
        run._compiled = compiles(source.text)
        run._shown = source.text
        run._known = frozenset(map(place_of, diagnostics))
        return run

    @property
    def is_changed(self) -> bool:
        """Whether a fix was made and kept."""
        return self.text != self.before.text

    @property
    def is_shown_changed(self) -> bool:
        """Whether the project sees the text with the fixes that were kept."""
        return self.is_changed and self._shown == self.text

    @property
    def _source(self) -> SourceFile:
        return replace(self.before, text=self.text)

    def repeat(self) -> None:
        """Run rounds until one brings nothing, or there were too many."""
        for _ in range(self.settings.max_rounds):
            if not self.alone():
                return
        self.give_up()

    def give_up(self) -> None:
        """Say of what is left that there was no time for it."""
        self.skipped = [
            Skipped(each.fix.code, each.diagnostic.span, f"not reached within {self.settings.max_rounds} rounds")
            for each in self._candidates()
        ]

    def _show(self, text: str) -> None:
        if text != self._shown:
            self._shown = text
            self.project.set_text(self.path, text)

    def revert(self) -> None:
        """Give the project the text that it had before."""
        self._show(self.before.text)

    def restore(self) -> None:
        """Give the project the text with the fixes that were kept."""
        self._show(self.text)

    def refuse_all(self, reason: str) -> None:
        """Undo everything, for ``reason``."""
        self.revert()
        self.skipped += [
            Skipped(each.code, each.span, f"the fix of {each.code} was undone: {reason}") for each in self.applied
        ]
        self.applied.clear()
        self.text = self.before.text

    def report(self) -> FileFixes:
        """What came of it."""
        return FileFixes(self.path, self.before, self.text, tuple(self.applied), tuple(self.skipped))

    # One round

    def _candidates(self) -> list[_Candidate]:
        source = self._source
        found: list[_Candidate] = []
        for diagnostic in self.diagnostics:
            fix = _wanted(self.path, diagnostic, self.settings)
            if fix is not None:
                found.append(_Candidate(diagnostic, fix, *source.offsets(diagnostic.span)))
        return found

    def propose(self) -> bool:
        """Work out what the next round would do, without asking the project; returns whether there is anything."""
        self._proposed, self._proposal = self._chosen(), None
        if self._proposed:
            outcome = self._attempt(self._proposed)
            self._proposal = outcome if isinstance(outcome, _Result) else None
        return bool(self._proposed)

    def show(self) -> None:
        """Let the project see what was proposed."""
        if self._proposal is not None:
            self._show(self._proposal.text)

    def judge(self) -> bool:
        """Keep what was proposed if it does no harm to this file; returns whether it is kept."""
        if self._proposal is None:
            return False
        outcome = self._looked_at(self._proposed, self._proposal)
        if isinstance(outcome, str):
            return False
        self._accept(self._proposed, outcome)
        return True

    @property
    def brought(self) -> Findings:
        """The findings of the file, as it is shown, that neither were there before nor took the place of one that was.

        They may come from the fixes of other files.
        """
        return news(self._known, self.project.diagnostics(self.path))

    def refresh(self) -> None:
        """Look at the findings again, which the fixes of other files may have changed."""
        self.diagnostics = self.project.diagnostics(self.path)

    def alone(self) -> bool:
        """One round of this file by itself; returns whether another one may bring more."""
        self._elsewhere = {path: frozenset(map(place_of, self.project.diagnostics(path))) for path in self.witnesses}
        tried = self._chosen()
        failures = len(self._failed)
        kept, result = self._kept([], None, tried)
        if result is not None:
            self._accept(kept, result)
            return True
        self.restore()
        return len(self._failed) > failures

    def _chosen(self) -> list[_Candidate]:
        """The candidates that have a plan and do not get in each other's way."""
        chosen: list[_Candidate] = []
        taken: list[Edit] = []
        for candidate in self._planned():
            edits = candidate.plan.edits if candidate.plan else ()
            if not any_touch(edits, taken):
                chosen.append(candidate)
                taken += edits
        return chosen

    def _planned(self) -> list[_Candidate]:
        """The candidates that have a plan; ``skipped`` gets the others."""
        # libcst, which the planner needs, is imported when the first fix is asked for.
        from flake8_backend.fixes.planner import plan_fix

        self.skipped = []
        planned: list[_Candidate] = []
        try:
            file = ParsedFile.of(self._source, self.settings.style)
        except Unparsable:
            return []
        for candidate in self._candidates():
            code, span = candidate.fix.code, candidate.diagnostic.span
            if candidate.key in self._failed:
                self.skipped.append(Skipped(code, span, self._failed[candidate.key]))
                continue
            plan = plan_fix(
                file,
                candidate.diagnostic,
                candidate.fix,
                rules=self.settings.rules,
                options=self.settings.options,
            )
            if isinstance(plan, Skipped):
                self.skipped.append(plan)
            else:
                planned.append(replace(candidate, plan=plan))
        return planned

    def _kept(
        self, kept: list[_Candidate], result: _Result | None, tried: list[_Candidate]
    ) -> tuple[list[_Candidate], _Result | None]:
        """``kept`` and those of ``tried`` that pass together with it, and what they give."""
        if not tried:
            return kept, result
        outcome = self._verified([*kept, *tried])
        if isinstance(outcome, _Result):
            return [*kept, *tried], outcome
        if len(tried) == 1:
            if not kept:  # beside others it may be their fault: it is tried again in the next round
                self._failed[tried[0].key] = f"the fix of {tried[0].fix.code} was undone: {outcome}"
            return kept, result
        half = len(tried) // 2
        kept, result = self._kept(kept, result, tried[:half])
        return self._kept(kept, result, tried[half:])

    def _verified(self, candidates: Sequence[_Candidate]) -> _Result | str:
        """What the fixes give together, or what is wrong with it."""
        outcome = self._attempt(candidates)
        if isinstance(outcome, str):
            return outcome
        self._show(outcome.text)
        return self._looked_at(candidates, outcome)

    def _attempt(self, candidates: Sequence[_Candidate]) -> _Result | str:
        """The text that the fixes give together, or why it is none."""
        from flake8_backend.fixes.planner import combined

        plans = [candidate.plan for candidate in candidates if candidate.plan is not None]
        try:
            edits = combined(self._source, plans, style=self.settings.style)
            text = apply_edits(self.text, edits)
            parse(text)
            self.before.encoding.encode(text)
        except CannotFix as refusal:
            return str(refusal)
        except Unparsable as error:
            return f"the result is not valid Python: {error}"
        except UnicodeEncodeError:
            return f"the file's encoding, {self.before.encoding.name}, cannot hold the result"
        if self._compiled and not compiles(text):
            return "the result is not valid Python"
        return _Result(text, edits)

    def _looked_at(self, candidates: Sequence[_Candidate], result: _Result) -> _Result | str:
        """``result``, which is shown, with what is found in it; or what is wrong with it."""
        found = self.project.diagnostics(self.path)
        verdict = judged(
            self.diagnostics,
            found,
            fixed=[candidate.diagnostic for candidate in candidates],
            foreign=frozenset(map(place_of, self.diagnostics)) - self._known,
            old=self._source,
            new=replace(self.before, text=result.text),
            edits=result.edits,
        )
        if verdict.harm is not None:
            return verdict.harm
        for path in sorted(self.witnesses):
            new = min(news(self._elsewhere[path], self.project.diagnostics(path)), default=None)
            if new is not None:
                return f"it brings {new[0]} to {path.name}: {new[1]}"
        return replace(result, diagnostics=found, excused=verdict.excused)

    def _accept(self, kept: Sequence[_Candidate], result: _Result) -> None:
        self._show(result.text)
        self.applied += [Applied(each.fix.code, each.fix.title, self._original(each.start, each.end)) for each in kept]
        self._history.append((self.text, result.edits))
        self._failed = dict(_moved(self._failed, result.edits))
        known = {(code, self._source.offset(line, column)) for code, line, column in self._known}
        self.text = result.text
        self._known = result.excused | _still_known(known, result, self._source)
        self.diagnostics = result.diagnostics

    def _original(self, start: int, end: int) -> Span:
        """The place of a finding in the text before all fixes."""
        found = self.text[start:end]
        for text, edits in reversed(self._history):
            start, end = unshifted(start, edits, text), unshifted(end, edits, text)
            if text.startswith(found, start):
                end = start + len(found)
            found = text[start : max(start, end)]
        return span_between(self.before, start, start + len(found))


def _still_known(known: Set[tuple[str, int]], result: _Result, source: SourceFile) -> frozenset[Place]:
    """The places of the findings of ``result`` that began at one of ``known`` before its edits."""
    return frozenset(
        place_of(each)
        for each in result.diagnostics
        if (each.code, untouched(*source.offsets(each.span), result.edits)) in known
    )


def _wanted(path: Path, diagnostic: Diagnostic, settings: Settings) -> Fix | None:
    fix = diagnostic.best_fix(unsafe=settings.unsafe)
    return fix if fix is not None and settings.allowed(path, diagnostic) else None


def _moved(
    failed: Mapping[tuple[str, str, int, int], str], edits: Sequence[Edit]
) -> Iterable[tuple[tuple[str, str, int, int], str]]:
    """The failed fixes where they are after ``edits``; those whose surroundings changed may be tried again."""
    for (code, title, start, end), reason in failed.items():
        new_start, new_last = shifted(start, edits), shifted(max(start, end - 1), edits)
        if new_start is not None and new_last is not None:
            yield (code, title, new_start, new_last + (end > start)), reason
