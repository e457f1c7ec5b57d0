"""From packs to Knowledge: this project's packs, those of installed packages, and the user's own, in this order.

A package adds packs with an entry point in the group ``flake8_backend.packs`` whose value is ``package:resource``,
for example ``acme = "acme_lint.packs:acme.toml"``: the file ``acme.toml`` inside the package ``acme_lint.packs``.
Like this project's own packs they are loaded when the analysed project imports one of their modules. What the user
names in ``pyproject.toml`` is always loaded. A later layer replaces what an earlier one says of the same name.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flake8_backend.core.source import digest
from flake8_backend.knowledge import compiled
from flake8_backend.knowledge.facts import Knowledge, Pack
from flake8_backend.knowledge.installed import pack_files
from flake8_backend.knowledge.names import Aliases, KnowledgeError, top_of
from flake8_backend.knowledge.schema import Document, check_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from flake8_backend.knowledge.compiled import Words

USER_ROWS = "pyproject.toml"
_ALWAYS = "builtins"  # needs no import


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Last components of names that packs tell of, known before it is known what a project imports.

    ``terminals``: of every call, class and marker. ``argument_terminals``: of calls and declarations whose arguments
    have a bearing on types, queries, deadlines or routes.
    """

    terminals: frozenset[str]
    argument_terminals: frozenset[str]
    fingerprint: str


@dataclass(frozen=True)
class _Layer:
    """Packs that are not this project's own, by the file that errors name."""

    documents: Mapping[str, Document]
    digests: Mapping[str, str]

    def packs(self) -> tuple[Pack, ...]:
        return tuple(
            Pack(
                name=document.get("pack", {}).get("name", file),
                tops=compiled.tops_of(document),
                rows=compiled.slim(document),
                digest=self.digests[file],
            )
            for file, document in self.documents.items()
        )

    def imported(self, tops: Iterable[str]) -> _Layer:
        """The packs that some imported module switches on."""
        wanted = set(tops)
        documents = {
            file: document
            for file, document in self.documents.items()
            if not wanted.isdisjoint(compiled.tops_of(document))
        }
        return _Layer(documents, self.digests)


def _layer(files: Mapping[str, bytes]) -> _Layer:
    documents = {file: compiled.parse_toml(data, file=file) for file, data in files.items()}
    for file, document in documents.items():
        check_document(document, file=file, complete=False)
    return _Layer(documents, {file: digest(data) for file, data in files.items()})


@functools.cache
def _installed() -> _Layer:
    """The packs of installed packages; raises KnowledgeError."""
    return _layer(pack_files())


def _own_packs(paths: Sequence[Path]) -> _Layer:
    try:
        return _layer({str(path): path.read_bytes() for path in paths})
    except OSError as error:
        raise KnowledgeError(f"{error.filename}: cannot be read: {error.strerror}") from error


def _own_rows(rows: Mapping[str, Any] | None) -> _Layer:
    if not rows:
        return _Layer({}, {})
    check_document(rows, file=USER_ROWS, complete=False)
    text = json.dumps(rows, sort_keys=True, default=str)
    return _Layer({USER_ROWS: rows}, {USER_ROWS: digest(text.encode())})


def _aliases(layers: Iterable[_Layer]) -> Aliases:
    pairs = dict(compiled.library().aliases)
    for layer in layers:
        pairs.update(compiled.aliases_of(layer.documents))
    return Aliases(pairs)


def load(
    imports: Iterable[str], *, extra_packs: Sequence[Path] = (), rows: Mapping[str, Any] | None = None
) -> Knowledge:
    """What is known of the modules in ``imports`` (top-level or dotted names).

    ``extra_packs`` are the user's files, ``rows`` the tables ``call``, ``marker``, ``class`` and ``object`` written in
    ``pyproject.toml``. Raises KnowledgeError.
    """
    tops = {_ALWAYS, *map(top_of, imports)}
    others = [_installed().imported(tops), _own_packs(extra_packs), _own_rows(rows)]
    aliases = _aliases(others)
    for layer in others:
        compiled.check_unique(layer.documents, aliases)
        tops.update(*map(compiled.references_of, layer.documents.values()))
    library = compiled.library()
    layers = [tuple(map(library.pack, library.needed(tops))), *(layer.packs() for layer in others)]
    return Knowledge(layers, aliases, _fingerprint(layers))


def known_libraries() -> frozenset[str]:
    """The top-level modules that this project's own packs speak of."""
    return compiled.library().tops


def _fingerprint(layers: Sequence[Sequence[Pack]]) -> str:
    told = [[[pack.name, pack.digest] for pack in packs] for packs in layers]
    return digest(json.dumps([compiled.FORMAT, told]).encode())


def vocabulary(*, extra_packs: Sequence[Path] = (), rows: Mapping[str, Any] | None = None) -> Vocabulary:
    """The words of all packs, whatever is imported; raises KnowledgeError."""
    others = [_installed(), _own_packs(extra_packs), _own_rows(rows)]
    words = compiled.library().words
    if any(layer.documents for layer in others):
        for layer in others:
            words |= compiled.words_of(layer.documents.values())
        words = compiled.spelled(words, _aliases(others))
    return _vocabulary(words)


@functools.lru_cache(maxsize=8)
def _vocabulary(words: Words) -> Vocabulary:
    told = json.dumps([sorted(words.terminals), sorted(words.argument_terminals)])
    return Vocabulary(words.terminals, words.argument_terminals, digest(told.encode()))
