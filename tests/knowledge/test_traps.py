"""The cases where a simple rule is wrong, against the packs and against the rules that they are about."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from flake8_backend.knowledge import compiled, loader
from flake8_backend.knowledge.schema import CHECKED, DIRECTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from flake8_backend.knowledge.facts import CallFact, Knowledge

HERE = Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"
KEYS = {"names", "looks_like", "direction", "truth", "but", "source", "checked", "verified"}
Trap = dict[str, Any]


def _read(name: str) -> dict[str, Any]:
    path = HERE / name
    return compiled.parse_toml(path.read_bytes(), file=name)


TRAPS: list[Trap] = _read("traps.toml")["trap"]
RULES: dict[str, dict[str, str]] = _read("trap_rules.toml")

# names that look dotted and are not calls that a pack can tell of
NOT_CALLS = {
    "channels.db.database_sync_to_async",  # no pack of channels
    "dict.get",
    "django.http.HttpRequest.GET.get",
    "eventlet.monkey_patch",  # no pack of eventlet
    "os.environ.get",
}
# the pack tells of the plain case; the trap is about how or where the call is used
NEEDS_CONTEXT = {
    "concurrent.futures.Future.result",
    "django.db.connection.cursor",
    "django.db.models.Model.save",
    "django.db.models.QuerySet.get",
    "grpc.UnaryUnaryMultiCallable.__call__",
    "multiprocessing.connection.Connection.poll",
    "paramiko.SSHClient.connect",
    "subprocess.Popen",
}
FALLS_FOR: dict[str, Callable[[CallFact], bool]] = {
    "missing-timeout": lambda fact: fact.default_wait == "forever",
    "blocking": lambda fact: "blocks" in fact.effects,
    "network-call": lambda fact: "net" in fact.effects,
    "db-query": lambda fact: not fact.effects.isdisjoint({"db", "db-read", "db-write"}),
    "missing-await": lambda fact: "await" in fact.use,
}


def key_of(trap: Trap) -> str:
    """What a trap is called in trap_rules.toml."""
    return f"{trap['looks_like']}: {trap['names'][0]}"


by_trap = pytest.mark.parametrize("trap", TRAPS, ids=key_of)


@cache
def everything() -> Knowledge:
    """All packs at once."""
    documents = [compiled.parse_toml(path.read_bytes(), file=path.name) for path in compiled.PACKS.glob("*.toml")]
    return loader.load({top for document in documents for top in compiled.tops_of(document)})


@by_trap
def test_a_trap_is_well_formed(trap: Trap) -> None:
    assert set(trap) <= KEYS
    assert set(trap) >= KEYS - {"but"}
    assert trap["direction"] in DIRECTIONS
    assert set(trap["checked"]) <= CHECKED
    assert trap["names"]
    assert trap["truth"]


@by_trap
def test_the_names_of_a_trap_are_known(trap: Trap) -> None:
    names = [name for name in trap["names"] if " " not in name and name not in NOT_CALLS]
    knowledge = everything()
    unknown = [
        name for name in names if not (knowledge.call(name) or knowledge.markers(name) or knowledge.is_class(name))
    ]
    assert unknown == []


def test_the_exceptions_are_needed() -> None:
    names = {name for trap in TRAPS for name in trap["names"]}
    assert names >= NOT_CALLS | NEEDS_CONTEXT
    assert [name for name in NOT_CALLS if everything().call(name)] == []


@pytest.mark.parametrize(
    "trap",
    [trap for trap in TRAPS if trap["direction"] == "false-positive" and trap["looks_like"] in FALLS_FOR],
    ids=key_of,
)
def test_packs_do_not_fall_into_the_trap(trap: Trap) -> None:
    falls_for = FALLS_FOR[trap["looks_like"]]
    facts = [fact for name in trap["names"] if name not in NEEDS_CONTEXT and (fact := everything().call(name))]
    assert [fact.name for fact in facts if falls_for(fact)] == []


def test_the_table_of_rules_names_every_trap_once() -> None:
    tested, waiting = RULES["tested"], RULES["waiting"]
    assert set(tested).isdisjoint(waiting)
    assert sorted([*tested, *waiting]) == sorted(map(key_of, TRAPS))
    assert {code for code in [*tested.values(), *waiting.values()] if not re.fullmatch(r"BE\d{3}", code)} == set()


@by_trap
def test_a_fixture_of_its_rule_holds_the_trap(trap: Trap) -> None:
    key = key_of(trap)
    if key in RULES["waiting"]:
        pytest.skip(f"{key} waits for a fixture of {RULES['waiting'][key]}")
    code = RULES["tested"][key]
    # what must be silent is in the good file or in a project; what must not satisfy a rule, in the bad one
    silent = "good" if trap["direction"] == "false-positive" else "bad"
    folder = FIXTURES / code.lower()
    texts = [
        path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.py"))
        if path.name.startswith(silent) or path.parent != folder
    ]
    words = [set(re.findall(r"\w+", text)) for text in texts]
    ends = [{name.split(".")[0], name.split(".")[-1]} for name in trap["names"]]
    assert any(end <= known for end in ends for known in words), f"no fixture of {code} holds {trap['names']}"
