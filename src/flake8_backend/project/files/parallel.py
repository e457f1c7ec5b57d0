"""Visiting many files at once: processes that take paths and give summaries as text."""

from __future__ import annotations

import multiprocessing
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_CHUNK = 16
Work = tuple[str, str, str]  # path, module name, path relative to the root


def visit_all(work: Sequence[Work], kept_builtins: frozenset[str], codes: Sequence[str], jobs: int) -> Iterable[str]:
    """The dumped summaries of ``work``, in its order. Without processes to be had, this one does it."""
    if multiprocessing.parent_process() is not None:
        return (_visit(item, kept_builtins, codes) for item in work)
    return _shared(work, kept_builtins, codes, jobs)


def _shared(work: Sequence[Work], kept_builtins: frozenset[str], codes: Sequence[str], jobs: int) -> Iterator[str]:
    chunks = [work[start : start + _CHUNK] for start in range(0, len(work), _CHUNK)]
    done = 0
    try:
        context = multiprocessing.get_context(_start_method())
        with ProcessPoolExecutor(jobs, context, initializer=_leave_interrupts) as pool:
            count = len(chunks)
            for dumped in pool.map(_visit_chunk, chunks, [kept_builtins] * count, [list(codes)] * count):
                done += len(dumped)
                yield from dumped
    except (BrokenProcessPool, OSError):
        yield from (_visit(item, kept_builtins, codes) for item in work[done:])


def _leave_interrupts() -> None:
    """Ctrl-C ends the process that started the workers, which then ends them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _start_method() -> str:
    return "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"


def _visit_chunk(chunk: Sequence[Work], kept_builtins: frozenset[str], codes: Sequence[str]) -> list[str]:
    return [_visit(item, kept_builtins, codes) for item in chunk]


def _visit(item: Work, kept_builtins: frozenset[str], codes: Sequence[str]) -> str:
    from flake8_backend.core.registry import all_rules
    from flake8_backend.core.source import UndecodableSource, decode
    from flake8_backend.project.files.index import Problem
    from flake8_backend.project.files.summaries import dump, visit_text

    path, name, relative = item
    try:
        text, _ = decode(Path(path).read_bytes())
    except OSError as error:
        return dump(Problem.of(error))
    except UndecodableSource as error:
        return dump(Problem(str(error)))
    rules = [rule for rule in all_rules() if rule.code in codes]
    is_package = Path(path).stem == "__init__"
    return dump(visit_text(text, name, is_package=is_package, path=relative, kept_builtins=kept_builtins, rules=rules))
