"""The packs against each other: whatever one names of another must be told there."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from flake8_backend.knowledge import compiled, loader
from flake8_backend.knowledge.names import Aliases, parse_type
from flake8_backend.knowledge.records import Row, type_texts
from flake8_backend.knowledge.schema import ROW_TABLES, Document, rows_of

if TYPE_CHECKING:
    from flake8_backend.knowledge.facts import CallFact, Knowledge, TypeExpr

# clients of the azure pack whose constructors nobody has read yet
NOT_TOLD = {"azure.cosmos.aio.CosmosClient", "azure.storage.blob.aio.BlobServiceClient"}


@cache
def documents() -> dict[str, Document]:
    return {
        path.stem: compiled.parse_toml(path.read_bytes(), file=path.name)
        for path in sorted(compiled.PACKS.glob("*.toml"))
    }


@cache
def everything() -> Knowledge:
    """All packs at once."""
    return loader.load({top for document in documents().values() for top in compiled.tops_of(document)})


by_pack = pytest.mark.parametrize("pack", documents())


def named_rows(pack: str, *tables: str) -> list[tuple[str, Row]]:
    """Every name of these tables with its row."""
    return [(name, row) for table in tables for row in rows_of(documents()[pack], table) for name in row["names"]]


def calls_of(pack: str) -> list[CallFact]:
    """The facts of every call of a pack."""
    facts = [everything().call(name) for name, _ in named_rows(pack, "call") if not name.endswith(".*")]
    assert None not in facts
    return [fact for fact in facts if fact is not None]


def parameters_of(cls: str) -> set[str]:
    """Type parameters of a class and its bases."""
    found: set[str] = set()
    seen: list[str] = [cls]
    for name in seen:
        fact = everything().klass(name)
        if fact is not None:
            found.update(fact.params)
            seen.extend(base for base in fact.bases if base not in seen)
    return found


def test_no_name_is_told_twice() -> None:
    compiled.check_unique(documents(), Aliases(compiled.aliases_of(documents())))


@by_pack
def test_every_call_is_found_under_its_name(pack: str) -> None:
    for fact in calls_of(pack):
        assert everything().call(fact.name) is fact
        assert fact.pack == pack


@by_pack
def test_type_parameters_are_declared(pack: str) -> None:
    undeclared = [
        f"{name}: ${expression.parameter}"
        for table in ("call", "class", "object")
        for name, row in named_rows(pack, table)
        for text in type_texts(row)
        for expression in parse_type(text).walk()
        if expression.parameter and expression.argument is None
        if expression.parameter not in parameters_of(name.rpartition(".")[0] if table == "call" else name)
    ]
    assert undeclared == []


@by_pack
def test_classes_get_no_more_type_arguments_than_they_have_parameters(pack: str) -> None:
    def fits(expression: TypeExpr) -> bool:
        fact = everything().klass(expression.name)
        return fact is None or fact.is_implicit or len(expression.args) <= len(fact.params)

    excess = [
        f"{name}: {expression}"
        for name, row in named_rows(pack, "call", "class", "object")
        for text in type_texts(row)
        for expression in parse_type(text).walk()
        if not fits(expression)
    ]
    assert excess == []


@by_pack
def test_waits_are_inherited_from_something_known(pack: str) -> None:
    sources = {fact.inherits_from for fact in calls_of(pack) if fact.inherits_from}
    knowledge = everything()
    assert {name for name in sources if not (knowledge.call(name) or knowledge.is_class(name))} <= NOT_TOLD


@by_pack
def test_a_call_that_blocks_has_no_use_as_a_coroutine(pack: str) -> None:
    assert [fact.name for fact in calls_of(pack) if "blocks" in fact.effects and fact.use == {"await"}] == []


@by_pack
def test_alternatives_are_spelled_out(pack: str) -> None:
    assert [fact.async_alt for fact in calls_of(pack) if "<" in (fact.async_alt or "")] == []


@by_pack
def test_names_are_in_the_vocabulary(pack: str) -> None:
    words = loader.vocabulary().terminals
    terminals = {name.rpartition(".")[2] for name, _ in named_rows(pack, "call", "marker", "class")}
    assert {word for word in terminals if "*" not in word} <= words


@by_pack
def test_a_pack_is_loaded_alone_with_what_it_needs(pack: str) -> None:
    imports = documents()[pack]["pack"]["imports"]
    alone = loader.load(imports)
    for table in ROW_TABLES:
        for name, row in named_rows(pack, table):
            expressions = [part for text in type_texts(row) for part in parse_type(text).walk()]
            lost = [
                str(part) for part in expressions if everything().is_class(part.name) and not alone.is_class(part.name)
            ]
            assert lost == [], name


@pytest.mark.parametrize(
    ("spelled", "canonical"),
    [
        ("requests.sessions.Session.get", "requests.Session.get"),
        ("requests.api.post", "requests.post"),
        ("redis.StrictRedis.get", "redis.Redis.get"),
        ("django.db.models.query.QuerySet.filter", "django.db.models.QuerySet.filter"),
        ("celery.app.task.Task.delay", "celery.Task.delay"),
        ("pymongo.mongo_client.MongoClient", "pymongo.MongoClient"),
        ("fastapi.concurrency.run_in_threadpool", "starlette.concurrency.run_in_threadpool"),
        ("psycopg.Connection.connect", "psycopg.connect"),
    ],
)
def test_other_spellings_of_well_known_calls(spelled: str, canonical: str) -> None:
    fact = everything().call(spelled)
    assert fact is not None
    assert fact.name == canonical


def test_what_the_first_rules_live_on() -> None:
    get = everything().call("requests.get")
    assert get is not None
    assert (get.role, get.default_wait) == ("http-request", "forever")
    assert get.effects == {"blocks", "net"}
    assert [timeout.param for timeout in get.timeouts if timeout.bounds_silent_peer] == ["timeout"]
    client = everything().call("redis.Redis")
    assert client is not None
    assert [(was.until, was.default) for was in client.timeouts[0].was] == [("8.0", "none")]
    (route,) = [marker for marker in everything().markers("flask.Flask.route") if marker.kind == "route"]
    assert (route.path_param, route.sync_runs_in) == ("rule", "worker (WSGI)")
