"""Every fixture against its marks, in several guises: see "Fixtures" in CONTRIBUTING.md."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.harness.cases import FIXTURES, Case, all_cases, cases_in, check
from tests.harness.fixing import fix_case
from tests.harness.importforms import FORMS
from tests.harness.marks import Guard, MarkError, comments_of, compare, guards_of, marks_of, with_noqa
from tests.harness.rendering import render

if TYPE_CHECKING:
    from pytest_snapshot.plugin import Snapshot

CASES = all_cases()
BAD = [case for case in CASES if any(marks_of(text) for text in case.sources.values())]
FOLDERS = sorted({FIXTURES / case.code.lower() for case in CASES})
GUARDS = [
    pytest.param(case, path, guard, id=f"{case}-{path}:{guard.line}")
    for case in CASES
    for path, text in case.sources.items()
    for guard in guards_of(text)
]
REPLAYS = [
    pytest.param(case, path, rewritten, id=f"{case}-{form}")
    for case in CASES
    if case.is_single_file
    for path, text in case.sources.items()
    for form, rewrite in FORMS.items()
    if (rewritten := rewrite(text)) != text
]


def differences(case: Case, root: Path) -> list[str]:
    """What is reported and not marked, or marked and not reported."""
    found = check(case, root)
    told = []
    for path, text in case.sources.items():
        missing, unexpected = compare(marks_of(text), found[path])
        told += [f"{path} {mark}: not reported" for mark in missing]
        told += [
            f"{path} line {item.span.line}: {item.code} {item.severity.value}: {item.message}: not marked"
            for item in unexpected
        ]
    return told


def as_single_file(case: Case) -> tuple[str, str]:
    """Path and text of the one source of a case."""
    return next(iter(case.sources.items()))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_is_marked_is_reported_and_nothing_else(case: Case, tmp_path: Path) -> None:
    told = differences(case, tmp_path)
    assert not told, "\n" + "\n".join(told)


@pytest.mark.parametrize("case", [case for case in CASES if case.name.startswith("good")], ids=str)
def test_good_files_carry_no_mark(case: Case) -> None:
    path, text = as_single_file(case)
    assert marks_of(text) == [], path


@pytest.mark.parametrize("case", [case for case in CASES if case.name.startswith("bad")], ids=str)
def test_bad_files_carry_marks_of_their_own_rule(case: Case) -> None:
    path, text = as_single_file(case)
    assert case.code in {mark.code for mark in marks_of(text)}, path


@pytest.mark.parametrize("case", CASES, ids=str)
def test_windows_line_ends_change_nothing(case: Case, tmp_path: Path) -> None:
    for path, text in case.sources.items():
        case = case.with_text(path, text.replace("\n", "\r\n"))
    told = differences(case, tmp_path)
    assert not told, "\n" + "\n".join(told)


@pytest.mark.parametrize(("case", "path", "rewritten"), REPLAYS)
def test_other_forms_of_import_change_nothing(case: Case, path: str, rewritten: str, tmp_path: Path) -> None:
    def found(text: str, root: Path) -> set[str]:
        items = check(case.with_text(path, text), root)[path]
        lines = rewritten.splitlines()
        return {f"line {item.span.line}: {item.code}: {lines[item.span.line - 1].strip()}" for item in items}

    before, after = found(case.sources[path], tmp_path / "original"), found(rewritten, tmp_path / "rewritten")
    told = [f"lost: {line}" for line in sorted(before - after)] + [f"new: {line}" for line in sorted(after - before)]
    assert not told, "\n" + "\n".join(told)


@pytest.mark.parametrize("case", BAD, ids=str)
def test_noqa_silences_every_finding(case: Case, tmp_path: Path) -> None:
    marked = {(path, mark.line) for path, text in case.sources.items() for mark in marks_of(text)}
    for path, text in case.sources.items():
        case = case.with_text(path, with_noqa(text))
    found = {(path, item.span.line) for path, items in check(case, tmp_path).items() for item in items}
    assert found & marked == set()


@pytest.mark.parametrize(("case", "path", "guard"), GUARDS)
def test_without_its_guard_the_rule_fires(case: Case, path: str, guard: Guard, tmp_path: Path) -> None:
    changed = guard.apply(case.sources[path])
    expected = sum(mark.code == case.code for source in case.sources.values() for mark in marks_of(source))
    found = [item for items in check(case.with_text(path, changed), tmp_path).values() for item in items]
    told = changed.splitlines()[guard.line - 1].strip()
    assert not {"BE902", "BE903"} & {item.code for item in found}, told
    assert sum(item.code == case.code for item in found) > expected, f"silent with: {told}"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_messages_are_as_last_read(folder: Path, tmp_path: Path, snapshot: Snapshot) -> None:
    text = "".join(
        render(check(case, tmp_path / case.name), case.sources, prefix="" if case.is_single_file else f"{case.name}/")
        for case in cases_in(folder)
    )
    snapshot.snapshot_dir = folder / "snapshot"
    snapshot.assert_match(text, "messages.txt")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_fixed_files_are_as_last_read(folder: Path, tmp_path: Path, snapshot: Snapshot) -> None:
    results: dict[str, str] = {}
    refusals = ""
    for case in cases_in(folder):
        fixed = fix_case(case, tmp_path / case.name)
        refusals += fixed.refusals(prefix="" if case.is_single_file else f"{case.name}/")
        for path, text in fixed.texts.items():
            if text != case.sources[path]:
                place = Path(path) if case.is_single_file else Path(case.name, path)
                results[place.with_stem(f"{place.stem}_fixed").as_posix()] = text
    if refusals:
        results["not_fixed.txt"] = refusals
    snapshot.snapshot_dir = folder / "snapshot"
    for name, text in results.items():
        snapshot.assert_match(text, name)
    stored = {path.relative_to(folder / "snapshot").as_posix() for path in (folder / "snapshot").rglob("*.*")}
    assert stored - {"messages.txt"} == set(results)


@pytest.mark.parametrize("case", BAD, ids=str)
def test_fixing_repairs_what_it_can_and_settles(case: Case, tmp_path: Path) -> None:
    found = check(case, tmp_path / "before")
    fixed = fix_case(case, tmp_path / "fixed")
    after = case
    for path, text in fixed.texts.items():
        compile(text, path, "exec", dont_inherit=True)
        lost = Counter(comments_of(case.sources[path])) - Counter(comments_of(text))
        assert lost == Counter(), path
        after = after.with_text(path, text)

    left = check(after, tmp_path / "after")
    assert sum(map(len, left.values())) <= sum(map(len, found.values()))
    refused = {(path, item.code, item.span) for path, items in fixed.skipped.items() for item in items}
    still_fixable = {
        (path, item.code, item.span) for path, items in left.items() for item in items if item.best_fix(unsafe=True)
    }
    assert still_fixable - refused == set()

    again = fix_case(after, tmp_path / "again")
    assert again.texts == fixed.texts
    assert again.refusals() == fixed.refusals()


@pytest.mark.parametrize("case", BAD, ids=str)
def test_noqa_keeps_fixes_away(case: Case, tmp_path: Path) -> None:
    marked = {path: {mark.line for mark in marks_of(text)} for path, text in case.sources.items()}
    for path, text in case.sources.items():
        case = case.with_text(path, with_noqa(text))
    fixed = fix_case(case, tmp_path).texts
    for path, text in case.sources.items():
        lines = text.splitlines()
        assert {lines[number - 1] for number in marked[path]} <= set(fixed[path].splitlines()), path


def test_a_comment_that_only_looks_like_a_mark_is_an_error() -> None:
    assert [str(mark) for mark in marks_of("x = 1  # BE001 low: a; b; BE002\n")] == [
        "line 1: BE001 low: a; b",
        "line 1: BE002",
    ]
    with pytest.raises(MarkError, match="is no mark"):
        marks_of("x = 1  # BE001, sometimes\n")


def test_a_guard_names_a_piece_of_its_own_line() -> None:
    text = "def f():\n    await g(timeout=1)  # why: # guard: , timeout=1 -> \n"
    with pytest.raises(MarkError, match="nothing of"):
        guards_of(text)
    (guard,) = guards_of("def f():\n    await g(1, timeout=1)  # guard: , timeout=1 ->\n")
    assert guard.apply("def f():\n    await g(1, timeout=1)  # guard: , timeout=1 ->\n") == "def f():\n    await g(1)\n"
    (guard,) = guards_of("def f():\n    await g()  # guard: await\n")
    assert guard.apply("def f():\n    await g()  # guard: await\n") == "def f():\n    g()\n"
    (guard,) = guards_of("def f() -> A:  # guard: -> A -> -> B\n    ...\n")
    assert guard.apply("def f() -> A:  # guard: -> A -> -> B\n    ...\n") == "def f() -> B:\n    ...\n"
