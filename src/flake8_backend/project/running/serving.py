"""Which server runs a project: whether coroutines of one process share a loop, or each has one of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_backend.project.files.requirements import Requirements
    from flake8_backend.project.modules import Module, ModuleTable

_ASGI_SERVERS = ("uvicorn", "uvicorn-worker", "daphne", "hypercorn", "granian", "channels")
_ASGI_APPS = frozenset({"daphne", "channels"})
_APPS = ("INSTALLED_APPS", "THIRD_PARTY_APPS")


def shows_asgi(table: ModuleTable, requirements: Requirements) -> bool:
    """Whether something shows that a Django project is served by ASGI; a generated asgi.py shows nothing."""
    if requirements.names_any(*_ASGI_SERVERS) or not table.imports.isdisjoint(_ASGI_SERVERS):
        return True
    return any(app in _ASGI_APPS for module in table for name in _APPS for app in _texts_of(module, name))


def _texts_of(module: Module, name: str) -> Iterator[str]:
    """The strings of a module-level list, however it is put together."""
    pending = list(module.summary.names.get(name, ()))
    while pending:
        term = module.summary.terms[pending.pop()]
        if term[0] == terms.CONSTANT and isinstance(term[1], str):
            yield term[1]
        elif term[0] == terms.DISPLAY:
            pending += term[2]
        elif term[0] == terms.BINARY:
            pending += term[2:4]
        elif term[0] == terms.ANNOTATED:
            pending.append(term[2])
