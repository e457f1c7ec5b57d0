"""What a run of fixes did, for people and as a diff."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flake8_backend.fixes.plan import Edit, Skipped, text_edits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from flake8_backend.core.diagnostic import Span
    from flake8_backend.core.source import SourceFile
    from flake8_backend.fixes.write import WriteError

_NO_NEWLINE = b"\\ No newline at end of file\n"
_ESCAPES = {"\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", '"': '"', "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Applied:
    """A fix that was made; ``span`` is the finding's place in the text before all fixes."""

    code: str
    title: str
    span: Span


@dataclass(frozen=True, slots=True)
class FileFixes:
    """One file: its text before and after, what was made, and what was not.

    The spans of ``skipped`` are places in ``after``, where these findings still are. ``error`` tells that the file
    could not be written.
    """

    path: Path
    before: SourceFile
    after: str
    applied: tuple[Applied, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    error: WriteError | None = None

    @property
    def is_changed(self) -> bool:
        """Whether the fixes changed the text."""
        return self.after != self.before.text

    def failed(self, error: WriteError) -> FileFixes:
        """The same, but the file could not be written."""
        return replace(self, error=error)

    @property
    def edits(self) -> tuple[Edit, ...]:
        """Small edits from the text before to the text after, for an editor."""
        return text_edits(self.before.text, self.after)


@dataclass(frozen=True, slots=True)
class FixReport:
    """The files of a run in the order in which they were given; those without anything to tell are left out."""

    root: Path
    files: tuple[FileFixes, ...] = ()

    @property
    def changed(self) -> tuple[FileFixes, ...]:
        """The files that the fixes changed."""
        return tuple(file for file in self.files if file.is_changed)

    @property
    def applied(self) -> tuple[Applied, ...]:
        """All fixes that were made."""
        return tuple(applied for file in self.files for applied in file.applied)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """All fixes that were not made."""
        return tuple(skipped for file in self.files for skipped in file.skipped)

    @property
    def errors(self) -> tuple[WriteError, ...]:
        """The files that could not be written."""
        return tuple(file.error for file in self.files if file.error is not None)

    def diff(self) -> bytes:
        """A unified diff in the files' own encodings, for ``git apply`` at the root."""
        return b"".join(_file_diff(self.root, file) for file in self.changed)


def _file_diff(root: Path, file: FileFixes) -> bytes:
    name = _relative(root, file.path)
    encode = file.before.encoding.encode
    old, new = _lines(encode(file.before.text)), _lines(encode(file.after))
    header = f"diff --git {_quoted('a/' + name)} {_quoted('b/' + name)}\n".encode("utf-8", "surrogateescape")
    old_name, new_name = (_header_name(side + name).encode("utf-8", "surrogateescape") for side in ("a/", "b/"))
    body = difflib.diff_bytes(difflib.unified_diff, old, new, old_name, new_name, lineterm=b"\n")
    return header + b"".join(_finished(body))


def _relative(root: Path, path: Path) -> str:
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return path.as_posix().lstrip("/")


def _quoted(name: str) -> str:
    """The name as git writes it: as it is, or in quotes when a character in it would mislead a reader."""
    if all(character not in _ESCAPES and character.isprintable() for character in name):
        return name
    octal = "".join(
        f"\\{_ESCAPES[character]}"
        if character in _ESCAPES
        else character
        if character.isprintable()
        else "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogateescape"))
        for character in name
    )
    return f'"{octal}"'


def _header_name(name: str) -> str:
    # A tab ends a name with blanks in it, which readers would cut at the blank otherwise.
    return f"{_quoted(name)}\t" if " " in name else _quoted(name)


def _lines(data: bytes) -> Sequence[bytes]:
    """Lines as git sees them: cut at LF alone."""
    lines = data.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _finished(lines: Iterable[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield line
        if not line.endswith(b"\n"):
            yield b"\n" + _NO_NEWLINE
