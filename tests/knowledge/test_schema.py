from __future__ import annotations

from typing import Any

import pytest

from flake8_backend.knowledge import compiled, schema
from flake8_backend.knowledge.names import KnowledgeError, parse_type

PACKS = sorted(compiled.PACKS.glob("*.toml"))
CALL: dict[str, Any] = {"names": ["acme.get"], "effects": ["net"]}
MARKER: dict[str, Any] = {"names": ["acme.route"], "kind": "route", "form": "decorator"}


def complaint(document: dict[str, Any], *, complete: bool = False) -> str:
    """What is said of a broken document."""
    with pytest.raises(KnowledgeError) as caught:
        schema.check_document(document, file="acme.toml", complete=complete)
    return str(caught.value)


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
def test_every_pack_follows_the_schema(path: Any) -> None:
    document = compiled.parse_toml(path.read_bytes(), file=path.name)
    schema.check_document(document, file=path.name, complete=True)
    assert document["pack"]["name"] == path.stem


def test_there_are_packs() -> None:
    assert len(PACKS) >= 67


@pytest.mark.parametrize(
    "document",
    [
        {"call": [CALL]},
        {"marker": [MARKER]},
        {"class": [{"names": ["acme.Client"]}]},
        {"object": [{"names": ["acme.client"], "type": "acme.Client"}]},
        {},
    ],
)
def test_what_is_enough_of_a_user(document: dict[str, Any]) -> None:
    schema.check_document(document, file="acme.toml", complete=False)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"calls": [CALL]}, 'acme.toml: unknown table "calls"; did you mean "call"?'),
        (
            {"call": [{**CALL, "timeout": []}]},
            'acme.toml: call acme.get: unknown key "timeout"; did you mean "timeouts"?',
        ),
        ({"call": [{**CALL, "efects": []}]}, 'call acme.get: unknown key "efects"; did you mean "effects"?'),
        ({"call": [{**CALL, "zzz": 1}]}, 'call acme.get: unknown key "zzz"'),
        ({"call": [{**CALL, "effects": ["block"]}]}, 'effects: unknown value "block"; did you mean "blocks"?'),
        ({"call": [{**CALL, "effects": "net"}]}, "effects: expected a list, found 'net'"),
        (
            {"call": [{**CALL, "role": "http-requst"}]},
            'role: unknown value "http-requst"; did you mean "http-request"?',
        ),
        ({"call": [{**CALL, "role": 3}]}, "role: expected text, found 3"),
        ({"call": [{**CALL, "use": ["awaits"]}]}, 'use: unknown value "awaits"; did you mean "await"?'),
        ({"call": [{**CALL, "returns": "Reply"}]}, "returns: type expression 'Reply': 'Reply' is neither dotted"),
        ({"call": [{**CALL, "default_wait": "for ever"}]}, 'unknown value "for ever"; did you mean "forever"?'),
        ({"call": [{**CALL, "default_wait": "inherits"}]}, '"inherits" needs the key "inherits_from"'),
        ({"call": [{**CALL, "effects": ["blocks"], "use": ["await"]}]}, "what must be awaited does not block"),
        ({"call": [{**CALL, "verified": "yes"}]}, "verified: expected true or false, found 'yes'"),
        ({"call": [{"names": ["acme.get"]}]}, 'call acme.get: key "effects" is missing'),
        ({"call": [{"effects": []}]}, 'call number 1: key "names" is missing'),
        ({"call": [{**CALL, "names": []}]}, "names: expected at least one name"),
        ({"call": [{**CALL, "names": ["get"]}]}, "names: 'get' has no module"),
        ({"call": [{**CALL, "names": ["acme.get()"]}]}, "names: 'acme.get()' is not a dotted name"),
        ({"call": [{**CALL, "names": ["acme.a", "acme.a"]}]}, "names: acme.a is there twice"),
        ({"call": [{**CALL, "names": ["acme.*.get"]}]}, "'acme.*.get' is not a dotted name"),
        ({"call": {"names": []}}, "call: expected [[call]] tables"),
        ({"call": ["acme.get"]}, "call number 1: expected a table, found 'acme.get'"),
        ({"marker": [{**MARKER, "kind": "routes"}]}, 'marker acme.route: kind: unknown value "routes"; did you mean'),
        ({"marker": [{**MARKER, "form": "decoration"}]}, 'form: unknown value "decoration"; did you mean "decorator"?'),
        ({"marker": [{**MARKER, "names": ["acme.*"]}]}, "names: 'acme.*' is not a dotted name"),
        ({"marker": [{**MARKER, "loses_data": 1}]}, "loses_data: expected true or false"),
        ({"class": [{"names": ["a.B"], "base": []}]}, 'class a.B: unknown key "base"; did you mean "bases"?'),
        ({"class": [{"names": ["a.B"], "params": ["a.b"]}]}, "params: a type parameter is one identifier"),
        ({"class": [{"names": ["a.B"], "attributes": {"x": "list["}}]}, "attributes: type expression 'list[': ends"),
        ({"class": [{"names": ["a.B"], "attributes": ["x"]}]}, "attributes: expected a table of type expressions"),
        ({"object": [{"names": ["a.b"]}]}, 'object a.b: key "type" is missing'),
        ({"pack": {"import": ["acme"]}}, 'acme.toml: [pack]: unknown key "import"; did you mean "imports"?'),
        ({"pack": {"imports": "acme"}}, "[pack]: imports: expected a list"),
        ({"pack": {"aliases": {"a.B": True}}}, "[pack.aliases]: expected text, found True"),
        ({"pack": {"aliases": ["a.B"]}}, "[pack.aliases]: expected a table"),
    ],
)
def test_what_is_refused_and_how_it_is_told(document: dict[str, Any], told: str) -> None:
    message = complaint(document)
    assert told in message
    assert message.startswith("acme.toml: ")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("timeout", "told"),
    [
        ({"param": "timeout", "kind": "total"}, 'timeouts: key "default" is missing'),
        ({"param": "timeout", "default": "nothing", "kind": "total"}, 'default: unknown value "nothing"'),
        ({"param": "timeout", "default": True, "kind": "total"}, "default: expected text, found True"),
        ({"param": "timeout", "default": 1, "kind": "totl"}, 'kind: unknown value "totl"; did you mean "total"?'),
        ({"param": "timeout", "default": 1, "kind": "total", "pos": -1}, "pos: expected a position from 0, found -1"),
        (
            {"param": "timeout", "default": 1, "kind": "total", "pos": True},
            "pos: expected a position from 0, found True",
        ),
        ({"param": "timeout", "default": 1, "kind": "total", "unit": "min"}, 'unit: unknown value "min"'),
        ({"param": "timeout", "default": 1, "kind": "total", "was": [{"default": 1}]}, 'was: key "until" is missing'),
        ("timeout", "timeouts: expected a table, found 'timeout'"),
    ],
)
def test_timeouts_are_checked_too(timeout: object, told: str) -> None:
    assert told in complaint({"call": [{**CALL, "timeouts": [timeout]}]})


