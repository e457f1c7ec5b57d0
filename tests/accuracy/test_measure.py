"""The arithmetic of the report, and what it takes for reported, on a project of a few lines."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import pytest

from flake8_backend.dev.accuracy import measure
from flake8_backend.dev.accuracy.labels import Label, Project, is_set_aside, source_digest
from flake8_backend.dev.accuracy.measure import Outcome, Share

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """\
import requests

from shop.http import session


def pay(url):
    return requests.post(url)


def refund(url):
    return requests.post(url, timeout=3)


def ask(url):
    return session.get(url)
"""
HTTP = """\
import requests

session = requests.Session()
"""
REPOSITORY = "https://example.org/shop"


@pytest.fixture
def checkouts(tmp_path: Path) -> Path:
    package = tmp_path / "shop/shop"
    package.mkdir(parents=True)
    (tmp_path / "shop/pyproject.toml").write_text("")
    (package / "__init__.py").write_text("")
    (package / "pay.py").write_text(SOURCE)
    (package / "http.py").write_text(HTTP)
    return tmp_path


def label(line: int, verdict: str, *, reach: str = "near", path: str = "shop/pay.py") -> Label:
    text = HTTP if path.endswith("http.py") else SOURCE
    return Label("BE002", path, line, verdict, reach, source_digest(text, line), f"line {line}")


def project(*labels: Label) -> Project:
    return Project("shop", REPOSITORY, "abc", labels)


ALL = (label(7, "right"), label(11, "wrong"), label(15, "right", reach="far"), label(3, "right", path="shop/http.py"))


def test_the_tool_is_asked_at_every_label(checkouts: Path) -> None:
    found = [
        outcome
        for held_out in (False, True)
        for outcome in measure.outcomes([project(*ALL)], [checkouts], held_out=held_out)
    ]
    assert {(each.label.path, each.label.line): each.is_reported for each in found} == {
        ("shop/pay.py", 7): True,
        ("shop/pay.py", 11): False,
        ("shop/pay.py", 15): True,
        ("shop/http.py", 3): False,
    }


def test_what_is_set_aside_comes_only_when_asked_for() -> None:
    everything = [label(line, "right") for line in range(1, 16)]
    aside = {each.line for each in everything if is_set_aside(REPOSITORY, each.path, each.line, each.rule)}
    assert 0 < len(aside) < len(everything)
    for held_out in (False, True):
        run_of = [each for each in everything if (each.line in aside) is held_out]
        assert {each.line for each in run_of} == {
            each.line for each in everything if project(each).is_held_out(each) is held_out
        }


def test_lines_that_were_not_labelled_are_refused_before_anything_runs(checkouts: Path) -> None:
    (checkouts / "shop/shop/pay.py").write_text("# moved\n" + SOURCE)

    def never(_folder: Path, _codes: object) -> dict[str, set[tuple[str, int]]]:
        raise AssertionError("the tool was run")

    for held_out in (False, True):
        with pytest.raises(measure.NoCheckout, match="is not what was labelled at abc"):
            list(measure.outcomes([project(*ALL)], [checkouts], held_out=held_out, run=never))


def test_a_project_that_is_not_there_is_named(tmp_path: Path) -> None:
    opened = next(each for each in ALL if not project(each).is_held_out(each))
    with pytest.raises(measure.NoCheckout, match=r"shop: no such folder; it holds https://example\.org/shop at abc"):
        list(measure.outcomes([project(opened)], [tmp_path]))


def test_the_first_folder_that_holds_a_project_counts(checkouts: Path, tmp_path: Path) -> None:
    opened = next(each for each in ALL if not project(each).is_held_out(each))
    (tmp_path / "elsewhere").mkdir()
    assert len(list(measure.outcomes([project(opened)], [tmp_path / "elsewhere", checkouts]))) == 1


# Arithmetic


def outcomes(right_reported: int, right_silent: int, wrong_reported: int, wrong_silent: int) -> list[Outcome]:
    counts = {("right", True): right_reported, ("right", False): right_silent}
    counts |= {("wrong", True): wrong_reported, ("wrong", False): wrong_silent}
    return [
        Outcome("shop", label(number + 1, verdict, reach="far" if number % 2 else "near"), reported)
        for (verdict, reported), count in counts.items()
        for number in range(count)
    ]


def test_precision_is_over_what_is_reported_and_recall_over_what_is_right() -> None:
    found = outcomes(6, 2, 3, 20)
    assert measure.precision(found) == Share(6, 9)
    assert measure.recall(found) == Share(6, 8)


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (93, 100, 0.8625, 0.9657)],
)
def test_wilson_intervals(hits: int, total: int, low: float, high: float) -> None:
    assert Share(hits, total).interval == pytest.approx((low, high), abs=1e-4)


def test_nothing_is_no_share() -> None:
    assert math.isnan(Share(0, 0).value)
    assert Share(0, 0).interval == (0.0, 1.0)


def test_the_table_counts_near_and_far_apart() -> None:
    rows = [line.split() for line in measure.table(outcomes(6, 2, 3, 20)).splitlines()]
    assert [row[:4] for row in rows[1:4]] == [
        ["BE002", "near", "16", "4"],
        ["far", "15", "4", "75%"],
        ["all", "31", "8", "67%"],
    ]
    assert rows[4][:4] == ["all", "near", "16", "4"]
    assert all(row[-1] == share for row, share in zip(rows[1:4], ["3/4", "3/4", "6/8"], strict=True))


def test_mistakes_are_listed_with_their_reasons() -> None:
    text = measure.mistakes(outcomes(1, 1, 1, 1))
    assert text.splitlines() == [
        "BE002 false alarm, near: shop/shop/pay.py:1: line 1",
        "BE002 missed, near: shop/shop/pay.py:1: line 1",
    ]


def test_outcomes_as_json() -> None:
    (line,) = measure.as_json(outcomes(0, 0, 1, 0)).splitlines()
    row = json.loads(line)
    assert (row["rule"], row["line"], row["verdict"], row["reported"]) == ("BE002", 1, "wrong", True)
