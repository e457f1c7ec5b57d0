"""The packs that installed packages add: found and read, not yet understood."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_backend.core.source import digest

if TYPE_CHECKING:
    from collections.abc import Mapping

ENTRY_POINT_GROUP = "flake8_backend.packs"


def pack_files() -> Mapping[str, bytes]:
    """The texts of the packs by how errors call them; raises KnowledgeError."""
    from importlib.metadata import entry_points

    files: dict[str, bytes] = {}
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: (entry.name, entry.value)):
        files[f"entry point {entry.name}"] = _resource(entry.name, entry.value)
    return files


def _resource(name: str, value: str) -> bytes:
    from importlib.resources import files

    package, _, resource = value.partition(":")
    try:
        return files(package.strip()).joinpath(resource.strip()).read_bytes()
    except (ImportError, OSError, ValueError) as error:
        from flake8_backend.knowledge.names import KnowledgeError

        raise KnowledgeError(f"entry point {name}: cannot read {value}: {error}") from error


def installed_packs() -> str:
    """A digest of all of them; nothing where there are none."""
    told = "\n".join(f"{name} {digest(data)}" for name, data in pack_files().items())
    return digest(told.encode()) if told else ""