@pytest.mark.parametrize("key", ["source", "checked", "verified"])
def test_our_own_packs_must_tell_where_a_fact_comes_from(key: str) -> None:
    row = {**CALL, "source": "acme/api.py:1", "checked": ["signature"], "verified": True}
    pack = {
        "name": "acme",
        "distributions": {"acme": {"version": "1", "modules": ["acme"]}},
        "imports": ["acme"],
        "topic": "misc",
    }
    schema.check_document({"pack": pack, "call": [row]}, file="acme.toml", complete=True)
    del row[key]
    assert f'key "{key}" is missing' in complaint({"pack": pack, "call": [row]}, complete=True)


def test_broken_toml_is_told_with_its_file() -> None:
    with pytest.raises(KnowledgeError, match=r"^acme\.toml: not TOML: "):
        compiled.parse_toml(b"[pack\n", file="acme.toml")
    with pytest.raises(KnowledgeError, match=r"^acme\.toml: not TOML: "):
        compiled.parse_toml(b"# \xff\n", file="acme.toml")


def test_type_parsing_accepts_every_expression_of_the_packs() -> None:
    for path in PACKS:
        document = compiled.parse_toml(path.read_bytes(), file=path.name)
        for row in (row for table in schema.ROW_TABLES for row in schema.rows_of(document, table)):
            if "returns" in row:
                assert str(parse_type(row["returns"])).replace(" ", "") == row["returns"].replace(" ", "")
