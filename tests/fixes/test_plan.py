"""Edits: how they combine, and that small ones do what large ones do."""

from __future__ import annotations

import random

import pytest

from flake8_backend.fixes.plan import (
    Edit,
    OverlappingEdits,
    any_touch,
    apply_edits,
    merge_edits,
    shifted,
    text_edits,
    touch,
    unshifted,
    untouched,
)


def test_edits_are_applied_in_the_order_of_the_text_whatever_their_own() -> None:
    assert apply_edits("abcdef", [Edit(4, 5, "E"), Edit(0, 1, "A"), Edit(2, 2, "-")]) == "Ab-cdEf"


def test_no_edit_changes_nothing() -> None:
    assert apply_edits("abc", []) == "abc"


def test_an_insertion_comes_before_the_replacement_that_starts_where_it_is() -> None:
    assert apply_edits("abc", [Edit(1, 2, "B"), Edit(1, 1, "<")]) == "a<Bc"


def test_an_insertion_comes_after_the_replacement_that_ends_where_it_is() -> None:
    assert apply_edits("abc", [Edit(2, 2, ">"), Edit(1, 2, "B")]) == "aB>c"


def test_insertions_of_one_author_at_one_offset_keep_their_order() -> None:
    assert apply_edits("ab", [Edit(1, 1, "2"), Edit(1, 1, "1")]) == "a21b"


def test_replacements_that_touch_are_both_made() -> None:
    assert apply_edits("abcd", [Edit(0, 2, "x"), Edit(2, 4, "y")]) == "xy"


@pytest.mark.parametrize(
    "edits",
    [[Edit(0, 2, "x"), Edit(1, 3, "y")], [Edit(0, 3, "x"), Edit(1, 1, "y")], [Edit(0, 1, "x"), Edit(0, 1, "x")]],
)
def test_edits_that_share_text_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(OverlappingEdits):
        merge_edits(edits)


def test_an_edit_beyond_the_text_is_refused() -> None:
    with pytest.raises(ValueError, match="ends at 9"):
        apply_edits("abc", [Edit(1, 9, "")])


@pytest.mark.parametrize(("start", "end"), [(2, 1), (-1, 0)])
def test_an_edit_runs_forward(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="an edit from"):
        Edit(start, end, "")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Edit(0, 2, ""), Edit(3, 4, ""), False),
        (Edit(0, 2, ""), Edit(2, 4, ""), True),  # one may break the line that the other goes on with
        (Edit(0, 3, ""), Edit(2, 4, ""), True),
        (Edit(1, 1, "a"), Edit(1, 1, "b"), True),
        (Edit(1, 1, "a"), Edit(2, 2, "b"), False),
        (Edit(1, 1, "a"), Edit(1, 3, "b"), True),
        (Edit(3, 3, "a"), Edit(1, 3, "b"), True),
        (Edit(2, 2, "a"), Edit(1, 3, "b"), True),
        (Edit(1, 3, "a"), Edit(1, 3, "a"), True),
    ],
)
def test_two_fixes_that_touch(one: Edit, other: Edit, expected: bool) -> None:
    assert touch(one, other) is expected
    assert touch(other, one) is expected
    assert any_touch([Edit(90, 91, ""), one], [Edit(70, 71, ""), other]) is expected


def test_a_small_edit_leaves_the_common_head_and_tail() -> None:
    assert text_edits("f(a, b)", "f(a, c, b)") == (Edit(5, 5, "c, "),)


def test_words_are_not_cut() -> None:
    assert text_edits("x = get(u)", "x = getall(u)") == (Edit(4, 7, "getall"),)
    assert text_edits("x = old_name", "x = new_name") == (Edit(4, 12, "new_name"),)


def test_line_ends_are_not_cut() -> None:
    (edit,) = text_edits("a\r\nb", "a\r\n\r\nb")
    assert edit == Edit(3, 3, "\r\n")
    assert text_edits("a\rb", "a\r\nb") == (Edit(1, 2, "\r\n"),)


def test_lines_that_differ_far_apart_become_edits_of_their_own() -> None:
    old = "one()\ntwo()\nthree()\nfour()\n"
    new = "one(1)\ntwo()\nthree()\nfour(4)\n"
    assert text_edits(old, new, 100) == (Edit(104, 104, "1"), Edit(125, 125, "4"))


def test_offsets_are_moved_and_moved_back() -> None:
    edits = merge_edits([Edit(2, 2, "++"), Edit(5, 8, "x")])
    assert [shifted(offset, edits) for offset in (0, 2, 4, 5, 7, 8, 9)] == [0, 4, 6, None, None, 8, 9]
    assert [unshifted(offset, edits, "abcdefghij") for offset in (0, 2, 3, 4, 6, 7, 8, 9)] == [0, 2, 2, 2, 4, 5, 8, 9]


def test_small_edits_give_the_new_text_for_any_pair_of_texts() -> None:
    chance = random.Random(7)
    for _ in range(3000):
        old, new = ("".join(chance.choices("ab_ (\r\n\té😋", k=chance.randrange(14))) for _ in range(2))
        edits = text_edits(old, new)
        assert apply_edits(old, edits) == new, (old, new)
        for edit in edits:
            assert not (old[edit.start - 1 : edit.start] == "\r" and old[edit.start : edit.start + 1] == "\n")


def test_moving_an_untouched_offset_there_and_back_is_no_move() -> None:
    chance = random.Random(11)
    for _ in range(500):
        cuts = sorted(chance.sample(range(40), 4))
        edits = merge_edits([Edit(cuts[0], cuts[1], "é" * chance.randrange(4)), Edit(cuts[2], cuts[3], "y")])
        for offset in range(45):
            there = shifted(offset, edits)
            if there is not None:
                assert unshifted(there, edits, "x" * 50) == offset


def test_a_stretch_with_an_edit_in_it_is_touched() -> None:
    edits = merge_edits([Edit(2, 2, "++"), Edit(5, 8, ""), Edit(9, 10, "y")])  # ab++cde|iyk
    assert [untouched(start, start + 1, edits) for start in range(10)] == [0, 1, None, None, 2, 3, 4, 8, None, 10]
    assert untouched(0, 2, edits) == 0
    assert untouched(0, 3, edits) is None
    assert untouched(4, 7, edits) == 2
    assert untouched(4, 8, edits) is None  # something was taken out of it


def test_a_place_in_copied_text_goes_back_to_the_original() -> None:
    old, new = "g(g(1)).x", "(await run(g, g(1))).x"
    edits = text_edits(old, new)
    assert edits == (Edit(0, 5, "(await run(g, g(1)"),)
    assert unshifted(new.index("g(1)"), edits, old) == old.index("g(1)")
    assert unshifted(new.index("run"), edits, old) == 0
