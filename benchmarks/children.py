"""What is measured, each in a process of its own: ``python children.py WHAT DIR …`` prints one line of JSON.

The clock starts after the imports that every user of the tool pays for; the garbage collector is left as users have it.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flake8_backend.config import Options
from flake8_backend.core.registry import all_rules
from flake8_backend.core.source import SourceFile, UndecodableSource
from flake8_backend.project.files.discovery import discover
from flake8_backend.project.files.roots import find_root
from flake8_backend.project.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def projects(folder: Path, options: Options) -> dict[Path, list[Path]]:
    """The files that the tool itself would look at, by the roots of their projects."""
    found: dict[Path, list[Path]] = {}
    for path in discover([folder], lambda _root: options.exclusion).files:
        found.setdefault(find_root(path), []).append(path)
    return found


def readable(files: Iterable[Path]) -> list[str]:
    """The texts that can be parsed: what cannot is free for the tool and would flatter it."""
    texts = []
    for path in files:
        try:
            text = SourceFile.from_bytes(str(path), path.read_bytes()).text
            ast.parse(text)
        except (UndecodableSource, SyntaxError, ValueError, RecursionError, MemoryError, OSError):
            continue
        texts.append(text)
    return texts


def parse(folder: Path) -> dict[str, float]:
    """CPU of ``ast.parse`` alone over the files of the project; every tree is dropped at once."""
    found = projects(folder, Options(use_cache=False))
    texts = readable(path for root in found for path in Project.open(root, Options(use_cache=False)).paths)
    started = time.process_time()
    for text in texts:
        ast.parse(text)
    spent = time.process_time() - started
    return {"cpu": spent, "files": len(texts), "lines": sum(text.count("\n") for text in texts)}


def analyse(folder: Path, cache: str) -> dict[str, float]:
    """CPU of the whole analysis with the cache folder ``cache`` (``-``: none): index, solve, every file's findings."""
    all_rules()
    options = Options(cache_dir=None if cache == "-" else cache, use_cache=cache != "-")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count = 0
    started = time.process_time()
    for root, files in projects(folder, options).items():
        project = Project.open(root, options)
        count += sum(len(project.diagnostics(path)) for path in files)
        project.save()
    ended = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"cpu": ended - started, "findings": count, "peak_mb": peak / 1024, "own_mb": (peak - before) / 1024}


def index(folder: Path) -> dict[str, float]:
    """CPU of finding, reading and visiting every file, without a cache and without any finding."""
    all_rules()
    options = Options(use_cache=False)
    modules = 0
    started = time.process_time()
    for root in projects(folder, options):
        modules += sum(1 for _ in Project.open(root, options).solution.table)
    return {"cpu": time.process_time() - started, "modules": modules}


def rules(folder: Path) -> dict[str, float]:
    """CPU of each rule's own checks, and ``total``."""
    spent: dict[str, float] = {}

    def timed(code: str, check: Callable[..., Iterable[Any]]) -> Callable[..., Iterable[Any]]:
        @functools.wraps(check)
        def run(*arguments: Any) -> Iterable[Any]:
            started = time.process_time()
            try:
                return list(check(*arguments))
            finally:
                spent[code] = spent.get(code, 0.0) + time.process_time() - started

        return run

    for rule in all_rules():
        spent[rule.code] = 0.0
        tables: list[Any] = [rule.function_checks, rule.class_checks, rule.module_checks, *rule.node_checks.values()]
        for checks in tables:
            checks[:] = [timed(rule.code, check) for check in checks]
    total = analyse(folder, "-")["cpu"]
    return {**spent, "total": total}


def main() -> None:
    """Run one measurement and print it."""
    what, folder, *more = sys.argv[1:]
    measures: dict[str, Callable[..., dict[str, float]]] = {
        "parse": parse,
        "index": index,
        "analyse": analyse,
        "rules": rules,
    }
    print(json.dumps(measures[what](Path(folder).resolve(), *more)))
    sys.stdout.flush()
    os._exit(0)  # tearing a large heap down is no part of what is measured


if __name__ == "__main__":
    main()
