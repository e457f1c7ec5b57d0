"""The shape of a pack: its tables, their keys and closed vocabularies, checked strictly and told in one line.

A document is what ``tomllib`` gives for one pack, or the tables that users write in ``pyproject.toml``. Nothing is
converted here; ``facts`` turns rows that passed into typed facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flake8_backend.knowledge import checks
from flake8_backend.knowledge.names import KnowledgeError, is_dotted

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
ROUTING = _words("action app include listed mount named register resources root route router shared urls verbs view")
JOINS = frozenset({"plain", "slash", "collapse", "pattern", "trim"})
DIRECTIONS = frozenset({"false-positive", "false-negative"})


def _parameters_by_role(value: Any) -> str | None:
    if not isinstance(value, dict):
        return f"expected a table of parameters, found {value!r}"
    wrong = next((role for role in value if role not in ROLES_OF_ARGUMENTS), None)
    if wrong is not None:
        return f'unknown role "{wrong}"{checks.nearest(wrong, ROLES_OF_ARGUMENTS)}'
    names = [name for given in value.values() for name in (given if isinstance(given, list) else [given])]
    return next((problem for problem in map(checks.text, names) if problem), None)


def _timeout_default(value: Any) -> str | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return None
    return checks.one_of(TIMEOUT_DEFAULTS)(value)


_OPTION = checks.table(
    {
        "param": checks.text,
        "pos": checks.position,
        "default": checks.anything,
        "means": checks.text,
        "unsafe": checks.a_list,
        "nonblocking": checks.a_list,
        "streaming": checks.a_list,
        "required": checks.flag,
        "others": checks.each(checks.text),
        "where": checks.text,
        "remedy": checks.dotted,
        "since": checks.version,
    },
    "param",
)
_WAS = checks.table({"until": checks.version, "default": _timeout_default}, "until", "default")
_TIMEOUT = checks.table(
    {
        "param": checks.text,
        "pos": checks.position,
        "default": _timeout_default,
        "kind": checks.one_of(TIMEOUT_KINDS),
        "unit": checks.one_of({"s", "ms"}),
        "where": checks.text,
        "was": checks.each(_WAS),
        "when_none": checks.one_of(NONE_MEANINGS),
        "unlimited": checks.a_list,
        "demanded": checks.flag,
        "written": checks.text,
        "since": checks.version,
        "note": checks.text,
    },
    "param",
    "default",
    "kind",
)
_RESOURCE = checks.table({"path": checks.text, "methods": checks.texts_by_name, "each": checks.flag}, "path", "methods")
_ROUTING = checks.table(
    {
        "does": checks.one_of(ROUTING),
        "prefix": checks.text,
        "prefix_default": checks.text,
        "child": checks.text,
        "routes": checks.text,
        "into": checks.text,
        "replaces": checks.flag,
        "joins": checks.one_of(JOINS),
        "attributes": checks.each(checks.text),
        "dependencies": checks.each(checks.text),
        "guards": checks.each(checks.text),
        "nearest": checks.flag,
        "resources": checks.each(_RESOURCE),
        "lookup": checks.each(checks.text),
        "root": checks.dotted,
        "response": checks.text,
    },
    "does",
)
_STORAGE = checks.table(
    {
        "relation": checks.one_of(RELATIONS),
        "params": _parameters_by_role,
        "positions": checks.anything,
        "values": checks.anything,
        "types": checks.texts_by_name,
    }
)
_EVIDENCE: Mapping[str, checks.Check] = {
    "source": checks.text,
    "checked": checks.each(checks.one_of(CHECKED)),
    "verified": checks.flag,
    "note": checks.text,
    "version": checks.text,
}
_KEYS: Mapping[str, Mapping[str, checks.Check]] = {
    "call": {
        **_EVIDENCE,
        "names": checks.each(checks.member),
        "role": checks.one_of(ROLES),
        "effects": checks.each(checks.one_of(EFFECTS)),
        "use": checks.each(checks.one_of(USES)),
        "returns": checks.a_type,
        "connection": checks.one_of(CONNECTIONS),
        "default_wait": checks.one_of(WAITS),
        "inherits_from": checks.text,
        "timeouts": checks.each(_TIMEOUT),
        "streams": checks.flag,
        "through": checks.each(checks.text),
        "hands_on": checks.one_of(HANDED_ON),
        "ttl": _OPTION,
        "options": checks.each(_OPTION),
        "async_alt": checks.text,
        "in_event_loop": checks.one_of(IN_EVENT_LOOP),
        "thread_bound": checks.flag,
        "since": checks.version,
        "until": checks.version,
    },
    "marker": {
        **_EVIDENCE,
        "names": checks.each(checks.text),
        "kind": checks.one_of(KINDS),
        "form": checks.one_of(FORMS),
        "options": checks.each(_OPTION),
        "path_param": checks.text,
        "methods": checks.text,
        "handler": checks.text,
        "hooks": checks.each(checks.text),
        "async_handlers": checks.text,
        "query_param": checks.dotted,
        "sync_runs_in": checks.text,
        "since": checks.version,
        "lock": checks.text,
        "rewrites": checks.text,
        "loses_data": checks.flag,
        "breaks_old_code": checks.flag,
        "alternative": checks.text,
        "sql": _OPTION,
        "values": _OPTION,
        "paramstyle": checks.one_of(PARAMSTYLES),
        "routing": _ROUTING,
        "provides": checks.each(checks.text),
        "storage": _STORAGE,
    },
    "class": {
        **_EVIDENCE,
        "names": checks.each(checks.dotted),
        "bases": checks.each(checks.a_type),
        "params": checks.each(checks.dotted),
        "attributes": checks.types_by_name,
        "iterates": checks.a_type,
        "items": checks.a_type,
        "enters": checks.a_type,
        "awaits": checks.a_type,
        "calls": checks.a_type,
        "declares": checks.texts_by_name,
        "abstract": checks.flag,
        "table": checks.text,
        "indexes": checks.each(checks.each(checks.text)),
    },
    "object": {**_EVIDENCE, "names": checks.each(checks.dotted), "type": checks.a_type},
}
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "call": ("names", "effects"),
    "marker": ("names", "kind", "form"),
    "class": ("names",),
    "object": ("names", "type"),
}
_DISTRIBUTION = checks.table({"version": checks.text, "modules": checks.each(checks.dotted)}, "modules")


def _distributions(value: Any) -> str | None:
    """A table: the distribution, and the version that was read with the modules that it installs."""
    if not isinstance(value, dict):
        return f"expected a table of distributions, found {value!r}"
    wrong = ((name, _DISTRIBUTION(told)) for name, told in value.items())
    return next((f"{name}: {problem}" for name, problem in wrong if problem), None)


def _reasons(value: Any) -> str | None:
    """A table: the name that no import finds, and why."""
    if not isinstance(value, dict):
        return f"expected a table of names and reasons, found {value!r}"
    wrong = (checks.dotted(name) or checks.text(reason) for name, reason in value.items())
    return next((problem for problem in wrong if problem), None)


_PACK: Mapping[str, checks.Check] = {
    "name": checks.text,
    "distributions": _distributions,
    "imports": checks.each(checks.dotted),
    "topic": checks.text,
    "also_checked": checks.each(checks.text),
    "note": checks.text,
    "at_run_time": _reasons,
    "aliases": checks.anything,
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
            yield f'unknown table "{table}"{checks.nearest(table, valid)}'
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
    needed = ("name", "distributions", "imports", "topic") if complete else ()
    problem = checks.table(_PACK, *needed)(pack)
    if problem is not None:
        yield f"[pack]: {problem}"
        return
    aliases = pack.get("aliases", {})
    if not isinstance(aliases, dict):
        yield f"[pack.aliases]: expected a table, found {aliases!r}"
        return
    for alias, target in aliases.items():
        wrong = checks.dotted(alias) or checks.dotted(target)
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
    problem = checks.problem_of(row, _KEYS[table], _NEEDED[table] + evidence)
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
