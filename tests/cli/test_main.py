"""The command line itself: verbs, mistakes, help, and how it ends when things go wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from flake8_backend.cli import output
from flake8_backend.cli.main import HELP, VERBS
from flake8_backend.core.registry import all_rules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Outcome, Shop

MISTAKES = {
    "": "no path given: name files or folders, or - for standard input",
    "check": "no path given: name files or folders, or - for standard input",
    "chekc": "there is no file or folder `chekc` (did you mean `check`?)",
    "ap": "there is no file or folder `ap` (did you mean `app`?)",
    "app/slep.py": "there is no file or folder `app/slep.py` (did you mean `app/sleep.py`?)",
    "ap/sleep.py": "there is no file or folder `ap/sleep.py` (did you mean `app`?)",
    "--diff check app": "there is no file or folder `check`; the verb comes first: backend-fix check …",
    "check --unsafe-fixes app": "unknown option `--unsafe-fixes`",
    "--unsafe-fix app": "unknown option `--unsafe-fix` (did you mean `--unsafe-fixes`?)",
    "check --output-fromat=json app": "unknown option `--output-fromat` (did you mean `--output-format`?)",
    "app --select=BE0,X": "argument --select: unknown code `X`",
    "app --select BE999": "argument --select: unknown code `BE999` (did you mean `BE9`?)",
    "app --ignore blocking-call-in-async": (
        "argument --ignore: `blocking-call-in-async` is the name of a rule: its code is `BE001`"
    ),
    "app --jobs 0": "argument --jobs/-j: `0` is no number of processes",
    "app -": "standard input (-) cannot be mixed with other paths",
    "app --stdin-filename x.py": "--stdin-filename is for standard input: the path must be -",
    "app --config gone.toml": "--config: there is no file `gone.toml`",
    "app --config pyproject.tom": "--config: there is no file `pyproject.tom` (did you mean `pyproject.toml`?)",
    "app --config pyproject.toml": "{root}/pyproject.toml: there is no table [tool.flake8-backend]",
    "app --config profil='strict'": "command line: unknown key `profil` (did you mean `profile`?)",
    "app --config preview=yes": "--config preview=yes: not valid TOML: Invalid value (at line 1, column 9)",
    "app --isolated --config pyproject.toml": "--isolated reads no file, but --config names one",
    "explain": "no code given: name one, for example backend-fix explain BE001",
    "explain BE999": "unknown code `BE999` (did you mean `BE9`?)",
    "explain BE": "`BE` stands for several rules: a full code is needed here",
    "rules all": "unknown option `all`",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_mistakes_are_one_line_and_exit_2(shop: Shop, line: str) -> None:
    before = shop.read("app/sleep.py")
    outcome = shop.command(*line.split())
    expected = MISTAKES[line].replace("{root}", str(shop.root))
    assert outcome.errors == [f"backend-fix: error: {expected}"]
    assert (outcome.code, outcome.raw) == (2, b"")
    assert shop.read("app/sleep.py") == before


def test_a_broken_configuration(shop: Shop) -> None:
    shop.write("pyproject.toml", "[tool.flake8-backend]\nselct = []\n")
    outcome = shop.command("check", ".")
    assert outcome.code == 2
    assert outcome.errors == [
        f"backend-fix: error: {shop.root}/pyproject.toml: unknown key `selct` (did you mean `select`?)"
    ]
    assert shop.command("check", ".", "--isolated").code == 1


def test_broken_rows_of_knowledge(shop: Shop) -> None:
    shop.write("pyproject.toml", "[[tool.flake8-backend.call]]\nname = ['x.y']\n")
    outcome = shop.command("check", ".")
    assert outcome.code == 2
    assert len(outcome.errors) == 1
    assert outcome.errors[0].startswith("backend-fix: error: pyproject.toml: ")


class TestHelp:
    def test_fits_a_screen(self, command: Callable[..., Outcome]) -> None:
        outcome = command("--help")
        assert (outcome.code, outcome.raw.decode()) == (0, HELP)
        assert len(outcome.lines) <= 30
        assert max(map(len, outcome.lines)) <= 80

    @pytest.mark.parametrize("verb", VERBS)
    def test_of_each_verb(self, command: Callable[..., Outcome], verb: str) -> None:
        outcome = command(verb, "--help")
        assert outcome.code == 0
        assert outcome.lines[0].startswith(f"usage: backend-fix {verb} ")
        assert len(outcome.lines) <= 40

    def test_version(self, command: Callable[..., Outcome]) -> None:
        from flake8_backend import __version__

        assert command("--version").lines == [f"backend-fix {__version__}"]


class TestExplain:
    def test_says_all_that_a_rule_says(self, command: Callable[..., Outcome]) -> None:
        outcome = command("explain", "BE001")
        rule = all_rules()[0]
        text = " ".join(outcome.raw.decode().split())
        assert outcome.code == 0
        for said in (rule.code, rule.name, rule.severity.value, rule.summary, rule.why, rule.fix_note):
            assert " ".join(said.split()) in text
        for example in rule.examples:
            assert " ".join(example.bad.split()) in text

    def test_by_name_in_any_case_and_several(self, command: Callable[..., Outcome]) -> None:
        outcome = command("explain", "be001", "blocking-call-in-async", "BE902", "BE903")
        heads = ["BE001 blocking-call-in-async"] * 2 + ["BE902 not-analysed", "BE903 internal-error"]
        assert [line for line in outcome.lines if line in heads] == heads

    def test_every_rule_can_be_explained(self, command: Callable[..., Outcome]) -> None:
        assert command("explain", *(rule.code for rule in all_rules())).code == 0


class TestRules:
    def test_lists_them(self, command: Callable[..., Outcome]) -> None:
        outcome = command("rules")
        assert [line.split()[:2] for line in outcome.lines] == [[rule.code, rule.name] for rule in all_rules()]

    def test_as_json(self, command: Callable[..., Outcome]) -> None:
        first = json.loads(command("rules", "--output-format=json").raw)[0]
        assert (first["code"], first["default"], first["fixes"]) == ("BE001", "on", ["safe", "unsafe"])


class TestEnds:
    def test_an_interrupt(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("flake8_backend.cli.check.session_of", interrupt)
        outcome = shop.command("check", ".")
        assert (outcome.code, outcome.raw, outcome.errors) == (130, b"", [])

    def test_a_signal(self, shop: Shop) -> None:
        code = (
            "import os, signal, sys, time; from flake8_backend.cli import check, main\n"
            "check.session_of = lambda *_: (os.kill(os.getpid(), signal.SIGINT), time.sleep(20))\n"
            "sys.argv = ['backend-fix', 'check', 'app']; main.entry()"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=shop.root, capture_output=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")

    def test_an_internal_error(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: object) -> None:
            raise ValueError("two\nlines")

        monkeypatch.setattr("flake8_backend.cli.check.session_of", fail)
        (line,) = shop.command("check", ".").errors
        assert line.startswith("backend-fix: error: internal error: ValueError in fail (test_main.py:")
        assert line.endswith("two lines; please report it (FLAKE8_BACKEND_DEBUG=1 shows more)")
        monkeypatch.setenv("FLAKE8_BACKEND_DEBUG", "1")
        with pytest.raises(ValueError, match="two"):
            shop.command("check", ".")

    def test_a_reader_who_has_gone(self, shop: Shop) -> None:
        read, write = os.pipe()
        os.close(read)
        command = [sys.executable, "-m", "flake8_backend", "check", "app"]
        done = subprocess.run(command, cwd=shop.root, stdout=write, stderr=subprocess.PIPE, check=False)
        os.close(write)
        assert b"Traceback" not in done.stderr
        assert b"Exception" not in done.stderr

    def test_names_that_are_no_text(self, shop: Shop) -> None:
        name = os.fsdecode(b"bad-\xff.py")
        try:
            shop.write(f"odd/{name}", "async def f():\n    import time\n    time.sleep(1)\n")
        except OSError:
            pytest.skip("this file system has names in UTF-8 only")
        (line,) = shop.command("check", "odd").lines
        assert line.startswith(r"odd/bad-\udcff.py:3:5: BE001")


def test_checking_imports_nothing_heavy(shop: Shop) -> None:
    code = (
        "import sys; from flake8_backend.cli.main import main; main(['check', '-q', 'app'])\n"
        "print(sorted({'libcst', 'astroid', 'rich', 'flake8', 'pygls'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=shop.root, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def pretend_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


class TestTerminal:
    def test_colour(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        pretend_terminal(monkeypatch)
        assert "\x1b[1;31mBE001\x1b[0m" in shop.command("check", "app/sleep.py").lines[0]
        monkeypatch.setenv("NO_COLOR", "1")
        assert "\x1b" not in shop.command("check", "app/sleep.py").lines[0]

    def test_a_bar_for_long_runs(
        self, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pretend_terminal(monkeypatch)
        for total, quiet, is_shown in ((500, False, True), (500, True, False), (5, False, False)):
            with output.progress("Checking", total, quiet=quiet) as advance:
                advance()
            assert (b"Checking" in capfdbinary.readouterr().err) is is_shown

    def test_no_bar_elsewhere(self, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        with output.progress("Checking", 500, quiet=False) as advance:
            advance()
        assert capfdbinary.readouterr().err == b""


def test_the_module_is_the_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "flake8_backend", "rules"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("BE001  blocking-call-in-async")
