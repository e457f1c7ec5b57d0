"""The pack check on a small distribution that is written on the spot: no network, no environment."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flake8_backend.dev.__main__ import main
from flake8_backend.dev.packcheck import command, environments, groups, results
from flake8_backend.dev.packcheck.claims import STDLIB, Packs
from flake8_backend.dev.packcheck.groups import Group
from flake8_backend.knowledge import compiled

CHECKOUT = Path(__file__).parents[2]
LIBRARY = '''
    import enum


    class Client:
        """One with a field that __init__ sets, a coroutine, and a method of any keywords."""

        def __init__(self, host, *, timeout=5, retries=None):
            self.host = host

        async def fetch(self, path, limit=10):
            return path

        def send(self, body, **options):
            return body

        @classmethod
        def local(cls, port=80):
            return cls("localhost")

        @property
        def pool(self):
            return object()


    class Special(Client):
        pass


    class Stranger:
        def __getattr__(self, name):
            return name


    def connect(dsn, timeout=float("inf")):
        return Client(dsn)


    def leave():
        return 0


    default_client = Client("localhost")
    Session = Client
    look_up = getattr  # of C, with several forms and no signature
    '''
Check = Callable[..., results.Result]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "acme-2.1.dist-info").mkdir(parents=True)
    (folder / "acme-2.1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 2.1\n")
    (folder / "acme").mkdir()
    (folder / "acme/__init__.py").write_text(textwrap.dedent(LIBRARY))
    (folder / "acme/broken.py").write_text("import a_module_that_is_nowhere\n")
    (folder / "acme/fatal.py").write_text("import os\nos._exit(3)\n")
    return folder


@pytest.fixture
def check(site: Path, tmp_path: Path) -> Check:
    """Check rows of a pack for that distribution."""

    def run(
        *, setup: str = "", aliases: Any = None, at_run_time: Any = None, **tables: list[dict[str, Any]]
    ) -> results.Result:
        header = {
            "name": "acme",
            "distributions": {"acme": {"version": "2.1", "modules": ["acme"]}},
            "imports": ["acme"],
            "topic": "misc",
            "aliases": aliases or {},
            "at_run_time": at_run_time or {},
        }
        rows = {"class" if table == "classes" else table: found for table, found in tables.items()}
        packs = Packs({"acme": {"pack": header, **rows}})
        group = Group("acme", ["acme"], setup=setup)
        python, home = Path(sys.executable), tmp_path / "home"
        (result,) = command.check_distributions(
            group, ["acme"], packs=packs, python=python, folder=home, path=[str(site)]
        )
        return result

    return run


def call(*names: str, **keys: Any) -> dict[str, Any]:
    return {"names": list(names), "effects": ["net"], **keys}


def timeout(**keys: Any) -> dict[str, Any]:
    return {"param": "timeout", "default": 5, "kind": "total", **keys}


def test_what_is_there_is_verified_with_the_version(check: Check) -> None:
    result = check(
        call=[
            call("acme.Client", timeouts=[timeout()], options=[{"param": "retries", "default": "none"}]),
            call("acme.Client.fetch", use=["await"], options=[{"param": "limit", "pos": 1, "default": 10}]),
            call("acme.Client.local", options=[{"param": "port", "pos": 0, "default": 80}]),
            call("acme.default_client.send", "acme.Session.send"),
            call("acme.connect", timeouts=[timeout(default="none", pos=1)], returns="acme.Client"),
        ],
        classes=[{"names": ["acme.Client"], "attributes": {"host": "str", "pool": "object"}}],
        object=[{"names": ["acme.default_client"], "type": "acme.Client"}],
    )
    assert (result.version, result.names, result.parameters) == ("2.1", 8, 4)
    assert (result.wrong, result.unchecked, result.problem) == ([], {}, "")


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (call("acme.conect"), "acme has no conect, but connect"),
        (call("acme.Client.fetchh"), "acme.Client has no fetchh, but fetch"),
        (call("acme.missing.run"), "acme has no missing"),
        (call("acme.connect", timeouts=[timeout(param="limit")]), "no parameter limit; it takes dsn, timeout"),
        (call("acme.Client", timeouts=[timeout(default=9)]), "timeout is 5 by default, not 9"),
        (call("acme.Client", timeouts=[timeout(default="none")]), "timeout is 5 by default, not 'none'"),
        (call("acme.Client", timeouts=[timeout(default="required")]), "timeout is 5 by default, not 'required'"),
        (call("acme.Client", options=[{"param": "host", "default": 3}]), "host has no default, not 3"),
        (call("acme.Client", timeouts=[timeout(pos=1)]), "timeout is keyword only, not at 1"),
        (call("acme.connect", timeouts=[timeout(default="none", pos=0)]), "timeout is at 1, not at 0"),
        (call("acme.Client.fetch"), "is used with await, not as it is"),
        (call("acme.Client.fetch", use=["await"], effects=["blocks"]), "is a coroutine function and does not block"),
        (call("acme.connect", returns="acme.Clients"), "acme.Clients: acme has no Clients, but Client"),
        (call("acme.leave", until="2.0"), "is there, though the pack says: gone since 2.0"),
    ],
)
def test_a_wrong_row_says_what_is_there_instead(check: Check, row: dict[str, Any], complaint: str) -> None:
    result = check(call=[row])
    assert result.wrong == [f"acme: {row['names'][0]} (call): {complaint}"]
    assert result.names == 0


def test_a_class_without_the_told_attribute_is_wrong(check: Check) -> None:
    result = check(classes=[{"names": ["acme.Client"], "attributes": {"port": "int"}}])
    assert result.wrong == ["acme: acme.Client (class): acme.Client.port: acme.Client has no port"]


def test_an_alias_stands_for_its_kin_only(check: Check) -> None:
    result = check(
        aliases={"acme.Session": "acme.Client", "acme.Special": "acme.Client", "acme.Stranger": "acme.Client"}
    )
    assert result.names == 2
    assert result.wrong == ["acme: acme.Stranger (alias): is nothing like acme.Client"]


def test_a_base_that_is_only_read_as_one_is_counted(check: Check) -> None:
    result = check(classes=[{"names": ["acme.Special", "acme.Stranger"], "bases": ["acme.Client"]}])
    assert (result.names, result.wrong) == (2, [])
    assert result.unchecked == {"read as a class that it does not inherit from": 1}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("acme.broken.run", "its import needs a_module_that_is_nowhere"),
        ("acme.Stranger.anything", "made by __getattr__"),
        ("acme.Client.pool.get", "belongs to the value of a property"),
        ("acme.connect.later", "belongs to what a function gives"),
        ("acme.fatal.run", "looking at it ends the interpreter"),
    ],
)
def test_what_cannot_be_looked_up_is_counted_and_the_rest_is_checked(check: Check, name: str, reason: str) -> None:
    result = check(call=[call(name), call("acme.connect")])
    assert (result.names, result.wrong, result.unchecked) == (1, [], {reason: 1})


def test_parameters_that_no_signature_shows_are_counted(check: Check) -> None:
    result = check(
        call=[
            call("acme.Client.send", timeouts=[timeout()]),
            call("acme.look_up", options=[{"param": "default", "pos": 2}]),
        ]
    )
    assert (result.names, result.parameters, result.unchecked_parameters, result.wrong) == (2, 0, 2, [])


def test_versions_say_which_rows_hold(check: Check) -> None:
    result = check(
        call=[
            call("acme.later", since="3.0"),
            call("acme.gone", until="2.0"),
            call("acme.leave", since="2.1", until="3.0"),
            call("acme.Client", timeouts=[timeout(default=60, was=[{"until": "2.2", "default": 5}])]),
            call("acme.connect", timeouts=[timeout(param="limit", since="2.2")]),
        ]
    )
    assert (result.names, result.parameters, result.wrong) == (3, 1, [])
    assert result.unchecked == {"gone since 2.0": 1, results.NEWER: 1}


def test_what_is_made_at_run_time_is_told_with_its_reason(check: Check) -> None:
    made = {"acme.Proxy": "made for each model", "acme.Client.host": "set by __init__"}
    result = check(call=[call("acme.Proxy.run")], classes=[{"names": ["acme.Client"]}], at_run_time=made)
    assert (result.names, result.wrong, result.unchecked) == (1, [], {"made for each model": 1})


def test_setup_runs_first_and_its_failure_is_told(check: Check) -> None:
    result = check(setup="import acme\nacme.Made = acme.Client", call=[call("acme.Made.fetch", use=["await"])])
    assert (result.names, result.wrong) == (1, [])
    with pytest.raises(environments.NotInstalled, match="NameError"):
        check(setup="nothing_of_this_name", call=[call("acme.connect")])


def test_parameters_of_another_object_are_checked_there(check: Check) -> None:
    row = call("acme.connect", timeouts=[timeout(where="acme.Client"), timeout(param="wait", where="acme.Client")])
    assert check(call=[row]).wrong == [
        "acme: acme.connect (call): acme.Client: no parameter wait; it takes host, timeout, retries"
    ]


def test_every_distribution_of_a_pack_is_in_one_group() -> None:
    documents = {
        path.stem: compiled.parse_toml(path.read_bytes(), file=path.name) for path in compiled.PACKS.glob("*.toml")
    }
    packs = Packs(documents)
    placed = [name for group in groups.load() for name in group.distributions(packs.distributions)]
    assert sorted(placed) == sorted(packs.distributions)
    assert STDLIB in placed


def test_results_replace_older_ones_and_forget_what_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "checked.json"
    old, other, gone = (results.Result(name, "web", "1", names=1) for name in ("acme", "Other", "gone"))
    results.record([old, other, gone], path, known=[("acme", "web"), ("other", "web"), ("gone", "web")])
    results.record([results.Result("acme", "web", "2", names=3)], path, known=[("acme", "web"), ("other", "web")])
    assert [(each.distribution, each.version, each.names) for each in results.load(path)] == [
        ("acme", "2", 3),
        ("Other", "1", 1),
    ]


def test_the_recorded_result_speaks_of_every_distribution_and_of_no_machine() -> None:
    found = results.load()
    documents = {
        path.stem: compiled.parse_toml(path.read_bytes(), file=path.name) for path in compiled.PACKS.glob("*.toml")
    }
    assert {each.distribution for each in found} == set(Packs(documents).distributions)
    assert [text for each in found for text in each.wrong] == []
    assert not any(mark in results.FILE.read_text(encoding="utf-8") for mark in ("/home/", "/tmp/", "/work/", "://"))


def test_an_unknown_pack_is_one_line_and_2(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CHECKOUT)
    assert main(["packs", "check", "nopack"]) == 2
    assert capsys.readouterr().err == "no pack and no distribution of a pack is called nopack\n"


def test_names_of_packs_and_distributions_choose_distributions() -> None:
    tables = {"a": {"pack": {"distributions": {"One": {"modules": ["one"]}, "Two": {"modules": ["two"]}}}}}
    packs = Packs(tables)
    assert command.chosen_distributions(packs, ["a"]) == {"One", "Two"}
    assert command.chosen_distributions(packs, ["two"]) == {"Two"}
    assert command.chosen_distributions(packs, []) == {"One", "Two"}
    with pytest.raises(command.UnknownPack):
        command.chosen_distributions(packs, ["three"])


def test_a_group_that_pip_cannot_install_is_told_for_each_distribution(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_group: Group, _folder: Path) -> Path:
        raise environments.NotInstalled("error: no wheel")

    monkeypatch.setattr(environments, "interpreter", refuse)
    packs = Packs({"a": {"pack": {"distributions": {"One": {"modules": ["one"]}}}}})
    (result,) = command.check_group(Group("g", ["One"]), ["One"], packs=packs, folder=tmp_path)
    assert list(results.render(result)) == ["One [g]: not checked: error: no wheel"]
