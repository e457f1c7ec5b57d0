"""Labels: how they are read, which are set aside, and that no change goes unsaid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flake8_backend.dev.accuracy import labels

if TYPE_CHECKING:
    from collections.abc import Mapping

CORPUS = Path(__file__).parents[1] / "corpus"
REPOSITORY = "https://example.org/shop"
HEAD = f'repository = "{REPOSITORY}"\ncommit = "abc"\n'
ROW = {
    "rule": "BE002",
    "path": "shop/pay.py",
    "line": 4,
    "verdict": "right",
    "reach": "near",
    "note": "Waits for ever.",
}


def row(**changes: object) -> str:
    values = {**ROW, "source": "0" * 12, **changes}
    written = "".join(f"{key} = {value!r}\n" for key, value in values.items())
    return f"[[label]]\n{written}"


def line_that_is(*, set_aside: bool, after: int = 0) -> int:
    return next(
        line
        for line in range(after + 1, 1000)
        if labels.is_set_aside(REPOSITORY, "shop/pay.py", line, "BE002") is set_aside
    )


def write(folder: Path, *rows: str, aside: str = "", tail: str = "") -> Path:
    (folder / "shop.toml").write_text(HEAD + "".join(rows) + tail)
    if aside:
        (folder / "held_out").mkdir(exist_ok=True)
        (folder / "held_out/shop.toml").write_text(aside)
    return folder


OPEN = line_that_is(set_aside=False)
ASIDE = line_that_is(set_aside=True)


# The set of this checkout


def test_no_label_of_this_checkout_was_changed_without_saying_so() -> None:
    projects = labels.load(CORPUS)
    assert labels.undeclared(projects, labels.read_seals(CORPUS)) == []


def test_labels_of_this_checkout_name_commits_in_full() -> None:
    for project in labels.load(CORPUS):
        assert len(project.commit) == 40
        assert set(project.commit) <= set("0123456789abcdef")


# Reading


def test_labels_are_read_from_both_files(tmp_path: Path) -> None:
    write(tmp_path, row(line=OPEN, at=[7, "shop/views.py:3"], until=OPEN + 2), aside=row(line=ASIDE, verdict="wrong"))
    (project,) = labels.load(tmp_path)
    opened, aside = project.labels
    assert (project.name, project.commit, opened.line, opened.is_right) == ("shop", "abc", OPEN, True)
    assert opened.at == (("shop/pay.py", 7), ("shop/views.py", 3))
    assert not project.is_held_out(opened)
    assert project.is_held_out(aside)
    assert not aside.is_right


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"verdict": "maybe"}, "verdict is right or wrong"),
        ({"reach": "deep"}, "reach is near or far"),
        ({"note": " "}, "the note is empty"),
        ({"colour": "red"}, "colour"),
        ({"at": ["views.py"]}, 'at takes lines and "path:line"'),
    ],
)
def test_a_bad_label_is_refused(tmp_path: Path, changes: Mapping[str, object], message: str) -> None:
    write(tmp_path, row(**{"line": OPEN, **changes}))
    with pytest.raises(labels.BadLabels, match=message):
        labels.load(tmp_path)


def test_a_label_needs_its_keys(tmp_path: Path) -> None:
    write(tmp_path, f"[[label]]\nrule = 'BE002'\npath = 'a.py'\nline = {OPEN}\n")
    with pytest.raises(labels.BadLabels, match="no note, no reach, no source, no verdict"):
        labels.load(tmp_path)


def test_a_place_is_labelled_once(tmp_path: Path) -> None:
    write(tmp_path, row(line=OPEN), row(line=OPEN, verdict="wrong"))
    with pytest.raises(labels.BadLabels, match="labelled twice"):
        labels.load(tmp_path)


@pytest.mark.parametrize("line", [OPEN, ASIDE])
def test_a_label_stands_where_its_hash_says(tmp_path: Path, line: int) -> None:
    if line == OPEN:
        write(tmp_path, aside=row(line=line))
    else:
        write(tmp_path, row(line=line))
    with pytest.raises(labels.BadLabels, match="the wrong one of the two files"):
        labels.load(tmp_path)


def test_two_in_five_are_set_aside() -> None:
    aside = sum(labels.is_set_aside(REPOSITORY, "a.py", line, "BE001") for line in range(10_000))
    assert 3_800 < aside < 4_200


# Places


def test_a_finding_is_matched_by_line_span_or_another_place() -> None:
    plain = labels.Label("BE001", "a.py", 5, "right", "near", "", "why", at=(("b.py", 9), ("a.py", 2)))
    assert [line for line in range(10) if plain.covers("a.py", line)] == [2, 5]
    assert [line for line in range(12) if plain.covers("b.py", line)] == [9]
    whole = labels.Label("BE004", "a.py", 5, "right", "near", "", "why", until=7)
    assert [line for line in range(10) if whole.covers("a.py", line)] == [5, 6, 7]


def test_the_digest_is_of_the_labelled_lines_alone() -> None:
    text = "one\n  two\nthree\n"
    assert labels.source_digest(text, 2) == labels.source_digest("zero\r\ntwo\r\n", 2)
    assert labels.source_digest(text, 2) != labels.source_digest(text, 2, 3)
    assert labels.source_digest(text, 9) == ""


# Seals


def sealed(folder: Path, *rows: str) -> Path:
    write(folder, *rows)
    labels.write_seals(folder, labels.load(folder))
    return folder


def undeclared(folder: Path) -> list[str]:
    return labels.undeclared(labels.load(folder), labels.read_seals(folder))


def test_what_is_sealed_is_fine_and_the_wording_is_free(tmp_path: Path) -> None:
    sealed(tmp_path, row(line=OPEN))
    assert undeclared(tmp_path) == []
    write(tmp_path, row(line=OPEN, note="In other words."))
    assert undeclared(tmp_path) == []


@pytest.mark.parametrize(
    "changes", [{"verdict": "wrong"}, {"reach": "far"}, {"at": [1]}, {"until": 9}, {"source": "1"}]
)
def test_a_silent_change_is_found(tmp_path: Path, changes: Mapping[str, object]) -> None:
    sealed(tmp_path, row(line=OPEN))
    write(tmp_path, row(**{"line": OPEN, **changes}))
    (problem,) = undeclared(tmp_path)
    assert problem.startswith(f"shop: BE002 shop/pay.py:{OPEN} was changed")


def test_sealing_again_does_not_hide_a_change(tmp_path: Path) -> None:
    sealed(tmp_path, row(line=OPEN))
    sealed(tmp_path, row(line=OPEN, verdict="wrong"))
    assert len(undeclared(tmp_path)) == 1


def test_a_new_label_must_be_sealed(tmp_path: Path) -> None:
    sealed(tmp_path, row(line=OPEN))
    other = line_that_is(set_aside=False, after=OPEN)
    write(tmp_path, row(line=OPEN), row(line=other))
    assert undeclared(tmp_path) == [f"shop: BE002 shop/pay.py:{other} is not sealed"]
    assert labels.write_seals(tmp_path, labels.load(tmp_path)) == 1
    assert undeclared(tmp_path) == []


def correction(seal: str, now: str, reason: str) -> str:
    return f"[[correction]]\nkey = 'BE002 shop/pay.py:{OPEN}'\nseal = '{seal}'\nnow = '{now}'\nreason = '{reason}'\n"


def test_a_declared_change_is_accepted(tmp_path: Path) -> None:
    sealed(tmp_path, row(line=OPEN))
    before = labels.load(tmp_path)[0].labels[0].seal
    write(tmp_path, row(line=OPEN, verdict="wrong"))
    now = labels.load(tmp_path)[0].labels[0].seal
    write(tmp_path, row(line=OPEN, verdict="wrong"), tail=correction(before, now, "The session has a default."))
    assert undeclared(tmp_path) == []


def test_a_correction_of_another_judgement_explains_nothing(tmp_path: Path) -> None:
    sealed(tmp_path, row(line=OPEN))
    before = labels.load(tmp_path)[0].labels[0].seal
    write(tmp_path, row(line=OPEN, verdict="wrong"), tail=correction(before, "0" * 12, "A reason."))
    assert len(undeclared(tmp_path)) == 1


def test_a_correction_gives_a_reason(tmp_path: Path) -> None:
    write(tmp_path, row(line=OPEN), tail=correction("a", "b", ""))
    with pytest.raises(labels.BadLabels, match="gives no reason"):
        labels.load(tmp_path)


def test_a_label_is_not_removed_silently(tmp_path: Path) -> None:
    sealed(tmp_path, row(line=OPEN))
    seal = labels.load(tmp_path)[0].labels[0].seal
    write(tmp_path)
    assert undeclared(tmp_path) == [f"shop: BE002 shop/pay.py:{OPEN} was removed without a correction"]
    write(tmp_path, tail=correction(seal, labels.REMOVED, "Nobody can tell."))
    assert undeclared(tmp_path) == []
    (tmp_path / "shop.toml").unlink()
    assert undeclared(tmp_path) == [f"shop: the file of BE002 shop/pay.py:{OPEN} is gone"]
