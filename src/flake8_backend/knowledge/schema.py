"""The shape of a pack: its tables, their keys and closed vocabularies, checked strictly and told in one line.

A document is what ``tomllib`` gives for one pack, or the tables that users write in ``pyproject.toml``. Nothing is
converted here; ``facts`` turns rows that passed into typed facts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from flake8_backend.knowledge.names import KnowledgeError, is_dotted, parse_type

Row = Mapping[str, Any]
Document = Mapping[str, Any]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


EFFECTS = _words("blocks net db db-read db-write fs-read fs-write spawn sleep wait cpu stdin")
ROLES = _words(
    """
    api archive auth cache-decorator cache-delete cache-get cache-set cipher-weak clock clock-monotonic clock-naive
    close code-exec command connect constant-time-compare constructor consume contextvar cpu db-execute db-fetch
    db-fetch-all ddl debugger decimal deserialize deserialize-unsafe dns encrypt exception-swallow file-async
    file-entry file-list file-meta file-open file-read file-write graphql hash hash-weak hmac http-read http-request
    import insecure jwt-decode jwt-encode jwt-key jwt-unverified key-generate kv-batch kv-read kv-read-all kv-script
    kv-wait kv-wipe kv-write lock lock-rows log log-handler loop-callback loop-get loop-run mail metric offload
    orm-bound orm-bulk-write orm-eager orm-evaluate orm-evaluate-one orm-guard orm-lazy orm-not-eager orm-pending
    orm-write partial password-hash password-hash-weak pool-acquire pool-release process-state publish pure queue
    random-secure random-weak rate-limit raw-sql regex remote response response-stream rpc serialize server session setup signal sleep
    socket-io spawn stdin stdout task-build task-control task-enqueue task-group task-retry task-run task-spawn
    task-wait template test thread-local timeout-guard timeout-setting tls-context tls-off token transport tx-begin
    tx-commit
    tx-hook tx-rollback validation validation-off wait xml-parse xml-parse-safe
    """
)
KINDS = _words(
    """
    auth auth-off background cache-decorator cache-off client-stub csrf csrf-off dataloader dependency dynamic-client
    error-handler gevent limit list-view log management-command middleware migration migration-file orm-column orm-manager
    orm-model orm-relation orm-serializer-field pagination rate-limit rate-limit-off raw-sql request-input resolver
    retry route route-methods router schema settings signal sql-name startup task task-schedule template transaction
    validation websocket
    """
)
FORMS = _words(
    """
    attribute call class class-attribute constant context-manager decorator function method name-pattern parameter
    parameter-name raise setting
    """
)
FREE_FORMS = frozenset({"attribute", "class", "name-pattern"})  # their names may be globs
WAITS = frozenset({"forever", "bounded", "inherits"})
IN_EVENT_LOOP = frozenset({"raises RuntimeError", "raises SynchronousOnlyOperation", "required", "tells"})
CONNECTIONS = frozenset({"per-call", "pooled", "single"})
USES = frozenset({"await", "async with", "async for"})
CHECKED = frozenset({"signature", "body", "source", "run", "docstring", "docs"})
TIMEOUT_KINDS = _words("total per-op read write connect pool wait lock idle close retry")
NONE_MEANINGS = frozenset({"default", "meant"})
HANDED_ON = frozenset({"positional", "all", "later"})
TIMEOUT_DEFAULTS = frozenset({"none", "inherit", "socket-default", "library", "required"})
PARAMSTYLES = frozenset({"qmark", "format", "pyformat", "named", "numeric-dollar"})
ROLES_OF_ARGUMENTS = _words(
    "name type nullable required default primary_key unique index max_length references target through reverse on_delete lazy"
)
RELATIONS = frozenset({"many-to-one", "one-to-one", "one-to-many", "many-to-many", "generic", "none"})
DIRECTIONS = frozenset({"false-positive", "false-negative"})

Check = Callable[[Any], "str | None"]  # what is wrong with a value


def nearest(name: str, valid: Collection[str]) -> str:
    """The end of a message: ``; did you mean "x"?`` when something valid is close."""
    import difflib  # only a broken pack needs it

    close = difflib.get_close_matches(name, sorted(valid), n=1)
    return f'; did you mean "{close[0]}"?' if close else ""


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) else f"expected text, found {value!r}"


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else f"expected true or false, found {value!r}"


def _position(value: Any) -> str | None:
    right = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return None if right else f"expected a position from 0, found {value!r}"


def _anything(value: Any) -> str | None:
    del value
    return None


def _list(value: Any) -> str | None:
    return None if isinstance(value, list) else f"expected a list, found {value!r}"


def _dotted(value: Any) -> str | None:
    if not isinstance(value, str):
        return _text(value)
    return None if is_dotted(value) else f"{value!r} is not a dotted name"


def _member(value: Any) -> str | None:
    """A dotted name, or ``module.Class.*`` for any member."""
    return _dotted(value.removesuffix(".*") if isinstance(value, str) else value)


def _type(value: Any) -> str | None:
    if not isinstance(value, str):
        return _text(value)
    try:
        parse_type(value)
    except ValueError as error:
        return f"type expression {value!r}: {error}"
    return None


def _one_of(valid: Collection[str]) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, str):
            return _text(value)
        return None if value in valid else f'unknown value "{value}"{nearest(value, valid)}'

    return check


def _each(check_item: Check) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, list):
            return _list(value)
        return next((problem for problem in map(check_item, value) if problem), None)

    return check


def _types_by_name(value: Any) -> str | None:
    if not isinstance(value, dict):
        return f"expected a table of type expressions, found {value!r}"
    return next((problem for problem in map(_type, value.values()) if problem), None)


def _texts_by_name(value: Any) -> str | None:
    if not isinstance(value, dict):
        return f"expected a table of texts, found {value!r}"
    return next((problem for problem in map(_text, value.values()) if problem), None)


def _parameters_by_role(value: Any) -> str | None:
    if not isinstance(value, dict):
        return f"expected a table of parameters, found {value!r}"
    wrong = next((role for role in value if role not in ROLES_OF_ARGUMENTS), None)
    if wrong is not None:
        return f'unknown role "{wrong}"{nearest(wrong, ROLES_OF_ARGUMENTS)}'
    names = [name for given in value.values() for name in (given if isinstance(given, list) else [given])]
    return next((problem for problem in map(_text, names) if problem), None)


def _table(keys: Mapping[str, Check], *required: str) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, dict):
            return f"expected a table, found {value!r}"
        return _problem(value, keys, required)

    return check


def _timeout_default(value: Any) -> str | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return None
    return _one_of(TIMEOUT_DEFAULTS)(value)


def _problem(row: Mapping[str, Any], keys: Mapping[str, Check], required: Sequence[str]) -> str | None:
    for key, value in row.items():
        check = keys.get(key)
        if check is None:
            return f'unknown key "{key}"{nearest(key, keys)}'
        problem = check(value)
        if problem is not None:
            return f"{key}: {problem}"
    missing = next((key for key in required if key not in row), None)
    return None if missing is None else f'key "{missing}" is missing'


_OPTION = _table(
    {
        "param": _text,
        "pos": _position,
        "default": _anything,
        "means": _text,
        "unsafe": _list,
        "nonblocking": _list,
        "streaming": _list,
        "required": _flag,
        "others": _each(_text),
        "where": _text,
        "since": _text,
    },
    "param",
)
_WAS = _table({"until": _text, "default": _timeout_default}, "until", "default")
_TIMEOUT = _table(
    {
        "param": _text,
        "pos": _position,
        "default": _timeout_default,
        "kind": _one_of(TIMEOUT_KINDS),
        "unit": _one_of({"s", "ms"}),
        "where": _text,
        "was": _each(_WAS),
        "when_none": _one_of(NONE_MEANINGS),
        "unlimited": _list,
        "demanded": _flag,
        "written": _text,
        "note": _text,
    },
    "param",
    "default",
    "kind",
)
_STORAGE = _table(
    {
        "relation": _one_of(RELATIONS),
        "params": _parameters_by_role,
        "positions": _anything,
        "values": _anything,
        "types": _texts_by_name,
    }
)
_EVIDENCE: Mapping[str, Check] = {
    "source": _text,
    "checked": _each(_one_of(CHECKED)),
    "verified": _flag,
    "note": _text,
    "version": _text,
}
_KEYS: Mapping[str, Mapping[str, Check]] = {
    "call": {
        **_EVIDENCE,
        "names": _each(_member),
        "role": _one_of(ROLES),
        "effects": _each(_one_of(EFFECTS)),
        "use": _each(_one_of(USES)),
        "returns": _type,
        "connection": _one_of(CONNECTIONS),
        "default_wait": _one_of(WAITS),
        "inherits_from": _text,
        "timeouts": _each(_TIMEOUT),
        "streams": _flag,
        "through": _each(_text),
        "hands_on": _one_of(HANDED_ON),
        "ttl": _OPTION,
        "options": _each(_OPTION),
        "async_alt": _text,
        "in_event_loop": _one_of(IN_EVENT_LOOP),
        "thread_bound": _flag,
        "since": _text,
        "until": _text,
    },
    "marker": {
        **_EVIDENCE,
        "names": _each(_text),
        "kind": _one_of(KINDS),
        "form": _one_of(FORMS),
        "options": _each(_OPTION),
        "path_param": _text,
        "methods": _text,
        "handler": _text,
        "hooks": _each(_text),
        "async_handlers": _text,
        "query_param": _dotted,
        "sync_runs_in": _text,
        "since": _text,
        "lock": _text,
        "rewrites": _text,
        "loses_data": _flag,
        "breaks_old_code": _flag,
        "alternative": _text,
        "sql": _OPTION,
        "values": _OPTION,
        "paramstyle": _one_of(PARAMSTYLES),
        "storage": _STORAGE,
    },
    "class": {
        **_EVIDENCE,
        "names": _each(_dotted),
        "bases": _each(_type),
        "params": _each(_dotted),
        "attributes": _types_by_name,
        "iterates": _type,
        "items": _type,
        "enters": _type,
        "awaits": _type,
        "calls": _type,
        "declares": _texts_by_name,
        "abstract": _flag,
        "table": _text,
    },
    "object": {**_EVIDENCE, "names": _each(_dotted), "type": _type},
}
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "call": ("names", "effects"),
    "marker": ("names", "kind", "form"),
    "class": ("names",),
    "object": ("names", "type"),
}
_PACK: Mapping[str, Check] = {
    "name": _text,
    "dist": _each(_text),
    "imports": _each(_dotted),
    "version": _text,
    "topic": _text,
    "also_checked": _each(_text),
    "note": _text,
    "aliases": _anything,
}
ROW_TABLES = tuple(_KEYS)
OPEN_TABLES = frozenset({"marker"})  # several packs may mark the same name: request.GET, flask_login.login_required


def keys_of(table: str) -> tuple[str, ...]:
    """The keys that rows of one of ROW_TABLES may have."""
    return tuple(_KEYS[table])


def rows_of(document: Document, table: str) -> Sequence[Row]:
    """The rows of one of ROW_TABLES."""
    rows: Sequence[Row] = document.get(table, ())
    return rows


def check_document(document: Document, *, file: str, complete: bool) -> None:
    """Raise KnowledgeError for the first thing wrong with a pack.

    ``complete`` demands what this project's own packs must tell: where a fact was read and how it was checked.
    """
    problem = next(_problems(document, complete=complete), None)
    if problem is not None:
        raise KnowledgeError(f"{file}: {problem}")


def _problems(document: Document, *, complete: bool) -> Iterator[str]:
    valid = ("pack", *ROW_TABLES)
    for table in document:
        if table not in valid:
            yield f'unknown table "{table}"{nearest(table, valid)}'
    yield from _pack_problems(document.get("pack", {}), complete=complete)
    for table in ROW_TABLES:
        rows = document.get(table, [])
        if not isinstance(rows, list):
            yield f"{table}: expected [[{table}]] tables, found {rows!r}"
            continue
        for index, row in enumerate(rows):
            problem = _row_problem(row, table, complete=complete)
            if problem is not None:
                yield f"{_place(row, table, index)}: {problem}"


def _pack_problems(pack: Any, *, complete: bool) -> Iterator[str]:
    needed = ("name", "dist", "imports", "version", "topic") if complete else ()
    problem = _table(_PACK, *needed)(pack)
    if problem is not None:
        yield f"[pack]: {problem}"
        return
    aliases = pack.get("aliases", {})
    if not isinstance(aliases, dict):
        yield f"[pack.aliases]: expected a table, found {aliases!r}"
        return
    for alias, target in aliases.items():
        wrong = _dotted(alias) or _dotted(target)
        if wrong is not None:
            yield f"[pack.aliases]: {wrong}"


def _place(row: Any, table: str, index: int) -> str:
    names = row.get("names") if isinstance(row, dict) else None
    if isinstance(names, list) and names:
        return f"{table} {names[0]}"
    return f"{table} number {index + 1}"


def _row_problem(row: Any, table: str, *, complete: bool) -> str | None:
    if not isinstance(row, dict):
        return f"expected a table, found {row!r}"
    evidence = ("source", "checked", "verified") if complete else ()
    problem = _problem(row, _KEYS[table], _NEEDED[table] + evidence)
    if problem is not None:
        return problem
    if not row["names"]:
        return "names: expected at least one name"
    repeated = next((name for name in row["names"] if row["names"].count(name) > 1), None)
    if repeated is not None:
        return f"names: {repeated} is there twice"
    return _contradiction(row, table)


def _contradiction(row: Row, table: str) -> str | None:
    if table == "call":
        undotted = next((name for name in row["names"] if "." not in name), None)
        if undotted is not None:
            return f"names: {undotted!r} has no module"
        if row.get("default_wait") == "inherits" and not row.get("inherits_from"):
            return 'default_wait: "inherits" needs the key "inherits_from"'
        if "blocks" in row["effects"] and row.get("use") == ["await"]:
            return "effects: what must be awaited does not block"
    if table == "marker" and row["form"] not in FREE_FORMS:
        wrong = next((name for name in row["names"] if not is_dotted(name)), None)
        if wrong is not None:
            return f"names: {wrong!r} is not a dotted name"
    if table == "class" and any("." in name for name in row.get("params", ())):
        return "params: a type parameter is one identifier"
    return None
