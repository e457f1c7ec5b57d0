"""``backend-fix check``: formats, exit codes, and the same answers as flake8 on what counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import SLEEP

if TYPE_CHECKING:
    from tests.cli.conftest import Outcome, Shop

SAID = {
    "app/http.py": "BE001 `rates` blocks the event loop: `requests.get`: ",
    "app/sleep.py": "BE001 `nap` blocks the event loop: `time.sleep`: ",
}


def places(outcome: Outcome) -> list[str]:
    return [" ".join((line.split(" ", 2))[:2]) for line in outcome.lines]


BOTH = ["app/http.py:5:12: BE001", "app/sleep.py:6:14: BE001"]


def test_findings_are_printed_and_counted(shop: Shop) -> None:
    outcome = shop.command("check", ".")
    assert places(outcome) == BOTH, "columns count characters, from 1"
    for line, said in zip(outcome.lines, SAID.values(), strict=True):
        assert said in line
    assert outcome.errors == ["2 findings in 2 files of 4; backend-fix repairs 1, with --unsafe-fixes 2."]
    assert outcome.code == 1


def test_without_findings(shop: Shop) -> None:
    outcome = shop.command("check", "app/quick.py")
    assert (outcome.code, outcome.lines, outcome.errors) == (0, [], ["No findings in 1 file."])


def test_quiet_and_statistics(shop: Shop) -> None:
    outcome = shop.command("check", "-q", "--statistics", "app")
    assert outcome.lines[2:] == ["2  BE001  blocking-call-in-async"]
    assert outcome.errors == []


def test_json(shop: Shop) -> None:
    shop.write("app/sleep.py", "import time\ndef wait():\n    time.sleep(1)\nasync def nap():\n    wait()\n")
    outcome = shop.command("check", "--output-format", "json", "app/sleep.py")
    (found,) = json.loads(outcome.raw)
    message = found.pop("message")
    assert message.startswith("`nap` blocks the event loop: `wait` → `time.sleep`: ")
    assert found.pop("fixes")[0].keys() == {"title", "safety"}
    (related,) = found.pop("related")
    assert (related["path"], related["line"]) == ("app/sleep.py", 3)
    assert found == {
        "path": "app/sleep.py",
        "line": 5,
        "column": 5,
        "end_line": 5,
        "end_column": 11,
        "code": "BE001",
        "name": "blocking-call-in-async",
        "severity": "high",
        "confidence": "high",
    }


def test_full(shop: Shop) -> None:
    lines = shop.command("check", "--output-format=full", "app/sleep.py").lines
    assert lines[1:5] == [
        "  |",
        '6 |     """é"""; time.sleep(1)',
        "  |              ^^^^^^^^^^^^^",
        "  = fix: Await an asynchronous sleep (safe)",
    ]


class TestSelection:
    @pytest.mark.parametrize(
        ("arguments", "expected"),
        [
            (("--select=BE002",), []),
            (("--select", "BE0"), BOTH),
            (("--ignore=BE001",), []),
            (("--exclude=sleep.py",), BOTH[:1]),
            (("--exclude", "./app/http.py,app/sleep.py"), []),
            (("--config", "per-file-ignores = {'app/http.py' = ['BE001']}"), BOTH[1:]),
            (("--isolated",), BOTH),
        ],
    )
    def test_on_the_command_line(self, shop: Shop, arguments: tuple[str, ...], expected: list[str]) -> None:
        if "BE002" in arguments[0]:
            pytest.importorskip("flake8_backend.rules.be002_external_call_without_timeout")
        assert places(shop.command("check", ".", *arguments)) == expected

    def test_in_files(self, shop: Shop) -> None:
        shop.write(".flake8", "[flake8]\nselect = BE\nper-file-ignores =\n    app/http.py: BE001\n")
        assert places(shop.command("check", ".")) == BOTH[1:]
        assert places(shop.command("check", ".", "--isolated")) == BOTH
        shop.write("other.toml", "[tool.flake8-backend]\nignore = ['BE001']\n")
        assert places(shop.command("check", ".", "--config=other.toml")) == []

    def test_a_configuration_that_forgets_us(self, shop: Shop) -> None:
        shop.write("setup.cfg", "[flake8]\nselect = E,F\n")
        outcome = shop.command("check", ".")
        assert outcome.code == 0
        assert outcome.errors == [
            f"backend-fix: warning: {shop.root}/setup.cfg: `select` names no BE code, so nothing is reported: "
            "add BE to it",
            "No findings in 4 files.",
        ]

    def test_comments(self, shop: Shop) -> None:
        shop.write("app/sleep.py", SLEEP.format(name="nap").replace("(1)\n", "(1)  # noqa: BE001\n"))
        shop.write("app/http.py", "# flake8: noqa\n" + shop.read("app/http.py"))
        assert places(shop.command("check", ".")) == []
        shop.write("tox.ini", "[flake8]\ndisable-noqa = true\n")
        assert places(shop.command("check", "app/http.py")) == ["app/http.py:6:12: BE001"]

    def test_each_project_has_its_own_options(self, shop: Shop) -> None:
        shop.write("inner/pyproject.toml", "[tool.flake8-backend]\nignore = ['BE001']\n")
        shop.write("inner/app/sleep.py", SLEEP.format(name="doze"))
        assert places(shop.command("check", ".")) == BOTH
        assert places(shop.command("check", "inner", "app/http.py")) == BOTH[:1]

    def test_excluded_files_that_are_named(self, shop: Shop) -> None:
        shop.write("build/sleep.py", SLEEP.format(name="nap"))
        assert places(shop.command("check", ".")) == BOTH
        assert places(shop.command("check", "build/sleep.py")) == ["build/sleep.py:6:14: BE001"]
        assert places(shop.command("check", "--force-exclude", "build/sleep.py")) == []


class TestFilesThatCannotBeAnalysed:
    def test_each_is_one_finding(self, shop: Shop) -> None:
        shop.write("bad/latin.py", b"# \xe9\n")
        shop.write("bad/nul.py", "x = 1\0\n")
        shop.write("bad/syntax.py", "x = 1\ndef f(:\n")
        (shop.root / "bad/loop.py").symlink_to("loop.py")
        (shop.root / "bad/nowhere.py").symlink_to("gone")
        outcome = shop.command("check", "bad", "bad/nowhere.py")
        assert places(outcome) == [
            f"bad/{name}: BE902"
            for name in ("latin.py:1:1", "loop.py:1:1", "nowhere.py:1:1", "nul.py:1:1", "syntax.py:2:1")
        ]
        assert "too many levels of symbolic links" in outcome.lines[1]
        assert outcome.code == 1

    def test_they_are_told_whatever_is_selected(self, shop: Shop) -> None:
        shop.write("syntax.py", "def f(:\n")
        assert places(shop.command("check", "syntax.py", "--select=BE001")) == ["syntax.py:1:1: BE902"]
        assert places(shop.command("check", "syntax.py", "--ignore=BE902")) == []

    def test_odd_files_are_no_trouble(self, shop: Shop) -> None:
        shop.write("odd/empty.py", "")
        shop.write("odd/bom.py", b"\xef\xbb\xbf" + SLEEP.format(name="nap").encode())
        shop.write("odd/crlf.py", SLEEP.format(name="nap").replace("\n", "\r\n"))
        shop.write("odd/cr.py", SLEEP.format(name="nap").replace("\n", "\r"))
        shop.write("odd/cookie.py", b"# coding: latin-1\n" + SLEEP.format(name="nap").encode("latin-1"))
        assert places(shop.command("check", "odd")) == [
            "odd/bom.py:6:14: BE001",
            "odd/cookie.py:7:14: BE001",
            "odd/cr.py:6:14: BE001",
            "odd/crlf.py:6:14: BE001",
        ]


class TestStdin:
    def test_with_a_name(self, shop: Shop) -> None:
        text = b"from app.wait import wait\nasync def f():\n    wait()\n"
        shop.write("app/wait.py", "import time\ndef wait():\n    time.sleep(1)\n")
        outcome = shop.command("check", "-", "--stdin-filename", "app/quick.py", text=text)
        assert places(outcome) == ["app/quick.py:3:5: BE001"]

    def test_without_a_name(self, shop: Shop) -> None:
        assert places(shop.command("check", "-", text=SLEEP.format(name="nap").encode())) == ["stdin:6:14: BE001"]

    def test_in_no_encoding(self, shop: Shop) -> None:
        assert places(shop.command("check", "-", text=b"# \xe9\n")) == ["stdin:1:1: BE902"]


def test_a_rule_that_fails_is_an_error(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from flake8_backend.core.containment import internal_error
    from flake8_backend.project.project import Project

    monkeypatch.setattr(Project, "diagnostics", lambda *_: (internal_error("BE001", ValueError("bad")),))
    outcome = shop.command("check", "app/quick.py")
    assert places(outcome) == ["app/quick.py:1:1: BE903"]
    assert outcome.code == 2


def test_warm_and_cold_runs_agree(shop: Shop) -> None:
    cold = shop.command("check", ".", "--no-cache")
    assert not (shop.root / ".flake8_backend_cache").exists()
    first = shop.command("check", ".", "--cache-dir=kept")
    assert (shop.root / "kept").is_dir()
    assert not (shop.root / ".flake8_backend_cache").exists()
    assert cold == first == shop.command("check", ".", "--cache-dir=kept") == shop.command("check", "app", "-j2")
