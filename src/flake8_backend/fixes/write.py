"""Replacing a file as a whole: its readers see the old bytes or the new ones, never a part."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flake8_backend.core.source import SourceFile


class WriteError(OSError):
    """A file that could not be replaced; it is as it was. The message names the file and says why."""


def write_source(path: Path, before: SourceFile, text: str) -> None:
    """Replace the file that holds ``before`` by ``text``, in the same encoding; a link's target is replaced.

    Raises WriteError, also when the file is no longer what ``before`` was read from.
    """
    try:
        old, new = before.encoding.encode(before.text), before.encoding.encode(text)
    except UnicodeEncodeError as error:
        raise WriteError(f"{path}: not written: {before.encoding.name} has no {error.object[error.start]!r}") from error
    try:
        target = path.resolve(strict=True)
        is_same = target.read_bytes() == old
        if is_same:
            replace_bytes(target, new)
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise WriteError(f"{path}: not written: {reason}") from error
    if not is_same:
        raise WriteError(f"{path}: not written: it has changed since it was read")


def replace_bytes(path: Path, data: bytes) -> None:
    """Put ``data`` in the place of an existing file that is no link, with its mode and, where allowed, its owner.

    Raises OSError, and then the file is as it was and nothing is left beside it.
    """
    status = path.stat()
    if not os.access(path, os.W_OK):
        raise PermissionError(13, "Permission denied", str(path))
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if hasattr(os, "chown"):
            # Only root may give files away; another user's file in a shared folder becomes ours, as with any editor.
            with contextlib.suppress(PermissionError):
                os.chown(temporary, status.st_uid, status.st_gid)
        temporary.chmod(stat.S_IMODE(status.st_mode))
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a crash of the machine, where folders can be synced at all."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
