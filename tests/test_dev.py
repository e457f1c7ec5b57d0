"""The commands of ``python -m flake8_backend.dev``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flake8_backend.dev import changelog, corpus, fixes, new_rule
from flake8_backend.dev.__main__ import main
from flake8_backend.dev.checkout import NotACheckout, find_checkout
from flake8_backend.fixes.report import Applied, FileFixes, FixReport

if TYPE_CHECKING:
    from flake8_backend.project.project import Project

CHECKOUT = Path(__file__).parent.parent


def test_the_fragments_of_this_checkout_are_well_formed() -> None:
    assert "## next" in changelog.compile_section(CHECKOUT, "next")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder that passes for a checkout, with a changelog."""
    (tmp_path / "src/flake8_backend/rules").mkdir(parents=True)
    (tmp_path / "changelog.d").mkdir()
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\nWhat users notice.\n\n## 0.1.0\n\n### Added\n\n- All of it.\n"
    )
    return tmp_path


def test_fragments_become_a_section(checkout: Path) -> None:
    (checkout / "changelog.d/README.md").write_text("How to.")
    (checkout / "changelog.d/be007.added.md").write_text("BE007 is new.\nIt has two lines.\n")
    (checkout / "changelog.d/a-crash.fixed.md").write_text("No crash any more.\n")
    changelog.release(checkout, "0.2.0")
    assert (checkout / "CHANGELOG.md").read_text() == (
        "# Changelog\n\nWhat users notice.\n\n## 0.2.0\n\n### Added\n\n- BE007 is new.\n  It has two lines.\n\n"
        "### Fixed\n\n- No crash any more.\n\n## 0.1.0\n\n### Added\n\n- All of it.\n"
    )
    assert [path.name for path in (checkout / "changelog.d").iterdir()] == ["README.md"]


@pytest.mark.parametrize("name", ["be007.md", "be007.new.md", "Big.added.md"])
def test_a_fragment_of_another_kind_is_refused(checkout: Path, name: str) -> None:
    (checkout / "changelog.d" / name).write_text("Something.")
    with pytest.raises(changelog.BadFragment, match="the name must be"):
        changelog.fragments(checkout)


def test_an_empty_fragment_is_refused(checkout: Path) -> None:
    (checkout / "changelog.d/be007.added.md").write_text("\n")
    with pytest.raises(changelog.BadFragment, match="is empty"):
        changelog.fragments(checkout)


def test_the_next_code_is_the_lowest_free_one(checkout: Path) -> None:
    for name in ("be001_a_b.py", "be002_c_d.py", "be004_e_f.py"):
        (checkout / "src/flake8_backend/rules" / name).write_text("")
    assert new_rule.next_code(checkout) == "BE003"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("no-sleep-here", None),
        ("Sleep", None),
        ("sleep", None),
        ("good-name", "BE1"),
        ("a-b", "BE002"),
        ("taken-name", None),
    ],
)
def test_a_rule_that_cannot_be_is_refused(checkout: Path, name: str, code: str | None) -> None:
    (checkout / "src/flake8_backend/rules/be002_taken_name.py").write_text("")
    with pytest.raises(new_rule.CannotScaffold):
        new_rule.scaffold(checkout, name, code=code)


def test_outside_a_checkout_there_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(NotACheckout):
        find_checkout(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["docs"]) == 2
    assert capsys.readouterr().err.splitlines() == [f"{tmp_path} is not inside a checkout of flake8-backend"]


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python in a copy of the checkout, with the copy's package."""
    environment = {**os.environ, "PYTHONPATH": str(root / "src")}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def test_a_new_rule_runs_from_the_first_minute(tmp_path: Path) -> None:
    root = tmp_path / "copy"
    for folder in ("src", "tests/harness", "changelog.d"):
        shutil.copytree(CHECKOUT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "tests/conftest.py", "tests/test_rules.py", "tests/test_examples.py"):
        shutil.copy(CHECKOUT / name, root / name)
    (root / "docs").mkdir()

    made = run(root, "-m", "flake8_backend.dev", "new-rule", "scratch-pattern")
    assert made.returncode == 0, made.stderr
    code = made.stdout.partition("_scratch_pattern.py")[0][-5:]

    tests = (
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/test_rules.py",
        "tests/test_examples.py",
        "-k",
        f"{code} and not service",
    )
    run(root, *tests, "--snapshot-update")
    tested = run(root, *tests)
    assert tested.returncode == 0, tested.stdout
    assert " passed" in tested.stdout
    messages = (root / f"tests/fixtures/{code}/snapshot/messages.txt").read_text(encoding="utf-8")
    assert f"{code.upper()} [" in messages

    assert run(root, "-m", "flake8_backend.dev", "docs", "--check").returncode == 1
    assert run(root, "-m", "flake8_backend.dev", "docs").returncode == 0
    assert run(root, "-m", "flake8_backend.dev", "docs", "--check").returncode == 0
    assert "scratch-pattern" in (root / "docs/rules.md").read_text(encoding="utf-8")
    assert code.upper() in run(root, "-m", "flake8_backend.dev", "changelog").stdout


