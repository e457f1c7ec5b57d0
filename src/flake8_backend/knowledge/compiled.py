"""This project's own packs in a form that loads in milliseconds: one line of JSON per pack, behind an index.

``packs/compiled.jsonl`` is built into the wheel. It names the digest of the TOML files it was made from, so an edited
pack is never overlooked: where the digests differ the packs are compiled anew, and the file is replaced if it can be.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import itertools
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flake8_backend.core.source import digest
from flake8_backend.knowledge.facts import Pack
from flake8_backend.knowledge.names import Aliases, KnowledgeError, TypeExpr, parse_type, terminal_of, top_of
from flake8_backend.knowledge.records import type_texts
from flake8_backend.knowledge.schema import OPEN_TABLES, ROW_TABLES, Document, Row, check_document, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

FORMAT = 2  # of compiled.jsonl; raise it when anything that is derived from packs changes
PACKS = Path(__file__).with_name("packs")
COMPILED = "compiled.jsonl"
_EVIDENCE = ("source", "checked", "version")  # for readers of packs, not for rules
ARGUMENT_ROLES = frozenset(
    {
        "db-execute",
        "db-fetch",
        "db-fetch-all",
        "offload",
        "orm-bound",
        "orm-eager",
        "orm-lazy",
        "raw-sql",
        "timeout-guard",
        "timeout-setting",
    }
)
ARGUMENT_KINDS = frozenset(
    {
        "orm-column",
        "orm-model",
        "orm-relation",
        "pagination",
        "route",
        "router",
        "settings",
        "validation",
    }
)


@dataclass(frozen=True, slots=True)
class Words:
    """Last components of the names in packs: all of them, and those whose call arguments matter."""

    terminals: frozenset[str] = frozenset()
    argument_terminals: frozenset[str] = frozenset()

    def __or__(self, other: Words) -> Words:
        return Words(self.terminals | other.terminals, self.argument_terminals | other.argument_terminals)


def parse_toml(data: bytes, *, file: str) -> dict[str, Any]:
    """The tables of a TOML file; raises KnowledgeError."""
    toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        tables: dict[str, Any] = toml.loads(data.decode())
    except ValueError as error:  # of TOML, or of UTF-8
        raise KnowledgeError(f"{file}: not TOML: {error}") from error
    return tables


def aliases_of(documents: Mapping[str, Document]) -> dict[str, str]:
    """The aliases of all packs; raises KnowledgeError where two packs disagree."""
    pairs: dict[str, str] = {}
    for file, document in documents.items():
        for alias, target in document.get("pack", {}).get("aliases", {}).items():
            if pairs.setdefault(alias, target) != target:
                raise KnowledgeError(f"{file}: [pack.aliases]: {alias} is {pairs[alias]} in another pack")
    return pairs


def check_unique(documents: Mapping[str, Document], aliases: Aliases) -> None:
    """Raise KnowledgeError where one name has two rows of the same table."""
    for table in ROW_TABLES:
        if table in OPEN_TABLES:
            continue
        seen: dict[str, str] = {}
        for file, document in documents.items():
            for row in rows_of(document, table):
                for name in row["names"]:
                    canonical = aliases.canonical(name)
                    if canonical in seen:
                        raise KnowledgeError(f"{file}: {table} {name}: already told in {seen[canonical]}")
                    seen[canonical] = file


def _types_of(row: Row) -> Iterator[TypeExpr]:
    for text in type_texts(row):
        yield from parse_type(text).walk()


def tops_of(document: Document) -> frozenset[str]:
    """The top-level modules that switch a pack on: those it declares, and those whose calls and classes it tells of."""
    declared = map(top_of, document.get("pack", {}).get("imports", ()))
    rows = itertools.chain.from_iterable(rows_of(document, table) for table in ("call", "class", "object"))
    return frozenset(declared).union(top_of(name) for row in rows for name in row["names"])


def references_of(document: Document) -> frozenset[str]:
    """The top-level modules whose packs this one needs: results, bases and aliases may belong to another library."""
    found = {top_of(target) for target in document.get("pack", {}).get("aliases", {}).values()}
    for table in ROW_TABLES:
        for row in rows_of(document, table):
            found.update(top_of(expression.name) for expression in _types_of(row) if "." in expression.name)
    return frozenset(found)


def _needs_arguments(row: Row, table: str) -> bool:
    if table == "call":
        depends = any(expression.argument is not None for expression in _types_of(row))
        return depends or row.get("role") in ARGUMENT_ROLES
    return table == "marker" and row["form"] in {"call", "decorator"} and row["kind"] in ARGUMENT_KINDS


def words_of(documents: Iterable[Document]) -> Words:
    """The words of these packs."""
    names: set[str] = set()
    argument_names: set[str] = set()
    for document in documents:
        for table in ("call", "marker", "class"):
            for row in rows_of(document, table):
                names.update(row["names"])
                if _needs_arguments(row, table):
                    argument_names.update(row["names"])
    return Words(_terminals(names), _terminals(argument_names))


def _terminals(names: Iterable[str]) -> frozenset[str]:
    return frozenset(terminal for terminal in map(terminal_of, names) if "*" not in terminal)


def spelled(words: Words, aliases: Aliases) -> Words:
    """The same words with those that aliases use for them."""
    pairs = aliases.pairs
    in_arguments = {alias for alias in pairs if terminal_of(aliases.canonical(alias)) in words.argument_terminals}
    return words | Words(_terminals(pairs), _terminals(in_arguments))


def slim(document: Document) -> dict[str, list[dict[str, Any]]]:
    """The rows of a pack as Knowledge reads them: without the evidence."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for table in ROW_TABLES:
        for row in rows_of(document, table):
            kept = {key: value for key, value in row.items() if key not in _EVIDENCE}
            tables.setdefault(table, []).append(kept)
    return tables


