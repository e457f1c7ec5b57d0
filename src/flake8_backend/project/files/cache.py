"""The disk cache: summaries by content, findings by the state of the whole project.

Every file is written once, beside its place, and moved there; no locks, so it is safe between processes and on network
mounts. What cannot be read back as expected counts as absent. Without a writable folder nothing is kept.

Summaries of one run stand together in one *segment*: a line per summary, ``key`` and JSON. A file per summary would
cost a quarter of a parse in calls to the operating system.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import flake8_backend
from flake8_backend.core.source import digest

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = ".flake8_backend_cache"
_SEGMENTS = "summaries"
_FINDINGS = "findings"
_MOST_STATES = 8
_MOST_SEGMENTS = 12
_KEY_LENGTH = 32
_SHAPING = ("core", "semantic", "project", "rules", "knowledge")
_TAG = (
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This folder is a cache of flake8-backend and may be deleted at any time.\n"
)


def _own_digest() -> str:
    """What this version of the tool computes: the sources of all that shapes a summary or a finding, and the packs."""
    package = Path(flake8_backend.__file__).parent
    parts = [part for folder in _SHAPING for part in _stamps(f"{package}/{folder}", folder)]
    parts.append(f"{sys.version_info[:2]}")
    return digest("\n".join(parts).encode())[:16]


def _stamps(folder: str, name: str) -> Iterator[str]:
    """Sizes and times of the sources and packs in a folder and those below it."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.endswith((".py", ".toml")):
                info = entry.stat()
                yield f"{name}/{entry.name}:{info.st_size}:{info.st_mtime_ns}"
            elif entry.is_dir() and entry.name != "__pycache__":
                yield from _stamps(entry.path, f"{name}/{entry.name}")


class Cache:
    """One project's cache folder. ``root`` is the folder itself, or None to remember nothing."""

    def __init__(self, root: Path | None) -> None:
        self._root = root
        self._version: Path | None = None
        self._segments: dict[str, str] | None = None
        self._segment_files: list[Path] = []

    @classmethod
    def at(cls, project: Path, folder: str | None = None, *, enabled: bool = True) -> Cache:
        """The cache of the project at ``project``, in ``folder`` where one is given."""
        if not enabled:
            return cls(None)
        return cls(Path(folder) / digest(str(project).encode())[:12] if folder else project / FOLDER)

    @property
    def _place(self) -> Path | None:
        """The folder of this version, made with its tag on first use."""
        if self._version is None and self._root is not None:
            version = self._root / _own_digest()
            try:
                version.mkdir(parents=True, exist_ok=True)
                for name, text in (("CACHEDIR.TAG", _TAG), (".gitignore", "*\n")):
                    if not (self._root / name).exists():
                        self._write(self._root / name, text.encode())
            except OSError:
                self._root = None
                return None
            self._version = version
        return self._version

    @property
    def is_kept(self) -> bool:
        """Whether what is stored can be read back by the next run."""
        return self._place is not None

    def _write(self, path: Path, data: bytes) -> None:
        import tempfile

        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(temporary).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise

    def load(self, kind: str, key: str) -> Any:
        """What was stored, or None."""
        text = self.load_text(kind, key)
        try:
            return None if text is None else json.loads(text)
        except (ValueError, RecursionError):
            return None

    def load_text(self, kind: str, key: str) -> str | None:
        """What was stored, as text, or None."""
        place = self._place
        if place is None:
            return None
        try:
            return (place / kind / f"{key}.json").read_text(encoding="utf-8", errors="surrogatepass")
        except (OSError, ValueError):
            return None

    @property
    def segments(self) -> dict[str, str]:
        """Every stored summary by its key, as text; those of unfinished or foreign lines are left out."""
        if self._segments is None:
            self._segments = {}
            place = self._place
            files = sorted((place / _SEGMENTS).glob("*.jsonl")) if place is not None else []
            self._segment_files = files
            for path in files:
                try:
                    text = path.read_text(encoding="utf-8", errors="surrogatepass")
                except (OSError, ValueError):
                    continue
                for line in text.split("\n"):
                    key, _, value = line.partition(" ")
                    if len(key) == _KEY_LENGTH and value[:1] in "[{" and value[-1:] in "]}":
                        self._segments[key] = value
        return self._segments

    def add_segment(self, summaries: dict[str, str], live: set[str]) -> None:
        """Keep new summaries; when many segments have gathered, they become one, without what is not in ``live``."""
        known = self.segments
        if not summaries:
            return
        old = self._segment_files
        if len(old) >= _MOST_SEGMENTS:
            summaries = {**{key: value for key, value in known.items() if key in live}, **summaries}
        text = "".join(f"{key} {value}\n" for key, value in sorted(summaries.items()))
        place = self._place
        if place is None:
            return
        name = digest(text.encode("utf-8", "surrogatepass"))
        try:
            (place / _SEGMENTS).mkdir(exist_ok=True)
            self._write(place / _SEGMENTS / f"{name}.jsonl", text.encode("utf-8", "surrogatepass"))
        except OSError:
            return
        if len(old) >= _MOST_SEGMENTS:
            for path in old:
                with contextlib.suppress(OSError):
                    path.unlink()

    def parts(self, key: str) -> dict[str, Any]:
        """The findings of one state of the project, from all processes that found some."""
        place = self._place
        merged: dict[str, Any] = {}
        for path in sorted((place / _FINDINGS / key).glob("*.json")) if place is not None else ():
            try:
                part = json.loads(path.read_bytes())
            except (OSError, ValueError, RecursionError):
                continue
            if isinstance(part, dict):
                merged.update(part)
        return merged

    def add_part(self, key: str, findings: dict[str, Any]) -> None:
        """Keep one process's findings of a state; the oldest states are forgotten."""
        place = self._place
        if place is None or not findings:
            return
        # keys stay in their order: codemods may write in the order of their arguments, from the cache as without it
        data = json.dumps(findings, separators=(",", ":")).encode()
        folder = place / _FINDINGS / key
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._write(folder / f"{digest(data)}.json", data)
            states = sorted(folder.parent.iterdir(), key=lambda state: state.stat().st_mtime_ns)
        except OSError:
            return
        import shutil

        for state in states[:-_MOST_STATES]:
            shutil.rmtree(state, ignore_errors=True)

    def store(self, kind: str, key: str, value: Any) -> None:
        """Keep ``value``; a full or read-only disk is no error."""
        self.store_text(kind, key, json.dumps(value, separators=(",", ":")))

    def store_text(self, kind: str, key: str, text: str) -> None:
        """Keep JSON that is already text."""
        place = self._place
        if place is None:
            return
        path = place / kind / f"{key}.json"
        try:
            self._write(path, text.encode("utf-8", "surrogatepass"))
        except FileNotFoundError:
            with contextlib.suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True)
                self._write(path, text.encode("utf-8", "surrogatepass"))
        except OSError:
            return