def test_corpus_shows_findings_with_their_source_and_chain() -> None:
    shop = CHECKOUT / "examples/shop"
    text = corpus.report(shop, codes=["BE001"])
    assert "> " in text
    assert "checkout.pay(order_id, customer.id)" in text
    assert "    via shop/services/checkout.py:" in text
    assert text.endswith("2 findings, 2 shown\n")
    assert corpus.report(shop, codes=["BE001"], size=1).endswith("2 findings, 1 shown\n")


def test_corpus_speaks_json() -> None:
    lines = corpus.report(CHECKOUT / "examples/shop", codes=["BE002"], as_json=True).splitlines()
    (found,) = [json.loads(line) for line in lines]
    assert found["path"] == "shop/clients/carrier.py"
    assert any("requests.get(" in line for line in found["source"])
    assert [fix["safety"] for fix in found["fixes"]] == ["unsafe"]


def test_receivers_are_counted_with_what_stands_in_the_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "app.py").write_text(
        "import sqlite3\n"
        "import unheard\n"
        "def f(path, given):\n"
        "    connection = sqlite3.connect(path)\n"
        "    connection.execute('SELECT 1')\n"
        "    given.execute('SELECT 1')\n"
        "    unheard.connect().execute('SELECT 1')\n"
        "    path.get('a method of dictionaries')\n"
    )

    assert main(["receivers", str(tmp_path)]) == 0

    assert capsys.readouterr().out.splitlines() == [
        "3 receivers, 1 with a type: 33.3 %",
        "    1 a bare parameter (app.py:6)",
        "    1 a call of unheard.connect (app.py:7)",
    ]


def test_fixes_of_the_example_keep_all_promises(tmp_path: Path) -> None:
    shop = CHECKOUT / "examples/shop"
    before = {path: path.read_bytes() for path in shop.rglob("*.py")}
    outcome = fixes.look(shop, patch=tmp_path / "shop.patch")
    text = fixes.render(shop, outcome)
    assert outcome.is_good, text
    assert text.endswith("all promises kept\n")
    assert sum(len(file.applied) for file in outcome.files) > 0
    assert b"+++ b/" in (tmp_path / "shop.patch").read_bytes()
    assert {path: path.read_bytes() for path in shop.rglob("*.py")} == before


def test_broken_promises_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m.py").write_text("import requests\n\nrequests.get('https://a.example')\n")
    (tmp_path / "n.py").write_text("n = 1\n")

    def fix_badly(project: Project, paths: list[Path], **options: object) -> FixReport:
        """Breaks one file, brings a finding to another, says that it repaired what it left."""
        source, found = project.source(paths[0]), project.diagnostics(paths[0])[0]
        text = source.text.replace("requests.get(", "requests.post('https://b.example')\nrequests.get(")
        paths[0].write_text(text)
        paths[1].write_text("n = (\n")
        applied = (Applied(found.code, "a title", found.span),)
        return FixReport(project.root, (FileFixes(paths[0], source, text, applied),))

    monkeypatch.setattr(fixes, "fix_files", fix_badly)
    outcome = fixes.look(tmp_path, ["BE002"])
    assert outcome.broken == ["n.py"]
    assert outcome.new == [
        "m.py: BE002 `requests.post` waits for ever: pass `timeout=`",
        "n.py: BE902 not analysed: syntax error: '(' was never closed",
    ]
    assert outcome.left == ["m.py:4: BE002 `requests.get` waits for ever: pass `timeout=`"]
    assert outcome.again == ["m.py"]
    assert outcome.unlike_diff == ["m.py", "n.py"]
    assert fixes.render(tmp_path, outcome).endswith("  NOT GOOD\n")
