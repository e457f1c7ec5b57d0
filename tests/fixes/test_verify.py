"""Which findings after a round of fixes are to be blamed on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flake8_backend.core.diagnostic import Diagnostic, Severity, Span
from flake8_backend.core.source import SourceFile
from flake8_backend.fixes.plan import text_edits
from flake8_backend.fixes.verify import judged

if TYPE_CHECKING:
    from collections.abc import Sequence

OLD = """\
def first():
    slow(1)
    slow(2)


def second():
    slow(3)
    slow(4)
"""
NEW = OLD.replace("slow(1)", "slow(1, timeout=10)")


def found(text: str, call: str, message: str = "slow", code: str = "BE990") -> Diagnostic:
    before = text[: text.index(call)]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n") - 1
    return Diagnostic(code, Span(line, column, line, column + len(call)), message, Severity.LOW)


def harm(
    before: Sequence[Diagnostic], after: Sequence[Diagnostic], fixed: Sequence[Diagnostic], new: str = NEW
) -> str | None:
    verdict = judged(
        before,
        after,
        fixed=fixed,
        foreign=frozenset(),
        old=SourceFile("m.py", OLD),
        new=SourceFile("m.py", new),
        edits=text_edits(OLD, new),
    )
    return verdict.harm


FIRST = found(OLD, "slow(1)")


def test_the_next_reason_in_the_same_function_is_no_harm() -> None:
    assert harm([FIRST], [found(NEW, "slow(2)")], [FIRST]) is None


def test_a_repaired_finding_pays_for_one_reason() -> None:
    after = [found(NEW, "slow(2)"), found(NEW, "slow(3)")]
    assert harm([FIRST], after, [FIRST]) == "it brings BE990: slow"


def test_a_repaired_finding_does_not_hide_a_new_one_in_another_function() -> None:
    assert harm([FIRST], [found(NEW, "slow(3)", "other")], [FIRST]) == "it brings BE990: other"


def test_another_code_is_no_next_reason() -> None:
    assert harm([FIRST], [found(NEW, "slow(2)", code="BE991")], [FIRST]) == "it brings BE991: slow"


def test_what_stays_where_it_was_may_change_its_message() -> None:
    """A chain goes another way when one of its functions is repaired."""
    assert harm([FIRST, found(OLD, "slow(3)", "a → b")], [found(NEW, "slow(3)", "a → c")], [FIRST]) is None


@pytest.mark.parametrize("message", ["slow", "slow for another reason"])
def test_what_is_found_at_the_place_of_the_repair_is_left(message: str) -> None:
    new = OLD.replace("def first():", "def first() -> None:")
    assert harm([FIRST], [found(new, "slow(1)", message)], [FIRST], new) == "BE990 is still found"


def test_of_two_findings_at_one_place_one_may_be_repaired() -> None:
    other = found(OLD, "slow(3)", "another")
    three = found(OLD, "slow(3)")
    new = OLD.replace("slow(1)", "slow(1, 1)")
    assert harm([three, other], [found(new, "slow(3)", "another")], [three], new) is None
    assert harm([three, other], [found(new, "slow(3)")], [three], new) is None  # the same number, at the same place


def test_a_finding_around_the_edit_was_there_before() -> None:
    before = found(OLD, "slow(1)", "wide", "BE991")
    after = found(NEW, "slow(1, timeout=10)", "wide", "BE991")
    assert harm([FIRST, before], [after], [FIRST]) is None
    assert harm([FIRST], [after], [FIRST]) == "it brings BE991: wide"


def test_a_call_in_a_chain_may_grow_at_its_end() -> None:
    new = OLD.replace("slow(1)", "slow(1).more()")
    one, other = found(OLD, "slow(1)", "one"), found(OLD, "slow(1)", "other")
    assert harm([one, other], [found(new, "slow(1).more()", "other")], [one], new) is None