def compile_packs(files: Mapping[str, bytes]) -> str:
    """The text of ``compiled.jsonl`` for these TOML files; raises KnowledgeError."""
    documents = {file: parse_toml(data, file=file) for file, data in sorted(files.items())}
    for file, document in documents.items():
        check_document(document, file=file, complete=True)
    aliases = Aliases(aliases_of(documents))
    check_unique(documents, aliases)
    words = spelled(words_of(documents.values()), aliases)
    packs = {
        document["pack"]["name"]: {
            "tops": sorted(tops_of(document)),
            "refers": sorted(references_of(document)),
            "digest": digest(files[file]),
        }
        for file, document in documents.items()
    }
    index = {
        "format": FORMAT,
        "digest": digest_of(files),
        "aliases": dict(aliases.pairs),
        "packs": packs,
        "terminals": sorted(words.terminals),
        "argument_terminals": sorted(words.argument_terminals),
    }
    lines = [index, *(slim(document) for document in documents.values())]
    return "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)


def digest_of(files: Mapping[str, bytes]) -> str:
    """One digest for the names and contents of files."""
    return digest("\n".join(f"{name} {digest(data)}" for name, data in sorted(files.items())).encode())


class Library:
    """The compiled packs; a pack's rows are decoded when it is first asked for."""

    def __init__(self, text: str) -> None:
        first, *self._lines = text.splitlines()
        index = json.loads(first)
        self.aliases: Mapping[str, str] = index["aliases"]
        self.words = Words(frozenset(index["terminals"]), frozenset(index["argument_terminals"]))
        self._packs: Mapping[str, Mapping[str, Any]] = index["packs"]
        self._position = {name: position for position, name in enumerate(self._packs)}

    @property
    def names(self) -> tuple[str, ...]:
        """All packs, sorted."""
        return tuple(self._packs)

    @property
    def tops(self) -> frozenset[str]:
        """The top-level modules that the packs speak of."""
        return frozenset(top for pack in self._packs.values() for top in pack["tops"])

    def needed(self, tops: Iterable[str]) -> tuple[str, ...]:
        """The packs that imports of these top-level modules switch on, with those they refer to."""
        reached = set(tops)
        needed: set[str] = set()
        while True:
            found = {name for name, pack in self._packs.items() if not reached.isdisjoint(pack["tops"])} - needed
            if not found:
                return tuple(name for name in self._packs if name in needed)
            needed |= found
            reached.update(*(self._packs[name]["refers"] for name in found))

    def pack(self, name: str) -> Pack:
        """The rows of one pack."""
        told = self._packs[name]
        rows: Mapping[str, Sequence[Row]] = json.loads(self._lines[self._position[name]])
        return Pack(name, frozenset(told["tops"]), rows, told["digest"])


def _is_fresh(text: str, wanted: str) -> bool:
    first = text.partition("\n")[0]
    try:
        index = json.loads(first)
    except ValueError:
        return False
    return isinstance(index, dict) and (index.get("format"), index.get("digest")) == (FORMAT, wanted)


def _replace(path: Path, text: str) -> None:
    """Write for the next process, all or nothing; a read-only installation does without."""
    written = path.with_name(f"{path.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        written.write_text(text, encoding="utf-8", newline="\n")
        written.replace(path)


def compiled_text(folder: Path = PACKS) -> str:
    """The compiled packs of ``folder``, made anew where a TOML file changed; raises KnowledgeError."""
    files = {path.name: path.read_bytes() for path in sorted(folder.glob("*.toml"))}
    path = folder / COMPILED
    with contextlib.suppress(OSError, UnicodeDecodeError):
        text = path.read_text(encoding="utf-8")
        if _is_fresh(text, digest_of(files)):
            return text
    text = compile_packs(files)
    _replace(path, text)
    return text


@functools.cache
def library() -> Library:
    """This project's own packs."""
    return Library(compiled_text())
