"""The plugin inside real flake8: selection, configuration, roads, and everything that must not bring flake8 down."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.plugin.conftest import DIRECT, MAIN

if TYPE_CHECKING:
    from tests.plugin.conftest import Flake8

BOTH = ["./app/direct.py:5:15 BE001", "./app/main.py:5:5 BE001"]
SPOILT = "import flake8_backend.project.project as engine\n"


class TestRoads:
    @pytest.mark.parametrize("start", ["fork", "spawn", "forkserver"])
    def test_parallel(self, flake8: Flake8, start: str) -> None:
        for cache in ("--backend-no-cache", "--backend-cache-dir=cache", "--backend-cache-dir=cache"):
            outcome = flake8.run_patched("--select=BE", "-j2", cache, ".", start=start)
            assert (outcome.found, outcome.code, outcome.error) == (BOTH, 1, ""), cache

    def test_serial_and_in_another_order(self, flake8: Flake8) -> None:
        assert flake8.run("--select=BE", "-j1").found == BOTH
        named = flake8.run("--select=BE", "-j1", "app/main.py", "app/direct.py")
        assert named.found == [found.removeprefix("./") for found in BOTH]

    def test_the_same_findings_as_our_own_command(self, flake8: Flake8) -> None:
        command = [sys.executable, "-m", "flake8_backend", "check", "--output-format=json", "--quiet", "."]
        done = subprocess.run(command, cwd=flake8.root, capture_output=True, encoding="utf-8", check=False)
        ours = [(each["path"], each["line"], each["code"], each["message"]) for each in json.loads(done.stdout)]
        theirs = []
        for line in flake8.run("--select=BE", ".").lines:
            path, number, _, text = line.removeprefix("./").split(":", 3)
            theirs.append((path, int(number), *text.strip().split(" ", 1)))
        assert theirs == ours
        # flake8 counts bytes, as ast does; people count characters
        assert [each["column"] for each in json.loads(done.stdout)] == [14, 5]

    def test_the_chain_crosses_modules_whatever_is_passed(self, flake8: Flake8) -> None:
        (line,) = flake8.run("--select=BE", "app/main.py").lines
        assert "`wait` → `time.sleep`" in line

    def test_files_outside_of_any_project(self, flake8: Flake8) -> None:
        path = flake8.root.parent / "alone/direct.py"
        path.parent.mkdir()
        path.write_text(DIRECT, encoding="utf-8")
        assert flake8.run("--select=BE", str(path)).found == [f"{path}:5:15 BE001"]


class TestStdin:
    def test_the_text_counts_and_not_the_file(self, flake8: Flake8) -> None:
        changed = MAIN.replace("    wait()", "    print()\n    wait()")
        outcome = flake8.run("--select=BE", "-", "--stdin-display-name=app/main.py", text=changed)
        assert outcome.found == ["app/main.py:6:5 BE001"]
        assert "`wait` → `time.sleep`" in outcome.lines[0]

    def test_without_a_name(self, flake8: Flake8) -> None:
        assert flake8.run("--select=BE", "-", text=DIRECT).found == ["stdin:5:15 BE001"]


class TestSelection:
    @pytest.mark.parametrize(
        ("arguments", "config", "expected"),
        [
            ((), "", BOTH),
            (("--extend-ignore=E,BE0",), "", []),
            (("--extend-select=BE001",), "[flake8]\nselect = E9\n", BOTH),
            ((), "[flake8]\nselect = BE\nignore = BE001\n", []),
            ((), "[flake8]\nselect = BE\nper-file-ignores =\n    app/main.py: BE001\n", BOTH[:1]),
            ((), "[flake8]\nselect = BE\nbackend-default-timeout = 3\nbackend-profile = strict\n", BOTH),
        ],
    )
    def test_as_flake8_has_it(
        self, flake8: Flake8, arguments: tuple[str, ...], config: str, expected: list[str]
    ) -> None:
        flake8.write(".flake8", config)
        found = flake8.run("-j1", *arguments, ".").found
        assert [each for each in found if " BE" in each] == expected

    def test_what_pyproject_says(self, flake8: Flake8) -> None:
        flake8.write("pyproject.toml", "[tool.flake8-backend.per-file-ignores]\n'app/direct.py' = ['BE001']\n")
        assert flake8.run("--select=BE", ".").found == BOTH[1:]
        flake8.write("pyproject.toml", "[tool.flake8-backend]\nignore = ['BE001']\n")
        assert flake8.run("--select=BE", ".").found == []
        assert flake8.run("--select=BE001", ".").found == BOTH, "flake8's command line is stronger"

    def test_comments(self, flake8: Flake8) -> None:
        flake8.write("app/main.py", MAIN.replace("wait()\n", "wait()  # noqa: BE001\n"))
        flake8.write("app/direct.py", DIRECT + "\n# flake8: noqa\n")
        assert flake8.run("--select=BE", ".").found == []

    def test_comments_switched_off(self, flake8: Flake8) -> None:
        flake8.write("app/main.py", MAIN.replace("wait()\n", "wait()  # noqa: BE001\n"))
        flake8.write("app/direct.py", DIRECT + "\n# flake8: noqa\n")
        assert flake8.run("--select=BE", "--disable-noqa", ".").found == BOTH

    def test_the_engine_stays_away_when_nothing_of_ours_is_selected(self, flake8: Flake8) -> None:
        epilogue = "print('flake8_backend.config' in sys.modules)"
        assert flake8.run_patched("--select=E9", "-j1", ".", epilogue=epilogue).lines == ["False"]
        assert flake8.run_patched("--select=BE001", "-j1", ".", epilogue=epilogue).lines[-1] == "True"


class TestExclusion:
    def test_what_is_walked_over(self, flake8: Flake8) -> None:
        flake8.write("pyproject.toml", "[tool.flake8-backend]\nextend-exclude = ['app/gen']\n")
        flake8.write("app/gen/deep/a.py", DIRECT)
        flake8.write("env/pyvenv.cfg", "")
        flake8.write("env/lib/a.py", DIRECT)
        assert flake8.run("--select=BE", ".").found == BOTH
        named = flake8.run("--select=BE", "app/gen/deep/a.py", "env/lib")
        assert named.found == ["app/gen/deep/a.py:5:15 BE001", "env/lib/a.py:5:15 BE001"], "who names it means it"


class TestCache:
    def test_is_kept_unless_switched_off(self, flake8: Flake8) -> None:
        flake8.run("--select=BE", "--backend-no-cache", ".")
        assert not (flake8.root / ".flake8_backend_cache").exists()
        flake8.run("--select=BE", "--backend-cache-dir=kept", ".")
        assert list((flake8.root / "kept").iterdir())
        assert not (flake8.root / ".flake8_backend_cache").exists()


class TestMistakesOfUsers:
    @pytest.mark.parametrize("start", ["fork", "spawn"])
    def test_are_told_in_one_line(self, flake8: Flake8, start: str) -> None:
        flake8.write("pyproject.toml", "[tool.flake8-backend]\nprofil = 'strict'\n")
        outcome = flake8.run_patched("--select=BE", "-j2", ".", start=start)
        assert outcome.code == 1
        assert outcome.lines[1:] == [
            f"flake8-backend: {flake8.root}/pyproject.toml: unknown key `profil` (did you mean `profile`?)"
        ]

    def test_on_the_command_line(self, flake8: Flake8) -> None:
        assert flake8.run("--backend-profile=hard", ".").lines[1:] == [
            'flake8-backend: options of flake8: profile must be "default" or "strict", not \'hard\''
        ]
        assert flake8.run("--extend-ignore=BE777", ".").lines[1:] == [
            "flake8-backend: options of flake8: extend-ignore: unknown code `BE777`"
        ]

    def test_in_a_project_inside_the_project(self, flake8: Flake8) -> None:
        flake8.write("inner/pyproject.toml", "[tool.flake8-backend]\npreview = 1\n")
        flake8.write("inner/a.py", DIRECT)
        outcome = flake8.run("--select=BE", "-j2", ".")
        assert outcome.code == 1
        assert outcome.lines[1:] == [
            f"flake8-backend: {flake8.root}/inner/pyproject.toml: preview must be true or false, not 1"
        ]

    def test_in_packs(self, flake8: Flake8) -> None:
        flake8.write("pyproject.toml", "[[tool.flake8-backend.call]]\nname = ['x.y']\n")
        outcome = flake8.run("--select=BE", ".")
        assert outcome.code == 1
        assert len(outcome.lines) == 2
        assert outcome.lines[1].startswith("flake8-backend: pyproject.toml: ")


class TestContainment:
    """Each trap is one that ends a run of flake8, or loses findings, when a plugin walks into it."""

    @pytest.mark.parametrize(
        ("error", "text"),
        [
            ("ValueError('bad')", "ValueError in `diagnostics`: bad"),
            ("SyntaxError('bad', ('x', 1, 1, 'x'))", "SyntaxError in `diagnostics`: bad (x, line 1)"),
            ("RecursionError()", "RecursionError in `diagnostics`: no message"),
        ],
    )
    def test_an_exception_in_the_analysis_of_one_file(self, flake8: Flake8, error: str, text: str) -> None:
        sabotage = SPOILT + (
            "real = engine.Project.diagnostics\n"
            "def diagnostics(self, path):\n"
            f"    if path.name == 'direct.py': raise {error}\n"
            "    return real(self, path)\n"
            "engine.Project.diagnostics = diagnostics\n"
        )
        flake8.write("app/direct.py", DIRECT + "import os\n")
        outcome = flake8.run_patched("--select=BE,F401,E9", "-j2", "app", sabotage=sabotage)
        assert outcome.lines[0] == f"app/direct.py:1:1: BE903 the analysis failed with {text}"
        assert outcome.found[1:] == ["app/direct.py:6:1 F401", "app/main.py:5:5 BE001"]

    @pytest.mark.parametrize("start", ["fork", "spawn"])
    def test_a_project_that_cannot_be_opened(self, flake8: Flake8, start: str) -> None:
        sabotage = SPOILT + (
            "def opened(*arguments, **keywords): raise TypeError('bad')\nengine.Project.open = opened\n"
        )
        outcome = flake8.run_patched("--select=BE", "-j2", "app", start=start, sabotage=sabotage)
        text = "BE903 the analysis failed with TypeError in `opened`: bad"
        assert outcome.lines == [f"app/{name}.py:1:1: {text}" for name in ("__init__", "direct", "helpers", "main")]

    def test_a_type_error_does_not_run_parse_options_twice(self, flake8: Flake8) -> None:
        sabotage = SPOILT + (
            "import flake8_backend.plugin as plugin\n"
            "def prepare(self): print('prepared', flush=True); raise TypeError('bad')\n"
            "plugin._Run.prepare = prepare\n"
        )
        first, *rest = flake8.run_patched("--select=BE", "-j1", ".", sabotage=sabotage).lines
        assert first == "prepared"
        assert [line.split()[1] for line in rest] == ["BE001", "BE001"]

    def test_a_missing_file(self, flake8: Flake8) -> None:
        outcome = flake8.run("--select=BE,E9", "app/main.py", "app/gone.py")
        assert outcome.found == ["app/gone.py:0:1 E902", "app/main.py:5:5 BE001"]

    def test_a_file_that_python_cannot_parse(self, flake8: Flake8) -> None:
        flake8.write("app/broken.py", "def f(:\n")
        outcome = flake8.run("--select=BE,E9", ".")
        assert [each.split()[-1] for each in outcome.found] == ["E999", "BE001", "BE001"]

    def test_a_file_in_no_encoding(self, flake8: Flake8) -> None:
        (flake8.root / "app/latin.py").write_bytes("# é\n".encode("latin-1"))
        outcome = flake8.run("--select=BE", "app/latin.py")
        assert outcome.found == ["app/latin.py:1:1 BE902"]


def test_importing_the_plugin_costs_little() -> None:
    code = (
        "import flake8.main.application, sys; before = set(sys.modules)\n"
        "import flake8_backend.plugin\n"
        "print(sorted(name for name in set(sys.modules) - before if not name.startswith('_')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "['flake8_backend', 'flake8_backend.plugin']"


def test_help_and_version_work(flake8: Flake8) -> None:
    text = "\n".join(flake8.run("--help").lines)
    for option in ("profile", "extend-enable", "preview", "default-timeout", "cache-dir", "no-cache"):
        assert f"--backend-{option}" in text
    assert "flake8-backend" in flake8.run("--version").lines[0]


def test_a_name_that_is_no_text_does_not_end_the_run(flake8: Flake8) -> None:
    name = os.fsdecode(b"app/bad-\xff.py")
    try:
        (flake8.root / name).write_text(DIRECT, encoding="utf-8")
    except OSError:
        pytest.skip("this file system has names in UTF-8 only")
    outcome = flake8.run("--select=BE", "-j1", name)
    assert (outcome.lines, outcome.code) == ([], 0), "flake8 cannot print such a name"
