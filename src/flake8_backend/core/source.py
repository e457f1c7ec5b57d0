"""The text of one file: decoding, line ends and positions.

Lines are 1-based. Columns have three encodings in this project and only this module converts them:
``ast`` counts UTF-8 bytes, libcst and Python strings count code points, editors count UTF-16 units.
"""

from __future__ import annotations

import codecs
import io
import tokenize
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

try:  # hashlib would load OpenSSL, which takes longer than all digests of a run that finds everything in the cache
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

if TYPE_CHECKING:
    from flake8_backend.core.diagnostic import Span

BOM = "\ufeff"


class UndecodableSource(ValueError):
    """The bytes are not text in the encoding that the file declares (PEP 263)."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How text was read, so that it can be written back byte for byte."""

    name: str = "utf-8"
    has_bom: bool = False

    def encode(self, text: str) -> bytes:
        """The bytes of ``text``; raises UnicodeEncodeError where the encoding has no such character."""
        prefix = codecs.BOM_UTF8 if self.has_bom else b""
        return prefix + text.encode(self.name)


def digest(data: bytes) -> str:
    """The content address that caches use: 16 bytes of BLAKE2b in hexadecimal."""
    return blake2b(data, digest_size=16).hexdigest()


def decode(data: bytes) -> tuple[str, Encoding]:
    """Text and encoding of a source file; the newlines stay as they are.

    Raises UndecodableSource for an unknown or contradicted coding line and for malformed bytes.
    """
    try:
        name, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as error:
        raise UndecodableSource(str(error.msg)) from error
    has_bom = data.startswith(codecs.BOM_UTF8)
    body = data[len(codecs.BOM_UTF8) :] if has_bom else data
    if name == "utf-8-sig":
        name = "utf-8"
    try:
        return body.decode(name), Encoding(name, has_bom)
    except (UnicodeDecodeError, LookupError) as error:
        raise UndecodableSource(str(error)) from error


@dataclass(frozen=True)
class SourceFile:
    """One file as it is analysed: ``path`` is what users are shown, ``text`` has its own newlines."""

    path: str
    text: str
    encoding: Encoding = field(default_factory=Encoding)

    @classmethod
    def from_bytes(cls, path: str, data: bytes) -> SourceFile:
        """Raises UndecodableSource."""
        text, encoding = decode(data)
        return cls(path, text, encoding)

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Physical lines with their ends, cut where ``ast`` cuts them: at LF, CR LF and CR only."""
        return tuple(io.StringIO(self.text, newline="").readlines())

    @cached_property
    def newline(self) -> str:
        """The line end of the first line, ``"\\n"`` when there is none."""
        for line in self.lines[:1]:
            for end in ("\r\n", "\n", "\r"):
                if line.endswith(end):
                    return end
        return "\n"

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        starts = [0]
        for line in self.lines:
            starts.append(starts[-1] + len(line))
        return tuple(starts)

    def column_in_code_points(self, line: int, byte_column: int) -> int:
        """Code-point column of an ``ast`` column (UTF-8 bytes) in a 1-based line."""
        if line > len(self.lines):
            return byte_column
        text = self.lines[line - 1]
        if text.isascii():
            return byte_column
        return len(text.encode("utf-8")[:byte_column].decode("utf-8", "replace"))

    def column_in_bytes(self, line: int, column: int) -> int:
        """UTF-8 column of a code-point column in a 1-based line."""
        if line > len(self.lines):
            return column
        return len(self.lines[line - 1][:column].encode("utf-8"))

    def column_in_utf16(self, line: int, byte_column: int) -> int:
        """UTF-16 column, which is what editors count, of an ``ast`` column."""
        column = self.column_in_code_points(line, byte_column)
        if line > len(self.lines):
            return column
        return len(self.lines[line - 1][:column].encode("utf-16-le")) // 2

    def offset(self, line: int, byte_column: int) -> int:
        """Code-point offset into ``text`` of a 1-based line and an ``ast`` column."""
        if line > len(self.lines):
            return len(self.text)
        return self._starts[line - 1] + self.column_in_code_points(line, byte_column)

    def offsets(self, span: Span) -> tuple[int, int]:
        """Start and end of ``span`` as code-point offsets into ``text``."""
        return self.offset(span.line, span.column), self.offset(span.end_line, span.end_column)

    def segment(self, span: Span) -> str:
        """The text that ``span`` covers."""
        start, end = self.offsets(span)
        return self.text[start:end]
