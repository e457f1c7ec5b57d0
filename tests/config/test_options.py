"""Options: where they come from, which is stronger, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flake8_backend.config import DEFAULT_EXCLUDE, ConfigError, Options, Overrides, load_options
from flake8_backend.config_flake8 import Flake8Config
from flake8_backend.core import registry
from flake8_backend.selection import PerFileIgnores, Selection


def project(tmp_path: Path, pyproject: str = "", **files: str) -> Path:
    (tmp_path / "pyproject.toml").write_text(f"[project]\nname = 'x'\n[tool.flake8-backend]\n{pyproject}")
    for name, text in files.items():
        (tmp_path / {"flake8": ".flake8", "setup": "setup.cfg", "tox": "tox.ini"}[name]).write_text(text)
    return tmp_path


def active(options: Options) -> list[str]:
    return [rule.code for rule in registry.all_rules() if options.is_active(rule)]


def message(tmp_path: Path, pyproject: str = "", overrides: Overrides | None = None, **files: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_options(project(tmp_path, pyproject, **files), overrides)
    text = str(caught.value)
    assert "\n" not in text
    return text.replace(str(tmp_path) + "/", "")


class TestActivity:
    @pytest.mark.parametrize(
        ("pyproject", "expected"),
        [
            ("", ["BE001", "BE002"]),
            ("profile = 'strict'", ["BE001", "BE002", "BE013"]),
            ("preview = true", ["BE001", "BE002", "BE101"]),
            ("extend-enable = ['BE013']", ["BE001", "BE002", "BE013"]),
            ("extend-select = ['BE013', 'BE101']", ["BE001", "BE002", "BE013", "BE101"]),
            ("select = ['BE0']", ["BE001", "BE002"]),
            ("select = ['BE013']", ["BE013"]),
            ("select = ['BE001']\nextend-enable = ['BE013']", ["BE001", "BE013"]),
            ("select = ['BE001']\nprofile = 'strict'", ["BE001"]),
            ("ignore = ['BE00']\nextend-select = ['BE002']", ["BE002"]),
            ("ignore = ['BE001']\nextend-ignore = ['BE002']", []),
            ("extend-enable = ['BE013']\nignore = ['BE013']", ["BE001", "BE002"]),
        ],
    )
    def test_pyproject_alone(self, tmp_path: Path, pyproject: str, expected: list[str]) -> None:
        assert active(load_options(project(tmp_path, pyproject))) == expected

    @pytest.mark.parametrize(
        ("pyproject", "flake8", "expected"),
        [
            ("", "select = BE001", ["BE001"]),
            ("", "ignore = E501,W503", ["BE001", "BE002"]),
            ("ignore = ['BE001']", "ignore = E501", ["BE002"]),
            ("ignore = ['BE001']", "extend-ignore = BE002", []),
            ("ignore = ['BE001']", "extend-select = BE001", ["BE001", "BE002"]),
            ("ignore = ['BE001']", "select = BE", ["BE002"]),
            ("select = ['BE001']", "select = B,E,F", ["BE001", "BE002"]),
            ("select = ['BE001']", "extend-ignore = BE", []),
            ("", "select = E,F,W", []),
            ("", "select = B", ["BE001", "BE002"]),
            ("", "select = E\nextend-select = BE013", ["BE013"]),
            ("", "backend-extend-enable = BE013, BE101", ["BE001", "BE002", "BE013", "BE101"]),
            ("profile = 'strict'\npreview = true", "backend_profile = default", ["BE001", "BE002", "BE101"]),
            ("", "backend-preview = yes", ["BE001", "BE002", "BE101"]),
        ],
    )
    def test_flake8_is_stronger(self, tmp_path: Path, pyproject: str, flake8: str, expected: list[str]) -> None:
        assert active(load_options(project(tmp_path, pyproject, flake8=f"[flake8]\n{flake8}\n"))) == expected

    @pytest.mark.parametrize(
        ("overrides", "expected"),
        [
            (Overrides(select=("BE002",)), ["BE002"]),
            (Overrides(select=("BE",)), ["BE002", "BE013"]),
            (Overrides(select=("BE001",)), ["BE001"]),
            (Overrides(ignore=("BE0",)), []),
            (Overrides(table={"profile": "default"}), ["BE002"]),
            (Overrides(isolated=True), ["BE001", "BE002"]),
        ],
    )
    def test_the_command_line_is_strongest(self, tmp_path: Path, overrides: Overrides, expected: list[str]) -> None:
        root = project(tmp_path, "profile = 'strict'\nignore = ['BE001']", flake8="[flake8]\nextend-ignore = E1\n")
        assert active(load_options(root, overrides)) == expected

    def test_the_tool_speaks_of_itself_unless_it_is_told_not_to(self) -> None:
        assert Options(select=("BE001",)).reports("BE902")
        assert not Options(ignore=("BE902",)).reports("BE902")
        assert not Options(flake8=Flake8Config(Selection(ignore=("BE9",)))).reports("BE903")


class TestFiles:
    def test_per_file_ignores_add_up(self, tmp_path: Path) -> None:
        root = project(
            tmp_path,
            "[tool.flake8-backend.per-file-ignores]\n'tests/*' = ['BE001']\n'**/gen.py' = ['BE']",
            flake8="[flake8]\nper-file-ignores =\n    tests/*:BE002\n    test_*.py:E501,BE001\n",
        )
        options = load_options(root)

        def shown(path: str) -> list[str]:
            return [code for code in ("BE001", "BE002") if options.reports_in(root / path, code)]

        assert shown("app/a.py") == ["BE001", "BE002"]
        assert shown("tests/a.py") == []
        assert shown("app/test_a.py") == ["BE002"]
        assert shown("gen.py") == shown("app/deep/gen.py") == []

    def test_of_flake8s_patterns_only_the_longest_counts(self) -> None:
        ignores = PerFileIgnores((("*.py", ("BE001",)), ("/p/tests/*", ("BE002",)), ("/p/tests/?", ("BE003",))))
        assert ignores.of(Path("/p/tests/a.py")) == ("BE002",)
        assert ignores.of(Path("/p/a.py")) == ("BE001",)
        assert ignores.of(Path("/p/a.txt")) == ()

    def test_exclude(self, tmp_path: Path) -> None:
        root = project(tmp_path, "extend-exclude = ['gen/']", flake8="[flake8]\nexclude = old,./vendor\n")
        options = load_options(root, Overrides(exclude=("late",)))
        assert options.exclude == (*DEFAULT_EXCLUDE, str(root / "gen"), "late")
        for excluded in ("gen", "x/old", "vendor", "late", "x/node_modules", "build"):
            assert options.exclusion.matches_within(root / excluded / "a.py", root), excluded
        for kept in ("x/gen", "x/vendor", "app"):
            assert not options.exclusion.matches_within(root / kept / "a.py", root), kept

    def test_exclude_replaces_the_default(self, tmp_path: Path) -> None:
        options = load_options(project(tmp_path, "exclude = ['old']"))
        assert options.exclude == ("old",)


class TestPlaces:
    def test_the_nearest_table_counts(self, tmp_path: Path) -> None:
        project(tmp_path, "default-timeout = 3")
        inner = tmp_path / "service/deep"
        inner.mkdir(parents=True)
        (tmp_path / "service/pyproject.toml").write_text("[project]\nrequires-python = '>=3.12'\n")
        options = load_options(inner)
        assert (options.default_timeout, options.timeout_is_explicit) == (3, True)
        assert options.target_version == (3, 12), "of the nearest file that says so"

    def test_nothing_said(self, tmp_path: Path) -> None:
        assert load_options(tmp_path) == Options()

    def test_a_broken_file_that_does_not_speak_of_us_is_not_ours(self, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text("[project\n")
        assert load_options(tmp_path) == Options()

    def test_paths_are_counted_from_their_file(self, tmp_path: Path) -> None:
        (tmp_path / "acme.toml").touch()
        root = project(tmp_path, "packs = ['acme.toml']\ncache-dir = 'cache'", flake8="[flake8]\n")
        (root / "sub").mkdir()
        options = load_options(root / "sub")
        assert (options.packs, options.cache_dir) == ((str(root / "acme.toml"),), str(root / "cache"))

    def test_a_named_file_is_read_alone(self, tmp_path: Path) -> None:
        root = project(tmp_path, "default-timeout = 3", flake8="[flake8]\nextend-ignore = BE002\n")
        (tmp_path / "other.toml").write_text("[tool.flake8-backend]\npreview = true\n")
        (tmp_path / "other.cfg").write_text("[flake8]\nignore = BE001\n")
        assert active(load_options(root, Overrides(config=root / "other.toml"))) == ["BE001", "BE002", "BE101"]
        assert active(load_options(root, Overrides(config=root / "other.cfg"))) == ["BE002"]
        assert load_options(root, Overrides(config=root / "other.toml")).default_timeout == 10

    def test_rule_tables_merge_by_key(self, tmp_path: Path) -> None:
        root = project(tmp_path, "[tool.flake8-backend.BE002]\nlimit = 5\nratio = 1")
        options = load_options(root, Overrides(table={"BE002": {"limit": 7}}))
        assert options.rule_options == {"BE002": {"limit": 7, "ratio": 1}}

    def test_the_cache_is_switched_off_by_flake8s_file(self, tmp_path: Path) -> None:
        assert load_options(project(tmp_path)).use_cache
        assert not load_options(project(tmp_path, flake8="[flake8]\nbackend-no-cache = true\n")).use_cache

    def test_a_select_without_us_is_worth_a_warning(self, tmp_path: Path) -> None:
        root = project(tmp_path, setup="[flake8]\nselect = E,F\n")
        assert load_options(root).flake8.warning == (
            f"{root}/setup.cfg: `select` names no BE code, so nothing is reported: add BE to it"
        )
        assert load_options(root, Overrides(select=("BE001",))).flake8.warning == ""


WRONG_OPTIONS = {
    "limit = 'a'": "limit must be like 3, not 'a'",
    "exact = 1": "exact must be like False, not 1",
    "names = [1]": "names must be like ['a'], not [1]",
    "limits = 1": "unknown option `limits` (did you mean `limit`?)",
}
WRONG_KEYS = {
    "slect = []": "unknown key `slect` (did you mean `select`?)",
    "default_timeout = 1": "unknown key `default_timeout` (did you mean `default-timeout`?)",
    "zzz = 1": "unknown key `zzz`",
    "select = 'BE'": "select must be a list of strings, not 'BE'",
    "select = ['BE008']": "select: unknown code `BE008` (did you mean `BE001`?)",
    "ignore = ['be001']": "ignore: unknown code `be001` (did you mean `BE001`?)",
    "ignore = ['E501']": "ignore: unknown code `E501`",
    "ignore = ['state-change']": "ignore: `state-change` is the name of a rule: its code is `BE101`",
    "extend-enable = ['BE0']": "extend-enable: `BE0` stands for several rules: a full code is needed here",
    "profile = 'strikt'": 'profile must be "default" or "strict", not \'strikt\' (did you mean `strict`?)',
    "profile = 1": 'profile must be "default" or "strict", not 1',
    "preview = 'yes'": "preview must be true or false, not 'yes'",
    "default-timeout = 0": "default-timeout must be a positive number of seconds, not 0",
    "default-timeout = true": "default-timeout must be a positive number of seconds, not True",
    "default-timeout = inf": "default-timeout must be a positive number of seconds, not inf",
    "packs = ['no.toml']": "packs: there is no file no.toml",
    "call = 1": "call must be tables written [[tool.flake8-backend.call]], not 1",
    "target-version = 3.11": 'target-version must be a version such as "3.11" or "py311", not 3.11',
    "required-version = 'new'": "required-version must be versions such as \">=0.1,<0.3\", not 'new'",
    "BE002 = 1": "BE002 must be a table, not 1",
    "[tool.flake8-backend.BE003]": "[BE003]: unknown code `BE003` (did you mean `BE001`?)",
    "[tool.flake8-backend.BE001]\na = 1": "[BE001] unknown option `a`: the rule has no options",
    "per-file-ignores = 1": "per-file-ignores must be a table of patterns and lists of codes, not 1",
    "per-file-ignores = {'a.py' = ['X']}": "per-file-ignores: a.py: unknown code `X`",
}
WRONG_IN_FLAKE8 = {
    "extend-ignore = E501, BE019": "extend-ignore: unknown code `BE019` (did you mean `BE001`?)",
    "backend-profil = strict": "unknown option `backend-profil` (did you mean `backend-profile`?)",
    "backend-profile = hard": 'profile must be "default" or "strict", not \'hard\'',
    "backend-default-timeout = soon": "backend-default-timeout must be a number of seconds, not 'soon'",
    "backend-no-cache = maybe": "backend-no-cache must be true or false, not 'maybe'",
    "per-file-ignores = a.py": "per-file-ignores: `a.py` has no codes; write `pattern: codes`",
    "per-file-ignores = a.py: BE888": "per-file-ignores: unknown code `BE888`",
}


class TestErrors:
    @pytest.mark.parametrize("text", WRONG_KEYS)
    def test_in_pyproject(self, tmp_path: Path, text: str) -> None:
        assert message(tmp_path, text) == f"pyproject.toml: {WRONG_KEYS[text]}"

    @pytest.mark.parametrize("text", WRONG_OPTIONS)
    def test_in_the_table_of_a_rule(self, tmp_path: Path, text: str) -> None:
        expected = f"pyproject.toml: [BE002] {WRONG_OPTIONS[text]}"
        assert message(tmp_path, f"[tool.flake8-backend.BE002]\n{text}") == expected

    def test_no_toml(self, tmp_path: Path) -> None:
        assert message(tmp_path, "x = ").startswith("pyproject.toml: not valid TOML: ")

    @pytest.mark.parametrize("text", WRONG_IN_FLAKE8)
    def test_in_flake8s_file(self, tmp_path: Path, text: str) -> None:
        assert message(tmp_path, flake8=f"[flake8]\n{text}\n") == f".flake8: {WRONG_IN_FLAKE8[text]}"

    def test_on_the_command_line(self, tmp_path: Path) -> None:
        overrides = Overrides(table={"profile": "x"})
        assert (
            message(tmp_path, overrides=overrides) == 'command line: profile must be "default" or "strict", not \'x\''
        )

    def test_in_a_named_file(self, tmp_path: Path) -> None:
        (tmp_path / "empty.toml").touch()
        assert message(tmp_path, overrides=Overrides(config=tmp_path / "empty.toml")) == (
            "empty.toml: there is no table [tool.flake8-backend]"
        )
        assert message(tmp_path, overrides=Overrides(config=tmp_path / "no.toml")) == (
            "no.toml: cannot be read: no such file or directory"
        )
        assert message(tmp_path, overrides=Overrides(config=tmp_path / "no.cfg")) == (
            "no.cfg: cannot be read as a configuration of flake8"
        )

    @pytest.mark.parametrize(
        ("required", "is_met"),
        [
            ("0.2.1", True),
            (">=0.2,<1", True),
            ("~=0.2.0", True),
            ("!=0.2.1", False),
            ("~=0.3", False),
            ("<=0.2", False),
        ],
    )
    def test_required_version(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, required: str, is_met: bool
    ) -> None:
        monkeypatch.setattr("flake8_backend.__version__", "0.2.1", raising=False)
        if is_met:
            load_options(project(tmp_path, f"required-version = '{required}'"))
        else:
            expected = f"pyproject.toml: required-version is {required}, but this is flake8-backend 0.2.1"
            assert message(tmp_path, f"required-version = '{required}'") == expected


class TestFingerprint:
    @pytest.mark.parametrize(
        "change",
        [
            {"profile": "strict"},
            {"select": ("BE001",)},
            {"default_timeout": 3},
            {"timeout_is_explicit": True},
            {"rule_options": {"BE002": {"limit": 1}}},
            {"pack_rows": {"call": [{"names": ["a.b"]}]}},
            {"target_version": (3, 12)},
            {"flake8": Flake8Config(Selection(ignore=("BE001",)))},
            {"flake8": Flake8Config(disable_noqa=True)},
        ],
    )
    def test_tells_what_changes_findings(self, change: dict[str, Any]) -> None:
        assert Options(**change).fingerprint() != Options().fingerprint()

    def test_does_not_tell_what_only_hides_them(self) -> None:
        other = Options(per_file_ignores=(("a", ("BE001",)),), exclude=(), cache_dir="x", ignore=("BE999",))
        assert other.fingerprint() == Options().fingerprint()

    def test_follows_the_content_of_packs(self, tmp_path: Path) -> None:
        pack = tmp_path / "a.toml"
        pack.write_text("a = 1")
        before = Options(packs=(str(pack),)).fingerprint()
        pack.write_text("a = 2")
        assert Options(packs=(str(pack),)).fingerprint() != before
